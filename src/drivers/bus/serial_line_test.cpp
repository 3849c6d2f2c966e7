// Sessions on real serial lines (pseudo-terminals) whose devices keep bad time: octets that dribble, answers torn
// apart, echoes, noise, late and foreign answers. Nothing here waits but on timers of the loop and on conditions.
#include <array>
#include <functional>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/dlt645/stream_parser.hpp"
#include "codec/modbus/message.hpp"
#include "codec/modbus/stream_parser.hpp"
#include "drivers/bus/testing/session_on_line.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/modbus/dialect.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::drivers {
namespace {

using modbus::Role;

constexpr std::int64_t response_timeout_ms = 300;
constexpr std::int64_t octet_time_us = 1'146;  // 9600 baud, eleven bits
/// Longer than either protocol lets pass between two octets, and than a question is waited for.
constexpr std::int64_t too_long_ms = 1'200;

/// What the tests must know of a protocol. Meters are numbered from 0; value `i` of a meter has a place of its own.
class Speech {
 public:
  using OnQuestion = std::function<void(ByteView)>;
  virtual ~Speech() = default;
  [[nodiscard]] virtual std::unique_ptr<Dialect> dialect() const = 0;
  [[nodiscard]] virtual BusAddress address(std::uint32_t meter) const = 0;
  [[nodiscard]] virtual Query query(std::uint16_t i) const = 0;
  /// Two octets that no other meter and value has.
  [[nodiscard]] static Bytes value(std::uint32_t meter, std::uint16_t i) {
    return {static_cast<std::uint8_t>(0x10 + meter), static_cast<std::uint8_t>(0x20 + i)};
  }
  [[nodiscard]] virtual Bytes answer(std::uint32_t meter, std::uint16_t i) const = 0;
  virtual void cut(ByteView octets, const OnQuestion& on_question) = 0;
};

class Speech645 final : public Speech {
 public:
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_dlt645_dialect(); }
  [[nodiscard]] BusAddress address(std::uint32_t meter) const override { return bus_address(address_of(meter)); }
  [[nodiscard]] Query query(std::uint16_t i) const override { return dlt645_read(identifier_of(i)); }
  [[nodiscard]] Bytes answer(std::uint32_t meter, std::uint16_t i) const override {
    return dlt645::read_reply(address_of(meter), identifier_of(i), value(meter, i), false)->to_bytes();
  }
  void cut(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const auto& frame) { on_question(frame.octets()); });
  }

 private:
  static dlt645::Address address_of(std::uint32_t meter) {
    return *dlt645::Address::parse(std::to_string(202'600'000'001 + meter));
  }
  static dlt645::DataIdentifier identifier_of(std::uint16_t i) {
    return dlt645::DataIdentifier{0x02010100U + (static_cast<std::uint32_t>(i) << 8)};
  }
  dlt645::StreamParser parser_;
};

/// RTU and ASCII.
template <modbus::Transport transport, class Parser>
class SpeechModbus final : public Speech {
 public:
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_modbus_dialect(transport); }
  [[nodiscard]] BusAddress address(std::uint32_t meter) const override { return modbus_unit(unit_of(meter)); }
  [[nodiscard]] Query query(std::uint16_t i) const override {
    return modbus_read({modbus::Table::holding_registers, i, 1, {}});
  }
  [[nodiscard]] Bytes answer(std::uint32_t meter, std::uint16_t i) const override {
    const Bytes octets = value(meter, i);
    const std::array<std::uint16_t, 1> registers{static_cast<std::uint16_t>(octets[0] << 8 | octets[1])};
    const auto pdu = modbus::registers_response(modbus::Function::read_holding_registers, registers);
    return modbus::encode_frame(transport, 0, unit_of(meter), pdu->view())->to_bytes();
  }
  void cut(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const auto&) { on_question(octets); });
  }

 private:
  static std::uint8_t unit_of(std::uint32_t meter) { return static_cast<std::uint8_t>(7 + meter); }
  Parser parser_{Role::request};
};

using SpeechRtu = SpeechModbus<modbus::Transport::rtu, modbus::RtuStreamParser>;
using SpeechAscii = SpeechModbus<modbus::Transport::ascii, modbus::AsciiStreamParser>;

enum class Tongue : std::uint8_t { dlt645, modbus_rtu, modbus_ascii };

class SerialLine : public testing::TestWithParam<Tongue> {
 protected:
  SerialLine() : speech_(make_speech()), terminal_(*link::open_pseudo_terminal(loop_)) {
    terminal_->set_handlers(
        [this](ByteView octets) {
          if (on_octets_) on_octets_(octets);
          speech_->cut(octets, [this](ByteView question) {
            questions_.emplace_back(question.begin(), question.end());
            if (on_question_) on_question_(questions_.size());
          });
        },
        [] {});
  }

