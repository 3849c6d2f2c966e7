#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.hpp"
#include "base/error.hpp"

namespace duheng::tools {

/// What a demo shows besides its DL/T 645 meters: some devices of every other kind there is, and some that stand in the
/// field but in nobody's list, so that one can be added by hand and another be found when it calls in.

/// The `groups` of the fleet's configuration.
[[nodiscard]] std::string mixed_fleet_groups();
/// Channels that are reached through the demo's switch, on its ports 2, 3 …
[[nodiscard]] std::vector<std::string> switch_carries();

/// A device in the field that nobody reads yet.
struct SpareDevice {
  std::string uid;
  std::string address;
  std::string model;
  std::string channel;  ///< by which a gateway reaches it; a listener for one that calls in
};

struct DividedDevices {
  std::string served_yaml;  ///< the file without the spare ones
  std::vector<SpareDevice> spare;
};
/// Leaves some devices out of the file that the fleet wrote. Errors: malformed - it is no such file.
[[nodiscard]] Result<DividedDevices> divide_devices(std::string_view devices_yaml);

/// Copies the models, with what is read every quarter of an hour read twice a minute, because nobody watches a demo for
/// so long. Errors: as ReadFile and WriteFile.
[[nodiscard]] Result<void> write_demo_models(Disk& disk, const std::string& from, const std::string& to);

/// What people call a device of that model, in Chinese; empty for electricity meters, which have the name of their
/// flat.
[[nodiscard]] std::string_view device_noun(std::string_view model) noexcept;
/// As the records name it, e.g. "cjt188".
[[nodiscard]] std::string_view protocol_of_model(std::string_view model) noexcept;

}  // namespace duheng::tools
