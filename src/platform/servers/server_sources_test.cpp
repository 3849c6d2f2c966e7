#include "platform/servers/server_sources.hpp"

#include <gtest/gtest.h>

namespace duheng::platform::servers {
namespace {

TEST(SmartText, AnAtaDiskTellsItsVerdictAndSectors) {
  const auto disk = parse_smart(R"({"device":{"name":"/dev/sda","type":"sat"},"model_name":"EXAMPLE 4TB",
    "smart_status":{"passed":true},"temperature":{"current":41},"ata_smart_attributes":{"table":[
    {"id":5,"name":"Reallocated_Sector_Ct","raw":{"value":8,"string":"8"}},
    {"id":197,"name":"Current_Pending_Sector","raw":{"value":0,"string":"0"}}]}})");
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->device, "sda");
  EXPECT_EQ(disk->reallocated, 8);
  EXPECT_EQ(disk->temperature_c, 41);
  EXPECT_EQ(disk->failing_because(), "");
}

TEST(SmartText, EachReasonIsItsOwnWord) {
  const auto reason = [](std::string_view rest) {
    const auto disk = parse_smart(R"({"device":{"name":"/dev/nvme0"})" + std::string(rest) + "}");
    return disk ? std::string(disk->failing_because()) : "malformed";
  };
  EXPECT_EQ(reason(R"(,"smart_status":{"passed":false})"), "verdict");
  EXPECT_EQ(reason(R"(,"ata_smart_attributes":{"table":[{"id":197,"raw":{"value":3}}]})"), "pending_sectors");
  EXPECT_EQ(reason(R"(,"nvme_smart_health_information_log":{"media_errors":2})"), "media_errors");
  EXPECT_EQ(reason(R"(,"nvme_smart_health_information_log":{"available_spare":5,"available_spare_threshold":10})"),
            "spare_used_up");
  EXPECT_EQ(reason(R"(,"smart_status":{"passed":"yes"})"), "");
}

TEST(SmartText, WhatIsNoneIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"device\":3}", "smartctl 7.3\nno json"})
    EXPECT_FALSE(parse_smart(text)) << text;
}

TEST(SmartText, AScanGivesPathsAndNothingThatCouldBeMore) {
  const auto names =
      parse_smart_scan(R"({"devices":[{"name":"/dev/sda"},{"name":"-rf"},{"name":"/dev/a b"},{"name":"/dev/nvme0"}]})");
  ASSERT_TRUE(names);
  EXPECT_EQ(*names, (std::vector<std::string>{"/dev/sda", "/dev/nvme0"}));
}

TEST(MdstatText, TellsDegradedArraysAndRebuilding) {
  const auto arrays = parse_mdstat(
      "Personalities : [raid1] [raid6]\n"
      "md0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks super 1.2 [2/2] [UU]\n\n"
      "md1 : active raid6 sdf1[5] sde1[4](F) sdd1[3]\n      7813 blocks level 6 [4/3] [U_UU]\n"
      "      [==>..................]  recovery = 12.6% (37043392/292945152) finish=127.5min speed=33440K/sec\n\n"
      "md2 : inactive sdg1[0](S)\n      1048 blocks\n\nunused devices: <none>\n");
  ASSERT_EQ(arrays.size(), 3U);
  EXPECT_FALSE(arrays[0].is_degraded());
  EXPECT_TRUE(arrays[1].is_degraded());
  EXPECT_EQ(arrays[1].level, "raid6");
  EXPECT_EQ(arrays[1].members_failed, 1);
  EXPECT_EQ(arrays[1].rebuild_permille, 126);
  EXPECT_TRUE(arrays[2].is_degraded());
}

TEST(ProcText, MemoryAndLoad) {
  const auto memory = parse_meminfo("MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    4000000 kB\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->used_percent(), 75);
  EXPECT_FALSE(parse_meminfo("MemTotal: 1 kB\n"));
  const auto load = parse_loadavg("0.52 12.07 3.00 2/345 6789\n");
  ASSERT_TRUE(load);
  EXPECT_EQ(load->centi_5m, 1'207);
  for (const char* wrong : {"", "a b c", "1 2 3", "0.5 0.50 0.50"}) EXPECT_FALSE(parse_loadavg(wrong)) << wrong;
}

TEST(SensorText, SuppliesAndTemperatures) {
  const auto sensors = parse_sensors(
      "Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C\n"
      "CPU1 Temp        | 0Eh | cr  |  3.1 | 96 degrees C\n"
      "PS1 Status       | C8h | ok  | 10.1 | Presence detected\n"
      "PS2 Status       | C9h | ok  | 10.2 | Presence detected, Power Supply AC lost\n"
      "Fan7             | 36h | ns  |  7.1 | No Reading\n"
      "garbage without columns\n");
  ASSERT_EQ(sensors.size(), 5U);
  EXPECT_EQ(sensors[0].temperature_c, 24);
  EXPECT_TRUE(sensors[1].is_critical());
  EXPECT_FALSE(sensors[2].is_supply_lost());
  EXPECT_TRUE(sensors[3].is_supply_lost());
  EXPECT_FALSE(sensors[4].is_present());
}

TEST(HwmonText, OnlyTemperaturesCount) {
  EXPECT_EQ(parse_millidegrees("41000\n"), 41'000);
  EXPECT_EQ(parse_millidegrees("-128000\n"), std::nullopt);
  EXPECT_EQ(parse_millidegrees("warm"), std::nullopt);
}

}  // namespace
}  // namespace duheng::platform::servers
