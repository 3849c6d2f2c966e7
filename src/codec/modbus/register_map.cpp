#include "codec/modbus/register_map.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace duheng::modbus {

namespace {

constexpr unsigned number_registers_max = 4;
constexpr unsigned bcd_digits_per_register = 4;

bool is_float(ValueType type) noexcept { return type == ValueType::float32 || type == ValueType::float64; }

/// Width of the types that have one of their own; 0 for those that are told by `register_count`.
unsigned fixed_width(ValueType type) noexcept {
  switch (type) {
    case ValueType::int16:
    case ValueType::uint16:
      return 1;
    case ValueType::int32:
    case ValueType::uint32:
    case ValueType::float32:
      return 2;
    case ValueType::int48:
    case ValueType::uint48:
      return 3;
    case ValueType::int64:
    case ValueType::uint64:
    case ValueType::float64:
      return 4;
    case ValueType::bcd:
    case ValueType::bits:
    case ValueType::text:
      return 0;
  }
  return 0;
}

bool is_signed(ValueType type) noexcept {
  return type == ValueType::int16 || type == ValueType::int32 || type == ValueType::int48 || type == ValueType::int64;
}

/// The place on the line of the register with rank `rank`, 0 being the highest.
unsigned place_of(const RegisterDescription& description, unsigned rank, unsigned width) noexcept {
  return description.word_order == WordOrder::high_first ? rank : width - 1 - rank;
}

std::uint16_t load(const RegisterDescription& description, ByteView octets, unsigned place) noexcept {
  const std::uint8_t first = octets[2U * place];
  const std::uint8_t second = octets[2U * place + 1];
  return static_cast<std::uint16_t>(description.octets_swapped ? second << 8 | first : first << 8 | second);
}

void store(const RegisterDescription& description, std::span<std::uint8_t> octets, unsigned place,
           std::uint16_t word) noexcept {
  const auto high = static_cast<std::uint8_t>(word >> 8);
  const auto low = static_cast<std::uint8_t>(word);
  octets[2U * place] = description.octets_swapped ? low : high;
  octets[2U * place + 1] = description.octets_swapped ? high : low;
}

std::uint64_t load_number(const RegisterDescription& description, ByteView octets, unsigned width) noexcept {
  std::uint64_t number = 0;
  for (unsigned rank = 0; rank < width; ++rank) {
    number = number << 16 | load(description, octets, place_of(description, rank, width));
  }
  return number;
}

std::uint64_t mask_of(unsigned bits) noexcept { return bits >= 64 ? ~0ULL : (1ULL << bits) - 1; }

std::int64_t sign_extended(std::uint64_t number, unsigned bits) noexcept {
  const unsigned places = 64 - bits;
  return static_cast<std::int64_t>(number << places) >> places;
}

std::unexpected<ValueError> fault(ErrorCode code, unsigned register_offset = 0) noexcept {
  return std::unexpected(ValueError{code, static_cast<std::uint16_t>(register_offset)});
}

std::expected<RegisterValue, ValueError> decode_bcd(const RegisterDescription& description, ByteView octets,
                                                    unsigned width) noexcept {
  std::int64_t mantissa = 0;
  for (unsigned rank = 0; rank < width; ++rank) {
    const unsigned place = place_of(description, rank, width);
    const std::uint16_t word = load(description, octets, place);
    for (int digit_at = bcd_digits_per_register - 1; digit_at >= 0; --digit_at) {
      const unsigned digit = word >> (4 * digit_at) & 0x0FU;
      if (digit > 9) return fault(ErrorCode::bad_bcd_digit, place);
      mantissa = mantissa * 10 + static_cast<std::int64_t>(digit);
    }
  }
  return RegisterValue{mantissa, description.exponent, SeriesKind::decimal};
}

/// The bits to be sent for a decimal, or nothing when it does not fit.
std::expected<std::uint64_t, ValueError> number_bits(const RegisterDescription& description, std::int64_t mantissa,
                                                     unsigned width) noexcept {
  if (description.type == ValueType::bcd) {
    if (mantissa < 0) return fault(ErrorCode::limit_exceeded);
    std::uint64_t bits = 0;
    for (unsigned at = 0; at < width * bcd_digits_per_register; ++at) {
      bits |= static_cast<std::uint64_t>(mantissa % 10) << (4 * at);
      mantissa /= 10;
    }
    if (mantissa != 0) return fault(ErrorCode::limit_exceeded);
    return bits;
  }
  const unsigned bit_count = 16 * width;
  const auto bits = static_cast<std::uint64_t>(mantissa);
  const bool fits = is_signed(description.type) ? sign_extended(bits, bit_count) == mantissa
                                                : mantissa >= 0 && (bits & ~mask_of(bit_count)) == 0;
  if (!fits) return fault(ErrorCode::limit_exceeded);
  return bits & mask_of(bit_count);
}

std::expected<std::uint64_t, ValueError> value_bits(const RegisterDescription& description, const RegisterValue& value,
                                                    unsigned width) noexcept {
  const auto bits = static_cast<std::uint64_t>(value.mantissa);
  switch (description.type) {
    case ValueType::float64:
      return bits;
    case ValueType::float32: {
      const auto wide = std::bit_cast<double>(bits);
      const auto narrow = static_cast<float>(wide);
      const bool same = std::isnan(wide) || static_cast<double>(narrow) == wide;
      if (!same) return fault(ErrorCode::limit_exceeded);
      return std::bit_cast<std::uint32_t>(narrow);
    }
    case ValueType::bits:
      if ((bits & ~mask_of(description.bit_count)) != 0) return fault(ErrorCode::limit_exceeded);
      return bits << description.first_bit;
    default:
      return number_bits(description, value.mantissa, width);
  }
}

SeriesKind kind_of(ValueType type) noexcept {
  if (is_float(type)) return SeriesKind::ieee_bits;
  return type == ValueType::bits ? SeriesKind::bit_set : SeriesKind::decimal;
}

}  // namespace

