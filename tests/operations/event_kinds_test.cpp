// Every kind of event, from the line of a scenario file through the meter's own record and the driver: told exactly
// once, with its begin and end and with what was measured then (BM-5.1.3a).
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/meter/virtual_meter.hpp"
#include "device/scenario/scenario.hpp"
#include "drivers/protocol/history_check.hpp"
#include "tests/operations/device_line.hpp"

namespace duheng::operations {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t start_utc_ms = 1'763'692'980'000;  // 2025-11-21T10:43:00+08:00
constexpr std::int64_t begins_ms = 20 * minute_ms;
constexpr std::int64_t ends_ms = 45 * minute_ms;
constexpr std::int64_t now_utc_ms = start_utc_ms + 120 * minute_ms;

struct EventKind {
  const char* rule;      ///< of the scenario
  const char* keys;      ///< besides its time
  const char* name;      ///< of the event register, without "event_" and phase
  const char* measured;  ///< beside the energies, where the model fetches it
  bool by_phase;
};
constexpr EventKind kinds[] = {
    {"voltage", "from_per_mille: 300, to_per_mille: 300, step_ms: 60000, ", "loss_of_voltage", "voltage", true},
    {"voltage", "from_per_mille: 850, to_per_mille: 850, step_ms: 60000, ", "under_voltage", "voltage", true},
    {"voltage", "from_per_mille: 1150, to_per_mille: 1150, step_ms: 60000, ", "over_voltage", "voltage", true},
    {"phase_break", "phase: b, ", "phase_break", "voltage", true},
    {"loss_of_current", "phase: b, ", "loss_of_current", "current", true},
    {"over_current", "phase: b, ", "over_current", "current", true},
    {"overload", "phase: b, ", "overload", "power", true},
    {"reverse_flow", "phase: b, ", "reverse_flow", "power", true},
    {"voltage_sequence", "", "voltage_sequence", "", false},
    {"current_sequence", "", "current_sequence", "", false},
    {"voltage_unbalance", "", "voltage_unbalance", "", false},
    {"current_unbalance", "", "current_unbalance", "", false},
    {"over_demand", "", "over_demand", "", false},
    {"power_cut", "", "power_down", "", false},
    {"magnetic_field", "", "magnetic_field", "", false},
    {"cover_open", "", "cover_open", "", false},
    {"terminal_cover", "", "terminal_cover_open", "", false},
};

class DeviceAnswers final : public drivers::HistoryAnswers {
 public:
  explicit DeviceAnswers(DeviceLine& line) : line_(line) {}
  Answer answer(const drivers::Query& query) override {
    reply_ = line_.ask(query);
    return {reply_.outcome == drivers::Outcome::refused, reply_.error, reply_.payload};
  }

