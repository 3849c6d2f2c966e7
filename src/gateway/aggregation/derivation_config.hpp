#pragma once
#include "base/config.hpp"
#include "gateway/aggregation/field_derivation.hpp"

namespace duheng::gateway {

/// A device of the configuration, for rules that name a channel.
struct DeviceOnChannel {
  std::string uid;
  std::string channel;
};
struct DerivationConfig {
  std::vector<PointRule> points;
  std::vector<FieldSum> sums;  ///< members on a channel are still to be found among the devices
};

/// The lists `processing` and `sums` of a gateway's configuration; what is wrong is told at its lines.
[[nodiscard]] DerivationConfig read_derivation(const ConfigNode& root);
/// Errors: invalid_argument - a sum without members, with too many, or under a device's or another sum's uid; a rule
/// for a device that is not in the configuration's files.
[[nodiscard]] Result<DerivationOptions> resolve_derivation(const DerivationConfig& config,
                                                           const std::vector<DeviceOnChannel>& devices);

}  // namespace duheng::gateway
