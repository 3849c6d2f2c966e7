#include "platform/web/device_directory.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "platform/organisations/text.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::array<std::string_view, 4> state_names{"online", "late", "offline", "never"};
constexpr std::size_t devices_per_read = 1'000;

std::vector<std::uint32_t> order_by(const std::vector<DirectoryDevice>& devices, std::string DeviceDetails::* key) {
  std::vector<std::uint32_t> order(devices.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    const int compared = (devices[a].device.details.*key).compare(devices[b].device.details.*key);
    return compared != 0 ? compared < 0 : devices[a].device.id < devices[b].device.id;
  });
  return order;
}

/// The latest time any of the device's senders was heard while it was the device's.
std::int64_t heard(const HeardTimes::View& times, const DirectoryDevice& device) {
  std::int64_t latest = 0;
  for (const DeviceSource& source : device.sources) {
    const std::int64_t at = times.at(source.key);
    // What a former sender sends today is somebody else's.
    if (!source.to_utc_ms || at < *source.to_utc_ms) latest = std::max(latest, at);
  }
  return latest;
}

}  // namespace

std::string_view to_string(DeviceState state) noexcept { return state_names[static_cast<std::size_t>(state)]; }

std::optional<DeviceState> device_state_of(std::string_view name) noexcept {
  for (std::size_t i = 0; i < state_names.size(); ++i) {
    if (state_names[i] == name) return static_cast<DeviceState>(i);
  }
  return std::nullopt;
}

