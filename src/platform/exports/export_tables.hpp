#pragma once
// SQL of exports. Internal to this folder.
#include <optional>
#include <vector>

#include "platform/exports/export.hpp"
#include "store/records/migration.hpp"
#include "store/table_files/sealed_file.hpp"

namespace duheng::platform::export_tables {

using records::Transaction;

[[nodiscard]] records::Capability migrations();

/// Where the next row of an export comes from, and where it goes.
struct ExportPosition {
  std::uint64_t part = 0;
  std::int64_t from_utc_ms = 0;  ///< within the part; of aggregates the number of the next day
  std::uint64_t rows = 0;
  store::SealedPosition file{};
  Bytes writer_state{};
};

/// All that a run needs.
struct ExportWork {
  Export about{};
  bool byte_order_mark = false;
  std::uint64_t as_of_record = 0;
  ExportPlan plan{};
  ExportPosition position{};
};

[[nodiscard]] Result<std::int64_t> insert(Transaction& t, UserId user, std::string_view user_name,
                                          const NewExport& wanted, std::uint64_t as_of_record, std::int64_t now_ms);
/// Queued or running, of one person.
[[nodiscard]] Result<std::int64_t> count_open(Transaction& t, UserId user);
/// Newest first.
[[nodiscard]] Result<std::vector<Export>> list(Transaction& t, UserId user, std::size_t limit);
/// Errors: not_found - none such, or another's.
[[nodiscard]] Result<Export> find(Transaction& t, UserId user, std::int64_t id);
[[nodiscard]] Result<ExportPlan> plan_of(Transaction& t, std::int64_t id);
/// The pieces of its file.
[[nodiscard]] Result<std::uint64_t> pieces_of(Transaction& t, std::int64_t id);
/// The oldest that is not over.
[[nodiscard]] Result<std::optional<ExportWork>> next_work(Transaction& t);

/// False: it was cancelled meanwhile, nothing was changed.
[[nodiscard]] Result<bool> save_position(Transaction& t, std::int64_t id, const ExportPosition& position);
struct Finished {
  ExportPosition position{};
  std::string sha256{};
  std::int64_t finished_utc_ms = 0;
  std::int64_t expires_utc_ms = 0;
};
[[nodiscard]] Result<bool> set_done(Transaction& t, std::int64_t id, const Finished& finished);
/// Failed or cancelled, if it is not over. False: it is over.
[[nodiscard]] Result<bool> set_over(Transaction& t, std::int64_t id, ExportState state, std::string_view reason,
                                    std::int64_t now_ms);
[[nodiscard]] Result<void> set_expired(Transaction& t, std::int64_t id);
[[nodiscard]] Result<void> count_download(Transaction& t, std::int64_t id);
/// Done, and past its time.
[[nodiscard]] Result<std::vector<std::int64_t>> due(Transaction& t, std::int64_t now_ms);
/// Whose file should be there: queued, running, done.
[[nodiscard]] Result<std::vector<std::int64_t>> with_file(Transaction& t);
/// Of all files, as they lie on the disk.
[[nodiscard]] Result<std::uint64_t> disk_bytes(Transaction& t);
[[nodiscard]] Result<void> forget_before(Transaction& t, std::int64_t finished_before_ms);

}  // namespace duheng::platform::export_tables
