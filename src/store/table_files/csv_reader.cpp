#include "store/table_files/csv_reader.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <iconv.h>
#include <memory>
#include <optional>

namespace duheng::store {
namespace {

/// `text` of that encoding as UTF-8; nothing when it is not of that encoding.
std::optional<std::string> converted(std::string_view text, const char* encoding) {
  struct Closer {
    void operator()(void* handle) const noexcept { iconv_close(handle); }
  };
  void* const opened = iconv_open("UTF-8", encoding);
  if (reinterpret_cast<std::intptr_t>(opened) == -1) return std::nullopt;
  const std::unique_ptr<void, Closer> handle(opened);
  std::string out;
  std::array<char, 16'384> piece{};
  char* from = const_cast<char*>(text.data());  // iconv() reads only
  std::size_t from_left = text.size();
  while (from_left > 0) {
    char* to = piece.data();
    std::size_t to_left = piece.size();
    const std::size_t result = iconv(handle.get(), &from, &from_left, &to, &to_left);
    out.append(piece.data(), piece.size() - to_left);
    if (result == static_cast<std::size_t>(-1) && errno != E2BIG) return std::nullopt;
  }
  return out;
}

}  // namespace

Result<std::string> decode_text_file(ByteView octets) {
  std::string_view text = as_text(octets);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    return fail(ErrorCode::unsupported, "the file is UTF-16: save it as CSV UTF-8");
  if (text.find('\0') != std::string_view::npos)
    return fail(ErrorCode::unsupported, "this is no text file: save the sheet as CSV");
  if (auto utf8 = converted(text, "UTF-8")) return std::move(*utf8);
  if (auto utf8 = converted(text, "GB18030")) return std::move(*utf8);
  return fail(ErrorCode::malformed, "the file is neither UTF-8 nor GB18030");
}

CsvReader::CsvReader(std::string_view text) : text_(text) {
  bool is_quoted = false;
  for (const char c : text.substr(0, csv_limits::fields_max * csv_limits::field_bytes_max)) {
    if (c == '"') is_quoted = !is_quoted;
    if (is_quoted) continue;
    if (c == ',' || c == ';' || c == '\t') {
      separator_ = c;
      return;
    }
    if (c == '\n' || c == '\r') return;
  }
}

void CsvReader::skip_line_end() {
  if (at_end()) return;
  if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
  ++at_;
  ++line_;
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  fields.clear();
  while (!at_end() && at_line_end()) skip_line_end();
  record_line_ = line_;
  if (at_end()) return false;
  const std::size_t begin = at_;
  const auto refuse = [&](std::string reason) {
    while (!at_line_end()) ++at_;
    octets_ = text_.substr(begin, at_ - begin);
    skip_line_end();
    return fail(ErrorCode::malformed, std::move(reason));
  };
  while (true) {
    if (fields.size() == csv_limits::fields_max)
      return refuse(fmt::format("a line has more than {} fields", csv_limits::fields_max));
    if (const auto read = read_field(fields.emplace_back()); !read) return refuse(read.error().message);
    if (at_line_end()) break;
    ++at_;  // the separator
  }
  octets_ = text_.substr(begin, at_ - begin);
  skip_line_end();
  return true;
}

Result<void> CsvReader::read_field(std::string& field) {
  if (!at_end() && text_[at_] == '"') return read_quoted(field);
  const std::size_t begin = at_;
  while (!at_line_end() && text_[at_] != separator_) ++at_;
  if (at_ - begin > csv_limits::field_bytes_max)
    return fail(ErrorCode::malformed, fmt::format("a field is longer than {} octets", csv_limits::field_bytes_max));
  field.assign(text_.substr(begin, at_ - begin));
  if (field.find('"') != std::string::npos)
    return fail(ErrorCode::malformed, "a quote stands inside a field that is not in quotes");
  return {};
}

Result<void> CsvReader::read_quoted(std::string& field) {
  const auto refuse = [this, begin = at_, begin_line = line_](const char* reason) {
    // Only this line is lost, not all that follows it.
    at_ = begin;
    line_ = begin_line;
    return fail(ErrorCode::malformed, reason);
  };
  ++at_;
  while (!at_end() && field.size() <= csv_limits::field_bytes_max) {
    const char c = text_[at_];
    if (c == '"' && at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      field.push_back('"');
      at_ += 2;
      continue;
    }
    if (c == '"') {
      ++at_;
      if (at_line_end() || text_[at_] == separator_) return {};
      return refuse("something stands behind a closing quote");
    }
    if (at_line_end()) {
      field.push_back('\n');
      skip_line_end();
      continue;
    }
    field.push_back(c);
    ++at_;
  }
  return refuse("a quote is not closed");
}

std::string csv_field(std::string_view text) {
  std::string out;
  const bool is_formula = !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  out.push_back('"');
  if (is_formula) out.push_back('\'');
  for (const char c : text) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

}  // namespace duheng::store
