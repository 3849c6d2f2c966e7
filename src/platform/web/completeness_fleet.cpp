#include "platform/web/completeness_fleet.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "drivers/models/device_model.hpp"
#include "platform/completeness/outage_book.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/onboarding/sampling.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/web/outage_watch.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int64_t end_of_time = std::numeric_limits<std::int64_t>::max();
/// Devices whose last order is looked up for a refused password.
constexpr std::size_t orders_looked_up_max = 1'000;
/// Beyond so many devices the interval of each is not looked up.
constexpr std::size_t intervals_looked_up_max = 20'000;

/// At which the register is read of this model; 0: it is not among what is read again and again.
std::int64_t model_interval_ms(const ApiServices& services, const DeviceDetails& details,
                               const std::string& register_name) {
  const auto model = services.models ? services.models->find(details.model) : nullptr;
  if (!model) return 0;
  std::int64_t shortest = 0;
  for (const drivers::ModelGroup& group : model->groups) {
    const bool reads = std::ranges::any_of(group.questions, [&](const drivers::ModelQuestion& question) {
      return std::ranges::any_of(question.items,
                                 [&](const drivers::ModelItem& item) { return item.register_name == register_name; });
    });
    if (reads && (shortest == 0 || group.interval_ms < shortest)) shortest = group.interval_ms;
  }
  return shortest;
}

/// How often the register was to be read within the time, as the book has it; false where it has nothing.
Result<bool> read_intervals(const ApiServices& services, DeviceId device, const std::string& register_name,
                            const store::TimeRange& time, ExpectedDevice& out) {
  DUHENG_TRY(const auto segments, services.sampling->intervals(device, time.from_utc_ms, time.to_utc_ms));
  bool is_known = false;
  for (const IntervalSegment& segment : segments) {
    const auto found = segment.interval_ms.find(register_name);
    if (found == segment.interval_ms.end()) continue;
    if (is_known) {
      out.changes.push_back({segment.from_utc_ms, found->second});
    } else {
      out.interval_ms = found->second;
    }
    is_known = true;
  }
  return is_known;
}

CompletenessFleet::Group described(const Device& device, CompletenessGrouping grouping) {
  const DeviceDetails& details = device.details;
  switch (grouping) {
    case CompletenessGrouping::organisation:
      return {details.organisation.value, device.organisation_name_zh, device.organisation_name_en};
    case CompletenessGrouping::site:
      return {details.site.value, device.site_name, device.site_name};
    case CompletenessGrouping::gateway:
      return {details.gateway.value, device.gateway_name, device.gateway_name};
    case CompletenessGrouping::protocol:
      return {0, details.protocol, details.protocol};
    case CompletenessGrouping::model:
      return {0, details.model, details.model};
    case CompletenessGrouping::none:
      break;
  }
  return {};
}

using SeriesOfSource = std::unordered_map<SourceKey, std::vector<SeriesId>, SourceKeyHash>;

SeriesOfSource series_by_source(const ApiServices& services, RegisterIndex& registers,
                                const std::string& register_name) {
  SeriesOfSource out;
  for (const RegisterIndex::Entry& entry : registers.series_of(register_name)) {
    if (auto source = services.source_names.find(entry.source)) out[std::move(*source)].push_back(entry.series);
  }
  return out;
}

std::vector<ExpectedDevice::Part> parts_of(const DirectoryDevice& device, const SeriesOfSource& series) {
  std::vector<ExpectedDevice::Part> out;
  for (const DeviceSource& source : device.sources) {
    const auto found = series.find(source.key);
    if (found == series.end()) continue;
    const store::TimeRange time{std::max<std::int64_t>(0, source.from_utc_ms), source.to_utc_ms.value_or(end_of_time)};
    for (const SeriesId id : found->second) out.push_back({id, time});
  }
  return out;
}

// --- causes --------------------------------------------------------------------------------------------------------

/// What is known of the gateways and lines behind missing devices; asked for once.
class Evidence {
 public:
  Evidence(const ApiServices& services, const CompletenessFleet& fleet, store::ConsumptionInterval day)
      : services_(services), fleet_(fleet), day_(day), now_utc_ms_(services.clock.utc_ms()) {}

