#pragma once
// What operations share in reading their inputs.
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {

/// Errors: invalid_argument - it is missing.
[[nodiscard]] Result<std::string_view> argument_text(const OperationInputs& inputs, std::string_view name);
/// A plain decimal number in steps of 10^exponent. Errors: invalid_argument - missing, no number, or finer than that.
[[nodiscard]] Result<std::int64_t> argument_mantissa(const OperationInputs& inputs, std::string_view name,
                                                     std::int8_t exponent);
/// Exactly `octets` pairs of decimal digits as written, the last pair first, as BCD travels.
/// Errors: invalid_argument - other characters or another number of them; the message holds `what`, never the text.
[[nodiscard]] Result<Bytes> reversed_bcd(std::string_view text, std::size_t octets, std::string_view what);
/// Two decimal digits in one octet; `number` is below 100.
[[nodiscard]] constexpr std::uint8_t bcd(int number) noexcept {
  return static_cast<std::uint8_t>(number / 10 << 4 | number % 10);
}
/// The device's civil time of the inputs' moment.
[[nodiscard]] inline CivilTime civil_now(const OperationInputs& inputs) {
  return civil_time(inputs.utc_ms, inputs.zone_offset_minutes);
}

/// Where a device is after it was told to speak as the argument "speed" (bit/s) says; nothing when that is no speed.
[[nodiscard]] std::optional<NewPlace> place_at_speed(const OperationInputs& inputs);
/// Likewise with the argument "parity" (0 none, 1 even, 2 odd).
[[nodiscard]] std::optional<FieldParity> parity_argument(const OperationInputs& inputs);
[[nodiscard]] std::optional<NewPlace> place_at_parity(const OperationInputs& inputs);

}  // namespace duheng::drivers
