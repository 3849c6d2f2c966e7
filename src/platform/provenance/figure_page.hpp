#pragma once
// Private to this folder: how a traced figure is written for people.
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"
#include "platform/provenance/figure_trace.hpp"

namespace duheng::platform {

/// Writes labelled lines in one of the two languages.
class Page {
 public:
  explicit Page(bool chinese) : chinese_(chinese) {}

  [[nodiscard]] std::string_view pick(std::string_view english, std::string_view chinese) const {
    return chinese_ ? chinese : english;
  }
  [[nodiscard]] const std::string& pick(const codec::BilingualText& text) const {
    return chinese_ ? text.chinese : text.english;
  }
  void heading(int depth, std::string_view text) { text_ += fmt::format("{:{}}{}\n", "", 2 * depth, text); }
  void line(int depth, std::string_view english, std::string_view chinese, std::string_view content) {
    text_ += fmt::format("{:{}}{}{}{}\n", "", 2 * depth, pick(english, chinese), pick(": ", "："), content);
  }
  void time(int depth, std::string_view english, std::string_view chinese, std::int64_t utc_ms) {
    if (utc_ms != 0) line(depth, english, chinese, format_utc(utc_ms));
  }
  [[nodiscard]] std::string_view holds(bool good) const {
    return good ? pick("holds", "相符") : pick("DOES NOT HOLD", "不符");
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  bool chinese_;
  std::string text_;
};

std::string value_text(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality,
                       std::string_view unit);
void series_lines(Page& page, const store::Source& source, const store::Series& series);
void value_lines(Page& page, int depth, const TracedValue& traced);
void verdict(Page& page, bool verified);

}  // namespace duheng::platform
