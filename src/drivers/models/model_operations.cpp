#include "drivers/models/model_operations.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "drivers/protocol/civil_time.hpp"

namespace duheng::drivers {
namespace {

std::unexpected<Error> wrong(const ModelArgument& argument, std::string_view reason) {
  return fail(ErrorCode::invalid_argument, fmt::format("argument '{}' {}", argument.name, reason));
}

/// YYYY-MM-DDThh:mm:ss as CCYYMMDDhhmmss.
std::optional<std::int64_t> time_digits(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() != form.size()) return std::nullopt;
  std::int64_t digits = 0;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '0') {
      if (text[i] != form[i]) return std::nullopt;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits = digits * 10 + (text[i] - '0');
  }
  return exists(civil_time_of_digits(digits)) ? std::optional(digits) : std::nullopt;
}

const ModelChoice* find_choice(const ModelArgument& argument, std::string_view text) {
  const auto found = std::ranges::find(argument.choices, text, &ModelChoice::value);
  return found == argument.choices.end() ? nullptr : &*found;
}

/// a < b, whatever their exponents; what is too far apart to compare exactly is decided by the sign.
bool less(const Decimal& a, const Decimal& b) {
  const std::int8_t fine = std::min(a.exponent, b.exponent);
  const auto left = a.rescaled(fine);
  const auto right = b.rescaled(fine);
  if (left && right) return left->mantissa < right->mantissa;
  if (!left) return a.mantissa < 0;
  return b.mantissa > 0;
}

Result<void> check_number(const ModelArgument& argument, std::string_view text) {
  const auto value = Decimal::parse(text);
  if (!value) return wrong(argument, "is not a plain decimal number");
  if (argument.type == ArgumentType::integer && value->exponent != 0) return wrong(argument, "must be a whole number");
  if (argument.minimum && less(*value, *argument.minimum))
    return wrong(argument, "is below " + argument.minimum->to_string());
  if (argument.maximum && less(*argument.maximum, *value))
    return wrong(argument, "is above " + argument.maximum->to_string());
  return {};
}

Result<void> check_text(const ModelArgument& argument, std::string_view text) {
  constexpr std::size_t characters_max = 256;
  const Decimal size{static_cast<std::int64_t>(text.size()), 0};
  const bool is_short = argument.minimum && less(size, *argument.minimum);
  const bool is_long = text.size() > characters_max || (argument.maximum && less(*argument.maximum, size));
  if (is_short || is_long) return wrong(argument, "has too few or too many characters");
  return {};
}

bool meets(const ReadBack::Expectation& expected, const ModelItem& item, const ItemValue& value) {
  if (item.kind == SeriesKind::decimal) return value.mantissa == static_cast<std::int64_t>(expected.value);
  return (static_cast<std::uint64_t>(value.mantissa) & expected.mask) == expected.value;
}

Result<bool> meets_argument(const ReadBack::Expectation& expected, const ModelItem& item, const ItemValue& value,
                            std::span<const ModelArgument> arguments, const OperationInputs& inputs) {
  const auto argument = std::ranges::find(arguments, expected.argument, &ModelArgument::name);
  const auto given = inputs.arguments.find(expected.argument);
  if (argument == arguments.end() || given == inputs.arguments.end())
    return fail(ErrorCode::invalid_argument, fmt::format("argument '{}' is missing", expected.argument));
  DUHENG_TRY(const auto wanted, expected_mantissa(*argument, item, given->second));
  const auto read = Decimal{value.mantissa, value.exponent}.rescaled(item.exponent);
  return read && read->mantissa == wanted;
}

}  // namespace

std::string_view to_string(Danger danger) noexcept {
  constexpr std::string_view words[] = {"none", "supply", "irreversible"};
  return words[static_cast<std::size_t>(danger)];
}
std::string_view to_string(ArgumentType type) noexcept {
  constexpr std::string_view words[] = {"integer", "decimal", "text", "time", "choice"};
  return words[static_cast<std::size_t>(type)];
}
std::string_view to_string(HistoryKind kind) noexcept {
  constexpr std::string_view words[] = {"profile", "daily_freeze", "monthly_freeze", "events"};
  return words[static_cast<std::size_t>(kind)];
}

