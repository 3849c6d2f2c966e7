#include "tools/demo/mixed_world.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "device/fleet/fleet_config.hpp"
#include "drivers/models/device_model.hpp"

namespace duheng::tools {
namespace {

TEST(MixedWorld, GroupsAreWhatTheFleetTakes) {
  const auto config = device::parse_fleet_config(
      "data_directory: x\nmeters: 10\ntcp: { ports: 1 }\nserial: { lines: 0 }\n" + mixed_fleet_groups(), "fleet.yaml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_GE(config->groups.size(), 14U);
  EXPECT_EQ(config->groups.back().carries, switch_carries());
}

TEST(MixedWorld, LeavesSomeDevicesOut) {
  const std::string channels = "channels:\n  - { name: a, tcp: { host: 127.0.0.1, port: 1 } }\ndevices:\n";
  std::string all = channels;
  for (int number = 1; number <= 4; ++number)
    all += "  - { uid: \"w" + std::to_string(number) + "\", address: \"" + std::to_string(number) +
           "\", model: cjt188-hot-water, channel: a }\n";
  all += "  - { uid: \"e1\", address: \"9\", model: dlt645-2007-single-phase, channel: a }\n";
  const auto divided = divide_devices(all);
  ASSERT_TRUE(divided) << divided.error().message;
  ASSERT_EQ(divided->spare.size(), 2U);
  EXPECT_EQ(divided->spare[1].uid, "w2");
  EXPECT_EQ(divided->spare[1].channel, "a");
  EXPECT_EQ(divided->served_yaml.find("w2"), std::string::npos);
  EXPECT_NE(divided->served_yaml.find("w3"), std::string::npos);
  EXPECT_NE(divided->served_yaml.find("e1"), std::string::npos);
  EXPECT_NE(divided->served_yaml.find("port: 1"), std::string::npos);
  EXPECT_FALSE(divide_devices("channels: []\n"));
}

TEST(MixedWorld, ModelsAreReadOftenerAndStayGood) {
  SimulatedDisk disk;
  PosixDisk real;
  const auto names = real.list(DUHENG_SOURCE_DIR "/models");
  ASSERT_TRUE(names);
  ASSERT_TRUE(disk.make_directories("/from"));
  std::size_t models = 0;
  for (const auto& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    const auto text = read_file(real, std::string(DUHENG_SOURCE_DIR "/models/") + name, 1U << 20);
    ASSERT_TRUE(text);
    ASSERT_TRUE(write_file_atomically(disk, "/from/" + name, *text));
    ++models;
  }
  ASSERT_TRUE(write_demo_models(disk, "/from", "/to"));
  const auto copies = disk.list("/to");
  ASSERT_TRUE(copies);
  EXPECT_EQ(copies->size(), models);
  for (const auto& name : *copies) {
    const auto text = read_file(disk, "/to/" + name, 1U << 20);
    ASSERT_TRUE(text);
    const auto model = drivers::parse_device_model(as_text(*text), name);
    ASSERT_TRUE(model) << name << ": " << model.error().message;
    for (const auto& group : model->groups) EXPECT_LT(group.interval_ms, 900'000) << name << ' ' << group.name;
    EXPECT_FALSE(protocol_of_model(model->id).empty());
  }
}

}  // namespace
}  // namespace duheng::tools
