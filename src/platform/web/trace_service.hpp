#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "platform/tracing/trace_desk.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/router.hpp"

namespace duheng::platform::web {

/// The WebSocket that shows what goes over a line: one trace for each connection, which ends with it. One thread looks
/// after all of them: pings, sessions, what has gone away. Events are sent as they come; what a slow browser does not
/// take is dropped and counted.
class TraceService {
 public:
  struct Options {
    std::size_t clients_max = 100;
    std::int64_t ping_interval_ms = 15'000;
    std::int64_t check_interval_ms = 15'000;
    std::size_t pending_bytes_max = 256U << 10;  ///< of one client; beyond it events are dropped
    std::int64_t tick_ms = 500;
  };
  TraceService(ApiServices& services, TraceDesk& desk, const Options& options);
  TraceService(ApiServices& services, TraceDesk& desk) : TraceService(services, desk, Options{}) {}
  /// Every socket must have been closed before (HttpServer::stop).
  ~TraceService();

  void add_routes(Router& router);
  [[nodiscard]] std::size_t clients() const;

 private:
  class Client;
  [[nodiscard]] Result<HttpResponse> open(RequestContext& context);
  void run(const std::stop_token& stop);

  ApiServices& services_;
  TraceDesk& desk_;
  const Options options_;
  mutable std::mutex mutex_;  // guards clients_
  std::vector<std::shared_ptr<Client>> clients_;
  std::mutex wake_mutex_;
  std::condition_variable_any woken_;
  std::jthread thread_;
};

}  // namespace duheng::platform::web
