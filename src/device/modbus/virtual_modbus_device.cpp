#include "device/modbus/virtual_modbus_device.hpp"

#include <algorithm>
#include <array>

#include "crypto/hash.hpp"

namespace duheng::device {
namespace {

using modbus::BuiltPdu;
using modbus::ExceptionCode;
using modbus::Function;
using modbus::PduView;
using modbus::Role;
using Outcome = ModbusBehaviour::Outcome;

constexpr int function_shift = 16;

BuiltPdu refuse(const PduView& request, ExceptionCode code) {
  return modbus::exception_response(request.function_code(), code);
}
/// Of octets that are no request: the function code is all that is sure.
BuiltPdu refuse(std::uint8_t function, ExceptionCode code) { return modbus::exception_response(function, code); }

constexpr std::string_view vendor = "Duheng";
constexpr std::string_view revision = "1.0";
constexpr std::string_view memory_key = "modbus";
constexpr std::uint8_t memory_version = 3;
constexpr std::uint8_t version_without_parity = 2;
constexpr std::uint8_t version_without_line = 1;

}  // namespace

Outcome ModbusBehaviour::write_register(std::int64_t /*utc_ms*/, std::uint16_t /*address*/, std::uint16_t /*value*/,
                                        bool /*check_only*/) {
  return Outcome::no_such_address;
}
Outcome ModbusBehaviour::write_coil(std::int64_t /*utc_ms*/, std::uint16_t /*address*/, bool /*on*/,
                                    bool /*check_only*/) {
  return Outcome::no_such_address;
}

void ModbusBehaviour::happen(std::int64_t /*utc_ms*/, const DeviceHappening& /*happening*/) {}

VirtualModbusDevice::VirtualModbusDevice(ModbusDeviceOptions options, std::unique_ptr<ModbusBehaviour> behaviour)
    : options_(std::move(options)), behaviour_(std::move(behaviour)), line_{.unit = options_.unit} {
  take_up();
}

void VirtualModbusDevice::take_up() {
  const auto kept = options_.memory ? options_.memory->load(memory_key) : std::nullopt;
  if (!kept) return;
  ByteReader in(*kept);
  const std::uint8_t version = in.u8();
  const auto command = read_command(in);
  const ByteView saved = in.sized();
  ModbusLineSettings line = line_;
  if (version != version_without_line) {
    line.unit = in.u8();
    line.speed_code = in.u8();
  }
  if (version > version_without_parity) line.parity_code = in.u8();
  const auto fits = [](std::uint8_t code, std::size_t codes) {
    return code == ModbusLineSettings::not_set || code < codes;
  };
  const bool is_line = line.unit >= 1 && line.unit <= ModbusLineSettings::unit_max &&
                       fits(line.speed_code, ModbusLineSettings::bauds_by_code.size()) &&
                       fits(line.parity_code, ModbusLineSettings::parity_codes);
  const bool is_known = version >= version_without_line && version <= memory_version;
  if (!is_known || !is_line || !in.ok() || !in.at_end() || !behaviour_->restore(saved)) return;
  last_command_ = command;
  line_ = line;
}

std::uint32_t VirtualModbusDevice::line_speed() const {
  return line_.speed_code == ModbusLineSettings::not_set ? 0 : ModbusLineSettings::bauds_by_code[line_.speed_code];
}

std::optional<FieldParity> VirtualModbusDevice::line_parity() const {
  if (line_.parity_code == ModbusLineSettings::not_set) return std::nullopt;
  return static_cast<FieldParity>(line_.parity_code);
}

void VirtualModbusDevice::show_line(RegisterBank& bank) const {
  const auto first = behaviour_->communication_at();
  if (!first) return;
  constexpr std::uint8_t usual_code = 3;
  const std::uint8_t code = line_.speed_code == ModbusLineSettings::not_set ? usual_code : line_.speed_code;
  bank.holding.resize(std::max<std::size_t>(bank.holding.size(), *first + ModbusLineSettings::registers));
  bank.holding[*first] = line_.unit;
  bank.holding[*first + 1U] = code;
  const bool has_parity = line_.parity_code != ModbusLineSettings::not_set;
  bank.holding[*first + 2U] = has_parity ? line_.parity_code : ModbusLineSettings::usual_parity;
}

std::optional<Outcome> VirtualModbusDevice::write_line(std::uint16_t address, std::uint16_t value, bool check_only) {
  const auto first = behaviour_->communication_at();
  if (!first || address < *first || address >= *first + ModbusLineSettings::registers) return std::nullopt;
  switch (address - *first) {
    case 0:
      if (value < 1 || value > ModbusLineSettings::unit_max) return Outcome::bad_value;
      if (!check_only) line_.unit = static_cast<std::uint8_t>(value);
      return Outcome::taken;
    case 1:
      if (value >= ModbusLineSettings::bauds_by_code.size()) return Outcome::bad_value;
      if (!check_only) line_.speed_code = static_cast<std::uint8_t>(value);
      return Outcome::taken;
    default:
      if (value >= ModbusLineSettings::parity_codes) return Outcome::bad_value;
      if (!check_only) line_.parity_code = static_cast<std::uint8_t>(value);
      return Outcome::taken;
  }
}

bool VirtualModbusDevice::keep(const DeviceCommand& done) {
  if (options_.memory) {
    Bytes octets;
    ByteWriter out(octets);
    out.u8(memory_version);
    write_command(out, done);
    out.sized(behaviour_->save());
    out.u8(line_.unit);
    out.u8(line_.speed_code);
    out.u8(line_.parity_code);
    if (!options_.memory->store(memory_key, octets)) return false;
  }
  last_command_ = done;
  if (listener_) listener_(done);
  return true;
}

BuiltPdu VirtualModbusDevice::read_bits(const PduView& request, const std::vector<bool>& bits) const {
  const std::size_t first = request.address();
  const std::size_t count = request.quantity();
  if (first + count > bits.size()) return refuse(request, ExceptionCode::illegal_data_address);
  Bytes packed((count + 7) / 8);
  for (std::size_t i = 0; i < count; ++i)
    if (bits[first + i]) packed[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
  return modbus::bits_response(static_cast<Function>(request.function_code()), request.quantity(), packed);
}

BuiltPdu VirtualModbusDevice::read_registers(const PduView& request, const std::vector<std::uint16_t>& words) const {
  const std::size_t first = request.address();
  const std::size_t count = request.quantity();
  if (first + count > words.size()) return refuse(request, ExceptionCode::illegal_data_address);
  return modbus::registers_response(static_cast<Function>(request.function_code()),
                                    std::span(words).subspan(first, count));
}

BuiltPdu VirtualModbusDevice::write(std::int64_t utc_ms, const PduView& request, ByteView question) {
  const bool of_coils = request.is(Function::write_single_coil) || request.is(Function::write_multiple_coils);
  const bool many = request.is(Function::write_multiple_coils) || request.is(Function::write_multiple_registers);
  const std::size_t count = many ? request.quantity() : 1;
  const Bytes before = behaviour_->save();
  const ModbusLineSettings line_before = line_;
  for (const bool check_only : {true, false})
    for (std::size_t i = 0; i < count; ++i) {
      const auto address = static_cast<std::uint16_t>(request.address() + i);
      Outcome outcome = Outcome::no_such_address;
      if (of_coils) {
        const bool on = many ? request.bit_at(i) : request.single_value() != 0;
        outcome = behaviour_->write_coil(utc_ms, address, on, check_only);
      } else {
        const std::uint16_t value = many ? request.register_at(i) : request.single_value();
        const auto of_line = write_line(address, value, check_only);
        outcome = of_line ? *of_line : behaviour_->write_register(utc_ms, address, value, check_only);
      }
      if (outcome == Outcome::no_such_address) return refuse(request, ExceptionCode::illegal_data_address);
      if (outcome == Outcome::bad_value) return refuse(request, ExceptionCode::illegal_data_value);
    }
  DeviceCommand done;
  done.number = last_command_ ? last_command_->number + 1 : 1;
  done.function = request.function_code();
  done.identifier = request.address();
  done.request_hash = crypto::sha256(question);
  done.utc_ms = utc_ms;
  if (!keep(done)) {
    static_cast<void>(behaviour_->restore(before));
    line_ = line_before;
    return std::unexpected(modbus::DecodeError{.code = ErrorCode::unavailable});
  }
  return modbus::write_response(request);
}

BuiltPdu VirtualModbusDevice::identify(const PduView& request) const {
  if (!request.is_identification()) return refuse(request, ExceptionCode::illegal_function);
  const std::array<modbus::IdentificationObject, 3> objects{
      {{0, as_bytes(vendor)}, {1, as_bytes(behaviour_->product_code())}, {2, as_bytes(revision)}}};
  constexpr std::uint8_t one_object = 4;
  modbus::IdentificationHeader header;
  header.read_device_id = request.read_device_id();
  const std::size_t first = request.object_id();
  if (header.read_device_id == one_object) {
    if (first >= objects.size()) return refuse(request, ExceptionCode::illegal_data_address);
    return modbus::identification_response(header, std::span(objects).subspan(first, 1));
  }
  // An unknown first object means: from the beginning. Source: V1.1b3, 6.21.
  return modbus::identification_response(header, std::span(objects).subspan(first < objects.size() ? first : 0));
}

BuiltPdu VirtualModbusDevice::respond(std::int64_t utc_ms, const PduView& request, ByteView question) {
  RegisterBank bank;
  switch (static_cast<Function>(request.function_octet())) {
    case Function::read_coils:
      behaviour_->measure(utc_ms, bank);
      return read_bits(request, bank.coils);
    case Function::read_discrete_inputs:
      behaviour_->measure(utc_ms, bank);
      return read_bits(request, bank.discrete);
    case Function::read_holding_registers:
      behaviour_->measure(utc_ms, bank);
      show_line(bank);
      return read_registers(request, bank.holding);
    case Function::read_input_registers:
      behaviour_->measure(utc_ms, bank);
      return read_registers(request, bank.input);
    case Function::write_single_coil:
    case Function::write_single_register:
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
      return write(utc_ms, request, question);
    case Function::encapsulated_interface:
      return identify(request);
    default:
      return refuse(request.function_code(), ExceptionCode::illegal_function);
  }
}

std::optional<DeviceAnswer> VirtualModbusDevice::answer(std::int64_t utc_ms, ByteView question) {
  const auto reply = [&](const PduView& request, std::uint8_t unit,
                         std::uint16_t transaction) -> std::optional<DeviceAnswer> {
    const auto pdu = respond(utc_ms, request, question);
    if (!pdu) return std::nullopt;
    const auto frame = modbus::encode_frame(options_.transport, transaction, unit, pdu->view());
    if (!frame) return std::nullopt;
    return DeviceAnswer{frame->to_bytes(),
                        static_cast<std::uint32_t>(request.function_code()) << function_shift | request.address()};
  };
  if (options_.transport == modbus::Transport::tcp) {
    const auto frame = modbus::decode_tcp(question, Role::request);
    if (!frame || frame->unit_id() != line_.unit) return std::nullopt;
    return reply(frame->pdu(), frame->unit_id(), frame->transaction_id());
  }
  const auto on_line = [&](const auto& frame) -> std::optional<DeviceAnswer> {
    if (!frame) return std::nullopt;
    if (frame->unit_id() == 0) {  // a broadcast is carried out, not answered
      static_cast<void>(respond(utc_ms, frame->pdu(), question));
      return std::nullopt;
    }
    if (frame->unit_id() != line_.unit) return std::nullopt;
    return reply(frame->pdu(), frame->unit_id(), 0);
  };
  if (options_.transport == modbus::Transport::ascii) return on_line(modbus::decode_ascii(question, Role::request));
  return on_line(modbus::decode_rtu(question, Role::request));
}

}  // namespace duheng::device
