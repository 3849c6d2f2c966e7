#include "backup_wiring.hpp"

#include <charconv>
#include <fmt/format.h>
#include <stop_token>

#include "platform/backups/platform_source.hpp"

namespace duheng::platform {
namespace {

constexpr std::size_t places_max = 4;

/// "02:30" as minutes of the day; -1 for anything else.
std::int64_t minutes_of(std::string_view text) {
  std::int64_t hour = -1;
  std::int64_t minute = -1;
  const auto digits = [](std::string_view part, std::int64_t& out) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
    return error == std::errc{} && end == part.data() + part.size();
  };
  const bool is_time = text.size() == 5 && text[2] == ':' && digits(text.substr(0, 2), hour) &&
                       digits(text.substr(3), minute) && hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
  return is_time ? hour * 60 + minute : -1;
}

store::PlaceAddress read_place(const ConfigNode& node) {
  return {node.text("address"), node.text("host_key", ""), node.text("key_file", "")};
}

void read_schedule(const ConfigNode& node, BackupSchedule& schedule) {
  schedule.minute_of_day = minutes_of(node.text("daily_at", "02:30"));
  if (schedule.minute_of_day < 0) node.reject("daily_at", "must be a time of day such as \"02:30\"");
  schedule.time_zone = node.text("time_zone", schedule.time_zone);
  schedule.daily_keep_days = node.integer("daily_keep_days", {.minimum = 7, .maximum = 3'660}, 35);
  schedule.monthly_keep_months = node.integer("monthly_keep_months", {.minimum = 72, .maximum = 1'200}, 84);
  schedule.drill_every_days = node.integer("drill_every_days", {.minimum = 1, .maximum = 92}, 30);
  if (schedule.minute_of_day < 0) return;
  if (const auto checked = check_schedule(schedule); !checked) node.reject(checked.error().message);
}

}  // namespace

BackupConfiguration read_backups(const ConfigNode& node) {
  BackupConfiguration out;
  for (const ConfigNode& place : node.items("places")) {
    if (out.places.size() == places_max) {
      place.reject(fmt::format("at most {} places", places_max));
      return out;
    }
    out.places.push_back(read_place(place));
  }
  read_schedule(node, out.schedule);
  for (const ConfigNode& file : node.items("files")) {
    const std::string from = file.as_text();
    const std::string name = from.substr(from.rfind('/') + 1);
    // The place in the list keeps equal names apart.
    out.outside.push_back({fmt::format("configuration/{}/{}", out.outside.size() + 1, name), from});
  }
  return out;
}

Result<std::unique_ptr<BackupWiring>> BackupWiring::start(const BackupConfiguration& configuration,
                                                          const Parts& parts) {
  std::vector<std::unique_ptr<store::BackupPlace>> places;
  for (const store::PlaceAddress& address : configuration.places) {
    DUHENG_TRY(auto place, store::open_place(parts.disk, address));
    places.push_back(std::move(place));
  }
  DUHENG_CHECK(parts.disk.make_directories(parts.root + "/backups"));
  auto out = std::unique_ptr<BackupWiring>(new BackupWiring);
  out->service_ = std::make_unique<BackupService>(
      BackupParts{.database = parts.database,
                  .journal = parts.journal,
                  .disk = parts.disk,
                  .clock = parts.clock,
                  .random = parts.random,
                  .keys = parts.keys,
                  .alarms = parts.alarms,
                  .places = std::move(places),
                  .source =
                      [&disk = parts.disk, &keys = parts.keys, &database = parts.database, root = parts.root,
                       outside = configuration.outside](store::Journal& journal) {
                        return platform_backup_source(disk, keys, journal, database, root, outside);
                      },
                  .master_key_file = parts.master_key_file,
                  .recovery_key_file = fmt::format("{}/{}", parts.root, recovery_key_path),
                  .drill_directory = fmt::format("{}/{}", parts.root, drill_path),
                  .product = parts.product,
                  .schedule = configuration.schedule});
  DUHENG_CHECK(out->service_->open());
  WorkKind kind;
  kind.name = "backups";
  kind.step = [service = out->service_.get()](const std::stop_token&) { return service->step(); };
  out->work_ = std::make_unique<BackgroundWork>(parts.clock, std::vector<WorkKind>{std::move(kind)});
  out->work_->start();
  return out;
}

BackupWiring::~BackupWiring() { stop(); }

void BackupWiring::stop() {
  if (service_) service_->stop();
  if (work_) work_->stop();
}

}  // namespace duheng::platform
