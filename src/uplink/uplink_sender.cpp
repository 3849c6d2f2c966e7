#include "uplink/uplink_sender.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace duheng::uplink {

namespace {
constexpr std::size_t notices_max = 1'000;
constexpr unsigned fruitless_gaps_max = 3;
}  // namespace

UplinkSender::UplinkSender(BatchSource& source, const Clock& clock, Random& random, SenderOptions options,
                           std::function<GatewayStatus()> status)
    : source_(source),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      status_(std::move(status)),
      backoff_(options_.backoff) {
  connect_at_ms_ = clock_.monotonic_ms();
}

void UplinkSender::connected() {
  if (state_ != State::connecting) return;
  state_ = State::greeting;
  hello_sent_ = false;
}

void UplinkSender::received(const SessionResponse& message) {
  std::visit([this](const auto& specific) { on(specific); }, message);
}

void UplinkSender::disconnected(const Error& reason) {
  if (state_ == State::stopped) return;
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (stopping_) {
    notice(log::Level::info, "disconnected from the platform");
  } else if (statistics_.online) {
    notice(log::Level::warning, fmt::format("connection lost: {}", reason.message));
    if (now_ms - connected_at_ms_ >= options_.stable_after_ms) backoff_.reset();
  } else if (state_ == State::connecting || state_ == State::greeting || state_ == State::closing) {
    ++statistics_.connections_failed;
    notice(log::Level::warning, fmt::format("no connection: {}", reason.message));
  }
  statistics_.online = false;
  statistics_.last_error = reason.message;
  under_way_.clear();
  under_way_bytes_ = 0;
  close_wanted_.reset();
  paused_until_ms_ = 0;
  ranges_stale_ = true;
  state_ = stopping_ ? State::stopped : State::waiting;
  connect_at_ms_ = now_ms + std::max(backoff_.next_ms(random_), retry_floor_ms_);
  retry_floor_ms_ = 0;
}

void UplinkSender::stop() {
  stopping_ = true;
  const bool link_stands = state_ == State::connecting || state_ == State::greeting || state_ == State::streaming;
  if (link_stands) close_wanted_ = "the gateway stops";
  if (!link_stands && state_ != State::closing) state_ = State::stopped;
}

