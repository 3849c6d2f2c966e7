#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "platform/exports/export.hpp"
#include "platform/exports/export_source.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/database.hpp"
#include "store/records/migration.hpp"
#include "store/table_files/sealed_file.hpp"

namespace duheng::platform {

class AuditSource;

struct ExportOptions {
  std::string directory{};                      ///< the files; made when missing
  std::uint64_t file_bytes_max = 4ULL << 30;    ///< of one file on the disk: compressed and encrypted
  std::uint64_t total_bytes_max = 20ULL << 30;  ///< of all files
  std::uint64_t free_bytes_min = 1ULL << 30;    ///< left to everything else on the disk
  std::uint64_t rows_max = 200'000'000;         ///< of one file
  std::size_t piece_rows = 65'536;              ///< after so many rows a piece is on the disk and noted
  std::int64_t piece_ms = 1'000;                ///< or after so long
  std::int64_t kept_ms = 7LL * 86'400'000;      ///< then the file is deleted
  std::int64_t listed_ms = 90LL * 86'400'000;   ///< then its line too; the operation log keeps that it was
  std::int64_t open_per_person_max = 4;
  int attempts_max = 60;  ///< pieces in a row that telemetry could not give
};

/// A finished export on its way out.
struct ExportDownload {
  std::string file_name{};
  std::string media_type{};
  std::string sha256{};
  std::uint64_t size_bytes = 0;
  store::SealedFileReader reader;
};

/// Readings, their aggregates by hour, day, week, month or year, or what an auditor needs, as files. Asking notes what
/// is wanted and settles what may be seen; one thread works the wishes off in turn, piece by piece: rows, file
/// synchronised, position noted in the records. A restart at any moment goes on at the last noted piece with the very
/// same octets; nothing is lost or doubled. A file holds everything that was journalled before it was asked for. Files
/// lie encrypted (purpose "exports").
///
/// Thread-safe. A person sees only their own exports. Errors besides those named: as Transaction.
class ExportService {
 public:
  ExportService(records::Database& database, Disk& disk, const Clock& clock, Random& random, crypto::KeyProvider& keys,
                const ExportSource& source, ExportOptions options, const AuditSource* audit = nullptr);
  /// Stops the thread if it runs; what is not finished goes on at the next start.
  ~ExportService();
  ExportService(const ExportService&) = delete;
  ExportService& operator=(const ExportService&) = delete;

  [[nodiscard]] static records::Capability migrations();

  /// Before everything else: the folder, and files that nobody knows any more.
  [[nodiscard]] Result<void> open();
  void start();
  void stop();

  enum class Step : std::uint8_t {
    idle,     ///< nothing to do
    waiting,  ///< telemetry is not so far, or could not answer; try again a little later
    worked,   ///< a piece more, or an export is over
  };
  /// One piece of the oldest export, and files whose time is over. Not beside the thread.
  [[nodiscard]] Result<Step> step();

  /// `as_of_record`: the journal's next number; the export waits until telemetry is there. Errors: invalid_argument -
  /// nothing to export, no such zone, the range is empty; unavailable - nothing is audited here; limit_exceeded - too
  /// many parts; throttled - too many of this person are not done yet; storage_full - there is no room, delete some.
  [[nodiscard]] Result<Export> ask(const Author& author, const NewExport& wanted, std::uint64_t as_of_record);
  /// Newest first.
  [[nodiscard]] Result<std::vector<Export>> list(const Author& author);
  /// Errors: not_found.
  [[nodiscard]] Result<Export> get(const Author& author, std::int64_t id);
  /// Stops it, or deletes its file. Errors: not_found; conflict - it failed, was cancelled or is expired already.
  [[nodiscard]] Result<Export> cancel(const Author& author, std::int64_t id);
  /// For asking again whether the person may still see all of it. Errors: not_found.
  [[nodiscard]] Result<ExportPlan> plan(const Author& author, std::int64_t id);
  /// Writes the download down, then opens the file. The caller has checked plan(). Errors: not_found - none
  /// such, or its file was deleted; conflict - it is not done; storage_corrupt.
  [[nodiscard]] Result<ExportDownload> download(const Author& author, std::int64_t id);

 private:
  struct Run;
  void work(const std::stop_token& stop);
  [[nodiscard]] Result<bool> sweep();
  [[nodiscard]] Result<bool> begin_run();
  [[nodiscard]] Result<Step> run_piece(Run& run);
  [[nodiscard]] Result<bool> gather(Run& run, Bytes& out);
  [[nodiscard]] Result<bool> gather_points(Run& run, std::size_t points_max, Bytes& out);
  [[nodiscard]] Result<bool> gather_buckets(Run& run, Bytes& out);
  [[nodiscard]] Result<void> gather_audit(Run& run, std::size_t rows_max, Bytes& out);
  [[nodiscard]] Result<void> gather_operations(Run& run, std::size_t rows_max, Bytes& out);
  [[nodiscard]] Result<void> gather_edits(Run& run, std::size_t rows_max, Bytes& out);
  [[nodiscard]] Result<void> gather_segments(Run& run, Bytes& out);
  [[nodiscard]] Result<void> write_points(Run& run, const store::PointPage& page, Bytes& out);
  [[nodiscard]] Result<void> store_piece(Run& run, ByteView content);
  [[nodiscard]] Result<void> require_room(const Run& run, std::uint64_t more_bytes);
  [[nodiscard]] Result<Step> finish(Run& run);
  [[nodiscard]] Result<Step> settle(const Error& error);
  [[nodiscard]] Result<void> remove_file(std::int64_t id);
  [[nodiscard]] std::string path(std::int64_t id) const;

  records::Database& database_;
  Disk& disk_;
  const Clock& clock_;
  Random& random_;
  crypto::KeyProvider& keys_;
  const ExportSource& source_;
  const AuditSource* audit_;
  const ExportOptions options_;

  std::unique_ptr<Run> run_;  // of the stepping thread
  int attempts_ = 0;
  std::int64_t swept_ms_ = -1;

  std::mutex mutex_;  // guards what follows
  std::condition_variable_any wake_;
  std::stop_source cancel_;
  std::int64_t running_id_ = 0;
  bool asked_ = false;
  bool stopping_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
