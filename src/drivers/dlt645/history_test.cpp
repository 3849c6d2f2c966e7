#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/random.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/dlt645/value.hpp"
#include "drivers/dlt645/driver.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/history_check.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int32_t zone = 480;
constexpr std::int64_t now_utc_ms = 1'732'156'245'000;  // 2024-11-21T10:30:45+08:00
constexpr std::uint32_t no_such_data = 0x02;

struct Planned {
  std::shared_ptr<const HistoryPlan> plan;
  std::vector<ItemShape> shapes;
};
Planned plan(const std::string& keys, const std::vector<std::string>& items) {
  std::string text = "history:\n" + keys + "  items:\n";
  for (const auto& item : items) text += "    - " + item + "\n";
  const auto file = ConfigFile::parse(text, "m.yaml");
  const auto node = file->root().section("history");
  Planned out;
  static_cast<void>(node.integer("depth_days", {}, 1));  // the model's own
  const auto nodes = node.items("items");
  for (const auto& item : nodes) out.shapes.push_back({item.text("register"), {}, 0, SeriesKind::decimal});
  out.plan = dlt645_driver().history(file->root(), node, nodes, out.shapes);
  const auto fine = file->finish();
  EXPECT_TRUE(fine) << fine.error().message;
  return out;
}
Planned profile() {
  return plan("  kind: profile\n  interval_ms: 900000\n  depth_days: 400\n  records_max: 6\n",
              {"{ register: voltage_a }", "{ register: energy_active_import_total }"});
}

