#pragma once
// What the tests of this folder and of its users share.
#include <memory>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "model/batch.hpp"
#include "store/journal/journal.hpp"

namespace duheng::store::testing {

/// What a gateway sends: numbered batches that name the hash of the one before.
class Sender {
 public:
  Sender(std::int64_t gateway, std::uint64_t epoch) : gateway_(gateway), epoch_(epoch) {}

  /// The next batch; its bytes live in this object.
  JournalRecord next(int frames = 2) {
    BatchWriter writer(1'750'000'000'000);
    for (int i = 0; i < frames; ++i) {
      const auto device = writer.device("meter-" + std::to_string(gateway_) + "-" + std::to_string(i % 3));
      const auto r = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
      const Bytes response = {0x68, static_cast<std::uint8_t>(sequence_), static_cast<std::uint8_t>(i), 0x16};
      const auto sent = 1'750'000'000'000 + static_cast<std::int64_t>(sequence_) * 1000;
      writer.frame({device, Protocol::dlt645_2007, sent, sent + 20, Bytes{0x68, 0x11, 0x16}, response});
      writer.reading(
          {r, static_cast<std::int64_t>(sequence_) * 100 + i, sent + 20, TimeSource::gateway, Quality::good});
    }
    Bytes body;
    writer.finish(body);
    bodies_.push_back(std::make_unique<Bytes>(std::move(body)));
    Bytes offset;
    ByteWriter(offset).u64(epoch_);
    ByteWriter(offset).u64(sequence_);
    const crypto::Hash256 previous = hash_;
    hash_ = crypto::sha256({previous, offset, *bodies_.back()});
    const JournalRecord record{
        JournalRecordType::batch, GatewayId{gateway_}, epoch_, sequence_, hash_, previous, received_utc_ms, {},
        *bodies_.back()};
    ++sequence_;
    return record;
  }
  /// When the platform takes the records in.
  std::int64_t received_utc_ms = 1'750'000'500'000;
  std::uint64_t sequence() const { return sequence_; }
  const crypto::Hash256& hash() const { return hash_; }

 private:
  std::int64_t gateway_;
  std::uint64_t epoch_;
  std::uint64_t sequence_ = 1;
  crypto::Hash256 hash_{};
  std::vector<std::unique_ptr<Bytes>> bodies_;
};

}  // namespace duheng::store::testing
