#include "gateway/service/gateway_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

#include "base/config.hpp"
#include "drivers/registry/registry.hpp"
#include "gateway/aggregation/derivation_config.hpp"
#include "gateway/equipment/equipment_config.hpp"

namespace duheng::gateway {
namespace {

std::string beside(const std::string& file, const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  const auto folder = std::filesystem::path(file).parent_path();
  return (folder / path).lexically_normal().string();
}

CarrierConfig read_carrier(const ConfigNode& channel) {
  const auto node = channel.section("carrier");
  CarrierConfig out;
  out.kind = static_cast<CarrierConfig::Kind>(node.choice("kind", {"narrow_band", "broadband", "radio"}, 0));
  out.main_node = node.text("main_node", "");
  if (!out.main_node.empty() && !gdw13762::NodeAddress::parse(out.main_node))
    node.reject("main_node", "must be up to twelve decimal digits");
  if (channel.has("udp")) node.reject("carrier modules are reached over tcp or serial");
  return out;
}

drivers::CarrierSettings carrier_settings(const CarrierConfig& config) {
  using Kind = gdw13762::CommunicationKind;
  constexpr std::array<Kind, 3> kinds{Kind::routed_carrier, Kind::broadband_carrier, Kind::micro_power_radio};
  drivers::CarrierSettings out;
  out.communication_kind = static_cast<std::uint8_t>(kinds.at(static_cast<std::size_t>(config.kind)));
  if (!config.main_node.empty()) out.main_node = gdw13762::NodeAddress::parse(config.main_node);
  return out;
}

ChannelConfig read_channel(const ConfigNode& node, const std::string& file) {
  ChannelConfig out;
  out.name = node.text("name");
  if (out.name.empty() || out.name.size() > 64) node.reject("name", "must be 1 to 64 octets");
  if (int{node.has("tcp")} + int{node.has("udp")} + int{node.has("serial")} != 1)
    node.reject("must have either tcp, udp or serial");
  if (node.has("tcp")) {
    const auto tcp = node.section("tcp");
    out.tcp = link::TcpEndpoint{tcp.text("host"), static_cast<std::uint16_t>(tcp.integer("port", {1, 65'535})),
                                tcp.integer("connect_timeout_ms", {100, 120'000}, 5'000)};
  } else if (node.has("udp")) {
    const auto udp = node.section("udp");
    out.udp = link::UdpEndpoint{udp.text("host"), static_cast<std::uint16_t>(udp.integer("port", {1, 65'535}))};
  } else if (node.has("serial")) {
    const auto serial = node.section("serial");
    link::SerialSettings settings;
    settings.path = beside(file, serial.text("path"));
    settings.baud = static_cast<std::uint32_t>(serial.integer("baud", {300, 115'200}, 2'400));
    if (!link::serial_baud_supported(settings.baud)) serial.reject("baud", "is not a usual speed");
    settings.parity = static_cast<link::Parity>(serial.choice("parity", {"none", "even", "odd"}, 1));
    settings.stop_bits = static_cast<std::uint8_t>(serial.integer("stop_bits", {1, 2}, 1));
    out.serial = settings;
  }
  if (node.has("carrier")) out.carrier = read_carrier(node);
  const auto reconnect = node.section("reconnect");
  out.reconnect.first_ms = reconnect.integer("first_ms", {10, 600'000}, 500);
  out.reconnect.longest_ms = reconnect.integer("longest_ms", {out.reconnect.first_ms, 3'600'000}, 60'000);
  return out;
}

ListenerConfig read_listener(const ConfigNode& node) {
  ListenerConfig out;
  out.name = node.text("name");
  if (out.name.empty() || out.name.size() > 64) node.reject("name", "must be 1 to 64 octets");
  if (node.has("tcp") == node.has("udp")) node.reject("must have either tcp or udp");
  out.udp = node.has("udp");
  const auto place = node.section(out.udp ? "udp" : "tcp");
  out.address = place.text("address", out.address);
  out.port = static_cast<std::uint16_t>(place.integer("port", {0, 65'535}));
  out.connections_max = static_cast<std::size_t>(node.integer("connections_max", {1, 1'000'000}, 100'000));
  out.unidentified_max = static_cast<std::size_t>(node.integer("unidentified_max", {1, 100'000}, 10'000));
  out.answer_timeout_ms = node.integer("answer_timeout_ms", {100, 120'000}, 3'000);
  out.silence_timeout_ms = node.integer("silence_timeout_s", {10, 7 * 86'400}, 3'600) * 1'000;
  return out;
}

DeviceConfig read_device(const ConfigNode& node) {
  DeviceConfig out;
  out.uid = node.text("uid");
  if (out.uid.empty() || out.uid.size() > batch_limits::device_uid_bytes_max)
    node.reject("uid", "must be 1 to 64 octets");
  out.address = node.text("address");
  out.model = node.text("model");
  out.channel = node.text("channel");
  return out;
}

void read_field(const ConfigNode& root, const std::string& file, GatewayConfig& out) {
  for (const auto& node : root.items("channels")) {
    if (out.channels.size() == config_limits::channels_max) {
      node.reject(fmt::format("a gateway has at most {} channels", config_limits::channels_max));
      break;
    }
    out.channels.push_back(read_channel(node, file));
  }
  for (const auto& node : root.items("listeners")) {
    if (out.listeners.size() == config_limits::listeners_max) {
      node.reject(fmt::format("a gateway has at most {} listeners", config_limits::listeners_max));
      break;
    }
    out.listeners.push_back(read_listener(node));
  }
  for (const auto& node : root.items("devices")) {
    if (out.devices.size() == config_limits::devices_max) {
      node.reject(fmt::format("a gateway has at most {} devices", config_limits::devices_max));
      break;
    }
    out.devices.push_back(read_device(node));
  }
}

Result<void> check_names(const GatewayConfig& config) {
  std::unordered_set<std::string_view> channels;
  for (const auto& channel : config.channels)
    if (!channels.insert(channel.name).second)
      return fail(ErrorCode::invalid_argument, fmt::format("two channels are called '{}'", channel.name));
  for (const auto& listener : config.listeners)
    if (!channels.insert(listener.name).second)
      return fail(ErrorCode::invalid_argument, fmt::format("two channels or listeners are called '{}'", listener.name));
  std::unordered_set<std::string_view> uids;
  std::unordered_set<std::string> places;
  for (const auto& device : config.devices) {
    if (!uids.insert(device.uid).second)
      return fail(ErrorCode::invalid_argument, fmt::format("two devices have the uid '{}'", device.uid));
    if (!channels.contains(device.channel))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("device '{}' is on the channel '{}', which does not exist", device.uid, device.channel));
    if (!places.insert(device.channel + "\n" + device.address).second)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("two devices have the address {} on channel '{}'", device.address, device.channel));
  }
  return {};
}

void read_spool(const ConfigNode& node, GatewayConfig& out) {
  out.spool.directory = out.data_directory + "/spool";
  out.spool.bytes_max = static_cast<std::uint64_t>(node.integer("bytes_max", {1 << 20, 1LL << 42}, 4LL << 30));
  out.spool.segment_bytes_max =
      static_cast<std::uint64_t>(node.integer("segment_bytes_max", {64 << 10, 1 << 30}, 16 << 20));
  out.spool.retention_ms = node.integer("retention_hours", {0, 24 * 366}, 168) * 3'600'000;
  out.spool.keep_until_backup = node.flag("keep_until_backup", true);
  out.linger_ms = node.integer("linger_ms", {0, 10'000}, 20);
}

void read_uplink(const ConfigNode& node, const std::string& file, GatewayConfig& out) {
  out.uplink.address = node.text("address", "");
  out.uplink.server_name = node.text("server_name", "");
  const auto enrolment = node.section("enrolment");
  out.uplink.enrolment_address = enrolment.text("address", "");
  out.uplink.enrolment_code_file = beside(file, enrolment.text("code_file", ""));
  if (out.uplink.enrolment_address.empty() != out.uplink.enrolment_code_file.empty())
    enrolment.reject("needs both address and code_file");
}

void read_upkeep(const ConfigNode& root, UpkeepSettings& out) {
  const auto policy = root.section("clock").choice("correct", {"none", "broadcast"}, 0);
  out.clock = policy == 1 ? ClockPolicy::broadcast : ClockPolicy::none;
  const auto history = root.section("history");
  out.histories = history.flag("fetch", true);
  out.days_back_max = history.integer("days_back", {0, 3'660}, 35);
  out.history_questions_per_s = history.integer("questions_per_s", {1, 100'000}, 200);
}

void read_rest(const ConfigNode& root, const std::string& path, GatewayConfig& out) {
  read_spool(root.section("spool"), out);
  out.cipher = static_cast<crypto::Cipher>(root.section("encryption").choice("cipher", {"aes_256_gcm", "sm4_gcm"}, 0));
  read_upkeep(root, out.upkeep);
  const auto offline = root.section("offline");
  out.offline.failures_until_offline = static_cast<std::uint32_t>(offline.integer("failures", {1, 1'000}, 3));
  out.offline.retry.first_ms = offline.integer("retry_first_ms", {100, 3'600'000}, 5'000);
  out.offline.retry.longest_ms = offline.integer("retry_longest_ms", {out.offline.retry.first_ms, 86'400'000}, 300'000);
  read_uplink(root.section("uplink"), path, out);
  const auto http = root.section("http");
  out.http_address = http.text("address", "127.0.0.1");
  out.http_port = static_cast<std::uint16_t>(http.integer("port", {0, 65'535}, 0));
  const auto log = root.section("log");
  out.log.program = "duheng-gateway";
  out.log.level = static_cast<log::Level>(log.choice("level", {"debug", "info", "warning", "error"}, 1));
  out.log.format = log.choice("format", {"json", "text"}, 0) == 0 ? log::Format::json : log::Format::text;
  out.log.file = beside(path, log.text("file", ""));
}

}  // namespace

Result<GatewayConfig> load_gateway_config(const std::string& path) {
  DUHENG_TRY(const auto file, ConfigFile::load(path));
  const auto root = file.root();
  GatewayConfig out;
  out.data_directory = beside(path, root.text("data_directory"));
  out.models_directory = beside(path, root.text("models_directory"));
  read_rest(root, path, out);
  out.secrets = read_equipment_secrets(root, path);
  const auto derivation = read_derivation(root);
  read_field(root, path, out);
  std::vector<std::string> more;
  for (const auto& node : root.items("devices_files")) more.push_back(beside(path, node.as_text()));
  DUHENG_CHECK(file.finish());
  for (const auto& other : more) {
    DUHENG_TRY(const auto devices, ConfigFile::load(other, config_limits::devices_file_bytes_max));
    read_field(devices.root(), other, out);
    DUHENG_CHECK(devices.finish());
  }
  DUHENG_CHECK(check_names(out));
  std::vector<DeviceOnChannel> places;
  if (!derivation.points.empty() || !derivation.sums.empty())
    for (const auto& device : out.devices) places.push_back({device.uid, device.channel});
  DUHENG_TRY(out.derivation, resolve_derivation(derivation, places));
  return out;
}

CoreChannel core_channel(const ChannelConfig& config) {
  drivers::SessionSettings session;
  session.reopen_after_timeout = config.tcp.has_value();
  // Start, eight data, parity, stop bits.
  if (config.serial)
    session.octet_time_us = (1 + 8 + (config.serial->parity == link::Parity::none ? 0 : 1) + config.serial->stop_bits) *
                            1'000'000LL / config.serial->baud;
  CoreChannel out{config.name, nullptr, session, config.reconnect, config.serial ? config.serial->baud : 0};
  if (config.serial) out.parity = static_cast<FieldParity>(config.serial->parity);
  if (config.carrier) out.carrier = carrier_settings(*config.carrier);
  return out;
}

Result<ChannelConfig> channel_config(const FieldChannel& channel) {
  ChannelConfig out;
  out.name = channel.name;
  if (const auto* tcp = std::get_if<FieldTcp>(&channel.way)) out.tcp = link::TcpEndpoint{tcp->host, tcp->port};
  if (channel.carrier)
    out.carrier = CarrierConfig{static_cast<CarrierConfig::Kind>(channel.carrier->kind), channel.carrier->main_node};
  if (const auto* udp = std::get_if<FieldUdp>(&channel.way)) out.udp = link::UdpEndpoint{udp->host, udp->port};
  const auto* serial = std::get_if<FieldSerial>(&channel.way);
  if (serial == nullptr) return out;
  if (!link::serial_baud_supported(serial->baud))
    return fail(ErrorCode::invalid_argument, fmt::format("{} baud is not a usual speed", serial->baud));
  if (serial->data_bits != 8)
    return fail(ErrorCode::invalid_argument, "only eight data bits are supported on serial lines");
  if (!serial->device.starts_with('/'))
    return fail(ErrorCode::invalid_argument, "a serial line is named by its whole path, e.g. /dev/ttyS1");
  out.serial =
      link::SerialSettings{serial->device, serial->baud, static_cast<link::Parity>(serial->parity), serial->stop_bits};
  return out;
}

std::string channel_detail(const ChannelConfig& config) {
  if (config.tcp) return fmt::format("{}:{}", config.tcp->host, config.tcp->port);
  if (config.udp) return fmt::format("{}:{}", config.udp->host, config.udp->port);
  const auto& serial = *config.serial;
  return fmt::format("{} {} 8{}{}", serial.path, serial.baud, "NEO"[static_cast<std::size_t>(serial.parity)],
                     serial.stop_bits);
}

Result<ResolvedDevice> resolve_device(std::string_view model_id, std::string_view address_text,
                                      const ModelLibrary& models) {
  const auto model = models.find(model_id);
  if (!model) return fail(ErrorCode::not_found, fmt::format("there is no model '{}'", model_id));
  DUHENG_TRY(const auto address, model->driver->address(address_text, model->address_digits));
  return ResolvedDevice{model, address};
}

namespace {

/// Puts devices on the plan's channels, or gives them one of their own where they call in.
class Planner {
 public:
  Planner(const GatewayConfig& config, CorePlan& plan) : plan_(plan) {
    for (const auto& channel : config.channels) {
      channels_.emplace(channel.name, static_cast<std::uint32_t>(plan.options.channels.size()));
      plan.options.channels.push_back(core_channel(channel));
    }
    for (std::uint32_t i = 0; i < config.listeners.size(); ++i) listeners_.emplace(config.listeners[i].name, i);
  }

  void add(const DeviceConfig& device, const ModelLibrary& models) {
    const auto resolved = resolve_device(device.model, device.address, models);
    if (!resolved) return refuse(device, resolved.error().message);
    const auto& [model, address] = *resolved;
    if (const auto listener = listeners_.find(device.channel); listener != listeners_.end()) {
      // A line that the device itself opens: nothing is gained by hanging up on it after a time-out.
      const auto channel = static_cast<std::uint32_t>(plan_.options.channels.size());
      plan_.options.channels.push_back({fmt::format("{}/{}", device.channel, device.uid), model->driver, {}, {}});
      plan_.call_ins.push_back({listener->second, channel, model->driver, address});
      plan_.options.devices.push_back({device.uid, address, model, channel});
      return;
    }
    const std::uint32_t channel = channels_.at(device.channel);
    auto& driver = plan_.options.channels[channel].driver;
    if (plan_.options.channels[channel].carrier && !carried_by_modules(*model->driver))
      return refuse(device, fmt::format("a carrier module does not carry {}", model->driver->name()));
    if (driver == nullptr) driver = model->driver;
    if (driver != model->driver)
      return refuse(device, fmt::format("its model speaks {}, but channel '{}' speaks {} already",
                                        model->driver->name(), device.channel, driver->name()));
    plan_.options.devices.push_back({device.uid, address, model, channel});
  }

 private:
  void refuse(const DeviceConfig& device, std::string_view reason) {
    plan_.problems.push_back(fmt::format("device '{}': {}", device.uid, reason));
  }
  CorePlan& plan_;
  std::unordered_map<std::string_view, std::uint32_t> channels_;
  std::unordered_map<std::string_view, std::uint32_t> listeners_;
};

}  // namespace

const drivers::Driver* idle_driver(const CoreChannel& channel) {
  return channel.carrier ? drivers::find_driver("dlt645_2007") : drivers::all_drivers().front();
}

CorePlan plan_core(const GatewayConfig& config, const ModelLibrary& models) {
  CorePlan plan;
  Planner planner(config, plan);
  for (const auto& device : config.devices) planner.add(device, models);
  // A channel without devices is kept open all the same, so that its state shows.
  for (auto& channel : plan.options.channels)
    if (channel.driver == nullptr) channel.driver = idle_driver(channel);
  plan.options.offline = config.offline;
  plan.options.secrets = config.secrets;
  plan.options.linger_ms = config.linger_ms;
  plan.options.derivation = config.derivation;
  return plan;
}

}  // namespace duheng::gateway
