#pragma once
// For tests/api/check-answers.mjs: an answer of each operation about exports and imports of history.
#include <chrono>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web::testing {

template <class Note>
class ExportAnswers {
 public:
  ExportAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    storage();
    exports();
    imports();
  }

 private:
  using Json = nlohmann::json;
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer send(const std::string& target, const std::string& body = {}, const std::string& type = "application/json") {
    return client_.request("POST", target, cookie_ + "X-Duheng-Request: 1\r\nContent-Type: " + type + "\r\n", body);
  }
  /// A file is no JSON: its status alone.
  static Answer without_body(Answer answer) {
    answer.body.clear();
    return answer;
  }
  std::string until(const std::string& target, const std::string& state) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (Json::parse(get(target).body)["state"] != state && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    return target;
  }

  void exports() {
    const std::string base = "/api/v1/exports";
    note_("post", base, send(base, R"({"format":"csv"})"));
    const Json body{
        {"format", "csv"}, {"from", "2020-01-01T00:00:00Z"}, {"to", "2100-01-01T00:00:00Z"}, {"all_devices", true}};
    const Answer made = send(base, body.dump());
    note_("post", base, made);
    const std::string one = base + "/" + std::to_string(Json::parse(made.body)["id"].get<std::int64_t>());
    until(one, "done");
    Json months = body;
    months["by"] = "month";
    note_("post", base, send(base, months.dump()));
    note_("get", base, get(base));
    note_("get", base + "/{export_id}", get(one));
    note_("get", base + "/{export_id}", get(base + "/99999"));
    note_("get", base + "/{export_id}/file", without_body(get(one + "/file")));
    note_("post", base + "/{export_id}/cancel", send(one + "/cancel"));
    note_("post", base + "/{export_id}/cancel", send(one + "/cancel"));
  }

  void storage() { note_("get", "/api/v1/storage", get("/api/v1/storage")); }

  void imports() {
    const std::string base = "/api/v1/history-imports";
    note_("get", base + "/template", without_body(get(base + "/template")));
    const std::string file =
        "device_uid,register,time,value\r\n000000000001,voltage_a,2024-01-01T00:00:00Z,220.1\r\nnobody,x,,\r\n";
    const Answer begun = send(base + "?name=a.csv", file, "text/csv");
    note_("post", base, begun);
    const std::string one = base + "/" + std::to_string(Json::parse(begun.body)["id"].get<std::int64_t>());
    until(one, "checked");
    note_("get", base, get(base));
    note_("get", base + "/{import_id}", get(one));
    note_("get", base + "/{import_id}/report", without_body(get(one + "/report")));
    note_("post", base + "/{import_id}/commit", send(one + "/commit", R"({"mode":"all_or_nothing"})"));
    note_("post", base + "/{import_id}/commit", send(one + "/commit", R"({"mode":"good_lines"})"));
    until(one, "done");
    note_("post", base + "/{import_id}/cancel", send(one + "/cancel"));
    const Answer second = send(base, file, "text/csv");
    const std::string other = base + "/" + std::to_string(Json::parse(second.body)["id"].get<std::int64_t>());
    until(other, "checked");
    note_("post", base + "/{import_id}/cancel", send(other + "/cancel"));
    world_.apply_journal();
  }

  ApiWorld& world_;
  Client& client_;
  const std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
