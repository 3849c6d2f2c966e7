#include "platform/onboarding/sampling.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unordered_map>

#include "platform/onboarding/sampling_tables.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;
namespace tables = sampling_tables;

/// The intervals of a device as they would be with the change.
std::vector<FieldInterval> changed(std::vector<FieldInterval> present, const NewIntervalChange& change) {
  std::erase_if(present, [&](const FieldInterval& interval) {
    return interval.group == change.group && interval.register_name == change.register_name;
  });
  if (change.interval_ms != 0) present.push_back({change.group, change.register_name, change.interval_ms});
  return present;
}

Result<void> check_form(const Author& author, const NewIntervalChange& change) {
  if (author.role < Role::operator_) return fail(ErrorCode::forbidden, "only operators change how often is read");
  if (change.devices.empty()) return fail(ErrorCode::invalid_argument, "device_ids: at least one");
  if (change.devices.size() > Sampling::devices_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} devices at once", Sampling::devices_max));
  DUHENG_CHECK(check_text("group", change.group, 1, field_plan_limits::name_bytes_max));
  DUHENG_CHECK(check_text("register", change.register_name, 0, field_plan_limits::name_bytes_max));
  DUHENG_CHECK(check_text("reason", change.reason, 0, 2'000));
  if (change.interval_ms == 0) return {};
  if (change.interval_ms < field_plan_limits::interval_ms_min ||
      change.interval_ms > field_plan_limits::interval_ms_max)
    return fail(ErrorCode::invalid_argument, "interval_ms: 0, or 100 to 2678400000");
  return {};
}

}  // namespace

std::string_view to_string(IntervalState state) noexcept {
  switch (state) {
    case IntervalState::pending:
      return "pending";
    case IntervalState::in_force:
      return "in_force";
    case IntervalState::refused:
      return "refused";
    case IntervalState::superseded:
      return "superseded";
  }
  return "pending";
}

/// What gateways say of their plans, each looked up once.
class Sampling::GatewayWords {
 public:
  explicit GatewayWords(PlanBook& plans) : plans_(plans) {}
  struct Words {
    std::uint64_t version = 0;
    std::unordered_map<std::string, std::string> problems;  ///< by uid
  };
  const Words& of(GatewayId gateway) {
    const auto [at, is_new] = known_.try_emplace(gateway);
    if (!is_new) return at->second;
    if (const auto report = plans_.report_of(gateway)) {
      at->second.version = report->version;
      for (const auto& problem : report->problems)
        if (!problem.reason.starts_with(rule_problem_prefix))  // the device serves, and so do its periods
          at->second.problems.emplace(problem.subject, problem.reason);
    }
    return at->second;
  }

 private:
  PlanBook& plans_;
  std::map<GatewayId, Words> known_;
};

/// A word for programs when the device cannot be read so; empty when it can.
Result<std::string> Sampling::refusal(Transaction& t, DeviceId device, const std::string& model,
                                      const NewIntervalChange& change, std::string& detail) const {
  if (model.empty()) {
    detail = "the device stands in its gateway's own file, or nobody reads it";
    return "device_of_file";
  }
  const auto known = models_->find(model);
  if (!known) {
    detail = fmt::format("the platform has no model {}", model);
    return "not_in_model";
  }
  DUHENG_TRY(auto present, tables::present(t, device));
  const auto plan = drivers::make_poll_plan(*known, changed(std::move(present), change));
  if (plan) return std::string();
  detail = plan.error().message;
  return plan.error().code == ErrorCode::not_found ? "not_in_model" : "out_of_bounds";
}

Result<void> Sampling::note_refusal(const Author& author, const NewIntervalChange& change) {
  auto entry = operation_of(author, "set_interval", clock_.utc_ms());
  entry.outcome = to_string(ErrorCode::forbidden);
  entry.detail = fmt::format("{} {}: {} devices", change.group, change.register_name, change.devices.size());
  return database_.write([&](Transaction& t) { return write_operation(t, entry); });
}

Result<IntervalChangeNumber> Sampling::set(const Author& author, const NewIntervalChange& change) {
  if (const auto checked = check_form(author, change); !checked) {
    // Somebody without the right tried: that stands in the operation log, too.
    if (checked.error().code == ErrorCode::forbidden) DUHENG_CHECK(note_refusal(author, change));
    return std::unexpected(checked.error());
  }
  std::set<GatewayId> gateways;
  const auto number = database_.write([&](Transaction& t) -> Result<IntervalChangeNumber> {
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_TRY(const auto made, tables::insert_change(t, change, author.name, now_ms));
    std::map<GatewayId, std::vector<DeviceId>> accepted;
    for (const DeviceId device : change.devices) {
      DUHENG_TRY(const auto place, tables::place_of(t, author.scope, device));
      tables::DeviceOfChange row{made, device, place.gateway, place.uid, 0, {}, {}};
      DUHENG_TRY(row.refusal, refusal(t, device, place.model, change, row.detail));
      if (row.refusal.empty()) {
        DUHENG_CHECK(tables::replace(t, device, change, made, now_ms));
        accepted[place.gateway].push_back(device);
      }
      DUHENG_CHECK(tables::insert_device(t, row));
    }
    for (const auto& [gateway, devices] : accepted) {
      DUHENG_CHECK(plan_tables::changed(t, gateway, now_ms));
      DUHENG_TRY(const auto version, plan_tables::version(t, gateway));
      DUHENG_CHECK(tables::set_version(t, made, gateway, version));
      gateways.insert(gateway);
    }
    auto entry = operation_of(author, "set_interval", now_ms);
    if (change.devices.size() == 1) entry.device = change.devices.front();
    entry.detail = fmt::format("{}{}{}: {} ms, {} devices{}{}", change.group, change.register_name.empty() ? "" : ".",
                               change.register_name, change.interval_ms, change.devices.size(),
                               change.reason.empty() ? "" : "; ", change.reason);
    DUHENG_CHECK(write_operation(t, entry));
    return made;
  });
  if (number)
    for (const GatewayId gateway : gateways) plans_.plan_changed(gateway);
  return number;
}

Result<IntervalChangePage> Sampling::changes(const Scope& scope, std::int64_t page, std::int64_t page_size) {
  return database_.read([&](Transaction& t) { return tables::changes(t, scope, page, page_size); });
}

Result<IntervalResults> Sampling::results(const Scope& scope, IntervalChangeNumber number, std::int64_t page,
                                          std::int64_t page_size) {
  IntervalResults out;
  std::vector<tables::ResultRow> rows;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(out.change, tables::change(t, scope, number));
    DUHENG_TRY(rows, tables::results(t, scope, number));
    return {};
  }));
  GatewayWords words(plans_);
  out.total = static_cast<std::int64_t>(rows.size());
  const std::int64_t first = (page - 1) * page_size;
  for (std::int64_t i = 0; i < out.total; ++i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    IntervalResult result{row.device,
                          std::move(row.device_name),
                          std::move(row.device_uid),
                          IntervalState::pending,
                          std::move(row.refusal),
                          std::move(row.detail)};
    if (!result.reason.empty()) {
      result.state = IntervalState::refused;
    } else if (!row.is_present) {
      result.state = IntervalState::superseded;
    } else if (const auto& gateway = words.of(row.gateway); gateway.version >= row.plan_version) {
      const auto problem = gateway.problems.find(result.device_uid);
      result.state = problem == gateway.problems.end() ? IntervalState::in_force : IntervalState::refused;
      if (problem != gateway.problems.end()) {
        result.reason = "gateway_refused";
        result.detail = problem->second;
      }
    }
    ++out.counts[static_cast<std::size_t>(result.state)];
    if (i >= first && i < first + page_size) out.results.push_back(std::move(result));
  }
  return out;
}

