#include "platform/servers/server_watch.hpp"

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "platform/servers/server_checks.hpp"

namespace duheng::platform::servers {
namespace {

constexpr std::string_view kind_unreadable = "server_source_unreadable";
constexpr std::array<std::string_view, 7> kinds{
    "server_disk_failing", "server_raid_degraded",  "server_supply_lost", "server_temperature_high",
    "server_memory_high",  "server_processor_high", kind_unreadable};

/// Who is blind does not know whether all is well.
std::vector<alarms::Condition> unreadable(const std::vector<ServerSource>& sources) {
  std::vector<alarms::Condition> out;
  for (const ServerSource& source : sources)
    if (source.state == SourceState::failed)
      out.push_back({std::string(kind_unreadable),
                     {alarms::SubjectKind::server, "source:" + source.name},
                     alarms::Severity::warning,
                     {{"source", source.name}, {"reason", source.reason}}});
  return out;
}

}  // namespace

std::string_view to_string(SourceState state) noexcept {
  switch (state) {
    case SourceState::ok:
      return "ok";
    case SourceState::problem:
      return "problem";
    case SourceState::not_present:
      return "not_present";
    case SourceState::failed:
      return "failed";
  }
  return "failed";
}

std::span<const std::string_view> server_alarm_kinds() noexcept { return kinds; }

ServerWatch::ServerWatch(std::unique_ptr<SourceReader> reader, alarms::ConditionSink& sink, const Clock& clock,
                         ServerOptions options)
    : reader_(std::move(reader)), sink_(sink), clock_(clock), options_(std::move(options)) {}

ServerWatch::~ServerWatch() = default;

void ServerWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void ServerWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    step();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, std::chrono::milliseconds(options_.interval_ms), [] { return false; });
  }
}

void ServerWatch::take_over(std::string_view kind, const std::vector<alarms::Subject>& standing) {
  for (const auto& subject : standing)
    if (subject.kind == alarms::SubjectKind::server) standing_[std::string(kind)].insert(subject);
}

void ServerWatch::step() {
  ServerReport report;
  const auto take = [&](Checked checked, std::string_view kind) {
    settle(kind, checked.source.state, checked.conditions);
    report.sources.push_back(std::move(checked.source));
  };
  take(check_disks(*reader_, options_), "server_disk_failing");
  take(check_raid(*reader_), "server_raid_degraded");
  auto sensors = check_sensors(*reader_, options_);
  take(std::move(sensors.supply), "server_supply_lost");
  take(std::move(sensors.temperature), "server_temperature_high");
  take(check_memory(*reader_, options_), "server_memory_high");
  take(check_processor(*reader_, options_), "server_processor_high");
  settle(kind_unreadable, SourceState::ok, unreadable(report.sources));
  report.read_utc_ms = clock_.utc_ms();
  const std::lock_guard lock(mutex_);
  report_ = std::move(report);
}

void ServerWatch::settle(std::string_view kind, SourceState state, const std::vector<alarms::Condition>& now) {
  auto& standing = standing_[std::string(kind)];
  std::set<alarms::Subject> wrong;
  for (const auto& condition : now) {
    sink_.raise(condition);
    wrong.insert(condition.subject);
  }
  // What cannot be read now is not therefore well.
  if (state == SourceState::failed) {
    standing.merge(wrong);
    return;
  }
  for (const auto& subject : standing)
    if (!wrong.contains(subject)) sink_.clear(kind, subject);
  standing = std::move(wrong);
}

ServerReport ServerWatch::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

}  // namespace duheng::platform::servers
