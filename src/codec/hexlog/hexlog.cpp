#include "codec/hexlog/hexlog.hpp"

#include <algorithm>
#include <optional>

#include "codec/hexlog/characters.hpp"
#include "codec/hexlog/dump_line.hpp"
#include "codec/hexlog/log_line.hpp"

namespace duheng::codec::hexlog {

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines.push_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

/// From 1, in characters.
std::size_t column_of(std::string_view line, std::size_t at) noexcept {
  return 1 + static_cast<std::size_t>(std::ranges::count_if(line.substr(0, at), begins_character));
}

std::string excerpt_of(std::string_view line) {
  std::size_t size = std::min(line.size(), limits::excerpt_bytes_max);
  while (size > 0 && size < line.size() && !begins_character(line[size])) --size;
  return std::string(line.substr(0, size));
}

class LogReader {
 public:
  explicit LogReader(std::string_view text) : lines_(lines_of(text)) { out_.lines = lines_.size(); }

  HexLog run() {
    while (at_ < lines_.size()) {
      if (lines_[at_].find_first_not_of(" \t\r\v\f") == std::string_view::npos) {
        ++out_.blank_lines;
        heading_ = {};
        ++at_;
      } else if (!in_array_ && take_character_frame()) {
      } else if (in_array_ || !take_dump()) {
        take_log_line();
      }
    }
    for (const Piece& piece : out_.pieces) out_.octets += piece.octets.size();
    return std::move(out_);
  }

 private:
  /// What a line without octets says about the lines under it.
  struct Heading {
    std::string_view time;
    Direction direction = Direction::unknown;
  };

  [[nodiscard]] std::optional<DumpLine> dump_line_at(std::size_t index) const {
    return index < lines_.size() ? read_dump_line(lines_[index]) : std::nullopt;
  }

  /// Rule 0; false when the line holds no such frame.
  bool take_character_frame() {
    constexpr std::size_t digits_least = 8;
    const std::string_view text = lines_[at_];
    const std::size_t end = text.find_last_not_of(" \t\"'") + 1;
    const std::size_t before = text.substr(0, end).find_last_of(" \t\"'");
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view word = text.substr(begin, end - begin);
    if (word.size() <= digits_least || word.size() % 2 == 0 || word.front() != ':') return false;
    if (word.find_first_not_of("0123456789ABCDEF", 1) != std::string_view::npos) return false;
    ++at_;
    LogLine line = read_log_line(text.substr(0, begin));
    line.is_bare = text.find_first_not_of(" \t\"'") == begin;
    Run run{Bytes(word.begin(), word.end()), begin, line.direction};
    run.octets.insert(run.octets.end(), {'\r', '\n'});
    add(std::move(run), place_in(text, begin), line);
    heading_ = {};
    return true;
  }

  /// The lines of one dump from `at_` on; false when there is none.
  bool take_dump() {
    std::optional<DumpLine> line = dump_line_at(at_);
    if (!line || line->octets.empty()) return false;
    std::optional<DumpLine> next = dump_line_at(at_ + 1);
    if (!line->is_marked && !line->is_zero && !follows(*line, next)) return false;
    Piece piece;
    piece.writing = Writing::dump;
    piece.time_text = heading_.time;
    piece.direction = heading_.direction;
    while (true) {
      const bool goes_on = follows(*line, next);
      // The next line's offset tells how many octets this one has; its text column may look like more.
      if (goes_on) {
        const std::size_t size = size_until(*line, *next);
        line->octets.resize(size);
      }
      if (!line->octets.empty())
        piece.places.push_back({piece.octets.size(), at_ + 1, column_of(lines_[at_], line->at)});
      piece.octets.insert(piece.octets.end(), line->octets.begin(), line->octets.end());
      ++at_;
      if (!goes_on) break;
      line = std::move(next);
      next = line->octets.empty() ? std::nullopt : dump_line_at(at_ + 1);
    }
    out_.pieces.push_back(std::move(piece));
    heading_ = {};
    return true;
  }

  [[nodiscard]] static std::size_t size_until(const DumpLine& line, const DumpLine& next) noexcept {
    for (std::size_t size = line.octets.size(); size > 0; --size) {
      if (next.offset == line.offset + size || next.octal_offset == line.octal_offset + size) return size;
    }
    return 0;
  }
  [[nodiscard]] static bool follows(const DumpLine& line, const std::optional<DumpLine>& next) noexcept {
    return next && !line.octets.empty() && size_until(line, *next) > 0;
  }

