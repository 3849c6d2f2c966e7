#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "platform/web/api_services.hpp"
#include "platform/web/permission.hpp"
#include "store/aggregates/fleet_questions.hpp"

namespace duheng::platform::web {

/// All series of a register. Series are numbered from 1 without a break and never change, so that what was seen once
/// need not be asked for again. Thread-safe.
class RegisterIndex {
 public:
  struct Entry {
    SeriesId series;
    SourceId source;
    std::int8_t exponent = 0;
    SeriesKind kind = SeriesKind::decimal;
    std::string unit;
    std::int64_t tariff = 0;  ///< of its register; 0: of none
  };
  explicit RegisterIndex(const store::TelemetryStore& telemetry) : telemetry_(telemetry) {}
  [[nodiscard]] std::vector<Entry> series_of(const std::string& register_name);
  /// Of "<stem>_tariff_1" ... "_tariff_4" for the register "<stem>_total". Errors: invalid_argument - another name.
  [[nodiscard]] Result<std::vector<Entry>> tariffs_of(const std::string& register_name);

 private:
  const store::TelemetryStore& telemetry_;
  std::mutex mutex_;  // guards what follows
  std::int64_t next_series_ = 1;
  std::unordered_map<std::string, std::vector<Entry>> by_name_;
};

/// tariff - by the meters' tariff registers; customer_tariff - by the tariff that the point has on the day, so that a
/// series may count for several groups, each with days of its own.
enum class FleetGrouping : std::uint8_t { none, organisation, site, model, tariff, customer_tariff };

/// What a caller may count of one register over some days.
struct FleetSelection {
  struct Place {
    SourceKey source;
    const DirectoryDevice* device = nullptr;  ///< null: nobody's; only for who sees everything
  };
  struct Group {
    std::int64_t id = 0;  ///< of the organisation, site or tariff; 0: none of that kind, or a model
    std::string name_zh;
    std::string name_en;
  };
  DeviceSnapshotPtr snapshot;  ///< keeps the devices alive
  store::FleetScope scope;
  std::unordered_map<SeriesId, Place> places;
  std::vector<Group> groups;  ///< FleetSeries::group is the place in here
  std::string unit;
  /// Not counted: in the days asked for they were not the caller's alone.
  std::size_t left_out_partly_visible = 0;
  /// Not counted: of another unit than most, or values that cannot be added exactly.
  std::size_t left_out_other_unit = 0;
};

/// Cuts to the caller's devices. A series counts for the device that it was last of within `time`; who does not see
/// everything gets a series only when all of `time` is theirs. By customers' tariffs each of its owners counts on its
/// own days. Errors: those of the records; unavailable - no tariffs are kept here; limit_exceeded - values of exponents
/// too far apart.
[[nodiscard]] Result<FleetSelection> select_fleet(const ApiServices& services, const Caller& caller,
                                                  std::vector<RegisterIndex::Entry> entries, store::TimeRange time,
                                                  FleetGrouping grouping);

}  // namespace duheng::platform::web
