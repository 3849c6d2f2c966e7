#include "uplink/uplink_receiver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace duheng::uplink {

UplinkReceiver::UplinkReceiver(BatchSink& sink, const Clock& clock, GatewayId gateway, SessionId session,
                               ReceiverOptions options)
    : sink_(sink), clock_(clock), gateway_(gateway), session_(session), options_(options) {}

void UplinkReceiver::received(SessionRequest message) {
  if (failure_) return;
  std::visit([this](auto&& specific) { on(std::forward<decltype(specific)>(specific)); }, std::move(message));
}

void UplinkReceiver::on(Hello&& hello) {
  if (hello_) return fail_with(ErrorCode::malformed, "a second hello in one session");
  if (hello.version != protocol_version) {
    responses_.push_back(Refusal{.code = RefusalCode::version,
                                 .message = fmt::format("this platform speaks session protocol {}", protocol_version)});
    return fail_with(ErrorCode::unsupported, fmt::format("session protocol version {}", hello.version));
  }
  if (hello.epochs.size() > options_.epochs_max) {
    return fail_with(ErrorCode::limit_exceeded, fmt::format("a hello names {} epochs; {} are the limit",
                                                            hello.epochs.size(), options_.epochs_max));
  }
  for (const EpochRange& range : hello.epochs) {
    if (range.first_sequence > range.next_sequence) {
      return fail_with(ErrorCode::malformed, "a hello names an epoch that ends before it begins");
    }
  }
  Welcome welcome;
  welcome.gateway = gateway_;
  welcome.positions = sink_.positions(gateway_, hello.epochs);
  welcome.window_batches = options_.window_batches;
  welcome.window_bytes = options_.window_bytes;
  welcome.batch_bytes_max = options_.batch_bytes_max;
  welcome.platform_utc_ms = clock_.utc_ms();
  hello_ = std::move(hello);
  responses_.emplace_back(std::move(welcome));
}

void UplinkReceiver::on(GatewayStatus&& status) {
  if (!hello_) return fail_with(ErrorCode::malformed, "a status before hello");
  status_ = Heard{status, clock_.utc_ms()};
}

void UplinkReceiver::on(Batch&& batch) {
  if (!hello_) return fail_with(ErrorCode::malformed, "a batch before hello");
  if (held_) return fail_with(ErrorCode::internal, "a batch was read although one waits for room");
  const auto skipping = std::ranges::find(skipping_, batch.epoch, &Skipping::epoch);
  if (skipping != skipping_.end()) {
    if (batch.sequence > skipping->from_sequence) return;
    skipping_.erase(skipping);
  }
  // A sender that keeps to the window never gets here, so memory stays bounded whatever a peer does.
  if (under_way_.size() >= options_.window_batches) {
    return fail_with(ErrorCode::limit_exceeded, fmt::format("more than {} batches under way", options_.window_batches));
  }
  if (under_way_bytes_ > 0 && under_way_bytes_ + batch.body.size() > options_.window_bytes) {
    return fail_with(ErrorCode::limit_exceeded, fmt::format("more than {} octets under way", options_.window_bytes));
  }
  offer(batch);
}

void UplinkReceiver::offer(const Batch& batch) {
  BatchSink::Offered offered = sink_.offer(gateway_, session_, batch);
  if (std::holds_alternative<BatchSink::Full>(offered)) {
    if (!held_) {
      held_ = batch;
      held_since_ms_ = clock_.monotonic_ms();
    }
    return;
  }
  if (std::holds_alternative<BatchSink::Queued>(offered)) {
    under_way_.push_back({batch.epoch, batch.sequence, batch.body.size()});
    under_way_bytes_ += batch.body.size();
  } else if (const auto* duplicate = std::get_if<BatchSink::Duplicate>(&offered)) {
    acknowledge(duplicate->position);
  } else {
    refuse(std::get<Refusal>(offered));
  }
  held_.reset();
}

void UplinkReceiver::retry() {
  if (!held_ || failure_) return;
  const Batch batch = *held_;
  offer(batch);
  if (!held_ || clock_.monotonic_ms() - held_since_ms_ < options_.throttle_after_ms) return;
  refuse({.epoch = batch.epoch,
          .sequence = batch.sequence,
          .code = RefusalCode::throttled,
          .message = "the platform is busy",
          .retry_after_ms = options_.throttle_pause_ms});
  held_.reset();
}

void UplinkReceiver::committed(const EpochPosition& position) {
  settle(position.epoch, position.next_sequence);
  acknowledge(position);
}

void UplinkReceiver::refused(const Refusal& refusal) {
  // Whatever of the epoch was queued behind the refused batch fell with it.
  std::erase_if(under_way_, [&](const UnderWay& item) {
    const bool gone = item.epoch == refusal.epoch && item.sequence >= refusal.sequence;
    if (gone) under_way_bytes_ -= item.bytes;
    return gone;
  });
  refuse(refusal);
}

void UplinkReceiver::settle(std::uint64_t epoch, std::uint64_t below_sequence) {
  std::erase_if(under_way_, [&](const UnderWay& item) {
    const bool gone = item.epoch == epoch && item.sequence < below_sequence;
    if (gone) under_way_bytes_ -= item.bytes;
    return gone;
  });
}

void UplinkReceiver::acknowledge(const EpochPosition& position) {
  // Acknowledgements are cumulative: of one epoch the latest unsent one is enough.
  if (!responses_.empty()) {
    if (auto* last = std::get_if<Acknowledgement>(&responses_.back());
        last != nullptr && last->position.epoch == position.epoch) {
      if (position.next_sequence >= last->position.next_sequence) last->position = position;
      return;
    }
  }
  responses_.emplace_back(Acknowledgement{position});
}

void UplinkReceiver::refuse(const Refusal& refusal) {
  responses_.emplace_back(refusal);
  // A malformed batch keeps its place and is acknowledged: nothing behind it is in a gap.
  if (refusal.code == RefusalCode::malformed) return;
  const auto skipping = std::ranges::find(skipping_, refusal.epoch, &Skipping::epoch);
  if (skipping == skipping_.end()) {
    skipping_.push_back({refusal.epoch, refusal.sequence});
  } else {
    skipping->from_sequence = std::min(skipping->from_sequence, refusal.sequence);
  }
}

std::optional<SessionResponse> UplinkReceiver::next_response() {
  if (responses_.empty()) return std::nullopt;
  SessionResponse response = std::move(responses_.front());
  responses_.pop_front();
  return response;
}

}  // namespace duheng::uplink
