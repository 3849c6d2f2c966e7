// Who did what to devices, when, with what result: the operation log, page by page and as a file.
#include <fmt/format.h>

#include "base/time.hpp"
#include "platform/orders/operation_chain.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_json.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t export_rows_max = 100'000;
constexpr std::size_t name_characters_max = 64;

Result<OperationQuery> query_of(RequestContext& context) {
  OperationQuery query;
  query.from_utc_ms = context.query.time("from").value_or(0);
  query.to_utc_ms = context.query.time("to").value_or(0);
  query.name = context.query.text("user", name_characters_max);
  query.action = context.query.text("action", name_characters_max);
  query.outcome = context.query.text("outcome", name_characters_max);
  query.device = DeviceId{context.query.optional_id("device_id").value_or(0)};
  query.job = context.query.optional_id("job_id").value_or(0);
  return query;
}

Json operation_json(const OperationEntry& entry) {
  const auto number_or_null = [](std::int64_t number) { return number == 0 ? Json(nullptr) : Json(number); };
  return {{"id", entry.number},
          {"at", format_utc(entry.at_utc_ms)},
          {"user", entry.name},
          {"action", entry.action},
          {"job_id", number_or_null(entry.job)},
          {"order_id", number_or_null(entry.order)},
          {"device", entry.device ? named(entry.device.value, entry.device_name) : Json(nullptr)},
          {"outcome", entry.outcome},
          {"detail", entry.detail},
          {"remote_address", entry.remote_address}};
}

Result<HttpResponse> list_operations(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(OperationQuery query, query_of(context));
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const OperationPage page, services.orders->operations(context.caller->scope(), query));
  Json entries = Json::array();
  for (const OperationEntry& entry : page.entries) entries.push_back(operation_json(entry));
  return json_answer({{"operations", std::move(entries)},
                      {"total", page.total},
                      {"page", query.page},
                      {"page_size", query.page_size}});
}

void append_line(const OperationEntry& entry, std::string& out) {
  const auto number = [](std::int64_t value) { return value == 0 ? std::string{} : std::to_string(value); };
  out += format_utc(entry.at_utc_ms);
  for (const std::string& cell :
       {entry.name, entry.action, number(entry.job), number(entry.order), number(entry.device.value), entry.device_name,
        entry.outcome, entry.detail, entry.remote_address}) {
    out.push_back(',');
    append_csv_cell(cell, out);
  }
  out += "\r\n";
}

/// Goes on by the entries' numbers, so that what happens meanwhile shifts nothing.
Result<HttpResponse> export_operations(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(OperationQuery query, query_of(context));
  DUHENG_CHECK(context.query.finish());
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"duheng-operations.csv\""});
  response.body =
      "\xEF\xBB\xBF"
      "time,user,action,job_id,order_id,device_id,device,outcome,detail,remote_address\r\n";
  query.page_size = 2'000;
  for (std::int64_t rows = 0; rows < export_rows_max;) {
    DUHENG_TRY(const OperationPage page, services.orders->operations(context.caller->scope(), query));
    if (rows == 0 && page.total > export_rows_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("{} entries; a file holds at most {}: choose a shorter time",
                                                         page.total, export_rows_max));
    for (const OperationEntry& entry : page.entries) append_line(entry, response.body);
    rows += static_cast<std::int64_t>(page.entries.size());
    if (page.entries.size() < static_cast<std::size_t>(query.page_size)) break;
    query.before_number = page.entries.back().number;
  }
  return response;
}

/// Reads all of it: about a second for a million entries.
Result<HttpResponse> check_operations(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const OperationChainReport report, services.orders->check_operations());
  return json_answer({{"sound", report.sound()},
                      {"entries", report.entries},
                      {"last_id", report.head.number},
                      {"head", to_hex(report.head.hash)},
                      {"broken_at", report.sound() ? Json(nullptr) : Json(report.broken_at)}});
}

}  // namespace

void add_operation_routes(Router& router, ApiServices& services) {
  const auto add = [&](std::string pattern, std::string operation,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&),
                       Permission permission = Permission::at_least(Role::operator_)) {
    router.add(Method::get, std::move(pattern), std::move(operation), permission,
               [&services, handler](RequestContext& context) -> Result<HttpResponse> {
                 if (services.orders == nullptr) return fail(ErrorCode::unavailable, "orders are not served here");
                 return handler(services, context);
               });
  };
  add("/api/v1/operations", "listOperations", list_operations);
  add("/api/v1/operations/export", "exportOperations", export_operations);
  add("/api/v1/operations/chain", "checkOperations", check_operations, Permission::whole_platform());
}

}  // namespace duheng::platform::web
