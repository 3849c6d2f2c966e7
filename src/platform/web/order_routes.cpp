#include <algorithm>
#include <fmt/format.h>

#include "platform/orders/order_service.hpp"
#include "platform/web/order_json.hpp"
#include "platform/web/order_requests.hpp"
#include "platform/web/order_targets.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t job_body_bytes_max = std::size_t{1} << 20;
constexpr std::size_t devices_max = 100'000;

JobTarget target_of(const DirectoryDevice& found, std::int64_t now_utc_ms) {
  const DeviceDetails& details = found.device.details;
  JobTarget out{found.device.id, details.gateway, details.uid, details.model};
  // Its gateway knows it by the name under which it sends; the latest that holds now counts.
  for (const DeviceSource& source : found.sources) {
    if (source.covers(now_utc_ms) && (!details.gateway || source.key.gateway == details.gateway)) {
      out.gateway = source.key.gateway;
      out.device_uid = source.key.device_uid;
    }
  }
  return out;
}

Result<std::vector<JobTarget>> listed(ApiServices& services, const Caller& caller, const std::vector<DeviceId>& ids) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const std::int64_t now = services.clock.utc_ms();
  std::vector<JobTarget> out;
  out.reserve(ids.size());
  for (const DeviceId id : ids) {
    const DirectoryDevice* device = snapshot->find(id);
    if (device == nullptr || !sees(visible, device->device.details.organisation))
      return fail(ErrorCode::not_found, fmt::format("there is no device {}", id.value));
    out.push_back(target_of(*device, now));
  }
  return out;
}

Result<std::vector<JobTarget>> filtered(ApiServices& services, const Caller& caller, const DeviceFilter& filter) {
  DirectoryQuery query;
  query.search = filter.search;
  query.state = filter.state;
  query.site = filter.site;
  query.gateway = filter.gateway;
  query.model = filter.model;
  query.page_size = devices_max + 1;
  DUHENG_TRY(query.organisations, visible_organisations(services, caller));
  if (filter.organisation) {
    DUHENG_TRY(const std::vector<OrganisationId> below,
               services.organisations.subtree_ids(Scope::below(filter.organisation)));
    std::unordered_set<OrganisationId> both;
    for (const OrganisationId id : below) {
      if (sees(query.organisations, id)) both.insert(id);
    }
    query.organisations = std::move(both);
  }
  DUHENG_TRY(const DirectoryPage page, services.directory.list(query));
  const std::int64_t now = services.clock.utc_ms();
  std::vector<JobTarget> out;
  for (const DirectoryRow& row : page.rows) out.push_back(target_of(*row.device, now));
  if (out.size() > devices_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} devices at once", devices_max));
  if (out.empty()) return fail(ErrorCode::invalid_argument, "filter: no device fits");
  return out;
}

HttpResponse created(HttpResponse response) {
  response.status = 201;
  return response;
}

Result<HttpResponse> job_answer(ApiServices& services, const RequestContext& context, JobNumber number) {
  DUHENG_TRY(const Job job, services.orders->job(context.caller->scope(), number));
  return json_answer(job_json(job));
}

Result<HttpResponse> create_job(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(JobRequest wanted, parse_job_request(context.request.body));
  DUHENG_TRY(wanted.job.targets, job_targets(services, *context.caller, wanted.devices, wanted.filter));
  DUHENG_TRY(const JobNumber number, services.orders->create(author_of(context), wanted.job));
  DUHENG_TRY(HttpResponse answer, job_answer(services, context, number));
  return created(std::move(answer));
}

Result<HttpResponse> list_jobs(ApiServices& services, RequestContext& context) {
  JobQuery query;
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, 200, 50);
  query.device = DeviceId{context.query.optional_id("device_id").value_or(0)};
  if (const auto state =
          context.query.choice("state", {"awaiting_confirmation", "running", "finished", "cancelled", "lapsed"}))
    query.state = job_state_of(*state);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const JobPage page, services.orders->jobs(context.caller->scope(), query));
  Json jobs = Json::array();
  for (const Job& job : page.jobs) jobs.push_back(job_json(job));
  return json_answer(
      {{"jobs", std::move(jobs)}, {"total", page.total}, {"page", query.page}, {"page_size", query.page_size}});
}

