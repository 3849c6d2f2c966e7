#pragma once
#include <duckdb.h>
#include <memory>
#include <string>

#include "store/telemetry/duckdb_session.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::store {

/// A DuckDB instance with the encrypted telemetry file attached as "hot" and everything else it could reach shut: no
/// extensions, no other files, no change of settings.
class DuckDbEngine {
 public:
  struct OpenFailure {
    Error error;
    bool wrong_key = false;  ///< as far as the engine can tell
    bool damaged = false;    ///< the file itself is at fault
  };
  [[nodiscard]] static std::expected<std::unique_ptr<DuckDbEngine>, OpenFailure> open(
      const DuckDbTelemetryOptions& options, const std::string& file, const std::string& temporary_directory,
      const crypto::SecretKey& key);
  ~DuckDbEngine();
  DuckDbEngine(const DuckDbEngine&) = delete;
  DuckDbEngine& operator=(const DuckDbEngine&) = delete;

  [[nodiscard]] Result<std::unique_ptr<DuckDbSession>> connect() const { return DuckDbSession::connect(database_); }

 private:
  explicit DuckDbEngine(duckdb_database database) : database_(database) {}
  duckdb_database database_;
};

}  // namespace duheng::store
