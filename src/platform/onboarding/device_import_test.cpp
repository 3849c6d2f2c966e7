#include "platform/onboarding/device_import.hpp"

#include <chrono>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <thread>

#include "base/simulated_disk.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();
constexpr const char* header =
    "uid,name,address,model,gateway,channel,channel_kind,channel_host,channel_port,organisation,site\n";

class DeviceImportTest : public ::testing::Test {
 protected:
  DeviceImportTest() {
    world_.plans.reported(world_.gateway_east, world_.report());
    restart();
  }
  void restart() {
    imports_.reset();
    imports_ = std::make_unique<FileImports>(
        FileImports::Parts{*world_.database, disk_, world_.clock, world_.random, keys_, kind_, "/imports"});
    ASSERT_TRUE(imports_->open());
    imports_->run();
  }
  std::int64_t start(std::string_view text, OrganisationId organisation = {}) {
    const auto started = imports_->start(world_.author(organisation), "meters.csv", as_bytes(text));
    EXPECT_TRUE(started) << started.error().message;
    return started ? started->id : 0;
  }
  /// As it is once the worker is done with it.
  FileImport settled(std::int64_t id, OrganisationId organisation = {}) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    while (std::chrono::steady_clock::now() < deadline) {
      const auto import = imports_->get(world_.author(organisation), id);
      if (!import) return {};
      if (import->state != ImportState::checking && import->state != ImportState::committing) return *import;
      std::this_thread::yield();
    }
    ADD_FAILURE() << "the import does not end";
    return {};
  }
  static std::string lines(int count, int first = 0) {
    std::string out = header;
    for (int i = first; i < first + count; ++i)
      out += fmt::format(",Meter {0},{0},dlt645-2007-single-phase,gateway-east,bus,,,,east,\n", i + 1);
    return out;
  }
  testing::OnboardingWorld world_;
  SimulatedDisk disk_;
  crypto::LocalKeyProvider keys_{records::test_key()};
  DeviceImportKind kind_{world_.onboarding, world_.organisations, world_.sites, world_.gateways};
  std::unique_ptr<FileImports> imports_;
};

TEST_F(DeviceImportTest, NothingIsMadeBeforeSomebodySaysSo) {
  const auto id = start(lines(3));
  const auto checked = settled(id);
  EXPECT_EQ(checked.state, ImportState::checked) << checked.reason;
  EXPECT_EQ(checked.counts.lines, 3U);
  EXPECT_EQ(checked.lines_checked, 3U);
  EXPECT_EQ(checked.counts.good_lines, 3U);
  EXPECT_EQ(world_.devices.count(all).value(), 0);
  ASSERT_TRUE(imports_->commit(world_.author(), id, CommitMode::all_or_nothing));
  const auto done = settled(id);
  EXPECT_EQ(done.state, ImportState::done) << done.reason;
  EXPECT_EQ(done.lines_made, 3U);
  EXPECT_EQ(world_.devices.count(all).value(), 3);
  EXPECT_EQ(world_.plans.state(all, world_.gateway_east)->devices, 3);
  EXPECT_EQ(world_.plans.state(all, world_.gateway_east)->version, 1U);
  EXPECT_EQ(world_.actions(), (std::vector<std::string>{"import_devices"}));
  EXPECT_EQ(imports_->commit(world_.author(), id, CommitMode::all_or_nothing).error().code, ErrorCode::conflict);
}

