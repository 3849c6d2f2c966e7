#include "platform/exports/export_tables.hpp"

namespace duheng::platform::export_tables {

using records::Row;

namespace {

constexpr records::Migration steps[] = {
    {"exports",
     "CREATE TABLE exports ("
     " id INTEGER PRIMARY KEY AUTOINCREMENT,"
     " user_id INTEGER REFERENCES users (id),"
     " user_name TEXT NOT NULL,"
     " name TEXT NOT NULL,"
     " format INTEGER NOT NULL,"
     " byte_order_mark INTEGER NOT NULL,"
     " time_zone TEXT NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER NOT NULL,"
     " state INTEGER NOT NULL,"
     " reason TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL,"
     " finished_at_ms INTEGER NOT NULL,"
     " expires_at_ms INTEGER NOT NULL,"
     " as_of_record INTEGER NOT NULL,"
     " devices INTEGER NOT NULL,"
     " parts INTEGER NOT NULL,"
     " part INTEGER NOT NULL,"
     " next_from_ms INTEGER NOT NULL,"
     " row_count INTEGER NOT NULL,"
     " pieces INTEGER NOT NULL,"
     " disk_bytes INTEGER NOT NULL,"
     " size_bytes INTEGER NOT NULL,"
     " writer_state BLOB NOT NULL,"
     " sha256 TEXT NOT NULL,"
     " downloads INTEGER NOT NULL);"
     "CREATE INDEX exports_by_state ON exports (state, id);"
     "CREATE INDEX exports_by_user ON exports (user_id, id);"
     // Apart: large, and read only when it is worked on or fetched.
     "CREATE TABLE export_plans ("
     " export_id INTEGER PRIMARY KEY REFERENCES exports (id),"
     " plan BLOB NOT NULL);"},
    // bucket_size 0: readings. Days are of the aggregates' zone and mean something with aggregates only.
    {"exports of aggregates",
     "ALTER TABLE exports ADD COLUMN bucket_size INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE exports ADD COLUMN first_day INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE exports ADD COLUMN last_day INTEGER NOT NULL DEFAULT 0;"},
    // Rows have a column more: what an older release had half done begins anew.
    {"past calibration",
     "UPDATE exports SET state = 1, part = 0, row_count = 0, pieces = 0, disk_bytes = 0, size_bytes = 0, "
     "writer_state = x'' WHERE state = 2;"},
    {"audits", "ALTER TABLE exports ADD COLUMN audit INTEGER NOT NULL DEFAULT 0;"},
};

constexpr std::string_view columns =
    "SELECT id, name, format, time_zone, from_ms, to_ms, state, reason, created_at_ms, finished_at_ms, expires_at_ms, "
    "devices, parts, part, row_count, size_bytes, disk_bytes, sha256, downloads, bucket_size, first_day, "
    "last_day, audit FROM exports ";

Export read_export(const Row& row) {
  Export out;
  out.id = row.integer(0);
  out.name = row.text(1);
  out.format = static_cast<store::TableFormat>(row.integer(2));
  out.time_zone = row.text(3);
  out.range = {row.integer(4), row.integer(5)};
  out.state = static_cast<ExportState>(row.integer(6));
  out.reason = row.text(7);
  out.created_utc_ms = row.integer(8);
  out.finished_utc_ms = row.integer(9);
  out.expires_utc_ms = row.integer(10);
  out.devices = static_cast<std::uint64_t>(row.integer(11));
  out.parts = static_cast<std::uint64_t>(row.integer(12));
  out.parts_done = static_cast<std::uint64_t>(row.integer(13));
  out.rows = static_cast<std::uint64_t>(row.integer(14));
  out.size_bytes = static_cast<std::uint64_t>(row.integer(15));
  out.disk_bytes = static_cast<std::uint64_t>(row.integer(16));
  out.sha256 = row.text(17);
  out.downloads = static_cast<std::uint64_t>(row.integer(18));
  if (row.integer(19) != 0) out.by = static_cast<store::BucketSize>(row.integer(19));
  out.days = {static_cast<std::int32_t>(row.integer(20)), static_cast<std::int32_t>(row.integer(21))};
  out.is_audit = row.boolean(22);
  return out;
}

std::string select(std::string_view rest) { return std::string{columns} + std::string{rest}; }

constexpr auto queued = static_cast<std::int64_t>(ExportState::queued);
constexpr auto running = static_cast<std::int64_t>(ExportState::running);
constexpr auto done = static_cast<std::int64_t>(ExportState::done);
constexpr auto expired = static_cast<std::int64_t>(ExportState::expired);

std::int64_t first_position(const NewExport& wanted) noexcept {
  if (wanted.is_audit) return 0;
  if (wanted.by) return wanted.days.first;
  return wanted.plan.parts.empty() ? 0 : wanted.plan.parts.front().range.from_utc_ms;
}

Result<std::vector<std::int64_t>> ids(Transaction& t, std::string_view sql,
                                      std::initializer_list<records::Parameter> parameters) {
  return t.all(sql, parameters, [](const Row& row) { return row.integer(0); });
}

}  // namespace

records::Capability migrations() { return {"exports", steps}; }

Result<std::int64_t> insert(Transaction& t, UserId user, std::string_view user_name, const NewExport& wanted,
                            std::uint64_t as_of_record, std::int64_t now_ms) {
  DUHENG_TRY(
      const std::int64_t id,
      t.insert("INSERT INTO exports (user_id, user_name, name, format, byte_order_mark, time_zone, from_ms, "
               "to_ms, state, reason, created_at_ms, finished_at_ms, expires_at_ms, as_of_record, devices, "
               "parts, part, next_from_ms, row_count, pieces, disk_bytes, size_bytes, writer_state, sha256, "
               "downloads, bucket_size, first_day, last_day, audit) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, '', "
               "?10, 0, 0, ?11, ?12, ?13, 0, ?14, "
               "0, 0, 0, 0, x'', '', 0, ?15, ?16, ?17, ?18) RETURNING id",
               {user, user_name, wanted.name, static_cast<std::int64_t>(wanted.format), wanted.byte_order_mark,
                wanted.time_zone, wanted.range.from_utc_ms, wanted.range.to_utc_ms, queued, now_ms, as_of_record,
                wanted.plan.devices.size(), wanted.is_audit ? export_limits::audit_parts : wanted.plan.parts.size(),
                first_position(wanted), wanted.by ? static_cast<std::int64_t>(*wanted.by) : 0,
                std::int64_t{wanted.days.first}, std::int64_t{wanted.days.last}, wanted.is_audit}));
  const Bytes plan = encode_plan(wanted.plan);
  DUHENG_CHECK(t.execute("INSERT INTO export_plans (export_id, plan) VALUES (?1, ?2)", {id, plan}));
  return id;
}

Result<std::int64_t> count_open(Transaction& t, UserId user) {
  DUHENG_TRY(const auto count, t.integer("SELECT count(*) FROM exports WHERE user_id = ?1 AND state IN (?2, ?3)",
                                         {user, queued, running}));
  return count.value_or(0);
}

Result<std::vector<Export>> list(Transaction& t, UserId user, std::size_t limit) {
  return t.all(select("WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2"), {user, limit}, read_export);
}

Result<Export> find(Transaction& t, UserId user, std::int64_t id) {
  DUHENG_TRY(const auto found, t.first(select("WHERE id = ?1 AND user_id = ?2"), {id, user}, read_export));
  if (!found) return fail(ErrorCode::not_found, "there is no such export");
  return *found;
}

Result<ExportPlan> plan_of(Transaction& t, std::int64_t id) {
  DUHENG_TRY(const auto octets, t.first("SELECT plan FROM export_plans WHERE export_id = ?1", {id},
                                        [](const Row& row) { return row.blob(0); }));
  if (!octets) return fail(ErrorCode::not_found, "there is no such export");
  return parse_plan(*octets);
}

Result<std::uint64_t> pieces_of(Transaction& t, std::int64_t id) {
  DUHENG_TRY(const auto pieces, t.integer("SELECT pieces FROM exports WHERE id = ?1", {id}));
  return static_cast<std::uint64_t>(pieces.value_or(0));
}

Result<std::optional<ExportWork>> next_work(Transaction& t) {
  DUHENG_TRY(const auto about,
             t.first(select("WHERE state IN (?1, ?2) ORDER BY id LIMIT 1"), {queued, running}, read_export));
  if (!about) return std::nullopt;
  ExportWork work;
  work.about = *about;
  DUHENG_CHECK(
      t.each("SELECT byte_order_mark, as_of_record, part, next_from_ms, row_count, pieces, disk_bytes, "
             "size_bytes, writer_state FROM exports WHERE id = ?1",
             {about->id}, [&](const Row& row) {
               const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
               work.byte_order_mark = row.boolean(0);
               work.as_of_record = number(1);
               work.position.part = number(2);
               work.position.from_utc_ms = row.integer(3);
               work.position.rows = number(4);
               work.position.file = {number(5), number(6), number(7)};
               work.position.writer_state = row.blob(8);
             }));
  DUHENG_TRY(work.plan, plan_of(t, about->id));
  return std::optional<ExportWork>{std::move(work)};
}

Result<bool> save_position(Transaction& t, std::int64_t id, const ExportPosition& position) {
  DUHENG_TRY(const std::int64_t changed,
             t.execute("UPDATE exports SET state = ?2, part = ?3, next_from_ms = ?4, row_count = ?5, pieces = ?6, "
                       "disk_bytes = ?7, size_bytes = ?8, writer_state = ?9 WHERE id = ?1 AND state IN (?10, ?2)",
                       {id, running, position.part, position.from_utc_ms, position.rows, position.file.pieces,
                        position.file.file_bytes, position.file.plain_bytes, position.writer_state, queued}));
  return changed == 1;
}

Result<bool> set_done(Transaction& t, std::int64_t id, const Finished& finished) {
  DUHENG_TRY(const bool still_wanted, save_position(t, id, finished.position));
  if (!still_wanted) return false;
  DUHENG_CHECK(
      t.execute("UPDATE exports SET state = ?2, sha256 = ?3, finished_at_ms = ?4, expires_at_ms = ?5, "
                "writer_state = x'' WHERE id = ?1",
                {id, done, finished.sha256, finished.finished_utc_ms, finished.expires_utc_ms}));
  return true;
}

Result<bool> set_over(Transaction& t, std::int64_t id, ExportState state, std::string_view reason,
                      std::int64_t now_ms) {
  DUHENG_TRY(const std::int64_t changed,
             t.execute("UPDATE exports SET state = ?2, reason = ?3, finished_at_ms = ?4, writer_state = x'', "
                       "disk_bytes = 0 WHERE id = ?1 AND state IN (?5, ?6)",
                       {id, static_cast<std::int64_t>(state), reason, now_ms, queued, running}));
  return changed == 1;
}

Result<void> set_expired(Transaction& t, std::int64_t id) {
  DUHENG_CHECK(
      t.execute("UPDATE exports SET state = ?2, disk_bytes = 0 WHERE id = ?1 AND state = ?3", {id, expired, done}));
  return {};
}

Result<void> count_download(Transaction& t, std::int64_t id) {
  DUHENG_CHECK(t.execute("UPDATE exports SET downloads = downloads + 1 WHERE id = ?1", {id}));
  return {};
}

Result<std::vector<std::int64_t>> due(Transaction& t, std::int64_t now_ms) {
  return ids(t, "SELECT id FROM exports WHERE state = ?1 AND expires_at_ms <= ?2", {done, now_ms});
}

Result<std::vector<std::int64_t>> with_file(Transaction& t) {
  return ids(t, "SELECT id FROM exports WHERE state IN (?1, ?2, ?3)", {queued, running, done});
}

Result<std::uint64_t> disk_bytes(Transaction& t) {
  DUHENG_TRY(const auto bytes, t.integer("SELECT coalesce(sum(disk_bytes), 0) FROM exports"));
  return static_cast<std::uint64_t>(bytes.value_or(0));
}

Result<void> forget_before(Transaction& t, std::int64_t finished_before_ms) {
  DUHENG_CHECK(
      t.execute("DELETE FROM export_plans WHERE export_id IN (SELECT id FROM exports WHERE state NOT IN (?1, "
                "?2, ?3) AND finished_at_ms < ?4)",
                {queued, running, done, finished_before_ms}));
  DUHENG_CHECK(t.execute("DELETE FROM exports WHERE state NOT IN (?1, ?2, ?3) AND finished_at_ms < ?4",
                         {queued, running, done, finished_before_ms}));
  return {};
}

}  // namespace duheng::platform::export_tables
