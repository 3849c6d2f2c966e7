#include "tests/field_path/whole_system.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

#include "platform/administration/administration.hpp"
#include "tools/demo/mixed_world.hpp"

namespace duheng::field_path {
namespace {

constexpr std::string_view password = "correct horse battery";
constexpr std::string_view json_headers = "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n";

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
std::string text_of(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

bool is_under_way(const std::string& state) {
  return state == "queued" || state == "handed_over" || state == "waiting" || state == "under_way" ||
         state == "awaiting_confirmation";
}

}  // namespace

WholeSystem::WholeSystem(SystemOptions options) : options_(std::move(options)) {
  write_models();
  if (!options_.scenario.empty()) write("scenario.yaml", options_.scenario);
}

WholeSystem::~WholeSystem() {
  stop_gateway();
  platform_.reset();
  fleet_.reset();
}

void WholeSystem::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path path = folder_.file(name);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// As they are shipped, but asked more often than every quarter of an hour. The interval of a load profile is the
/// meter's own.
void WholeSystem::write_models() const {
  static const std::regex polled("(- name: [a-z_]+\n +interval_ms: )[0-9]+");
  const std::string interval = "$01" + std::to_string(options_.polling_interval_ms);
  for (const auto& file : std::filesystem::directory_iterator(std::string(DUHENG_SOURCE_DIR) + "/models")) {
    if (file.path().extension() != ".yaml") continue;
    const std::string model = text_of(file.path());
    const auto groups_end = std::min(model.find("\nhistory:"), model.size());
    write("models/" + file.path().filename().string(),
          std::regex_replace(model.substr(0, groups_end), polled, interval) + model.substr(groups_end));
  }
}

void WholeSystem::start_fleet() {
  device::FleetConfig config;
  config.data_directory = folder_.file("fleet");
  config.groups = options_.groups;
  config.meters = options_.meters;
  config.three_phase_every = 0;
  config.tcp_ports = 1;
  config.serial_lines = 0;
  config.serial_meters_per_line = 0;
  if (!options_.scenario.empty()) config.scenario = folder_.file("scenario.yaml");
  fleet_ = value_or_throw(device::Fleet::start(loop_, disk_, field_clock, random_, std::move(config)));
}

void WholeSystem::make_world() {
  platform::PeopleOptions people;
  people.password_cost = {.memory_kib = 1'024, .passes = 1};
  auto administration =
      value_or_throw(platform::Administration::open(folder_.file("platform"), disk_, clock_, random_, people));
  platform::World world;
  world.organisations.push_back({"city", "", "市", "City"});
  world.sites.push_back({"city", "estate", "Asia/Shanghai", ""});
  world.gateways.push_back({"city", "gateway-1"});
  static const std::regex line(R"re(\{ *uid: *"([^"]*)", *address: *"([^"]*)", *model: *([^ ,]+), *channel)re");
  const std::string devices = text_of(folder_.file("fleet/devices.yaml"));
  for (std::sregex_iterator at(devices.begin(), devices.end(), line), end; at != end; ++at) {
    platform::World::Device device;
    device.uid = device.name = (*at)[1].str();
    device.address = (*at)[2].str();
    device.model = (*at)[3].str();
    device.protocol = tools::protocol_of_model(device.model);
    device.organisation = "city";
    device.site = "estate";
    device.gateway = "gateway-1";
    uids_.push_back(device.uid);
    world.devices.push_back(std::move(device));
  }
  value_or_throw(administration.make_world(world));
  const auto add = [&](const char* name, platform::Role role) {
    value_or_throw(administration.create_user(name, role, "", std::string(password), false));
  };
  add("anna", platform::Role::admin);
  add("bert", platform::Role::operator_);
  add("vera", platform::Role::viewer);
  write("enrolment-code", value_or_throw(administration.make_enrolment_code("gateway-1", "")) + "\n");
}

void WholeSystem::start_platform() {
  if (uids_.empty()) make_world();
  const std::string yaml = fmt::format(
      "data: {}\nnames: [localhost, 127.0.0.1]\nhttps: {{ address: 127.0.0.1, port: 0 }}\n"
      "gateways: {{ address: 127.0.0.1, port: 0 }}\nenrolment: {{ address: 127.0.0.1, port: 0 }}\n"
      "observability: {{ port: 0 }}\nmodels: {{ directory: {} }}\n"
      "limits: {{ people: {{ password_memory_kib: 1024, password_passes: 1 }}, telemetry: {{ memory_mib: 128 }} }}\n",
      folder_.file("platform"), folder_.file("models"));
  platform_ = value_or_throw(platform::Platform::start(value_or_throw(platform::parse_configuration(yaml, "test"))));
}

void WholeSystem::start_gateway() {
  const auto ports = platform_->ports();
  write("gateway.yaml", fmt::format("data_directory: {0}/gateway\nmodels_directory: {0}/models\n"
                                    "devices_files: [{0}/fleet/devices.yaml]\n"
                                    "uplink:\n  address: 127.0.0.1:{1}\n  server_name: localhost\n"
                                    "  enrolment: {{ address: 127.0.0.1:{2}, code_file: {0}/enrolment-code }}\n{3}",
                                    std::filesystem::path(folder_.file("x")).parent_path().string(), ports.gateways,
                                    ports.enrolment, options_.gateway_yaml));
  auto config = value_or_throw(gateway::load_gateway_config(folder_.file("gateway.yaml")));
  service_ = value_or_throw(gateway::GatewayService::start(loop_, disk_, gateway_clock, random_, std::move(config)));
  // Certificates are judged by true time, whatever a test makes of the gateway's.
  uplink_ = std::make_unique<UplinkWiring>(loop_, disk_, clock_, random_, *service_);
}

void WholeSystem::stop_gateway() {
  uplink_.reset();
  service_.reset();
}

std::string& WholeSystem::cookie_of(const std::string& user) {
  std::string& cookie = cookies_[user];
  if (!cookie.empty()) return cookie;
  const auto answer =
      platform::web::testing::Client::connect(platform_->ports().https)
          ->request("POST", "/api/v1/session", json_headers, Json{{"name", user}, {"password", password}}.dump());
  if (answer.status != 200) throw std::runtime_error("no login: " + answer.body);
  const std::string set = answer.header("set-cookie");
  cookie = "Cookie: " + set.substr(0, set.find(';')) + "\r\n";
  return cookie;
}

Json WholeSystem::get(const std::string& path, const std::string& user) {
  const auto answer =
      platform::web::testing::Client::connect(platform_->ports().https)->request("GET", path, cookie_of(user));
  if (answer.status != 200) throw std::runtime_error(path + ": " + std::to_string(answer.status) + answer.body);
  return Json::parse(answer.body);
}

WholeSystem::Said WholeSystem::post(const std::string& path, const Json& body, const std::string& user) {
  const auto answer = platform::web::testing::Client::connect(platform_->ports().https)
                          ->request("POST", path, cookie_of(user) + std::string(json_headers), body.dump());
  return {answer.status, Json::parse(answer.body, nullptr, false)};
}

std::int64_t WholeSystem::device_id(const std::string& uid) {
  if (ids_.empty()) {
    const Json page = get("/api/v1/devices?page_size=200");
    for (const Json& device : page["devices"]) ids_[device["uid"]] = device["id"];
  }
  const auto found = ids_.find(uid);
  return found == ids_.end() ? 0 : found->second;
}

Json WholeSystem::reading(std::int64_t device, const std::string& register_name) {
  const Json told = get(fmt::format("/api/v1/devices/{}", device));
  for (const Json& value : told["registers"]) {
    if (value["register"] == register_name && value["latest"].is_object() && value["latest"]["value"].is_string())
      return value["latest"];
  }
  return {};
}

std::string WholeSystem::latest(std::int64_t device, const std::string& register_name) {
  const Json found = reading(device, register_name);
  return found.is_null() ? std::string{} : found["value"].get<std::string>();
}

Json WholeSystem::frame_of(std::int64_t device, const std::string& register_name) {
  return get("/api/v1/frames/" + reading(device, register_name)["frame"].get<std::string>());
}

Json WholeSystem::alarms(const std::string& kind, std::int64_t device, const std::string& state) {
  return get(
      fmt::format("/api/v1/alarms?state={}&kind={}&subject_kind=device&subject={}", state, kind, device))["alarms"];
}

std::string WholeSystem::begin_job(Json wanted, std::int64_t device) {
  wanted["device_ids"] = {device};
  const Said made = post("/api/v1/jobs", wanted);
  if (made.status != 201) throw std::runtime_error("no job: " + made.body.dump());
  std::string job = fmt::format("/api/v1/jobs/{}", made.body["id"].get<std::int64_t>());
  if (made.body["state"] == "awaiting_confirmation" && post(job + "/confirm").status >= 300)
    throw std::runtime_error("not confirmed");
  return job;
}

Json WholeSystem::finish_job(Json wanted, std::int64_t device) {
  const std::string job = begin_job(std::move(wanted), device);
  Json order;
  const bool is_over = until([&] {
    order = get(job + "/orders")["orders"].at(0);
    return !is_under_way(order["state"]);
  });
  if (!is_over) throw std::runtime_error("not over in time: " + order.dump());
  return order;
}

}  // namespace duheng::field_path
