#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "crypto/hash.hpp"

namespace duheng::rpc {

/// What a gateway needs of the one-time code: the secret as it goes over the wire, and the first 128 bits of the
/// authority's fingerprint. The code's form (Crockford's base 32, 52 characters) is told where it is made, in
/// platform/gateways.
struct EnrolmentCodeText {
  std::string secret_text{};
  std::array<std::uint8_t, 16> authority{};

  /// Errors: malformed - mistyped; the message says how, and never holds the code.
  [[nodiscard]] static Result<EnrolmentCodeText> parse(std::string_view text);
  [[nodiscard]] bool names_authority(const crypto::Hash256& fingerprint) const noexcept;
};

}  // namespace duheng::rpc