  void start(std::uint8_t retries, bool line_echoes = false) {
    line_.emplace(loop_, link::make_serial(loop_, {terminal_->path(), 9'600, link::Parity::even, 1}),
                  speech_->dialect(), SessionSettings{.octet_time_us = octet_time_us, .line_echoes = line_echoes});
    for (std::uint32_t meter = 0; meter < 2; ++meter)
      line_->add_meter(speech_->address(meter), {response_timeout_ms, retries, 0});
    line_->open();
    ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 1; }));
  }
  void ask(std::uint32_t meter, std::uint16_t i) { ASSERT_TRUE(line_->ask(meter, speech_->query(i), i)); }
  void finish(std::size_t count) {
    ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->ended().size() >= count; }));
    ASSERT_EQ(line_->ended().size(), count);
  }
  /// The device's side: after a while these octets.
  void say(std::int64_t after_ms, Bytes octets) {
    timers_.push_back(std::make_unique<link::Timer>(
        loop_, [this, octets = std::move(octets)] { ASSERT_TRUE(terminal_->write(octets)); }));
    timers_.back()->start_ms(after_ms);
  }
  void expect_answered(std::size_t place, std::uint32_t meter, std::uint16_t i) const {
    const Ended& one = line_->ended().at(place);
    EXPECT_EQ(one.outcome, Outcome::answered) << place;
    EXPECT_EQ(one.meter, meter) << place;
    EXPECT_EQ(one.tag, i) << place;
    EXPECT_EQ(one.payload, Speech::value(meter, i)) << place;
  }
  void expect_damage_at(std::uint32_t meter) const {
    const auto& counted = line_->session().counters(meter);
    EXPECT_GT(counted.bad_frames + counted.noise_octets, 0U) << meter;
  }
  void expect_no_damage_at(std::uint32_t meter) const {
    const auto& counted = line_->session().counters(meter);
    EXPECT_EQ(counted.bad_frames + counted.noise_octets, 0U) << meter;
  }
  /// The octet by which a frame of meter 0 begins.
  [[nodiscard]] std::uint8_t beginning() const { return speech_->answer(0, 1).front(); }
  static Bytes part(const Bytes& octets, std::size_t first, std::size_t count) {
    const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(first);
    return {begin, begin + static_cast<std::ptrdiff_t>(count)};
  }

  link::EventLoop loop_;
  std::unique_ptr<Speech> speech_;
  std::unique_ptr<link::PseudoTerminal> terminal_;
  std::vector<Bytes> questions_;
  std::function<void(ByteView)> on_octets_;
  std::function<void(std::size_t number)> on_question_;  // 1, 2, 3 ...
  std::vector<std::unique_ptr<link::Timer>> timers_;
  std::optional<SessionOnLine> line_;

 private:
  static std::unique_ptr<Speech> make_speech() {
    if (GetParam() == Tongue::modbus_rtu) return std::make_unique<SpeechRtu>();
    if (GetParam() == Tongue::modbus_ascii) return std::make_unique<SpeechAscii>();
    return std::make_unique<Speech645>();
  }
};

TEST_P(SerialLine, AnAnswerTornInHalvesIsOneAnswer) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  const Bytes answer = speech_->answer(0, 1);
  on_question_ = [&](std::size_t) {
    say(0, part(answer, 0, answer.size() / 2));
    say(60, part(answer, answer.size() / 2, answer.size() - answer.size() / 2));
  };
  ask(0, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  expect_answered(0, 0, 1);
  EXPECT_EQ(line_->session().bus_counters().bad_frames, 0U);
}

TEST_P(SerialLine, OctetsThatDribbleWithinTheAllowedGapMakeAnAnswerEvenPastTheTimeOut) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  const Bytes answer = speech_->answer(0, 1);
  on_question_ = [&](std::size_t) {
    // The last octet comes half as long again after the question's time-out.
    const auto pause_ms = 3 * response_timeout_ms / 2 / static_cast<std::int64_t>(answer.size() - 1);
    for (std::size_t i = 0; i < answer.size(); ++i) say(static_cast<std::int64_t>(i) * pause_ms, part(answer, i, 1));
  };
  ask(0, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  expect_answered(0, 0, 1);
  EXPECT_EQ(questions_.size(), 1U);
}

