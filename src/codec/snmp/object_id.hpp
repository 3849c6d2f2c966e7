#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::snmp {

/// The name of a managed object, e.g. 1.3.6.1.2.1.1.3.0 (sysUpTime.0).
struct ObjectId {
  std::vector<std::uint32_t> parts{};
  static constexpr std::size_t parts_max = 128;  ///< RFC 3416, 2.1

  /// "1.3.6.1.2.1.1.3.0", with or without a leading dot. Errors: invalid_argument - not such a text, or a name that BER
  /// cannot hold (the first part is 0 to 2, the second below 40 under 0 and 1).
  [[nodiscard]] static Result<ObjectId> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  /// `this` is `root` or lies below it.
  [[nodiscard]] bool is_within(const ObjectId& root) const noexcept;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

}  // namespace duheng::snmp
