#include "rpc/uplink_messages.hpp"

#include <algorithm>
#include <optional>

namespace duheng::rpc {

namespace {

Result<crypto::Hash256> hash_from(const std::string& octets, bool may_be_empty) {
  crypto::Hash256 hash{};
  if (may_be_empty && octets.empty()) return hash;
  if (octets.size() != hash.size()) return fail(ErrorCode::malformed, "a hash that has not 32 octets");
  std::ranges::copy(as_bytes(octets), hash.begin());
  return hash;
}

std::string text_of(const crypto::Hash256& hash) { return std::string{as_text(hash)}; }

uplink::Hello from_wire(const wire::Hello& in) {
  uplink::Hello out;
  out.version = in.protocol_version();
  out.software_version = in.software_version();
  out.gateway_utc_ms = in.gateway_utc_ms();
  out.epochs.reserve(static_cast<std::size_t>(in.epochs_size()));
  for (const wire::EpochRange& range : in.epochs()) {
    out.epochs.push_back({range.epoch(), range.first_sequence(), range.next_sequence()});
  }
  return out;
}

uplink::GatewayStatus from_wire(const wire::Status& in) {
  return {.gateway_utc_ms = in.gateway_utc_ms(),
          .spooled_batches = in.spooled_batches(),
          .spooled_bytes = in.spooled_bytes(),
          .spool_free_bytes = in.spool_free_bytes(),
          .channels_open = in.channels_open(),
          .devices_configured = in.devices_configured(),
          .devices_answering = in.devices_answering(),
          .frames_bad = in.frames_bad(),
          .autonomy_hours = in.autonomy_hours()};
}

Result<uplink::EpochPosition> from_wire(const wire::EpochPosition& in) {
  DUHENG_TRY(const crypto::Hash256 last_hash, hash_from(in.last_hash(), true));
  return uplink::EpochPosition{.epoch = in.epoch(),
                               .next_sequence = in.next_sequence(),
                               .backed_up_sequence = in.backed_up_sequence(),
                               .last_hash = last_hash};
}

void fill(const uplink::EpochPosition& in, wire::EpochPosition& out) {
  out.set_epoch(in.epoch);
  out.set_next_sequence(in.next_sequence);
  out.set_backed_up_sequence(in.backed_up_sequence);
  if (in.next_sequence > 0) out.set_last_hash(text_of(in.last_hash));
}

}  // namespace

Result<uplink::SessionRequest> from_wire(std::shared_ptr<wire::SessionRequest> message) {
  switch (message->message_case()) {
    case wire::SessionRequest::kHello:
      return uplink::SessionRequest{from_wire(message->hello())};
    case wire::SessionRequest::kStatus:
      return uplink::SessionRequest{from_wire(message->status())};
    case wire::SessionRequest::kBatch: {
      const wire::Batch& in = message->batch();
      DUHENG_TRY(const crypto::Hash256 previous_hash, hash_from(in.previous_hash(), false));
      DUHENG_TRY(const crypto::Hash256 hash, hash_from(in.hash(), false));
      uplink::Batch batch{.epoch = in.epoch(),
                          .sequence = in.sequence(),
                          .previous_hash = previous_hash,
                          .hash = hash,
                          .body = as_bytes(in.body())};
      batch.owner = std::move(message);
      return uplink::SessionRequest{std::move(batch)};
    }
    case wire::SessionRequest::MESSAGE_NOT_SET:
      break;
  }
  return fail(ErrorCode::malformed, "a session message of no known kind");
}

Result<uplink::SessionResponse> from_wire(const wire::SessionResponse& message) {
  switch (message.message_case()) {
    case wire::SessionResponse::kWelcome: {
      const wire::Welcome& in = message.welcome();
      uplink::Welcome out;
      out.version = in.protocol_version();
      out.gateway = GatewayId{in.gateway_id()};
      out.window_batches = in.window_batches();
      out.window_bytes = in.window_bytes();
      out.batch_bytes_max = in.batch_bytes_max();
      out.platform_utc_ms = in.platform_utc_ms();
      for (const wire::EpochPosition& position : in.positions()) {
        DUHENG_TRY(const uplink::EpochPosition converted, from_wire(position));
        out.positions.push_back(converted);
      }
      return uplink::SessionResponse{std::move(out)};
    }
    case wire::SessionResponse::kAcknowledgement: {
      DUHENG_TRY(const uplink::EpochPosition position, from_wire(message.acknowledgement().position()));
      return uplink::SessionResponse{uplink::Acknowledgement{position}};
    }
    case wire::SessionResponse::kRefusal: {
      const wire::Refusal& in = message.refusal();
      // A reason of a later release is one this one must not go on after.
      const auto code = in.code() >= 0 && in.code() <= 7 ? static_cast<uplink::RefusalCode>(in.code())
                                                         : uplink::RefusalCode::unspecified;
      return uplink::SessionResponse{uplink::Refusal{.epoch = in.epoch(),
                                                     .sequence = in.sequence(),
                                                     .code = code,
                                                     .message = in.message(),
                                                     .retry_after_ms = in.retry_after_ms()}};
    }
    case wire::SessionResponse::MESSAGE_NOT_SET:
      break;
  }
  return fail(ErrorCode::malformed, "a session message of no known kind");
}

void to_wire(const uplink::SessionRequest& message, wire::SessionRequest& out) {
  if (const auto* hello = std::get_if<uplink::Hello>(&message)) {
    wire::Hello& to = *out.mutable_hello();
    to.set_protocol_version(hello->version);
    to.set_software_version(hello->software_version);
    to.set_gateway_utc_ms(hello->gateway_utc_ms);
    for (const uplink::EpochRange& range : hello->epochs) {
      wire::EpochRange& added = *to.add_epochs();
      added.set_epoch(range.epoch);
      added.set_first_sequence(range.first_sequence);
      added.set_next_sequence(range.next_sequence);
    }
  } else if (const auto* batch = std::get_if<uplink::Batch>(&message)) {
    wire::Batch& to = *out.mutable_batch();
    to.set_epoch(batch->epoch);
    to.set_sequence(batch->sequence);
    to.set_previous_hash(text_of(batch->previous_hash));
    to.set_hash(text_of(batch->hash));
    to.set_body(batch->body.data(), batch->body.size());
  } else {
    const auto& status = std::get<uplink::GatewayStatus>(message);
    wire::Status& to = *out.mutable_status();
    to.set_gateway_utc_ms(status.gateway_utc_ms);
    to.set_spooled_batches(status.spooled_batches);
    to.set_spooled_bytes(status.spooled_bytes);
    to.set_spool_free_bytes(status.spool_free_bytes);
    to.set_channels_open(status.channels_open);
    to.set_devices_configured(status.devices_configured);
    to.set_devices_answering(status.devices_answering);
    to.set_frames_bad(status.frames_bad);
    to.set_autonomy_hours(status.autonomy_hours);
  }
}

void to_wire(const uplink::SessionResponse& message, wire::SessionResponse& out) {
  if (const auto* welcome = std::get_if<uplink::Welcome>(&message)) {
    wire::Welcome& to = *out.mutable_welcome();
    to.set_protocol_version(welcome->version);
    to.set_gateway_id(welcome->gateway.value);
    to.set_window_batches(welcome->window_batches);
    to.set_window_bytes(welcome->window_bytes);
    to.set_batch_bytes_max(welcome->batch_bytes_max);
    to.set_platform_utc_ms(welcome->platform_utc_ms);
    for (const uplink::EpochPosition& position : welcome->positions) fill(position, *to.add_positions());
  } else if (const auto* acknowledgement = std::get_if<uplink::Acknowledgement>(&message)) {
    fill(acknowledgement->position, *out.mutable_acknowledgement()->mutable_position());
  } else {
    const auto& refusal = std::get<uplink::Refusal>(message);
    wire::Refusal& to = *out.mutable_refusal();
    to.set_epoch(refusal.epoch);
    to.set_sequence(refusal.sequence);
    to.set_code(static_cast<wire::RefusalCode>(refusal.code));
    to.set_message(refusal.message);
    to.set_retry_after_ms(refusal.retry_after_ms);
  }
}

}  // namespace duheng::rpc
