#include "tools/process/relay.hpp"

#include <array>
#include <asio.hpp>
#include <gtest/gtest.h>
#include <thread>

#include "tools/process/http_get.hpp"

namespace duheng::tools {
namespace {
using asio::ip::tcp;

TEST(Relay, PassesCutsAndMends) {
  asio::io_context context;
  tcp::acceptor server(context, {asio::ip::address_v4::loopback(), 0});
  auto relay = Relay::start(server.local_endpoint().port());
  ASSERT_TRUE(relay);
  const tcp::endpoint through(asio::ip::address_v4::loopback(), (*relay)->port());

  tcp::socket client(context);
  client.connect(through);
  tcp::socket served = server.accept();
  asio::write(client, asio::buffer("ping", 4));
  std::array<char, 4> got{};
  asio::read(served, asio::buffer(got));
  EXPECT_EQ(std::string_view(got.data(), 4), "ping");

  (*relay)->cut();
  std::error_code error;
  client.read_some(asio::buffer(got), error);
  EXPECT_TRUE(error);
  served.read_some(asio::buffer(got), error);
  EXPECT_TRUE(error);

  (*relay)->mend();
  tcp::socket again(context);
  again.connect(through);
  tcp::socket served_again = server.accept();
  asio::write(served_again, asio::buffer("pong", 4));
  asio::read(again, asio::buffer(got));
  EXPECT_EQ(std::string_view(got.data(), 4), "pong");
  // Counted by the relay's thread just after the octets have gone out.
  while ((*relay)->bytes_passed() < 8) std::this_thread::yield();
  EXPECT_EQ((*relay)->bytes_passed(), 8U);
}

TEST(HttpGet, ReadsStatusBodyAndMetrics) {
  asio::io_context context;
  tcp::acceptor server(context, {asio::ip::address_v4::loopback(), 0});
  std::thread serving([&] {
    tcp::socket socket = server.accept();
    std::array<char, 512> request{};
    socket.read_some(asio::buffer(request));
    asio::write(socket, asio::buffer(std::string_view(
                            "HTTP/1.0 503 no\r\nA: b\r\n\r\nx_total{a=\"1\"} 2\nx_total{a=\"2\"} 3\nx_totals 9\n")));
  });
  const auto answer = http_get(server.local_endpoint().port(), "/metrics");
  serving.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(*metric_value(answer->body, "x_total"), 5);
  EXPECT_FALSE(metric_value(answer->body, "y_total"));
}

}  // namespace
}  // namespace duheng::tools
