#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::device {

/// What somebody does to a switch while it runs. A text of one line for each; what the text does not name is as it
/// should be:
///
///   # a comment
///   SWITCH off               no supply
///   SWITCH unplugged PORT    the cable of a port leads nowhere
///   SWITCH disabled PORT     the port is shut off by configuration
///   SWITCH errors PORT N     N broken frames a second arrive on the port
struct SwitchDrill {
  enum class Kind : std::uint8_t { off, unplugged, disabled, errors };
  std::string device{};  ///< the switch's uid
  Kind kind = Kind::off;
  std::uint32_t port = 0;        ///< from 1; 0 for `off`
  std::uint32_t per_second = 0;  ///< of `errors`
  friend bool operator==(const SwitchDrill&, const SwitchDrill&) = default;
};
inline constexpr std::size_t switch_drills_max = 1'000;
/// Errors: malformed - the message names the line; limit_exceeded - too many lines.
[[nodiscard]] Result<std::vector<SwitchDrill>> parse_switch_drills(std::string_view text);

}  // namespace duheng::device
