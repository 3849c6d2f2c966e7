#include "platform/alarms/watches.hpp"

#include <algorithm>
#include <charconv>

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

Subject subject_of(DeviceId id) { return {SubjectKind::device, std::to_string(id.value)}; }
Subject subject_of(GatewayId id) { return {SubjectKind::gateway, std::to_string(id.value)}; }

}  // namespace

// --- silence ---------------------------------------------------------------------------------------------------------

std::int64_t SilenceWatch::limit_ms(std::int64_t interval_s) noexcept {
  return std::max(limit_ms_min, 3'000 * std::clamp<std::int64_t>(interval_s, 0, 366 * day_ms / 1'000));
}

SilenceWatch::SilenceWatch(ConditionSink& sink, std::int64_t started_utc_ms, std::span<const Subject> standing)
    : sink_(sink), started_utc_ms_(started_utc_ms) {
  for (const Subject& subject : standing) {
    std::int64_t number = 0;
    std::from_chars(subject.id.data(), subject.id.data() + subject.id.size(), number);
    if (subject.kind == SubjectKind::device && number > 0) silent_.insert(number);
  }
}

void SilenceWatch::expect(DeviceId device, Watched& watched, std::int64_t due_utc_ms) {
  if (watched.due_utc_ms != 0) due_.erase({watched.due_utc_ms, device.value});
  watched.due_utc_ms = due_utc_ms;
  if (due_utc_ms != 0) due_.insert({due_utc_ms, device.value});
}

void SilenceWatch::set_devices(std::span<const Device> devices, std::int64_t now_utc_ms) {
  std::unordered_map<DeviceId, Watched> before;
  before.swap(devices_);
  due_.clear();
  for (const Device& device : devices) {
    const auto known = before.find(device.id);
    Watched watched{.interval_s = device.interval_s, .heard_utc_ms = device.heard_utc_ms};
    // Who is new here is given its time, also one that was never heard.
    if (known == before.end() && device.heard_utc_ms == 0 && now_utc_ms > started_utc_ms_)
      watched.heard_utc_ms = now_utc_ms;
    if (known != before.end()) watched.heard_utc_ms = std::max(watched.heard_utc_ms, known->second.heard_utc_ms);
    Watched& kept = devices_[device.id] = watched;
    if (!silent_.contains(device.id.value))
      expect(device.id, kept, std::max(kept.heard_utc_ms, started_utc_ms_) + limit_ms(kept.interval_s));
    // Heard while its alarm stood.
    if (silent_.contains(device.id.value) && device.heard_utc_ms + limit_ms(device.interval_s) > now_utc_ms)
      heard(device.id, device.heard_utc_ms);
  }
  for (auto it = silent_.begin(); it != silent_.end();) {
    if (devices_.contains(DeviceId{*it})) {
      ++it;
      continue;
    }
    sink_.clear("device_silent", subject_of(DeviceId{*it}));
    it = silent_.erase(it);
  }
}

void SilenceWatch::heard(DeviceId device, std::int64_t at_utc_ms) {
  const auto it = devices_.find(device);
  if (it == devices_.end()) return;
  Watched& watched = it->second;
  watched.heard_utc_ms = std::max(watched.heard_utc_ms, at_utc_ms);
  if (silent_.erase(device.value) == 0) return;  // when it falls due it is looked at again
  sink_.clear("device_silent", subject_of(device));
  expect(device, watched, watched.heard_utc_ms + limit_ms(watched.interval_s));
}

void SilenceWatch::advance(std::int64_t now_utc_ms) {
  while (!due_.empty() && due_.begin()->first <= now_utc_ms) {
    const DeviceId device{due_.begin()->second};
    Watched& watched = devices_.at(device);
    const std::int64_t due = std::max(watched.heard_utc_ms, started_utc_ms_) + limit_ms(watched.interval_s);
    if (due > now_utc_ms) {
      expect(device, watched, due);
      continue;
    }
    expect(device, watched, 0);
    silent_.insert(device.value);
    say(device, watched, now_utc_ms);
  }
}

