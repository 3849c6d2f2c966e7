#include "small_telemetry.hpp"

#include <filesystem>

#include "store/telemetry/duckdb_encryption.hpp"
#include "store/telemetry/duckdb_rekey.hpp"

namespace duheng::compat {
namespace {

class Engine {
 public:
  Engine() {
    duckdb_config config = nullptr;
    if (duckdb_create_config(&config) != DuckDBSuccess) return;
    duckdb_set_config(config, "default_block_size", "16384");
    char* message = nullptr;
    if (duckdb_open_ext(nullptr, &database_, config, &message) == DuckDBSuccess)
      duckdb_connect(database_, &connection_);
    duckdb_free(message);
    duckdb_destroy_config(&config);
  }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() {
    duckdb_disconnect(&connection_);
    duckdb_close(&database_);
  }
  Result<void> attach(const std::string& path, const std::string& name, const crypto::SecretKey& key) {
    if (connection_ == nullptr) return fail(ErrorCode::internal, "the telemetry engine does not start");
    const auto attached = store::attach_encrypted(connection_, path, name, key);
    return attached ? Result<void>{} : fail(ErrorCode::storage_failed, attached.error().message);
  }
  Result<void> run(const char* statement) {
    duckdb_result result{};
    const bool done = duckdb_query(connection_, statement, &result) == DuckDBSuccess;
    const char* message = done ? nullptr : duckdb_result_error(&result);
    const std::string told = message == nullptr ? statement : message;
    duckdb_destroy_result(&result);
    return done ? Result<void>{} : fail(ErrorCode::storage_failed, told);
  }
  [[nodiscard]] duckdb_database database() const { return database_; }

 private:
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace

Result<void> make_telemetry_small(const std::string& directory, const crypto::SecretKey& key) {
  const store::HotPaths paths(directory);
  const std::string small = directory + "/small.duckdb";
  {
    Engine engine;
    DUHENG_CHECK(store::install_encryption(engine.database()));
    DUHENG_CHECK(engine.attach(paths.file, "hot", key));
    DUHENG_CHECK(engine.attach(small, "small", key));
    for (const char* statement : {"COPY FROM DATABASE hot TO small", "CHECKPOINT small", "DETACH small", "DETACH hot"})
      DUHENG_CHECK(engine.run(statement));
  }
  std::error_code error;
  std::filesystem::rename(small, paths.file, error);
  if (error) return fail(ErrorCode::storage_failed, error.message());
  return {};
}

}  // namespace duheng::compat
