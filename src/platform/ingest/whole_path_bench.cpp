#include "platform/ingest/whole_path_bench.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"
#include "platform/ingest/whole_path_frames.hpp"
#include "platform/ingest/whole_path_harness.hpp"

namespace duheng::platform {

namespace {

constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
constexpr std::int64_t round_ms = 60'000;
// So many rounds of different values, then the same again with later times: far more than a compressor looks back over.
constexpr std::size_t rounds_made = 40;

/// Adds the processor time of its scope to a sum.
class CpuScope {
 public:
  explicit CpuScope(double& sum) : sum_(sum), begin_(thread_cpu_s()) {}
  CpuScope(const CpuScope&) = delete;
  CpuScope& operator=(const CpuScope&) = delete;
  ~CpuScope() { sum_ += thread_cpu_s() - begin_; }

 private:
  double& sum_;
  double begin_;
};

/// What is asked of each meter in a round.
struct Item {
  AskedItem asked{};
  std::size_t value_octets = 0;
  std::int64_t base = 0;
  std::int64_t span = 0;  ///< values vary by so much; 0: a register that counts up
};

Result<std::vector<Item>> make_items() {
  std::vector<Item> items(4);
  DUHENG_TRY(items[0].asked, make_asked_item(0x00010000, {"energy_active_import_total"}, "kWh"));
  items[0].value_octets = 4;
  items[0].base = 1'000'000;
  DUHENG_TRY(items[1].asked, make_asked_item(0x0201FF00, {"voltage_a", "voltage_b", "voltage_c"}, "V"));
  items[1].value_octets = 2;
  items[1].base = 2'150;
  items[1].span = 100;
  DUHENG_TRY(items[2].asked, make_asked_item(0x0202FF00, {"current_a", "current_b", "current_c"}, "A"));
  items[2].value_octets = 3;
  items[2].base = 500;
  items[2].span = 20'000;
  DUHENG_TRY(
      items[3].asked,
      make_asked_item(0x0203FF00, {"power_active_total", "power_active_a", "power_active_b", "power_active_c"}, "kW"));
  items[3].value_octets = 3;
  items[3].base = 1'000;
  items[3].span = 60'000;
  return items;
}

struct MadeFrame {
  std::uint32_t meter = 0;
  std::uint32_t item = 0;
  std::uint32_t offset = 0;  ///< of the answer in the pool's octets
  std::uint16_t size = 0;
};

/// Answers of all meters over some rounds, as they come from the wire, and the question of each.
class FramePool {
 public:
  static Result<FramePool> make(std::size_t meters) {
    FramePool pool;
    DUHENG_TRY(pool.items_, make_items());
    SeededRandom random{7};
    for (std::size_t meter = 0; meter < meters; ++meter) {
      const auto address = dlt645::Address::parse(fmt::format("{:012}", meter + 1));
      if (!address) return std::unexpected(address.error());
      pool.addresses_.push_back(*address);
      pool.uids_.push_back(fmt::format("dlt645-{:012}", meter + 1));
    }
    for (std::size_t round = 0; round < rounds_made; ++round) {
      for (std::uint32_t meter = 0; meter < meters; ++meter) {
        for (std::uint32_t item = 0; item < pool.items_.size(); ++item)
          DUHENG_CHECK(pool.add(meter, item, round, random));
      }
    }
    return pool;
  }
  [[nodiscard]] const std::vector<MadeFrame>& frames() const noexcept { return frames_; }
  [[nodiscard]] ByteView answer(const MadeFrame& frame) const noexcept {
    return ByteView{octets_}.subspan(frame.offset, frame.size);
  }
  [[nodiscard]] const Item& item(const MadeFrame& frame) const noexcept { return items_[frame.item]; }
  [[nodiscard]] const std::string& uid(const MadeFrame& frame) const noexcept { return uids_[frame.meter]; }
  [[nodiscard]] const dlt645::Address& address(const MadeFrame& frame) const noexcept {
    return addresses_[frame.meter];
  }

