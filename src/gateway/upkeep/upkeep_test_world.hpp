#pragma once
// For the tests of this folder: devices with memories and clocks on one line, without a gateway.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/dlt645/driver.hpp"
#include "gateway/upkeep/upkeep.hpp"

namespace duheng::gateway::upkeep_testing {

using drivers::Outcome;

inline constexpr std::int64_t quarter_ms = 900'000;
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t records_per_answer = 16;

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

inline std::shared_ptr<const drivers::DeviceModel> make_model(bool with_history, bool with_clock) {
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

inline HistoryProgress progress_of(const World& world, std::int64_t back_ms) {
  HistoryProgress out;
  for (const auto& uid : world.uids) out[uid]["profile"] = world.clock.utc_ms() - back_ms;
  return out;
}

}  // namespace duheng::gateway::upkeep_testing
