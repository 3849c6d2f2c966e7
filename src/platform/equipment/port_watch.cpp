#include "platform/equipment/port_watch.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace duheng::platform {
namespace {

constexpr std::size_t digits_max = 4;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::string_view register_prefix = "interface_";

struct SupervisionWord {
  PortSupervision supervision;
  std::string_view word;
};
constexpr std::array supervision_words{SupervisionWord{PortSupervision::by_use, "by_use"},
                                       SupervisionWord{PortSupervision::always, "always"},
                                       SupervisionWord{PortSupervision::never, "never"}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint32_t> number_in(std::string_view digits) {
  std::uint32_t out = 0;
  const char* const begin = digits.data();
  const char* const end = begin + digits.size();
  const auto [stop, error] = std::from_chars(begin, end, out);
  if (error != std::errc{} || stop != end || out == 0 || digits.size() > digits_max) return std::nullopt;
  return out;
}

void put(PortSample& sample, std::string_view what, const RegisterValue& value) {
  if (what == "state") sample.state = value.number;
  if (what == "enabled") sample.enabled = value.number;
  if (what == "octets_in") sample.octets_in = value.number;
  if (what == "octets_out") sample.octets_out = value.number;
  if (what != "errors_in") return;
  sample.errors_in = value.number;
  sample.errors_utc_ms = value.time_utc_ms;
}

PortState state_of(const PortSample& sample) {
  constexpr std::int64_t up = 1;
  constexpr std::int64_t dormant = 5;  // waits for something outside, as a dial-up line: as it should be
  if (sample.enabled && *sample.enabled != up) return PortState::disabled;
  if (!sample.state) return PortState::unknown;
  return *sample.state == up || *sample.state == dormant ? PortState::up : PortState::down;
}

}  // namespace

std::string_view to_string(PortSupervision supervision) noexcept {
  const auto* const found = std::ranges::find(supervision_words, supervision, &SupervisionWord::supervision);
  return found == supervision_words.end() ? "by_use" : found->word;
}
std::optional<PortSupervision> port_supervision(std::string_view word) noexcept {
  const auto* const found = std::ranges::find(supervision_words, word, &SupervisionWord::word);
  return found == supervision_words.end() ? std::nullopt : std::optional(found->supervision);
}

std::string_view to_string(PortState state) noexcept {
  switch (state) {
    case PortState::up:
      return "up";
    case PortState::down:
      return "down";
    case PortState::disabled:
      return "disabled";
    case PortState::unknown:
      break;
  }
  return "unknown";
}

std::optional<std::uint32_t> port_number(std::string_view name) noexcept {
  std::size_t begin = name.size();
  while (begin > 0 && is_digit(name[begin - 1])) --begin;
  return number_in(name.substr(begin));
}

PortSamples port_samples(std::span<const RegisterValue> values) {
  PortSamples out;
  for (const RegisterValue& value : values) {
    std::string_view rest = value.name;
    if (!rest.starts_with(register_prefix)) continue;
    rest.remove_prefix(register_prefix.size());
    const std::size_t end = rest.find('_');
    if (end == std::string_view::npos) continue;
    if (const auto number = number_in(rest.substr(0, end))) put(out[*number], rest.substr(end + 1), value);
  }
  return out;
}

void PortWatch::configure(std::map<std::uint32_t, PortSupervision> chosen, std::set<std::uint32_t> used) {
  chosen_ = std::move(chosen);
  used_ = std::move(used);
}

bool PortWatch::is_watched(std::uint32_t number) const {
  const auto chosen = chosen_.find(number);
  const PortSupervision supervision = chosen == chosen_.end() ? PortSupervision::by_use : chosen->second;
  return supervision == PortSupervision::always || (supervision == PortSupervision::by_use && used_.contains(number));
}

void PortWatch::take(Port& port, const PortSample& sample, std::int64_t monotonic_ms, std::int64_t utc_ms) const {
  const PortSample& before = port.status.sample;
  const std::int64_t span_ms = sample.errors_utc_ms - before.errors_utc_ms;
  if (sample.errors_in && before.errors_in && span_ms > 0) {
    // Less than before: the equipment has started anew, and counts from nothing.
    const std::int64_t more = *sample.errors_in - *before.errors_in;
    port.status.errors_per_hour = (more < 0 ? *sample.errors_in : more) * hour_ms / span_ms;
  }
  const PortState state = state_of(sample);
  if (state != port.status.state || port.status.since_utc_ms == 0) {
    port.status.state = state;
    port.status.since_utc_ms = utc_ms;
    port.state_since_ms = monotonic_ms;
  }
  port.status.sample = sample;
}

void PortWatch::judge(Port& port, std::int64_t monotonic_ms) const {
  PortStatus& status = port.status;
  const std::int64_t lasts_ms = monotonic_ms - port.state_since_ms;
  if (!status.is_watched || status.state == PortState::disabled) {
    status.is_alarm = false;
  } else if (status.state == PortState::down) {
    if (lasts_ms >= rules_.down_after_ms) status.is_alarm = true;
  } else if (status.state == PortState::up && lasts_ms >= rules_.up_after_ms) {
    status.is_alarm = false;
  }
}

void PortWatch::advance(const PortSamples& samples, std::int64_t monotonic_ms, std::int64_t utc_ms) {
  for (const auto& [number, sample] : samples) take(ports_[number], sample, monotonic_ms, utc_ms);
  for (auto& [number, port] : ports_) {
    port.status.is_watched = is_watched(number);
    judge(port, monotonic_ms);
  }
}

std::vector<PortWatch::Change> PortWatch::take_changes() {
  std::vector<Change> out;
  for (auto& [number, port] : ports_) {
    const bool is_settled = port.status.is_alarm || port.status.state != PortState::down || !port.status.is_watched;
    if (port.status.state == PortState::unknown && port.status.is_watched) continue;
    if (!is_settled || (port.has_told && port.told_alarm == port.status.is_alarm)) continue;
    port.has_told = true;
    port.told_alarm = port.status.is_alarm;
    out.push_back({number, port.status.is_alarm});
  }
  return out;
}

std::map<std::uint32_t, PortStatus> PortWatch::ports() const {
  std::map<std::uint32_t, PortStatus> out;
  for (const auto& [number, port] : ports_) {
    PortStatus status = port.status;
    const auto chosen = chosen_.find(number);
    if (chosen != chosen_.end()) status.supervision = chosen->second;
    out.emplace(number, status);
  }
  return out;
}

}  // namespace duheng::platform