void put_bcd(Bytes& out, std::int64_t number, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i, number /= 100) out.push_back(bcd(static_cast<int>(number % 100)));
}
void put_minute(Bytes& out, const CivilTime& time) {
  for (const int part : {time.minute, time.hour, time.day, time.month, time.year - 2'000}) out.push_back(bcd(part));
}

/// What a meter of the test remembers: the energy at a stamp is a function of the stamp.
std::int64_t energy_at(std::int64_t utc_ms) { return utc_ms / (15 * minute_ms) % 100'000'000; }

/// A meter with load records at some ends of intervals. It gives what it has from the time asked for on, as many as it
/// likes at once.
class ProfileMeter final : public HistoryAnswers {
 public:
  std::set<std::int64_t> stamps;
  std::size_t at_once = 8;

  [[nodiscard]] Answer answer(const Query& question) override {
    EXPECT_EQ(question.operation, 0x11);
    const bool oldest = question.subject == 0x06000000;
    EXPECT_TRUE(oldest || question.subject == 0x06000001);
    if (stamps.empty()) return {true, no_such_data, {}};
    auto from = stamps.begin();
    if (!oldest) {
      EXPECT_EQ(question.body.size(), 6U);
      const auto digits = [&](std::size_t at) { return question.body[at] / 16 * 10 + question.body[at] % 16; };
      const auto asked = utc_ms_of({2'000 + digits(5), digits(4), digits(3), digits(2), digits(1), 0}, zone);
      EXPECT_TRUE(asked);
      from = stamps.lower_bound(asked.value_or(0));
    }
    const auto count = static_cast<std::size_t>(question.body.at(0) / 16 * 10 + question.body.at(0) % 16);
    Answer out;
    for (std::size_t i = 0; i < std::min(count, at_once) && from != stamps.end(); ++i, ++from) put(out.payload, *from);
    if (out.payload.empty()) return {true, no_such_data, {}};
    return out;
  }

 private:
  static void put(Bytes& out, std::int64_t utc_ms) {
    out.insert(out.end(), {0xA0, 0xA0, 0x00});
    put_minute(out, civil_time(utc_ms, zone));
    // Class 1: voltages, currents, frequency; 2 and 3, powers and factors, empty; 4: energies; 5 and 6 empty.
    put_bcd(out, 2'204, 2);
    out.insert(out.end(), {0xFF, 0xFF, 0xFF, 0xFF});
    out.insert(out.end(), 9, 0xFF);
    put_bcd(out, 5'000, 2);
    out.insert(out.end(), {0xAA, 0xAA, 0xAA});
    put_bcd(out, energy_at(utc_ms), 4);
    out.insert(out.end(), 12, 0x00);
    out.insert(out.end(), {0xAA, 0xAA, 0xAA, 0x00, 0xE5});
  }
};

std::set<std::int64_t> stamps_of(const HistoryOutcome& outcome, std::uint32_t item) {
  std::set<std::int64_t> out;
  for (const auto& value : outcome.values) {
    if (value.item != item) continue;
    EXPECT_TRUE(out.insert(value.time_utc_ms).second) << "twice";
    if (item == 1) {
      EXPECT_EQ(value.mantissa, energy_at(value.time_utc_ms));
    }
    EXPECT_EQ(value.state, ItemState::good);
  }
  return out;
}

TEST(Dlt645Profile, ReadsARangeInOrder) {
  const auto planned = profile();
  EXPECT_EQ(planned.shapes[0].unit, "V");
  EXPECT_EQ(planned.shapes[1].exponent, -2);
  ProfileMeter meter;
  const std::int64_t last = now_utc_ms / (15 * minute_ms) * 15 * minute_ms;
  for (int i = 0; i < 20; ++i) meter.stamps.insert(last - i * 15 * minute_ms);
  const HistoryRange range{last - 10 * 15 * minute_ms, now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*planned.plan, range, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  // The youngest ten minutes are not yet given up: 10:30 lies within them.
  EXPECT_EQ(stamps_of(outcome, 1).size(), 9U);
  EXPECT_EQ(outcome.complete_through_utc_ms, now_utc_ms - 10 * minute_ms);
  EXPECT_EQ(outcome.questions.size(), 2U);
  EXPECT_EQ(to_hex(outcome.questions[0].body), "061508211124");  // six from 08:15
}

TEST(Dlt645Profile, OtherRefusalsEndTheRunWhereItStands) {
  class Refuser final : public HistoryAnswers {
   public:
    [[nodiscard]] Answer answer(const Query& /*question*/) override { return {true, 0x01, {}}; }
  } refuser;
  const HistoryRange range{now_utc_ms - 2 * hour_ms, now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*profile().plan, range, refuser, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  EXPECT_EQ(outcome.questions.size(), 1U);
  EXPECT_LT(outcome.complete_through_utc_ms, range.from_utc_ms + 15 * minute_ms);
}

RC_GTEST_PROP(Dlt645ProfileProperty, EveryRecordComesOnceWhateverTheGaps, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto planned = profile();
  ProfileMeter meter;
  meter.at_once = 1 + random.below(8);
  const std::int64_t last = (now_utc_ms - 10 * minute_ms) / (15 * minute_ms) * 15 * minute_ms;
  const auto depth = static_cast<std::int64_t>(random.below(600));
  for (std::int64_t i = 0; i < depth; ++i)
    if (random.below(100) < 70) meter.stamps.insert(last - i * 15 * minute_ms);
  if (random.below(2) == 0) {  // a long gap
    const std::int64_t begin = last - static_cast<std::int64_t>(random.below(300)) * 15 * minute_ms;
    meter.stamps.erase(meter.stamps.lower_bound(begin - day_ms), meter.stamps.upper_bound(begin));
  }
  const std::int64_t from = now_utc_ms - static_cast<std::int64_t>(random.below(10 * day_ms));
  const std::int64_t to = from + static_cast<std::int64_t>(random.below(11 * day_ms));
  const HistoryRange range{from, to, now_utc_ms, zone};
  const auto outcome = run_history(*planned.plan, range, meter, 5'000);
  RC_ASSERT(outcome.ended && outcome.kept_its_word);
  std::set<std::int64_t> wanted;
  for (const std::int64_t stamp : meter.stamps)
    if (stamp > from && stamp <= std::min(to, now_utc_ms - 10 * minute_ms)) wanted.insert(stamp);
  RC_ASSERT(stamps_of(outcome, 1) == wanted);
  RC_ASSERT(outcome.complete_through_utc_ms == std::max(from, std::min(to, now_utc_ms - 10 * minute_ms)));
}

/// A meter that freezes at midnight; a freeze may happen while it is read.
class FreezeMeter final : public HistoryAnswers {
 public:
  std::vector<std::int64_t> stamps;  ///< newest first
  std::optional<std::size_t> freezes_before_question;
  std::int64_t next_stamp = 0;

  [[nodiscard]] Answer answer(const Query& question) override {
    if (freezes_before_question && asked_++ == *freezes_before_question) stamps.insert(stamps.begin(), next_stamp);
    const auto place = static_cast<std::size_t>(question.subject & 0xFF);
    if (place == 0 || place > stamps.size()) return {true, no_such_data, {}};
    const std::int64_t stamp = stamps[place - 1];
    Answer out;
    if ((question.subject >> 8 & 0xFF) == 0) {
      put_minute(out.payload, civil_time(stamp, zone));
    } else {
      for (int tariff = 0; tariff < 5; ++tariff) put_bcd(out.payload, energy_at(stamp) + tariff, 4);
    }
    return out;
  }

 private:
  std::size_t asked_ = 0;
};
Planned daily() {
  return plan("  kind: daily_freeze\n  depth_days: 62\n  records_max: 62\n",
              {"{ register: energy_active_import_total, di: \"05060101\" }",
               "{ register: energy_active_import_tariff_2, di: \"05060101\", element: 2 }",
               "{ register: energy_active_export_total, di: \"05060201\" }"});
}
std::int64_t midnight(int days_ago) { return utc_ms_of({2024, 11, 21, 0, 0, 0}, zone).value() - days_ago * day_ms; }

TEST(Dlt645Freeze, EachDayHasItsOwnStamp) {
  FreezeMeter meter;
  for (int day = 0; day < 40; ++day)
    if (day != 3) meter.stamps.push_back(midnight(day));  // without supply on one
  const HistoryRange range{midnight(6), now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*daily().plan, range, meter, 200);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  EXPECT_EQ(stamps_of(outcome, 0),
            (std::set<std::int64_t>{midnight(5), midnight(4), midnight(2), midnight(1), midnight(0)}));
  for (const auto& value : outcome.values) {
    EXPECT_EQ(value.mantissa, energy_at(value.time_utc_ms) + (value.item == 1 ? 2 : 0));
    EXPECT_EQ(value.unit, "kWh");
  }
  EXPECT_EQ(outcome.values.size(), 15U);
  EXPECT_EQ(outcome.complete_through_utc_ms, now_utc_ms - 10 * minute_ms);
}

TEST(Dlt645Freeze, AFreezeMadeMeanwhileNeverMovesAValueToAnotherDay) {
  for (std::size_t when = 0; when < 40; ++when) {
    FreezeMeter meter;
    for (int day = 1; day < 12; ++day) meter.stamps.push_back(midnight(day));
    meter.freezes_before_question = when;
    meter.next_stamp = midnight(0);
    const HistoryRange range{midnight(7), midnight(0) + hour_ms, midnight(0) + 5 * minute_ms, zone};
    const auto outcome = run_history(*daily().plan, range, meter, 200);
    EXPECT_TRUE(outcome.ended && outcome.kept_its_word) << when;
    std::set<std::int64_t> stamps;
    for (const auto& value : outcome.values) {
      EXPECT_EQ(value.mantissa, energy_at(value.time_utc_ms) + (value.item == 1 ? 2 : 0)) << when;
      stamps.insert(value.time_utc_ms);
    }
    // All old days are there; today's may come with the next reading.
    for (int day = 1; day < 7; ++day) EXPECT_TRUE(stamps.contains(midnight(day))) << when << " " << day;
    EXPECT_LE(outcome.complete_through_utc_ms, midnight(0));
  }
}

class SettlementMeter final : public HistoryAnswers {
 public:
  std::vector<int> days{101};  ///< DDhh
  [[nodiscard]] Answer answer(const Query& question) override {
    const auto place = static_cast<std::size_t>(question.subject & 0xFF);
    Answer out;
    if ((question.subject & 0xFFFFFF00) == 0x04000B00) {
      if (place > 3) return {true, no_such_data, {}};
      put_bcd(out.payload, place <= days.size() ? days[place - 1] : 9'999, 2);
      return out;
    }
    EXPECT_EQ(question.subject & 0xFFFFFF00, 0x00010000U);
    put_bcd(out.payload, static_cast<std::int64_t>(place), 4);
    return out;
  }
};
Planned monthly() {
  return plan("  kind: monthly_freeze\n  depth_days: 366\n  records_max: 12\n",
              {"{ register: energy_active_import_total, di: \"00010001\" }"});
}

TEST(Dlt645Settlement, TimesFollowFromTheSettlementDays) {
  SettlementMeter meter;
  const HistoryRange range{*utc_ms_of({2024, 8, 15, 0, 0, 0}, zone), now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*monthly().plan, range, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  ASSERT_EQ(outcome.values.size(), 3U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, *utc_ms_of({2024, 9, 1, 1, 0, 0}, zone));
  EXPECT_EQ(outcome.values[0].mantissa, 3);
  EXPECT_EQ(outcome.values[2].time_utc_ms, *utc_ms_of({2024, 11, 1, 1, 0, 0}, zone));
  EXPECT_EQ(outcome.values[2].mantissa, 1);
}

TEST(Dlt645Settlement, SeveralDaysAMonthAndNoneWhileOneIsNear) {
  SettlementMeter meter;
  meter.days = {1'500, 100};
  const HistoryRange range{*utc_ms_of({2024, 10, 14, 0, 0, 0}, zone), now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*monthly().plan, range, meter, 100);
  ASSERT_EQ(outcome.values.size(), 3U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, *utc_ms_of({2024, 10, 15, 0, 0, 0}, zone));
  EXPECT_EQ(outcome.values[1].time_utc_ms, *utc_ms_of({2024, 11, 1, 0, 0, 0}, zone));
  EXPECT_EQ(outcome.values[2].time_utc_ms, *utc_ms_of({2024, 11, 15, 0, 0, 0}, zone));
  meter.days = {2'110};  // at ten o'clock today, half an hour and 45 seconds ago
  EXPECT_EQ(run_history(*monthly().plan, range, meter, 100).values.size(), 2U);
  HistoryRange near = range;
  near.now_utc_ms -= 2 * minute_ms;
  const auto none = run_history(*monthly().plan, near, meter, 100);
  EXPECT_TRUE(none.values.empty());
  EXPECT_EQ(none.complete_through_utc_ms, range.from_utc_ms);
}

class EventMeter final : public HistoryAnswers {
 public:
  std::vector<std::pair<std::int64_t, std::int64_t>> events;  ///< newest first; an end of 0: goes on
  [[nodiscard]] Answer answer(const Query& question) override {
    const auto place = static_cast<std::size_t>(question.subject & 0xFF);
    if (place == 0 || place > 10) return {true, no_such_data, {}};
    Answer out;
    if (place > events.size()) return {false, 0, Bytes(12, 0)};
    for (const std::int64_t moment : {events[place - 1].first, events[place - 1].second}) {
      if (moment == 0) {
        out.payload.insert(out.payload.end(), 6, 0);
        continue;
      }
      const CivilTime time = civil_time(moment, zone);
      out.payload.push_back(bcd(time.second));
      put_minute(out.payload, time);
    }
    return out;
  }
};

TEST(Dlt645Events, BeginAndEndAreEachInTheirPlace) {
  const auto planned = plan(
      "  kind: events\n  di: \"03110001\"\n  depth_days: 3660\n  records_max: 10\n",
      {"{ register: event_power_down, time_at: 0, code: 1 }", "{ register: event_power_down, time_at: 6, code: 0 }"});
  EventMeter meter;
  const std::int64_t from = now_utc_ms - 3 * day_ms;
  meter.events = {{now_utc_ms - hour_ms, 0}, {from - hour_ms, from + hour_ms}, {from - day_ms, from - day_ms + 5'000}};
  const auto outcome = run_history(*planned.plan, {from, now_utc_ms, now_utc_ms, zone}, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  ASSERT_EQ(outcome.values.size(), 2U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, now_utc_ms - hour_ms);
  EXPECT_EQ(outcome.values[0].mantissa, 1);
  EXPECT_EQ(outcome.values[1].time_utc_ms, from + hour_ms);
  EXPECT_EQ(outcome.values[1].mantissa, 0);
  EXPECT_EQ(outcome.questions.size(), 3U);  // the third lies before the range: no more are asked
  meter.events.clear();
  EXPECT_EQ(run_history(*planned.plan, {from, now_utc_ms, now_utc_ms, zone}, meter, 100).questions.size(), 1U);
}

/// A meter with events of one group and phase, part by part, as DL/T 645-2007's table of event records has them.
class GroupMeter final : public HistoryAnswers {
 public:
  struct Event {
    std::int64_t begin_utc_ms = 0;
    std::int64_t end_utc_ms = 0;  ///< 0: goes on
    int energy_begin = 0;         ///< 0.01 kWh, by two digits
    int energy_end = 0;
  };
  std::vector<Event> events;  ///< newest first
  std::uint32_t group = 0x10010000;
  std::uint8_t end_part = 0x25;
  std::optional<Event> happens_before_question;  ///< the one at `at_question`
  std::size_t at_question = 0;
  std::size_t asked = 0;

  [[nodiscard]] Answer answer(const Query& question) override {
    if (++asked == at_question && happens_before_question) events.insert(events.begin(), *happens_before_question);
    EXPECT_EQ(question.subject & 0xFFFF0000, group);
    const std::size_t place = question.subject & 0xFF;
    const auto part = static_cast<std::uint8_t>(question.subject >> 8);
    if (place == 0 || place > events.size()) return {true, no_such_data, {}};
    const Event& event = events[place - 1];
    if (part == 1) return {false, 0, time(event.begin_utc_ms)};
    if (part == end_part) return {false, 0, event.end_utc_ms == 0 ? Bytes(6, 0) : time(event.end_utc_ms)};
    if (part == 2) return {false, 0, energy(event.energy_begin)};
    if (part == end_part + 1) return {false, 0, energy(event.energy_end)};
    return {true, no_such_data, {}};
  }

 private:
  static Bytes time(std::int64_t moment) {
    Bytes out;
    const CivilTime civil = civil_time(moment, zone);
    out.push_back(bcd(civil.second));
    put_minute(out, civil);
    return out;
  }
  static Bytes energy(int value) { return {bcd(value), 0, 0, 0}; }
};

Planned loss_of_voltage() {
  return plan(
      "  kind: events\n  di: \"10010101\"\n  depth_days: 3660\n",
      {"{ register: event_loss_of_voltage_a, part: \"01\", code: 1 }",
       "{ register: event_loss_of_voltage_a, part: \"25\", code: 0 }", "{ register: energy_begin, part: \"02\" }",
       "{ register: energy_end, part: \"26\" }", "{ register: voltage_begin, part: \"0A\" }"});
}

TEST(Dlt645GroupEvents, TimesAndValuesAreReadPartByPart) {
  const auto planned = loss_of_voltage();
  EXPECT_EQ(planned.shapes[0].kind, SeriesKind::event);
  EXPECT_EQ(planned.shapes[2].unit, "kWh");
  EXPECT_EQ(planned.shapes[2].exponent, -2);
  EXPECT_EQ(planned.shapes[4].unit, "V");
  GroupMeter meter;
  const std::int64_t from = now_utc_ms - 3 * day_ms;
  meter.events = {{now_utc_ms - hour_ms, 0, 40, 0},
                  {from - hour_ms, from + hour_ms, 20, 21},
                  {from - day_ms, from - hour_ms, 10, 11}};
  const auto outcome = run_history(*planned.plan, {from, now_utc_ms, now_utc_ms, zone}, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  ASSERT_EQ(outcome.values.size(), 4U);
  EXPECT_EQ(outcome.values[0].mantissa, 1);
  EXPECT_EQ(outcome.values[0].time_utc_ms, now_utc_ms - hour_ms);
  EXPECT_EQ(outcome.values[1].mantissa, 40);  // the energy at its beginning; it has none at an end yet
  EXPECT_EQ(outcome.values[1].time_utc_ms, now_utc_ms - hour_ms);
  EXPECT_EQ(outcome.values[2].mantissa, 0);
  EXPECT_EQ(outcome.values[2].time_utc_ms, from + hour_ms);
  EXPECT_EQ(outcome.values[3].mantissa, 21);
  EXPECT_EQ(outcome.values[3].time_utc_ms, from + hour_ms);
}

TEST(Dlt645GroupEvents, AnEventThatHappensMeanwhileMixesNothingUp) {
  const auto planned = loss_of_voltage();
  for (std::size_t at = 1; at < 14; ++at) {
    GroupMeter meter;
    meter.events = {{now_utc_ms - 2 * hour_ms, now_utc_ms - hour_ms, 20, 21},
                    {now_utc_ms - 4 * hour_ms, now_utc_ms - 3 * hour_ms, 10, 11}};
    meter.happens_before_question = GroupMeter::Event{now_utc_ms - minute_ms, 0, 40, 0};
    meter.at_question = at;
    const auto outcome = run_history(*planned.plan, {now_utc_ms - day_ms, now_utc_ms, now_utc_ms, zone}, meter, 200);
    EXPECT_TRUE(outcome.ended && outcome.kept_its_word) << at;
    for (const auto& value : outcome.values) {
      if (value.item != 2 && value.item != 3) continue;
      const std::map<std::int64_t, std::int64_t> truth{{now_utc_ms - 2 * hour_ms, 20},
                                                       {now_utc_ms - hour_ms, 21},
                                                       {now_utc_ms - 4 * hour_ms, 10},
                                                       {now_utc_ms - 3 * hour_ms, 11},
                                                       {now_utc_ms - minute_ms, 40}};
      ASSERT_TRUE(truth.contains(value.time_utc_ms)) << at;
      EXPECT_EQ(value.mantissa, truth.at(value.time_utc_ms)) << at;
    }
  }
}

TEST(Dlt645GroupEvents, ACurrentsEventEndsAtItsOwnPart) {
  const auto planned =
      plan("  kind: events\n  di: \"18020101\"\n  depth_days: 3660\n",
           {"{ register: event_loss_of_current_b, part: \"21\", code: 0 }", "{ register: energy_end, part: \"22\" }"});
  GroupMeter meter;
  meter.group = 0x18020000;
  meter.end_part = 0x21;
  meter.events = {{now_utc_ms - 2 * hour_ms, now_utc_ms - hour_ms, 20, 21}};
  const auto outcome = run_history(*planned.plan, {now_utc_ms - day_ms, now_utc_ms, now_utc_ms, zone}, meter, 100);
  ASSERT_EQ(outcome.values.size(), 2U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, now_utc_ms - hour_ms);
  EXPECT_EQ(outcome.values[1].mantissa, 21);
}

/// Whatever comes: no crash, no stamp outside the range, an end.
class RandomAnswers final : public HistoryAnswers {
 public:
  explicit RandomAnswers(SeededRandom& random) : random_(random) {}
  [[nodiscard]] Answer answer(const Query& /*question*/) override {
    if (random_.below(4) == 0) return {true, static_cast<std::uint32_t>(random_.below(4)), {}};
    Answer out;
    const std::size_t size = random_.below(80);
    for (std::size_t i = 0; i < size; ++i)
      out.payload.push_back(random_.below(3) == 0 ? static_cast<std::uint8_t>(random_.below(256))
                                                  : bcd(static_cast<int>(random_.below(32))));
    return out;
  }

 private:
  SeededRandom& random_;
};

RC_GTEST_PROP(Dlt645HistoryProperty, AnyAnswersEndWithinTheRange, (std::uint64_t seed)) {
  SeededRandom random(seed);
  RandomAnswers answers(random);
  const std::int64_t from = now_utc_ms - static_cast<std::int64_t>(random.below(20 * day_ms));
  const std::int64_t to = from + static_cast<std::int64_t>(random.below(30 * day_ms));
  const HistoryRange range{from, to, now_utc_ms, zone};
  for (const auto& planned : {profile(), daily(), monthly()}) {
    const auto outcome = run_history(*planned.plan, range, answers, 10'000);
    RC_ASSERT(outcome.ended);
    RC_ASSERT(outcome.kept_its_word);
  }
}

TEST(Dlt645History, ClocksFarOffDoNoHarm) {
  ProfileMeter meter;
  for (const std::int64_t now : {INT64_C(0), INT64_C(-5'000'000'000'000), INT64_C(9'000'000'000'000)}) {
    const auto outcome = run_history(*profile().plan, {now - day_ms, now, now, zone}, meter, 1'000);
    EXPECT_TRUE(outcome.ended && outcome.kept_its_word) << now;
    EXPECT_TRUE(outcome.values.empty());
  }
}

}  // namespace
}  // namespace duheng::drivers
