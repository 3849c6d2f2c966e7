#include "codec/hexlog/log_line.hpp"

#include <algorithm>
#include <array>

#include "codec/hexlog/characters.hpp"
#include "codec/hexlog/time_text.hpp"

namespace duheng::codec::hexlog {

namespace {

constexpr std::size_t octets_among_words_min = 4;
constexpr std::size_t pairs_without_digit_min = 4;

struct Mark {
  std::string_view text;
  Direction direction;
};
/// Whole words, in lower case.
constexpr Mark word_marks[] = {
    {"tx", Direction::sent},           {"txd", Direction::sent},       {"send", Direction::sent},
    {"sent", Direction::sent},         {"sending", Direction::sent},   {"out", Direction::sent},
    {"req", Direction::sent},          {"request", Direction::sent},   {"write", Direction::sent},
    {"rx", Direction::received},       {"rxd", Direction::received},   {"recv", Direction::received},
    {"rcv", Direction::received},      {"recvd", Direction::received}, {"receive", Direction::received},
    {"received", Direction::received}, {"in", Direction::received},    {"resp", Direction::received},
    {"response", Direction::received}, {"reply", Direction::received}, {"read", Direction::received},
};
/// Anywhere; longer ones before those they begin with.
constexpr Mark symbol_marks[] = {
    {"发送", Direction::sent},     {"下行", Direction::sent},     {"发→", Direction::sent},
    {"接收", Direction::received}, {"上行", Direction::received}, {"收←", Direction::received},
    {"收到", Direction::received}, {"发", Direction::sent},       {"收", Direction::received},
    {"→", Direction::sent},        {"←", Direction::received},    {"-->", Direction::sent},
    {"<--", Direction::received},  {"->", Direction::sent},       {"<-", Direction::received},
    {"=>", Direction::sent},       {"<=", Direction::received},   {">>", Direction::sent},
    {"<<", Direction::received},
};

/// What may stand between two octets of one run.
struct Between {
  bool blank = false;
  bool loose = false;     ///< comma, semicolon, quote: with or without blanks
  std::size_t tight = 0;  ///< `: - |`: only alone
  bool breaks = false;
  void clear() noexcept { *this = {}; }
  [[nodiscard]] bool joins() const noexcept { return !breaks && (tight == 0 || (tight == 1 && !blank && !loose)); }
};

struct Word {
  std::size_t size = 0;
  bool is_octets = false;
  bool is_odd = false;        ///< hexadecimal digits, but an odd number
  bool has_digit = false;     ///< a decimal digit, or a prefix that no word of a language has
  std::size_t digits_at = 0;  ///< where its digits begin, from the word's beginning
  std::size_t digits = 0;
};

bool is_word_character(char c) noexcept { return is_digit(c) || is_letter(c); }

/// The word at `at`: letters and digits, with its prefix "0x" or "\x" and its suffix "H" taken apart.
Word word_at(std::string_view line, std::size_t at) noexcept {
  Word word;
  const bool escaped = line[at] == '\\' && lower(at_or_nul(line, at + 1)) == 'x';
  std::size_t begin = escaped ? at + 1 : at;
  std::size_t end = begin;
  while (end < line.size() && is_word_character(line[end])) ++end;
  word.size = end - at;
  if (escaped || (line[begin] == '0' && lower(at_or_nul(line, begin + 1)) == 'x')) {
    begin += escaped ? 1 : 2;
    word.has_digit = true;
  } else if (end - begin == 3 && lower(line[end - 1]) == 'h') {
    --end;
    word.has_digit = line[end] == 'H';  // "FEH", but "ach" is a word
  }
  word.digits_at = begin - at;
  word.digits = end - begin;
  if (word.digits == 0) return word;
  for (std::size_t i = begin; i < end; ++i) {
    if (!is_hex(line[i])) return word;
    word.has_digit = word.has_digit || is_digit(line[i]);
  }
  // "0x0" is one octet; any other odd number of digits has lost or gained one.
  const bool is_single = word.digits == 1 && word.digits_at == 2;
  word.is_odd = word.digits % 2 != 0 && !is_single;
  word.is_octets = !word.is_odd;
  return word;
}

/// Takes a line apart from left to right.
class LineReader {
 public:
  LineReader(std::string_view line, LogLine& out) : line_(line), out_(out) {}

  void run() {
    while (at_ < line_.size()) {
      const char c = line_[at_];
      if (is_blank(c)) {
        between_.blank = true;
        ++at_;
      } else if (is_word_character(c) || (c == '\\' && lower(at_or_nul(line_, at_ + 1)) == 'x')) {
        take_time() || take_word();
      } else {
        take_symbol() || take_separator();
      }
    }
    end_run();
    end_segment();
  }
  [[nodiscard]] bool has_other() const noexcept { return has_other_; }

 private:
  bool take_time() {
    const bool inside = at_ > 0 && (is_word_character(line_[at_ - 1]) || line_[at_ - 1] == ':');
    // Only where no octets are being read: a pair and two more with colons are octets there.
    if (inside || (!run_.octets.empty() && between_.joins() && between_.tight > 0)) return false;
    const std::size_t size = time_size(line_, at_);
    if (size == 0) return false;
    if (out_.time.empty()) out_.time = line_.substr(at_, size);
    break_run();
    at_ += size;
    return true;
  }

