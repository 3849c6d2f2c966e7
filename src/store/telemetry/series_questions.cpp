#include "store/telemetry/series_questions.hpp"

#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace duheng::store {
namespace {

// Differences of times stay far inside 64 bits when both ends are within a quarter of the number range.
constexpr std::int64_t time_max = std::numeric_limits<std::int64_t>::max() / 4;

bool mark_before(const CurveBucket::Mark& a, const CurveBucket::Mark& b) {
  return std::tuple(a.time_utc_ms, a.frame.value, a.mantissa) < std::tuple(b.time_utc_ms, b.frame.value, b.mantissa);
}

}  // namespace

Result<void> check_range(TimeRange range, std::size_t parts, std::size_t parts_max) {
  if (range.from_utc_ms > range.to_utc_ms) return fail(ErrorCode::invalid_argument, "the range ends before it begins");
  if (range.from_utc_ms < -time_max || range.to_utc_ms > time_max)
    return fail(ErrorCode::invalid_argument, "the range lies outside the times that can be stored");
  if (parts == 0 || parts > parts_max)
    return fail(ErrorCode::invalid_argument,
                fmt::format("between 1 and {} points or buckets can be asked for", parts_max));
  return {};
}

std::vector<Point> points_of(const std::vector<ReadingRow>& ordered_rows) {
  std::vector<Point> points;
  points.reserve(ordered_rows.size());
  std::size_t group = 0;  // first point of the time being gathered
  for (const ReadingRow& row : ordered_rows) {
    if (points.size() > group && points[group].time_utc_ms != row.time_utc_ms) group = points.size();
    bool known = false;
    for (std::size_t i = group; i < points.size() && !known; ++i) {
      if (!same_value(row.mantissa, row.quality, points[i].mantissa, static_cast<std::uint16_t>(points[i].quality)))
        continue;
      ++points[i].evidence_count;
      known = true;
    }
    if (known) continue;
    const bool conflict = points.size() > group;
    if (conflict) points[group].conflict = true;
    if (points.size() - group == telemetry_limits::versions_of_one_time_max) continue;
    points.push_back({row.time_utc_ms, row.mantissa, static_cast<Quality>(row.quality),
                      static_cast<TimeSource>(row.time_source), FrameReference{row.frame}, row.received_utc_ms, 1,
                      conflict});
  }
  return points;
}

void cut_page(PointPage& page, std::size_t points_max) {
  auto& points = page.points;
  if (points.size() <= points_max) return;
  std::size_t keep = points_max;
  while (keep > 0 && points[keep - 1].time_utc_ms == points[keep].time_utc_ms) --keep;
  if (keep == 0) {
    keep = 1;
    while (keep < points.size() && points[keep].time_utc_ms == points[0].time_utc_ms) ++keep;
    if (keep == points.size()) return;
  }
  page.next_from_utc_ms = points[keep].time_utc_ms;
  points.resize(keep);
}

CurveBuilder::CurveBuilder(TimeRange range, std::size_t buckets, SeriesKind kind) : range_(range), kind_(kind) {
  const std::int64_t span_ms = range.to_utc_ms - range.from_utc_ms;
  const auto count = static_cast<std::int64_t>(buckets);
  width_ms_ = std::max<std::int64_t>(1, span_ms / count + (span_ms % count != 0 ? 1 : 0));
  buckets_.resize(static_cast<std::size_t>(span_ms / width_ms_ + (span_ms % width_ms_ != 0 ? 1 : 0)));
  if (kind == SeriesKind::ieee_bits) floating_sums_.resize(buckets_.size());
}

bool CurveBuilder::less(std::int64_t a, std::int64_t b) const noexcept {
  return kind_ == SeriesKind::ieee_bits ? std::bit_cast<double>(a) < std::bit_cast<double>(b) : a < b;
}

void CurveBuilder::add(const ReadingRow& row) {
  if (row.time_utc_ms < range_.from_utc_ms || row.time_utc_ms >= range_.to_utc_ms) return;
  const auto position = static_cast<std::size_t>((row.time_utc_ms - range_.from_utc_ms) / width_ms_);
  CurveBucket& bucket = buckets_[position];
  bucket.quality_union |= row.quality;
  const bool not_a_number = kind_ == SeriesKind::ieee_bits && std::isnan(std::bit_cast<double>(row.mantissa));
  if ((row.quality & without_value_mask) != 0 || not_a_number) {
    ++bucket.without_value_count;
    return;
  }
  if (kind_ == SeriesKind::ieee_bits)
    floating_sums_[position].add(std::bit_cast<double>(row.mantissa));
  else
    bucket.value_sum += row.mantissa;
  const CurveBucket::Mark mark{row.time_utc_ms, row.mantissa, FrameReference{row.frame},
                               static_cast<Quality>(row.quality)};
  if (bucket.value_count++ == 0) {
    bucket.first = bucket.last = bucket.minimum = bucket.maximum = mark;
    return;
  }
  if (mark_before(mark, bucket.first)) bucket.first = mark;
  if (mark_before(bucket.last, mark)) bucket.last = mark;
  // Of equal extremes the earliest stands for all, whatever the order of the rows.
  const auto earlier_equal = [&](const CurveBucket::Mark& held) {
    return !less(held.mantissa, mark.mantissa) && !less(mark.mantissa, held.mantissa) && mark_before(mark, held);
  };
  if (less(mark.mantissa, bucket.minimum.mantissa) || earlier_equal(bucket.minimum)) bucket.minimum = mark;
  if (less(bucket.maximum.mantissa, mark.mantissa) || earlier_equal(bucket.maximum)) bucket.maximum = mark;
}

