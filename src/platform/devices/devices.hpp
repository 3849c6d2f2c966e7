#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

struct DeviceDetails {
  std::string uid{};       ///< 1 to 64 octets, unique in the platform
  std::string name{};      ///< 1 to 200 octets
  std::string address{};   ///< in its protocol, at most 64 octets
  std::string protocol{};  ///< e.g. "dlt645", 1 to 32 octets
  std::string model{};     ///< id of a file in models/, 1 to 64 octets
  OrganisationId organisation{};
  SiteId site{};                  ///< 0: none
  GatewayId gateway{};            ///< who reads it; 0: none
  std::int64_t interval_s = 900;  ///< planned time between readings, 1 s to 366 days
};

struct Device {
  DeviceId id{};
  DeviceDetails details{};
  std::string organisation_name_zh{};
  std::string organisation_name_en{};
  std::string site_name{};
  std::string site_zone{};  ///< IANA zone; empty without a site
  std::string gateway_name{};
  PointId point{};  ///< where it measures now; 0: none
  std::string point_name{};
};

enum class DeviceSort : std::uint8_t { name, address, uid, id };

struct DeviceQuery {
  std::int64_t page = 1;        ///< from 1
  std::int64_t page_size = 50;  ///< 1 to 1000
  std::string search{};  ///< part of name, address or uid, without regard to the case of A to Z; at most 100 octets
  OrganisationId organisation{};  ///< with all below it
  SiteId site{};
  GatewayId gateway{};
  std::string protocol{};
  std::string model{};
  DeviceSort sort = DeviceSort::name;
  bool descending = false;
};

struct DevicePage {
  std::vector<Device> devices{};
  std::int64_t total = 0;  ///< over all pages
};

/// From when to when a sender's readings are a device's: half-open, UTC milliseconds by the reading's time.
struct SourceAssignment {
  std::int64_t id = 0;
  DeviceId device{};
  GatewayId gateway{};
  std::string device_uid{};  ///< as the gateway sends it
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};  ///< empty: until further notice
};

struct OwnershipPeriod {
  OrganisationId organisation{};
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
};

struct ImportError {
  std::size_t line = 0;  ///< from 1, as handed over
  Error error{};
};

/// What an index over all devices needs, without names.
struct DeviceIndexEntry {
  DeviceId id{};
  OrganisationId organisation{};
  std::int64_t interval_s = 0;
};

/// Meters and other devices, and which sender's readings are theirs. Thread-safe. Needs the tables of Organisations,
/// Sites and Gateways.
class Devices {
 public:
  static constexpr std::size_t import_lines_max = 200'000;
  [[nodiscard]] static records::Capability migrations();
  Devices(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Errors: invalid_argument - page or page size out of range, search too long.
  [[nodiscard]] Result<DevicePage> list(const Scope& scope, const DeviceQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<Device> get(const Scope& scope, DeviceId id);
  [[nodiscard]] Result<std::optional<Device>> find_by_uid(const Scope& scope, std::string_view uid);
  /// In the order of `ids`; those outside the scope are left out. At most 1000. Errors: limit_exceeded.
  [[nodiscard]] Result<std::vector<Device>> get_many(const Scope& scope, std::span<const DeviceId> ids);
  [[nodiscard]] Result<std::int64_t> count(const Scope& scope);
  [[nodiscard]] Result<std::vector<DeviceIndexEntry>> index(const Scope& scope);

  /// With a gateway, the source (gateway, uid) becomes the device's for all time, unless another device has it
  /// (conflict). Errors: already_exists - the uid; not_found - organisation, site or gateway; invalid_argument.
  [[nodiscard]] Result<DeviceId> create(const Scope& scope, const DeviceDetails& details);
  /// Everything or, when any line is wrong, nothing; then `errors` holds what is wrong with each such line (the first
  /// 1000). Returns the number of devices made, 0 when there were errors. Errors: limit_exceeded - more than
  /// `import_lines_max` lines.
  [[nodiscard]] Result<std::size_t> import(const Scope& scope, std::span<const DeviceDetails> lines,
                                           std::vector<ImportError>& errors);
  /// The uid and the source assignments stay; a change of organisation is dated now. Errors: as get() and create();
  /// invalid_argument - another uid.
  [[nodiscard]] Result<void> update(const Scope& scope, DeviceId id, const DeviceDetails& details);

  /// The readings that (gateway, uid) sends from `from` until `to` are this device's: adopts an unassigned source, or
  /// moves one. Errors: not_found - device or gateway; conflict - somebody has it in that time; invalid_argument - an
  /// empty period.
  [[nodiscard]] Result<std::int64_t> assign_source(const Scope& scope, const SourceAssignment& assignment);
  /// Ends an assignment at a time within it. Errors: not_found, invalid_argument.
  [[nodiscard]] Result<void> end_source(const Scope& scope, std::int64_t assignment_id, std::int64_t to_utc_ms);
  /// By begin.
  [[nodiscard]] Result<std::vector<SourceAssignment>> sources_of(const Scope& scope, DeviceId id);
  /// Every assignment of the scope: for who must find a device by its source for every reading. See revision().
  [[nodiscard]] Result<std::vector<SourceAssignment>> all_sources(const Scope& scope);
  [[nodiscard]] Result<std::optional<DeviceId>> device_of_source(const Scope& scope, GatewayId gateway,
                                                                 std::string_view device_uid, std::int64_t at_utc_ms);
  /// Who owned the device when, oldest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<OwnershipPeriod>> ownership(const Scope& scope, DeviceId id);

  // For other capabilities' transactions, whose owner calls changed_elsewhere() when they are committed.
  /// As create().
  [[nodiscard]] Result<DeviceId> create_in(records::Transaction& transaction, const Scope& scope,
                                           const DeviceDetails& details);
  /// As update().
  [[nodiscard]] Result<void> update_in(records::Transaction& transaction, const Scope& scope, DeviceId id,
                                       const DeviceDetails& details);
  /// From `at_utc_ms` on nobody's readings are this device's, until another source is assigned.
  [[nodiscard]] Result<void> end_sources_in(records::Transaction& transaction, DeviceId id, std::int64_t at_utc_ms);
  /// As assign_source().
  [[nodiscard]] Result<void> assign_source_in(records::Transaction& transaction, const SourceAssignment& assignment);
  void changed_elsewhere() noexcept { changed(); }

  /// Grows with every change made through this object: whoever keeps an index compares it and reads anew.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_.load(std::memory_order_acquire); }

 private:
  void changed() noexcept { revision_.fetch_add(1, std::memory_order_acq_rel); }
  records::Database& database_;
  const Clock& clock_;
  std::atomic<std::uint64_t> revision_{1};
};

}  // namespace duheng::platform
