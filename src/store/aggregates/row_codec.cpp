#include "store/aggregates/row_codec.hpp"

#include <utility>

namespace duheng::store {
namespace {

constexpr std::uint8_t version = 2;  // 1 had no has_since and no entry of a figure, and is read by the same code
__extension__ using Unsigned128 = unsigned __int128;

std::int64_t difference(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t together(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

void write_wide(ByteWriter& out, Int128 value) {
  auto zigzag = (static_cast<Unsigned128>(value) << 1) ^ static_cast<Unsigned128>(value >> 127);
  while (zigzag >= 0x80) {
    out.u8(static_cast<std::uint8_t>(zigzag) | 0x80);
    zigzag >>= 7;
  }
  out.u8(static_cast<std::uint8_t>(zigzag));
}

Int128 read_wide(ByteReader& in) {
  Unsigned128 zigzag = 0;
  for (int shift = 0; shift < 128; shift += 7) {
    const std::uint8_t octet = in.u8();
    if (shift == 126 && octet > 3) in.set_failed();
    zigzag |= static_cast<Unsigned128>(octet & 0x7F) << shift;
    if ((octet & 0x80) == 0) return static_cast<Int128>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
  }
  in.set_failed();
  return 0;
}

/// A number that must fit the type it is for.
template <class T>
T read_as(ByteReader& in) {
  const std::uint64_t value = in.varint();
  if (value > std::numeric_limits<T>::max()) in.set_failed();
  return static_cast<T>(value);
}

/// What the fields before were: neighbours differ little.
struct Before {
  std::int64_t through_utc_ms = 0;
  AggregateMark mark;
};

void write_mark(ByteWriter& out, const AggregateMark& mark, AggregateMark& before) {
  out.zigzag(difference(mark.time_utc_ms, before.time_utc_ms));
  out.zigzag(difference(mark.mantissa, before.mantissa));
  out.zigzag(difference(mark.frame.value, before.frame.value));
  out.varint(static_cast<std::uint16_t>(mark.quality));
  before = mark;
}

AggregateMark read_mark(ByteReader& in, AggregateMark& before) {
  AggregateMark mark;
  mark.time_utc_ms = together(before.time_utc_ms, in.zigzag());
  mark.mantissa = together(before.mantissa, in.zigzag());
  mark.frame.value = together(before.frame.value, in.zigzag());
  mark.quality = static_cast<Quality>(read_as<std::uint16_t>(in));
  before = mark;
  return mark;
}

// What a row need not spell out.
constexpr std::uint8_t extremes_are_ends = 1;  // of a register that only counts up
constexpr std::uint8_t plain = 2;              // no edits, nothing without value, no findings, all good
constexpr std::uint8_t no_increase = 4;
constexpr std::uint8_t no_slots = 8;
constexpr std::uint8_t has_since = 16;

bool is_plain(const AggregateRow& row) {
  return row.without_value_count == 0 && row.estimated_count == 0 && row.corrected_count == 0 &&
         row.quality_union == 0 && row.findings == 0 && row.increase_edited == 0;
}

std::uint8_t shape_of(const AggregateRow& row) {
  std::uint8_t shape = 0;
  if (row.minimum == row.first && row.maximum == row.last) shape |= extremes_are_ends;
  if (is_plain(row)) shape |= plain;
  if (row.increase == 0) shape |= no_increase;
  if (row.slots_expected == 0 && row.slots_present == 0) shape |= no_slots;
  if (row.increase_since_utc_ms != AggregateRow::no_time) shape |= has_since;
  return shape;
}

void write_row(ByteWriter& out, const AggregateRow& row, Before& before) {
  const std::uint8_t shape = shape_of(row);
  out.u8(shape);
  out.zigzag(difference(row.after_utc_ms, before.through_utc_ms));
  out.zigzag(difference(row.through_utc_ms, row.after_utc_ms));
  before.through_utc_ms = row.through_utc_ms;
  out.varint(row.value_count);
  out.zigzag(row.longest_silence_ms);
  if ((shape & plain) == 0) {
    out.varint(row.without_value_count);
    out.varint(row.estimated_count);
    out.varint(row.corrected_count);
    out.varint(row.quality_union);
    out.varint(row.findings);
    write_wide(out, row.increase_edited);
  }
  if ((shape & no_increase) == 0) write_wide(out, row.increase);
  if ((shape & no_slots) == 0) {
    out.varint(row.slots_expected);
    out.varint(row.slots_present);
  }
  // Mostly the last value of the row before.
  if ((shape & has_since) != 0) out.zigzag(difference(row.increase_since_utc_ms, before.mark.time_utc_ms));
  if (row.value_count == 0) return;
  write_wide(out, row.sum);
  write_mark(out, row.first, before.mark);
  if ((shape & extremes_are_ends) == 0) {
    write_mark(out, row.minimum, before.mark);
    write_mark(out, row.maximum, before.mark);
  }
  write_mark(out, row.last, before.mark);
}

AggregateRow read_row(ByteReader& in, Before& before) {
  AggregateRow row;
  const std::uint8_t shape = in.u8();
  row.after_utc_ms = together(before.through_utc_ms, in.zigzag());
  row.through_utc_ms = together(row.after_utc_ms, in.zigzag());
  before.through_utc_ms = row.through_utc_ms;
  row.value_count = read_as<std::uint32_t>(in);
  row.longest_silence_ms = in.zigzag();
  if ((shape & plain) == 0) {
    row.without_value_count = read_as<std::uint32_t>(in);
    row.estimated_count = read_as<std::uint32_t>(in);
    row.corrected_count = read_as<std::uint32_t>(in);
    row.quality_union = read_as<std::uint16_t>(in);
    row.findings = read_as<std::uint16_t>(in);
    row.increase_edited = read_wide(in);
  }
  if ((shape & no_increase) == 0) row.increase = read_wide(in);
  if ((shape & no_slots) == 0) {
    row.slots_expected = read_as<std::uint32_t>(in);
    row.slots_present = read_as<std::uint32_t>(in);
  }
  if ((shape & has_since) != 0) row.increase_since_utc_ms = together(before.mark.time_utc_ms, in.zigzag());
  if (row.value_count == 0) return row;
  row.sum = read_wide(in);
  row.first = read_mark(in, before.mark);
  if ((shape & extremes_are_ends) == 0) {
    row.minimum = read_mark(in, before.mark);
    row.maximum = read_mark(in, before.mark);
  }
  row.last = read_mark(in, before.mark);
  if ((shape & extremes_are_ends) != 0) {
    row.minimum = row.first;
    row.maximum = row.last;
  }
  return row;
}

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::storage_corrupt, "stored aggregates are damaged: delete them and let them be made again");
}

Result<void> check_version(ByteReader& in) {
  const std::uint8_t found = in.u8();
  if (!in.ok() || found == 0) return corrupt();
  if (found > version) return fail(ErrorCode::unsupported, "the aggregates were written by a newer release");
  return {};
}

Result<std::vector<DayTile::Entry>> read_series(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > codec_limits::rows_per_series_max) return corrupt();
  std::vector<DayTile::Entry> out;
  out.reserve(static_cast<std::size_t>(count));
  Before before;
  std::int64_t day = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = in.varint();
    if (!in.ok() || step > aggregate_limits::day_max || (i > 0 && step == 0)) return corrupt();
    day += static_cast<std::int64_t>(step);
    if (day > aggregate_limits::day_max) return corrupt();
    out.push_back({static_cast<std::int32_t>(day), read_row(in, before)});
  }
  if (!in.ok() || !in.at_end()) return corrupt();
  return out;
}