  Result<void> gather(const std::vector<DeviceDay>& days) {
    DUHENG_TRY(const std::vector<platform::Gateway> gateways, services_.gateways.list(Scope::everything()));
    for (const platform::Gateway& gateway : gateways)
      gateways_[gateway.id].is_enrolled = gateway.state == GatewayState::enrolled;
    for (const auto& [id, runtime] : services_.gateway_runtimes()) {
      gateways_[id].is_connected = runtime.connected;
      // A gateway that reads always has a batch or two under way.
      gateways_[id].has_waiting = runtime.spooled_batches.value_or(0) > batches_under_way;
    }
    for (const DeviceDay& one : days) {
      const DeviceDetails& details = fleet_.devices[one.device]->device.details;
      const std::string channel = channel_of(details);
      auto& on_channel = channels_[{details.gateway, channel}];
      ++on_channel.devices;
      if (one.slots_present == 0) continue;
      on_channel.has_delivered = true;
      gateways_[details.gateway].has_delivered = true;
    }
    return {};
  }

  MissingEvidence of(const DirectoryDevice& device, std::int64_t heard_utc_ms) {
    const DeviceDetails& details = device.device.details;
    MissingEvidence out;
    out.has_gateway = static_cast<bool>(details.gateway);
    out.day_end_utc_ms = std::min(day_.through_utc_ms, now_utc_ms_);
    if (!out.has_gateway) return out;
    const GatewayFacts& gateway = facts_of(details.gateway);
    out.gateway_enrolled = gateway.is_enrolled || gateway.is_connected || heard_utc_ms > 0;
    out.gateway_connected = gateway.is_connected;
    out.batches_waiting = gateway.has_waiting;
    out.gateway_delivered = gateway.has_delivered;
    out.gateway_last_utc_ms = *gateway.last_utc_ms;
    const auto channel = channels_.find({details.gateway, channel_of(details)});
    if (channel != channels_.end() && !channel->first.second.empty()) {
      out.channel_delivered = channel->second.has_delivered;
      out.channel_devices = channel->second.devices;
    }
    add_plan(details, out);
    add_line(details, out);
    return out;
  }

  /// Whether the last order for the device ended for want of the right password.
  bool password_refused(DeviceId device) {
    if (services_.orders == nullptr || looked_up_ == orders_looked_up_max) return false;
    ++looked_up_;
    const Scope all = Scope::everything();
    const auto jobs = services_.orders->jobs(all, {.page = 1, .page_size = 1, .device = device, .state = {}});
    if (!jobs || jobs->jobs.empty()) return false;
    const auto orders =
        services_.orders->orders(all, jobs->jobs.front().number, {.page = 1, .page_size = 1, .stage = {}});
    return orders && !orders->orders.empty() && orders->orders.front().device == device &&
           orders->orders.front().reason == "password_wrong";
  }

 private:
  static constexpr std::int64_t batches_under_way = 3;
  struct GatewayFacts {
    bool is_enrolled = false;
    bool is_connected = false;
    bool has_waiting = false;
    bool has_delivered = false;
    std::optional<std::int64_t> last_utc_ms{};  ///< looked up when it is needed
    std::optional<FieldPlanReport> report{};
    bool report_known = false;
  };
  struct ChannelFacts {
    std::uint32_t devices = 0;
    bool has_delivered = false;
  };

  std::string channel_of(const DeviceDetails& details) const {
    if (services_.plans == nullptr) return {};
    const auto line = services_.plans->line_of(details.gateway, details.uid);
    return line ? line->state.channel : std::string{};
  }

  GatewayFacts& facts_of(GatewayId id) {
    GatewayFacts& facts = gateways_[id];
    if (!facts.last_utc_ms) {
      std::int64_t last = 0;
      for (const store::Source& source : services_.telemetry.sources_of(id)) {
        last = std::max(last, source.last_received_utc_ms);
        // The caller may see a part of its devices only.
        if (!facts.has_delivered) facts.has_delivered = has_values(source);
      }
      facts.last_utc_ms = last;
    }
    return facts;
  }

