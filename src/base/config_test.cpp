#include "base/config.hpp"

#include <gtest/gtest.h>

namespace duheng {
namespace {

std::string error_of(std::string_view text, void (*read)(const ConfigNode&)) {
  const auto file = ConfigFile::parse(text, "test.yaml");
  if (!file) return file.error().message;
  read(file->root());
  const auto outcome = file->finish();
  return outcome ? "" : outcome.error().message;
}

TEST(Config, ReadsAndNamesFileLineAndReason) {
  const auto read = [](const ConfigNode& root) {
    const auto listen = root.section("listen");
    static_cast<void>(listen.integer("port", {1, 65535}));
    static_cast<void>(listen.choice("mode", {"a", "b"}, 0));
  };
  EXPECT_EQ(error_of("listen:\n  port: 80\n", read), "");
  EXPECT_EQ(error_of("listen:\n  port: 0\n", read), "test.yaml:2: 'port' must be a whole number from 1 to 65535");
  EXPECT_EQ(error_of("listen:\n  mode: a\n", read), "test.yaml:2: 'port' is required");
  EXPECT_EQ(error_of("listen:\n  port: 1\n  mode: c\n", read), "test.yaml:3: 'mode' must be one of: a, b");
  EXPECT_EQ(error_of("listen:\n  port: 1\n  prot: 2\n", read), "test.yaml:3: unknown key 'prot'");
  EXPECT_EQ(error_of("listen:\n  port: 1\n  port: 2\n", read), "test.yaml:3: 'port' stands here twice");
}

TEST(Config, RefusesWhatGrowsInMemory) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 8; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_FALSE(ConfigFile::parse(bomb, "bomb"));
  EXPECT_FALSE(ConfigFile::parse(std::string(10'000, '['), "deep"));
  EXPECT_FALSE(ConfigFile::parse(std::string(2U << 20, ' '), "large"));
  EXPECT_FALSE(ConfigFile::parse("a: [", "open"));
}

}  // namespace
}  // namespace duheng
