#include <algorithm>
#include <charconv>

#include "store/backup/sftp_place.hpp"

namespace duheng::store {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace

Result<std::vector<PlaceEntry>> parse_sftp_listing(std::string_view text) {
  constexpr std::size_t words_min = 9;      // rights, links, owner, group, size, month, day, time or year, name
  constexpr std::size_t size_from_end = 5;  // counted so, because owners may have blanks in their names
  std::vector<PlaceEntry> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with('-')) continue;  // directories, links
    const auto words = words_of(line);
    if (words.size() < words_min) return fail(ErrorCode::malformed, "the server's listing cannot be read");
    const std::string_view size = words[words.size() - size_from_end];
    PlaceEntry entry{std::string(words.back()), 0};
    const auto [stop, error] = std::from_chars(size.data(), size.data() + size.size(), entry.size_bytes);
    if (error != std::errc{} || stop != size.data() + size.size())
      return fail(ErrorCode::malformed, "the server's listing holds no size");
    out.push_back(std::move(entry));
  }
  std::ranges::sort(out, {}, &PlaceEntry::name);
  return out;
}

}  // namespace duheng::store
