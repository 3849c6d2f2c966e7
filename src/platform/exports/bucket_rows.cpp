#include "platform/exports/bucket_rows.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>

#include "store/aggregates/aggregate_mean.hpp"

namespace duheng::platform {

using store::AggregateMark;
using store::AggregateRow;
using store::Cell;
using store::Column;
using store::ColumnType;

namespace {

constexpr std::string_view marks[] = {"first", "last", "minimum", "maximum"};

bool counts_up(const ExportPart& part) {
  store::Series series;
  series.register_name = part.register_name;
  series.kind = part.kind;
  return store::default_series_policy(series).counts_up;
}

}  // namespace

std::vector<Column> BucketRows::columns() const {
  int scale = 0;
  for (const ExportPart& part : plan_.parts) scale = std::max(scale, -static_cast<int>(part.exponent));
  const auto digits = static_cast<std::uint8_t>(std::min(scale, 19));
  const auto finer_digits = static_cast<std::uint8_t>(std::min(scale + 2, 19));
  std::vector<Column> out{{"device_id", ColumnType::integer},
                          {"device", ColumnType::text},
                          {"address", ColumnType::text},
                          {"site", ColumnType::text, true},
                          {"register", ColumnType::text},
                          {"unit", ColumnType::text},
                          {"kind", ColumnType::text},
                          {"by", ColumnType::text},
                          {"label", ColumnType::text},
                          {"days_of_zone", ColumnType::text},
                          {"from", ColumnType::text},
                          {"to", ColumnType::text},
                          {"from_utc_ms", ColumnType::time},
                          {"to_utc_ms", ColumnType::time},
                          {"provisional", ColumnType::integer},
                          {"version", ColumnType::integer},
                          {"values", ColumnType::integer},
                          {"expected", ColumnType::integer, true},
                          {"completeness", ColumnType::decimal, true, 2},
                          {"days_with_values", ColumnType::integer, true},
                          {"without_value", ColumnType::integer},
                          {"estimated", ColumnType::integer},
                          {"corrected", ColumnType::integer},
                          {"share_estimated", ColumnType::decimal, true, 2},
                          {"findings", ColumnType::text},
                          {"longest_silence_s", ColumnType::integer}};
  for (const std::string_view mark : marks) {
    out.push_back({std::string{mark}, ColumnType::decimal, true, digits});
    out.push_back({fmt::format("{}_utc_ms", mark), ColumnType::time, true});
    out.push_back({fmt::format("{}_quality", mark), ColumnType::text, true});
    out.push_back({fmt::format("{}_frame", mark), ColumnType::integer, true});
  }
  out.push_back({"mean", ColumnType::text, true});  // exact, which may be a fraction
  out.push_back({"mean_rounded", ColumnType::decimal, true, finer_digits});
  out.push_back({"increase", ColumnType::decimal, true, digits});
  out.push_back({"increase_edited", ColumnType::decimal, true, digits});
  out.push_back({"past_calibration", ColumnType::integer});
  return out;
}

std::string_view BucketRows::keep(std::string text) {
  std::string& place = texts_.at(texts_used_++);
  place = std::move(text);
  return place;
}

void BucketRows::add_basis_points(std::optional<std::int64_t> amount) {
  cells_.push_back(amount ? Cell::decimal(*amount, -2) : Cell{});
}

void BucketRows::add_amount(const std::optional<store::ExactAmount>& amount) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (!amount) {
    cells_.emplace_back();
  } else if (amount->denominator == 1 && amount->numerator >= Limits::min() && amount->numerator <= Limits::max()) {
    cells_.push_back(Cell::decimal(static_cast<std::int64_t>(amount->numerator), amount->exponent));
  } else {
    cells_.push_back(Cell::number(keep(amount->to_string())));
  }
}

