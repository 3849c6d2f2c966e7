#include "tools/bench/poll_world.hpp"

#include <gtest/gtest.h>

#include "drivers/models/device_model.hpp"

namespace duheng::tools {
namespace {

constexpr std::size_t model_bytes_max = 1U << 20;

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

TEST(PollWorld, OnlyWhatIsPolledGetsTheInterval) {
  const std::string model =
      "name: m\ngroups:\n  - name: a\n    interval_ms: 900000\n  - { name: b, interval_ms: 60000 }\n"
      "histories:\n  - name: h\n    interval_ms: 900000\n    fetch_interval_ms: 3600000\n"
      "clock:\n  check_interval_ms: 86400000\n";
  const auto text = with_interval(model, 500);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "name: m\ngroups:\n  - name: a\n    interval_ms: 500\n  - { name: b, interval_ms: 500 }\n"
            "histories:\n  - name: h\n    interval_ms: 900000\n    fetch_interval_ms: 3600000\n"
            "clock:\n  check_interval_ms: 86400000\n");
  EXPECT_FALSE(with_interval("name: m\nclock:\n  check_interval_ms: 1\n", 500));
  EXPECT_EQ(with_interval("groups: [{ interval_ms: 1 }]", 500).value_or(""), "groups: [{ interval_ms: 500 }]");
}

/// Every shipped model is still one when it is read as often as a benchmark may want.
TEST(PollWorld, EveryShippedModelMayBeReadTwiceASecond) {
  PosixDisk disk;
  const auto names = disk.list(DUHENG_SOURCE_DIR "/models");
  ASSERT_TRUE(names);
  std::size_t models = 0;
  for (const auto& name : *names) {
    if (!name.ends_with(".yaml")) continue;
    const auto shipped = read_file(disk, std::string(DUHENG_SOURCE_DIR "/models/") + name, model_bytes_max);
    ASSERT_TRUE(shipped);
    const auto text = with_interval(std::string(as_text(*shipped)), 500);
    ASSERT_TRUE(text) << name;
    const auto model = drivers::parse_device_model(*text, name);
    EXPECT_TRUE(model) << (model ? name : model.error().message);
    if (!model) continue;
    ++models;
    for (const auto& group : model->groups) EXPECT_EQ(group.interval_ms, 500) << name;
    EXPECT_EQ(times(*text, " interval_ms: 500"), model->groups.size()) << name;
  }
  EXPECT_GE(models, 16U);
}

}  // namespace
}  // namespace duheng::tools
