#include "platform/analyser/builder.hpp"

#include <algorithm>
#include <charconv>

namespace duheng::platform::analyser {

namespace {

constexpr std::size_t value_bytes_max = 8'192;

std::unexpected<Error> refuse(const Parameter& parameter, std::string_view why) {
  return fail(ErrorCode::invalid_argument, std::string(parameter.name) + ": " + std::string(why));
}

/// Digits at fixed places; -1 when one is none.
int digits(std::string_view text, std::size_t at, std::size_t count) noexcept {
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::size_t characters(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return fail(ErrorCode::invalid_argument, "no integer");
  return value;
}

std::string range_of(const Parameter& parameter, std::string_view what) {
  std::string out = std::to_string(parameter.minimum);
  if (parameter.minimum != parameter.maximum) out += " to " + std::to_string(parameter.maximum);
  return out.append(" ").append(what);
}
bool in_range(const Parameter& parameter, std::size_t count) noexcept {
  return static_cast<std::int64_t>(count) >= parameter.minimum && static_cast<std::int64_t>(count) <= parameter.maximum;
}

Result<void> check_value(const Parameter& parameter, std::string_view value) {
  switch (parameter.type) {
    case ParameterType::hex: {
      const auto octets = from_hex(value);
      if (!octets) return refuse(parameter, "not hexadecimal, or half an octet");
      if (!in_range(parameter, octets->size())) return refuse(parameter, range_of(parameter, "octets are due"));
      return {};
    }
    case ParameterType::integer: {
      const auto number = to_integer(value);
      if (!number || *number < parameter.minimum || *number > parameter.maximum) {
        return refuse(parameter, "an integer from " + range_of(parameter, "is due"));
      }
      return {};
    }
    case ParameterType::text:
      if (!in_range(parameter, characters(value))) return refuse(parameter, range_of(parameter, "characters are due"));
      return {};
    case ParameterType::date_time:
      if (!parse_local_time(value)) return refuse(parameter, "a time as 2026-11-21T09:12:55 is due");
      return {};
    case ParameterType::choice:
      if (std::ranges::find(parameter.choices, value, &Choice::value) == parameter.choices.end()) {
        return refuse(parameter, "none of the choices");
      }
      return {};
    case ParameterType::flag:
      if (value != "true" && value != "false") return refuse(parameter, "true or false is due");
      return {};
  }
  return refuse(parameter, "unknown type");
}

}  // namespace

std::string_view to_string(ParameterType type) noexcept {
  switch (type) {
    case ParameterType::hex:
      return "hex";
    case ParameterType::integer:
      return "integer";
    case ParameterType::text:
      return "text";
    case ParameterType::date_time:
      return "date_time";
    case ParameterType::choice:
      return "choice";
    case ParameterType::flag:
      return "flag";
  }
  return "text";
}

Result<LocalTime> parse_local_time(std::string_view text) {
  const auto none = fail(ErrorCode::invalid_argument, "no such time");
  if (text.size() == 16) {
    // A browser's time field leaves seconds of 0 out.
    return parse_local_time(std::string(text) + ":00");
  }
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':') {
    return none;
  }
  const LocalTime out{digits(text, 0, 4),  digits(text, 5, 2),  digits(text, 8, 2),
                      digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
  static constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (out.year < 0 || out.month < 1 || out.month > 12 || out.hour < 0 || out.hour > 23 || out.minute < 0 ||
      out.minute > 59 || out.second < 0 || out.second > 59) {
    return none;
  }
  const bool is_leap = out.year % 4 == 0 && (out.year % 100 != 0 || out.year % 400 == 0);
  const int last = out.month == 2 && is_leap ? 29 : days[out.month - 1];
  if (out.day < 1 || out.day > last) return none;
  return out;
}

Result<Arguments> Arguments::check(std::span<const Parameter> parameters, const Given& given) {
  for (const auto& [name, value] : given) {
    if (std::ranges::find(parameters, name, &Parameter::name) == parameters.end()) {
      return fail(ErrorCode::invalid_argument, name.substr(0, 40) + ": this kind of frame has no such parameter");
    }
  }
  Arguments out;
  for (const Parameter& parameter : parameters) {
    const auto found = given.find(parameter.name);
    std::string value = found == given.end() ? std::string(parameter.default_value) : found->second;
    if (value.size() > value_bytes_max) return refuse(parameter, "too long");
    if (value.empty()) {
      if (parameter.required) return refuse(parameter, "is missing");
    } else if (const auto checked = check_value(parameter, value); !checked) {
      return std::unexpected(checked.error());
    }
    out.values_.emplace(parameter.name, std::move(value));
  }
  return out;
}

const std::string& Arguments::text(std::string_view name) const {
  static const std::string none;
  const auto found = values_.find(name);
  return found == values_.end() ? none : found->second;
}

std::int64_t Arguments::integer(std::string_view name) const { return to_integer(text(name)).value_or(0); }

Bytes Arguments::octets(std::string_view name) const { return from_hex(text(name)).value_or(Bytes{}); }

}  // namespace duheng::platform::analyser
