#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/random.hpp"

namespace duheng::crypto {

/// Cost of one hash. The defaults are RFC 9106's second recommended choice with one lane (a login takes one thread).
struct PasswordHashParameters {
  std::uint32_t memory_kib = 65'536;
  std::uint32_t passes = 3;
  std::uint32_t lanes = 1;
};

/// Argon2id (RFC 9106), 16 octets of salt, 32 octets of tag, in the usual "$argon2id$v=19$m=…" form that carries its
/// own cost. Thread-safe as far as `random` is; every call takes `memory_kib` of memory while it runs.
class PasswordHasher {
 public:
  static constexpr std::size_t password_bytes_max = 1024;
  explicit PasswordHasher(Random& random, PasswordHashParameters parameters = {})
      : random_(random), parameters_(parameters) {}

  /// Errors: invalid_argument - empty or longer than `password_bytes_max`; unavailable - not enough memory now.
  [[nodiscard]] Result<std::string> hash(std::string_view password) const;
  /// Compares in constant time. Errors: malformed - `encoded` is no hash of this kind; unavailable - not enough memory
  /// now.
  [[nodiscard]] Result<bool> verify(std::string_view encoded, std::string_view password) const;
  /// Whether the hash was made with another cost than today's: hash the password again at the next login.
  [[nodiscard]] bool needs_rehash(std::string_view encoded) const;

 private:
  Random& random_;
  PasswordHashParameters parameters_;
};

}  // namespace duheng::crypto
