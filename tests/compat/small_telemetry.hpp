#pragma once
#include <string>

#include "crypto/key_provider.hpp"

namespace duheng::compat {

/// Writes the closed telemetry file of `directory` again in blocks of 16 KiB instead of 256 KiB, the smallest that the
/// engine knows: an almost empty one is then small enough to be kept in the repository. Everything else of the format
/// is as it was; readers take the size of blocks from the file.
[[nodiscard]] Result<void> make_telemetry_small(const std::string& directory, const crypto::SecretKey& key);

}  // namespace duheng::compat
