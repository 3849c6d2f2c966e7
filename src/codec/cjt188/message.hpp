#pragma once
// Questions, answers and commands above the frame layer: readers for DATA, and typed builders for both directions.
#include <array>
#include <cstdint>
#include <expected>

#include "codec/cjt188/data_identifier.hpp"
#include "codec/cjt188/frame.hpp"
#include "codec/cjt188/profile.hpp"
#include "codec/cjt188/time.hpp"

namespace duheng::cjt188 {

/// DATA of a frame taken apart: DI, SER and what follows. The octets stay in the frame's buffer.
struct Message {
  static constexpr std::size_t sequence_offset = 2;  ///< in DATA
  static constexpr std::size_t payload_offset = 3;
  ResolvedIdentifier identifier;
  std::uint8_t sequence = 0;  ///< SER: an answer repeats the question's
  std::uint8_t meter_type = 0;
  FunctionClass function_class = FunctionClass::vendor;
  bool from_slave = false;
  bool is_partial = false;  ///< D5 of C: more frames follow, so that a value may be cut in two
  ByteView payload;

  /// `frame` has DATA of at least `payload_offset` octets; see parse_message().
  Message(const FrameView& frame, IdentifierOrder preferred) noexcept
      : identifier(frame.data()[0], frame.data()[1], preferred),
        sequence(frame.data()[sequence_offset]),
        meter_type(frame.meter_type()),
        function_class(class_of(frame.function())),
        from_slave(frame.from_slave()),
        is_partial(frame.has_following()),
        payload(frame.data().subspan(payload_offset)) {}
  /// The answer to a read of `identifier`, when its frame is no longer at hand: `content` is what followed SER.
  Message(DataIdentifier read, std::uint8_t type, ByteView content) noexcept
      : identifier(read.low(), read.high(), IdentifierOrder::low_first),
        meter_type(type),
        function_class(FunctionClass::reads),
        from_slave(true),
        payload(content) {}
};
/// An error of DATA; `offset` counts in it.
[[nodiscard]] constexpr DecodeError message_fault(ErrorCode code, Field field, std::size_t offset) noexcept {
  return {code, field, 0, 0, static_cast<std::uint32_t>(offset), "CJ/T 188-2018, application layer"};
}

/// Takes DATA apart. Answers that refuse have no DI: see parse_error_reply(). `preferred` decides only where both
/// orders give a known identifier, or none does. Errors: truncated - DATA is shorter than DI and SER (field tells which
/// is missing); unsupported - the answer refuses. octet_offset counts in DATA.
[[nodiscard]] inline std::expected<Message, DecodeError> parse_message(
    const FrameView& frame, IdentifierOrder preferred = IdentifierOrder::low_first) noexcept {
  if (frame.from_slave() && frame.is_error()) {
    return std::unexpected(message_fault(ErrorCode::unsupported, Field::data_identifier, 0));
  }
  if (const std::size_t size = frame.length(); size < Message::payload_offset) {
    const Field missing = size < Message::sequence_offset ? Field::data_identifier : Field::sequence;
    return std::unexpected(message_fault(ErrorCode::truncated, missing, size));
  }
  // Built where it is returned: copying octets just written, as words, would wait for each of them.
  return std::expected<Message, DecodeError>(std::in_place, frame, preferred);
}

/// What an answer with D6 says.
struct ErrorReply {
  bool has_sequence = false;
  std::uint8_t sequence = 0;
  std::array<std::uint8_t, 2> status{};
  std::uint8_t status_octets = 0;  ///< 2: SER and ST; 1: one status octet, as some meters send
};
/// Errors: unsupported - no refusal, or DATA of another length; keep the octets.
[[nodiscard]] std::expected<ErrorReply, DecodeError> parse_error_reply(const FrameView& frame) noexcept;

using BuiltFrame = std::expected<FrameBuffer, DecodeError>;

/// To whom a frame speaks, and how that meter wants it.
struct Peer {
  std::uint8_t meter_type = meter_types::cold_water;
  Address address = {};
  const Profile* profile = &default_profile();
  std::uint8_t sequence = 0;  ///< SER
  /// In an answer the order and the preamble are those of the question.
  IdentifierOrder identifier_order = profile->identifier_order;
  std::uint8_t preamble_octets = profile->preamble_octets;
};

/// Any frame with DI and SER; what the builders below are made of.
/// Errors: limit_exceeded - more payload than the profile allows.
[[nodiscard]] BuiltFrame build(const Peer& peer, std::uint8_t control, DataIdentifier identifier,
                               ByteView payload) noexcept;

// Questions of the master. Source: CJ/T 188-2004 and -2018, application layer.

/// 01H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame read_request(const Peer& peer, DataIdentifier identifier) noexcept;
/// 03H, 810A: asks the one meter on the line for its address.
[[nodiscard]] BuiltFrame read_address_request(const Peer& peer) noexcept;
/// 09H, 8106.
[[nodiscard]] BuiltFrame read_key_version_request(const Peer& peer) noexcept;
/// 04H with any payload, e.g. the parameters A103..A107 of 2018, whose layout is not public.
[[nodiscard]] BuiltFrame write_request(const Peer& peer, DataIdentifier identifier, ByteView payload) noexcept;

/// Digits as they are displayed, without their point, which the maker's manual gives; a day 1..31.
struct PriceTable {
  std::array<std::uint32_t, 3> prices{};
  std::array<std::uint32_t, 2> volumes{};
  std::uint8_t start_day = 1;
};
/// A010. Errors: limit_exceeded - a number of more than six digits, or a day of more than two.
[[nodiscard]] BuiltFrame write_price_table_request(const Peer& peer, const PriceTable& table) noexcept;
/// A011. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame write_settlement_day_request(const Peer& peer, std::uint8_t day) noexcept;
/// A012. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame write_reading_day_request(const Peer& peer, std::uint8_t day) noexcept;
/// A013; the amount in hundredths of a yuan. Errors: limit_exceeded - more than eight digits.
[[nodiscard]] BuiltFrame write_purchase_request(const Peer& peer, std::uint8_t purchase_sequence,
                                                std::uint32_t amount_fen) noexcept;
/// A014 of 2004. The key is a secret: never log one.
[[nodiscard]] BuiltFrame write_key_request(const Peer& peer, std::uint8_t version,
                                           const std::array<std::uint8_t, 8>& key) noexcept;
/// A015, in the profile's order. Errors: invalid_argument - no such time.
[[nodiscard]] BuiltFrame write_clock_request(const Peer& peer, const DateTime& time) noexcept;
/// 16H, A016; hundredths of the unit. Errors: limit_exceeded - more than eight digits.
[[nodiscard]] BuiltFrame write_sync_request(const Peer& peer, std::uint32_t hundredths, ScaledUnit unit) noexcept;
/// A017. Errors: invalid_argument - the profile has no octet for the command, or writes a word, which only
/// write_request() can carry.
[[nodiscard]] BuiltFrame valve_request(const Peer& peer, ValveCommand command) noexcept;
/// 15H, A018; only before the meter is enabled for the field.
[[nodiscard]] BuiltFrame write_address_request(const Peer& peer, const Address& new_address) noexcept;
/// A019: ends the meter's debug stage for good.
[[nodiscard]] BuiltFrame factory_enable_request(const Peer& peer) noexcept;

// Answers of the meter.

/// 81H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame read_reply(const Peer& peer, DataIdentifier identifier, ByteView payload) noexcept;
/// 83H: the address is the frame's own.
[[nodiscard]] BuiltFrame read_address_reply(const Peer& peer) noexcept;
/// 89H.
[[nodiscard]] BuiltFrame key_version_reply(const Peer& peer, std::uint8_t version) noexcept;
/// 84H, 95H or 96H by `function`; `payload` is empty, or ST, or what the identifier asks for.
[[nodiscard]] BuiltFrame write_reply(const Peer& peer, Function function, DataIdentifier identifier,
                                     ByteView payload = {}) noexcept;
/// C1H and its like: SER and ST.
[[nodiscard]] BuiltFrame error_reply(const Peer& peer, std::uint8_t function,
                                     const std::array<std::uint8_t, 2>& status) noexcept;
/// The same in the form of one status octet.
[[nodiscard]] BuiltFrame short_error_reply(const Peer& peer, std::uint8_t function, std::uint8_t status) noexcept;

}  // namespace duheng::cjt188
