// What is wrong, who has seen it, what to do: alarms page by page, their history, and what people do with them.
#include "base/time.hpp"
#include "platform/alarms/alarm_book.hpp"
#include "platform/web/alarm_json.hpp"
#include "platform/web/alarm_requests.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/body_reader.hpp"
#include "platform/web/routes.hpp"

namespace duheng::platform::web {

using namespace alarms;

namespace {

constexpr std::array severities{Severity::notice, Severity::warning, Severity::major, Severity::critical};

}  // namespace

Json alarm_counts_json(const AlarmCounts& counts) {
  Json active = Json::object();
  Json unacknowledged = Json::object();
  for (const Severity severity : severities) {
    const std::string name{to_string(severity)};
    active[name] = counts.active.at(static_cast<std::size_t>(severity));
    unacknowledged[name] = counts.unacknowledged.at(static_cast<std::size_t>(severity));
  }
  return {{"active", std::move(active)}, {"unacknowledged", std::move(unacknowledged)}, {"shelved", counts.shelved}};
}

Json alarm_news_json(const AlarmCounts& counts, std::uint64_t revision, std::uint64_t rings) {
  return {{"counts", alarm_counts_json(counts)}, {"revision", revision}, {"rings", rings}};
}

Result<AlarmDeed> parse_alarm_deed(std::string_view body, AlarmDeedKind kind) {
  DUHENG_TRY(const Json json, parse_body(body));
  AlarmDeed deed;
  const auto read = [&](BodyReader reader) -> Result<void> {
    for (const Json& number : reader.list("ids", AlarmBook::deeds_max)) {
      if (!number.is_number_unsigned() || number.get<std::uint64_t>() > INT64_MAX) {
        reader.reject("ids", "must be a list of numbers");
        break;
      }
      deed.numbers.push_back(number.get<std::int64_t>());
    }
    if (deed.numbers.empty()) reader.reject("ids", "is needed");
    if (kind == AlarmDeedKind::acknowledge) deed.text = reader.text("note", AlarmBook::note_octets_max);
    if (kind == AlarmDeedKind::shelve) {
      deed.text = reader.text("reason", AlarmBook::note_octets_max);
      deed.until_utc_ms = reader.time("until");
      if (deed.text.empty()) reader.reject("reason", "is needed");
    }
    return reader.finish();
  };
  switch (kind) {
    case AlarmDeedKind::acknowledge:
      DUHENG_CHECK(read({json, {"ids", "note"}}));
      break;
    case AlarmDeedKind::shelve:
      DUHENG_CHECK(read({json, {"ids", "reason", "until"}}));
      break;
    case AlarmDeedKind::unshelve:
      DUHENG_CHECK(read({json, {"ids"}}));
      break;
  }
  return deed;
}

namespace {

constexpr std::array subject_kinds{SubjectKind::platform, SubjectKind::gateway, SubjectKind::channel,
                                   SubjectKind::device,   SubjectKind::point,   SubjectKind::equipment,
                                   SubjectKind::server,   SubjectKind::backup,  SubjectKind::storage};

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json shelving_json(const Alarm& alarm) {
  if (alarm.shelved_until_utc_ms == 0) return nullptr;
  return {{"until", format_utc(alarm.shelved_until_utc_ms)}, {"by", alarm.shelved_by}, {"reason", alarm.shelve_reason}};
}

Json acknowledgement_json(const Alarm& alarm) {
  if (alarm.acknowledged_utc_ms == 0) return nullptr;
  return {{"at", format_utc(alarm.acknowledged_utc_ms)}, {"by", alarm.acknowledged_by}, {"note", alarm.note}};
}

/// As it is called now; what has no name in the records by the one in its alarm, a port behind its equipment's.
Json name_json(const AlarmRow& row) {
  if (!row.subject_name.empty()) return row.subject_name;
  const auto name = row.alarm.facts.find("name");
  if (name == row.alarm.facts.end()) return nullptr;
  const auto port = row.alarm.facts.find("port");
  return port == row.alarm.facts.end() ? name->second : name->second + " / " + port->second;
}

Json alarm_json(const AlarmRow& row, bool english) {
  const Alarm& alarm = row.alarm;
  return {{"id", alarm.number},
          {"kind", alarm.kind},
          {"severity", to_string(alarm.severity)},
          {"state", to_string(alarm.stage)},
          {"subject", {{"kind", to_string(alarm.subject.kind)}, {"id", alarm.subject.id}, {"name", name_json(row)}}},
          {"site", named_or_null(row.site.value, row.site_name)},
          {"organisation",
           named_or_null(row.organisation.value, pick_name(english, row.organisation_zh, row.organisation_en))},
          {"facts", alarm.facts},
          {"raised_at", format_utc(alarm.raised_utc_ms)},
          {"over_at", time_or_null(alarm.over_utc_ms)},
          {"closed_at", time_or_null(alarm.closed_utc_ms)},
          {"raised_times", alarm.raised_times},
          {"acknowledgement", acknowledgement_json(alarm)},
          {"shelving", shelving_json(alarm)},
          {"escalated", alarm.escalated},
          {"affected", alarm.affected},
          {"held_by", alarm.held_by == 0 ? Json(nullptr) : Json(alarm.held_by)}};
}

AlarmPart part_of(std::string_view word) {
  if (word == "active") return AlarmPart::active;
  if (word == "over") return AlarmPart::over;
  if (word == "shelved") return AlarmPart::shelved;
  if (word == "closed") return AlarmPart::closed;
  if (word == "all") return AlarmPart::all;
  return AlarmPart::open;
}

AlarmSort sort_of(std::string_view word) {
  if (word == "raised") return AlarmSort::raised;
  if (word == "changed") return AlarmSort::changed;
  return AlarmSort::severity;
}

Result<AlarmQuery> query_of(RequestContext& context) {
  QueryReader& reader = context.query;
  AlarmQuery query;
  query.part = part_of(reader.choice("state", {"open", "active", "over", "shelved", "closed", "all"}).value_or(""));
  const auto severity = reader.choice("severity", {"notice", "warning", "major", "critical"});
  for (const Severity one : severities)
    if (severity && to_string(one) == *severity) query.severity_min = one;
  if (const auto acknowledged = reader.choice("acknowledged", {"true", "false"}))
    query.acknowledged = *acknowledged == "true";
  query.kind = reader.text("kind", 64);
  const auto about = reader.choice("subject_kind", {"platform", "gateway", "channel", "device", "point", "equipment",
                                                    "server", "backup", "storage"});
  for (const SubjectKind one : subject_kinds)
    if (about && to_string(one) == *about) query.subject_kind = one;
  query.subject = reader.text("subject", 200);
  query.site = SiteId{reader.optional_id("site_id").value_or(0)};
  query.organisation = OrganisationId{reader.optional_id("organisation_id").value_or(0)};
  query.held_by = reader.optional_id("held_by").value_or(0);
  query.sort = sort_of(reader.choice("sort", {"severity", "raised", "changed"}).value_or(""));
  query.ascending = reader.choice("direction", {"ascending", "descending"}).value_or("") == "ascending";
  query.page = reader.integer("page", 1, 100'000, 1);
  query.page_size = reader.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(reader.finish());
  return query;
}

Result<HttpResponse> list_alarms(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(const AlarmQuery query, query_of(context));
  const Scope scope = context.caller->scope();
  DUHENG_TRY(const AlarmPage page, services.alarms->list(scope, query));
  DUHENG_TRY(const AlarmCounts counts, services.alarms->counts(scope));
  const bool english = wants_english(context.request);
  Json rows = Json::array();
  for (const AlarmRow& row : page.alarms) rows.push_back(alarm_json(row, english));
  return json_answer({{"alarms", std::move(rows)},
                      {"counts", alarm_counts_json(counts)},
                      {"total", page.total},
                      {"page", query.page},
                      {"page_size", query.page_size},
                      {"server_time", format_utc(services.clock.utc_ms())}});
}

Result<HttpResponse> get_alarm(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const std::int64_t number = context.path_integer("alarm_id");
  DUHENG_TRY(const AlarmRow row, services.alarms->get(context.caller->scope(), number));
  DUHENG_TRY(const auto transitions, services.alarms->history(context.caller->scope(), number));
  Json history = Json::array();
  for (const Transition& one : transitions) {
    history.push_back({{"at", format_utc(one.at_utc_ms)},
                       {"step", to_string(one.step)},
                       {"severity", to_string(one.severity)},
                       {"by", text_or_null(one.author)},
                       {"text", one.text}});
  }
  Json body = alarm_json(row, wants_english(context.request));
  body["history"] = std::move(history);
  return json_answer(body);
}

Result<HttpResponse> count_alarms(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const AlarmCounts counts, services.alarms->counts(context.caller->scope()));
  return json_answer(alarm_counts_json(counts));
}

Json text_json(const KindText& text) { return {{"zh_cn", text.zh_cn}, {"en", text.en}}; }

Result<HttpResponse> list_kinds(ApiServices&, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  Json kinds = Json::array();
  for (const AlarmKind& kind : alarm_kinds()) {
    kinds.push_back({{"kind", kind.word},
                     {"severity", to_string(kind.severity)},
                     {"title", text_json(kind.title)},
                     {"message", text_json(kind.message)},
                     {"remedy", text_json(kind.remedy)}});
  }
  return json_answer({{"kinds", std::move(kinds)}});
}

Result<DeedOutcome> do_deed(AlarmBook& book, const Author& author, AlarmDeedKind kind, const AlarmDeed& deed) {
  switch (kind) {
    case AlarmDeedKind::acknowledge:
      return book.acknowledge(author, deed.numbers, deed.text);
    case AlarmDeedKind::shelve:
      return book.shelve(author, deed.numbers, deed.text, deed.until_utc_ms);
    case AlarmDeedKind::unshelve:
      return book.unshelve(author, deed.numbers);
  }
  return fail(ErrorCode::internal, "no such deed");
}

template <AlarmDeedKind kind>
Result<HttpResponse> act(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const AlarmDeed deed, parse_alarm_deed(context.request.body, kind));
  DUHENG_TRY(const DeedOutcome outcome, do_deed(*services.alarms, author_of(context), kind, deed));
  Json refused = Json::array();
  for (const auto& [number, error] : outcome.refused)
    refused.push_back({{"id", number}, {"code", to_string(error.code)}, {"message", error.message}});
  return json_answer({{"done", outcome.done}, {"refused", std::move(refused)}});
}

}  // namespace

