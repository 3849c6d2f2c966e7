#pragma once
// SQL of imports. Internal to this folder.
#include <optional>
#include <set>
#include <vector>

#include "platform/imports/file_import.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform::import_tables {

using records::Transaction;

[[nodiscard]] records::Capability migrations();

/// An import with all that going on with it needs.
struct StoredImport {
  FileImport about{};
  Author author{};
  CommitMode mode = CommitMode::all_or_nothing;
  std::uint64_t pieces = 0;  ///< of its file; 0: the file is not there
  bool is_cancelled = false;
  Bytes resume{};
};

[[nodiscard]] Result<std::int64_t> insert(Transaction& t, std::string_view kind, const Author& author,
                                          const FileImport& about);
[[nodiscard]] Result<void> set_pieces(Transaction& t, std::int64_t id, std::uint64_t pieces);
/// Not over yet, of that kind.
[[nodiscard]] Result<std::int64_t> count_held(Transaction& t, std::string_view kind);
[[nodiscard]] Result<std::vector<std::int64_t>> held(Transaction& t, std::string_view kind);
/// Newest first, without findings.
[[nodiscard]] Result<std::vector<FileImport>> list(Transaction& t, std::string_view kind, UserId user,
                                                   std::size_t limit);
/// With the first findings. Errors: not_found - none such, or another's.
[[nodiscard]] Result<FileImport> find(Transaction& t, std::string_view kind, UserId user, std::int64_t id,
                                      std::size_t findings_max);
[[nodiscard]] Result<std::optional<StoredImport>> load(Transaction& t, std::int64_t id);
/// The oldest that has work to do: being checked or committed, with its file.
[[nodiscard]] Result<std::optional<std::int64_t>> next_work(Transaction& t, std::string_view kind);

[[nodiscard]] Result<void> set_checked(Transaction& t, std::int64_t id, const ImportCounts& counts);
[[nodiscard]] Result<void> set_committing(Transaction& t, std::int64_t id, const Author& author, CommitMode mode);
[[nodiscard]] Result<void> set_cancelled(Transaction& t, std::int64_t id);
[[nodiscard]] Result<void> set_over(Transaction& t, std::int64_t id, ImportState state, std::string_view reason,
                                    std::int64_t now_ms);
[[nodiscard]] Result<void> save_progress(Transaction& t, std::int64_t id, std::size_t lines_made, ByteView resume);

[[nodiscard]] Result<void> clear_findings(Transaction& t, std::int64_t id);
[[nodiscard]] Result<void> add_findings(Transaction& t, std::int64_t id, const std::vector<ImportFinding>& findings);
/// Lines that turned out wrong after they were counted as good.
[[nodiscard]] Result<void> move_to_bad(Transaction& t, std::int64_t id, std::size_t lines);
[[nodiscard]] Result<std::set<std::size_t>> bad_lines(Transaction& t, std::int64_t id);
/// By line.
[[nodiscard]] Result<void> each_finding(Transaction& t, std::int64_t id, std::size_t limit,
                                        const std::function<void(ImportFinding)>& visit);

/// Checked, and nobody committed them.
[[nodiscard]] Result<std::vector<std::int64_t>> stale(Transaction& t, std::string_view kind,
                                                      std::int64_t started_before_ms);
/// All but the newest.
[[nodiscard]] Result<void> forget_old(Transaction& t, std::string_view kind, std::size_t kept);

}  // namespace duheng::platform::import_tables
