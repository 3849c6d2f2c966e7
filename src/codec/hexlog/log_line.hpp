#pragma once
// Private: one line that is no line of a hex dump.
#include <string>
#include <string_view>
#include <vector>

#include "codec/hexlog/hexlog.hpp"

namespace duheng::codec::hexlog {

/// Octets that stand together in a line.
struct Run {
  Bytes octets;
  std::size_t at = 0;  ///< of the first digit, in octets of the line
  Direction direction = Direction::unknown;
};

struct LogLine {
  std::vector<Run> runs;  ///< those that count, in their order
  std::string_view time;
  Direction direction = Direction::unknown;  ///< the last mark of the line
  bool is_bare = false;                      ///< nothing but octets and what may stand between them
  bool has_odd_digits = false;
  bool has_short_run = false;  ///< octets, but too few among other words
};

/// Rules 2 to 4 of read(); in an array every run counts, however short. Linear in the line.
[[nodiscard]] LogLine read_log_line(std::string_view line, bool in_array = false);

}  // namespace duheng::codec::hexlog
