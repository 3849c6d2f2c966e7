#pragma once
// What the tests of this folder and of its users share.
#include <map>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/random.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store::testing {

/// Keys whose current version a test can change and whose old versions it can take away.
class VersionedKeys final : public crypto::KeyProvider {
 public:
  explicit VersionedKeys(std::uint8_t seed = 1) : seed_(seed) {}
  std::uint32_t current = 1;
  std::uint32_t oldest = 1;

  Result<std::uint32_t> current_version(std::string_view) override { return current; }
  Result<crypto::SecretKey> key(std::string_view purpose, std::uint32_t version) override {
    if (version < oldest || version > current) return fail(ErrorCode::key_missing, "the test has no such key version");
    const Bytes input = {seed_, static_cast<std::uint8_t>(version)};
    return crypto::SecretKey{crypto::hkdf_sha256(input, {}, as_bytes(purpose))};
  }

 private:
  std::uint8_t seed_;
};

/// An entry whose content tells its number; the sizes vary from nothing to a few kilobytes.
inline Bytes entry_for(std::uint64_t number) {
  SeededRandom random(number * 7919 + 13);
  const std::uint64_t kind = random.below(8);
  Bytes entry(static_cast<std::size_t>(kind == 0 ? 0 : kind == 1 ? random.below(4000) : random.below(120)));
  if (random.below(2) == 0) {
    random.fill(entry);  // does not compress
  } else {
    for (std::size_t i = 0; i < entry.size(); ++i) entry[i] = static_cast<std::uint8_t>(number + i / 16);
  }
  ByteWriter(entry).u64(number);
  return entry;
}

inline std::vector<ByteView> views(const std::vector<Bytes>& entries) { return {entries.begin(), entries.end()}; }

/// Appends `count` entries made by entry_for().
inline Result<std::uint64_t> append_numbered(SegmentLog& log, std::uint64_t count) {
  std::vector<Bytes> entries;
  for (std::uint64_t i = 0; i < count; ++i) entries.push_back(entry_for(log.next_number() + i));
  return log.append(views(entries));
}

}  // namespace duheng::store::testing
