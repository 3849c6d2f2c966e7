#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "platform/onboarding/device_check.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {

/// An unknown device to be made one of ours.
struct Adoption {
  std::int64_t unknown = 0;  ///< UnknownDeviceRow::id
  std::string model{};
  std::string name{};
  OrganisationId organisation{};
  SiteId site{};
};

struct ConnectionChange {
  GatewayId gateway{};
  std::string channel{};
  std::string address{};
  std::string model{};
};

struct ConnectionState {
  Device device{};
  std::optional<DeviceConnection> connection{};  ///< nothing: retired, or of the gateway's own file
  bool retired = false;
  std::optional<DeviceLine> line{};  ///< what its gateway says of it
};

/// Makes devices that gateways then read, and changes and ends how they are read. Every change is one transaction with
/// its line in the operation log. Thread-safe.
class Onboarding {
 public:
  Onboarding(records::Database& database, const Clock& clock, Devices& devices, PlanBook& plans,
             std::shared_ptr<const drivers::ModelLibrary> models)
      : database_(database), clock_(clock), devices_(devices), plans_(plans), models_(std::move(models)) {}

  /// Faults name the field. already_exists: uid, or the address on that channel.
  [[nodiscard]] Checked<DeviceId> add(const Author& author, const NewDevice& device);
  /// All or none. Fields are "devices[3].model".
  [[nodiscard]] Checked<std::vector<DeviceId>> adopt(const Author& author, const std::vector<Adoption>& adoptions);
  /// What was read stays as it was; the former connection is kept with its end. A retired device is taken up again.
  /// Faults: conflict - the device stands in its gateway's own file.
  [[nodiscard]] Checked<void> change_connection(const Author& author, DeviceId device, const ConnectionChange& change);
  /// From now on nobody reads it and nothing that comes is its. Errors: not_found; conflict - as change_connection().
  [[nodiscard]] Result<void> retire(const Author& author, DeviceId device);
  [[nodiscard]] Result<ConnectionState> connection(const Scope& scope, DeviceId device);

  [[nodiscard]] Checked<void> add_channel(const Author& author, GatewayId gateway, const FieldChannel& channel);
  /// Errors: not_found; conflict - devices use it.
  [[nodiscard]] Result<void> remove_channel(const Author& author, GatewayId gateway, std::string_view name);
  [[nodiscard]] Result<void> dismiss(const Author& author, const std::vector<std::int64_t>& unknown);

  // For imports, which make many in a transaction of their own.
  [[nodiscard]] DeviceCheck new_check(const Scope& scope);
  /// Everything but the plan's new version and the operation log.
  [[nodiscard]] Checked<DeviceId> insert(records::Transaction& t, const Scope& scope, CheckedDevice device);
  void made(const std::vector<GatewayId>& gateways);
  [[nodiscard]] records::Database& database() noexcept { return database_; }
  [[nodiscard]] const Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] const drivers::ModelLibrary& models() const noexcept { return *models_; }

 private:
  template <class Work>
  auto write(Work&& work);
  [[nodiscard]] Result<void> note(records::Transaction& t, const Author& author, std::string_view action,
                                  DeviceId device, std::string detail);
  /// Left out, it is the gateway's.
  [[nodiscard]] static Result<void> default_organisation(records::Transaction& t, const Scope& scope,
                                                         NewDevice& device);
  [[nodiscard]] Checked<DeviceId> adopt_one(records::Transaction& t, const Author& author, DeviceCheck& check,
                                            const Adoption& adoption, GatewayId& gateway);

  records::Database& database_;
  const Clock& clock_;
  Devices& devices_;
  PlanBook& plans_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
};

}  // namespace duheng::platform