DeviceState device_state(std::int64_t now_utc_ms, std::int64_t heard_utc_ms, std::int64_t interval_s) noexcept {
  if (heard_utc_ms == 0) return DeviceState::never;
  const std::int64_t age_ms = now_utc_ms - heard_utc_ms;
  if (age_ms <= 2 * interval_s * 1'000) return DeviceState::online;
  return age_ms <= 10 * interval_s * 1'000 ? DeviceState::late : DeviceState::offline;
}

const DirectoryDevice* DeviceSnapshot::find(DeviceId id) const {
  const auto it = by_id.find(id);
  return it == by_id.end() ? nullptr : &devices[it->second];
}

const DirectoryDevice* DeviceSnapshot::owner(const SourceKey& source, std::int64_t at_utc_ms) const {
  const auto it = by_source.find(source);
  if (it == by_source.end()) return nullptr;
  for (const auto& [assignment, index] : it->second) {
    if (assignment.covers(at_utc_ms)) return &devices[index];
  }
  return nullptr;
}

Result<DeviceSnapshotPtr> DeviceDirectory::snapshot() {
  const std::uint64_t wanted = devices_.revision();
  const auto current = [&] {
    std::lock_guard lock{mutex_};
    return current_;
  };
  DeviceSnapshotPtr have = current();
  if (have && have->revision == wanted) return have;
  std::unique_lock reading{reading_, std::defer_lock};
  if (have) {
    if (!reading.try_lock()) return have;
  } else {
    reading.lock();
  }
  have = current();
  if (have && have->revision == wanted) return have;
  DUHENG_TRY(DeviceSnapshotPtr fresh, read_all(wanted));
  std::lock_guard lock{mutex_};
  current_ = fresh;
  return fresh;
}

Result<DeviceSnapshotPtr> DeviceDirectory::read_all(std::uint64_t revision) {
  const Scope everything = Scope::everything();
  auto out = std::make_shared<DeviceSnapshot>();
  out->revision = revision;
  DUHENG_TRY(const std::vector<DeviceIndexEntry> index, devices_.index(everything));
  out->devices.reserve(index.size());
  std::vector<DeviceId> ids;
  for (std::size_t begin = 0; begin < index.size(); begin += devices_per_read) {
    ids.clear();
    for (std::size_t i = begin; i < std::min(index.size(), begin + devices_per_read); ++i) ids.push_back(index[i].id);
    DUHENG_TRY(std::vector<Device> devices, devices_.get_many(everything, ids));
    for (Device& device : devices) {
      DirectoryDevice entry;
      const DeviceDetails& details = device.details;
      entry.search_text = to_lower_ascii(details.name + '\n' + details.address + '\n' + details.uid);
      entry.device = std::move(device);
      out->by_id.emplace(entry.device.id, static_cast<std::uint32_t>(out->devices.size()));
      out->devices.push_back(std::move(entry));
    }
  }
  DUHENG_TRY(std::vector<SourceAssignment> assignments, devices_.all_sources(everything));
  std::ranges::sort(assignments, {}, &SourceAssignment::from_utc_ms);
  out->by_source.reserve(assignments.size());
  for (SourceAssignment& assignment : assignments) {
    const auto device = out->by_id.find(assignment.device);
    if (device == out->by_id.end()) continue;
    DeviceSource source{
        {assignment.gateway, std::move(assignment.device_uid)}, assignment.from_utc_ms, assignment.to_utc_ms};
    out->by_source[source.key].emplace_back(source, device->second);
    out->devices[device->second].sources.push_back(std::move(source));
  }
  out->by_name = order_by(out->devices, &DeviceDetails::name);
  out->by_address = order_by(out->devices, &DeviceDetails::address);
  return DeviceSnapshotPtr{std::move(out)};
}

void HeardTimes::refresh() {
  constexpr std::int64_t store_interval_ms = 10'000;
  std::unique_lock lock{mutex_};
  const auto note = [&](GatewayId gateway, std::string&& uid, std::int64_t at) -> View::Heard& {
    View::Heard& known = times_[{gateway, std::move(uid)}];
    known.utc_ms = std::max(known.utc_ms, at);
    return known;
  };
  const std::int64_t now = clock_.monotonic_ms();
  if (!store_asked_ms_ || now - *store_asked_ms_ >= store_interval_ms) {
    store_asked_ms_ = now;
    for (store::Source& source : telemetry_.sources())
      note(source.gateway, std::move(source.device_uid), source.last_received_utc_ms);
  }
  for (LastHeard& heard_now : newer_(change_)) {
    note(heard_now.source.gateway, std::move(heard_now.source.device_uid), heard_now.received_utc_ms).recent =
        heard_now.recent;
  }
}

DirectoryRow DeviceDirectory::row(const DirectoryDevice& device) {
  heard_times_.refresh();
  const std::int64_t at = heard(heard_times_.view(), device);
  return {&device, at, device_state(clock_.utc_ms(), at, device.device.details.interval_s)};
}

Result<DirectoryPage> DeviceDirectory::list(const DirectoryQuery& query) {
  DUHENG_TRY(const DeviceSnapshotPtr snap, snapshot());
  heard_times_.refresh();
  const HeardTimes::View times = heard_times_.view();
  const std::int64_t now = clock_.utc_ms();
  const std::string needle = to_lower_ascii(query.search);
  const bool needs_heard = query.state.has_value() || query.sort == DirectorySort::last_reading;

  std::vector<DirectoryRow> found;
  const auto consider = [&](const DirectoryDevice& entry) {
    const DeviceDetails& details = entry.device.details;
    if (!sees(query.organisations, details.organisation)) return;
    if (query.site && details.site != query.site) return;
    if (query.gateway && details.gateway != query.gateway) return;
    if (!query.model.empty() && details.model != query.model) return;
    if (query.among && !std::ranges::binary_search(*query.among, entry.device.id)) return;
    if (!needle.empty() && entry.search_text.find(needle) == std::string::npos) return;
    DirectoryRow row{&entry, 0, DeviceState::never};
    if (needs_heard) {
      row.heard_utc_ms = heard(times, entry);
      row.state = device_state(now, row.heard_utc_ms, details.interval_s);
      if (query.state && row.state != *query.state) return;
    }
    found.push_back(row);
  };
  const auto& order = query.sort == DirectorySort::address ? snap->by_address : snap->by_name;
  if (query.descending && query.sort != DirectorySort::last_reading) {
    for (auto it = order.rbegin(); it != order.rend(); ++it) consider(snap->devices[*it]);
  } else {
    for (const std::uint32_t i : order) consider(snap->devices[i]);
  }

  DirectoryPage page{.snapshot = snap, .rows = {}, .total = found.size()};
  const std::size_t begin = std::min(found.size(), (query.page - 1) * query.page_size);
  const std::size_t end = std::min(found.size(), begin + query.page_size);
  if (query.sort == DirectorySort::last_reading) {
    // Only what stands up to the page's end needs its place; by name where the times are equal, so that pages agree.
    std::ranges::partial_sort(
        found, found.begin() + static_cast<std::ptrdiff_t>(end), [&](const DirectoryRow& a, const DirectoryRow& b) {
          if (a.heard_utc_ms != b.heard_utc_ms) {
            return query.descending ? a.heard_utc_ms > b.heard_utc_ms : a.heard_utc_ms < b.heard_utc_ms;
          }
          return a.device->device.id < b.device->device.id;
        });
  }
  page.rows.assign(found.begin() + static_cast<std::ptrdiff_t>(begin),
                   found.begin() + static_cast<std::ptrdiff_t>(end));
  if (!needs_heard) {
    for (DirectoryRow& row : page.rows) {
      row.heard_utc_ms = heard(times, *row.device);
      row.state = device_state(now, row.heard_utc_ms, row.device->device.details.interval_s);
    }
  }
  return page;
}

Result<StateCounts> DeviceDirectory::counts(const VisibleOrganisations& organisations) {
  DUHENG_TRY(const DeviceSnapshotPtr snap, snapshot());
  heard_times_.refresh();
  const HeardTimes::View times = heard_times_.view();
  const std::int64_t now = clock_.utc_ms();
  StateCounts out;
  for (const DirectoryDevice& entry : snap->devices) {
    const DeviceDetails& details = entry.device.details;
    if (!sees(organisations, details.organisation)) continue;
    ++out.devices;
    for (const DeviceSource& source : entry.sources) {
      if (source.covers(now)) out.readings_per_s += times.readings_per_s(source.key, now);
    }
    switch (device_state(now, heard(times, entry), details.interval_s)) {
      case DeviceState::online:
        ++out.online;
        break;
      case DeviceState::late:
        ++out.late;
        break;
      case DeviceState::offline:
        ++out.offline;
        break;
      case DeviceState::never:
        ++out.never;
        break;
    }
  }
  return out;
}

}  // namespace duheng::platform::web
