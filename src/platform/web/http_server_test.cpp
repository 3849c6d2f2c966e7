#include "platform/web/http_server.hpp"

#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <openssl/ssl.h>
#include <thread>

#include "platform/web/testing/tls_client.hpp"

namespace duheng::platform::web {
namespace {

using testing::Client;
using ::testing::Contains;

/// Echoes what it gets; "/slow" answers when release() is called.
class EchoHandler final : public HttpHandler {
 public:
  void handle(HttpRequest request, Responder respond) override {
    HttpResponse response;
    response.content_type = "text/plain";
    response.body = request.target + "|" + request.body;
    if (request.target == "/ws") {
      response.websocket = std::make_shared<EchoSocket>(*this);
    } else if (request.target == "/empty") {
      response = {};
      response.status = 204;
    } else if (request.target == "/large") {
      response.body.assign(8U << 20, 'x');
    } else if (request.target == "/slow") {
      std::lock_guard lock{mutex_};
      held_ = std::move(respond);
      return;
    }
    respond(std::move(response));
  }
  void refused(std::string_view reason) override {
    std::lock_guard lock{mutex_};
    reasons_.emplace_back(reason);
  }
  bool release() {
    Responder respond;
    {
      std::lock_guard lock{mutex_};
      respond = std::exchange(held_, nullptr);
    }
    if (!respond) return false;
    HttpResponse late;
    late.content_type = "text/plain";
    late.body = "late";
    respond(late);
    late.body = "twice";
    respond(late);  // ignored
    return true;
  }
  [[nodiscard]] std::vector<std::string> reasons() {
    std::lock_guard lock{mutex_};
    return reasons_;
  }
  std::atomic<int> websockets_closed{0};

