#include "codec/cjt188/message.hpp"

#include <cstring>

#include "codec/cjt188/bcd.hpp"

namespace duheng::cjt188 {

namespace {

constexpr auto fault = message_fault;

std::uint8_t control_of(Function function) noexcept { return static_cast<std::uint8_t>(function); }
std::uint8_t answer_of(Function function) noexcept { return control_of(function) | control_bits::from_slave; }

std::unexpected<DecodeError> too_many_digits(std::size_t offset) noexcept {
  return std::unexpected(fault(ErrorCode::limit_exceeded, Field::value, Message::payload_offset + offset));
}

BuiltFrame write_day(const Peer& peer, DataIdentifier identifier, std::uint8_t day) noexcept {
  std::array<std::uint8_t, 1> payload{};
  if (!bcd::store(day, payload.data(), payload.size())) return too_many_digits(0);
  return write_request(peer, identifier, payload);
}

BuiltFrame build_error(const Peer& peer, std::uint8_t function, ByteView data) noexcept {
  const auto control =
      static_cast<std::uint8_t>(control_bits::from_slave | control_bits::error | (function & control_bits::function));
  return encode({peer.meter_type, peer.address, control, data, peer.preamble_octets});
}

}  // namespace

std::expected<ErrorReply, DecodeError> parse_error_reply(const FrameView& frame) noexcept {
  const ByteView data = frame.data();
  if (!frame.from_slave() || !frame.is_error() || (data.size() != 1 && data.size() != 3)) {
    return std::unexpected(fault(ErrorCode::unsupported, Field::data, 0));
  }
  ErrorReply reply;
  if (data.size() == 1) {
    reply.status[0] = data[0];
    reply.status_octets = 1;
    return reply;
  }
  reply.has_sequence = true;
  reply.sequence = data[0];
  reply.status = {data[1], data[2]};
  reply.status_octets = 2;
  return reply;
}

BuiltFrame build(const Peer& peer, std::uint8_t control, DataIdentifier identifier, ByteView payload) noexcept {
  std::array<std::uint8_t, frame_layout::data_octets_max> data;
  const bool writes = class_of(control & control_bits::function) == FunctionClass::writes;
  const std::size_t limit = writes ? peer.profile->write_data_octets_max : peer.profile->read_data_octets_max;
  const std::size_t size = Message::payload_offset + payload.size();
  if (size > limit) return std::unexpected(fault(ErrorCode::limit_exceeded, Field::data, limit));
  const bool low_first = peer.identifier_order == IdentifierOrder::low_first;
  data[0] = low_first ? identifier.low() : identifier.high();
  data[1] = low_first ? identifier.high() : identifier.low();
  data[Message::sequence_offset] = peer.sequence;
  if (!payload.empty()) std::memcpy(data.data() + Message::payload_offset, payload.data(), payload.size());
  return encode({peer.meter_type, peer.address, control, ByteView(data).first(size), peer.preamble_octets});
}

BuiltFrame read_request(const Peer& peer, DataIdentifier identifier) noexcept {
  return build(peer, control_of(Function::read), identifier, {});
}
BuiltFrame read_address_request(const Peer& peer) noexcept {
  return build(peer, control_of(Function::read_address), identifiers::address, {});
}
BuiltFrame read_key_version_request(const Peer& peer) noexcept {
  return build(peer, control_of(Function::read_key_version), identifiers::key_version, {});
}
BuiltFrame write_request(const Peer& peer, DataIdentifier identifier, ByteView payload) noexcept {
  return build(peer, control_of(Function::write), identifier, payload);
}

BuiltFrame write_price_table_request(const Peer& peer, const PriceTable& table) noexcept {
  std::array<std::uint8_t, 16> payload{};
  const std::uint32_t numbers[] = {table.prices[0], table.volumes[0], table.prices[1], table.volumes[1],
                                   table.prices[2]};
  std::size_t at = 0;
  for (const std::uint32_t number : numbers) {
    if (!bcd::store(number, payload.data() + at, 3)) return too_many_digits(at);
    at += 3;
  }
  if (!bcd::store(table.start_day, payload.data() + at, 1)) return too_many_digits(at);
  return write_request(peer, identifiers::write_price_table, payload);
}
BuiltFrame write_settlement_day_request(const Peer& peer, std::uint8_t day) noexcept {
  return write_day(peer, identifiers::write_settlement_day, day);
}
BuiltFrame write_reading_day_request(const Peer& peer, std::uint8_t day) noexcept {
  return write_day(peer, identifiers::write_reading_day, day);
}

BuiltFrame write_purchase_request(const Peer& peer, std::uint8_t purchase_sequence, std::uint32_t amount_fen) noexcept {
  std::array<std::uint8_t, 5> payload{purchase_sequence};
  if (!bcd::store(amount_fen, payload.data() + 1, 4)) return too_many_digits(1);
  return write_request(peer, identifiers::write_purchase, payload);
}

BuiltFrame write_key_request(const Peer& peer, std::uint8_t version, const std::array<std::uint8_t, 8>& key) noexcept {
  std::array<std::uint8_t, 9> payload{version};
  std::memcpy(payload.data() + 1, key.data(), key.size());
  return write_request(peer, identifiers::write_key, payload);
}

BuiltFrame write_clock_request(const Peer& peer, const DateTime& time) noexcept {
  if (!is_valid(time) || time.year / 100 != 20) {
    return std::unexpected(fault(ErrorCode::invalid_argument, Field::value, Message::payload_offset));
  }
  return write_request(peer, identifiers::write_clock, encode_time(time, peer.profile->time_order));
}

BuiltFrame write_sync_request(const Peer& peer, std::uint32_t hundredths, ScaledUnit unit) noexcept {
  std::array<std::uint8_t, 5> payload{};
  if (!bcd::store(hundredths, payload.data(), 4)) return too_many_digits(0);
  payload[4] = code_of(unit);
  return build(peer, control_of(Function::write_sync), identifiers::write_sync, payload);
}

BuiltFrame valve_request(const Peer& peer, ValveCommand command) noexcept {
  std::array<std::uint8_t, 1> payload{};
  if (peer.profile->valve_write_octets != payload.size() || !find_valve_code(*peer.profile, command, payload[0])) {
    return std::unexpected(fault(ErrorCode::invalid_argument, Field::value, Message::payload_offset));
  }
  return write_request(peer, identifiers::valve, payload);
}

BuiltFrame write_address_request(const Peer& peer, const Address& new_address) noexcept {
  return build(peer, control_of(Function::write_address), identifiers::write_address, new_address.wire());
}
BuiltFrame factory_enable_request(const Peer& peer) noexcept {
  return write_request(peer, identifiers::factory_enable, {});
}

BuiltFrame read_reply(const Peer& peer, DataIdentifier identifier, ByteView payload) noexcept {
  return build(peer, answer_of(Function::read), identifier, payload);
}
BuiltFrame read_address_reply(const Peer& peer) noexcept {
  return build(peer, answer_of(Function::read_address), identifiers::address, {});
}
BuiltFrame key_version_reply(const Peer& peer, std::uint8_t version) noexcept {
  return build(peer, answer_of(Function::read_key_version), identifiers::key_version, ByteView(&version, 1));
}
BuiltFrame write_reply(const Peer& peer, Function function, DataIdentifier identifier, ByteView payload) noexcept {
  return build(peer, answer_of(function), identifier, payload);
}

BuiltFrame error_reply(const Peer& peer, std::uint8_t function, const std::array<std::uint8_t, 2>& status) noexcept {
  const std::array<std::uint8_t, 3> data = {peer.sequence, status[0], status[1]};
  return build_error(peer, function, data);
}
BuiltFrame short_error_reply(const Peer& peer, std::uint8_t function, std::uint8_t status) noexcept {
  return build_error(peer, function, ByteView(&status, 1));
}

}  // namespace duheng::cjt188
