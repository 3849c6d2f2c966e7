#include "platform/web/web_service.hpp"

#include <algorithm>
#include <future>
#include <gtest/gtest.h>
#include <set>

namespace duheng::platform::web {
namespace {

/// A service whose routes ask for every kind of permission; tokens are the roles' names.
class WebServiceTest : public ::testing::Test {
 protected:
  void SetUp() override { make({}); }

  void make(const WebService::Options& options) {
    service_.reset();
    metrics_ = std::make_unique<status::Metrics>();
    Router router;
    const auto ok = [](RequestContext& context) -> Result<HttpResponse> {
      HttpResponse response;
      response.content_type = "application/json";
      response.body = context.caller ? context.caller->name : "nobody";
      return response;
    };
    router.add(Method::get, "/api/open", "open", Permission::open(), ok);
    router.add(Method::get, "/api/any", "any", Permission::any_session(), ok);
    router.add(Method::post, "/api/any", "anyPost", Permission::any_session(), ok);
    router.add(Method::post, "/api/large", "large", Permission::any_session(), ok, 100'000);
    router.add(Method::get, "/api/operators", "operators", Permission::at_least(Role::operator_), ok);
    router.add(Method::get, "/api/whole", "whole", Permission::whole_platform(), ok);
    router.add(Method::get, "/api/due", "due", Permission::any_session().even_with_due_password(), ok);
    router.add(Method::get, "/api/admins", "admins", Permission::at_least(Role::admin), ok);
    router.add(Method::get, "/api/items/{id}", "item", Permission::open(),
               [](RequestContext& context) -> Result<HttpResponse> {
                 HttpResponse response;
                 response.body = std::to_string(context.path_integer("id"));
                 DUHENG_CHECK(context.query.finish());
                 return response;
               });
    router.add(Method::get, "/api/throws", "throws", Permission::open(),
               [](RequestContext&) -> Result<HttpResponse> { throw std::runtime_error("secret detail"); });
    router.add(Method::get, "/api/fails", "fails", Permission::open(),
               [](RequestContext&) -> Result<HttpResponse> { return fail(ErrorCode::storage_failed, "secret path"); });
    router.add(Method::get, "/api/blocks", "blocks", Permission::open(),
               [this](RequestContext&) -> Result<HttpResponse> {
                 ++blocked_;
                 gate_.get_future().wait();
                 return HttpResponse{};
               });
    router.add_websocket("/api/live", "live", Permission::any_session(),
                         [](RequestContext&) -> Result<HttpResponse> { return HttpResponse{}; });
    service_ = std::make_unique<WebService>(
        std::move(router), StaticFiles{},
        [](std::string_view token) -> Result<Caller> {
          if (token == "broken") return fail(ErrorCode::unavailable, "the database is away");
          const bool is_due = token.ends_with("-due");
          const bool is_whole = token == "whole";
          const auto role = is_whole ? std::optional{Role::viewer} : role_of(token.substr(0, token.find('-')));
          if (!role) return fail(ErrorCode::unauthenticated, "no such session");
          return Caller{.user = UserId{1},
                        .name = std::string{token},
                        .role = *role,
                        .organisation = OrganisationId{is_whole ? 0 : 1},
                        .must_change_password = is_due};
        },
        *metrics_, clock_, random_, options);
  }

  HttpResponse ask(Method method, const std::string& target, std::vector<HttpHeader> headers = {},
                   std::string body = {}) {
    HttpRequest request;
    request.method = method;
    request.target = target;
    request.headers = std::move(headers);
    request.body = std::move(body);
    std::promise<HttpResponse> answer;
    service_->handle(std::move(request), [&](HttpResponse response) { answer.set_value(std::move(response)); });
    return answer.get_future().get();
  }
  static std::vector<HttpHeader> as(const std::string& role) { return {{"Cookie", "__Host-duheng=" + role}}; }
  static std::string header(const HttpResponse& response, std::string_view name) {
    for (const HttpHeader& h : response.headers) {
      if (h.name == name) return h.value;
    }
    return {};
  }
  double refused(const std::string& reason) {
    const auto values = metrics_->values();
    const auto it = values.find("duheng_http_refused_total{reason=\"" + reason + "\"}");
    return it == values.end() ? 0 : it->second;
  }

  SystemClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<status::Metrics> metrics_;
  std::promise<void> gate_;
  std::atomic<int> blocked_{0};
  std::unique_ptr<WebService> service_;
};

TEST_F(WebServiceTest, ARouteTakesNoMoreThanItSays) {
  const std::vector<HttpHeader> headers{
      {"Cookie", "__Host-duheng=viewer"}, {"X-Duheng-Request", "1"}, {"Content-Type", "application/json"}};
  EXPECT_EQ(ask(Method::post, "/api/any", headers, std::string(Router::usual_body_bytes_max, 'x')).status, 200);
  EXPECT_EQ(ask(Method::post, "/api/any", headers, std::string(Router::usual_body_bytes_max + 1, 'x')).status, 413);
  EXPECT_EQ(ask(Method::post, "/api/large", headers, std::string(100'000, 'x')).status, 200);
  EXPECT_EQ(ask(Method::post, "/api/large", headers, std::string(100'001, 'x')).status, 413);
}

TEST_F(WebServiceTest, EveryRouteAdmitsExactlyTheRolesItNames) {
  const std::vector<std::pair<std::string, std::optional<Role>>> callers{
      {"", std::nullopt},     {"nonsense", std::nullopt}, {"viewer", Role::viewer}, {"operator", Role::operator_},
      {"admin", Role::admin}, {"whole", Role::viewer}};
  const std::vector<std::pair<std::string, std::vector<int>>> expected{
      {"/api/open", {200, 200, 200, 200, 200, 200}},
      {"/api/any", {401, 401, 200, 200, 200, 200}},
      {"/api/operators", {401, 401, 403, 200, 200, 403}},
      {"/api/admins", {401, 401, 403, 403, 200, 403}},
      {"/api/whole", {401, 401, 403, 403, 403, 200}}};
  for (const auto& [target, statuses] : expected) {
    for (std::size_t i = 0; i < callers.size(); ++i) {
      const auto& token = callers[i].first;
      EXPECT_EQ(ask(Method::get, target, token.empty() ? std::vector<HttpHeader>{} : as(token)).status, statuses[i])
          << target << " as " << token;
    }
  }
  EXPECT_EQ(refused("forbidden"), 8);
  EXPECT_EQ(ask(Method::get, "/api/any", as("broken")).status, 503);
}

TEST_F(WebServiceTest, APasswordThatMustBeChangedBarsEveryRouteThatDoesNotSayOtherwise) {
  for (const char* role : {"viewer-due", "operator-due", "admin-due"}) {
    for (const char* barred : {"/api/any", "/api/operators", "/api/admins", "/api/whole"}) {
      const HttpResponse answer = ask(Method::get, barred, as(role));
      EXPECT_EQ(answer.status, 403) << barred << " as " << role;
      EXPECT_NE(answer.body.find("password_change_required"), std::string::npos) << barred << " as " << role;
    }
    EXPECT_EQ(ask(Method::get, "/api/due", as(role)).status, 200);
    EXPECT_EQ(ask(Method::get, "/api/open", as(role)).status, 200);
  }
  EXPECT_EQ(ask(Method::get, "/api/due").status, 401) << "nobody at all is another matter";
  EXPECT_EQ(refused("password_change_required"), 12);
}

TEST_F(WebServiceTest, RequestIdsDifferAndDoNotCount) {
  std::set<std::string> ids;
  std::set<std::string> beginnings;
  for (int i = 0; i < 200; ++i) {
    const HttpResponse answer = ask(Method::get, "/api/open");
    const auto id = std::ranges::find(answer.headers, "X-Request-Id", &HttpHeader::name);
    ASSERT_NE(id, answer.headers.end());
    ids.insert(id->value);
    beginnings.insert(id->value.substr(0, 4));
  }
  EXPECT_EQ(ids.size(), 200U);
  EXPECT_GT(beginnings.size(), 150U);
}

TEST_F(WebServiceTest, ChangesNeedTheHeaderThatForeignSitesCannotSend) {
  auto headers = as("viewer");
  EXPECT_EQ(ask(Method::post, "/api/any", headers).status, 403);
  headers.push_back({"X-Duheng-Request", "1"});
  EXPECT_EQ(ask(Method::post, "/api/any", headers).status, 200);
  EXPECT_EQ(ask(Method::post, "/api/any", headers, "{}").status, 415);
  headers.push_back({"Content-Type", "application/json; charset=utf-8"});
  EXPECT_EQ(ask(Method::post, "/api/any", headers, "{}").status, 200);
  headers.push_back({"Sec-Fetch-Site", "cross-site"});
  EXPECT_EQ(ask(Method::post, "/api/any", headers, "{}").status, 403);
  EXPECT_EQ(refused("foreign_request"), 2);
}

TEST_F(WebServiceTest, ProblemsNameTheRequestAndKeepOurSecrets) {
  const auto failed = ask(Method::get, "/api/fails");
  EXPECT_EQ(failed.status, 500);
  EXPECT_NE(failed.body.find("\"code\":\"storage_failed\""), std::string::npos) << failed.body;
  EXPECT_EQ(failed.body.find("secret"), std::string::npos);
  const std::string id = header(failed, "X-Request-Id");
  EXPECT_FALSE(id.empty());
  EXPECT_NE(failed.body.find("\"request_id\":\"" + id + "\""), std::string::npos);
  const auto thrown = ask(Method::get, "/api/throws");
  EXPECT_EQ(thrown.status, 500);
  EXPECT_EQ(thrown.body.find("secret"), std::string::npos);
  EXPECT_NE(header(thrown, "X-Request-Id"), id);
}

TEST_F(WebServiceTest, RoutesByPathMethodAndInteger) {
  EXPECT_EQ(ask(Method::get, "/api/items/9223372036854775807").body, "9223372036854775807");
  for (const char* bad : {"/api/items/0", "/api/items/-1", "/api/items/007", "/api/items/x", "/api/items/1x",
                          "/api/items/", "/api/items/9223372036854775808", "/api/items/1/", "/api/nothing", "/api"}) {
    EXPECT_EQ(ask(Method::get, bad).status, 404) << bad;
  }
  EXPECT_EQ(ask(Method::get, "/api/items/1?unknown=1").status, 400);
  const auto method = ask(Method::remove, "/api/any");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(header(method, "Allow"), "GET, POST");
  EXPECT_EQ(ask(Method::get, "/api/%zz").status, 400);
  EXPECT_EQ(ask(Method::post, "/").status, 405);
}

TEST_F(WebServiceTest, EveryAnswerCarriesTheSecurityHeaders) {
  for (const char* target : {"/api/open", "/api/nothing", "/", "/%zz"}) {
    const auto response = ask(Method::get, target);
    EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff") << target;
    EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer") << target;
    EXPECT_NE(header(response, "Strict-Transport-Security"), "") << target;
    EXPECT_NE(header(response, "Content-Security-Policy").find("default-src 'self'"), std::string::npos) << target;
  }
  EXPECT_EQ(header(ask(Method::get, "/api/open"), "Cache-Control"), "no-store");
}

TEST_F(WebServiceTest, WebSocketsNeedHandshakeOriginAndSession) {
  std::vector<HttpHeader> headers{{"Host", "duheng.example"},
                                  {"Upgrade", "websocket"},
                                  {"Connection", "Upgrade"},
                                  {"Sec-WebSocket-Version", "13"},
                                  {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  EXPECT_EQ(ask(Method::get, "/api/live").status, 400);
  EXPECT_EQ(ask(Method::get, "/api/live", headers).status, 403);
  headers.push_back({"Origin", "https://evil.example"});
  EXPECT_EQ(ask(Method::get, "/api/live", headers).status, 403);
  headers.back().value = "https://duheng.example";
  EXPECT_EQ(ask(Method::get, "/api/live", headers).status, 401);
  headers.push_back({"Cookie", "__Host-duheng=viewer"});
  EXPECT_EQ(ask(Method::get, "/api/live", headers).status, 200);
  headers[3].value = "7";
  EXPECT_EQ(ask(Method::get, "/api/live", headers).status, 426);
}

TEST_F(WebServiceTest, ShedsLoadWhenTheQueueIsFull) {
  make({.workers = 1, .queued_requests_max = 2});
  std::vector<std::promise<HttpResponse>> answers(4);
  const auto send = [&](std::size_t i, const std::string& target) {
    HttpRequest request;
    request.method = Method::get;
    request.target = target;
    service_->handle(std::move(request), [&, i](HttpResponse response) { answers[i].set_value(std::move(response)); });
  };
  send(0, "/api/blocks");
  while (blocked_ == 0) std::this_thread::yield();
  send(1, "/api/open");
  send(2, "/api/open");
  send(3, "/api/open");
  const auto shed = answers[3].get_future().get();
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(header(shed, "Retry-After"), "1");
  EXPECT_EQ(refused("busy"), 1);
  gate_.set_value();
  EXPECT_EQ(answers[0].get_future().get().status, 200);
  EXPECT_EQ(answers[1].get_future().get().status, 200);
  EXPECT_EQ(answers[2].get_future().get().status, 200);
}

TEST(Router, RefusesTheSameRouteTwice) {
  Router router;
  const auto handler = [](RequestContext&) -> Result<HttpResponse> { return HttpResponse{}; };
  router.add(Method::get, "/api/a", "a", Permission::open(), handler);
  EXPECT_THROW(router.add(Method::get, "/api/a", "b", Permission::open(), handler), std::logic_error);
  static_assert(!std::is_default_constructible_v<Permission>, "a route without a permission must not compile");
}

TEST(Observability, AnswersItsThreeAddresses) {
  status::Metrics metrics;
  metrics.declare_counter("duheng_x_total", "x");
  metrics.count("duheng_x_total");
  bool ready = true;
  ObservabilityService service{[&] { return std::pair{ready, std::string{"{}"}}; }, metrics};
  const auto ask = [&](std::string target, Method method = Method::get) {
    HttpRequest request;
    request.method = method;
    request.target = std::move(target);
    HttpResponse out;
    service.handle(std::move(request), [&](HttpResponse response) { out = std::move(response); });
    return out;
  };
  EXPECT_EQ(ask("/healthz").status, 200);
  EXPECT_EQ(ask("/readyz").status, 200);
  ready = false;
  EXPECT_EQ(ask("/readyz?verbose").status, 503);
  EXPECT_EQ(ask("/healthz").status, 200);
  EXPECT_NE(ask("/metrics").body.find("duheng_x_total 1"), std::string::npos);
  EXPECT_EQ(ask("/").status, 404);
  EXPECT_EQ(ask("/metrics", Method::post).status, 405);
}

}  // namespace
}  // namespace duheng::platform::web
