// Backups as an administrator's browser meets them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "platform/web/testing/api_world.hpp"
#include "platform/web/testing/backup_world.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;

class BackupApiTest : public ::testing::Test {
 protected:
  BackupApiTest() { world_.services.backups = &backups_.service(); }
  Answer ask(const std::string& method, const std::string& target, const std::string& user,
             const std::string& body = {}) {
    auto& cookie = cookies_[user];
    if (cookie.empty()) cookie = world_.log_in(user);
    std::string headers = cookie;
    if (method != "GET") headers += "X-Duheng-Request: 1\r\n";
    if (!body.empty()) headers += "Content-Type: application/json\r\n";
    return client_->request(method, target, headers, body);
  }
  Json get(const std::string& target) { return Json::parse(ask("GET", target, "admin").body); }
  testing::BackupWorld backups_;
  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

TEST_F(BackupApiTest, AnAdministratorStartsABackupAndADrillAndReadsWhatCameOfThem) {
  Json about = get("/api/v1/backups");
  EXPECT_EQ(about["places"][0]["name"], backups_.place());
  EXPECT_EQ(about["places"][0]["last_backup"], nullptr);
  EXPECT_EQ(about["recovery_key"], "missing");
  EXPECT_EQ(about["activity"], nullptr);
  EXPECT_EQ(ask("POST", "/api/v1/backups/sets", "admin").status, 202);
  EXPECT_EQ(ask("POST", "/api/v1/backups/sets", "admin").status, 409);
  EXPECT_EQ(ask("POST", "/api/v1/backups/drills", "admin").status, 202);
  backups_.work();
  const Json sets = get("/api/v1/backups/sets?page_size=5");
  ASSERT_EQ(sets["total"], 1) << sets;
  EXPECT_EQ(sets["runs"][0]["state"], "done") << sets;
  EXPECT_EQ(sets["runs"][0]["set"], 1);
  EXPECT_EQ(sets["runs"][0]["asked_by"], "admin");
  EXPECT_EQ(sets["runs"][0]["journal_next"], 2);
  const Json drills = get("/api/v1/backups/drills");
  ASSERT_EQ(drills["total"], 1);
  EXPECT_EQ(drills["runs"][0]["report"]["sound"], true) << drills;
  about = get("/api/v1/backups");
  EXPECT_EQ(about["places"][0]["last_backup"]["set"], 1);
  EXPECT_EQ(about["journal_backed_up_before"], 2);
  EXPECT_EQ(ask("POST", "/api/v1/backups/cancel", "admin").status, 404) << "nothing is under way";
  EXPECT_EQ(ask("POST", "/api/v1/backups/sets", "admin").status, 202);
  EXPECT_EQ(ask("POST", "/api/v1/backups/cancel", "admin").status, 202) << "what has not begun is not begun";
  backups_.work();
  EXPECT_EQ(get("/api/v1/backups/sets")["total"], 1);
}

TEST_F(BackupApiTest, ThePlanIsChangedWithinItsLimits) {
  const std::string wanted =
      R"({"is_enabled":false,"daily_at":"23:05","time_zone":"Asia/Urumqi","daily_keep_days":40,"monthly_keep_months":90,"drill_every_days":14})";
  const Answer changed = ask("PUT", "/api/v1/backups/schedule", "admin", wanted);
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(Json::parse(changed.body), Json::parse(wanted));
  EXPECT_EQ(get("/api/v1/backups")["schedule"], Json::parse(wanted));
  for (const char* const wrong :
       {R"({"daily_at":"24:00","time_zone":"UTC"})", R"({"daily_at":"2:30","time_zone":"UTC"})",
        R"({"daily_at":"02:30","time_zone":"Mars"})",
        R"({"daily_at":"02:30","time_zone":"UTC","monthly_keep_months":71})",
        R"({"daily_at":"02:30","time_zone":"UTC","surprise":1})", "[", "{}"})
    EXPECT_EQ(ask("PUT", "/api/v1/backups/schedule", "admin", wrong).status, 400) << wrong;
}

TEST_F(BackupApiTest, ThePassphraseIsTakenAndNeverShown) {
  EXPECT_EQ(ask("PUT", "/api/v1/backups/recovery-passphrase", "admin", R"({"passphrase":"short"})").status, 400);
  const Answer set =
      ask("PUT", "/api/v1/backups/recovery-passphrase", "admin", R"({"passphrase":"a passphrase in a safe"})");
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(set.body.find("safe"), std::string::npos);
  EXPECT_EQ(get("/api/v1/backups")["recovery_key"], "current");
}

TEST_F(BackupApiTest, IsForAdministratorsOfTheWholePlatformOnly) {
  for (const char* const user : {"operator", "viewer", "east"}) {
    EXPECT_EQ(ask("GET", "/api/v1/backups", user).status, 403) << user;
    EXPECT_EQ(ask("GET", "/api/v1/backups/sets", user).status, 403) << user;
    EXPECT_EQ(ask("GET", "/api/v1/backups/drills", user).status, 403) << user;
    for (const char* const target : {"/api/v1/backups/sets", "/api/v1/backups/drills", "/api/v1/backups/cancel"})
      EXPECT_EQ(ask("POST", target, user).status, 403) << user << target;
    EXPECT_EQ(ask("PUT", "/api/v1/backups/schedule", user, "{}").status, 403) << user;
    EXPECT_EQ(ask("PUT", "/api/v1/backups/recovery-passphrase", user, "{}").status, 403) << user;
  }
  // An administrator of one organisation is none of the platform.
  const Caller caller{.user = UserId{1}, .name = "east-admin", .role = Role::admin, .organisation = world_.east};
  EXPECT_FALSE(Permission::whole_platform_at_least(Role::admin).admits(caller));
}

}  // namespace
}  // namespace duheng::platform::web
