#include "device/fleet/switches.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::device {
namespace {

constexpr std::size_t drill_octets_max = 64U << 10;
constexpr std::uint32_t first_port = 2;  // 1 is the uplink
constexpr std::uint32_t ports_min = 8;

}  // namespace

VirtualSwitchOptions switch_options(const FleetSnmp& snmp, const FleetGroup& group, const std::string& name,
                                    std::uint64_t seed) {
  VirtualSwitchOptions out;
  out.uid = name;
  out.community = snmp.community;
  out.user = snmp.user;
  out.body.name = name;
  out.body.seed = seed;
  out.body.ports = std::max(ports_min, static_cast<std::uint32_t>(group.carries.size()) + 1);
  out.body.carries = group.carries;
  return out;
}

void FleetSwitches::add(std::shared_ptr<VirtualSwitch> body, std::shared_ptr<VirtualDevice> seat,
                        const std::vector<std::string>& carries) {
  for (std::uint32_t i = 0; i < carries.size(); ++i)
    if (!paths_.emplace(carries[i], Path{switches_.size(), first_port + i}).second) carried_twice_.insert(carries[i]);
  switches_.push_back({std::move(body), std::move(seat)});
}

Result<void> FleetSwitches::check_names(const std::set<std::string>& channels) const {
  if (!carried_twice_.empty())
    return fail(ErrorCode::invalid_argument, fmt::format("'{}' hangs on two switches", *carried_twice_.begin()));
  for (const auto& [channel, path] : paths_)
    if (!channels.contains(channel))
      return fail(ErrorCode::invalid_argument, fmt::format("a switch carries '{}', which is no TCP channel", channel));
  return {};
}

std::optional<FleetSwitches::Path> FleetSwitches::path_to(const std::string& channel) const {
  const auto found = paths_.find(channel);
  return found == paths_.end() ? std::nullopt : std::optional(found->second);
}

bool FleetSwitches::is_open(const Path& path, std::int64_t utc_ms) {
  Seated& one = switches_[path.place];
  // Makes a scenario tell it what has happened by now, as a question would.
  static_cast<void>(one.seat->report(utc_ms));
  return one.body->body().passes(path.port);
}

void FleetSwitches::carry(const Path& path, std::int64_t utc_ms, std::size_t questions_octets,
                          std::size_t answers_octets) {
  switches_[path.place].body->body().carry(utc_ms, path.port, answers_octets, questions_octets);
}

void FleetSwitches::obey(Disk& disk, const std::string& file, std::int64_t utc_ms) {
  if (switches_.empty()) return;
  std::string text;
  if (disk.exists(file)) {
    const auto octets = read_file(disk, file, drill_octets_max);
    if (!octets) return log::warning("fleet", "a drill cannot be read", {{"error", octets.error()}});
    text = std::string(as_text(*octets));
  }
  if (text == last_text_) return;
  last_text_ = text;
  const auto drills = parse_switch_drills(text);
  if (!drills) return log::warning("fleet", "a drill is left out", {{"file", file}, {"error", drills.error()}});
  for (const auto& drill : *drills)
    if (std::ranges::none_of(switches_, [&](const Seated& one) { return one.body->uid() == drill.device; }))
      log::warning("fleet", "a drill names no switch", {{"device", drill.device}});
  for (auto& one : switches_) one.body->obey(utc_ms, *drills);
  log::info("fleet", "a drill", {{"lines", drills->size()}});
}

}  // namespace duheng::device
