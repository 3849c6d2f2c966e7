#include "store/telemetry/duckdb_rekey.hpp"

#include "base/log.hpp"
#include "store/telemetry/duckdb_encryption.hpp"
#include "store/telemetry/duckdb_engine.hpp"
#include "store/telemetry/telemetry_key_file.hpp"

namespace duheng::store {
namespace {

Result<void> remove_if_there(Disk& disk, const std::string& path) {
  return disk.exists(path) ? disk.remove(path) : Result<void>{};
}

Result<void> copy_hot_file(const DuckDbTelemetryOptions& options, const HotPaths& paths,
                           const crypto::SecretKey& old_key, const crypto::SecretKey& new_key) {
  auto engine = DuckDbEngine::open(options, paths.file, paths.temporary, old_key);
  if (!engine) return std::unexpected(engine.error().error);
  DUHENG_TRY(const auto session, (*engine)->connect());
  if (auto attached = attach_encrypted(session->handle(), paths.new_file, "fresh", new_key); !attached)
    return std::unexpected(duckdb_failure(attached.error().type, attached.error().message));
  for (const char* statement : {"COPY FROM DATABASE hot TO fresh", "CHECKPOINT fresh", "DETACH fresh"})
    DUHENG_CHECK(session->run(statement));
  return {};
}

}  // namespace

HotPaths::HotPaths(const std::string& directory)
    : file(directory + "/telemetry.duckdb"),
      log(file + ".wal"),
      key(directory + "/telemetry.key"),
      temporary(directory + "/temporary"),
      new_file(directory + "/rekeyed.duckdb"),
      new_key(directory + "/rekeyed.key") {}

Result<void> finish_rekeying(Disk& disk, const std::string& directory, const HotPaths& paths) {
  if (disk.exists(paths.new_file)) {
    DUHENG_CHECK(remove_if_there(disk, paths.new_file + ".wal"));
    DUHENG_CHECK(disk.remove(paths.new_file));
    DUHENG_CHECK(remove_if_there(disk, paths.new_key));
  } else if (disk.exists(paths.new_key)) {
    // The new file stands in the old one's place, whose log is of no use any more.
    DUHENG_CHECK(remove_if_there(disk, paths.log));
    DUHENG_CHECK(disk.rename(paths.new_key, paths.key));
  } else {
    return {};
  }
  return disk.sync_directory(directory);
}

Result<void> rekey_hot_file(const DuckDbTelemetryOptions& options, Disk& disk, const HotPaths& paths,
                            const crypto::SecretKey& old_key, std::uint32_t new_version,
                            const crypto::SecretKey& new_key) {
  DUHENG_CHECK(finish_rekeying(disk, options.directory, paths));
  if (auto copied = copy_hot_file(options, paths, old_key, new_key); !copied) {
    (void)finish_rekeying(disk, options.directory, paths);
    return copied;
  }
  const std::string key_text = TelemetryKeyFile::make(new_version, new_key).to_text();
  DUHENG_CHECK(write_file_atomically(disk, paths.new_key, as_bytes(key_text)));
  DUHENG_CHECK(disk.sync_directory(options.directory));
  DUHENG_CHECK(disk.rename(paths.new_file, paths.file));
  DUHENG_CHECK(disk.sync_directory(options.directory));
  DUHENG_CHECK(finish_rekeying(disk, options.directory, paths));
  log::info("telemetry", "the hot file has a new key", {{"version", new_version}});
  return {};
}

}  // namespace duheng::store