TEST_F(DeviceImportTest, EveryWrongLineIsToldWithItsColumn) {
  ASSERT_TRUE(world_.onboarding.add(world_.author(), world_.meter("50")));
  const std::string text = std::string(header) +
                           ",,1,dlt645-2007-single-phase,gateway-east,bus,,,,east,Hill\n"        // 2 good
                           ",,1,dlt645-2007-single-phase,gateway-east,bus,,,,east,\n"            // 3 as line 2
                           ",,50,dlt645-2007-single-phase,gateway-east,bus,,,,east,\n"           // 4 exists
                           ",,12X,dlt645-2007-single-phase,gateway-east,bus,,,,east,\n"          // 5 address
                           ",,3,no-such-model,gateway-east,bus,,,,east,\n"                       // 6 model
                           ",,4,dlt645-2007-single-phase,gateway-north,bus,,,,east,\n"           // 7 gateway
                           ",,5,dlt645-2007-single-phase,gateway-east,nowhere,,,,east,\n"        // 8 channel
                           ",,6,dlt645-2007-single-phase,gateway-east,line,tcp,h,0,east,\n"      // 9 port
                           ",,7,dlt645-2007-single-phase,gateway-east,bus,,,,north,\n"           // 10 organisation
                           ",,8,dlt645-2007-single-phase,gateway-east,bus,,,,east,Valley\n"      // 11 site
                           ",,,dlt645-2007-single-phase,gateway-east,bus,,,,east,\n"             // 12 empty
                           ",\"open,9\n"                                                         // 13 quote
                           ",,10,dlt645-2007-single-phase,gateway-east,line,tcp,h,4001,east,\n"  // 14 good
                           ",,11,dlt645-2007-single-phase,gateway-east,line,,,,east,\n";         // 15 good
  const auto id = start(text);
  const auto checked = settled(id);
  ASSERT_EQ(checked.state, ImportState::checked) << checked.reason;
  EXPECT_EQ(checked.counts.good_lines, 3U);
  EXPECT_EQ(checked.counts.bad_lines, 11U);
  const std::vector<std::pair<std::size_t, std::string>> expected{
      {3, "uid"},          {4, "uid"},           {5, "address"}, {6, "model"},    {7, "gateway"}, {8, "channel"},
      {9, "channel_port"}, {10, "organisation"}, {11, "site"},   {12, "address"}, {13, ""}};
  ASSERT_EQ(checked.findings.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(checked.findings[i].line, expected[i].first);
    EXPECT_EQ(checked.findings[i].column, expected[i].second) << checked.findings[i].line;
    EXPECT_FALSE(checked.findings[i].message.empty());
  }
  const auto list = imports_->report_csv(world_.author(), id).value();
  EXPECT_NE(list.find("\r\n7,not_found,\"gateway\","), std::string::npos) << list;
  EXPECT_EQ(imports_->commit(world_.author(), id, CommitMode::all_or_nothing).error().code, ErrorCode::conflict);
  ASSERT_TRUE(imports_->commit(world_.author(), id, CommitMode::good_lines));
  const auto done = settled(id);
  EXPECT_EQ(done.state, ImportState::done) << done.reason;
  EXPECT_EQ(done.lines_made, 3U);
  EXPECT_EQ(world_.plans.state(all, world_.gateway_east)->channels.size(), 1U);
}

TEST_F(DeviceImportTest, ReadsWhatExcelInChinaWrites) {
  // 表地址,型号,网关,通道,名称 and a meter called 东区一号, GB18030.
  const Bytes file{0xB1, 0xED, 0xB5, 0xD8, 0xD6, 0xB7, ',',  0xD0, 0xCD, 0xBA, 0xC5, ',',  0xCD, 0xF8,
                   0xB9, 0xD8, ',',  0xCD, 0xA8, 0xB5, 0xC0, ',',  0xC3, 0xFB, 0xB3, 0xC6, '\r', '\n'};
  Bytes whole = file;
  const std::string_view line = "161,dlt645-2007-single-phase,gateway-east,bus,";
  whole.insert(whole.end(), line.begin(), line.end());
  for (const int octet : {0xB6, 0xAB, 0xC7, 0xF8, 0xD2, 0xBB, 0xBA, 0xC5, 0x0D, 0x0A})
    whole.push_back(static_cast<std::uint8_t>(octet));
  const auto id = start(as_text(whole), world_.east);
  ASSERT_EQ(settled(id, world_.east).counts.good_lines, 1U) << settled(id, world_.east).reason;
  ASSERT_TRUE(imports_->commit(world_.author(world_.east), id, CommitMode::all_or_nothing));
  ASSERT_EQ(settled(id, world_.east).lines_made, 1U);
  const auto page = world_.devices.list(all, {}).value();
  EXPECT_EQ(page.devices.at(0).details.name, "东区一号");
  EXPECT_EQ(page.devices.at(0).details.organisation, world_.east);
}