void add_alarm_routes(Router& router, ApiServices& services) {
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission,
                       Result<HttpResponse> (*handler)(ApiServices&, RequestContext&)) {
    router.add(method, std::move(pattern), std::move(operation), permission,
               [&services, handler](RequestContext& context) -> Result<HttpResponse> {
                 if (services.alarms == nullptr) return fail(ErrorCode::unavailable, "alarms are not kept here");
                 return handler(services, context);
               });
  };
  const Permission see = Permission::any_session();
  const Permission change = Permission::at_least(Role::operator_);
  add(Method::get, "/api/v1/alarms", "listAlarms", see, list_alarms);
  add(Method::get, "/api/v1/alarms/{alarm_id}", "getAlarm", see, get_alarm);
  add(Method::get, "/api/v1/alarm-counts", "countAlarms", see, count_alarms);
  add(Method::get, "/api/v1/alarm-kinds", "listAlarmKinds", see, list_kinds);
  add(Method::post, "/api/v1/alarm-acknowledgements", "acknowledgeAlarms", change, act<AlarmDeedKind::acknowledge>);
  add(Method::post, "/api/v1/alarm-shelvings", "shelveAlarms", change, act<AlarmDeedKind::shelve>);
  add(Method::post, "/api/v1/alarm-unshelvings", "unshelveAlarms", change, act<AlarmDeedKind::unshelve>);
}

}  // namespace duheng::platform::web
