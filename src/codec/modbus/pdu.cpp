#include "codec/modbus/pdu.hpp"

namespace duheng::modbus {

namespace {

using Checked = std::expected<void, DecodeError>;

constexpr std::size_t write_header_octets = 6;        // function, address, quantity, byte count
constexpr std::size_t read_write_header_octets = 10;  // function, two addresses and quantities, byte count
constexpr std::size_t read_answer_header_octets = 2;  // function, byte count
constexpr std::uint16_t coil_on = 0xFF00;

/// One check of a PDU after the other; the first fault is kept.
class Checker {
 public:
  Checker(ByteView octets, std::string_view clause) noexcept : octets_(octets), clause_(clause) {}

  [[nodiscard]] std::uint16_t word(std::size_t offset) const noexcept {
    return static_cast<std::uint16_t>(octets_[offset] << 8 | octets_[offset + 1]);
  }
  [[nodiscard]] std::unexpected<DecodeError> truncated(Field field, std::size_t offset) const noexcept {
    return std::unexpected(DecodeError{ErrorCode::truncated, field, 0, 0, static_cast<std::uint32_t>(offset), clause_});
  }
  [[nodiscard]] std::unexpected<DecodeError> malformed(Field field, std::size_t offset, unsigned expected,
                                                       unsigned found) const noexcept {
    return std::unexpected(DecodeError{ErrorCode::malformed, field, static_cast<std::uint16_t>(expected),
                                       static_cast<std::uint16_t>(found), static_cast<std::uint32_t>(offset), clause_});
  }
  /// Nothing may stand behind `size` octets.
  [[nodiscard]] Checked ends_at(std::size_t size) const noexcept {
    if (octets_.size() == size) return {};
    return malformed(Field::trailing, size, static_cast<unsigned>(size), static_cast<unsigned>(octets_.size()));
  }
  /// A quantity of 1 to `max` whose last address is at most 65535.
  [[nodiscard]] Checked range(std::size_t address_at, std::size_t quantity_at, Field quantity_field,
                              Field address_field, unsigned max) const noexcept {
    const unsigned quantity = word(quantity_at);
    if (quantity == 0 || quantity > max) return malformed(quantity_field, quantity_at, max, quantity);
    const unsigned address = word(address_at);
    if (address + quantity > limits::addresses) {
      return malformed(address_field, address_at, limits::addresses - quantity, address);
    }
    return {};
  }
  /// A byte count that says `expected`, then as many octets to the end.
  [[nodiscard]] Checked counted_values(std::size_t count_at, unsigned expected) const noexcept {
    if (octets_[count_at] != expected) return malformed(Field::byte_count, count_at, expected, octets_[count_at]);
    if (octets_.size() < count_at + 1 + expected) return truncated(Field::values, octets_.size());
    return ends_at(count_at + 1 + expected);
  }

