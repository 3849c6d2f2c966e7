// Every device model against its virtual device: what the model promises is done, read back and remembered.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/meter/virtual_meter.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/history_check.hpp"
#include "tests/operations/device_line.hpp"

namespace duheng::operations {
namespace {

using drivers::ItemState;
using drivers::ItemValue;
using drivers::Outcome;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t now_utc_ms = 1'763'692'965'000;  // 2025-11-21T10:42:45+08:00

const drivers::ModelLibrary& models() {
  static const auto library = *drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}
/// Network equipment has no virtual device: drivers/snmp and link try its models against true peers.
std::vector<std::string> names() {
  auto out = models().ids();
  std::erase_if(out, [](const std::string& id) {
    const auto protocol = models().find(id)->driver->protocol();
    return protocol == Protocol::snmp || protocol == Protocol::icmp_echo;
  });
  return out;
}

class EveryModel : public testing::TestWithParam<std::string> {
 protected:
  static constexpr std::string_view by_carrier = " by carrier";
  [[nodiscard]] static bool behind_module() { return GetParam().ends_with(by_carrier); }
  [[nodiscard]] static std::string model() {
    return behind_module() ? GetParam().substr(0, GetParam().size() - by_carrier.size()) : GetParam();
  }
  DeviceLine line_{models().find(model()), now_utc_ms, 1, {}, behind_module()};
};
std::string tested_name(const testing::TestParamInfo<std::string>& tested) {
  std::string name = tested.param;
  std::ranges::replace_if(name, [](char c) { return c == '-' || c == ' '; }, '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Models, EveryModel, testing::ValuesIn(names()), tested_name);

/// The same with a carrier module between, for what such modules carry.
std::vector<std::string> names_by_carrier() {
  std::vector<std::string> out;
  for (const auto& name : names()) {
    const auto protocol = models().find(name)->driver->protocol();
    if (protocol == Protocol::dlt645_2007 || protocol == Protocol::dlt698_45) out.push_back(name + " by carrier");
  }
  return out;
}
INSTANTIATE_TEST_SUITE_P(Carried, EveryModel, testing::ValuesIn(names_by_carrier()), tested_name);

TEST_P(EveryModel, AnswersEveryQuestionOfItsGroups) {
  for (const auto& group : line_.model().groups)
    for (const auto& question : group.questions) {
      const auto values = line_.read(question);
      EXPECT_EQ(values.size(), question.items.size()) << group.name;
      for (const auto& value : values) EXPECT_NE(value.state, ItemState::invalid) << group.name;
    }
}

TEST_P(EveryModel, ItsClockIsUnderstood) {
  const auto& clock = line_.model().clock;
  if (!clock) GTEST_SKIP() << "has no clock";
  std::vector<drivers::ClockPart> parts;
  for (std::uint32_t i = 0; i < clock->questions.size(); ++i)
    for (const auto& value : line_.read(clock->questions[i])) parts.push_back({i, value.item, value.mantissa});
  const auto shown = drivers::device_utc_ms(*clock, parts, line_.model().zone_offset_minutes);
  ASSERT_TRUE(shown);
  EXPECT_LT(std::abs(*shown - now_utc_ms), 10 * minute_ms);
}

TEST_P(EveryModel, EveryParameterTakesWhatItHolds) {
  for (const auto& parameter : line_.model().parameters) {
    const auto before = line_.read(parameter.question);
    const auto held = std::ranges::find(before, parameter.item, &ItemValue::item);
    if (held == before.end()) {
      ADD_FAILURE() << parameter.name << " is not answered";
      continue;
    }
    if (!parameter.write || parameter.value.type == drivers::ArgumentType::time) continue;
    auto inputs = line_.inputs();
    inputs.arguments["value"] = Decimal{held->mantissa, held->exponent}.to_string();
    const auto queries = parameter.write->build(inputs);
    ASSERT_TRUE(queries) << parameter.name << ": " << queries.error().message;
    const Reply reply = line_.ask_all(*queries);
    ASSERT_EQ(reply.outcome, Outcome::answered)
        << parameter.name << ": " << line_.model().driver->refusal_word(reply.error) << " " << reply.error;
    const auto after = line_.read(parameter.question);
    ASSERT_FALSE(after.empty());
    EXPECT_EQ(after.front().mantissa,
              *drivers::expected_mantissa(parameter.value, parameter.question.items.at(parameter.item),
                                          inputs.arguments["value"]))
        << parameter.name;
  }
}

bool read_back_holds(DeviceLine& line, const drivers::ModelCommand& command, const drivers::OperationInputs& inputs) {
  const auto held =
      drivers::holds(*command.read_back, command.arguments, inputs, line.read(command.read_back->question));
  EXPECT_TRUE(held) << command.name;
  return held && *held;
}

TEST_P(EveryModel, EveryCommandIsDoneAndReadsBack) {
  for (const auto& command : line_.model().commands) {
    line_.utc_ms += hour_ms;
    auto inputs = line_.inputs();
    for (const auto& argument : command.arguments) {
      const bool is_password = argument.name == "new_password";
      const bool is_choice = !argument.choices.empty();
      inputs.arguments[argument.name] = is_password ? inputs.password
                                        : is_choice ? argument.choices.front().value
                                                    : "5";
    }
    // What these meters are sealed against; src/gateway/service tries it with the programming key pressed.
    if (command.name == "address_write") continue;
    const auto queries = command.operation->build(inputs);
    ASSERT_TRUE(queries) << command.name << ": " << queries.error().message;
    const Reply reply = line_.ask_all(*queries);
    EXPECT_EQ(reply.outcome, command.operation->is_broadcast() ? Outcome::sent : Outcome::answered)
        << command.name << ": " << line_.model().driver->refusal_word(reply.error) << " " << reply.error;
    if (!command.read_back) continue;
    line_.utc_ms += command.read_back->first_after_ms;
    EXPECT_TRUE(read_back_holds(line_, command, inputs)) << command.name;
  }
}

TEST_P(EveryModel, AWrongPasswordIsAWordAndChangesNothing) {
  for (const auto& command : line_.model().commands) {
    if (!command.operation->needs_password() || !command.arguments.empty()) continue;
    auto inputs = line_.inputs();
    inputs.password = line_.model().driver->protocol() == Protocol::dlt698_45 ? "99999999" : "999999";
    const Reply reply = line_.ask_all(*command.operation->build(inputs));
    EXPECT_EQ(reply.outcome, Outcome::refused) << command.name;
    EXPECT_EQ(line_.model().driver->refusal_word(reply.error), "password_wrong") << command.name;
    inputs.password.clear();
    EXPECT_EQ(command.operation->build(inputs).error().code, ErrorCode::forbidden) << command.name;
    break;  // three wrong ones lock the meter
  }
}

/// Answers of the device itself.
class DeviceAnswers final : public drivers::HistoryAnswers {
 public:
  explicit DeviceAnswers(DeviceLine& line) : line_(line) {}
  [[nodiscard]] Answer answer(const drivers::Query& question) override {
    const Reply reply = line_.ask(question);
    EXPECT_NE(reply.outcome, Outcome::timed_out);
    return {reply.outcome != Outcome::answered, reply.error, reply.payload};
  }

 private:
  DeviceLine& line_;
};

using Series = std::map<std::int64_t, std::int64_t>;  ///< mantissa by time
std::map<std::string, Series> series_of(const drivers::ModelHistory& history, const drivers::HistoryOutcome& outcome) {
  std::map<std::string, Series> out;
  for (const auto& value : outcome.values) {
    const auto& item = history.items.at(value.item);
    if (value.state == ItemState::no_value) continue;
    EXPECT_EQ(value.state, ItemState::good) << item.register_name;
    EXPECT_EQ(value.exponent, item.exponent) << item.register_name;
    if (item.kind == SeriesKind::decimal) {
      EXPECT_EQ(value.unit, item.unit) << item.register_name;
    }
    out[item.register_name][value.time_utc_ms] = value.mantissa;
  }
  return out;
}

TEST_P(EveryModel, EveryHistoryIsReadToItsEnd) {
  for (const auto& history : line_.model().histories) {
    const bool is_profile = history.kind == drivers::HistoryKind::profile;
    const std::int64_t span = is_profile ? 2 * day_ms : 100 * day_ms;
    DeviceAnswers answers(line_);
    const drivers::HistoryRange range{now_utc_ms - span, now_utc_ms, now_utc_ms, 480};
    const auto outcome = drivers::run_history(*history.plan, range, answers, 2'000);
    EXPECT_TRUE(outcome.ended && outcome.kept_its_word) << history.name;
    EXPECT_GE(outcome.complete_through_utc_ms, now_utc_ms - 10 * minute_ms) << history.name;
    const auto series = series_of(history, outcome);
    for (const auto& [name, values] : series) {
      if (history.kind == drivers::HistoryKind::events) continue;
      std::size_t expected = 192;
      if (history.kind == drivers::HistoryKind::daily_freeze) expected = 100;
      if (history.kind == drivers::HistoryKind::monthly_freeze) expected = 3;
      // A meter of this protocol keeps 62 daily freezes.
      if (history.kind == drivers::HistoryKind::daily_freeze && history.depth_days == 62) expected = 62;
      EXPECT_EQ(values.size(), expected) << history.name << " " << name;
      if (!name.starts_with("energy") && name != "volume_total") continue;
      EXPECT_TRUE(std::ranges::is_sorted(values, {}, [](const auto& entry) { return entry.second; })) << name;
    }
    // All good but events, of which there may be none.
    if (history.kind != drivers::HistoryKind::events) {
      EXPECT_FALSE(series.empty()) << history.name;
    }
  }
}

template <class Meter>
void expect_energies(DeviceLine& line, Meter& meter, const char* history_name, std::int64_t span_ms) {
  const auto* history = drivers::find_history(line.model(), history_name);
  ASSERT_NE(history, nullptr);
  DeviceAnswers answers(line);
  const auto outcome =
      drivers::run_history(*history->plan, {now_utc_ms - span_ms, now_utc_ms, now_utc_ms, 480}, answers, 2'000);
  const auto series = series_of(*history, outcome);
  for (const auto& [stamp, mantissa] : series.at("energy_active_import_total"))
    EXPECT_EQ(mantissa, meter.energy_centikwh(stamp, false, 0)) << stamp;
  for (const auto& [stamp, mantissa] : series.at("energy_active_export_total"))
    EXPECT_EQ(mantissa, meter.energy_centikwh(stamp, true, 0)) << stamp;
}

TEST(HistoryOfTheMeter, IsWhatTheMeterMeasuredThen) {
  for (const char* name : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"}) {
    DeviceLine line(models().find(name), now_utc_ms);
    auto& meter = dynamic_cast<device::VirtualMeter&>(line.device());
    expect_energies(line, meter, "load_profile", 3 * day_ms);
    expect_energies(line, meter, "daily_freeze", 30 * day_ms);
    expect_energies(line, meter, "monthly_settlement", 200 * day_ms);
  }
  for (const char* name : {"dlt698-single-phase", "dlt698-three-phase"}) {
    DeviceLine line(models().find(name), now_utc_ms);
    auto& meter = dynamic_cast<device::VirtualDlt698Meter&>(line.device());
    expect_energies(line, meter, "load_profile", 3 * day_ms);
    expect_energies(line, meter, "daily_freeze", 30 * day_ms);
    expect_energies(line, meter, "monthly_freeze", 200 * day_ms);
  }
}

TEST(HistoryOfTheMeter, APowerFailureIsAnEventWithBeginAndEnd) {
  for (const char* name : {"dlt645-2007-single-phase", "dlt698-single-phase"}) {
    DeviceLine line(models().find(name), now_utc_ms);
    using device::DeviceHappening;
    line.device().happen(now_utc_ms - 5 * hour_ms, {DeviceHappening::Kind::power, 0});
    line.device().happen(now_utc_ms - 4 * hour_ms, {DeviceHappening::Kind::power, 1});
    const auto* history = drivers::find_history(line.model(), "event_power_down");
    DeviceAnswers answers(line);
    const auto outcome =
        drivers::run_history(*history->plan, {now_utc_ms - day_ms, now_utc_ms, now_utc_ms, 480}, answers, 100);
    const auto series = series_of(*history, outcome);
    ASSERT_TRUE(series.contains("event_power_down")) << name;
    const auto& events = series.at("event_power_down");
    ASSERT_EQ(events.size(), 2U) << name;
    EXPECT_EQ(events.begin()->second, 1);
    EXPECT_EQ(events.rbegin()->second, 0);
    EXPECT_LT(std::abs(events.begin()->first - (now_utc_ms - 5 * hour_ms)), 10 * minute_ms) << name;
    EXPECT_NEAR(static_cast<double>(events.rbegin()->first - events.begin()->first), hour_ms, 2'000) << name;
  }
}

TEST(ResetOfTheMeter, LeavesNothingCounted) {
  for (const char* name : {"dlt645-2007-three-phase", "dlt698-three-phase"}) {
    DeviceLine line(models().find(name), now_utc_ms);
    const auto place = *drivers::find_register(line.model(), "energy_active_import_total");
    const auto energy = [&] {
      const auto values = line.read(*place.question);
      return std::ranges::find(values, place.item, &ItemValue::item)->mantissa;
    };
    EXPECT_GT(energy(), 0) << name;
    const auto* reset = drivers::find_command(line.model(), "meter_reset");
    EXPECT_EQ(line.ask_all(*reset->operation->build(line.inputs())).outcome, Outcome::answered) << name;
    EXPECT_EQ(energy(), 0) << name;
    EXPECT_EQ(reset->danger, drivers::Danger::irreversible);
  }
}

TEST(RelayOfTheMeter, StopsWhatIsDrawnUntilSomebodyClosesIt) {
  for (const char* name : {"dlt645-2007-single-phase", "dlt698-single-phase"}) {
    DeviceLine line(models().find(name), now_utc_ms);
    const auto give = [&](const char* command) {
      const auto* found = drivers::find_command(line.model(), command);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(line.ask_all(*found->operation->build(line.inputs())).outcome, Outcome::answered) << name << command;
    };
    const auto energy = [&] {
      const auto place = *drivers::find_register(line.model(), "energy_active_import_total");
      const auto values = line.read(*place.question);
      return std::ranges::find(values, place.item, &ItemValue::item)->mantissa;
    };
    give("relay_trip");
    line.utc_ms += minute_ms;
    const auto open = energy();
    line.utc_ms += 6 * hour_ms;
    EXPECT_EQ(energy(), open) << name;
    give("relay_permit_close");
    line.utc_ms += 6 * hour_ms;
    EXPECT_EQ(energy(), open) << name;  // permitted is not closed
    give("relay_close");
    line.utc_ms += 12 * hour_ms;
    EXPECT_GT(energy(), open) << name;
  }
}

TEST(HeatStation, TakesSettingsWithinTheirRange) {
  DeviceLine line(models().find("modbus-heat-station"), now_utc_ms);
  const auto* position = drivers::find_parameter(line.model(), "valve_position");
  ASSERT_NE(position, nullptr);
  auto inputs = line.inputs();
  inputs.arguments["value"] = "42.5";
  EXPECT_EQ(line.ask_all(*position->write->build(inputs)).outcome, Outcome::answered);
  EXPECT_EQ(line.read(position->question).at(0).mantissa, 425);
  for (const char* wrong : {"42.55", "-0.1", "100.1", "much"}) {
    inputs.arguments["value"] = wrong;
    EXPECT_EQ(position->write->build(inputs).error().code, ErrorCode::invalid_argument) << wrong;
  }
  EXPECT_EQ(line.read(position->question).at(0).mantissa, 425);
}

TEST(ValveOfTheGasMeter, NoCommandOpensIt) {
  DeviceLine line(models().find("cjt188-gas-valve"), now_utc_ms);
  const auto give = [&](const char* command) {
    const auto* found = drivers::find_command(line.model(), command);
    EXPECT_EQ(line.ask_all(*found->operation->build(line.inputs())).outcome, Outcome::answered) << command;
  };
  const auto* close = drivers::find_command(line.model(), "valve_close");
  give("valve_close");
  EXPECT_TRUE(read_back_holds(line, *close, line.inputs()));
  give("valve_permit_open");
  EXPECT_TRUE(read_back_holds(line, *close, line.inputs()));  // still closed
}

}  // namespace
}  // namespace duheng::operations
