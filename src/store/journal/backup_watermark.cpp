#include "store/journal/backup_watermark.hpp"

#include <charconv>
#include <fmt/format.h>

#include "crypto/hash.hpp"

namespace duheng::store {
namespace {
constexpr std::string_view start = "duheng-backup-watermark 1 ";
constexpr std::size_t check_digits = 8;
}  // namespace

std::string watermark_text(std::uint64_t number) {
  const std::string text = fmt::format("{}{}", start, number);
  return fmt::format("{} {}\n", text, to_hex(crypto::sha256(as_bytes(text))).substr(0, check_digits));
}

std::optional<std::uint64_t> parse_watermark(ByteView file) {
  if (!as_text(file).starts_with(start)) return std::nullopt;
  const std::string_view text = as_text(file).substr(start.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || as_text(file) != watermark_text(number)) return std::nullopt;
  return number;
}

}  // namespace duheng::store
