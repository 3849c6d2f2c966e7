#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/modbus/function.hpp"
#include "model/reading.hpp"

namespace duheng::modbus {

/// The four tables of a Modbus device. Source: Modbus Application Protocol V1.1b3, 4.3.
enum class Table : std::uint8_t { coils, discrete_inputs, holding_registers, input_registers };
[[nodiscard]] std::string_view to_string(Table table) noexcept;
/// The function that reads it.
[[nodiscard]] Function read_function(Table table) noexcept;
[[nodiscard]] constexpr bool holds_bits(Table table) noexcept {
  return table == Table::coils || table == Table::discrete_inputs;
}

/// What registers hold. Modbus lays down single registers only; everything wider is the maker's choice.
enum class ValueType : std::uint8_t {
  int16,
  uint16,
  int32,
  uint32,
  int48,
  uint48,
  int64,
  uint64,
  float32,  ///< IEEE 754 binary32
  float64,  ///< IEEE 754 binary64
  bcd,      ///< four decimal digits a register, highest first; `register_count` of them
  bits,     ///< `bit_count` bits from `first_bit` of the number that the registers make
  text,     ///< two characters a register, first one high; ends at the first NUL, blanks at the end cut off
};
[[nodiscard]] std::string_view to_string(ValueType type) noexcept;

/// Which register of a wide value comes first.
enum class WordOrder : std::uint8_t { high_first, low_first };

/// Where a value lies and how it is to be understood: a device model's line, as data. value = mantissa x 10^exponent.
struct RegisterDescription {
  Table table = Table::holding_registers;
  std::uint16_t address = 0;  ///< counted from 0, as it travels
  ValueType type = ValueType::uint16;
  WordOrder word_order = WordOrder::high_first;
  bool octets_swapped = false;  ///< each register travels low octet first, against the standard
  std::uint8_t register_count =
      0;  ///< for bcd (1 to 4), bits (1 to 4, 0 = 1) and text (1 to 125); else it follows from the type
  std::int8_t exponent = 0;    ///< of decimals; 0 for floats, bits and text
  std::uint8_t first_bit = 0;  ///< for bits
  std::uint8_t bit_count = 1;  ///< for bits, 1 to 63
};

/// Registers the value takes; one bit, counted 1, for coils and discrete inputs.
[[nodiscard]] unsigned width_of(const RegisterDescription& description) noexcept;
/// Errors: invalid_argument - the message names the field and its bound.
[[nodiscard]] Result<void> check(const RegisterDescription& description);

/// A value as it was read. Numbers are exact; IEEE floats stay bits (SeriesKind::ieee_bits: of a double, to which a
/// float widens without loss; only a signalling NaN becomes a quiet one).
struct RegisterValue {
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  friend bool operator==(const RegisterValue&, const RegisterValue&) = default;
};

/// Why registers give no value; as DecodeError of the frames, but counted in registers.
struct ValueError {
  ErrorCode code = ErrorCode::malformed;
  std::uint16_t register_offset = 0;  ///< into the registers given
  friend bool operator==(const ValueError&, const ValueError&) = default;
};

/// The value in `octets`, two for each of its registers, as they travelled (PduView::value_octets()). `description` has
/// passed check(); not for text, coils and inputs.
/// Errors: truncated - fewer registers than the value takes; bad_bcd_digit - a digit above 9; limit_exceeded - a uint64
/// above 2^63 - 1; invalid_argument - type text or a table of bits.
/// Pure, no allocation.
[[nodiscard]] std::expected<RegisterValue, ValueError> decode_value(const RegisterDescription& description,
                                                                    ByteView octets) noexcept;
/// The opposite: fills the first width_of() registers of `octets`. For `bits` the others of the registers become 0.
/// Errors: limit_exceeded - the value does not fit the type; truncated - no room; invalid_argument - another exponent
/// or kind than the description's.
[[nodiscard]] std::expected<void, ValueError> encode_value(const RegisterDescription& description,
                                                           const RegisterValue& value,
                                                           std::span<std::uint8_t> octets) noexcept;

/// The characters of a text in `buffer`, which has room for two a register. Errors: truncated, invalid_argument.
[[nodiscard]] std::expected<std::string_view, ValueError> decode_text(const RegisterDescription& description,
                                                                      ByteView octets, std::span<char> buffer) noexcept;

}  // namespace duheng::modbus
