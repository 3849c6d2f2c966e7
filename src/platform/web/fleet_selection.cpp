#include "platform/web/fleet_selection.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "platform/tariffs/point_tariffs.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

bool overlap(const store::TimeRange& a, const store::TimeRange& b) noexcept {
  return a.from_utc_ms < b.to_utc_ms && b.from_utc_ms < a.to_utc_ms;
}

/// The device of the caller's that the sender was last of within the time.
const DirectoryDevice* last_owner(const DeviceSnapshot& snapshot, const VisibleOrganisations& visible,
                                  const SourceKey& source, const store::TimeRange& time) {
  const auto it = snapshot.by_source.find(source);
  if (it == snapshot.by_source.end()) return nullptr;
  const DirectoryDevice* found = nullptr;
  std::int64_t found_from = 0;
  for (const auto& [assignment, index] : it->second) {
    const DirectoryDevice& device = snapshot.devices[index];
    const bool within =
        assignment.from_utc_ms < time.to_utc_ms && (!assignment.to_utc_ms || *assignment.to_utc_ms > time.from_utc_ms);
    if (!within || !sees(visible, device.device.details.organisation)) continue;
    if (found != nullptr && assignment.from_utc_ms < found_from) continue;
    found = &device;
    found_from = assignment.from_utc_ms;
  }
  return found;
}

/// Numbers groups as they come.
class Groups {
 public:
  explicit Groups(FleetGrouping grouping) : grouping_(grouping) {}
  std::uint32_t of(const DirectoryDevice* device, std::int64_t tariff) {
    FleetSelection::Group group;
    if (grouping_ == FleetGrouping::tariff) {
      group = {tariff, "费率 " + std::to_string(tariff), "Tariff " + std::to_string(tariff)};
    } else if (device != nullptr) {
      group = described(device->device);
    }
    const auto [it, is_new] =
        numbers_.try_emplace({group.id, group.id == 0 ? group.name_zh : std::string{}}, groups_.size());
    if (is_new) groups_.push_back(std::move(group));
    return static_cast<std::uint32_t>(it->second);
  }
  [[nodiscard]] std::vector<FleetSelection::Group> take() && { return std::move(groups_); }

 private:
  [[nodiscard]] FleetSelection::Group described(const Device& device) const {
    const DeviceDetails& details = device.details;
    switch (grouping_) {
      case FleetGrouping::organisation:
        return {details.organisation.value, device.organisation_name_zh, device.organisation_name_en};
      case FleetGrouping::site:
        return {details.site.value, device.site_name, device.site_name};
      case FleetGrouping::model:
        return {0, details.model, details.model};
      case FleetGrouping::none:
      case FleetGrouping::tariff:
      case FleetGrouping::customer_tariff:
        break;
    }
    return {};
  }
  FleetGrouping grouping_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> numbers_;
  std::vector<FleetSelection::Group> groups_;
};

/// Which tariff of the customers' a series counts for on which day.
class CustomerTariffs {
 public:
  [[nodiscard]] static Result<CustomerTariffs> read(const ApiServices& services, const Caller& caller,
                                                    const store::TimeRange& time) {
    if (services.tariffs == nullptr) return fail(ErrorCode::unavailable, "no tariffs are kept here");
    const PointTariffs& points = services.tariffs->points;
    CustomerTariffs out(points.calendar());
    out.first_ = points.calendar().day_of(time.from_utc_ms + 1);
    out.last_ = points.calendar().day_of(time.to_utc_ms);
    DUHENG_TRY(out.of_devices_, points.days_of_devices(caller.scope(), out.first_, out.last_));
    DUHENG_TRY(const std::vector<Tariff> tariffs, services.tariffs->list.list());
    for (const Tariff& tariff : tariffs) out.tariffs_.emplace(tariff.id, tariff.details);
    return out;
  }

  void apply(const DeviceSnapshot& snapshot, const VisibleOrganisations& visible, const SourceKey& source,
             store::FleetSeries& series) {
    TariffDays days(first_, last_);
    const auto assignments = snapshot.by_source.find(source);
    if (assignments != snapshot.by_source.end()) {
      auto owners = assignments->second;
      std::ranges::sort(owners, {}, [](const auto& owner) { return owner.first.from_utc_ms; });
      for (const auto& [assignment, index] : owners) {
        const Device& device = snapshot.devices[index].device;
        const auto known = of_devices_.find(device.id);
        if (known == of_devices_.end() || !sees(visible, device.details.organisation)) continue;
        const std::int32_t from = assignment.from_utc_ms <= 0 ? first_ : calendar_->day_of(assignment.from_utc_ms + 1);
        days.add(from, assignment.to_utc_ms ? calendar_->day_of(*assignment.to_utc_ms) : last_, known->second);
      }
    }
    bool is_first = true;
    for (const TariffDay& day : std::move(days).take()) {
      if (is_first) {
        series.group = group_of(day.tariff);
      } else {
        series.changes.push_back({day.from_day, group_of(day.tariff)});
      }
      is_first = false;
    }
  }
  [[nodiscard]] std::vector<FleetSelection::Group> take() && { return std::move(groups_); }

