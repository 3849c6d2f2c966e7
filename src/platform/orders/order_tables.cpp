// The other half of job_tables.hpp: single orders.
#include "platform/orders/job_tables.hpp"

namespace duheng::platform::job_tables {

using records::Row;

namespace {

constexpr std::string_view known_columns =
    "SELECT o.number, o.id, o.job_id, o.gateway_id, j.devices = 1, o.stage, o.deadline_ms, o.changed_at_ms, "
    "o.device_id, o.device_uid, j.cancel_wanted FROM orders o JOIN order_jobs j ON j.id = o.job_id";

KnownOrder read_known(const Row& row) {
  KnownOrder known;
  known.order.number = row.integer(0);
  const ByteView id = row.blob_view(1);
  if (id.size() == known.order.id.size()) std::copy(id.begin(), id.end(), known.order.id.begin());
  known.order.job = row.integer(2);
  known.order.gateway = row.id<GatewayId>(3);
  known.order.urgent = row.boolean(4);
  known.order.stage = static_cast<OrderStage>(row.integer(5));
  known.order.deadline_utc_ms = row.integer(6);
  known.order.changed_utc_ms = row.integer(7);
  known.device = row.id<DeviceId>(8);
  known.device_uid = row.text(9);
  known.cancel_wanted = row.boolean(10);
  return known;
}

constexpr std::string_view order_columns =
    "SELECT o.number, o.job_id, o.device_id, d.name, o.device_uid, d.address, o.stage, o.reason, o.detail, "
    "o.created_at_ms, o.changed_at_ms FROM orders o JOIN devices d ON d.id = o.device_id";

OrderRow read_order(const Row& row) {
  OrderRow order;
  order.number = row.integer(0);
  order.job = row.integer(1);
  order.device = row.id<DeviceId>(2);
  order.device_name = row.text(3);
  order.device_uid = row.text(4);
  order.device_address = row.text(5);
  order.stage = static_cast<OrderStage>(row.integer(6));
  order.reason = row.text(7);
  order.detail = row.text(8);
  order.created_utc_ms = row.integer(9);
  order.changed_utc_ms = row.integer(10);
  return order;
}

}  // namespace

Result<void> set_stage(Transaction& t, const StageChange& change) {
  const bool handed = change.stage == OrderStage::handed_over;
  DUHENG_CHECK(
      t.execute("UPDATE orders SET stage = ?2, reason = ?3, detail = ?4, changed_at_ms = ?5, handed_at_ms = "
                "CASE WHEN ?6 <> 0 THEN ?5 ELSE handed_at_ms END WHERE number = ?1",
                {change.number, static_cast<std::int64_t>(change.stage), change.reason, change.detail, change.at_utc_ms,
                 handed}));
  return {};
}

Result<void> store_results(Transaction& t, OrderNumber number, std::span<const OrderValue> values,
                           std::span<const OrderFrame> frames) {
  DUHENG_CHECK(t.execute("DELETE FROM order_values WHERE order_number = ?1", {number}));
  DUHENG_CHECK(t.execute("DELETE FROM order_frames WHERE order_number = ?1", {number}));
  std::int64_t position = 0;
  for (const OrderValue& value : values) {
    DUHENG_CHECK(t.execute(
        "INSERT INTO order_values (order_number, position, register_name, unit, exponent, kind, "
        "mantissa, quality, time_ms, read_back) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {number, position++, value.register_name, value.unit, value.exponent, static_cast<std::int64_t>(value.kind),
         value.mantissa, static_cast<std::int64_t>(value.quality), value.time_utc_ms, value.read_back}));
  }
  position = 0;
  for (const OrderFrame& frame : frames) {
    DUHENG_CHECK(
        t.execute("INSERT INTO order_frames (order_number, position, protocol, request, response, sent_ms, "
                  "received_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                  {number, position++, static_cast<std::int64_t>(frame.protocol), frame.request, frame.response,
                   frame.sent_utc_ms, frame.received_utc_ms}));
  }
  return {};
}

Result<std::optional<KnownOrder>> find_by_id(Transaction& t, const OrderId& id) {
  return t.first(std::string{known_columns} + " WHERE o.id = ?1", {id}, read_known);
}

Result<std::optional<KnownOrder>> find_by_number(Transaction& t, OrderNumber number) {
  return t.first(std::string{known_columns} + " WHERE o.number = ?1", {number}, read_known);
}

Result<std::vector<KnownOrder>> open_orders(Transaction& t, JobNumber job_or_all) {
  return t.all(std::string{known_columns} +
                   " WHERE j.state = 2 AND o.stage IN (1, 2, 20, 21) AND (?1 = 0 OR o.job_id = ?1) ORDER BY o.number",
               {job_or_all}, read_known);
}

