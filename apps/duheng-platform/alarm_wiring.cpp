#include "alarm_wiring.hpp"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <set>

#include "base/log.hpp"

namespace duheng::platform {

using alarms::Subject;
using alarms::SubjectKind;

namespace {

constexpr std::size_t sources_looked_at_max = 2'000;  ///< of those heard in one second; the others come when heard next
constexpr std::int64_t records_every_s = 5;
constexpr std::int64_t unassigned_every_s = 30;

std::int64_t number_of(const Subject& subject) {
  std::int64_t number = 0;
  std::from_chars(subject.id.data(), subject.id.data() + subject.id.size(), number);
  return number;
}
/// A good value; a doubtful clock does not make it worse.
bool is_number(const LiveValue& value) {
  const bool is_good = value.quality == Quality::good || value.quality == Quality::clock_suspect;
  return is_good && (value.kind == SeriesKind::decimal || value.kind == SeriesKind::bit_set);
}
Subject subject_of(DeviceId id) { return {SubjectKind::device, std::to_string(id.value)}; }

}  // namespace

// --- what hangs on what ----------------------------------------------------------------------------------------------

void RecordsTopology::set_devices(web::DeviceSnapshotPtr snapshot) {
  std::lock_guard lock{mutex_};
  devices_ = std::move(snapshot);
}

void RecordsTopology::set_gateways(const std::vector<Gateway>& gateways) {
  std::lock_guard lock{mutex_};
  gateways_.clear();
  for (const Gateway& gateway : gateways) gateways_[gateway.id.value] = gateway.organisation.value;
}

std::optional<Subject> RecordsTopology::parent(const Subject& subject) const {
  if (subject.kind != SubjectKind::device) return std::nullopt;
  std::lock_guard lock{mutex_};
  const auto* const device = devices_ ? devices_->find(DeviceId{number_of(subject)}) : nullptr;
  if (device == nullptr || !device->device.details.gateway) return std::nullopt;
  return Subject{SubjectKind::gateway, std::to_string(device->device.details.gateway.value)};
}

std::int64_t RecordsTopology::organisation(const Subject& subject) const {
  std::lock_guard lock{mutex_};
  if (subject.kind == SubjectKind::gateway) {
    const auto it = gateways_.find(number_of(subject));
    return it == gateways_.end() ? 0 : it->second;
  }
  if (subject.kind != SubjectKind::device || !devices_) return 0;
  const auto* const device = devices_->find(DeviceId{number_of(subject)});
  return device == nullptr ? 0 : device->device.details.organisation.value;
}

// --- the watches -----------------------------------------------------------------------------------------------------

/// Looks once a second, on a thread of its own.
class AlarmWiring::Watcher {
 public:
  Watcher(const Watched& watched, alarms::AlarmBook& book, RecordsTopology& records, const Clock& clock)
      : watched_(watched),
        records_(records),
        clock_(clock),
        sink_(book),
        silence_(book, watched.started_utc_ms, book.standing("device_silent")),
        gateways_(book, watched.started_utc_ms, watched.gateway_offline_ms),
        components_(book),
        conflicts_(book),
        unassigned_(book),
        thresholds_(watched.rules, book) {
    for (const Subject& subject : book.standing("meter_clock_suspect")) suspects_.insert(number_of(subject));
  }

  void run(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    for (std::int64_t second = 0; !stop.stop_requested(); ++second) {
      look(second);
      std::unique_lock waiting{mutex};
      wake.wait_for(waiting, stop, std::chrono::seconds{1}, [] { return false; });
    }
  }

 private:
  void look(std::int64_t second) {
    const std::int64_t now = clock_.utc_ms();
    if (second % records_every_s == 0) look_at_records(now);
    look_at_gateways(now);
    look_at_heard(now);
    silence_.advance(now);
    thresholds_.advance(now);
    std::vector<alarms::ComponentWatch::Component> components;
    for (const status::Component& one : watched_.health.components()) {
      components.push_back({one.name, static_cast<alarms::ComponentWatch::State>(one.finding.state),
                            one.finding.detail_zh, one.finding.detail_en});
    }
    components_.look(components);
    conflicts_.look(watched_.conflicts());
    if (second % unassigned_every_s == 0) look_at_unassigned();
  }

  void look_at_records(std::int64_t now) {
    if (auto list = watched_.gateways.list(Scope::everything())) {
      list_ = std::move(*list);
      records_.set_gateways(list_);
    }
    const auto snapshot = watched_.directory.snapshot();
    if (!snapshot || *snapshot == snapshot_) return;
    snapshot_ = *snapshot;
    records_.set_devices(snapshot_);
    watched_.heard.refresh();
    std::vector<alarms::SilenceWatch::Device> devices;
    devices.reserve(snapshot_->devices.size());
    const auto heard = watched_.heard.view();
    for (const web::DirectoryDevice& one : snapshot_->devices) {
      if (!one.device.details.gateway) continue;  // nobody reads it
      std::int64_t latest = 0;
      for (const web::DeviceSource& source : one.sources)
        if (source.covers(now)) latest = std::max(latest, heard.at(source.key));
      devices.push_back({one.device.id, one.device.details.interval_s, latest});
    }
    silence_.set_devices(devices, now);
  }

