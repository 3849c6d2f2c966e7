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

Caller caller_of(const Session& session) {
  const User& user = session.user;
  return Caller{.user = user.id,
                .name = user.name,
                .role = user.role,
                .organisation = user.organisation,
                .expires_utc_ms = session.expires_at_utc_ms,
                .must_change_password = user.must_change_password};
}

Result<Json> session_json(ApiServices& services, const Caller& caller, bool english) {
  std::string organisation_name;
  if (caller.organisation) {
    DUHENG_TRY(const Organisation found, services.organisations.get(Scope::everything(), caller.organisation));
    organisation_name = pick_name(english, found.name_zh, found.name_en);
  }
  return Json{{"user", caller.name},
              {"role", to_string(caller.role)},
              {"organisation", organisation_name},
              {"whole_platform", caller.sees_everything()},
              {"must_change_password", caller.must_change_password},
              {"expires", format_utc(caller.expires_utc_ms)}};
}

/// The answer that opens a session in the browser.
Result<HttpResponse> begun(ApiServices& services, const RequestContext& context, const LoginResult& opened) {
  DUHENG_TRY(const Json body, session_json(services, caller_of(opened.session), wants_english(context.request)));
  HttpResponse response = json_answer(body);
  // The session itself ends by the server's clock; the cookie only has to live as long as a session can.
  response.headers.push_back(cookie(opened.token, 24 * 3'600));
  return response;
}

HttpResponse throttled(ApiServices& services, const RequestContext& context, const std::string& name) {
  const std::int64_t wait_ms = services.people.log_in_wait_ms(name, context.request.remote_address);
  return problem(429, "throttled", "too many failed attempts; wait", context.request_id,
                 std::max<std::int64_t>(1, (wait_ms + 999) / 1'000));
}

/// Reads an object of exactly these two texts.
Result<std::pair<std::string, std::string>> parse_two_texts(std::string_view body, const char* first,
                                                            const char* second) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object() || json.size() != 2 || !json.contains(first) || !json.contains(second) ||
      !json[first].is_string() || !json[second].is_string()) {
    return fail(ErrorCode::malformed,
                fmt::format("the body must be an object with the texts {} and {}", first, second));
  }
  return std::pair{json[first].get<std::string>(), json[second].get<std::string>()};
}

Result<HttpResponse> log_in(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const LogIn given, parse_log_in(context.request.body));
  const Result<LoginResult> opened = services.people.log_in(given.name, given.password, context.request.remote_address);
  if (!opened && opened.error().code == ErrorCode::throttled) return throttled(services, context, given.name);
  if (!opened) return std::unexpected(opened.error());
  return begun(services, context, *opened);
}

Result<HttpResponse> change_password(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const PasswordChange given, parse_password_change(context.request.body));
  const Result<LoginResult> opened = services.people.change_password(
      context.session_token, given.old_password, given.new_password, context.request.remote_address);
  if (opened) return begun(services, context, *opened);
  switch (opened.error().code) {
    case ErrorCode::throttled:
      return throttled(services, context, context.caller->name);
    case ErrorCode::unauthenticated:
      // The session was good a moment ago: not a 401, which would end it in the browser.
      return problem(403, "wrong_password", "the old password is wrong", context.request_id);
    case ErrorCode::invalid_argument:
      return problem(400, "password_unsuitable", opened.error().message, context.request_id);
    default:
      return std::unexpected(opened.error());
  }
}

Result<HttpResponse> get_session(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Json body, session_json(services, *context.caller, wants_english(context.request)));
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
  DUHENG_TRY(auto texts, parse_two_texts(body, "name", "password"));
  LogIn out{std::move(texts.first), std::move(texts.second)};
  if (characters(out.name) > name_characters_max || characters(out.password) > password_characters_max) {
    return fail(ErrorCode::invalid_argument, "name or password is too long");
  }
  return out;
}

Result<PasswordChange> parse_password_change(std::string_view body) {
  DUHENG_TRY(auto texts, parse_two_texts(body, "old_password", "new_password"));
  PasswordChange out{std::move(texts.first), std::move(texts.second)};
  if (characters(out.old_password) > password_characters_max ||
      characters(out.new_password) > password_characters_max) {
    return fail(ErrorCode::invalid_argument, "a password is too long");
  }
  return out;
}

Result<Caller> authenticate(People& people, std::string_view session_token) {
  DUHENG_TRY(const Session session, people.session(session_token));
  return caller_of(session);
}

void add_session_routes(Router& router, ApiServices& services) {
  router.add(Method::post, "/api/v1/session", "logIn", Permission::open(),
             [&services](RequestContext& context) { return log_in(services, context); });
  router.add(Method::get, "/api/v1/session", "getSession", Permission::any_session().even_with_due_password(),
             [&services](RequestContext& context) { return get_session(services, context); });
  router.add(Method::remove, "/api/v1/session", "logOut", Permission::any_session().even_with_due_password(),
             [&services](RequestContext& context) { return log_out(services, context); });
  router.add(Method::put, "/api/v1/session/password", "changePassword",
             Permission::any_session().even_with_due_password(),
             [&services](RequestContext& context) { return change_password(services, context); });
}

}  // namespace duheng::platform::web
