#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

/// Stands beside the database file: which key version opens it, and a value that tells the right key from a wrong one.
/// The engine's own check cannot: damage in the file's header looks to it like a wrong key.
///
/// Text, three lines: "duheng telemetry key 1", "version N", "check HEX" with HEX = HMAC-SHA256(key, a fixed text).
struct TelemetryKeyFile {
  std::uint32_t key_version = 0;
  crypto::Hash256 check{};

  [[nodiscard]] static TelemetryKeyFile make(std::uint32_t key_version, const crypto::SecretKey& key);
  /// Errors: malformed; unsupported - of a newer release.
  [[nodiscard]] static Result<TelemetryKeyFile> parse(std::string_view text);
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] bool fits(const crypto::SecretKey& key) const;
  friend bool operator==(const TelemetryKeyFile&, const TelemetryKeyFile&) = default;
};

}  // namespace duheng::store