void SilenceWatch::say(DeviceId device, const Watched& watched, std::int64_t now_utc_ms) {
  const std::int64_t since = std::max(watched.heard_utc_ms, started_utc_ms_);
  sink_.raise({.kind = "device_silent",
               .subject = subject_of(device),
               .severity = Severity::warning,
               .facts = {{"silent_minutes", std::to_string((now_utc_ms - since) / 60'000)},
                         {"interval_s", std::to_string(watched.interval_s)}}});
}

// --- gateways --------------------------------------------------------------------------------------------------------

void GatewayWatch::look(std::span<const Gateway> gateways, std::int64_t now_utc_ms) {
  std::set<GatewayId> there;
  for (const Gateway& gateway : gateways) {
    if (!gateway.is_enrolled) continue;
    there.insert(gateway.id);
    Seen& seen = seen_[gateway.id];
    look_at_connection(gateway, seen, now_utc_ms);
    look_at_certificate(gateway, seen, now_utc_ms);
    seen.was_said = true;
  }
  for (auto it = seen_.begin(); it != seen_.end();) {
    if (there.contains(it->first)) {
      ++it;
      continue;
    }
    for (const char* const kind : {"gateway_offline", "gateway_certificate_expiring"})
      sink_.clear(kind, subject_of(it->first));
    it = seen_.erase(it);
  }
}

void GatewayWatch::look_at_connection(const Gateway& gateway, Seen& seen, std::int64_t now_utc_ms) {
  if (gateway.is_connected) {
    seen.connected_utc_ms = now_utc_ms;
    if (seen.said_offline_s >= 0 || !seen.was_said) sink_.clear("gateway_offline", subject_of(gateway.id));
    seen.said_offline_s = -1;
    return;
  }
  const std::int64_t offline_ms = now_utc_ms - std::max(seen.connected_utc_ms, started_utc_ms_);
  if (offline_ms < offline_ms_ || seen.said_offline_s >= 0) return;
  seen.said_offline_s = offline_ms / 1'000;
  sink_.raise({.kind = "gateway_offline",
               .subject = subject_of(gateway.id),
               .severity = Severity::major,
               .facts = {{"offline_s", std::to_string(seen.said_offline_s)}}});
}

void GatewayWatch::look_at_certificate(const Gateway& gateway, Seen& seen, std::int64_t now_utc_ms) {
  const std::int64_t days = std::max<std::int64_t>(0, (gateway.certificate_not_after_utc_ms - now_utc_ms) / day_ms);
  constexpr std::int64_t notice_days = 90;
  constexpr std::int64_t warning_days = 30;
  constexpr std::int64_t critical_days = 7;
  if (days > notice_days || gateway.certificate_not_after_utc_ms == 0) {
    if (seen.said_days != -2) sink_.clear("gateway_certificate_expiring", subject_of(gateway.id));
    seen.said_days = -2;
    return;
  }
  if (days == seen.said_days) return;
  seen.said_days = days;
  Severity severity = Severity::notice;
  if (days <= warning_days) severity = Severity::warning;
  if (days <= critical_days) severity = Severity::critical;
  sink_.raise({.kind = "gateway_certificate_expiring",
               .subject = subject_of(gateway.id),
               .severity = severity,
               .facts = {{"days_left", std::to_string(days)}}});
}

// --- the platform's parts, and senders nobody claims
// -------------------------------------------------------------------

void ComponentWatch::look(std::span<const Component> components) {
  for (const Component& component : components) {
    const auto [it, is_new] = said_.try_emplace(component.name, State::ok);
    if (!is_new && it->second == component.state) continue;
    it->second = component.state;
    const Subject subject{SubjectKind::platform, component.name};
    const auto tell = [&](const char* kind, State state, Severity severity) {
      if (component.state != state) {
        sink_.clear(kind, subject);
        return;
      }
      sink_.raise(
          {.kind = kind,
           .subject = subject,
           .severity = severity,
           .facts = {
               {"component", component.name}, {"detail_zh", component.detail_zh}, {"detail_en", component.detail_en}}});
    };
    tell("component_degraded", State::degraded, Severity::warning);
    tell("component_failed", State::failed, Severity::critical);
  }
}

void ConflictWatch::look(std::uint64_t conflicts) {
  if (conflicts <= told_) return;
  told_ = conflicts;
  const Subject subject{SubjectKind::platform, "ingest"};
  sink_.raise({.kind = "ingest_conflict",
               .subject = subject,
               .severity = Severity::critical,
               .facts = {{"conflicts", std::to_string(conflicts)}}});
  sink_.clear("ingest_conflict", subject);
}

void UnassignedWatch::look(std::span<const Source> sources, std::span<const GatewayId> gateways) {
  std::map<GatewayId, std::pair<std::size_t, std::string>> now;
  for (const GatewayId gateway : gateways) now[gateway];
  for (const Source& source : sources) {
    auto& [count, example] = now[source.gateway];
    ++count;
    if (example.empty() || source.device_uid < example) example = source.device_uid;
  }
  for (const auto& [gateway, found] : now) {
    const auto said = said_.find(gateway);
    if (said != said_.end() && said->second == found) continue;
    if (found.first == 0) {
      sink_.clear("unassigned_source", subject_of(gateway));
    } else {
      sink_.raise({.kind = "unassigned_source",
                   .subject = subject_of(gateway),
                   .severity = Severity::notice,
                   .facts = {{"sources", std::to_string(found.first)}, {"device_uid", found.second}}});
    }
  }
  said_.swap(now);
}

}  // namespace duheng::platform::alarms