std::string_view to_string(Table table) noexcept {
  constexpr std::array names = {"coils", "discrete_inputs", "holding_registers", "input_registers"};
  return names[static_cast<std::size_t>(table)];
}

Function read_function(Table table) noexcept {
  constexpr std::array functions = {Function::read_coils, Function::read_discrete_inputs,
                                    Function::read_holding_registers, Function::read_input_registers};
  return functions[static_cast<std::size_t>(table)];
}

std::string_view to_string(ValueType type) noexcept {
  constexpr std::array names = {"int16",  "uint16",  "int32",   "uint32", "int48", "uint48", "int64",
                                "uint64", "float32", "float64", "bcd",    "bits",  "text"};
  return names[static_cast<std::size_t>(type)];
}

unsigned width_of(const RegisterDescription& description) noexcept {
  if (holds_bits(description.table)) return 1;
  if (const unsigned width = fixed_width(description.type); width != 0) return width;
  return description.register_count == 0 ? 1U : description.register_count;
}

Result<void> check(const RegisterDescription& description) {
  const auto refuse = [](std::string message) { return fail(ErrorCode::invalid_argument, std::move(message)); };
  const unsigned width = width_of(description);
  const unsigned fixed = fixed_width(description.type);
  if (holds_bits(description.table)) {
    if (description.type != ValueType::bits) return refuse("coils and discrete inputs hold bits only");
    if (description.bit_count != 1 || description.first_bit != 0) return refuse("a coil or input is one bit");
  } else if (fixed != 0) {
    if (description.register_count != 0 && description.register_count != fixed) {
      return refuse(fmt::format("{} takes {} registers", to_string(description.type), fixed));
    }
  } else if (description.type == ValueType::text) {
    if (description.register_count == 0 || width > limits::read_registers_max) {
      return refuse(fmt::format("text takes 1 to {} registers", limits::read_registers_max));
    }
  } else if (width > number_registers_max || (description.type == ValueType::bcd && description.register_count == 0)) {
    return refuse(fmt::format("{} takes 1 to {} registers", to_string(description.type), number_registers_max));
  }
  if (description.type == ValueType::bits && !holds_bits(description.table) &&
      (description.bit_count == 0 || description.bit_count > 63 ||
       description.first_bit + unsigned{description.bit_count} > 16 * width)) {
    return refuse(fmt::format("bits {} to {} do not lie in {} registers", description.first_bit,
                              description.first_bit + int{description.bit_count} - 1, width));
  }
  if (kind_of(description.type) != SeriesKind::decimal || description.type == ValueType::text) {
    if (description.exponent != 0) return refuse(fmt::format("{} has no exponent", to_string(description.type)));
  }
  if (description.address + width > limits::addresses) {
    return refuse(fmt::format("address {} and {} registers run past 65535", description.address, width));
  }
  return {};
}

