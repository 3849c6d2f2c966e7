#include <gtest/gtest.h>

#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::link {
namespace {

struct Line {
  explicit Line(EventLoop& loop) : device(*open_pseudo_terminal(loop)) {
    device->set_handlers(
        [this](ByteView octets) {
          at_device.insert(at_device.end(), octets.begin(), octets.end());
          after_reopening.insert(after_reopening.end(), octets.begin(), octets.end());
        },
        [this] {
          ++reopened;
          after_reopening.clear();
        });
  }
  std::unique_ptr<PseudoTerminal> device;
  Bytes at_device;
  Bytes after_reopening;
  int reopened = 0;
};

struct Master {
  Master(EventLoop& loop, const std::string& path) : channel(make_serial(loop, {path, 9'600, Parity::even, 1})) {
    channel->set_handlers({[this] { ++opened; },
                           [this](ByteView octets) { got.insert(got.end(), octets.begin(), octets.end()); },
                           [this](const Error& error) { last = error.message; }});
  }
  std::unique_ptr<Channel> channel;
  int opened = 0;
  Bytes got;
  std::string last;
};

Bytes every_octet() {
  Bytes all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<std::uint8_t>(i));
  return all;
}

TEST(Serial, CarriesEveryOctetUnchangedBothWays) {
  EventLoop loop;
  Line line(loop);
  Master master(loop, line.device->path());
  master.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return master.opened == 1 && line.reopened > 0; })) << master.last;
  ASSERT_TRUE(master.channel->write(every_octet()));
  ASSERT_TRUE(wait_for(loop, [&] { return line.at_device.size() >= 256; }));
  EXPECT_EQ(line.at_device, every_octet());
  ASSERT_TRUE(line.device->write(every_octet()));
  ASSERT_TRUE(wait_for(loop, [&] { return master.got.size() >= 256; }));
  EXPECT_EQ(master.got, every_octet());
}

TEST(Serial, DeviceLearnsAtWhatSpeedTheLineWasOpened) {
  EventLoop loop;
  Line line(loop);
  for (const std::uint32_t baud : {2'400U, 19'200U, 115'200U}) {
    const auto channel = make_serial(loop, {line.device->path(), baud, Parity::even, 1});
    bool opened = false;
    channel->set_handlers({[&] { opened = true; }, {}, {}});
    channel->open();
    ASSERT_TRUE(wait_for(loop, [&] { return opened; }));
    EXPECT_EQ(line.device->baud(), baud);
  }
}

TEST(Serial, DeviceLearnsInOrderThatTheLineWasOpenedAfresh) {
  EventLoop loop;
  Line line(loop);
  for (int round = 1; round <= 3; ++round) {
    Master master(loop, line.device->path());
    line.reopened = 0;
    line.at_device.clear();
    master.channel->open();
    ASSERT_TRUE(wait_for(loop, [&] { return master.opened == 1 && line.reopened > 0; })) << master.last;
    ASSERT_TRUE(master.channel->write(Bytes{0x68}));
    ASSERT_TRUE(wait_for(loop, [&] { return line.at_device.size() == 1; }));
    EXPECT_EQ(line.at_device, Bytes{0x68}) << round;
  }
}

TEST(Serial, AFormerMastersLastQuestionIsNotAnsweredToTheNext) {
  EventLoop masters;
  EventLoop devices;  // served only later: the device is slow
  Line line(devices);
  {
    Master former(masters, line.device->path());
    former.channel->open();
    ASSERT_TRUE(wait_for(masters, [&] { return former.opened == 1; })) << former.last;
    ASSERT_TRUE(wait_for(devices, [&] { return line.reopened > 0; }));
    ASSERT_TRUE(former.channel->write(Bytes{0x01, 0x02}));
    masters.run_for_ms(20);
  }
  Master next(masters, line.device->path());
  next.channel->open();
  line.reopened = 0;
  ASSERT_TRUE(wait_for(masters, [&] { return next.opened == 1; })) << next.last;
  ASSERT_TRUE(wait_for(devices, [&] { return line.reopened > 0; }));
  ASSERT_TRUE(next.channel->write(Bytes{0x03}));
  masters.run_for_ms(20);
  ASSERT_TRUE(wait_for(devices, [&] { return !line.at_device.empty(); }));
  EXPECT_EQ(line.at_device.back(), 0x03);
  // Octets read before the news belong to the former master and come before it; after the news none of them may come.
  EXPECT_EQ(line.after_reopening, Bytes{0x03});
}

TEST(Serial, WhatTheDriverHeldFromBeforeIsFlushed) {
  EventLoop loop;
  Line line(loop);
  ASSERT_TRUE(line.device->write(Bytes{0xAA, 0xBB}));  // an answer to somebody who went away
  loop.run_for_ms(10);
  Master master(loop, line.device->path());
  master.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return master.opened == 1; }));
  ASSERT_TRUE(line.device->write(Bytes{0x16}));
  ASSERT_TRUE(wait_for(loop, [&] { return !master.got.empty(); }));
  EXPECT_EQ(master.got, Bytes{0x16});
}

TEST(Serial, SecondMasterIsRefused) {
  EventLoop loop;
  Line line(loop);
  Master first(loop, line.device->path());
  first.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return first.opened == 1; }));
  Master second(loop, line.device->path());
  second.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return !second.last.empty(); }));
  EXPECT_EQ(second.opened, 0);
  EXPECT_NE(second.last.find("in use"), std::string::npos) << second.last;
}

TEST(Serial, ErrorsAreValues) {
  EventLoop loop;
  Master missing(loop, "/nonexistent/line");
  missing.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return !missing.last.empty(); }));
  Master wrong(loop, "/dev/null");
  wrong.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return !wrong.last.empty(); }));
  EXPECT_NE(wrong.last.find("not a serial line"), std::string::npos) << wrong.last;
  EXPECT_FALSE(serial_baud_supported(1'234));
}

}  // namespace
}  // namespace duheng::link
