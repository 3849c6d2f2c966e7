#include "codec/dlt645/message.hpp"

#include <algorithm>

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_application = "DL/T 645-2007, 7";
constexpr std::size_t authority_octets = 8;
constexpr std::size_t control_octets = 16;

/// DATA under construction; remembers when it did not fit.
class DataBuilder {
 public:
  DataBuilder& add(ByteView octets) noexcept {
    fits_ = fits_ && octets.size() <= buffer_.size() - size_;
    if (fits_) {
      std::ranges::copy(octets, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
      size_ += octets.size();
    }
    return *this;
  }
  DataBuilder& add(std::uint8_t octet) noexcept { return add(ByteView(&octet, 1)); }
  DataBuilder& add(DataIdentifier identifier) noexcept { return add(ByteView(identifier.to_plain())); }
  DataBuilder& add_1997(std::uint16_t identifier) noexcept {
    return add(static_cast<std::uint8_t>(identifier)).add(static_cast<std::uint8_t>(identifier >> 8));
  }
  DataBuilder& add(const Authority& authority) noexcept {
    return add(authority.level).add(ByteView(authority.password)).add(ByteView(authority.operator_code));
  }
  [[nodiscard]] BuiltFrame finish(const Address& address, unsigned control,
                                  std::uint8_t preamble_octets) const noexcept {
    if (!fits_) {
      return std::unexpected(DecodeError{ErrorCode::limit_exceeded, Field::data, 0, 0, 0, clause_application});
    }
    return encode({address, static_cast<std::uint8_t>(control), ByteView(buffer_.data(), size_),
                   std::min<std::uint8_t>(preamble_octets, FrameBuffer::preamble_octets_max)});
  }
  /// For DATA of fixed size, which cannot fail.
  [[nodiscard]] FrameBuffer finish_fixed(const Address& address, unsigned control,
                                         std::uint8_t preamble_octets) const noexcept {
    return *finish(address, control, preamble_octets);
  }

 private:
  std::array<std::uint8_t, frame_layout::data_octets_max> buffer_;
  std::size_t size_ = 0;
  bool fits_ = true;
};

constexpr unsigned code(Function function) noexcept { return static_cast<unsigned>(function); }
constexpr unsigned code(Function1997 function) noexcept { return static_cast<unsigned>(function); }
constexpr unsigned reply_code(Function function, bool more_follows) noexcept {
  return code(function) | control_bits::from_slave | (more_follows ? control_bits::follow : 0U);
}

constexpr std::uint8_t to_bcd(unsigned two_digits) noexcept {
  return static_cast<std::uint8_t>((two_digits / 10 % 10) << 4 | two_digits % 10);
}

std::unexpected<DecodeError> too_short(Field field, std::size_t offset) noexcept {
  return std::unexpected(
      DecodeError{ErrorCode::truncated, field, 0, 0, static_cast<std::uint32_t>(offset), clause_application});
}

Authority read_authority(ByteView plain) noexcept {
  Authority authority;
  authority.level = plain[0];
  std::ranges::copy(plain.subspan(1, 3), authority.password.begin());
  std::ranges::copy(plain.subspan(4, 4), authority.operator_code.begin());
  return authority;
}

}  // namespace

FrameBuffer read_request(const Address& address, DataIdentifier identifier, std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(identifier).finish_fixed(address, code(Function::read), preamble_octets);
}

FrameBuffer read_records_request(const Address& address, DataIdentifier identifier, std::uint8_t block_count,
                                 const std::optional<DateTime>& from, std::uint8_t preamble_octets) noexcept {
  DataBuilder data;
  data.add(identifier).add(to_bcd(block_count));
  // The wire has mm hh DD MM YY, which is a whole date and time but for its seconds.
  if (from) data.add(ByteView(encode_date_time(*from)).subspan(1));
  return data.finish_fixed(address, code(Function::read), preamble_octets);
}

FrameBuffer read_following_request(const Address& address, DataIdentifier identifier, std::uint8_t sequence,
                                   std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(sequence)
      .finish_fixed(address, code(Function::read_following), preamble_octets);
}

FrameBuffer read_address_request(std::uint8_t preamble_octets) noexcept {
  return DataBuilder().finish_fixed(Address::wildcard(), code(Function::read_address), preamble_octets);
}

