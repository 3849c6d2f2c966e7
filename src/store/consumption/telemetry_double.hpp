#pragma once
// For tests only: a telemetry store filled by hand, reading by reading, that can be told to fail at any call.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store::testing {

class TelemetryDouble final : public TelemetryStore {
 public:
  SeriesId add_series(std::string name = "energy_active_import_total", std::int8_t exponent = -2,
                      std::string unit = "kWh", SeriesKind kind = SeriesKind::decimal) {
    const SeriesId id{static_cast<std::int64_t>(series_.size()) + 1};
    series_.push_back({id, SourceId{1}, std::move(name), std::move(unit), exponent, kind});
    rows_.emplace_back();
    return id;
  }
  /// A reading, as if its journal record came now.
  void add(SeriesId series, std::int64_t time_utc_ms, std::int64_t mantissa, Quality quality = Quality::good) {
    const auto frame = FrameReference::make(++records_, 0);
    rows(series).push_back({static_cast<std::uint32_t>(series.value), time_utc_ms, mantissa,
                            static_cast<std::uint16_t>(quality), 0, frame.value, time_utc_ms + 5});
    note(series, time_utc_ms);
  }
  void edit(SeriesId series, EditKind kind, std::int64_t time_utc_ms, std::int64_t mantissa) {
    Edit edit;
    edit.kind = kind;
    edit.time_utc_ms = time_utc_ms;
    edit.mantissa = mantissa;
    edit.record_number = ++records_;
    edits_[series].push_back(edit);
    note(series, time_utc_ms);
  }
  /// Raw readings before the day are gone, as after a retention rule.
  void drop_before(SeriesId series, std::int64_t before_utc_ms) {
    std::erase_if(rows(series), [&](const ReadingRow& row) { return row.time_utc_ms < before_utc_ms; });
  }
  /// As after a rebuild from the journal: readings are there, what was settled and changed is forgotten.
  void rebuild() {
    settled_before_ = std::numeric_limits<std::int32_t>::min();
    changes_.clear();
  }
  /// The call with this number from now on, and all after it, fail; nothing: none.
  void fail_from_call(std::optional<std::uint64_t> call) {
    fail_from_ = call;
    calls_ = 0;
  }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] std::size_t largest_page() const { return largest_page_; }
  [[nodiscard]] std::size_t largest_scan() const { return largest_scan_; }

  [[nodiscard]] std::uint64_t next_record() const override { return records_; }
  [[nodiscard]] Result<ApplyResult> apply(std::span<const TelemetryRecord>) override { return unused(); }
  [[nodiscard]] std::uint64_t durable_record() const override { return records_; }
  [[nodiscard]] bool must_reopen() const override { return false; }
  [[nodiscard]] std::vector<Source> sources() const override { return {{SourceId{1}, GatewayId{1}, "meter", 0}}; }
  [[nodiscard]] std::vector<Source> sources_of(GatewayId) const override { return sources(); }
  [[nodiscard]] std::optional<Source> find_source(GatewayId, std::string_view) const override { return {}; }
  [[nodiscard]] std::vector<Series> series_of(SourceId) const override { return series_; }
  [[nodiscard]] std::optional<Series> find_series(SeriesId series) const override {
    if (series.value < 1 || static_cast<std::size_t>(series.value) > series_.size()) return std::nullopt;
    return series_[static_cast<std::size_t>(series.value) - 1];
  }
  [[nodiscard]] std::vector<std::optional<Point>> latest(std::span<const SeriesId> asked) const override {
    return std::vector<std::optional<Point>>(asked.size());
  }

  [[nodiscard]] Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                                        const QueryOptions&) const override {
    DUHENG_CHECK(called());
    if (!find_series(series)) return fail(ErrorCode::not_found, "no such series");
    PointPage page;
    for (auto& [time, points] : points_in(series, range)) {
      if (page.points.size() >= points_max) {
        page.next_from_utc_ms = time;
        break;
      }
      page.points.insert(page.points.end(), points.begin(), points.end());
    }
    largest_page_ = std::max(largest_page_, page.points.size());
    return page;
  }
  [[nodiscard]] Result<std::vector<CurveBucket>> curve(SeriesId, TimeRange, std::size_t,
                                                       const QueryOptions&) const override {
    return unused();
  }
  [[nodiscard]] Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                                  const QueryOptions&) const override {
    DUHENG_CHECK(called());
    Completeness out;
    std::set<std::int64_t> slots;
    for (const auto& [time, points] : points_in(series, range)) slots.insert((time - range.from_utc_ms) / interval_ms);
    out.expected = static_cast<std::uint64_t>((range.to_utc_ms - range.from_utc_ms + interval_ms - 1) / interval_ms);
    out.present = slots.size();
    for (std::int64_t slot = 0; slot < static_cast<std::int64_t>(out.expected); ++slot) {
      if (slots.contains(slot)) continue;
      const std::int64_t from = range.from_utc_ms + slot * interval_ms;
      if (!out.gaps.empty() && out.gaps.back().to_utc_ms == from) {
        out.gaps.back().to_utc_ms += interval_ms;
        ++out.gaps.back().slots;
      } else {
        out.gaps.push_back({from, from + interval_ms, 1});
      }
    }
    return out;
  }
  [[nodiscard]] Result<std::vector<PointVersion>> versions(SeriesId, std::int64_t, const QueryOptions&) const override {
    return unused();
  }
  [[nodiscard]] Result<void> scan(SeriesSpan span, TimeRange range, const OnSeriesRows& sink,
                                  const QueryOptions&) const override {
    DUHENG_CHECK(called());
    const std::int64_t last = std::min<std::int64_t>(span.last.value, static_cast<std::int64_t>(series_.size()));
    largest_scan_ =
        std::max(largest_scan_, static_cast<std::size_t>(std::max<std::int64_t>(0, last - span.first.value + 1)));
    for (std::int64_t id = std::max<std::int64_t>(1, span.first.value); id <= last; ++id) {
      std::vector<ReadingRow> out;
      for (const ReadingRow& row : rows_[static_cast<std::size_t>(id) - 1]) {
        if (row.time_utc_ms >= range.from_utc_ms && row.time_utc_ms < range.to_utc_ms) out.push_back(row);
      }
      std::ranges::sort(out, {}, &ReadingRow::order);
      // In two calls, never within one time, as the contract allows.
      std::size_t cut = out.size() / 2;
      while (cut > 0 && cut < out.size() && out[cut].time_utc_ms == out[cut - 1].time_utc_ms) ++cut;
      const std::span<const ReadingRow> all(out);
      if (cut > 0) DUHENG_CHECK(sink(SeriesId{id}, all.first(cut)));
      if (cut < out.size()) DUHENG_CHECK(sink(SeriesId{id}, all.subspan(cut)));
    }
    return {};
  }
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, TimeRange range) const override {
    std::vector<Edit> out;
    const auto found = edits_.find(series);
    if (found == edits_.end()) return out;
    for (const Edit& edit : found->second) {
      if (edit.time_utc_ms >= range.from_utc_ms && edit.time_utc_ms < range.to_utc_ms) out.push_back(edit);
    }
    return out;
  }
  [[nodiscard]] Result<void> settle_before(std::int32_t utc_day) override {
    DUHENG_CHECK(called());
    settled_before_ = std::max(settled_before_, utc_day);
    return {};
  }
  [[nodiscard]] std::int32_t settled_before() const override { return settled_before_; }
  [[nodiscard]] Result<ChangePage> changes(std::size_t days_max) const override {
    DUHENG_CHECK(called());
    ChangePage page;
    for (const auto& [number, day] : changes_) {
      if (page.days.size() == days_max) break;
      page.through = number;
      if (std::ranges::find(page.days, day) == page.days.end()) page.days.push_back(day);
    }
    return page;
  }
  [[nodiscard]] Result<void> forget_changes(std::uint64_t through) override {
    DUHENG_CHECK(called());
    std::erase_if(changes_, [&](const auto& change) { return change.first <= through; });
    return {};
  }
  void allow_removal(std::vector<RemovableDays> removable) override {
    for (const RemovableDays& days : removable) drop_before(days.series, days.utc_day * utc_day_ms);
  }
  [[nodiscard]] Result<bool> maintain(const std::stop_token&) override { return false; }
  [[nodiscard]] Result<bool> checkpoint_if_due() override { return false; }
  [[nodiscard]] Result<void> checkpoint() override { return {}; }
  [[nodiscard]] TelemetryStatistics statistics() const override { return {.series = series_.size()}; }
  [[nodiscard]] Result<std::string> digest() override { return unused(); }

 private:
  [[nodiscard]] static std::unexpected<Error> unused() { return fail(ErrorCode::unsupported, "not in this double"); }
  [[nodiscard]] Result<void> called() const {
    const std::uint64_t call = calls_++;
    if (fail_from_ && call >= *fail_from_) return fail(ErrorCode::storage_failed, "told to fail");
    return {};
  }
  [[nodiscard]] std::vector<ReadingRow>& rows(SeriesId series) {
    return rows_[static_cast<std::size_t>(series.value) - 1];
  }
  void note(SeriesId series, std::int64_t time_utc_ms) {
    const auto day = static_cast<std::int32_t>(time_utc_ms / 86'400'000);
    if (day < settled_before_) changes_.emplace(++change_number_, ChangedDay{series, day});
  }
  [[nodiscard]] std::map<std::int64_t, std::vector<Point>> points_in(SeriesId series, TimeRange range) const {
    std::map<std::int64_t, std::vector<Point>> out;
    std::vector<ReadingRow> sorted = rows_[static_cast<std::size_t>(series.value) - 1];
    std::ranges::sort(sorted, {}, &ReadingRow::order);
    for (const ReadingRow& row : sorted) {
      if (row.time_utc_ms < range.from_utc_ms || row.time_utc_ms >= range.to_utc_ms) continue;
      auto& points = out[row.time_utc_ms];
      const auto same = std::ranges::find_if(points, [&](const Point& point) {
        return same_value(row.mantissa, row.quality, point.mantissa, static_cast<std::uint16_t>(point.quality));
      });
      if (same != points.end()) {
        ++same->evidence_count;
        continue;
      }
      points.push_back({row.time_utc_ms, row.mantissa, static_cast<Quality>(row.quality), TimeSource::meter,
                        FrameReference{row.frame}, row.received_utc_ms, 1, false, 0});
      if (points.size() > 1) std::ranges::for_each(points, [](Point& point) { point.conflict = true; });
    }
    apply_edits(series, range, out);
    return out;
  }
  void apply_edits(SeriesId series, TimeRange range, std::map<std::int64_t, std::vector<Point>>& out) const {
    std::map<std::int64_t, std::optional<Edit>> in_force;
    for (const Edit& edit : edits(series, range)) {
      in_force[edit.time_utc_ms] = edit.kind == EditKind::withdrawal ? std::nullopt : std::optional(edit);
    }
    for (const auto& [time, edit] : in_force) {
      if (!edit || (edit->kind == EditKind::estimate && out.contains(time))) continue;
      Point point;
      point.time_utc_ms = time;
      point.mantissa = edit->mantissa;
      point.quality = edit->kind == EditKind::estimate ? Quality::estimated : Quality::corrected;
      point.frame = FrameReference::make(edit->record_number, 0);
      point.edit_count = 1;
      out[time] = {point};
    }
  }

  std::vector<Series> series_;
  std::vector<std::vector<ReadingRow>> rows_;
  std::map<SeriesId, std::vector<Edit>> edits_;
  std::map<std::uint64_t, ChangedDay> changes_;
  std::uint64_t change_number_ = 0;
  std::uint64_t records_ = 0;
  std::int32_t settled_before_ = std::numeric_limits<std::int32_t>::min();
  std::optional<std::uint64_t> fail_from_;
  mutable std::uint64_t calls_ = 0;
  mutable std::size_t largest_page_ = 0;
  mutable std::size_t largest_scan_ = 0;
};

}  // namespace duheng::store::testing