Bytes encode_series(std::span<const DayTile::Entry> entries) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.varint(entries.size());
  Before before;
  std::int32_t day = 0;
  for (const auto& entry : entries) {
    out.varint(static_cast<std::uint64_t>(entry.day - day));
    day = entry.day;
    write_row(out, entry.row, before);
  }
  return bytes;
}

using Parts = std::array<ByteView, codec_limits::series_per_tile>;
Result<Parts> parts_of(ByteView bytes) {
  ByteReader in(bytes);
  DUHENG_CHECK(check_version(in));
  std::array<std::size_t, codec_limits::series_per_tile> sizes{};
  for (auto& size : sizes) {
    const std::uint64_t octets = in.varint();
    if (octets > bytes.size()) return corrupt();
    size = static_cast<std::size_t>(octets);
  }
  Parts parts;
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = in.raw(sizes[i]);
  if (!in.ok() || !in.at_end()) return corrupt();
  return parts;
}

}  // namespace

bool DayTile::empty() const noexcept {
  for (const auto& entries : series) {
    if (!entries.empty()) return false;
  }
  return true;
}

Bytes encode_day_tile(const DayTile& tile) {
  std::array<Bytes, codec_limits::series_per_tile> parts;
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(version);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = encode_series(tile.series[i]);
    out.varint(parts[i].size());
  }
  for (const Bytes& part : parts) out.raw(part);
  return bytes;
}