FrameBuffer broadcast_time(const DateTime& time, const Address& address, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(ByteView(encode_date_time(time)))
      .finish_fixed(address, code(Function::broadcast_time), preamble_octets);
}

FrameBuffer write_address_request(const Address& new_address, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(ByteView(new_address.wire()))
      .finish_fixed(Address::wildcard(), code(Function::write_address), preamble_octets);
}

FrameBuffer freeze_request(const Address& address, const FreezeTime& time, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(to_bcd(time.minute))
      .add(to_bcd(time.hour))
      .add(to_bcd(time.day))
      .add(to_bcd(time.month))
      .finish_fixed(address, code(Function::freeze), preamble_octets);
}

BuiltFrame write_request(const Address& address, DataIdentifier identifier, const Authority& authority,
                         ByteView payload, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(authority)
      .add(payload)
      .finish(address, code(Function::write), preamble_octets);
}

FrameBuffer control_request(const Address& address, const Authority& authority, RelayCommand command,
                            const DateTime& valid_until, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(authority)
      .add(static_cast<std::uint8_t>(command))
      .add(std::uint8_t{0})
      .add(ByteView(encode_date_time(valid_until)))
      .finish_fixed(address, code(Function::control), preamble_octets);
}

FrameBuffer change_speed_request(const Address& address, std::uint8_t speed_word,
                                 std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(speed_word).finish_fixed(address, code(Function::change_speed), preamble_octets);
}

FrameBuffer change_password_request(const Address& address, DataIdentifier identifier,
                                    const std::array<std::uint8_t, 4>& old_level_and_password,
                                    const std::array<std::uint8_t, 4>& new_level_and_password,
                                    std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(ByteView(old_level_and_password))
      .add(ByteView(new_level_and_password))
      .finish_fixed(address, code(Function::change_password), preamble_octets);
}

FrameBuffer clear_request(const Address& address, Function clear_demand_or_meter, const Authority& authority,
                          std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(authority).finish_fixed(address, code(clear_demand_or_meter), preamble_octets);
}

FrameBuffer clear_events_request(const Address& address, const Authority& authority, DataIdentifier events,
                                 std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(authority).add(events).finish_fixed(address, code(Function::clear_events), preamble_octets);
}

FrameBuffer multi_function_output_request(const Address& address, std::uint8_t output,
                                          std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(output).finish_fixed(address, code(Function::multi_function_output), preamble_octets);
}

BuiltFrame security_request(const Address& address, DataIdentifier identifier,
                            const std::array<std::uint8_t, 4>& operator_code, ByteView data,
                            std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(ByteView(operator_code))
      .add(data)
      .finish(address, code(Function::security), preamble_octets);
}

FrameBuffer change_speed_reply(const Address& address, std::uint8_t speed_word, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(speed_word)
      .finish_fixed(address, reply_code(Function::change_speed, false), preamble_octets);
}

FrameBuffer multi_function_output_reply(const Address& address, std::uint8_t output,
                                        std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add(output).finish_fixed(address, reply_code(Function::multi_function_output, false),
                                                preamble_octets);
}

FrameBuffer change_password_reply(const Address& address, const std::array<std::uint8_t, 4>& new_level_and_password,
                                  std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(ByteView(new_level_and_password))
      .finish_fixed(address, reply_code(Function::change_password, false), preamble_octets);
}

BuiltFrame security_reply(const Address& address, DataIdentifier identifier, ByteView data,
                          std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(data)
      .finish(address, reply_code(Function::security, false), preamble_octets);
}

FrameBuffer security_error_reply(const Address& address, std::uint16_t error_word,
                                 std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(static_cast<std::uint8_t>(error_word))
      .add(static_cast<std::uint8_t>(error_word >> 8))
      .finish_fixed(address, reply_code(Function::security, false) | control_bits::error, preamble_octets);
}

FrameBuffer read_request_1997(const Address& address, std::uint16_t identifier, std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add_1997(identifier).finish_fixed(address, code(Function1997::read), preamble_octets);
}

FrameBuffer read_following_request_1997(const Address& address, std::uint16_t identifier,
                                        std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add_1997(identifier).finish_fixed(address, code(Function1997::read_following), preamble_octets);
}

FrameBuffer read_again_request_1997(const Address& address, std::uint16_t identifier,
                                    std::uint8_t preamble_octets) noexcept {
  return DataBuilder().add_1997(identifier).finish_fixed(address, code(Function1997::read_again), preamble_octets);
}

