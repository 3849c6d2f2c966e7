#include <array>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "codec/snmp/message.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/snmp/dialect.hpp"
#include "drivers/snmp/driver.hpp"

namespace duheng::drivers {
namespace {

using snmp::ObjectId;
using snmp::Pdu;
using snmp::PduType;

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    outcomes.push_back(e.outcome);
    errors.push_back(e.error);
    late.push_back(e.late);
    payloads.emplace_back(e.payload.begin(), e.payload.end());
    responses.emplace_back(e.response.begin(), e.response.end());
  }
  void reopen() override { ++reopened; }
  std::vector<Bytes> sent;
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> errors;
  std::vector<bool> late;
  std::vector<Bytes> payloads;
  std::vector<Bytes> responses;
  int reopened = 0;
};
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }
const ObjectId up_time = *ObjectId::parse("1.3.6.1.2.1.1.3.0");

std::shared_ptr<SnmpCredentials> make_credentials() {
  SeededRandom random(1);
  auto out = std::make_shared<SnmpCredentials>(random);
  EXPECT_TRUE(out->add("campus", {.community = "c4mpus-secret"}));
  SnmpCredential user;
  user.user = "duheng";
  user.authentication = snmp::Authentication::sha256;
  user.privacy = snmp::Privacy::aes128;
  user.authentication_key = *snmp::key_of_password(user.authentication, "authentication");
  user.privacy_key = *snmp::key_of_password(user.authentication, "encryption-key");
  EXPECT_TRUE(out->add("core", user));
  return out;
}

/// Tells what an agent of the test answers to a v3 question.
class Agent {
 public:
  explicit Agent(const SnmpCredential& credential) {
    keys_.authentication = credential.authentication;
    keys_.privacy = credential.privacy;
    keys_.authentication_key = snmp::localised_key(credential.authentication, credential.authentication_key, engine_);
    keys_.privacy_key = snmp::localised_key(credential.authentication, credential.privacy_key, engine_);
  }
  [[nodiscard]] Bytes report(std::int32_t message_id, std::uint32_t what, bool is_authentic) const {
    snmp::UserKeys keys;
    if (is_authentic) keys = {keys_.authentication, snmp::Privacy::none, keys_.authentication_key, {}};
    const auto name = *ObjectId::parse("1.3.6.1.6.3.15.1.1." + std::to_string(what) + ".0");
    return *snmp::seal_message(header(message_id, is_authentic), keys,
                               {engine_, "", {PduType::report, 0, 0, 0, {{name, snmp::Value::of_unsigned(1, 0x41)}}}});
  }
  [[nodiscard]] Bytes answer(ByteView question, std::int64_t value) const {
    const auto message = snmp::parse_secure_message(question);
    auto opened = snmp::open_message(question, *message, keys_);
    EXPECT_TRUE(opened) << opened.error().message;
    opened->pdu.type = PduType::response;
    opened->pdu.bindings[0].value = snmp::Value::of_unsigned(static_cast<std::uint64_t>(value), snmp::tag::time_ticks);
    return *snmp::seal_message(header(message->message_id, true), keys_, *opened);
  }
  std::int32_t boots = 5;
  std::int32_t time_s = 1'000;

 private:
  [[nodiscard]] snmp::Outgoing header(std::int32_t message_id, bool has_user) const {
    return {message_id, false, engine_, boots, time_s, has_user ? "duheng" : "", 17};
  }
  Bytes engine_{0x80, 0, 0, 1, 2, 3, 4, 5, 6};
  snmp::UserKeys keys_;
};
std::int32_t id_of(ByteView question) { return snmp::parse_secure_message(question)->message_id; }

