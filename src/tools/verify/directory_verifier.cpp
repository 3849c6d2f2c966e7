#include "tools/verify/directory_verifier.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <stdlib.h>
#include <utility>

#include "platform/orders/operation_chain.hpp"
#include "store/journal/journal_verify.hpp"
#include "store/records/sqlite_database.hpp"
#include "store/seal/directory_lock.hpp"
#include "store/segment_log/segment_log.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;

/// A copy to be opened by an engine that would change the original.
class ScratchCopy {
 public:
  static Result<ScratchCopy> of(const std::string& from) {
    std::string pattern = (fs::temp_directory_path() / "duheng-verify-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return fail(ErrorCode::storage_failed, "no temporary folder can be made");
    ScratchCopy copy;
    copy.path_ = pattern;
    std::error_code error;
    fs::copy(from, copy.path_, fs::copy_options::recursive, error);
    if (error)
      return fail(ErrorCode::storage_full, fmt::format("{} cannot be copied to be read: {}", from, error.message()));
    return copy;
  }
  ScratchCopy(ScratchCopy&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchCopy& operator=(ScratchCopy&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  ~ScratchCopy() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  ScratchCopy() = default;
  std::string path_;
};

std::uint64_t bytes_below(const std::string& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error))
    if (it->is_regular_file()) bytes += it->file_size();
  return bytes;
}

}  // namespace

struct DirectoryVerifier::Work {
  DirectoryReport report;
  std::unique_ptr<crypto::KeyProvider> keys;
  store::LeftOut left_out;

  [[nodiscard]] std::string path(const std::string& below) const { return report.directory + "/" + below; }
  void add(const std::string& below, const store::VerifyReport& verified, const std::string& name,
           const std::string& how) {
    report.parts.push_back({name, how, verified.segments, verified.entries, verified.bytes});
    for (const store::VerifyFinding& finding : verified.findings)
      report.findings.push_back({below + finding.file, finding.offset, finding.what});
  }
};

Result<std::unique_ptr<crypto::KeyProvider>> DirectoryVerifier::open_key(const std::string& path) {
  // Opening would make a key where there is none.
  if (!disk_.exists(path)) return fail(ErrorCode::key_missing, "there is no key file " + path);
  DUHENG_TRY(auto keys, crypto::LocalKeyProvider::open(disk_, random_, path));
  return std::unique_ptr<crypto::KeyProvider>(std::move(keys));
}

Result<DirectoryReport> DirectoryVerifier::data_directory(const std::string& directory) {
  Work work;
  work.report.directory = directory;
  const bool is_platform = disk_.exists(directory + "/keys/master.key");
  if (!is_platform && !disk_.exists(directory + "/master.key"))
    return fail(ErrorCode::key_missing, directory + " holds no key file of a platform or a gateway");
  DUHENG_TRY(const store::DirectoryLock lock, store::DirectoryLock::take(directory));
  const std::string key = is_platform ? "keys/master.key" : "master.key";
  work.report.kind = is_platform ? "platform" : "gateway";
  auto keys = open_key(work.path(key));
  if (!keys && keys.error().code == ErrorCode::storage_corrupt) {
    // Without the key nothing else can be read, but this much is found.
    work.report.findings.push_back({key, 0, keys.error().message});
    return std::move(work.report);
  }
  if (!keys) return std::unexpected(keys.error());
  work.keys = std::move(*keys);
  work.report.parts.push_back({"key", "the key file's own check", 1, 0, 0});
  work.left_out = is_platform ? store::is_left_out_of_platform_seal : store::is_left_out_of_gateway_seal;
  DUHENG_CHECK(is_platform ? platform(work) : gateway(work));
  return std::move(work.report);
}

Result<DirectoryReport> DirectoryVerifier::journal(const std::string& directory, const std::string& key_file) {
  Work work;
  work.report.directory = directory;
  work.report.kind = "journal";
  if (!disk_.exists(directory)) return fail(ErrorCode::not_found, "there is no directory " + directory);
  DUHENG_TRY(work.keys, open_key(key_file));
  progress_(directory);
  DUHENG_TRY(const store::VerifyReport verified, store::verify_journal_directory(disk_, *work.keys, directory));
  work.add("", verified, "journal", "hash chain, authentication tags, indexes, list of shipped segments");
  return std::move(work.report);
}

Result<void> DirectoryVerifier::platform(Work& work) {
  DUHENG_CHECK(check_journal(work, "journal"));
  DUHENG_CHECK(check_with_seal(work));
  if (work.report.sealed && work.report.unproven.empty() && !deep_) return {};
  DUHENG_CHECK(check_records(work));
  return check_telemetry(work);
}

Result<void> DirectoryVerifier::gateway(Work& work) {
  DUHENG_CHECK(check_spool(work));
  return check_with_seal(work);
}

Result<void> DirectoryVerifier::check_journal(Work& work, const std::string& below) {
  if (!disk_.exists(work.path(below))) return {};
  progress_(below);
  DUHENG_TRY(const auto verified, store::verify_journal_directory(disk_, *work.keys, work.path(below)));
  work.add(below + "/", verified, "journal", "hash chain, authentication tags, indexes");
  return {};
}

