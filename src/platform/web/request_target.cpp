#include "platform/web/request_target.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/time.hpp"
#include "platform/web/http.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t segments_max = 32;
constexpr std::size_t query_items_max = 32;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Take>
void for_each_part(std::string_view text, char separator, Take&& take) {
  while (true) {
    const std::size_t at = text.find(separator);
    take(text.substr(0, at));
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + 1);
  }
}

/// The number of octets of the UTF-8 character at the front; 0 when it is malformed.
std::size_t utf8_character_bytes(std::string_view text) noexcept {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i, unsigned char low = 0x80, unsigned char high = 0xBF) {
    return i < text.size() && octet(i) >= low && octet(i) <= high;
  };
  const unsigned char first = octet(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned char low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : 0xBF;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned char low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xF4 ? 0x8F : 0xBF;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t octets = utf8_character_bytes(text);
    if (octets == 0) return false;
    text.remove_prefix(octets);
  }
  return true;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(ErrorCode::malformed, "a percent escape is broken");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_blank) {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return fail(ErrorCode::malformed, "a control octet in the address");
    out.push_back(c);
  }
  if (!is_utf8(out)) return fail(ErrorCode::malformed, "the address is not UTF-8");
  return out;
}

Result<RequestTarget> parse_target(std::string_view target) {
  if (target.empty() || target.front() != '/') return fail(ErrorCode::malformed, "the request target is not a path");
  RequestTarget out;
  const std::size_t fragment = target.find('#');
  if (fragment != std::string_view::npos) return fail(ErrorCode::malformed, "a fragment in the request target");
  const std::size_t question = target.find('?');
  std::string_view path = target.substr(1, question == std::string_view::npos ? question : question - 1);
  if (!path.empty() && path.back() == '/') {
    out.trailing_slash = true;
    path.remove_suffix(1);
    if (path.empty()) return fail(ErrorCode::malformed, "the path begins with two slashes");
  }
  std::optional<Error> error;
  if (!path.empty()) {
    for_each_part(path, '/', [&](std::string_view part) {
      if (error) return;
      auto decoded = percent_decode(part, false);
      if (!decoded) {
        error = decoded.error();
      } else if (*decoded == "." || *decoded == ".." || decoded->empty() ||
                 decoded->find_first_of("/\\") != std::string::npos) {
        error = Error{ErrorCode::malformed, "the path has an empty, relative or ambiguous segment"};
      } else if (out.segments.size() == segments_max) {
        error = Error{ErrorCode::limit_exceeded, fmt::format("the path has over {} segments", segments_max)};
      } else {
        out.segments.push_back(std::move(*decoded));
      }
    });
  }
  if (question != std::string_view::npos && question + 1 < target.size()) {
    for_each_part(target.substr(question + 1), '&', [&](std::string_view part) {
      if (error || part.empty()) return;
      const std::size_t equals = part.find('=');
      auto name = percent_decode(part.substr(0, equals), true);
      auto value =
          percent_decode(equals == std::string_view::npos ? std::string_view{} : part.substr(equals + 1), true);
      if (!name || !value) {
        error = name ? value.error() : name.error();
      } else if (out.query.size() == query_items_max) {
        error = Error{ErrorCode::limit_exceeded, fmt::format("the query has over {} items", query_items_max)};
      } else if (std::ranges::any_of(out.query, [&](const QueryItem& item) { return item.name == *name; })) {
        error = Error{ErrorCode::malformed, "a query name stands twice"};
      } else {
        out.query.push_back({std::move(*name), std::move(*value)});
      }
    });
  }
  if (error) return std::unexpected(*error);
  return out;
}

std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) noexcept {
  std::optional<std::string_view> found;
  for_each_part(header, ';', [&](std::string_view part) {
    part = trimmed(part);
    const std::size_t equals = part.find('=');
    if (!found && equals != std::string_view::npos && part.substr(0, equals) == name) found = part.substr(equals + 1);
  });
  return found;
}

