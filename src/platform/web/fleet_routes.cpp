// The largest consumers, totals by group, and whether everything came: over all devices that the caller sees.
#include <algorithm>
#include <memory>

#include "base/time.hpp"
#include "platform/web/aggregate_json.hpp"
#include "platform/web/fleet_selection.hpp"
#include "platform/web/routes.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int32_t days_max = 400;
constexpr std::size_t cells_max = 20'000;
constexpr std::size_t gaps_max = 200;
constexpr std::size_t top_rows_max = 10'000;
constexpr std::int64_t timeout_ms = 20'000;

struct Fleet {
  std::shared_ptr<const AggregateAnswers> answers;
  FleetSelection selection;
  std::string register_name;
  AskedDays asked;
  bool english = false;
  bool counts_up = false;
  store::QueryOptions options{.timeout_ms = timeout_ms, .cancel = {}};
};

FleetGrouping asked_grouping(RequestContext& context, FleetGrouping fallback, bool by_tariff) {
  const auto word = by_tariff
                        ? context.query.choice("group", {"organisation", "site", "model", "customer_tariff", "tariff"})
                        : context.query.choice("group", {"organisation", "site", "model", "customer_tariff"});
  if (!word) return fallback;
  if (*word == "customer_tariff") return FleetGrouping::customer_tariff;
  if (*word == "tariff") return FleetGrouping::tariff;
  if (*word == "organisation") return FleetGrouping::organisation;
  return *word == "site" ? FleetGrouping::site : FleetGrouping::model;
}

Result<Fleet> asked_fleet(ApiServices& services, RegisterIndex& registers, RequestContext& context,
                          FleetGrouping grouping) {
  Fleet out;
  out.register_name = context.query.text("register", 100);
  DUHENG_TRY(out.asked, asked_days(context, days_max));
  if (out.register_name.empty()) return fail(ErrorCode::invalid_argument, "\"register\" is required");
  DUHENG_TRY(out.answers, aggregates_of(services));
  const store::CivilCalendar& calendar = out.answers->calendar;
  const std::int64_t from = calendar.day(out.asked.first).after_utc_ms;
  const std::int64_t to = std::min(calendar.day(out.asked.last).through_utc_ms, services.clock.utc_ms());
  std::vector<RegisterIndex::Entry> entries;
  if (grouping == FleetGrouping::tariff) {
    DUHENG_TRY(entries, registers.tariffs_of(out.register_name));
  } else {
    entries = registers.series_of(out.register_name);
  }
  DUHENG_TRY(out.selection,
             select_fleet(services, *context.caller, std::move(entries), {from, std::max(from + 1, to)}, grouping));
  store::Series named;
  named.register_name = out.register_name;
  out.counts_up = store::default_series_policy(named).counts_up;
  out.english = wants_english(context.request);
  return out;
}

Result<void> require_counting(const Fleet& fleet) {
  if (fleet.counts_up) return {};
  return fail(ErrorCode::invalid_argument, "this register does not count up: there is no consumption to add");
}

Json answer_head(const Fleet& fleet, const store::FleetStanding& standing) {
  const FleetSelection& selection = fleet.selection;
  return {{"register", fleet.register_name},
          {"unit", selection.unit},
          {"time_zone", fleet.answers->calendar.zone()},
          {"from", store::CivilCalendar::format_day(fleet.asked.first)},
          {"to", store::CivilCalendar::format_day(fleet.asked.last)},
          {"series", selection.scope.series().size()},
          {"left_out",
           {{"partly_visible", selection.left_out_partly_visible}, {"other_unit", selection.left_out_other_unit}}},
          {"standing",
           {{"settled_through", day_or_null(standing.settled_through)},
            {"provisional_through", day_or_null(standing.provisional_through)},
            {"changes_waiting", standing.changes_waiting}}}};
}

/// Who sends a series.
Json place_json(const Fleet& fleet, SeriesId series) {
  const FleetSelection::Place& place = fleet.selection.places.at(series);
  Json out{{"series_id", series.value},
           {"gateway_id", place.source.gateway.value},
           {"device_uid", place.source.device_uid},
           {"device", nullptr},
           {"organisation", nullptr},
           {"site", nullptr}};
  if (place.device != nullptr) {
    const Device& device = place.device->device;
    out["device"] = named(device.id.value, device.details.name);
    out["organisation"] = named(device.details.organisation.value,
                                pick_name(fleet.english, device.organisation_name_zh, device.organisation_name_en));
    out["site"] = named_or_null(device.details.site.value, device.site_name);
  }
  return out;
}

/// Null for what has no group of that kind.
Json group_json(const Fleet& fleet, std::uint32_t group) {
  const FleetSelection::Group& one = fleet.selection.groups[group];
  const std::string& name = pick_name(fleet.english, one.name_zh, one.name_en);
  if (name.empty()) return nullptr;
  return {{"id", one.id == 0 ? Json(nullptr) : Json(one.id)}, {"name", name}};
}

std::string amount_text(const Fleet& fleet, store::Int128 amount) {
  return fleet.selection.scope.exact(amount).to_string();
}

Json top_row(const Fleet& fleet, const store::FleetAmount& one, bool grouped) {
  Json row = place_json(fleet, one.series);
  row["amount"] = amount_text(fleet, one.amount);
  row["edited"] = amount_text(fleet, one.edited);
  row["findings"] = findings_json(one.findings);
  row["in_doubt"] = (one.findings & store::aggregate_findings::doubts) != 0;
  row["days_with_values"] = one.days_with_values;
  if (grouped) row["group"] = group_json(fleet, one.group);
  return row;
}

