// Which records a GET Record wants.
#include <algorithm>
#include <array>

#include "codec/dlt698/message.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/registers.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Kind;
using dlt698::Node;
using dlt698::Oad;

/// RSD by its number. Source: DL/T 698.45-2017, application layer (record selection).
enum class Selector : std::uint8_t { all = 0, equal = 1, range = 2, ranges = 3, nth_last = 9, last = 10 };

constexpr std::size_t columns_max = 64;
constexpr std::array freeze_columns{Oad{0x2023, 2, 0}, Oad{0x2021, 2, 0}};
constexpr std::array event_columns{Oad{0x2022, 2, 0}, Oad{0x201E, 2, 0}, Oad{0x2020, 2, 0}, Oad{0x2024, 2, 0},
                                   Oad{0x3300, 2, 0}};
constexpr std::array event_energies{Oad{0x0010, 2, 1}, Oad{0x0020, 2, 1}};

/// From, up to but not with; of times in ms, of numbers as they are.
struct Range {
  std::uint16_t column = 0;
  std::int64_t from = INT64_MIN;
  std::int64_t to = INT64_MAX;
};
struct Wanted {
  std::vector<Range> ranges;
  std::int64_t step_ms = 0;  ///< 0: every one
  std::uint32_t step_months = 0;
  std::optional<std::uint8_t> nth_last;
  std::optional<std::uint8_t> last;
};

bool is_number_column(std::uint16_t oi) { return oi == 0x2022 || oi == 0x2023; }

/// A time in ms or a record's number, by what the column holds.
std::expected<std::int64_t, Dar> key_of(std::uint16_t column, const Node& data) {
  if (is_number_column(column)) {
    if (data.type->kind != Kind::unsigned_integer) return std::unexpected(Dar::type_mismatch);
    const auto number = dlt698::read_unsigned(data.content);
    return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX - 1));
  }
  const auto moment = local_ms_in(data);
  if (!moment) return std::unexpected(Dar::type_mismatch);
  return *moment;
}

std::expected<void, Dar> take_step(const Node& interval, Wanted& wanted) {
  if (interval.type->kind == Kind::null) return {};
  if (interval.type->kind != Kind::ti) return std::unexpected(Dar::type_mismatch);
  constexpr std::array<std::int64_t, 4> unit_ms{1'000, 60'000, 3'600'000, day_ms};
  const std::uint8_t unit = interval.content[0];
  const auto count = static_cast<std::uint32_t>(dlt698::read_unsigned(ByteView(interval.content).subspan(1)));
  if (unit > 5) return std::unexpected(Dar::out_of_range);
  if (unit < unit_ms.size())
    wanted.step_ms = unit_ms[unit] * count;
  else
    wanted.step_months = count * (unit == 5 ? 12 : 1);
  return {};
}

/// The body of a RSD 2, or of one of a RSD 3: column, start, end, interval.
std::expected<void, Dar> take_range(const Node& body, Wanted& wanted) {
  const std::uint16_t column = dlt698::read_oad(body.children[0].content).oi;
  const auto from = key_of(column, body.children[1]);
  const auto to = key_of(column, body.children[2]);
  if (!from || !to) return std::unexpected(from ? to.error() : from.error());
  wanted.ranges.push_back({column, *from, *to});
  return take_step(body.children[3], wanted);
}

