#pragma once
// Private: one line of a hex dump.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::codec::hexlog {

/// A line that could be one of a hex dump: an offset, then octets, then perhaps the same octets as text.
struct DumpLine {
  std::uint64_t offset = 0;
  std::uint64_t octal_offset = 0;  ///< the offset's digits read as octal (od); equal to `offset` when they are not
  Bytes octets;                    ///< up to the first gap that a text column may stand behind
  std::size_t at = 0;              ///< where the first octet stands
  bool is_marked = false;          ///< punctuation says that it is a dump: "0010:", "|....|"
  bool is_zero = false;            ///< the offset is 0 and set apart, as a dump's first line

  [[nodiscard]] bool begins_at(std::uint64_t wanted) const noexcept {
    return offset == wanted || octal_offset == wanted;
  }
};

/// Errors are none: a line that cannot be one gives nothing. Linear in the line.
[[nodiscard]] std::optional<DumpLine> read_dump_line(std::string_view line);

}  // namespace duheng::codec::hexlog
