#include "platform/orders/operation_log.hpp"

#include "platform/orders/operation_chain.hpp"

namespace duheng::platform {

OperationEntry operation_of(const Author& author, std::string_view action, std::int64_t at_utc_ms) {
  return {.at_utc_ms = at_utc_ms,
          .user = author.user,
          .name = author.name,
          .action = std::string{action},
          .outcome = "ok",
          .remote_address = author.remote_address};
}

Result<void> write_operation(records::Transaction& transaction, const OperationEntry& entry) {
  const auto some = [](std::int64_t id) { return id == 0 ? std::nullopt : std::optional{id}; };
  DUHENG_TRY(const OperationChainHead head, operation_chain_head(transaction));
  OperationEntry numbered = entry;
  numbered.number = head.number + 1;
  DUHENG_CHECK(transaction.execute(
      "INSERT INTO operation_log (at_ms, user_id, name, action, job_id, order_number, device_id, outcome, detail, "
      "remote_address, id, chain_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
      {entry.at_utc_ms, entry.user, entry.name, entry.action, some(entry.job), some(entry.order), entry.device,
       entry.outcome, entry.detail, entry.remote_address, numbered.number, operation_hash(head.hash, numbered)}));
  return {};
}

namespace {

constexpr std::string_view operation_columns =
    "SELECT l.at_ms, l.user_id, l.name, l.action, l.job_id, l.order_number, l.device_id, l.outcome, l.detail, "
    "l.remote_address, COALESCE(d.name, ''), l.id";
constexpr std::string_view operation_tables =
    " FROM operation_log l LEFT JOIN users u ON u.id = l.user_id LEFT JOIN devices d ON d.id = l.device_id WHERE ";

OperationEntry read_operation(const records::Row& row) {
  return {.at_utc_ms = row.integer(0),
          .user = row.id<UserId>(1),
          .name = row.text(2),
          .action = row.text(3),
          .job = row.integer(4),
          .order = row.integer(5),
          .device = row.id<DeviceId>(6),
          .device_name = row.text(10),
          .outcome = row.text(7),
          .detail = row.text(8),
          .remote_address = row.text(9),
          .number = row.integer(11)};
}

/// What is named so that LIKE takes it as it is.
std::string like_part(std::string_view text) {
  std::string out = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "%";
}

}  // namespace

Result<OperationPage> find_operations(records::Database& database, const Scope& scope, const OperationQuery& query) {
  const auto id = [](std::int64_t value) { return value == 0 ? std::nullopt : std::optional{value}; };
  const auto word = [](const std::string& value) { return value.empty() ? std::nullopt : std::optional{value}; };
  const std::optional<std::string> name = query.name.empty() ? std::nullopt : std::optional{like_part(query.name)};
  const std::string where = "(" + scope.condition("u.organisation_id", "?1") + " OR " +
                            scope.condition("d.organisation_id", "?1") +
                            ") AND (?2 IS NULL OR l.at_ms >= ?2) AND (?3 IS NULL OR l.at_ms < ?3)"
                            " AND (?4 IS NULL OR l.name LIKE ?4 ESCAPE '\\') AND (?5 IS NULL OR l.action = ?5)"
                            " AND (?6 IS NULL OR l.outcome = ?6) AND (?7 IS NULL OR l.device_id = ?7)"
                            " AND (?8 IS NULL OR l.job_id = ?8) AND (?9 IS NULL OR l.id < ?9)";
  const auto from = id(query.from_utc_ms);
  const auto to = id(query.to_utc_ms);
  const auto job = id(query.job);
  const auto before = id(query.before_number);
  const auto action = word(query.action);
  const auto outcome = word(query.outcome);
  return database.read([&](records::Transaction& t) -> Result<OperationPage> {
    OperationPage page;
    DUHENG_TRY(const auto total,
               t.integer("SELECT COUNT(*)" + std::string(operation_tables) + where,
                         {scope.parameter_value(), from, to, name, action, outcome, query.device, job, before}));
    page.total = total.value_or(0);
    DUHENG_TRY(page.entries, t.all(std::string(operation_columns) + std::string(operation_tables) + where +
                                       " ORDER BY l.id DESC LIMIT ?10 OFFSET ?11",
                                   {scope.parameter_value(), from, to, name, action, outcome, query.device, job, before,
                                    query.page_size, (query.page - 1) * query.page_size},
                                   read_operation));
    return page;
  });
}

Result<std::vector<OperationEntry>> operations(records::Database& database, const Scope& scope, std::int64_t limit) {
  DUHENG_TRY(OperationPage page, find_operations(database, scope, {.page_size = limit}));
  return std::move(page.entries);
}

}  // namespace duheng::platform
