// Committing real batches (DL/T 645 questions and answers, one reading each) to real files, and following a reading
// back to its frame. One iteration of a commit benchmark is one durable group.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>

#include "model/batch.hpp"
#include "store/journal/journal.hpp"

namespace duheng::store {
namespace {

class TemporaryJournal {
 public:
  explicit TemporaryJournal(std::size_t cache_bytes_max) {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_journal_bench_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    auto opened = Journal::open(disk_, random_, keys_,
                                {.directory = directory_ + "/journal", .cache_bytes_max = cache_bytes_max});
    if (!opened) std::abort();
    journal_ = std::move(*opened);
  }
  ~TemporaryJournal() {
    journal_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  Journal* operator->() { return journal_.get(); }

 private:
  PosixDisk disk_;
  SystemRandom random_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::string directory_;
  std::unique_ptr<Journal> journal_;
};

/// A batch as a gateway with 1,000 meters makes it: every frame has its own address, values and times.
Bytes make_batch(int frames, SeededRandom& random) {
  BatchWriter writer(1'750'000'000'000);
  for (int i = 0; i < frames; ++i) {
    const auto device = writer.device("dlt645-" + std::to_string(100'000'000'000 + i % 1000));
    const auto r = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    Bytes request = from_hex("68 00 00 00 00 00 00 68 11 04 33 33 34 33 00 16").value();
    Bytes response = from_hex("68 00 00 00 00 00 00 68 91 08 33 33 34 33 00 00 00 00 00 16").value();
    for (Bytes* frame : {&request, &response}) {
      (*frame)[1] = static_cast<std::uint8_t>(i % 100 / 10 << 4 | i % 10);
      (*frame)[2] = static_cast<std::uint8_t>(i / 100 % 10);
    }
    for (std::size_t at = 14; at < 17; ++at) response[at] = static_cast<std::uint8_t>(random.below(256));
    const std::int64_t sent = 1'750'000'000'000 + i * 3 + static_cast<std::int64_t>(random.below(3));
    const std::int64_t received = sent + 15 + static_cast<std::int64_t>(random.below(20));
    writer.frame({device, Protocol::dlt645_2007, sent, received, request, response});
    writer.reading(
        {r, static_cast<std::int64_t>(random.below(1'000'000)), received, TimeSource::gateway, Quality::good});
  }
  Bytes bytes;
  writer.finish(bytes);
  return bytes;
}

void commit_batches(benchmark::State& state) {
  TemporaryJournal journal(1U << 20);
  SeededRandom random(1);
  const int frames = static_cast<int>(state.range(1));
  std::vector<Bytes> bodies;
  for (std::int64_t i = 0; i < state.range(0); ++i) bodies.push_back(make_batch(frames, random));
  std::vector<JournalRecord> group(bodies.size());
  std::uint64_t sequence = 0;
  std::int64_t body_bytes = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < group.size(); ++i) {
      group[i].gateway = GatewayId{1};
      group[i].sequence = sequence++;
      group[i].body = bodies[i];
      body_bytes += static_cast<std::int64_t>(bodies[i].size());
    }
    if (!journal->commit(group)) state.SkipWithError("commit failed");
  }
  const double readings = static_cast<double>(state.iterations() * state.range(0) * state.range(1));
  state.SetItemsProcessed(static_cast<std::int64_t>(readings));
  state.SetBytesProcessed(body_bytes);
  state.counters["body_bytes_per_reading"] = static_cast<double>(body_bytes) / readings;
  state.counters["stored_bytes_per_reading"] = static_cast<double>(journal->size_bytes()) / readings;
}
BENCHMARK(commit_batches)
    ->Args({16, 4096})
    ->Args({64, 100})
    ->Args({1, 1})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void follow_a_reading_to_its_frame(benchmark::State& state) {
  TemporaryJournal journal(0);  // no cache: the worst case
  SeededRandom random(1);
  const std::vector<Bytes> bodies = {make_batch(4096, random), make_batch(4096, random)};
  for (std::uint64_t i = 0; i < 200; ++i) {
    JournalRecord records[2];
    for (std::size_t j = 0; j < 2; ++j) {
      records[j].gateway = GatewayId{1};
      records[j].sequence = i * 2 + j;
      records[j].body = bodies[j];
    }
    if (!journal->commit(records)) state.SkipWithError("commit failed");
  }
  for (auto _ : state) {
    const auto reference = FrameReference::make(1 + random.below(400), static_cast<std::uint32_t>(random.below(4096)));
    const auto evidence = journal->frame(reference);
    if (!evidence) state.SkipWithError("frame not found");
    benchmark::DoNotOptimize(evidence);
  }
}
BENCHMARK(follow_a_reading_to_its_frame)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace duheng::store