 private:
  ByteView octets_;
  std::string_view clause_;
};

/// The field of a request or an echo to which the first missing octet would have belonged.
Field missing_field(std::uint8_t code, std::size_t size) noexcept {
  const auto function = static_cast<Function>(code);
  if (size == 0) return Field::function;
  if (size < 3) return Field::address;
  if (function == Function::mask_write_register) return size < 5 ? Field::and_mask : Field::or_mask;
  if (size < 5) {
    const bool single = function == Function::write_single_coil || function == Function::write_single_register;
    return single ? Field::values : Field::quantity;
  }
  if (function != Function::read_write_multiple_registers) return Field::byte_count;
  if (size < 7) return Field::write_address;
  return size < 9 ? Field::write_quantity : Field::byte_count;
}

Checked check_coil(const Checker& check) noexcept {
  const std::uint16_t value = check.word(3);
  if (value != 0 && value != coil_on) return check.malformed(Field::values, 3, coil_on, value);
  return {};
}

/// Requests whose first part is address and one more word; answers that echo them.
Checked check_fixed(const Checker& check, ByteView octets, std::size_t size) noexcept {
  if (octets.size() < size) return check.truncated(missing_field(octets[0], octets.size()), octets.size());
  return check.ends_at(size);
}

Checked check_write_many(const Checker& check, ByteView octets, unsigned max, bool bits) noexcept {
  if (octets.size() < write_header_octets)
    return check.truncated(missing_field(octets[0], octets.size()), octets.size());
  if (auto fault = check.range(1, 3, Field::quantity, Field::address, max); !fault) return fault;
  const unsigned quantity = check.word(3);
  return check.counted_values(5, bits ? (quantity + 7) / 8 : quantity * 2);
}

Checked check_read_write(const Checker& check, ByteView octets) noexcept {
  if (octets.size() < read_write_header_octets) {
    return check.truncated(missing_field(octets[0], octets.size()), octets.size());
  }
  if (auto fault = check.range(1, 3, Field::quantity, Field::address, limits::read_registers_max); !fault) return fault;
  if (auto fault = check.range(5, 7, Field::write_quantity, Field::write_address, limits::read_write_registers_max);
      !fault) {
    return fault;
  }
  return check.counted_values(9, check.word(7) * 2U);
}

Checked check_identification_request(const Checker& check, ByteView octets) noexcept {
  if (octets.size() < 3) return check.truncated(Field::read_device_id, octets.size());
  if (octets[2] < 1 || octets[2] > 4) return check.malformed(Field::read_device_id, 2, 1, octets[2]);
  if (octets.size() < 4) return check.truncated(Field::object_id, octets.size());
  return check.ends_at(4);
}

Checked check_identification_response(const Checker& check, ByteView octets) noexcept {
  constexpr Field fields[] = {Field::read_device_id, Field::conformity_level, Field::more_follows,
                              Field::next_object_id, Field::number_of_objects};
  const std::size_t size = octets.size();
  if (size > 2 && (octets[2] < 1 || octets[2] > 4)) return check.malformed(Field::read_device_id, 2, 1, octets[2]);
  if (size > 3) {
    const unsigned level = octets[3] & 0x7FU;
    if (level < 1 || level > 3) return check.malformed(Field::conformity_level, 3, 1, octets[3]);
  }
  if (size > 4 && octets[4] != 0 && octets[4] != 0xFF) return check.malformed(Field::more_follows, 4, 0, octets[4]);
  if (size < PduView::identification_header_octets) return check.truncated(fields[size - 2], size);
  std::size_t at = PduView::identification_header_octets;
  for (unsigned i = 0; i < octets[6]; ++i) {
    if (at >= size) return check.truncated(Field::object_id, size);
    if (at + 1 >= size) return check.truncated(Field::object_length, size);
    const std::size_t length = octets[at + 1];
    if (at + 2 + length > limits::pdu_octets_max) {
      return check.malformed(Field::object_length, at + 1, limits::pdu_octets_max - static_cast<unsigned>(at) - 2,
                             octets[at + 1]);
    }
    if (at + 2 + length > size) return check.truncated(Field::object_value, size);
    at += 2 + length;
  }
  return check.ends_at(at);
}

Checked check_encapsulated(const Checker& check, ByteView octets, Role role) noexcept {
  if (octets.size() < 2) return check.truncated(Field::mei_type, octets.size());
  if (octets[1] != mei_read_device_identification) return {};
  return role == Role::request ? check_identification_request(check, octets)
                               : check_identification_response(check, octets);
}

Checked check_request(const Checker& check, ByteView octets) noexcept {
  const auto function = static_cast<Function>(octets[0]);
  switch (function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check.range(1, 3, Field::quantity, Field::address, limits::read_bits_max);
    case Function::read_holding_registers:
    case Function::read_input_registers:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check.range(1, 3, Field::quantity, Field::address, limits::read_registers_max);
    case Function::write_single_coil:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check_coil(check);
    case Function::write_single_register:
      return check_fixed(check, octets, 5);
    case Function::write_multiple_coils:
      return check_write_many(check, octets, limits::write_coils_max, true);
    case Function::write_multiple_registers:
      return check_write_many(check, octets, limits::write_registers_max, false);
    case Function::mask_write_register:
      return check_fixed(check, octets, 7);
    case Function::read_write_multiple_registers:
      return check_read_write(check, octets);
    case Function::encapsulated_interface:
      return check_encapsulated(check, octets, Role::request);
  }
  return {};
}

Checked check_read_answer(const Checker& check, ByteView octets, bool bits) noexcept {
  if (octets.size() < read_answer_header_octets) return check.truncated(Field::byte_count, octets.size());
  const unsigned count = octets[1];
  if (count == 0 || count > limits::read_bits_max / 8) {
    return check.malformed(Field::byte_count, 1, limits::read_bits_max / 8, count);
  }
  if (!bits && count % 2 != 0) return check.malformed(Field::byte_count, 1, count - 1, count);
  return check.counted_values(1, count);
}

Checked check_response(const Checker& check, ByteView octets) noexcept {
  if ((octets[0] & exception_bit) != 0) {
    if (octets.size() < 2) return check.truncated(Field::exception_code, octets.size());
    return check.ends_at(2);
  }
  const auto function = static_cast<Function>(octets[0]);
  switch (function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
      return check_read_answer(check, octets, true);
    case Function::read_holding_registers:
    case Function::read_input_registers:
    case Function::read_write_multiple_registers:
      return check_read_answer(check, octets, false);
    case Function::write_single_coil:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check_coil(check);
    case Function::write_single_register:
      return check_fixed(check, octets, 5);
    case Function::write_multiple_coils:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check.range(1, 3, Field::quantity, Field::address, limits::write_coils_max);
    case Function::write_multiple_registers:
      if (auto fault = check_fixed(check, octets, 5); !fault) return fault;
      return check.range(1, 3, Field::quantity, Field::address, limits::write_registers_max);
    case Function::mask_write_register:
      return check_fixed(check, octets, 7);
    case Function::encapsulated_interface:
      return check_encapsulated(check, octets, Role::response);
  }
  return {};
}

PduSize known(std::size_t octets) noexcept {
  if (octets > limits::pdu_octets_max) return {PduSize::Kind::impossible, 0};
  return {PduSize::Kind::known, static_cast<std::uint16_t>(octets)};
}
PduSize more(std::size_t octets) noexcept { return {PduSize::Kind::more, static_cast<std::uint16_t>(octets)}; }

/// Size told by the octet at `count_at`, which counts those behind it.
PduSize counted(ByteView octets, std::size_t count_at) noexcept {
  if (octets.size() <= count_at) return more(count_at + 1);
  return known(count_at + 1 + octets[count_at]);
}

PduSize identification_response_size(ByteView octets) noexcept {
  std::size_t at = PduView::identification_header_octets;
  if (octets.size() < at) return more(at);
  for (unsigned i = 0; i < octets[6]; ++i) {
    if (at + 2 > limits::pdu_octets_max) return {PduSize::Kind::impossible, 0};
    if (octets.size() < at + 2) return more(at + 2);
    at += 2U + octets[at + 1];
  }
  return known(at);
}

PduSize encapsulated_size(ByteView octets, Role role) noexcept {
  if (octets.size() < 2) return more(2);
  if (octets[1] != mei_read_device_identification) return {PduSize::Kind::unknown, 0};
  return role == Role::request ? known(4) : identification_response_size(octets);
}

}  // namespace

std::expected<PduView, DecodeError> decode_pdu(ByteView octets, Role role) noexcept {
  constexpr std::string_view clause_pdu = "Modbus Application Protocol V1.1b3, 4.1";
  if (octets.empty()) {
    return std::unexpected(DecodeError{ErrorCode::truncated, Field::function, 0, 0, 0, clause_pdu});
  }
  const std::uint8_t code = octets[0];
  const Checker any(octets, clause_pdu);
  const bool plain_code_is_zero = (code & ~unsigned{exception_bit}) == 0;
  if (plain_code_is_zero || (role == Role::request && (code & exception_bit) != 0)) {
    return any.malformed(Field::function, 0, 0, code);
  }
  if (octets.size() > limits::pdu_octets_max) {
    return any.malformed(Field::trailing, limits::pdu_octets_max, limits::pdu_octets_max,
                         static_cast<unsigned>(octets.size()));
  }
  const Checker check(octets, {});
  const auto checked = role == Role::request ? check_request(check, octets) : check_response(check, octets);
  if (!checked) {
    DecodeError fault = checked.error();
    fault.clause = function_clause(static_cast<std::uint8_t>(code & ~unsigned{exception_bit}));
    return std::unexpected(fault);
  }
  PduView view;
  view.data_ = octets.data();
  view.size_ = static_cast<std::uint16_t>(octets.size());
  view.role_ = role;
  return view;
}

PduSize pdu_size(ByteView octets, Role role) noexcept {
  if (octets.empty()) return more(1);
  const std::uint8_t code = octets[0];
  if ((code & ~unsigned{exception_bit}) == 0) return {PduSize::Kind::impossible, 0};
  const bool asks = role == Role::request;
  if ((code & exception_bit) != 0) return asks ? PduSize{PduSize::Kind::impossible, 0} : known(2);
  switch (static_cast<Function>(code)) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
      return asks ? known(5) : counted(octets, 1);
    case Function::write_single_coil:
    case Function::write_single_register:
      return known(5);
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
      return asks ? counted(octets, write_header_octets - 1) : known(5);
    case Function::mask_write_register:
      return known(7);
    case Function::read_write_multiple_registers:
      return asks ? counted(octets, read_write_header_octets - 1) : counted(octets, 1);
    case Function::encapsulated_interface:
      return encapsulated_size(octets, role);
  }
  return {PduSize::Kind::unknown, 0};
}