std::expected<Wanted, Dar> wanted_of(const Node& selector) {
  Wanted out;
  const Node& body = selector.children[0];
  switch (static_cast<Selector>(selector.selector)) {
    case Selector::all:
      return out;
    case Selector::equal: {
      const std::uint16_t column = dlt698::read_oad(body.children[0].content).oi;
      const auto key = key_of(column, body.children[1]);
      if (!key) return std::unexpected(key.error());
      // A date_time_s stands for the whole second.
      out.ranges.push_back({column, *key, *key + (is_number_column(column) ? 1 : 1'000)});
      return out;
    }
    case Selector::range:
      if (const auto taken = take_range(body, out); !taken) return std::unexpected(taken.error());
      return out;
    case Selector::ranges:
      for (const Node& one : body.children[0].children)
        if (const auto taken = take_range(one, out); !taken) return std::unexpected(taken.error());
      return out;
    case Selector::nth_last:
      out.nth_last = body.children[0].content[0];
      return out;
    case Selector::last:
      out.last = body.children[0].content[0];
      return out;
  }
  return std::unexpected(Dar::out_of_range);  // by acquisition time or by meter: a terminal's, not a meter's
}

std::expected<void, Dar> narrow(FreezeRecords& records, const FreezeObject& object, const Wanted& wanted) {
  for (const auto& range : wanted.ranges) {
    if (range.column != 0x2021 && range.column != 0x2023) return std::unexpected(Dar::undefined);
    MomentBounds bounds;
    (range.column == 0x2021 ? bounds.from_local_ms : bounds.from_number) = range.from;
    (range.column == 0x2021 ? bounds.to_local_ms : bounds.to_number) = range.to;
    records.narrow(bounds);
  }
  if (wanted.step_ms > 0) {
    if (object.kind != FreezeKind::periodic || wanted.step_ms % object.period_ms != 0)
      return std::unexpected(Dar::out_of_range);
    records.thin(static_cast<std::uint32_t>(wanted.step_ms / object.period_ms));
  }
  if (wanted.step_months > 0) {
    if (object.kind != FreezeKind::monthly) return std::unexpected(Dar::out_of_range);
    records.thin(wanted.step_months);
  }
  if (wanted.nth_last) records.keep_nth_last(*wanted.nth_last);
  if (wanted.last) records.keep_last(*wanted.last);
  return {};
}

std::expected<void, Dar> narrow(std::vector<EventRecord>& records, const Wanted& wanted) {
  for (const auto& range : wanted.ranges) {
    const auto key = [&](const EventRecord& record) -> std::int64_t {
      if (range.column == 0x2022) return record.number;
      return range.column == 0x201E ? record.begin_local_ms : record.end_local_ms;
    };
    if (range.column != 0x2022 && range.column != 0x201E && range.column != 0x2020)
      return std::unexpected(Dar::undefined);
    std::erase_if(records,
                  [&](const EventRecord& record) { return key(record) < range.from || key(record) >= range.to; });
  }
  if (wanted.step_ms > 0 || wanted.step_months > 0) return std::unexpected(Dar::out_of_range);
  if (wanted.nth_last) {
    if (*wanted.nth_last == 0 || *wanted.nth_last > records.size())
      records.clear();
    else
      records = {records[records.size() - *wanted.nth_last]};
  }
  if (wanted.last && records.size() > *wanted.last)
    records.erase(records.begin(), records.end() - static_cast<std::ptrdiff_t>(*wanted.last));
  return {};
}

/// Without any: the record's own columns and what is linked.
std::expected<std::vector<Oad>, Dar> columns_of(const Node& columns) {
  std::vector<Oad> out;
  if (columns.children.size() > columns_max) return std::unexpected(Dar::out_of_range);
  for (const Node& column : columns.children) {
    if (column.selector != 0) return std::unexpected(Dar::undefined);  // ROAD: a table within a table
    out.push_back(dlt698::read_oad(column.children[0].content));
  }
  return out;
}

}  // namespace

std::expected<RecordSelection, Dar> Registers::select(std::int64_t utc_ms, Oad table, const Node& selector,
                                                      const Node& columns) const {
  const auto* freeze_object = find_freeze_object(table.oi);
  const auto event_object = event_table(table);
  if (freeze_object == nullptr && !event_object) return std::unexpected(why_missing(table.oi));
  if (freeze_object != nullptr && table.attribute != 2) return std::unexpected(Dar::undefined);
  const auto wanted = wanted_of(selector);
  if (!wanted) return std::unexpected(wanted.error());
  auto asked = columns_of(columns);
  if (!asked) return std::unexpected(asked.error());
  RecordSelection out{table, std::move(*asked), freeze_object, event_object.value_or(EventObject{}), {}, {}};
  const auto add = [&](auto&& list) { out.columns.insert(out.columns.end(), list.begin(), list.end()); };
  const bool all_columns = out.columns.empty();
  if (freeze_object != nullptr) {
    if (all_columns) add(freeze_columns);
    if (all_columns) add(freeze_object->columns);
    out.freezes = freeze_records(utc_ms, *freeze_object);
    if (const auto narrowed = narrow(*out.freezes, *freeze_object, *wanted); !narrowed)
      return std::unexpected(narrowed.error());
    return out;
  }
  if (all_columns) {
    add(event_columns);
    if (event_object->own_column != 0) out.columns.push_back(Oad::from(event_object->own_column));
    add(event_energies);
  }
  out.events = events_.records(state_, *event_object, utc_ms);
  if (const auto narrowed = narrow(out.events, *wanted); !narrowed) return std::unexpected(narrowed.error());
  return out;
}

}  // namespace duheng::device::meter698
