#include "gateway/service/status_server.hpp"

#include <chrono>
#include <gtest/gtest.h>

#include "link/channel.hpp"

namespace duheng::gateway {
namespace {

StatusAnswer handler(const std::string& path) {
  if (path == "/healthz") return {200, "application/json", "{}"};
  return {404, "text/plain", "no"};
}

TEST(StatusServer, AnswersHeads) {
  EXPECT_TRUE(answer_http("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", handler).starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer_http("GET /healthz?a=b HTTP/1.0\r\n\r\n", handler).ends_with("\r\n\r\n{}"));
  EXPECT_TRUE(answer_http("HEAD /healthz HTTP/1.1\r\n\r\n", handler).ends_with("\r\n\r\n"));
  EXPECT_TRUE(answer_http("GET /other HTTP/1.1\r\n\r\n", handler).starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer_http("POST /healthz HTTP/1.1\r\n\r\n", handler).starts_with("HTTP/1.1 405 "));
  for (const char* bad : {"", "\r\n\r\n", "GET\r\n", "GET /", "GET / FTP/1\r\n\r\n"})
    EXPECT_TRUE(answer_http(bad, handler).starts_with("HTTP/1.1 400 ")) << bad;
}

std::string talk(link::EventLoop& loop, std::uint16_t port, const std::string& request) {
  std::string got;
  bool closed = false;
  const auto channel = link::make_tcp_client(loop, {"127.0.0.1", port, 1'000});
  channel->set_handlers({[&] { EXPECT_TRUE(channel->write(as_bytes(request))); },
                         [&](ByteView octets) { got += as_text(octets); }, [&](const Error&) { closed = true; }});
  channel->open();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!closed && std::chrono::steady_clock::now() < deadline) loop.run_for_ms(5);
  EXPECT_TRUE(closed);
  return got;
}

TEST(StatusServer, ServesOverTcpAndRefusesEndlessHeads) {
  link::EventLoop loop;
  const auto server = *StatusServer::listen(loop, "127.0.0.1", 0, handler);
  EXPECT_TRUE(talk(loop, server->port(), "GET /healthz HTTP/1.1\r\n\r\n").ends_with("{}"));
  EXPECT_TRUE(talk(loop, server->port(), "GET /" + std::string(20'000, 'a')).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(talk(loop, server->port(), "GET /healthz HTTP/1.1\r\n\r\n").ends_with("{}"));
  EXPECT_FALSE(StatusServer::listen(loop, "127.0.0.1", server->port(), handler));
}

}  // namespace
}  // namespace duheng::gateway
