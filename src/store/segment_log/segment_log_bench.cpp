// Appending and reading on real files in the directory named by TMPDIR (or the system's temporary one). One iteration
// of an append benchmark is one durable group: compression, encryption, hash and fdatasync.
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <filesystem>

#include "store/segment_log/segment_log.hpp"

namespace duheng::store {
namespace {

class TemporaryLog {
 public:
  explicit TemporaryLog(std::size_t cache_bytes_max = 16U << 20) {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_log_bench_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    auto opened =
        SegmentLog::open(disk_, random_, keys_,
                         {.directory = directory_ + "/log", .purpose = "journal", .cache_bytes_max = cache_bytes_max});
    if (!opened) std::abort();
    log_ = std::move(*opened);
  }
  ~TemporaryLog() {
    log_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  SegmentLog& operator*() { return *log_; }
  SegmentLog* operator->() { return log_.get(); }

 private:
  PosixDisk disk_;
  SystemRandom random_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::string directory_;
  std::unique_ptr<SegmentLog> log_;
};

/// Entries about as compressible as batches of frames: a fixed frame with changing values.
std::vector<Bytes> make_entries(std::size_t count, std::size_t bytes) {
  SeededRandom random(7);
  std::vector<Bytes> entries(count, Bytes(bytes));
  for (Bytes& entry : entries) {
    for (std::size_t i = 0; i < bytes; ++i) entry[i] = static_cast<std::uint8_t>(i * 31);
    for (std::size_t i = 0; i < bytes / 4; ++i) entry[i * 4] = static_cast<std::uint8_t>(random.below(256));
  }
  return entries;
}

void append_durably(benchmark::State& state) {
  TemporaryLog log;
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto bytes = static_cast<std::size_t>(state.range(1));
  const auto entries = make_entries(count, bytes);
  const std::vector<ByteView> views(entries.begin(), entries.end());
  for (auto _ : state) {
    if (!log->append(views)) state.SkipWithError("append failed");
    if (log->size_bytes() > (1U << 30) && !log->remove_segments_before(log->next_number()))
      state.SkipWithError("removal failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(append_durably)->Args({4096, 80})->Args({100, 80})->Args({1, 80})->Args({64, 65536})->UseRealTime();

void fill(TemporaryLog& log, std::size_t groups) {
  const auto entries = make_entries(4096, 80);
  const std::vector<ByteView> views(entries.begin(), entries.end());
  for (std::size_t i = 0; i < groups; ++i) {
    if (!log->append(views)) std::abort();
  }
}

void read_one_from_anywhere(benchmark::State& state) {
  TemporaryLog log(0);  // no cache: every read decrypts and unpacks a whole block
  fill(log, 800);
  SeededRandom random(5);
  for (auto _ : state) {
    const auto entry = log->read(random.below(log->next_number()));
    if (!entry) state.SkipWithError("read failed");
    benchmark::DoNotOptimize(entry);
  }
}
BENCHMARK(read_one_from_anywhere)->Unit(benchmark::kMicrosecond);

void read_in_order(benchmark::State& state) {
  TemporaryLog log;
  fill(log, 400);
  std::int64_t bytes = 0;
  std::int64_t entries = 0;
  for (auto _ : state) {
    auto cursor = log->cursor(0);
    for (;;) {
      const auto entry = cursor.next();
      if (!entry) state.SkipWithError("read failed");
      if (!entry || !*entry) break;
      bytes += static_cast<std::int64_t>((*entry)->bytes.size());
      ++entries;
    }
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(entries);
}
BENCHMARK(read_in_order)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::store
