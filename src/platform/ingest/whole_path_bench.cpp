#include "platform/ingest/whole_path_bench.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <time.h>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/ingest/ingest_service.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::platform {

namespace {

constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
constexpr std::int64_t round_ms = 60'000;
// So many rounds of different values, then the same again with later times: far more than a compressor looks back over.
constexpr std::size_t rounds_made = 40;

double cpu_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
double thread_cpu() { return cpu_seconds(CLOCK_THREAD_CPUTIME_ID); }
double process_cpu() { return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID); }

/// Adds the processor time of its scope to a sum.
class CpuScope {
 public:
  explicit CpuScope(double& sum) : sum_(sum), begin_(thread_cpu()) {}
  CpuScope(const CpuScope&) = delete;
  CpuScope& operator=(const CpuScope&) = delete;
  ~CpuScope() { sum_ += thread_cpu() - begin_; }

 private:
  double& sum_;
  double begin_;
};

/// What is asked of each meter in a round.
struct Item {
  dlt645::DataIdentifier identifier{};
  dlt645::DataDescription description{};
  std::vector<std::string_view> registers{};
  std::string_view unit{};
  std::int8_t exponent = 0;
  std::int64_t base = 0;
  std::int64_t span = 0;  ///< values vary by so much; 0: a register that counts up
};