Result<HttpResponse> get_job(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return job_answer(services, context, context.path_integer("job_id"));
}

Result<HttpResponse> confirm_job(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const JobNumber number = context.path_integer("job_id");
  DUHENG_CHECK(services.orders->confirm(author_of(context), number));
  return job_answer(services, context, number);
}

Result<HttpResponse> cancel_job(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const JobNumber number = context.path_integer("job_id");
  DUHENG_CHECK(services.orders->cancel(author_of(context), number));
  return job_answer(services, context, number);
}

Result<HttpResponse> list_orders(ApiServices& services, RequestContext& context) {
  OrderQuery query;
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, 200, 50);
  if (const auto state = context.query.choice("state", {"queued", "handed_over", "waiting", "under_way", "done",
                                                        "refused", "unknown", "failed", "expired", "cancelled"}))
    query.stage = order_stage_of(*state);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const OrderPage page,
             services.orders->orders(context.caller->scope(), context.path_integer("job_id"), query));
  Json orders = Json::array();
  for (const OrderRow& order : page.orders) orders.push_back(order_json(order));
  return json_answer(
      {{"orders", std::move(orders)}, {"total", page.total}, {"page", query.page}, {"page_size", query.page_size}});
}

Result<HttpResponse> get_order(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const OrderRow order, services.orders->order(context.caller->scope(), context.path_integer("order_id")));
  return json_answer(order_detail_json(order, wants_english(context.request)));
}

Result<HttpResponse> results(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const JobNumber number = context.path_integer("job_id");
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  response.headers.push_back(
      {"Content-Disposition", fmt::format("attachment; filename=\"duheng-job-{}.csv\"", number)});
  response.body = csv_head();
  OrderQuery query;
  query.page_size = 2'000;
  while (true) {
    DUHENG_TRY(const OrderPage page, services.orders->orders(context.caller->scope(), number, query));
    for (const OrderRow& order : page.orders) append_csv(order, response.body);
    if (page.orders.size() < static_cast<std::size_t>(query.page_size)) return response;
    ++query.page;
  }
}

}  // namespace

Result<std::vector<JobTarget>> job_targets(ApiServices& services, const Caller& caller,
                                           const std::vector<DeviceId>& devices,
                                           const std::optional<DeviceFilter>& filter) {
  return filter ? filtered(services, caller, *filter) : listed(services, caller, devices);
}

Author author_of(const RequestContext& context) {
  const Caller& caller = *context.caller;
  return {caller.user, caller.name, caller.role, caller.scope(), context.request.remote_address};
}

void add_order_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&),
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) {
    router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, handler](RequestContext& context) -> Result<HttpResponse> {
          if (services.orders == nullptr) return fail(ErrorCode::unavailable, "orders are not served here");
          return handler(services, context);
        },
        body_bytes_max);
  };
  const Permission operators = Permission::at_least(Role::operator_);
  add(Method::get, "/api/v1/jobs", "listJobs", Permission::any_session(), list_jobs);
  // Who may not is refused by OrderService, which notes it down.
  add(Method::post, "/api/v1/jobs", "createJob", Permission::any_session(), create_job, job_body_bytes_max);
  add(Method::get, "/api/v1/jobs/{job_id}", "getJob", Permission::any_session(), get_job);
  add(Method::post, "/api/v1/jobs/{job_id}/confirm", "confirmJob", operators, confirm_job);
  add(Method::post, "/api/v1/jobs/{job_id}/cancel", "cancelJob", operators, cancel_job);
  add(Method::get, "/api/v1/jobs/{job_id}/orders", "listOrders", Permission::any_session(), list_orders);
  add(Method::get, "/api/v1/jobs/{job_id}/results", "getJobResults", Permission::any_session(), results);
  add(Method::get, "/api/v1/orders/{order_id}", "getOrder", Permission::any_session(), get_order);
}

}  // namespace duheng::platform::web
