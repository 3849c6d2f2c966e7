#include "codec/modbus/message.hpp"

#include <algorithm>

namespace duheng::modbus {

namespace {

BuiltPdu checked(const PduBuffer& pdu, Role role) noexcept {
  const auto view = decode_pdu(pdu.view(), role);
  if (view) return pdu;
  DecodeError error = view.error();
  error.code = ErrorCode::invalid_argument;
  return std::unexpected(error);
}

std::unexpected<DecodeError> refused(ErrorCode code, Field field, std::size_t offset, std::uint8_t function,
                                     unsigned expected, unsigned found) noexcept {
  return std::unexpected(DecodeError{code, field, static_cast<std::uint16_t>(expected),
                                     static_cast<std::uint16_t>(found), static_cast<std::uint32_t>(offset),
                                     function_clause(function)});
}

PduBuffer begin(Function function) noexcept {
  PduBuffer pdu;
  pdu.append(static_cast<std::uint8_t>(function));
  return pdu;
}
PduBuffer begin(Function function, std::uint16_t first, std::uint16_t second) noexcept {
  PduBuffer pdu = begin(function);
  pdu.append_word(first);
  pdu.append_word(second);
  return pdu;
}

void append_words(PduBuffer& pdu, std::span<const std::uint16_t> words) noexcept {
  pdu.append(static_cast<std::uint8_t>(words.size() * 2));
  for (const std::uint16_t word : words) pdu.append_word(word);
}

/// The byte count and the bits; false when `packed` holds too few.
bool append_bits(PduBuffer& pdu, std::uint16_t quantity, ByteView packed) noexcept {
  const std::size_t octets = (quantity + 7U) / 8;
  if (packed.size() < octets || octets > pdu.room() - 1) return false;
  pdu.append(static_cast<std::uint8_t>(octets));
  pdu.append(packed.first(octets));
  if (const unsigned used = quantity % 8; used != 0) {
    pdu.set(pdu.view().size() - 1, static_cast<std::uint8_t>(packed[octets - 1] & ((1U << used) - 1)));
  }
  return true;
}

/// A count of words that a 16-bit field holds; more is refused by the function's own limit.
std::uint16_t quantity_of(std::span<const std::uint16_t> values) noexcept {
  return static_cast<std::uint16_t>(std::min<std::size_t>(values.size(), 0xFFFF));
}

bool is_register_read(Function function) noexcept {
  return function == Function::read_holding_registers || function == Function::read_input_registers;
}
bool is_bit_read(Function function) noexcept {
  return function == Function::read_coils || function == Function::read_discrete_inputs;
}

std::expected<void, DecodeError> match_echo(const PduView& request, const PduView& response, std::size_t at,
                                            Field field) noexcept {
  const auto word = [at](const PduView& pdu) {
    return static_cast<unsigned>(pdu.octets()[at] << 8 | pdu.octets()[at + 1]);
  };
  if (word(request) == word(response)) return {};
  return refused(ErrorCode::conflict, field, at, request.function_code(), word(request), word(response));
}

std::expected<void, DecodeError> match_identification(const PduView& request, const PduView& response) noexcept {
  constexpr std::uint8_t one_object = 4;
  const std::uint8_t code = request.function_code();
  if (request.mei_type() != response.mei_type()) {
    return refused(ErrorCode::conflict, Field::mei_type, 1, code, request.mei_type(), response.mei_type());
  }
  if (!request.is_identification()) return {};
  if (request.read_device_id() != response.read_device_id()) {
    return refused(ErrorCode::conflict, Field::read_device_id, 2, code, request.read_device_id(),
                   response.read_device_id());
  }
  if (request.read_device_id() != one_object) return {};
  if (response.object_count() != 1) {
    return refused(ErrorCode::conflict, Field::number_of_objects, 6, code, 1, response.object_count());
  }
  const std::uint8_t found = response.octets()[PduView::identification_header_octets];
  if (found != request.object_id()) {
    return refused(ErrorCode::conflict, Field::object_id, PduView::identification_header_octets, code,
                   request.object_id(), found);
  }
  return {};
}

std::expected<void, DecodeError> match_content(const PduView& request, const PduView& response) noexcept {
  const auto function = static_cast<Function>(request.function_octet());
  switch (function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
    case Function::read_write_multiple_registers: {
      const unsigned due = is_bit_read(function) ? (request.quantity() + 7U) / 8 : request.quantity() * 2U;
      const auto found = static_cast<unsigned>(response.value_octets().size());
      if (due == found) return {};
      return refused(ErrorCode::conflict, Field::byte_count, 1, request.function_code(), due, found);
    }
    case Function::write_single_coil:
    case Function::write_single_register:
      if (auto fault = match_echo(request, response, 1, Field::address); !fault) return fault;
      return match_echo(request, response, 3, Field::values);
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
      if (auto fault = match_echo(request, response, 1, Field::address); !fault) return fault;
      return match_echo(request, response, 3, Field::quantity);
    case Function::mask_write_register:
      if (auto fault = match_echo(request, response, 1, Field::address); !fault) return fault;
      if (auto fault = match_echo(request, response, 3, Field::and_mask); !fault) return fault;
      return match_echo(request, response, 5, Field::or_mask);
    case Function::encapsulated_interface:
      return match_identification(request, response);
  }
  return {};
}

std::expected<void, DecodeError> match_unit(std::uint8_t request, std::uint8_t response, bool zero_is_broadcast,
                                            std::size_t offset) noexcept {
  if (request == response && !(zero_is_broadcast && request == 0)) return {};
  return std::unexpected(DecodeError{ErrorCode::conflict, Field::unit_id, request, response,
                                     static_cast<std::uint32_t>(offset), "Modbus over Serial Line V1.02, 2.2"});
}

}  // namespace

BuiltPdu read_request(Function function, std::uint16_t address, std::uint16_t quantity) noexcept {
  if (!is_bit_read(function) && !is_register_read(function)) {
    return refused(ErrorCode::invalid_argument, Field::function, 0, static_cast<std::uint8_t>(function), 0,
                   static_cast<std::uint8_t>(function));
  }
  return checked(begin(function, address, quantity), Role::request);
}

BuiltPdu write_coil_request(std::uint16_t address, bool on) noexcept {
  return checked(begin(Function::write_single_coil, address, on ? 0xFF00 : 0), Role::request);
}

BuiltPdu write_register_request(std::uint16_t address, std::uint16_t value) noexcept {
  return checked(begin(Function::write_single_register, address, value), Role::request);
}

BuiltPdu write_coils_request(std::uint16_t address, std::uint16_t quantity, ByteView packed) noexcept {
  PduBuffer pdu = begin(Function::write_multiple_coils, address, quantity);
  if (!append_bits(pdu, quantity, packed)) {
    return refused(ErrorCode::invalid_argument, Field::quantity, 3, 15, limits::write_coils_max, quantity);
  }
  return checked(pdu, Role::request);
}

BuiltPdu write_registers_request(std::uint16_t address, std::span<const std::uint16_t> values) noexcept {
  PduBuffer pdu = begin(Function::write_multiple_registers, address, quantity_of(values));
  append_words(pdu, values);
  return checked(pdu, Role::request);
}

BuiltPdu mask_write_request(std::uint16_t address, std::uint16_t and_mask, std::uint16_t or_mask) noexcept {
  PduBuffer pdu = begin(Function::mask_write_register, address, and_mask);
  pdu.append_word(or_mask);
  return checked(pdu, Role::request);
}

BuiltPdu read_write_request(std::uint16_t read_address, std::uint16_t read_quantity, std::uint16_t write_address,
                            std::span<const std::uint16_t> values) noexcept {
  PduBuffer pdu = begin(Function::read_write_multiple_registers, read_address, read_quantity);
  pdu.append_word(write_address);
  pdu.append_word(quantity_of(values));
  append_words(pdu, values);
  return checked(pdu, Role::request);
}

BuiltPdu identification_request(std::uint8_t read_device_id, std::uint8_t object_id) noexcept {
  PduBuffer pdu = begin(Function::encapsulated_interface);
  pdu.append(mei_read_device_identification);
  pdu.append(read_device_id);
  pdu.append(object_id);
  return checked(pdu, Role::request);
}

BuiltPdu bits_response(Function function, std::uint16_t quantity, ByteView packed) noexcept {
  PduBuffer pdu = begin(function);
  if (!is_bit_read(function) || !append_bits(pdu, quantity, packed)) {
    return refused(ErrorCode::invalid_argument, Field::quantity, 1, static_cast<std::uint8_t>(function),
                   limits::read_bits_max, quantity);
  }
  return checked(pdu, Role::response);
}

BuiltPdu registers_response(Function function, std::span<const std::uint16_t> values) noexcept {
  if ((!is_register_read(function) && function != Function::read_write_multiple_registers) ||
      values.size() > limits::read_registers_max) {
    return refused(ErrorCode::invalid_argument, Field::quantity, 1, static_cast<std::uint8_t>(function),
                   limits::read_registers_max, quantity_of(values));
  }
  PduBuffer pdu = begin(function);
  append_words(pdu, values);
  return checked(pdu, Role::response);
}

BuiltPdu write_response(const PduView& request) noexcept {
  const bool echoes = request.has_address() && !is_bit_read(static_cast<Function>(request.function_octet())) &&
                      !is_register_read(static_cast<Function>(request.function_octet())) &&
                      !request.is(Function::read_write_multiple_registers);
  if (!echoes) {
    return refused(ErrorCode::invalid_argument, Field::function, 0, request.function_code(), 0,
                   request.function_octet());
  }
  const bool writes_many = request.is(Function::write_multiple_coils) || request.is(Function::write_multiple_registers);
  PduBuffer pdu;
  pdu.append(writes_many ? request.octets().first(5) : request.octets());
  return checked(pdu, Role::response);
}

BuiltPdu exception_response(std::uint8_t function_code, ExceptionCode code) noexcept {
  PduBuffer pdu;
  pdu.append(static_cast<std::uint8_t>(function_code | exception_bit));
  pdu.append(static_cast<std::uint8_t>(code));
  return checked(pdu, Role::response);
}

BuiltPdu identification_response(const IdentificationHeader& header,
                                 std::span<const IdentificationObject> objects) noexcept {
  PduBuffer pdu = begin(Function::encapsulated_interface);
  pdu.append(mei_read_device_identification);
  pdu.append(header.read_device_id);
  pdu.append(header.conformity_level);
  pdu.append(header.more_follows ? 0xFF : 0);
  pdu.append(header.next_object_id);
  pdu.append(static_cast<std::uint8_t>(objects.size()));
  for (const auto& object : objects) {
    if (object.value.size() + 2 > pdu.room()) {
      return refused(ErrorCode::invalid_argument, Field::object_length, pdu.view().size() + 1, 43,
                     static_cast<unsigned>(pdu.room()), static_cast<unsigned>(object.value.size()));
    }
    pdu.append(object.id);
    pdu.append(static_cast<std::uint8_t>(object.value.size()));
    pdu.append(object.value);
  }
  return checked(pdu, Role::response);
}

BuiltPdu raw_pdu(std::uint8_t function_code, ByteView data, Role role) noexcept {
  PduBuffer pdu;
  pdu.append(function_code);
  if (data.size() > pdu.room()) {
    return refused(ErrorCode::invalid_argument, Field::length, 1, function_code, static_cast<unsigned>(pdu.room()),
                   static_cast<unsigned>(std::min<std::size_t>(data.size(), 0xFFFF)));
  }
  pdu.append(data);
  return checked(pdu, role);
}

std::expected<void, DecodeError> match_response(const PduView& request, const PduView& response) noexcept {
  if (request.octets().empty() || response.octets().empty() || request.role() != Role::request ||
      response.role() != Role::response) {
    return refused(ErrorCode::invalid_argument, Field::none, 0, 0, 0, 0);
  }
  if (request.function_code() != response.function_code()) {
    return refused(ErrorCode::conflict, Field::function, 0, request.function_code(), request.function_code(),
                   response.function_octet());
  }
  if (response.is_exception()) return {};
  return match_content(request, response);
}

std::expected<void, DecodeError> match_response(const RtuFrame& request, const RtuFrame& response) noexcept {
  if (auto fault = match_unit(request.unit_id(), response.unit_id(), true, 0); !fault) return fault;
  auto matched = match_response(request.pdu(), response.pdu());
  if (!matched) matched.error().octet_offset += 1;
  return matched;
}

std::expected<void, DecodeError> match_response(const AsciiFrame& request, const AsciiFrame& response) noexcept {
  if (auto fault = match_unit(request.unit_id(), response.unit_id(), true, 1); !fault) return fault;
  auto matched = match_response(request.pdu(), response.pdu());
  if (!matched) matched.error().octet_offset = 3 + 2 * matched.error().octet_offset;
  return matched;
}

std::expected<void, DecodeError> match_response(const TcpFrame& request, const TcpFrame& response) noexcept {
  if (request.transaction_id() != response.transaction_id()) {
    return std::unexpected(DecodeError{ErrorCode::conflict, Field::transaction_id, request.transaction_id(),
                                       response.transaction_id(), 0, "Modbus Messaging on TCP/IP V1.0b, 3.1.3"});
  }
  if (auto fault = match_unit(request.unit_id(), response.unit_id(), false, 6); !fault) return fault;
  auto matched = match_response(request.pdu(), response.pdu());
  if (!matched) matched.error().octet_offset += tcp_layout::header_octets;
  return matched;
}

}  // namespace duheng::modbus