Result<DayTile> parse_day_tile(ByteView bytes) {
  DUHENG_TRY(const Parts parts, parts_of(bytes));
  DayTile tile;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    DUHENG_TRY(tile.series[i], read_series(parts[i]));
  }
  return tile;
}

Result<std::vector<DayTile::Entry>> parse_day_tile_series(ByteView bytes, std::size_t index) {
  DUHENG_TRY(const Parts parts, parts_of(bytes));
  if (index >= parts.size()) return fail(ErrorCode::invalid_argument, "a tile has eight series");
  return read_series(parts[index]);
}

Bytes encode_figures(std::span<const DayFigure> figures, SeriesId first_series) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(version);
  out.varint(figures.size());
  std::int64_t before = first_series.value;
  for (const DayFigure& figure : figures) {
    out.varint(static_cast<std::uint64_t>(figure.series.value - before));
    before = figure.series.value;
    out.varint(figure.findings);
    out.varint(figure.value_count);
    out.varint(figure.slots_expected);
    out.varint(figure.slots_present);
    write_wide(out, figure.increase);
    write_wide(out, figure.increase_edited);
    if ((figure.findings & aggregate_findings::over_gap) == 0) continue;
    out.zigzag(figure.entry_from_utc_ms);
    out.zigzag(difference(figure.entry_to_utc_ms, figure.entry_from_utc_ms));
  }
  return bytes;
}

Result<void> parse_figures(ByteView bytes, SeriesId first_series, std::int32_t day, std::vector<DayFigure>& out) {
  ByteReader in(bytes);
  DUHENG_CHECK(check_version(in));
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > static_cast<std::uint64_t>(aggregate_limits::series_per_slice)) return corrupt();
  std::int64_t series = first_series.value;
  const std::int64_t end = first_series.value + aggregate_limits::series_per_slice;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = in.varint();
    if (step >= static_cast<std::uint64_t>(end - series) || (i > 0 && step == 0)) return corrupt();
    series += static_cast<std::int64_t>(step);
    DayFigure figure;
    figure.series = SeriesId{series};
    figure.day = day;
    figure.findings = read_as<std::uint16_t>(in);
    figure.value_count = read_as<std::uint32_t>(in);
    figure.slots_expected = read_as<std::uint32_t>(in);
    figure.slots_present = read_as<std::uint32_t>(in);
    figure.increase = read_wide(in);
    figure.increase_edited = read_wide(in);
    if ((figure.findings & aggregate_findings::over_gap) != 0) {
      figure.entry_from_utc_ms = in.zigzag();
      figure.entry_to_utc_ms = together(figure.entry_from_utc_ms, in.zigzag());
    }
    if (!in.ok()) return corrupt();
    out.push_back(figure);
  }
  if (!in.at_end()) return corrupt();
  return {};
}

Bytes encode_hours(std::span<const AggregateRow> hours) {
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(version);
  out.varint(hours.size());
  Before before;
  for (const AggregateRow& row : hours) write_row(out, row, before);
  return bytes;
}

Result<std::vector<AggregateRow>> parse_hours(ByteView bytes) {
  ByteReader in(bytes);
  DUHENG_CHECK(check_version(in));
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > codec_limits::hours_per_day_max) return corrupt();
  std::vector<AggregateRow> out;
  Before before;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) out.push_back(read_row(in, before));
  if (!in.ok() || !in.at_end()) return corrupt();
  return out;
}

}  // namespace duheng::store
