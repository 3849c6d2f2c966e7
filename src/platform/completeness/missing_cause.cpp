#include "platform/completeness/missing_cause.hpp"

#include <array>
#include <utility>

namespace duheng::platform {
namespace {

constexpr std::array<std::pair<MissingCause, std::string_view>, 5> names{{{MissingCause::link, "link"},
                                                                          {MissingCause::collector, "collector"},
                                                                          {MissingCause::meter, "meter"},
                                                                          {MissingCause::key, "key"},
                                                                          {MissingCause::plan, "plan"}}};

/// Between platform and gateway.
std::optional<FoundCause> before_the_gateway(const MissingEvidence& known) noexcept {
  if (!known.has_gateway) return FoundCause{MissingCause::plan, "no_gateway"};
  if (!known.gateway_enrolled) return FoundCause{MissingCause::plan, "not_enrolled"};
  const bool reached_the_end = known.gateway_last_utc_ms >= known.day_end_utc_ms;
  if (!known.gateway_connected && !reached_the_end) return FoundCause{MissingCause::link, "gateway_away"};
  if (known.gateway_connected && known.batches_waiting && !reached_the_end)
    return FoundCause{MissingCause::link, "batches_waiting"};
  // It is there again and has handed over what it had: what it did not read then was never read.
  if (!known.gateway_delivered) return FoundCause{MissingCause::collector, "gateway_stood_still"};
  return std::nullopt;
}

/// Between gateway and device.
std::optional<FoundCause> on_the_channel(const MissingEvidence& known) noexcept {
  if (known.left_out) return FoundCause{MissingCause::plan, "left_out"};
  if (known.channel_open.has_value() && !*known.channel_open) return FoundCause{MissingCause::link, "channel_closed"};
  if (known.channel_devices > 1 && !known.channel_delivered) return FoundCause{MissingCause::link, "channel_silent"};
  return std::nullopt;
}

}  // namespace

std::string_view to_string(MissingCause cause) noexcept {
  for (const auto& [one, name] : names) {
    if (one == cause) return name;
  }
  return "unknown";
}

std::optional<MissingCause> missing_cause_of(std::string_view name) noexcept {
  for (const auto& [one, word] : names) {
    if (word == name) return one;
  }
  return std::nullopt;
}

std::string_view kept_detail(std::string_view detail) noexcept {
  constexpr std::array<std::string_view, 13> words{
      "no_gateway",     "not_enrolled",   "left_out", "gateway_away", "batches_waiting", "gateway_stood_still",
      "channel_closed", "channel_silent", "refused",  "unusable",     "damaged",         "no_answer",
      "not_asked"};
  for (const std::string_view word : words) {
    if (word == detail) return word;
  }
  return "no_answer";
}

FoundCause cause_of(const MissingEvidence& known) noexcept {
  if (const auto found = before_the_gateway(known)) return *found;
  if (const auto found = on_the_channel(known)) return *found;
  if (known.password_refused) return {MissingCause::key, "refused"};
  // Counters grow from the gateway's start: what happened more often than silence is what goes on.
  if (known.answers == 0 && known.refusals > known.time_outs) return {MissingCause::key, "refused"};
  if (known.answers == 0 && known.unusable_answers > known.time_outs) return {MissingCause::key, "unusable"};
  if (known.answers == 0 && known.bad_frames > 0 && known.bad_frames * 2 >= known.time_outs)
    return {MissingCause::link, "damaged"};
  if (known.line_known && known.time_outs == 0 && known.answers == 0) return {MissingCause::plan, "not_asked"};
  return {MissingCause::meter, "no_answer"};
}

}  // namespace duheng::platform
