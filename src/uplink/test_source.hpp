#pragma once
// For tests and simulations: a spool in memory that makes real chains.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "uplink/batch_source.hpp"

namespace duheng::uplink {

class TestSource final : public BatchSource {
 public:
  struct Stored {
    std::uint64_t epoch = 0;
    std::uint64_t first = 0;  ///< oldest still held
    std::vector<std::pair<crypto::Hash256, Bytes>> batches{};
    EpochPosition acknowledged{};
    std::string stopped{};
  };

  void start_epoch(std::uint64_t epoch) { epochs_.push_back({.epoch = epoch}); }
  std::uint64_t append(Bytes body) {
    Stored& stored = epochs_.back();
    const crypto::Hash256 previous = stored.batches.empty() ? crypto::Hash256{} : stored.batches.back().first;
    const std::uint64_t sequence = stored.batches.size();
    stored.batches.emplace_back(batch_hash(previous, stored.epoch, sequence, body), std::move(body));
    return sequence;
  }
  [[nodiscard]] Stored& at(std::uint64_t epoch) {
    for (Stored& stored : epochs_) {
      if (stored.epoch == epoch) return stored;
    }
    throw std::out_of_range("no such epoch");
  }
  [[nodiscard]] std::vector<Stored>& all() { return epochs_; }

  [[nodiscard]] std::vector<EpochRange> epochs() const override {
    std::vector<EpochRange> ranges{};
    for (const Stored& stored : epochs_) ranges.push_back({stored.epoch, stored.first, stored.batches.size()});
    return ranges;
  }
  [[nodiscard]] Result<Batch> read(std::uint64_t epoch, std::uint64_t sequence) const override {
    if (failure) return std::unexpected(*failure);
    for (const Stored& stored : epochs_) {
      if (stored.epoch != epoch) continue;
      if (sequence < stored.first || sequence >= stored.batches.size()) break;
      auto body = std::make_shared<const Bytes>(stored.batches[sequence].second);
      return Batch{.epoch = epoch,
                   .sequence = sequence,
                   .previous_hash = sequence == 0 ? crypto::Hash256{} : stored.batches[sequence - 1].first,
                   .hash = stored.batches[sequence].first,
                   .body = *body,
                   .owner = body};
    }
    return fail(ErrorCode::not_found, "no such batch");
  }
  void acknowledged(const EpochPosition& position) override { at(position.epoch).acknowledged = position; }
  void epoch_stopped(std::uint64_t epoch, std::string_view reason) override {
    at(epoch).stopped = std::string{reason};
    if (on_stopped) on_stopped(epoch);
  }

  std::optional<Error> failure;  ///< every read gives it
  std::function<void(std::uint64_t)> on_stopped;

 private:
  std::vector<Stored> epochs_{};
};

}  // namespace duheng::uplink
