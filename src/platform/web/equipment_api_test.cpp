#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/web/testing/equipment_world.hpp"

namespace duheng::platform::web::testing {
namespace {

using Json = nlohmann::json;

class EquipmentApiTest : public ::testing::Test {
 protected:
  EquipmentApiTest() { equipment.servers.step(); }
  Answer ask(const std::string& method, const std::string& path, const std::string& user, const std::string& body = {},
             const std::string& type = "application/json") {
    auto& cookie = cookies[user];
    if (cookie.empty()) cookie = world.log_in(user);
    std::string headers = cookie;
    if (method != "GET") headers += "X-Duheng-Request: 1\r\n";
    if (!body.empty()) headers += "Content-Type: " + type + "\r\n";
    return client->request(method, path, headers, body);
  }
  std::int64_t make(const std::string& name, std::int64_t parent = 0) {
    const Json wish{{"kind", "switch"},
                    {"name", name},
                    {"address", "192.0.2.1"},
                    {"organisation_id", world.east.value},
                    {"gateway_id", world.gateway_east.value},
                    {"parent_id", parent}};
    const Answer made = ask("POST", "/api/v1/equipment", "operator", wish.dump());
    EXPECT_EQ(made.status, 201) << made.body;
    return made.status == 201 ? Json::parse(made.body)["id"].get<std::int64_t>() : 0;
  }
  ApiWorld world;
  EquipmentWorld equipment{world, world.no_conditions, std::make_unique<servers::MachineReader>(2'000)};
  std::unique_ptr<Client> client = world.connect();
  std::map<std::string, std::string> cookies;
};

TEST_F(EquipmentApiTest, AnOperatorKeepsTheLedgerAndOthersSeeTheirOwn) {
  const auto core = make("core");
  const auto floor = make("floor", core);
  const Json list = Json::parse(ask("GET", "/api/v1/equipment?search=floor&kind=switch", "viewer").body);
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(list["equipment"][0]["parent"]["name"], "core");
  EXPECT_EQ(Json::parse(ask("GET", "/api/v1/equipment", "west").body)["total"], 0);
  const std::string path = "/api/v1/equipment/" + std::to_string(floor);
  EXPECT_EQ(ask("GET", path, "west").status, 404);
  EXPECT_EQ(ask("PUT", path, "viewer", "{}").status, 403);
  EXPECT_EQ(ask("PUT", path, "operator", R"({"kind":"toaster","name":"x"})").status, 400);
  const Json moved{{"kind", "access_point"}, {"name", "roof"}, {"organisation_id", world.east.value}};
  EXPECT_EQ(ask("PUT", path, "operator", moved.dump()).status, 204);
  const Json attached{{"attachments", {{{"port", "3"}, {"kind", "device"}, {"device_id", world.east_1.value}}}}};
  EXPECT_EQ(ask("PUT", path + "/attachments", "operator", attached.dump()).status, 204);
  const Json detail = Json::parse(ask("GET", path, "viewer").body);
  EXPECT_EQ(detail["kind"], "access_point");
  EXPECT_EQ(detail["uplinks"].size(), 2U);
  EXPECT_EQ(detail["attachments"][0]["device_id"], world.east_1.value);
  EXPECT_EQ(Json::parse(ask("GET", "/api/v1/equipment/topology", "viewer").body)["nodes"].size(), 2U);
  EXPECT_EQ(ask("DELETE", path, "operator").status, 204);
  EXPECT_EQ(ask("GET", path, "viewer").status, 404);
}

TEST_F(EquipmentApiTest, SupervisionIsBegunAndEnded) {
  const auto core = make("core");
  const std::string path = "/api/v1/equipment/" + std::to_string(core) + "/supervision";
  EXPECT_EQ(ask("PUT", path, "operator", R"({"ping":false})").status, 400);
  EXPECT_EQ(ask("PUT", path, "operator", R"({"ping":true})").status, 204);
  EXPECT_EQ(ask("PUT", path, "operator", R"({"ping":true})").status, 409);
  EXPECT_EQ(equipment.ledger.checks(Scope::everything(), EquipmentId{core}).value().size(), 1U);
  EXPECT_EQ(ask("DELETE", path, "operator").status, 204);
}

TEST_F(EquipmentApiTest, PortsAreToldAndSupervisedByChoice) {
  const auto core = make("core");
  const std::string one = "/api/v1/equipment/" + std::to_string(core);
  EXPECT_EQ(Json::parse(ask("GET", one, "viewer").body)["ports"].size(), 0U);
  EXPECT_EQ(ask("PUT", one + "/ports/7", "viewer", R"({"supervision":"always"})").status, 403);
  EXPECT_EQ(ask("PUT", one + "/ports/7", "west", R"({"supervision":"always"})").status / 100, 4);
  EXPECT_EQ(ask("PUT", one + "/ports/7", "operator", R"({"supervision":"often"})").status, 400);
  EXPECT_EQ(ask("PUT", one + "/ports/0", "operator", R"({"supervision":"always"})").status, 404);
  EXPECT_EQ(ask("PUT", one + "/ports/10000", "operator", R"({"supervision":"always"})").status, 400);
  EXPECT_EQ(ask("PUT", one + "/ports/7", "operator", R"({"supervision":"always"})").status, 204);
  const auto picture = equipment.ledger.picture().value();
  ASSERT_EQ(picture.ports.size(), 1U);
  EXPECT_EQ(picture.ports[0].number, 7U);
  EXPECT_EQ(picture.ports[0].supervision, PortSupervision::always);
}

TEST_F(EquipmentApiTest, AFileIsCheckedThenImported) {
  const std::string file = ask("GET", "/api/v1/equipment/import-template", "operator").body;
  const Answer refused = ask("POST", "/api/v1/equipment/import?commit=false", "operator", file, "text/csv");
  EXPECT_EQ(Json::parse(refused.body)["faults"].size(), 2U) << refused.body;  // who sees everything names whose it is
  const Answer made = ask("POST", "/api/v1/equipment/import?commit=true", "operator",
                          "kind,name,organisation\nrouter,edge,east\n", "text/csv");
  EXPECT_EQ(Json::parse(made.body)["made"], 1) << made.body;
}

TEST_F(EquipmentApiTest, TheServersHealthIsForWhoSeesTheWholePlatform) {
  EXPECT_EQ(ask("GET", "/api/v1/status/server", "east").status, 403);
  const Json health = Json::parse(ask("GET", "/api/v1/status/server", "operator").body);
  EXPECT_EQ(health["sources"].size(), 6U);
}

}  // namespace
}  // namespace duheng::platform::web::testing
