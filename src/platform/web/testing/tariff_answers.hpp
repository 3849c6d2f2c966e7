#pragma once
// For tests only: asks once for everything that the contract says of customers' tariffs and files of metering points.
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is an administrator's of the whole platform.
template <class Note>
void take_tariff_answers(const ApiWorld& world, Client& client, const std::string& cookie, const Note& note) {
  using Json = nlohmann::json;
  const auto get = [&](const std::string& target) { return client.request("GET", target, cookie); };
  const auto send = [&](const std::string& target, const std::string& body, const std::string& type) {
    return client.request("POST", target, cookie + "X-Duheng-Request: 1\r\nContent-Type: " + type + "\r\n", body);
  };
  const auto post = [&](const std::string& target, const Json& body) {
    return send(target, body.dump(), "application/json");
  };
  const std::string list = "/api/v1/tariffs";
  Json tariff{{"code", "answered"}, {"name_zh", "价类"}, {"name_en", "Tariff"}, {"utility", "heat"}};
  note("post", list, post(list, tariff));
  tariff["valid_from"] = "2020-01-01";
  const Answer made = post(list, tariff);
  note("post", list, made);
  note("post", list, post(list, tariff));
  note("get", list, get(list));
  const auto id = Json::parse(made.body)["id"].get<std::int64_t>();
  const std::string one = list + "/{tariff_id}";
  tariff["version"] = 1;
  tariff["reason"] = "ends";
  tariff["valid_to"] = "2090-12-31";
  note("post", one, post(list + "/" + std::to_string(id), tariff));
  note("post", one, post(list + "/" + std::to_string(id), tariff));
  note("get", one, get(list + "/" + std::to_string(id)));
  note("get", one, get(list + "/99999"));

  const Answer point = post("/api/v1/points", {{"name", "With a tariff"}, {"organisation_id", world.west.value}});
  const std::string at =
      "/api/v1/points/" + std::to_string(Json::parse(point.body)["id"].get<std::int64_t>()) + "/tariffs";
  const std::string of_point = "/api/v1/points/{point_id}/tariffs";
  note("post", of_point, post(at, {{"tariff_id", id}}));
  const Answer set = post(at, {{"tariff_id", id}, {"from", "2026-01-01"}});
  note("post", of_point, set);
  note("get", of_point, get(at));
  note("get", "/api/v1/points", get("/api/v1/points?tariff=answered"));
  const auto entry = Json::parse(set.body)["entries"][0]["id"].get<std::int64_t>();
  const std::string withdraw = at + "/" + std::to_string(entry) + "/withdraw";
  for (const char* reason : {"", "wrong", "again"})
    note("post", of_point + "/{entry_id}/withdraw", post(withdraw, {{"reason", reason}}));

  const auto as_file = [&](const std::string& path, const std::string& target) {
    Answer csv = get(target);
    csv.body.clear();  // no JSON
    note("get", path, csv);
  };
  as_file("/api/v1/points/export", "/api/v1/points/export");
  const std::string imports = "/api/v1/point-imports";
  as_file(imports + "/template", imports + "/template");
  const auto start = [&] {
    return send(imports + "?name=p.csv", "organisation,name\nwest,By file\nnowhere,X\n", "text/csv");
  };
  const auto settle = [&](const std::string& target) {
    Answer answer;
    for (int i = 0; i < 100'000; ++i) {
      answer = get(target);
      const auto state = Json::parse(answer.body)["state"].template get<std::string>();
      if (state != "checking" && state != "committing") break;
    }
    return answer;
  };
  const auto number = [](const Answer& answer) {
    return "/" + std::to_string(Json::parse(answer.body)["id"].template get<std::int64_t>());
  };
  const Answer started = start();
  note("post", imports, started);
  const std::string import = imports + number(started);
  note("get", imports + "/{import_id}", settle(import));
  as_file(imports + "/{import_id}/report", import + "/report");
  note("post", imports + "/{import_id}/commit", post(import + "/commit", {{"mode", "good_lines"}}));
  note("get", imports + "/{import_id}", settle(import));
  note("get", imports, get(imports));
  const std::string other = imports + number(start());
  settle(other);
  note("post", imports + "/{import_id}/cancel", post(other + "/cancel", Json::object()));
}

}  // namespace duheng::platform::web::testing