 private:
  class EchoSocket final : public WebSocketApplication {
   public:
    explicit EchoSocket(EchoHandler& owner) : owner_(owner) {}
    void opened(std::shared_ptr<WebSocketPeer> peer) override { peer_ = std::move(peer); }
    void received(std::string text) override {
      if (text == "close me") {
        peer_->close(1008, "as you wish");
      } else if (text == "flood") {
        for (int i = 0; i < 200; ++i) peer_->send_text(std::string(65'536, 'f'));
      } else {
        peer_->send_text("echo " + text);
      }
    }
    void closed() override { ++owner_.websockets_closed; }

   private:
    EchoHandler& owner_;
    std::shared_ptr<WebSocketPeer> peer_;
  };
  std::mutex mutex_;
  Responder held_;
  std::vector<std::string> reasons_;
};

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void start(const HttpLimits& limits = {}, bool plain = false) {
    HttpServerOptions options;
    options.limits = limits;
    if (!plain) {
      const auto made = testing::make_certificate();
      options.certificate_chain_pem = made.certificate_pem;
      options.private_key_pem = made.private_key_pem;
    }
    auto server = HttpServer::start(options, handler_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }
  std::unique_ptr<Client> connect() { return Client::connect(server_->port()); }
  bool counted(const std::string& reason) {
    return eventually([&] {
      const auto reasons = handler_.reasons();
      return std::ranges::find(reasons, reason) != reasons.end();
    });
  }

  EchoHandler handler_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersOverTls13AndKeepsTheConnection) {
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->tls_version(), TLS1_3_VERSION);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client->request("POST", "/a?b=c", {}, "body " + std::to_string(i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "/a?b=c|body " + std::to_string(i));
  }
  EXPECT_EQ(server_->connections(), 1U);
  EXPECT_EQ(client->request("GET", "/empty").header("content-length"), "");
  const auto head = client->request("HEAD", "/abc");
  EXPECT_EQ(head.header("content-length"), "5");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(client->request("GET", "/after").body, "/after|");
  client.reset();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, ServesPlainHttpWhenNoCertificateIsGiven) {
  start({}, true);
  auto client = Client::connect(server_->port(), true);
  EXPECT_EQ(client->request("GET", "/plain").body, "/plain|");
  client->send("rubbish\r\n\r\n");
  EXPECT_EQ(client->read_answer().status, 400);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  client->send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client->read_answer().body, "/1|");
  const auto second = client->read_answer();
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, "/2|");
  EXPECT_EQ(client->read_answer().body, "/3|");
}

TEST_F(HttpServerTest, SendsALargeAnswerWhole) {
  start();
  auto client = connect();
  EXPECT_EQ(client->request("GET", "/large").body.size(), 8U << 20);
}

TEST_F(HttpServerTest, HoldsABoundedAmountOfLargeRequests) {
  HttpLimits limits;
  limits.body_bytes_max = 1U << 20;
  limits.large_requests_bytes_max = 200U << 10;
  start(limits);
  const std::string body(300U << 10, 'b');
  const auto status_of = [&](const std::string& target) { return connect()->request("POST", target, "", body).status; };
  EXPECT_EQ(status_of("/"), 200);
  // One request is whole, but not yet answered: it keeps its part.
  auto first = connect();
  first->send("POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
              body);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  int second = 200;
  while (second == 200 && std::chrono::steady_clock::now() < deadline) second = status_of("/");
  EXPECT_NE(second, 200);  // 503, which a reset may overtake while octets are still under way
  EXPECT_THAT(handler_.reasons(), Contains("large_requests"));
  EXPECT_EQ(connect()->request("POST", "/", "", std::string(64U << 10, 'b')).status, 200) << "small ones go on";
  EXPECT_TRUE(handler_.release());
  EXPECT_EQ(first->read_answer().status, 200);
  EXPECT_EQ(status_of("/"), 200);
}

TEST_F(HttpServerTest, RefusesMalformedAndOversizedRequestsWithAnAnswerAndCountsThem) {
  HttpLimits limits;
  limits.target_bytes_max = 100;
  limits.header_bytes_max = 200;
  limits.header_count_max = 10;
  limits.body_bytes_max = 1'000;
  start(limits);
  const auto answer_to = [&](const std::string& bytes) {
    auto client = connect();
    client->send(bytes);
    auto answer = client->read_answer();
    EXPECT_TRUE(client->closed_within_ms(5'000));
    return answer;
  };
  EXPECT_EQ(answer_to("\x16\x03\x01 this is not HTTP\r\n\r\n").status, 400);
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nContent-Length: 12\r\nContent-Length: 13\r\n\r\n").status, 400);
  EXPECT_EQ(answer_to("GET /" + std::string(100, 'a') + " HTTP/1.1\r\n\r\n").status, 414);
  EXPECT_EQ(answer_to("GET / HTTP/1.1\r\nX-Long: " + std::string(201, 'a') + "\r\n\r\n").status, 431);
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 11; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(answer_to(many + "\r\n").status, 431);
  const auto too_large = answer_to("POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(too_large.status, 413);
  EXPECT_NE(too_large.body.find("body_too_large"), std::string::npos);
  EXPECT_EQ(answer_to("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3ff\r\n" + std::string(1023, 'b') +
                      "\r\n0\r\n\r\n")
                .status,
            413);
  for (const char* reason : {"malformed", "target_too_large", "header_too_large", "body_too_large"}) {
    EXPECT_THAT(handler_.reasons(), Contains(reason));
  }
  // Just within the limits.
  auto client = connect();
  EXPECT_EQ(client
                ->request("POST", "/" + std::string(99, 'a'), "X-Long: " + std::string(200, 'a') + "\r\n",
                          std::string(1'000, 'b'))
                .status,
            200);
}

TEST_F(HttpServerTest, EndsRequestsThatComeTooSlowly) {
  HttpLimits limits;
  limits.request_timeout_ms = 300;
  start(limits);
  auto client = connect();
  const auto begin = std::chrono::steady_clock::now();
  client->send("GET / HTTP/1.1\r\n");
  // A header every 50 ms: each alone in time, the whole never.
  std::thread dripping([&] {
    for (int i = 0; i < 100; ++i) {
      if (!client->send("X: 1\r\n")) return;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      if (!handler_.reasons().empty()) return;
    }
  });
  EXPECT_EQ(client->read_answer().status, 408);
  dripping.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{3});
  EXPECT_TRUE(counted("request_timeout"));
  // An idle connection is closed too, without an answer, and is no refusal.
  auto idle = connect();
  EXPECT_TRUE(idle->closed_within_ms(5'000));
  EXPECT_EQ(handler_.reasons().size(), 1U);
}

TEST_F(HttpServerTest, EndsHandshakesThatNeverCome) {
  HttpLimits limits;
  limits.handshake_timeout_ms = 200;
  start(limits);
  auto silent = Client::connect_without_handshake(server_->port());
  EXPECT_TRUE(silent->closed_within_ms(5'000));
  EXPECT_TRUE(counted("handshake_timeout"));
  auto plain = Client::connect_without_handshake(server_->port());
  plain->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(plain->closed_within_ms(5'000));
  EXPECT_TRUE(counted("handshake_failed"));
  EXPECT_EQ(connect()->request("GET", "/alive").status, 200);
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, ClosesConnectionsBeyondTheLimitAndRecovers) {
  HttpLimits limits;
  limits.connections_max = 3;
  start(limits);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(connect());
    EXPECT_EQ(clients.back()->request("GET", "/x").status, 200);
  }
  for (int i = 0; i < 50; ++i) {
    auto refused = Client::connect_without_handshake(server_->port());
    EXPECT_TRUE(refused->closed_within_ms(5'000));
  }
  EXPECT_TRUE(counted("connections"));
  EXPECT_EQ(clients.front()->request("GET", "/still").status, 200);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server_->connections() == 0; }));
  EXPECT_EQ(connect()->request("GET", "/again").status, 200);
}

TEST_F(HttpServerTest, LaterAnswersComeFromAnyThreadAndOnlyOnce) {
  start();
  auto client = connect();
  client->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return handler_.release(); }));
  EXPECT_EQ(client->read_answer().body, "late");
  EXPECT_EQ(client->request("GET", "/next").body, "/next|");
}

TEST_F(HttpServerTest, RefusedUpgradesAreAnsweredAndClosed) {
  start();
  auto client = connect();
  const auto answer = client->upgrade("/not-a-websocket", "https://localhost");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(client->closed_within_ms(5'000));
}

TEST_F(HttpServerTest, SpeaksWebSocket) {
  start();
  auto client = connect();
  const auto answer = client->upgrade("/ws", "https://localhost");
  ASSERT_EQ(answer.status, 101);
  EXPECT_EQ(answer.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");  // RFC 6455, 1.3
  EXPECT_EQ(server_->websockets(), 1U);
  client->send_frame(1, "hello");
  EXPECT_EQ(client->read_message().payload, "echo hello");
  client->send_frame(1, "in ", false);
  client->send_frame(9, "are you there");
  client->send_frame(0, "parts");
  auto pong = client->read_message();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
  EXPECT_EQ(client->read_message().payload, "echo in parts");
  client->send_frame(8, std::string("\x03\xE8", 2) + "bye");
  const auto farewell = client->read_message();
  EXPECT_EQ(farewell.opcode, 8);
  EXPECT_EQ(farewell.close_code(), 1000);
  EXPECT_TRUE(client->closed_within_ms(5'000));
  EXPECT_TRUE(eventually([&] { return server_->websockets() == 0 && handler_.websockets_closed == 1; }));
}

TEST_F(HttpServerTest, ClosesWebSocketsThatBreakTheRules) {
  HttpLimits limits;
  limits.websocket_message_bytes_max = 1'000;
  start(limits);
  const auto close_code_after = [&](const std::function<void(Client&)>& act) {
    auto client = connect();
    EXPECT_EQ(client->upgrade("/ws", "https://localhost").status, 101);
    act(*client);
    const auto frame = client->read_message();
    EXPECT_EQ(frame.opcode, 8);
    client->send_frame(8, frame.payload.substr(0, 2));
    EXPECT_TRUE(client->closed_within_ms(5'000));
    return frame.close_code();
  };
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(1, "bare", true, false); }), 1002);
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(1, "\xFF\xFE"); }), 1007);
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(2, "binary"); }), 1003);
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(5, "reserved"); }), 1002);
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(1, std::string(1'001, 'a')); }), 1009);
  // A header alone that announces 2^62 octets: refused before anything is allocated.
  EXPECT_EQ(close_code_after([](Client& c) { c.send(std::string("\x81\xFF\x40\0\0\0\0\0\0\0", 10) + "mask"); }), 1009);
  // Fragments that are small each but not together.
  EXPECT_EQ(close_code_after([](Client& c) {
              for (int i = 0; i < 3; ++i) c.send_frame(i == 0 ? 1 : 0, std::string(400, 'a'), false);
            }),
            1009);
  EXPECT_EQ(close_code_after([](Client& c) { c.send_frame(1, "close me"); }), 1008);
  EXPECT_THAT(handler_.reasons(), Contains("websocket_malformed"));
  EXPECT_THAT(handler_.reasons(), Contains("websocket_too_large"));
  EXPECT_TRUE(eventually([&] { return server_->websockets() == 0; }));
}

TEST_F(HttpServerTest, DropsWebSocketsThatDoNotRead) {
  HttpLimits limits;
  limits.websocket_pending_bytes_max = 1U << 20;
  start(limits);
  auto client = connect();
  ASSERT_EQ(client->upgrade("/ws", "https://localhost").status, 101);
  client->send_frame(1, "flood");  // 13 MB at once, against 1 MB allowed
  EXPECT_TRUE(counted("websocket_slow"));
  EXPECT_TRUE(eventually([&] { return server_->websockets() == 0 && handler_.websockets_closed == 1; }));
}

TEST_F(HttpServerTest, PingsAndDropsSilentWebSockets) {
  HttpLimits limits;
  limits.websocket_idle_timeout_ms = 400;
  start(limits);
  auto client = connect();
  ASSERT_EQ(client->upgrade("/ws", "https://localhost").status, 101);
  EXPECT_EQ(client->read_frame().opcode, 9);
  EXPECT_TRUE(counted("websocket_idle"));
  EXPECT_TRUE(eventually([&] { return server_->websockets() == 0; }));
}

TEST_F(HttpServerTest, StopsGracefully) {
  start();
  auto client = connect();
  auto socket = connect();
  ASSERT_EQ(socket->upgrade("/ws", "https://localhost").status, 101);
  client->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  std::jthread releasing([&] { EXPECT_TRUE(eventually([&] { return handler_.release(); })); });
  ASSERT_TRUE(eventually([&] { return server_->websockets() == 1; }));
  const std::uint16_t port = server_->port();
  std::jthread farewell([&] {
    EXPECT_EQ(socket->read_message().close_code(), 1001);
    socket->send_frame(8, std::string("\x03\xE9", 2));
  });
  std::jthread answered([&] { EXPECT_EQ(client->read_answer().body, "late"); });
  // The request above must have arrived before the stop for its answer to be waited for.
  releasing.join();
  server_->stop(5'000);
  farewell.join();
  answered.join();
  EXPECT_EQ(handler_.websockets_closed, 1);
  EXPECT_THROW((void)Client::connect_without_handshake(port), std::runtime_error);
}

TEST_F(HttpServerTest, SaysWhyItCannotStart) {
  start();
  HttpServerOptions options;
  options.port = server_->port();
  auto second = HttpServer::start(options, handler_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_NE(second.error().message.find(std::to_string(options.port)), std::string::npos);
  options.port = 0;
  options.address = "nowhere";
  EXPECT_EQ(HttpServer::start(options, handler_).error().code, ErrorCode::invalid_argument);
  options.address = "127.0.0.1";
  options.certificate_chain_pem = testing::make_certificate().certificate_pem;
  options.private_key_pem = testing::make_certificate().private_key_pem;  // another one
  EXPECT_EQ(HttpServer::start(options, handler_).error().code, ErrorCode::invalid_argument);
  options.private_key_pem.clear();
  EXPECT_EQ(HttpServer::start(options, handler_).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace duheng::platform::web
