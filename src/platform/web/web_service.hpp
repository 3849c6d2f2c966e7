#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "platform/status/metrics.hpp"
#include "platform/web/http.hpp"
#include "platform/web/router.hpp"
#include "platform/web/static_files.hpp"
#include "platform/web/worker_pool.hpp"

namespace duheng::platform::web {

inline constexpr std::string_view session_cookie = "__Host-duheng";

/// Says who a session token belongs to. Errors: unauthenticated, expired - log in again. Blocks; thread-safe.
using Authenticate = std::function<Result<Caller>(std::string_view session_token)>;

/// The one way into the web API and the web application. Each request takes these steps, in this order, and no handler
/// runs before all of them have let it through: target well-formed, route known, foreign sites kept out, session,
/// permission.
///
/// Threads: handle() on I/O threads does what needs no waiting; sessions and handlers run on the worker pool, whose
/// queue is bounded (full: 503 with Retry-After).
class WebService final : public HttpHandler {
 public:
  struct Options {
    std::size_t workers = 4;
    std::size_t queued_requests_max = 256;
  };
  /// Declares its metrics: duheng_http_requests_total, duheng_http_request_seconds, duheng_http_refused_total.
  WebService(Router router, StaticFiles files, Authenticate authenticate, status::Metrics& metrics, const Clock& clock,
             Random& random, const Options& options);
  ~WebService() override;

  void handle(HttpRequest request, Responder respond) override;
  void refused(std::string_view reason) override;
  /// Answers what waits, then ends the workers.
  void stop() { pool_.stop(); }

  [[nodiscard]] const Router& router() const noexcept { return router_; }
  [[nodiscard]] std::size_t queued_requests() const { return pool_.queued(); }

 private:
  struct Pending;
  void answer_static(const std::shared_ptr<Pending>& pending);
  [[nodiscard]] bool admitted_before_session(const std::shared_ptr<Pending>& pending);
  void run(const std::shared_ptr<Pending>& pending);
  [[nodiscard]] HttpResponse authorised_answer(Pending& pending);
  [[nodiscard]] HttpResponse refuse(const Pending& pending, int status, std::string_view code, std::string_view message,
                                    std::string_view counted_as);
  void finish(Pending& pending, HttpResponse response);
  [[nodiscard]] std::string next_request_id();

  const Router router_;
  const StaticFiles files_;
  const Authenticate authenticate_;
  status::Metrics& metrics_;
  const Clock& clock_;
  const std::uint64_t request_id_before_;
  const std::uint64_t request_id_after_;
  std::atomic<std::uint64_t> request_count_{0};
  WorkerPool pool_;
};

/// Answers /healthz, /readyz and /metrics on the separate observability listener.
class ObservabilityService final : public HttpHandler {
 public:
  /// `readiness` gives ready or not, and the JSON to answer with.
  using Readiness = std::function<std::pair<bool, std::string>()>;
  ObservabilityService(Readiness readiness, const status::Metrics& metrics)
      : readiness_(std::move(readiness)), metrics_(metrics) {}
  void handle(HttpRequest request, Responder respond) override;
  void refused(std::string_view) override {}

 private:
  Readiness readiness_;
  const status::Metrics& metrics_;
};

}  // namespace duheng::platform::web