 private:
  explicit CustomerTariffs(const store::CivilCalendar& calendar) : calendar_(&calendar) {}
  std::uint32_t group_of(TariffId tariff) {
    const auto [it, is_new] = numbers_.try_emplace(tariff, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) {
      FleetSelection::Group& group = groups_.emplace_back();
      group.id = tariff.value;
      if (const auto known = tariffs_.find(tariff); known != tariffs_.end()) {
        group.name_zh = known->second.name_zh;
        group.name_en = known->second.name_en;
      }
    }
    return it->second;
  }
  const store::CivilCalendar* calendar_;
  std::int32_t first_ = 0;
  std::int32_t last_ = 0;
  std::unordered_map<DeviceId, std::vector<TariffDay>> of_devices_;
  std::unordered_map<TariffId, TariffDetails> tariffs_;
  std::unordered_map<TariffId, std::uint32_t> numbers_;
  std::vector<FleetSelection::Group> groups_;
};

/// The unit most of them have; of equal ones the first by name.
std::string usual_unit(const std::vector<RegisterIndex::Entry>& entries) {
  std::map<std::string, std::size_t> counts;
  for (const RegisterIndex::Entry& entry : entries) ++counts[entry.unit];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& pair) { return pair.second; });
  return most == counts.end() ? std::string{} : most->first;
}

}  // namespace

std::vector<RegisterIndex::Entry> RegisterIndex::series_of(const std::string& register_name) {
  std::lock_guard lock{mutex_};
  while (auto series = telemetry_.find_series(SeriesId{next_series_})) {
    by_name_[series->register_name].push_back(
        {series->id, series->source, series->exponent, series->kind, std::move(series->unit), 0});
    ++next_series_;
  }
  const auto it = by_name_.find(register_name);
  return it == by_name_.end() ? std::vector<Entry>{} : it->second;
}

Result<std::vector<RegisterIndex::Entry>> RegisterIndex::tariffs_of(const std::string& register_name) {
  constexpr std::string_view end = "_total";
  constexpr std::int64_t tariffs = 4;
  if (!register_name.ends_with(end))
    return fail(ErrorCode::invalid_argument, "tariffs divide a register whose name ends in \"_total\"");
  const std::string stem = register_name.substr(0, register_name.size() - end.size()) + "_tariff_";
  std::vector<Entry> out;
  for (std::int64_t tariff = 1; tariff <= tariffs; ++tariff) {
    for (Entry& entry : series_of(stem + std::to_string(tariff))) {
      entry.tariff = tariff;
      out.push_back(std::move(entry));
    }
  }
  return out;
}

namespace {

/// Those of the caller's, with who sends them.
Result<std::vector<RegisterIndex::Entry>> keep_visible(const ApiServices& services, const Caller& caller,
                                                       std::vector<RegisterIndex::Entry> entries,
                                                       const store::TimeRange& time, FleetSelection& out) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  std::vector<RegisterIndex::Entry> seen;
  for (RegisterIndex::Entry& entry : entries) {
    std::optional<SourceKey> source = services.source_names.find(entry.source);
    if (!source) continue;
    const auto periods = visible_periods(*out.snapshot, visible, *source);
    if (std::ranges::none_of(periods, [&](const auto& period) { return overlap(period, time); })) continue;
    const bool is_all_visible = std::ranges::any_of(periods, [&](const store::TimeRange& period) {
      return period.from_utc_ms <= time.from_utc_ms && time.to_utc_ms <= period.to_utc_ms;
    });
    if (!is_all_visible) {
      ++out.left_out_partly_visible;
      continue;
    }
    const DirectoryDevice* device = last_owner(*out.snapshot, visible, *source, time);
    out.places.try_emplace(entry.series, FleetSelection::Place{std::move(*source), device});
    seen.push_back(std::move(entry));
  }
  return seen;
}

}  // namespace

Result<FleetSelection> select_fleet(const ApiServices& services, const Caller& caller,
                                    std::vector<RegisterIndex::Entry> entries, store::TimeRange time,
                                    FleetGrouping grouping) {
  FleetSelection out;
  DUHENG_TRY(out.snapshot, services.directory.snapshot());
  DUHENG_TRY(const std::vector<RegisterIndex::Entry> seen,
             keep_visible(services, caller, std::move(entries), time, out));
  out.unit = usual_unit(seen);
  std::optional<CustomerTariffs> tariffs;
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  if (grouping == FleetGrouping::customer_tariff) {
    DUHENG_TRY(tariffs, CustomerTariffs::read(services, caller, time));
  }
  Groups groups(grouping);
  std::vector<store::FleetSeries> counted;
  for (const RegisterIndex::Entry& entry : seen) {
    if (entry.unit != out.unit || entry.kind != SeriesKind::decimal) {
      ++out.left_out_other_unit;
      out.places.erase(entry.series);
      continue;
    }
    const FleetSelection::Place& place = out.places.at(entry.series);
    store::FleetSeries& series = counted.emplace_back();
    series.series = entry.series;
    series.exponent = entry.exponent;
    if (tariffs) {
      tariffs->apply(*out.snapshot, visible, place.source, series);
    } else {
      series.group = groups.of(place.device, entry.tariff);
    }
  }
  DUHENG_TRY(out.scope, store::FleetScope::make(std::move(counted)));
  out.groups = tariffs ? std::move(*tariffs).take() : std::move(groups).take();
  return out;
}

}  // namespace duheng::platform::web
