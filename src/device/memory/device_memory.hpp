#pragma once
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::device {

/// What a device keeps without power: values by name. Each store() is atomic: after a power cut at any moment load()
/// gives the old value or the new one, never a mixture. What must change together belongs under one key.
/// Not thread-safe. See RamMemory (tests, power cuts) and FleetMemory (a file for all devices of a fleet).
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  /// Nothing when there never was such a value.
  [[nodiscard]] virtual std::optional<Bytes> load(std::string_view key) const = 0;
  /// When this fails the device must act as one without power: keep silent and change nothing.
  /// Errors: unavailable - no power, old or new value will be found; storage_full, storage_failed - the old value
  /// stays.
  [[nodiscard]] virtual Result<void> store(std::string_view key, ByteView value) = 0;
};

}  // namespace duheng::device
