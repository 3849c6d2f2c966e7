#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "platform/status/health.hpp"
#include "store/telemetry/reopening_telemetry_store.hpp"

namespace duheng::platform {

enum class TelemetryEngine : std::uint8_t { duckdb, clickhouse };

/// The section `telemetry` of platform.yaml: which engine holds the readings that are derived from the journal.
struct TelemetryChoice {
  TelemetryEngine engine = TelemetryEngine::duckdb;
  std::string url = "http://127.0.0.1:8123/";
  std::string database = "duheng";
  std::string user = "default";
  std::string password_file;  ///< mode 0600, one line; empty: no password
  std::string ca_file;        ///< PEM; empty: the authorities that the machine trusts
};

/// Reads and checks the section. Rejected: an address that is neither https nor on loopback, since readings would leave
/// the machine in plain text.
[[nodiscard]] TelemetryChoice read_telemetry_choice(const ConfigNode& node);

struct TelemetryWiringParts {
  Disk& disk;
  const Clock& clock;
  Random& random;
  crypto::KeyProvider& keys;
  std::string directory;  ///< of the engine with files
  std::size_t threads = 2;
  std::uint64_t memory_bytes_max = 0;
  /// Where the journal begins: told as the position while a server is away.
  std::uint64_t journal_first_number = 0;
};

/// Opens the engine chosen, so that it mends itself while the platform runs. A ClickHouse server that is away is no
/// error: the store is opened when it comes, and the journal keeps everything until then. Errors: as
/// DuckDbTelemetryStore::open(); of ClickHouse unauthenticated, forbidden, unsupported, invalid_argument - and
/// storage_corrupt - a password file that others can read.
[[nodiscard]] Result<std::unique_ptr<store::ReopeningTelemetryStore>> open_telemetry_store(
    const TelemetryChoice& choice, const TelemetryWiringParts& parts);

/// With a server of its own, telemetry that is away or behind makes the platform poorer and not unready: what arrives
/// is in the journal, and other platforms would find the same server away.
[[nodiscard]] status::Finding judged_by_engine(TelemetryEngine engine, status::Finding finding,
                                               const store::ReopeningStatus& store);

}  // namespace duheng::platform