TEST_F(DeviceImportTest, FilesThatAreNoneAreRefusedWithTheReason) {
  for (const std::string& text :
       {std::string(""), std::string("address,model\n1,2\n"), std::string("address,model,gateway,channel,colour\n"),
        std::string("address,address,model,gateway,channel\n"), std::string("PK\3\4\0\0", 6)}) {
    const auto failed = settled(start(text));
    EXPECT_EQ(failed.state, ImportState::failed);
    EXPECT_FALSE(failed.reason.empty());
    EXPECT_GT(failed.finished_utc_ms, 0);
  }
  const Bytes large(ImportLimits{}.file_bytes_max + 1, 'a');
  EXPECT_EQ(imports_->start(world_.author(), "large.csv", large).error().code, ErrorCode::limit_exceeded);
  const auto many = settled(start(lines(ImportLimits{}.lines_max + 1)));
  EXPECT_EQ(many.state, ImportState::failed);
}

TEST_F(DeviceImportTest, APersonSeesOnlyTheirOwn) {
  const auto id = start(lines(1));
  settled(id);
  EXPECT_EQ(imports_->get(world_.author(world_.east), id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(imports_->list(world_.author(world_.east))->empty());
  EXPECT_EQ(imports_->cancel(world_.author(world_.east), id).error().code, ErrorCode::not_found);
  EXPECT_EQ(imports_->list(world_.author())->size(), 1U);
}

TEST_F(DeviceImportTest, SomebodyElsesDeviceMeanwhileStopsAllOrLeavesOnlyItsLineOut) {
  const auto first = start(lines(3));
  settled(first);
  const auto second = start(lines(3));
  settled(second);
  ASSERT_TRUE(world_.onboarding.add(world_.author(), world_.meter("2")));
  ASSERT_TRUE(imports_->commit(world_.author(), first, CommitMode::all_or_nothing));
  const auto failed = settled(first);
  EXPECT_EQ(failed.state, ImportState::failed);
  EXPECT_NE(failed.reason.find("line 3"), std::string::npos) << failed.reason;
  EXPECT_EQ(world_.devices.count(all).value(), 1);
  ASSERT_TRUE(imports_->commit(world_.author(), second, CommitMode::good_lines));
  const auto done = settled(second);
  EXPECT_EQ(done.state, ImportState::done);
  EXPECT_EQ(done.lines_made, 2U);
  EXPECT_EQ(done.findings.size(), 1U);
  EXPECT_EQ(world_.devices.count(all).value(), 3);
}

TEST_F(DeviceImportTest, WhatIsCancelledIsNotMade) {
  const auto id = start(lines(20'000));
  ASSERT_TRUE(imports_->cancel(world_.author(), id));
  EXPECT_EQ(settled(id).state, ImportState::cancelled);
  EXPECT_EQ(imports_->cancel(world_.author(), id).error().code, ErrorCode::conflict);
  EXPECT_EQ(imports_->commit(world_.author(), id, CommitMode::good_lines).error().code, ErrorCode::conflict);
  const auto other = start(lines(20'000));
  settled(other);
  ASSERT_TRUE(imports_->commit(world_.author(), other, CommitMode::all_or_nothing));
  ASSERT_TRUE(imports_->cancel(world_.author(), other));
  EXPECT_EQ(settled(other).state, ImportState::cancelled);
  EXPECT_EQ(world_.devices.count(all).value(), 0);
}

TEST_F(DeviceImportTest, OnlySoManyFilesAreHeld) {
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < ImportLimits{}.held_max; ++i) ids.push_back(start(lines(1, static_cast<int>(i))));
  EXPECT_EQ(imports_->start(world_.author(), "one more", as_bytes(header)).error().code, ErrorCode::unavailable);
  settled(ids.front());
  ASSERT_TRUE(imports_->cancel(world_.author(), ids.front()));
  EXPECT_TRUE(imports_->start(world_.author(), "one more", as_bytes(header)));
  for (const auto id : ids) settled(id);
  world_.clock.advance_ms(ImportLimits{}.held_ms_max);
  const auto late = start(lines(1));
  EXPECT_EQ(imports_->get(world_.author(), ids.back())->state, ImportState::cancelled);
  settled(late);
}

TEST_F(DeviceImportTest, AHundredThousandLines) {
  using Clock = std::chrono::steady_clock;
  const auto text = lines(100'000);
  const auto begin = Clock::now();
  const auto id = start(text);
  ASSERT_EQ(settled(id).counts.good_lines, 100'000U);
  const auto checked = Clock::now();
  ASSERT_TRUE(imports_->commit(world_.author(), id, CommitMode::all_or_nothing));
  ASSERT_EQ(settled(id).lines_made, 100'000U);
  const auto made = Clock::now();
  world_.plans.connected(world_.gateway_east, 0, {});
  world_.plans.tick();
  ASSERT_EQ(world_.received[world_.gateway_east].back().devices.size(), 100'000U);
  const auto sent = Clock::now();
  const auto ms = [](auto duration) { return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count(); };
  fmt::print("100,000 lines: checked in {} ms, made in {} ms, plan sent in {} ms\n", ms(checked - begin),
             ms(made - checked), ms(sent - made));
}

TEST_F(DeviceImportTest, TheTemplateIsAFileThatItsReaderTakes) {
  const auto checked = settled(start(imports_->template_csv()));
  EXPECT_EQ(checked.state, ImportState::checked) << checked.reason;
  EXPECT_EQ(checked.counts.lines, 2U);
  for (const auto& fault : checked.findings) EXPECT_EQ(fault.column, "gateway") << "only its names are examples";
}

TEST_F(DeviceImportTest, ACheckedFileSurvivesARestartAndIsThenMade) {
  const auto id = start(lines(3) + ",,X,no-such-model,gateway-east,bus,,,,east,\n");
  const auto before = settled(id);
  ASSERT_EQ(before.counts.bad_lines, 1U);
  restart();
  const auto after = imports_->get(world_.author(), id).value();
  EXPECT_EQ(after.state, ImportState::checked);
  EXPECT_EQ(after.counts.good_lines, 3U);
  ASSERT_EQ(after.findings.size(), 1U);
  EXPECT_EQ(after.findings[0].message, before.findings[0].message);
  ASSERT_TRUE(imports_->commit(world_.author(), id, CommitMode::good_lines));
  EXPECT_EQ(settled(id).lines_made, 3U);
  EXPECT_EQ(world_.devices.count(all).value(), 3);
  restart();  // the file goes after the import is told as over, and before the worker ends
  EXPECT_TRUE(disk_.list("/imports")->empty()) << "the file of an import that is over is not kept";
}

/// Stops the platform once a commit has made some pieces, again and again, until it is through.
TEST_F(DeviceImportTest, ACommitGoesOnWhereARestartBrokeItOff) {
  constexpr int count = 8'000;
  const auto id = start(lines(count) + ",,X,no-such-model,gateway-east,bus,,,,east,\n");
  ASSERT_EQ(settled(id).counts.good_lines, static_cast<std::size_t>(count));
  ASSERT_TRUE(imports_->commit(world_.author(), id, CommitMode::good_lines));
  std::size_t made = 0;
  int restarts = 0;
  while (imports_->get(world_.author(), id)->state == ImportState::committing) {
    const auto now = imports_->get(world_.author(), id)->lines_made;
    if (now == made) {
      std::this_thread::yield();
      continue;
    }
    made = now;
    restart();
    ++restarts;
  }
  const auto done = imports_->get(world_.author(), id).value();
  EXPECT_EQ(done.state, ImportState::done) << done.reason;
  EXPECT_EQ(done.lines_made, static_cast<std::size_t>(count));
  EXPECT_EQ(done.counts.bad_lines, 1U) << "lines made before a restart are no faults after it";
  EXPECT_EQ(world_.devices.count(all).value(), count);
  EXPECT_GT(restarts, 0);
  EXPECT_EQ(world_.actions(), (std::vector<std::string>{"import_devices"})) << "told once";
}

}  // namespace
}  // namespace duheng::platform
