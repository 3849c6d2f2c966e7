// What a meter counts back: freezes, settlements, events.
#include <algorithm>
#include <array>

#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/history.hpp"
#include "drivers/protocol/settlement_days.hpp"

namespace duheng::drivers {
namespace {

using dlt645::DataIdentifier;

/// Decodes an answer; false when nothing could be read.
bool decode(DataIdentifier identifier, ByteView payload, dlt645::ValueList& values) {
  const auto what = dlt645::describe(identifier);
  if (!what) return false;
  return dlt645::decode_values(*what, payload, values).has_value() || !values.empty();
}

DataIdentifier with_ordinal(DataIdentifier identifier, std::uint8_t ordinal) {
  constexpr std::uint32_t all_but_di0 = 0xFFFFFF00;
  return {(identifier.value & all_but_di0) | ordinal};
}

/// Reads the times first, newest to oldest; then the contents, oldest first, each between two looks at its time: a
/// freeze that happens meanwhile shifts all places by one.
class FreezeRun final : public HistoryRun {
 public:
  FreezeRun(const FreezePlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), complete_utc_ms_(range.from_utc_ms) {}

  [[nodiscard]] std::optional<Query> next() override {
    switch (phase_) {
      case Phase::times:
        return counted_query(time_identifier(), place_);
      case Phase::contents:
        return counted_query(plan_.reads[read_].identifier, place_);
      case Phase::check:
        return counted_query(time_identifier(), place_);
      case Phase::done:
        break;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    switch (phase_) {
      case Phase::times:
        return take_time(payload);
      case Phase::contents:
        return take_content(payload);
      case Phase::check:
        return check_time(payload, out);
      case Phase::done:
        break;
    }
    return false;
  }

  [[nodiscard]] bool refused(std::uint32_t error) override {
    const bool plain = says_no_record(error);
    if (phase_ == Phase::times) {
      if (plain)
        begin_contents();
      else
        phase_ = Phase::done;
    } else if (phase_ == Phase::contents && plain) {
      next_read();  // this meter does not freeze that
    } else {
      phase_ = Phase::done;
    }
    return plain;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  enum class Phase : std::uint8_t { times, contents, check, done };
  struct Frozen {
    std::uint8_t place;
    std::int64_t utc_ms;
  };

  [[nodiscard]] DataIdentifier time_identifier() const {
    return {0x05000000U | static_cast<std::uint32_t>(plan_.kind) << 16};
  }
  [[nodiscard]] std::optional<std::int64_t> stamp_in(ByteView payload) const {
    dlt645::ValueList values;
    if (!decode(with_ordinal(time_identifier(), place_), payload, values) || values.find(0) == nullptr)
      return std::nullopt;
    return stamp_of(*values.find(0), range_.zone_offset_minutes);
  }

  bool take_time(ByteView payload) {
    const auto stamp = stamp_in(payload);
    if (stamp && holds_stamp(range_, *stamp)) frozen_.push_back({place_, *stamp});
    const bool goes_on = stamp && *stamp > range_.from_utc_ms && place_ < plan_.count_max;
    if (goes_on)
      ++place_;
    else
      begin_contents();
    return stamp || !payload.empty();  // no time at all: this place was never filled
  }

  void begin_contents() {
    if (frozen_.empty()) return finish();
    place_ = frozen_.back().place;
    read_ = 0;
    held_.clear();
    phase_ = Phase::contents;
  }
  void finish() {
    complete_utc_ms_ = settled_end(range_);
    phase_ = Phase::done;
  }

  bool take_content(ByteView payload) {
    dlt645::ValueList values;
    const CountedRead& read = plan_.reads[read_];
    const bool readable = decode(with_ordinal(read.identifier, place_), payload, values);
    for (const HistoryField& field : read.fields) {
      const auto* value = values.find(field.element, field.field);
      if (value != nullptr) held_.push_back(history_value(field, *value, frozen_.back().utc_ms));
    }
    next_read();
    return readable;
  }
  void next_read() {
    if (++read_ == plan_.reads.size()) phase_ = Phase::check;
  }

  bool check_time(ByteView payload, std::vector<HistoryValue>& out) {
    const auto stamp = stamp_in(payload);
    if (stamp == frozen_.back().utc_ms) {
      out.insert(out.end(), held_.begin(), held_.end());
      complete_utc_ms_ = std::max(complete_utc_ms_, frozen_.back().utc_ms);
      frozen_.pop_back();
      begin_contents();
      return true;
    }
    // Shifted once, by a freeze made meanwhile: the same again one place further on.
    const bool can_shift = stamp && *stamp > frozen_.back().utc_ms && !shifted_ && place_ < UINT8_MAX;
    if (!can_shift) {
      phase_ = Phase::done;
      return stamp.has_value();
    }
    shifted_ = true;
    for (auto& entry : frozen_) ++entry.place;
    begin_contents();
    return true;
  }

  FreezePlan plan_;
  HistoryRange range_;
  Phase phase_ = Phase::times;
  std::uint8_t place_ = 1;
  std::size_t read_ = 0;
  bool shifted_ = false;
  std::vector<Frozen> frozen_;  // newest first
  std::vector<HistoryValue> held_;
  std::int64_t complete_utc_ms_;
};

/// The settlement days, then the contents, oldest first.
class SettlementRun final : public HistoryRun {
 public:
  SettlementRun(const SettlementPlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), complete_utc_ms_(range.from_utc_ms) {}

  [[nodiscard]] std::optional<Query> next() override {
    if (done_) return std::nullopt;
    if (day_ <= days_most) return counted_query(settlement_days, day_);
    return counted_query(plan_.reads[read_].identifier, places_.back().place);
  }

  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    if (done_) return false;
    dlt645::ValueList values;
    if (day_ <= days_most) {
      const bool readable = decode(with_ordinal(settlement_days, day_), payload, values);
      if (const auto* value = values.find(0)) take_day(*value);
      next_day();
      return readable;
    }
    const CountedRead& read = plan_.reads[read_];
    const bool readable = decode(with_ordinal(read.identifier, places_.back().place), payload, values);
    for (const HistoryField& field : read.fields) {
      const auto* value = values.find(field.element, field.field);
      if (value != nullptr) out.push_back(history_value(field, *value, places_.back().utc_ms));
    }
    next_read();
    return readable;
  }

  [[nodiscard]] bool refused(std::uint32_t error) override {
    const bool plain = says_no_record(error);
    if (done_ || !plain)
      done_ = true;
    else if (day_ <= days_most)
      next_day();
    else
      next_read();
    return plain;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  static constexpr DataIdentifier settlement_days{0x04000B00};
  static constexpr std::uint8_t days_most = 3;
  struct Place {
    std::uint8_t place;
    std::int64_t utc_ms;
  };

  void take_day(const dlt645::Value& value) {
    constexpr int scale = 100;
    const auto digits = static_cast<int>(value.mantissa);
    const SettlementDay day{digits / scale, digits % scale};
    // 9999 is how a meter says that it settles less often.
    const bool is_good = value.state == dlt645::ValueState::good && day.day >= 1 && day.day <= 28 && day.hour <= 23;
    if (is_good) days_.push_back(day);
  }
  void next_day() {
    if (++day_ <= days_most) return;
    if (days_.empty() || settles_about_now(days_, range_.now_utc_ms, range_.zone_offset_minutes)) {
      done_ = true;
      return;
    }
    const auto stamps = last_settlements(days_, plan_.count_max, range_.now_utc_ms, range_.zone_offset_minutes);
    for (std::size_t i = 0; i < stamps.size(); ++i)
      if (holds_stamp(range_, stamps[i])) places_.push_back({static_cast<std::uint8_t>(i + 1), stamps[i]});
    if (places_.empty()) finish();
  }
  void next_read() {
    if (++read_ < plan_.reads.size()) return;
    read_ = 0;
    complete_utc_ms_ = std::max(complete_utc_ms_, places_.back().utc_ms);
    places_.pop_back();
    if (places_.empty()) finish();
  }
  void finish() {
    complete_utc_ms_ = std::max(complete_utc_ms_, settled_end(range_));
    done_ = true;
  }

  SettlementPlan plan_;
  HistoryRange range_;
  std::uint8_t day_ = 1;
  std::size_t read_ = 0;
  bool done_ = false;
  std::vector<SettlementDay> days_;
  std::vector<Place> places_;  // newest first
  std::int64_t complete_utc_ms_;
};

/// Newest to oldest, until a record lies before the range in all its times. A record made meanwhile shifts the places:
/// one is then read twice, which changes nothing.
class EventRun final : public HistoryRun {
 public:
  EventRun(const EventPlan& plan, const HistoryRange& range)
      : plan_(plan), range_(range), complete_utc_ms_(range.from_utc_ms) {}

  [[nodiscard]] std::optional<Query> next() override {
    if (done_) return std::nullopt;
    return counted_query(plan_.identifier, place_);
  }
  [[nodiscard]] bool answered(ByteView payload, std::vector<HistoryValue>& out) override {
    if (done_) return false;
    bool any_time = false;
    bool any_in_reach = false;
    for (const EventTime& time : plan_.times) {
      const auto stamp = stamp_at(payload, time.offset);
      if (!stamp) continue;
      any_time = true;
      any_in_reach = any_in_reach || *stamp > range_.from_utc_ms;
      if (holds_stamp(range_, *stamp)) out.push_back({time.item, ItemState::good, time.code, 0, {}, *stamp});
    }
    if (!any_in_reach || place_ == plan_.count_max)
      finish();
    else
      ++place_;
    return any_time || is_empty_record(payload);
  }
  [[nodiscard]] bool refused(std::uint32_t error) override {
    const bool plain = says_no_record(error);
    if (plain)
      finish();
    else
      done_ = true;
    return plain;
  }
  [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return complete_utc_ms_; }

 private:
  [[nodiscard]] std::optional<std::int64_t> stamp_at(ByteView payload, std::size_t offset) const {
    constexpr std::size_t time_octets = 6;
    if (payload.size() < offset + time_octets) return std::nullopt;
    const auto time = dlt645::decode_date_time(payload.subspan(offset, time_octets));
    if (!time || !dlt645::is_valid(*time)) return std::nullopt;
    return utc_ms_of({time->year, time->month, time->day, time->hour, time->minute, time->second},
                     range_.zone_offset_minutes);
  }
  /// Nothing but 00 or FF: this place was never filled.
  static bool is_empty_record(ByteView payload) {
    return std::ranges::all_of(payload, [](std::uint8_t octet) { return octet == 0 || octet == 0xFF; });
  }
  void finish() {
    complete_utc_ms_ = settled_end(range_);
    done_ = true;
  }

  EventPlan plan_;
  HistoryRange range_;
  std::uint8_t place_ = 1;
  bool done_ = false;
  std::int64_t complete_utc_ms_;
};

}  // namespace

Query counted_query(DataIdentifier identifier, std::uint8_t ordinal) {
  Query query;
  query.operation = static_cast<std::uint16_t>(dlt645::Function::read);
  query.subject = with_ordinal(identifier, ordinal).value;
  return query;
}

HistoryValue history_value(const HistoryField& field, const dlt645::Value& value, std::int64_t utc_ms) {
  HistoryValue out;
  out.item = field.item;
  out.state = item_state_of(value);
  out.mantissa = value.state == dlt645::ValueState::good ? value.mantissa : 0;
  out.exponent = value.exponent;
  out.unit = series_kind_of(value.kind) == SeriesKind::decimal ? dlt645::to_string(value.unit) : std::string_view{};
  out.time_utc_ms = utc_ms;
  return out;
}

std::optional<std::int64_t> stamp_of(const dlt645::Value& value, std::int32_t zone_offset_minutes) {
  if (item_state_of(value) != ItemState::good) return std::nullopt;
  const auto time = dlt645::from_digits(value.mantissa, value.kind);
  return utc_ms_of({time.year, time.month, time.day, time.hour, time.minute, time.second}, zone_offset_minutes);
}

bool says_no_record(std::uint32_t error) noexcept { return (error & dlt645::error_bits::no_requested_data) != 0; }

std::unique_ptr<HistoryRun> begin_run(const FreezePlan& plan, const HistoryRange& range) {
  return std::make_unique<FreezeRun>(plan, range);
}
std::unique_ptr<HistoryRun> begin_run(const SettlementPlan& plan, const HistoryRange& range) {
  return std::make_unique<SettlementRun>(plan, range);
}
std::unique_ptr<HistoryRun> begin_run(const EventPlan& plan, const HistoryRange& range) {
  return std::make_unique<EventRun>(plan, range);
}

}  // namespace duheng::drivers
