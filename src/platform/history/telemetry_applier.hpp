#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

struct ApplierOptions {
  std::size_t chunk_records_max = 8'192;
  std::size_t chunk_bytes_max = 16U << 20;
  std::int64_t retry_ms = 2'000;  ///< after an error
};

struct ApplierStatus {
  std::uint64_t next_record = 0;  ///< of the telemetry store
  std::uint64_t journal_next = 0;
  std::uint64_t lag_records = 0;
  std::int64_t lag_ms = 0;      ///< age of the oldest record not applied yet; 0 when there is none
  bool rebuilding = false;      ///< applying what was there when the applier was made
  double rebuild_progress = 1;  ///< 0 to 1
  std::uint64_t readings = 0;   ///< applied since start
  std::uint64_t records_unreadable = 0;
  std::uint64_t records_missing = 0;  ///< removed by retention before this store had them
  std::uint64_t checkpoints = 0;
  std::optional<Error>
      error{};  ///< why nothing is applied at present; storage_corrupt and unsupported stay until restart
};

/// Brings the journal's records into the telemetry store, in order, from where the store stands: also all of them, when
/// the store was lost. A pure step and a thread that repeats it.
class TelemetryApplier {
 public:
  TelemetryApplier(store::Journal& journal, store::TelemetryStore& store, const Clock& clock,
                   ApplierOptions options = {});
  /// Stops the thread if it runs.
  ~TelemetryApplier();

  /// Applies one chunk; how many records it took, 0 when there is nothing new. Not beside the thread.
  /// Errors: as TelemetryStore::apply() and Journal::read().
  [[nodiscard]] Result<std::uint64_t> step();
  void start();
  void stop();
  [[nodiscard]] ApplierStatus status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform
