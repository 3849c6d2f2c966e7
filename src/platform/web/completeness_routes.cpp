// Whether everything came: by day and group, what is missing and why, when days were ready, reading again.
#include <algorithm>
#include <array>
#include <map>
#include <memory>

#include "base/time.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/web/aggregate_json.hpp"
#include "platform/web/completeness_fleet.hpp"
#include "platform/web/completeness_requests.hpp"
#include "platform/web/routes.hpp"
#include "store/journal/journal.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int32_t days_max = 31;
constexpr std::size_t cells_max = 20'000;
constexpr std::int64_t timeout_ms = 25'000;
constexpr std::string_view usual_register = "energy_active_import_total";

/// What the routes share.
struct Shared {
  explicit Shared(ApiServices& given)
      : services(given),
        registers(given.telemetry),
        questions(given.telemetry, given.clock, [&journal = given.journal](std::uint64_t record) {
          const auto stored = journal.read(record);
          return stored ? std::optional{stored->record.received_utc_ms} : std::nullopt;
        }) {}
  ApiServices& services;
  RegisterIndex registers;
  CompletenessQuestions questions;
};

store::QueryOptions options() { return {.timeout_ms = timeout_ms, .cancel = {}}; }

store::TimeRange time_of(const store::CivilCalendar& calendar, AskedDays days) {
  return {calendar.day(days.first).after_utc_ms + 1, calendar.day(days.last).through_utc_ms + 1};
}

std::string asked_register(RequestContext& context) {
  std::string name = context.query.text("register", 100);
  return name.empty() ? std::string(usual_register) : name;
}

CompletenessGrouping asked_grouping(RequestContext& context) {
  constexpr std::array<std::pair<std::string_view, CompletenessGrouping>, 6> words{
      {{"none", CompletenessGrouping::none},
       {"organisation", CompletenessGrouping::organisation},
       {"site", CompletenessGrouping::site},
       {"gateway", CompletenessGrouping::gateway},
       {"protocol", CompletenessGrouping::protocol},
       {"model", CompletenessGrouping::model}}};
  const auto word = context.query.choice("group", {"none", "organisation", "site", "gateway", "protocol", "model"});
  for (const auto& [name, grouping] : words) {
    if (word == name) return grouping;
  }
  return CompletenessGrouping::none;
}

/// "99.53": hundredths of a percent, cut and not rounded, so that 100.00 means everything.
Json percent(std::uint64_t present, std::uint64_t expected) {
  if (expected == 0) return nullptr;
  return Decimal{static_cast<std::int64_t>(present * 10'000 / expected), -2}.to_string();
}

Json group_json(const CompletenessFleet::Group& group, bool english) {
  const std::string& name = pick_name(english, group.name_zh, group.name_en);
  if (name.empty()) return nullptr;
  return {{"id", group.id == 0 ? Json(nullptr) : Json(group.id)}, {"name", name}};
}

// --- by day and group ----------------------------------------------------------------------------------------------

struct Cell {
  std::uint64_t devices = 0;
  std::uint64_t with_values = 0;
  std::uint64_t whole = 0;
  std::uint64_t slots_expected = 0;
  std::uint64_t slots_present = 0;
  void add(const DeviceDay& day) {
    ++devices;
    with_values += day.slots_present > 0 ? 1 : 0;
    whole += day.is_whole() ? 1 : 0;
    slots_expected += day.slots_expected;
    slots_present += day.slots_present;
  }
  [[nodiscard]] Json json() const {
    return {{"devices", devices},
            {"devices_with_values", with_values},
            {"devices_whole", whole},
            {"slots_expected", slots_expected},
            {"slots_present", slots_present},
            {"device_rate", percent(with_values, devices)},
            {"slot_rate", percent(slots_present, slots_expected)}};
  }
};

Result<HttpResponse> table(Shared& shared, RequestContext& context) {
  const std::string register_name = asked_register(context);
  const CompletenessGrouping grouping = asked_grouping(context);
  DUHENG_TRY(const AskedDays asked, asked_days(context, days_max));
  DUHENG_TRY(const auto answers, aggregates_of(shared.services));
  DUHENG_TRY(const CompletenessFleet fleet,
             completeness_fleet(shared.services, *context.caller, shared.registers, register_name, grouping,
                                time_of(answers->calendar, asked)));
  if (static_cast<std::size_t>(asked.last - asked.first + 1) * fleet.groups.size() > cells_max)
    return fail(ErrorCode::limit_exceeded, "so many groups and days: ask for fewer days");
  DUHENG_TRY(const auto days,
             shared.questions.device_days(answers->calendar, fleet.expected, asked.first, asked.last, options()));
  std::map<std::pair<std::int32_t, std::uint32_t>, Cell> cells;
  Cell all;
  for (const DeviceDay& day : days) {
    cells[{day.day, fleet.group_of[day.device]}].add(day);
    all.add(day);
  }
  const bool english = wants_english(context.request);
  Json rows = Json::array();
  for (const auto& [key, cell] : cells) {
    Json row{{"day", store::CivilCalendar::format_day(key.first)},
             {"group", group_json(fleet.groups[key.second], english)}};
    row.update(cell.json());
    rows.push_back(std::move(row));
  }
  return json_answer({{"register", register_name},
                      {"time_zone", answers->calendar.zone()},
                      {"from", store::CivilCalendar::format_day(asked.first)},
                      {"to", store::CivilCalendar::format_day(asked.last)},
                      {"rows", std::move(rows)},
                      {"total", all.json()}});
}

// --- missing -------------------------------------------------------------------------------------------------------

struct Missing {
  CompletenessFleet fleet;
  std::vector<MissingDevice> devices;
  std::size_t expected = 0;
  store::ConsumptionInterval bucket{};
  std::string time_zone;
};

Result<Missing> missing_on(Shared& shared, const Caller& caller, const std::string& register_name, std::int32_t day) {
  Missing out;
  DUHENG_TRY(const auto answers, aggregates_of(shared.services));
  DUHENG_TRY(out.fleet, completeness_fleet(shared.services, caller, shared.registers, register_name,
                                           CompletenessGrouping::none, time_of(answers->calendar, {day, day})));
  DUHENG_TRY(const auto days, shared.questions.device_days(answers->calendar, out.fleet.expected, day, day, options()));
  out.bucket = answers->calendar.day(day);
  out.time_zone = answers->calendar.zone();
  out.expected = days.size();
  DUHENG_TRY(out.devices, missing_devices(shared.services, out.fleet, days, out.bucket));
  return out;
}

Json missing_json(const Missing& missing, const MissingDevice& one, bool english) {
  const Device& device = missing.fleet.devices[one.device]->device;
  return {{"device", named(device.id.value, device.details.name)},
          {"address", device.details.address},
          {"model", device.details.model},
          {"protocol", device.details.protocol},
          {"organisation", named(device.details.organisation.value,
                                 pick_name(english, device.organisation_name_zh, device.organisation_name_en))},
          {"site", named_or_null(device.details.site.value, device.site_name)},
          {"gateway", named_or_null(device.details.gateway.value, device.gateway_name)},
          {"slots_expected", one.slots_expected},
          {"slots_present", one.slots_present},
          {"heard_at", time_or_null(one.heard_utc_ms)},
          {"cause", to_string(one.found.cause)},
          {"detail", one.found.detail},
          {"known_then", one.was_known_then}};
}

Json counts_json(const std::vector<MissingDevice>& devices) {
  Json out = Json::object();
  for (const MissingCause cause :
       {MissingCause::link, MissingCause::collector, MissingCause::meter, MissingCause::key, MissingCause::plan}) {
    out[std::string(to_string(cause))] =
        std::ranges::count_if(devices, [cause](const MissingDevice& one) { return one.found.cause == cause; });
  }
  return out;
}

Result<HttpResponse> missing_list(Shared& shared, RequestContext& context) {
  const std::string register_name = asked_register(context);
  const std::string day_text = context.query.required_date("day");
  const auto word = context.query.choice("cause", {"link", "collector", "meter", "key", "plan"});
  const std::int64_t page = context.query.integer("page", 1, 100'000, 1);
  const std::int64_t page_size = context.query.integer("page_size", 1, 200, 50);
  DUHENG_CHECK(context.query.finish());
  const auto day = store::CivilCalendar::parse_day(day_text);
  if (!day || *day < store::aggregate_limits::first_day_min || *day >= store::aggregate_limits::day_max)
    return fail(ErrorCode::invalid_argument, "\"day\" must be a day that there is");
  DUHENG_TRY(Missing missing, missing_on(shared, *context.caller, register_name, *day));
  Json counts = counts_json(missing.devices);
  if (word) {
    const auto cause = missing_cause_of(*word);
    std::erase_if(missing.devices, [&](const MissingDevice& one) { return one.found.cause != cause; });
  }
  Json rows = Json::array();
  const auto begin = static_cast<std::size_t>((page - 1) * page_size);
  for (std::size_t i = begin; i < std::min(missing.devices.size(), begin + static_cast<std::size_t>(page_size)); ++i)
    rows.push_back(missing_json(missing, missing.devices[i], wants_english(context.request)));
  return json_answer({{"register", register_name},
                      {"day", day_text},
                      {"time_zone", missing.time_zone},
                      {"devices_expected", missing.expected},
                      {"missing", std::move(rows)},
                      {"causes", std::move(counts)},
                      {"total", missing.devices.size()},
                      {"page", page},
                      {"page_size", page_size},
                      {"may_reread", context.caller->role >= Role::operator_}});
}

// --- readiness -----------------------------------------------------------------------------------------------------

Result<HttpResponse> readiness(Shared& shared, RequestContext& context) {
  const std::string register_name = asked_register(context);
  DUHENG_TRY(const AskedDays asked, asked_days(context, days_max));
  DUHENG_TRY(const auto answers, aggregates_of(shared.services));
  DUHENG_TRY(const CompletenessFleet fleet,
             completeness_fleet(shared.services, *context.caller, shared.registers, register_name,
                                CompletenessGrouping::none, time_of(answers->calendar, asked)));
  DUHENG_TRY(const auto days,
             shared.questions.readiness(answers->calendar, fleet.expected, asked.first, asked.last, options()));
  Json rows = Json::array();
  for (const DayReadiness& one : days) {
    const std::int64_t end = answers->calendar.day(one.day).through_utc_ms;
    const auto at = [](const std::optional<std::int64_t>& utc_ms) {
      return utc_ms ? Json(format_utc(*utc_ms)) : Json(nullptr);
    };
    const auto after = [end](const std::optional<std::int64_t>& utc_ms) {
      return utc_ms ? Json((*utc_ms - end) / 1'000) : Json(nullptr);
    };
    rows.push_back({{"day", store::CivilCalendar::format_day(one.day)},
                    {"devices_expected", one.devices_expected},
                    {"devices_ready", one.devices_ready},
                    {"ready_99_at", at(one.ready_99_utc_ms)},
                    {"ready_99_after_s", after(one.ready_99_utc_ms)},
                    {"ready_100_at", at(one.ready_100_utc_ms)},
                    {"ready_100_after_s", after(one.ready_100_utc_ms)}});
  }
  return json_answer({{"register", register_name}, {"time_zone", answers->calendar.zone()}, {"rows", std::move(rows)}});
}

// --- reading again -------------------------------------------------------------------------------------------------

/// The device's memory that holds the register; null when the model knows none.
const drivers::ModelHistory* history_with(const drivers::DeviceModel* model, const std::string& register_name) {
  if (model == nullptr) return nullptr;
  for (const drivers::ModelHistory& history : model->histories) {
    const bool holds = std::ranges::any_of(
        history.items, [&](const drivers::ModelItem& item) { return item.register_name == register_name; });
    if (holds) return &history;
  }
  return nullptr;
}

Result<HttpResponse> reread(Shared& shared, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  ApiServices& services = shared.services;
  if (services.orders == nullptr || !services.models)
    return fail(ErrorCode::unavailable, "nothing can be asked of devices here");
  DUHENG_TRY(const RereadRequest wanted, parse_reread_request(context.request.body));
  DUHENG_TRY(const Missing missing, missing_on(shared, *context.caller, wanted.register_name, wanted.day));
  std::map<std::pair<std::string, std::string>, std::vector<JobTarget>> jobs;  // by model and history
  std::uint64_t without_history = 0;
  for (const MissingDevice& one : missing.devices) {
    if (wanted.cause && one.found.cause != *wanted.cause) continue;
    const DeviceDetails& details = missing.fleet.devices[one.device]->device.details;
    const auto model = services.models->find(details.model);
    const drivers::ModelHistory* history = history_with(model.get(), wanted.register_name);
    if (history == nullptr || !details.gateway) {
      ++without_history;
      continue;
    }
    jobs[{details.model, history->name}].push_back(
        {missing.fleet.devices[one.device]->device.id, details.gateway, details.uid, details.model});
  }
  Json made = Json::array();
  for (auto& [key, targets] : jobs) {
    NewJob job;
    job.content.kind = OrderKind::history;
    job.content.name = key.second;
    job.content.from_utc_ms = missing.bucket.after_utc_ms;
    job.content.to_utc_ms = std::min(missing.bucket.through_utc_ms + 1, services.clock.utc_ms());
    job.reason = "missing " + wanted.register_name + " of " + store::CivilCalendar::format_day(wanted.day);
    job.targets = std::move(targets);
    const std::size_t devices = job.targets.size();
    DUHENG_TRY(const JobNumber number, services.orders->create(author_of(context), job));
    made.push_back({{"job", number}, {"model", key.first}, {"history", key.second}, {"devices", devices}});
  }
  HttpResponse response = json_answer({{"jobs", std::move(made)}, {"devices_without_history", without_history}});
  response.status = 201;
  return response;
}

}  // namespace

void add_completeness_routes(Router& router, ApiServices& services) {
  const auto shared = std::make_shared<Shared>(services);
  using Act = Result<HttpResponse> (*)(Shared&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act) {
    router.add(method, std::move(pattern), std::move(operation), permission,
               [shared, act](RequestContext& context) { return act(*shared, context); });
  };
  add(Method::get, "/api/v1/completeness", "getCompletenessTable", Permission::any_session(), table);
  add(Method::get, "/api/v1/completeness/missing", "listMissing", Permission::any_session(), missing_list);
  add(Method::get, "/api/v1/completeness/readiness", "getReadiness", Permission::any_session(), readiness);
  add(Method::post, "/api/v1/completeness/reread", "rereadMissing", Permission::at_least(Role::operator_), reread);
}

}  // namespace duheng::platform::web