Result<DeviceSampling> Sampling::device(const Scope& scope, DeviceId device) {
  DeviceSampling out;
  tables::Place place;
  std::uint64_t version = 0;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(place, tables::place_of(t, scope, device));
    DUHENG_TRY(out.set, tables::present(t, device));
    if (place.gateway) {
      DUHENG_TRY(version, plan_tables::version(t, place.gateway));
    }
    return {};
  }));
  out.is_planned = !place.model.empty();
  const auto model = models_->find(out.is_planned ? place.model : place.file_model);
  if (!model) return out;
  auto plan = drivers::make_poll_plan(*model, out.set);
  if (!plan) {  // the device has another model since
    out.problem = plan.error().message;
    plan = drivers::make_poll_plan(*model);
  }
  if (!plan) return std::unexpected(plan.error());
  GatewayWords words(plans_);
  if (place.gateway) {
    const auto& said = words.of(place.gateway);
    out.is_applied = said.version >= version;
    if (const auto problem = said.problems.find(place.uid); problem != said.problems.end())
      out.problem = problem->second;
  }
  const auto line = place.gateway ? plans_.line_of(place.gateway, place.uid) : std::nullopt;
  for (const auto& round : plan->rounds) {
    const auto& group = model->groups[round.group];
    SamplingRow row;
    row.group = group.name;
    for (const auto question : round.questions)
      for (const auto& item : group.questions[question].items) row.registers.push_back(item.register_name);
    row.model_ms = group.interval_ms;
    row.wanted_ms = round.interval_ms;
    row.minimum_ms = group.interval_ms_min;
    row.maximum_ms = group.interval_ms_max;
    if (line) {
      const auto told = std::ranges::find_if(line->state.rounds, [&](const control::RoundTiming& each) {
        return each.group == row.group && each.interval_ms == row.wanted_ms;
      });
      if (told != line->state.rounds.end()) row.measured = *told;
    }
    out.rounds.push_back(std::move(row));
  }
  return out;
}

