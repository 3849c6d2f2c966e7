// What gateways add up over groups of meters.
#include <algorithm>

#include "base/time.hpp"
#include "platform/provenance/provenance.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_targets.hpp"
#include "platform/web/processing_requests.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t body_bytes_max = std::size_t{1} << 20;
constexpr std::size_t evidence_lines_max = 500;
constexpr std::string_view incomplete_suffix = "_incomplete";
constexpr std::string_view missing_register = "sum_members_missing";

/// The newest sum that has come.
struct LastSum {
  store::Series series;
  store::Point point;
  bool is_complete = false;
  std::int64_t missing = 0;
};

std::optional<LastSum> last_sum(const ApiServices& services, const SumVersion& sum) {
  const auto source = services.telemetry.find_source(sum.gateway, sum.sum.uid);
  if (!source) return std::nullopt;
  std::optional<LastSum> out;
  std::int64_t missing = 0;
  for (const store::Series& series : services.telemetry.series_of(source->id)) {
    const auto latest = services.telemetry.latest(std::span(&series.id, 1)).front();
    if (!latest) continue;
    if (series.register_name == missing_register) missing = latest->mantissa;
    const bool is_complete = series.register_name == sum.sum.register_name;
    if (!is_complete && series.register_name != sum.sum.register_name + std::string(incomplete_suffix)) continue;
    // Of the same instant the complete one came later.
    if (out && (latest->time_utc_ms < out->point.time_utc_ms ||
                (latest->time_utc_ms == out->point.time_utc_ms && !is_complete)))
      continue;
    out = LastSum{series, *latest, is_complete, 0};
  }
  if (out && !out->is_complete) out->missing = missing;
  return out;
}

Json last_json(const std::optional<LastSum>& last) {
  if (!last) return nullptr;
  return {{"time", format_utc(last->point.time_utc_ms)},
          {"value", exact_value(last->point.mantissa, last->series.exponent, last->series.kind, last->point.quality)},
          {"quality", to_string(last->point.quality)},
          {"complete", last->is_complete},
          {"missing", last->missing},
          {"frame", std::to_string(last->point.frame.value)},
          {"series_id", last->series.id.value}};
}

