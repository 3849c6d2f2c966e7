#include "gateway/upkeep/upkeep.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/random.hpp"
#include "drivers/dlt645/driver.hpp"

namespace duheng::gateway {
namespace {

using drivers::Outcome;

constexpr std::int64_t quarter_ms = 900'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t records_per_answer = 16;

/// A memory with a value every quarter of an hour; the query's subject is the first record's number.
class QuarterPlan final : public drivers::HistoryPlan {
  class Run final : public drivers::HistoryRun {
   public:
    explicit Run(const drivers::HistoryRange& range)
        : next_(range.from_utc_ms / quarter_ms + 1),
          last_(range.to_utc_ms / quarter_ms),
          through_(range.from_utc_ms),
          to_(range.to_utc_ms) {}
    std::optional<drivers::Query> next() override {
      if (next_ > last_) return std::nullopt;
      drivers::Query query;
      query.subject = static_cast<std::uint64_t>(next_);
      return query;
    }
    bool answered(ByteView, std::vector<drivers::HistoryValue>& out) override {
      for (std::int64_t i = 0; i < records_per_answer && next_ <= last_; ++i, ++next_)
        out.push_back({0, drivers::ItemState::good, next_, -2, "kWh", next_ * quarter_ms});
      through_ = (next_ - 1) * quarter_ms;
      return true;
    }
    bool refused(std::uint32_t error) override {
      if (error != 2) return false;
      next_ += records_per_answer;  // a gap
      through_ = std::min(to_, (next_ - 1) * quarter_ms);
      return true;
    }
    [[nodiscard]] std::int64_t complete_through_utc_ms() const override { return through_; }

   private:
    std::int64_t next_;
    std::int64_t last_;
    std::int64_t through_;
    std::int64_t to_;
  };

