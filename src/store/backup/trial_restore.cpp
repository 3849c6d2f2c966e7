#include "store/backup/trial_restore.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "store/backup/record_rows.hpp"
#include "store/journal/journal_verify.hpp"
#include "store/records/sqlite_database.hpp"

namespace duheng::store {
namespace {

constexpr std::size_t findings_max = 100;

class Trial {
 public:
  Trial(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys, const TrialSetting& setting,
        const OnObject& on_object)
      : place_(place), manifest_(manifest), keys_(keys), setting_(setting), on_object_(on_object) {}

  Result<TrialReport> run() {
    report_.set_number = manifest_.number;
    report_.begun_utc_ms = setting_.clock.utc_ms();
    report_.journal_next = manifest_.journal_next;
    DUHENG_TRY(const bool is_sound, measured(report_.check_ms, [this] { return check(); }));
    if (!is_sound) return std::move(report_);
    DUHENG_CHECK(clear());
    DUHENG_TRY(const bool is_written, measured(report_.restore_ms, [this] { return restore(); }));
    if (is_written) {
      DUHENG_TRY(const bool is_open, measured(report_.open_ms, [this] { return open(); }));
      if (is_open) DUHENG_CHECK(compare_with_running());
    }
    DUHENG_CHECK(clear());
    return std::move(report_);
  }

 private:
  template <class Work>
  Result<bool> measured(std::int64_t& ms, Work&& work) {
    const std::int64_t begun_ms = setting_.clock.monotonic_ms();
    auto done = work();
    ms = setting_.clock.monotonic_ms() - begun_ms;
    return done;
  }
  void find(std::string what) {
    if (report_.findings.size() < findings_max) report_.findings.push_back(std::move(what));
  }
  [[nodiscard]] std::string at(const std::string& path) const { return setting_.directory + "/" + path; }

  /// Through the file system itself: what engines leave beside their files goes too.
  Result<void> clear() {
    std::error_code error;
    std::filesystem::remove_all(setting_.directory, error);
    if (error) return fail(ErrorCode::storage_failed, fmt::format("{}: {}", setting_.directory, error.message()));
    return {};
  }

  Result<bool> check() {
    DUHENG_TRY(const SetCheck checked, check_set(place_, manifest_, keys_, on_object_));
    for (const BackupFinding& finding : checked.findings) {
      find(fmt::format("{}: {}", finding.file, finding.what));
      if (finding.object) report_.damaged_objects.push_back(*finding.object);
    }
    return checked.sound();
  }

  Result<bool> restore() {
    DUHENG_CHECK(setting_.disk.make_directories(setting_.directory));
    const auto restored = restore_set(place_, manifest_, keys_, {}, setting_.disk, setting_.directory, on_object_);
    if (!restored && restored.error().code == ErrorCode::storage_corrupt) {
      find(restored.error().message);
      return false;
    }
    if (!restored) {
      (void)clear();  // the error of the restoring is the one to tell
      return std::unexpected(restored.error());
    }
    report_.files = manifest_.files.size();
    report_.bytes = manifest_.content_bytes();
    return true;
  }

  Result<bool> open() {
    if (setting_.disk.exists(at("journal"))) {
      DUHENG_TRY(const VerifyReport verified, verify_journal_directory(setting_.disk, keys_, at("journal")));
      report_.segments = verified.segments;
      report_.journal_records = verified.entries;
      for (const VerifyFinding& finding : verified.findings)
        find(fmt::format("journal/{} at octet {}: {}", finding.file, finding.offset, finding.what));
    }
    if (report_.journal_records != manifest_.journal_next - manifest_.journal_first)
      find(fmt::format("the journal holds {} records, not {}", report_.journal_records,
                       manifest_.journal_next - manifest_.journal_first));
    return open_records();
  }

  Result<bool> open_records() {
    if (!setting_.disk.exists(at("records/records.db"))) return true;
    const auto database = records::SqliteDatabase::open({.path = at("records/records.db")}, keys_);
    if (!database) {
      find("records: " + database.error().message);
      return true;
    }
    if (const auto sound = (*database)->check_integrity(); !sound) find("records: " + sound.error().message);
    auto rows = count_rows(**database);
    if (!rows) {
      find("records: " + rows.error().message);
      return true;
    }
    report_.record_rows = std::move(*rows);
    return true;
  }

  /// The last block's hash stands for a segment's whole content.
  Result<void> compare_with_running() {
    if (setting_.running_rows) {
      DUHENG_TRY(report_.running_record_rows, setting_.running_rows());
    }
    if (setting_.running == nullptr) return {};
    for (const SegmentInfo& segment : setting_.running->segments()) {
      const std::string path = "journal/" + segment.path.substr(segment.path.rfind('/') + 1);
      const auto restored = std::ranges::find(manifest_.files, path, &BackupFile::path);
      if (restored == manifest_.files.end() || !restored->identity || !segment.closed) continue;
      const auto place = setting_.running->place_of(segment.next_number - 1);
      if (!place && place.error().code == ErrorCode::not_found) continue;  // removed by retention meanwhile
      if (!place) return std::unexpected(place.error());
      ++report_.segments_compared;
      if (place->block_hash != *restored->identity) find(path + " is another segment than the running journal's");
    }
    return {};
  }

  BackupPlace& place_;
  const BackupManifest& manifest_;
  crypto::KeyProvider& keys_;
  const TrialSetting& setting_;
  const OnObject& on_object_;
  TrialReport report_;
};

}  // namespace

Result<TrialReport> try_restore(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys,
                                const TrialSetting& setting, const OnObject& on_object) {
  return Trial(place, manifest, keys, setting, on_object).run();
}

}  // namespace duheng::store
