#include "tools/process/child_process.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <thread>
#include <unistd.h>

namespace duheng::tools {
namespace {

TEST(ChildProcess, TellsExitCodesAndSignals) {
  auto good = ChildProcess::start({"/bin/sh", {"-c", "exit 7"}, ""});
  ASSERT_TRUE(good) << good.error().message;
  while (good->running()) std::this_thread::yield();
  EXPECT_EQ(good->exit_code(), 7);
  auto killed = ChildProcess::start({"/bin/sleep", {"60"}, ""});
  ASSERT_TRUE(killed);
  EXPECT_TRUE(killed->running());
  EXPECT_GT(killed->resident_bytes(), 0U);
  killed->kill();
  EXPECT_EQ(killed->exit_code(), 128 + SIGKILL);
  EXPECT_EQ(ChildProcess::start({"/no/such/program", {}, ""}).error().code, ErrorCode::not_found);
}

TEST(ChildProcess, EndsAStubbornChild) {
  const std::string said = testing::TempDir() + "stubborn-" + std::to_string(::getpid());
  auto stubborn = ChildProcess::start({"/bin/sh", {"-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}, said});
  ASSERT_TRUE(stubborn);
  std::string line;
  while (!(std::ifstream(said) >> line)) std::this_thread::yield();
  std::filesystem::remove(said);
  EXPECT_EQ(stubborn->stop(200), 128 + SIGKILL);
}

}  // namespace
}  // namespace duheng::tools
