#include "platform/orders/job_tables.hpp"

#include <algorithm>

namespace duheng::platform::job_tables {

using records::Row;

namespace {

constexpr records::Migration steps[] = {
    {"orders",
     "CREATE TABLE order_jobs ("
     " id INTEGER PRIMARY KEY,"
     " kind INTEGER NOT NULL,"
     " name TEXT NOT NULL,"
     " registers TEXT NOT NULL,"
     " item TEXT NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER NOT NULL,"
     " title_zh TEXT NOT NULL,"
     " title_en TEXT NOT NULL,"
     " danger INTEGER NOT NULL,"
     " state INTEGER NOT NULL,"
     " reason TEXT NOT NULL,"
     " created_by INTEGER REFERENCES users (id),"
     " created_by_name TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL,"
     " confirmed_by INTEGER REFERENCES users (id),"
     " confirmed_by_name TEXT NOT NULL,"
     " confirm_by_ms INTEGER NOT NULL,"
     " needs_second_person INTEGER NOT NULL,"
     " lifetime_ms INTEGER NOT NULL,"
     " devices INTEGER NOT NULL,"
     " finished_at_ms INTEGER NOT NULL,"
     " cancel_wanted INTEGER NOT NULL,"
     " needs_memory INTEGER NOT NULL);"
     "CREATE INDEX order_jobs_by_state ON order_jobs (state, id);"
     "CREATE TABLE order_job_arguments ("
     " job_id INTEGER NOT NULL REFERENCES order_jobs (id),"
     " position INTEGER NOT NULL,"
     " name TEXT NOT NULL,"
     " value TEXT NOT NULL,"
     " secret INTEGER NOT NULL,"
     " PRIMARY KEY (job_id, position)) WITHOUT ROWID;"
     "CREATE TABLE orders ("
     " number INTEGER PRIMARY KEY,"
     " id BLOB NOT NULL UNIQUE,"
     " job_id INTEGER NOT NULL REFERENCES order_jobs (id),"
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " gateway_id INTEGER REFERENCES gateways (id),"
     " device_uid TEXT NOT NULL,"
     " stage INTEGER NOT NULL,"
     " reason TEXT NOT NULL,"
     " detail TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL,"
     " handed_at_ms INTEGER NOT NULL,"
     " changed_at_ms INTEGER NOT NULL,"
     " deadline_ms INTEGER NOT NULL);"
     "CREATE INDEX orders_by_job ON orders (job_id, stage, device_id);"
     "CREATE INDEX orders_by_device ON orders (device_id, job_id);"
     "CREATE INDEX orders_open ON orders (job_id, number) WHERE stage IN (1, 2, 20, 21);"
     "CREATE TABLE order_values ("
     " order_number INTEGER NOT NULL REFERENCES orders (number),"
     " position INTEGER NOT NULL,"
     " register_name TEXT NOT NULL,"
     " unit TEXT NOT NULL,"
     " exponent INTEGER NOT NULL,"
     " kind INTEGER NOT NULL,"
     " mantissa INTEGER NOT NULL,"
     " quality INTEGER NOT NULL,"
     " time_ms INTEGER NOT NULL,"
     " read_back INTEGER NOT NULL,"
     " PRIMARY KEY (order_number, position)) WITHOUT ROWID;"
     "CREATE TABLE order_frames ("
     " order_number INTEGER NOT NULL REFERENCES orders (number),"
     " position INTEGER NOT NULL,"
     " protocol INTEGER NOT NULL,"
     " request BLOB NOT NULL,"
     " response BLOB NOT NULL,"
     " sent_ms INTEGER NOT NULL,"
     " received_ms INTEGER NOT NULL,"
     " PRIMARY KEY (order_number, position)) WITHOUT ROWID;"
     "CREATE TABLE device_access ("
     " device_id INTEGER PRIMARY KEY REFERENCES devices (id),"
     " password TEXT NOT NULL,"
     " operator_code TEXT NOT NULL,"
     " set_by TEXT NOT NULL,"
     " set_at_ms INTEGER NOT NULL);"
     "CREATE TABLE protected_devices ("
     " device_id INTEGER PRIMARY KEY REFERENCES devices (id),"
     " reason TEXT NOT NULL,"
     " set_by TEXT NOT NULL,"
     " set_at_ms INTEGER NOT NULL,"
     " kept_supplied INTEGER NOT NULL);"
     "CREATE TABLE operation_log ("
     " id INTEGER PRIMARY KEY,"
     " at_ms INTEGER NOT NULL,"
     " user_id INTEGER REFERENCES users (id),"
     " name TEXT NOT NULL,"
     " action TEXT NOT NULL,"
     " job_id INTEGER REFERENCES order_jobs (id),"
     " order_number INTEGER REFERENCES orders (number),"
     " device_id INTEGER REFERENCES devices (id),"
     " outcome TEXT NOT NULL,"
     " detail TEXT NOT NULL,"
     " remote_address TEXT NOT NULL);"
     "CREATE INDEX operation_log_by_job ON operation_log (job_id);"
     "CREATE INDEX operation_log_by_device ON operation_log (device_id);"},
    {"operation log by order", "CREATE INDEX operation_log_by_order ON operation_log (order_number);"},
    // Each entry is bound to the one before (operation_chain.hpp), and none is ever changed or deleted: so it names
    // jobs and orders by numbers alone, which outlive them.
    {"operation log is a chain",
     "CREATE TABLE chained_operation_log ("
     " id INTEGER PRIMARY KEY,"
     " at_ms INTEGER NOT NULL,"
     " user_id INTEGER,"
     " name TEXT NOT NULL,"
     " action TEXT NOT NULL,"
     " job_id INTEGER,"
     " order_number INTEGER,"
     " device_id INTEGER,"
     " outcome TEXT NOT NULL,"
     " detail TEXT NOT NULL,"
     " remote_address TEXT NOT NULL,"
     " chain_hash BLOB NOT NULL);"
     "INSERT INTO chained_operation_log SELECT id, at_ms, user_id, name, action, job_id, order_number, device_id, "
     "outcome, detail, remote_address, x'' FROM operation_log;"
     "DROP TABLE operation_log;"
     "ALTER TABLE chained_operation_log RENAME TO operation_log;"
     "CREATE INDEX operation_log_by_job ON operation_log (job_id);"
     "CREATE INDEX operation_log_by_device ON operation_log (device_id);"
     "CREATE INDEX operation_log_by_time ON operation_log (at_ms);"
     "CREATE TRIGGER operation_log_is_appended_to BEFORE INSERT ON operation_log "
     "WHEN NEW.id <= (SELECT MAX(id) FROM operation_log) "
     "BEGIN SELECT RAISE(ABORT, 'the operation log is only appended to'); END;"
     "CREATE TRIGGER operation_log_is_not_changed BEFORE UPDATE ON operation_log "
     "BEGIN SELECT RAISE(ABORT, 'the operation log is never changed'); END;"
     "CREATE TRIGGER operation_log_is_not_deleted BEFORE DELETE ON operation_log "
     "BEGIN SELECT RAISE(ABORT, 'nothing is deleted from the operation log'); END;"}};

constexpr std::string_view job_columns =
    "SELECT j.id, j.kind, j.name, j.registers, j.item, j.from_ms, j.to_ms, j.title_zh, j.title_en, j.danger, j.state, "
    "j.reason, j.created_by, j.created_by_name, j.created_at_ms, j.confirmed_by_name, j.confirm_by_ms, "
    "j.needs_second_person, j.lifetime_ms, j.devices, j.finished_at_ms, j.cancel_wanted, j.needs_memory FROM "
    "order_jobs j";

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out.append(out.empty() ? "" : "\n").append(line);
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Job read_job(const Row& row) {
  Job job;
  job.number = row.integer(0);
  job.content.kind = static_cast<OrderKind>(row.integer(1));
  job.content.name = row.text(2);
  job.content.registers = lines_of(row.text_view(3));
  job.content.item = row.text(4);
  job.content.from_utc_ms = row.integer(5);
  job.content.to_utc_ms = row.integer(6);
  job.title_zh = row.text(7);
  job.title_en = row.text(8);
  job.danger = static_cast<Danger>(row.integer(9));
  job.state = static_cast<JobState>(row.integer(10));
  job.reason = row.text(11);
  job.created_by = row.id<UserId>(12);
  job.created_by_name = row.text(13);
  job.created_utc_ms = row.integer(14);
  job.confirmed_by_name = row.text(15);
  job.confirm_by_utc_ms = row.integer(16);
  job.needs_second_person = row.boolean(17);
  job.lifetime_ms = row.integer(18);
  job.devices = row.integer(19);
  job.finished_utc_ms = row.integer(20);
  job.cancel_wanted = row.boolean(21);
  job.needs_memory = row.boolean(22);
  return job;
}

Result<void> fill_arguments(Transaction& t, Job& job) {
  return t.each("SELECT name, value, secret FROM order_job_arguments WHERE job_id = ?1 ORDER BY position", {job.number},
                [&](const Row& row) {
                  job.content.arguments.push_back({row.text(0), row.text(1)});
                  if (row.boolean(2)) job.secret_arguments.push_back(row.text(0));
                });
}

/// A condition on the job `j`: it has a device of the scope (parameter ?1), and of that number when one is asked for.
std::string has_device(const Scope& scope, bool one) {
  if (scope.is_everything() && !one) return "?1 IS NULL";
  std::string out = "EXISTS (SELECT 1 FROM orders o JOIN devices d ON d.id = o.device_id WHERE o.job_id = j.id AND ";
  out += scope.condition("d.organisation_id", "?1");
  if (one) out += " AND o.device_id = ?2";
  return out + ")";
}

}  // namespace

records::Capability migrations() { return {"orders", steps}; }

Result<JobNumber> insert_job(Transaction& t, const Job& job) {
  const JobContent& content = job.content;
  DUHENG_TRY(
      const JobNumber number,
      t.insert(
          "INSERT INTO order_jobs (kind, name, registers, item, from_ms, to_ms, title_zh, title_en, danger, state, "
          "reason, created_by, created_by_name, created_at_ms, confirmed_by_name, confirm_by_ms, "
          "needs_second_person, lifetime_ms, devices, finished_at_ms, cancel_wanted, needs_memory) VALUES (?1, "
          "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, '', ?15, ?16, ?17, ?18, 0, 0, ?19) RETURNING "
          "id",
          {static_cast<std::int64_t>(content.kind), content.name, joined(content.registers), content.item,
           content.from_utc_ms, content.to_utc_ms, job.title_zh, job.title_en, static_cast<std::int64_t>(job.danger),
           static_cast<std::int64_t>(job.state), job.reason, job.created_by, job.created_by_name, job.created_utc_ms,
           job.confirm_by_utc_ms, job.needs_second_person, job.lifetime_ms, job.devices, job.needs_memory}));
  std::int64_t position = 0;
  for (const OrderArgument& argument : content.arguments) {
    const bool secret = std::ranges::find(job.secret_arguments, argument.name) != job.secret_arguments.end();
    DUHENG_CHECK(t.execute(
        "INSERT INTO order_job_arguments (job_id, position, name, value, secret) VALUES (?1, ?2, ?3, ?4, ?5)",
        {number, position++, argument.name, secret ? std::string_view{} : std::string_view{argument.value}, secret}));
  }
  return number;
}

Result<OrderNumber> insert_order(Transaction& t, JobNumber job, const NewOrder& order, std::int64_t created_utc_ms,
                                 std::int64_t deadline_utc_ms) {
  return t.insert(
      "INSERT INTO orders (id, job_id, device_id, gateway_id, device_uid, stage, reason, detail, created_at_ms, "
      "handed_at_ms, changed_at_ms, deadline_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?9, ?10) RETURNING "
      "number",
      {order.id, job, order.target.device, order.target.gateway, order.target.device_uid,
       static_cast<std::int64_t>(order.stage), order.reason, order.detail, created_utc_ms, deadline_utc_ms});
}

Result<Job> find_job(Transaction& t, const Scope& scope, JobNumber number) {
  DUHENG_TRY(auto found, t.first(std::string{job_columns} + " WHERE j.id = ?2 AND " + has_device(scope, false),
                                 {scope.parameter_value(), number}, read_job));
  if (!found) return fail(ErrorCode::not_found, "there is no such job");
  DUHENG_CHECK(fill_arguments(t, *found));
  return std::move(*found);
}

Result<void> fill_counts(Transaction& t, const Scope& scope, Job& job) {
  // The index alone answers for whoever sees everything.
  const std::string sql =
      scope.is_everything()
          ? "SELECT stage, COUNT(*), MIN(device_id) FROM orders WHERE ?1 IS NULL AND job_id = ?2 GROUP BY stage"
          : "SELECT o.stage, COUNT(*), MIN(o.device_id) FROM orders o JOIN devices d ON d.id = o.device_id WHERE " +
                scope.condition("d.organisation_id", "?1") + " AND o.job_id = ?2 GROUP BY o.stage";
  std::int64_t device = 0;
  DUHENG_CHECK(t.each(sql, {scope.parameter_value(), job.number}, [&](const Row& row) {
    job.counts.by_stage[static_cast<OrderStage>(row.integer(0))] = row.integer(1);
    device = row.integer(2);
  }));
  if (job.devices != 1 || device == 0) return {};
  job.device = DeviceId{device};
  DUHENG_TRY(auto name,
             t.first("SELECT name FROM devices WHERE id = ?1", {device}, [](const Row& row) { return row.text(0); }));
  job.device_name = std::move(name).value_or("");
  return {};
}

Result<JobPage> list_jobs(Transaction& t, const Scope& scope, const JobQuery& query) {
  const std::string where =
      " WHERE " + has_device(scope, static_cast<bool>(query.device)) + " AND (?3 IS NULL OR j.state = ?3)";
  const std::optional<std::int64_t> state =
      query.state ? std::optional{static_cast<std::int64_t>(*query.state)} : std::nullopt;
  JobPage page;
  DUHENG_TRY(const auto total,
             t.integer("SELECT COUNT(*) FROM order_jobs j" + where, {scope.parameter_value(), query.device, state}));
  page.total = total.value_or(0);
  DUHENG_TRY(page.jobs,
             t.all(std::string{job_columns} + where + " ORDER BY j.id DESC LIMIT ?4 OFFSET ?5",
                   {scope.parameter_value(), query.device, state, query.page_size, (query.page - 1) * query.page_size},
                   read_job));
  for (Job& job : page.jobs) {
    DUHENG_CHECK(fill_arguments(t, job));
    DUHENG_CHECK(fill_counts(t, scope, job));
  }
  return page;
}

Result<std::int64_t> devices_in_scope(Transaction& t, const Scope& scope, JobNumber job) {
  DUHENG_TRY(const auto count, t.integer("SELECT COUNT(*) FROM orders o JOIN devices d ON d.id = o.device_id WHERE " +
                                             scope.condition("d.organisation_id", "?1") + " AND o.job_id = ?2",
                                         {scope.parameter_value(), job}));
  return count.value_or(0);
}

Result<void> set_job_state(Transaction& t, JobNumber job, JobState state, std::int64_t finished_utc_ms) {
  DUHENG_CHECK(t.execute("UPDATE order_jobs SET state = ?2, finished_at_ms = ?3 WHERE id = ?1",
                         {job, static_cast<std::int64_t>(state), finished_utc_ms}));
  return {};
}

Result<bool> finish_if_over(Transaction& t, JobNumber job, std::int64_t now_ms) {
  DUHENG_TRY(const std::int64_t changed,
             t.execute("UPDATE order_jobs SET state = CASE WHEN cancel_wanted <> 0 THEN 4 ELSE 3 END, finished_at_ms = "
                       "?2 WHERE id = ?1 AND state = 2 AND NOT EXISTS (SELECT 1 FROM orders WHERE job_id = ?1 AND "
                       "stage IN (1, 2, 20, 21))",
                       {job, now_ms}));
  return changed > 0;
}

}  // namespace duheng::platform::job_tables
