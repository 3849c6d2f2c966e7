#include "tools/demo/mixed_world.hpp"

#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <regex>

namespace duheng::tools {
namespace {

struct Kind {
  std::string_view model, noun;
  std::uint32_t count;
  std::string_view channel;
  std::uint32_t per_channel;
  std::uint32_t spare = 0;      ///< of `count`: in nobody's list
  bool carries_others = false;  ///< a switch, through which switch_carries() are reached
};
constexpr std::array<std::string_view, 2> carried{"tcp-0", "cjt188-cold-water-tcp-0"};

/// A good line: people wait for what they ask here.
constexpr std::string_view carrier_module =
    ", carrier: { at_once: 5, relay_levels: 2, hop_ms_min: 5, hop_ms_max: 20, lost_per_mille: 2, rerouted_per_mille: "
    "20 }";

constexpr std::array kinds{
    Kind{"dlt698-single-phase", "", 8, "carrier", 8},
    Kind{"dlt698-three-phase", "", 4, "tcp", 4},
    Kind{"cjt188-cold-water", "冷水表", 12, "tcp", 12},
    Kind{"cjt188-hot-water", "热水表", 6, "tcp", 6, 2},
    Kind{"cjt188-drinking-water", "直饮水表", 3, "tcp", 3},
    Kind{"cjt188-reclaimed-water", "中水表", 2, "tcp", 2},
    Kind{"cjt188-gas-valve", "燃气表", 8, "call_in", 1, 2},
    Kind{"cjt188-heat-2004", "热量表", 6, "tcp", 6},
    Kind{"cjt188-heat-2018", "热量表", 4, "tcp", 4},
    Kind{"cjt188-cooling-2004", "冷量表", 2, "tcp", 2},
    Kind{"cjt188-heat-and-cooling-2018", "冷热量表", 2, "tcp", 2},
    Kind{"modbus-three-phase-meter", "", 3, "tcp", 3},
    Kind{"modbus-heat-station", "换热站", 2, "tcp", 1},
    Kind{"modbus-temperature-sensor", "温度变送器", 4, "tcp", 4},
    Kind{"modbus-pressure-sensor", "压力变送器", 4, "tcp", 4},
    Kind{"modbus-flow-sensor", "流量计", 2, "tcp", 2},
    Kind{"snmp-switch", "交换机", 1, "udp", 1, 0, true},
};

const Kind* kind_of(std::string_view model) noexcept {
  for (const auto& kind : kinds)
    if (kind.model == model) return &kind;
  return nullptr;
}

}  // namespace

std::vector<std::string> switch_carries() { return {carried.begin(), carried.end()}; }

std::string mixed_fleet_groups() {
  std::string out = "groups:\n";
  for (const auto& kind : kinds)
    out += fmt::format("  - {{ model: {}, count: {}, channel: {}, per_channel: {}{} }}\n", kind.model, kind.count,
                       kind.channel, kind.per_channel,
                       kind.carries_others         ? fmt::format(", carries: [{}]", fmt::join(carried, ", "))
                       : kind.channel == "carrier" ? std::string(carrier_module)
                                                   : "");
  return out;
}

Result<DividedDevices> divide_devices(std::string_view devices_yaml) {
  static const std::regex device(
      R"re( *- *\{ *uid: *"([^"]*)", *address: *"([^"]*)", *model: *([^ ,]+), *channel: *([^ ,}]+) *\})re");
  DividedDevices out;
  std::map<std::string, std::uint32_t, std::less<>> spare_of;
  std::size_t devices = 0;
  for (std::size_t at = 0; at < devices_yaml.size();) {
    const auto end = std::min(devices_yaml.find('\n', at), devices_yaml.size());
    const std::string line(devices_yaml.substr(at, end - at));
    at = end + 1;
    std::smatch found;
    if (std::regex_match(line, found, device)) {
      ++devices;
      const auto* kind = kind_of(found[3].str());
      if (kind != nullptr && spare_of[found[3].str()] < kind->spare) {
        ++spare_of[found[3].str()];
        out.spare.push_back({found[1], found[2], found[3], found[4]});
        continue;
      }
    }
    out.served_yaml += line + "\n";
  }
  if (devices == 0) return fail(ErrorCode::malformed, "the fleet's file of devices names none");
  return out;
}

Result<void> write_demo_models(Disk& disk, const std::string& from, const std::string& to) {
  constexpr std::size_t model_bytes_max = 1U << 20;
  DUHENG_CHECK(disk.make_directories(to));
  DUHENG_TRY(const auto names, disk.list(from));
  for (const auto& name : names) {
    if (!name.ends_with(".yaml")) continue;
    DUHENG_TRY(const auto text, read_file(disk, from + "/" + name, model_bytes_max));
    std::string model(as_text(text));
    // Only what is polled: the interval of a load profile is the meter's own.
    static const std::regex polled("(- name: [a-z_]+\n +interval_ms: )900000");
    model = std::regex_replace(model, polled,
                               "$01"
                               "30000");
    DUHENG_CHECK(write_file_atomically(disk, to + "/" + name, as_bytes(model)));
  }
  return {};
}

std::string_view device_noun(std::string_view model) noexcept {
  const auto* kind = kind_of(model);
  return kind == nullptr ? std::string_view{} : kind->noun;
}

std::string_view protocol_of_model(std::string_view model) noexcept {
  if (model.starts_with("cjt188")) return "cjt188";
  if (model.starts_with("dlt698")) return "dlt698-45";
  if (model == "modbus-heat-station") return "modbus-tcp";
  if (model.starts_with("modbus")) return "modbus-rtu";
  if (model.starts_with("snmp")) return "snmp";
  return "dlt645-2007";
}

}  // namespace duheng::tools