Result<std::vector<IntervalSegment>> Sampling::intervals(DeviceId device, std::int64_t from_utc_ms,
                                                         std::int64_t to_utc_ms) {
  tables::Place place;
  std::vector<tables::IntervalPeriod> periods;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(place, tables::place_of(t, Scope::everything(), device));
    DUHENG_TRY(periods, tables::periods(t, device, from_utc_ms, to_utc_ms));
    return {};
  }));
  std::vector<IntervalSegment> out;
  const auto model = models_->find(place.model.empty() ? place.file_model : place.model);
  if (!model || from_utc_ms >= to_utc_ms) return out;
  std::set<std::int64_t> bounds{from_utc_ms};
  for (const auto& period : periods)
    for (const std::int64_t at : {period.from_utc_ms, period.to_utc_ms})
      if (at > from_utc_ms && at < to_utc_ms) bounds.insert(at);
  for (auto at = bounds.begin(); at != bounds.end(); ++at) {
    IntervalSegment segment{*at, std::next(at) == bounds.end() ? to_utc_ms : *std::next(at), {}};
    std::vector<FieldInterval> valid;
    for (const auto& period : periods)
      if (period.from_utc_ms <= *at && *at < period.to_utc_ms) valid.push_back(period.interval);
    auto plan = drivers::make_poll_plan(*model, valid);
    if (!plan) plan = drivers::make_poll_plan(*model);
    if (!plan) return std::unexpected(plan.error());
    for (const auto& round : plan->rounds)
      for (const auto question : round.questions)
        for (const auto& item : model->groups[round.group].questions[question].items) {
          const auto [known, is_new] = segment.interval_ms.try_emplace(item.register_name, round.interval_ms);
          if (!is_new) known->second = std::min(known->second, round.interval_ms);
        }
    out.push_back(std::move(segment));
  }
  return out;
}

}  // namespace duheng::platform
