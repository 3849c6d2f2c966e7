#include "platform/web/visibility.hpp"

#include <algorithm>
#include <limits>

namespace duheng::platform::web {
namespace {

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();

Error no_such(std::string_view what) { return {ErrorCode::not_found, "there is no such " + std::string{what}}; }

/// Joins periods that touch or overlap.
std::vector<store::TimeRange> joined(std::vector<store::TimeRange> periods) {
  std::ranges::sort(periods, {}, &store::TimeRange::from_utc_ms);
  std::vector<store::TimeRange> out;
  for (const store::TimeRange& period : periods) {
    if (!out.empty() && period.from_utc_ms <= out.back().to_utc_ms) {
      out.back().to_utc_ms = std::max(out.back().to_utc_ms, period.to_utc_ms);
    } else {
      out.push_back(period);
    }
  }
  return out;
}

}  // namespace

std::optional<SourceKey> SourceNames::find(SourceId id) {
  std::lock_guard lock{mutex_};
  if (const auto it = names_.find(id); it != names_.end()) return it->second;
  for (store::Source& source : telemetry_.sources()) {
    names_.try_emplace(source.id, SourceKey{source.gateway, std::move(source.device_uid)});
  }
  const auto it = names_.find(id);
  return it == names_.end() ? std::nullopt : std::optional{it->second};
}

Result<VisibleOrganisations> visible_organisations(const ApiServices& services, const Caller& caller) {
  if (caller.scope().is_everything()) return VisibleOrganisations{};
  DUHENG_TRY(const std::vector<OrganisationId> ids, services.organisations.subtree_ids(caller.scope()));
  return VisibleOrganisations{std::in_place, ids.begin(), ids.end()};
}

Result<VisibleDevice> visible_device(const ApiServices& services, const Caller& caller, DeviceId id) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const DirectoryDevice* device = snapshot->find(id);
  if (device == nullptr || !sees(visible, device->device.details.organisation))
    return std::unexpected(no_such("device"));
  return VisibleDevice{std::move(snapshot), device};
}

std::vector<store::TimeRange> visible_periods(const DeviceSnapshot& snapshot, const VisibleOrganisations& visible,
                                              const SourceKey& source) {
  if (!visible) return {{0, end_of_time}};
  std::vector<store::TimeRange> periods;
  if (const auto it = snapshot.by_source.find(source); it != snapshot.by_source.end()) {
    for (const auto& [assignment, index] : it->second) {
      if (!sees(visible, snapshot.devices[index].device.details.organisation)) continue;
      periods.push_back(
          {std::max<std::int64_t>(assignment.from_utc_ms, 0), assignment.to_utc_ms.value_or(end_of_time)});
    }
  }
  return joined(std::move(periods));
}

Result<VisibleSeries> visible_series(const ApiServices& services, const Caller& caller, SeriesId id) {
  std::optional<store::Series> series = services.telemetry.find_series(id);
  if (!series) return std::unexpected(no_such("series"));
  const std::optional<SourceKey> source = services.source_names.find(series->source);
  if (!source) return std::unexpected(no_such("series"));
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  VisibleSeries out{
      .series = std::move(*series), .source = *source, .periods = visible_periods(*snapshot, visible, *source)};
  if (const auto it = snapshot->by_source.find(*source); it != snapshot->by_source.end()) {
    for (const auto& [assignment, index] : it->second) {
      const DeviceDetails& details = snapshot->devices[index].device.details;
      if (sees(visible, details.organisation)) out.interval_s = details.interval_s;
    }
  }
  if (out.periods.empty()) return std::unexpected(no_such("series"));
  return out;
}

Result<bool> sees_reading(const ApiServices& services, const Caller& caller, const SourceKey& source,
                          std::int64_t time_utc_ms) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  if (!visible) return true;
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const DirectoryDevice* device = snapshot->owner(source, time_utc_ms);
  return device != nullptr && sees(visible, device->device.details.organisation);
}

std::vector<store::Series> series_of_device(const ApiServices& services, const DirectoryDevice& device) {
  const std::int64_t now = services.clock.utc_ms();
  std::vector<const DeviceSource*> senders;
  for (const DeviceSource& source : device.sources) {
    if (source.covers(now)) senders.push_back(&source);
  }
  if (senders.empty() && !device.sources.empty()) senders.push_back(&device.sources.back());
  std::vector<store::Series> out;
  for (const DeviceSource* sender : senders) {
    const auto source = services.telemetry.find_source(sender->key.gateway, sender->key.device_uid);
    if (!source) continue;
    std::ranges::move(services.telemetry.series_of(source->id), std::back_inserter(out));
  }
  return out;
}

}  // namespace duheng::platform::web
