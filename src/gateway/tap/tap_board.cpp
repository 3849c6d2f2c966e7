#include "gateway/tap/tap_board.hpp"

#include <algorithm>

namespace duheng::gateway {
namespace {

std::size_t size_of(const TapEvent& event) {
  return sizeof(TapEvent) + event.octets.size() + event.device_uid.size() + event.channel.size() + event.note.size();
}

}  // namespace

std::string_view to_string(TapKind kind) noexcept {
  switch (kind) {
    case TapKind::sent:
      return "sent";
    case TapKind::received:
      return "received";
    case TapKind::answered:
      return "answered";
    case TapKind::refused:
      return "refused";
    case TapKind::timed_out:
      return "timed_out";
    case TapKind::opened:
      return "opened";
    case TapKind::closed:
      return "closed";
  }
  return "unknown";
}

Result<void> TapBoard::follow(std::uint64_t tap, Subject subject, std::int64_t lifetime_ms, std::int64_t now_ms) {
  if (subject.device_uid.empty() == subject.channel.empty())
    return fail(ErrorCode::invalid_argument, "a trace follows either a device or a channel");
  if (taps_.contains(tap)) return fail(ErrorCode::already_exists, "a trace of this number is under way");
  if (taps_.size() >= tap_limits::taps_max)
    return fail(ErrorCode::limit_exceeded, "10 traces are under way at this gateway");
  Tap entry;
  entry.subject = std::move(subject);
  entry.until_ms = now_ms + std::clamp<std::int64_t>(lifetime_ms, 0, tap_limits::lifetime_ms_max);
  taps_.emplace(tap, std::move(entry));
  return {};
}

void TapBoard::stop(std::uint64_t tap) { taps_.erase(tap); }
void TapBoard::stop_all() { taps_.clear(); }

bool TapBoard::matches(const Tap& tap, std::string_view channel, std::string_view device_uid) {
  return tap.subject.channel.empty() ? tap.subject.device_uid == device_uid : tap.subject.channel == channel;
}

bool TapBoard::follows(std::string_view channel, std::string_view device_uid) const {
  return std::ranges::any_of(taps_, [&](const auto& entry) { return matches(entry.second, channel, device_uid); });
}

void TapBoard::note(const TapEvent& event) {
  for (auto& [number, tap] : taps_) {
    if (!matches(tap, event.channel, event.device_uid)) continue;
    tap.waiting.push_back(event);
    tap.waiting_bytes += size_of(event);
    while (tap.waiting.size() > tap_limits::events_max || tap.waiting_bytes > tap_limits::bytes_max) {
      tap.waiting_bytes -= size_of(tap.waiting.front());
      tap.waiting.pop_front();
      ++tap.dropped;
    }
  }
}

std::vector<TapBoard::Taken> TapBoard::take(std::size_t events_max) {
  std::vector<Taken> out;
  for (auto& [number, tap] : taps_) {
    if (tap.waiting.empty() && tap.dropped == 0) continue;
    Taken taken{number, {}, tap.dropped};
    tap.dropped = 0;
    while (!tap.waiting.empty() && taken.events.size() < events_max) {
      tap.waiting_bytes -= size_of(tap.waiting.front());
      taken.events.push_back(std::move(tap.waiting.front()));
      tap.waiting.pop_front();
    }
    out.push_back(std::move(taken));
  }
  return out;
}

std::vector<std::uint64_t> TapBoard::take_ended(std::int64_t now_ms) {
  std::vector<std::uint64_t> out;
  std::erase_if(taps_, [&](const auto& entry) {
    if (now_ms < entry.second.until_ms) return false;
    out.push_back(entry.first);
    return true;
  });
  return out;
}

}  // namespace duheng::gateway
