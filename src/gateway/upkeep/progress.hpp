#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::gateway {

/// Up to which moment the memory of each device has been read, by device uid and history name. Kept in a file of the
/// gateway's data folder; losing it costs nothing but reading again.
using HistoryProgress = std::map<std::string, std::map<std::string, std::int64_t, std::less<>>, std::less<>>;

/// "DHU" and version 1 · u32 CRC-32 of the rest · v devices { s uid · v histories { s name · z UTC ms } }
[[nodiscard]] Bytes encode_progress(const HistoryProgress& progress);
/// Errors: malformed - not such a file, or damaged.
[[nodiscard]] Result<HistoryProgress> parse_progress(ByteView file);

}  // namespace duheng::gateway
