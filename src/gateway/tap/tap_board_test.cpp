#include "gateway/tap/tap_board.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::gateway {
namespace {

TapEvent event_of(std::string device, std::string channel, std::size_t octets = 1) {
  return {1, TapKind::sent, Bytes(octets, 0x68), std::move(device), std::move(channel), ""};
}

TEST(TapBoard, FollowsOneDeviceOrOneChannel) {
  TapBoard board;
  EXPECT_FALSE(board.active());
  ASSERT_TRUE(board.follow(1, {.device_uid = "a", .channel = ""}, 1'000, 0));
  ASSERT_TRUE(board.follow(2, {.device_uid = "", .channel = "line"}, 1'000, 0));
  EXPECT_TRUE(board.follows("line", ""));
  EXPECT_TRUE(board.follows("other", "a"));
  EXPECT_FALSE(board.follows("other", "b"));
  board.note(event_of("a", "line"));
  board.note(event_of("b", "line"));
  board.note(event_of("a", "other"));
  board.note(event_of("", "other"));
  const auto taken = board.take(10);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].events.size(), 2U);
  EXPECT_EQ(taken[1].events.size(), 2U);
  EXPECT_TRUE(board.take(10).empty());
}

TEST(TapBoard, RefusesWhatItCannotFollow) {
  TapBoard board;
  EXPECT_EQ(board.follow(1, {}, 1'000, 0).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(board.follow(1, {"a", "b"}, 1'000, 0).error().code, ErrorCode::invalid_argument);
  for (std::uint64_t tap = 0; tap < tap_limits::taps_max; ++tap) ASSERT_TRUE(board.follow(tap, {"a", ""}, 1'000, 0));
  EXPECT_EQ(board.follow(0, {"a", ""}, 1'000, 0).error().code, ErrorCode::already_exists);
  EXPECT_EQ(board.follow(99, {"a", ""}, 1'000, 0).error().code, ErrorCode::limit_exceeded);
  board.stop(3);
  EXPECT_TRUE(board.follow(99, {"a", ""}, 1'000, 0));
}

TEST(TapBoard, EndsByItselfAndNeverLastsLongerThanItsLimit) {
  TapBoard board;
  ASSERT_TRUE(board.follow(1, {"a", ""}, 1'000, 500));
  ASSERT_TRUE(board.follow(2, {"a", ""}, INT64_MAX, 500));
  EXPECT_TRUE(board.take_ended(1'499).empty());
  EXPECT_EQ(board.take_ended(1'500), std::vector<std::uint64_t>{1});
  EXPECT_EQ(board.take_ended(500 + tap_limits::lifetime_ms_max), std::vector<std::uint64_t>{2});
  EXPECT_FALSE(board.active());
}

RC_GTEST_PROP(TapBoard, WhatIsNotTakenIsCountedAsDropped, (std::vector<std::uint16_t> sizes, std::uint8_t batch)) {
  TapBoard board;
  RC_ASSERT(board.follow(1, {"a", ""}, 1'000, 0).has_value());
  std::uint64_t noted = 0;
  std::uint64_t seen = 0;
  std::uint64_t dropped = 0;
  const auto take = [&](std::size_t most) {
    for (const auto& taken : board.take(most)) {
      seen += taken.events.size();
      dropped += taken.dropped;
      RC_ASSERT(taken.events.size() <= most);
    }
  };
  for (const auto size : sizes) {
    for (int i = 0; i < 30; ++i, ++noted) board.note(event_of("a", "c", size));
    if (size % 3 == 0) take(1U + batch);
  }
  while (seen + dropped < noted) {
    const auto before = seen + dropped;
    take(1U + batch);
    RC_ASSERT(seen + dropped > before);
  }
  RC_ASSERT(seen + dropped == noted);
}

TEST(TapBoard, TheOldestGoFirst) {
  TapBoard board;
  ASSERT_TRUE(board.follow(1, {"a", ""}, 1'000, 0));
  for (std::int64_t i = 0; i < 1'200; ++i) {
    auto event = event_of("a", "c");
    event.utc_ms = i;
    board.note(event);
  }
  const auto taken = board.take(5);
  EXPECT_EQ(taken.at(0).dropped, 200U);
  EXPECT_EQ(taken.at(0).events.at(0).utc_ms, 200);
  EXPECT_EQ(to_string(TapKind::timed_out), "timed_out");
}

}  // namespace
}  // namespace duheng::gateway