void BucketRows::add_about(const ExportPart& part, const Bucket& bucket) {
  const ExportDevice& device = plan_.devices[part.device];
  const AggregateRow& row = bucket.listed.row;
  cells_.push_back(Cell::of(device.id.value));
  cells_.push_back(Cell::of(device.name));
  cells_.push_back(Cell::of(device.address));
  cells_.push_back(device.site.empty() ? Cell{} : Cell::of(device.site));
  cells_.push_back(Cell::of(part.register_name));
  cells_.push_back(Cell::of(part.unit));
  cells_.push_back(Cell::of(to_string(part.kind)));
  cells_.push_back(Cell::of(store::to_string(bucket.size)));
  cells_.push_back(Cell::of(bucket.listed.label));
  cells_.push_back(Cell::of(bucket.page.zone));
  cells_.push_back(Cell::of(keep(std::string{times_.text(row.after_utc_ms)})));
  cells_.push_back(Cell::of(keep(std::string{times_.text(row.through_utc_ms)})));
  cells_.push_back(Cell::of(row.after_utc_ms));
  cells_.push_back(Cell::of(row.through_utc_ms));
  cells_.push_back(Cell::of(static_cast<std::int64_t>(bucket.listed.last_day > bucket.page.settled_through ? 1 : 0)));
  cells_.push_back(Cell::of(static_cast<std::int64_t>(bucket.page.version)));
}

void BucketRows::add_counts(const ExportPart& part, const Bucket& bucket) {
  const AggregateRow& row = bucket.listed.row;
  const std::int64_t interval_ms = plan_.devices[part.device].interval_ms;
  const auto expected = store::values_expected(row, interval_ms);
  const auto days = bucket.listed.days_with_values;
  cells_.push_back(Cell::of(std::int64_t{row.value_count}));
  cells_.push_back(expected ? Cell::of(std::int64_t{*expected}) : Cell{});
  add_basis_points(store::completeness_basis_points(row, interval_ms));
  cells_.push_back(days ? Cell::of(std::int64_t{*days}) : Cell{});
  cells_.push_back(Cell::of(std::int64_t{row.without_value_count}));
  cells_.push_back(Cell::of(std::int64_t{row.estimated_count}));
  cells_.push_back(Cell::of(std::int64_t{row.corrected_count}));
  add_basis_points(store::estimated_basis_points(row));
  cells_.push_back(Cell::of(keep(fmt::format("{}", fmt::join(store::finding_words(row.findings), " ")))));
  cells_.push_back(Cell::of(row.longest_silence_ms / 1'000));
}

void BucketRows::add_mark(const ExportPart& part, const AggregateRow& row, const AggregateMark& mark) {
  if (row.value_count == 0) {
    cells_.insert(cells_.end(), 4, Cell{});
    return;
  }
  cells_.push_back(part.kind == SeriesKind::ieee_bits
                       ? Cell::number(keep(fmt::format("{}", std::bit_cast<double>(mark.mantissa))))
                       : Cell::decimal(mark.mantissa, part.exponent));
  cells_.push_back(Cell::of(mark.time_utc_ms));
  cells_.push_back(Cell::of(keep(to_string(mark.quality))));
  cells_.push_back(mark.frame.value == 0 ? Cell{} : Cell::of(mark.frame.value));
}

void BucketRows::add_figures(const ExportPart& part, const Bucket& bucket) {
  const AggregateRow& row = bucket.listed.row;
  const bool has_mean = row.value_count > 0 && part.kind == SeriesKind::decimal;
  cells_.push_back(has_mean ? Cell::of(keep(store::exact_mean(row.sum, part.exponent, row.value_count))) : Cell{});
  add_amount(has_mean ? store::rounded_mean_amount(row.sum, part.exponent, row.value_count) : std::nullopt);
  const bool has_increase = row.value_count > 0 && bucket.is_increase_shown && counts_up(part);
  const auto amount = [&](store::Int128 value) {
    return has_increase ? std::optional{store::ExactAmount{value, part.exponent, 1}} : std::nullopt;
  };
  add_amount(amount(row.increase));
  add_amount(amount(row.increase_edited));
}

std::span<const Cell> BucketRows::row(const ExportPart& part, const Bucket& bucket) {
  cells_.clear();
  texts_used_ = 0;
  add_about(part, bucket);
  add_counts(part, bucket);
  const AggregateRow& row = bucket.listed.row;
  for (const AggregateMark* mark : {&row.first, &row.last, &row.minimum, &row.maximum}) add_mark(part, row, *mark);
  add_figures(part, bucket);
  const bool is_past = row.value_count > 0 && part.is_past_calibration(row.first.time_utc_ms, row.last.time_utc_ms);
  cells_.push_back(Cell::of(static_cast<std::int64_t>(is_past ? 1 : 0)));
  return cells_;
}

}  // namespace duheng::platform
