#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/simulated_disk.hpp"
#include "gateway/plan/plan_applier.hpp"
#include "gateway/plan/plan_file.hpp"

namespace duheng::gateway {
namespace {

/// A field that takes down what it is told and refuses what a gateway would.
class ToyField final : public PlannedField {
 public:
  Result<void> add_channel(const FieldChannel& channel) override {
    ++changes;
    if (channel.name == "bad") return fail(ErrorCode::invalid_argument, "no such line");
    EXPECT_TRUE(channels.emplace(channel.name, channel).second) << "added twice: " << channel.name;
    return {};
  }
  void remove_channel(std::string_view name) override {
    ++changes;
    for (const auto& [uid, device] : devices) EXPECT_NE(device.channel, name) << uid << " still uses it";
    EXPECT_EQ(channels.erase(std::string(name)), 1U);
  }
  Result<void> add_device(const FieldDevice& device) override {
    ++changes;
    if (!channels.contains(device.channel) && device.channel != "own")
      return fail(ErrorCode::not_found, "there is no channel");
    for (const auto& [uid, other] : devices)
      if (other.channel == device.channel && other.address == device.address)
        return fail(ErrorCode::already_exists, "its address is taken");
    EXPECT_TRUE(devices.emplace(device.uid, device).second) << "added twice: " << device.uid;
    touched.insert(device.uid);
    return {};
  }
  void remove_device(std::string_view uid) override {
    ++changes;
    EXPECT_EQ(devices.erase(std::string(uid)), 1U);
    touched.insert(std::string(uid));
  }
  Result<void> set_intervals(const FieldDevice& device) override {
    auto& served = devices.at(device.uid);
    const bool is_bad = std::ranges::any_of(device.intervals, [](const auto& each) { return each.group == "bad"; });
    served.intervals = is_bad ? std::vector<FieldInterval>{} : device.intervals;
    if (is_bad) return fail(ErrorCode::not_found, "there is no such group");
    return {};
  }
  std::vector<FieldPlanProblem> set_rules(std::string_view uid, std::span<const FieldRule> given) override {
    std::vector<FieldPlanProblem> problems;
    auto& taken = rules[std::string(uid)];
    taken.clear();
    for (const auto& rule : given)
      if (devices.contains(rule.device))
        taken[rule.into] = rule.text;
      else
        problems.push_back({rule.device, std::string(rule_problem_prefix) + rule.into + ": the device is not served"});
    if (taken.empty()) rules.erase(std::string(uid));
    return problems;
  }
  Result<void> set_sum(const FieldSum& sum) override {
    sums.erase(sum.uid);
    if (sum.uid == "bad") return fail(ErrorCode::invalid_argument, "it cannot be");
    sums.emplace(sum.uid, sum);
    return {};
  }
  void remove_sum(std::string_view uid) override { EXPECT_EQ(sums.erase(std::string(uid)), 1U); }
  std::map<std::string, std::map<std::string, std::string>> rules;
  std::map<std::string, FieldSum> sums;
  std::map<std::string, FieldChannel> channels;
  std::map<std::string, FieldDevice> devices;
  std::set<std::string> touched;
  std::size_t changes = 0;
};

FieldChannel tcp(const std::string& name, std::uint16_t port) { return {name, FieldTcp{"127.0.0.1", port}}; }
FieldPlan plan_of(std::uint64_t version, std::vector<FieldChannel> channels, std::vector<FieldDevice> devices) {
  FieldPlan plan{version, std::move(channels), std::move(devices)};
  plan.sort();
  return plan;
}
void apply(PlanApplier& applier, const FieldPlan& plan) {
  ASSERT_TRUE(applier.take(plan));
  while (applier.advance(1)) continue;
}

TEST(PlanApplier, ChangesOnlyWhatDiffers) {
  ToyField field;
  PlanApplier applier(field);
  apply(applier,
        plan_of(1, {tcp("a", 1), tcp("b", 2)}, {{"1", "m", "11", "a"}, {"2", "m", "12", "a"}, {"3", "m", "13", "b"}}));
  EXPECT_EQ(field.changes, 5U);
  apply(applier,
        plan_of(2, {tcp("a", 1), tcp("b", 2)}, {{"1", "m", "11", "a"}, {"2", "m", "99", "a"}, {"3", "m", "13", "b"}}));
  EXPECT_EQ(field.changes, 7U);
  field.touched.clear();
  // The line of b is another one: its devices go and come with it, though nothing about them has changed.
  apply(applier,
        plan_of(3, {tcp("a", 1), tcp("b", 3)}, {{"1", "m", "11", "a"}, {"2", "m", "99", "a"}, {"3", "m", "13", "b"}}));
  EXPECT_EQ(field.touched, (std::set<std::string>{"3"}));
  EXPECT_EQ(applier.devices_served(), 3U);
  EXPECT_TRUE(applier.problems().empty());
}

TEST(PlanApplier, ANewPeriodTouchesNothingElseAndAWrongOneIsTold) {
  ToyField field;
  PlanApplier applier(field);
  apply(applier, plan_of(1, {tcp("a", 1)}, {{"1", "m", "11", "a"}, {"2", "m", "12", "a"}}));
  field.touched.clear();
  apply(applier, plan_of(2, {tcp("a", 1)}, {{"1", "m", "11", "a", {{"live", "", 2'000}}}, {"2", "m", "12", "a"}}));
  EXPECT_TRUE(field.touched.empty());
  EXPECT_EQ(field.devices.at("1").intervals.size(), 1U);
  for (std::uint64_t version : {3U, 4U}) {  // told with each plan that holds it
    apply(applier, plan_of(version, {tcp("a", 1)}, {{"1", "m", "11", "a", {{"bad", "", 2'000}}}}));
    ASSERT_EQ(applier.problems().size(), 1U);
    EXPECT_EQ(applier.problems()[0].subject, "1");
    EXPECT_TRUE(applier.problems()[0].reason.starts_with(interval_problem_prefix));
  }
  EXPECT_TRUE(field.touched.contains("2"));
  EXPECT_FALSE(field.touched.contains("1"));
  apply(applier, plan_of(5, {tcp("a", 1)}, {{"1", "m", "11", "a"}}));
  EXPECT_TRUE(applier.problems().empty());
  EXPECT_TRUE(field.devices.at("1").intervals.empty());
}

TEST(PlanApplier, TwoDevicesMayExchangeTheirAddresses) {
  ToyField field;
  PlanApplier applier(field);
  apply(applier, plan_of(1, {tcp("a", 1)}, {{"1", "m", "11", "a"}, {"2", "m", "12", "a"}}));
  apply(applier, plan_of(2, {tcp("a", 1)}, {{"1", "m", "12", "a"}, {"2", "m", "11", "a"}}));
  EXPECT_TRUE(applier.problems().empty());
  EXPECT_EQ(field.devices.at("1").address, "12");
}

TEST(PlanApplier, WhatIsWrongIsToldAndTheRestServes) {
  ToyField field;
  PlanApplier applier(field);
  const auto wrong =
      plan_of(1, {tcp("a", 1), tcp("bad", 2)},
              {{"1", "m", "11", "a"}, {"2", "m", "11", "a"}, {"3", "m", "13", "bad"}, {"4", "m", "1", "own"}});
  apply(applier, wrong);
  EXPECT_EQ(applier.devices_served(), 2U);
  ASSERT_EQ(applier.problems().size(), 3U);
  EXPECT_EQ(applier.problems()[0].subject, "bad");
  EXPECT_EQ(applier.problems()[1].subject, "2");
  EXPECT_EQ(applier.problems()[2].subject, "3");
  // Once the fault is mended, the device that was left out is served.
  apply(applier, plan_of(2, {tcp("a", 1)}, {{"2", "m", "11", "a"}}));
  EXPECT_TRUE(applier.problems().empty());
  EXPECT_EQ(field.devices.size(), 1U);
  EXPECT_TRUE(field.devices.contains("2"));
}

TEST(PlanApplier, APlanThatMayNotTravelChangesNothing) {
  ToyField field;
  PlanApplier applier(field);
  apply(applier, plan_of(1, {tcp("a", 1)}, {{"1", "m", "11", "a"}}));
  const auto before = field.changes;
  EXPECT_FALSE(applier.take({2, {tcp("b", 1), tcp("a", 1)}, {}}));
  EXPECT_FALSE(applier.advance(100));
  EXPECT_EQ(field.changes, before);
  EXPECT_EQ(applier.plan().version, 1U);
}

std::vector<FieldInterval> arbitrary_intervals() {
  std::vector<FieldInterval> out;
  for (const char* group : {"bad", "live"})
    if (*rc::gen::inRange(0, 4) == 0) out.push_back({group, "", *rc::gen::inRange(1, 4) * 1'000});
  return out;
}

void arbitrary_derivation(FieldPlan& plan) {
  const int rules = *rc::gen::inRange(0, 1 << 8);
  for (int i = 0; i < 8; ++i)
    if ((rules >> i & 1) != 0)
      plan.rules.push_back({std::to_string(i / 2), i % 2 == 0 ? "x" : "y", std::to_string(*rc::gen::inRange(0, 3))});
  for (const char* uid : {"bad", "s", "t"}) {
    if (*rc::gen::inRange(0, 2) == 0) continue;
    FieldSum sum;
    sum.uid = uid;
    sum.members = {std::to_string(*rc::gen::inRange(0, 3))};
    plan.sums.push_back(std::move(sum));
  }
}

FieldPlan arbitrary_plan(std::uint64_t version) {
  FieldPlan plan;
  plan.version = version;
  const int channels = *rc::gen::inRange(0, 1 << 6);
  for (int i = 0; i < 6; ++i)
    if ((channels >> i & 1) != 0)
      plan.channels.push_back(
          tcp(i == 5 ? "bad" : std::to_string(i), static_cast<std::uint16_t>(*rc::gen::inRange(1, 4))));
  const int devices = *rc::gen::inRange(0, 1 << 16);
  for (int i = 0; i < 16; ++i)
    if ((devices >> i & 1) != 0)
      plan.devices.push_back({std::to_string(i), "m" + std::to_string(*rc::gen::inRange(0, 2)),
                              std::to_string(*rc::gen::inRange(0, 6)), std::to_string(*rc::gen::inRange(0, 6)),
                              arbitrary_intervals()});
  arbitrary_derivation(plan);
  plan.sort();
  return plan;
}

RC_GTEST_PROP(PlanApplier, WhateverPlansComeAndWhenTheFieldIsWhatTheLastOneAloneWouldMake, ()) {
  ToyField field;
  PlanApplier applier(field);
  const int plans = *rc::gen::inRange(1, 8);
  FieldPlan last;
  for (int i = 0; i < plans; ++i) {
    last = arbitrary_plan(static_cast<std::uint64_t>(i));
    RC_ASSERT(applier.take(last).has_value());
    // Often the next one comes before this one is done.
    applier.advance(static_cast<std::size_t>(*rc::gen::inRange(0, 30)));
  }
  while (applier.advance(3)) continue;

  ToyField fresh;
  PlanApplier alone(fresh);
  RC_ASSERT(alone.take(last).has_value());
  while (alone.advance(100)) continue;
  RC_ASSERT(field.channels == fresh.channels);
  // Where two want one address, whoever has it keeps it; else both fields hold the same devices.
  std::set<std::string> subjects;
  std::set<std::string> with_usual_periods;
  for (const auto& problem : applier.problems())
    if (!problem.reason.starts_with(rule_problem_prefix) && !problem.reason.starts_with(sum_problem_prefix))
      (problem.reason.starts_with(interval_problem_prefix) ? with_usual_periods : subjects).insert(problem.subject);
  std::map<std::string, std::map<std::string, std::string>> rules;
  for (const auto& rule : last.rules)
    if (field.devices.contains(rule.device)) rules[rule.device][rule.into] = rule.text;
  RC_ASSERT(field.rules == rules);
  RC_ASSERT(field.sums == fresh.sums);
  for (const auto& device : last.devices)
    RC_ASSERT(field.devices.contains(device.uid) != subjects.contains(device.uid));
  RC_ASSERT(field.devices.size() == fresh.devices.size());
  for (const auto& [uid, device] : field.devices) {
    auto wanted = *std::ranges::find(last.devices, uid, &FieldDevice::uid);
    if (with_usual_periods.contains(uid)) wanted.intervals.clear();
    RC_ASSERT(device == wanted);
  }
  // The same plan again changes nothing that serves.
  field.touched.clear();
  RC_ASSERT(applier.take(last).has_value());
  while (applier.advance(100)) continue;
  RC_ASSERT(field.touched.empty());
}

TEST(PlanApplier, RulesAndSumsComeChangeAndGoAndWhatIsWrongIsToldAgain) {
  ToyField field;
  PlanApplier applier(field);
  auto plan = plan_of(1, {tcp("a", 1)}, {{"1", "m", "11", "a"}});
  plan.rules = {{"1", "x", "one"}, {"2", "x", "two"}};
  plan.sums.resize(2);
  plan.sums[0].uid = "bad";
  plan.sums[1].uid = "s";
  for (auto& sum : plan.sums) sum.members = {"1"};
  for (std::uint64_t version : {1U, 2U}) {
    plan.version = version;
    apply(applier, plan);
    ASSERT_EQ(applier.problems().size(), 2U);
    EXPECT_TRUE(applier.problems()[0].reason.starts_with(rule_problem_prefix));
    EXPECT_EQ(applier.problems()[0].subject, "2");
    EXPECT_TRUE(applier.problems()[1].reason.starts_with(sum_problem_prefix));
  }
  EXPECT_EQ(field.rules.at("1").at("x"), "one");
  EXPECT_TRUE(field.sums.contains("s"));
  apply(applier, plan_of(3, {tcp("a", 1)}, {{"1", "m", "11", "a"}}));
  EXPECT_TRUE(field.rules.empty());
  EXPECT_TRUE(field.sums.empty());
  EXPECT_TRUE(applier.problems().empty());
  EXPECT_EQ(field.touched, (std::set<std::string>{"1"})) << "devices are not disturbed";
}

TEST(PlanFile, ComesBackWholeOrNotAtAll) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_directories("data"));
  EXPECT_EQ(read_plan_file(disk, "data/plan.bin").value(), std::nullopt);
  const auto plan = plan_of(9, {tcp("a", 1)}, {{"1", "m", "11", "a"}});
  ASSERT_TRUE(write_plan_file(disk, "data/plan.bin", plan));
  EXPECT_EQ(read_plan_file(disk, "data/plan.bin").value(), plan);
  auto octets = *read_file(disk, "data/plan.bin");
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] ^= 1;
    ASSERT_TRUE(write_file_atomically(disk, "data/spoiled.bin", octets));
    EXPECT_EQ(read_plan_file(disk, "data/spoiled.bin").error().code, ErrorCode::storage_corrupt) << i;
    octets[i] ^= 1;
  }
  ASSERT_TRUE(write_file_atomically(disk, "data/short.bin", ByteView(octets).first(20)));
  EXPECT_FALSE(read_plan_file(disk, "data/short.bin"));
}

}  // namespace
}  // namespace duheng::gateway
