#include "device/scenario/scenario_line.hpp"

#include <gtest/gtest.h>

namespace duheng::device {
namespace {

using Kind = ScenarioRule::Kind;
using Fate = LineEntry::Fate;

struct Protocol final : LineProtocol {
  explicit Protocol(bool checksum) : checksum_(checksum) {}
  std::unique_ptr<QuestionCutter> cutter() const override { return nullptr; }
  std::optional<std::uint64_t> addressee(ByteView) const override { return std::nullopt; }
  std::int64_t octet_gap_ms() const override { return 10; }
  bool has_checksum() const override { return checksum_; }
  bool checksum_;
};
struct Silent final : VirtualDevice {
  explicit Silent(std::string uid) : name(std::move(uid)) {}
  const std::string& uid() const noexcept override { return name; }
  std::uint64_t bus_key() const noexcept override { return 1; }
  std::optional<DeviceAnswer> answer(std::int64_t, ByteView) override { return std::nullopt; }
  std::string name;
};

const Bytes said{0x68, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x16};

struct Sent {
  std::int64_t at_ms;
  Bytes octets;
  friend bool operator==(const Sent&, const Sent&) = default;
};

class ScenarioLineTest : public testing::Test {
 protected:
  void play(const std::string& rules, bool checksum = true) {
    protocol_ = std::make_unique<Protocol>(checksum);
    scenario_ = std::make_unique<Scenario>(*parse_scenario("rules:\n" + rules, "s.yaml"), ScenarioStart{0, 1'000});
    for (const char* uid : {"a", "b", "c"}) static_cast<void>(scenario_->seat(std::make_shared<Silent>(uid), "m"));
    line_ = std::make_unique<ScenarioLine>(*scenario_, *protocol_);
  }
  /// Asks and answers in one moment; the fates that go into the ledger.
  std::vector<Fate> exchange(const char* uid, std::uint8_t question, const Bytes& octets = said) {
    const Bytes frame{0x68, question, 0x16};
    line_->question(now_, frame);
    std::vector<Fate> out;
    for (const auto& entry : line_->answer(now_, {{uid}, {7}, octets})) {
      EXPECT_EQ(entry.address.text, uid);
      EXPECT_EQ(entry.identifier.value, 7U);
      EXPECT_EQ(Bytes(entry.octets.begin(), entry.octets.end()), octets);
      out.push_back(entry.fate);
    }
    line_->commit();
    return out;
  }
  /// Everything that goes out from now on for so long.
  std::vector<Sent> sent(std::int64_t for_ms = 0) {
    std::vector<Sent> out;
    const std::int64_t end = now_ + for_ms;
    while (line_->due_ms() <= end) {
      now_ = std::max(now_, line_->due_ms());
      while (auto octets = line_->take_due(now_)) out.push_back({now_, std::move(*octets)});
    }
    now_ = end;
    return out;
  }
  Bytes all(std::int64_t for_ms = 0) {
    Bytes out;
    for (const auto& piece : sent(for_ms)) out.insert(out.end(), piece.octets.begin(), piece.octets.end());
    return out;
  }
  std::unique_ptr<Protocol> protocol_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<ScenarioLine> line_;
  std::int64_t now_ = 1'000;
};

TEST_F(ScenarioLineTest, OutsideEveryRuleAnswersGoOutAsTheyAre) {
  play("  - { kind: silence, from_ms: 500, until_ms: 600 }\n  - { kind: echo, devices: [b] }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::provable});
  EXPECT_EQ(sent(), (std::vector<Sent>{{1'000, said}}));
  now_ = 1'500;
  EXPECT_EQ(exchange("a", 2), std::vector{Fate::spoiled});
  EXPECT_TRUE(sent(10'000).empty());
  // One clean exchange must lie between a fault and the first answer that proves anything.
  EXPECT_EQ(exchange("a", 3), std::vector{Fate::open});
  EXPECT_EQ(all(), said);
  EXPECT_EQ(exchange("a", 4), std::vector{Fate::provable});
  EXPECT_EQ(scenario_->applied(Kind::silence), 1U);
  EXPECT_EQ(scenario_->applied(Kind::echo), 0U);
}

TEST_F(ScenarioLineTest, NoiseStandsWhereItIsToStandAndHoldsNoEnd) {
  play(
      "  - { kind: noise, devices: [a], place: before, octets: { min: 400, max: 400 } }\n"
      "  - { kind: noise, devices: [b], place: after, octets: { min: 7, max: 9 } }\n"
      "  - { kind: noise, devices: [c], place: within, octets: { min: 1, max: 2 } }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::open});
  Bytes got = all();
  ASSERT_EQ(got.size(), 400 + said.size());
  EXPECT_TRUE(std::equal(said.begin(), said.end(), got.end() - static_cast<std::ptrdiff_t>(said.size())));
  EXPECT_EQ(std::count(got.begin(), got.begin() + 400, 0x16), 0);
  EXPECT_EQ(exchange("b", 2), std::vector{Fate::open});
  got = all();
  EXPECT_TRUE(std::equal(said.begin(), said.end(), got.begin()));
  EXPECT_GE(got.size(), said.size() + 7);
  for (std::uint8_t round = 0; round < 50; ++round) {
    EXPECT_EQ(exchange("c", round), std::vector{Fate::spoiled});
    got = all();
    ASSERT_GT(got.size(), said.size());
    // The place where the end is expected holds noise, whatever was drawn.
    EXPECT_NE(got[said.size() - 1], 0x16);
  }
}

TEST_F(ScenarioLineTest, BrokenAnswersAreSpoiledAndOneFaultIsEnough) {
  play(
      "  - { kind: wrong_checksum, devices: [a] }\n"
      "  - { kind: half_frame, devices: [a, b] }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::spoiled});
  Bytes got = all();
  ASSERT_EQ(got.size(), said.size());
  EXPECT_NE(got[9], said[9]);
  got[9] = said[9];
  EXPECT_EQ(got, said);
  EXPECT_EQ(scenario_->applied(Kind::half_frame), 0U);
  for (std::uint8_t round = 0; round < 50; ++round) {
    EXPECT_EQ(exchange("b", round), std::vector{Fate::spoiled});
    got = all();
    EXPECT_LT(got.size(), said.size());
    EXPECT_FALSE(got.empty());
    EXPECT_TRUE(std::equal(got.begin(), got.end(), said.begin()));
  }
}

TEST_F(ScenarioLineTest, WhereNothingWouldShowItAFaultIsSilence) {
  play(
      "  - { kind: wrong_checksum, devices: [a] }\n  - { kind: half_frame, devices: [b] }\n"
      "  - { kind: garbage, devices: [c], every_ms: 10 }\n",
      false);
  for (const char* uid : {"a", "b", "c"}) EXPECT_EQ(exchange(uid, 1), std::vector{Fate::spoiled});
  EXPECT_TRUE(sent(1'000).empty());
}

TEST_F(ScenarioLineTest, DelayedAnswersComeLaterAndProveNothing) {
  play(
      "  - { kind: delay, devices: [a], delay_ms: 100, jitter_ms: 50 }\n"
      "  - { kind: slow_octets, devices: [b], gap_ms: 20 }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::open});
  // Another answer overtakes it.
  now_ += 10;
  EXPECT_EQ(exchange("c", 2), std::vector{Fate::open});
  auto pieces = sent(200);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces[0].at_ms, 1'010);
  EXPECT_GE(pieces[1].at_ms, 1'100);
  EXPECT_LE(pieces[1].at_ms, 1'150);
  EXPECT_EQ(exchange("b", 3), std::vector{Fate::open});
  pieces = sent(1'000);
  ASSERT_EQ(pieces.size(), said.size());
  EXPECT_EQ(pieces.back().at_ms - pieces.front().at_ms, 20 * static_cast<std::int64_t>(said.size() - 1));
}

TEST_F(ScenarioLineTest, ADuplicateIsOneAnswerUnlessItWasAskedTwice) {
  play("  - { kind: duplicate_answer }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::open});
  Bytes twice = said;
  twice.insert(twice.end(), said.begin(), said.end());
  EXPECT_EQ(all(), twice);
  EXPECT_EQ(exchange("a", 1), (std::vector{Fate::open, Fate::open}));
}

TEST_F(ScenarioLineTest, AnotherDevicesAnswerIsReplayed) {
  play("  - { kind: wrong_address, devices: [a], from_ms: 1000 }\n  - { kind: silence, devices: [c] }\n");
  const Bytes of_b{0x68, 0xB, 0xB, 0x16};
  now_ = 2'000;
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::spoiled});  // nobody else has spoken
  EXPECT_TRUE(all().empty());
  for (const std::uint8_t question : {2, 3, 4}) {
    exchange("b", question, of_b);
    EXPECT_EQ(all(), of_b);
  }
  EXPECT_EQ(exchange("a", 5), std::vector{Fate::spoiled});
  EXPECT_EQ(all(), of_b);
  // A question nobody answered: that one's answer may still be waited for, and must not be made up.
  const Bytes unanswered{1};
  line_->question(now_, unanswered);
  exchange("a", 6);
  EXPECT_TRUE(all().empty());
}

TEST_F(ScenarioLineTest, EchoComesFirst) {
  play("  - { kind: noise, place: before, octets: { min: 2, max: 2 } }\n  - { kind: echo }\n");
  exchange("a", 9);
  const Bytes got = all();
  ASSERT_EQ(got.size(), 3 + 2 + said.size());
  EXPECT_EQ(Bytes(got.begin(), got.begin() + 3), (Bytes{0x68, 9, 0x16}));
}

TEST_F(ScenarioLineTest, GarbageGoesOnUntilTheRuleEndsOrTheLineIsCut) {
  play("  - { kind: garbage, devices: [a], until_ms: 1000, every_ms: 100, octets: { min: 5, max: 5 } }\n");
  EXPECT_EQ(exchange("a", 1), std::vector{Fate::spoiled});
  const auto pieces = sent(450);
  ASSERT_EQ(pieces.size(), 5U);
  for (const auto& piece : pieces) EXPECT_EQ(piece.octets.size(), 5U);
  EXPECT_EQ(exchange("b", 2), std::vector{Fate::open});
  static_cast<void>(sent(10'000));
  EXPECT_EQ(line_->due_ms(), INT64_MAX);
  play("  - { kind: garbage, every_ms: 100 }\n");
  now_ = 1'000;
  exchange("a", 1);
  EXPECT_FALSE(sent(100'000).empty());
  line_->cut();
  EXPECT_EQ(line_->due_ms(), INT64_MAX);
  EXPECT_TRUE(sent(10'000).empty());
}

TEST_F(ScenarioLineTest, WhatTheLedgerCannotHoldIsNotSent) {
  play("  - { kind: echo }\n");
  line_->question(now_, said);
  ASSERT_EQ(line_->answer(now_, {{"a"}, {7}, said}).size(), 1U);
  line_->drop();
  line_->commit();
  EXPECT_TRUE(sent(1'000).empty());
}

TEST_F(ScenarioLineTest, NotMoreIsHeldBackThanTheLimit) {
  play("  - { kind: delay, delay_ms: 600000 }\n");
  const Bytes large(100'000, 1);
  EXPECT_EQ(exchange("a", 1, large), std::vector{Fate::open});
  EXPECT_EQ(exchange("a", 2, large), std::vector{Fate::open});
  EXPECT_EQ(exchange("a", 3, large), std::vector{Fate::spoiled});
  EXPECT_EQ(all(600'000).size(), 200'000U);
}

TEST_F(ScenarioLineTest, TheSameSeedDrawsTheSameFaults) {
  const auto run = [&] {
    play("  - { kind: silence, probability: 0.3 }\n  - { kind: noise, place: before, probability: 0.3 }\n");
    now_ = 1'000;
    Bytes out;
    for (std::uint8_t i = 0; i < 200; ++i) {
      exchange("a", i);
      const Bytes got = all();
      out.push_back(static_cast<std::uint8_t>(got.size()));
      out.insert(out.end(), got.begin(), got.end());
    }
    return out;
  };
  const Bytes first = run();
  EXPECT_EQ(run(), first);
  EXPECT_GT(scenario_->applied(Kind::silence), 30U);
  EXPECT_GT(scenario_->applied(Kind::noise), 15U);
}

}  // namespace
}  // namespace duheng::device
