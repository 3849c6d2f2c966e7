#pragma once
// What benchmarks of the way from a batch to durable and asked for share: ingest, journal, telemetry and its upkeep in
// one process, with their real threads.
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "platform/ingest/ingest_service.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::platform {

/// Processor seconds of the calling thread, and of the whole process.
[[nodiscard]] double thread_cpu_s();
[[nodiscard]] double process_cpu_s();

/// One gateway's chain of batches.
struct BatchChain {
  std::uint64_t sequence = 0;
  crypto::Hash256 last{};
  [[nodiscard]] uplink::Batch next(std::shared_ptr<const Bytes> body);
};

/// How long commits took.
struct CommitDelays {
  std::vector<std::int64_t>
      latencies_ns{};             ///< from offering a batch until its acknowledgement, room waited for included
  std::int64_t stall_ns_max = 0;  ///< longest time without a commit while a batch was waiting for one
};

/// Waits for room and for acknowledgements, and notes when each came. Thread-safe.
class BenchAnswers final : public uplink::SessionAnswers {
 public:
  BenchAnswers(const Clock& clock, std::size_t sessions) : clock_(clock), under_way_(sessions) {}
  void offered(std::size_t session, std::int64_t begin_ns);
  [[nodiscard]] bool has_room(std::size_t session, std::size_t window);
  void committed(uplink::SessionId session, const uplink::EpochPosition& position) override;
  void refused(uplink::SessionId session, const uplink::Refusal& refusal) override;
  void room_available() override;
  /// Until a group beyond the `seen` ones was committed. Errors: what was refused.
  [[nodiscard]] Result<void> wait_for_commit(std::uint64_t seen);
  [[nodiscard]] std::uint64_t commits_seen();
  [[nodiscard]] Result<void> wait_for_all();
  /// Since the last call.
  [[nodiscard]] CommitDelays take_delays();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::deque<std::int64_t>> under_way_;
  std::map<std::int64_t, std::uint64_t> done_;
  CommitDelays delays_;
  std::int64_t last_commit_ns_ = 0;
  std::uint64_t offered_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t rooms_ = 0;
  std::optional<Error> failure_;
};

/// Offers until there is room. Gateway `number` is session `number` and gateway id `number` + 1.
[[nodiscard]] Result<void> offer_batch(IngestService& service, BenchAnswers& answers, std::size_t number,
                                       const uplink::Batch& batch, std::int64_t begin_ns);

/// All of it behind ingest's door. Files stay; the caller removes them.
class WholePath {
 public:
  struct Options {
    std::string directory{};  ///< must exist
    std::size_t gateways = 8;
    std::size_t telemetry_threads = 1;  ///< 1: telemetry's work is the applying thread's and can be told apart
    bool maintained = true;             ///< merging and sealing in a thread of its own beside everything else
  };
  /// `clock` tells telemetry which days are over; it must outlive this.
  [[nodiscard]] static Result<std::unique_ptr<WholePath>> open(const Options& options, const Clock& clock);
  WholePath(const WholePath&) = delete;
  WholePath& operator=(const WholePath&) = delete;
  ~WholePath();

  /// Hands a gateway's next batch in; waits while there is no room. From one thread. Errors: refused; storage_failed.
  [[nodiscard]] Result<void> offer(std::size_t gateway, std::shared_ptr<const Bytes> body);
  /// Until everything offered is acknowledged; until it stands in telemetry.
  [[nodiscard]] Result<void> wait_until_durable();
  [[nodiscard]] Result<void> wait_until_applied();
  /// Calls maintain() until nothing is left to do, then makes a checkpoint. Ends the maintaining thread.
  [[nodiscard]] Result<void> settle();
  void resume_maintenance();

  [[nodiscard]] store::Journal& journal() noexcept { return *journal_; }
  [[nodiscard]] store::DuckDbTelemetryStore& telemetry() noexcept { return *telemetry_; }
  [[nodiscard]] IngestStatistics statistics() const { return service_->statistics(); }
  [[nodiscard]] CommitDelays take_delays() { return answers_.take_delays(); }
  /// Of the applying and the maintaining thread so far.
  [[nodiscard]] double applying_cpu_s() const noexcept { return applying_cpu_s_; }
  [[nodiscard]] double maintaining_cpu_s() const noexcept { return maintaining_cpu_s_; }

 private:
  WholePath(const Options& options, const Clock& clock);
  void apply(const std::stop_token& stop);
  void maintain(const std::stop_token& stop);
  void failed(const Error& error);

  const Clock& clock_;
  PosixDisk disk_;
  SystemRandom random_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<store::DuckDbTelemetryStore> telemetry_;
  BenchAnswers answers_;
  std::unique_ptr<IngestService> service_;
  std::vector<BatchChain> chains_;
  std::mutex mutex_;
  std::condition_variable applied_;
  std::optional<Error> error_;
  std::atomic<double> applying_cpu_s_ = 0;
  std::atomic<double> maintaining_cpu_s_ = 0;
  std::jthread applying_;
  std::jthread maintaining_;
};

}  // namespace duheng::platform
