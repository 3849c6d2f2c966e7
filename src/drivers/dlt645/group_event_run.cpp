// Events of groups 10H..1CH, whose times and values are identifiers of their own.
#include <algorithm>

#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/history.hpp"

namespace duheng::drivers {
namespace {

using dlt645::DataIdentifier;

/// Newest to oldest: an event's beginning, its end, and, when one of them lies in the range, what was measured then;
/// at last its beginning once more, because an event that happens meanwhile shifts all places by one. Then everything
/// is read anew.
class GroupEventRun final : public HistoryRun {
 public:
  GroupEventRun(const GroupEventPlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), complete_utc_ms_(range.from_utc_ms) {
    for (const auto& part : plan.parts)
      if (part.part != begin_part && part.part != plan.end_part &&
          std::ranges::find(measured_, part.part) == measured_.end())
        measured_.push_back(part.part);
  }

  [[nodiscard]] std::optional<Query> next() override {
    switch (step_) {
      case Step::begin:
      case Step::check:
        return question(begin_part);
      case Step::end:
        return question(plan_.end_part);
      case Step::measured:
        return question(measured_[place_in_measured_]);
      case Step::done:
        break;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    switch (step_) {
      case Step::begin:
        return take_begin(payload);
      case Step::end:
        return take_end(payload);
      case Step::measured:
        return take_measured(payload);
      case Step::check:
        return check(payload, out);
      case Step::done:
        break;
    }
    return false;
  }

  [[nodiscard]] bool refused(std::uint32_t error) override {
    const bool plain = says_no_record(error);
    if (!plain) {
      step_ = Step::done;
    } else if (step_ == Step::measured) {
      next_measured();  // this meter keeps no such part
    } else {
      finish();
    }
    return plain;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  enum class Step : std::uint8_t { begin, end, measured, check, done };
  static constexpr std::uint8_t begin_part = 1;
  static constexpr std::uint32_t restarts_max = 3;

  [[nodiscard]] DataIdentifier identifier(std::uint8_t part) const {
    constexpr std::uint32_t group_and_phase = 0xFFFF0000;
    return {(plan_.begin.value & group_and_phase) | static_cast<std::uint32_t>(part) << 8 | place_};
  }
  [[nodiscard]] Query question(std::uint8_t part) const { return counted_query(identifier(part), place_); }

  [[nodiscard]] std::optional<std::int64_t> stamp_in(ByteView payload) const {
    constexpr std::size_t time_octets = 6;
    if (payload.size() != time_octets) return std::nullopt;
    const auto time = dlt645::decode_date_time(payload);
    if (!time || !dlt645::is_valid(*time)) return std::nullopt;
    return utc_ms_of({time->year, time->month, time->day, time->hour, time->minute, time->second},
                     range_.zone_offset_minutes);
  }
  static bool is_empty(ByteView payload) {
    return std::ranges::all_of(payload, [](std::uint8_t octet) { return octet == 0 || octet == 0xFF; });
  }

  bool take_begin(ByteView payload) {
    begin_ = stamp_in(payload);
    end_.reset();
    held_.clear();
    if (begin_)
      step_ = Step::end;
    else
      finish();  // this place was never filled
    return begin_ || is_empty(payload);
  }

  bool take_end(ByteView payload) {
    end_ = stamp_in(payload);  // none: it goes on
    const bool in_reach = *begin_ > range_.from_utc_ms || (end_ && *end_ > range_.from_utc_ms);
    const bool goes_on = !end_;
    if (!in_reach && !goes_on) {
      finish();
      return true;
    }
    place_in_measured_ = 0;
    const bool in_range = holds_stamp(range_, *begin_) || (end_ && holds_stamp(range_, *end_));
    if (!in_range)
      next_place();
    else
      step_ = measured_.empty() ? Step::check : Step::measured;
    return end_ || is_empty(payload);
  }

  bool take_measured(ByteView payload) {
    const std::uint8_t part = measured_[place_in_measured_];
    const auto what = dlt645::describe(identifier(part));
    dlt645::ValueList values;
    const bool readable = what && dlt645::decode_values(*what, payload, values) && values.find(0) != nullptr;
    for (const auto& each : plan_.parts) {
      const auto& stamp = each.of_end ? end_ : begin_;
      if (each.part != part || !readable || !stamp || !holds_stamp(range_, *stamp)) continue;
      held_.push_back(history_value({each.item, 0, 0}, *values.find(0), *stamp));
    }
    next_measured();
    return readable;
  }
  void next_measured() {
    if (++place_in_measured_ >= measured_.size()) step_ = Step::check;
  }

  bool check(ByteView payload, std::vector<HistoryValue>& out) {
    const auto again = stamp_in(payload);
    if (again != begin_) {
      place_ = 1;
      if (++restarts_ > restarts_max)
        step_ = Step::done;  // a meter that tells another time at every question
      else
        step_ = Step::begin;
      return again.has_value();
    }
    for (const auto& each : plan_.parts) {
      const auto& stamp = each.of_end ? end_ : begin_;
      if (each.is_time && stamp && holds_stamp(range_, *stamp))
        out.push_back({each.item, ItemState::good, each.code, 0, {}, *stamp});
    }
    out.insert(out.end(), held_.begin(), held_.end());
    next_place();
    return true;
  }
  void next_place() {
    if (place_ >= plan_.count_max) return finish();
    ++place_;
    step_ = Step::begin;
  }
  void finish() {
    complete_utc_ms_ = settled_end(range_);
    step_ = Step::done;
  }

  GroupEventPlan plan_;
  HistoryRange range_;
  Step step_ = Step::begin;
  std::uint8_t place_ = 1;
  std::uint32_t restarts_ = 0;
  std::vector<std::uint8_t> measured_;  // parts, each once
  std::size_t place_in_measured_ = 0;
  std::optional<std::int64_t> begin_;
  std::optional<std::int64_t> end_;
  std::vector<HistoryValue> held_;  // until the check
  std::int64_t complete_utc_ms_;
};

}  // namespace

std::unique_ptr<HistoryRun> begin_run(const GroupEventPlan& plan, const HistoryRange& range) {
  return std::make_unique<GroupEventRun>(plan, range);
}

}  // namespace duheng::drivers
