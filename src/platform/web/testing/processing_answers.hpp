#pragma once
// For tests only: asks once for everything that the contract says of rules and sums at gateways.
#include <string>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// As take_maintenance_answers().
template <class Note>
void take_processing_answers(ApiWorld& world, Client& client, const std::string& cookie, const Note& note) {
  using Json = nlohmann::json;
  const auto get = [&](const std::string& target) { return client.request("GET", target, cookie); };
  const auto post = [&](const std::string& target, const Json& body) {
    return client.request("POST", target, cookie + "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n",
                          body.dump());
  };
  const std::int64_t device_id = world.east_1.value;
  const std::string device = "/api/v1/devices/" + std::to_string(device_id);
  const std::string sums = "/api/v1/gateways/" + std::to_string(world.gateway_east.value) + "/sums";
  const Json rule{{"from", "energy_active_import_total"},
                  {"into", "energy_smooth"},
                  {"unit", "kWh"},
                  {"exponent", -3},
                  {"filter", {{"kind", "mean"}, {"window", 2}}}};
  const Json change{{"device_ids", {device_id}}, {"into", "energy_smooth"}, {"rule", rule}, {"reason", "test"}};
  note("post", "/api/v1/processing-changes", post("/api/v1/processing-changes", change));
  note("post", "/api/v1/processing-changes", post("/api/v1/processing-changes", Json{{"into", "x"}}));
  note("get", "/api/v1/devices/{device_id}/processing", get(device + "/processing"));
  note("get", "/api/v1/devices/{device_id}/processing", get("/api/v1/devices/99999/processing"));
  note("post", "/api/v1/devices/{device_id}/processing/preview",
       post(device + "/processing/preview", Json{{"rule", rule}, {"hours", 24}}));
  note("post", "/api/v1/devices/{device_id}/processing/preview",
       post(device + "/processing/preview", Json{{"rule", Json::object()}}));
  const auto made = post(sums, Json{{"uid", "area-7"}, {"device_ids", {device_id}}, {"reason", "test"}});
  note("post", "/api/v1/gateways/{gateway_id}/sums", made);
  note("post", "/api/v1/gateways/{gateway_id}/sums", post(sums, Json{{"uid", "area-8"}, {"reason", "nobody in it"}}));
  note("get", "/api/v1/gateways/{gateway_id}/sums", get(sums));
  const auto number = Json::parse(made.body)["sum"]["id"].template get<std::int64_t>();
  note("get", "/api/v1/sums/{sum_id}", get("/api/v1/sums/" + std::to_string(number)));
  note("get", "/api/v1/sums/{sum_id}", get("/api/v1/sums/99999"));
  const Json removal{{"uid", "area-7"}, {"reason", "test"}};
  note("post", "/api/v1/gateways/{gateway_id}/sums/remove", post(sums + "/remove", removal));
  note("post", "/api/v1/gateways/{gateway_id}/sums/remove", post(sums + "/remove", removal));
}

}  // namespace duheng::platform::web::testing
