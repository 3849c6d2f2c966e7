#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/decimal.hpp"
#include "platform/devices/points.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

/// A register of the device at a point, and how what it shows becomes what the point consumed.
struct PointRegister {
  std::string name{};                ///< the product's own, e.g. "energy_active_import_total"
  std::int64_t ratio_numerator = 1;  ///< of the transformers: register x numerator / denominator
  std::int64_t ratio_denominator = 1;
  std::optional<std::int64_t> digits{};  ///< all digits of the register: it turns over at 10^digits; 1 to 18
  std::optional<Decimal> start{};        ///< read by whoever installed it
  std::optional<Decimal> end{};          ///< read by whoever took it away
  friend bool operator==(const PointRegister&, const PointRegister&) = default;
};

/// A device at a point for a time, with its registers by name.
struct PointLink {
  DeviceId device{};
  std::string device_name{};
  std::string device_address{};
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
  std::vector<PointRegister> registers{};
};

struct MeteringPoint {
  PointId id{};
  PointDetails details{};
  std::string organisation_name_zh{};
  std::string organisation_name_en{};
  std::string site_name{};
  std::string site_zone{};  ///< IANA zone; empty without a site
  DeviceId device{};        ///< there now; 0: none
  std::string device_name{};
  std::int64_t links = 0;  ///< devices that were ever there, and changes of the ratio
};

/// What comes to a point: a device for the first time, another device, or the same with another ratio or a new reading.
struct PointInstallation {
  DeviceId device{};
  std::int64_t at_utc_ms = 0;
  std::vector<PointRegister> registers{};  ///< without `end`
};

/// The last reading of a register of the device that leaves.
struct EndReading {
  std::string name{};
  Decimal value{};
};

/// One thing that was done at a point, for its history.
struct PointEvent {
  std::int64_t at_utc_ms = 0;    ///< when it was done at the point
  std::int64_t made_utc_ms = 0;  ///< when it was written down
  std::string author{};
  std::string action{};  ///< create, install, exchange, remove
  std::string reason{};
};

namespace metering_point_limits {
inline constexpr std::size_t registers_max = 32;  ///< of one device
inline constexpr std::size_t reason_octets_max = 1'000;
inline constexpr std::int64_t page_size_max = 200;
}  // namespace metering_point_limits

struct PointQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  std::string search{};  ///< part of the point's or its device's name or address
};
struct PointPage {
  std::vector<MeteringPoint> points{};  ///< by name
  std::int64_t total = 0;
};

/// Metering points and their dated chains: which register of which device counted what from when to when, with the
/// readings at every exchange. A chain grows at its end only and nothing of it is changed, so that what was computed
/// over it stays true. Thread-safe. Needs the tables of Devices, People and OrderService.
class MeteringPoints {
 public:
  [[nodiscard]] static records::Capability migrations();
  MeteringPoints(records::Database& database, const Clock& clock)
      : database_(database), clock_(clock), points_(database, clock) {}

  /// Errors: invalid_argument - page or search.
  [[nodiscard]] Result<PointPage> list(const Scope& scope, const PointQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<MeteringPoint> get(const Scope& scope, PointId id);
  /// By begin. Errors: not_found.
  [[nodiscard]] Result<std::vector<PointLink>> chain(const Scope& scope, PointId id);
  /// By the time at which it was written down. Errors: not_found.
  [[nodiscard]] Result<std::vector<PointEvent>> events(const Scope& scope, PointId id);

  /// A point, and what is there from the beginning, if anything. Errors: as Points::create() and exchange().
  [[nodiscard]] Result<PointId> create(const Author& author, const PointDetails& details,
                                       const std::optional<PointInstallation>& first);
  /// In one transaction: the last readings of what is there, its end, and what comes instead with its first readings.
  /// At a point where nothing is, `ends` is empty. Errors: not_found - point, device, or a register named in `ends`;
  /// conflict - the device measures at another point, or the chain has a later link; invalid_argument - the time lies
  /// in the future or before the present device came, no register, a reading below 0, a ratio, no reason.
  [[nodiscard]] Result<void> exchange(const Author& author, PointId id, const PointInstallation& installation,
                                      const std::vector<EndReading>& ends, const std::string& reason);
  /// Nothing is there from then on. Errors: as exchange().
  [[nodiscard]] Result<void> remove(const Author& author, PointId id, std::int64_t at_utc_ms,
                                    const std::vector<EndReading>& ends, const std::string& reason);

 private:
  [[nodiscard]] Result<void> install(records::Transaction& transaction, const Author& author, PointId id,
                                     const PointInstallation& installation);
  [[nodiscard]] Result<void> write_down(records::Transaction& transaction, const Author& author, PointId id,
                                        const PointEvent& event, DeviceId device);
  records::Database& database_;
  const Clock& clock_;
  Points points_;
};

}  // namespace duheng::platform