  bool has_values(const store::Source& source) const {
    if (source.last_received_utc_ms <= day_.after_utc_ms) return false;
    const store::TimeRange day{day_.after_utc_ms + 1, day_.through_utc_ms + 1};
    for (const store::Series& series : services_.telemetry.series_of(source.id)) {
      const auto found = services_.telemetry.completeness(series.id, day, day.to_utc_ms - day.from_utc_ms, {});
      if (found && found->present > 0) return true;
    }
    return false;
  }

  void add_plan(const DeviceDetails& details, MissingEvidence& out) {
    if (services_.plans == nullptr) return;
    GatewayFacts& facts = facts_of(details.gateway);
    if (!facts.report_known) facts.report = services_.plans->report_of(details.gateway);
    facts.report_known = true;
    if (!facts.report) return;
    const std::string channel = channel_of(details);
    for (const FieldPlanProblem& problem : facts.report->problems) {
      // What is wrong with a rule for its values does not keep a device from being read.
      if (problem.subject == details.uid && !problem.reason.starts_with(rule_problem_prefix)) out.left_out = true;
    }
    for (const FieldChannelState& state : facts.report->channels) {
      if (!channel.empty() && state.name == channel) out.channel_open = state.open;
    }
  }

  void add_line(const DeviceDetails& details, MissingEvidence& out) const {
    if (services_.plans == nullptr) return;
    const auto line = services_.plans->line_of(details.gateway, details.uid);
    if (!line) return;
    out.line_known = true;
    out.answers = line->state.last_answer_utc_ms > day_.after_utc_ms ? line->state.answers : 0;
    out.refusals = line->state.refusals;
    out.unusable_answers = line->state.unusable_answers;
    out.bad_frames = line->state.bad_frames;
    out.time_outs = line->state.time_outs;
  }

  const ApiServices& services_;
  const CompletenessFleet& fleet_;
  const store::ConsumptionInterval day_;
  const std::int64_t now_utc_ms_;
  std::map<GatewayId, GatewayFacts> gateways_;
  std::map<std::pair<GatewayId, std::string>, ChannelFacts> channels_;
  std::size_t looked_up_ = 0;
};

}  // namespace

Result<CompletenessFleet> completeness_fleet(const ApiServices& services, const Caller& caller,
                                             RegisterIndex& registers, const std::string& register_name,
                                             CompletenessGrouping grouping, store::TimeRange time) {
  CompletenessFleet out;
  DUHENG_TRY(out.snapshot, services.directory.snapshot());
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  const SeriesOfSource series = series_by_source(services, registers, register_name);
  std::map<std::pair<std::int64_t, std::string>, std::uint32_t> numbers;
  const bool looks_up = services.sampling != nullptr && out.snapshot->devices.size() <= intervals_looked_up_max;
  for (const DirectoryDevice& device : out.snapshot->devices) {
    if (!sees(visible, device.device.details.organisation)) continue;
    ExpectedDevice expected;
    expected.parts = parts_of(device, series);
    const std::int64_t interval_ms = model_interval_ms(services, device.device.details, register_name);
    expected.interval_ms = interval_ms > 0 ? interval_ms : device.device.details.interval_s * 1'000;
    bool is_read = interval_ms > 0;
    if (looks_up) {
      DUHENG_TRY(const bool is_known, read_intervals(services, device.device.id, register_name, time, expected));
      is_read = is_read || is_known;
    }
    if (expected.parts.empty() && !is_read) continue;
    CompletenessFleet::Group group = described(device.device, grouping);
    const auto [it, is_new] = numbers.try_emplace({group.id, group.id == 0 ? group.name_zh : std::string{}},
                                                  static_cast<std::uint32_t>(out.groups.size()));
    if (is_new) out.groups.push_back(std::move(group));
    out.group_of.push_back(it->second);
    out.devices.push_back(&device);
    out.expected.push_back(std::move(expected));
  }
  return out;
}

