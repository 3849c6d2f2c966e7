#include "crypto/certificate_issuer.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <limits>
#include <stdlib.h>
#include <sys/stat.h>

namespace duheng::crypto {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

class CertificateIssuerTest : public testing::Test {
 protected:
  CertificateIssuerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng-issuer-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CertificateIssuerTest() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<LocalCertificateIssuer>> open(const std::string& name = "ca") {
    return LocalCertificateIssuer::open(disk_, random_, clock_, folder_ + "/" + name);
  }
  CertificateOrder gateway_order() const {
    CertificateOrder order;
    order.profile = CertificateProfile::gateway;
    order.request_pem = make_certificate_request(key_, "whatever I like").value();
    order.common_name = "网关 一";
    order.gateway = GatewayId{42};
    order.lifetime_ms = 90 * day_ms;
    return order;
  }
  CertificateOrder server_order() const {
    CertificateOrder order;
    order.request_pem = gateway_order().request_pem;
    order.common_name = "platform";
    order.dns_names = {"localhost", "platform.example"};
    order.ip_addresses = {"127.0.0.1", "::1"};
    order.lifetime_ms = 365 * day_ms;
    return order;
  }

  PosixDisk disk_;
  SystemRandom random_;
  ManualClock clock_;
  std::string folder_;
  PrivateKey key_ = PrivateKey::generate().value();
};

TEST_F(CertificateIssuerTest, MakesItsAuthorityOnceAndKeepsItPrivate) {
  const std::string root = open().value()->trust_root_pem();
  const auto again = open().value();
  EXPECT_EQ(again->trust_root_pem(), root);
  const auto info = parse_certificate(root).value();
  EXPECT_EQ(info.fingerprint, again->trust_root_fingerprint());
  EXPECT_TRUE(info.is_authority);
  EXPECT_GT(info.not_after_utc_ms, clock_.utc_ms() + 3650 * day_ms);
  struct stat status{};
  ASSERT_EQ(::stat((folder_ + "/ca/authority.key.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(CertificateIssuerTest, GatewayCertificateSaysWhoItIsAndHoldsForClientsOnly) {
  const auto issuer = open().value();
  const auto issued = issuer->issue(gateway_order()).value();
  EXPECT_EQ(issued.info.common_name, "网关 一");
  EXPECT_EQ(gateway_of(issued.info), GatewayId{42});
  EXPECT_FALSE(issued.info.is_authority);
  EXPECT_EQ(issued.info.not_after_utc_ms, clock_.utc_ms() + 90 * day_ms);
  EXPECT_EQ(issued.info.not_before_utc_ms, clock_.utc_ms() - 3'600'000);
  EXPECT_TRUE(key_fits_certificate(key_, issued.chain_pem).value());
  const auto chain = split_chain(issued.chain_pem).value();
  ASSERT_EQ(chain.size(), 2U);
  EXPECT_EQ(parse_certificate(chain[1])->fingerprint, issuer->trust_root_fingerprint());
  EXPECT_TRUE(verify_chain(issued.chain_pem, issuer->trust_root_pem(), CertificateUse::client, clock_.utc_ms()));
  EXPECT_EQ(
      verify_chain(issued.chain_pem, issuer->trust_root_pem(), CertificateUse::server, clock_.utc_ms()).error().code,
      ErrorCode::unauthenticated);
}

TEST_F(CertificateIssuerTest, ServerCertificateCarriesItsNames) {
  const auto issuer = open().value();
  const auto issued = issuer->issue(server_order()).value();
  EXPECT_EQ(issued.info.dns_names, (std::vector<std::string>{"localhost", "platform.example"}));
  EXPECT_EQ(issued.info.ip_addresses, (std::vector<std::string>{"127.0.0.1", "0:0:0:0:0:0:0:1"}));
  EXPECT_EQ(gateway_of(issued.info), std::nullopt);
  EXPECT_TRUE(verify_chain(issued.chain_pem, issuer->trust_root_pem(), CertificateUse::server, clock_.utc_ms()));
}

TEST_F(CertificateIssuerTest, SerialsDiffer) {
  const auto issuer = open().value();
  EXPECT_NE(issuer->issue(gateway_order())->info.serial_hex, issuer->issue(gateway_order())->info.serial_hex);
}

TEST_F(CertificateIssuerTest, CertificatesEndAndForeignRootsAreRefused) {
  const auto issuer = open().value();
  const auto issued = issuer->issue(gateway_order()).value();
  const auto code_at = [&](const std::string& root, std::int64_t at) {
    return verify_chain(issued.chain_pem, root, CertificateUse::client, at).error().code;
  };
  EXPECT_EQ(code_at(issuer->trust_root_pem(), clock_.utc_ms() + 91 * day_ms), ErrorCode::expired);
  EXPECT_EQ(code_at(issuer->trust_root_pem(), clock_.utc_ms() - day_ms / 2), ErrorCode::expired);
  EXPECT_EQ(code_at(open("other").value()->trust_root_pem(), clock_.utc_ms()), ErrorCode::unauthenticated);
}

TEST_F(CertificateIssuerTest, RefusesWrongOrders) {
  const auto issuer = open().value();
  const auto code = [&](const CertificateOrder& order) {
    const auto outcome = issuer->issue(order);
    return outcome ? std::optional<ErrorCode>{} : outcome.error().code;
  };
  const auto with = [](CertificateOrder order, auto change) {
    change(order);
    return order;
  };
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.gateway = {}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.dns_names = {"localhost"}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.common_name = ""; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.common_name = std::string(65, 'x'); })),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.lifetime_ms = 0; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(server_order(), [](auto& o) { o.gateway = GatewayId{1}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(server_order(), [](auto& o) { o.dns_names = {"a,DNS:evil.example"}; })),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(server_order(), [](auto& o) { o.ip_addresses = {"1.2.3.4.5"}; })), ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(server_order(),
                      [](auto& o) {
                        o.dns_names.clear();
                        o.ip_addresses.clear();
                      })),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.request_pem = "nonsense"; })), ErrorCode::malformed);
  EXPECT_EQ(code(with(gateway_order(), [](auto& o) { o.request_pem = std::string(70'000, 'x'); })),
            ErrorCode::malformed);
}

TEST_F(CertificateIssuerTest, ARequestWithAnotherKeysSignatureIsRefused) {
  const auto issuer = open().value();
  auto order = gateway_order();
  // The body's last octets are the signature: one character before the padding changes it and keeps the form.
  const auto at = order.request_pem.find("-----END") - 8;
  order.request_pem[at] = order.request_pem[at] == 'A' ? 'B' : 'A';
  EXPECT_EQ(issuer->issue(order).error().code, ErrorCode::malformed);
}

TEST_F(CertificateIssuerTest, LifetimeEndsWithTheAuthority) {
  const auto issuer = open().value();
  auto order = gateway_order();
  order.lifetime_ms = std::numeric_limits<std::int64_t>::max();
  const auto root = parse_certificate(issuer->trust_root_pem()).value();
  EXPECT_EQ(issuer->issue(order)->info.not_after_utc_ms, root.not_after_utc_ms);
  clock_.set_utc_ms(root.not_after_utc_ms + 1000);
  EXPECT_EQ(issuer->issue(order).error().code, ErrorCode::expired);
  EXPECT_EQ(open().error().code, ErrorCode::expired);
}

TEST_F(CertificateIssuerTest, DamagedOrForeignFilesAreRefused) {
  const std::string key_path = folder_ + "/ca/authority.key.pem";
  const std::string root_path = folder_ + "/ca/authority.pem";
  (void)open().value();
  const auto key = read_file(disk_, key_path).value();
  const auto root = read_file(disk_, root_path).value();

  ASSERT_TRUE(write_file_atomically(disk_, key_path, as_bytes(key_.to_pem().value())));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt) << "a foreign key";
  ASSERT_TRUE(write_file_atomically(disk_, key_path, as_bytes("nonsense")));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt) << "a damaged key";
  ASSERT_TRUE(disk_.remove(key_path));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt) << "a missing key";
  ASSERT_TRUE(write_file_atomically(disk_, key_path, key));
  ASSERT_EQ(::chmod(key_path.c_str(), 0640), 0);
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt) << "a key others can read";
  ASSERT_EQ(::chmod(key_path.c_str(), 0600), 0);
  ASSERT_TRUE(write_file_atomically(disk_, root_path, as_bytes("nonsense")));
  EXPECT_EQ(open().error().code, ErrorCode::storage_corrupt) << "a damaged certificate";
  ASSERT_TRUE(write_file_atomically(disk_, root_path, root));
  EXPECT_TRUE(open());
}

TEST_F(CertificateIssuerTest, StoppedBetweenKeyAndCertificateItGoesOn) {
  (void)open().value();
  ASSERT_TRUE(disk_.remove(folder_ + "/ca/authority.pem"));
  const auto issuer = open().value();
  const auto issued = issuer->issue(gateway_order()).value();
  EXPECT_TRUE(verify_chain(issued.chain_pem, issuer->trust_root_pem(), CertificateUse::client, clock_.utc_ms()));
}

}  // namespace
}  // namespace duheng::crypto
