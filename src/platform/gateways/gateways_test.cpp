#include "platform/gateways/gateways.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "platform/organisations/organisations.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
const Scope all = Scope::everything();

class GatewaysTest : public testing::Test {
 protected:
  OrganisationId add(const std::string& code, OrganisationId parent = {}) {
    return organisations_.create(all, {.parent = parent, .code = code, .name_zh = "", .name_en = code}).value();
  }
  /// A certificate as an issuer would describe it, told apart by its fingerprint.
  static crypto::CertificateInfo certificate(GatewayId gateway, std::uint8_t mark) {
    crypto::CertificateInfo info;
    info.serial_hex = "4" + std::to_string(mark);
    info.fingerprint.fill(mark);
    info.not_after_utc_ms = 2'000'000'000'000;
    info.uris = {crypto::gateway_uri(gateway)};
    return info;
  }
  Result<Gateway> enrol(std::string secret, std::uint8_t mark = 1, std::string address = "192.0.2.1") {
    return gateways_.enrol(
        {.code_secret = std::move(secret), .remote_address = std::move(address), .software_version = "1.2.3"},
        [&](const Gateway& gateway) -> Result<crypto::CertificateInfo> { return certificate(gateway.id, mark); });
  }
  std::string secret(std::int64_t lifetime_ms = Gateways::code_lifetime_ms_default) {
    return gateways_.make_enrolment_code(all, gateway_, authority_, lifetime_ms)->secret_text();
  }
  static ErrorCode code(const auto& outcome) { return outcome ? ErrorCode{} : outcome.error().code; }

  records::TestDatabase database_{Organisations::migrations(), Gateways::migrations()};
  Organisations organisations_{*database_, database_.clock};
  SeededRandom random_{1};
  Gateways gateways_{*database_, database_.clock, random_};
  OrganisationId a_ = add("a"), b_ = add("b", a_), x_ = add("x");
  crypto::Hash256 authority_{1, 2, 3};
  GatewayId gateway_ = gateways_.create(all, b_, "网关 1").value();
};

TEST_F(GatewaysTest, CreatesAndListsWithinTheScope) {
  const auto other = gateways_.create(all, x_, "another").value();
  EXPECT_EQ(gateways_.list(all)->size(), 2U);
  const auto mine = gateways_.list(Scope::below(a_)).value();
  ASSERT_EQ(mine.size(), 1U);
  EXPECT_EQ(mine[0].id, gateway_);
  EXPECT_EQ(mine[0].name, "网关 1");
  EXPECT_EQ(mine[0].state, GatewayState::created);
  EXPECT_EQ(mine[0].certificate_fingerprint, std::nullopt);
  EXPECT_EQ(code(gateways_.get(Scope::below(a_), other)), ErrorCode::not_found);
}

TEST_F(GatewaysTest, CreateRefuses) {
  EXPECT_EQ(code(gateways_.create(all, a_, "网关 1")), ErrorCode::already_exists);
  EXPECT_EQ(code(gateways_.create(all, a_, "")), ErrorCode::invalid_argument);
  EXPECT_EQ(code(gateways_.create(all, a_, std::string(65, 'x'))), ErrorCode::invalid_argument);
  EXPECT_EQ(code(gateways_.create(Scope::below(a_), x_, "new")), ErrorCode::not_found);
}

TEST_F(GatewaysTest, TheCodeBringsACertificateOnce) {
  const auto made = gateways_.make_enrolment_code(all, gateway_, authority_).value();
  EXPECT_TRUE(made.names_authority(authority_));
  const auto enrolled = enrol(made.secret_text(), 7);
  ASSERT_TRUE(enrolled) << enrolled.error().message;
  EXPECT_EQ(enrolled->id, gateway_);
  EXPECT_EQ(enrolled->state, GatewayState::enrolled);
  EXPECT_EQ(enrolled->certificate_serial_hex, "47");
  EXPECT_EQ(enrolled->certificate_fingerprint, certificate(gateway_, 7).fingerprint);
  EXPECT_EQ(enrolled->software_version, "1.2.3");
  EXPECT_EQ(enrolled->enrolled_at_utc_ms, database_.clock.utc_ms());
  EXPECT_EQ(gateways_.get(all, gateway_)->state, GatewayState::enrolled);
  EXPECT_EQ(code(enrol(made.secret_text())), ErrorCode::already_exists);
}

