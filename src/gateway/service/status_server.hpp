#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "link/event_loop.hpp"

namespace duheng::gateway {

struct StatusAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Answers GET requests of monitoring tools, one per connection: for /healthz, /readyz and /metrics on loopback. Not a
/// web server: heads over 8 KiB, other methods and silence beyond 10 s end the connection; at most 64 connections.
class StatusServer {
 public:
  using Handler = std::function<StatusAnswer(const std::string& path)>;
  /// Errors: unavailable - the port cannot be had.
  [[nodiscard]] static Result<std::unique_ptr<StatusServer>> listen(link::EventLoop& loop, const std::string& address,
                                                                    std::uint16_t port, Handler handler);
  ~StatusServer();
  [[nodiscard]] std::uint16_t port() const;

  static constexpr std::size_t head_bytes_max = 8'192;
  static constexpr std::size_t connections_max = 64;
  static constexpr std::int64_t idle_ms_max = 10'000;

 private:
  struct Impl;
  explicit StatusServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// The answer to the head of a request, as it goes over the wire; pure, for tests and the fuzzer.
[[nodiscard]] std::string answer_http(std::string_view head, const StatusServer::Handler& handler);

}  // namespace duheng::gateway
