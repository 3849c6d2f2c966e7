#pragma once
// Private to the handlers: reads a JSON body strictly.
#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "platform/web/api_json.hpp"

namespace duheng::platform::web {

/// Reads one JSON object; the first thing that is wrong sticks and finish() tells it.
class BodyReader {
 public:
  BodyReader(const Json& json, std::initializer_list<std::string_view> known) : json_(json) {
    if (!json.is_object()) {
      error_ = Error{ErrorCode::malformed, "the body, and each of its items, must be an object"};
      return;
    }
    for (const auto& [key, value] : json.items()) {
      if (std::ranges::find(known, key) == known.end()) reject(key, "is not known here");
    }
  }
  /// Null when it is not there or null.
  [[nodiscard]] const Json* find(const char* key) const {
    if (!json_.is_object()) return nullptr;
    const auto at = json_.find(key);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }
  std::string text(const char* key, std::size_t octets_max) {
    const Json* found = find(key);
    if (found == nullptr) return {};
    if (!found->is_string() || found->get_ref<const std::string&>().size() > octets_max) {
      reject(key, fmt::format("must be a text of at most {} octets", octets_max));
      return {};
    }
    return found->get<std::string>();
  }
  std::int64_t integer(const char* key, std::int64_t minimum, std::int64_t maximum, std::int64_t usual) {
    const Json* found = find(key);
    if (found == nullptr) return usual;
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX) &&
                      found->get<std::int64_t>() >= minimum && found->get<std::int64_t>() <= maximum;
    if (!fits) reject(key, fmt::format("must be an integer from {} to {}", minimum, maximum));
    return fits ? found->get<std::int64_t>() : usual;
  }
  bool flag(const char* key, bool usual) {
    const Json* found = find(key);
    if (found == nullptr) return usual;
    if (!found->is_boolean()) reject(key, "must be true or false");
    return found->is_boolean() && found->get<bool>();
  }
  std::int64_t time(const char* key) {
    const auto parsed = parse_iso8601(text(key, 64));
    if (!parsed || *parsed < 0) reject(key, "must be a time such as 2026-11-21T09:12:55Z");
    return parsed ? *parsed : 0;
  }
  /// A number in plain notation, as a text; nothing when it is not there.
  std::optional<Decimal> decimal(const char* key) {
    if (find(key) == nullptr) return std::nullopt;
    const auto parsed = Decimal::parse(text(key, 32));
    if (!parsed) {
      reject(key, "must be a number in plain notation, as a text");
      return std::nullopt;
    }
    return *parsed;
  }
  /// The items of a list, or none.
  const Json& list(const char* key, std::size_t items_max) {
    static const Json empty = Json::array();
    const Json* found = find(key);
    if (found == nullptr) return empty;
    if (!found->is_array() || found->size() > items_max) {
      reject(key, fmt::format("must be a list of at most {}", items_max));
      return empty;
    }
    return *found;
  }
  void reject(std::string_view key, std::string_view why) {
    if (!error_) error_ = Error{ErrorCode::invalid_argument, fmt::format("\"{}\" {}", key, why)};
  }
  [[nodiscard]] Result<void> finish() const {
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  const Json& json_;
  std::optional<Error> error_;
};

/// Errors: malformed - no JSON.
[[nodiscard]] inline Result<Json> parse_body(std::string_view body) {
  Json json = Json::parse(body, nullptr, false);
  if (json.is_discarded()) return fail(ErrorCode::malformed, "the body is not JSON");
  return json;
}

}  // namespace duheng::platform::web