bool accepts_encoding(std::string_view header, std::string_view coding) noexcept {
  bool accepted = false;
  for_each_part(header, ',', [&](std::string_view part) {
    const std::size_t semicolon = part.find(';');
    if (!equal_ignoring_case(trimmed(part.substr(0, semicolon)), coding)) return;
    accepted = true;
    if (semicolon == std::string_view::npos) return;
    const std::string_view weight = trimmed(part.substr(semicolon + 1));
    // "q=0", "q=0.0": zero only when no other digit follows.
    if (weight.size() > 2 && (weight[0] == 'q' || weight[0] == 'Q') && weight[1] == '=') {
      accepted = weight.substr(2).find_first_of("123456789") != std::string_view::npos;
    }
  });
  return accepted;
}

const std::string* QueryReader::find(std::string_view name) {
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].name == name) {
      used_[i] = true;
      return items_[i].value.empty() ? nullptr : &items_[i].value;
    }
  }
  return nullptr;
}

void QueryReader::reject(std::string_view name, std::string_view reason) {
  if (!error_) error_ = Error{ErrorCode::invalid_argument, fmt::format("query item \"{}\" {}", name, reason)};
}

std::int64_t QueryReader::integer(std::string_view name, std::int64_t minimum, std::int64_t maximum,
                                  std::int64_t fallback) {
  const std::string* value = find(name);
  if (value == nullptr) return fallback;
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (code != std::errc{} || end != value->data() + value->size()) {
    reject(name, "is not an integer");
  } else if (number < minimum || number > maximum) {
    reject(name, fmt::format("must be from {} to {}", minimum, maximum));
  } else {
    return number;
  }
  return fallback;
}

std::optional<std::int64_t> QueryReader::optional_id(std::string_view name) {
  const std::int64_t id = integer(name, 1, INT64_MAX, 0);
  return id == 0 ? std::nullopt : std::optional{id};
}

std::string QueryReader::text(std::string_view name, std::size_t characters_max) {
  const std::string* value = find(name);
  if (value == nullptr) return {};
  // Octets that begin a character; the query is known to be UTF-8.
  const auto characters = static_cast<std::size_t>(
      std::ranges::count_if(*value, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
  if (characters > characters_max) {
    reject(name, fmt::format("is longer than {} characters", characters_max));
    return {};
  }
  return *value;
}

std::optional<std::string> QueryReader::choice(std::string_view name, std::initializer_list<std::string_view> words) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (std::ranges::find(words, std::string_view{*value}) == words.end()) {
    reject(name, fmt::format("must be one of {}", fmt::join(words, ", ")));
    return std::nullopt;
  }
  return *value;
}

std::optional<std::int64_t> QueryReader::time(std::string_view name) {
  const std::string* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto time = parse_iso8601(*value);
  if (!time) {
    reject(name, "is not a time in ISO 8601 with an offset, e.g. 2026-11-21T00:00:00Z");
    return std::nullopt;
  }
  return *time;
}

std::int64_t QueryReader::required_time(std::string_view name) {
  const auto value = time(name);
  if (!value) reject(name, "is required");
  return value.value_or(0);
}

std::string QueryReader::required_date(std::string_view name) {
  const std::string* value = find(name);
  const auto digit = [&](std::size_t i) { return (*value)[i] >= '0' && (*value)[i] <= '9'; };
  if (value == nullptr) {
    reject(name, "is required");
    return {};
  }
  bool good = value->size() == 10 && (*value)[4] == '-' && (*value)[7] == '-';
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U}) good = good && digit(i);
  if (!good) {
    reject(name, "is not a date, e.g. 2026-11-21");
    return {};
  }
  return *value;
}

Result<void> QueryReader::finish() const {
  if (error_) return std::unexpected(*error_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (!used_[i])
      return fail(ErrorCode::invalid_argument, fmt::format("query item \"{}\" is not known here", items_[i].name));
  }
  return {};
}

}  // namespace duheng::platform::web