  bool take_word() {
    const Word word = word_at(line_, at_);
    if (word.is_octets) {
      add_octets(word);
    } else {
      if (word.is_odd) out_.has_odd_digits = true;
      if (word.is_odd && !word.has_digit) has_other_ = true;
      break_run();
      const std::string_view text = line_.substr(at_, word.size);
      const auto* mark = find_word_mark(text);
      if (mark != nullptr) {
        set_direction(mark->direction);
      } else if (!word.is_odd) {
        has_other_ = true;
      }
    }
    at_ += word.size;
    return true;
  }

  static const Mark* find_word_mark(std::string_view text) noexcept {
    std::array<char, 12> small{};
    if (text.size() > small.size()) return nullptr;
    std::ranges::transform(text, small.begin(), lower);
    const std::string_view word{small.data(), text.size()};
    const auto* found = std::ranges::find(word_marks, word, &Mark::text);
    return found == std::end(word_marks) ? nullptr : found;
  }

  void add_octets(const Word& word) {
    if (!run_.octets.empty() && !between_.joins()) end_run();
    between_.clear();
    if (run_.octets.empty()) {
      run_.at = at_;
      pairs_ = 0;
      has_digit_ = false;
    }
    const std::string_view digits = line_.substr(at_ + word.digits_at, word.digits);
    if (digits.size() == 1) {
      run_.octets.push_back(octet_of('0', digits[0]));
    } else {
      for (std::size_t i = 0; i < digits.size(); i += 2) run_.octets.push_back(octet_of(digits[i], digits[i + 1]));
    }
    if (digits.size() <= 2) ++pairs_;
    has_digit_ = has_digit_ || word.has_digit;
  }

  bool take_symbol() {
    const auto* mark = std::ranges::find_if(
        symbol_marks, [&](const Mark& one) { return line_.substr(at_, one.text.size()) == one.text; });
    if (mark == std::end(symbol_marks)) return false;
    break_run();
    set_direction(mark->direction);
    at_ += mark->text.size();
    return true;
  }

  bool take_separator() {
    const char c = line_[at_++];
    switch (c) {
      case ',':
      case ';':
      case '"':
      case '\'':
        between_.loose = true;
        break;
      case ':':
      case '-':
      case '|':
        ++between_.tight;
        break;
      case '{':
      case '}':
        break_run();
        break;
      case '\\':  // a line of a macro or a string goes on
        break;
      default:
        break_run();
        if (begins_character(c)) has_other_ = has_other_ || !is_bracket(c);
        break;
    }
    return true;
  }
  static bool is_bracket(char c) noexcept { return c == '[' || c == ']' || c == '(' || c == ')' || c == '='; }

  void break_run() {
    end_run();
    between_.clear();
    between_.breaks = true;
  }

  /// A direction mark begins a new part of the line.
  void set_direction(Direction direction) {
    // "发送→" and "TX ->" are one mark: a symbol does not overrule a word right before it.
    if (marked_ && found_.size() == segment_begin_) return;
    end_segment();
    marked_ = true;
    direction_ = direction;
    out_.direction = direction;
  }

  void end_run() {
    if (run_.octets.empty()) return;
    const bool counts =
        run_.octets.size() >= octets_among_words_min && (has_digit_ || pairs_ >= pairs_without_digit_min);
    run_.direction = direction_;
    found_.push_back({std::move(run_), counts});
    run_ = {};
  }

  /// Marks the best run since the last mark: one that counts before one that does not, then the longest, then the last.
  void end_segment() {
    Found* best = nullptr;
    for (std::size_t i = segment_begin_; i < found_.size(); ++i) {
      Found& one = found_[i];
      const bool better = best == nullptr || one.counts > best->counts ||
                          (one.counts == best->counts && one.run.octets.size() >= best->run.octets.size());
      if (better) best = &one;
    }
    if (best != nullptr) best->is_best = true;
    segment_begin_ = found_.size();
    marked_ = false;
  }

 public:
  struct Found {
    Run run;
    bool counts = false;   ///< enough of them to be octets among words
    bool is_best = false;  ///< of its part of the line
  };
  [[nodiscard]] std::vector<Found>& found() noexcept { return found_; }

 private:
  std::string_view line_;
  LogLine& out_;
  std::size_t at_ = 0;
  Between between_;
  Run run_;
  std::size_t pairs_ = 0;
  bool has_digit_ = false;
  bool marked_ = false;
  Direction direction_ = Direction::unknown;
  std::vector<Found> found_;
  std::size_t segment_begin_ = 0;
  bool has_other_ = false;
};

}  // namespace

LogLine read_log_line(std::string_view line, bool in_array) {
  LogLine out;
  LineReader reader(line, out);
  reader.run();
  out.is_bare = !reader.has_other() && out.time.empty() && out.direction == Direction::unknown;
  // Marks, times and brackets are not words: "TX 01 03" has nothing beside its octets.
  const bool takes_all = !reader.has_other() && !out.has_odd_digits;
  for (auto& one : reader.found()) {
    // In a line of octets alone, brackets only divide: several frames of an array in one line.
    const bool wanted = one.is_best || in_array || (out.is_bare && one.counts);
    if (wanted && (one.counts || takes_all)) {
      out.runs.push_back(std::move(one.run));
    } else {
      out.has_short_run = true;
    }
  }
  return out;
}

}  // namespace duheng::codec::hexlog
