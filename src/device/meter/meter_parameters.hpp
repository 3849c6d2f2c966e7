#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/dlt645/data_identifier.hpp"

namespace duheng::device {

/// A parameter of group 04 that needs no rule of its own: what it is when nobody wrote it, and whether a master may.
struct MeterParameter {
  std::uint32_t identifier = 0;
  std::int64_t mantissa = 0;   ///< of numbers, bits and times
  std::string_view text = {};  ///< of ASCII fields
  bool writable = false;
};
/// nullptr when the meter has no such parameter, or one with rules of its own.
[[nodiscard]] const MeterParameter* find_meter_parameter(std::uint32_t identifier) noexcept;
[[nodiscard]] std::span<const MeterParameter> meter_parameters() noexcept;
/// As it travels, with the identifier's own format.
[[nodiscard]] std::optional<Bytes> payload_of(const MeterParameter& parameter);
/// Zone table 1 (one zone all the year) and day table 1, by the tariffs of LoadCurve; nothing for other tables.
[[nodiscard]] std::optional<Bytes> tariff_table(std::uint32_t identifier);
/// Whether octets from a master are content of that identifier: its size, good digits, times that exist.
[[nodiscard]] bool is_content_of(dlt645::DataIdentifier identifier, ByteView payload);
/// A number of decimal digits, low pair first. Nothing when a digit is none.
[[nodiscard]] std::optional<std::int64_t> digits_of(ByteView payload);

}  // namespace duheng::device
