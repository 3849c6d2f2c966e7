#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

struct PointDetails {
  OrganisationId organisation{};
  SiteId site{};       ///< 0: none
  std::string name{};  ///< 1 to 200 octets, unique in its organisation
};

struct Point {
  PointId id{};
  PointDetails details{};
};

/// One link of a point's chain: the device that measured there, half-open, UTC milliseconds.
struct PointDevice {
  DeviceId device{};
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};  ///< empty: until further notice
};

/// Named places of measurement. A device comes and goes (meter change); the point, and what is computed for it, stays.
/// Thread-safe. Its tables are part of Devices::migrations().
class Points {
 public:
  Points(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// By name.
  [[nodiscard]] Result<std::vector<Point>> list(const Scope& scope);
  /// Errors: not_found.
  [[nodiscard]] Result<Point> get(const Scope& scope, PointId id);
  /// Errors: not_found - organisation or site; already_exists - the name; invalid_argument.
  [[nodiscard]] Result<PointId> create(const Scope& scope, const PointDetails& details);
  /// From `from_utc_ms` on `device` measures at the point: ends what measured there before, and where the device
  /// measured before. Errors: not_found; conflict - the point's or the device's chain has a link that begins at or
  /// after that time.
  [[nodiscard]] Result<void> install(const Scope& scope, PointId id, DeviceId device, std::int64_t from_utc_ms);
  /// Nothing measures at the point from then on. Errors: not_found - the point, or nothing is there; invalid_argument -
  /// before the present device's begin.
  [[nodiscard]] Result<void> uninstall(const Scope& scope, PointId id, std::int64_t at_utc_ms);
  /// Oldest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<PointDevice>> chain(const Scope& scope, PointId id);

  // For other capabilities' transactions.
  /// As create().
  [[nodiscard]] Result<PointId> create_in(records::Transaction& transaction, const Scope& scope,
                                          const PointDetails& details);
  /// As install().
  [[nodiscard]] Result<void> install_in(records::Transaction& transaction, const Scope& scope, PointId id,
                                        DeviceId device, std::int64_t from_utc_ms);
  /// As uninstall().
  [[nodiscard]] Result<void> uninstall_in(records::Transaction& transaction, const Scope& scope, PointId id,
                                          std::int64_t at_utc_ms);

 private:
  records::Database& database_;
  const Clock& clock_;
};

}  // namespace duheng::platform