/// Of all, or of each group.
Result<HttpResponse> top(ApiServices& services, RegisterIndex& registers, RequestContext& context) {
  const auto count = static_cast<std::size_t>(context.query.integer("count", 1, 1'000, 20));
  const FleetGrouping grouping = asked_grouping(context, FleetGrouping::none, true);
  const bool grouped = grouping != FleetGrouping::none;
  DUHENG_TRY(const Fleet fleet, asked_fleet(services, registers, context, grouping));
  DUHENG_CHECK(require_counting(fleet));
  const auto& [first, last] = fleet.asked;
  const store::FleetQuestions& questions = fleet.answers->fleet;
  const store::FleetScope& scope = fleet.selection.scope;
  DUHENG_TRY(const store::FleetTop found,
             told(*fleet.answers, grouped ? questions.top_by_group(scope, first, last, count, fleet.options)
                                          : questions.top(scope, first, last, count, fleet.options)));
  if (found.series.size() > top_rows_max)
    return fail(ErrorCode::limit_exceeded, "so many groups have too many rows: ask for fewer of each");
  Json rows = Json::array();
  for (const store::FleetAmount& one : found.series) rows.push_back(top_row(fleet, one, grouped));
  Json out = answer_head(fleet, found.standing);
  out["rows"] = std::move(rows);
  return json_answer(out);
}

Json total_json(const Fleet& fleet, const store::FleetTotal& total) {
  return {{"amount", amount_text(fleet, total.amount)},     {"edited", amount_text(fleet, total.edited)},
          {"findings", findings_json(total.findings)},      {"series", total.series_count},
          {"series_with_values", total.series_with_values}, {"series_in_doubt", total.series_in_doubt},
          {"series_over_gap", total.series_over_gap}};
}

Result<HttpResponse> totals(ApiServices& services, RegisterIndex& registers, RequestContext& context) {
  const FleetGrouping grouping = asked_grouping(context, FleetGrouping::organisation, true);
  DUHENG_TRY(const Fleet fleet, asked_fleet(services, registers, context, grouping));
  DUHENG_CHECK(require_counting(fleet));
  DUHENG_TRY(const store::FleetTotals found,
             told(*fleet.answers, fleet.answers->fleet.totals(fleet.selection.scope, fleet.asked.first,
                                                              fleet.asked.last, fleet.options)));
  Json rows = Json::array();
  for (const store::FleetTotal& one : found.groups) {
    Json row{{"group", group_json(fleet, one.group)}};
    row.update(total_json(fleet, one));
    rows.push_back(std::move(row));
  }
  Json out = answer_head(fleet, found.standing);
  out["rows"] = std::move(rows);
  out["total"] = total_json(fleet, found.whole);
  return json_answer(out);
}

Json gaps_json(const Fleet& fleet, const store::FleetGaps& gaps) {
  Json out = Json::array();
  for (const store::FleetGap& gap : gaps.gaps) {
    Json row = place_json(fleet, gap.series);
    row["from"] = store::CivilCalendar::format_day(gap.first_day);
    row["to"] = store::CivilCalendar::format_day(gap.last_day);
    row["days"] = gap.last_day - gap.first_day + 1;
    out.push_back(std::move(row));
  }
  return out;
}

Result<HttpResponse> completeness(ApiServices& services, RegisterIndex& registers, RequestContext& context) {
  const FleetGrouping grouping = asked_grouping(context, FleetGrouping::none, false);
  DUHENG_TRY(const Fleet fleet, asked_fleet(services, registers, context, grouping));
  const auto days = static_cast<std::size_t>(fleet.asked.last - fleet.asked.first + 1);
  if (days * fleet.selection.groups.size() > cells_max)
    return fail(ErrorCode::limit_exceeded, "so many groups and days: ask for fewer days, or without groups");
  const store::FleetScope& scope = fleet.selection.scope;
  DUHENG_TRY(const store::FleetCompletenessTable found,
             told(*fleet.answers,
                  fleet.answers->fleet.completeness(scope, fleet.asked.first, fleet.asked.last, fleet.options)));
  DUHENG_TRY(const store::FleetGaps gaps,
             told(*fleet.answers,
                  fleet.answers->fleet.gaps(scope, fleet.asked.first, fleet.asked.last, gaps_max, fleet.options)));
  Json rows = Json::array();
  for (const store::FleetCompleteness& one : found.rows) {
    rows.push_back({{"day", store::CivilCalendar::format_day(one.day)},
                    {"group", group_json(fleet, one.group)},
                    {"provisional", one.day > found.standing.settled_through},
                    {"series", one.series_count},
                    {"series_with_values", one.series_with_values}});
  }
  Json out = answer_head(fleet, found.standing);
  out["rows"] = std::move(rows);
  out["missing"] = gaps_json(fleet, gaps);
  out["missing_truncated"] = gaps.truncated;
  return json_answer(out);
}

}  // namespace

void add_fleet_routes(Router& router, ApiServices& services) {
  const auto registers = std::make_shared<RegisterIndex>(services.telemetry);
  router.add(Method::get, "/api/v1/fleet/top", "getFleetTop", Permission::any_session(),
             [&services, registers](RequestContext& context) { return top(services, *registers, context); });
  router.add(Method::get, "/api/v1/fleet/totals", "getFleetTotals", Permission::any_session(),
             [&services, registers](RequestContext& context) { return totals(services, *registers, context); });
  router.add(Method::get, "/api/v1/fleet/completeness", "getFleetCompleteness", Permission::any_session(),
             [&services, registers](RequestContext& context) { return completeness(services, *registers, context); });
}

}  // namespace duheng::platform::web
