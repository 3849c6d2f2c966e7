// Whatever batches a gateway sends: each is taken, refused or known, the journal stays sound and a sound chain goes on.
#include <cstdlib>

#include "base/log.hpp"
#include "base/simulated_disk.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "platform/ingest/test_batches.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::platform;
  static const bool quiet = [] {
    log::configure({.level = log::Level::error, .format = log::Format::json, .program = "fuzz", .file = "/dev/null"});
    return true;
  }();
  (void)quiet;
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  ManualClock clock;
  auto journal = store::Journal::open(disk, random, keys, {.directory = "journal"});
  if (!journal) std::abort();
  IngestCore core(**journal, clock, {.batch_bytes_max = 4'096, .pending_batches_max = 8});
  ByteReader in({data, size});
  while (in.ok() && !in.at_end()) {
    const std::uint8_t choice = in.u8();
    uplink::Batch batch;
    batch.epoch = choice >> 6;
    batch.sequence = in.u8() % 4U;
    const auto owner = std::make_shared<const Bytes>([&] {
      const ByteView body = in.raw(std::min<std::size_t>(in.u8(), in.remaining()));
      return Bytes(body.begin(), body.end());
    }());
    batch.body = *owner;
    batch.owner = owner;
    if ((choice & 1) != 0) {
      const auto position = core.positions(GatewayId{1}, std::vector<uplink::EpochRange>{{batch.epoch, 0, 9}}).front();
      batch.sequence = position.next_sequence;
      batch.previous_hash = position.last_hash;
    }
    batch.hash = uplink::batch_hash(batch.previous_hash, batch.epoch, batch.sequence, batch.body);
    if ((choice & 2) != 0) batch.hash[0] ^= 1;
    (void)core.offer(GatewayId{1}, uplink::SessionId{1}, check_batch(batch, 4'096));
    if ((choice & 4) != 0) (void)core.commit_pending();
    if ((choice & 8) != 0)
      (void)core.positions(GatewayId{1}, std::vector<uplink::EpochRange>{{batch.epoch, in.u8(), 300}});
  }
  (void)core.commit_pending();
  TestChain chain{99};
  for (int i = 0; i < 2; ++i) {
    const auto offered =
        core.offer(GatewayId{1}, uplink::SessionId{1}, check_batch(chain.next(test_body(1'000, i)), 4'096));
    if (!std::holds_alternative<uplink::BatchSink::Queued>(offered)) std::abort();
  }
  const auto outcome = core.commit_pending();
  if (outcome.committed.size() != 1 || outcome.committed[0].second.next_sequence != 2) std::abort();
  return 0;
}