 private:
  DeviceLine& line_;
  Reply reply_;
};

using Told = std::multimap<std::pair<std::string, std::int64_t>, std::int64_t>;  // register and time; value

/// All that the model's event histories tell of the time since the scenario began.
void read_events(DeviceLine& line, std::int64_t from_utc_ms, std::int64_t to_utc_ms, Told& out) {
  line.utc_ms = to_utc_ms;
  for (const auto& history : line.model().histories) {
    if (history.kind != drivers::HistoryKind::events) continue;
    DeviceAnswers answers(line);
    const auto outcome = drivers::run_history(*history.plan, {from_utc_ms, to_utc_ms, to_utc_ms, 480}, answers, 2'000);
    EXPECT_TRUE(outcome.ended && outcome.kept_its_word) << history.name;
    std::set<std::pair<std::string, std::int64_t>> of_this;
    for (const auto& value : outcome.values) {
      if (value.state != drivers::ItemState::good) continue;
      const std::pair place{history.items.at(value.item).register_name, value.time_utc_ms};
      EXPECT_TRUE(of_this.insert(place).second) << history.name << " tells " << place.first << " twice";
      out.emplace(place, value.mantissa);
    }
  }
}

class EventKinds : public testing::TestWithParam<std::tuple<const char*, EventKind>> {};

TEST_P(EventKinds, AreFetchedWithBeginEndAndValues) {
  const auto& [model_id, kind] = GetParam();
  static const auto library = *drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  const auto model = library.find(model_id);
  ASSERT_TRUE(model);
  const auto plan = device::parse_scenario(
      fmt::format("rules:\n  - {{ kind: {}, {}from_ms: {}, until_ms: {} }}\n", kind.rule, kind.keys, begins_ms,
                  ends_ms) +
          (std::string_view(kind.rule) == "voltage"
               ? fmt::format("  - {{ kind: voltage, from_per_mille: 1000, to_per_mille: 1000, step_ms: 60000, from_ms: "
                             "{}, until_ms: {} }}\n",
                             ends_ms, ends_ms + minute_ms)
               : std::string()),
      "events.yaml");
  ASSERT_TRUE(plan) << plan.error().message;
  device::Scenario scenario(*plan, {start_utc_ms, 0});
  DeviceLine line(model, start_utc_ms, 5, [&](std::shared_ptr<device::VirtualDevice> meter) {
    return scenario.seat(std::move(meter), model->id);
  });
  static_cast<void>(line.read(model->groups.at(0).questions.at(0)));

  Told told;
  read_events(line, start_utc_ms - 1, now_utc_ms, told);
  const std::string phase = kind.by_phase ? "_b" : "";
  const std::string event = std::string("event_") + kind.name + phase;
  const std::int64_t begin = start_utc_ms + begins_ms;
  const std::int64_t end = start_utc_ms + ends_ms;
  std::map<std::int64_t, std::int64_t> codes;
  for (const auto& [place, value] : told)
    if (place.first == event) {
      const auto known = codes.emplace(place.second, value);
      EXPECT_EQ(known.first->second, value) << "two histories tell different things";
    }
  EXPECT_EQ(codes, (std::map<std::int64_t, std::int64_t>{{begin, 1}, {end, 0}})) << event;

  // What was measured then is what the meter measures at that moment of the past.
  auto* const meter = dynamic_cast<device::VirtualMeter*>(&line.device());
  const auto expect = [&](const std::string& name, std::int64_t at, std::int64_t truth) {
    const auto found = told.find({name, at});
    ASSERT_NE(found, told.end()) << name;
    EXPECT_EQ(found->second, truth) << name;
  };
  const bool has_values = kind.by_phase || std::string_view(kind.name).ends_with("sequence") ||
                          std::string_view(kind.name).ends_with("unbalance");
  if (has_values) {
    const auto energy = [&](std::int64_t at) {
      return meter != nullptr ? *meter->quantities().energy(at, 1, 0)
                              : dynamic_cast<device::VirtualDlt698Meter&>(line.device()).energy_centikwh(at, false, 0);
    };
    expect(kind.name + phase + "_energy_begin", begin, energy(begin));
    expect(kind.name + phase + "_energy_end", end, energy(end));
  }
  if (kind.by_phase) {
    const auto then = meter != nullptr ? meter->quantities().measure(begin)
                                       : dynamic_cast<device::VirtualDlt698Meter&>(line.device()).measure(begin);
    const std::string_view what = kind.measured;
    expect(kind.name + phase + "_" + kind.measured, begin,
           what == "voltage"   ? then.voltage_decivolt[1]
           : what == "current" ? then.current_ma[1]
                               : then.power_active_deciwatt[2]);
  }

  // Fetched again from where it had got to, nothing comes twice.
  Told again;
  read_events(line, now_utc_ms - 30 * minute_ms, now_utc_ms, again);
  for (const auto& [place, value] : again) EXPECT_GT(place.second, now_utc_ms - 30 * minute_ms) << place.first;
  EXPECT_FALSE(again.contains({event, begin}) || again.contains({event, end}));
}

INSTANTIATE_TEST_SUITE_P(ThreePhase, EventKinds,
                         testing::Combine(testing::Values("dlt645-2007-three-phase", "dlt698-three-phase"),
                                          testing::ValuesIn(kinds)),
                         [](const testing::TestParamInfo<std::tuple<const char*, EventKind>>& which) {
                           return std::string(std::get<0>(which.param)).substr(0, 6) + "_" +
                                  std::get<1>(which.param).name;
                         });

class CjtLog : public testing::TestWithParam<const char*> {
 protected:
  static std::shared_ptr<const drivers::DeviceModel> model() {
    static const auto library = *drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
    return library.find(GetParam());
  }
  static std::map<std::int64_t, std::int64_t> codes_of(const Told& told, const std::string& name) {
    std::map<std::int64_t, std::int64_t> out;
    for (const auto& [place, value] : told)
      if (place.first == name) out.emplace(place.second, value);
    return out;
  }
};

TEST_P(CjtLog, IsFetchedWithBeginAndEnd) {
  const auto plan = device::parse_scenario(fmt::format("rules:\n"
                                                       "  - {{ kind: magnetic_field, from_ms: {0}, until_ms: {1} }}\n"
                                                       "  - {{ kind: cover_open, from_ms: {2}, until_ms: {3} }}\n"
                                                       "  - {{ kind: power_cut, from_ms: {4}, until_ms: {5} }}\n",
                                                       begins_ms, ends_ms, begins_ms + minute_ms, ends_ms + minute_ms,
                                                       ends_ms + 5 * minute_ms, ends_ms + 9 * minute_ms),
                                           "log.yaml");
  ASSERT_TRUE(plan) << plan.error().message;
  device::Scenario scenario(*plan, {start_utc_ms, 0});
  DeviceLine line(model(), start_utc_ms, 5, [&](std::shared_ptr<device::VirtualDevice> meter) {
    return scenario.seat(std::move(meter), model()->id);
  });
  static_cast<void>(line.read(model()->groups.at(0).questions.at(0)));
  Told told;
  read_events(line, start_utc_ms, now_utc_ms, told);
  const auto at = [](std::int64_t elapsed_ms) { return start_utc_ms + elapsed_ms; };
  using Codes = std::map<std::int64_t, std::int64_t>;
  EXPECT_EQ(codes_of(told, "event_magnetic_field"), (Codes{{at(begins_ms), 1}, {at(ends_ms), 0}}));
  EXPECT_EQ(codes_of(told, "event_cover_open"), (Codes{{at(begins_ms + minute_ms), 1}, {at(ends_ms + minute_ms), 0}}));
  EXPECT_EQ(codes_of(told, "event_power_down"),
            (Codes{{at(ends_ms + 5 * minute_ms), 1}, {at(ends_ms + 9 * minute_ms), 0}}));
  // From where it had got to: only what came since.
  Told again;
  read_events(line, at(ends_ms), now_utc_ms, again);
  EXPECT_EQ(codes_of(again, "event_magnetic_field"), Codes{});
  EXPECT_EQ(codes_of(again, "event_cover_open"), (Codes{{at(ends_ms + minute_ms), 0}}));
}

/// What happens while the log is being read shifts every place: it is read anew, and nothing is lost or doubled.
TEST_P(CjtLog, IsWholeAlthoughThingsHappenMeanwhile) {
  using Kind = device::DeviceHappening::Kind;
  for (std::size_t when = 0; when < 6; ++when) {
    DeviceLine line(model(), start_utc_ms);
    std::int64_t at = start_utc_ms + minute_ms;
    for (int i = 0; i < 3; ++i, at += minute_ms) line.device().happen(at, {Kind::cover, i % 2 == 0 ? 1 : 0});
    line.utc_ms = start_utc_ms + 60 * minute_ms;
    const auto* history = drivers::find_history(*model(), "event_log");
    ASSERT_NE(history, nullptr);

    class Disturbed final : public drivers::HistoryAnswers {
     public:
      Disturbed(DeviceLine& line, std::size_t after) : line_(line), left_(after) {}
      Answer answer(const drivers::Query& query) override {
        if (left_-- == 0) line_.device().happen(line_.utc_ms, {Kind::magnetic_field, 1});
        const Reply reply = line_.ask(query);
        return {reply.outcome == drivers::Outcome::refused, reply.error, reply.payload};
      }

     private:
      DeviceLine& line_;
      std::size_t left_;
    } answers(line, when);
    const auto outcome = drivers::run_history(
        *history->plan, {start_utc_ms, line.utc_ms + minute_ms, line.utc_ms + minute_ms, 480}, answers, 200);
    ASSERT_TRUE(outcome.ended && outcome.kept_its_word) << when;
    std::map<std::string, int> counts;
    for (const auto& value : outcome.values) ++counts[history->items.at(value.item).register_name];
    EXPECT_EQ(counts["event_cover_open"], 3) << when;
    // The sixth question comes after the log was found unchanged.
    EXPECT_EQ(counts["event_magnetic_field"], when < 5 ? 1 : 0) << when;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, CjtLog,
                         testing::Values("cjt188-cold-water", "cjt188-gas-valve", "cjt188-heat-2018",
                                         "cjt188-heat-2004"),
                         [](const testing::TestParamInfo<const char*>& which) {
                           std::string name = std::string(which.param).substr(7);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace duheng::operations