Result<void> DirectoryVerifier::check_spool(Work& work) {
  if (!disk_.exists(work.path("spool"))) return {};
  DUHENG_TRY(const auto names, disk_.list(work.path("spool")));
  for (const std::string& name : names) {
    const std::string below = "spool/" + name;
    if (!disk_.list(work.path(below))) continue;  // a file: the seal's
    progress_(below);
    DUHENG_TRY(const auto verified, store::SegmentLog::verify_directory(disk_, *work.keys, work.path(below), "spool"));
    work.add(below + "/", verified, below, "hash chain, authentication tags");
  }
  return {};
}

Result<void> DirectoryVerifier::check_with_seal(Work& work) {
  DUHENG_TRY(const auto check, store::check_seal(disk_, *work.keys, work.report.directory, work.left_out, progress_));
  for (const store::SealFinding& finding : check.findings)
    work.report.findings.push_back({finding.file, 0, finding.what});
  // A seal that is damaged proves nothing.
  work.report.sealed = check.sealed && (!check.seal.empty() || check.findings.empty());
  if (work.report.sealed)
    work.report.parts.push_back({"seal", "hashes noted when the program ended", check.files, 0, check.bytes});
  work.report.unproven = check.unhashed;
  list_unproven(work, check.seal);
  return {};
}

/// What neither a log's own checks nor the seal covers.
void DirectoryVerifier::list_unproven(Work& work, const store::Seal& seal) {
  if (work.report.sealed) return;
  const auto paths = store::list_files(disk_, work.report.directory);
  if (!paths) return;
  // Left out of the seal as well, but without a check of its own: what a running program tells of its ports.
  const auto is_of_the_run = [](std::string_view path) { return path.starts_with("run/") || path == "run.json"; };
  for (const std::string& path : *paths) {
    const bool is_covered = work.left_out(path) && !is_of_the_run(path);
    if (path != store::seal_name && !is_covered && !seal.contains(path)) work.report.unproven.push_back(path);
  }
}

Result<void> DirectoryVerifier::check_records(Work& work) {
  if (!disk_.exists(work.path("records/records.db"))) return {};
  progress_("records");
  DUHENG_TRY(const ScratchCopy copy, ScratchCopy::of(work.path("records")));
  auto database = records::SqliteDatabase::open({.path = copy.path() + "/records.db"}, *work.keys);
  const Result<void> sound =
      database ? (*database)->check_integrity() : Result<void>(std::unexpected(database.error()));
  if (!sound) work.report.findings.push_back({"records/records.db", 0, sound.error().message});
  if (sound) check_operation_log(**database, work);
  work.report.parts.push_back(
      {"records", "every page in use: authentication tag and structure", 1, 0, bytes_below(copy.path())});
  return {};
}

/// Each entry is bound to all before it: one that was changed or left out by somebody who holds the key is found, too.
void DirectoryVerifier::check_operation_log(records::Database& database, Work& work) {
  const auto chained = database.read([](records::Transaction& t) {
    return t.integer("SELECT COUNT(*) FROM pragma_table_info('operation_log') WHERE name = 'chain_hash'");
  });
  if (chained && chained->value_or(0) == 0) return;  // records of an older release, or of none
  const auto report = chained ? platform::check_operation_chain(database)
                              : Result<platform::OperationChainReport>(std::unexpected(chained.error()));
  if (!report) {
    work.report.findings.push_back({"records/records.db", 0, "the operation log: " + report.error().message});
    return;
  }
  if (!report->sound()) {
    work.report.findings.push_back(
        {"records/records.db", 0,
         fmt::format("entry {} of the operation log, or the one before it, is not what was written",
                     report->broken_at)});
  }
  work.report.parts.push_back({"operation log",
                               fmt::format("each entry bound to all before it; head {}", to_hex(report->head.hash)), 1,
                               static_cast<std::uint64_t>(report->entries), 0});
}

Result<void> DirectoryVerifier::check_telemetry(Work& work) {
  if (!disk_.exists(work.path("telemetry"))) return {};
  progress_("telemetry");
  DUHENG_TRY(const ScratchCopy copy, ScratchCopy::of(work.path("telemetry")));
  const std::uint64_t bytes = bytes_below(copy.path());
  store::DuckDbTelemetryOptions options;
  options.directory = copy.path();
  auto opened = store::DuckDbTelemetryStore::open(options, disk_, clock_, *work.keys);
  CheckedPart part{"telemetry", "every reading read through the engine (authenticated blocks)", 1, 0, bytes};
  if (!opened) {
    work.report.findings.push_back({"telemetry", 0, opened.error().message});
  } else if (!opened->damage.empty()) {
    work.report.findings.push_back({"telemetry", 0, opened->damage + "; it is derived and is made anew at the start"});
  } else if (const auto digest = opened->store->digest(); !digest) {
    work.report.findings.push_back({"telemetry", 0, digest.error().message + "; it is derived and can be made anew"});
  } else {
    part.entries = opened->store->statistics().readings;
  }
  work.report.parts.push_back(std::move(part));
  return {};
}

}  // namespace duheng::tools
