#include "equipment_wiring.hpp"

#include <algorithm>
#include <thread>

namespace duheng::platform {
namespace {

constexpr std::int64_t connected_kept_ms = 1'000;

std::unique_ptr<servers::SourceReader> reader_of(const ServerConfiguration& configuration) {
  if (!configuration.simulated_folder.empty())
    return std::make_unique<servers::FolderReader>(configuration.simulated_folder);
  return std::make_unique<servers::MachineReader>(configuration.command_timeout_ms);
}

servers::ServerOptions options_of(const ServerConfiguration& configuration) {
  servers::ServerOptions out = configuration.options;
  out.processors = std::max<std::int64_t>(1, std::thread::hardware_concurrency());
  return out;
}

/// A program with its arguments, e.g. ["sudo", "-n", "smartctl"].
std::vector<std::string> read_words(const ConfigNode& node, std::string_view key, std::vector<std::string> usual) {
  if (!node.has(key)) return usual;
  std::vector<std::string> out;
  for (const ConfigNode& word : node.items(key)) out.push_back(word.as_text());
  return out;
}

}  // namespace

ServerConfiguration read_servers(const ConfigNode& node) {
  ServerConfiguration out;
  out.enabled = node.flag("enabled", true);
  out.simulated_folder = node.text("simulated_folder", "");
  out.command_timeout_ms = node.integer("command_timeout_s", {1, 120}, 10) * 1'000;
  out.options.interval_ms = node.integer("interval_s", {5, 3'600}, 60) * 1'000;
  out.options.smartctl = read_words(node, "smartctl", out.options.smartctl);
  out.options.ipmitool = read_words(node, "ipmitool", out.options.ipmitool);
  auto& limits = out.options.limits;
  limits.memory_percent_max = node.integer("memory_percent_max", {1, 100}, limits.memory_percent_max);
  limits.load_percent_max = node.integer("load_percent_max", {1, 100'000}, limits.load_percent_max);
  limits.temperature_c_max = node.integer("temperature_c_max", {20, 150}, limits.temperature_c_max);
  return out;
}

EquipmentWiring::EquipmentWiring(const ServerConfiguration& configuration, Parts parts)
    : parts_(std::move(parts)),
      ledger_(parts_.database, parts_.clock),
      supervision_(ledger_, parts_.onboarding),
      import_(ledger_),
      servers_(reader_of(configuration), parts_.alarms.sink(), parts_.clock, options_of(configuration)),
      watch_(ledger_, topology_, parts_.alarms.sink(), sources(), parts_.clock),
      desk_{ledger_, watch_, supervision_, import_} {
  parts_.alarms.topology().add_first(topology_);
  for (const std::string_view kind : servers::server_alarm_kinds())
    servers_.take_over(kind, parts_.alarms.book().standing(kind));
  watch_.start();
  if (configuration.enabled) servers_.start();
}

EquipmentWiring::~EquipmentWiring() { parts_.alarms.topology().remove(topology_); }

bool EquipmentWiring::is_connected(GatewayId gateway) {
  const std::int64_t now = parts_.clock.monotonic_ms();
  if (now - connected_read_ms_ >= connected_kept_ms) {
    connected_ = parts_.connected();
    connected_read_ms_ = now;
  }
  return connected_.contains(gateway);
}

WatchSources EquipmentWiring::sources() {
  return {[this](GatewayId gateway) { return is_connected(gateway); },
          [this](GatewayId gateway, const std::string& uid) -> std::optional<CheckLine> {
            const auto line = parts_.plans.line_of(gateway, uid);
            if (!line) return std::nullopt;
            return CheckLine{line->state.offline, line->state.last_answer_utc_ms};
          },
          [this](GatewayId gateway, const std::string& uid) {
            std::vector<RegisterValue> out;
            for (const LiveValue& value : parts_.hub.latest({gateway, uid}))
              if (value.exponent == 0 && (value.quality == Quality::good || value.quality == Quality::clock_suspect))
                out.push_back({value.register_name, value.mantissa, value.time_utc_ms});
            return out;
          }};
}

void EquipmentWiring::give_to(web::ApiServices& services) {
  services.equipment = &desk_;
  services.servers = &servers_;
}

}  // namespace duheng::platform
