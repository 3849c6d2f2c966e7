#include "platform/web/export_resolution.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <unordered_set>

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
    plan_.parts.push_back({static_cast<std::uint32_t>(at->second), series.id, series.register_name, series.unit,
                           series.exponent, series.kind, range});
    if (plan_.parts.size() > export_limits::parts_max || plan_.devices.size() > export_limits::devices_max)
      return fail(ErrorCode::limit_exceeded, "too many series in one export; choose fewer devices or registers");
    return {};
  }

  [[nodiscard]] static ExportDevice described(const DirectoryDevice& device) {
    const DeviceDetails& details = device.device.details;
    return {device.device.id, details.uid, details.name, details.address, device.device.site_name};
  }
  [[nodiscard]] ExportPlan finish() { return std::move(plan_); }

 private:
  const ApiServices& services_;
  const ExportRequest& wanted_;
  const std::unordered_set<std::string> registers_;
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> taken_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> numbers_;
  ExportPlan plan_;
};

/// A series by itself: as each of the caller's devices that had it, or as nobody's.
Result<void> add_series(const ApiServices& services, const Caller& caller, const DeviceSnapshot& snapshot,
                        const VisibleOrganisations& visible, const ExportRequest& wanted, SeriesId id,
                        PlanMaker& maker) {
  DUHENG_TRY(const VisibleSeries found, visible_series(services, caller, id));
  const auto assignments = snapshot.by_source.find(found.source);
  if (assignments == snapshot.by_source.end()) {
    return maker.add({DeviceId{}, found.source.device_uid, found.source.device_uid, "", ""}, found.series,
                     wanted.range);
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

Result<ExportPlan> resolve_export(const ApiServices& services, const Caller& caller, const ExportRequest& wanted) {
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
