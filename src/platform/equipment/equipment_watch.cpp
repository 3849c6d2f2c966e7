#include "platform/equipment/equipment_watch.hpp"

#include <algorithm>
#include <set>

#include "base/log.hpp"

namespace duheng::platform {
namespace {

using alarms::Severity;

constexpr std::string_view kind_down = "equipment_down";
constexpr std::string_view kind_degraded = "equipment_degraded";
constexpr std::string_view kind_port = "equipment_port_down";
constexpr std::string_view check_snmp = "snmp";
constexpr std::size_t names_octets_max = 200;

std::string words_of(const EquipmentStatus& status) {
  std::string out;
  for (const auto& check : status.checks) {
    if (check.state != CheckState::silent) continue;
    if (!out.empty()) out += ", ";
    out += check.kind;
  }
  return out.empty() ? "–" : out;
}

}  // namespace

EquipmentWatch::EquipmentWatch(EquipmentLedger& ledger, EquipmentTopology& topology, alarms::ConditionSink& sink,
                               WatchSources sources, const Clock& clock, EquipmentRules rules)
    : ledger_(ledger), topology_(topology), sink_(sink), sources_(std::move(sources)), clock_(clock), rules_(rules) {}

EquipmentWatch::~EquipmentWatch() = default;

void EquipmentWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void EquipmentWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    step();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(step_ms), [] { return false; });
  }
}

void EquipmentWatch::step() {
  const std::uint64_t revision = ledger_.revision();
  if (revision != revision_) {
    revision_ = revision;
    read_ledger();
  }
  const std::lock_guard lock(mutex_);
  for (auto& [id, watched] : watched_) follow(id, watched);
}

void EquipmentWatch::read_ledger() {
  const auto picture = ledger_.picture();
  if (!picture) {
    revision_ = 0;  // the next step tries again
    log::warning("equipment", "the ledger of network equipment cannot be read", {{"error", picture.error()}});
    return;
  }
  topology_.update(*picture);
  const std::lock_guard lock(mutex_);
  std::set<EquipmentId> present;
  for (const auto& node : picture->nodes) {
    std::vector<EquipmentCheck> checks;
    std::ranges::copy_if(picture->checks, std::back_inserter(checks),
                         [&](const EquipmentCheck& check) { return check.equipment == node.id; });
    if (checks.empty()) continue;
    present.insert(node.id);
    auto [entry, is_new] = watched_.try_emplace(node.id);
    if (is_new) entry->second.machine = EquipmentMachine(rules_);
    entry->second.name = node.name;
    entry->second.checks = std::move(checks);
    configure_ports(node.id, *picture, entry->second);
  }
  for (auto it = watched_.begin(); it != watched_.end();) {
    if (present.contains(it->first)) {
      ++it;
      continue;
    }
    forget(it->first, it->second);
    it = watched_.erase(it);
  }
}

void EquipmentWatch::configure_ports(EquipmentId id, const EquipmentPicture& picture, Watched& watched) {
  std::map<std::uint32_t, PortSupervision> chosen;
  for (const auto& one : picture.ports)
    if (one.equipment == id) chosen.emplace(one.number, one.supervision);
  std::set<std::uint32_t> used;
  watched.hanging.clear();
  for (const auto& link : picture.links) {
    const auto number = link.equipment == id ? port_number(link.what.port) : std::nullopt;
    if (!number) continue;
    used.insert(*number);
    std::string& names = watched.hanging[*number];
    if (names.size() + link.what.name.size() > names_octets_max) continue;
    if (!names.empty()) names += ", ";
    names += link.what.kind == Attachment::Kind::channel ? link.what.channel : link.what.name;
  }
  watched.ports.configure(std::move(chosen), std::move(used));
}

void EquipmentWatch::follow_ports(EquipmentId id, Watched& watched) {
  PortSamples samples;
  for (std::size_t i = 0; i < watched.checks.size() && sources_.values; ++i) {
    const EquipmentCheck& check = watched.checks[i];
    // Who does not answer says nothing of its ports: what they were stands.
    if (check.kind != check_snmp || watched.status.checks[i].state != CheckState::answering) continue;
    samples = port_samples(sources_.values(check.gateway, check.uid));
  }
  watched.ports.advance(samples, clock_.monotonic_ms(), clock_.utc_ms());
  for (const PortWatch::Change& change : watched.ports.take_changes()) {
    const auto subject = EquipmentTopology::subject(id, change.number);
    if (!change.is_alarm) {
      sink_.clear(kind_port, subject);
      continue;
    }
    const auto hanging = watched.hanging.find(change.number);
    sink_.raise({std::string(kind_port),
                 subject,
                 Severity::warning,
                 {{"name", watched.name},
                  {"port", std::to_string(change.number)},
                  {"carries", hanging == watched.hanging.end() ? "–" : hanging->second}}});
  }
  watched.status.ports = watched.ports.ports();
}

