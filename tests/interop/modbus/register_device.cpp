#include "interop/modbus/register_device.hpp"

#include <algorithm>

#include "codec/modbus/stream_parser.hpp"

namespace duheng::interop {

using namespace modbus;

const std::vector<std::string> identification = {"Duheng", "DH-1", "V0.1"};

Memory Memory::initial() {
  Memory memory;
  for (std::size_t i = 0; i < bits; ++i) {
    memory.coils.push_back(static_cast<std::uint8_t>(i * i / 3 % 2));
    memory.discrete_inputs.push_back(static_cast<std::uint8_t>(i * i / 5 % 2));
  }
  for (std::size_t i = 0; i < registers; ++i) {
    memory.holding_registers.push_back(static_cast<std::uint16_t>(i * 257 + 11));
    memory.input_registers.push_back(static_cast<std::uint16_t>(0xFFFF - i * 31));
  }
  return memory;
}

namespace {

Bytes packed(const std::vector<std::uint8_t>& bits, std::size_t first, std::size_t count) {
  Bytes out((count + 7) / 8);
  for (std::size_t i = 0; i < count; ++i) {
    if (bits[first + i] != 0) out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | 1U << i % 8);
  }
  return out;
}

BuiltPdu refuse(const PduView& request, ExceptionCode code) {
  return exception_response(request.function_code(), code);
}

}  // namespace

PduBuffer RegisterDevice::answer(const PduView& request) {
  const auto built = carry_out(request);
  return built ? *built : *refuse(request, ExceptionCode::server_device_failure);
}

BuiltPdu RegisterDevice::carry_out(const PduView& request) {
  const auto function = static_cast<Function>(request.function_octet());
  const std::size_t address = request.address();
  const std::size_t quantity = request.has_quantity() ? request.quantity() : 1;
  const bool is_bits = request.holds_bits() || function == Function::write_single_coil;
  if (request.has_address() && address + quantity > (is_bits ? Memory::bits : Memory::registers)) {
    return refuse(request, ExceptionCode::illegal_data_address);
  }
  auto& registers = memory.holding_registers;
  switch (function) {
    case Function::read_coils:
      return bits_response(function, request.quantity(), packed(memory.coils, address, quantity));
    case Function::read_discrete_inputs:
      return bits_response(function, request.quantity(), packed(memory.discrete_inputs, address, quantity));
    case Function::read_holding_registers:
      return registers_response(function, std::span(registers).subspan(address, quantity));
    case Function::read_input_registers:
      return registers_response(function, std::span(memory.input_registers).subspan(address, quantity));
    case Function::write_single_coil:
      memory.coils[address] = request.single_value() != 0 ? 1 : 0;
      return write_response(request);
    case Function::write_single_register:
      registers[address] = request.single_value();
      return write_response(request);
    case Function::write_multiple_coils:
      for (std::size_t i = 0; i < quantity; ++i) memory.coils[address + i] = request.bit_at(i) ? 1 : 0;
      return write_response(request);
    case Function::write_multiple_registers:
      for (std::size_t i = 0; i < quantity; ++i) registers[address + i] = request.register_at(i);
      return write_response(request);
    case Function::mask_write_register:
      registers[address] = static_cast<std::uint16_t>((registers[address] & request.and_mask()) |
                                                      (request.or_mask() & ~request.and_mask()));
      return write_response(request);
    case Function::read_write_multiple_registers:
      if (std::size_t{request.write_address()} + request.write_quantity() > Memory::registers) {
        return refuse(request, ExceptionCode::illegal_data_address);
      }
      for (std::size_t i = 0; i < request.write_quantity(); ++i) {
        registers[request.write_address() + i] = request.register_at(i);
      }
      return registers_response(function, std::span(registers).subspan(address, quantity));
    case Function::encapsulated_interface: {
      if (!request.is_identification()) break;
      std::vector<IdentificationObject> objects;
      for (std::size_t i = 0; i < identification.size(); ++i) {
        objects.push_back({static_cast<std::uint8_t>(i), as_bytes(identification[i])});
      }
      return identification_response({request.read_device_id(), 0x81, false, 0}, objects);
    }
  }
  constexpr std::uint8_t report_server_id = 17;
  if (request.function_octet() == report_server_id) {
    const Bytes content = {4, unit, 0xFF, 'D', 'H'};
    return raw_pdu(report_server_id, content, Role::response);
  }
  return refuse(request, ExceptionCode::illegal_function);
}

namespace {

std::uint16_t transaction_of(const auto& frame) {
  if constexpr (requires { frame.transaction_id(); }) {
    return frame.transaction_id();
  } else {
    return 0;
  }
}

template <class Parser>
Served serve_with(RegisterDevice& device, Line& line, Transport transport, const std::atomic<bool>& stop) {
  // Silence that ends a frame whose function has no known size; long, for a busy machine stalls in the middle of
  // frames.
  constexpr int gap_ms = 400;
  Served served;
  Parser parser(Role::request);
  const auto on_frame = [&](const auto& frame) {
    const auto keep = [&](ByteView octets) { served.frames.emplace_back(octets.begin(), octets.end()); };
    const auto again = encode_frame(transport, transaction_of(frame), frame.unit_id(), frame.pdu().octets());
    keep(again->view());
    if (frame.unit_id() != unit) return;
    const PduBuffer answer = device.answer(frame.pdu());
    const auto reply = encode_frame(transport, transaction_of(frame), unit, answer.view());
    keep(reply->view());
    static_cast<void>(line.write(reply->view()));
  };
  while (!stop) {
    const auto octets = line.read(gap_ms);
    if (!octets) break;
    if (octets->empty()) {
      parser.flush(on_frame);
    } else {
      parser.feed(*octets, on_frame);
    }
  }
  const auto& counters = parser.counters();
  served.faults = counters.bad_checksums + counters.malformed + counters.false_starts + counters.skipped_octets;
  return served;
}

}  // namespace

Served serve(RegisterDevice& device, Line& line, Transport transport, const std::atomic<bool>& stop) {
  switch (transport) {
    case Transport::rtu:
      return serve_with<RtuStreamParser>(device, line, transport, stop);
    case Transport::ascii:
      return serve_with<AsciiStreamParser>(device, line, transport, stop);
    case Transport::tcp:
      return serve_with<TcpStreamParser>(device, line, transport, stop);
  }
  return {};
}

}  // namespace duheng::interop
