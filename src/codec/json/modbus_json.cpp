#include "codec/json/modbus_json.hpp"

#include <string>

#include "codec/json/json_parts.hpp"
#include "codec/modbus/checksum.hpp"
#include "codec/modbus/scanner.hpp"

namespace duheng::codec {

namespace {

using namespace duheng::modbus;
using Json = nlohmann::ordered_json;

std::string hex_of_word(std::uint16_t word) {
  const std::uint8_t octets[] = {static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)};
  return to_hex(octets);
}

/// Only as many bits as are known to count: the question's quantity, else all there is room for.
Json values_of(const PduView& pdu) {
  Json values = Json::array();
  if (pdu.holds_bits()) {
    const std::size_t count = pdu.has_quantity() ? pdu.quantity() : pdu.bit_capacity();
    for (std::size_t i = 0; i < count; ++i) values.push_back(pdu.bit_at(i));
  } else {
    for (std::size_t i = 0; i < pdu.register_count(); ++i) values.push_back(pdu.register_at(i));
  }
  return values;
}

bool is_ascii(ByteView octets) {
  for (const std::uint8_t octet : octets) {
    if (octet < ' ' || octet >= 0x7F) return false;
  }
  return true;
}

void put_identification(Json& out, const PduView& pdu) {
  out["mei_type"] = pdu.mei_type();
  if (!pdu.is_identification()) {
    out["data"] = spaced(pdu.data());
    return;
  }
  out["read_device_id"] = pdu.read_device_id();
  if (pdu.role() == Role::request) {
    out["object_id"] = pdu.object_id();
    return;
  }
  out["conformity_level"] = pdu.conformity_level();
  out["more_follows"] = pdu.more_follows();
  out["next_object_id"] = pdu.object_id();
  Json objects = Json::array();
  pdu.for_each_object([&](const IdentificationObject& object) {
    Json entry;
    entry["id"] = object.id;
    if (const auto name = identification_object_name(object.id); !name.empty()) entry["name"] = name;
    if (is_ascii(object.value)) {
      entry["value"] = as_text(object.value);
    } else {
      entry["value_raw"] = spaced(object.value);
    }
    objects.push_back(std::move(entry));
  });
  out["objects"] = std::move(objects);
}

void put_content(Json& out, const PduView& pdu) {
  if (pdu.is_exception()) {
    out["exception"] = pdu.exception_code();
    out["exception_name"] = exception_name(pdu.exception_code());
    return;
  }
  if (pdu.is(Function::encapsulated_interface)) return put_identification(out, pdu);
  if (pdu.is_raw()) {
    out["data"] = spaced(pdu.data());
    return;
  }
  if (pdu.has_address()) out["address"] = pdu.address();
  if (pdu.has_quantity()) out["quantity"] = pdu.quantity();
  if (pdu.is(Function::read_write_multiple_registers) && pdu.role() == Role::request) {
    out["write_address"] = pdu.write_address();
    out["write_quantity"] = pdu.write_quantity();
  }
  if (pdu.is(Function::write_single_coil)) out["value"] = pdu.single_value() != 0;
  if (pdu.is(Function::write_single_register)) out["value"] = pdu.single_value();
  if (pdu.is(Function::mask_write_register)) {
    out["and_mask"] = pdu.and_mask();
    out["or_mask"] = pdu.or_mask();
  }
  if (pdu.value_offset() == 0) return;
  out["byte_count"] = pdu.value_octets().size();
  out["values"] = values_of(pdu);
}

void put_checksum(Json& out, const AnyFrame& frame, ByteView octets) {
  if (frame.transport() == Transport::rtu) {
    out["crc"] = hex_of_word(crc16_of(octets.first(octets.size() - 2)));
  } else if (frame.transport() == Transport::ascii) {
    out["lrc"] = std::string(as_text(octets.subspan(octets.size() - 4, 2)));
  }
}

Json frame_object(const Segment& segment) {
  const AnyFrame& frame = segment.as_request ? *segment.as_request : *segment.as_response;
  const PduView pdu = frame.pdu();
  Json out;
  out["protocol"] = "modbus";
  out["transport"] = to_string(frame.transport());
  out["valid"] = true;
  out["role"] = to_string(segment.role);
  out["offset"] = segment.offset;
  if (frame.transport() == Transport::tcp) {
    out["transaction_id"] = frame.transaction_id();
    out["protocol_id"] = 0;
    out["length"] = pdu.octets().size() + 1;
  }
  out["unit_id"] = frame.unit_id();
  out["function"] = pdu.function_code();
  out["function_name"] = function_name(pdu.function_code());
  put_content(out, pdu);
  if (segment.role == RoleFinding::either) {
    Json asked;
    Json answered;
    put_content(asked, pdu);
    put_content(answered, segment.as_response->pdu());
    if (asked != answered) out["as_response"] = std::move(answered);
  }
  out["pdu"] = spaced(pdu.octets());
  put_checksum(out, frame, segment.octets);
  return out;
}

std::string error_name(const DecodeError& error) {
  if (error.code == ErrorCode::checksum_mismatch) return "checksum";
  if (error.code == ErrorCode::truncated) return "truncated";
  return std::string(to_string(error.field));
}

Json broken_object(const Segment& segment, Transport transport) {
  const DecodeError& error = segment.error;
  Json out;
  out["protocol"] = "modbus";
  out["transport"] = to_string(transport);
  out["valid"] = false;
  out["error"] = error_name(error);
  out["error_field"] = to_string(error.field);
  out["error_offset"] = segment.offset + error.octet_offset;
  if (error.code == ErrorCode::checksum_mismatch) {
    const bool is_crc = error.field == Field::crc;
    const auto text = [&](std::uint16_t sum) {
      return is_crc ? hex_of_word(sum) : hex_of(static_cast<std::uint8_t>(sum));
    };
    out[is_crc ? "crc_expected" : "lrc_expected"] = text(error.expected);
    out[is_crc ? "crc_found" : "lrc_found"] = text(error.found);
  }
  out["offset"] = segment.offset;
  out["raw"] = spaced(segment.octets);
  return out;
}

Json nothing_object(Transport transport) {
  Segment segment;
  segment.error = {ErrorCode::truncated, transport == Transport::ascii ? Field::start : Field::unit_id};
  if (transport == Transport::tcp) segment.error.field = Field::transaction_id;
  return broken_object(segment, transport);
}

Json noise_object(ByteView octets, Transport transport) {
  Segment segment;
  segment.octets = octets;
  segment.error = {ErrorCode::malformed, transport == Transport::ascii ? Field::start : Field::function};
  return broken_object(segment, transport);
}

}  // namespace

std::vector<Json> modbus_to_json(ByteView octets, std::optional<Transport> transport, std::optional<Role> role) {
  const Transport carried_by = transport.value_or(guess_transport(octets));
  std::vector<Json> out;
  ByteView other;
  Scanner scanner(octets, carried_by, role);
  while (const auto segment = scanner.next()) {
    if (segment->kind == Segment::Kind::other) {
      // Neighbours of this kind are one stretch.
      other = other.empty() ? segment->octets : ByteView(other.data(), other.size() + segment->octets.size());
      continue;
    }
    out.push_back(segment->kind == Segment::Kind::frame ? frame_object(*segment) : broken_object(*segment, carried_by));
    if (!other.empty()) out.back()["leading"] = spaced(other);
    other = {};
  }
  if (out.empty()) {
    out.push_back(other.empty() ? nothing_object(carried_by) : noise_object(other, carried_by));
  } else if (!other.empty()) {
    out.back()["trailing"] = spaced(other);
  }
  return out;
}

std::vector<Json> modbus_to_json(ByteView octets) { return modbus_to_json(octets, std::nullopt, std::nullopt); }

}  // namespace duheng::codec
