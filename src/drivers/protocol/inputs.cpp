#include "drivers/protocol/inputs.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/decimal.hpp"

namespace duheng::drivers {

Result<std::string_view> argument_text(const OperationInputs& inputs, std::string_view name) {
  const auto found = inputs.arguments.find(name);
  if (found == inputs.arguments.end())
    return fail(ErrorCode::invalid_argument, fmt::format("argument '{}' is missing", name));
  return std::string_view(found->second);
}

Result<std::int64_t> argument_mantissa(const OperationInputs& inputs, std::string_view name, std::int8_t exponent) {
  DUHENG_TRY(const auto text, argument_text(inputs, name));
  const auto value = Decimal::parse(text);
  if (!value)
    return fail(ErrorCode::invalid_argument, fmt::format("argument '{}' is not a plain decimal number", name));
  const auto scaled = value->rescaled(exponent);
  if (!scaled)
    return fail(ErrorCode::invalid_argument,
                fmt::format("argument '{}' is finer than 10^{}, or too large", name, exponent));
  return scaled->mantissa;
}

Result<Bytes> reversed_bcd(std::string_view text, std::size_t octets, std::string_view what) {
  const bool fits = text.size() == 2 * octets && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!fits) return fail(ErrorCode::invalid_argument, fmt::format("{} must be {} digits", what, 2 * octets));
  Bytes out(octets);
  for (std::size_t i = 0; i < octets; ++i) {
    const std::size_t pair = 2 * (octets - 1 - i);
    out[i] = bcd((text[pair] - '0') * 10 + (text[pair + 1] - '0'));
  }
  return out;
}

std::optional<NewPlace> place_at_speed(const OperationInputs& inputs) {
  const auto baud = argument_mantissa(inputs, "speed", 0);
  if (!baud || *baud <= 0 || *baud > UINT32_MAX) return std::nullopt;
  return NewPlace{.address = {},
                  .baud = static_cast<std::uint32_t>(*baud),
                  .reaches_all = false,
                  .whole_line = wants_whole_line(inputs)};
}

std::optional<FieldParity> parity_argument(const OperationInputs& inputs) {
  const auto number = argument_mantissa(inputs, "parity", 0);
  if (!number || *number < 0 || *number > static_cast<std::int64_t>(FieldParity::odd)) return std::nullopt;
  return static_cast<FieldParity>(*number);
}

std::optional<NewPlace> place_at_parity(const OperationInputs& inputs) {
  const auto parity = parity_argument(inputs);
  if (!parity) return std::nullopt;
  return NewPlace{
      .address = {}, .baud = 0, .reaches_all = false, .whole_line = wants_whole_line(inputs), .parity = parity};
}

}  // namespace duheng::drivers
