#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/devices/devices.hpp"
#include "platform/history_import/history_import.hpp"
#include "platform/imports/import_kind.hpp"
#include "store/journal/journal.hpp"
#include "store/records/migration.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

struct HistoryFile;
struct HistoryResume;

/// Readings from before, or from elsewhere, by file (the columns of an export), for FileImports. Checked against
/// devices, series and what is stored; committed as journal records like any other: a batch in the name of the device's
/// own sender, in an epoch that is the imports' alone, with one frame for each line. The frame's "question" says which
/// file, which line and who; its "answer" is the line itself. So the journal alone knows everything, the values join
/// the device's own series, and the same file again is only more evidence.
///
/// The file is kept as it came, encrypted, under its SHA-256.
class HistoryImportKind final : public ImportKind {
 public:
  struct Parts {
    records::Database& database;
    Disk& disk;
    const Clock& clock;
    Random& random;
    crypto::KeyProvider& keys;
    Devices& devices;
    store::Journal& journal;
    const store::TelemetryStore& telemetry;
    std::shared_ptr<const drivers::ModelLibrary> models;
    std::string directory;  ///< the files; made when missing
  };
  explicit HistoryImportKind(Parts parts) : parts_(std::move(parts)) {}
  [[nodiscard]] static records::Capability migrations();

  [[nodiscard]] std::string_view name() const noexcept override { return "history"; }
  [[nodiscard]] const ImportLimits& limits() const noexcept override { return limits_; }
  [[nodiscard]] Result<ImportCheck> check(const ImportTask& task, ImportProgress& progress) override;
  [[nodiscard]] Result<void> commit(const ImportTask& task, CommitMode mode, ImportCommit& commit) override;
  [[nodiscard]] OperationEntry operation(const FileImport& about, const Author& author,
                                         std::int64_t now_utc_ms) const override;
  [[nodiscard]] std::string template_csv() const override;

 private:
  [[nodiscard]] Result<HistoryFile> read(const ImportTask& task, ImportProgress& progress);
  [[nodiscard]] Result<void> compare_with_stored(HistoryFile& file, const ImportProgress& progress) const;
  [[nodiscard]] Result<void> settle_late_faults(const HistoryFile& file, CommitMode mode, ImportCommit& commit);
  [[nodiscard]] Result<void> commit_lines(const HistoryFile& file, ImportCommit& commit);
  [[nodiscard]] Result<void> commit_batch(const HistoryFile& file, std::span<const std::size_t> lines,
                                          HistoryResume& at, ImportCommit& commit);
  [[nodiscard]] Result<void> save(const HistoryResume& at, ImportCommit& commit);
  [[nodiscard]] Result<std::uint64_t> epoch();
  [[nodiscard]] Result<void> keep_file(const ImportTask& task);

  const Parts parts_;
  const ImportLimits limits_{.file_bytes_max = history_limits::file_bytes_max,
                             .lines_max = history_limits::lines_max,
                             .held_max = 4,
                             .listed_max = 100};
};

}  // namespace duheng::platform
