#include "platform/orders/operation_log.hpp"

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
  DUHENG_CHECK(transaction.execute(
      "INSERT INTO operation_log (at_ms, user_id, name, action, job_id, order_number, device_id, outcome, detail, "
      "remote_address) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      {entry.at_utc_ms, entry.user, entry.name, entry.action, some(entry.job), some(entry.order), entry.device,
       entry.outcome, entry.detail, entry.remote_address}));
  return {};
}

Result<std::vector<OperationEntry>> operations(records::Database& database, const Scope& scope, std::int64_t limit) {
  return database.read([&](records::Transaction& t) {
    return t.all(
        "SELECT l.at_ms, l.user_id, l.name, l.action, l.job_id, l.order_number, l.device_id, l.outcome, l.detail, "
        "l.remote_address FROM operation_log l LEFT JOIN users u ON u.id = l.user_id LEFT JOIN devices d ON d.id = "
        "l.device_id WHERE (" +
            scope.condition("u.organisation_id", "?1") + " OR " + scope.condition("d.organisation_id", "?1") +
            ") ORDER BY l.id DESC LIMIT ?2",
        {scope.parameter_value(), limit}, [](const records::Row& row) {
          return OperationEntry{.at_utc_ms = row.integer(0),
                                .user = row.id<UserId>(1),
                                .name = row.text(2),
                                .action = row.text(3),
                                .job = row.integer(4),
                                .order = row.integer(5),
                                .device = row.id<DeviceId>(6),
                                .outcome = row.text(7),
                                .detail = row.text(8),
                                .remote_address = row.text(9)};
        });
  });
}

}  // namespace duheng::platform
