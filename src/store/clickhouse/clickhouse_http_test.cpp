// The way to the server: limits, withdrawal, secrets.
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "base/clock.hpp"
#include "store/clickhouse/clickhouse_test_server.hpp"

namespace duheng::store {
namespace {

using testing::ClickHouseTestServer;

constexpr std::string_view endless = "SELECT number FROM system.numbers FORMAT RowBinary";
constexpr auto deadline = std::chrono::seconds(30);

ErrorCode open_error(const ClickHouseHttpOptions& options) {
  SeededRandom random(1);
  const auto opened = open_clickhouse_http(options, random);
  return opened ? ErrorCode{} : opened.error().code;
}

TEST(ClickHouseHttpOptions, AreCheckedBeforeAnythingIsSent) {
  ClickHouseHttpOptions options;
  EXPECT_EQ(open_error(options), ErrorCode{});
  for (const char* url : {"", "duheng", "ftp://127.0.0.1/", "http://", "http://user@127.0.0.1/",
                          "http://user:secret@127.0.0.1/", "http://127.0.0.1/?password=x"}) {
    options.url = url;
    EXPECT_EQ(open_error(options), ErrorCode::invalid_argument) << url;
  }
  options = {};
  options.password = "secret";
  for (const char* url :
       {"http://127.0.0.1:8123/", "http://localhost:8123", "http://[::1]:8123/", "https://db.example/"}) {
    options.url = url;
    EXPECT_EQ(open_error(options), ErrorCode{}) << url;
  }
  options.url = "http://db.example:8123/";
  EXPECT_EQ(open_error(options), ErrorCode::invalid_argument) << "a password in plain text";
  options = {};
  options.user = "a\r\nX-Injected: 1";
  EXPECT_EQ(open_error(options), ErrorCode::invalid_argument);
  options = {};
  options.connections_max = 0;
  EXPECT_EQ(open_error(options), ErrorCode::invalid_argument);
}

class ClickHouseHttp : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = ClickHouseTestServer::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    server_ = ClickHouseTestServer::shared();
    ASSERT_NE(server_, nullptr);
    transport_ = testing::connect(server_->http_options());
    ASSERT_NE(transport_, nullptr);
  }
  /// How many statements that read system.numbers the server is busy with.
  std::uint64_t endless_ones() {
    Bytes answer;
    ClickHouseCall call;
    call.sql =
        "SELECT count() FROM system.processes WHERE query LIKE 'SELECT number FROM system.numbers%' FORMAT RowBinary";
    call.on_octets = [&](ByteView octets) -> Result<void> {
      answer.insert(answer.end(), octets.begin(), octets.end());
      return {};
    };
    EXPECT_TRUE(transport_->run(call));
    return ByteReader(answer).u64();
  }
  bool becomes(std::uint64_t wanted) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (std::chrono::steady_clock::now() < end) {
      if (endless_ones() == wanted) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  ClickHouseTestServer* server_ = nullptr;
  std::unique_ptr<ClickHouseTransport> transport_;
};

TEST_F(ClickHouseHttp, AQuestionOverItsTimeEndsOnBothSides) {
  ClickHouseCall call;
  call.sql = "SELECT number FROM system.numbers WHERE number + 1 = 0 FORMAT RowBinary";
  call.timeout_ms = 300;
  const auto done = transport_->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::timed_out);
  EXPECT_TRUE(becomes(0));
}

TEST_F(ClickHouseHttp, AWithdrawnQuestionEndsOnBothSides) {
  std::stop_source stop;
  ErrorCode code{};
  std::jthread asking([&] {
    ClickHouseCall call;
    call.sql = "SELECT number FROM system.numbers WHERE number + 1 = 0 FORMAT RowBinary";
    call.timeout_ms = 60'000;
    call.cancel = stop.get_token();
    const auto done = transport_->run(call);
    code = done ? ErrorCode{} : done.error().code;
  });
  ASSERT_TRUE(becomes(1));
  stop.request_stop();
  asking.join();
  EXPECT_EQ(code, ErrorCode::cancelled);
  EXPECT_TRUE(becomes(0)) << "within seconds, not at its own deadline";
}

TEST_F(ClickHouseHttp, ASinkThatHasEnoughEndsTheTransfer) {
  ClickHouseCall call;
  call.sql = std::string("SELECT number FROM system.numbers LIMIT 5000000 FORMAT RowBinary");
  std::uint64_t octets_seen = 0;
  call.on_octets = [&](ByteView octets) -> Result<void> {
    octets_seen += octets.size();
    if (octets_seen > 1'000'000) return fail(ErrorCode::limit_exceeded, "enough");
    return {};
  };
  const auto done = transport_->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::limit_exceeded);
  EXPECT_LT(octets_seen, 3'000'000U);
  // The connection is of no use any more; the next call has a new one.
  call.sql = "SELECT 1";
  call.on_octets = nullptr;
  EXPECT_TRUE(transport_->run(call));
}

TEST_F(ClickHouseHttp, AFailureInTheMiddleOfAnAnswerIsAFailure) {
  ClickHouseCall call;
  call.sql = "SELECT throwIf(number = 3000000) FROM (SELECT number FROM system.numbers LIMIT 4000000) FORMAT RowBinary";
  std::uint64_t octets_seen = 0;
  call.on_octets = [&](ByteView octets) -> Result<void> {
    octets_seen += octets.size();
    return {};
  };
  const auto done = transport_->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::storage_failed);
  EXPECT_EQ(octets_seen, 0U) << "nothing of an answer that fails is handed on";
}

TEST_F(ClickHouseHttp, MoreCallsThanConnectionsWaitForOneAnother) {
  auto options = server_->http_options();
  options.connections_max = 1;
  const auto narrow = testing::connect(options);
  std::stop_source stop;
  std::jthread asking([&] {
    ClickHouseCall call;
    call.sql = endless;
    call.cancel = stop.get_token();
    call.on_octets = nullptr;
    (void)narrow->run(call);
  });
  ASSERT_TRUE(becomes(1));
  ClickHouseCall call;
  call.sql = "SELECT 1";
  call.timeout_ms = 100;
  const auto done = narrow->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::timed_out);
  stop.request_stop();
  asking.join();
  call.timeout_ms = 30'000;
  EXPECT_TRUE(narrow->run(call));
}

TEST_F(ClickHouseHttp, AWrongPasswordIsToldWithoutTellingIt) {
  auto options = server_->http_options();
  options.password = "wrong-but-secret";
  const auto stranger = testing::connect(options);
  ClickHouseCall call;
  call.sql = "SELECT 1";
  const auto done = stranger->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(done.error().message.find("wrong-but-secret"), std::string::npos);
}

TEST_F(ClickHouseHttp, NobodyThereIsUnavailable) {
  ClickHouseHttpOptions options;
  options.url = "http://127.0.0.1:1/";
  const auto nowhere = testing::connect(options);
  ClickHouseCall call;
  call.sql = "SELECT 1";
  const auto done = nowhere->run(call);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST(ClickHouseTls, TrustsTheNamedCertificateOnly) {
  if (const std::string reason = ClickHouseTestServer::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
  ClickHouseTestServer server({.tls = true});
  ASSERT_TRUE(server.start());
  auto options = server.http_options();
  ClickHouseCall call;
  call.sql = "SELECT 1";
  const auto trusted = testing::connect(options)->run(call);
  EXPECT_TRUE(trusted) << trusted.error().message;
  options.ca_file.clear();
  const auto stranger = testing::connect(options)->run(call);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, ErrorCode::unavailable);
}

}  // namespace
}  // namespace duheng::store