bool PduView::is_raw() const noexcept {
  if (is_exception()) return false;
  if (is(Function::encapsulated_interface)) return !is_identification();
  return !is_understood(function_octet());
}

bool PduView::has_address() const noexcept {
  switch (static_cast<Function>(function_octet())) {
    case Function::write_single_coil:
    case Function::write_single_register:
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
    case Function::mask_write_register:
      return true;
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
    case Function::read_write_multiple_registers:
      return role_ == Role::request;
    case Function::encapsulated_interface:
      break;
  }
  return false;
}

bool PduView::has_quantity() const noexcept {
  return has_address() && !is(Function::write_single_coil) && !is(Function::write_single_register) &&
         !is(Function::mask_write_register);
}

std::uint16_t PduView::single_value() const noexcept {
  return is(Function::write_single_coil) || is(Function::write_single_register) ? word_at(3) : std::uint16_t{0};
}
std::uint16_t PduView::and_mask() const noexcept {
  return is(Function::mask_write_register) ? word_at(3) : std::uint16_t{0};
}
std::uint16_t PduView::or_mask() const noexcept {
  return is(Function::mask_write_register) ? word_at(5) : std::uint16_t{0};
}
std::uint16_t PduView::write_address() const noexcept {
  return is(Function::read_write_multiple_registers) && role_ == Role::request ? word_at(5) : std::uint16_t{0};
}
std::uint16_t PduView::write_quantity() const noexcept {
  return is(Function::read_write_multiple_registers) && role_ == Role::request ? word_at(7) : std::uint16_t{0};
}

