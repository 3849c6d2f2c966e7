#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "drivers/models/device_model.hpp"
#include "platform/devices/devices.hpp"
#include "platform/onboarding/plan_tables.hpp"

namespace duheng::platform {

/// What is wrong with something somebody entered, and in which of its fields (as the API calls it; empty: in none).
struct FieldFault {
  std::string field{};
  Error error{};
};
template <class T>
using Checked = std::expected<T, FieldFault>;

[[nodiscard]] inline std::unexpected<FieldFault> fault(std::string field, ErrorCode code, std::string message) {
  return std::unexpected(FieldFault{std::move(field), {code, std::move(message)}});
}
[[nodiscard]] inline std::unexpected<FieldFault> fault(std::string field, Error error) {
  return std::unexpected(FieldFault{std::move(field), std::move(error)});
}

/// A device as somebody enters it.
struct NewDevice {
  std::string uid{};   ///< empty: made from protocol and address
  std::string name{};  ///< empty: the address
  std::string address{};
  std::string model{};
  GatewayId gateway{};
  std::string channel{};                      ///< of the gateway's plan, its own file, or a listener
  std::optional<FieldChannel> new_channel{};  ///< to be made with it; its name is `channel`
  OrganisationId organisation{};
  SiteId site{};  ///< 0: none
};

/// The same, found to be right: what goes into the records.
struct CheckedDevice {
  DeviceDetails details{};
  DeviceConnection connection{};
  std::optional<FieldChannel> new_channel{};
};

/// Finds out whether devices can be read as entered: whether model and address fit, the gateway has that channel, the
/// places exist in the author's scope. Remembers what it looked up, for files with many lines: one object for one
/// transaction.
class DeviceCheck {
 public:
  /// What a gateway said last; nothing when it has never told.
  using Report = std::function<std::optional<FieldPlanReport>(GatewayId)>;
  DeviceCheck(const drivers::ModelLibrary& models, const Scope& scope, Report report)
      : models_(models), scope_(scope), report_(std::move(report)) {}

  [[nodiscard]] Checked<CheckedDevice> check(records::Transaction& t, const NewDevice& device);
  /// Whether a channel may be added to a gateway's plan.
  [[nodiscard]] Checked<void> check_channel(records::Transaction& t, GatewayId gateway, const FieldChannel& channel);

 private:
  struct Gateway {
    bool has_told = false;
    std::set<std::string, std::less<>> file_channels;  ///< listeners included
    std::unordered_map<std::string, FieldChannel> plan_channels;
    std::unordered_map<std::string, bool> moving_channels;  ///< as far as they were asked for
    std::set<std::string, std::less<>> models;
  };
  [[nodiscard]] Checked<Gateway*> gateway_of(records::Transaction& t, GatewayId gateway);
  [[nodiscard]] Checked<void> check_places(records::Transaction& t, const NewDevice& device);
  [[nodiscard]] Checked<void> check_line(records::Transaction& t, const NewDevice& device, Gateway& gateway);
  /// A device that joined a line while it is being changed would stay behind at the old speed or parity.
  [[nodiscard]] Checked<void> check_still(records::Transaction& t, const NewDevice& device, Gateway& gateway);

  const drivers::ModelLibrary& models_;
  Scope scope_;
  Report report_;
  std::unordered_map<GatewayId, Gateway> gateways_;
  std::set<OrganisationId> organisations_;
  std::set<SiteId> sites_;
};

}  // namespace duheng::platform
