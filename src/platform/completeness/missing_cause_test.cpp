#include "platform/completeness/missing_cause.hpp"

#include <gtest/gtest.h>
#include <string>

namespace duheng::platform {
namespace {

/// A device that is asked and does not answer, on a channel where others do, behind a gateway that is there.
MissingEvidence silent_meter() {
  MissingEvidence known;
  known.has_gateway = true;
  known.gateway_connected = true;
  known.gateway_delivered = true;
  known.gateway_last_utc_ms = 2'000;
  known.day_end_utc_ms = 1'000;
  known.channel_open = true;
  known.channel_devices = 8;
  known.line_known = true;
  known.time_outs = 40;
  return known;
}

std::string told(const MissingEvidence& known) {
  const FoundCause found = cause_of(known);
  return std::string(to_string(found.cause)) + " " + std::string(found.detail);
}

struct Case {
  const char* what;
  void (*change)(MissingEvidence&);
  const char* expected;
};

TEST(MissingCause, TellsCausesApart) {
  const Case cases[] = {
      {"nothing else", [](MissingEvidence&) {}, "meter no_answer"},
      {"no gateway", [](MissingEvidence& e) { e.has_gateway = false; }, "plan no_gateway"},
      {"never enrolled", [](MissingEvidence& e) { e.gateway_enrolled = false; }, "plan not_enrolled"},
      {"gateway away, and away before the day was over",
       [](MissingEvidence& e) { e.gateway_connected = false, e.gateway_last_utc_ms = 900; }, "link gateway_away"},
      {"gateway away since, but the day had been read", [](MissingEvidence& e) { e.gateway_connected = false; },
       "meter no_answer"},
      {"gateway there again, and still handing over",
       [](MissingEvidence& e) { e.batches_waiting = true, e.gateway_last_utc_ms = 900, e.gateway_delivered = false; },
       "link batches_waiting"},
      {"gateway there again, and had nothing of that day", [](MissingEvidence& e) { e.gateway_delivered = false; },
       "collector gateway_stood_still"},
      {"gateway connected, and reads nothing at all",
       [](MissingEvidence& e) { e.gateway_delivered = false, e.gateway_last_utc_ms = 0; },
       "collector gateway_stood_still"},
      {"plan", [](MissingEvidence& e) { e.left_out = true; }, "plan left_out"},
      {"channel closed", [](MissingEvidence& e) { e.channel_open = false; }, "link channel_closed"},
      {"whole channel silent", [](MissingEvidence& e) { e.channel_delivered = false; }, "link channel_silent"},
      {"the only device of its channel is silent",
       [](MissingEvidence& e) { e.channel_delivered = false, e.channel_devices = 1; }, "meter no_answer"},
      {"password", [](MissingEvidence& e) { e.password_refused = true, e.answers = 9; }, "key refused"},
      {"refuses every question", [](MissingEvidence& e) { e.refusals = 50; }, "key refused"},
      {"refuses one question of many", [](MissingEvidence& e) { e.refusals = 90, e.answers = 50; }, "meter no_answer"},
      {"refused once, long ago", [](MissingEvidence& e) { e.refusals = 3; }, "meter no_answer"},
      {"cannot be decrypted", [](MissingEvidence& e) { e.unusable_answers = 50; }, "key unusable"},
      {"damaged on the way", [](MissingEvidence& e) { e.bad_frames = 30; }, "link damaged"},
      {"some noise", [](MissingEvidence& e) { e.bad_frames = 3, e.answers = 50; }, "meter no_answer"},
      {"never asked", [](MissingEvidence& e) { e.time_outs = 0; }, "plan not_asked"},
      {"nothing told", [](MissingEvidence& e) { e.line_known = false, e.time_outs = 0; }, "meter no_answer"},
  };
  for (const Case& one : cases) {
    MissingEvidence known = silent_meter();
    one.change(known);
    EXPECT_EQ(told(known), one.expected) << one.what;
  }
}

TEST(MissingCause, NamesAreOneToOne) {
  for (int i = 0; i < 5; ++i) {
    const auto cause = static_cast<MissingCause>(i);
    EXPECT_EQ(missing_cause_of(to_string(cause)), cause);
  }
  EXPECT_FALSE(missing_cause_of("unknown"));
}

}  // namespace
}  // namespace duheng::platform
