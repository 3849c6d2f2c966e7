#include "platform/alarms/watches.hpp"

#include <gtest/gtest.h>
#include <optional>

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t start = 1'750'000'000'000;

class NotingSink final : public ConditionSink {
 public:
  void raise(const Condition& condition) override {
    standing[{condition.kind, condition.subject}] = condition;
    ++raised;
  }
  void clear(std::string_view kind, const Subject& subject) override {
    standing.erase({std::string{kind}, subject});
    ++cleared;
  }
  [[nodiscard]] const Condition* find(const std::string& kind, SubjectKind about, const std::string& id) const {
    const auto it = standing.find({kind, Subject{about, id}});
    return it == standing.end() ? nullptr : &it->second;
  }
  std::map<std::pair<std::string, Subject>, Condition> standing;
  int raised = 0;
  int cleared = 0;
};

TEST(SilenceWatch, WaitsThreeIntervalsAndFiveMinutesAtLeast) {
  EXPECT_EQ(SilenceWatch::limit_ms(15), 5 * minute);
  EXPECT_EQ(SilenceWatch::limit_ms(900), 45 * minute);
  NotingSink sink;
  SilenceWatch watch{sink, start, {}};
  watch.set_devices(
      std::array{SilenceWatch::Device{DeviceId{1}, 60, start - minute}, SilenceWatch::Device{DeviceId{2}, 900, 0}},
      start);
  watch.advance(start + 5 * minute - 1);
  EXPECT_TRUE(sink.standing.empty());
  watch.advance(start + 5 * minute);
  ASSERT_NE(sink.find("device_silent", SubjectKind::device, "1"), nullptr);
  EXPECT_EQ(sink.find("device_silent", SubjectKind::device, "1")->facts.at("silent_minutes"), "5");
  EXPECT_EQ(sink.standing.size(), 1U);
  watch.advance(start + 45 * minute);
  EXPECT_EQ(sink.standing.size(), 2U) << "never heard counts from the start";
  watch.advance(start + 10 * 60 * minute);
  EXPECT_EQ(sink.raised, 2) << "said once";
}

TEST(SilenceWatch, EndsWithTheNextReadingAndBeginsAnew) {
  NotingSink sink;
  SilenceWatch watch{sink, start, {}};
  watch.set_devices(std::array{SilenceWatch::Device{DeviceId{1}, 60, start}}, start);
  std::int64_t now = start;
  for (int i = 0; i < 100; ++i) {
    now += minute;
    watch.heard(DeviceId{1}, now);
    watch.advance(now);
  }
  EXPECT_EQ(sink.raised, 0);
  now += 5 * minute;
  watch.advance(now);
  EXPECT_EQ(sink.standing.size(), 1U);
  watch.heard(DeviceId{1}, now);
  EXPECT_TRUE(sink.standing.empty());
  watch.heard(DeviceId{1}, now);
  EXPECT_EQ(sink.cleared, 1);
  watch.advance(now + 5 * minute);
  EXPECT_EQ(sink.standing.size(), 1U);
}

TEST(SilenceWatch, KnowsWhatStoodBeforeARestart) {
  NotingSink sink;
  const std::array standing{Subject{SubjectKind::device, "1"}, Subject{SubjectKind::device, "2"},
                            Subject{SubjectKind::device, "3"}};
  for (const Subject& subject : standing) sink.raise({.kind = "device_silent", .subject = subject, .facts = {}});
  SilenceWatch watch{sink, start, standing};
  // The first is still silent, the second was heard while its alarm stood, the third is gone.
  watch.set_devices(
      std::array{SilenceWatch::Device{DeviceId{1}, 60, start - day}, SilenceWatch::Device{DeviceId{2}, 60, start + 1}},
      start + 2);
  EXPECT_EQ(sink.standing.size(), 1U);
  EXPECT_NE(sink.find("device_silent", SubjectKind::device, "1"), nullptr);
  watch.advance(start + 10 * minute);
  EXPECT_NE(sink.find("device_silent", SubjectKind::device, "2"), nullptr);
  watch.heard(DeviceId{1}, start + 11 * minute);
  EXPECT_EQ(sink.find("device_silent", SubjectKind::device, "1"), nullptr);
}

TEST(SilenceWatch, ADeviceTakenAwayIsNotSilent) {
  NotingSink sink;
  SilenceWatch watch{sink, start, {}};
  watch.set_devices(std::array{SilenceWatch::Device{DeviceId{1}, 60, start}}, start);
  watch.advance(start + 5 * minute);
  EXPECT_EQ(watch.silent(), 1U);
  watch.set_devices(std::array{SilenceWatch::Device{DeviceId{1}, 60, start}}, start + 6 * minute);
  EXPECT_EQ(sink.cleared, 0) << "what was heard before it fell silent does not end it";
  watch.set_devices({}, start + 6 * minute);
  EXPECT_TRUE(sink.standing.empty());
  watch.set_devices(std::array{SilenceWatch::Device{DeviceId{1}, 60, 0}}, start + 7 * minute);
  watch.advance(start + 11 * minute);
  EXPECT_TRUE(sink.standing.empty()) << "a new one is given its time";
  watch.advance(start + 12 * minute);
  EXPECT_EQ(sink.standing.size(), 1U);
}

