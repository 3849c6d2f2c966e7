#include "device/snmp/switch_drill.hpp"

#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace duheng::device {
namespace {

constexpr std::uint32_t port_most = 1'000;
constexpr std::uint32_t errors_most = 1'000'000;

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  std::vector<std::string_view> out;
  for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, at), line.size());
    out.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(blanks, end);
  }
  return out;
}

std::optional<std::uint32_t> number_of(std::string_view word, std::uint32_t least, std::uint32_t most) {
  std::uint32_t out = 0;
  const char* const begin = word.data();
  const char* const end = begin + word.size();
  const auto [stop, error] = std::from_chars(begin, end, out);
  if (error != std::errc{} || stop != end || out < least || out > most) return std::nullopt;
  return out;
}

std::optional<SwitchDrill> drill_of(const std::vector<std::string_view>& words) {
  if (words.size() < 2) return std::nullopt;
  SwitchDrill out;
  out.device = std::string(words[0]);
  if (words[1] == "off") return words.size() == 2 ? std::optional(out) : std::nullopt;
  if (words[1] != "unplugged" && words[1] != "disabled" && words[1] != "errors") return std::nullopt;
  out.kind = words[1] == "unplugged"  ? SwitchDrill::Kind::unplugged
             : words[1] == "disabled" ? SwitchDrill::Kind::disabled
                                      : SwitchDrill::Kind::errors;
  const bool has_rate = out.kind == SwitchDrill::Kind::errors;
  if (words.size() != (has_rate ? 4U : 3U)) return std::nullopt;
  const auto port = number_of(words[2], 1, port_most);
  const auto rate = has_rate ? number_of(words[3], 0, errors_most) : std::optional<std::uint32_t>(0);
  if (!port || !rate) return std::nullopt;
  out.port = *port;
  out.per_second = *rate;
  return out;
}

}  // namespace

Result<std::vector<SwitchDrill>> parse_switch_drills(std::string_view text) {
  std::vector<SwitchDrill> out;
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto words = words_of(text.substr(at, end - at));
    at = end + 1;
    ++number;
    if (words.empty() || words[0].starts_with('#')) continue;
    if (out.size() == switch_drills_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("line {}: more than {} lines", number, switch_drills_max));
    auto drill = drill_of(words);
    if (!drill) return fail(ErrorCode::malformed, fmt::format("line {}: none of the lines of a drill", number));
    out.push_back(std::move(*drill));
  }
  return out;
}

}  // namespace duheng::device