Result<std::vector<Item>> make_items() {
  std::vector<Item> items{
      {.identifier = {0x00010000},
       .registers = {"energy_active_import_total"},
       .unit = "kWh",
       .exponent = -2,
       .base = 1'000'000},
      {.identifier = {0x0201FF00},
       .registers = {"voltage_a", "voltage_b", "voltage_c"},
       .unit = "V",
       .exponent = -1,
       .base = 2'150,
       .span = 100},
      {.identifier = {0x0202FF00},
       .registers = {"current_a", "current_b", "current_c"},
       .unit = "A",
       .exponent = -3,
       .base = 500,
       .span = 20'000},
      {.identifier = {0x0203FF00},
       .registers = {"power_active_total", "power_active_a", "power_active_b", "power_active_c"},
       .unit = "kW",
       .exponent = -4,
       .base = 1'000,
       .span = 60'000},
  };
  for (Item& item : items) {
    const auto described = dlt645::describe(item.identifier);
    if (!described) return fail(ErrorCode::internal, "the benchmark's data identifiers are not in the codec's table");
    item.description = *described;
  }
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
  [[nodiscard]] dlt645::FrameBuffer question(const MadeFrame& frame) const noexcept {
    return dlt645::read_request(addresses_[frame.meter], items_[frame.item].identifier);
  }

 private:
  Result<void> add(std::uint32_t meter, std::uint32_t item_number, std::size_t round, Random& random) {
    const Item& item = items_[item_number];
    Bytes payload;
    for (std::size_t i = 0; i < item.registers.size(); ++i) {
      std::int64_t value = item.base;
      value += item.span == 0 ? static_cast<std::int64_t>(meter * 977 % 500'000 + round * 3 + random.below(3))
                              : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(item.span)));
      const std::size_t octets = item.identifier.value == 0x00010000 ? 4 : item.identifier.di(2) == 1 ? 2 : 3;
      for (std::size_t octet = 0; octet < octets; ++octet, value /= 100) {
        payload.push_back(static_cast<std::uint8_t>(value / 10 % 10 << 4 | value % 10));
      }
    }
    const auto reply = dlt645::read_reply(addresses_[meter], item.identifier, payload);
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

/// Decodes and verifies one answer. Errors: the benchmark's frames are all sound.
Result<void> read_answer(const FramePool& pool, const MadeFrame& made, dlt645::ValueList& values) {
  const auto frame = dlt645::decode(pool.answer(made));
  if (!frame) return fail(ErrorCode::internal, "a benchmark frame was not decoded");
  const dlt645::PlainData plain = frame->plain_data();
  const auto reply = dlt645::parse_read_reply(*frame, plain.view());
  if (!reply || reply->identifier != pool.item(made).identifier)
    return fail(ErrorCode::internal, "an answer to another question");
  values.clear();
  if (!dlt645::decode_values(pool.item(made).description, reply->payload, values))
    return fail(ErrorCode::internal, "a benchmark value was not read");
  return {};
}

void write_answer(const FramePool& pool, const MadeFrame& made, const dlt645::ValueList& values,
                  std::int64_t time_utc_ms, BatchWriter& writer) {
  const Item& item = pool.item(made);
  const dlt645::FrameBuffer question = pool.question(made);
  writer.frame({.device_index = writer.device(pool.uid(made)),
                .protocol = Protocol::dlt645_2007,
                .sent_utc_ms = time_utc_ms - 35,
                .received_utc_ms = time_utc_ms,
                .request = question.view(),
                .response = pool.answer(made)});
  for (const dlt645::Value& value : values) {
    const std::uint32_t index =
        writer.register_of({.name = item.registers[value.element], .unit = item.unit, .exponent = value.exponent});
    writer.reading({.register_index = index, .mantissa = value.mantissa, .time_utc_ms = time_utc_ms});
  }
}

/// One gateway's chain.
struct Chain {
  std::uint64_t sequence = 0;
  crypto::Hash256 last{};
  [[nodiscard]] uplink::Batch next(std::shared_ptr<const Bytes> body) {
    uplink::Batch batch{.epoch = 1, .sequence = sequence, .previous_hash = last, .body = *body};
    batch.hash = last = uplink::batch_hash(last, batch.epoch, sequence, *body);
    batch.owner = std::move(body);
    ++sequence;
    return batch;
  }
};

/// Waits for room and for acknowledgements, and notes when each came.
class BenchAnswers final : public uplink::SessionAnswers {
 public:
  explicit BenchAnswers(const Clock& clock, std::size_t sessions) : clock_(clock), under_way_(sessions) {}
  void offered(std::size_t session, std::int64_t begin_ns) {
    const std::lock_guard lock(mutex_);
    under_way_[session].push_back(begin_ns);
    ++offered_;
  }
  [[nodiscard]] bool has_room(std::size_t session, std::size_t window) {
    const std::lock_guard lock(mutex_);
    return under_way_[session].size() < window;
  }
  void committed(uplink::SessionId session, const uplink::EpochPosition& position) override {
    const std::int64_t now_ns = clock_.monotonic_ns();
    const std::lock_guard lock(mutex_);
    auto& waiting = under_way_[static_cast<std::size_t>(session.value)];
    std::uint64_t& done = done_[session.value];
    for (; done < position.next_sequence && !waiting.empty(); ++done) {
      latencies_ns_.push_back(now_ns - waiting.front());
      waiting.pop_front();
      ++acknowledged_;
    }
  }
  void refused(uplink::SessionId, const uplink::Refusal& refusal) override {
    const std::lock_guard lock(mutex_);
    failure_ = Error{ErrorCode::storage_failed, refusal.message};
    changed_.notify_all();
  }
  void room_available() override {
    const std::lock_guard lock(mutex_);
    ++rooms_;
    changed_.notify_all();
  }
  /// Until the next group was committed.
  Result<void> wait_for_commit(std::uint64_t seen) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return rooms_ != seen || failure_; });
    if (failure_) return std::unexpected(*failure_);
    return {};
  }
  [[nodiscard]] std::uint64_t commits_seen() {
    const std::lock_guard lock(mutex_);
    return rooms_;
  }
  Result<void> wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return acknowledged_ == offered_ || failure_; });
    if (failure_) return std::unexpected(*failure_);
    return {};
  }
  [[nodiscard]] std::vector<std::int64_t> latencies_ns() {
    const std::lock_guard lock(mutex_);
    return latencies_ns_;
  }

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::deque<std::int64_t>> under_way_;
  std::map<std::int64_t, std::uint64_t> done_;
  std::vector<std::int64_t> latencies_ns_;
  std::uint64_t offered_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t rooms_ = 0;
  std::optional<Error> failure_;
};

