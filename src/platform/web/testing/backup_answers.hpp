#pragma once
// For tests/api/check-answers.mjs: an answer of each operation about backups.
#include <string>

#include "platform/web/testing/api_world.hpp"
#include "platform/web/testing/backup_world.hpp"

namespace duheng::platform::web::testing {

template <class Note>
class BackupAnswers {
 public:
  BackupAnswers(ApiWorld& world, Client& client, std::string cookie, const Note& note)
      : client_(client), cookie_(std::move(cookie)), note_(note) {
    world.services.backups = &backups_.service();
  }

  void take() {
    const std::string base = "/api/v1/backups";
    note_("get", base, get(base));
    note_("put", base + "/recovery-passphrase",
          send("PUT", base + "/recovery-passphrase", R"({"passphrase":"a passphrase in a safe"})"));
    note_("put", base + "/recovery-passphrase", send("PUT", base + "/recovery-passphrase", R"({"passphrase":"x"})"));
    note_("put", base + "/schedule",
          send("PUT", base + "/schedule", R"({"is_enabled":false,"daily_at":"02:30","time_zone":"Asia/Shanghai"})"));
    note_("put", base + "/schedule", send("PUT", base + "/schedule", "{}"));
    for (const std::string& path : {base + "/sets", base + "/drills"}) {
      note_("post", path, send("POST", path, {}));
      note_("post", path, send("POST", path, {}));
    }
    note_("post", base + "/cancel", send("POST", base + "/cancel", {}));
    note_("post", base + "/cancel", send("POST", base + "/cancel", {}));
    for (const std::string& path : {base + "/sets", base + "/drills"}) (void)send("POST", path, {});
    backups_.work();
    note_("get", base, get(base));
    note_("get", base + "/sets", get(base + "/sets?page=1&page_size=5"));
    note_("get", base + "/drills", get(base + "/drills"));
    note_("get", base + "/sets", get(base + "/sets?page=0"));
  }

 private:
  Answer get(const std::string& target) { return client_.request("GET", target, cookie_); }
  Answer send(const std::string& method, const std::string& target, const std::string& body) {
    const std::string type = body.empty() ? "" : "Content-Type: application/json\r\n";
    return client_.request(method, target, cookie_ + "X-Duheng-Request: 1\r\n" + type, body);
  }

  BackupWorld backups_;
  Client& client_;
  const std::string cookie_;
  const Note& note_;
};

}  // namespace duheng::platform::web::testing