 public:
  [[nodiscard]] std::unique_ptr<drivers::HistoryRun> begin(const drivers::HistoryRange& range) const override {
    return std::make_unique<Run>(range);
  }
};

/// The payload is the number that stands in the clock register.
class ClockReader final : public drivers::AnswerReader {
 public:
  [[nodiscard]] bool read(ByteView payload, std::vector<drivers::ItemValue>& out) const override {
    ByteReader in(payload);
    out.push_back({0, drivers::ItemState::good, static_cast<std::int64_t>(in.u64()), 0, ""});
    return in.ok();
  }
};
class Broadcast final : public drivers::Operation {
 public:
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs&) const override {
    drivers::Query query;
    query.operation = 8;
    query.at_most_once = true;
    query.has_answer = false;
    return std::vector{query};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] bool is_broadcast() const override { return true; }
};

std::shared_ptr<const drivers::DeviceModel> make_model(bool with_history, bool with_clock) {
  drivers::DeviceModel model;
  model.driver = &drivers::dlt645_driver();
  if (with_history) {
    drivers::ModelHistory history;
    history.name = "profile";
    history.interval_ms = quarter_ms;
    history.depth_days = 60;
    history.fetch_interval_ms = 3'600'000;
    history.items = {{"energy", "kWh", -2, SeriesKind::decimal, 0, {}}};
    history.plan = std::make_shared<QuarterPlan>();
    model.histories.push_back(history);
  }
  if (with_clock) {
    drivers::ModelClock clock;
    drivers::ModelQuestion question;
    question.query.operation = 9;
    question.reader = std::make_shared<ClockReader>();
    question.items = {{"clock", "", 0, SeriesKind::event, 0, {}}};
    clock.questions = {question};
    clock.tolerance_ms = 10'000;
    clock.broadcast_step_max_ms = 300'000;
    clock.broadcast_command = "clock_broadcast";
    clock.check_interval_ms = day_ms / 2;
    model.clock = clock;
    drivers::ModelCommand command;
    command.name = "clock_broadcast";
    command.operation = std::make_shared<Broadcast>();
    model.commands.push_back(command);
  }
  return std::make_shared<const drivers::DeviceModel>(std::move(model));
}

/// Devices that answer at once, on one line; the batch is closed and stored when the test says so.
class World final : public FieldAccess {
 public:
  struct Asked {
    std::uint32_t device;
    drivers::Query query;
    std::uint32_t ticket;
  };
  explicit World(std::shared_ptr<const drivers::DeviceModel> m, UpkeepSettings s = {}) : model(std::move(m)) {
    settings = s;
    settings.history_questions_per_s = 0;
  }
  void start(HistoryProgress known = {}) {
    upkeep = std::make_unique<Upkeep>(clock, *this, std::move(known), settings);
    asked.reset();
    for (const auto& uid : uids) upkeep->device_added(uid);
  }
  /// Answers whatever is asked, up to `count` questions; returns how many there were.
  int serve(int count) {
    int done = 0;
    for (; done < count; ++done) {
      for (int i = 0; i < 10; ++i) upkeep->work();
      if (!asked) break;
      answer();
    }
    return done;
  }
  void answer(Outcome outcome = Outcome::answered, std::uint32_t error = 0) {
    const Asked question = *asked;
    asked.reset();
    device = question.device;
    Bytes payload;
    if (question.query.operation == 9) ByteWriter(payload).u64(clock_number());
    if (question.query.operation == 8) {
      ++broadcasts;
      offset_ms = 0;
      outcome = Outcome::sent;
    }
    drivers::Exchange exchange;
    exchange.query = &question.query;
    exchange.outcome = outcome;
    exchange.error = error;
    exchange.payload = payload;
    exchange.sent_utc_ms = clock.utc_ms();
    exchange.received = {clock.monotonic_ms(), clock.utc_ms()};
    ASSERT_TRUE(upkeep->exchange(question.ticket, exchange));
    if (stores) store();
  }
  void store() {
    upkeep->batch_closed();
    upkeep->batch_stored();
  }
  [[nodiscard]] std::uint64_t clock_number() const {
    const std::int64_t local_ms = clock.utc_ms() + offset_ms + 480 * 60'000;
    const std::int64_t of_day = local_ms % day_ms / 1'000;
    // 21 November 2025 and the days after it, within that month.
    const std::int64_t day = 21 + local_ms / day_ms - (1'763'712'000'000 + 480 * 60'000) / day_ms;
    const std::int64_t date = 20'251'100 + day;
    return static_cast<std::uint64_t>(date * 1'000'000 + of_day / 3'600 * 10'000 + of_day / 60 % 60 * 100 +
                                      of_day % 60);
  }

  [[nodiscard]] std::optional<Place> find(std::string_view uid) const override {
    const auto found = std::ranges::find(uids, uid);
    if (found == uids.end()) return std::nullopt;
    return Place{static_cast<std::uint32_t>(found - uids.begin()), 0, model};
  }
  [[nodiscard]] Readiness readiness(std::uint32_t number) const override {
    if (!open) return Readiness::away;
    return silent == number ? Readiness::silent : Readiness::ready;
  }
  [[nodiscard]] bool has_room(std::uint32_t) const override { return room; }
  [[nodiscard]] bool ask(std::uint32_t number, const drivers::Query& query, std::uint32_t ticket) override {
    EXPECT_FALSE(asked);
    asked = Asked{number, query, ticket};
    order.push_back(number);
    return true;
  }
  void probe(std::uint32_t) override {}
  [[nodiscard]] bool note(const drivers::ModelQuestion&, const drivers::Exchange&, std::vector<OrderValue>&) override {
    return true;
  }
  void note_history(const std::vector<drivers::ModelItem>&, std::span<const drivers::HistoryValue> values,
                    std::vector<OrderValue>*) override {
    for (const auto& value : values) {
      auto& seen = stamps[uids[device]];
      if (!seen.empty() && value.time_utc_ms <= seen.back()) ++out_of_order;
      seen.push_back(value.time_utc_ms);
    }
  }
  void note_finding(const Register& what, std::int64_t mantissa, std::int64_t) override {
    EXPECT_EQ(what.name, "clock_offset");
    offsets.push_back(mantissa);
  }
  [[nodiscard]] bool clock_suspect() const override { return false; }

  ManualClock clock{1'763'712'000'000};  // 2025-11-21 08:00 UTC, 16:00 in the zone
  std::shared_ptr<const drivers::DeviceModel> model;
  UpkeepSettings settings;
  std::vector<std::string> uids{"a", "b"};
  std::optional<Asked> asked;
  std::vector<std::uint32_t> order;
  std::map<std::string, std::vector<std::int64_t>> stamps;
  std::vector<std::int64_t> offsets;
  std::int64_t offset_ms = 0;
  std::uint32_t device = 0;
  std::uint32_t silent = UINT32_MAX;
  int out_of_order = 0;
  int broadcasts = 0;
  bool open = true;
  bool room = true;
  bool stores = true;
  std::unique_ptr<Upkeep> upkeep;
};

HistoryProgress progress_of(const World& world, std::int64_t back_ms) {
  HistoryProgress out;
  for (const auto& uid : world.uids) out[uid]["profile"] = world.clock.utc_ms() - back_ms;
  return out;
}

TEST(Upkeep, CatchesUpThirtyDaysInOrderByTurnsWithNothingMissing) {
  World world(make_model(true, false));
  const std::int64_t begin = world.clock.utc_ms();
  world.start(progress_of(world, 30 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(10'000);
  for (const auto& uid : world.uids) {
    const auto& seen = world.stamps[uid];
    ASSERT_GE(seen.size(), 30U * 96U);
    EXPECT_EQ(seen.front(), begin - 30 * day_ms + quarter_ms);
    for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + quarter_ms);
    EXPECT_GE(seen.back(), begin);
  }
  EXPECT_EQ(world.out_of_order, 0);
  // Two devices of one line by turns, not one after the other.
  int changes = 0;
  for (std::size_t i = 1; i < 100; ++i) changes += world.order[i] != world.order[i - 1] ? 1 : 0;
  EXPECT_GT(changes, 50);
  EXPECT_EQ(world.upkeep->statistics().history_values, world.stamps["a"].size() + world.stamps["b"].size());
  EXPECT_EQ(world.upkeep->statistics().behind, 0U);
}

TEST(Upkeep, FetchesWhatIsNewAtItsInterval) {
  World world(make_model(true, false));
  world.start(progress_of(world, quarter_ms));
  world.clock.advance_ms(900'000);
  world.serve(100);
  const auto before = world.stamps["a"].size();
  for (int i = 0; i < 24 * 60; ++i) {
    world.clock.advance_ms(60'000);
    world.serve(10);
  }
  EXPECT_NEAR(static_cast<double>(world.stamps["a"].size() - before), 96.0, 5.0);
  EXPECT_LE(world.upkeep->statistics().history_questions, 2U * 27U);
}

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

TEST(Upkeep, AsksNothingWhileTheLineHasNoRoomOrTheDeviceIsAway) {
  World world(make_model(true, false));
  world.start(progress_of(world, day_ms));
  world.clock.advance_ms(900'000);
  world.room = false;
  EXPECT_EQ(world.serve(10), 0);
  EXPECT_LE(world.upkeep->next_wake_ms(), world.clock.monotonic_ms() + 2'000);
  world.room = true;
  world.open = false;
  world.clock.advance_ms(2'000);
  EXPECT_EQ(world.serve(10), 0);
  world.open = true;
  world.silent = 0;
  world.upkeep->stir(0);
  EXPECT_GT(world.serve(100), 0);
  EXPECT_TRUE(world.stamps["a"].empty());
  EXPECT_FALSE(world.stamps["b"].empty());
  world.silent = UINT32_MAX;
  world.upkeep->stir(0);
  EXPECT_GT(world.serve(100), 0);
  EXPECT_FALSE(world.stamps["a"].empty());
}

TEST(Upkeep, ProgressCountsOnlyWhenItsValuesAreDurable) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.stores = false;
  const auto known = progress_of(world, day_ms);
  world.start(known);
  world.clock.advance_ms(900'000);
  world.serve(1);
  EXPECT_FALSE(world.upkeep->take_save(true));
  world.upkeep->batch_closed();
  world.serve(1);
  world.upkeep->batch_stored();
  const auto saved = world.upkeep->take_save(true);
  ASSERT_TRUE(saved);
  // The second answer is in no batch that was stored.
  EXPECT_EQ(parse_progress(*saved)->at("a").at("profile"), world.stamps["a"][records_per_answer - 1]);
  EXPECT_FALSE(world.upkeep->take_save(true));
}

TEST(Upkeep, ARestartGoesOnWhereItWasSaved) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, 10 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(20);
  const auto saved = parse_progress(*world.upkeep->take_save(true));
  ASSERT_TRUE(saved);
  world.start(*saved);
  world.clock.advance_ms(900'000);
  world.serve(1'000);
  EXPECT_EQ(world.out_of_order, 0);
  const auto& seen = world.stamps["a"];
  for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + quarter_ms);
}

TEST(Upkeep, SavesNotMoreOftenThanItShould) {
  World world(make_model(true, false));
  world.start(progress_of(world, 10 * day_ms));
  world.clock.advance_ms(900'000);
  int saves = 0;
  for (int i = 0; i < 60; ++i) {
    world.serve(1);
    world.clock.advance_ms(1'000);
    saves += world.upkeep->take_save() ? 1 : 0;
  }
  EXPECT_EQ(saves, 2);
}

TEST(Upkeep, AsksNotFasterThanItMay) {
  World world(make_model(true, false));
  world.settings.history_questions_per_s = 10;
  world.start(progress_of(world, 30 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(10'000);
  const auto at_once = world.upkeep->statistics().history_questions;
  EXPECT_LE(at_once, 10U);
  for (int i = 0; i < 200; ++i) {
    world.clock.advance_ms(50);
    world.serve(10'000);
  }
  EXPECT_NEAR(static_cast<double>(world.upkeep->statistics().history_questions - at_once), 100.0, 2.0);
}

TEST(Upkeep, AGapIsPassedAndAFailureIsTriedAgainLater) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, 2 * day_ms));
  world.clock.advance_ms(900'000);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  world.answer(Outcome::refused, 2);
  world.serve(1'000);
  EXPECT_EQ(world.stamps["a"].size(), 2U * 96U + 1U - 16U);
  EXPECT_EQ(world.upkeep->statistics().history_failures, 0U);
  world.clock.advance_ms(3'600'000);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  world.answer(Outcome::timed_out);
  world.upkeep->work();
  EXPECT_FALSE(world.asked);
  EXPECT_EQ(world.upkeep->statistics().history_failures, 1U);
  world.clock.advance_ms(60'000);
  EXPECT_EQ(world.serve(10), 1);
}

TEST(Upkeep, AQuestionLostWithItsConnectionIsAskedAgain) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, day_ms));
  world.clock.advance_ms(900'000);
  world.upkeep->work();
  const auto first = *world.asked;
  world.asked.reset();
  world.upkeep->lost(first.ticket);
  world.upkeep->stir(0);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  EXPECT_EQ(world.asked->query.subject, first.query.subject);
  world.upkeep->device_removed("a");
  world.asked.reset();
  world.uids = {"c"};
  world.upkeep->device_added("c");
  world.clock.advance_ms(900'000);
  EXPECT_GT(world.serve(10), 0);  // what was out for the one that went holds nobody up
}

TEST(Upkeep, WatchesClocksAndCorrectsSmallDeviationsOnceADay) {
  World world(make_model(false, true), {.clock = ClockPolicy::broadcast});
  world.uids = {"a"};
  world.offset_ms = 60'000;
  world.start();
  world.clock.advance_ms(900'000);
  world.serve(10);
  ASSERT_EQ(world.offsets.size(), 1U);
  EXPECT_NEAR(static_cast<double>(world.offsets[0]), 60'000.0, 500.0);
  EXPECT_EQ(world.broadcasts, 1);
  world.clock.advance_ms(60'000);
  world.serve(10);
  ASSERT_EQ(world.offsets.size(), 2U);
  EXPECT_NEAR(static_cast<double>(world.offsets[1]), 0.0, 500.0);
  world.offset_ms = -20'000;  // out of step again on the same day
  for (int i = 0; i < 10; ++i) {
    world.clock.advance_ms(1'800'000);
    world.serve(10);
  }
  EXPECT_EQ(world.broadcasts, 1);
  for (int i = 0; i < 24; ++i) {
    world.clock.advance_ms(1'800'000);
    world.serve(10);
  }
  EXPECT_EQ(world.broadcasts, 2);
}

TEST(Upkeep, LeavesClocksAloneThatAreTooFarOffOrWhenItMayNot) {
  World world(make_model(false, true), {.clock = ClockPolicy::broadcast});
  world.uids = {"a"};
  world.offset_ms = 400'000;
  world.start();
  world.clock.advance_ms(900'000);
  world.serve(10);
  EXPECT_EQ(world.broadcasts, 0);
  EXPECT_EQ(world.upkeep->statistics().clocks_left_alone, 1U);
  World watching(make_model(false, true), {.clock = ClockPolicy::none});
  watching.offset_ms = 60'000;
  watching.start();
  watching.clock.advance_ms(900'000);
  watching.serve(10);
  EXPECT_EQ(watching.broadcasts, 0);
  EXPECT_EQ(watching.offsets.size(), 2U);
}

TEST(ClockRule, KeepsAwayFromMidnight) {
  ClockFinding finding{60'000, 10'000, 300'000, 0, 480, false, false};
  const auto at = [&](std::int64_t hour, std::int64_t minute) {
    finding.utc_ms = 1'763'654'400'000 + (hour * 60 + minute) * 60'000;  // 21 November 2025, 00:00 in the zone
    return judge_clock(finding, ClockPolicy::broadcast);
  };
  EXPECT_EQ(at(12, 0), ClockVerdict::correct);
  EXPECT_EQ(at(23, 51), ClockVerdict::later);
  EXPECT_EQ(at(0, 9), ClockVerdict::later);
  EXPECT_EQ(at(0, 11), ClockVerdict::correct);
  EXPECT_EQ(at(23, 49), ClockVerdict::later);  // the device's clock shows 23:50
  finding.offset_ms = -60'000;
  EXPECT_EQ(at(0, 10), ClockVerdict::later);
  finding.gateway_suspect = true;
  EXPECT_EQ(at(12, 0), ClockVerdict::later);
  finding.offset_ms = 10'000;
  EXPECT_EQ(at(12, 0), ClockVerdict::in_step);
  finding.offset_ms = -300'001;
  EXPECT_EQ(at(12, 0), ClockVerdict::left_alone);
}

/// Outages, lost answers, restarts from what was saved: in the end every record was read, and none is skipped.
RC_GTEST_PROP(Upkeep, WhateverFailsNoRecordIsSkipped, (std::uint64_t seed)) {
  SeededRandom random(seed);
  World world(make_model(true, false));
  world.uids = {"a"};
  world.stores = false;
  const std::int64_t from = world.clock.utc_ms() - 5 * day_ms;
  world.start(progress_of(world, 5 * day_ms));
  HistoryProgress saved = progress_of(world, 5 * day_ms);
  std::set<std::int64_t> durable;
  std::vector<std::int64_t> closing;
  std::size_t taken = 0;
  const auto close = [&] {
    world.upkeep->batch_closed();
    auto& seen = world.stamps["a"];
    closing.insert(closing.end(), seen.begin() + static_cast<long>(taken), seen.end());
    taken = seen.size();
  };
  const auto store = [&] {
    world.upkeep->batch_stored();
    durable.insert(closing.begin(), closing.end());
    closing.clear();
  };
  for (int i = 0; i < 300; ++i) {
    world.clock.advance_ms(static_cast<std::int64_t>(random.below(600'000)));
    world.upkeep->work();
    switch (random.below(8)) {
      case 0:
        if (world.asked) world.answer(Outcome::timed_out);
        break;
      case 1:
        if (world.asked) {
          const auto ticket = world.asked->ticket;
          world.asked.reset();
          world.upkeep->lost(ticket);
          world.upkeep->stir(0);
        }
        break;
      case 2:
        close();
        break;
      case 3:
        store();
        break;
      case 4:
        if (const auto file = world.upkeep->take_save()) saved = *parse_progress(*file);
        break;
      case 5:
        if (random.below(5) != 0) break;
        closing.clear();
        taken = world.stamps["a"].size();
        world.start(saved);
        break;
      default:
        if (world.asked) world.answer();
    }
    // What is on record as read is durable.
    for (std::int64_t stamp = from + quarter_ms; stamp <= saved.at("a").at("profile"); stamp += quarter_ms)
      RC_ASSERT(durable.contains(stamp));
  }
  world.stores = true;
  for (int hour = 0; hour < 5; ++hour) {  // longer than the pause after failures
    world.clock.advance_ms(3'600'000);
    world.serve(10'000);
  }
  std::set<std::int64_t> seen(world.stamps["a"].begin(), world.stamps["a"].end());
  for (std::int64_t stamp = from + quarter_ms; stamp <= world.clock.utc_ms() - 2 * 3'600'000; stamp += quarter_ms)
    RC_ASSERT(seen.contains(stamp));
}

RC_GTEST_PROP(HistoryProgress, SurvivesItsFile, (std::map<std::string, std::map<std::string, std::int64_t>> content)) {
  HistoryProgress progress;
  for (const auto& [uid, histories] : content) progress[uid].insert(histories.begin(), histories.end());
  auto file = encode_progress(progress);
  RC_ASSERT(*parse_progress(file) == progress);
  file[*rc::gen::inRange<std::size_t>(0, file.size())] ^= 1;
  RC_ASSERT(!parse_progress(file).has_value());
}

}  // namespace
}  // namespace duheng::gateway
