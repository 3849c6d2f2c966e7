#pragma once
// For tests only: a data directory with a true journal on a simulated disk, and a place on another one.
#include <map>
#include <memory>
#include <string>

#include "base/simulated_disk.hpp"
#include "store/backup/backup_restore.hpp"
#include "store/backup/backup_retention.hpp"
#include "store/backup/backup_writer.hpp"
#include "store/backup/directory_place.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::store::testing {

/// What a call gave, to be gone through: value() of a temporary would end before the loop begins.
template <class T>
[[nodiscard]] T values(Result<T> given) {
  return given ? std::move(*given) : T{};
}

class BackupWorld {
 public:
  explicit BackupWorld(std::uint64_t seed = 1) : random(seed) {
    for (const char* const folder : {"/data/authority", "/data/telemetry", "/data/keys", "/data/backups", "/data/tls"})
      (void)disk.make_directories(folder);
    (void)far.make_directories("/second");
    write("authority/ca.pem", "-----BEGIN CERTIFICATE----- and its private key");
    write("tls/leaf.pem", std::string(20'000, 't'));
    write("telemetry/hot.db", "derived");
    write("keys/master.key", "the key itself");
    open_journal();
  }

  void write(const std::string& path, const std::string& text) {
    (void)write_file_atomically(disk, "/data/" + path, as_bytes(text));
  }
  void open_journal() {
    journal.reset();
    auto opened = Journal::open(disk, random, keys, {.directory = "/data/journal", .segment_bytes_max = 3'000});
    if (opened) journal = std::move(*opened);
  }
  void commit(int batches) {
    for (int i = 0; i < batches; ++i) {
      const JournalRecord record = sender.next();
      (void)journal->commit({&record, 1});
    }
  }
  /// The records change from run to run, as encrypted pages do.
  [[nodiscard]] BackupSource source() {
    return {.disk = disk,
            .keys = keys,
            .journal = *journal,
            .directory = "/data",
            .staging = "/data/backups/staging",
            .snapshots = {{"records/records.db",
                           [this](const std::string& to) -> Result<void> {
                             DUHENG_TRY(const auto file, disk.open(to, OpenMode::create_new));
                             return file->append(as_bytes(records));
                           }}},
            .is_left_out =
                [](std::string_view path) {
                  return path.starts_with("telemetry/") || path.starts_with("keys/") || path.starts_with("backups/");
                },
            .recovery_key = recovery_key};
  }
  [[nodiscard]] Result<BackupReport> back_up(std::set<crypto::Hash256> distrusted = {}) {
    const BackupOptions options{.product = "test", .distrusted = std::move(distrusted), .piece_bytes_max = 4'096};
    return make_backup(source(), place, clock, options);
  }
  /// What the data directory's files are, as far as a backup holds them.
  [[nodiscard]] std::map<std::string, Bytes> content() {
    std::map<std::string, Bytes> out;
    for (const SegmentInfo& segment : journal->segments())
      if (segment.closed)
        out["journal" + segment.path.substr(segment.path.rfind('/'))] = *read_file(disk, segment.path);
    for (const char* const path : {"authority/ca.pem", "tls/leaf.pem"})
      if (disk.exists(std::string("/data/") + path)) out[path] = *read_file(disk, std::string("/data/") + path);
    out["records/records.db"] = Bytes(records.begin(), records.end());
    return out;
  }
  /// The files of a set, restored to a disk of its own.
  [[nodiscard]] Result<std::map<std::string, Bytes>> restored(std::uint64_t number) {
    DUHENG_TRY(const BackupManifest manifest, load_set(place, number, keys));
    SimulatedDisk fresh;
    DUHENG_CHECK(fresh.make_directories("/new"));
    DUHENG_CHECK(restore_set(place, manifest, keys, {}, fresh, "/new"));
    std::map<std::string, Bytes> out;
    for (const BackupFile& file : manifest.files) {
      DUHENG_TRY(out[file.path], read_file(fresh, "/new/" + file.path));
    }
    return out;
  }

  SimulatedDisk disk;
  SimulatedDisk far;
  ManualClock clock;
  SeededRandom random;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  Sender sender{7, 1};
  std::string records = std::string(9'000, 'r');
  Bytes recovery_key;
  std::unique_ptr<Journal> journal;
  DirectoryPlace place{far, "/second"};
};

}  // namespace duheng::store::testing
