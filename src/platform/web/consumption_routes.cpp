// What a metering point consumed, by day or month, with the values it stands on.
#include <algorithm>
#include <array>
#include <vector>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "platform/points/metering_points.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/point_chains.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "store/consumption/consumption.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t days_max = 3'700;
constexpr std::size_t buckets_max = 400;

struct Bucket {
  std::string label;  ///< "2026-11-21" or "2026-11"
  store::ConsumptionInterval time;
};

/// Civil days of the zone from `from` to `to`, both included, joined to months when asked. Errors: malformed - no such
/// date; limit_exceeded.
Result<std::vector<Bucket>> buckets_of(const std::string& from, const std::string& to, const std::string& zone,
                                       bool by_month) {
  if (to < from) return fail(ErrorCode::invalid_argument, "\"from\" must not be after \"to\"");
  DUHENG_CHECK(civil_day(to, zone));
  std::vector<Bucket> out;
  std::string date = from;
  for (std::size_t days = 0; date <= to; ++days) {
    DUHENG_TRY(const CivilDay day, civil_day(date, zone));
    const std::string label = by_month ? date.substr(0, 7) : date;
    if (!out.empty() && out.back().label == label) {
      out.back().time.through_utc_ms = day.end_utc_ms;
    } else {
      out.push_back({label, {day.begin_utc_ms, day.end_utc_ms}});
    }
    if (out.size() > buckets_max || days > days_max)
      return fail(ErrorCode::limit_exceeded, "at most 400 days or ten years at once");
    DUHENG_TRY(date, civil_date(day.end_utc_ms, zone));
  }
  return out;
}

Json value_json(const store::PointChain& chain, const std::optional<store::ChainValue>& value) {
  if (!value) return nullptr;
  constexpr std::array<const char*, 3> origins{"reading", "installation", "removal"};
  return {{"series_id", value->series.value},
          {"time", format_utc(value->time_utc_ms)},
          {"value", Decimal{value->mantissa, chain.links[value->link].exponent}.to_string()},
          {"quality", to_string(value->quality)},
          {"frame", value->frame.value == 0 ? Json(nullptr) : Json(std::to_string(value->frame.value))},
          {"origin", origins[static_cast<std::size_t>(value->origin)]}};
}

std::string amount_text(const store::Consumption& used, store::Int128 amount) {
  return store::ExactAmount{amount, used.exponent, used.denominator}.to_string();
}

Json consumption_json(const store::PointChain& chain, const store::Consumption& used) {
  const bool is_known = used.status != store::ConsumptionStatus::not_determinable;
  Json remarks = Json::array();
  for (const store::Remark& remark : used.remarks) {
    remarks.push_back({{"kind", to_string(remark.kind)},
                       {"doubt", store::is_doubt(remark.kind)},
                       {"from", format_utc(remark.from_utc_ms)},
                       {"to", format_utc(remark.to_utc_ms)},
                       {"start", value_json(chain, remark.from)},
                       {"end", value_json(chain, remark.to)},
                       {"amount", amount_text(used, remark.amount)}});
  }
  Json out{{"status", to_string(used.status)},
           {"amount", is_known ? Json(amount_text(used, used.amount)) : Json(nullptr)},
           {"estimated", amount_text(used, used.estimated)},
           {"corrected", amount_text(used, used.corrected)},
           {"over_gaps", amount_text(used, used.over_gaps)},
           {"values", used.value_count},
           {"start", value_json(chain, used.start)},
           {"end", value_json(chain, used.end)},
           {"remarks", std::move(remarks)}};
  if (!used.reason.empty()) out["reason"] = used.reason;
  return out;
}

/// Nothing of the register was ever read.
Json unread_json() {
  return {{"status", to_string(store::ConsumptionStatus::not_determinable)},
          {"amount", nullptr},
          {"reason", "nothing of this register was ever read"},
          {"estimated", "0"},
          {"corrected", "0"},
          {"over_gaps", "0"},
          {"values", 0},
          {"start", nullptr},
          {"end", nullptr},
          {"remarks", Json::array()}};
}

Result<Json> computed(const ApiServices& services, const ResolvedChain& resolved,
                      const store::ConsumptionInterval& time, std::int64_t gap) {
  if (resolved.chain.links.empty()) return unread_json();
  store::ConsumptionOptions options;
  options.gap_ms = gap;
  options.remarks_max = 100;
  // What is yet to come is not missing.
  const std::int64_t now = services.clock.utc_ms();
  store::ConsumptionInterval until{time.after_utc_ms, std::min(time.through_utc_ms, std::max(time.after_utc_ms, now))};
  DUHENG_TRY(const store::Consumption used, store::consumption(services.telemetry, resolved.chain, until, options, {}));
  return consumption_json(resolved.chain, used);
}

Result<HttpResponse> consumption(ApiServices& services, RequestContext& context) {
  if (services.points == nullptr) return fail(ErrorCode::unavailable, "no metering points are kept here");
  const std::string from = context.query.required_date("from");
  const std::string to = context.query.required_date("to");
  const bool by_month = context.query.choice("by", {"day", "month"}).value_or("day") == "month";
  std::string register_name = context.query.text("register", 100);
  DUHENG_CHECK(context.query.finish());
  const Scope scope = context.caller->scope();
  const PointId id{context.path_integer("point_id")};
  DUHENG_TRY(const MeteringPoint point, services.points->get(scope, id));
  DUHENG_TRY(const std::vector<PointLink> links, services.points->chain(scope, id));
  if (register_name.empty()) register_name = usual_register(links);
  if (register_name.empty()) return fail(ErrorCode::not_found, "nothing was ever installed at this point");
  const std::string zone = point.site_zone.empty() ? "UTC" : point.site_zone;
  DUHENG_TRY(const std::vector<Bucket> buckets, buckets_of(from, to, zone, by_month));
  DUHENG_TRY(const ResolvedChain resolved, resolve_point_chain(services, links, register_name));
  const std::int64_t gap = point_gap_ms(services, links);

  Json items = Json::array();
  for (const Bucket& bucket : buckets) {
    if (bucket.time.after_utc_ms >= services.clock.utc_ms()) break;
    DUHENG_TRY(Json item, computed(services, resolved, bucket.time, gap));
    item["label"] = bucket.label;
    item["from"] = format_utc(bucket.time.after_utc_ms);
    item["to"] = format_utc(bucket.time.through_utc_ms);
    items.push_back(std::move(item));
  }
  DUHENG_TRY(Json total, computed(services, resolved,
                                  {buckets.front().time.after_utc_ms, buckets.back().time.through_utc_ms}, gap));
  Json unread = Json::array();
  for (const std::int64_t begin : resolved.unread_links) unread.push_back(format_utc(begin));
  return json_answer({{"register", register_name},
                      {"unit", resolved.chain.unit},
                      {"time_zone", zone},
                      {"by", by_month ? "month" : "day"},
                      {"buckets", std::move(items)},
                      {"total", std::move(total)},
                      {"unread_links", std::move(unread)}});
}

}  // namespace

void add_consumption_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/points/{point_id}/consumption", "getConsumption", Permission::any_session(),
             [&services](RequestContext& context) { return consumption(services, context); });
}

}  // namespace duheng::platform::web