std::size_t PduView::value_offset() const noexcept {
  const bool asks = role_ == Role::request;
  switch (static_cast<Function>(function_octet())) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
      return asks ? 0 : read_answer_header_octets;
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
      return asks ? write_header_octets : 0;
    case Function::read_write_multiple_registers:
      return asks ? read_write_header_octets : read_answer_header_octets;
    default:
      return 0;
  }
}

ByteView PduView::value_octets() const noexcept {
  const std::size_t offset = value_offset();
  return offset == 0 ? ByteView{} : octets().subspan(offset);
}

bool PduView::holds_bits() const noexcept {
  return is(Function::read_coils) || is(Function::read_discrete_inputs) || is(Function::write_multiple_coils);
}

std::uint8_t PduView::mei_type() const noexcept { return is(Function::encapsulated_interface) ? data_[1] : 0; }
std::uint8_t PduView::object_id() const noexcept {
  if (!is_identification()) return 0;
  return role_ == Role::request ? data_[3] : data_[5];
}
std::uint8_t PduView::conformity_level() const noexcept {
  return is_identification() && role_ == Role::response ? data_[3] : 0;
}
bool PduView::more_follows() const noexcept { return is_identification() && role_ == Role::response && data_[4] != 0; }
std::uint8_t PduView::object_count() const noexcept {
  return is_identification() && role_ == Role::response ? data_[6] : 0;
}

}  // namespace duheng::modbus