TEST_F(GatewaysTest, OnlyTheHashOfASecretIsStored) {
  const auto made = gateways_.make_enrolment_code(all, gateway_, authority_).value();
  const auto stored = database_->read([](records::Transaction& t) {
    return t.first("SELECT secret_hash FROM enrolment_codes", {}, [](const records::Row& row) { return row.blob(0); });
  });
  const auto hash = crypto::sha256(made.secret);
  EXPECT_EQ(stored.value().value(), Bytes(hash.begin(), hash.end()));
}

TEST_F(GatewaysTest, RefusalsDifferForTheLogAndNotForTheCaller) {
  const std::string replaced = secret();
  const std::string late = secret(hour_ms);
  std::vector<Error> errors;
  const auto keep = [&](const Result<Gateway>& outcome) {
    ASSERT_FALSE(outcome);
    errors.push_back(outcome.error());
  };
  keep(enrol(std::string(26, '0')));
  keep(enrol("not a code!"));
  keep(enrol(replaced));
  database_.clock.advance_ms(hour_ms);
  keep(enrol(late));
  const std::string revoked = secret();
  ASSERT_TRUE(gateways_.revoke(all, gateway_));
  keep(enrol(revoked));
  std::vector<ErrorCode> codes;
  for (const auto& error : errors) {
    codes.push_back(error.code);
    EXPECT_EQ(error.message, errors[0].message);
  }
  EXPECT_EQ(codes, (std::vector{ErrorCode::not_found, ErrorCode::malformed, ErrorCode::already_exists,
                                ErrorCode::expired, ErrorCode::forbidden}));
  const auto counts = gateways_.enrolment_counts();
  EXPECT_EQ(counts.wrong, 2U);
  EXPECT_EQ(counts.reused, 1U);
  EXPECT_EQ(counts.expired, 1U);
  EXPECT_EQ(counts.revoked, 1U);
  EXPECT_EQ(counts.accepted, 0U);
}

TEST_F(GatewaysTest, ACodeLivesUntilItsLastMillisecond) {
  const std::string code_text = secret(hour_ms);
  database_.clock.advance_ms(hour_ms - 1);
  EXPECT_TRUE(enrol(code_text));
}

TEST_F(GatewaysTest, ACertificateThatCannotBeMadeLeavesTheCodeUnused) {
  const std::string code_text = secret();
  const auto failed = gateways_.enrol(
      {.code_secret = code_text, .remote_address = "192.0.2.1", .software_version = ""},
      [](const Gateway&) -> Result<crypto::CertificateInfo> { return fail(ErrorCode::unsupported, "curve"); });
  EXPECT_EQ(code(failed), ErrorCode::unsupported);
  EXPECT_EQ(gateways_.get(all, gateway_)->state, GatewayState::created);
  EXPECT_EQ(gateways_.enrolment_counts().failed, 1U);
  EXPECT_TRUE(enrol(code_text));
}

TEST_F(GatewaysTest, AnUnusableSoftwareVersionIsRefused) {
  const auto outcome = gateways_.enrol(
      {.code_secret = secret(), .remote_address = "192.0.2.1", .software_version = std::string(65, '1')},
      [](const Gateway&) -> Result<crypto::CertificateInfo> { return crypto::CertificateInfo{}; });
  EXPECT_EQ(code(outcome), ErrorCode::invalid_argument);
}

TEST_F(GatewaysTest, GuessingIsSlowedDownPerAddress) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(code(enrol(std::string(26, '0'))), ErrorCode::not_found);
  const std::string good = secret();
  EXPECT_EQ(code(enrol(good)), ErrorCode::throttled);
  EXPECT_EQ(gateways_.enrolment_counts().throttled, 1U);
  EXPECT_TRUE(enrol(good, 1, "192.0.2.2"));
  database_.clock.advance_ms(1000);
  EXPECT_EQ(code(enrol(std::string(26, '0'))), ErrorCode::not_found);
}