Json sum_json(const ApiServices& services, const SumVersion& sum, bool with_last) {
  return {{"id", sum.number},
          {"gateway_id", sum.gateway.value},
          {"uid", sum.sum.uid},
          {"register", sum.sum.register_name},
          {"unit", sum.sum.unit},
          {"exponent", sum.sum.exponent},
          {"interval_s", sum.sum.interval_ms / 1'000},
          {"tolerance_s", sum.sum.tolerance_ms / 1'000},
          {"wait_s", sum.sum.wait_ms / 1'000},
          {"channel", sum.sum.channel},
          {"members", sum.members},
          {"removed", sum.is_removed},
          {"reason", sum.reason},
          {"changed_by", sum.changed_by_name},
          {"from", format_utc(sum.from_utc_ms)},
          {"to", sum.to_utc_ms ? Json(format_utc(*sum.to_utc_ms)) : Json(nullptr)},
          {"state", to_string(sum.state)},
          {"problem", sum.problem},
          {"last", with_last ? last_json(last_sum(services, sum)) : Json(nullptr)}};
}

std::vector<std::string> lines_of(ByteView octets) {
  std::vector<std::string> out;
  std::string_view text = as_text(octets);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

/// The parts of a sum stand in plain text in the frame behind it and, when they are many, in those before it.
Result<Json> evidence_json(const ApiServices& services, const SumVersion& sum, const LastSum& last) {
  std::string head;
  std::vector<std::string> parts;
  std::vector<std::string> missing;  // what people look for: told first
  for (std::uint32_t index = last.point.frame.frame_index() + 1; index-- > 0;) {
    const auto found = trace(services.journal, FrameReference::make(last.point.frame.record_number(), index));
    if (!found && found.error().code == ErrorCode::not_found) break;
    if (!found) return std::unexpected(found.error());
    auto lines = lines_of(found->response);
    if (found->device_uid != sum.sum.uid || lines.empty() || (!head.empty() && lines.front() != head)) break;
    head = lines.front();
    for (std::size_t i = 1; i < lines.size(); ++i)
      (lines[i].ends_with(" missing") ? missing : parts).push_back(std::move(lines[i]));
  }
  const std::size_t missing_count = missing.size();
  parts.insert(parts.begin(), std::move_iterator(missing.begin()), std::move_iterator(missing.end()));
  const std::size_t total = parts.size();
  parts.resize(std::min(total, evidence_lines_max));
  return Json{{"frame", std::to_string(last.point.frame.value)},
              {"head", head},
              {"lines", parts},
              {"total", total},
              {"missing", missing_count}};
}

Result<HttpResponse> list_sums(ApiServices& services, RequestContext& context) {
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto found,
             services.sums->list(context.caller->scope(), GatewayId{context.path_integer("gateway_id")}));
  Json sums = Json::array();
  const auto total = static_cast<std::int64_t>(found.size());
  for (std::int64_t i = (page - 1) * page_size; i < std::min(total, page * page_size); ++i)
    sums.push_back(sum_json(services, found[static_cast<std::size_t>(i)], true));
  return json_answer({{"sums", std::move(sums)}, {"total", total}, {"page", page}, {"page_size", page_size}});
}

Result<Json> details_json(ApiServices& services, RequestContext& context, SumNumber number, std::int64_t page,
                          std::int64_t page_size) {
  DUHENG_TRY(const SumDetails found, services.sums->get(context.caller->scope(), number, page, page_size));
  Json members = Json::array();
  for (const auto& member : found.members)
    members.push_back({{"id", member.device.value}, {"name", member.name}, {"uid", member.uid}});
  Json versions = Json::array();
  for (const auto& version : found.versions) versions.push_back(sum_json(services, version, false));
  const auto last = last_sum(services, found.sum);
  Json evidence = nullptr;
  if (last) {
    DUHENG_TRY(evidence, evidence_json(services, found.sum, *last));
  }
  Json sum = sum_json(services, found.sum, false);
  sum["last"] = last_json(last);
  return Json{{"sum", std::move(sum)},
              {"members", std::move(members)},
              {"versions", std::move(versions)},
              {"evidence", std::move(evidence)},
              {"page", page},
              {"page_size", page_size}};
}

Result<HttpResponse> get_sum(ApiServices& services, RequestContext& context) {
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 20'000, 50);
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json found, details_json(services, context, context.path_integer("sum_id"), page, page_size));
  return json_answer(found);
}

Result<HttpResponse> set_sum(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(SumRequest wanted, parse_sum_request(context.request.body));
  NewSum sum;
  sum.gateway = GatewayId{context.path_integer("gateway_id")};
  sum.sum = std::move(wanted.sum);
  sum.reason = std::move(wanted.reason);
  if (!wanted.devices.empty() || wanted.filter) {
    DUHENG_TRY(const auto targets, job_targets(services, *context.caller, wanted.devices, wanted.filter));
    for (const JobTarget& target : targets) sum.members.push_back(target.device);
  }
  DUHENG_TRY(const SumNumber number, services.sums->set(author_of(context), std::move(sum)));
  constexpr std::int64_t first_page = 50;
  DUHENG_TRY(const Json made, details_json(services, context, number, 1, first_page));
  HttpResponse response = json_answer(made);
  response.status = 201;
  return response;
}

Result<HttpResponse> remove_sum(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(SumRequest wanted, parse_sum_removal(context.request.body));
  NewSum sum;
  sum.gateway = GatewayId{context.path_integer("gateway_id")};
  sum.sum.uid = std::move(wanted.sum.uid);
  sum.reason = std::move(wanted.reason);
  sum.is_removal = true;
  DUHENG_CHECK(services.sums->set(author_of(context), std::move(sum)));
  HttpResponse response;
  response.status = 204;
  return response;
}

}  // namespace

void add_sum_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&)) {
    router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, handler](RequestContext& context) -> Result<HttpResponse> {
          if (services.sums == nullptr) return fail(ErrorCode::unavailable, "what gateways add up is not set here");
          return handler(services, context);
        },
        body_bytes_max);
  };
  const Permission anybody = Permission::any_session();
  const Permission operators = Permission::at_least(Role::operator_);
  add(Method::get, "/api/v1/gateways/{gateway_id}/sums", "listGatewaySums", anybody, list_sums);
  add(Method::post, "/api/v1/gateways/{gateway_id}/sums", "setGatewaySum", operators, set_sum);
  add(Method::post, "/api/v1/gateways/{gateway_id}/sums/remove", "removeGatewaySum", operators, remove_sum);
  add(Method::get, "/api/v1/sums/{sum_id}", "getGatewaySum", anybody, get_sum);
}

}  // namespace duheng::platform::web
