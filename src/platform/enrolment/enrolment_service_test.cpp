// From the operator's code to a session: real databases, certificates, gRPC.
#include "platform/enrolment/enrolment_service.hpp"

#include <gtest/gtest.h>

#include "platform/organisations/organisations.hpp"
#include "rpc/enrolment_client.hpp"
#include "rpc/test_world.hpp"
#include "store/records/test_database.hpp"
#include "uplink/test_source.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class EnrolmentServiceTest : public ::testing::Test {
 protected:
  EnrolmentServiceTest() {
    auto started = rpc::EnrolmentServer::start("127.0.0.1:0", authority_.server(),
                                               [this](const rpc::EnrolmentAsk& ask) { return service_.grant(ask); });
    if (started) server_ = std::move(*started);
  }
  std::string code(std::int64_t lifetime_ms = Gateways::code_lifetime_ms_default) {
    return gateways_.make_enrolment_code(all, gateway_, authority_.issuer().trust_root_fingerprint(), lifetime_ms)
        ->text();
  }
  Result<rpc::EnrolmentResult> try_enrol(const std::string& with_code, const std::string& directory = "identity") {
    return rpc::enrol(disk_, clock_, "127.0.0.1:" + std::to_string(server_->port()), with_code, "1.2.3",
                      rpc::IdentityFiles::in(directory), 10'000);
  }
  rpc::Peer peer(const std::string& directory) {
    const Bytes chain = rpc::testing::value_or_throw(read_file(disk_, directory + "/chain.pem"));
    rpc::Peer found;
    found.certificate = rpc::testing::value_or_throw(crypto::parse_certificate(as_text(chain)));
    found.gateway = crypto::gateway_of(found.certificate).value();
    return found;
  }

  records::TestDatabase database_{Organisations::migrations(), Gateways::migrations()};
  Organisations organisations_{*database_, database_.clock};
  SeededRandom random_{1};
  Gateways gateways_{*database_, database_.clock, random_, {.free_failures = 50}};
  OrganisationId organisation_ =
      organisations_.create(all, {.parent = {}, .code = "a", .name_zh = "", .name_en = "a"}).value();
  GatewayId gateway_ = gateways_.create(all, organisation_, "网关 1").value();
  rpc::testing::Authority authority_;
  EnrolmentService service_{gateways_, authority_.issuer()};
  SystemClock clock_;
  SimulatedDisk disk_;
  std::unique_ptr<rpc::EnrolmentServer> server_;
};

TEST_F(EnrolmentServiceTest, AGatewayEnrolsAndItsCertificateIsAccepted) {
  const auto enrolled = try_enrol(code());
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  EXPECT_EQ(enrolled->gateway, gateway_);
  EXPECT_EQ(enrolled->gateway_name, "网关 1");
  EXPECT_TRUE(service_.authorise(peer("identity")));
  EXPECT_EQ(gateways_.get(all, gateway_)->state, GatewayState::enrolled);
  EXPECT_EQ(gateways_.get(all, gateway_)->software_version, "1.2.3");
}

TEST_F(EnrolmentServiceTest, WrongExpiredAndUsedCodesAreRefusedAlike) {
  const std::string used = code();
  ASSERT_TRUE(try_enrol(used));
  const auto reused = try_enrol(used, "second");
  SeededRandom other{99};
  const auto wrong =
      try_enrol(crypto::EnrolmentCode::make(other, authority_.issuer().trust_root_fingerprint()).text(), "third");
  const std::string old = code(60'000);
  database_.clock.advance_ms(60'001);
  const auto expired = try_enrol(old, "fourth");
  for (const auto* refused : {&reused, &wrong, &expired}) {
    ASSERT_FALSE(*refused);
    EXPECT_EQ(refused->error().code, ErrorCode::forbidden);
    EXPECT_EQ(refused->error().message, reused.error().message);
  }
  const EnrolmentCounts counts = gateways_.enrolment_counts();
  EXPECT_EQ(counts.accepted, 1U);
  EXPECT_EQ(counts.reused, 1U);
  EXPECT_EQ(counts.wrong, 1U);
  EXPECT_EQ(counts.expired, 1U);
  EXPECT_FALSE(disk_.exists("second/key.pem"));
}

TEST_F(EnrolmentServiceTest, AnInstallationAnewKeepsTheIdAndEndsTheOldCertificate) {
  ASSERT_TRUE(try_enrol(code(), "first"));
  const auto again = try_enrol(code(), "second");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->gateway, gateway_);
  EXPECT_FALSE(service_.authorise(peer("first")));
  EXPECT_TRUE(service_.authorise(peer("second")));
}

TEST_F(EnrolmentServiceTest, ARevokedGatewayIsNotServed) {
  ASSERT_TRUE(try_enrol(code()));
  ASSERT_TRUE(gateways_.revoke(all, gateway_));
  const auto authorised = service_.authorise(peer("identity"));
  ASSERT_FALSE(authorised);
  EXPECT_EQ(authorised.error().code, ErrorCode::forbidden);
  std::string chain;
  EXPECT_FALSE(service_.renew(peer("identity"), "", chain));
}

TEST_F(EnrolmentServiceTest, GuessingIsThrottled) {
  Gateways strict{*database_, database_.clock, random_, {.free_failures = 2}};
  EnrolmentService service{strict, authority_.issuer()};
  ErrorCode last{};
  for (int i = 0; i < 5; ++i) {
    const auto granted = service.grant({.code_secret = "0000-0000-0000-0000-0000-0000-00",
                                        .request_pem = {},
                                        .software_version = {},
                                        .remote_address = "192.0.2.7"});
    ASSERT_FALSE(granted);
    last = granted.error().code;
  }
  EXPECT_EQ(last, ErrorCode::throttled);
}

TEST_F(EnrolmentServiceTest, RenewsForTheSameGateway) {
  ASSERT_TRUE(try_enrol(code()));
  const rpc::Peer before = peer("identity");
  const auto key = rpc::testing::value_or_throw(crypto::PrivateKey::generate());
  std::string chain;
  const auto renewed =
      service_.renew(before, rpc::testing::value_or_throw(crypto::make_certificate_request(key, "x")), chain);
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(crypto::gateway_of(*renewed), gateway_);
  EXPECT_TRUE(service_.authorise({.gateway = gateway_, .certificate = *renewed, .address = {}}));
}

}  // namespace
}  // namespace duheng::platform
