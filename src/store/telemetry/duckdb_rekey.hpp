#pragma once
#include "base/disk.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::store {

/// Names of what belongs to the hot file.
struct HotPaths {
  explicit HotPaths(const std::string& directory);
  std::string file, log, key, temporary;
  std::string new_file, new_key;  ///< while the key is being changed
};

/// Copies the hot file into one with the new key and puts it in the old one's place, before anybody else opens it.
/// Killed at any moment, finish_rekeying() or another call makes it whole. Errors: of the engine and the disk; the old
/// file stays then.
[[nodiscard]] Result<void> rekey_hot_file(const DuckDbTelemetryOptions& options, Disk& disk, const HotPaths& paths,
                                          const crypto::SecretKey& old_key, std::uint32_t new_version,
                                          const crypto::SecretKey& new_key);
/// What a kill in the middle of a change left: the change is finished if the new file is in its place, else forgotten.
[[nodiscard]] Result<void> finish_rekeying(Disk& disk, const std::string& directory, const HotPaths& paths);

}  // namespace duheng::store