TEST_F(GatewaysTest, GuessingFromManyAddressesIsSlowedDownToo) {
  ErrorCode last{};
  for (int i = 0; i < 201; ++i) last = code(enrol(std::string(26, '0'), 1, "address " + std::to_string(i)));
  EXPECT_EQ(last, ErrorCode::throttled);
}

TEST_F(GatewaysTest, OneCodeUsedByManyAtOnceServesOne) {
  const std::string code_text = secret();
  std::atomic<int> served{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { served += enrol(code_text, 1, std::to_string(i)).has_value() ? 1 : 0; });
    }
  }
  EXPECT_EQ(served, 1);
}

TEST_F(GatewaysTest, AReinstalledGatewayKeepsItsNumberAndItsOldCertificateEnds) {
  ASSERT_TRUE(enrol(secret(), 1));
  const auto again = enrol(secret(), 2).value();
  EXPECT_EQ(again.id, gateway_);
  EXPECT_EQ(again.enrolments, 2);
  EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 2)));
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 1))), ErrorCode::forbidden);
}

TEST_F(GatewaysTest, AuthenticatesEnrolledGatewaysOnly) {
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 1))), ErrorCode::forbidden) << "not enrolled yet";
  ASSERT_TRUE(enrol(secret(), 1));
  EXPECT_EQ(gateways_.authenticate(certificate(gateway_, 1))->id, gateway_);
  EXPECT_EQ(code(gateways_.authenticate(certificate(GatewayId{99}, 1))), ErrorCode::not_found);
  EXPECT_EQ(code(gateways_.authenticate({})), ErrorCode::not_found);
  ASSERT_TRUE(gateways_.revoke(Scope::below(a_), gateway_));
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 1))), ErrorCode::forbidden);
  EXPECT_EQ(code(gateways_.make_enrolment_code(all, gateway_, authority_)), ErrorCode::forbidden);
}

TEST_F(GatewaysTest, ARenewedCertificateReplacesTheOldOneWhenItIsUsed) {
  EXPECT_EQ(code(gateways_.store_renewed_certificate(gateway_, certificate(gateway_, 2))), ErrorCode::forbidden)
      << "not enrolled";
  ASSERT_TRUE(enrol(secret(), 1));
  ASSERT_TRUE(gateways_.store_renewed_certificate(gateway_, certificate(gateway_, 2)));
  EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 1))) << "the answer may have been lost";
  EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 2)));
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 1))), ErrorCode::forbidden);
  EXPECT_EQ(code(gateways_.store_renewed_certificate(gateway_, certificate(GatewayId{99}, 3))), ErrorCode::forbidden);
  EXPECT_EQ(code(gateways_.store_renewed_certificate(GatewayId{99}, certificate(GatewayId{99}, 3))),
            ErrorCode::not_found);
}

TEST_F(GatewaysTest, AnswersOfRenewalsMayBeLostAgainAndAgain) {
  ASSERT_TRUE(enrol(secret(), 1));
  for (std::uint8_t number = 2; number < 6; ++number) {
    ASSERT_TRUE(gateways_.store_renewed_certificate(gateway_, certificate(gateway_, number)));
    EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 1))) << "the certificate in use stays good";
  }
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 4))), ErrorCode::forbidden) << "replaced and never used";
  EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 5)));
  EXPECT_EQ(code(gateways_.authenticate(certificate(gateway_, 1))), ErrorCode::forbidden) << "the new one was used";
  // From the new one on it goes the same way.
  ASSERT_TRUE(gateways_.store_renewed_certificate(gateway_, certificate(gateway_, 6)));
  EXPECT_TRUE(gateways_.authenticate(certificate(gateway_, 5)));
}

TEST_F(GatewaysTest, CodesAreMadeWithinTheScopeAndForASensibleTime) {
  EXPECT_EQ(code(gateways_.make_enrolment_code(Scope::below(x_), gateway_, authority_)), ErrorCode::not_found);
  EXPECT_EQ(code(gateways_.make_enrolment_code(all, gateway_, authority_, 1000)), ErrorCode::invalid_argument);
  EXPECT_EQ(code(gateways_.make_enrolment_code(all, gateway_, authority_, 31 * 24 * hour_ms)),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(gateways_.revoke(Scope::below(x_), gateway_)), ErrorCode::not_found);
}

}  // namespace
}  // namespace duheng::platform
