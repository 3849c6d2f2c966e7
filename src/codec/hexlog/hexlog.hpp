#pragma once
// Octets out of pasted text: bare hexadecimal in any writing, lines of a log, hex dumps with offsets.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::codec::hexlog {

namespace limits {
inline constexpr std::size_t text_bytes_max = 1U << 20;
/// Skipped lines that are told one by one; all are counted.
inline constexpr std::size_t skipped_lines_told_max = 100;
inline constexpr std::size_t excerpt_bytes_max = 80;
}  // namespace limits

/// What the line says about who spoke, seen from whoever wrote the log.
enum class Direction : std::uint8_t { unknown, sent, received };

/// How the octets were written; pieces of one kind and direction that follow one another may be parts of one frame.
enum class Writing : std::uint8_t { bare, log, dump };

/// From which octet of a piece on the octets stand in which line and column (both from 1; columns count characters).
struct Place {
  std::size_t octet = 0;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// Octets that stood together.
struct Piece {
  Bytes octets;
  std::vector<Place> places;  ///< at least one, ascending by octet
  Direction direction = Direction::unknown;
  Writing writing = Writing::bare;
  std::string time_text;  ///< as written, e.g. "2026-11-21 12:00:01.123"; empty when the line names none

  /// Where an octet of this piece stands.
  [[nodiscard]] const Place& place_of(std::size_t octet) const noexcept;
};

enum class SkipReason : std::uint8_t {
  no_hexadecimal,  ///< a remark, a heading
  odd_digits,      ///< all digits, but an odd number of them: a character is missing or too many
  too_short,       ///< a few octets among other words, such as an error number
};

struct SkippedLine {
  std::size_t line = 0;
  SkipReason reason = SkipReason::no_hexadecimal;
  std::string excerpt;  ///< its beginning, cut at a character
};

struct HexLog {
  std::vector<Piece> pieces;  ///< in the order they stand
  std::size_t lines = 0;
  std::size_t blank_lines = 0;
  std::size_t skipped_lines = 0;  ///< not blank, but without octets
  std::vector<SkippedLine> skipped;
  std::size_t octets = 0;
};

/// Reads octets out of text. The rules, where a line could mean more than one thing:
///
/// 0. A line whose last word is ':' and at least eight upper-case digits, an even number of them, holds a frame that
///    travels as characters (Modbus ASCII): its octets are those characters with CR LF behind them.
/// 1. A line that begins with an offset is a line of a hex dump (hexdump -C, xxd, od, Wireshark) when the offset agrees
///    with its neighbours, or when its punctuation says so (`0010:`, `|....|`). Lines whose offsets follow one another
///    are one piece. The text column of a dump is never read as octets.
/// 2. Dates and times of day are not octets. `11:22:33:44` is not a time, because a time has no fourth pair.
/// 3. What remains is divided into runs: octets of two digits (also 0xHH, \xHH, HHh) or longer words of an even number
///    of digits, with nothing between them but blanks, commas, semicolons and quotes, or one of `: - | _ /` without
///    blanks. The longest run of a line counts, the last of equally long ones. Where a line has several direction
///    marks, each mark's part counts by itself.
/// 4. A line of nothing else gives whatever it holds. Among other words at least four octets are needed, and a digit,
/// or
///    four pairs: "added", "face" and "decade" are English.
/// 5. A line without octets that says who speaks, or when, says so for the bare lines right under it. An open brace of
/// a
///    C array joins the lines up to the closing one.
///
/// Pure, linear in the text. Errors: limit_exceeded - the text is larger than limits::text_bytes_max.
[[nodiscard]] Result<HexLog> read(std::string_view text);

[[nodiscard]] std::string_view to_string(Direction direction) noexcept;
[[nodiscard]] std::string_view to_string(SkipReason reason) noexcept;

}  // namespace duheng::codec::hexlog
