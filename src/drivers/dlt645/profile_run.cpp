#include <algorithm>

#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/history.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

constexpr std::uint32_t earliest_record = 0;
constexpr std::uint32_t given_time = 1;

/// Load records from the oldest wanted on. Where the meter has none for a while, it says so, or gives the next it has.
class ProfileRun final : public HistoryRun {
 public:
  ProfileRun(const ProfilePlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), end_local_(std::min(settled_end(range) + zone(), century_end)) {
    const std::int64_t oldest = std::max(range.from_utc_ms, range.now_utc_ms - plan.depth_ms);
    cursor_local_ = next_edge(std::max(oldest + zone(), century_begin));
    // A long range is begun where the meter's memory begins.
    looks_for_oldest_ = end_local_ - cursor_local_ > 4 * window_ms();
  }

  [[nodiscard]] std::optional<Query> next() override {
    if (stopped_ || cursor_local_ > end_local_) return std::nullopt;
    Query query;
    query.operation = static_cast<std::uint16_t>(dlt645::Function::read);
    const std::uint32_t records = 0x06000000U | static_cast<std::uint32_t>(plan_.record_class) << 16;
    if (looks_for_oldest_) {
      query.subject = records | earliest_record;
      query.body = {1};
      return query;
    }
    const CivilTime from = civil_time(cursor_local_);
    constexpr int century = 2'000;
    query.subject = records | given_time;
    query.body = {wanted(), bcd(from.minute), bcd(from.hour), bcd(from.day), bcd(from.month), bcd(from.year - century)};
    return query;
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    const dlt645::DataIdentifier identifier{0x06000000U | static_cast<std::uint32_t>(plan_.record_class) << 16 |
                                            (looks_for_oldest_ ? earliest_record : given_time)};
    const auto what = dlt645::describe(identifier);
    dlt645::ValueList values;
    const bool readable = what && (dlt645::decode_values(*what, payload, values) || !values.empty());
    if (looks_for_oldest_) {
      take_oldest(values);
      return readable;
    }
    take(values, out);
    return readable;
  }

  [[nodiscard]] bool refused(std::uint32_t error) override {
    if (looks_for_oldest_) {
      looks_for_oldest_ = false;
      return says_no_record(error);
    }
    if (says_no_record(error)) {
      skip_window();
      return true;
    }
    stopped_ = true;
    return false;
  }

  [[nodiscard]] std::int64_t complete_through_utc_ms() const override {
    return std::clamp(cursor_local_ - 1 - zone(), range_.from_utc_ms, settled_end(range_));
  }

 private:
  [[nodiscard]] std::int64_t zone() const { return zone_ms(range_.zone_offset_minutes); }
  [[nodiscard]] std::int64_t window_ms() const { return plan_.records_max * plan_.interval_ms; }
  /// The first end of an interval behind a moment.
  [[nodiscard]] std::int64_t next_edge(std::int64_t local_ms) const {
    return (local_ms / plan_.interval_ms + 1) * plan_.interval_ms;
  }
  [[nodiscard]] std::uint8_t wanted() const {
    const std::int64_t left = (end_local_ - cursor_local_) / plan_.interval_ms + 1;
    return bcd(static_cast<int>(std::min<std::int64_t>(left, plan_.records_max)));
  }
  void skip_window() { cursor_local_ += window_ms(); }

  void take_oldest(const dlt645::ValueList& values) {
    looks_for_oldest_ = false;
    const auto* time = values.find(0, 0);
    const auto stamp = time != nullptr ? stamp_of(*time, range_.zone_offset_minutes) : std::nullopt;
    if (stamp && *stamp <= range_.now_utc_ms + memory_settle_ms)
      cursor_local_ = std::max(cursor_local_, next_edge(*stamp + zone() - 1));
  }

  void take(const dlt645::ValueList& values, std::vector<HistoryValue>& out) {
    std::int64_t newest = INT64_MIN;
    for (std::size_t record = 0; record < plan_.records_max; ++record) {
      const auto* time = values.find(record, 0);
      if (time == nullptr) break;
      const auto stamp = stamp_of(*time, range_.zone_offset_minutes);
      // A time to come would end the reading for good.
      if (!stamp || *stamp > range_.now_utc_ms + memory_settle_ms) continue;
      newest = std::max(newest, *stamp + zone());
      if (holds_stamp(range_, *stamp)) take_record(values, record, *stamp, out);
    }
    if (newest >= cursor_local_)
      cursor_local_ = next_edge(newest);
    else
      skip_window();
  }
  void take_record(const dlt645::ValueList& values, std::size_t record, std::int64_t stamp,
                   std::vector<HistoryValue>& out) const {
    for (const HistoryField& field : plan_.fields)
      if (const auto* value = values.find(record, field.field)) out.push_back(history_value(field, *value, stamp));
  }

  // Two digits are all that a question has for the year.
  static constexpr std::int64_t century_begin = local_ms_of({2000, 1, 1, 0, 0, 0});
  static constexpr std::int64_t century_end = local_ms_of({2099, 12, 31, 0, 0, 0});
  ProfilePlan plan_;
  HistoryRange range_;
  std::int64_t end_local_;
  std::int64_t cursor_local_ = 0;
  bool looks_for_oldest_ = false;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<HistoryRun> begin_run(const ProfilePlan& plan, const HistoryRange& range) {
  return std::make_unique<ProfileRun>(plan, range);
}

}  // namespace duheng::drivers
