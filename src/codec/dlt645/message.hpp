#pragma once
// Questions, answers and commands above the frame layer: typed builders, and readers for the fixed parts of DATA.
#include <array>
#include <cstdint>
#include <expected>
#include <optional>

#include "codec/dlt645/data_identifier.hpp"
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/value.hpp"

namespace duheng::dlt645 {

/// FEH octets a master puts before its frames to wake the meter's receiver.
inline constexpr std::uint8_t master_preamble_octets = 4;

using BuiltFrame = std::expected<FrameBuffer, DecodeError>;

// Questions of the master. Source: DL/T 645-2007, 7.

/// 11H.
[[nodiscard]] FrameBuffer read_request(const Address& address, DataIdentifier identifier,
                                       std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 11H for load records: `block_count` of them, from `from` on where the identifier says "given time" (DI0 = 01).
[[nodiscard]] FrameBuffer read_records_request(const Address& address, DataIdentifier identifier,
                                               std::uint8_t block_count, const std::optional<DateTime>& from = {},
                                               std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 12H: the next part of an answer that said "more follows"; `sequence` counts from 1.
[[nodiscard]] FrameBuffer read_following_request(const Address& address, DataIdentifier identifier,
                                                 std::uint8_t sequence,
                                                 std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 13H: asks the one meter on the line for its address.
[[nodiscard]] FrameBuffer read_address_request(std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 08H to every meter; never answered.
[[nodiscard]] FrameBuffer broadcast_time(const DateTime& time, const Address& address = Address::broadcast(),
                                         std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 15H: gives the one meter on the line a new address (its programming key must be pressed).
[[nodiscard]] FrameBuffer write_address_request(const Address& new_address,
                                                std::uint8_t preamble_octets = master_preamble_octets) noexcept;

/// When to freeze: mm hh DD MM, each either two digits or `freeze_any`.
struct FreezeTime {
  static constexpr std::uint8_t any = 99;
  std::uint8_t minute = any;
  std::uint8_t hour = any;
  std::uint8_t day = any;
  std::uint8_t month = any;
  friend bool operator==(const FreezeTime&, const FreezeTime&) = default;
};
/// 16H: yearly, monthly, daily, hourly or at once, by what is `any`.
[[nodiscard]] FrameBuffer freeze_request(const Address& address, const FreezeTime& time,
                                         std::uint8_t preamble_octets = master_preamble_octets) noexcept;

/// Who asks for a change: level, password and operator, each as it travels. A secret: never log one.
struct Authority {
  std::uint8_t level = 2;
  std::array<std::uint8_t, 3> password{};
  std::array<std::uint8_t, 4> operator_code{};
};
/// 14H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame write_request(const Address& address, DataIdentifier identifier, const Authority& authority,
                                       ByteView payload,
                                       std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 1CH; `valid_until` is the meter-clock time after which the meter must refuse.
[[nodiscard]] FrameBuffer control_request(const Address& address, const Authority& authority, RelayCommand command,
                                          const DateTime& valid_until,
                                          std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 17H; `speed_word` with one bit set.
[[nodiscard]] FrameBuffer change_speed_request(const Address& address, std::uint8_t speed_word,
                                               std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 18H; `identifier` is 04000Cnn.
[[nodiscard]] FrameBuffer change_password_request(const Address& address, DataIdentifier identifier,
                                                  const std::array<std::uint8_t, 4>& old_level_and_password,
                                                  const std::array<std::uint8_t, 4>& new_level_and_password,
                                                  std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 19H and 1AH.
[[nodiscard]] FrameBuffer clear_request(const Address& address, Function clear_demand_or_meter,
                                        const Authority& authority,
                                        std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 1BH; FFFFFFFF clears all events, DI0 = FF those of one kind.
[[nodiscard]] FrameBuffer clear_events_request(const Address& address, const Authority& authority,
                                               DataIdentifier events,
                                               std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 1DH; 00 clock pulse, 01 demand period, 02 tariff switch.
[[nodiscard]] FrameBuffer multi_function_output_request(const Address& address, std::uint8_t output,
                                                        std::uint8_t preamble_octets = master_preamble_octets) noexcept;

/// 03H, State Grid's security dialogue; `data` is the dialogue's own, mostly cipher text. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame security_request(const Address& address, DataIdentifier identifier,
                                          const std::array<std::uint8_t, 4>& operator_code, ByteView data,
                                          std::uint8_t preamble_octets = master_preamble_octets) noexcept;

// Answers of the meter.

/// 91H, or B1H when `more_follows`. Errors: limit_exceeded - more than 251 octets of payload.
[[nodiscard]] BuiltFrame read_reply(const Address& address, DataIdentifier identifier, ByteView payload,
                                    bool more_follows = false, std::uint8_t preamble_octets = 0) noexcept;
/// 92H, or B2H when `more_follows`. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame read_following_reply(const Address& address, DataIdentifier identifier, ByteView payload,
                                              std::uint8_t sequence, bool more_follows,
                                              std::uint8_t preamble_octets = 0) noexcept;
/// 93H.
[[nodiscard]] FrameBuffer read_address_reply(const Address& address, std::uint8_t preamble_octets = 0) noexcept;
/// 97H and 9DH: the octet asked for is repeated.
[[nodiscard]] FrameBuffer change_speed_reply(const Address& address, std::uint8_t speed_word,
                                             std::uint8_t preamble_octets = 0) noexcept;
[[nodiscard]] FrameBuffer multi_function_output_reply(const Address& address, std::uint8_t output,
                                                      std::uint8_t preamble_octets = 0) noexcept;
/// 98H: the new level and password.
[[nodiscard]] FrameBuffer change_password_reply(const Address& address,
                                                const std::array<std::uint8_t, 4>& new_level_and_password,
                                                std::uint8_t preamble_octets = 0) noexcept;
/// 83H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame security_reply(const Address& address, DataIdentifier identifier, ByteView data,
                                        std::uint8_t preamble_octets = 0) noexcept;
/// C3H with SERR.
[[nodiscard]] FrameBuffer security_error_reply(const Address& address, std::uint16_t error_word,
                                               std::uint8_t preamble_octets = 0) noexcept;
/// The answer without content that accepts a write, a clear, a command …
[[nodiscard]] FrameBuffer accept_reply(const Address& address, std::uint8_t function,
                                       std::uint8_t preamble_octets = 0) noexcept;
/// D1H and its like; `error_word` bits as error_bit_name() tells.
[[nodiscard]] FrameBuffer error_reply(const Address& address, std::uint8_t function, std::uint8_t error_word,
                                      std::uint8_t preamble_octets = 0) noexcept;
namespace error_bits {
inline constexpr std::uint8_t other_error = 0x01;
inline constexpr std::uint8_t no_requested_data = 0x02;
inline constexpr std::uint8_t password_error = 0x04;
inline constexpr std::uint8_t speed_cannot_be_changed = 0x08;
inline constexpr std::uint8_t too_many_year_time_zones = 0x10;
inline constexpr std::uint8_t too_many_day_periods = 0x20;
inline constexpr std::uint8_t too_many_tariffs = 0x40;
}  // namespace error_bits

// The 1997 edition: two-octet identifiers, functions of its own. Source: DL/T 645-1997, as public knowledge gives it.

/// 01H.
[[nodiscard]] FrameBuffer read_request_1997(const Address& address, std::uint16_t identifier,
                                            std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 02H and 03H: the following part of an answer, and the last part again.
[[nodiscard]] FrameBuffer read_following_request_1997(const Address& address, std::uint16_t identifier,
                                                      std::uint8_t preamble_octets = master_preamble_octets) noexcept;
[[nodiscard]] FrameBuffer read_again_request_1997(const Address& address, std::uint16_t identifier,
                                                  std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 04H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame write_request_1997(const Address& address, std::uint16_t identifier,
                                            const std::array<std::uint8_t, 4>& level_and_password, ByteView payload,
                                            std::uint8_t preamble_octets = master_preamble_octets) noexcept;
/// 81H, A1H. Errors: limit_exceeded.
[[nodiscard]] BuiltFrame read_reply_1997(const Address& address, std::uint16_t identifier, ByteView payload,
                                         bool more_follows = false, std::uint8_t preamble_octets = 0) noexcept;

// Reading the fixed parts of DATA; `plain` is DATA without 33H. Errors: truncated - DATA is too short for it.

[[nodiscard]] std::expected<DataIdentifier, DecodeError> read_identifier(ByteView plain) noexcept;

/// 11H taken apart; the count and the time stand in questions for load records only.
struct ReadRequest {
  DataIdentifier identifier;
  std::optional<std::uint8_t> block_count;
  std::optional<DateTime> from;  ///< not checked: see is_valid()
};
/// Errors beside truncated: malformed - octets behind the identifier that are neither a count nor a count and a time;
/// bad_bcd_digit.
[[nodiscard]] std::expected<ReadRequest, DecodeError> parse_read_request(ByteView plain) noexcept;

/// The address in 93H and 15H.
[[nodiscard]] std::expected<Address, DecodeError> parse_address(ByteView plain) noexcept;
/// The one octet of 17H, 97H, 1DH, 9DH and of most error answers.
[[nodiscard]] std::expected<std::uint8_t, DecodeError> parse_octet(ByteView plain) noexcept;

struct ChangePassword {
  DataIdentifier identifier;
  std::array<std::uint8_t, 4> old_level_and_password{};
  std::array<std::uint8_t, 4> new_level_and_password{};
};
[[nodiscard]] std::expected<ChangePassword, DecodeError> parse_change_password(ByteView plain) noexcept;

/// 19H, 1AH and, with its identifier, 1BH.
struct ClearRequest {
  Authority authority;
  std::optional<DataIdentifier> events;
};
[[nodiscard]] std::expected<ClearRequest, DecodeError> parse_clear_request(ByteView plain) noexcept;

/// 03H and 83H. A question names its operator; an answer goes on with its data at once.
struct SecurityMessage {
  DataIdentifier identifier;
  std::array<std::uint8_t, 4> operator_code{};
  bool has_operator = false;
  ByteView data;  ///< into `plain`
};
[[nodiscard]] std::expected<SecurityMessage, DecodeError> parse_security(ByteView plain, bool from_slave) noexcept;
/// SERR of C3H; bits as security_error_bit_name() tells.
[[nodiscard]] std::expected<std::uint16_t, DecodeError> parse_security_error(ByteView plain) noexcept;

/// A read answer taken apart: 91/B1 and, with its sequence number, 92/B2.
struct ReadReply {
  DataIdentifier identifier;
  std::uint8_t sequence = 0;  ///< 0 in 91/B1
  ByteView payload;           ///< into `plain`
};
[[nodiscard]] std::expected<ReadReply, DecodeError> parse_read_reply(const FrameView& frame, ByteView plain) noexcept;

[[nodiscard]] std::expected<FreezeTime, DecodeError> parse_freeze(ByteView plain) noexcept;

struct WriteRequest {
  DataIdentifier identifier;
  Authority authority;
  ByteView payload;  ///< into `plain`
};
[[nodiscard]] std::expected<WriteRequest, DecodeError> parse_write_request(ByteView plain) noexcept;

struct ControlRequest {
  Authority authority;
  std::uint8_t command = 0;   ///< a RelayCommand, if known
  std::uint8_t addition = 0;  ///< N2
  ByteView valid_until;       ///< N3..N8 as they travel, into `plain`
};
[[nodiscard]] std::expected<ControlRequest, DecodeError> parse_control_request(ByteView plain) noexcept;

}  // namespace duheng::dlt645
