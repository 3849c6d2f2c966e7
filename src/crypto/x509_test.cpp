#include "crypto/x509.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "crypto/certificate_issuer.hpp"

namespace duheng::crypto {
namespace {

TEST(PrivateKey, ComesBackFromItsText) {
  const auto key = PrivateKey::generate().value();
  const std::string pem = key.to_pem().value();
  EXPECT_TRUE(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
  EXPECT_EQ(PrivateKey::from_pem(pem).value().to_pem().value(), pem);
  EXPECT_NE(PrivateKey::generate().value().to_pem().value(), pem);
}

TEST(PrivateKey, RefusesOtherTextsAndCurves) {
  EXPECT_EQ(PrivateKey::from_pem("").error().code, ErrorCode::malformed);
  EXPECT_EQ(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").error().code,
            ErrorCode::malformed);
  EXPECT_EQ(PrivateKey::from_pem(std::string(70'000, 'x')).error().code, ErrorCode::malformed);
  // A P-384 key, from: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384
  constexpr std::string_view p384 = R"(-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAFDhFs5L78i8FT7gCZ
O05IhKUP695izgN3f9nDdQCY+NUWsBKlRluwos0OaieqbQ6hZANiAASnqBAmIOnd
cYXmFWEG8wmMcVTQT7BpiT7Mj5OOnUyDGjIOHDjfFEs6ZPv1HNkJjX1/5Mz4BQUv
l2B14j8QEWAQFvEioNlzZz3+IEl2G08/NWeJMVSsxeAP9y/cEwyvJJM=
-----END PRIVATE KEY-----
)";
  EXPECT_EQ(PrivateKey::from_pem(p384).error().code, ErrorCode::unsupported);
}

// Made apart from this code: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 30 -subj "/CN=表 one"
//   -addext "subjectAltName=DNS:one.example,IP:127.0.0.1,IP:::1,URI:duheng:gateway:12"; figures by openssl x509 -text.
constexpr std::string_view foreign_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBvzCCAWSgAwIBAgIUA+ajYyATB5TCUDqyhPfkPv1IXSswCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwH6KGoIG9uZTAeFw0yNjExMjEwOTU0NDFaFw0yNjEyMjEwOTU0
NDFaMBIxEDAOBgNVBAMMB+ihqCBvbmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATcSveCgNPDVewMBpv08vsfHVL1wwHtPJOte6ZMbPdIM+Gjmd6fhxvdgCQ/dIAn
cmVv9cTkAWnucDe45p7rC3Cao4GXMIGUMB0GA1UdDgQWBBTHJ2nrxPJmz+IN3KsX
2l54rddjgDAfBgNVHSMEGDAWgBTHJ2nrxPJmz+IN3KsX2l54rddjgDAPBgNVHRMB
Af8EBTADAQH/MEEGA1UdEQQ6MDiCC29uZS5leGFtcGxlhwR/AAABhxAAAAAAAAAA
AAAAAAAAAAABhhFkdWhlbmc6Z2F0ZXdheToxMjAKBggqhkjOPQQDAgNJADBGAiEA
/lnowM0VVa7jGYIINYd4CXSrENq4FKLVKYb+3qf+jOECIQCIToCjgtNw5qKs9IQE
HAS2j7+MAGYbYnBmfPhhHlMSiA==
-----END CERTIFICATE-----
)";

TEST(Certificate, SaysWhatTheOtherToolWrote) {
  const auto info = parse_certificate(foreign_certificate).value();
  EXPECT_EQ(info.common_name, "表 one");
  EXPECT_EQ(info.serial_hex, "03E6A36320130794C2503AB284F7E43EFD485D2B");
  EXPECT_EQ(to_hex(info.fingerprint), "B28BE85A28D2F93ADC1B512880FFEBD420C3954288ED37BC29B8A33DFA06BF0E");
  EXPECT_EQ(info.not_before_utc_ms, 1'795'254'881'000);
  EXPECT_EQ(info.not_after_utc_ms, 1'797'846'881'000);
  EXPECT_TRUE(info.is_authority);
  EXPECT_EQ(info.dns_names, std::vector<std::string>{"one.example"});
  EXPECT_EQ(info.ip_addresses, (std::vector<std::string>{"127.0.0.1", "0:0:0:0:0:0:0:1"}));
  EXPECT_EQ(info.uris, std::vector<std::string>{"duheng:gateway:12"});
  EXPECT_EQ(gateway_of(info), GatewayId{12});
}

TEST(Certificate, RefusesWhatIsNone) {
  EXPECT_EQ(parse_certificate("").error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").error().code,
            ErrorCode::malformed);
  EXPECT_EQ(parse_certificate(std::string(70'000, 'x')).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_certificate_der({}).error().code, ErrorCode::malformed);
  EXPECT_EQ(parse_certificate_der(as_bytes("0\x03\x02\x01\x01")).error().code, ErrorCode::malformed);
}

TEST(Certificate, ChainsAreSplitAndLimited) {
  const std::string one{foreign_certificate};
  EXPECT_EQ(split_chain(one + one).value().size(), 2U);
  EXPECT_EQ(split_chain("nothing").error().code, ErrorCode::malformed);
  EXPECT_EQ(split_chain(one + "-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----\n").error().code,
            ErrorCode::malformed);
  std::string many;
  for (int i = 0; i < 17; ++i) many += one;
  EXPECT_EQ(split_chain(many).error().code, ErrorCode::malformed);
}

TEST(CertificateRequest, NeedsAUsableName) {
  const auto key = PrivateKey::generate().value();
  EXPECT_TRUE(make_certificate_request(key, "网关 1"));
  EXPECT_EQ(make_certificate_request(key, std::string(65, 'x')).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(make_certificate_request(key, "").error().code, ErrorCode::invalid_argument);
}

TEST(GatewayUri, ReadsItsOwnFormOnly) {
  EXPECT_EQ(gateway_uri(GatewayId{12}), "duheng:gateway:12");
  EXPECT_EQ(gateway_of_uri("duheng:gateway:12"), GatewayId{12});
  for (const char* other :
       {"", "duheng:gateway:", "duheng:gateway:0", "duheng:gateway:-1", "duheng:gateway:1x", "duheng:gateway:01",
        "duheng:user:1", "duheng:gateway:99999999999999999999", "duheng:gateway: 1", "duheng:gateway:+1"}) {
    EXPECT_EQ(gateway_of_uri(other), std::nullopt) << other;
  }
  CertificateInfo two;
  two.uris = {"duheng:gateway:1", "duheng:gateway:2"};
  EXPECT_EQ(gateway_of(two), std::nullopt);
  EXPECT_EQ(gateway_of({}), std::nullopt);
}

}  // namespace
}  // namespace duheng::crypto
