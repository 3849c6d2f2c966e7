#include "platform/completeness/outage_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t start = 1'780'000'000'000;
const OutageSubject gateway{GatewayId{1}, {}};
const OutageSubject meter{{}, DeviceId{7}};

class OutageBookTest : public ::testing::Test {
 protected:
  OutageBookTest() { database_.clock.set_utc_ms(start); }
  void at(std::int64_t after_start) { database_.clock.set_utc_ms(start + after_start); }
  static Outage outage(OutageSubject subject, MissingCause cause, std::string detail, std::int64_t since) {
    return {subject, cause, std::move(detail), start + since, {}};
  }
  /// A look each five minutes from one time to the other.
  void look(std::int64_t from, std::int64_t to, const std::vector<Outage>& standing) {
    for (std::int64_t time = from; time <= to; time += 5 * minute) {
      at(time);
      ASSERT_TRUE(book_.observe(standing));
    }
  }
  std::vector<Outage> all() { return book_.within(0, start + 1'000 * day).value(); }
  static Outage ended(Outage outage, std::int64_t to) {
    outage.to_utc_ms = start + to;
    return outage;
  }

  records::TestDatabase database_{OutageBook::migrations()};
  OutageBook book_{*database_, database_.clock, {.keep_ms = 30 * day, .rows_max = 5}};
};

TEST_F(OutageBookTest, KeepsWhatWasKnownWithBeginAndEnd) {
  const Outage away = outage(gateway, MissingCause::link, "gateway_away", 2 * hour);
  const Outage silent = outage(meter, MissingCause::meter, "no_answer", 9 * hour);
  const Outage refused = outage(meter, MissingCause::key, "refused", 12 * hour);
  look(0, 2 * hour, {});
  look(2 * hour + 5 * minute, 5 * hour, {away});
  look(5 * hour + 5 * minute, 10 * hour, {});
  look(10 * hour + 5 * minute, 12 * hour, {silent});
  look(12 * hour + 5 * minute, 14 * hour, {refused});
  look(14 * hour + 5 * minute, 15 * hour, {});
  const Outage later{meter, MissingCause::key, "refused", start + 12 * hour + 5 * minute, {}};
  EXPECT_THAT(all(), ElementsAre(ended(silent, 12 * hour + 5 * minute), ended(later, 14 * hour + 5 * minute),
                                 ended(away, 5 * hour + 5 * minute)));
}

TEST_F(OutageBookTest, ARestartLosesNothing) {
  const Outage away = outage(gateway, MissingCause::link, "gateway_away", 0);
  const Outage silent = outage(meter, MissingCause::meter, "no_answer", 0);
  look(0, hour, {away, silent});
  // Three hours later: the gateway is still away, the meter answered in between, nobody knows when.
  OutageBook after(*database_, database_.clock);
  at(4 * hour);
  ASSERT_TRUE(after.observe(std::vector{away}));
  EXPECT_THAT(all(), ElementsAre(ended(silent, hour), away));
}

TEST_F(OutageBookTest, TheCauseOfADayIsThatOfThen) {
  look(0, 2 * hour, {outage(gateway, MissingCause::link, "gateway_away", 0)});
  look(2 * hour + 5 * minute, 2 * hour + 5 * minute, {});
  look(3 * day, 3 * day + 20 * hour, {outage(meter, MissingCause::key, "refused", 3 * day)});
  look(3 * day + 20 * hour + 5 * minute, 3 * day + 21 * hour,
       {outage(gateway, MissingCause::link, "gateway_away", 3 * day + 20 * hour)});
  look(21 * day, 21 * day, {});  // three weeks later everything is well
  const OutageIndex index(all());
  const auto cause = [&](DeviceId device, std::int64_t which) {
    const Outage* const found = index.find(GatewayId{1}, device, start + which * day, start + (which + 1) * day);
    return found == nullptr ? std::string{} : found->detail;
  };
  EXPECT_EQ(cause(DeviceId{7}, 0), "gateway_away");
  EXPECT_EQ(cause(DeviceId{7}, 1), "") << "nothing was wrong";
  EXPECT_EQ(cause(DeviceId{7}, 3), "refused") << "it lasted longer than the link's outage";
  EXPECT_EQ(cause(DeviceId{8}, 3), "gateway_away");
  EXPECT_EQ(index.find(GatewayId{2}, DeviceId{9}, start, start + day), nullptr);
}

TEST_F(OutageBookTest, WhatIsTooOldOrTooMuchGoes) {
  const Outage stands = outage(gateway, MissingCause::link, "gateway_away", 0);
  look(0, 0, {stands, outage(meter, MissingCause::meter, "no_answer", 0)});
  look(5 * minute, 5 * minute, {stands});
  at(31 * day);
  EXPECT_EQ(book_.forget_old().value(), 1);
  EXPECT_THAT(all(), ElementsAre(stands)) << "what stands stays";
  for (int i = 0; i < 10; ++i) {
    const std::int64_t time = 31 * day + i * 10 * minute;
    look(time, time, {stands, outage(meter, MissingCause::meter, "no_answer", time)});
    look(time + 5 * minute, time + 5 * minute, {stands});
  }
  ASSERT_TRUE(book_.forget_old());
  EXPECT_THAT(all(), SizeIs(6));
  EXPECT_EQ(all().back(), stands);
}

}  // namespace
}  // namespace duheng::platform
