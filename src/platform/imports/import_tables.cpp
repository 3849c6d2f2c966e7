#include "platform/imports/import_tables.hpp"

namespace duheng::platform::import_tables {

using records::Row;

namespace {

constexpr records::Migration steps[] = {
    {"file_imports",
     "CREATE TABLE file_imports ("
     " id INTEGER PRIMARY KEY AUTOINCREMENT,"
     " kind TEXT NOT NULL,"
     " user_id INTEGER REFERENCES users (id),"
     " user_name TEXT NOT NULL,"
     " role INTEGER NOT NULL,"
     // The organisation at and below which the author may act; null: everything.
     " scope_id INTEGER,"
     " remote_address TEXT NOT NULL,"
     " name TEXT NOT NULL,"
     " format TEXT NOT NULL,"
     " sha256 TEXT NOT NULL,"
     " time_zone TEXT NOT NULL,"
     " state INTEGER NOT NULL,"
     " mode INTEGER NOT NULL,"
     " is_cancelled INTEGER NOT NULL,"
     " pieces INTEGER NOT NULL,"
     " lines INTEGER NOT NULL,"
     " good_lines INTEGER NOT NULL,"
     " bad_lines INTEGER NOT NULL,"
     " doubled_lines INTEGER NOT NULL,"
     " known_lines INTEGER NOT NULL,"
     " conflict_lines INTEGER NOT NULL,"
     " lines_made INTEGER NOT NULL,"
     " resume BLOB NOT NULL,"
     " started_at_ms INTEGER NOT NULL,"
     " finished_at_ms INTEGER NOT NULL,"
     " reason TEXT NOT NULL);"
     "CREATE INDEX file_imports_by_state ON file_imports (kind, state, id);"
     "CREATE INDEX file_imports_by_user ON file_imports (kind, user_id, id);"
     "CREATE TABLE file_import_findings ("
     " import_id INTEGER NOT NULL REFERENCES file_imports (id),"
     " line INTEGER NOT NULL,"
     " number INTEGER NOT NULL,"
     " kind TEXT NOT NULL,"
     " is_fault INTEGER NOT NULL,"
     " file_column TEXT NOT NULL,"
     " message TEXT NOT NULL,"
     " PRIMARY KEY (import_id, line, number)) WITHOUT ROWID;"},
};

constexpr std::string_view columns =
    "SELECT id, name, format, sha256, time_zone, state, lines, good_lines, bad_lines, doubled_lines, known_lines, "
    "conflict_lines, lines_made, started_at_ms, finished_at_ms, reason FROM file_imports ";

constexpr auto checking = static_cast<std::int64_t>(ImportState::checking);
constexpr auto checked = static_cast<std::int64_t>(ImportState::checked);
constexpr auto committing = static_cast<std::int64_t>(ImportState::committing);

FileImport read_import(const Row& row) {
  const auto count = [&](int column) { return static_cast<std::size_t>(row.integer(column)); };
  FileImport out;
  out.id = row.integer(0);
  out.name = row.text(1);
  out.format = row.text(2);
  out.sha256 = row.text(3);
  out.options.time_zone = row.text(4);
  out.state = static_cast<ImportState>(row.integer(5));
  out.counts = {count(6), count(7), count(8), count(9), count(10), count(11)};
  out.lines_made = count(12);
  out.started_utc_ms = row.integer(13);
  out.finished_utc_ms = row.integer(14);
  out.reason = row.text(15);
  if (out.state != ImportState::checking) out.lines_checked = out.counts.lines;
  return out;
}

std::string select(std::string_view rest) { return std::string{columns} + std::string{rest}; }

}  // namespace

records::Capability migrations() { return {"file_imports", steps}; }

Result<std::int64_t> insert(Transaction& t, std::string_view kind, const Author& author, const FileImport& about) {
  return t.insert(
      "INSERT INTO file_imports (kind, user_id, user_name, role, scope_id, remote_address, name, format, sha256, "
      "time_zone, state, mode, is_cancelled, pieces, lines, good_lines, bad_lines, doubled_lines, known_lines, "
      "conflict_lines, lines_made, resume, started_at_ms, finished_at_ms, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, "
      "?8, ?9, ?10, ?11, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, x'', ?12, 0, '') RETURNING id",
      {kind, author.user, author.name, static_cast<std::int64_t>(author.role), author.scope.root(),
       author.remote_address, about.name, about.format, about.sha256, about.options.time_zone, checking,
       about.started_utc_ms});
}

Result<void> set_pieces(Transaction& t, std::int64_t id, std::uint64_t pieces) {
  DUHENG_CHECK(t.execute("UPDATE file_imports SET pieces = ?2 WHERE id = ?1", {id, pieces}));
  return {};
}

Result<std::int64_t> count_held(Transaction& t, std::string_view kind) {
  DUHENG_TRY(const auto count,
             t.integer("SELECT count(*) FROM file_imports WHERE kind = ?1 AND state <= ?2", {kind, committing}));
  return count.value_or(0);
}

Result<std::vector<std::int64_t>> held(Transaction& t, std::string_view kind) {
  return t.all("SELECT id FROM file_imports WHERE kind = ?1 AND state <= ?2 ORDER BY id", {kind, committing},
               [](const Row& row) { return row.integer(0); });
}

Result<std::vector<FileImport>> list(Transaction& t, std::string_view kind, UserId user, std::size_t limit) {
  return t.all(select("WHERE kind = ?1 AND user_id = ?2 ORDER BY id DESC LIMIT ?3"), {kind, user, limit}, read_import);
}

Result<FileImport> find(Transaction& t, std::string_view kind, UserId user, std::int64_t id, std::size_t findings_max) {
  DUHENG_TRY(auto found,
             t.first(select("WHERE id = ?1 AND kind = ?2 AND user_id = ?3"), {id, kind, user}, read_import));
  if (!found) return fail(ErrorCode::not_found, "there is no such import");
  DUHENG_CHECK(
      each_finding(t, id, findings_max, [&](ImportFinding finding) { found->findings.push_back(std::move(finding)); }));
  return std::move(*found);
}

Result<std::optional<StoredImport>> load(Transaction& t, std::int64_t id) {
  DUHENG_TRY(auto about, t.first(select("WHERE id = ?1"), {id}, read_import));
  if (!about) return std::nullopt;
  StoredImport out;
  out.about = std::move(*about);
  DUHENG_CHECK(
      t.each("SELECT user_id, user_name, role, scope_id, remote_address, mode, pieces, is_cancelled, resume "
             "FROM file_imports WHERE id = ?1",
             {id}, [&](const Row& row) {
               const auto scope = row.optional_integer(3);
               out.author = {row.id<UserId>(0), row.text(1), static_cast<Role>(row.integer(2)),
                             scope ? Scope::below(OrganisationId{*scope}) : Scope::everything(), row.text(4)};
               out.mode = static_cast<CommitMode>(row.integer(5));
               out.pieces = static_cast<std::uint64_t>(row.integer(6));
               out.is_cancelled = row.boolean(7);
               out.resume = row.blob(8);
             }));
  return std::optional{std::move(out)};
}

Result<std::optional<std::int64_t>> next_work(Transaction& t, std::string_view kind) {
  return t.integer(
      "SELECT id FROM file_imports WHERE kind = ?1 AND state IN (?2, ?3) AND pieces > 0 ORDER BY id LIMIT 1",
      {kind, checking, committing});
}

Result<void> set_checked(Transaction& t, std::int64_t id, const ImportCounts& counts) {
  DUHENG_CHECK(
      t.execute("UPDATE file_imports SET state = ?2, lines = ?3, good_lines = ?4, bad_lines = ?5, doubled_lines = ?6, "
                "known_lines = ?7, conflict_lines = ?8 WHERE id = ?1",
                {id, checked, counts.lines, counts.good_lines, counts.bad_lines, counts.doubled_lines,
                 counts.known_lines, counts.conflict_lines}));
  return {};
}

Result<void> set_committing(Transaction& t, std::int64_t id, const Author& author, CommitMode mode) {
  DUHENG_CHECK(
      t.execute("UPDATE file_imports SET state = ?2, mode = ?3, user_name = ?4, role = ?5, scope_id = ?6, "
                "remote_address = ?7 WHERE id = ?1",
                {id, committing, static_cast<std::int64_t>(mode), author.name, static_cast<std::int64_t>(author.role),
                 author.scope.root(), author.remote_address}));
  return {};
}

Result<void> set_cancelled(Transaction& t, std::int64_t id) {
  DUHENG_CHECK(t.execute("UPDATE file_imports SET is_cancelled = 1 WHERE id = ?1", {id}));
  return {};
}

Result<void> set_over(Transaction& t, std::int64_t id, ImportState state, std::string_view reason,
                      std::int64_t now_ms) {
  DUHENG_CHECK(
      t.execute("UPDATE file_imports SET state = ?2, reason = ?3, finished_at_ms = ?4, resume = x'', pieces = 0 "
                "WHERE id = ?1",
                {id, static_cast<std::int64_t>(state), reason, now_ms}));
  return {};
}

Result<void> save_progress(Transaction& t, std::int64_t id, std::size_t lines_made, ByteView resume) {
  DUHENG_CHECK(
      t.execute("UPDATE file_imports SET lines_made = ?2, resume = ?3 WHERE id = ?1", {id, lines_made, resume}));
  return {};
}

Result<void> clear_findings(Transaction& t, std::int64_t id) {
  DUHENG_CHECK(t.execute("DELETE FROM file_import_findings WHERE import_id = ?1", {id}));
  return {};
}

Result<void> add_findings(Transaction& t, std::int64_t id, const std::vector<ImportFinding>& findings) {
  for (const ImportFinding& each : findings) {
    DUHENG_CHECK(t.execute(
        "INSERT INTO file_import_findings (import_id, line, number, kind, is_fault, file_column, message) "
        "SELECT ?1, ?2, count(*), ?3, ?4, ?5, ?6 FROM file_import_findings WHERE import_id = ?1 AND line = ?2",
        {id, each.line, each.kind, each.is_fault, each.column, each.message}));
  }
  return {};
}

Result<void> move_to_bad(Transaction& t, std::int64_t id, std::size_t lines) {
  DUHENG_CHECK(t.execute(
      "UPDATE file_imports SET good_lines = good_lines - ?2, bad_lines = bad_lines + ?2 WHERE id = ?1", {id, lines}));
  return {};
}

Result<std::set<std::size_t>> bad_lines(Transaction& t, std::int64_t id) {
  std::set<std::size_t> out;
  DUHENG_CHECK(t.each("SELECT DISTINCT line FROM file_import_findings WHERE import_id = ?1 AND is_fault = 1", {id},
                      [&](const Row& row) { out.insert(static_cast<std::size_t>(row.integer(0))); }));
  return out;
}

Result<void> each_finding(Transaction& t, std::int64_t id, std::size_t limit,
                          const std::function<void(ImportFinding)>& visit) {
  return t.each(
      "SELECT line, kind, is_fault, file_column, message FROM file_import_findings WHERE import_id = ?1 "
      "ORDER BY line, number LIMIT ?2",
      {id, limit}, [&](const Row& row) {
        visit({static_cast<std::size_t>(row.integer(0)), row.text(1), row.boolean(2), row.text(3), row.text(4)});
      });
}

Result<std::vector<std::int64_t>> stale(Transaction& t, std::string_view kind, std::int64_t started_before_ms) {
  return t.all("SELECT id FROM file_imports WHERE kind = ?1 AND state = ?2 AND started_at_ms <= ?3",
               {kind, checked, started_before_ms}, [](const Row& row) { return row.integer(0); });
}

Result<void> forget_old(Transaction& t, std::string_view kind, std::size_t kept) {
  constexpr std::string_view old =
      "(SELECT id FROM file_imports WHERE kind = ?1 AND state > ?2 ORDER BY id DESC LIMIT -1 OFFSET ?3)";
  DUHENG_CHECK(
      t.execute("DELETE FROM file_import_findings WHERE import_id IN " + std::string{old}, {kind, committing, kept}));
  DUHENG_CHECK(t.execute("DELETE FROM file_imports WHERE id IN " + std::string{old}, {kind, committing, kept}));
  return {};
}

}  // namespace duheng::platform::import_tables
