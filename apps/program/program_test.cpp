#include "program.hpp"

#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>
#include <vector>

namespace duheng::program {
namespace {

const About about{"duheng-test", "A test", "test.yaml", "1.2.3"};

int run_with(std::vector<std::string> arguments, const std::function<int(const std::string&)>& run) {
  arguments.insert(arguments.begin(), "duheng-test");
  std::vector<char*> raw;
  for (auto& argument : arguments) raw.push_back(argument.data());
  return run_main(static_cast<int>(raw.size()), raw.data(), about, run);
}

TEST(Program, HandsTheFileOnAndItsCodeBack) {
  std::string path;
  const auto run = [&](const std::string& given) {
    path = given;
    return 7;
  };
  EXPECT_EQ(run_with({"--config", "a.yaml"}, run), 7);
  EXPECT_EQ(path, "a.yaml");
}

TEST(Program, RefusesWhatItDoesNotKnowWithoutRunning) {
  const auto never = [](const std::string&) -> int { throw std::logic_error("must not run"); };
  EXPECT_NE(run_with({}, never), 0);
  EXPECT_NE(run_with({"--config", "a.yaml", "--confg"}, never), 0);
  EXPECT_EQ(run_with({"--version"}, never), 0);
}

TEST(Program, AnExceptionEndsItWithACodeNotWithASignal) {
  const auto throws = [](const std::string&) -> int { throw std::runtime_error("out of something"); };
  EXPECT_EQ(run_with({"--config", "a.yaml"}, throws), exit_cannot_start);
}

TEST(Program, StopsFromWithinAsFromOutside) {
  StopSignals signals;
  std::thread other([&] { signals.stop_now(); });
  EXPECT_EQ(signals.wait(), SIGTERM);
  other.join();
}

}  // namespace
}  // namespace duheng::program