BuiltFrame write_request_1997(const Address& address, std::uint16_t identifier,
                              const std::array<std::uint8_t, 4>& level_and_password, ByteView payload,
                              std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add_1997(identifier)
      .add(ByteView(level_and_password))
      .add(payload)
      .finish(address, code(Function1997::write), preamble_octets);
}

BuiltFrame read_reply_1997(const Address& address, std::uint16_t identifier, ByteView payload, bool more_follows,
                           std::uint8_t preamble_octets) noexcept {
  const unsigned follow = more_follows ? control_bits::follow : 0U;
  return DataBuilder()
      .add_1997(identifier)
      .add(payload)
      .finish(address, code(Function1997::read) | control_bits::from_slave | follow, preamble_octets);
}

BuiltFrame read_reply(const Address& address, DataIdentifier identifier, ByteView payload, bool more_follows,
                      std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(payload)
      .finish(address, reply_code(Function::read, more_follows), preamble_octets);
}

BuiltFrame read_following_reply(const Address& address, DataIdentifier identifier, ByteView payload,
                                std::uint8_t sequence, bool more_follows, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(identifier)
      .add(payload)
      .add(sequence)
      .finish(address, reply_code(Function::read_following, more_follows), preamble_octets);
}

FrameBuffer read_address_reply(const Address& address, std::uint8_t preamble_octets) noexcept {
  return DataBuilder()
      .add(ByteView(address.wire()))
      .finish_fixed(address, reply_code(Function::read_address, false), preamble_octets);
}

FrameBuffer accept_reply(const Address& address, std::uint8_t function, std::uint8_t preamble_octets) noexcept {
  return DataBuilder().finish_fixed(address, (function & control_bits::function) | control_bits::from_slave,
                                    preamble_octets);
}

FrameBuffer error_reply(const Address& address, std::uint8_t function, std::uint8_t error_word,
                        std::uint8_t preamble_octets) noexcept {
  const unsigned control = (function & control_bits::function) | control_bits::from_slave | control_bits::error;
  return DataBuilder().add(error_word).finish_fixed(address, control, preamble_octets);
}

std::expected<DataIdentifier, DecodeError> read_identifier(ByteView plain) noexcept {
  if (plain.size() < DataIdentifier::size_octets) return too_short(Field::data_identifier, plain.size());
  return DataIdentifier::from_plain(plain);
}

std::expected<ReadRequest, DecodeError> parse_read_request(ByteView plain) noexcept {
  constexpr std::size_t with_count = DataIdentifier::size_octets + 1;
  constexpr std::size_t with_time = with_count + 5;
  if (plain.size() < DataIdentifier::size_octets) return too_short(Field::data_identifier, plain.size());
  ReadRequest request;
  request.identifier = DataIdentifier::from_plain(plain);
  if (plain.size() == DataIdentifier::size_octets) return request;
  if (plain.size() != with_count && plain.size() != with_time) {
    return std::unexpected(DecodeError{ErrorCode::malformed, Field::data, 0, 0,
                                       static_cast<std::uint32_t>(plain.size()), clause_application});
  }
  std::array<std::uint8_t, 6> clock{};
  std::array<std::uint8_t, 6> numbers{};
  std::ranges::copy(plain.subspan(DataIdentifier::size_octets), clock.begin());
  for (std::size_t i = 0; i < clock.size(); ++i) {
    if ((clock[i] >> 4U) > 9 || (clock[i] & 0x0FU) > 9) {
      return std::unexpected(DecodeError{ErrorCode::bad_bcd_digit, Field::value, 0, clock[i],
                                         static_cast<std::uint32_t>(DataIdentifier::size_octets + i),
                                         clause_application});
    }
    numbers[i] = static_cast<std::uint8_t>((clock[i] >> 4U) * 10 + (clock[i] & 0x0FU));
  }
  request.block_count = numbers[0];
  if (plain.size() == with_time) {
    request.from =
        DateTime{static_cast<std::uint16_t>(2000 + numbers[5]), numbers[4], numbers[3], numbers[2], numbers[1], 0};
  }
  return request;
}

std::expected<Address, DecodeError> parse_address(ByteView plain) noexcept {
  if (plain.size() < Address::size_octets) return too_short(Field::data, plain.size());
  return Address::from_wire(plain.first(Address::size_octets));
}

