// The meter's own event log: newest first, each record one octet of what happened and seven of when.
// Source: a maker's identifiers, as our virtual meters have them (E100 and following); CJ/T 188-2018 leaves A000 to
// FFFF to the makers.
#include <algorithm>
#include <set>
#include <utility>

#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/values.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {
namespace {

using cjt188::DataIdentifier;

constexpr std::size_t record_octets = 1 + cjt188::time_octets;
constexpr std::int64_t minute_ms = 60'000;
/// A meter's clock may be so much behind: what is younger is not yet given up as missing.
constexpr std::int64_t settle_ms = 10 * minute_ms;
/// Records stand in the order in which things happened; a clock that was set back makes older ones look younger.
constexpr std::int64_t clock_set_back_ms = 1'440 * minute_ms;

/// What the register says when that number stands in the log.
struct LogItem {
  std::uint32_t item = 0;
  std::uint8_t event = 0;
  std::int64_t code = 0;
};
struct LogPlan {
  Cjt188Settings settings;
  DataIdentifier newest;
  std::size_t count_max = 0;
  std::vector<LogItem> items;
};

/// Newest to oldest; at last the newest once more, because what happens meanwhile shifts all places by one. Then
/// everything is read anew.
class EventLogRun final : public HistoryRun {
 public:
  EventLogRun(const LogPlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), complete_utc_ms_(range.from_utc_ms) {}

  [[nodiscard]] std::optional<Query> next() override {
    if (step_ == Step::done) return std::nullopt;
    const auto back = static_cast<std::uint16_t>(step_ == Step::check ? 0 : place_);
    return cjt188_read(plan_.settings.meter_type, *plan_.settings.profile,
                       {static_cast<std::uint16_t>(plan_.newest.value + back)});
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    if (step_ == Step::done) return false;
    if (step_ == Step::check) {
      if (!std::ranges::equal(payload, first_)) return begin_anew();
      tell(out);
      return true;
    }
    const auto stamp = stamp_in(payload);
    if (!stamp) {
      step_ = Step::done;  // what stands there is no such record: nothing is known to be complete
      return false;
    }
    if (place_ == 0) first_.assign(payload.begin(), payload.end());
    hold(payload[0], *stamp);
    const bool is_old = *stamp <= range_.from_utc_ms - clock_set_back_ms;
    if (is_old || ++place_ >= plan_.count_max) step_ = Step::check;
    return true;
  }

  /// The standard leaves the reasons to the makers: a meter that refuses a record has none.
  [[nodiscard]] bool refused(std::uint32_t /*error*/) override {
    if (step_ == Step::done || step_ == Step::check) {
      step_ = Step::done;
      return false;
    }
    if (place_ == 0) {
      finish();  // nothing ever happened
      return true;
    }
    step_ = Step::check;
    return true;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  enum class Step : std::uint8_t { reading, check, done };
  static constexpr int restarts_max = 3;

  [[nodiscard]] std::optional<std::int64_t> stamp_in(ByteView payload) const {
    if (payload.size() != record_octets) return std::nullopt;
    const auto decoded = cjt188::decode_time(payload.data() + 1, plan_.settings.profile->time_order);
    if (decoded.state != cjt188::DecodedTime::State::good) return std::nullopt;
    const auto time = cjt188::from_digits(decoded.digits);
    return utc_ms_of({time.year, time.month, time.day, time.hour, time.minute, time.second},
                     range_.zone_offset_minutes);
  }
  void hold(std::uint8_t event, std::int64_t stamp) {
    if (stamp <= range_.from_utc_ms || stamp > range_.to_utc_ms) return;
    for (const auto& each : plan_.items)
      if (each.event == event && told_.emplace(each.item, stamp).second)
        held_.push_back({each.item, ItemState::good, each.code, 0, {}, stamp});
  }
  bool begin_anew() {
    held_.clear();
    told_.clear();
    place_ = 0;
    step_ = ++restarts_ > restarts_max ? Step::done : Step::reading;
    return true;
  }
  void tell(std::vector<HistoryValue>& out) {
    out.insert(out.end(), held_.rbegin(), held_.rend());
    finish();
  }
  void finish() {
    complete_utc_ms_ = std::max(complete_utc_ms_, std::min(range_.to_utc_ms, range_.now_utc_ms - settle_ms));
    step_ = Step::done;
  }

  LogPlan plan_;
  HistoryRange range_;
  Step step_ = Step::reading;
  std::size_t place_ = 0;
  int restarts_ = 0;
  Bytes first_;
  std::vector<HistoryValue> held_;  // newest first, until the check
  std::set<std::pair<std::uint32_t, std::int64_t>> told_;
  std::int64_t complete_utc_ms_;
};

class EventLogPlan final : public HistoryPlan {
 public:
  explicit EventLogPlan(LogPlan plan) : plan_(std::move(plan)) {}
  [[nodiscard]] std::unique_ptr<HistoryRun> begin(const HistoryRange& range) const override {
    return std::make_unique<EventLogRun>(plan_, range);
  }

 private:
  LogPlan plan_;
};

}  // namespace

std::shared_ptr<const HistoryPlan> cjt188_event_log(const Cjt188Settings& settings, const ConfigNode& node,
                                                    const std::vector<ConfigNode>& items,
                                                    std::vector<ItemShape>& shapes) {
  constexpr std::int64_t records_most = 256;
  constexpr std::int64_t codes_most = 255;
  LogPlan plan;
  plan.settings = settings;
  plan.count_max = static_cast<std::size_t>(node.integer("records_max", {1, records_most}, 64));
  const auto newest = parse_hexadecimal(node.text("di"), 4);
  if (!newest || *newest + plan.count_max > 0x10000)
    node.reject("di", "must be four hexadecimal digits: where the newest record of the log stands");
  plan.newest.value = newest.value_or(0);
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    shapes[i].kind = SeriesKind::event;
    plan.items.push_back({i, static_cast<std::uint8_t>(items[i].integer("event", {0, codes_most})),
                          items[i].integer("code", {0, INT32_MAX}, 1)});
  }
  return std::make_shared<EventLogPlan>(std::move(plan));
}

}  // namespace duheng::drivers
