#include "codec/json/dlt645_json.hpp"

#include <algorithm>
#include <string>

#include "codec/dlt645/message.hpp"
#include "codec/dlt645/scanner.hpp"
#include "codec/dlt645/status_word.hpp"
#include "codec/dlt645/value.hpp"
#include "codec/json/json_parts.hpp"

namespace duheng::codec {

namespace {

using namespace duheng::dlt645;
using Json = nlohmann::ordered_json;

/// As a number is written, highest octet first.
std::string hex_number(ByteView octets) { return to_hex(Bytes(octets.rbegin(), octets.rend())); }

Json text_or_null(const Value& value, ByteView payload) {
  if (value.state != ValueState::good || !is_calendar_valid(value)) return nullptr;
  return to_text(value, payload);
}

/// One for a single item, a list for a block.
void put(Json& out, const std::string& key, const std::string& plural, bool is_block, std::vector<Json> items) {
  if (is_block) {
    out[plural] = std::move(items);
  } else {
    out[key] = items.empty() ? Json(nullptr) : std::move(items.front());
  }
}

/// Each bit by its name: a number, or what it says where that is known.
void put_status_bits(Json& out, unsigned word_number, const Value& value) {
  Json bits = Json::object();
  for (const StatusBit& bit : status_bits(word_number)) {
    const unsigned content = status_value(bit, static_cast<std::uint16_t>(value.mantissa));
    bits[std::string(bit.name)] = content < bit.words.size() ? Json(bit.words[content].english) : Json(content);
  }
  out["status_bits"] = std::move(bits);
}

void put_status_words(Json& out, const DataDescription& description, const ValueList& values, ByteView payload) {
  const bool is_block = description.is_block();
  std::vector<Json> words;
  for (const Value& value : values) words.emplace_back(to_text(value, payload));
  put(out, "status_word", "status_words", is_block, std::move(words));
  if (!is_block) {
    if (const auto number = status_word_number(description, 0)) put_status_bits(out, *number, values[0]);
  }
  // Only word 3 holds the relay.
  constexpr std::size_t word_3 = 2;
  const Value* relay = is_block ? values.find(word_3) : values.find(0);
  if (relay == nullptr || (!is_block && description.identifier.value != 0x04000503)) return;
  out["relay_open"] = (relay->mantissa >> 4 & 1) != 0;
  out["relay_command_open"] = (relay->mantissa >> 6 & 1) != 0;
}

void put_time(Json& out, const DataDescription& description, const Value& value, ByteView payload) {
  const Json text = text_or_null(value, payload);
  if (description.group == DataGroup::freeze) {
    out["freeze_time"] = text;
  } else {
    out["time"] = text;
  }
  if (value.kind == FieldKind::date_weekday) {
    out["date"] = text;
    if (value.state == ValueState::good) out["weekday"] = value.mantissa % 100;
  }
  if (!is_calendar_valid(value)) out["time_valid"] = false;
}

constexpr bool is_moment(FieldKind kind) {
  return kind == FieldKind::date_weekday || kind == FieldKind::time || kind == FieldKind::date_time ||
         kind == FieldKind::date_hour_minute;
}

void put_single_field(Json& out, const DataDescription& description, const ValueList& values, ByteView payload) {
  const Value& first = values[0];
  if (first.kind == FieldKind::raw) return;
  if (first.kind == FieldKind::bits && first.size_octets == 2)
    return put_status_words(out, description, values, payload);
  if (is_moment(first.kind) && !description.is_block()) return put_time(out, description, first, payload);
  std::vector<Json> items;
  for (const Value& value : values) items.push_back(text_or_null(value, payload));
  put(out, "value", "values", description.is_block(), std::move(items));
  if (first.unit != Unit::none) out["unit"] = to_string(first.unit);
}

/// Items of several fields: one list per role.
void put_many_fields(Json& out, const DataDescription& description, const ValueList& values, ByteView payload) {
  for (std::size_t field = 0; field < description.field_count; ++field) {
    const FieldFormat& format = description.fields()[field];
    const auto same_role = [&](const FieldFormat& other) { return other.role == format.role; };
    const auto begin = description.fields().begin();
    if (std::any_of(begin, begin + static_cast<std::ptrdiff_t>(field), same_role)) continue;
    const auto role = std::string(to_string(format.role));
    const bool repeats = std::ranges::count_if(description.fields(), same_role) > 1;
    std::vector<Json> items;
    for (const Value& value : values) {
      if (value.role == format.role) items.push_back(text_or_null(value, payload));
    }
    put(out, role, role + "s", description.is_block() || repeats, std::move(items));
    if (format.unit != Unit::none)
      out[format.role == FieldRole::value ? "unit" : role + "_unit"] = to_string(format.unit);
  }
}

/// Records whose fields have names: one object for each value, in the order they stand.
void put_named_fields(Json& out, const DataDescription& description, const ValueList& values, ByteView payload) {
  Json readings = Json::array();
  for (const Value& value : values) {
    Json reading;
    if (description.rule->composition == Composition::load_records) reading["record"] = value.element;
    if (description.rule->composition == Composition::freeze_block) reading["tariff"] = value.element;
    reading["name"] = description.rule->field_texts[value.field].name;
    reading["value"] = text_or_null(value, payload);
    if (value.unit != Unit::none) reading["unit"] = to_string(value.unit);
    readings.push_back(std::move(reading));
  }
  out["readings"] = std::move(readings);
}

/// "A,B,C (null = FFFF, phase absent)", by the layout and the size of an item.
std::string phases_text(const DataDescription& description) {
  std::string absent;
  for (unsigned i = 0; i < description.item_octets; ++i) absent += "FF";
  return std::string(description.layout == Layout::phases ? "A,B,C" : "total,A,B,C") + " (null = " + absent +
         ", phase absent)";
}

void put_meaning(Json& out, const DataDescription& description) {
  if (description.layout == Layout::tariffs && description.group != DataGroup::freeze) {
    out["meaning"] = "total, tariff 1..n";
  } else if (description.layout == Layout::settlements) {
    out["meaning"] = "now, last settlement 1..n";
  } else {
    out["meaning"] = meaning_of(description, Language::english);
  }
  if (description.group == DataGroup::variable &&
      (description.layout == Layout::phases || description.layout == Layout::total_and_phases)) {
    out["phases"] = phases_text(description);
  }
}

void put_payload(Json& out, DataIdentifier identifier, ByteView payload, Edition edition = Edition::edition_2007) {
  const auto description = describe(identifier, edition);
  if (!description) return;
  put_meaning(out, *description);
  ValueList values;
  const auto decoded = decode_values(*description, payload, values);
  if (!decoded) {
    const auto code = decoded.error().code;
    out["value_error"] = code == ErrorCode::bad_bcd_digit || code == ErrorCode::limit_exceeded
                             ? to_string(code)
                             : std::string_view("length");
    out["value_error_offset"] = decoded.error().octet_offset;
  }
  if (values.empty()) return;
  // A record of another length than known is kept as it is.
  const bool is_as_described = values[0].kind == description->fields()[0].kind;
  if (!is_as_described) return;
  if (!description->rule->field_texts.empty()) {
    put_named_fields(out, *description, values, payload);
  } else if (description->field_count == 1) {
    put_single_field(out, *description, values, payload);
  } else {
    put_many_fields(out, *description, values, payload);
  }
}

void put_error_word(Json& out, const FrameView& frame, ByteView plain) {
  out["error_word"] = hex_number(plain);
  Json bits = Json::array();
  if (frame.edition() == Edition::edition_2007 && frame.is(Function::security)) {
    const auto word = parse_security_error(plain);
    for (unsigned bit = 0; word && bit < 16; ++bit) {
      if ((*word >> bit & 1U) != 0) bits.push_back(security_error_bit_name(bit));
    }
    if (word) out["error_bits"] = std::move(bits);
    return;
  }
  if (plain.size() != 1) return;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((plain[0] >> bit & 1U) != 0) bits.push_back(error_bit_name(bit, frame.edition()));
  }
  out["error_bits"] = std::move(bits);
}

void put_authority(Json& out, const Authority& authority) {
  out["password_level"] = hex_of(authority.level);
  out["password_wire"] = spaced(authority.password);
  out["operator_wire"] = spaced(authority.operator_code);
}

/// "2017-06-05 10:40:25" of ss mm hh DD MM YY; also the single octets, for times that do not exist.
void put_clock(Json& out, ByteView plain) {
  static constexpr const char* names[] = {"ss", "mm", "hh", "DD", "MM", "YY"};
  const auto time = decode_date_time(plain);
  const bool valid = time && is_valid(*time);
  if (valid) {
    const Value value{to_digits(*time, FieldKind::date_time),
                      0,
                      6,
                      0,
                      0,
                      0,
                      Unit::none,
                      FieldKind::date_time,
                      FieldRole::time,
                      ValueState::good};
    out["time"] = to_text(value, plain);
  }
  Json fields = Json::object();
  for (std::size_t i = 0; i < 6; ++i) fields[names[i]] = hex_of(plain[i]);
  out["time_fields"] = std::move(fields);
  out["time_valid"] = valid;
}

void put_valid_until(Json& out, ByteView wire) {
  out["valid_until_raw"] = spaced(wire);
  if (std::ranges::all_of(wire, [](std::uint8_t octet) { return octet == 0; })) {
    out["valid_until"] = nullptr;
    return;
  }
  const auto pair = [&](std::size_t index) { return hex_of(wire[index]); };
  out["valid_until"] =
      pair(5) + "-" + pair(4) + "-" + pair(3) + " " + pair(2) + ":" + pair(1) + ":" + pair(0) + " (YY-MM-DD hh:mm:ss)";
  const auto time = decode_date_time(wire);
  out["valid_until_valid"] = time && is_valid(*time);
}

void put_read(Json& out, const FrameView& frame, ByteView plain) {
  const auto reply = parse_read_reply(frame, plain);
  if (!reply) return;
  out["di"] = reply->identifier.to_string();
  if (frame.is(Function::read_following)) out["sequence"] = reply->sequence;
  if (frame.from_slave()) {
    // A part of an answer is not decoded: a value may be cut in two.
    if (!frame.has_following() && frame.is(Function::read)) put_payload(out, reply->identifier, reply->payload);
    out["payload_raw"] = spaced(reply->payload);
    return;
  }
  if (const auto description = describe(reply->identifier)) put_meaning(out, *description);
  const ByteView more = reply->payload;
  if (!more.empty() && frame.is(Function::read)) out["block_count"] = hex_of(more[0]);
  if (more.size() == 6) {
    out["record_time"] = hex_of(more[5]) + "-" + hex_of(more[4]) + "-" + hex_of(more[3]) + " " + hex_of(more[2]) + ":" +
                         hex_of(more[1]) + " (YY-MM-DD hh:mm)";
  }
}

void put_freeze(Json& out, ByteView plain) {
  out["freeze_time"] = hex_of(plain[3]) + "-" + hex_of(plain[2]) + " " + hex_of(plain[1]) + ":" + hex_of(plain[0]) +
                       " (MM-DD hh:mm, 99 = any)";
  const auto time = parse_freeze(plain);
  if (!time) {
    out["time_valid"] = false;
    return;
  }
  const auto any = FreezeTime::any;
  out["freeze_kind"] = time->minute == any  ? "instantaneous"
                       : time->hour == any  ? "hourly"
                       : time->day == any   ? "daily"
                       : time->month == any ? "monthly"
                                            : "yearly";
}

void put_write(Json& out, ByteView plain) {
  const auto request = parse_write_request(plain);
  if (!request) {
    if (const auto identifier = read_identifier(plain)) out["di"] = identifier->to_string();
    return;
  }
  out["di"] = request->identifier.to_string();
  put_authority(out, request->authority);
  out["data"] = spaced(request->payload);
  // Levels 98H and 99H mark cipher text, which would decode to wrong values.
  if (request->authority.level < 0x98) put_payload(out, request->identifier, request->payload);
}

void put_control(Json& out, ByteView plain) {
  const auto request = parse_control_request(plain);
  if (!request) return;
  put_authority(out, request->authority);
  out["command"] = hex_of(request->command);
  const auto name = relay_command_name(request->command);
  if (!name.empty()) out["command_name"] = name;
  put_valid_until(out, request->valid_until);
}

void put_authority_and_rest(Json& out, const FrameView& frame, ByteView plain) {
  if (plain.size() < 8) return;
  Authority authority;
  authority.level = plain[0];
  std::ranges::copy(plain.subspan(1, 3), authority.password.begin());
  std::ranges::copy(plain.subspan(4, 4), authority.operator_code.begin());
  put_authority(out, authority);
  if (frame.is(Function::clear_events) && plain.size() >= 12) {
    out["di"] = DataIdentifier::from_plain(plain.subspan(8)).to_string();
  }
}

void put_change_password(Json& out, ByteView plain) {
  if (plain.size() < 12) return;
  out["di"] = DataIdentifier::from_plain(plain).to_string();
  out["password_level"] = hex_of(plain[4]);
  out["password_wire"] = spaced(plain.subspan(5, 3));
  out["new_password_level"] = hex_of(plain[8]);
  out["new_password_wire"] = spaced(plain.subspan(9, 3));
}

void put_output(Json& out, std::uint8_t output) {
  out["output"] = hex_of(output);
  if (const auto name = output_name(output); !name.empty()) out["output_name"] = name;
}

void put_security(Json& out, const FrameView& frame, ByteView plain) {
  const auto message = parse_security(plain, frame.from_slave());
  if (!message) return;
  out["di"] = message->identifier.to_string();
  if (message->has_operator) out["operator_wire"] = spaced(message->operator_code);
  out["data"] = spaced(message->data);
}

void put_request(Json& out, const FrameView& frame, ByteView plain) {
  switch (static_cast<Function>(frame.function())) {
    case Function::broadcast_time:
      if (plain.size() == 6) put_clock(out, plain);
      return;
    case Function::write:
      return put_write(out, plain);
    case Function::write_address:
      if (plain.size() == Address::size_octets) out["new_address"] = Address::from_wire(plain).to_string();
      return;
    case Function::freeze:
      if (plain.size() == 4) put_freeze(out, plain);
      return;
    case Function::change_password:
      return put_change_password(out, plain);
    case Function::clear_demand:
    case Function::clear_meter:
    case Function::clear_events:
      return put_authority_and_rest(out, frame, plain);
    case Function::control:
      return put_control(out, plain);
    case Function::multi_function_output:
      if (plain.size() == 1) put_output(out, plain[0]);
      return;
    case Function::security:
      return put_security(out, frame, plain);
    default:
      return;
  }
}

void put_content_1997(Json& out, const FrameView& frame, ByteView plain) {
  const auto function = static_cast<Function1997>(frame.function());
  if (function == Function1997::write_address && plain.size() == Address::size_octets) {
    out["new_address"] = Address::from_wire(plain).to_string();
    return;
  }
  const bool is_read = function == Function1997::read || function == Function1997::read_following ||
                       function == Function1997::read_again;
  if ((!is_read && function != Function1997::write) || plain.size() < 2) return;
  const auto identifier = DataIdentifier::from_plain_1997(plain);
  out["di"] = hex_number(plain.first(2));
  ByteView rest = plain.subspan(2);
  if (frame.from_slave()) {
    // A part of an answer is not decoded: a value may be cut in two.
    const bool is_whole_answer = !frame.has_following() && function == Function1997::read;
    if (is_whole_answer) put_payload(out, identifier, rest, Edition::edition_1997);
    out["payload_raw"] = spaced(rest);
    return;
  }
  if (const auto description = describe(identifier, Edition::edition_1997)) put_meaning(out, *description);
  if (function == Function1997::write && rest.size() >= 4) {
    out["password_level"] = hex_of(rest[0]);
    out["password_wire"] = spaced(rest.subspan(1, 3));
    rest = rest.subspan(4);
    out["data"] = spaced(rest);
    put_payload(out, identifier, rest, Edition::edition_1997);
  } else if (!rest.empty()) {
    out["data"] = spaced(rest);
  }
}

void put_content(Json& out, const FrameView& frame, ByteView plain) {
  if (frame.from_slave() && frame.is_error()) {
    if (!plain.empty()) put_error_word(out, frame, plain);
    return;
  }
  if (frame.edition() == Edition::edition_1997) return put_content_1997(out, frame, plain);
  if (frame.is(Function::read) || frame.is(Function::read_following)) return put_read(out, frame, plain);
  // The speed word stands in both directions.
  if (frame.is(Function::change_speed) && plain.size() == 1) {
    out["speed_word"] = hex_of(plain[0]);
    if (const auto speed = speed_of(plain[0]); speed != 0) out["speed"] = speed;
    return;
  }
  // So does the output's number.
  if (frame.is(Function::multi_function_output) && plain.size() == 1) return put_output(out, plain[0]);
  if (frame.is(Function::security)) return put_security(out, frame, plain);
  if (!frame.from_slave()) return put_request(out, frame, plain);
  if (frame.is(Function::read_address) && plain.size() == Address::size_octets) {
    out["meter_address"] = Address::from_wire(plain).to_string();
  } else if (!plain.empty()) {
    out["payload_raw"] = spaced(plain);
  }
}

/// What stood before a frame: preamble counted, anything else told.
void put_leading(Json& out, ByteView leading, bool is_whole_frame) {
  const auto preambles = std::ranges::count(leading, frame_layout::preamble);
  out["preamble"] = preambles;
  if (preambles == static_cast<std::ptrdiff_t>(leading.size())) return;
  out["leading"] = spaced(leading);
  if (!is_whole_frame) return;
  out["resync"] =
      "skip " + std::to_string(leading.size()) + " leading bytes (" + spaced(leading) + ") to the first valid 68";
}

Json frame_object(const FrameView& frame, ByteView leading, std::size_t offset) {
  Json out;
  out["protocol"] = to_string(frame.edition());
  out["valid"] = true;
  put_leading(out, leading, true);
  out["offset"] = offset;
  out["address"] = frame.address().to_string();
  out["control"] = hex_of(frame.control());
  out["from_slave"] = frame.from_slave();
  out["error_flag"] = frame.is_error();
  out["follow"] = frame.has_following();
  out["function"] = hex_of(frame.function());
  out["function_name"] = function_label(frame.function(), frame.edition()).english;
  out["length"] = frame.length();
  const PlainData plain = frame.plain_data();
  out["data_minus_33"] = spaced(plain.view());
  put_content(out, frame, plain.view());
  return out;
}

std::string error_name(const DecodeError& error) {
  if (error.code == ErrorCode::checksum_mismatch) return "checksum";
  if (error.code == ErrorCode::truncated) return "truncated";
  return std::string(to_string(error.field));
}

Json broken_object(const Segment& segment, ByteView leading) {
  const ByteView octets = segment.octets;
  const bool has_length = octets.size() >= frame_layout::data_offset && octets[7] == frame_layout::start;
  Json out;
  out["protocol"] = to_string(has_length ? edition_of(octets[8], octets[9]) : Edition::edition_2007);
  out["valid"] = false;
  out["error"] = error_name(segment.error);
  out["error_field"] = to_string(segment.error.field);
  out["error_offset"] = segment.offset + segment.error.octet_offset;
  if (segment.error.code == ErrorCode::checksum_mismatch) {
    out["checksum_expected"] = hex_of(segment.error.expected);
    out["checksum_found"] = hex_of(segment.error.found);
  }
  put_leading(out, leading, false);
  out["offset"] = segment.offset;
  out["raw"] = spaced(octets);
  return out;
}

Json no_frame_object(ByteView octets) {
  Json out;
  out["protocol"] = to_string(Edition::edition_2007);
  out["valid"] = false;
  const bool only_preamble =
      std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == frame_layout::preamble; });
  out["error"] = only_preamble ? "truncated" : "start";
  out["error_field"] = "start";
  out["error_offset"] = only_preamble ? octets.size() : 0;
  out["preamble"] = std::ranges::count(octets, frame_layout::preamble);
  out["raw"] = spaced(octets);
  return out;
}

}  // namespace

std::vector<Json> dlt645_to_json(ByteView octets) {
  return objects_of_segments<Scanner>(
      octets,
      [](const Segment& segment, ByteView leading) { return frame_object(segment.frame, leading, segment.offset); },
      broken_object, no_frame_object);
}

}  // namespace duheng::codec