std::expected<std::uint8_t, DecodeError> parse_octet(ByteView plain) noexcept {
  if (plain.empty()) return too_short(Field::data, 0);
  return plain[0];
}

std::expected<ChangePassword, DecodeError> parse_change_password(ByteView plain) noexcept {
  if (plain.size() < 12) return too_short(Field::data, plain.size());
  ChangePassword change;
  change.identifier = DataIdentifier::from_plain(plain);
  std::ranges::copy(plain.subspan(4, 4), change.old_level_and_password.begin());
  std::ranges::copy(plain.subspan(8, 4), change.new_level_and_password.begin());
  return change;
}

std::expected<ClearRequest, DecodeError> parse_clear_request(ByteView plain) noexcept {
  if (plain.size() < authority_octets) return too_short(Field::data, plain.size());
  ClearRequest request;
  request.authority = read_authority(plain);
  if (plain.size() == authority_octets) return request;
  if (plain.size() < authority_octets + DataIdentifier::size_octets) {
    return too_short(Field::data_identifier, plain.size());
  }
  request.events = DataIdentifier::from_plain(plain.subspan(authority_octets));
  return request;
}

std::expected<SecurityMessage, DecodeError> parse_security(ByteView plain, bool from_slave) noexcept {
  const std::size_t fixed = DataIdentifier::size_octets + (from_slave ? 0U : 4U);
  if (plain.size() < fixed) return too_short(Field::data, plain.size());
  SecurityMessage message;
  message.identifier = DataIdentifier::from_plain(plain);
  message.has_operator = !from_slave;
  if (!from_slave) std::ranges::copy(plain.subspan(DataIdentifier::size_octets, 4), message.operator_code.begin());
  message.data = plain.subspan(fixed);
  return message;
}

std::expected<std::uint16_t, DecodeError> parse_security_error(ByteView plain) noexcept {
  if (plain.size() < 2) return too_short(Field::data, plain.size());
  return static_cast<std::uint16_t>(plain[0] | plain[1] << 8);
}

std::expected<ReadReply, DecodeError> parse_read_reply(const FrameView& frame, ByteView plain) noexcept {
  const bool has_sequence = frame.is(Function::read_following);
  const std::size_t fixed = DataIdentifier::size_octets + (has_sequence ? 1 : 0);
  if (plain.size() < fixed) return too_short(Field::data_identifier, plain.size());
  ReadReply reply;
  reply.identifier = DataIdentifier::from_plain(plain);
  reply.payload = plain.subspan(DataIdentifier::size_octets, plain.size() - fixed);
  if (has_sequence) reply.sequence = plain.back();
  return reply;
}

std::expected<FreezeTime, DecodeError> parse_freeze(ByteView plain) noexcept {
  if (plain.size() < 4) return too_short(Field::data, plain.size());
  std::array<std::uint8_t, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const unsigned high = plain[i] >> 4U;
    const unsigned low = plain[i] & 0x0FU;
    if (high > 9 || low > 9) {
      return std::unexpected(DecodeError{ErrorCode::bad_bcd_digit, Field::value, 0, plain[i],
                                         static_cast<std::uint32_t>(i), clause_application});
    }
    numbers[i] = static_cast<std::uint8_t>(high * 10 + low);
  }
  return FreezeTime{numbers[0], numbers[1], numbers[2], numbers[3]};
}

std::expected<WriteRequest, DecodeError> parse_write_request(ByteView plain) noexcept {
  constexpr std::size_t fixed = DataIdentifier::size_octets + authority_octets;
  if (plain.size() < fixed) return too_short(Field::data, plain.size());
  WriteRequest request;
  request.identifier = DataIdentifier::from_plain(plain);
  request.authority = read_authority(plain.subspan(DataIdentifier::size_octets));
  request.payload = plain.subspan(fixed);
  return request;
}

std::expected<ControlRequest, DecodeError> parse_control_request(ByteView plain) noexcept {
  if (plain.size() < control_octets) return too_short(Field::data, plain.size());
  ControlRequest request;
  request.authority = read_authority(plain);
  request.command = plain[8];
  request.addition = plain[9];
  request.valid_until = plain.subspan(10, 6);
  return request;
}

}  // namespace duheng::dlt645