TEST_P(SerialLine, AnAnswerThatBreaksOffForTooLongIsAskedForAgainAndItsRestIsNoise) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  const Bytes answer = speech_->answer(0, 1);
  on_question_ = [&](std::size_t number) {
    if (number == 1) {
      say(0, part(answer, 0, answer.size() / 2));
      say(too_long_ms, part(answer, answer.size() / 2, answer.size() - answer.size() / 2));
    } else {
      say(5, speech_->answer(0, static_cast<std::uint16_t>(line_->ended().size() + 1)));
    }
  };
  ask(0, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  expect_answered(0, 0, 1);
  EXPECT_EQ(questions_.size(), 2U);
  loop_.run_for_ms(too_long_ms);  // the rest of the first comes
  ask(0, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  expect_answered(1, 0, 2);
  const auto counted = line_->session().bus_counters();
  EXPECT_GT(counted.noise_octets + counted.bad_frames, 0U);
}

TEST_P(SerialLine, HalfAFrameThenSilenceIsGivenUpAndHarmsNoOther) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  on_question_ = [&](std::size_t number) {
    const Bytes answer = speech_->answer(number == 1 ? 0 : 1, static_cast<std::uint16_t>(number));
    say(0, number == 1 ? part(answer, 0, answer.size() / 2) : answer);
  };
  ask(0, 1);
  ask(1, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  EXPECT_EQ(line_->ended()[0].outcome, Outcome::timed_out);
  EXPECT_TRUE(line_->ended()[0].payload.empty());
  expect_answered(1, 1, 2);
  expect_damage_at(0);
  expect_no_damage_at(1);
}

TEST_P(SerialLine, TheLinesEchoIsTakenOffEvenWhenItComesInPieces) {
  ASSERT_NO_FATAL_FAILURE(start(0, true));
  on_octets_ = [&](ByteView octets) {
    const Bytes echo(octets.begin(), octets.end());
    say(0, part(echo, 0, 3));
    say(10, part(echo, 3, echo.size() - 3));
  };
  on_question_ = [&](std::size_t number) { say(30, speech_->answer(0, static_cast<std::uint16_t>(number))); };
  ask(0, 1);
  ask(0, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  expect_answered(0, 0, 1);
  expect_answered(1, 0, 2);
  EXPECT_EQ(line_->session().bus_counters().echoes, 2U);
  EXPECT_EQ(questions_.size(), 2U);
  expect_no_damage_at(0);  // an echo is the line's way, no fault
}

TEST_P(SerialLine, NoiseBeforeAndBehindAnAnswerIsCountedAndCutOff) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  on_question_ = [&](std::size_t number) {
    Bytes octets = *from_hex("00 FF 68 13 AA 07");  // beginnings of both protocols' frames among it
    const Bytes answer = speech_->answer(0, static_cast<std::uint16_t>(number));
    octets.insert(octets.end(), answer.begin(), answer.end());
    octets.insert(octets.end(), {0x55, 0x00, 0xFE});
    say(0, octets);
  };
  for (std::uint16_t i = 1; i <= 3; ++i) ask(0, i);
  ASSERT_NO_FATAL_FAILURE(finish(3));
  for (std::uint16_t i = 1; i <= 3; ++i) expect_answered(i - 1U, 0, i);
  const auto counted = line_->session().bus_counters();
  EXPECT_GT(counted.noise_octets + counted.bad_frames, 0U);
  expect_damage_at(0);
  expect_no_damage_at(1);
}

TEST_P(SerialLine, ALateAnswerBelongsToItsQuestionAndNeverToTheNext) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  on_question_ = [&](std::size_t number) {
    const auto i = static_cast<std::uint16_t>(number);
    say(number == 1 ? response_timeout_ms * 3 / 2 : 0, speech_->answer(0, i));
  };
  ask(0, 1);
  ask(0, 2);
  ASSERT_NO_FATAL_FAILURE(finish(3));
  EXPECT_EQ(line_->ended()[0].outcome, Outcome::timed_out);
  EXPECT_EQ(line_->ended()[0].tag, 1U);
  expect_answered(1, 0, 1);  // handed in later
  EXPECT_TRUE(line_->ended()[1].late);
  expect_answered(2, 0, 2);
  EXPECT_FALSE(line_->ended()[2].late);
  EXPECT_EQ(line_->session().counters(0).late_answers, 1U);
}

TEST_P(SerialLine, AnotherMetersAnswerIsNotTaken) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  on_question_ = [&](std::size_t number) {
    if (number == 1) say(0, speech_->answer(1, 1));
    if (number == 1) say(10, speech_->answer(5, 1));  // of a meter that is not ours
    if (number == 2) say(0, speech_->answer(1, 2));
  };
  ask(0, 1);
  ask(1, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  EXPECT_EQ(line_->ended()[0].outcome, Outcome::timed_out);
  expect_answered(1, 1, 2);
  EXPECT_EQ(line_->session().counters(1).unasked_answers, 1U);
  EXPECT_EQ(line_->session().bus_counters().foreign_answers, 1U);
}

