#include "store/telemetry/duckdb_engine.hpp"

#include <array>
#include <fmt/format.h>
#include <utility>

#include "store/telemetry/duckdb_encryption.hpp"

namespace duheng::store {
namespace {

Result<duckdb_database> open_instance(const DuckDbTelemetryOptions& options, const std::string& temporary_directory) {
  const std::array<std::pair<const char*, std::string>, 10> settings{{
      {"threads", fmt::format("{}", options.threads)},
      {"memory_limit", fmt::format("{}B", options.memory_bytes_max)},
      {"temp_directory", temporary_directory},
      {"max_temp_directory_size", fmt::format("{}B", options.temporary_bytes_max)},
      {"temp_file_encryption", "true"},
      {"autoload_known_extensions", "false"},
      {"autoinstall_known_extensions", "false"},
      {"allow_community_extensions", "false"},
      // Never by itself in the middle of a commit: the owner of the store says when (checkpoint_if_due).
      {"checkpoint_threshold", "1000GB"},
      {"preserve_insertion_order", "true"},
  }};
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess)
    return fail(ErrorCode::internal, "telemetry engine: no configuration");
  for (const auto& [name, value] : settings) {
    if (duckdb_set_config(config, name, value.c_str()) == DuckDBSuccess) continue;
    duckdb_destroy_config(&config);
    return fail(ErrorCode::invalid_argument, fmt::format("telemetry engine: {} cannot be \"{}\"", name, value));
  }
  duckdb_database database = nullptr;
  char* message = nullptr;
  const bool opened = duckdb_open_ext(nullptr, &database, config, &message) == DuckDBSuccess;
  Error error{ErrorCode::internal,
              fmt::format("telemetry engine: {}", message == nullptr ? "does not start" : message)};
  duckdb_free(message);
  duckdb_destroy_config(&config);
  if (!opened) return std::unexpected(std::move(error));
  return database;
}

/// Whether the failure to open lies in the surroundings rather than in the file's content.
bool surroundings(const std::string& message) {
  for (const char* text : {"Cannot open file", "set lock on file", "No space left", "Could not write",
                           "Permission denied", "Too many open files", "Disk quota", "Input/output error"}) {
    if (message.find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

std::expected<std::unique_ptr<DuckDbEngine>, DuckDbEngine::OpenFailure> DuckDbEngine::open(
    const DuckDbTelemetryOptions& options, const std::string& file, const std::string& temporary_directory,
    const crypto::SecretKey& key) {
  const auto plainly = [](Error error) { return std::unexpected(OpenFailure{std::move(error), false, false}); };
  auto database = open_instance(options, temporary_directory);
  if (!database) return plainly(database.error());
  std::unique_ptr<DuckDbEngine> engine(new DuckDbEngine(*database));
  if (auto installed = install_encryption(*database); !installed) return plainly(installed.error());
  auto session = engine->connect();
  if (!session) return plainly(session.error());
  if (auto attached = attach_encrypted((*session)->handle(), file, "hot", key); !attached) {
    const AttachFailure& failure = attached.error();
    const bool wrong_key = failure.message.find("Wrong encryption key") != std::string::npos;
    const bool damaged = !wrong_key && !surroundings(failure.message);
    return std::unexpected(OpenFailure{duckdb_failure(failure.type, failure.message), wrong_key, damaged});
  }
  // From here on nothing but the store's own folder can be reached, whatever a statement says.
  std::string folder;
  for (const char c : options.directory) folder.append(c == '\'' ? 2 : 1, c);
  for (const std::string& statement : {fmt::format("SET GLOBAL allowed_directories = ['{}/']", folder),
                                       std::string("SET GLOBAL enable_external_access = false"),
                                       std::string("SET GLOBAL lock_configuration = true")}) {
    if (auto done = (*session)->run(statement); !done) return plainly(done.error());
  }
  return engine;
}

DuckDbEngine::~DuckDbEngine() { duckdb_close(&database_); }

}  // namespace duheng::store
