#include "platform/backups/backup_book.hpp"

#include <fmt/format.h>

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {
    {"backups",
     "CREATE TABLE backup_schedule ("
     " id INTEGER PRIMARY KEY CHECK (id = 1),"
     " is_enabled INTEGER NOT NULL,"
     " minute_of_day INTEGER NOT NULL,"
     " time_zone TEXT NOT NULL,"
     " daily_keep_days INTEGER NOT NULL,"
     " monthly_keep_months INTEGER NOT NULL,"
     " drill_every_days INTEGER NOT NULL);"
     "CREATE TABLE backup_runs ("
     " id INTEGER PRIMARY KEY AUTOINCREMENT,"
     " kind INTEGER NOT NULL,"
     " state INTEGER NOT NULL,"
     " place TEXT NOT NULL,"
     " asked_by TEXT NOT NULL,"
     " begun_at_ms INTEGER NOT NULL,"
     " ended_at_ms INTEGER NOT NULL,"
     " set_number INTEGER NOT NULL,"
     " verified_at_ms INTEGER NOT NULL,"
     " removed_at_ms INTEGER NOT NULL,"
     " journal_next INTEGER NOT NULL,"
     " files INTEGER NOT NULL,"
     " files_new INTEGER NOT NULL,"
     " bytes_total INTEGER NOT NULL,"
     " bytes_sent INTEGER NOT NULL,"
     " has_recovery_key INTEGER NOT NULL,"
     " reason TEXT NOT NULL,"
     " report TEXT NOT NULL);"
     "CREATE INDEX backup_runs_by_kind ON backup_runs (kind, id);"
     "CREATE INDEX backup_runs_by_place ON backup_runs (place, kind, state, id);"},
};

constexpr std::string_view columns =
    "SELECT id, kind, state, place, asked_by, begun_at_ms, ended_at_ms, set_number, verified_at_ms, removed_at_ms, "
    "journal_next, files, files_new, bytes_total, bytes_sent, has_recovery_key, reason, report FROM backup_runs ";

std::uint64_t count_at(const Row& row, int column) { return static_cast<std::uint64_t>(row.integer(column)); }

BackupRun read_run(const Row& row) {
  BackupRun out;
  out.id = row.integer(0);
  out.kind = static_cast<BackupKind>(row.integer(1));
  out.state = static_cast<BackupState>(row.integer(2));
  out.place = row.text(3);
  out.asked_by = row.text(4);
  out.begun_utc_ms = row.integer(5);
  out.ended_utc_ms = row.integer(6);
  out.set_number = count_at(row, 7);
  out.verified_utc_ms = row.integer(8);
  out.removed_utc_ms = row.integer(9);
  out.journal_next = count_at(row, 10);
  out.files = count_at(row, 11);
  out.files_new = count_at(row, 12);
  out.bytes_total = count_at(row, 13);
  out.bytes_sent = count_at(row, 14);
  out.has_recovery_key = row.boolean(15);
  out.reason = row.text(16);
  out.report = row.text(17);
  return out;
}

std::int64_t number(BackupKind kind) { return static_cast<std::int64_t>(kind); }
std::int64_t number(BackupState state) { return static_cast<std::int64_t>(state); }

}  // namespace

std::string_view to_string(BackupKind kind) noexcept { return kind == BackupKind::drill ? "drill" : "backup"; }
std::string_view to_string(BackupState state) noexcept {
  switch (state) {
    case BackupState::running:
      return "running";
    case BackupState::done:
      return "done";
    case BackupState::failed:
      return "failed";
    case BackupState::cancelled:
      return "cancelled";
  }
  return "failed";
}

records::Capability BackupBook::migrations() { return {"backups", steps}; }

Result<std::optional<BackupSchedule>> BackupBook::schedule() {
  return database_.read([](Transaction& transaction) {
    return transaction.first(
        "SELECT is_enabled, minute_of_day, time_zone, daily_keep_days, monthly_keep_months, drill_every_days "
        "FROM backup_schedule",
        {}, [](const Row& row) {
          return BackupSchedule{.is_enabled = row.boolean(0),
                                .minute_of_day = row.integer(1),
                                .time_zone = row.text(2),
                                .daily_keep_days = row.integer(3),
                                .monthly_keep_months = row.integer(4),
                                .drill_every_days = row.integer(5)};
        });
  });
}

