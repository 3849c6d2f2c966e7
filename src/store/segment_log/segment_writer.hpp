#pragma once
#include <atomic>
#include <mutex>

#include "base/random.hpp"
#include "store/segment_log/segment_catalogue.hpp"
#include "store/segment_log/segment_recovery.hpp"

namespace duheng::store {

/// The only part that changes files. Its mutex is held through disk synchronisations; readers never take it.
class SegmentLog::Writer {
 public:
  Writer(SegmentCatalogue& catalogue, Random& random, SegmentLogOptions options, OpenReport report);

  /// Goes on in the segment that recovery left open: cuts its torn tail and makes it durable.
  [[nodiscard]] Result<void> continue_segment(const Recovery::Last& last, std::shared_ptr<SegmentFile> file);
  [[nodiscard]] Result<std::uint64_t> append(std::span<const ByteView> entries);
  [[nodiscard]] Result<void> start_new_segment();
  [[nodiscard]] Result<void> remove_segments_before(std::uint64_t number);
  [[nodiscard]] bool poisoned() const noexcept { return poisoned_; }
  [[nodiscard]] const OpenReport& open_report() const noexcept { return report_; }

 private:
  struct Active {
    std::unique_ptr<File> file;
    std::shared_ptr<SegmentFile> reader;
    crypto::Aead aead;
    std::uint64_t end;
    crypto::Hash256 last_hash;
    bool empty;
    std::array<std::uint8_t, 8> nonce_start;
    std::uint32_t nonce_count = 0;
  };
  [[nodiscard]] Result<void> close_active();
  [[nodiscard]] Result<void> create_segment();
  [[nodiscard]] Result<SegmentHeader> new_header(crypto::SecretKey& key);
  [[nodiscard]] Result<void> write_new_file(const std::string& path, ByteView header, std::unique_ptr<File>& file);
  [[nodiscard]] Result<void> write_durably(ByteView bytes);
  [[nodiscard]] crypto::Aead::Nonce next_nonce();
  [[nodiscard]] std::array<std::uint8_t, 8> draw_nonce_start();
  [[nodiscard]] Error poison(std::string_view what, const Error& cause);

  SegmentCatalogue& catalogue_;
  Random& random_;
  const SegmentLogOptions options_;
  const OpenReport report_;
  std::mutex mutex_;
  std::atomic<bool> poisoned_ = false;
  std::optional<Active> active_;
  BlockEncoder encoder_;
};

}  // namespace duheng::store
