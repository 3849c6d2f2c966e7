#pragma once
// Reading a DL/T 645 meter's memory; private to this library.
#include <optional>
#include <vector>

#include "codec/dlt645/value.hpp"
#include "drivers/dlt645/values.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {

/// A meter's clock may be so much behind: what is younger than this is not yet given up as missing.
inline constexpr std::int64_t memory_settle_ms = 10 * 60'000;

/// Where one item stands in an answer.
struct HistoryField {
  std::uint32_t item = 0;
  std::uint8_t element = 0;
  std::uint8_t field = 0;
};

/// One identifier whose DI0 counts records back, and what is read from its answer.
struct CountedRead {
  dlt645::DataIdentifier identifier;
  std::vector<HistoryField> fields;
};

/// An event's time within its record.
struct EventTime {
  std::uint32_t item = 0;
  std::uint8_t offset = 0;  ///< of six octets ss mm hh DD MM YY
  std::int64_t code = 0;    ///< what the register then says
};

[[nodiscard]] Query counted_query(dlt645::DataIdentifier identifier, std::uint8_t ordinal);
[[nodiscard]] HistoryValue history_value(const HistoryField& field, const dlt645::Value& value, std::int64_t utc_ms);
/// Of a time kind's digits; nothing when it is not good.
[[nodiscard]] std::optional<std::int64_t> stamp_of(const dlt645::Value& value, std::int32_t zone_offset_minutes);
[[nodiscard]] constexpr bool holds_stamp(const HistoryRange& range, std::int64_t utc_ms) noexcept {
  return utc_ms > range.from_utc_ms && utc_ms <= range.to_utc_ms && utc_ms <= range.now_utc_ms + memory_settle_ms;
}
/// Up to here a range can be complete now.
[[nodiscard]] constexpr std::int64_t settled_end(const HistoryRange& range) noexcept {
  const std::int64_t settled = range.now_utc_ms - memory_settle_ms;
  const std::int64_t end = range.to_utc_ms < settled ? range.to_utc_ms : settled;
  return end > range.from_utc_ms ? end : range.from_utc_ms;
}
/// The device says that it has no such record.
[[nodiscard]] bool says_no_record(std::uint32_t error) noexcept;

/// Load records at a fixed interval, by the time of the first wanted.
struct ProfilePlan {
  std::uint8_t record_class = 0;  ///< 1 to 6; 0 all classes in one record
  std::uint8_t records_max = 8;
  std::int64_t interval_ms = 0;
  std::int64_t depth_ms = 0;
  std::vector<HistoryField> fields;
};
/// Freezes, each with its time, counted back.
struct FreezePlan {
  std::uint8_t kind = 0;  ///< DI2, e.g. 6 daily
  std::uint8_t count_max = 62;
  std::vector<CountedRead> reads;
};
/// Settlements, counted back; their times follow from the settlement days.
struct SettlementPlan {
  std::uint8_t count_max = 12;
  std::vector<CountedRead> reads;
};
/// Event records, counted back.
struct EventPlan {
  dlt645::DataIdentifier identifier;
  std::uint8_t count_max = 10;
  std::vector<EventTime> times;
};

/// One part of an event record in groups 10H..1CH.
struct EventPart {
  std::uint32_t item = 0;
  std::uint8_t part = 0;  ///< DI1
  bool of_end = false;    ///< what held at the event's end, or until then; else at its beginning
  bool is_time = false;   ///< the beginning or end itself: the register then says `code`
  std::int64_t code = 0;
};
/// Events whose parts are asked for one by one, counted back.
struct GroupEventPlan {
  dlt645::DataIdentifier begin;  ///< of the last event's beginning
  std::uint8_t end_part = 0;
  std::uint8_t count_max = 10;
  std::vector<EventPart> parts;
};

[[nodiscard]] std::unique_ptr<HistoryRun> begin_run(const ProfilePlan& plan, const HistoryRange& range);
[[nodiscard]] std::unique_ptr<HistoryRun> begin_run(const FreezePlan& plan, const HistoryRange& range);
[[nodiscard]] std::unique_ptr<HistoryRun> begin_run(const SettlementPlan& plan, const HistoryRange& range);
[[nodiscard]] std::unique_ptr<HistoryRun> begin_run(const EventPlan& plan, const HistoryRange& range);
[[nodiscard]] std::unique_ptr<HistoryRun> begin_run(const GroupEventPlan& plan, const HistoryRange& range);

}  // namespace duheng::drivers