class SnmpSession : public testing::Test {
 protected:
  void begin(std::string_view credential) {
    session_.add_meter(*snmp_driver().address(credential, 0), {1'000, 1, 0});
    session_.opened(at(-60'000), log_);
    ask(at(0));
  }
  void ask(const Moment& now) {
    ASSERT_TRUE(session_.ask(0, snmp_question(PduType::get, {up_time}), 0));
    session_.advance(now, log_);
  }
  std::shared_ptr<SnmpCredentials> credentials_ = make_credentials();
  Session session_{make_snmp_dialect(credentials_), {}};
  Log log_;
};

Bytes plain_answer(ByteView question, std::int64_t value, std::string_view community = "c4mpus-secret") {
  auto pdu = *snmp::parse_pdu(snmp::parse_community_message(question)->pdu);
  pdu.type = PduType::response;
  pdu.bindings[0].value = snmp::Value::of_unsigned(static_cast<std::uint64_t>(value), snmp::tag::time_ticks);
  return snmp::encode_community_message(community, pdu);
}
std::int64_t value_in(ByteView payload) { return *snmp::parse_bindings(payload)->at(0).value.number(); }

TEST_F(SnmpSession, AsksByCommunityAndKeepsItOutOfTheEvidence) {
  begin("campus");
  ASSERT_EQ(log_.sent.size(), 1U);
  session_.octets(at(5), plain_answer(log_.sent[0], 4'711, "public"), log_);  // somebody else's
  EXPECT_TRUE(log_.outcomes.empty());
  session_.octets(at(10), plain_answer(log_.sent[0], 4'711), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(value_in(log_.payloads[0]), 4'711);
  EXPECT_EQ(as_text(log_.responses[0]).find("c4mpus"), std::string_view::npos);
  Bytes question = log_.sent[0];
  snmp_driver().mask_secrets(question);
  EXPECT_EQ(as_text(question).find("c4mpus"), std::string_view::npos);
}

TEST_F(SnmpSession, AnswersToAnEarlierQuestionAreLateOnes) {
  begin("campus");
  session_.timer(at(1'000), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  session_.timer(at(2'000), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::timed_out});
  for (int i = 0; i < 3; ++i) session_.octets(at(2'100 + i), plain_answer(log_.sent[0], 1), log_);
  ASSERT_EQ(log_.outcomes.size(), 3U);  // one for each time it was asked, the third is nobody's
  EXPECT_TRUE(log_.late[1] && log_.late[2]);
  EXPECT_EQ(session_.counters(0).unasked_answers, 1U);
}

TEST_F(SnmpSession, LearnsTheEngineThenAsksUnderItsKeys) {
  begin("core");
  Agent agent(*credentials_->find("core"));
  ASSERT_EQ(log_.sent.size(), 1U);
  EXPECT_TRUE(snmp::parse_secure_message(log_.sent[0])->engine_id.empty());
  session_.octets(at(5), agent.report(id_of(log_.sent[0]), 4, false), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  session_.octets(at(9), agent.answer(log_.sent[1], 99), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(value_in(log_.payloads[0]), 99);
  session_.stored_through(1, at(10), log_);
  ask(at(20));
  ASSERT_EQ(log_.sent.size(), 3U);
  EXPECT_FALSE(snmp::parse_secure_message(log_.sent[2])->engine_id.empty());  // at once, this time
}

TEST_F(SnmpSession, FollowsAnEngineWhoseClockIsAnother) {
  begin("core");
  Agent agent(*credentials_->find("core"));
  session_.octets(at(5), agent.report(id_of(log_.sent[0]), 4, false), log_);
  agent.boots = 6;
  agent.time_s = 3;
  session_.octets(at(6), agent.report(id_of(log_.sent[1]), 2, true), log_);
  ASSERT_EQ(log_.sent.size(), 3U);
  EXPECT_EQ(snmp::parse_secure_message(log_.sent[2])->engine_boots, 6);
  session_.octets(at(9), agent.answer(log_.sent[2], 7), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::answered});
}

TEST_F(SnmpSession, BelievesNobodyWithoutTheKey) {
  begin("core");
  Agent agent(*credentials_->find("core"));
  session_.octets(at(5), agent.report(id_of(log_.sent[0]), 4, false), log_);
  Bytes forged = agent.answer(log_.sent[1], 99);
  forged.back() ^= 1;
  session_.octets(at(6), forged, log_);
  EXPECT_TRUE(log_.outcomes.empty());
  // The clock may not be set by who cannot sign.
  session_.octets(at(7), agent.report(id_of(log_.sent[1]), 2, false), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::refused});
  EXPECT_GT(session_.counters(0).bad_frames, 0U);
}

TEST_F(SnmpSession, AWrongPasswordIsToldAsSuch) {
  begin("core");
  Agent agent(*credentials_->find("core"));
  session_.octets(at(5), agent.report(id_of(log_.sent[0]), 4, false), log_);
  session_.octets(at(6), agent.report(id_of(log_.sent[1]), 5, false), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::refused});
  EXPECT_EQ(snmp_driver().refusal_word(log_.errors[0]), "password_wrong");
}

TEST_F(SnmpSession, ReportsWithoutEndAreARefusal) {
  begin("core");
  Agent agent(*credentials_->find("core"));
  session_.octets(at(5), agent.report(id_of(log_.sent[0]), 4, false), log_);
  for (int i = 1; i < 5 && log_.outcomes.empty(); ++i)
    session_.octets(at(5 + i), agent.report(id_of(log_.sent.back()), 2, true), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::refused});
}

TEST(SnmpCredentialFile, ReadsSecretsFromFilesAndTellsNone) {
  const std::string folder = testing::TempDir() + "snmp_credentials";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/community") << "hush-hush\n";
  std::ofstream(folder + "/password") << "long-enough-1\n";
  std::ofstream(folder + "/short") << "tiny\n";
  SeededRandom random(1);
  SnmpCredentials good(random);
  auto file = ConfigFile::parse(
      "snmp:\n  - { name: campus, community_file: community }\n"
      "  - { name: core, user: duheng, authentication: { hash: sha1, password_file: password }, privacy: { "
      "password_file: password } }\n",
      "test.yaml");
  read_snmp_credentials(file->root().items("snmp"), folder, good);
  ASSERT_TRUE(file->finish()) << file->finish().error().message;
  EXPECT_EQ(good.find("campus")->community, "hush-hush");
  EXPECT_EQ(good.find("core")->privacy, snmp::Privacy::aes128);
  SnmpCredentials bad(random);
  auto wrong = ConfigFile::parse("snmp:\n  - { name: core, user: duheng, authentication: { password_file: short } }\n",
                                 "test.yaml");
  read_snmp_credentials(wrong->root().items("snmp"), folder, bad);
  const auto refused = wrong->finish();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("test.yaml:2"), std::string::npos) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("tiny"), std::string::npos);
}

}  // namespace
}  // namespace duheng::drivers
