#include "platform/web/export_resolution.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_set>

#include "platform/web/aggregate_json.hpp"
#include "platform/web/calibration_marks.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

store::TimeRange cut(const store::TimeRange& range, std::int64_t from, std::optional<std::int64_t> to) noexcept {
  return {std::max(range.from_utc_ms, from), std::min(range.to_utc_ms, to.value_or(end_of_time))};
}

/// Gathers the parts of a plan, each once.
class PlanMaker {
 public:
  PlanMaker(const ApiServices& services, const ExportRequest& wanted)
      : services_(services), wanted_(wanted), registers_(wanted.registers.begin(), wanted.registers.end()) {}

  Result<void> add_device(const DirectoryDevice& device) {
    for (const DeviceSource& source : device.sources) {
      const auto known = services_.telemetry.find_source(source.key.gateway, source.key.device_uid);
      if (!known) continue;
      const store::TimeRange range = cut(wanted_.range, source.from_utc_ms, source.to_utc_ms);
      for (const store::Series& series : services_.telemetry.series_of(known->id)) {
        if (registers_.empty() || registers_.contains(series.register_name))
          DUHENG_CHECK(add(described(device), series, range));
      }
    }
    return {};
  }

  Result<void> add(ExportDevice device, const store::Series& series, const store::TimeRange& range) {
    if (range.from_utc_ms >= range.to_utc_ms) return {};
    if (!taken_.emplace(series.id.value, range.from_utc_ms, range.to_utc_ms).second) return {};
    const auto [at, is_new] = numbers_.try_emplace({device.id.value, device.uid}, plan_.devices.size());
    if (is_new) plan_.devices.push_back(std::move(device));
    const DeviceId id = plan_.devices[at->second].id;
    DUHENG_TRY(auto overdue, overdue_of(id, series.register_name, range));
    plan_.parts.push_back({static_cast<std::uint32_t>(at->second), series.id, series.register_name, series.unit,
                           series.exponent, series.kind, range, std::move(overdue)});
    if (plan_.parts.size() > export_limits::parts_max || plan_.devices.size() > export_limits::devices_max)
      return fail(ErrorCode::limit_exceeded, "too many series in one export; choose fewer devices or registers");
    return {};
  }

