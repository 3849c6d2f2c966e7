#include "codec/json/cjt188_json.hpp"

#include <algorithm>
#include <string>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/scanner.hpp"
#include "codec/cjt188/value.hpp"
#include "codec/json/json_parts.hpp"

namespace duheng::codec {

namespace {

using namespace duheng::cjt188;
using Json = nlohmann::ordered_json;

/// What the values of one payload need to be shown.
struct Content {
  const Message& message;
  ByteView payload;
  const Value& value;
  [[nodiscard]] std::string raw() const { return spaced(payload.subspan(value.offset, value.size_octets)); }
  [[nodiscard]] Json text_or_null() const {
    if (value.state != ValueState::good) return nullptr;
    return to_text(value, payload);
  }
};

Json number_with_unit(const Content& content) {
  Json out;
  out["raw"] = content.raw();
  out["value"] = content.text_or_null();
  out["unit_code"] = hex_of(content.value.unit_code);
  // A unit in front of its number, or beside a register's new value, is told as its octet only.
  if (content.value.unit_in_front || content.value.role == FieldRole::sync_value) return out;
  const auto unit = unit_text(content.value);
  out["unit"] = unit.empty() ? Json(nullptr) : Json(unit);
  return out;
}

void put_time(Json& out, const Content& content) {
  out["time_raw"] = content.raw();
  out["time"] = content.text_or_null();
  if (content.value.state == ValueState::invalid) out["time_valid"] = false;
  if (content.value.state != ValueState::good) return;
  out["time_order"] = content.value.time_order == TimeOrder::century_sixth
                          ? std::string("vendor ss mm hh DD MM CC YY")
                          : std::string(to_string(content.value.time_order));
}

void put_status(Json& out, const Content& content) {
  out["st"] = content.raw();
  const auto meaning = read_status(default_profile().status, static_cast<std::uint8_t>(content.value.mantissa & 0xFF),
                                   static_cast<std::uint8_t>(content.value.mantissa >> 8));
  out["valve_state"] = to_string(meaning.valve);
  if (meaning.battery_known) out["battery_low"] = meaning.battery_low;
}

void put_address(Json& out, const Content& content) {
  out[content.message.from_slave ? "meter_address" : "new_address"] = to_text(content.value, content.payload);
}

void put_valve_command(Json& out, const Content& content) {
  if (content.value.kind != FieldKind::octet) {
    out["valve_command_raw"] = content.raw();
    return;
  }
  const auto command = valve_command_of(default_profile(), static_cast<std::uint8_t>(content.value.mantissa));
  out["valve_command"] = valve_command_label(command).english;
}

const char* price_key(FieldRole role) {
  switch (role) {
    case FieldRole::price_1:
      return "price1_raw";
    case FieldRole::volume_1:
      return "volume1_raw";
    case FieldRole::price_2:
      return "price2_raw";
    case FieldRole::volume_2:
      return "volume2_raw";
    case FieldRole::price_3:
      return "price3_raw";
    default:
      return "start_day";
  }
}
const char* purchase_key(FieldRole role) {
  switch (role) {
    case FieldRole::purchase_sequence:
      return "seq";
    case FieldRole::purchase_this:
      return "this_raw";
    case FieldRole::purchase_total:
      return "total_raw";
    default:
      return "remaining_raw";
  }
}
/// The key of a plain number or of a number with unit.
const char* number_key(FieldRole role) {
  switch (role) {
    case FieldRole::current_volume:
      return "current";
    case FieldRole::settlement_volume:
    case FieldRole::settlement_value:
      return "settlement";
    case FieldRole::settlement_energy:
      return "settlement_energy";
    case FieldRole::settlement_cooling:
      return "settlement_cooling";
    case FieldRole::current_energy:
      return "current_energy";
    case FieldRole::current_cooling:
      return "current_cooling";
    case FieldRole::power:
      return "power";
    case FieldRole::flow:
      return "flow";
    case FieldRole::total_flow:
      return "total_flow";
    case FieldRole::supply_temperature:
      return "supply_temp_c";
    case FieldRole::return_temperature:
      return "return_temp_c";
    case FieldRole::temperature:
      return "temp_c";
    case FieldRole::supply_pressure:
      return "supply_pressure_raw";
    case FieldRole::return_pressure:
      return "return_pressure_raw";
    case FieldRole::pressure:
      return "pressure_raw";
    case FieldRole::work_hours:
      return "work_hours";
    default:
      return "sync_value";
  }
}

void put_value(Json& out, const Content& content) {
  const FieldRole role = content.value.role;
  switch (role) {
    case FieldRole::time:
      return put_time(out, content);
    case FieldRole::status:
      if (out.contains("purchase")) out["purchase"]["st"] = content.raw();
      return put_status(out, content);
    case FieldRole::price_1:
    case FieldRole::volume_1:
    case FieldRole::price_2:
    case FieldRole::volume_2:
    case FieldRole::price_3:
    case FieldRole::start_day:
      out["price_table"][price_key(role)] = content.raw();
      return;
    case FieldRole::day:
      out["day"] = content.raw();
      return;
    case FieldRole::purchase_sequence:
    case FieldRole::purchase_this:
    case FieldRole::purchase_total:
    case FieldRole::purchase_remaining:
      out["purchase"][purchase_key(role)] = content.raw();
      return;
    case FieldRole::key_version:
      out["key_version"] = content.value.mantissa;
      return;
    case FieldRole::key:
      out["key_wire"] = content.raw();
      return;
    case FieldRole::address:
      return put_address(out, content);
    case FieldRole::valve_command:
      return put_valve_command(out, content);
    default:
      break;
  }
  if (content.value.kind == FieldKind::number_with_unit) {
    out[number_key(role)] = number_with_unit(content);
  } else if (content.value.state == ValueState::unscaled) {
    out[number_key(role)] = content.raw();
  } else {
    out[number_key(role)] = content.text_or_null();
  }
}

void put_value_error(Json& out, const char* name, std::size_t offset) {
  out["value_error"] = name;
  out["value_error_offset"] = offset;
}

/// Which month's, or which freeze's, values these are.
void put_index(Json& out, DataIdentifier identifier) {
  constexpr std::uint8_t first_month = 0x20;
  if (identifier.high() == 0xD1) out["months_ago"] = identifier.low() - first_month + 1;
  if (identifier.high() == 0xD2) out["settlement_index"] = identifier.low();
  if (identifier.high() == 0xD3 || identifier.high() == 0xD4) out["freeze_index"] = identifier.low();
}

void put_payload(Json& out, const Message& message) {
  if (message.identifier.known) put_index(out, message.identifier.identifier);
  const auto layout = find_layout(message);
  if (!layout) {
    if (layout.error().code == ErrorCode::malformed) {
      put_value_error(out, "length", layout.error().octet_offset - Message::payload_offset);
    }
    return;
  }
  ValueList values;
  const auto decoded = decode_values(**layout, message.payload, default_profile(), values);
  if (!decoded) put_value_error(out, "bad_bcd_digit", decoded.error().octet_offset);
  const bool in_front = std::ranges::any_of(values, [](const Value& value) { return value.unit_in_front; });
  if (in_front) out["layout"] = "vendor variant: unit code byte comes BEFORE the 4 BCD bytes";
  for (const Value& value : values) put_value(out, {message, message.payload, value});
}

void put_message(Json& out, const FrameView& frame, const Message& message) {
  out["di_wire"] = spaced(frame.data().first(Message::sequence_offset));
  if (message.identifier.known) {
    out["di_order"] = to_string(message.identifier.order);
    out["di"] = message.identifier.identifier.to_string();
    out["di_name"] = identifier_label(message.identifier.identifier).english;
    if (message.identifier.ambiguous) out["di_order_ambiguous"] = true;
  }
  out["ser"] = message.sequence;
  if (message.payload.empty()) return;
  out["payload"] = spaced(message.payload);
  put_payload(out, message);
}

void put_refusal(Json& out, const FrameView& frame) {
  const auto reply = parse_error_reply(frame);
  if (!reply) {
    if (frame.length() > 0) out["data"] = spaced(frame.data());
    return;
  }
  if (reply->has_sequence) out["ser"] = reply->sequence;
  out["st"] = spaced(ByteView(reply->status).first(reply->status_octets));
}

void put_content(Json& out, const FrameView& frame) {
  if (frame.from_slave() && frame.is_error()) return put_refusal(out, frame);
  const auto message = parse_message(frame);
  if (message && message->function_class != FunctionClass::vendor) return put_message(out, frame, *message);
  if (frame.length() == 0) return;
  out["data"] = spaced(frame.data());
  if (message) return;
  out["data_error"] = "truncated";
  out["data_error_field"] = to_string(message.error().field);
  out["data_error_offset"] = message.error().octet_offset;
}

Json frame_object(const FrameView& frame, ByteView leading, std::size_t offset) {
  Json out;
  out["protocol"] = "cjt188";
  out["valid"] = true;
  out["leading_bytes"] = spaced(leading);
  out["offset"] = offset;
  out["meter_type"] = hex_of(frame.meter_type());
  out["meter_type_name"] = meter_type_label(frame.meter_type()).english;
  out["address_wire"] = spaced(frame.address().wire());
  out["address"] = frame.address().to_string();
  out["control"] = hex_of(frame.control());
  out["function_name"] = function_label(frame.function()).english;
  out["from_slave"] = frame.from_slave();
  out["error_flag"] = frame.is_error();
  if (frame.has_following()) out["follow"] = true;
  out["length"] = frame.length();
  put_content(out, frame);
  return out;
}

std::string error_name(const DecodeError& error) {
  if (error.code == ErrorCode::checksum_mismatch) return "checksum";
  if (error.code == ErrorCode::truncated) return "truncated";
  return std::string(to_string(error.field));
}

Json broken_object(const Segment& segment, ByteView leading) {
  Json out;
  out["protocol"] = "cjt188";
  out["valid"] = false;
  out["error"] = error_name(segment.error);
  out["error_field"] = to_string(segment.error.field);
  out["error_offset"] = segment.offset + segment.error.octet_offset;
  if (segment.error.code == ErrorCode::checksum_mismatch) {
    out["checksum_expected"] = hex_of(segment.error.expected);
    out["checksum_found"] = hex_of(segment.error.found);
  }
  out["leading_bytes"] = spaced(leading);
  out["offset"] = segment.offset;
  out["raw"] = spaced(segment.octets);
  return out;
}

Json no_frame_object(ByteView octets) {
  const auto error = decode(octets).error();
  Json out;
  out["protocol"] = "cjt188";
  out["valid"] = false;
  out["error"] = error_name(error);
  out["error_field"] = to_string(error.field);
  out["error_offset"] = error.octet_offset;
  out["raw"] = spaced(octets);
  return out;
}

}  // namespace

std::vector<Json> cjt188_to_json(ByteView octets) {
  return objects_of_segments<Scanner>(
      octets,
      [](const Segment& segment, ByteView leading) { return frame_object(segment.frame, leading, segment.offset); },
      broken_object, no_frame_object);
}

}  // namespace duheng::codec
