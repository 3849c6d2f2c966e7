#include "platform/servers/server_watch.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <tuple>
#include <unistd.h>

namespace duheng::platform::servers {
namespace {

class Sink final : public alarms::ConditionSink {
 public:
  void raise(const alarms::Condition& condition) override { standing[condition.kind].insert(condition.subject.id); }
  void clear(std::string_view kind, const alarms::Subject& subject) override {
    standing[std::string(kind)].erase(subject.id);
  }
  [[nodiscard]] std::size_t count() const {
    std::size_t out = 0;
    for (const auto& [kind, subjects] : standing) out += subjects.size();
    return out;
  }
  std::map<std::string, std::set<std::string>> standing;
};

class ServerWatchTest : public testing::Test {
 protected:
  ServerWatchTest() {
    std::filesystem::create_directories(folder_);
    all_is_well();
  }
  ~ServerWatchTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(folder_ + path).parent_path());
    std::ofstream(folder_ + path) << text;
  }
  void smart(const std::string& rest) const {
    write("/" + FolderReader::command_file({"smartctl", "--json", "-H", "-A", "-i", "/dev/sda"}),
          R"({"device":{"name":"/dev/sda"},"model_name":"EXAMPLE")" + rest + "}");
  }
  void sensors(const std::string& second_supply) const {
    write("/" + FolderReader::command_file({"ipmitool", "sdr", "elist"}),
          "Inlet Temp | 04h | ok | 7.1 | 24 degrees C\nPS1 Status | C8h | ok | 10.1 | Presence detected\n"
          "PS2 Status | C9h | ok | 10.2 | " +
              second_supply + "\n");
  }
  void all_is_well() const {
    write("/" + FolderReader::command_file({"smartctl", "--json", "--scan"}), R"({"devices":[{"name":"/dev/sda"}]})");
    smart(R"(,"smart_status":{"passed":true})");
    write("/proc/mdstat", "md0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks [2/2] [UU]\n");
    sensors("Presence detected");
    write("/sys/class/hwmon/hwmon0/name", "coretemp\n");
    write("/sys/class/hwmon/hwmon0/temp1_input", "45000\n");
    write("/sys/class/hwmon/hwmon0/temp1_crit", "95000\n");
    write("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 600000 kB\n");
    write("/proc/loadavg", "0.52 0.40 0.30 2/345 6789\n");
  }
  const ServerSource& source(const std::string& name) {
    report_ = watch_.report();
    for (const auto& each : report_.sources)
      if (each.name == name) return each;
    throw std::runtime_error("no source " + name);
  }
  std::string folder_ = testing::TempDir() + fmt::format("duheng-server-{}", ::getpid());
  Sink sink_;
  ManualClock clock_;
  ServerWatch watch_{std::make_unique<FolderReader>(folder_), sink_, clock_, {}};
  ServerReport report_;
};

TEST_F(ServerWatchTest, WhatIsWellRaisesNothing) {
  watch_.step();
  EXPECT_EQ(sink_.count(), 0U);
  for (const auto& each : watch_.report().sources) EXPECT_EQ(each.state, SourceState::ok) << each.name;
}

TEST_F(ServerWatchTest, EachSourceFailingRaisesItsAlarmAndEndsItWhenMended) {
  const std::vector<std::tuple<const char*, const char*, const char*, std::function<void()>>> failures{
      {"server_disk_failing", "disk:sda", "disks", [this] { smart(R"(,"smart_status":{"passed":false})"); }},
      {"server_raid_degraded", "raid:md0", "raid",
       [this] { write("/proc/mdstat", "md0 : active raid1 sda1[0]\n      1046528 blocks [2/1] [U_]\n"); }},
      {"server_supply_lost", "supply:PS2 Status", "supply", [this] { sensors("Presence detected, Failure detected"); }},
      {"server_temperature_high", "temperature:coretemp/temp1", "temperature",
       [this] { write("/sys/class/hwmon/hwmon0/temp1_input", "96000\n"); }},
      {"server_memory_high", "memory", "memory",
       [this] { write("/proc/meminfo", "MemTotal: 1000000 kB\nMemAvailable: 20000 kB\n"); }},
      {"server_processor_high", "processor", "processor",
       [this] { write("/proc/loadavg", "9.00 8.00 3.00 2/345 6789\n"); }}};
  for (const auto& [kind, subject, name, happen] : failures) {
    happen();
    watch_.step();
    EXPECT_EQ(sink_.standing[kind], std::set<std::string>{subject}) << kind;
    EXPECT_EQ(sink_.count(), 1U) << kind;
    EXPECT_EQ(source(name).state, SourceState::problem) << kind;
    all_is_well();
    watch_.step();
    EXPECT_EQ(sink_.count(), 0U) << kind;
  }
}

TEST_F(ServerWatchTest, WhatTheMachineLacksIsNoAlarm) {
  std::filesystem::remove_all(folder_);
  watch_.step();
  EXPECT_EQ(sink_.count(), 0U);
  for (const auto& each : watch_.report().sources) EXPECT_EQ(each.state, SourceState::not_present) << each.name;
}

TEST_F(ServerWatchTest, WhatCannotBeReadKeepsItsAlarm) {
  smart(R"(,"smart_status":{"passed":false})");
  watch_.step();
  write("/" + FolderReader::command_file({"smartctl", "--json", "-H", "-A", "-i", "/dev/sda"}), "no json");
  watch_.step();
  EXPECT_EQ(sink_.standing["server_disk_failing"], std::set<std::string>{"disk:sda"});
  EXPECT_EQ(source("disks").state, SourceState::failed);
  EXPECT_EQ(sink_.standing["server_source_unreadable"], std::set<std::string>{"source:disks"});
  all_is_well();
  watch_.step();
  EXPECT_EQ(sink_.count(), 0U);
}

TEST_F(ServerWatchTest, AnAlarmOfBeforeARestartEndsWhenItsDiskIsWell) {
  const alarms::Subject disk{alarms::SubjectKind::server, "disk:sdz"};
  sink_.raise({"server_disk_failing", disk, alarms::Severity::critical, {}});
  watch_.take_over("server_disk_failing", {disk});
  watch_.step();
  EXPECT_EQ(sink_.count(), 0U);
}

TEST(MachineReader, RunsProgramsWithinTheirTime) {
  MachineReader reader(300);
  EXPECT_EQ(reader.command({"echo", "a b"}), "a b\n");
  EXPECT_EQ(reader.command({"duheng-no-such-program"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(reader.command({"sleep", "30"}).error().code, ErrorCode::timed_out);
  EXPECT_EQ(reader.command({"sh", "-c", "sleep 30 & sleep 30"}).error().code, ErrorCode::timed_out);
  EXPECT_EQ(reader.command({"false"}).error().code, ErrorCode::unavailable);
  EXPECT_EQ(reader.file("/no/such/file").error().code, ErrorCode::not_found);
}

TEST(MachineReader, ThisMachineCanBeAsked) {
  Sink sink;
  SystemClock clock;
  ServerWatch watch(std::make_unique<MachineReader>(5'000), sink, clock, {});
  watch.step();
  bool has_memory = false;
  for (const auto& source : watch.report().sources)
    has_memory = has_memory || (source.name == "memory" && !source.items.empty());
  EXPECT_TRUE(has_memory);
}

}  // namespace
}  // namespace duheng::platform::servers