Result<void> BackupBook::set_schedule(const BackupSchedule& schedule) {
  return database_.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute(
        "INSERT OR REPLACE INTO backup_schedule (id, is_enabled, minute_of_day, time_zone, daily_keep_days, "
        "monthly_keep_months, drill_every_days) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)",
        {schedule.is_enabled, schedule.minute_of_day, schedule.time_zone, schedule.daily_keep_days,
         schedule.monthly_keep_months, schedule.drill_every_days}));
    return {};
  });
}

Result<std::int64_t> BackupBook::begin(const BackupRun& run) {
  return database_.write([&](Transaction& transaction) {
    return transaction.insert(
        "INSERT INTO backup_runs (kind, state, place, asked_by, begun_at_ms, ended_at_ms, set_number, verified_at_ms, "
        "removed_at_ms, journal_next, files, files_new, bytes_total, bytes_sent, has_recovery_key, reason, report) "
        "VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, 0, 0, 0, 0, 0, 0, 0, 0, '', '') RETURNING id",
        {number(run.kind), number(BackupState::running), run.place, run.asked_by, run.begun_utc_ms, run.set_number});
  });
}

Result<void> BackupBook::finish(const BackupRun& run) {
  return database_.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute(
        "UPDATE backup_runs SET state = ?2, ended_at_ms = ?3, set_number = ?4, verified_at_ms = ?5, journal_next = ?6, "
        "files = ?7, files_new = ?8, bytes_total = ?9, bytes_sent = ?10, has_recovery_key = ?11, reason = ?12, "
        "report = ?13 WHERE id = ?1",
        {run.id, number(run.state), run.ended_utc_ms, run.set_number, run.verified_utc_ms, run.journal_next, run.files,
         run.files_new, run.bytes_total, run.bytes_sent, run.has_recovery_key, run.reason, run.report}));
    return {};
  });
}

Result<void> BackupBook::settle_interrupted(std::int64_t now_utc_ms) {
  return database_.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute(
        "UPDATE backup_runs SET state = ?1, ended_at_ms = ?2, reason = ?3 WHERE state = ?4",
        {number(BackupState::failed), now_utc_ms, "the platform ended meanwhile", number(BackupState::running)}));
    return {};
  });
}

Result<void> BackupBook::note_verified(const std::string& place, std::uint64_t set_number, std::int64_t utc_ms) {
  return database_.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute(
        "UPDATE backup_runs SET verified_at_ms = ?3 WHERE place = ?1 AND set_number = ?2 AND kind = ?4 AND state = ?5",
        {place, set_number, utc_ms, number(BackupKind::backup), number(BackupState::done)}));
    return {};
  });
}

Result<void> BackupBook::note_removed(const std::string& place, const std::vector<std::uint64_t>& sets,
                                      std::int64_t utc_ms) {
  if (sets.empty()) return {};
  return database_.write([&](Transaction& transaction) -> Result<void> {
    for (const std::uint64_t set : sets)
      DUHENG_CHECK(transaction.execute(
          "UPDATE backup_runs SET removed_at_ms = ?3 WHERE place = ?1 AND set_number = ?2 AND kind = ?4",
          {place, set, utc_ms, number(BackupKind::backup)}));
    return {};
  });
}

Result<std::optional<BackupRun>> BackupBook::one(std::string_view rest, BackupKind kind, const std::string& place) {
  return database_.read([&](Transaction& transaction) {
    return transaction.first(fmt::format("{}WHERE kind = ?1 AND place = ?2 AND {}", columns, rest),
                             {number(kind), place}, read_run);
  });
}

Result<std::optional<BackupRun>> BackupBook::last_done(BackupKind kind, const std::string& place) {
  return one("state = 1 ORDER BY id DESC LIMIT 1", kind, place);
}
Result<std::optional<BackupRun>> BackupBook::last_over(BackupKind kind, const std::string& place) {
  return one("state <> 0 ORDER BY id DESC LIMIT 1", kind, place);
}
Result<std::optional<BackupRun>> BackupBook::first_done(BackupKind kind, const std::string& place) {
  return one("state = 1 ORDER BY id LIMIT 1", kind, place);
}

Result<BackupPage> BackupBook::list(BackupKind kind, std::int64_t page, std::int64_t page_size) {
  return database_.read([&](Transaction& transaction) -> Result<BackupPage> {
    BackupPage out;
    DUHENG_TRY(const auto total,
               transaction.integer("SELECT count(*) FROM backup_runs WHERE kind = ?1", {number(kind)}));
    out.total = total.value_or(0);
    DUHENG_TRY(out.runs, transaction.all(fmt::format("{}WHERE kind = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3", columns),
                                         {number(kind), page_size, (page - 1) * page_size}, read_run));
    return out;
  });
}

}  // namespace duheng::platform
