#include "tools/demo/demo_world.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.hpp"
#include "base/random.hpp"
#include "tools/demo/demo_network.hpp"
#include "tools/demo/mixed_world.hpp"

namespace duheng::tools {
namespace {

bool is_free(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const int one = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                    ::listen(descriptor, 1) == 0;
  ::close(descriptor);
  return free;
}

struct District {
  std::string_view code, chinese, english;
  std::array<std::string_view, 5> estates;
};
constexpr std::array<District, 4> districts{{
    {"east", "东城供电所", "East district", {"幸福里小区", "朝阳花园", "东湖雅苑", "书香门第", "春晓苑"}},
    {"west", "西城供电所", "West district", {"西山别院", "金色家园", "和平新村", "梧桐苑", "秋实里"}},
    {"south", "南城供电所", "South district", {"南苑小区", "荷塘月色", "阳光海岸", "翠竹园", "滨江一号"}},
    {"north", "北城供电所", "North district", {"北辰家园", "松柏里", "长安坊", "学府佳苑", "丰泽园"}},
}};

}  // namespace

Result<std::uint16_t> find_free_port() {
  // Above the fleet's runs of ports (10,000 to 30,000): it looks for one of up to 1,000 after these were chosen, and
  // would now and then take one of them. Below Linux's range for outgoing connections (from 32,768).
  constexpr std::uint16_t first = 30'100;
  constexpr std::uint16_t count = 2'600;
  SystemRandom random;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto port = static_cast<std::uint16_t>(first + random.below(count));
    if (is_free(port)) return port;
  }
  return fail(ErrorCode::unavailable, "no free port on 127.0.0.1");
}

Result<void> choose_ports(DemoPlan& plan, std::uint16_t https_port) {
  if (https_port != 0 && !is_free(https_port)) {
    return fail(
        ErrorCode::unavailable,
        fmt::format("port {} is taken by another program; name another with --port, 0 for a free one", https_port));
  }
  plan.https_port = https_port;
  std::set<std::uint16_t> chosen{https_port};
  for (auto* port : {&plan.https_port, &plan.gateways_port, &plan.enrolment_port, &plan.observability_port,
                     &plan.gateway_http_port}) {
    if (port == &plan.https_port && https_port != 0) continue;
    do {
      DUHENG_TRY(*port, find_free_port());
    } while (!chosen.insert(*port).second);
  }
  plan.uplink_port = plan.gateways_port;
  return {};
}

std::optional<std::uint16_t> taken_port(const DemoPlan& plan) {
  for (const auto port :
       {plan.https_port, plan.gateways_port, plan.enrolment_port, plan.observability_port, plan.gateway_http_port}) {
    if (!is_free(port)) return port;
  }
  return std::nullopt;
}

std::string platform_yaml(const DemoPlan& plan) {
  return fmt::format(R"(# Written by `duheng demo`.
data: {}
names: [localhost, 127.0.0.1]
https: {{ address: 127.0.0.1, port: {} }}
gateways: {{ address: 127.0.0.1, port: {} }}
enrolment: {{ address: 127.0.0.1, port: {} }}
observability: {{ address: 127.0.0.1, port: {} }}
web: {{ directory: {}/web }}
models: {{ directory: {} }}
alarms: {{ rules: {}/rules/alarms }}
backups: {{ places: [{{ address: {} }}], files: [{}/platform.yaml] }}
)",
                     plan.platform_directory(), plan.https_port, plan.gateways_port, plan.enrolment_port,
                     plan.observability_port, plan.share_directory, plan.models_directory(), plan.share_directory,
                     plan.second_site(), plan.root);
}

std::string gateway_yaml(const DemoPlan& plan) {
  return fmt::format(
      R"(# Written by `duheng demo`.
data_directory: {}
models_directory: {}
devices_files: [{}]
offline: {{ failures: 5, retry_first_ms: 1000, retry_longest_ms: 10000 }}
{}
{}uplink:
  address: 127.0.0.1:{}
  server_name: localhost
  enrolment: {{ address: 127.0.0.1:{}, code_file: {} }}
http: {{ address: 127.0.0.1, port: {} }}
)",
      plan.gateway_directory(), plan.models_directory(), plan.devices_file(),
      // A check lasts seconds and follows what is polled; a month of every meter's memory would drown it.
      plan.mixed ? "history: { fetch: true, days_back: 1 }\nclock: { correct: broadcast }"
                 : "history: { fetch: false }",
      plan.mixed
          ? fmt::format("snmp: [{{ name: {}, community_file: {} }}]\n", demo_snmp_credential, plan.community_file())
          : std::string{},
      plan.uplink_port, plan.enrolment_port, plan.code_file(), plan.gateway_http_port);
}

std::string fleet_yaml(const DemoPlan& plan) {
  // Half of a small fleet on the serial line, so that both ways are shown; a single meter stands behind TCP.
  const std::uint32_t serial_meters = std::min<std::uint32_t>(8, plan.meters / 2);
  const std::uint32_t tcp_meters = plan.meters - serial_meters;
  return fmt::format(R"(# Written by `duheng demo`.
data_directory: {}
seed: {}
meters: {}
tcp: {{ ports: {} }}
serial: {{ lines: {}, meters_per_line: {} }}
clock_drift_ppm_max: 1
factories_every: 20
{})",
                     plan.fleet_directory(), plan.seed, plan.meters,
                     std::clamp<std::uint32_t>(tcp_meters / 10, 1, 1'000), serial_meters > 0 ? 1 : 0,
                     std::max<std::uint32_t>(1, serial_meters),
                     plan.mixed ? mixed_fleet_groups() + fmt::format("snmp: {{ credential: {}, community: {} }}\n",
                                                                     demo_snmp_credential, demo_snmp_community)
                                : std::string{});
}

Result<platform::World> demo_world(const std::string& devices_yaml_path) {
  DUHENG_TRY(const auto file, ConfigFile::load(devices_yaml_path, 64U << 20));
  platform::World world;
  world.organisations.push_back({demo_organisation_code, "", "度衡示范市供电公司", "Duheng Model City Power"});
  for (const auto& district : districts) {
    world.organisations.push_back({std::string{district.code}, demo_organisation_code, std::string{district.chinese},
                                   std::string{district.english}});
    for (const auto estate : district.estates)
      world.sites.push_back({std::string{district.code}, std::string{estate}, "Asia/Shanghai", ""});
  }
  world.gateways.push_back({demo_organisation_code, demo_gateway_name});
  std::size_t number = 0;
  for (const auto& node : file.root().items("devices")) {
    const auto& district = districts[number % districts.size()];
    const auto estate = district.estates[number / districts.size() % district.estates.size()];
    const std::size_t flat = number / (districts.size() * district.estates.size());
    platform::World::Device device;
    device.uid = node.text("uid");
    device.address = node.text("address");
    device.model = node.text("model");
    const auto noun = device_noun(device.model);
    device.name = noun.empty()
                      ? fmt::format("{} {} 幢 {}{:02} 室", estate, flat / 20 + 1, flat / 4 % 5 + 1, flat % 4 + 1)
                      : fmt::format("{} {} {}", estate, noun, number + 1);
    device.protocol = protocol_of_model(device.model);
    device.organisation = district.code;
    device.site = estate;
    device.gateway = demo_gateway_name;
    device.interval_s = device.model.starts_with("cjt188") ? 30 : 10;
    world.devices.push_back(std::move(device));
    ++number;
  }
  return world;
}

}  // namespace duheng::tools