TEST(GatewayWatch, TellsWhoIsAway) {
  NotingSink sink;
  GatewayWatch watch{sink, start, 30'000};
  std::array gateways{GatewayWatch::Gateway{.id = GatewayId{1}, .is_connected = true},
                      GatewayWatch::Gateway{.id = GatewayId{2}},
                      GatewayWatch::Gateway{.id = GatewayId{3}, .is_enrolled = false}};
  watch.look(gateways, start + 29'000);
  EXPECT_TRUE(sink.standing.empty());
  watch.look(gateways, start + 30'000);
  EXPECT_EQ(sink.standing.size(), 1U);
  gateways[0].is_connected = false;
  watch.look(gateways, start + 31'000);
  watch.look(gateways, start + 59'000);
  EXPECT_EQ(sink.standing.size(), 1U);
  watch.look(gateways, start + 60'000);
  EXPECT_EQ(sink.find("gateway_offline", SubjectKind::gateway, "1")->facts.at("offline_s"), "30");
  gateways[0].is_connected = gateways[1].is_connected = true;
  watch.look(gateways, start + 61'000);
  EXPECT_TRUE(sink.standing.empty());
  gateways[0].is_connected = false;
  watch.look(gateways, start + 200'000);
  EXPECT_EQ(sink.standing.size(), 1U);
  gateways[0].is_enrolled = false;  // revoked: nobody waits for it
  watch.look(gateways, start + 201'000);
  EXPECT_TRUE(sink.standing.empty());
}

TEST(GatewayWatch, CountsTheDaysOfACertificate) {
  NotingSink sink;
  GatewayWatch watch{sink, start, 30'000};
  std::array gateways{GatewayWatch::Gateway{
      .id = GatewayId{1}, .is_connected = true, .certificate_not_after_utc_ms = start + 100 * day}};
  const auto severity = [&](std::int64_t at) -> std::optional<Severity> {
    watch.look(gateways, at);
    const Condition* const found = sink.find("gateway_certificate_expiring", SubjectKind::gateway, "1");
    return found == nullptr ? std::nullopt : std::optional{found->severity};
  };
  EXPECT_EQ(severity(start), std::nullopt);
  EXPECT_EQ(severity(start + 11 * day), Severity::notice);
  EXPECT_EQ(severity(start + 70 * day), Severity::warning);
  EXPECT_EQ(severity(start + 93 * day), Severity::critical);
  gateways[0].certificate_not_after_utc_ms = start + 400 * day;
  EXPECT_EQ(severity(start + 93 * day), std::nullopt);
}

TEST(ConflictWatch, TellsEachNewOneAsAnEvent) {
  NotingSink sink;
  ConflictWatch watch{sink};
  watch.look(0);
  EXPECT_EQ(sink.raised, 0);
  watch.look(3);
  watch.look(3);
  EXPECT_EQ(sink.raised, 1);
  EXPECT_EQ(sink.cleared, 1);
  watch.look(4);
  EXPECT_EQ(sink.raised, 2);
}

TEST(ComponentWatch, FollowsTheStateOfParts) {
  NotingSink sink;
  ComponentWatch watch{sink};
  using State = ComponentWatch::State;
  const auto look = [&](State state) {
    watch.look(std::array{ComponentWatch::Component{"journal", state, "满", "full"}});
  };
  look(State::ok);
  EXPECT_EQ(sink.cleared, 2) << "what stood before a restart ends";
  look(State::failed);
  look(State::failed);
  EXPECT_EQ(sink.raised, 1);
  EXPECT_EQ(sink.find("component_failed", SubjectKind::platform, "journal")->facts.at("detail_en"), "full");
  look(State::degraded);
  EXPECT_EQ(sink.standing.size(), 1U);
  EXPECT_NE(sink.find("component_degraded", SubjectKind::platform, "journal"), nullptr);
  look(State::ok);
  EXPECT_TRUE(sink.standing.empty());
}

TEST(UnassignedWatch, OneAlarmForEachGateway) {
  NotingSink sink;
  UnassignedWatch watch{sink};
  const std::array gateways{GatewayId{1}, GatewayId{2}};
  std::vector<UnassignedWatch::Source> sources{{GatewayId{1}, "b"}, {GatewayId{1}, "a"}};
  watch.look(sources, gateways);
  EXPECT_EQ(sink.find("unassigned_source", SubjectKind::gateway, "1")->facts.at("sources"), "2");
  EXPECT_EQ(sink.find("unassigned_source", SubjectKind::gateway, "1")->facts.at("device_uid"), "a");
  watch.look(sources, gateways);
  EXPECT_EQ(sink.raised, 1);
  watch.look({}, gateways);
  EXPECT_TRUE(sink.standing.empty());
}

}  // namespace
}  // namespace duheng::platform::alarms
