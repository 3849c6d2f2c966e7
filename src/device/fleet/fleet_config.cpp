#include "device/fleet/fleet_config.hpp"

#include <fmt/format.h>

#include "base/config.hpp"
#include "device/fleet/catalogue.hpp"
#include "device/snmp/switch_body.hpp"

namespace duheng::device {
namespace {

log::Options read_log(const ConfigNode& node) {
  log::Options out;
  out.program = "duheng-fleet";
  out.level = static_cast<log::Level>(node.choice("level", {"debug", "info", "warning", "error"}, 1));
  out.format = node.choice("format", {"json", "text"}, 0) == 0 ? log::Format::json : log::Format::text;
  out.file = node.text("file", "");
  return out;
}

constexpr std::size_t serial_lines_max = 64;
constexpr std::size_t ports_max = 10'000;
constexpr std::uint32_t units_max = 247;

void read_switch(const ConfigNode& node, FleetGroup& out) {
  if (out.per_channel != 1) node.reject("per_channel", "is 1 for switches");
  if (!node.has("carries")) return;
  for (const auto& item : node.items("carries")) out.carries.push_back(item.as_text());
  if (out.count != 1) node.reject("carries", "names what hangs on one switch: count must be 1");
  if (out.carries.size() >= SwitchBody::ports_max) node.reject("carries", "is more than a switch has ports");
}

FleetSnmp read_snmp(const ConfigNode& node) {
  FleetSnmp out;
  out.credential = node.text("credential", out.credential);
  out.community = node.text("community", out.community);
  if (!node.has("user")) return out;
  const auto user = node.section("user");
  SnmpUser& read = out.user.emplace();
  read.name = user.text("name");
  read.authentication =
      user.choice("hash", {"sha1", "sha256"}, 1) == 0 ? snmp::Authentication::sha1 : snmp::Authentication::sha256;
  read.authentication_password = user.text("authentication_password");
  read.privacy_password = user.text("privacy_password");
  constexpr std::size_t octets_min = 8;
  if (read.authentication_password.size() < octets_min || read.privacy_password.size() < octets_min)
    user.reject("passwords have at least eight octets");
  return out;
}

void read_carrier(const ConfigNode& group, const VirtualModel* model, FleetGroup& out) {
  if (model != nullptr && model->line != LineKind::dlt645 && model->line != LineKind::dlt698)
    group.reject("channel", "cannot be carrier: such modules carry DL/T 645 and DL/T 698.45");
  const auto node = group.section("carrier");
  auto& options = out.carrier;
  const auto number = [&](const char* key, std::int64_t most, std::int64_t usual) {
    return node.integer(key, {0, most}, usual);
  };
  const auto chance = [&](const char* key) { return static_cast<std::uint32_t>(number(key, 1'000, 0)); };
  const bool has_long_answers = model != nullptr && model->line == LineKind::dlt698;
  options.at_once_max = static_cast<std::uint8_t>(node.integer("at_once", {1, 20}, has_long_answers ? 5 : 1));
  options.communication_kind =
      static_cast<std::uint8_t>(options.at_once_max > 1 ? gdw13762::CommunicationKind::broadband_carrier
                                                        : gdw13762::CommunicationKind::routed_carrier);
  options.answer_timeout_s = static_cast<std::uint8_t>(node.integer("answer_timeout_s", {1, 250}, 20));
  options.relay_levels_max = static_cast<std::uint8_t>(number("relay_levels", 7, 3));
  options.hop_ms_min = number("hop_ms_min", 60'000, options.hop_ms_min);
  options.hop_ms_max =
      node.integer("hop_ms_max", {options.hop_ms_min, 60'000}, std::max(options.hop_ms_min, options.hop_ms_max));
  options.lost_per_mille = chance("lost_per_mille");
  options.swallowed_per_mille = chance("swallowed_per_mille");
  options.spoiled_per_mille = chance("spoiled_per_mille");
  options.doubled_per_mille = chance("doubled_per_mille");
  options.busy_per_mille = chance("busy_per_mille");
  options.rerouted_per_mille = chance("rerouted_per_mille");
  options.restart_per_mille = chance("restart_per_mille");
}

FleetGroup read_group(const ConfigNode& node) {
  using Channel = FleetGroup::Channel;
  FleetGroup out;
  out.model = node.text("model");
  const auto* model = find_virtual_model(out.model);
  if (model == nullptr) node.reject("model", fmt::format("'{}' has no virtual device", out.model));
  out.count = static_cast<std::uint32_t>(node.integer("count", {1, 100'000}));
  const bool is_switch = model != nullptr && model->line == LineKind::snmp;
  out.channel =
      static_cast<Channel>(node.choice("channel", {"tcp", "serial", "call_in", "udp", "carrier"}, is_switch ? 3 : 0));
  if (is_switch != (out.channel == Channel::udp)) node.reject("channel", "is udp for switches, and for nobody else");
  const bool is_line = out.channel == Channel::serial || out.channel == Channel::carrier;
  const std::int64_t usual = is_line ? 8 : out.channel == Channel::tcp ? 20 : 1;
  out.per_channel = static_cast<std::uint32_t>(node.integer("per_channel", {1, 100'000}, usual));
  if (out.channel == Channel::call_in && out.per_channel != 1)
    node.reject("per_channel", "is 1 for devices that call in");
  if (is_switch) read_switch(node, out);
  if (out.channel == Channel::carrier) read_carrier(node, model, out);
  if (model == nullptr || !is_modbus(model->line)) return out;
  if (out.channel == Channel::call_in) node.reject("channel", "cannot be call_in: a unit number identifies nobody");
  if (out.channel == Channel::serial && model->line == LineKind::modbus_tcp)
    node.reject("channel", "cannot be serial: the model speaks Modbus TCP");
  if (out.per_channel > units_max) node.reject("per_channel", "is at most 247 for Modbus");
  return out;
}

void read_groups(const ConfigNode& root, FleetConfig& out) {
  std::size_t lines = out.serial_lines;
  std::size_t ports = out.tcp_ports;
  for (const auto& node : root.items("groups")) {
    const auto& group = out.groups.emplace_back(read_group(node));
    if (group.channel == FleetGroup::Channel::serial || group.channel == FleetGroup::Channel::carrier)
      lines += group.channels();
    if (group.channel == FleetGroup::Channel::tcp || group.channel == FleetGroup::Channel::udp)
      ports += group.channels();
    if (lines > serial_lines_max) return node.reject("count", "makes more than 64 serial lines");
    if (ports > ports_max) return node.reject("count", "makes more than 10000 ports");
    if (out.tcp_first_port != 0 && out.tcp_first_port + ports > 65'536)
      return node.reject("count", "leaves no room for so many ports behind tcp's first_port");
  }
}

Result<FleetConfig> read(const ConfigFile& file) {
  const auto root = file.root();
  FleetConfig out;
  out.data_directory = root.text("data_directory");
  out.seed = static_cast<std::uint64_t>(root.integer("seed", {0, INT64_MAX}, 1));
  out.meters = static_cast<std::uint32_t>(root.integer("meters", {root.has("groups") ? 0 : 1, 100'000}, 1'000));
  out.first_address = static_cast<std::uint64_t>(root.integer("first_address", {1, 999'999'000'000}, 202'600'000'001));
  out.three_phase_every = static_cast<std::uint32_t>(root.integer("three_phase_every", {0, 1'000'000}, 3));
  out.exports_every = static_cast<std::uint32_t>(root.integer("exports_every", {0, 1'000'000}, 5));
  out.factories_every = static_cast<std::uint32_t>(root.integer("factories_every", {0, 1'000'000}, 0));
  out.zone_offset_minutes = static_cast<std::int32_t>(root.integer("zone_offset_minutes", {-720, 840}, 480));
  out.clock_drift_ppm_max = static_cast<std::int32_t>(root.integer("clock_drift_ppm_max", {0, 1'000}, 0));
  const auto tcp = root.section("tcp");
  out.tcp_address = tcp.text("address", "127.0.0.1");
  out.tcp_ports = static_cast<std::uint32_t>(tcp.integer("ports", {0, 10'000}, out.meters == 0 ? 0 : 100));
  out.tcp_first_port = static_cast<std::uint16_t>(tcp.integer("first_port", {0, 65'535}, 0));
  out.connections_per_port_max = static_cast<std::uint32_t>(tcp.integer("connections_per_port_max", {1, 1'024}, 8));
  if (out.tcp_first_port != 0 && out.tcp_first_port + out.tcp_ports > 65'536)
    tcp.reject("first_port", "leaves no room for so many ports");
  const auto serial = root.section("serial");
  out.serial_lines = static_cast<std::uint32_t>(serial.integer("lines", {0, 64}, out.meters == 0 ? 0 : 1));
  out.serial_meters_per_line = static_cast<std::uint32_t>(serial.integer("meters_per_line", {1, 256}, 8));
  const auto call_in = root.section("call_in");
  out.call_in_meters = static_cast<std::uint32_t>(call_in.integer("meters", {0, 100'000}, 0));
  out.call_in_host = call_in.text("host", out.call_in_host);
  out.call_in_port = static_cast<std::uint16_t>(call_in.integer("port", {0, 65'535}, 0));
  const std::uint64_t on_lines =
      static_cast<std::uint64_t>(out.serial_lines) * out.serial_meters_per_line + out.call_in_meters;
  if (on_lines > out.meters)
    root.reject("meters", fmt::format("is less than the {} on serial lines or calling in", on_lines));
  else if (out.tcp_ports > out.meters - on_lines)
    root.reject("tcp", "has more ports than meters are left for");
  else if (out.tcp_ports == 0 && out.meters > on_lines)
    root.reject("tcp", "has no port, but meters are left that need one");
  read_groups(root, out);
  out.snmp = read_snmp(root.section("snmp"));
  out.ledger_bytes_max =
      static_cast<std::uint64_t>(root.integer("ledger_bytes_max", {1 << 20, 1LL << 36}, 256LL << 20));
  const auto faults = root.section("faults");
  out.answers_lost_per_mille = static_cast<std::uint32_t>(faults.integer("answers_lost_per_mille", {0, 1'000}, 0));
  out.answers_spoiled_per_mille =
      static_cast<std::uint32_t>(faults.integer("answers_spoiled_per_mille", {0, 1'000}, 0));
  out.scenario = root.text("scenario", "");
  out.log = read_log(root.section("log"));
  DUHENG_CHECK(file.finish());
  return out;
}

}  // namespace

Result<FleetConfig> load_fleet_config(const std::string& path) {
  DUHENG_TRY(const auto file, ConfigFile::load(path));
  return read(file);
}

Result<FleetConfig> parse_fleet_config(std::string_view text, const std::string& name) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, name));
  return read(file);
}

}  // namespace duheng::device
