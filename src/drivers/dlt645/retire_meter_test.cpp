#include <gtest/gtest.h>

#include "codec/dlt645/message.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/dlt645/dialect.hpp"

namespace duheng::drivers {
namespace {

using dlt645::Address;
using dlt645::DataIdentifier;

constexpr DataIdentifier import_total{0x00010000};
constexpr DataIdentifier voltage_a{0x02010100};

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override { delivered.push_back({e.number, e.meter, e.outcome, e.late}); }
  void reopen() override { ++reopened; }
  struct Delivered {
    std::uint64_t number;
    std::uint32_t meter;
    Outcome outcome;
    bool late;
  };
  std::vector<Bytes> sent;
  std::vector<Delivered> delivered;
  int reopened = 0;
};

Address address_of(std::uint32_t meter) { return *Address::parse(std::to_string(100 + meter)); }
Bytes question(std::uint32_t meter, DataIdentifier identifier) {
  return dlt645::read_request(address_of(meter), identifier).to_bytes();
}
Bytes answer(std::uint32_t meter, DataIdentifier identifier) {
  const Bytes payload(identifier == voltage_a ? 2 : 4, 0x11);
  return dlt645::read_reply(address_of(meter), identifier, payload, false)->to_bytes();
}
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }

struct Line {
  explicit Line(SessionSettings settings = {}) : session(make_dlt645_dialect(), settings) {
    for (std::uint32_t meter = 0; meter < 3; ++meter) session.add_meter(bus_address(address_of(meter)), {1'000, 1, 4});
  }
  void open() {
    session.opened(at(-60'000), log);
    session.advance(at(0), log);
  }
  void ask(std::uint32_t meter, DataIdentifier identifier, bool urgent = false) {
    EXPECT_TRUE(session.ask(meter, dlt645_read(identifier), 0, urgent));
  }
  Session session;
  Log log;
};

TEST(RetireMeter, ItsWaitingQuestionsAreGivenBackAndTheOthersAreAsked) {
  Line line;
  line.ask(1, import_total);
  line.ask(0, import_total);
  line.ask(1, voltage_a, true);
  line.ask(2, import_total);
  const auto retired = line.session.retire_meter(1);
  EXPECT_EQ(retired.waiting.size(), 2U);
  EXPECT_FALSE(retired.under_way);
  EXPECT_EQ(line.session.meter_count(), 2U);
  line.open();
  ASSERT_EQ(line.log.sent.size(), 1U);
  EXPECT_EQ(line.log.sent[0], question(0, import_total));
  EXPECT_EQ(line.session.waiting_questions(), 1U);
}

TEST(RetireMeter, ItsAnswerUnderWayIsAwaitedAndDelivered) {
  Line line;
  line.ask(1, import_total);
  line.ask(2, import_total);
  line.open();
  const auto retired = line.session.retire_meter(1);
  ASSERT_TRUE(retired.under_way);
  EXPECT_EQ(retired.under_way->meter, 1U);
  line.session.advance(at(10), line.log);
  EXPECT_EQ(line.log.sent.size(), 1U) << "an answer may still come: nobody else is asked";
  line.session.octets(at(20), answer(1, import_total), line.log);
  ASSERT_EQ(line.log.delivered.size(), 1U);
  EXPECT_EQ(line.log.delivered[0].meter, 1U);
  EXPECT_EQ(line.log.sent.size(), 1U) << "it is to be stored first";
  line.session.stored_through(1, at(30), line.log);
  ASSERT_EQ(line.log.sent.size(), 2U);
  EXPECT_EQ(line.log.sent[1], question(2, import_total));
}

TEST(RetireMeter, ItsQuestionIsNotRepeatedAndTheLineSettlesAfterIt) {
  Line line;
  line.ask(1, import_total);
  line.ask(2, import_total);
  line.open();
  static_cast<void>(line.session.retire_meter(1));
  std::int64_t now_ms = 0;
  while (line.log.sent.size() < 2 && now_ms < 10'000) line.session.timer(at(now_ms += 10), line.log);
  ASSERT_EQ(line.log.sent.size(), 2U);
  EXPECT_EQ(line.log.sent[1], question(2, import_total));
  EXPECT_GT(now_ms, 1'000);
  ASSERT_EQ(line.log.delivered.size(), 1U);
  EXPECT_EQ(line.log.delivered[0].outcome, Outcome::timed_out);
  line.session.octets(at(now_ms + 5), answer(1, import_total), line.log);
  EXPECT_EQ(line.log.delivered.size(), 1U);
  EXPECT_EQ(line.session.bus_counters().foreign_answers, 1U);
}

TEST(RetireMeter, AConnectionThatIsOpenedAnewForItAsksTheNext) {
  Line line({.reopen_after_timeout = true});
  line.ask(1, import_total);
  line.ask(2, import_total);
  line.open();
  line.session.timer(at(1'001), line.log);
  ASSERT_EQ(line.log.reopened, 1) << "the first attempt is over, a second would follow";
  EXPECT_EQ(line.session.retire_meter(1).waiting.size(), 1U);
  line.session.opened(at(1'100), line.log);
  ASSERT_EQ(line.log.sent.size(), 2U);
  EXPECT_EQ(line.log.sent[1], question(2, import_total));
}

TEST(RetireMeter, ItsNumberAndAddressServeAnotherButNeverMixTheirAnswers) {
  Line line;
  line.ask(1, import_total);
  line.open();
  static_cast<void>(line.session.retire_meter(1));
  // The same meter again, as another device, while the answer to the first one's question is still due.
  const auto again = line.session.add_meter(bus_address(address_of(1)), {1'000, 1, 4});
  EXPECT_NE(again, 1U);
  line.ask(again, voltage_a);
  line.session.octets(at(20), answer(1, import_total), line.log);
  ASSERT_EQ(line.log.delivered.size(), 1U);
  EXPECT_EQ(line.log.delivered[0].meter, 1U);
  line.session.stored_through(1, at(30), line.log);
  ASSERT_EQ(line.log.sent.size(), 2U);
  EXPECT_EQ(line.log.sent[1], question(1, voltage_a));
  line.session.octets(at(40), answer(1, voltage_a), line.log);
  ASSERT_EQ(line.log.delivered.size(), 2U);
  EXPECT_EQ(line.log.delivered[1].meter, again);
  EXPECT_EQ(line.session.counters(again).answers, 1U);
  // The number is free now.
  EXPECT_EQ(line.session.add_meter(bus_address(address_of(7)), {1'000, 1, 4}), 1U);
  EXPECT_EQ(line.session.counters(1).questions, 0U);
}

TEST(RetireMeter, OnAClosedLineNothingOfItIsLeft) {
  Line line;
  line.ask(1, import_total);
  line.open();
  static_cast<void>(line.session.retire_meter(1));
  EXPECT_FALSE(line.session.closed().empty());
  EXPECT_EQ(line.session.add_meter(bus_address(address_of(7)), {1'000, 1, 4}), 1U);
}

}  // namespace
}  // namespace duheng::drivers
