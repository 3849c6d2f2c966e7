#include <gtest/gtest.h>

#include "crypto/enrolment_code.hpp"
#include "rpc/enrolment_client.hpp"
#include "rpc/enrolment_server.hpp"
#include "rpc/test_world.hpp"
#include "rpc/tls_probe.hpp"

namespace duheng::rpc {
namespace {

using testing::Authority;

/// The code as the platform writes it: secret and fingerprint in base 32.
std::string code_for(const crypto::Hash256& fingerprint, std::uint8_t secret = 0x5A) {
  static constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  Bytes octets(16, secret);
  octets.insert(octets.end(), fingerprint.begin(), fingerprint.begin() + 16);
  std::string text;
  for (std::size_t bit = 0; bit < 260; bit += 5) {
    unsigned digit = 0;
    for (std::size_t i = bit; i < bit + 5; ++i) digit = digit << 1 | (i < 256 ? octets[i / 8] >> (7 - i % 8) & 1U : 0U);
    text += alphabet[digit];
  }
  return text;
}

class EnrolmentTest : public ::testing::Test {
 protected:
  std::unique_ptr<EnrolmentServer> serve(Authority& own, std::optional<Error> error = {}) {
    auto started = EnrolmentServer::start(
        "127.0.0.1:0", own.server(), [this, &own, error](const EnrolmentAsk& ask) -> Result<EnrolmentGrant> {
          asked.push_back(ask);
          if (error) return std::unexpected(*error);
          crypto::CertificateOrder order;
          order.profile = crypto::CertificateProfile::gateway;
          order.request_pem = ask.request_pem;
          order.common_name = "gateway 7";
          order.gateway = GatewayId{7};
          order.lifetime_ms = testing::day_ms;
          DUHENG_TRY(const crypto::IssuedCertificate issued, own.issuer().issue(order));
          return EnrolmentGrant{GatewayId{7}, "gateway 7", issued.chain_pem, own.issuer().trust_root_pem(),
                                issued.info.not_after_utc_ms};
        });
    return testing::value_or_throw(std::move(started));
  }
  Result<EnrolmentResult> try_enrol(const EnrolmentServer& server, const std::string& code) {
    return enrol(disk, clock, "127.0.0.1:" + std::to_string(server.port()), code, "1.2.3", files, 10'000);
  }

  SystemClock clock;
  SimulatedDisk disk;
  Authority authority;
  IdentityFiles files = IdentityFiles::in("identity");
  std::vector<EnrolmentAsk> asked;
};

TEST_F(EnrolmentTest, TradesACodeForACertificate) {
  const auto server = serve(authority);
  const auto enrolled = try_enrol(*server, code_for(authority.issuer().trust_root_fingerprint()));
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  EXPECT_EQ(enrolled->gateway, GatewayId{7});
  EXPECT_EQ(enrolled->gateway_name, "gateway 7");
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].software_version, "1.2.3");
  EXPECT_EQ(asked[0].remote_address, "127.0.0.1");
  const auto key = crypto::PrivateKey::from_pem(as_text(testing::value_or_throw(read_file(disk, files.key))));
  ASSERT_TRUE(key);
  const Bytes chain = testing::value_or_throw(read_file(disk, files.certificate_chain));
  EXPECT_TRUE(testing::value_or_throw(crypto::key_fits_certificate(*key, as_text(chain))));
  EXPECT_EQ(as_text(testing::value_or_throw(read_file(disk, files.trust_root))), authority.issuer().trust_root_pem());
}

TEST_F(EnrolmentTest, SendsNothingToSomebodyInBetween) {
  Authority attacker;
  const auto server = serve(attacker);
  const auto enrolled = try_enrol(*server, code_for(authority.issuer().trust_root_fingerprint()));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::unauthenticated);
  EXPECT_NE(enrolled.error().message.find("somebody is in between"), std::string::npos);
  EXPECT_TRUE(asked.empty());
  EXPECT_FALSE(disk.exists(files.key));
}

