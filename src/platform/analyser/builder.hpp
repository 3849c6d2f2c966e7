#pragma once
// Frames made from parameters. What can be made, and what each needs, is data, so that a page makes its form from it.
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng::platform::analyser {

/// A text in both languages of the product.
struct Label {
  std::string_view english{};
  std::string_view chinese{};
};

enum class ParameterType : std::uint8_t {
  hex,        ///< octets in hexadecimal; minimum and maximum count octets
  integer,    ///< minimum and maximum bound it
  text,       ///< minimum and maximum count characters
  date_time,  ///< "YYYY-MM-DDThh:mm:ss", the device's own clock, without a zone
  choice,
  flag,  ///< "true" or "false"
};
[[nodiscard]] std::string_view to_string(ParameterType type) noexcept;

struct Choice {
  std::string_view value;
  Label label;
};

/// One input of a builder. Every value travels as text.
struct Parameter {
  std::string_view name{};
  ParameterType type = ParameterType::text;
  Label label{};
  Label help{};
  std::string_view unit{};
  std::string_view default_value{};
  bool required = false;  ///< may not be empty
  bool secret = false;    ///< a password: never logged, hidden by the page
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::span<const Choice> choices{};
};

/// A builder's parameters after they were checked against its list: every getter succeeds for a parameter of its type.
class Arguments {
 public:
  using Given = std::map<std::string, std::string, std::less<>>;
  /// Fills in defaults. Errors: invalid_argument - "name: why", never with the value of a secret.
  [[nodiscard]] static Result<Arguments> check(std::span<const Parameter> parameters, const Given& given);

  [[nodiscard]] bool has(std::string_view name) const { return !text(name).empty(); }
  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] std::int64_t integer(std::string_view name) const;
  [[nodiscard]] Bytes octets(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const { return text(name) == "true"; }

 private:
  Given values_;
};

/// "2026-11-21T09:12:55" taken apart; checked by Arguments::check().
struct LocalTime {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};
/// Errors: invalid_argument - no such time.
[[nodiscard]] Result<LocalTime> parse_local_time(std::string_view text);

enum class Speaker : std::uint8_t { master, device };

/// One kind of frame that can be made.
struct Builder {
  std::string_view kind;  ///< unique within its protocol
  Label label;
  Speaker speaker = Speaker::master;
  std::span<const Parameter> parameters;
  /// Errors: invalid_argument - "name: why"; limit_exceeded - more content than a frame holds.
  Result<Bytes> (*build)(const Arguments& arguments);
  bool is_apdu = false;  ///< makes a bare APDU, not a frame of the link
};

}  // namespace duheng::platform::analyser
