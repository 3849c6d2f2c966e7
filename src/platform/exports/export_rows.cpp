#include "platform/exports/export_rows.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <fmt/format.h>

#include "base/time.hpp"

namespace duheng::platform {

using store::Cell;
using store::Column;
using store::ColumnType;

namespace {
Cell flag(bool value) { return Cell::of(static_cast<std::int64_t>(value ? 1 : 0)); }
}  // namespace

std::string_view LocalTimes::text(std::int64_t utc_ms) {
  using namespace std::chrono;
  constexpr std::int64_t quarter_ms = 900'000;
  const std::int64_t quarter = utc_ms >= 0 ? utc_ms / quarter_ms : (utc_ms - quarter_ms + 1) / quarter_ms;
  if (quarter != quarter_) {
    quarter_ = quarter;
    offset_ms_ = zone_.empty() ? 0 : zone_offset_ms(quarter * quarter_ms, zone_).value_or(0);
  }
  const sys_time<milliseconds> local{milliseconds{utc_ms + offset_ms_}};
  const auto day = floor<days>(local);
  const year_month_day date{day};
  const hh_mm_ss time{local - day};
  text_.clear();
  fmt::format_to(std::back_inserter(text_), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                 time.minutes().count(), time.seconds().count(), time.subseconds().count());
  const std::int64_t minutes = std::abs(offset_ms_) / 60'000;
  fmt::format_to(std::back_inserter(text_), "{}{:02}:{:02}", offset_ms_ < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return text_;
}

std::vector<Column> ExportRows::columns() const {
  int scale = 0;
  for (const ExportPart& part : plan_.parts) scale = std::max(scale, -static_cast<int>(part.exponent));
  // 19 digits of 63 bits and these fit the 38 of a decimal.
  const auto digits = static_cast<std::uint8_t>(std::min(scale, 19));
  std::vector<Column> out{{"device_id", ColumnType::integer},
                          {"device", ColumnType::text},
                          {"address", ColumnType::text},
                          {"site", ColumnType::text, true},
                          {"register", ColumnType::text},
                          {"time", ColumnType::text},
                          {"time_utc_ms", ColumnType::time},
                          {"value", ColumnType::decimal, true, digits},
                          {"unit", ColumnType::text},
                          {"kind", ColumnType::text},
                          {"quality", ColumnType::text},
                          {"time_source", ColumnType::text},
                          {"received_utc_ms", ColumnType::time},
                          {"frame", ColumnType::integer},
                          {"evidence", ColumnType::integer},
                          {"conflict", ColumnType::integer},
                          {"edits", ColumnType::integer},
                          {"edit_kind", ColumnType::text, true},
                          {"edit_author", ColumnType::text, true},
                          {"edit_reason", ColumnType::text, true},
                          {"value_before_edit", ColumnType::decimal, true, digits},
                          {"past_calibration", ColumnType::integer}};
  if (parquet_) {
    // Whatever the decimal column cannot hold (IEEE bits, very small exponents) stands here.
    out.push_back({"mantissa", ColumnType::integer});
    out.push_back({"exponent", ColumnType::integer});
  }
  return out;
}

Cell ExportRows::value_cell(const ExportPart& part, std::int64_t mantissa, Quality quality,
                            std::string& scratch) const {
  if (has(quality, Quality::no_value) || has(quality, Quality::invalid_content)) return {};
  if (part.kind != SeriesKind::ieee_bits) return Cell::decimal(mantissa, part.exponent);
  scratch = fmt::format("{}", std::bit_cast<double>(mantissa));
  return Cell::number(scratch);
}

std::span<const Cell> ExportRows::row(const ExportPart& part, const store::Point& point, const Edit* edit) {
  const ExportDevice& device = plan_.devices[part.device];
  if (quality_text_.empty() || point.quality != quality_of_text_) {
    quality_text_ = to_string(point.quality);
    quality_of_text_ = point.quality;
  }
  cells_.clear();
  cells_.push_back(Cell::of(device.id.value));
  cells_.push_back(Cell::of(device.name));
  cells_.push_back(Cell::of(device.address));
  cells_.push_back(device.site.empty() ? Cell{} : Cell::of(device.site));
  cells_.push_back(Cell::of(part.register_name));
  cells_.push_back(Cell::of(times_.text(point.time_utc_ms)));
  cells_.push_back(Cell::of(point.time_utc_ms));
  cells_.push_back(value_cell(part, point.mantissa, point.quality, value_text_));
  cells_.push_back(Cell::of(part.unit));
  cells_.push_back(Cell::of(to_string(part.kind)));
  cells_.push_back(Cell::of(quality_text_));
  cells_.push_back(Cell::of(to_string(point.time_source)));
  cells_.push_back(Cell::of(point.received_utc_ms));
  cells_.push_back(Cell::of(point.frame.value));
  cells_.push_back(Cell::of(static_cast<std::int64_t>(point.evidence_count)));
  cells_.push_back(Cell::of(static_cast<std::int64_t>(point.conflict ? 1 : 0)));
  cells_.push_back(Cell::of(static_cast<std::int64_t>(point.edit_count)));
  cells_.push_back(edit == nullptr ? Cell{} : Cell::of(to_string(edit->kind)));
  cells_.push_back(edit == nullptr ? Cell{} : Cell::of(edit->author));
  cells_.push_back(edit == nullptr ? Cell{} : Cell::of(edit->reason));
  cells_.push_back(edit == nullptr || !edit->old_mantissa
                       ? Cell{}
                       : value_cell(part, *edit->old_mantissa, Quality::good, read_text_));
  cells_.push_back(flag(part.is_past_calibration(point.time_utc_ms, point.time_utc_ms)));
  if (parquet_) {
    cells_.push_back(Cell::of(point.mantissa));
    cells_.push_back(Cell::of(static_cast<std::int64_t>(part.exponent)));
  }
  return cells_;
}

}  // namespace duheng::platform
