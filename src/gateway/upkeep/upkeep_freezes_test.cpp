// In which order the memories of one device are read.
#include <gtest/gtest.h>
#include <map>

#include "gateway/upkeep/upkeep_test_world.hpp"

namespace duheng::gateway {
namespace {

using namespace upkeep_testing;

/// A memory with one question whenever it is looked into; its subject tells which memory it is.
class OneQuestion final : public drivers::HistoryPlan {
 public:
  explicit OneQuestion(std::uint64_t subject) : subject_(subject) {}
  class Run final : public drivers::HistoryRun {
   public:
    Run(std::uint64_t subject, const drivers::HistoryRange& range) : subject_(subject), range_(range) {}
    std::optional<drivers::Query> next() override {
      if (asked_) return std::nullopt;
      drivers::Query query;
      query.subject = subject_;
      return query;
    }
    bool answered(ByteView, std::vector<drivers::HistoryValue>&) override { return asked_ = true; }
    bool refused(std::uint32_t) override { return false; }
    [[nodiscard]] std::int64_t complete_through_utc_ms() const override {
      return asked_ ? range_.to_utc_ms : range_.from_utc_ms;
    }

   private:
    std::uint64_t subject_;
    drivers::HistoryRange range_;
    bool asked_ = false;
  };
  [[nodiscard]] std::unique_ptr<drivers::HistoryRun> begin(const drivers::HistoryRange& range) const override {
    return std::make_unique<Run>(subject_, range);
  }

 private:
  std::uint64_t subject_;
};

/// Of a midnight, the freeze is read before the load profile says the same; also in the first hours of a day, and not
/// with every load profile.
TEST(Upkeep, FreezesComeBeforeTheLoadProfileOfTheirDay) {
  constexpr std::uint64_t daily = 1;
  constexpr std::uint64_t monthly = 2;
  drivers::DeviceModel model;
  model.driver = &drivers::dlt645_driver();
  model.zone_offset_minutes = 480;
  using drivers::HistoryKind;
  const auto add = [&](const char* name, HistoryKind kind, std::uint64_t subject, std::int64_t fetch_ms) {
    drivers::ModelHistory history;
    history.name = name;
    history.kind = kind;
    history.interval_ms = kind == HistoryKind::profile ? quarter_ms : 0;
    history.depth_days = 60;
    history.fetch_interval_ms = fetch_ms;
    history.plan = std::make_shared<OneQuestion>(subject);
    model.histories.push_back(history);
  };
  constexpr std::uint64_t profile = 3;
  add("profile", HistoryKind::profile, profile, 3'600'000);
  add("daily", HistoryKind::daily_freeze, daily, 6 * 3'600'000);
  add("monthly", HistoryKind::monthly_freeze, monthly, day_ms);
  UpkeepSettings settings;
  settings.days_back_max = 1;
  World world(std::make_shared<const drivers::DeviceModel>(std::move(model)), settings);
  world.uids = {"a"};
  world.start();
  std::map<std::int64_t, std::vector<std::uint64_t>> asked;  // by local hour since the start's day
  const std::int64_t first_day = (world.clock.utc_ms() + 8 * 3'600'000) / day_ms;
  for (int minute = 0; minute < 3 * 24 * 60; ++minute) {
    for (int i = 0; i < 50; ++i) {
      world.upkeep->work();
      if (!world.asked) continue;
      const std::int64_t local = world.clock.utc_ms() + 8 * 3'600'000 - first_day * day_ms;
      asked[local / 3'600'000].push_back(world.asked->query.subject);
      world.answer();
    }
    world.clock.advance_ms(60'000);
  }
  for (const std::int64_t midnight : {24, 48}) {
    const auto& order = asked[midnight];
    const auto place = [&](std::uint64_t what) { return std::ranges::find(order, what) - order.begin(); };
    EXPECT_LT(place(daily), place(profile)) << midnight;
    EXPECT_LT(place(monthly), place(profile)) << midnight;
    EXPECT_LT(place(profile), std::ssize(order)) << midnight;
    const auto& second = asked[midnight + 1];
    EXPECT_NE(std::ranges::find(second, daily), second.end()) << "for a clock that is behind";
  }
  std::size_t profiles = 0;
  std::size_t dailies = 0;
  for (const auto& [hour, order] : asked) {
    if (hour < 24 || hour >= 48) continue;
    profiles += static_cast<std::size_t>(std::ranges::count(order, profile));
    dailies += static_cast<std::size_t>(std::ranges::count(order, daily));
  }
  EXPECT_GE(profiles, 23U);
  EXPECT_LE(dailies, 8U);
}

}  // namespace
}  // namespace duheng::gateway
