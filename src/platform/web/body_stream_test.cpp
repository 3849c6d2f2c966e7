#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "platform/web/http_server.hpp"
#include "platform/web/testing/tls_client.hpp"

namespace duheng::platform::web {
namespace {

using testing::Client;

std::string part_text(int number, std::size_t size) { return std::string(size, static_cast<char>('a' + number % 26)); }

/// So many parts; may fail at one.
class Parts final : public BodySource {
 public:
  Parts(int count, std::size_t size, int fails_at, std::atomic<int>& asked)
      : count_(count), size_(size), fails_at_(fails_at), asked_(asked) {}
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override {
    return static_cast<std::uint64_t>(count_) * size_;
  }
  [[nodiscard]] Result<std::string> next() override {
    const int number = asked_++;
    if (number == fails_at_) return fail(ErrorCode::storage_corrupt, "damaged");
    return number < count_ ? part_text(number, size_) : std::string{};
  }

 private:
  const int count_;
  const std::size_t size_;
  const int fails_at_;
  std::atomic<int>& asked_;
};

class StreamHandler final : public HttpHandler {
 public:
  void handle(HttpRequest request, Responder respond) override {
    HttpResponse response;
    response.content_type = "application/octet-stream";
    if (request.target == "/parts") response.streamed_body = std::make_shared<Parts>(40, 10'000, -1, asked);
    if (request.target == "/large") response.streamed_body = std::make_shared<Parts>(200, 1U << 20, -1, asked);
    if (request.target == "/fails") response.streamed_body = std::make_shared<Parts>(40, 10'000, 7, asked);
    if (request.target == "/empty") response.streamed_body = std::make_shared<Parts>(0, 10'000, -1, asked);
    if (!response.streamed_body) response.body = "plain";
    respond(std::move(response));
  }
  void refused(std::string_view) override {}
  std::atomic<int> asked{0};
};

class BodyStream : public ::testing::Test {
 protected:
  void SetUp() override {
    const testing::CertificateAndKey certificate = testing::make_certificate();
    HttpServerOptions options;
    options.certificate_chain_pem = certificate.certificate_pem;
    options.private_key_pem = certificate.private_key_pem;
    auto started = HttpServer::start(options, handler);
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }
  StreamHandler handler;
  std::unique_ptr<HttpServer> server;
};

TEST_F(BodyStream, ComesWholeAndTheConnectionGoesOn) {
  const auto client = Client::connect(server->port());
  for (int round = 0; round < 3; ++round) {
    handler.asked = 0;
    const auto answer = client->request("GET", "/parts");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.header("content-length"), "400000");
    std::string expected;
    for (int i = 0; i < 40; ++i) expected += part_text(i, 10'000);
    EXPECT_TRUE(answer.body == expected);
    EXPECT_EQ(client->request("GET", "/other").body, "plain");
  }
  EXPECT_EQ(client->request("GET", "/empty").header("content-length"), "0");
  EXPECT_EQ(client->request("GET", "/other").body, "plain");
}

TEST_F(BodyStream, SlowReaderHoldsTheSourceBack) {
  const auto client = Client::connect(server->port());
  ASSERT_TRUE(client->send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  // Until no more parts are asked for: what the sockets take is full.
  int last = -1;
  for (int quiet = 0; quiet < 20;) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    quiet = handler.asked == last ? quiet + 1 : 0;
    last = handler.asked;
  }
  EXPECT_GT(last, 0);
  EXPECT_LT(last, 40) << "of 200 MiB, which nobody has read yet";
  const auto answer = client->read_answer();
  EXPECT_EQ(answer.body.size(), 200U << 20);
  EXPECT_EQ(handler.asked, 200);
}

TEST_F(BodyStream, FailureCutsTheConnection) {
  const auto client = Client::connect(server->port());
  ASSERT_TRUE(client->send("GET /fails HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const auto answer = client->read_answer();
  EXPECT_LT(answer.body.size(), 400'000U) << "never taken for the whole";
  EXPECT_TRUE(client->closed_within_ms(5'000));
  EXPECT_EQ(handler.asked, 8);
}

TEST_F(BodyStream, StoppingInTheMiddleEndsCleanly) {
  const auto client = Client::connect(server->port());
  ASSERT_TRUE(client->send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  while (handler.asked == 0) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  server->stop(0);
  server.reset();
}

}  // namespace
}  // namespace duheng::platform::web
