#include "gateway/upkeep/progress.hpp"

#include <array>

#include "base/crc32.hpp"

namespace duheng::gateway {
namespace {

constexpr std::array<std::uint8_t, 4> mark{'D', 'H', 'U', 1};

}  // namespace

Bytes encode_progress(const HistoryProgress& progress) {
  Bytes body;
  ByteWriter out(body);
  out.varint(progress.size());
  for (const auto& [uid, histories] : progress) {
    out.sized(uid);
    out.varint(histories.size());
    for (const auto& [name, through] : histories) {
      out.sized(name);
      out.zigzag(through);
    }
  }
  Bytes file;
  ByteWriter whole(file);
  whole.raw(mark);
  whole.u32(crc32(body));
  whole.raw(body);
  return file;
}

Result<HistoryProgress> parse_progress(ByteView file) {
  ByteReader head(file);
  const auto found = head.raw(mark.size());
  const std::uint32_t sum = head.u32();
  if (!head.ok() || !std::equal(mark.begin(), mark.end(), found.begin()) || crc32(file.subspan(head.offset())) != sum)
    return fail(ErrorCode::malformed, "not a whole file of history progress");
  ByteReader in(file.subspan(head.offset()));
  HistoryProgress out;
  for (std::uint64_t devices = in.varint(); in.ok() && devices > 0; --devices) {
    auto& histories = out[std::string(in.sized_text())];
    for (std::uint64_t count = in.varint(); in.ok() && count > 0; --count) {
      auto name = std::string(in.sized_text());
      histories[std::move(name)] = in.zigzag();
    }
  }
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "not a whole file of history progress");
  return out;
}

}  // namespace duheng::gateway
