#include "store/telemetry/telemetry_key_file.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace duheng::store {
namespace {

constexpr std::string_view title = "duheng telemetry key ";
constexpr std::string_view check_text = "duheng telemetry key check";

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint32_t> number_after(std::string_view line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(prefix.size());
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (error != std::errc{} || end != line.data() + line.size()) return std::nullopt;
  return value;
}

}  // namespace

TelemetryKeyFile TelemetryKeyFile::make(std::uint32_t key_version, const crypto::SecretKey& key) {
  return {key_version, crypto::hmac_sha256(key.octets(), as_bytes(check_text))};
}

Result<TelemetryKeyFile> TelemetryKeyFile::parse(std::string_view text) {
  const auto format = number_after(take_line(text), title);
  if (!format) return fail(ErrorCode::malformed, "the telemetry key file does not begin as one");
  if (*format != 1)
    return fail(ErrorCode::unsupported,
                fmt::format("the telemetry key file has format {}, this release knows 1", *format));
  TelemetryKeyFile out;
  const auto version = number_after(take_line(text), "version ");
  auto check_line = take_line(text);
  if (!version || !check_line.starts_with("check ") || !text.empty())
    return fail(ErrorCode::malformed, "the telemetry key file is damaged");
  check_line.remove_prefix(6);
  const auto check = from_hex(check_line);
  if (!check || check->size() != out.check.size())
    return fail(ErrorCode::malformed, "the telemetry key file's check value is damaged");
  out.key_version = *version;
  std::ranges::copy(*check, out.check.begin());
  return out;
}

std::string TelemetryKeyFile::to_text() const {
  return fmt::format("{}1\nversion {}\ncheck {}\n", title, key_version, to_hex(check));
}

bool TelemetryKeyFile::fits(const crypto::SecretKey& key) const {
  return crypto::equal_in_constant_time(check, make(key_version, key).check);
}

}  // namespace duheng::store