Result<void> check_argument(const ModelArgument& argument, std::string_view text) {
  switch (argument.type) {
    case ArgumentType::integer:
    case ArgumentType::decimal:
      return check_number(argument, text);
    case ArgumentType::text:
      return check_text(argument, text);
    case ArgumentType::time:
      if (!time_digits(text)) return wrong(argument, "is not a time as YYYY-MM-DDThh:mm:ss");
      return {};
    case ArgumentType::choice:
      if (find_choice(argument, text) == nullptr) return wrong(argument, "is none of its choices");
      return {};
  }
  return {};
}

Result<void> check_arguments(std::span<const ModelArgument> arguments, const OperationInputs& inputs) {
  for (const auto& [name, text] : inputs.arguments)
    if (std::ranges::find(arguments, name, &ModelArgument::name) == arguments.end())
      return fail(ErrorCode::invalid_argument, fmt::format("there is no argument '{}'", name));
  for (const auto& argument : arguments) {
    const auto given = inputs.arguments.find(argument.name);
    if (given == inputs.arguments.end()) {
      if (argument.required) return wrong(argument, "is missing");
      continue;
    }
    DUHENG_CHECK(check_argument(argument, given->second));
  }
  return {};
}

Result<std::int64_t> expected_mantissa(const ModelArgument& argument, const ModelItem& item, std::string_view text) {
  DUHENG_CHECK(check_argument(argument, text));
  if (argument.type == ArgumentType::text) return wrong(argument, "is text, which no register holds");
  if (argument.type == ArgumentType::time) return *time_digits(text);
  if (argument.type == ArgumentType::choice) return find_choice(argument, text)->mantissa;
  DUHENG_TRY(const auto value, Decimal::parse(text));
  const auto scaled = value.rescaled(item.exponent);
  if (!scaled)
    return wrong(argument, fmt::format("is finer than the register, whose last digit is 10^{}", item.exponent));
  return scaled->mantissa;
}

Result<bool> holds(const ReadBack& read_back, std::span<const ModelArgument> arguments, const OperationInputs& inputs,
                   std::span<const ItemValue> values) {
  for (const auto& expected : read_back.expectations) {
    const auto value = std::ranges::find(values, expected.item, &ItemValue::item);
    if (value == values.end() || value->state != ItemState::good) return false;
    const ModelItem& item = read_back.question.items.at(expected.item);
    if (expected.argument.empty()) {
      if (!meets(expected, item, *value)) return false;
      continue;
    }
    DUHENG_TRY(const bool equal, meets_argument(expected, item, *value, arguments, inputs));
    if (!equal) return false;
  }
  return true;
}

std::optional<std::int64_t> device_utc_ms(const ModelClock& clock, std::span<const ClockPart> parts,
                                          std::int32_t zone_offset_minutes) {
  std::optional<std::int64_t> whole;
  std::optional<std::int64_t> date;
  std::optional<std::int64_t> time;
  std::uint32_t date_question = 0;
  std::uint32_t time_question = 0;
  for (const auto& part : parts) {
    if (part.question >= clock.questions.size() || part.item >= clock.questions[part.question].items.size())
      return std::nullopt;
    const std::string& name = clock.questions[part.question].items[part.item].register_name;
    if (name == "clock") whole = part.mantissa;
    if (name == "clock_date") date = part.mantissa, date_question = part.question;
    if (name == "clock_time") time = part.mantissa, time_question = part.question;
  }
  if (whole) return *whole < 0 ? std::nullopt : utc_ms_of(civil_time_of_digits(*whole), zone_offset_minutes);
  if (!date || !time || *date < 0 || *time < 0 || *time > 235'959) return std::nullopt;
  constexpr std::int64_t last_minute = 235'900;
  constexpr std::int64_t second_minute = 100;
  if (date_question != time_question && (*time >= last_minute || *time < second_minute)) return std::nullopt;
  constexpr std::int64_t time_digits_scale = 1'000'000;
  constexpr std::int64_t century = 20'000'000;
  // YYMMDDWW: the weekday is not needed.
  return utc_ms_of(civil_time_of_digits((century + *date / 100) * time_digits_scale + *time), zone_offset_minutes);
}

}  // namespace duheng::drivers