Result<OrderPage> list_orders(Transaction& t, const Scope& scope, JobNumber job, const OrderQuery& query) {
  const std::string where =
      " WHERE " + scope.condition("d.organisation_id", "?1") + " AND o.job_id = ?2 AND (?3 IS NULL OR o.stage = ?3)";
  const std::optional<std::int64_t> stage =
      query.stage ? std::optional{static_cast<std::int64_t>(*query.stage)} : std::nullopt;
  OrderPage page;
  DUHENG_TRY(const auto total, t.integer("SELECT COUNT(*) FROM orders o JOIN devices d ON d.id = o.device_id" + where,
                                         {scope.parameter_value(), job, stage}));
  page.total = total.value_or(0);
  DUHENG_TRY(
      page.orders,
      t.all(std::string{order_columns} + where + " ORDER BY o.number LIMIT ?4 OFFSET ?5",
            {scope.parameter_value(), job, stage, query.page_size, (query.page - 1) * query.page_size}, read_order));
  for (OrderRow& order : page.orders) {
    DUHENG_TRY(order.values, values_of(t, order.number));
  }
  return page;
}

Result<OrderRow> find_order(Transaction& t, const Scope& scope, OrderNumber number) {
  DUHENG_TRY(auto found, t.first(std::string{order_columns} + " WHERE " + scope.condition("d.organisation_id", "?1") +
                                     " AND o.number = ?2",
                                 {scope.parameter_value(), number}, read_order));
  if (!found) return fail(ErrorCode::not_found, "there is no such order");
  DUHENG_TRY(found->values, values_of(t, number));
  DUHENG_TRY(found->frames,
             t.all("SELECT protocol, request, response, sent_ms, received_ms FROM order_frames WHERE order_number = ?1 "
                   "ORDER BY position",
                   {number}, [](const Row& row) {
                     return OrderFrame{static_cast<Protocol>(row.integer(0)), row.blob(1), row.blob(2), row.integer(3),
                                       row.integer(4)};
                   }));
  return std::move(*found);
}

Result<std::vector<OrderValue>> values_of(Transaction& t, OrderNumber number) {
  return t.all(
      "SELECT register_name, unit, exponent, kind, mantissa, quality, time_ms, read_back FROM order_values "
      "WHERE order_number = ?1 ORDER BY position",
      {number}, [](const Row& row) {
        return OrderValue{.register_name = row.text(0),
                          .unit = row.text(1),
                          .exponent = static_cast<std::int8_t>(row.integer(2)),
                          .kind = static_cast<SeriesKind>(row.integer(3)),
                          .mantissa = row.integer(4),
                          .quality = static_cast<Quality>(row.integer(5)),
                          .time_utc_ms = row.integer(6),
                          .read_back = row.boolean(7)};
      });
}

Result<std::optional<DeviceAccess>> access_of(Transaction& t, DeviceId device) {
  return t.first("SELECT password, operator_code FROM device_access WHERE device_id = ?1", {device},
                 [](const Row& row) { return DeviceAccess{row.text(0), row.text(1)}; });
}

Result<bool> is_protected(Transaction& t, DeviceId device) {
  DUHENG_TRY(const auto found, t.integer("SELECT 1 FROM protected_devices WHERE device_id = ?1", {device}));
  return found.has_value();
}

Result<DeletedOrders> delete_old_orders(Transaction& t, std::int64_t before_utc_ms, std::int64_t orders_max) {
  DeletedOrders out;
  // Finished, cancelled, lapsed; a cancelled one may still wait for what was under way. The newest job and order stay:
  // their numbers, by which the operation log names them, are not to be given again.
  DUHENG_TRY(
      const auto jobs,
      t.all("SELECT id FROM order_jobs j WHERE state IN (3, 4, 5) AND finished_at_ms > 0 AND finished_at_ms < ?1 "
            "AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.job_id = j.id AND o.stage IN (1, 2, 20, 21)) "
            "AND j.id <> (SELECT MAX(id) FROM order_jobs) "
            "AND j.id IS NOT (SELECT job_id FROM orders ORDER BY number DESC LIMIT 1) "
            "ORDER BY id LIMIT 50",
            {before_utc_ms}, [](const Row& row) { return row.integer(0); }));
  std::int64_t left = orders_max;
  for (const std::int64_t job : jobs) {
    out.more = true;
    if (left <= 0) return out;
    DUHENG_TRY(const auto orders, t.all("SELECT number FROM orders WHERE job_id = ?1 ORDER BY number LIMIT ?2",
                                        {job, left}, [](const Row& row) { return row.integer(0); }));
    for (const std::int64_t order : orders) {
      DUHENG_CHECK(t.execute("DELETE FROM order_values WHERE order_number = ?1", {order}));
      DUHENG_CHECK(t.execute("DELETE FROM order_frames WHERE order_number = ?1", {order}));
      DUHENG_CHECK(t.execute("DELETE FROM orders WHERE number = ?1", {order}));
    }
    left -= static_cast<std::int64_t>(orders.size());
    DUHENG_TRY(const auto rest, t.integer("SELECT COUNT(*) FROM orders WHERE job_id = ?1", {job}));
    if (rest.value_or(0) > 0) return out;
    DUHENG_CHECK(t.execute("DELETE FROM order_job_arguments WHERE job_id = ?1", {job}));
    DUHENG_CHECK(t.execute("DELETE FROM order_jobs WHERE id = ?1", {job}));
    ++out.jobs;
    --left;
  }
  out.more = jobs.size() == 50;
  return out;
}

}  // namespace duheng::platform::job_tables
