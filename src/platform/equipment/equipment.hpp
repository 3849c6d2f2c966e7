#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "platform/equipment/port_watch.hpp"
#include "platform/orders/operation_log.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

using EquipmentId = StrongId<struct EquipmentTag>;

/// Stored: append, never renumber.
enum class EquipmentKind : std::uint8_t {
  network_switch = 1,
  router = 2,
  access_point = 3,
  serial_server = 4,
  cellular_router = 5,
};
[[nodiscard]] std::string_view to_string(EquipmentKind kind) noexcept;
[[nodiscard]] std::optional<EquipmentKind> equipment_kind(std::string_view word) noexcept;

struct EquipmentDetails {
  OrganisationId organisation{};
  SiteId site{};  ///< 0: none
  EquipmentKind kind = EquipmentKind::network_switch;
  std::string name{};     ///< 1 to 200 octets, unique in its organisation
  std::string maker{};    ///< at most 200 octets
  std::string model{};    ///< the maker's name of it, at most 200 octets
  std::string serial{};   ///< the maker's number, at most 100 octets
  std::string address{};  ///< host name or IP address, at most 255 octets; empty: it has none
  GatewayId gateway{};    ///< who supervises it; 0: nobody
  EquipmentId parent{};   ///< its uplink; 0: none, or not ours
};

/// What hangs on a port: a gateway, one of a gateway's channels, or a device.
struct Attachment {
  enum class Kind : std::uint8_t { gateway = 1, channel = 2, device = 3 };
  std::string port{};  ///< as the equipment calls it, at most 64 octets
  Kind kind = Kind::device;
  GatewayId gateway{};    ///< of gateways and channels
  std::string channel{};  ///< of channels
  DeviceId device{};      ///< of devices
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
  std::string name{};  ///< of what hangs there, as it is now; read only
};
[[nodiscard]] std::string_view to_string(Attachment::Kind kind) noexcept;

/// A device of the ledger of devices by which the equipment is supervised: its readings and silences tell of it.
struct EquipmentCheck {
  EquipmentId equipment{};
  DeviceId device{};
  std::string kind{};  ///< snmp or ping
  GatewayId gateway{};
  std::string uid{};
  std::int64_t interval_s = 15;
};

struct UplinkPeriod {
  EquipmentId parent{};  ///< 0: none
  std::string parent_name{};
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
};

struct Equipment {
  EquipmentId id{};
  EquipmentDetails details{};
  std::string organisation_zh{};
  std::string organisation_en{};
  std::string site_name{};
  std::string gateway_name{};
  std::string parent_name{};
  std::int64_t attached = 0;  ///< things on its ports now
};

struct EquipmentQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;  ///< 1 to 200
  std::string search{};         ///< part of name, address, maker, model or serial; at most 100 octets
  std::optional<EquipmentKind> kind{};
  SiteId site{};
  GatewayId gateway{};
};
struct EquipmentPage {
  std::vector<Equipment> items{};
  std::int64_t total = 0;
};

/// Everything of the present, for who keeps it in memory.
struct EquipmentPicture {
  struct Node {
    EquipmentId id{};
    OrganisationId organisation{};
    EquipmentKind kind = EquipmentKind::network_switch;
    std::string name{};
    GatewayId gateway{};
    EquipmentId parent{};
  };
  struct Link {
    EquipmentId equipment{};
    Attachment what{};
  };
  std::vector<Node> nodes{};
  std::vector<Link> links{};
  std::vector<EquipmentCheck> checks{};
  /// Devices on attached channels.
  struct OnChannel {
    DeviceId device{};
    GatewayId gateway{};
    std::string channel{};
  };
  std::vector<OnChannel> on_channels{};
  struct ChosenPort {
    EquipmentId equipment{};
    std::uint32_t number = 0;
    PortSupervision supervision = PortSupervision::by_use;
  };
  std::vector<ChosenPort> ports{};  ///< of which somebody chose
};

/// Switches, routers, access points and the like: what they are, what they hang on, what hangs on them, from when to
/// when. Thread-safe. Needs the tables of Organisations, Sites, Gateways, Devices, OrderService and PlanBook.
class EquipmentLedger {
 public:
  static constexpr std::size_t attachments_max = 2'000;  ///< of one piece
  static constexpr int depth_max = 12;                   ///< uplinks one above the other
  [[nodiscard]] static records::Capability migrations();
  EquipmentLedger(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// By name. Errors: invalid_argument - page, page size or search.
  [[nodiscard]] Result<EquipmentPage> list(const Scope& scope, const EquipmentQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<Equipment> get(const Scope& scope, EquipmentId id);
  /// Errors: not_found - organisation, site, gateway or parent; already_exists - the name; invalid_argument - a text,
  /// or the uplinks would form a ring or be deeper than `depth_max`.
  [[nodiscard]] Result<EquipmentId> create(const Author& author, const EquipmentDetails& details);
  [[nodiscard]] Result<void> update(const Author& author, EquipmentId id, const EquipmentDetails& details);
  /// From now on it is no more; what it was is kept. Errors: not_found; conflict - other equipment hangs on it, or it
  /// is still supervised.
  [[nodiscard]] Result<void> retire(const Author& author, EquipmentId id);
  /// Several at once, all or none, within the caller's transaction.
  [[nodiscard]] Result<EquipmentId> create_in(records::Transaction& t, const Author& author,
                                              const EquipmentDetails& details);

  /// What hangs on it from now on; what stays as it was keeps its beginning. Errors: not_found - the equipment, or a
  /// gateway or device of the author's; invalid_argument; conflict - it hangs somewhere else already.
  [[nodiscard]] Result<void> attach(const Author& author, EquipmentId id, const std::vector<Attachment>& attachments);
  /// Now, by port. With `all` also what hung there before, newest first.
  [[nodiscard]] Result<std::vector<Attachment>> attachments(const Scope& scope, EquipmentId id, bool all);
  [[nodiscard]] Result<std::vector<UplinkPeriod>> uplinks(const Scope& scope, EquipmentId id);

  [[nodiscard]] Result<std::vector<EquipmentCheck>> checks(const Scope& scope, EquipmentId id);
  /// The devices by which it is supervised from now on; devices of the author's. `kind`s are told apart.
  [[nodiscard]] Result<void> set_checks(const Author& author, EquipmentId id,
                                        const std::vector<EquipmentCheck>& checks);

  /// Whether the loss of a port's link is an alarm from now on; `number` is the interface's. Errors: not_found;
  /// invalid_argument - the number is not from 1 to 9,999.
  [[nodiscard]] Result<void> supervise_port(const Author& author, EquipmentId id, std::uint32_t number,
                                            PortSupervision supervision);

  [[nodiscard]] Result<EquipmentPicture> picture();
  /// Within the scope: nodes, and links to what is visible.
  [[nodiscard]] Result<EquipmentPicture> picture(const Scope& scope, std::int64_t nodes_max);
  /// Grows with every change made through this object.
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_.load(std::memory_order_acquire); }
  void changed() noexcept { revision_.fetch_add(1, std::memory_order_acq_rel); }
  [[nodiscard]] records::Database& database() noexcept { return database_; }

 private:
  records::Database& database_;
  const Clock& clock_;
  std::atomic<std::uint64_t> revision_{1};
};

}  // namespace duheng::platform
