#include "gateway/call_in/call_in_desk.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/dlt645/driver.hpp"

namespace duheng::gateway {
namespace {

struct Log final : CallInOutput {
  void send(std::uint64_t connection, ByteView octets) override {
    sent[connection].emplace_back(octets.begin(), octets.end());
  }
  void close(std::uint64_t connection) override { closed.push_back(connection); }
  void assign(std::uint64_t connection, std::uint32_t device, CallInEvidence with) override {
    assigned.emplace_back(connection, device);
    evidence = std::move(with);
  }
  CallInEvidence evidence;
  std::map<std::uint64_t, std::vector<Bytes>> sent;
  std::vector<std::uint64_t> closed;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> assigned;
};

dlt645::Address address(int number) { return *dlt645::Address::parse(std::to_string(1'000 + number)); }
Bytes named(int number) { return dlt645::read_address_reply(address(number)).to_bytes(); }
drivers::Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }

class CallInDeskTest : public testing::Test {
 protected:
  CallInDeskTest() {
    for (int device = 0; device < 3; ++device)
      desk_.expect(drivers::dlt645_driver(), drivers::bus_address(address(device)), static_cast<std::uint32_t>(device));
  }
  CallInDesk desk_{{.drivers = {&drivers::dlt645_driver()}, .unidentified_max = 4, .unknown_devices_max = 2}};
  Log log_;
};

TEST_F(CallInDeskTest, AsksForTheAddressAndHandsTheConnectionToItsDevice) {
  desk_.accepted(7, "192.0.2.1:5000", at(0), log_);
  ASSERT_EQ(log_.sent[7].size(), 1U);
  EXPECT_EQ(log_.sent[7][0], dlt645::read_address_request().to_bytes());
  desk_.octets(7, named(2), at(100), log_);
  EXPECT_EQ(log_.assigned, (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{7, 2}}));
  EXPECT_TRUE(log_.closed.empty());
  EXPECT_EQ(log_.evidence.request, log_.sent[7][0]);
  EXPECT_EQ(log_.evidence.response, named(2));
  EXPECT_EQ(log_.evidence.received.utc_ms - log_.evidence.sent_utc_ms, 100);
  desk_.octets(7, named(1), at(200), log_);  // no longer the desk's
  EXPECT_EQ(log_.assigned.size(), 1U);
  EXPECT_EQ(desk_.next_wake_ms(), INT64_MAX);
}

TEST_F(CallInDeskTest, AStrangerThatIsExpectedFromNowOnIsTakenAndOneForgottenIsNot) {
  desk_.accepted(1, "p", at(0), log_);
  desk_.octets(1, named(9), at(10), log_);
  EXPECT_EQ(log_.closed, (std::vector<std::uint64_t>{1}));
  ASSERT_EQ(desk_.unknown_devices().size(), 1U);
  auto revision = desk_.unknown_revision();
  desk_.expect(drivers::dlt645_driver(), drivers::bus_address(address(9)), 9);
  EXPECT_TRUE(desk_.unknown_devices().empty());
  EXPECT_GT(desk_.unknown_revision(), revision);
  desk_.accepted(2, "p", at(20), log_);
  desk_.octets(2, named(9), at(30), log_);
  EXPECT_EQ(log_.assigned, (std::vector<std::pair<std::uint64_t, std::uint32_t>>{{2, 9}}));
  revision = desk_.unknown_revision();
  desk_.forget(drivers::dlt645_driver(), drivers::bus_address(address(9)));
  desk_.accepted(3, "p", at(40), log_);
  desk_.octets(3, named(9), at(50), log_);
  EXPECT_EQ(log_.assigned.size(), 1U);
  EXPECT_EQ(desk_.unknown_devices().size(), 1U);
  EXPECT_GT(desk_.unknown_revision(), revision);
}

TEST_F(CallInDeskTest, AnyWholeFrameFromADeviceNamesItAlsoInPiecesAndAfterNoise) {
  desk_.accepted(1, "p", at(0), log_);
  const Bytes frame = dlt645::read_reply(address(1), {0x00010000}, Bytes{1, 2, 3, 4})->to_bytes();
  desk_.octets(1, Bytes{0x00, 0x68, 0xFE}, at(10), log_);
  desk_.octets(1, ByteView(frame).first(9), at(20), log_);
  EXPECT_TRUE(log_.assigned.empty());
  desk_.octets(1, ByteView(frame).subspan(9), at(30), log_);
  ASSERT_EQ(log_.assigned.size(), 1U);
  EXPECT_EQ(log_.assigned[0].second, 1U);
  EXPECT_EQ(log_.evidence.response, frame);
  EXPECT_TRUE(log_.evidence.request.empty());  // it was no answer to "who are you"
}

TEST_F(CallInDeskTest, AMastersOwnFrameOrABrokenOneNamesNobody) {
  desk_.accepted(1, "p", at(0), log_);
  desk_.octets(1, dlt645::read_request(address(1), {0x00010000}).view(), at(10), log_);
  Bytes broken = named(1);
  broken[broken.size() - 2] ^= 1;
  desk_.octets(1, broken, at(20), log_);
  EXPECT_TRUE(log_.assigned.empty());
}

TEST_F(CallInDeskTest, SilentOnesAreAskedAgainAndThenHungUpOn) {
  desk_.accepted(1, "p", at(0), log_);
  EXPECT_EQ(desk_.next_wake_ms(), 3'000);
  desk_.tick(at(2'999), log_);
  EXPECT_EQ(log_.sent[1].size(), 1U);
  desk_.tick(at(3'000), log_);
  EXPECT_EQ(log_.sent[1].size(), 2U);
  desk_.tick(at(6'000), log_);
  EXPECT_TRUE(log_.closed.empty());  // the second answer may still come
  desk_.tick(at(9'000), log_);
  EXPECT_EQ(log_.closed, std::vector<std::uint64_t>{1});
  EXPECT_EQ(desk_.statistics().silent, 1U);
  EXPECT_EQ(desk_.next_wake_ms(), INT64_MAX);
}

TEST_F(CallInDeskTest, StrangersAreHungUpOnAndRememberedForAdoption) {
  for (int call = 0; call < 3; ++call) {
    desk_.accepted(10, "192.0.2." + std::to_string(call), at(call), log_);
    desk_.octets(10, named(77), at(call), log_);
  }
  EXPECT_EQ(log_.closed.size(), 3U);
  ASSERT_EQ(desk_.unknown_devices().size(), 1U);
  const auto stranger = desk_.unknown_devices()[0];
  EXPECT_EQ(stranger.address, address(77).to_string());
  EXPECT_EQ(stranger.driver->name(), "dlt645_2007");
  EXPECT_EQ(stranger.calls, 3U);
  EXPECT_EQ(stranger.peer, "192.0.2.2");
  EXPECT_EQ(stranger.last_utc_ms - stranger.first_utc_ms, 2);
  // The list is bounded: who has been silent longest gives way.
  for (const int number : {78, 79}) {
    desk_.accepted(11, "p", at(number), log_);
    desk_.octets(11, named(number), at(number), log_);
  }
  ASSERT_EQ(desk_.unknown_devices().size(), 2U);
  EXPECT_EQ(desk_.unknown_devices()[0].address, address(79).to_string());
  EXPECT_EQ(desk_.unknown_devices()[1].address, address(78).to_string());
  // Once adopted it is no stranger any more.
  desk_.expect(drivers::dlt645_driver(), drivers::bus_address(address(79)), 9);
  desk_.accepted(12, "p", at(100), log_);
  desk_.octets(12, named(79), at(100), log_);
  EXPECT_EQ(log_.assigned.back(), (std::pair<std::uint64_t, std::uint32_t>{12, 9}));
  EXPECT_EQ(desk_.unknown_devices().size(), 1U);
}

TEST_F(CallInDeskTest, TheWaitingRoomIsBounded) {
  for (std::uint64_t connection = 0; connection < 6; ++connection) desk_.accepted(connection, "p", at(0), log_);
  EXPECT_EQ(log_.closed, (std::vector<std::uint64_t>{4, 5}));
  EXPECT_EQ(desk_.statistics().refused_full, 2U);
  desk_.closed(0);
  desk_.accepted(6, "p", at(1), log_);
  EXPECT_EQ(log_.sent[6].size(), 1U);
}

TEST_F(CallInDeskTest, WhoTalksWithoutSayingWhoIsHungUpOn) {
  desk_.accepted(1, "p", at(0), log_);
  for (int i = 0; i < 5; ++i) desk_.octets(1, Bytes(1'000, 0x55), at(i), log_);
  EXPECT_EQ(log_.closed, std::vector<std::uint64_t>{1});
  EXPECT_EQ(desk_.statistics().talkative, 1U);
}

RC_GTEST_PROP(CallInDeskProperty, EveryConnectionEndsOnceAndNeverAsAnothersDevice, (std::uint64_t seed)) {
  SeededRandom random(seed);
  CallInDesk desk({.drivers = {&drivers::dlt645_driver()}, .unidentified_max = 8, .unknown_devices_max = 4});
  for (int device = 0; device < 5; ++device)
    desk.expect(drivers::dlt645_driver(), drivers::bus_address(address(device)), static_cast<std::uint32_t>(device));
  Log log;
  std::map<std::uint64_t, int> names;  // who each connection says it is
  std::set<std::uint64_t> hung_up;
  std::int64_t now = 0;
  for (std::uint64_t connection = 1; connection <= 200; ++connection) {
    now += static_cast<std::int64_t>(random.below(2'000));
    desk.accepted(connection, "p", at(now), log);
    const std::uint64_t other = 1 + random.below(connection);
    if (random.below(8) == 0) {
      desk.closed(other);
      hung_up.insert(other);
    } else if (random.below(3) != 0 && !hung_up.contains(other)) {
      const int name = static_cast<int>(random.below(8));
      names.emplace(other, name);
      desk.octets(other, named(names.at(other)), at(now), log);
    }
    desk.tick(at(now), log);
  }
  desk.tick(at(now + 3'000), log);
  desk.tick(at(now + 6'000), log);
  desk.tick(at(now + 9'000), log);
  RC_ASSERT(desk.statistics().waiting == 0U);
  std::set<std::uint64_t> ended(log.closed.begin(), log.closed.end());
  RC_ASSERT(ended.size() == log.closed.size());
  for (const auto& [connection, device] : log.assigned) {
    RC_ASSERT(ended.insert(connection).second);
    RC_ASSERT(names.at(connection) == static_cast<int>(device));
  }
  for (const std::uint64_t connection : hung_up) ended.insert(connection);
  RC_ASSERT(ended.size() == 200U);
}

}  // namespace
}  // namespace duheng::gateway
