#pragma once
#include <functional>
#include <map>
#include <memory>

#include "base/simulated_disk.hpp"
#include "crypto/key_provider.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "tests/simulation/event_queue.hpp"
#include "uplink/uplink_receiver.hpp"

namespace duheng::simulation {

/// The platform's ingest, journal and history on a simulated disk. Telemetry lies in memory and is rebuilt from the
/// journal at every start, which is what a lost telemetry file means.
class Platform {
 public:
  Platform(EventQueue& queue, std::uint64_t seed);

  [[nodiscard]] bool running() const noexcept { return journal_ != nullptr; }
  /// False when the journal does not open (its message is in last_error()).
  bool start();
  /// Power fails, with all that the disk then does.
  void crash(Random& random);
  /// The disk as it is now, put away.
  [[nodiscard]] std::map<std::string, Bytes> backup();
  /// The disk becomes what the backup holds.
  void restore(const std::map<std::string, Bytes>& backup);

  /// One gateway's connection; `send` gets what the platform answers. Returns its number.
  uplink::SessionId connect(GatewayId gateway, std::function<void(uplink::SessionResponse)> send,
                            std::function<void()> dropped);
  void disconnect(uplink::SessionId session);
  void receive(uplink::SessionId session, uplink::SessionRequest message);

  /// Brings telemetry up to the journal's end.
  [[nodiscard]] Result<void> catch_up();
  [[nodiscard]] store::Journal& journal() { return *journal_; }
  [[nodiscard]] store::TelemetryStore& telemetry() { return *telemetry_; }
  [[nodiscard]] SimulatedDisk& disk() noexcept { return *disk_; }
  [[nodiscard]] NodeClock& clock() noexcept { return clock_; }
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }
  [[nodiscard]] platform::IngestStatistics ingest_statistics() const {
    return sink_ ? sink_->core.statistics() : platform::IngestStatistics{};
  }

 private:
  struct Sink final : uplink::BatchSink {
    Sink(store::Journal& journal, const Clock& clock) : core(journal, clock, {}) {}
    std::vector<uplink::EpochPosition> positions(GatewayId gateway,
                                                 std::span<const uplink::EpochRange> ranges) override {
      return core.positions(gateway, ranges);
    }
    Offered offer(GatewayId gateway, uplink::SessionId session, const uplink::Batch& batch) override {
      return core.offer(gateway, session, platform::check_batch(batch, 4U << 20));
    }
    platform::IngestCore core;
  };
  struct Session {
    std::unique_ptr<uplink::UplinkReceiver> receiver;
    std::function<void(uplink::SessionResponse)> send;
    std::function<void()> dropped;
  };
  void schedule_commit();
  void commit();
  void flush(uplink::SessionId session);
  void stop();

  EventQueue& queue_;
  NodeClock clock_;
  SeededRandom random_;
  std::unique_ptr<SimulatedDisk> disk_ = std::make_unique<SimulatedDisk>();
  crypto::LocalKeyProvider keys_;
  Generation generation_;
  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<store::MemoryTelemetryStore> telemetry_;
  std::unique_ptr<platform::TelemetryApplier> applier_;
  std::map<uplink::SessionId, Session> sessions_;
  std::int64_t next_session_ = 1;
  bool commit_scheduled_ = false;
  std::string last_error_;
};

}  // namespace duheng::simulation
