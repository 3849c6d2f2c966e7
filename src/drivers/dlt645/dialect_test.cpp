// What the session's own tests do not reach: commands, broadcasts, urgent questions.
#include "drivers/dlt645/dialect.hpp"

#include <gtest/gtest.h>

#include "codec/dlt645/message.hpp"
#include "drivers/bus/session.hpp"

namespace duheng::drivers {
namespace {

using dlt645::Address;

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    outcomes.push_back(e.outcome);
    tags.push_back(e.tag);
    errors.push_back(e.error);
    payloads.emplace_back(e.payload.begin(), e.payload.end());
    newest = std::max(newest, e.number);
  }
  void reopen() override { ++reopened; }
  std::vector<Bytes> sent;
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> tags;
  std::vector<std::uint32_t> errors;
  std::vector<Bytes> payloads;
  std::uint64_t newest = 0;
  int reopened = 0;
};

Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }
const Address meter_address = *Address::parse("201000000012");

class Dlt645Commands : public testing::Test {
 protected:
  Dlt645Commands() {
    session_.add_meter(bus_address(meter_address), {1'000, 2, 4});
    session_.opened(at(-60'000), log_);
    session_.advance(at(0), log_);
  }
  void ask(Query query, std::uint32_t tag, bool urgent = false) {
    ASSERT_TRUE(session_.ask(0, std::move(query), tag, urgent));
  }
  static Query trip() {
    Query query;
    query.operation = 0x1C;
    query.body = *from_hex("02 37 06 02 01 00 00 00 1A 00 00 00 00 30 12 99");
    query.at_most_once = true;
    return query;
  }
  Session session_{make_dlt645_dialect(), {}};
  Log log_;
};

TEST_F(Dlt645Commands, CommandCarriesItsBodyAndIsAcceptedByTheEmptyAnswer) {
  ask(trip(), 5);
  session_.advance(at(0), log_);
  ASSERT_EQ(log_.sent.size(), 1U);
  const auto frame = dlt645::decode(log_.sent[0]);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->control(), 0x1C);
  const auto plain = frame->plain_data();
  EXPECT_EQ(Bytes(plain.view().begin(), plain.view().end()), trip().body);
  session_.octets(at(30), dlt645::accept_reply(meter_address, 0x1C).view(), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::answered});
}

TEST_F(Dlt645Commands, CommandIsNeverSentTwice) {
  ask(trip(), 5);
  session_.advance(at(0), log_);
  session_.timer(at(1'000), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::timed_out});
  session_.timer(at(60'000), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
}

TEST_F(Dlt645Commands, CommandUnderWayIsNamedWhenTheChannelGoes) {
  ask(trip(), 5);
  session_.advance(at(0), log_);
  const auto lost = session_.closed();
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_EQ(lost.front().tag, 5U);
  session_.opened(at(10), log_);
  session_.timer(at(60'000), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
}

TEST_F(Dlt645Commands, RefusalTellsTheErrorWord) {
  ask(trip(), 5);
  session_.advance(at(0), log_);
  session_.octets(at(30), dlt645::error_reply(meter_address, 0x1C, 0x04).view(), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::refused});
  EXPECT_EQ(log_.errors, std::vector<std::uint32_t>{0x04});
}

TEST_F(Dlt645Commands, AcceptanceOfAnotherFunctionIsNotTaken) {
  ask(trip(), 5);
  session_.advance(at(0), log_);
  session_.octets(at(30), dlt645::accept_reply(meter_address, 0x16).view(), log_);
  EXPECT_TRUE(log_.outcomes.empty());
  EXPECT_EQ(session_.counters(0).unasked_answers, 1U);
}

TEST_F(Dlt645Commands, UrgentQuestionsComeBeforeWaitingOnes) {
  ask(dlt645_read({0x00010000}), 1);
  ask(dlt645_read({0x02010100}), 2);
  ask(trip(), 3, true);
  session_.drop_questions(0);  // drops polls, never a command
  EXPECT_EQ(session_.waiting_questions(), 1U);
  ask(dlt645_read({0x00010000}), 4);
  session_.advance(at(0), log_);
  session_.octets(at(30), dlt645::accept_reply(meter_address, 0x1C).view(), log_);
  EXPECT_EQ(log_.tags, std::vector<std::uint32_t>{3});
}

TEST_F(Dlt645Commands, BroadcastWaitsForNoAnswerButLeavesTheLineQuiet) {
  Query time;
  time.operation = 0x08;
  time.body = *from_hex("00 30 12 21 11 26");
  time.has_answer = false;
  time.at_most_once = true;
  ask(time, 1);
  ask(dlt645_read({0x00010000}), 2);
  session_.advance(at(0), log_);
  ASSERT_EQ(log_.sent.size(), 1U);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::sent});
  session_.timer(at(999), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.timer(at(1'000), log_);
  EXPECT_EQ(log_.sent.size(), 2U);
}

}  // namespace
}  // namespace duheng::drivers