/// Offers until there is room.
Result<void> offer(IngestService& service, BenchAnswers& answers, std::size_t gateway, const uplink::Batch& batch,
                   std::int64_t begin_ns) {
  answers.offered(gateway, begin_ns);
  while (true) {
    const std::uint64_t seen = answers.commits_seen();
    const auto outcome = service.offer(GatewayId{static_cast<std::int64_t>(gateway) + 1},
                                       uplink::SessionId{static_cast<std::int64_t>(gateway)}, batch);
    if (std::holds_alternative<uplink::BatchSink::Queued>(outcome)) return {};
    if (!std::holds_alternative<uplink::BatchSink::Full>(outcome))
      return fail(ErrorCode::internal, "ingest refused a benchmark batch");
    DUHENG_CHECK(answers.wait_for_commit(seen));
  }
}

/// Applies the journal until it has `next_record`, in a thread of its own whose processor time it tells.
class ApplyingThread {
 public:
  ApplyingThread(store::Journal& journal, store::TelemetryStore& telemetry, const Clock& clock)
      : journal_(journal), telemetry_(telemetry), applier_(journal, telemetry, clock) {
    thread_ = std::thread([this] { run(); });
  }
  ~ApplyingThread() {
    if (thread_.joinable()) (void)finish(0);
  }
  Result<void> finish(std::uint64_t next_record) {
    until_ = next_record;
    ending_ = true;
    thread_.join();
    if (error_) return std::unexpected(*error_);
    return {};
  }
  [[nodiscard]] double cpu_s() const noexcept { return cpu_s_; }

 private:
  void run() {
    while (!ending_ || telemetry_.next_record() < until_) {
      const auto applied = applier_.step();
      if (!applied) {
        error_ = applied.error();
        break;
      }
      if (*applied == 0) (void)journal_.wait_for(telemetry_.next_record(), std::chrono::milliseconds(20));
    }
    cpu_s_ = thread_cpu();
  }
  store::Journal& journal_;
  store::TelemetryStore& telemetry_;
  TelemetryApplier applier_;
  std::atomic<std::uint64_t> until_ = 0;
  std::atomic<bool> ending_ = false;
  std::optional<Error> error_;
  double cpu_s_ = 0;
  std::thread thread_;
};

double percentile_ms(const std::vector<std::int64_t>& sorted_ns, double share) {
  if (sorted_ns.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted_ns.size() - 1));
  return static_cast<double>(sorted_ns[at]) * 1e-6;
}

}  // namespace