  void look_at_gateways(std::int64_t now) {
    const std::vector<GatewayId> connected = watched_.connected();
    const std::set<GatewayId> there{connected.begin(), connected.end()};
    std::vector<alarms::GatewayWatch::Gateway> gateways;
    for (const Gateway& one : list_) {
      gateways.push_back({.id = one.id,
                          .is_connected = there.contains(one.id),
                          .is_enrolled = one.state == GatewayState::enrolled,
                          .certificate_not_after_utc_ms = one.certificate_not_after_utc_ms});
    }
    gateways_.look(gateways, now);
  }

  void look_at_heard(std::int64_t now) {
    std::size_t looked_at = 0;
    for (const LastHeard& one : watched_.hub.heard_since(change_)) {
      const auto* const device = snapshot_ ? snapshot_->owner(one.source, now) : nullptr;
      if (device == nullptr) continue;
      silence_.heard(device->device.id, one.received_utc_ms);
      if (++looked_at <= sources_looked_at_max) look_at_values(device->device, one.source, now);
    }
  }

  void look_at_values(const Device& device, const SourceKey& source, std::int64_t now) {
    const std::vector<LiveValue> latest = watched_.hub.latest(source);
    std::vector<alarms::MeasuredValue> values;
    std::string suspect;
    for (const LiveValue& value : latest) {
      if (has(value.quality, Quality::clock_suspect)) suspect = value.register_name;
      values.push_back({value.register_name, value.unit, value.mantissa, value.exponent, is_number(value)});
    }
    thresholds_.look({device.id, device.details.model, device.details.site, device.details.organisation}, values, now);
    look_at_clock(device.id, suspect);
  }

  void look_at_clock(DeviceId device, const std::string& suspect) {
    if (suspect.empty()) {
      if (suspects_.erase(device.value) > 0) sink_.clear("meter_clock_suspect", subject_of(device));
      return;
    }
    if (suspects_.insert(device.value).second)
      sink_.raise({.kind = "meter_clock_suspect",
                   .subject = subject_of(device),
                   .severity = alarms::Severity::warning,
                   .facts = {{"register", suspect}}});
  }

  void look_at_unassigned() {
    const auto sources = watched_.unassigned(list_);
    if (!sources) return;  // the records are busy: next time
    std::vector<GatewayId> gateways;
    for (const Gateway& one : list_) gateways.push_back(one.id);
    unassigned_.look(*sources, gateways);
  }

  const Watched watched_;
  RecordsTopology& records_;
  const Clock& clock_;
  alarms::ConditionSink& sink_;
  alarms::SilenceWatch silence_;
  alarms::GatewayWatch gateways_;
  alarms::ComponentWatch components_;
  alarms::ConflictWatch conflicts_;
  alarms::UnassignedWatch unassigned_;
  alarms::ThresholdWatch thresholds_;
  std::vector<Gateway> list_;
  web::DeviceSnapshotPtr snapshot_;
  std::uint64_t change_ = 0;
  std::set<std::int64_t> suspects_;
};

Result<std::unique_ptr<AlarmWiring>> AlarmWiring::open(records::Database& database, const Clock& clock) {
  auto out = std::unique_ptr<AlarmWiring>(new AlarmWiring);
  out->clock_ = &clock;
  out->topology_.add(out->records_);
  DUHENG_TRY(out->book_, alarms::AlarmBook::open(database, clock, out->topology_));
  out->book_->start();
  return out;
}

AlarmWiring::~AlarmWiring() { stop_watching(); }

Result<std::vector<alarms::ThresholdRule>> AlarmWiring::load_rules(Disk& disk, const std::string& directory,
                                                                   bool is_default) {
  if (is_default && !disk.exists(directory)) return std::vector<alarms::ThresholdRule>{};
  DUHENG_TRY(alarms::ThresholdRuleSet loaded, alarms::load_threshold_rules(disk, directory));
  for (const Error& refused : loaded.refused) log::warning("alarms", "a rule is left out", {{"reason", refused}});
  log::info("alarms", "threshold rules", {{"rules", loaded.rules.size()}, {"left_out", loaded.refused.size()}});
  return std::move(loaded.rules);
}

void AlarmWiring::watch(const Watched& watched) {
  watcher_ = std::make_unique<Watcher>(watched, *book_, records_, *clock_);
  thread_ = std::jthread([this](const std::stop_token& stop) { watcher_->run(stop); });
}

void AlarmWiring::stop_watching() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

}  // namespace duheng::platform
