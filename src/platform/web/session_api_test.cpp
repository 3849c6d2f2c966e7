// Logging in and out, passwords, and who may call what.
#include "platform/web/testing/api_test_fixture.hpp"
#include "platform/web/testing/backup_world.hpp"
#include "platform/web/testing/equipment_world.hpp"

namespace duheng::platform::web {
namespace {

TEST_F(ApiTest, LogsInAndOut) {
  const auto answer =
      client_->request("POST", "/api/v1/session", json_body, R"({"name":"east","password":"correct horse battery"})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string cookie = answer.header("set-cookie");
  EXPECT_EQ(cookie.substr(0, 16), "__Host-duheng=" + cookie.substr(14, 2));
  for (const char* attribute : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << attribute;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  const Json session = Json::parse(answer.body);
  EXPECT_EQ(session["user"], "east");
  EXPECT_EQ(session["role"], "viewer");
  EXPECT_EQ(session["organisation"], "东区");
  EXPECT_GT(*parse_iso8601(session["expires"].get<std::string>()), world_.now);

  const std::string line = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(client_->request("GET", "/api/v1/session", line).status, 200);
  EXPECT_EQ(
      Json::parse(client_->request("GET", "/api/v1/session", line + "Accept-Language: en-GB\r\n").body)["organisation"],
      "East");
  EXPECT_EQ(client_->request("DELETE", "/api/v1/session", line).status, 403);  // without the header
  const auto out = client_->request("DELETE", "/api/v1/session", line + "X-Duheng-Request: 1\r\n");
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.header("content-length"), "");
  EXPECT_NE(out.header("set-cookie").find("Max-Age=0"), std::string::npos);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", line).status, 401);
}

TEST_F(ApiTest, RefusesBadLoginsAlikeAndThenSlowsThemDown) {
  const auto attempt = [&](const std::string& name, const std::string& given) {
    return client_->request("POST", "/api/v1/session", json_body,
                            R"({"name":")" + name + R"(","password":")" + given + "\"}");
  };
  const auto wrong = attempt("east", "wrong password!");
  const auto unknown = attempt("nobody", "wrong password!");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(Json::parse(wrong.body)["message"], Json::parse(unknown.body)["message"]);
  EXPECT_EQ(wrong.header("set-cookie"), "");
  Answer last;
  for (int i = 0; i < 6 && last.status != 429; ++i) last = attempt("east", "wrong password!");
  ASSERT_EQ(last.status, 429) << last.body;
  EXPECT_GE(Json::parse(last.body)["retry_after_s"].get<int>(), 1);
  EXPECT_EQ(last.header("retry-after"), std::to_string(Json::parse(last.body)["retry_after_s"].get<int>()));
  // Also with the right password, for as long as the wait is.
  EXPECT_EQ(attempt("east", "correct horse battery").status, 429);
  EXPECT_EQ(attempt("west", "correct horse battery").status, 200);
}

TEST_F(ApiTest, RefusesLoginsThatAreNotOne) {
  for (const char* body : {"", "{", "[]", "null", "{}", R"({"name":"a"})", R"({"name":"a","password":1})",
                           R"({"name":"a","password":"b","x":1})", "{\"name\":\"\xFF\",\"password\":\"b\"}"}) {
    EXPECT_EQ(client_->request("POST", "/api/v1/session", json_body, body).status, 400) << body;
  }
  EXPECT_EQ(client_
                ->request("POST", "/api/v1/session", json_body,
                          R"({"name":")" + std::string(101, 'a') + R"(","password":"b"})")
                .status,
            400);
  EXPECT_EQ(client_->request("POST", "/api/v1/session", "X-Duheng-Request: 1\r\n", "{}").status, 415);
  EXPECT_EQ(client_->request("POST", "/api/v1/session", json_body, std::string(20'000, '[')).status, 400);
  EXPECT_EQ(client_->request("GET", "/api/v1/session").status, 401);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", "Cookie: __Host-duheng=" + std::string(64, 'A') + "\r\n").status,
            401);
}

TEST_F(ApiTest, EveryRouteNeedsASessionUnlessItIsOpen) {
  testing::BackupWorld backups;
  world_.services.backups = &backups.service();
  const testing::EquipmentWorld equipment(world_, world_.no_conditions,
                                          std::make_unique<servers::FolderReader>(world_.folder.file("machine")));
  Router router = make_router(world_.services);
  world_.live->add_routes(router);
  std::size_t walked = 0;
  const std::string fresh = world_.log_in("fresh");
  std::map<std::string, std::string> cookies;
  for (const char* user : {"viewer", "west", "admin"}) cookies[user] = world_.log_in(user);
  for (const Router::Route& route : router.routes()) {
    std::string target = route.pattern;
    for (std::size_t at = 0; (at = target.find('{')) != std::string::npos;)
      target.replace(at, target.find('}') - at + 1, "1");
    const bool open = !route.permission.needs_session();
    EXPECT_EQ(open, route.operation == "logIn") << "only logging in is open, not " << route.operation;
    if (open || route.websocket) continue;
    const auto answer = client_->request(to_string(route.method), target, "X-Duheng-Request: 1\r\n");
    EXPECT_EQ(answer.status, 401) << route.operation;
    // What each sees of it is another matter (below).
    for (const auto& [user, role] :
         {std::pair{"viewer", Role::viewer}, {"west", Role::operator_}, {"admin", Role::admin}}) {
      if (route.method != Method::get) continue;
      Caller caller;
      caller.role = role;
      if (role == Role::operator_) caller.organisation = world_.west;
      const int status = client_->request("GET", target, cookies.at(user)).status;
      if (!route.permission.admits(caller)) {
        EXPECT_EQ(status, 403) << route.operation << " as " << user;
        continue;
      }
      EXPECT_TRUE(status == 200 || status == 400 || status == 404)
          << route.operation << " as " << user << ": " << status;
    }
    // Who must change the password gets nowhere but to the session itself.
    const bool own_session = route.operation == "getSession" || route.operation == "changePassword";
    if (route.operation != "logOut") {
      const auto due = client_->request(to_string(route.method), target,
                                        fresh + "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n");
      const bool is_barred = due.status == 403 && Json::parse(due.body)["code"] == "password_change_required";
      EXPECT_EQ(is_barred, !own_session) << route.operation << ": " << due.status << due.body;
    }
    ++walked;
  }
  EXPECT_EQ(walked, router.routes().size() - 2) << "all but logging in and the live socket";
  EXPECT_EQ(client_->upgrade("/api/v1/live", world_.origin()).status, 401);
  world_.services.backups = nullptr;
}

TEST_F(ApiTest, ANewPasswordIsAskedForAndEndsEveryOtherSession) {
  const std::string elsewhere = world_.log_in("fresh");
  const std::string here = world_.log_in("fresh");
  const auto change = [&](const std::string& cookie, const std::string& old_password, const std::string& new_password) {
    return client_->request("PUT", "/api/v1/session/password", cookie + std::string{json_body},
                            Json{{"old_password", old_password}, {"new_password", new_password}}.dump());
  };
  const auto session = Json::parse(client_->request("GET", "/api/v1/session", here).body);
  EXPECT_TRUE(session["must_change_password"].get<bool>());
  const auto barred = client_->request("GET", "/api/v1/devices", here);
  EXPECT_EQ(barred.status, 403);
  EXPECT_EQ(Json::parse(barred.body)["code"], "password_change_required");

  const std::string first{ApiWorld::password};
  const auto wrong = change(here, "not the old password", "another good password");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(Json::parse(wrong.body)["code"], "wrong_password");
  EXPECT_EQ(wrong.header("set-cookie"), "");
  for (const std::string& unsuitable : {first, std::string{"too short"}, std::string{"my name is Fresh, yes"}}) {
    const auto answer = change(here, first, unsuitable);
    EXPECT_EQ(answer.status, 400) << unsuitable;
    EXPECT_EQ(Json::parse(answer.body)["code"], "password_unsuitable") << unsuitable;
  }
  for (const char* malformed : {"", "[]", R"({"old_password":"a"})", R"({"old_password":"a","new_password":1})",
                                R"({"old_password":"a","new_password":"b","user":"admin"})"}) {
    EXPECT_EQ(client_->request("PUT", "/api/v1/session/password", here + std::string{json_body}, malformed).status, 400)
        << malformed;
  }
  EXPECT_EQ(client_->request("GET", "/api/v1/devices", here).status, 403) << "nothing of that was a change";

  const auto done = change(here, first, "another good password");
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_FALSE(Json::parse(done.body)["must_change_password"].get<bool>());
  const std::string cookie = done.header("set-cookie");
  EXPECT_NE(cookie.find("; HttpOnly"), std::string::npos);
  const std::string anew = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(client_->request("GET", "/api/v1/devices", anew).status, 200);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", elsewhere).status, 401);
  EXPECT_EQ(client_->request("GET", "/api/v1/session", here).status, 401);
  EXPECT_EQ(change(elsewhere, "another good password", "yet another password").status, 401);
  const auto log_in = [&](const std::string& password) {
    return client_->request("POST", "/api/v1/session", json_body,
                            Json{{"name", "fresh"}, {"password", password}}.dump());
  };
  EXPECT_EQ(log_in(first).status, 401);
  EXPECT_EQ(log_in("another good password").status, 200);
}

TEST_F(ApiTest, GuessingTheOldPasswordIsSlowedDown) {
  const std::string cookie = world_.log_in("west");
  Answer last;
  for (int i = 0; i < 8 && last.status != 429; ++i) {
    last = client_->request("PUT", "/api/v1/session/password", cookie + std::string{json_body},
                            R"({"old_password":"a guess at it","new_password":"another good password"})");
  }
  ASSERT_EQ(last.status, 429) << last.body;
  EXPECT_GE(Json::parse(last.body)["retry_after_s"].get<int>(), 1);
}

TEST_F(ApiTest, EndedSessionsAreOver) {
  EXPECT_EQ(get("east", "/api/v1/devices").status, 200);
  const auto users = world_.people.list(Scope::everything());
  const auto user = std::ranges::find(*users, "east", &User::name);
  ASSERT_TRUE(world_.people.set_active(Scope::everything(), user->id, false));
  EXPECT_EQ(get("east", "/api/v1/devices").status, 401);
}

// One line of JSON for each kind of answer: operation, status and body, for tests/api/check-answers.mjs to hold against
// api/openapi.yaml.

}  // namespace
}  // namespace duheng::platform::web
