#include "codec/modbus/error.hpp"

#include <fmt/format.h>

namespace duheng::modbus {

std::string_view to_string(Field field) noexcept {
  switch (field) {
    case Field::none:
      return "none";
    case Field::transaction_id:
      return "transaction_id";
    case Field::protocol_id:
      return "protocol_id";
    case Field::length:
      return "length";
    case Field::start:
      return "start";
    case Field::character:
      return "character";
    case Field::end:
      return "end";
    case Field::unit_id:
      return "unit_id";
    case Field::function:
      return "function";
    case Field::exception_code:
      return "exception_code";
    case Field::address:
      return "address";
    case Field::quantity:
      return "quantity";
    case Field::byte_count:
      return "byte_count";
    case Field::values:
      return "values";
    case Field::write_address:
      return "write_address";
    case Field::write_quantity:
      return "write_quantity";
    case Field::and_mask:
      return "and_mask";
    case Field::or_mask:
      return "or_mask";
    case Field::mei_type:
      return "mei_type";
    case Field::read_device_id:
      return "read_device_id";
    case Field::conformity_level:
      return "conformity_level";
    case Field::more_follows:
      return "more_follows";
    case Field::next_object_id:
      return "next_object_id";
    case Field::number_of_objects:
      return "number_of_objects";
    case Field::object_id:
      return "object_id";
    case Field::object_length:
      return "object_length";
    case Field::object_value:
      return "object_value";
    case Field::crc:
      return "crc";
    case Field::lrc:
      return "lrc";
    case Field::trailing:
      return "trailing";
  }
  return "none";
}

Error to_error(const DecodeError& error) {
  std::string text;
  switch (error.code) {
    case ErrorCode::checksum_mismatch:
      text = fmt::format("Modbus frame: {} at octet {} is {:X}H, computed {:X}H", to_string(error.field),
                         error.octet_offset, error.found, error.expected);
      break;
    case ErrorCode::truncated:
      text = fmt::format("Modbus frame ends at octet {} where {} is due", error.octet_offset, to_string(error.field));
      break;
    default:
      text = fmt::format("Modbus: {} at octet {} is not allowed (found {})", to_string(error.field), error.octet_offset,
                         error.found);
      break;
  }
  return {error.code, std::move(text)};
}

}  // namespace duheng::modbus