std::vector<CurveBucket> CurveBuilder::finish() && {
  std::vector<CurveBucket> out;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    CurveBucket& bucket = buckets_[i];
    if (bucket.value_count + bucket.without_value_count == 0) continue;
    bucket.from_utc_ms = range_.from_utc_ms + static_cast<std::int64_t>(i) * width_ms_;
    bucket.to_utc_ms = std::min(bucket.from_utc_ms + width_ms_, range_.to_utc_ms);
    if (kind_ == SeriesKind::ieee_bits) bucket.floating_sum = floating_sums_[i].rounded();
    out.push_back(bucket);
  }
  return out;
}

Result<std::uint64_t> completeness_slots(TimeRange range, std::int64_t interval_ms) {
  DUHENG_CHECK(check_range(range, 1, 1));
  if (interval_ms <= 0) return fail(ErrorCode::invalid_argument, "the interval must be longer than nothing");
  const std::int64_t span_ms = range.to_utc_ms - range.from_utc_ms;
  const auto slots = static_cast<std::uint64_t>(span_ms / interval_ms + (span_ms % interval_ms != 0 ? 1 : 0));
  if (slots > telemetry_limits::completeness_slots_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} slots; at most {} can be asked for", slots, telemetry_limits::completeness_slots_max));
  return slots;
}

Completeness completeness_of(TimeRange range, std::int64_t interval_ms, std::uint64_t expected,
                             const std::vector<std::uint64_t>& present_slots) {
  Completeness out;
  out.expected = expected;
  out.present = present_slots.size();
  const auto missing = [&](std::uint64_t begin, std::uint64_t end) {
    if (begin == end) return;
    if (out.gaps.size() == telemetry_limits::gaps_max) {
      out.gaps_truncated = true;
      return;
    }
    const auto time_of = [&](std::uint64_t slot) {
      return slot == expected ? range.to_utc_ms : range.from_utc_ms + static_cast<std::int64_t>(slot) * interval_ms;
    };
    out.gaps.push_back({time_of(begin), time_of(end), end - begin});
  };
  std::uint64_t next = 0;
  for (const std::uint64_t slot : present_slots) {
    missing(next, slot);
    next = slot + 1;
  }
  missing(next, expected);
  return out;
}

void ContentDigest::flush() {
  chain_ = crypto::sha256({chain_, pending_});
  pending_.clear();
}

void ContentDigest::position(std::uint64_t next_record) { ByteWriter(pending_).u64(next_record); }

void ContentDigest::source(const Source& source) {
  ByteWriter out(pending_);
  out.varint(static_cast<std::uint64_t>(source.id.value));
  out.zigzag(source.gateway.value);
  out.sized(source.device_uid);
  if (pending_.size() > 65'536) flush();
}

void ContentDigest::series(const Series& series) {
  ByteWriter out(pending_);
  out.varint(static_cast<std::uint64_t>(series.id.value));
  out.varint(static_cast<std::uint64_t>(series.source.value));
  out.sized(series.register_name);
  out.sized(series.unit);
  out.zigzag(series.exponent);
  out.u8(static_cast<std::uint8_t>(series.kind));
  if (pending_.size() > 65'536) flush();
}

void ContentDigest::edit(const Edit& edit) {
  ByteWriter out(pending_);
  out.varint(edit.record_number);
  out.u8(static_cast<std::uint8_t>(edit.kind));
  out.zigzag(edit.gateway.value);
  out.sized(edit.device_uid);
  out.sized(edit.register_name);
  out.zigzag(edit.time_utc_ms);
  out.zigzag(edit.mantissa);
  out.sized(edit.author);
  out.sized(edit.reason);
  out.zigzag(edit.made_utc_ms);
  if (pending_.size() > 65'536) flush();
}

void ContentDigest::row(const ReadingRow& row) {
  ByteWriter out(pending_);
  out.u32(row.series);
  out.zigzag(row.time_utc_ms);
  out.zigzag(row.mantissa);
  out.u16(row.quality);
  out.u8(row.time_source);
  out.zigzag(row.frame);
  out.zigzag(row.received_utc_ms);
  if (pending_.size() > 65'536) flush();
}

std::string ContentDigest::finish() && {
  flush();
  return to_hex(chain_);
}

}  // namespace duheng::store