  [[nodiscard]] static ExportDevice described(const DirectoryDevice& device) {
    const DeviceDetails& details = device.device.details;
    return {device.device.id,          details.uid, details.name, details.address, device.device.site_name,
            details.interval_s * 1'000};
  }
  [[nodiscard]] ExportPlan finish() {
    // Aggregates look at a series with all the times in which it was the device's.
    if (wanted_.by) std::ranges::sort(plan_.parts, {}, place_of);
    return std::move(plan_);
  }

 private:
  /// Times past calibration within a range.
  Result<std::vector<store::TimeRange>> overdue_of(DeviceId device, const std::string& register_name,
                                                   const store::TimeRange& range) {
    std::vector<store::TimeRange> out;
    if (services_.sensors == nullptr || !device) return out;
    if (device != overdue_device_) {
      DUHENG_TRY(overdue_, services_.sensors->overdue_periods(device));
      overdue_device_ = device;
    }
    for (const store::TimeRange& time : past_calibration_in(overdue_, register_name)) {
      const store::TimeRange own = cut(range, time.from_utc_ms, time.to_utc_ms);
      if (own.from_utc_ms < own.to_utc_ms) out.push_back(own);
    }
    return out;
  }
  static std::tuple<std::uint32_t, SeriesId, std::int64_t> place_of(const ExportPart& part) noexcept {
    return {part.device, part.series, part.range.from_utc_ms};
  }

  const ApiServices& services_;
  const ExportRequest& wanted_;
  const std::unordered_set<std::string> registers_;
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> taken_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> numbers_;
  ExportPlan plan_;
  DeviceId overdue_device_{};  // whose times `overdue_` are: devices come one after the other
  std::vector<OverduePeriod> overdue_;
};

/// Aggregates are of whole buckets, which may begin before the time asked for and end after it.
Result<ExportRequest> whole_buckets(const ApiServices& services, const ExportRequest& asked) {
  ExportRequest out = asked;
  if (!asked.by) return out;
  DUHENG_TRY(const auto answers, aggregates_of(services));
  DUHENG_TRY(const store::DaySpan days, days_of_export(services, asked));
  const auto spans = store::bucket_spans(*asked.by, days.first, days.last, SIZE_MAX);
  out.range = {answers->calendar.day(spans.front().first).after_utc_ms,
               answers->calendar.day(spans.back().last).through_utc_ms + 1};
  return out;
}

/// A series by itself: as each of the caller's devices that had it, or as nobody's.
Result<void> add_series(const ApiServices& services, const Caller& caller, const DeviceSnapshot& snapshot,
                        const VisibleOrganisations& visible, const ExportRequest& wanted, SeriesId id,
                        PlanMaker& maker) {
  DUHENG_TRY(const VisibleSeries found, visible_series(services, caller, id));
  const auto assignments = snapshot.by_source.find(found.source);
  if (assignments == snapshot.by_source.end()) {
    return maker.add({DeviceId{}, found.source.device_uid, found.source.device_uid, "", "", found.interval_s * 1'000},
                     found.series, wanted.range);
  }
  for (const auto& [source, index] : assignments->second) {
    const DirectoryDevice& device = snapshot.devices[index];
    if (!sees(visible, device.device.details.organisation)) continue;
    DUHENG_CHECK(
        maker.add(PlanMaker::described(device), found.series, cut(wanted.range, source.from_utc_ms, source.to_utc_ms)));
  }
  return {};
}

/// Whether the periods in which a sender's readings are the caller's hold the whole range.
bool is_covered(const DeviceSnapshot& snapshot, const VisibleOrganisations& visible, const SourceKey& key,
                store::TimeRange range) {
  const auto assignments = snapshot.by_source.find(key);
  if (assignments == snapshot.by_source.end()) return false;
  std::vector<store::TimeRange> periods;
  for (const auto& [source, index] : assignments->second) {
    if (sees(visible, snapshot.devices[index].device.details.organisation))
      periods.push_back({source.from_utc_ms, source.to_utc_ms.value_or(end_of_time)});
  }
  std::ranges::sort(periods, {}, &store::TimeRange::from_utc_ms);
  for (const store::TimeRange& period : periods) {
    if (period.from_utc_ms <= range.from_utc_ms) range.from_utc_ms = std::max(range.from_utc_ms, period.to_utc_ms);
  }
  return range.from_utc_ms >= range.to_utc_ms;
}

}  // namespace

Result<store::DaySpan> days_of_export(const ApiServices& services, const ExportRequest& wanted) {
  DUHENG_TRY(const auto answers, aggregates_of(services));
  if (wanted.range.from_utc_ms >= wanted.range.to_utc_ms)
    return fail(ErrorCode::invalid_argument, "\"from\" must be before \"to\"");
  // A bucket is (after, through]: midnight belongs to the day that it ends.
  const std::int32_t first = answers->calendar.day_of(wanted.range.from_utc_ms + 1);
  const std::int32_t today = answers->calendar.day_of(services.clock.utc_ms());
  if (first < store::aggregate_limits::first_day_min || first > today)
    return fail(ErrorCode::invalid_argument, "days begin with 2000-01-01 and end with today");
  return store::DaySpan{first, std::min(today, answers->calendar.day_of(wanted.range.to_utc_ms))};
}

Result<ExportPlan> resolve_export(const ApiServices& services, const Caller& caller, const ExportRequest& asked) {
  DUHENG_TRY(const ExportRequest wanted, whole_buckets(services, asked));
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  PlanMaker maker(services, wanted);
  for (const DeviceId id : wanted.devices) {
    const DirectoryDevice* device = snapshot->find(id);
    if (device == nullptr || !sees(visible, device->device.details.organisation))
      return fail(ErrorCode::not_found, "there is no such device");
    DUHENG_CHECK(maker.add_device(*device));
  }
  for (const SiteId id : wanted.sites) DUHENG_CHECK(services.sites.get(caller.scope(), id));
  const std::unordered_set<SiteId> sites(wanted.sites.begin(), wanted.sites.end());
  for (const DirectoryDevice& device : snapshot->devices) {
    const DeviceDetails& details = device.device.details;
    if (!wanted.all_devices && !sites.contains(details.site)) continue;
    if (sees(visible, details.organisation)) DUHENG_CHECK(maker.add_device(device));
  }
  for (const SeriesId id : wanted.series)
    DUHENG_CHECK(add_series(services, caller, *snapshot, visible, wanted, id, maker));
  return maker.finish();
}

Result<void> may_still_see(const ApiServices& services, const Caller& caller, const ExportPlan& plan,
                           std::int64_t until_utc_ms) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  if (!visible) return {};
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  for (const ExportPart& part : plan.parts) {
    const auto series = services.telemetry.find_series(part.series);
    const auto source = series ? services.source_names.find(series->source) : std::nullopt;
    const store::TimeRange range{part.range.from_utc_ms, std::min(part.range.to_utc_ms, until_utc_ms)};
    if (range.from_utc_ms < range.to_utc_ms && (!source || !is_covered(*snapshot, visible, *source, range))) {
      return fail(ErrorCode::forbidden,
                  "the file holds readings of devices that are no longer yours to see; export again");
    }
  }
  return {};
}

}  // namespace duheng::platform::web
