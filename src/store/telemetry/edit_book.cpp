#include "store/telemetry/edit_book.hpp"

#include <algorithm>
#include <mutex>
#include <tuple>

#include "store/telemetry/series_questions.hpp"

namespace duheng::store {
namespace {

bool has_value(const Point& point) noexcept {
  return (static_cast<std::uint16_t>(point.quality) & without_value_mask) == 0;
}

/// A point as the edit says. Where something was read, its findings stay known.
Point edited(const Edit& edit, const Point* read, std::uint32_t edit_count) {
  Point out;
  out.time_utc_ms = edit.time_utc_ms;
  out.mantissa = edit.mantissa;
  out.time_source = read != nullptr ? read->time_source : TimeSource::platform;
  const auto kept = read != nullptr ? static_cast<std::uint16_t>(read->quality) & ~without_value_mask : 0;
  out.quality =
      static_cast<Quality>(kept) | (edit.kind == EditKind::estimate ? Quality::estimated : Quality::corrected);
  out.frame = FrameReference::make(edit.record_number, 0);
  out.received_utc_ms = edit.made_utc_ms;
  out.evidence_count = read != nullptr ? read->evidence_count : 0;
  out.conflict = false;
  out.edit_count = edit_count;
  return out;
}

/// What stands of several values read at one time when nobody has decided: the first that has a value.
const Point* standing(const Point* begin, const Point* end) noexcept {
  for (const Point* point = begin; point != end; ++point) {
    if (has_value(*point)) return point;
  }
  return begin == end ? nullptr : begin;
}

bool takes_effect(const Edit& edit, const Point* read) noexcept {
  return edit.kind == EditKind::correction || read == nullptr || !has_value(*read);
}

}  // namespace

const Edit* edit_in_force(const std::vector<const Edit*>& edits) noexcept {
  const Edit* last = nullptr;
  for (const Edit* edit : edits) last = edit->kind == EditKind::withdrawal ? nullptr : edit;
  return last;
}

void EditBook::enter(SeriesId series, Edit edit) {
  const std::unique_lock lock(mutex_);
  const std::int64_t time_utc_ms = edit.time_utc_ms;
  by_series_[series.value].emplace(time_utc_ms, std::move(edit));
  ++size_;
}

std::size_t EditBook::size() const {
  const std::shared_lock lock(mutex_);
  return size_;
}

std::vector<Edit> EditBook::all() const {
  // The running number keeps what is equal in everything else in the order of its arrival.
  std::vector<std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::size_t, const Edit*>> order;
  const std::shared_lock lock(mutex_);
  for (const auto& [series, edits] : by_series_) {
    for (const auto& [time_utc_ms, edit] : edits)
      order.emplace_back(edit.record_number, series, time_utc_ms, order.size(), &edit);
  }
  std::ranges::sort(order);
  std::vector<Edit> out;
  out.reserve(order.size());
  for (const auto& entry : order) out.push_back(*std::get<4>(entry));
  return out;
}

std::vector<Edit> EditBook::edits(SeriesId series, TimeRange range) const {
  std::vector<std::tuple<std::uint64_t, std::size_t, const Edit*>> order;
  std::vector<Edit> out;
  const std::shared_lock lock(mutex_);
  const auto found = by_series_.find(series.value);
  if (found == by_series_.end() || range.from_utc_ms >= range.to_utc_ms) return out;
  const auto end = found->second.lower_bound(range.to_utc_ms);
  for (auto at = found->second.lower_bound(range.from_utc_ms); at != end; ++at)
    order.emplace_back(at->second.record_number, order.size(), &at->second);
  std::ranges::sort(order);
  for (const auto& entry : order) out.push_back(*std::get<2>(entry));
  return out;
}

std::vector<Edit> EditBook::edits_at(SeriesId series, std::int64_t time_utc_ms) const {
  std::vector<Edit> out;
  const std::shared_lock lock(mutex_);
  const auto found = by_series_.find(series.value);
  if (found == by_series_.end()) return out;
  const auto [begin, end] = found->second.equal_range(time_utc_ms);
  for (auto at = begin; at != end; ++at) out.push_back(at->second);
  return out;
}

void EditBook::apply_to(SeriesId series, TimeRange range, std::vector<Point>& points) const {
  const std::shared_lock lock(mutex_);
  const auto found = by_series_.find(series.value);
  if (found == by_series_.end() || range.from_utc_ms >= range.to_utc_ms) return;
  const ByTime& edits = found->second;
  auto edit = edits.lower_bound(range.from_utc_ms);
  const auto edits_end = edits.lower_bound(range.to_utc_ms);
  if (edit == edits_end) return;
  std::vector<Point> out;
  out.reserve(points.size() + 16);
  auto point = points.begin();
  while (edit != edits_end) {
    const std::int64_t time_utc_ms = edit->first;
    while (point != points.end() && point->time_utc_ms < time_utc_ms) out.push_back(*point++);
    auto group_end = point;
    while (group_end != points.end() && group_end->time_utc_ms == time_utc_ms) ++group_end;
    std::vector<const Edit*> here;
    for (; edit != edits_end && edit->first == time_utc_ms; ++edit) here.push_back(&edit->second);
    const auto count = static_cast<std::uint32_t>(here.size());
    const Point* read =
        standing(points.data() + (point - points.begin()), points.data() + (group_end - points.begin()));
    const Edit* in_force = edit_in_force(here);
    if (in_force != nullptr && takes_effect(*in_force, read)) {
      out.push_back(edited(*in_force, read, count));
      point = group_end;
    } else {
      for (; point != group_end; ++point) {
        out.push_back(*point);
        out.back().edit_count = count;
      }
    }
  }
  out.insert(out.end(), point, points.end());
  points = std::move(out);
}

void EditBook::apply_to_rows(SeriesId series, TimeRange range, std::vector<ReadingRow>& ordered_rows) const {
  {
    const std::shared_lock lock(mutex_);
    const auto found = by_series_.find(series.value);
    if (found == by_series_.end()) return;
    const auto first = found->second.lower_bound(range.from_utc_ms);
    if (first == found->second.end() || first->first >= range.to_utc_ms) return;
  }
  std::vector<Point> points = points_of(ordered_rows);
  apply_to(series, range, points);
  ordered_rows.clear();
  for (const Point& point : points) {
    const ReadingRow row{static_cast<std::uint32_t>(series.value),
                         point.time_utc_ms,
                         point.mantissa,
                         static_cast<std::uint16_t>(point.quality),
                         static_cast<std::uint8_t>(point.time_source),
                         point.frame.value,
                         point.received_utc_ms};
    ordered_rows.insert(ordered_rows.end(), std::max<std::uint32_t>(point.evidence_count, 1), row);
  }
}

std::vector<PointVersion> versions_of(const std::vector<Point>& read, const std::vector<Edit>& edits) {
  std::vector<PointVersion> out;
  std::vector<const Edit*> pointers;
  for (const Edit& edit : edits) pointers.push_back(&edit);
  const Point* stands = standing(read.data(), read.data() + read.size());
  const Edit* in_force = edit_in_force(pointers);
  if (in_force != nullptr && !takes_effect(*in_force, stands)) in_force = nullptr;
  for (const Point& point : read) out.push_back({point, std::nullopt, in_force == nullptr && &point == stands});
  for (const Edit& edit : edits) {
    PointVersion version{edited(edit, stands, static_cast<std::uint32_t>(edits.size())), edit, &edit == in_force};
    out.push_back(std::move(version));
  }
  return out;
}

}  // namespace duheng::store
