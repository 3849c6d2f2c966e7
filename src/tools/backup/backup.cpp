#include "tools/backup/backup.hpp"

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <ostream>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/administration/platform_data.hpp"
#include "platform/backups/backup_service.hpp"
#include "platform/backups/drill_report.hpp"
#include "platform/backups/platform_source.hpp"
#include "store/backup/backup_object.hpp"
#include "store/backup/backup_restore.hpp"
#include "store/seal/seal.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The first line of a file, wiped afterwards.
class Passphrase {
 public:
  static Result<Passphrase> read(Disk& disk, const std::string& path) {
    DUHENG_TRY(const bool exposed, disk.readable_by_others(path));
    if (exposed) return fail(ErrorCode::invalid_argument, path + " can be read by other accounts: set mode 0600");
    DUHENG_TRY(Bytes octets, read_file(disk, path, 4'096));
    Passphrase out;
    out.text_ = as_text(octets).substr(0, as_text(octets).find_first_of("\r\n"));
    OPENSSL_cleanse(octets.data(), octets.size());
    return out;
  }
  Passphrase(Passphrase&&) noexcept = default;
  Passphrase& operator=(Passphrase&&) noexcept = default;
  ~Passphrase() { OPENSSL_cleanse(text_.data(), text_.size()); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  Passphrase() = default;
  std::string text_;
};

class NoAlarms final : public platform::alarms::ConditionSink {
 public:
  void raise(const platform::alarms::Condition&) override {}
  void clear(std::string_view, const platform::alarms::Subject&) override {}
};

int refuse(const Error& error, bool json, std::ostream& out, std::ostream& err) {
  if (json) {
    Json told{{"error", to_string(error.code)}, {"message", error.message}};
    if (error.code == ErrorCode::storage_corrupt) told["sound"] = false;
    out << told.dump() << '\n';
  }
  err << fmt::format("duheng: {} ({})\n", error.message, to_string(error.code));
  return error.code == ErrorCode::storage_corrupt ? backup_damaged : backup_unusable;
}

/// The set that is meant, opened with what the operator has.
Result<store::OpenedSet> open(Disk& disk, store::BackupPlace& place, std::uint64_t set,
                              const std::string& passphrase_file, const std::string& key_file) {
  if (!key_file.empty()) {
    DUHENG_TRY(auto files, store::read_key_files(disk, key_file));
    // Whatever the copy is called, the platform looks for it under this name.
    for (std::size_t i = 0; i < files.size(); ++i)
      files[i].name = i == 0 ? "master.key" : fmt::format("master.key.{}", i + 1);
    return store::open_set(place, set, std::move(files));
  }
  DUHENG_TRY(const Passphrase passphrase, Passphrase::read(disk, passphrase_file));
  return store::open_set(place, set, passphrase.text());
}

class Backup {
 public:
  Backup(const BackupOptions& options, std::ostream& err) : options_(options), err_(err), paths_(options.data) {}

  Result<platform::BackupRun> run() {
    if (!disk_.exists(paths_.master_key()))
      return fail(ErrorCode::not_found, options_.data + " is no data directory of a platform");
    DUHENG_TRY(const auto lock, platform::DataDirectoryLock::take(paths_, disk_));
    DUHENG_CHECK(store::break_seal(disk_, paths_.root));
    DUHENG_TRY(auto run, make());
    DUHENG_TRY(const auto keys, crypto::LocalKeyProvider::open(disk_, random_, paths_.master_key()));
    DUHENG_CHECK(store::seal_directory(disk_, *keys, paths_.root, store::is_left_out_of_platform_seal));
    return run;
  }

 private:
  Result<platform::BackupRun> make() {
    DUHENG_TRY(const auto records, platform::PlatformRecords::open(paths_, disk_, clock_, random_));
    DUHENG_CHECK(disk_.make_directories(paths_.journal()));
    DUHENG_CHECK(disk_.make_directories(paths_.root + "/backups"));
    DUHENG_TRY(const auto journal,
               store::Journal::open(disk_, random_, records->keys(), {.directory = paths_.journal()}));
    NoAlarms alarms;
    std::vector<std::unique_ptr<store::BackupPlace>> places;
    DUHENG_TRY(auto place, store::open_place(disk_, options_.place));
    places.push_back(std::move(place));
    DUHENG_TRY(const auto stored, platform::BackupBook(records->database()).schedule());
    platform::BackupSchedule only_now = stored.value_or(platform::BackupSchedule{});
    only_now.is_enabled = false;  // nothing but what is asked for
    platform::BackupService service(
        {.database = records->database(),
         .journal = *journal,
         .disk = disk_,
         .clock = clock_,
         .random = random_,
         .keys = records->keys(),
         .alarms = alarms,
         .places = std::move(places),
         .source =
             [&](store::Journal& of) {
               return platform::platform_backup_source(disk_, records->keys(), of, records->database(), paths_.root);
             },
         .master_key_file = paths_.master_key(),
         .recovery_key_file = fmt::format("{}/{}", paths_.root, platform::recovery_key_path),
         .drill_directory = fmt::format("{}/{}", paths_.root, platform::drill_path),
         .product = options_.product,
         .schedule = only_now});
    return ask(service);
  }

  Result<platform::BackupRun> ask(platform::BackupService& service) {
    if (!options_.passphrase_file.empty()) {
      DUHENG_TRY(const Passphrase passphrase, Passphrase::read(disk_, options_.passphrase_file));
      DUHENG_CHECK(service.set_recovery_passphrase(passphrase.text()));
    }
    DUHENG_TRY(const auto overview, service.overview());
    if (overview.recovery_key != platform::RecoveryKeyState::current)
      err_ << "no passphrase protects the keys (--passphrase-file): without keys/master.key kept elsewhere nothing can "
              "be restored on another machine\n";
    DUHENG_CHECK(service.ask(platform::BackupKind::backup, "command line"));
    DUHENG_CHECK(service.step());
    DUHENG_TRY(const auto page, service.list(platform::BackupKind::backup, 1, 1));
    if (page.runs.empty()) return fail(ErrorCode::internal, "the backup left no trace");
    return page.runs.front();
  }

  const BackupOptions& options_;
  std::ostream& err_;
  const platform::PlatformPaths paths_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
};

/// What the operator reads while gigabytes go over the line.
store::OnObject progress_to(std::ostream& err, std::string what) {
  return [&err, what = std::move(what), told = std::uint64_t{0}](std::uint64_t done, std::uint64_t all) mutable {
    const std::uint64_t tenth = all == 0 ? 10 : done * 10 / all;
    if (tenth > told) {
      err << fmt::format("{}: {} % of {} octets", what, tenth * 10, all) << std::endl;
      told = tenth;
    }
    return true;
  };
}

int tell_damage(const store::SetCheck& check, std::uint64_t set, bool json, std::ostream& out) {
  Json findings = Json::array();
  for (const store::BackupFinding& finding : check.findings) {
    if (!json) out << fmt::format("{}: {}\n", finding.file, finding.what);
    findings.push_back({{"file", finding.file},
                        {"object", finding.object ? store::hash_text(*finding.object) : std::string{}},
                        {"what", finding.what}});
  }
  if (json) {
    out << Json{{"sound", false}, {"set", set}, {"findings", std::move(findings)}}.dump() << '\n';
  } else {
    out << fmt::format("set {} is damaged in {} places: nothing was written. An older set may be whole (--set).\n", set,
                       check.findings.size());
  }
  return backup_damaged;
}

class Restore {
 public:
  Restore(const RestoreOptions& options, std::ostream& out, std::ostream& err)
      : options_(options), out_(out), err_(err), part_(options.into + ".restoring") {}

  Result<int> run() {
    const auto begun = std::chrono::steady_clock::now();
    DUHENG_CHECK(require_free());
    DUHENG_TRY(const auto place, store::open_place(disk_, options_.place));
    DUHENG_TRY(const auto set, open(disk_, *place, options_.set, options_.passphrase_file, options_.key_file));
    DUHENG_TRY(const auto check, store::check_set(*place, set.manifest, *set.keys, progress_to(err_, "comparing")));
    if (!check.sound()) return tell_damage(check, set.manifest.number, options_.json, out_);
    DUHENG_CHECK(write(*place, set));
    tell(set.manifest, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    return backup_sound;
  }

 private:
  Result<void> require_free() {
    std::error_code error;
    const bool is_taken = fs::exists(options_.into, error) && !fs::is_empty(options_.into, error);
    if (is_taken || error)
      return fail(ErrorCode::already_exists, options_.into + " is not empty: nothing is restored over what is there");
    return {};
  }

  Result<void> write(store::BackupPlace& place, const store::OpenedSet& set) {
    std::error_code error;
    fs::remove_all(part_, error);  // of an attempt that was cut off
    DUHENG_CHECK(disk_.make_directories(part_));
    DUHENG_CHECK(
        store::restore_set(place, set.manifest, *set.keys, set.key_files, disk_, part_, progress_to(err_, "writing")));
    // So that `duheng verify` proves every octet of it.
    DUHENG_CHECK(store::seal_directory(disk_, *set.keys, part_, store::is_left_out_of_platform_seal));
    fs::remove(options_.into, error);
    DUHENG_CHECK(disk_.rename(part_, options_.into));
    const std::string parent = fs::absolute(options_.into).parent_path().string();
    return disk_.sync_directory(parent);
  }

  void tell(const store::BackupManifest& set, double seconds) {
    if (options_.json) {
      out_ << Json{{"sound", true},
                   {"set", set.number},
                   {"made_at", format_utc(set.begun_utc_ms)},
                   {"files", set.files.size()},
                   {"bytes", set.content_bytes()},
                   {"journal_next", set.journal_next},
                   {"directory", options_.into},
                   {"seconds", seconds}}
                  .dump()
           << '\n';
      return;
    }
    out_ << fmt::format(
        "set {} of {} is restored to {}: {} files, {} octets, all journal records before {}, in {:.1f} s\n"
        "Start the platform with this data directory; gateways send again what came later.\n",
        set.number, format_utc(set.begun_utc_ms), options_.into, set.files.size(), set.content_bytes(),
        set.journal_next, seconds);
  }

  const RestoreOptions& options_;
  std::ostream& out_;
  std::ostream& err_;
  const std::string part_;
  PosixDisk disk_;
};

Result<store::TrialReport> try_it(const DrillOptions& options, std::ostream& err) {
  PosixDisk disk;
  SystemClock clock;
  DUHENG_TRY(const auto place, store::open_place(disk, options.place));
  DUHENG_TRY(const auto set, open(disk, *place, options.set, options.passphrase_file, options.key_file));
  const fs::path base = options.scratch.empty() ? fs::temp_directory_path() : fs::path(options.scratch);
  std::string directory = (base / "duheng-drill-XXXXXX").string();
  if (::mkdtemp(directory.data()) == nullptr)
    return fail(ErrorCode::storage_failed, fmt::format("no directory can be made in {}", base.string()));
  return store::try_restore(*place, set.manifest, *set.keys, {.disk = disk, .clock = clock, .directory = directory},
                            progress_to(err, "trying"));
}

void print(const store::TrialReport& report, std::ostream& out) {
  for (const std::string& finding : report.findings) out << finding << '\n';
  out << fmt::format(
      "set {}: {}; {} files, {} octets, {} journal records in {} segments, {} tables of records\n"
      "recovery took {:.2f} s: {:.2f} s to compare at the place, {:.2f} s to write, {:.2f} s to open and verify\n",
      report.set_number, report.sound() ? "sound" : "DAMAGED", report.files, report.bytes, report.journal_records,
      report.segments, report.record_rows.size(), static_cast<double>(report.recovery_ms()) / 1'000,
      static_cast<double>(report.check_ms) / 1'000, static_cast<double>(report.restore_ms) / 1'000,
      static_cast<double>(report.open_ms) / 1'000);
}

}  // namespace

int run_backup(const BackupOptions& options, std::ostream& out, std::ostream& err) {
  const auto run = Backup(options, err).run();
  if (!run) return refuse(run.error(), options.json, out, err);
  if (run->state != platform::BackupState::done)
    return refuse({ErrorCode::storage_failed, run->reason}, options.json, out, err);
  if (options.json) {
    out << Json{{"set", run->set_number},
                {"files", run->files},
                {"files_new", run->files_new},
                {"bytes", run->bytes_total},
                {"bytes_sent", run->bytes_sent},
                {"journal_next", run->journal_next},
                {"recovery_key", run->has_recovery_key}}
               .dump()
        << '\n';
  } else {
    out << fmt::format("set {} is made and read back: {} files, {} of them new, {} octets sent\n", run->set_number,
                       run->files, run->files_new, run->bytes_sent);
  }
  return backup_sound;
}

int run_restore(const RestoreOptions& options, std::ostream& out, std::ostream& err) {
  const auto code = Restore(options, out, err).run();
  return code ? *code : refuse(code.error(), options.json, out, err);
}

int run_drill(const DrillOptions& options, std::ostream& out, std::ostream& err) {
  const auto report = try_it(options, err);
  if (!report) return refuse(report.error(), options.json, out, err);
  if (options.json) {
    out << platform::drill_report_json(*report, options.place.address) << '\n';
  } else {
    print(*report, out);
  }
  return report->sound() ? backup_sound : backup_damaged;
}

}  // namespace duheng::tools
