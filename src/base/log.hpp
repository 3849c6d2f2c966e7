#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"

namespace duheng::log {

enum class Level : std::uint8_t { debug, info, warning, error, off };  ///< off: as a setting only
enum class Format : std::uint8_t { json, text };

/// One named value of a log line. Never pass a secret: there is no filter that would find it.
struct Field {
  std::string_view key;
  std::variant<std::int64_t, double, bool, std::string_view> value;

  template <class T>
    requires std::is_integral_v<T> && (!std::is_same_v<T, bool>)
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view{v}) {}
  Field(std::string_view k, const std::string& v) : key(k), value(std::string_view{v}) {}
  Field(std::string_view k, const Error& e) : key(k), value(std::string_view{e.message}) {}
};

struct Options {
  Level level = Level::info;
  Format format = Format::json;
  std::string program;  ///< stands in every line as "program"
  std::string file;     ///< empty: standard error; otherwise rotated by size
  std::size_t file_bytes_max = 16U << 20;
  std::size_t files_max = 8;
};

/// Call once at start, before other threads log. Without it lines go to standard error as JSON.
void configure(const Options& options);

/// One line: time, level, program, area (the folder's name, e.g. "ingest"), message (a fixed sentence), fields.
/// Thread-safe.
void write(Level level, std::string_view area, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view area, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, area, message, fields);
}
inline void info(std::string_view area, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, area, message, fields);
}
inline void warning(std::string_view area, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warning, area, message, fields);
}
inline void error(std::string_view area, std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, area, message, fields);
}

/// `text` as a JSON string literal, quotes included; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace duheng::log