CheckState EquipmentWatch::check_state(const EquipmentCheck& check, EquipmentStatus::Check& told) {
  if (!check.gateway || !sources_.is_connected(check.gateway)) {
    first_seen_utc_ms_.erase(check.device);
    return CheckState::unknown;
  }
  const std::int64_t now = clock_.utc_ms();
  const std::int64_t first_seen = first_seen_utc_ms_.try_emplace(check.device, now).first->second;
  const auto line = sources_.line(check.gateway, check.uid);
  if (!line) return CheckState::unknown;  // the gateway does not serve it yet
  told.last_answer_utc_ms = line->last_answer_utc_ms;
  if (line->offline) return CheckState::silent;
  // A gateway says nothing new of a device whose channel it cannot open: an old answer is no answer. What it said
  // before it was connected again may be old by right.
  const std::int64_t stale_ms = std::max(stale_ms_min, 3 * check.interval_s * 1'000);
  if (now - line->last_answer_utc_ms < stale_ms) return CheckState::answering;
  return now - first_seen < stale_ms ? CheckState::unknown : CheckState::silent;
}

void EquipmentWatch::follow(EquipmentId id, Watched& watched) {
  std::vector<CheckState> states;
  watched.status.checks.clear();
  for (const EquipmentCheck& check : watched.checks) {
    EquipmentStatus::Check told{check.kind, check.device, CheckState::unknown, 0};
    told.state = check_state(check, told);
    states.push_back(told.state);
    watched.status.checks.push_back(std::move(told));
  }
  follow_ports(id, watched);
  const EquipmentState before = watched.machine.state();
  const bool was_flapping = watched.machine.is_flapping();
  watched.machine.advance(states, clock_.monotonic_ms());
  watched.status.state = watched.machine.state();
  watched.status.is_known = watched.machine.is_known();
  watched.status.is_flapping = watched.machine.is_flapping();
  const bool has_changed = before != watched.status.state || was_flapping != watched.status.is_flapping;
  if (has_changed) watched.status.since_utc_ms = clock_.utc_ms();
  // Also the first word after a start: alarms still stand as they were.
  if (watched.status.state == EquipmentState::unknown || (!has_changed && watched.has_told)) return;
  watched.has_told = true;
  tell(id, watched);
}

void EquipmentWatch::tell(EquipmentId id, const Watched& watched) {
  const auto subject = EquipmentTopology::subject(id);
  const EquipmentStatus& status = watched.status;
  if (status.state == EquipmentState::down) {
    sink_.raise(
        {std::string(kind_down), subject, Severity::major, {{"name", watched.name}, {"checks", words_of(status)}}});
    sink_.clear(kind_degraded, subject);
    return;
  }
  sink_.clear(kind_down, subject);
  if (status.state == EquipmentState::up) {
    sink_.clear(kind_degraded, subject);
    return;
  }
  sink_.raise(
      {std::string(kind_degraded),
       subject,
       Severity::warning,
       {{"name", watched.name}, {"checks", words_of(status)}, {"flapping", status.is_flapping ? "yes" : "no"}}});
}

void EquipmentWatch::forget(EquipmentId id, const Watched& watched) {
  for (const auto& [number, port] : watched.status.ports)
    sink_.clear(kind_port, EquipmentTopology::subject(id, number));
  const auto subject = EquipmentTopology::subject(id);
  sink_.clear(kind_down, subject);
  sink_.clear(kind_degraded, subject);
}

EquipmentStatus EquipmentWatch::status(EquipmentId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(id);
  return found == watched_.end() ? EquipmentStatus{} : found->second.status;
}

std::vector<std::size_t> EquipmentWatch::counts() const {
  std::vector<std::size_t> out(4, 0);
  const std::lock_guard lock(mutex_);
  for (const auto& [id, watched] : watched_) ++out[static_cast<std::size_t>(watched.status.state)];
  return out;
}

}  // namespace duheng::platform
