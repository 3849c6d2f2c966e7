#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng::store {

/// The file that keeps up to which record the journal is in a backup.
inline constexpr std::string_view watermark_name = "backup_watermark";
/// "duheng-backup-watermark 1 <number> <first 8 digits of the SHA-256 of what stands before the blank>\n".
[[nodiscard]] std::string watermark_text(std::uint64_t number);
/// Nothing for anything else, down to the last octet.
[[nodiscard]] std::optional<std::uint64_t> parse_watermark(ByteView file);

}  // namespace duheng::store
