#include "base/log.hpp"

#include <fmt/format.h>
#include <memory>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/time.hpp"

namespace duheng::log {
namespace {

struct State {
  std::shared_ptr<spdlog::logger> logger = make(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  Level level = Level::info;
  Format format = Format::json;
  std::string program = "duheng";

  static std::shared_ptr<spdlog::logger> make(spdlog::sink_ptr sink) {
    auto logger = std::make_shared<spdlog::logger>("duheng", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::info);
    return logger;
  }
};

State& state() {
  static State instance;
  return instance;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
    case Level::off:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
    case Level::off:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string value_text(const Field& field, Format format) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&field.value)) return fmt::format("{}", *real);
  if (const auto* flag = std::get_if<bool>(&field.value)) return *flag ? "true" : "false";
  const auto text = std::get<std::string_view>(field.value);
  if (format == Format::text && text.find_first_of(" \"\\\n\r\t") == std::string_view::npos) return std::string{text};
  return json_quoted(text);
}

}  // namespace

std::string json_quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void configure(const Options& options) {
  State& s = state();
  s.level = options.level;
  s.format = options.format;
  if (!options.program.empty()) s.program = options.program;
  if (!options.file.empty()) {
    s.logger = State::make(std::make_shared<spdlog::sinks::rotating_file_sink_mt>(options.file, options.file_bytes_max,
                                                                                  options.files_max));
  }
}

void write(Level level, std::string_view area, std::string_view message, std::initializer_list<Field> fields) {
  const State& s = state();
  if (level < s.level) return;
  const std::string time = format_utc(SystemClock{}.utc_ms());
  std::string line;
  if (s.format == Format::json) {
    line = fmt::format(R"({{"time":"{}","level":"{}","program":{},"area":{},"message":{})", time, name(level),
                       json_quoted(s.program), json_quoted(area), json_quoted(message));
    for (const Field& field : fields)
      line += fmt::format(",{}:{}", json_quoted(field.key), value_text(field, s.format));
    line += '}';
  } else {
    line = fmt::format("{} {:<7} {} {}: {}", time, name(level), s.program, area, message);
    for (const Field& field : fields) line += fmt::format(" {}={}", field.key, value_text(field, s.format));
  }
  s.logger->log(to_spdlog(level), line);
}

}  // namespace duheng::log
