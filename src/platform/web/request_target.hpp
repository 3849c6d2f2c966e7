#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform::web {

/// Turns %XX into octets; `plus_is_blank` for queries. Errors: malformed - a broken escape, a NUL or control octet, or
/// bytes that are not UTF-8.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);
/// Whether the text is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

struct QueryItem {
  std::string name;
  std::string value;
};

/// A request target in origin form (RFC 9112, 3.2.1), taken apart and decoded.
struct RequestTarget {
  std::vector<std::string> segments;  ///< "/a/b%20c" gives "a", "b c"; "/" gives none
  std::vector<QueryItem> query;
  bool trailing_slash = false;
};
/// Errors: malformed - not in origin form, a broken escape, "." or ".." or an encoded slash among the segments, the
/// same query name twice; limit_exceeded - over 32 segments or 32 query items.
[[nodiscard]] Result<RequestTarget> parse_target(std::string_view target);

/// The cookie of that name in a Cookie header (RFC 6265, 5.4).
[[nodiscard]] std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) noexcept;

/// Whether an Accept-Encoding header admits a coding (q=0 refuses it).
[[nodiscard]] bool accepts_encoding(std::string_view header, std::string_view coding) noexcept;

/// Strict reading of a query: the first error sticks, and finish() also refuses names nobody asked for, so that a
/// misspelt filter is told and does not silently show everything.
class QueryReader {
 public:
  explicit QueryReader(const std::vector<QueryItem>& items) : items_(items), used_(items.size()) {}

  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t minimum, std::int64_t maximum,
                                     std::int64_t fallback);
  /// Nothing when the name is missing or its value empty.
  [[nodiscard]] std::optional<std::int64_t> optional_id(std::string_view name);
  /// At most `characters_max` characters (not octets), as the API states its limits.
  [[nodiscard]] std::string text(std::string_view name, std::size_t characters_max);
  [[nodiscard]] std::optional<std::string> choice(std::string_view name, std::initializer_list<std::string_view> words);
  /// ISO 8601 with an offset, as UTC milliseconds.
  [[nodiscard]] std::optional<std::int64_t> time(std::string_view name);
  [[nodiscard]] std::int64_t required_time(std::string_view name);
  /// A civil date "YYYY-MM-DD", checked for its form only.
  [[nodiscard]] std::string required_date(std::string_view name);
  /// Errors: invalid_argument - the first thing that was wrong.
  [[nodiscard]] Result<void> finish() const;

 private:
  const std::string* find(std::string_view name);
  void reject(std::string_view name, std::string_view reason);

  const std::vector<QueryItem>& items_;
  std::vector<bool> used_;
  std::optional<Error> error_;
};

}  // namespace duheng::platform::web
