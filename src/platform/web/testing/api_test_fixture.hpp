#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/testing/api_world.hpp"

namespace duheng::platform::web {

using Json = nlohmann::json;
using testing::Answer;
using testing::ApiWorld;
using testing::Client;

inline constexpr std::string_view json_body = "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n";

/// The web API as a browser meets it: over HTTPS, every route, every error, every scope.
class ApiTest : public ::testing::Test {
 protected:
  struct Got {
    int status = 0;
    Json body;
    Answer answer;
  };
  Got get(const std::string& user, const std::string& target, const std::string& headers = {}) {
    auto& cookie = cookies_[user];
    if (cookie.empty() && !user.empty()) cookie = world_.log_in(user);
    Got out;
    out.answer = client_->request("GET", target, cookie + headers);
    out.status = out.answer.status;
    out.body = Json::parse(out.answer.body, nullptr, false);
    EXPECT_EQ(out.answer.header("content-type"), "application/json") << target;
    EXPECT_EQ(out.answer.header("cache-control"), "no-store") << target;
    return out;
  }
  static std::vector<std::string> column(const Json& rows, const std::string& key) {
    std::vector<std::string> out;
    for (const Json& row : rows) out.push_back(row[key].get<std::string>());
    return out;
  }
  std::string curve_of(SeriesId id, const std::string& more = {}) const {
    return "/api/v1/series/" + std::to_string(id.value) + "/curve?from=" + format_utc(world_.now - 3'600'000) +
           "&to=" + format_utc(world_.now) + more;
  }
  static std::string path(const std::string& kind, std::int64_t id) {
    return "/api/v1/" + kind + "/" + std::to_string(id);
  }

  template <class Note>
  void note_orders(const Note& note);

  ApiWorld world_;
  std::unique_ptr<Client> client_ = world_.connect();
  std::map<std::string, std::string> cookies_;
};

}  // namespace duheng::platform::web
