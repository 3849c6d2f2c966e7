#include "drivers/models/poll_plan.hpp"

#include <gtest/gtest.h>

namespace duheng::drivers {
namespace {

std::shared_ptr<const DeviceModel> three_phase() {
  const auto library = ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library ? library->find("dlt645-2007-three-phase") : nullptr;
}

TEST(PollPlan, IsTheModelsOwnUnlessToldOtherwise) {
  const auto model = three_phase();
  ASSERT_TRUE(model);
  const auto plan = make_poll_plan(*model);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->rounds.size(), model->groups.size());
  for (std::size_t group = 0; group < model->groups.size(); ++group) {
    EXPECT_EQ(plan->rounds[group].interval_ms, model->groups[group].interval_ms);
    EXPECT_EQ(plan->rounds[group].questions.size(), model->groups[group].questions.size());
  }
}

TEST(PollPlan, AGroupAndARegisterHavePeriodsOfTheirOwn) {
  const auto model = three_phase();
  ASSERT_TRUE(model);
  const std::vector<FieldInterval> wanted{{"live", "", 30'000}, {"live", "current_b", 2'000}};
  const auto plan = make_poll_plan(*model, wanted);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->rounds.size(), model->groups.size() + 1);
  // The three currents are one answer: they share the shortest.
  EXPECT_EQ(interval_of(*plan, *model, "current_a"), 2'000);
  EXPECT_EQ(interval_of(*plan, *model, "current_b"), 2'000);
  EXPECT_EQ(interval_of(*plan, *model, "voltage_a"), 30'000);
  EXPECT_EQ(interval_of(*plan, *model, "frequency"), 60'000);
  EXPECT_EQ(interval_of(*plan, *model, "no_such"), std::nullopt);
  std::size_t questions = 0;
  for (std::uint16_t round = 0; round < plan->rounds.size(); ++round)
    for (const auto question : plan->rounds[round].questions) {
      EXPECT_EQ(plan->round_of[plan->rounds[round].group][question], round);
      ++questions;
    }
  std::size_t of_model = 0;
  for (const auto& group : model->groups) of_model += group.questions.size();
  EXPECT_EQ(questions, of_model);  // each once
}

TEST(PollPlan, RefusesWhatTheModelDoesNotHaveOrAllow) {
  const auto model = three_phase();
  ASSERT_TRUE(model);
  const auto error_of = [&](FieldInterval interval) { return make_poll_plan(*model, {&interval, 1}).error().code; };
  EXPECT_EQ(error_of({"lively", "", 10'000}), ErrorCode::not_found);
  EXPECT_EQ(error_of({"live", "frequency", 10'000}), ErrorCode::not_found);
  EXPECT_EQ(error_of({"live", "", 999}), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of({"live", "", 32LL * 86'400'000}), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace duheng::drivers