namespace {

/// What was written down of a day that is over; empty for one that goes on.
Result<OutageIndex> outages_on(const ApiServices& services, store::ConsumptionInterval day) {
  if (services.outages == nullptr || day.through_utc_ms > services.clock.utc_ms())
    return OutageIndex(std::vector<Outage>{});
  DUHENG_TRY(std::vector<Outage> found, services.outages->within(day.after_utc_ms, day.through_utc_ms));
  return OutageIndex(std::move(found));
}

FoundCause present_cause(Evidence& evidence, const DirectoryDevice& device, std::int64_t heard_utc_ms) {
  MissingEvidence known = evidence.of(device, heard_utc_ms);
  FoundCause found = cause_of(known);
  if (found.cause == MissingCause::meter && evidence.password_refused(device.device.id)) {
    known.password_refused = true;
    found = cause_of(known);
  }
  return found;
}

/// Explains every device of a gateway.
bool is_of_gateway(const FoundCause& found) {
  return found.detail == "gateway_away" || found.detail == "batches_waiting" || found.detail == "gateway_stood_still";
}

}  // namespace

Result<std::vector<Outage>> present_outages(const ApiServices& services) {
  constexpr std::size_t all_on_one_page = 10'000'000;
  constexpr std::int64_t window_ms = 3'600'000;
  DirectoryQuery query;
  query.page_size = all_on_one_page;
  query.sort = DirectorySort::last_reading;
  DUHENG_TRY(const DirectoryPage page, services.directory.list(query));
  const std::int64_t now = services.clock.utc_ms();
  CompletenessFleet fleet;
  fleet.snapshot = page.snapshot;
  std::vector<DeviceDay> hours;
  for (const DirectoryRow& row : page.rows) {
    if (!row.device->device.details.gateway) continue;  // nobody is to read it
    const std::uint32_t came = row.state == DeviceState::online ? 1 : 0;
    hours.push_back({fleet.devices.size(), 0, 1, came});
    fleet.devices.push_back(row.device);
  }
  Evidence evidence(services, fleet, {now - window_ms, now});
  DUHENG_CHECK(evidence.gather(hours));
  std::map<OutageSubject, Outage> out;
  for (const DirectoryRow& row : page.rows) {
    const DeviceDetails& details = row.device->device.details;
    if (!details.gateway || row.state == DeviceState::online) continue;
    const FoundCause found = present_cause(evidence, *row.device, row.heard_utc_ms);
    Outage outage;
    outage.subject =
        is_of_gateway(found) ? OutageSubject{details.gateway, {}} : OutageSubject{{}, row.device->device.id};
    outage.cause = found.cause;
    outage.detail = found.detail;
    outage.from_utc_ms = row.heard_utc_ms > 0 ? row.heard_utc_ms : now;
    const auto [known, is_new] = out.try_emplace(outage.subject, outage);
    // A gateway is away since the last of its devices was heard.
    if (!is_new) known->second.from_utc_ms = std::max(known->second.from_utc_ms, outage.from_utc_ms);
  }
  std::vector<Outage> list;
  for (auto& [subject, outage] : out) list.push_back(std::move(outage));
  return list;
}

Result<std::vector<MissingDevice>> missing_devices(const ApiServices& services, const CompletenessFleet& fleet,
                                                   const std::vector<DeviceDay>& days, store::ConsumptionInterval day) {
  Evidence evidence(services, fleet, day);
  DUHENG_CHECK(evidence.gather(days));
  DUHENG_TRY(const OutageIndex outages, outages_on(services, day));
  std::vector<MissingDevice> out;
  for (const DeviceDay& one : days) {
    if (one.is_whole()) continue;
    const DirectoryDevice& device = *fleet.devices[one.device];
    MissingDevice missing{.device = one.device,
                          .slots_expected = one.slots_expected,
                          .slots_present = one.slots_present,
                          .heard_utc_ms = services.directory.row(device).heard_utc_ms};
    const Outage* const then =
        outages.find(device.device.details.gateway, device.device.id, day.after_utc_ms, day.through_utc_ms);
    if (then != nullptr) {
      missing.found = {then->cause, kept_detail(then->detail)};
      missing.was_known_then = true;
    } else {
      missing.found = present_cause(evidence, device, missing.heard_utc_ms);
    }
    out.push_back(missing);
  }
  return out;
}

}  // namespace duheng::platform::web
