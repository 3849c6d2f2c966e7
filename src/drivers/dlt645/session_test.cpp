#include "drivers/bus/session.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/dialect.hpp"

namespace duheng::drivers {
namespace {

using dlt645::Address;
using dlt645::DataIdentifier;

constexpr DataIdentifier import_total{0x00010000};
constexpr DataIdentifier voltage_a{0x02010100};

struct Delivered {
  std::uint64_t number;
  std::uint32_t meter;
  std::uint32_t tag;
  DataIdentifier identifier;
  Outcome outcome;
  bool late;
  std::uint32_t error;
  Bytes request;
  Bytes response;
  Bytes payload;
  std::int64_t sent_utc_ms;
  std::int64_t received_utc_ms;
};

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    delivered.push_back({e.number, e.meter, e.tag, DataIdentifier{static_cast<std::uint32_t>(e.query->subject)},
                         e.outcome, e.late, e.error, Bytes(e.request.begin(), e.request.end()),
                         Bytes(e.response.begin(), e.response.end()), Bytes(e.payload.begin(), e.payload.end()),
                         e.sent_utc_ms, e.received.utc_ms});
  }
  void reopen() override { ++reopened; }
  std::vector<Bytes> sent;
  std::vector<Delivered> delivered;
  int reopened = 0;
};

Address address_of(std::uint32_t meter) { return *Address::parse(std::to_string(100 + meter)); }
Bytes answer(std::uint32_t meter, DataIdentifier identifier, const Bytes& payload, bool follows = false) {
  return dlt645::read_reply(address_of(meter), identifier, payload, follows)->to_bytes();
}
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }

class SessionTest : public testing::Test {
 protected:
  explicit SessionTest(SessionSettings settings = {}) : session_(make_dlt645_dialect(), settings) {
    for (std::uint32_t meter = 0; meter < 3; ++meter) session_.add_meter(bus_address(address_of(meter)), {1'000, 1, 4});
  }
  /// A line that has been open for long.
  void open_line() {
    session_.opened(at(-60'000), log_);
    session_.advance(at(0), log_);
  }
  Session session_;
  Log log_;
};

TEST_F(SessionTest, FreshlyOpenedLineIsListenedToFirst) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  session_.opened(at(0), log_);
  EXPECT_TRUE(log_.sent.empty());
  session_.octets(at(100), answer(0, import_total, {1, 1, 1, 1}), log_);  // to whoever asked before us
  EXPECT_TRUE(log_.delivered.empty());
  EXPECT_EQ(session_.deadline_ms(), 1'000);
  session_.timer(at(1'000), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
}

TEST_F(SessionTest, AsksOneAtATimeAndOnlyAfterTheAnswerIsDurable) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 7));
  ASSERT_TRUE(session_.ask(1, dlt645_read(voltage_a), 8));
  open_line();
  ASSERT_EQ(log_.sent.size(), 1U);
  EXPECT_EQ(log_.sent[0], dlt645::read_request(address_of(0), import_total).to_bytes());
  session_.octets(at(20), answer(0, import_total, {1, 2, 3, 4}), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  const auto& first = log_.delivered[0];
  EXPECT_EQ(first.outcome, Outcome::answered);
  EXPECT_EQ(first.tag, 7U);
  EXPECT_EQ(first.payload, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(first.request, log_.sent[0]);
  EXPECT_EQ(first.response, answer(0, import_total, {1, 2, 3, 4}));
  EXPECT_EQ(first.received_utc_ms - first.sent_utc_ms, 20);
  EXPECT_EQ(log_.sent.size(), 1U);  // not durable yet
  session_.timer(at(60'000), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.stored_through(first.number, at(60'001), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  EXPECT_EQ(log_.sent[1], dlt645::read_request(address_of(1), voltage_a).to_bytes());
}

TEST_F(SessionTest, EchoNoiseAndOtherMetersAreCountedAndIgnored) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  open_line();
  session_.octets(at(1), log_.sent[0], log_);                                           // echo
  session_.octets(at(2), Bytes{0x00, 0xFF, 0x13}, log_);                                // noise
  session_.octets(at(3), answer(9, import_total, {9, 9, 9, 9}), log_);                  // not on this bus
  session_.octets(at(4), answer(1, import_total, {1, 1, 1, 1}), log_);                  // ours, but not asked
  session_.octets(at(5), answer(0, voltage_a, {0x22, 0x22}), log_);                     // other identifier
  session_.octets(at(6), dlt645::read_request(address_of(2), voltage_a).view(), log_);  // another master
  EXPECT_TRUE(log_.delivered.empty());
  session_.octets(at(7), answer(0, import_total, {4, 3, 2, 1}), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].payload, (Bytes{4, 3, 2, 1}));
  EXPECT_EQ(session_.bus_counters().echoes, 1U);
  EXPECT_EQ(session_.bus_counters().foreign_questions, 1U);
  EXPECT_EQ(session_.bus_counters().foreign_answers, 1U);
  EXPECT_EQ(session_.bus_counters().noise_octets, 3U);
  EXPECT_EQ(session_.counters(1).unasked_answers, 1U);
  EXPECT_EQ(session_.counters(0).unasked_answers, 1U);
}

TEST_F(SessionTest, DamageCountsToTheMeterThatWasAsked) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(1, dlt645_read(import_total), 0));
  open_line();
  Bytes wrong = answer(0, import_total, {1, 2, 3, 4});
  wrong[wrong.size() - 2] ^= 0x10;
  session_.octets(at(1), wrong, log_);
  EXPECT_EQ(session_.counters(0).bad_frames, 1U);
  // Noise, the answer, noise: what lies behind the answer is the line's, even when it comes with it.
  Bytes octets{0x00, 0xFF, 0x13};
  const Bytes whole = answer(0, import_total, {1, 2, 3, 4});
  octets.insert(octets.end(), whole.begin(), whole.end());
  octets.insert(octets.end(), {0x01, 0x02});
  const auto rejected = session_.counters(0).noise_octets;  // the damaged frame's
  session_.octets(at(2), octets, log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(session_.counters(0).noise_octets, rejected + 3);
  EXPECT_EQ(session_.bus_counters().stray_noise_octets, 2U);
  // While the answer is being stored nobody is asked: damage then is the line's, whoever it was.
  session_.octets(at(3), wrong, log_);
  EXPECT_EQ(session_.counters(0).bad_frames, 1U);
  EXPECT_EQ(session_.bus_counters().stray_bad_frames, 1U);
  // The next meter begins half a frame and falls silent.
  session_.stored_through(1, at(4), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  const Bytes second = answer(1, import_total, {1, 2, 3, 4});
  session_.octets(at(5), ByteView(second).first(second.size() / 2), log_);
  EXPECT_EQ(session_.counters(1).bad_frames, 0U);  // it may still go on
  session_.timer(at(2'000), log_);
  EXPECT_EQ(session_.counters(1).bad_frames, 2U);  // its second 68H might have begun another
  EXPECT_EQ(session_.counters(0).bad_frames, 1U);
  EXPECT_EQ(session_.bus_counters().bad_frames, 4U);
}

TEST_F(SessionTest, DamageWhileALateAnswerIsDueCountsToItsMeter) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  open_line();
  session_.timer(at(1'000), log_);
  session_.timer(at(2'000), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  Bytes wrong = answer(0, import_total, {1, 2, 3, 4});
  wrong[wrong.size() - 2] ^= 0x10;
  session_.octets(at(2'500), wrong, log_);
  EXPECT_EQ(session_.counters(0).bad_frames, 1U);
  EXPECT_EQ(session_.counters(1).bad_frames, 0U);
  EXPECT_EQ(session_.bus_counters().stray_bad_frames, 0U);
}

TEST_F(SessionTest, RetriesThenGivesUpThenSettles) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(1, dlt645_read(import_total), 0));
  open_line();
  session_.timer(at(999), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.timer(at(1'000), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  EXPECT_EQ(log_.sent[1], log_.sent[0]);
  session_.timer(at(2'000), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].outcome, Outcome::timed_out);
  EXPECT_EQ(log_.sent.size(), 2U);  // an answer could still be on its way
  EXPECT_EQ(session_.deadline_ms(), 3'000);
  session_.octets(at(2'500), answer(0, import_total, {5, 5, 5, 5}), log_);
  ASSERT_EQ(log_.delivered.size(), 2U);
  EXPECT_TRUE(log_.delivered[1].late);
  EXPECT_EQ(log_.delivered[1].meter, 0U);
  EXPECT_EQ(log_.delivered[1].payload, (Bytes{5, 5, 5, 5}));
  session_.timer(at(3'000), log_);
  EXPECT_EQ(log_.sent.size(), 2U);  // the late answer is not durable yet
  session_.stored_through(log_.delivered[1].number, at(3'001), log_);
  ASSERT_EQ(log_.sent.size(), 3U);
  EXPECT_EQ(log_.sent[2], dlt645::read_request(address_of(1), import_total).to_bytes());
  // The other answer of meter 0 (two questions were sent) comes far too late: dropped, never taken for meter 1's.
  session_.octets(at(3'100), answer(0, import_total, {6, 6, 6, 6}), log_);
  EXPECT_EQ(log_.delivered.size(), 2U);
  EXPECT_EQ(session_.counters(0).unasked_answers, 1U);
}

TEST_F(SessionTest, SecondAnswerToARepeatedQuestionIsKeptAsEvidence) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  open_line();
  session_.timer(at(1'000), log_);
  session_.octets(at(1'050), answer(0, import_total, {1, 0, 0, 0}), log_);
  session_.octets(at(1'100), answer(0, import_total, {2, 0, 0, 0}), log_);
  session_.octets(at(1'150), answer(0, import_total, {3, 0, 0, 0}), log_);  // three answers to two questions
  ASSERT_EQ(log_.delivered.size(), 2U);
  EXPECT_FALSE(log_.delivered[0].late);
  EXPECT_TRUE(log_.delivered[1].late);
  EXPECT_EQ(session_.counters(0).unasked_answers, 1U);
}

TEST_F(SessionTest, ErrorAnswerIsARefusalAndCorruptOnesAreAskedAgain) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(0, dlt645_read(voltage_a), 1));
  open_line();
  session_.octets(at(10), dlt645::error_reply(address_of(0), 0x11, 0x02).view(), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].outcome, Outcome::refused);
  EXPECT_EQ(log_.delivered[0].error, 0x02U);
  session_.stored_through(log_.delivered[0].number, at(11), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  Bytes broken = answer(0, voltage_a, {0x04, 0x22});
  broken[broken.size() - 2] ^= 1;
  session_.octets(at(20), broken, log_);
  EXPECT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(session_.bus_counters().bad_frames, 1U);
  session_.timer(at(5'000), log_);
  EXPECT_EQ(log_.sent.size(), 3U);
}

TEST_F(SessionTest, AnswerBehindSomethingThatLooksLikeABeginningIsFoundAfterSilence) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  open_line();
  // A false start that claims 255 octets of data.
  Bytes octets{0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF};
  const Bytes true_answer = answer(0, import_total, {7, 7, 7, 7});
  octets.insert(octets.end(), true_answer.begin(), true_answer.end());
  session_.octets(at(10), octets, log_);
  EXPECT_TRUE(log_.delivered.empty());
  session_.timer(at(1'000), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].outcome, Outcome::answered);
}

TEST_F(SessionTest, LateAnswerHiddenInNoiseComesOutBeforeTheNextQuestion) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(1, dlt645_read(import_total), 0));
  open_line();
  session_.timer(at(1'000), log_);
  session_.timer(at(2'000), log_);  // given up; two answers may still come
  Bytes octets{0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF};
  const Bytes late = answer(0, import_total, {7, 7, 7, 7});
  octets.insert(octets.end(), late.begin(), late.end());
  session_.octets(at(2'900), octets, log_);
  EXPECT_EQ(log_.delivered.size(), 1U);
  session_.timer(at(3'000), log_);  // a frame has begun 100 ms ago
  EXPECT_EQ(log_.sent.size(), 2U);
  session_.timer(at(3'400), log_);
  ASSERT_EQ(log_.delivered.size(), 2U);
  EXPECT_TRUE(log_.delivered[1].late);
  EXPECT_EQ(log_.sent.size(), 2U);
  session_.stored_through(log_.delivered[1].number, at(3'450), log_);
  EXPECT_EQ(log_.sent.size(), 3U);
}

TEST_F(SessionTest, NoiseWithoutEndDoesNotHoldTheBus) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  open_line();
  std::int64_t now = 0;
  const Bytes noise{0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF};
  while (log_.delivered.empty() && now < 60'000) {
    now += 100;
    session_.octets(at(now), noise, log_);
    session_.timer(at(now), log_);
  }
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].outcome, Outcome::timed_out);
  EXPECT_LE(now, 5'000);
}

TEST_F(SessionTest, FollowingFramesAreJoined) {
  // Reference frames of a longer answer: 03300D01 in 8 + 8 + 4 octets.
  Session session(make_dlt645_dialect(), {});
  session.add_meter(bus_address(*Address::parse("161")), {1'000, 1, 0});
  ASSERT_TRUE(session.ask(0, dlt645_read({0x03300D01}), 0));
  session.opened(at(-60'000), log_);
  session.advance(at(0), log_);
  session.octets(at(1), *from_hex("68 61 01 00 00 00 00 68 B1 0C 34 40 63 36 43 44 45 46 47 48 49 4A 30 16"), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  EXPECT_EQ(log_.sent[1], *from_hex("68 61 01 00 00 00 00 68 12 05 34 40 63 36 34 8A 16"));
  // The first frame again, as from a meter that did not hear the question: not taken for the second.
  session.octets(at(2), *from_hex("68 61 01 00 00 00 00 68 B1 0C 34 40 63 36 43 44 45 46 47 48 49 4A 30 16"), log_);
  session.octets(at(3), *from_hex("68 61 01 00 00 00 00 68 B2 0D 34 40 63 36 53 54 55 56 57 58 59 5A 34 E6 16"), log_);
  ASSERT_EQ(log_.sent.size(), 3U);
  session.octets(at(4), *from_hex("68 61 01 00 00 00 00 68 92 09 34 40 63 36 63 64 65 66 35 A1 16"), log_);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].payload, *from_hex("1011121314151617 2021222324252627 30313233"));
  EXPECT_EQ(log_.delivered[0].response.size(), 24U + 25U + 21U);
}

TEST_F(SessionTest, ClosedDropsEverythingAndOpenedStartsAfresh) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(1, dlt645_read(import_total), 0));
  open_line();
  session_.closed();
  EXPECT_EQ(session_.waiting_questions(), 0U);
  EXPECT_EQ(session_.deadline_ms(), INT64_MAX);
  session_.octets(at(5), answer(0, import_total, {1, 2, 3, 4}), log_);
  EXPECT_TRUE(log_.delivered.empty());
  session_.opened(at(10), log_);
  session_.timer(at(2'000), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
}

class ReopeningSession : public SessionTest {
 protected:
  ReopeningSession() : SessionTest(SessionSettings{.reopen_after_timeout = true}) {}
};

TEST_F(ReopeningSession, TimeOutDropsTheConnectionAndAsksAgainOverANewOne) {
  ASSERT_TRUE(session_.ask(0, dlt645_read(import_total), 0));
  ASSERT_TRUE(session_.ask(1, dlt645_read(import_total), 0));
  session_.opened(at(0), log_);
  session_.timer(at(1'000), log_);
  EXPECT_EQ(log_.reopened, 1);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.opened(at(1'010), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  EXPECT_EQ(log_.sent[1], log_.sent[0]);
  session_.timer(at(2'010), log_);
  EXPECT_EQ(log_.reopened, 2);
  ASSERT_EQ(log_.delivered.size(), 1U);
  EXPECT_EQ(log_.delivered[0].outcome, Outcome::timed_out);
  session_.opened(at(2'020), log_);
  ASSERT_EQ(log_.sent.size(), 3U);
  EXPECT_EQ(log_.sent[2], dlt645::read_request(address_of(1), import_total).to_bytes());
}

/// A line on which anything may happen: answers are lost, late, doubled, broken, glued to noise; other meters talk.
/// What a meter says is a function of (meter, identifier), so that a mix-up would show.
Bytes truth(std::uint32_t meter, DataIdentifier identifier) {
  return {static_cast<std::uint8_t>(meter), identifier.di(0), identifier.di(1), identifier.di(2)};
}

RC_GTEST_PROP(SessionProperty, NoValueIsEverCreditedToAnotherMeterOrIdentifier, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const std::vector<DataIdentifier> identifiers{import_total, voltage_a, {0x02030000}, {0x04000102}};
  constexpr std::uint32_t meters = 5;
  Session session(make_dlt645_dialect(), {.reopen_after_timeout = random.below(2) == 0});
  for (std::uint32_t meter = 0; meter < meters; ++meter) session.add_meter(bus_address(address_of(meter)), {200, 2, 1});
  Log log;
  std::multimap<std::int64_t, Bytes> arriving;
  std::size_t handled = 0;
  std::size_t checked = 0;
  std::uint64_t stored = 0;
  std::int64_t now = 0;
  std::uint64_t asked = 0;
  session.opened(at(-60'000), log);  // long ago: a freshly opened line is only listened to
  const auto react = [&] {
    if (log.reopened > 0) {
      log.reopened = 0;
      arriving.clear();
      session.opened(at(now), log);
    }
    for (; handled < log.sent.size(); ++handled) {
      const auto question = dlt645::decode(log.sent[handled]);
      RC_ASSERT(question.has_value());
      // Nothing is asked while an answer is not durable.
      for (const auto& delivered : log.delivered)
        RC_ASSERT(delivered.number <= stored || delivered.outcome == Outcome::timed_out);
      const auto plain = question->plain_data();
      const auto identifier = *dlt645::read_identifier(plain.view());
      const auto meter = static_cast<std::uint32_t>(std::stoul(question->address().to_string()) - 100);
      Bytes octets = answer(meter, identifier, truth(meter, identifier));
      const std::uint64_t fate = random.below(10);
      if (fate == 0) continue;                                                                                 // lost
      if (fate == 1) octets[random.below(octets.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));  // broken
      if (fate == 2) arriving.emplace(now + static_cast<std::int64_t>(random.below(900)), octets);             // twice
      if (fate == 3) octets.insert(octets.begin(), log.sent[handled].begin(), log.sent[handled].end());        // echo
      if (fate == 4) octets.insert(octets.begin(), 12, static_cast<std::uint8_t>(random.below(256)));          // noise
      const std::int64_t delay = static_cast<std::int64_t>(fate == 5 ? random.below(1'500) : random.below(150));
      arriving.emplace(now + delay, octets);
      if (fate == 6) {  // somebody else talks
        const auto other = static_cast<std::uint32_t>(random.below(meters + 3));
        const auto what = identifiers[random.below(identifiers.size())];
        arriving.emplace(now + static_cast<std::int64_t>(random.below(300)), answer(other, what, truth(other, what)));
      }
    }
    for (; checked < log.delivered.size(); ++checked) {
      const auto& delivered = log.delivered[checked];
      if (delivered.outcome != Outcome::answered) continue;
      RC_ASSERT(delivered.payload == truth(delivered.meter, delivered.identifier));
      RC_ASSERT(dlt645::decode(delivered.response)->address() == address_of(delivered.meter));
    }
  };
  for (int step = 0; step < 3'000; ++step) {
    if (session.waiting_questions() < 3) {
      RC_ASSERT(session.ask(static_cast<std::uint32_t>(random.below(meters)),
                            dlt645_read(identifiers[random.below(identifiers.size())]), 0));
      ++asked;
      session.advance(at(now), log);
      react();
    }
    now += static_cast<std::int64_t>(random.below(40));
    while (!arriving.empty() && arriving.begin()->first <= now) {
      Bytes octets = arriving.begin()->second;
      arriving.erase(arriving.begin());
      const std::size_t cut = random.below(octets.size() + 1);  // arrives in two pieces
      session.octets(at(now), ByteView(octets).first(cut), log);
      session.octets(at(now), ByteView(octets).subspan(cut), log);
      react();
    }
    session.timer(at(now), log);
    react();
    if (random.below(3) == 0 && !log.delivered.empty()) {
      for (const auto& delivered : log.delivered) stored = std::max(stored, delivered.number);
      session.stored_through(stored, at(now), log);
      react();
    }
  }
  // The bus went on: most questions came to an end.
  RC_ASSERT(log.delivered.size() + 10 > asked / 2);
  RC_ASSERT(log.delivered.size() > 20U);
}

}  // namespace
}  // namespace duheng::drivers
