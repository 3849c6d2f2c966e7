#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/decimal.hpp"
#include "platform/devices/points.hpp"
#include "platform/orders/operation_log.hpp"
#include "platform/tariffs/point_tariffs.hpp"
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

/// Whom or what a point belongs to, by a code that is unique in the point's organisation.
struct PointParty {
  std::string code{};  ///< 1 to 64 octets; empty: none
  std::string name{};  ///< at most 200 octets
  friend bool operator==(const PointParty&, const PointParty&) = default;
};
struct PointParties {
  PointParty customer{};
  PointParty transformer{};  ///< behind which the point lies
  friend bool operator==(const PointParties&, const PointParties&) = default;
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
  std::string search{};              ///< part of the point's or its device's name or address
  std::optional<TariffId> tariff{};  ///< that it has on `day`; 0: points without one
  std::int32_t day = 0;
};
struct PointPage {
  std::vector<MeteringPoint> points{};  ///< by name
  std::int64_t total = 0;
};

/// Metering points and their dated chains: which register of which device counted what from when to when, with the
/// readings at every exchange. A chain grows at its end only and nothing of it is changed, so that what was computed
/// over it stays true. Thread-safe. Needs the tables of Devices, People, OrderService and Tariffs.
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
  /// Errors: not_found.
  [[nodiscard]] Result<PointParties> parties(const Scope& scope, PointId id);
  /// All points of the scope with what is there now and the tariff of `day`, as a file that can be imported again
  /// (PointImportKind). Devices that went, and tariffs before, are not in it.
  [[nodiscard]] Result<std::string> export_csv(const Scope& scope, std::int32_t day);

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

  // For files, in their transactions and without entries in the operation log: a file has one for all.
  /// As create().
  [[nodiscard]] Result<PointId> create_in(records::Transaction& transaction, const Author& author,
                                          const PointDetails& details, const std::optional<PointInstallation>& first);
  /// As exchange(), at a point of the author's scope where nothing is.
  [[nodiscard]] Result<void> install_in(records::Transaction& transaction, const Author& author, PointId id,
                                        const PointInstallation& installation, const std::string& reason);

 private:
  [[nodiscard]] Result<void> install(records::Transaction& transaction, const Author& author, PointId id,
                                     const PointInstallation& installation);
  [[nodiscard]] Result<void> write_event(records::Transaction& transaction, const Author& author, PointId id,
                                         const PointEvent& event, std::int64_t now_utc_ms);
  [[nodiscard]] Result<void> write_down(records::Transaction& transaction, const Author& author, PointId id,
                                        const PointEvent& event, DeviceId device);
  records::Database& database_;
  const Clock& clock_;
  Points points_;
};

[[nodiscard]] Result<PointParties> parties_in(records::Transaction& transaction, PointId id);
/// A party without a code stays as it is; one that is not known yet in the organisation is made. False when nothing
/// changes. Errors: conflict - the code stands for another name; invalid_argument.
[[nodiscard]] Result<bool> set_parties_in(records::Transaction& transaction, OrganisationId organisation, PointId id,
                                          const PointParties& parties);

}  // namespace duheng::platform