TEST_F(EnrolmentTest, IsNotFooledByTheRightRootBehindAForeignCertificate) {
  Authority attacker;
  ServerIdentity mixed = attacker.server();
  const auto own = testing::value_or_throw(crypto::split_chain(mixed.certificate_chain));
  mixed.certificate_chain = own.front() + authority.issuer().trust_root_pem();
  auto started = EnrolmentServer::start("127.0.0.1:0", mixed, [&](const EnrolmentAsk& ask) -> Result<EnrolmentGrant> {
    asked.push_back(ask);
    return fail(ErrorCode::internal, "never reached");
  });
  ASSERT_TRUE(started) << started.error().message;
  const auto enrolled = try_enrol(**started, code_for(authority.issuer().trust_root_fingerprint()));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::unauthenticated);
  EXPECT_TRUE(asked.empty());
}

TEST_F(EnrolmentTest, PassesOnWhyACodeIsRefused) {
  const auto server = serve(authority, Error{ErrorCode::forbidden, "the code is wrong, expired or was used before"});
  const auto enrolled = try_enrol(*server, code_for(authority.issuer().trust_root_fingerprint()));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::forbidden);
  EXPECT_EQ(enrolled.error().message, "the code is wrong, expired or was used before");
  EXPECT_FALSE(disk.exists(files.key));
}

TEST_F(EnrolmentTest, SaysWhatIsWrongWithAMistypedCode) {
  const auto server = serve(authority);
  const std::string right = code_for(authority.issuer().trust_root_fingerprint());
  for (const std::string& wrong :
       {std::string{}, right.substr(1), right + "0", "U" + right.substr(1), right.substr(0, 51) + "1"}) {
    const auto enrolled = try_enrol(*server, wrong);
    ASSERT_FALSE(enrolled) << wrong;
    EXPECT_EQ(enrolled.error().code, ErrorCode::malformed);
  }
  EXPECT_TRUE(asked.empty());
}

TEST_F(EnrolmentTest, ReadsACodeAsPeopleWriteIt) {
  const std::string right = code_for(authority.issuer().trust_root_fingerprint(), 0x00);
  std::string written;
  for (std::size_t i = 0; i < right.size(); ++i) {
    if (i > 0 && i % 4 == 0) written += i % 8 == 0 ? " " : "-";
    const char c = right[i];
    written += c == '0' ? 'o' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  const auto a = crypto::EnrolmentCode::parse(right);
  const auto b = crypto::EnrolmentCode::parse(written);
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  EXPECT_EQ(a->secret_text(), b->secret_text());
  EXPECT_EQ(a->secret_text(), std::string(26, '0'));
  EXPECT_TRUE(b->names_authority(authority.issuer().trust_root_fingerprint()));
}

TEST_F(EnrolmentTest, SaysThatNobodyAnswers) {
  int port = 0;
  {
    port = serve(authority)->port();
  }
  const auto enrolled = enrol(disk, clock, "127.0.0.1:" + std::to_string(port),
                              code_for(authority.issuer().trust_root_fingerprint()), "1", files, 2'000);
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(HostAndPort::parse("nowhere"));
  EXPECT_EQ(testing::value_or_throw(HostAndPort::parse("[::1]:443")).host, "::1");
}

TEST_F(EnrolmentTest, SpendsNoFilesWhenTheDiskIsFull) {
  const auto server = serve(authority);
  disk.set_capacity_bytes(disk.used_bytes());
  const auto enrolled = try_enrol(*server, code_for(authority.issuer().trust_root_fingerprint()));
  ASSERT_FALSE(enrolled);
  EXPECT_EQ(enrolled.error().code, ErrorCode::storage_full);
  EXPECT_FALSE(disk.exists(files.certificate_chain));
}

}  // namespace
}  // namespace duheng::rpc