std::optional<UplinkSender::Action> UplinkSender::next(bool can_send) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (close_wanted_ && state_ != State::closing && state_ != State::stopped) {
    return close(*std::exchange(close_wanted_, std::nullopt));
  }
  switch (state_) {
    case State::waiting:
      if (now_ms < connect_at_ms_) return std::nullopt;
      state_ = State::connecting;
      deadline_ms_ = now_ms + options_.welcome_timeout_ms;
      return Action{Connect{}};
    case State::connecting:
    case State::greeting:
      if (now_ms >= deadline_ms_) {
        return close(state_ == State::connecting ? "no connection in time" : "no welcome in time");
      }
      if (can_send && state_ == State::greeting && !hello_sent_) {
        hello_sent_ = true;
        return Action{hello()};
      }
      return std::nullopt;
    case State::streaming:
      return next_streaming(now_ms, can_send);
    case State::closing:
    case State::stopped:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<UplinkSender::Action> UplinkSender::next_streaming(std::int64_t now_ms, bool can_send) {
  if (!under_way_.empty() && now_ms - progress_at_ms_ >= options_.stall_timeout_ms) {
    return close(fmt::format("{} batches unacknowledged for {} ms", under_way_.size(), options_.stall_timeout_ms));
  }
  if (!can_send) return std::nullopt;
  if (now_ms >= status_at_ms_) {
    status_at_ms_ = now_ms + options_.status_interval_ms;
    return Action{status_()};
  }
  if (now_ms < paused_until_ms_) return std::nullopt;
  return next_batch(now_ms);
}

std::optional<UplinkSender::Action> UplinkSender::next_batch(std::int64_t now_ms) {
  if (ranges_stale_) refresh_ranges();
  if (!window_open()) return std::nullopt;
  for (Epoch& epoch : epochs_) {
    if (epoch.stopped_at || epoch.malformed || epoch.send_next >= epoch.range.next_sequence) continue;
    const std::uint64_t sequence = epoch.send_next;
    Result<Batch> read = source_.read(epoch.range.epoch, sequence);
    if (!read) {
      if (read.error().code == ErrorCode::storage_corrupt) {
        stop_epoch(epoch, sequence, read.error().message);
        continue;
      }
      if (read.error().code == ErrorCode::not_found) {
        return close(fmt::format("the spool no longer holds batch {}: {}", sequence, read.error().message));
      }
      notice(log::Level::error, fmt::format("spool not readable: {}", read.error().message), epoch.range.epoch,
             sequence);
      paused_until_ms_ = now_ms + options_.source_retry_ms;
      return std::nullopt;
    }
    if (batch_bytes_max_ != 0 && read->body.size() > batch_bytes_max_) {
      stop_epoch(epoch, sequence,
                 fmt::format("a batch of {} octets; the platform takes {}", read->body.size(), batch_bytes_max_));
      continue;
    }
    if (epoch.check_previous_hash && sequence == epoch.position.next_sequence &&
        read->previous_hash != epoch.position.last_hash) {
      stop_epoch(epoch, sequence, "the platform holds other content than this gateway sent");
      continue;
    }
    // The window counts octets; one batch alone may always go, or nothing ever would.
    if (!under_way_.empty() && under_way_bytes_ + read->body.size() > window_bytes_) return std::nullopt;
    if (under_way_.empty()) progress_at_ms_ = now_ms;
    under_way_.push_back({epoch.range.epoch, sequence, read->body.size()});
    under_way_bytes_ += read->body.size();
    epoch.sent_end = std::max(epoch.sent_end, ++epoch.send_next);
    ++statistics_.batches_sent;
    statistics_.bytes_sent += read->body.size();
    return Action{std::move(*read)};
  }
  return std::nullopt;
}

bool UplinkSender::window_open() const {
  return under_way_.empty() || (under_way_.size() < window_batches_ && under_way_bytes_ < window_bytes_);
}

std::int64_t UplinkSender::wake_ms() const {
  switch (state_) {
    case State::waiting:
      return connect_at_ms_;
    case State::connecting:
    case State::greeting:
      return deadline_ms_;
    case State::streaming: {
      std::int64_t wake = status_at_ms_;
      if (!under_way_.empty()) wake = std::min(wake, progress_at_ms_ + options_.stall_timeout_ms);
      if (paused_until_ms_ > clock_.monotonic_ms()) wake = std::min(wake, paused_until_ms_);
      return wake;
    }
    case State::closing:
    case State::stopped:
      return INT64_MAX;
  }
  return INT64_MAX;
}

Hello UplinkSender::hello() {
  refresh_ranges();
  Hello message;
  message.software_version = options_.software_version;
  message.gateway_utc_ms = clock_.utc_ms();
  for (const Epoch& epoch : epochs_) message.epochs.push_back(epoch.range);
  return message;
}

void UplinkSender::refresh_ranges() {
  ranges_stale_ = false;
  std::vector<Epoch> ordered;
  for (const EpochRange& range : source_.epochs()) {
    if (Epoch* known = find(range.epoch)) {
      known->range = range;
      ordered.push_back(*known);
    } else {
      Epoch fresh;
      fresh.range = range;
      fresh.position.epoch = range.epoch;
      fresh.send_next = range.first_sequence;
      ordered.push_back(fresh);
    }
  }
  epochs_ = std::move(ordered);
}

void UplinkSender::on(const Welcome& welcome) {
  if (state_ != State::greeting || !hello_sent_) return;
  if (welcome.version != protocol_version) {
    retry_floor_ms_ = options_.backoff.longest_ms;
    close_wanted_ = fmt::format("the platform speaks protocol version {}", welcome.version);
    return;
  }
  const std::int64_t now_ms = clock_.monotonic_ms();
  state_ = State::streaming;
  connected_at_ms_ = progress_at_ms_ = status_at_ms_ = now_ms;
  window_batches_ = std::clamp<std::uint32_t>(welcome.window_batches, 1, std::max(options_.window_batches_max, 1U));
  window_bytes_ =
      std::clamp<std::uint64_t>(welcome.window_bytes, 1, std::max<std::uint64_t>(options_.window_bytes_max, 1));
  batch_bytes_max_ = welcome.batch_bytes_max;
  statistics_.online = true;
  ++statistics_.connections;
  statistics_.platform_clock_offset_ms = welcome.platform_utc_ms - clock_.utc_ms();
  notice(log::Level::info, "connected to the platform");
  for (Epoch& epoch : epochs_) {
    EpochPosition position{.epoch = epoch.range.epoch};
    for (const EpochPosition& told : welcome.positions) {
      if (told.epoch == epoch.range.epoch) position = told;
    }
    enter_position(epoch, position);
  }
}

void UplinkSender::enter_position(Epoch& epoch, const EpochPosition& position) {
  const bool moved = epoch.position.next_sequence != position.next_sequence;
  epoch.position = position;
  epoch.sent_end = 0;
  epoch.fruitless_gaps = 0;
  epoch.malformed.reset();
  // A stopped epoch stays so while nothing has changed at the platform: trying again would only fill its evidence.
  if (epoch.stopped_at && *epoch.stopped_at != position.next_sequence) epoch.stopped_at.reset();
  if (position.next_sequence > epoch.range.next_sequence) {
    stop_epoch(epoch, position.next_sequence,
               fmt::format("the platform holds {} batches, the spool only {}: the spool lost what was acknowledged",
                           position.next_sequence, epoch.range.next_sequence));
    return;
  }
  epoch.send_next = std::max(position.next_sequence, epoch.range.first_sequence);
  epoch.check_previous_hash = epoch.send_next == position.next_sequence && position.next_sequence > 0;
  if (epoch.send_next > position.next_sequence) {
    notice(log::Level::error,
           fmt::format("{} batches that the platform asks for are no longer held",
                       epoch.send_next - position.next_sequence),
           epoch.range.epoch, position.next_sequence);
  } else if (moved && position.next_sequence < epoch.range.next_sequence) {
    notice(log::Level::info, fmt::format("resuming; {} batches to send", epoch.range.next_sequence - epoch.send_next),
           epoch.range.epoch, epoch.send_next);
  }
  source_.acknowledged(position);
}

void UplinkSender::on(const Acknowledgement& acknowledgement) {
  const EpochPosition& position = acknowledgement.position;
  Epoch* epoch = find(position.epoch);
  if (state_ != State::streaming || epoch == nullptr) return;
  if (position.next_sequence > std::max(epoch->sent_end, epoch->position.next_sequence)) {
    close_wanted_ = fmt::format("the platform acknowledged batch {} that was never sent", position.next_sequence);
    return;
  }
  if (position.next_sequence < epoch->position.next_sequence) return;  // older news, overtaken by a welcome
  const std::uint64_t gained = position.next_sequence - epoch->position.next_sequence;
  if (gained == 0 && position.backed_up_sequence == epoch->position.backed_up_sequence) return;
  epoch->position = position;
  if (gained > 0) {
    epoch->check_previous_hash = false;
    epoch->send_next = std::max(epoch->send_next, position.next_sequence);
    if (epoch->stopped_at) epoch->stopped_at = position.next_sequence;
    epoch->fruitless_gaps = 0;
    if (epoch->malformed && *epoch->malformed < position.next_sequence) epoch->malformed.reset();
    progress_at_ms_ = clock_.monotonic_ms();
    backoff_.reset();
    statistics_.batches_acknowledged += gained;
    statistics_.last_acknowledged_utc_ms = clock_.utc_ms();
    forget_under_way(position.epoch, position.next_sequence);
  }
  source_.acknowledged(position);
}

void UplinkSender::on(const Refusal& refusal) {
  if (state_ == State::greeting && refusal.code == RefusalCode::version) {
    retry_floor_ms_ = options_.backoff.longest_ms;
    close_wanted_ = fmt::format("the platform refuses this version: {}", refusal.message);
    return;
  }
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (state_ == State::greeting && refusal.retry_after_ms > 0) {
    retry_floor_ms_ = static_cast<std::int64_t>(std::min<std::uint64_t>(refusal.retry_after_ms, 3'600'000));
    close_wanted_ = fmt::format("the platform asks to come back later: {}", refusal.message);
    return;
  }
  Epoch* epoch = find(refusal.epoch);
  if (state_ != State::streaming || epoch == nullptr) return;
  switch (refusal.code) {
    case RefusalCode::gap:
      ++statistics_.gaps;
      if (++epoch->fruitless_gaps > fruitless_gaps_max) {
        close_wanted_ = "the platform reports gap after gap";
        return;
      }
      rewind(*epoch);
      return;
    case RefusalCode::throttled:
    case RefusalCode::storage_full: {
      ++statistics_.throttled;
      const auto pause_ms =
          static_cast<std::int64_t>(std::clamp<std::uint64_t>(refusal.retry_after_ms, 100, 3'600'000));
      if (now_ms >= paused_until_ms_) {
        notice(log::Level::warning, fmt::format("the platform takes nothing for {} ms: {}", pause_ms, refusal.message),
               refusal.epoch, refusal.sequence);
      }
      paused_until_ms_ = std::max(paused_until_ms_, now_ms + pause_ms);
      rewind(*epoch);
      return;
    }
    case RefusalCode::malformed:
      notice(log::Level::error, fmt::format("the platform cannot read a batch: {}", refusal.message), refusal.epoch,
             refusal.sequence);
      // The platform keeps the batch as evidence and acknowledges it; until it does the epoch rests.
      if (refusal.sequence >= epoch->position.next_sequence) {
        epoch->malformed = refusal.sequence;
        rewind(*epoch);
      }
      return;
    case RefusalCode::too_large:
    case RefusalCode::hash_conflict:
    case RefusalCode::version:
    case RefusalCode::unspecified:
      stop_epoch(*epoch, refusal.sequence,
                 fmt::format("refused by the platform ({}): {}", to_string(refusal.code), refusal.message));
      return;
  }
}

void UplinkSender::rewind(Epoch& epoch) {
  epoch.send_next = std::max(epoch.position.next_sequence, epoch.range.first_sequence);
  epoch.check_previous_hash = epoch.send_next == epoch.position.next_sequence && epoch.send_next > 0;
  forget_under_way(epoch.range.epoch, UINT64_MAX);
}

void UplinkSender::forget_under_way(std::uint64_t epoch, std::uint64_t below_sequence) {
  std::erase_if(under_way_, [&](const UnderWay& item) {
    const bool gone = item.epoch == epoch && item.sequence < below_sequence;
    if (gone) under_way_bytes_ -= item.bytes;
    return gone;
  });
}

void UplinkSender::stop_epoch(Epoch& epoch, std::uint64_t sequence, const std::string& reason) {
  const bool already = epoch.stopped_at.has_value();
  epoch.stopped_at = epoch.position.next_sequence;
  epoch.send_next = std::max(epoch.position.next_sequence, epoch.range.first_sequence);
  forget_under_way(epoch.range.epoch, UINT64_MAX);
  if (already) return;
  notice(log::Level::error, fmt::format("epoch stopped, its data are kept: {}", reason), epoch.range.epoch, sequence);
  ranges_stale_ = true;  // the source may start another
  source_.epoch_stopped(epoch.range.epoch, reason);
}

UplinkSender::Epoch* UplinkSender::find(std::uint64_t epoch) {
  const auto at = std::ranges::find_if(epochs_, [&](const Epoch& known) { return known.range.epoch == epoch; });
  return at == epochs_.end() ? nullptr : &*at;
}

UplinkSender::Action UplinkSender::close(std::string reason) {
  state_ = State::closing;
  return Close{std::move(reason)};
}

void UplinkSender::notice(log::Level level, std::string text, std::uint64_t epoch, std::uint64_t sequence) {
  if (notices_.size() < notices_max) notices_.push_back({level, std::move(text), epoch, sequence});
}

std::vector<SenderNotice> UplinkSender::take_notices() { return std::exchange(notices_, {}); }

SenderStatistics UplinkSender::statistics() const {
  SenderStatistics statistics = statistics_;
  statistics.batches_under_way = under_way_.size();
  statistics.epochs_stopped = static_cast<std::uint64_t>(
      std::ranges::count_if(epochs_, [](const Epoch& epoch) { return epoch.stopped_at.has_value(); }));
  if (state_ == State::waiting) statistics.next_attempt_ms = connect_at_ms_;
  return statistics;
}

}  // namespace duheng::uplink
