#pragma once
// For tests only: asks once for everything that the contract says of periods and restarts.
#include <string>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is somebody's who sees everything and may do everything.
template <class Note>
void take_maintenance_answers(ApiWorld& world, Client& client, const std::string& cookie, const Note& note) {
  using Json = nlohmann::json;
  const auto get = [&](const std::string& target) { return client.request("GET", target, cookie); };
  const auto post = [&](const std::string& target, const Json& body) {
    return client.request("POST", target, cookie + "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                          body.dump());
  };
  const std::string device = "/api/v1/devices/" + std::to_string(world.west_1.value);
  const std::string gateway = "/api/v1/gateways/" + std::to_string(world.gateway_west.value);
  const Json change{{"device_ids", {world.west_1.value}}, {"group", "live"}, {"interval_ms", 5'000}};
  const auto made = post("/api/v1/sampling-changes", change);
  note("post", "/api/v1/sampling-changes", made);
  note("post", "/api/v1/sampling-changes", post("/api/v1/sampling-changes", Json{{"group", "live"}}));
  note("get", "/api/v1/sampling-changes", get("/api/v1/sampling-changes"));
  const auto number = Json::parse(made.body)["change"]["id"].template get<std::int64_t>();
  note("get", "/api/v1/sampling-changes/{change_id}", get("/api/v1/sampling-changes/" + std::to_string(number)));
  note("get", "/api/v1/sampling-changes/{change_id}", get("/api/v1/sampling-changes/99999"));
  control::DeviceState state;
  state.uid = "west-1";
  state.rounds = {{"live", 5'000, {100, 1, 1'000, 1'005, 1'020, 2'000}}};
  world.plans.device_states(world.gateway_west, {state});
  world.plans.channel_timings(world.gateway_west, {{"bus", {100, 1, 1'000, 1'005, 1'020, 2'000}}});
  note("get", "/api/v1/devices/{device_id}/sampling", get(device + "/sampling"));
  note("get", "/api/v1/gateways/{gateway_id}/timing", get(gateway + "/timing"));
  note("post", "/api/v1/gateways/{gateway_id}/restart", post(gateway + "/restart", Json{{"reason", "test"}}));
  note("post", "/api/v1/gateways/{gateway_id}/restart", post("/api/v1/gateways/99999/restart", Json{{"reason", "x"}}));
}

}  // namespace duheng::platform::web::testing