Result<WholePathFigures> run_whole_path_bench(const WholePathOptions& options) {
  PosixDisk disk;
  SystemRandom random;
  SystemClock clock;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  DUHENG_TRY(const FramePool pool, FramePool::make(options.meters));
  DUHENG_TRY(const auto journal,
             store::Journal::open(disk, random, keys, {.directory = options.directory + "/journal"}));
  store::DuckDbTelemetryOptions telemetry_options;
  telemetry_options.directory = options.directory + "/telemetry";
  telemetry_options.threads = 1;  // so that its work is the applying thread's and can be told apart
  DUHENG_TRY(const auto telemetry, store::DuckDbTelemetryStore::open(telemetry_options, disk, clock, keys));

  WholePathFigures figures;
  BenchAnswers answers(clock, options.gateways);
  IngestService service(*journal, clock, {});
  service.set_answers(&answers);
  ApplyingThread applying(*journal, *telemetry.store, clock);
  std::vector<Chain> chains(options.gateways);
  std::vector<dlt645::ValueList> values(options.readings_per_batch);
  BatchWriter writer(start_utc_ms);
  std::size_t body_bytes = 0;
  std::size_t at = 0;
  std::int64_t lap = 0;

  const std::int64_t begin_ns = clock.monotonic_ns();
  const double process_begin = process_cpu();
  const double driver_begin = thread_cpu();
  while (figures.readings < options.readings) {
    // As many frames as fill a batch, of one gateway's meters as they come in.
    const std::size_t first = at;
    std::size_t frames = 0;
    std::size_t readings = 0;
    {
      const CpuScope scope(figures.cpu_decode_s);
      while (readings < options.readings_per_batch && at < pool.frames().size()) {
        DUHENG_CHECK(read_answer(pool, pool.frames()[at], values[frames]));
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
        write_answer(pool, pool.frames()[first + i], values[i], time_of(first + i), writer);
      body->reserve(body_bytes + body_bytes / 8);
      writer.finish(*body);
      body_bytes = body->size();
    }
    {
      const CpuScope scope(figures.cpu_hash_and_check_s);
      const std::size_t gateway = figures.batches % options.gateways;
      const uplink::Batch batch = chains[gateway].next(std::move(body));
      DUHENG_CHECK(offer(service, answers, gateway, batch, clock.monotonic_ns()));
    }
    figures.frames += frames;
    figures.readings += readings;
    ++figures.batches;
    if (at == pool.frames().size()) {
      at = 0;
      ++lap;
    }
  }
  DUHENG_CHECK(answers.wait_for_all());
  figures.seconds_until_durable = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  const double driver_cpu = thread_cpu() - driver_begin;
  DUHENG_CHECK(applying.finish(journal->next_number()));
  figures.seconds = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  figures.cpu_telemetry_s = applying.cpu_s();
  figures.cpu_journal_s = std::max(0.0, process_cpu() - process_begin - driver_cpu - figures.cpu_telemetry_s);
  service.set_answers(nullptr);
  if (telemetry.store->statistics().readings != figures.readings) {
    return fail(ErrorCode::internal, fmt::format("{} readings went in, {} stand in telemetry", figures.readings,
                                                 telemetry.store->statistics().readings));
  }
  figures.readings_per_s = static_cast<double>(figures.readings) / figures.seconds;
  figures.durable_readings_per_s = static_cast<double>(figures.readings) / figures.seconds_until_durable;
  figures.journal_commits = service.statistics().commits;
  figures.journal_bytes = journal->size_bytes();
  figures.journal_bytes_per_reading =
      static_cast<double>(figures.journal_bytes) / static_cast<double>(figures.readings);
  DUHENG_CHECK(telemetry.store->checkpoint());
  figures.telemetry_bytes = telemetry.store->statistics().file_bytes;
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
  std::vector<Chain> chains(options.gateways);
  dlt645::ValueList values;
  BatchWriter writer(start_utc_ms);
  SingleReadingFigures figures;
  std::size_t at = 0;
  const double process_begin = process_cpu();
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
      DUHENG_CHECK(read_answer(pool, made, values));
      writer.clear(time_utc_ms);
      write_answer(pool, made, values, time_utc_ms, writer);
      auto body = std::make_shared<Bytes>();
      body->reserve(160);
      writer.finish(*body);
      DUHENG_CHECK(offer(service, answers, gateway, chains[gateway].next(std::move(body)), arrived_ns));
      figures.readings += values.size();
    }
    if (!any) DUHENG_CHECK(answers.wait_for_commit(seen));
  }
  DUHENG_CHECK(answers.wait_for_all());
  figures.seconds = static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-9;
  figures.cpu_s = process_cpu() - process_begin;
  service.set_answers(nullptr);
  figures.readings_per_s = static_cast<double>(figures.readings) / figures.seconds;
  figures.journal_commits = service.statistics().commits;
  figures.readings_per_commit =
      static_cast<double>(figures.readings) / static_cast<double>(std::max<std::uint64_t>(1, figures.journal_commits));
  std::vector<std::int64_t> latencies = answers.latencies_ns();
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
      R"("telemetry":{:.3f}}},"journal_commits":{},"journal_bytes":{},"journal_bytes_per_reading":{:.2f},"telemetry_bytes":{}}})",
      readings, frames, batches, seconds, readings_per_s, seconds_until_durable, durable_readings_per_s, cpu_decode_s,
      cpu_batch_s, cpu_hash_and_check_s, cpu_journal_s, cpu_telemetry_s, journal_commits, journal_bytes,
      journal_bytes_per_reading, telemetry_bytes);
}

std::string SingleReadingFigures::to_json() const {
  return fmt::format(
      R"({{"readings":{},"seconds":{:.3f},"readings_per_s":{:.0f},"latency_ms_p50":{:.3f},"latency_ms_p99":{:.3f},)"
      R"("latency_ms_max":{:.3f},"journal_commits":{},"readings_per_commit":{:.1f},"cpu_s":{:.3f}}})",
      readings, seconds, readings_per_s, latency_ms_p50, latency_ms_p99, latency_ms_max, journal_commits,
      readings_per_commit, cpu_s);
}

}  // namespace duheng::platform