std::expected<RegisterValue, ValueError> decode_value(const RegisterDescription& description,
                                                      ByteView octets) noexcept {
  if (description.type == ValueType::text || holds_bits(description.table)) return fault(ErrorCode::invalid_argument);
  const unsigned width = width_of(description);
  if (width > number_registers_max) return fault(ErrorCode::invalid_argument);
  if (octets.size() < 2U * width) return fault(ErrorCode::truncated, static_cast<unsigned>(octets.size() / 2));
  if (description.type == ValueType::bcd) return decode_bcd(description, octets, width);
  const std::uint64_t number = load_number(description, octets, width);
  RegisterValue value{0, description.exponent, kind_of(description.type)};
  if (is_float(description.type)) {
    const double wide = description.type == ValueType::float64
                            ? std::bit_cast<double>(number)
                            : double{std::bit_cast<float>(static_cast<std::uint32_t>(number))};
    // A double is passed on bit by bit: going through a register could quieten a signalling NaN.
    value.mantissa =
        description.type == ValueType::float64 ? static_cast<std::int64_t>(number) : std::bit_cast<std::int64_t>(wide);
    value.exponent = 0;
  } else if (description.type == ValueType::bits) {
    value.mantissa = static_cast<std::int64_t>(number >> (description.first_bit % 64) & mask_of(description.bit_count));
    value.exponent = 0;
  } else if (is_signed(description.type)) {
    value.mantissa = sign_extended(number, 16 * width);
  } else {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return fault(ErrorCode::limit_exceeded, place_of(description, 0, width));
    }
    value.mantissa = static_cast<std::int64_t>(number);
  }
  return value;
}

std::expected<void, ValueError> encode_value(const RegisterDescription& description, const RegisterValue& value,
                                             std::span<std::uint8_t> octets) noexcept {
  const unsigned width = width_of(description);
  if (description.type == ValueType::text || holds_bits(description.table) || width > number_registers_max ||
      value.kind != kind_of(description.type) || value.exponent != description.exponent) {
    return fault(ErrorCode::invalid_argument);
  }
  if (octets.size() < 2U * width) return fault(ErrorCode::truncated, static_cast<unsigned>(octets.size() / 2));
  const auto bits = value_bits(description, value, width);
  if (!bits) return std::unexpected(bits.error());
  for (unsigned rank = 0; rank < width; ++rank) {
    store(description, octets, place_of(description, rank, width),
          static_cast<std::uint16_t>(*bits >> (16 * (width - 1 - rank))));
  }
  return {};
}

std::expected<std::string_view, ValueError> decode_text(const RegisterDescription& description, ByteView octets,
                                                        std::span<char> buffer) noexcept {
  const unsigned width = width_of(description);
  if (description.type != ValueType::text || buffer.size() < 2U * width) return fault(ErrorCode::invalid_argument);
  if (octets.size() < 2U * width) return fault(ErrorCode::truncated, static_cast<unsigned>(octets.size() / 2));
  std::size_t size = 0;
  for (unsigned rank = 0; rank < width; ++rank) {
    const std::uint16_t word = load(description, octets, place_of(description, rank, width));
    buffer[size++] = static_cast<char>(word >> 8);
    buffer[size++] = static_cast<char>(word & 0xFF);
  }
  std::string_view text(buffer.data(), size);
  text = text.substr(0, text.find('\0'));
  const auto last = text.find_last_not_of(' ');
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

}  // namespace duheng::modbus
