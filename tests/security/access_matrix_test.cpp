// Who may use which route, asked of every route as everybody: without a session, in each role, for one's own
// organisation's things and for another's. access_matrix.yaml says what is right; the contract says which routes there
// are. Every refusal must stand in the log. The matrix as it was found is written to the build folder.
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <sstream>
#include <yaml-cpp/yaml.h>

#include "base/log.hpp"
#include "platform/web/testing/api_test_fixture.hpp"

namespace duheng::platform::web {
namespace {

struct Row {
  std::string operation, method, pattern, least, elsewhere, query, body, type, item;
  bool socket = false;
  bool behind = false;
};

/// The contract's operations with their path and method.
std::map<std::string, std::pair<std::string, std::string>> contract() {
  std::map<std::string, std::pair<std::string, std::string>> out;
  const YAML::Node file = YAML::LoadFile(std::string{DUHENG_SOURCE_DIR} + "/api/openapi.yaml");
  for (const auto& path : file["paths"])
    for (const auto& entry : path.second)
      if (entry.second.IsMap() && entry.second["operationId"])
        out[entry.second["operationId"].as<std::string>()] = {entry.first.as<std::string>(),
                                                              path.first.as<std::string>()};
  return out;
}

std::vector<Row> matrix() {
  std::vector<Row> rows;
  const auto operations = contract();
  const YAML::Node file = YAML::LoadFile(std::string{DUHENG_SOURCE_DIR} + "/tests/security/access_matrix.yaml");
  for (const auto& line : file) {
    Row row;
    row.operation = line.first.as<std::string>();
    const YAML::Node& said = line.second;
    const auto text = [&](const char* key, const char* fallback) {
      return said[key] ? said[key].as<std::string>() : std::string{fallback};
    };
    const auto known = operations.find(row.operation);
    if (known != operations.end()) std::tie(row.method, row.pattern) = known->second;
    std::ranges::transform(row.method, row.method.begin(), [](unsigned char c) { return std::toupper(c); });
    row.least = text("least", "");
    row.elsewhere = text("elsewhere", "");
    row.query = text("query", "");
    row.body = text("body", "");
    row.type = text("type", "application/json");
    row.item = text("path", "");
    row.behind = said["behind"] && said["behind"].as<bool>();
    row.socket = said["socket"] && said["socket"].as<bool>();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// The program's log goes to a file before anything is made that might log.
class LogFile {
 public:
  LogFile() {
    log::Options options;
    options.program = "access-matrix";
    options.file = folder_.file("log.jsonl");
    log::configure(options);
  }
  [[nodiscard]] std::vector<Json> lines() const {
    std::ifstream in(folder_.file("log.jsonl"));
    std::vector<Json> out;
    for (std::string line; std::getline(in, line);) out.push_back(Json::parse(line, nullptr, false));
    return out;
  }

 private:
  records::TemporaryFolder folder_;
};

class BeforeTheWorld {
 protected:
  LogFile log_;
};

class AccessMatrix : public BeforeTheWorld, public ApiTest {
 protected:
  using Things = std::map<std::string, std::string>;  // what stands for {name}

  struct Refusal {
    std::string request_id, operation, user;
    int status = 0;
  };

  AccessMatrix() {
    for (const auto& [name, role] :
         {std::pair{"east-viewer", Role::viewer}, {"east-operator", Role::operator_}, {"east-admin", Role::admin}})
      make_user(name, role, world_.east);
    make_user("west-admin", Role::admin, world_.west);
    for (const char* name : {"east-viewer", "east-operator", "east-admin", "west-admin", "viewer", "operator", "admin"})
      cookies_[name] = world_.log_in(name);
    world_.connect_control(world_.gateway_west);
    world_.connect_control(world_.gateway_east);
    own_ = things("east-admin", world_.east, world_.gateway_east, world_.east_1, world_.east_energy, world_.east_frame);
    other_ =
        things("west-admin", world_.west, world_.gateway_west, world_.west_1, world_.west_energy, world_.west_frame);
  }
  void make_user(const std::string& name, Role role, OrganisationId organisation) {
    NewUser made;
    made.name = made.display_name = name;
    made.role = role;
    made.organisation = organisation;
    made.password = ApiWorld::password;
    made.must_change_password = false;
    if (!world_.people.create(Scope::everything(), made)) throw std::runtime_error("no user " + name);
  }
  std::string made(const std::string& user, const std::string& target, const std::string& body,
                   const std::string& type = "application/json") {
    const Answer answer = client_->request(
        "POST", target, cookies_[user] + "X-Duheng-Request: 1\r\nContent-Type: " + type + "\r\n", body);
    const Json told = Json::parse(answer.body, nullptr, false);
    if (answer.status / 100 != 2 || !told.contains("id")) throw std::runtime_error(target + ": " + answer.body);
    return std::to_string(told["id"].get<std::int64_t>());
  }
  /// One thing of each kind that belongs to an organisation.
  Things things(const std::string& user, OrganisationId organisation, GatewayId gateway, DeviceId device,
                SeriesId series, FrameReference frame) {
    Things out;
    const auto number = [](auto id) { return std::to_string(id.value); };
    out["organisation"] = number(organisation);
    out["gateway"] = out["gateway_id"] = number(gateway);
    out["device"] = out["device_id"] = number(device);
    out["series_id"] = number(series);
    out["frame"] = number(frame);
    out["time"] = format_utc(world_.now - 60'000);
    out["earlier"] = format_utc(world_.now - 3'600'000);
    out["date"] = *civil_date(world_.now, "Asia/Shanghai");
    const Json point{{"name", "Point of " + user},
                     {"organisation_id", organisation.value},
                     {"at", out["earlier"]},
                     {"installation",
                      {{"device_id", device.value},
                       {"registers", {{{"name", "energy_active_import_total"}, {"digits", 8}, {"start", "1.00"}}}}}}};
    out["point_id"] = made(user, "/api/v1/points", point.dump());
    const std::int32_t today = world_.aggregates.today;
    TariffDetails tariff;
    tariff.code = "tariff-" + out["point_id"];
    tariff.name_zh = tariff.name_en = "A tariff";
    tariff.first_day = today - 9;
    const Author author{UserId{}, "made", Role::admin, Scope::everything(), ""};
    const TariffId tariff_id = world_.tariffs.create(author, tariff).value();
    out["tariff_id"] = number(tariff_id);
    const PointId point_id{std::stoll(out["point_id"])};
    world_.point_tariffs.assign(author, point_id, {tariff_id, today, {}}).value();
    out["entry_id"] = std::to_string(world_.point_tariffs.history(author.scope, point_id)->front().id);
    const Json job{{"kind", "read"}, {"device_ids", {device.value}}, {"registers", {"voltage_a"}}};
    out["job_id"] = made(user, "/api/v1/jobs", job.dump());
    const Json orders =
        Json::parse(client_->request("GET", "/api/v1/jobs/" + out["job_id"] + "/orders", cookies_[user]).body);
    out["order_id"] = std::to_string(orders["orders"][0]["id"].get<std::int64_t>());
    const Json exported{{"format", "csv"},
                        {"from", "2020-01-01T00:00:00Z"},
                        {"to", "2100-01-01T00:00:00Z"},
                        {"device_ids", {device.value}}};
    out["export_id"] = made(user, "/api/v1/exports", exported.dump());
    out["device_import"] = made(user, "/api/v1/device-imports?name=m.csv",
                                "address,model,gateway,channel\n701,dlt645-2007-single-phase,x,bus\n", "text/csv");
    out["point_import"] =
        made(user, "/api/v1/point-imports?name=p.csv", "organisation,name,tariff\nnobody,P,x\n", "text/csv");
    out["history_import"] = made(user, "/api/v1/history-imports?name=a.csv",
                                 "device_uid,register,time,value\r\nnobody,x,,\r\n", "text/csv");
    return out;
  }

  Answer ask(const Row& row, const std::string& user, const Things& about) {
    std::string target = row.pattern;
    if (!row.item.empty()) target = replaced(target, "{import_id}", about.at(row.item));
    std::string query = row.query;
    std::string body = row.body;
    for (const auto& [name, value] : about)
      for (std::string* text : {&target, &query, &body}) *text = replaced(*text, "{" + name + "}", value);
    // What the small world has not.
    for (const char* name :
         {"{equipment_id}", "{sensor_id}", "{finding_id}", "{change_id}", "{alarm_id}", "{port}", "{sum_id}"})
      target = replaced(target, name, "1");
    // Who logs out does so in a session of its own.
    const std::string cookie = user.empty()                ? std::string{}
                               : row.operation == "logOut" ? world_.log_in(user)
                                                           : cookies_.at(user);
    const auto client = world_.connect();
    Answer answer;
    if (row.socket) {
      answer = client->upgrade(target + query, world_.origin(), cookie);
    } else {
      std::string headers = cookie;
      if (row.method != "GET") headers += "X-Duheng-Request: 1\r\n";
      if (!body.empty()) headers += "Content-Type: " + row.type + "\r\n";
      answer = client->request(row.method, target + query, headers, body);
    }
    if (answer.status == 401 || answer.status == 403)
      refusals_.push_back({answer.header("x-request-id"), row.operation, user, answer.status});
    return answer;
  }
  static bool admits(const Row& row, Role role, bool sees_everything) {
    if (row.least == "platform") return sees_everything;
    if (row.least == "platform_admin") return sees_everything && role == Role::admin;
    const Role least = row.least == "admin" ? Role::admin : row.least == "operator" ? Role::operator_ : Role::viewer;
    return role >= least;
  }
  static void expect_refused(const Row& row, const Answer& answer, const std::string& where) {
    const bool is_refused = row.behind ? answer.status >= 400 && answer.status < 500 : answer.status == 403;
    EXPECT_TRUE(is_refused) << where << ": " << answer.status << answer.body;
  }
  static void expect_nothing_of_west(const Answer& answer, const std::string& where) {
    for (const char* mark : {"西表", "西区", "gateway-west", "000000000003", "West", "west-admin"})
      EXPECT_EQ(answer.body.find(mark), std::string::npos) << where << " tells " << mark << ": " << answer.body;
  }
  void expect_elsewhere(const Row& row, const Answer& answer, const std::string& where) {
    expect_nothing_of_west(answer, where);
    if (row.elsewhere == "hidden") {
      EXPECT_EQ(answer.status, 404) << where << answer.body;
    } else if (row.elsewhere == "refused") {
      EXPECT_TRUE(answer.status >= 400 && answer.status < 500) << where << ": " << answer.status << answer.body;
    } else {
      EXPECT_EQ(answer.status / 100, 2) << where << answer.body;
    }
  }
  void expect_refusals_in_the_log();

  Things own_, other_;
  std::vector<Refusal> refusals_;
};

void AccessMatrix::expect_refusals_in_the_log() {
  std::map<std::string, Json> by_request;
  for (const Json& line : log_.lines())
    if (line.is_object() && line.contains("request_id") && line.contains("status"))
      by_request[line["request_id"].get<std::string>()] = line;
  for (const Refusal& refusal : refusals_) {
    const std::string where = refusal.operation + " as " + (refusal.user.empty() ? "nobody" : refusal.user);
    ASSERT_FALSE(refusal.request_id.empty()) << where;
    const auto line = by_request.find(refusal.request_id);
    ASSERT_NE(line, by_request.end()) << where << ": the refusal is not in the log";
    EXPECT_EQ(line->second["operation"], refusal.operation);
    EXPECT_EQ(line->second["status"], refusal.status) << where;
    EXPECT_EQ(line->second["user"], refusal.user) << where;
    EXPECT_FALSE(line->second["remote"].get<std::string>().empty()) << where;
  }
}

TEST_F(AccessMatrix, EveryRouteHasItsLineAndEveryLineItsRoute) {
  Router router = make_router(world_.services);
  world_.live->add_routes(router);
  world_.traces->add_routes(router);
  std::set<std::string> routed, told;
  for (const Router::Route& route : router.routes()) routed.insert(route.operation);
  for (const Row& row : matrix()) {
    EXPECT_TRUE(told.insert(row.operation).second) << row.operation << " has two lines";
    EXPECT_TRUE((
        std::set<std::string>{"open", "viewer", "operator", "admin", "platform", "platform_admin"}.contains(row.least)))
        << row.operation;
    EXPECT_TRUE((std::set<std::string>{"hidden", "refused", "cut", "none", "apart"}.contains(row.elsewhere)))
        << row.operation;
  }
  std::set<std::string> promised;
  for (const auto& [operation, where] : contract()) promised.insert(operation);
  for (const std::string& operation : promised)
    EXPECT_TRUE(told.contains(operation)) << operation << " has no line in access_matrix.yaml: who may use it?";
  for (const std::string& operation : told)
    EXPECT_TRUE(promised.contains(operation)) << operation << " is no operation";
  for (const std::string& operation : routed) EXPECT_TRUE(promised.contains(operation)) << operation;
}

TEST_F(AccessMatrix, EverybodyGetsWhatIsTheirsAndEveryRefusalIsLogged) {
  std::ofstream out(DUHENG_MATRIX_FILE);
  out << "| operation | nobody | viewer | operator | admin | viewer elsewhere | operator elsewhere | admin elsewhere | "
         "whole platform |\n|---|---|---|---|---|---|---|---|---|\n";
  constexpr std::array roles{std::pair{"viewer", Role::viewer}, std::pair{"operator", Role::operator_},
                             std::pair{"admin", Role::admin}};
  for (const Row& row : matrix()) {
    if (row.pattern.empty()) continue;  // the other test says so
    const int nobody = ask(row, {}, own_).status;
    if (row.least == "open") {
      EXPECT_TRUE(nobody != 401 && nobody != 403) << row.operation << ": " << nobody;
    } else {
      EXPECT_EQ(nobody, 401) << row.operation;
    }
    std::string own, elsewhere;
    for (const auto& [name, role] : roles) {
      const std::string user = std::string{"east-"} + name;
      const std::string where = row.operation + " as " + user;
      const bool is_apart = row.elsewhere == "apart";  // 503: there is no such part here
      const bool admitted = row.least == "open" || admits(row, role, false);
      const Answer mine = ask(row, user, own_);
      if (admitted) {
        EXPECT_TRUE(mine.status != 401 && mine.status != 403 && (mine.status < 500 || is_apart))
            << where << ": " << mine.status << mine.body;
      } else {
        expect_refused(row, mine, where);
      }
      expect_nothing_of_west(mine, where);
      own += fmt::format(" {} |", mine.status);
      if (row.elsewhere == "none" || is_apart) {
        elsewhere += " - |";
        continue;
      }
      const Answer foreign = ask(row, user, other_);
      if (admitted) {
        expect_elsewhere(row, foreign, where + " elsewhere");
      } else {
        expect_refused(row, foreign, where + " elsewhere");
      }
      elsewhere += fmt::format(" {} |", foreign.status);
    }
    const int whole = row.operation == "logIn" ? nobody : ask(row, "viewer", own_).status;
    const bool whole_admitted = row.least == "open" || admits(row, Role::viewer, true);
    EXPECT_TRUE(whole_admitted ? whole != 403 : whole == 403 || (row.behind && whole >= 400))
        << row.operation << " as viewer of everything: " << whole;
    out << fmt::format("| {} | {} |{}{} {} |\n", row.operation, nobody, own, elsewhere, whole);
  }
  EXPECT_GT(refusals_.size(), matrix().size()) << "each route was refused to somebody";
  expect_refusals_in_the_log();
}

}  // namespace
}  // namespace duheng::platform::web
