#include <fmt/format.h>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/web_service.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t name_characters_max = 100;
constexpr std::size_t password_characters_max = 1'000;

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

HttpHeader cookie(std::string_view token, std::int64_t max_age_s) {
  return {"Set-Cookie", fmt::format("{}={}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={}", session_cookie,
                                    token, max_age_s)};
}

Result<Json> session_json(ApiServices& services, const std::string& name, Role role, OrganisationId organisation,
                          std::int64_t expires_utc_ms, bool english) {
  std::string organisation_name;
  if (organisation) {
    DUHENG_TRY(const Organisation found, services.organisations.get(Scope::everything(), organisation));
    organisation_name = pick_name(english, found.name_zh, found.name_en);
  }
  return Json{{"user", name},
              {"role", to_string(role)},
              {"organisation", organisation_name},
              {"expires", format_utc(expires_utc_ms)}};
}

Result<HttpResponse> log_in(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const LogIn given, parse_log_in(context.request.body));
  const Result<LoginResult> opened = services.people.log_in(given.name, given.password, context.request.remote_address);
  if (!opened && opened.error().code == ErrorCode::throttled) {
    const std::int64_t wait_ms = services.people.log_in_wait_ms(given.name, context.request.remote_address);
    return problem(429, "throttled", "too many failed attempts; wait", context.request_id,
                   std::max<std::int64_t>(1, (wait_ms + 999) / 1'000));
  }
  if (!opened) return std::unexpected(opened.error());
  const User& user = opened->session.user;
  DUHENG_TRY(const Json body, session_json(services, user.name, user.role, user.organisation,
                                           opened->session.expires_at_utc_ms, wants_english(context.request)));
  HttpResponse response = json_answer(body);
  // The session itself ends by the server's clock; the cookie only has to live as long as a session can.
  response.headers.push_back(cookie(opened->token, 24 * 3'600));
  return response;
}

Result<HttpResponse> get_session(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const Caller& caller = *context.caller;
  DUHENG_TRY(const Json body, session_json(services, caller.name, caller.role, caller.organisation,
                                           caller.expires_utc_ms, wants_english(context.request)));
  return json_answer(body);
}

Result<HttpResponse> log_out(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_CHECK(services.people.log_out(context.session_token, context.request.remote_address));
  HttpResponse response;
  response.status = 204;
  response.headers.push_back(cookie("", 0));
  return response;
}

}  // namespace

Result<LogIn> parse_log_in(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || json.size() != 2 || !json.contains("name") || !json.contains("password") ||
      !json["name"].is_string() || !json["password"].is_string()) {
    return fail(ErrorCode::malformed, "the body must be an object with the texts name and password");
  }
  LogIn out{json["name"].get<std::string>(), json["password"].get<std::string>()};
  if (characters(out.name) > name_characters_max || characters(out.password) > password_characters_max) {
    return fail(ErrorCode::invalid_argument, "name or password is too long");
  }
  return out;
}

Result<Caller> authenticate(People& people, std::string_view session_token) {
  DUHENG_TRY(const Session session, people.session(session_token));
  return Caller{session.user.id, session.user.name, session.user.role, session.user.organisation,
                session.expires_at_utc_ms};
}

void add_session_routes(Router& router, ApiServices& services) {
  router.add(Method::post, "/api/v1/session", "logIn", Permission::open(),
             [&services](RequestContext& context) { return log_in(services, context); });
  router.add(Method::get, "/api/v1/session", "getSession", Permission::any_session(),
             [&services](RequestContext& context) { return get_session(services, context); });
  router.add(Method::remove, "/api/v1/session", "logOut", Permission::any_session(),
             [&services](RequestContext& context) { return log_out(services, context); });
}

}  // namespace duheng::platform::web
