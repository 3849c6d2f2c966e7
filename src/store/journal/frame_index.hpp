#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"
#include "model/batch.hpp"
#include "store/journal/journal_record.hpp"

namespace duheng::store {

/// When a frame came, for finding it: when its answer came or, where none came, when the question was sent.
[[nodiscard]] constexpr std::int64_t frame_time_utc_ms(const Frame& frame) noexcept {
  return frame.received_utc_ms != 0 ? frame.received_utc_ms : frame.sent_utc_ms;
}

/// Which records of one journal segment hold frames of which device, and when. Derived from the records alone, so it
/// may be lost or damaged at any time; small: about one octet for each device of each batch.
class FrameIndex {
 public:
  /// A record that holds frames, and between which times they came.
  struct Entry {
    std::uint64_t record_number = 0;
    std::int64_t earliest_utc_ms = 0;
    std::int64_t latest_utc_ms = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };

  explicit FrameIndex(std::uint64_t first_number) : first_number_(first_number), next_number_(first_number) {}

  /// The record `next_number()`; what holds no frames, or cannot be read, takes its number only.
  void add(const JournalRecord& record);

  [[nodiscard]] std::uint64_t first_number() const noexcept { return first_number_; }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return next_number_; }
  /// Nothing while there is no frame.
  [[nodiscard]] std::optional<std::int64_t> earliest_utc_ms() const noexcept { return earliest_utc_ms_; }
  [[nodiscard]] std::optional<std::int64_t> latest_utc_ms() const noexcept { return latest_utc_ms_; }
  [[nodiscard]] std::size_t device_count() const noexcept { return devices_.size(); }
  /// Records with frames of that device, ascending by number.
  [[nodiscard]] std::vector<Entry> records_of(GatewayId gateway, std::string_view device_uid) const;

  /// Layout, version 1: u8 version · u64 first number · u64 next number · v records { v number - that before · z
  /// earliest - earliest of the one before · v latest - earliest } · v devices { z gateway · s uid · v count { v place
  /// in the table of records - that before } }, devices in the order of gateway and uid.
  [[nodiscard]] Bytes encode() const;
  /// Errors: malformed; unsupported - a later version.
  [[nodiscard]] static Result<FrameIndex> parse(ByteView bytes);
  friend bool operator==(const FrameIndex&, const FrameIndex&) = default;

 private:
  struct Key {
    std::int64_t gateway = 0;
    std::string device_uid;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct KeyView {
    std::int64_t gateway = 0;
    std::string_view device_uid;
  };
  struct Less {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const noexcept {
      if (a.gateway != b.gateway) return a.gateway < b.gateway;
      return std::string_view(a.device_uid) < std::string_view(b.device_uid);
    }
  };
  void note_times(const Entry& entry);
  [[nodiscard]] Result<void> parse_records(ByteReader& in);
  [[nodiscard]] Result<void> parse_devices(ByteReader& in);

  std::uint64_t first_number_ = 0;
  std::uint64_t next_number_ = 0;
  std::optional<std::int64_t> earliest_utc_ms_;
  std::optional<std::int64_t> latest_utc_ms_;
  std::vector<Entry> records_;
  std::map<Key, std::vector<std::uint32_t>, Less> devices_;  // places in records_
};

/// What the clear, authenticated part of a sidecar says.
struct FrameIndexHeader {
  std::uint32_t key_version = 0;
  std::uint64_t first_number = 0;
  std::uint64_t next_number = 0;
  crypto::Hash256 segment_hash{};  ///< of the segment's last block: the index is of that content and no other
  std::int64_t earliest_utc_ms = 0;
  std::int64_t latest_utc_ms = 0;  ///< before `earliest_utc_ms` when the segment holds no frames
};

/// A sidecar file: compressed, sealed under a key of its own.
/// Layout, version 1: "DUHFIX" · u16 version · u32 key version · u64 first number · u64 next number · 32 segment hash ·
/// u64 earliest · u64 latest · 32 salt · u32 plain size · u32 sealed size · sealed · 32 SHA-256 of everything before.
/// Errors: key_missing; internal.
[[nodiscard]] Result<Bytes> seal_frame_index(const FrameIndex& index, const crypto::Hash256& segment_hash,
                                             crypto::KeyProvider& keys);
/// The first frame_index_header_bytes of a file are enough. Not authenticated: for leaving out what cannot matter, open
/// the file before trusting it. Errors: malformed; unsupported.
inline constexpr std::size_t frame_index_header_bytes = 6 + 2 + 4 + 8 + 8 + 32 + 8 + 8;
[[nodiscard]] Result<FrameIndexHeader> parse_frame_index_header(ByteView bytes);
/// Checks every octet. Errors: storage_corrupt, unsupported, key_missing.
[[nodiscard]] Result<FrameIndex> open_frame_index(ByteView file, const crypto::Hash256& segment_hash,
                                                  crypto::KeyProvider& keys);

/// "00000000000000000042.fix", the sidecar of "00000000000000000042.seg".
[[nodiscard]] std::string frame_index_name(std::uint64_t first_number);
[[nodiscard]] std::optional<std::uint64_t> number_in_frame_index_name(std::string_view name);

}  // namespace duheng::store