  void take_log_line() {
    const std::string_view text = lines_[at_++];
    if (in_array_ && take_array_line(text, 0)) return;
    in_array_ = false;
    const std::size_t brace = text.rfind('{');
    if (brace != std::string_view::npos && text.find('}', brace) == std::string_view::npos &&
        take_array_line(text, brace + 1)) {
      return;
    }
    LogLine line = read_log_line(text);
    if (line.runs.empty()) {
      if (!line.time.empty() || line.direction != Direction::unknown) heading_ = {line.time, line.direction};
      return skip(text, line);
    }
    if (!line.is_bare) heading_ = {};
    for (Run& run : line.runs) {
      const Place place = place_in(text, run.at);
      add(std::move(run), place, line);
    }
  }

  /// The part of a C array that stands from `begin` on; false when other things stand there, too.
  bool take_array_line(std::string_view text, std::size_t begin) {
    std::string_view part = text.substr(begin);
    if (const std::size_t comment = std::min(part.find("//"), part.find("/*")); comment != std::string_view::npos) {
      part = part.substr(0, comment);
    }
    LogLine line = read_log_line(part, true);
    if (!line.is_bare || line.has_odd_digits) return false;
    const bool was_open = piece_open_ && line.runs.empty();
    for (Run& run : line.runs) {
      const Place place = place_in(text, begin + run.at);
      if (piece_open_) {
        append(out_.pieces.back(), run, place);
      } else {
        add(std::move(run), place, line);
      }
      // Only the first run of the line goes on with what was open.
      piece_open_ = false;
    }
    const std::size_t closing = part.rfind('}');
    const std::size_t opening = part.rfind('{');
    const bool has_closed = closing != std::string_view::npos;
    in_array_ = !has_closed || (opening != std::string_view::npos && opening > closing);
    const bool last_is_open = !line.runs.empty() && (!has_closed || line.runs.back().at > closing);
    piece_open_ = in_array_ && (last_is_open || (was_open && !has_closed));
    if (line.runs.empty()) skip(text, line);
    return true;
  }

  [[nodiscard]] Place place_in(std::string_view text, std::size_t at) const { return {0, at_, column_of(text, at)}; }

  static void append(Piece& piece, const Run& run, Place place) {
    place.octet = piece.octets.size();
    piece.places.push_back(place);
    piece.octets.insert(piece.octets.end(), run.octets.begin(), run.octets.end());
  }

  void add(Run run, const Place& place, const LogLine& line) {
    Piece piece;
    piece.octets = std::move(run.octets);
    piece.places.push_back(place);
    piece.writing = line.is_bare ? Writing::bare : Writing::log;
    piece.direction = run.direction;
    piece.time_text = line.time;
    if (line.is_bare && (heading_.direction != Direction::unknown || !heading_.time.empty())) {
      piece.direction = heading_.direction;
      piece.time_text = heading_.time;
    }
    out_.pieces.push_back(std::move(piece));
  }

  void skip(std::string_view text, const LogLine& line) {
    ++out_.skipped_lines;
    if (out_.skipped.size() >= limits::skipped_lines_told_max) return;
    const SkipReason reason = line.has_short_run                    ? SkipReason::too_short
                              : line.has_odd_digits && line.is_bare ? SkipReason::odd_digits
                                                                    : SkipReason::no_hexadecimal;
    out_.skipped.push_back({at_, reason, excerpt_of(text)});
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  Heading heading_;
  bool in_array_ = false;
  bool piece_open_ = false;  ///< the last piece is the array's and goes on
  HexLog out_;
};

}  // namespace

const Place& Piece::place_of(std::size_t octet) const noexcept {
  const auto after = std::ranges::upper_bound(places, octet, {}, &Place::octet);
  return after == places.begin() ? places.front() : *(after - 1);
}

Result<HexLog> read(std::string_view text) {
  if (text.size() > limits::text_bytes_max) {
    return fail(ErrorCode::limit_exceeded, "the text has " + std::to_string(text.size()) + " octets; at most " +
                                               std::to_string(limits::text_bytes_max) + " are read at once");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a file's byte order mark
  return LogReader(text).run();
}

std::string_view to_string(Direction direction) noexcept {
  switch (direction) {
    case Direction::sent:
      return "sent";
    case Direction::received:
      return "received";
    case Direction::unknown:
      break;
  }
  return "unknown";
}

std::string_view to_string(SkipReason reason) noexcept {
  switch (reason) {
    case SkipReason::odd_digits:
      return "odd_digits";
    case SkipReason::too_short:
      return "too_short";
    case SkipReason::no_hexadecimal:
      break;
  }
  return "no_hexadecimal";
}

}  // namespace duheng::codec::hexlog