 private:
  Result<void> add(std::uint32_t meter, std::uint32_t item_number, std::size_t round, Random& random) {
    const Item& item = items_[item_number];
    Bytes payload;
    for (std::size_t i = 0; i < item.asked.registers.size(); ++i) {
      std::int64_t value = item.base;
      value += item.span == 0 ? static_cast<std::int64_t>(meter * 977 % 500'000 + round * 3 + random.below(3))
                              : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(item.span)));
      append_bcd(payload, value, item.value_octets);
    }
    const auto reply = dlt645::read_reply(addresses_[meter], item.asked.identifier, payload);
    if (!reply) return fail(ErrorCode::internal, "a benchmark frame could not be made");
    frames_.push_back({meter, item_number, static_cast<std::uint32_t>(octets_.size()),
                       static_cast<std::uint16_t>(reply->view().size())});
    octets_.insert(octets_.end(), reply->view().begin(), reply->view().end());
    return {};
  }
  std::vector<Item> items_;
  std::vector<dlt645::Address> addresses_;
  std::vector<std::string> uids_;
  std::vector<MadeFrame> frames_;
  Bytes octets_;
};

Result<void> read_pooled(const FramePool& pool, const MadeFrame& made, dlt645::ValueList& values) {
  return read_answer(pool.item(made).asked, pool.answer(made), values);
}

void write_pooled(const FramePool& pool, const MadeFrame& made, const dlt645::ValueList& values,
                  std::int64_t time_utc_ms, BatchWriter& writer) {
  write_answer(pool.item(made).asked, pool.address(made), pool.uid(made), pool.answer(made), values, time_utc_ms,
               writer);
}

double percentile_ms(const std::vector<std::int64_t>& sorted_ns, double share) {
  if (sorted_ns.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted_ns.size() - 1));
  return static_cast<double>(sorted_ns[at]) * 1e-6;
}

}  // namespace

Result<WholePathFigures> run_whole_path_bench(const WholePathOptions& options) {
  SystemClock clock;
  DUHENG_TRY(const FramePool pool, FramePool::make(options.meters));
  DUHENG_TRY(const auto path, WholePath::open({.directory = options.directory, .gateways = options.gateways}, clock));
  WholePathFigures figures;
  std::vector<dlt645::ValueList> values(options.readings_per_batch);
  BatchWriter writer(start_utc_ms);
  std::size_t body_bytes = 0;
  std::size_t at = 0;
  std::int64_t lap = 0;

  const std::int64_t begin_ns = clock.monotonic_ns();
  const double process_begin = process_cpu_s();
  const double driver_begin = thread_cpu_s();
  while (figures.readings < options.readings) {
    // As many frames as fill a batch, of one gateway's meters as they come in.
    const std::size_t first = at;
    std::size_t frames = 0;
    std::size_t readings = 0;
    {
      const CpuScope scope(figures.cpu_decode_s);
      while (readings < options.readings_per_batch && at < pool.frames().size()) {
        DUHENG_CHECK(read_pooled(pool, pool.frames()[at], values[frames]));
        readings += values[frames].size();
        ++frames;
        ++at;
      }
    }
    auto body = std::make_shared<Bytes>();
    {
      const CpuScope scope(figures.cpu_batch_s);
      const auto time_of = [&](std::size_t number) {
        const std::size_t per_round = options.meters * 4;
        const auto round = lap * static_cast<std::int64_t>(rounds_made) + static_cast<std::int64_t>(number / per_round);
        return start_utc_ms + round * round_ms +
               static_cast<std::int64_t>(number % per_round * static_cast<std::size_t>(round_ms) / per_round);
      };
      writer.clear(time_of(first));
      for (std::size_t i = 0; i < frames; ++i)
        write_pooled(pool, pool.frames()[first + i], values[i], time_of(first + i), writer);
      body->reserve(body_bytes + body_bytes / 8);
      writer.finish(*body);
      body_bytes = body->size();
    }
    {
      const CpuScope scope(figures.cpu_hash_and_check_s);
      DUHENG_CHECK(path->offer(figures.batches % options.gateways, std::move(body)));
    }
    figures.frames += frames;
    figures.readings += readings;
    ++figures.batches;
    if (at == pool.frames().size()) {
      at = 0;
      ++lap;
    }
  }
  DUHENG_CHECK(path->wait_until_durable());
  figures.seconds_until_durable = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  const double driver_cpu = thread_cpu_s() - driver_begin;
  DUHENG_CHECK(path->wait_until_applied());
  figures.seconds = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  figures.cpu_telemetry_s = path->applying_cpu_s();
  figures.cpu_maintenance_s = path->maintaining_cpu_s();
  figures.cpu_journal_s =
      std::max(0.0, process_cpu_s() - process_begin - driver_cpu - figures.cpu_telemetry_s - figures.cpu_maintenance_s);
  if (path->telemetry().statistics().readings != figures.readings) {
    return fail(ErrorCode::internal, fmt::format("{} readings went in, {} stand in telemetry", figures.readings,
                                                 path->telemetry().statistics().readings));
  }
  figures.readings_per_s = static_cast<double>(figures.readings) / figures.seconds;
  figures.durable_readings_per_s = static_cast<double>(figures.readings) / figures.seconds_until_durable;
  figures.journal_commits = path->statistics().commits;
  figures.journal_bytes = path->journal().size_bytes();
  figures.journal_bytes_per_reading =
      static_cast<double>(figures.journal_bytes) / static_cast<double>(figures.readings);
  DUHENG_CHECK(path->settle());
  figures.telemetry_bytes = path->telemetry().statistics().file_bytes;
  return figures;
}