TEST_P(SerialLine, AWrongChecksumIsCountedAndAskedForAgain) {
  ASSERT_NO_FATAL_FAILURE(start(1));
  on_question_ = [&](std::size_t number) {
    Bytes answer = speech_->answer(0, 1);
    if (number == 1) answer[answer.size() - 3] ^= 0x01;
    say(0, answer);
  };
  ask(0, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  expect_answered(0, 0, 1);
  EXPECT_EQ(questions_.size(), 2U);
  const auto counted = line_->session().bus_counters();
  EXPECT_GT(counted.bad_frames + counted.noise_octets, 0U);
  EXPECT_GE(line_->session().counters(0).bad_frames, 1U);  // Modbus has no start: each octet may be one
  expect_no_damage_at(1);
}

TEST_P(SerialLine, AnAnswerSaidTwiceCountsOnce) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  on_question_ = [&](std::size_t number) {
    Bytes octets = speech_->answer(0, static_cast<std::uint16_t>(number));
    const Bytes once = octets;
    if (number == 1) octets.insert(octets.end(), once.begin(), once.end());
    say(0, octets);
  };
  ask(0, 1);
  ask(0, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  expect_answered(0, 0, 1);
  expect_answered(1, 0, 2);
  EXPECT_EQ(line_->session().counters(0).unasked_answers, 1U);
}

TEST_P(SerialLine, GarbageForEverEndsInATimeOutAndTheLineServesAgainWhenItStops) {
  ASSERT_NO_FATAL_FAILURE(start(0));
  bool is_babbling = true;
  SeededRandom random(645);
  link::Timer babble(loop_, [&] {
    if (!is_babbling) return;
    Bytes octets(24);
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(random.below(256));
    octets[0] = beginning();
    ASSERT_TRUE(terminal_->write(octets));
    babble.start_ms(5);
  });
  babble.start_ms(0);
  ask(0, 1);
  ask(1, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  for (const Ended& one : line_->ended()) {
    EXPECT_EQ(one.outcome, Outcome::timed_out);
    EXPECT_TRUE(one.payload.empty());
  }
  EXPECT_GT(line_->session().bus_counters().noise_octets + line_->session().bus_counters().bad_frames, 100U);
  for (const std::uint32_t meter : {0U, 1U}) expect_damage_at(meter);
  is_babbling = false;
  on_question_ = [&](std::size_t) { say(0, speech_->answer(1, 3)); };
  ask(1, 3);
  ASSERT_NO_FATAL_FAILURE(finish(3));
  expect_answered(2, 1, 3);
}

std::string name_of(const testing::TestParamInfo<Tongue>& tested) {
  static constexpr std::array<const char*, 3> names{"dlt645", "modbus_rtu", "modbus_ascii"};
  return names.at(static_cast<std::size_t>(tested.param));
}
INSTANTIATE_TEST_SUITE_P(Protocols, SerialLine,
                         testing::Values(Tongue::dlt645, Tongue::modbus_rtu, Tongue::modbus_ascii), name_of);

/// A Modbus write is answered by itself: only the line's settings tell an echo from an answer.
TEST(SerialEcho, AModbusWriteOnAnEchoingLineIsConfirmedByTheDeviceAlone) {
  link::EventLoop loop;
  auto terminal = *link::open_pseudo_terminal(loop);
  bool device_answers = false;
  std::unique_ptr<link::Timer> answer;
  terminal->set_handlers(
      [&](ByteView octets) {
        ASSERT_TRUE(terminal->write(octets));  // the line
        if (!device_answers) return;
        const Bytes same(octets.begin(), octets.end());
        answer = std::make_unique<link::Timer>(loop, [&terminal, same] { ASSERT_TRUE(terminal->write(same)); });
        answer->start_ms(20);
      },
      [] {});
  SessionOnLine line(loop, link::make_serial(loop, {terminal->path(), 9'600, link::Parity::even, 1}),
                     make_modbus_dialect(modbus::Transport::rtu),
                     {.octet_time_us = octet_time_us, .line_echoes = true});
  line.add_meter(modbus_unit(7), {response_timeout_ms, 0, 0});
  line.open();
  Query write;
  write.operation = 6;
  write.body = {0x00, 0x10, 0x12, 0x34};
  write.at_most_once = true;
  ASSERT_TRUE(link::wait_for(loop, [&] { return line.opened() == 1; }));
  ASSERT_TRUE(line.ask(0, write));
  ASSERT_TRUE(link::wait_for(loop, [&] { return !line.ended().empty(); }));
  EXPECT_EQ(line.ended()[0].outcome, Outcome::timed_out);  // the echo alone confirms nothing
  device_answers = true;
  ASSERT_TRUE(line.ask(0, write));
  ASSERT_TRUE(link::wait_for(loop, [&] { return line.ended().size() == 2; }));
  EXPECT_EQ(line.ended()[1].outcome, Outcome::answered);
}

}  // namespace
}  // namespace duheng::drivers
