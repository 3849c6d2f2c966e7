#pragma once
// For tests/api/check-answers.mjs: an answer of each operation about network equipment and about the server itself.
#include <filesystem>
#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "platform/web/testing/equipment_world.hpp"

namespace duheng::platform::web::testing {

/// `note(method, path of the contract, answer)`. `cookie` is somebody's who sees everything and may do everything.
template <class Note>
class EquipmentAnswers {
 public:
  EquipmentAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : world_(world), client_(client), cookie_(std::move(cookie)), note_(note) {}

  void take() {
    const std::string core = make("core", 0);
    const std::string floor = make("floor", std::stoll(core));
    refuse();
    attach(floor);
    supervise(floor);
    look(floor);
    note_("delete", one_ + "/supervision", send("DELETE", base_ + "/" + floor + "/supervision"));
    note_("delete", one_ + "/supervision", send("DELETE", base_ + "/99999/supervision"));
    move(floor);
    look(floor);
    note_("delete", one_, send("DELETE", base_ + "/" + floor));
    note_("delete", one_, send("DELETE", base_ + "/" + floor));
    import_files();
    health();
  }

 private:
  using Json = nlohmann::json;
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer send(const std::string& method, const std::string& target, const std::string& body = {},
              const std::string& type = "application/json") {
    const std::string content = body.empty() ? "" : "Content-Type: " + type + "\r\n";
    return client_.request(method, target, cookie_ + "X-Duheng-Request: 1\r\n" + content, body);
  }

  std::string make(const std::string& name, std::int64_t parent) {
    const Json wish{{"kind", "switch"},
                    {"name", name},
                    {"maker", "Example"},
                    {"address", "192.0.2.1"},
                    {"organisation_id", world_.east.value},
                    {"site_id", world_.hill.value},
                    {"gateway_id", world_.gateway_east.value},
                    {"parent_id", parent}};
    const Answer made = send("POST", base_, wish.dump());
    note_("post", base_, made);
    return std::to_string(Json::parse(made.body)["id"].template get<std::int64_t>());
  }
  void refuse() {
    note_("post", base_, send("POST", base_, R"({"kind":"toaster","name":"x"})"));
    note_("post", base_, send("POST", base_, R"({"kind":"switch","name":"x","parent_id":99999})"));
    note_("get", base_, get(base_ + "?kind=toaster"));
    note_("get", one_, get(base_ + "/99999"));
    note_("put", one_, send("PUT", base_ + "/99999", R"({"kind":"switch","name":"x"})"));
    note_("put", one_ + "/supervision", send("PUT", base_ + "/99999/supervision", R"({"ping":true})"));
  }
  void attach(const std::string& id) {
    const Json device{{"port", "3"}, {"kind", "device"}, {"device_id", world_.east_1.value}};
    const Json gateway{{"kind", "gateway"}, {"gateway_id", world_.gateway_east.value}};
    const std::string target = base_ + "/" + id + "/attachments";
    note_("put", one_ + "/attachments", send("PUT", target, Json{{"attachments", {device, gateway}}}.dump()));
    note_("put", one_ + "/attachments", send("PUT", target, Json{{"attachments", {gateway}}}.dump()));
    note_("put", one_ + "/attachments", send("PUT", target, Json{{"attachments", {{{"kind", "dream"}}}}}.dump()));
  }
  /// It answers, so that the watch has something to tell.
  void supervise(const std::string& id) {
    const std::string target = base_ + "/" + id + "/supervision";
    note_("put", one_ + "/supervision", send("PUT", target, R"({"ping":false})"));
    const std::string both = R"({"ping":true,"snmp":true,"snmp_credential":"campus"})";
    note_("put", one_ + "/supervision", send("PUT", target, both));
    note_("put", one_ + "/supervision", send("PUT", target, both));
    const std::string port = one_ + "/ports/{port}";
    note_("put", port, send("PUT", base_ + "/" + id + "/ports/3", R"({"supervision":"always"})"));
    note_("put", port, send("PUT", base_ + "/" + id + "/ports/3", R"({"supervision":"perhaps"})"));
    note_("put", port, send("PUT", base_ + "/99999/ports/3", R"({"supervision":"never"})"));
    equipment_.registers = {{"interface_3_state", 2, 1}, {"interface_3_errors_in", 5, 1'000}};
    equipment_.watch.step();
    equipment_.watch.step();
  }
  void look(const std::string& id) {
    note_("get", base_, get(base_ + "?page=1&page_size=20"));
    note_("get", base_, get(base_ + "?page=0"));
    note_("get", base_ + "/topology", get(base_ + "/topology"));
    note_("get", one_, get(base_ + "/" + id));
  }
  /// From one uplink to none.
  void move(const std::string& id) {
    const Json moved{{"kind", "access_point"}, {"name", "roof"}, {"organisation_id", world_.east.value}};
    note_("put", one_, send("PUT", base_ + "/" + id, moved.dump()));
    note_("put", one_, send("PUT", base_ + "/" + id, "{}"));
    equipment_.watch.step();
  }
  void import_files() {
    Answer file = get(base_ + "/import-template");
    const std::string examples = file.body;
    file.body.clear();  // no JSON
    note_("get", base_ + "/import-template", file);
    const std::string path = base_ + "/import";
    note_("post", path, send("POST", path + "?commit=false", examples, "text/csv"));
    note_("post", path, send("POST", path + "?commit=true", "kind,name,organisation\nrouter,edge,east\n", "text/csv"));
    note_("post", path, send("POST", path + "?commit=true", "x", "text/csv"));
    note_("post", path, send("POST", path + "?commit=maybe", examples, "text/csv"));
  }
  /// Before it was asked, and then: one source well, one with a problem, the others not there.
  void health() {
    const std::string path = "/api/v1/status/server";
    note_("get", path, get(path));
    write("/proc/mdstat", "md0 : active raid1 sdb1[1](F) sda1[0]\n      1046528 blocks [2/1] [U_]\n");
    write("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 600000 kB\n");
    equipment_.servers.step();
    note_("get", path, get(path));
    note_("get", path, client_.request("GET", path, world_.log_in("west")));
  }
  void write(const std::string& path, const std::string& text) const {
    const std::filesystem::path file = machine_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }

  ApiWorld& world_;
  Client& client_;
  const std::string cookie_;
  const Note& note_;
  const std::string base_ = "/api/v1/equipment";
  const std::string one_ = "/api/v1/equipment/{equipment_id}";
  const std::string machine_ = world_.folder.file("machine");
  EquipmentWorld equipment_{world_, *world_.alarm_book, std::make_unique<servers::FolderReader>(machine_), true};
};

}  // namespace duheng::platform::web::testing
