#include "platform/web/web_service.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/request_target.hpp"
#include "platform/web/websocket_protocol.hpp"

namespace duheng::platform::web {
namespace {

constexpr const char* requests_total = "duheng_http_requests_total";
constexpr const char* request_seconds = "duheng_http_request_seconds";
constexpr const char* refused_total = "duheng_http_refused_total";

constexpr std::string_view content_security_policy =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

bool changes_something(Method method) noexcept { return method != Method::get && method != Method::head; }

/// Each number to another one, far from its neighbours'.
std::uint64_t scattered(std::uint64_t number) noexcept {
  number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9U;
  number = (number ^ number >> 27) * 0x94D049BB133111EBU;
  return number ^ number >> 31;
}

/// `wanted` is one media type, or several with ", " between them.
bool is_of_type(std::string_view content_type, std::string_view wanted) noexcept {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  if (type.ends_with(' ')) type.remove_suffix(1);
  while (true) {
    const auto comma = wanted.find(", ");
    if (equal_ignoring_case(type, wanted.substr(0, comma))) return true;
    if (comma == std::string_view::npos) return false;
    wanted.remove_prefix(comma + 2);
  }
}

void add_security_headers(HttpResponse& response) {
  response.headers.push_back({"Strict-Transport-Security", "max-age=31536000"});
  response.headers.push_back({"Content-Security-Policy", std::string{content_security_policy}});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  response.headers.push_back({"Referrer-Policy", "no-referrer"});
  response.headers.push_back({"Cross-Origin-Opener-Policy", "same-origin"});
  response.headers.push_back({"Cross-Origin-Resource-Policy", "same-origin"});
}

/// Refusals stand even in the log of a platform that keeps warnings only.
log::Level level_of(int status, Method method) {
  if (status >= 500 && status != 503) return log::Level::error;
  if (status == 401 || status == 403 || status == 429) return log::Level::warning;
  return status >= 400 || changes_something(method) ? log::Level::info : log::Level::debug;
}

}  // namespace

struct WebService::Pending {
  HttpRequest request;
  Responder respond;
  RequestTarget target;
  Router::Match match;
  std::string request_id;
  std::string operation = "none";  // for metrics: a route's name, never what the client sent
  std::string user;
  std::int64_t started_ns = 0;
  bool api = false;
};

WebService::WebService(Router router, StaticFiles files, Authenticate authenticate, status::Metrics& metrics,
                       const Clock& clock, Random& random, const Options& options)
    : router_(std::move(router)),
      files_(std::move(files)),
      authenticate_(std::move(authenticate)),
      metrics_(metrics),
      clock_(clock),
      request_id_before_(random.next_u64()),
      request_id_after_(random.next_u64()),
      pool_(options.workers, options.queued_requests_max) {
  metrics_.declare_counter(requests_total, "Requests answered, by operation and status");
  metrics_.declare_latency(request_seconds, "Time from the whole request to its answer, by operation");
  metrics_.declare_counter(refused_total, "Requests and connections refused, by reason");
}

WebService::~WebService() { stop(); }

std::string WebService::next_request_id() {
  // Never the same twice, but no number in a row either: whoever asked now and again would learn how much others ask.
  const std::uint64_t count = request_count_.fetch_add(1, std::memory_order_relaxed);
  return fmt::format("{:016x}", scattered(count ^ request_id_before_) ^ request_id_after_);
}

void WebService::refused(std::string_view reason) { metrics_.count(refused_total, {{"reason", std::string{reason}}}); }

HttpResponse WebService::refuse(const Pending& pending, int status, std::string_view code, std::string_view message,
                                std::string_view counted_as) {
  refused(counted_as);
  return problem(status, code, message, pending.request_id);
}

void WebService::finish(Pending& pending, HttpResponse response) {
  const std::int64_t elapsed_ns = clock_.monotonic_ns() - pending.started_ns;
  const int status = response.websocket ? 101 : response.status;
  metrics_.count(requests_total, {{"operation", pending.operation}, {"status", std::to_string(status)}});
  metrics_.observe_seconds(request_seconds, {{"operation", pending.operation}}, static_cast<double>(elapsed_ns) * 1e-9);
  log::write(level_of(status, pending.request.method), "web", "request answered",
             {{"request_id", pending.request_id},
              {"operation", pending.operation},
              {"status", status},
              {"user", pending.user},
              {"remote", pending.request.remote_address},
              {"microseconds", elapsed_ns / 1000}});
  if (!response.websocket) {
    add_security_headers(response);
    response.headers.push_back({"X-Request-Id", pending.request_id});
    if (pending.api) response.headers.push_back({"Cache-Control", "no-store"});
  }
  pending.respond(std::move(response));
}

void WebService::handle(HttpRequest request, Responder respond) {
  auto pending = std::make_shared<Pending>();
  pending->request = std::move(request);
  pending->respond = std::move(respond);
  pending->request_id = next_request_id();
  pending->started_ns = clock_.monotonic_ns();

  auto target = parse_target(pending->request.target);
  if (!target) {
    pending->api = true;
    return finish(*pending,
                  refuse(*pending, 400, to_string(target.error().code), target.error().message, "malformed_target"));
  }
  pending->target = std::move(*target);
  pending->api = !pending->target.segments.empty() && pending->target.segments.front() == "api";
  if (!pending->api) return answer_static(pending);
  if (!admitted_before_session(pending)) return;
  if (!pool_.submit([this, pending] { run(pending); })) {
    refused("busy");
    finish(*pending, problem(503, "unavailable", "too many requests are waiting; try again", pending->request_id, 1));
  }
}

void WebService::answer_static(const std::shared_ptr<Pending>& pending) {
  pending->operation = "static";
  if (pending->request.method != Method::get && pending->request.method != Method::head) {
    HttpResponse response = refuse(*pending, 405, "method_not_allowed", "only GET and HEAD here", "method_not_allowed");
    response.headers.push_back({"Allow", "GET, HEAD"});
    return finish(*pending, std::move(response));
  }
  finish(*pending, files_.answer(pending->request, pending->target));
}

/// The checks that need no waiting. Answers and returns false when one fails.
bool WebService::admitted_before_session(const std::shared_ptr<Pending>& pending) {
  const HttpRequest& request = pending->request;
  pending->match = router_.find(request.method, pending->target);
  if (pending->match.route == nullptr) {
    if (pending->match.allowed.empty()) {
      finish(*pending, refuse(*pending, 404, "not_found", "there is no such address", "no_route"));
    } else {
      HttpResponse response =
          refuse(*pending, 405, "method_not_allowed", "this address does not know the method", "method_not_allowed");
      response.headers.push_back({"Allow", pending->match.allowed});
      finish(*pending, std::move(response));
    }
    return false;
  }
  pending->operation = pending->match.route->operation;
  if (request.body.size() > pending->match.route->body_bytes_max) {
    finish(*pending, refuse(*pending, 413, "body_too_large", "the body is larger than the limit", "body_too_large"));
    return false;
  }
  if (changes_something(request.method)) {
    // A page of another site can neither set this header nor hide where it comes from.
    const std::string_view site = request.header("Sec-Fetch-Site");
    if (request.header("X-Duheng-Request") != "1" || (!site.empty() && site != "same-origin" && site != "none")) {
      finish(*pending,
             refuse(*pending, 403, "foreign_request", "the header X-Duheng-Request: 1 is missing", "foreign_request"));
      return false;
    }
    const std::string_view body_type = pending->match.route->body_type;
    if (!request.body.empty() && !is_of_type(request.header("Content-Type"), body_type)) {
      finish(*pending, refuse(*pending, 415, "unsupported_media_type", fmt::format("the body must be {}", body_type),
                              "media_type"));
      return false;
    }
  }
  if (!pending->match.route->websocket) return true;
  if (const auto handshake = websocket::check_handshake(request); !handshake) {
    const bool version = handshake.error().code == ErrorCode::unsupported;
    HttpResponse response = refuse(*pending, version ? 426 : 400, to_string(handshake.error().code),
                                   handshake.error().message, "websocket_handshake");
    if (version) response.headers.push_back({"Sec-WebSocket-Version", "13"});
    finish(*pending, std::move(response));
    return false;
  }
  const std::string expected_origin = "https://" + std::string{request.header("Host")};
  if (!equal_ignoring_case(request.header("Origin"), expected_origin)) {
    finish(*pending,
           refuse(*pending, 403, "foreign_origin", "the WebSocket is for pages of this site only", "foreign_origin"));
    return false;
  }
  return true;
}

void WebService::run(const std::shared_ptr<Pending>& pending) {
  HttpResponse response;
  try {
    response = authorised_answer(*pending);
  } catch (const std::exception& e) {
    log::error("web", "a handler failed", {{"request_id", pending->request_id}, {"error", e.what()}});
    response = problem(Error{ErrorCode::internal, {}}, pending->request_id);
  }
  finish(*pending, std::move(response));
}

HttpResponse WebService::authorised_answer(Pending& pending) {
  const Router::Route& route = *pending.match.route;
  const std::string_view token = find_cookie(pending.request.header("Cookie"), session_cookie).value_or("");
  RequestContext context{.request = pending.request,
                         .path_parameters = pending.match.parameters,
                         .query = QueryReader{pending.target.query},
                         .request_id = pending.request_id,
                         .caller = std::nullopt,
                         .session_token = token};
  if (route.permission.needs_session()) {
    if (token.empty()) return refuse(pending, 401, "unauthenticated", "log in first", "no_session");
    Result<Caller> caller = authenticate_(token);
    if (!caller) {
      if (http_status(caller.error().code) != 401) {
        log::error("web", "cannot check a session", {{"request_id", pending.request_id}, {"error", caller.error()}});
        return problem(caller.error(), pending.request_id);
      }
      return refuse(pending, 401, "unauthenticated", "the session has ended; log in again", "no_session");
    }
    pending.user = caller->name;
    if (route.permission.refuses_due_password(*caller)) {
      return refuse(pending, 403, "password_change_required", "change your password first", "password_change_required");
    }
    if (!route.permission.admits(*caller)) {
      return refuse(pending, 403, "forbidden", "your role or organisation may not do this", "forbidden");
    }
    context.caller = std::move(*caller);
  }
  Result<HttpResponse> response = route.handler(context);
  if (response) return std::move(*response);
  if (http_status(response.error().code) >= 500) {
    log::error("web", "a request failed",
               {{"request_id", pending.request_id}, {"operation", route.operation}, {"error", response.error()}});
  }
  return problem(response.error(), pending.request_id);
}

void ObservabilityService::handle(HttpRequest request, Responder respond) {
  const std::string_view path = std::string_view{request.target}.substr(0, request.target.find('?'));
  HttpResponse response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers.push_back({"Cache-Control", "no-store"});
  if (request.method != Method::get && request.method != Method::head) {
    response.status = 405;
    response.headers.push_back({"Allow", "GET, HEAD"});
    response.body = "only GET\n";
  } else if (path == "/healthz") {
    response.body = "alive\n";
  } else if (path == "/readyz") {
    auto [ready, json] = readiness_();
    response.status = ready ? 200 : 503;
    response.content_type = "application/json";
    response.body = std::move(json);
  } else if (path == "/metrics") {
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_.text();
  } else {
    response.status = 404;
    response.body = "only /healthz, /readyz and /metrics\n";
  }
  respond(std::move(response));
}

}  // namespace duheng::platform::web