Result<SingleReadingFigures> run_single_reading_bench(const SingleReadingOptions& options) {
  PosixDisk disk;
  SystemRandom random;
  SystemClock clock;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  DUHENG_TRY(const FramePool pool, FramePool::make(64));
  DUHENG_TRY(const auto journal,
             store::Journal::open(disk, random, keys, {.directory = options.directory + "/single-journal"}));
  BenchAnswers answers(clock, options.gateways);
  IngestService service(*journal, clock, {});
  service.set_answers(&answers);
  std::vector<BatchChain> chains(options.gateways);
  dlt645::ValueList values;
  BatchWriter writer(start_utc_ms);
  SingleReadingFigures figures;
  std::size_t at = 0;
  const double process_begin = process_cpu_s();
  const std::int64_t begin_ns = clock.monotonic_ns();
  const std::int64_t end_ns = begin_ns + static_cast<std::int64_t>(options.seconds * 1e9);
  while (clock.monotonic_ns() < end_ns) {
    const std::uint64_t seen = answers.commits_seen();
    bool any = false;
    for (std::size_t gateway = 0; gateway < options.gateways; ++gateway) {
      if (!answers.has_room(gateway, options.window)) continue;
      any = true;
      const std::int64_t arrived_ns = clock.monotonic_ns();
      const MadeFrame& made = pool.frames()[at];
      at = (at + 4) % pool.frames().size();  // energy: one reading in each frame
      const std::int64_t time_utc_ms = start_utc_ms + static_cast<std::int64_t>(figures.readings);
      DUHENG_CHECK(read_pooled(pool, made, values));
      writer.clear(time_utc_ms);
      write_pooled(pool, made, values, time_utc_ms, writer);
      auto body = std::make_shared<Bytes>();
      body->reserve(160);
      writer.finish(*body);
      DUHENG_CHECK(offer_batch(service, answers, gateway, chains[gateway].next(std::move(body)), arrived_ns));
      figures.readings += values.size();
    }
    if (!any) DUHENG_CHECK(answers.wait_for_commit(seen));
  }
  DUHENG_CHECK(answers.wait_for_all());
  figures.seconds = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  figures.cpu_s = process_cpu_s() - process_begin;
  service.set_answers(nullptr);
  figures.readings_per_s = static_cast<double>(figures.readings) / figures.seconds;
  figures.journal_commits = service.statistics().commits;
  figures.readings_per_commit =
      static_cast<double>(figures.readings) / static_cast<double>(std::max<std::uint64_t>(1, figures.journal_commits));
  std::vector<std::int64_t> latencies = answers.take_delays().latencies_ns;
  std::ranges::sort(latencies);
  figures.latency_ms_p50 = percentile_ms(latencies, 0.5);
  figures.latency_ms_p99 = percentile_ms(latencies, 0.99);
  figures.latency_ms_max = percentile_ms(latencies, 1.0);
  return figures;
}

std::string WholePathFigures::to_json() const {
  return fmt::format(
      R"({{"readings":{},"frames":{},"batches":{},"seconds":{:.3f},"readings_per_s":{:.0f},"seconds_until_durable":{:.3f},)"
      R"("durable_readings_per_s":{:.0f},"cpu_s":{{"decode":{:.3f},"batch":{:.3f},"hash_and_check":{:.3f},"journal":{:.3f},)"
      R"("telemetry":{:.3f},"maintenance":{:.3f}}},"journal_commits":{},"journal_bytes":{},"journal_bytes_per_reading":{:.2f},"telemetry_bytes":{}}})",
      readings, frames, batches, seconds, readings_per_s, seconds_until_durable, durable_readings_per_s, cpu_decode_s,
      cpu_batch_s, cpu_hash_and_check_s, cpu_journal_s, cpu_telemetry_s, cpu_maintenance_s, journal_commits,
      journal_bytes, journal_bytes_per_reading, telemetry_bytes);
}

std::string SingleReadingFigures::to_json() const {
  return fmt::format(
      R"({{"readings":{},"seconds":{:.3f},"readings_per_s":{:.0f},"latency_ms_p50":{:.3f},"latency_ms_p99":{:.3f},)"
      R"("latency_ms_max":{:.3f},"journal_commits":{},"readings_per_commit":{:.1f},"cpu_s":{:.3f}}})",
      readings, seconds, readings_per_s, latency_ms_p50, latency_ms_p99, latency_ms_max, journal_commits,
      readings_per_commit, cpu_s);
}

}  // namespace duheng::platform
