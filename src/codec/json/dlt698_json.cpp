#include "codec/json/dlt698_json.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/node.hpp"
#include "codec/dlt698/scanner.hpp"
#include "codec/dlt698/value.hpp"
#include "codec/json/json_parts.hpp"

namespace duheng::codec {

namespace {

using namespace duheng::dlt698;
using Json = nlohmann::ordered_json;

// An APDU in a SECURITY APDU in a SECURITY APDU …: nobody nests them, so few levels do.
constexpr int inner_apdus_max = 4;

std::string wire_word(std::uint16_t word) {
  const std::uint8_t octets[] = {static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(word >> 8)};
  return spaced(octets);
}

bool is_printable(ByteView octets) {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet >= ' ' && octet < 0x7F; });
}

/// Whether `octets` are UTF-8 without control characters: nlohmann/json refuses anything else.
bool is_utf8_text(ByteView octets) {
  if (std::ranges::any_of(octets, [](std::uint8_t octet) { return octet < ' ' || octet == 0x7F; })) return false;
  try {
    static_cast<void>(Json(as_text(octets)).dump());
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

bool is_text(Kind kind, ByteView octets) {
  return kind == Kind::utf8_string ? is_utf8_text(octets) : is_printable(octets);
}

Json piid_object(std::uint8_t raw) {
  const Piid piid{raw};
  Json out;
  out["raw"] = hex_of(raw);
  out["priority"] = piid.is_high_priority() ? 1 : 0;
  out["acd"] = piid.has_events() ? 1 : 0;
  out["seq"] = piid.sequence();
  return out;
}

Json tsa_object(ByteView content) {
  Json out;
  out["af"] = content.empty() ? "" : hex_of(content[0]);
  out["address"] = content.empty() ? "" : to_hex(content.subspan(1));
  return out;
}

Json link_type_value(std::uint8_t type) {
  static constexpr const char* names[] = {"login", "heartbeat", "logout"};
  return type < std::size(names) ? Json(names[type]) : Json(type);
}

Json float_value(ByteView content) {
  const double value = *read_float(content);
  // JSON knows neither; the octets tell which.
  if (!std::isfinite(value)) return to_hex(content);
  return value;
}

/// Turns a tree into JSON by the grammar: sequences are objects, lists arrays, parts without a name go into the object
/// around them.
class TreeWriter {
 public:
  explicit TreeWriter(int inner_apdus_left) : inner_apdus_left_(inner_apdus_left) {}

  Json apdu_object(const Node& apdu) {
    Json out;
    out["tag"] = apdu.type->tag;
    out["service"] = apdu.type->name;
    put_parts(out, apdu);
    return out;
  }
  /// Moments that do not exist in the calendar, as they travelled.
  [[nodiscard]] const Json& invalid_times() const { return invalid_times_; }

 private:
  Json leaf(const Node& node) {
    const ByteView content = node.content;
    const Kind kind = node.type->kind;
    switch (kind) {
      case Kind::null:
        return nullptr;
      case Kind::boolean:
        return content[0] != 0;
      case Kind::signed_integer:
        return read_signed(content);
      case Kind::unsigned_integer:
      case Kind::enumeration:
      case Kind::dar:
        return read_unsigned(content);
      case Kind::float_number:
        return float_value(content);
      case Kind::date_time:
      case Kind::date:
      case Kind::time:
      case Kind::date_time_s:
        return moment(kind, content);
      case Kind::ti:
        return interval_text(content);
      case Kind::scaler_unit:
        return {{"scaler", read_signed(content.first(1))}, {"unit", content[1]}};
      case Kind::comdcb:
        return std::vector<unsigned>(content.begin(), content.end());
      case Kind::piid:
      case Kind::piid_acd:
        return piid_object(content[0]);
      case Kind::link_type:
        return link_type_value(content[0]);
      case Kind::tsa:
        return tsa_object(content);
      case Kind::fixed_text:
      case Kind::visible_string:
      case Kind::utf8_string:
        return is_text(kind, content) ? std::string(as_text(content)) : to_hex(content);
      default:
        return to_hex(content);
    }
  }

  Json moment(Kind kind, ByteView content) {
    const auto time = read_time(kind, content);
    if (!is_valid(kind, *time)) invalid_times_.push_back(spaced(content));
    return to_string(kind, *time);
  }

  /// A Data: {"long-unsigned": 220}.
  Json data(const Node& node) {
    if (node.type->kind == Kind::null) return nullptr;
    Json out;
    out[std::string(node.type->name)] = value(node);
    if (node.type->kind == Kind::bit_string) out["bits"] = node.count;
    if (node.type->kind == Kind::visible_string || node.type->kind == Kind::utf8_string) {
      if (!is_text(node.type->kind, node.content)) out["encoding"] = "hex";
    }
    return out;
  }

  Json value(const Node& node) {
    switch (node.type->kind) {
      case Kind::sequence: {
        Json out = Json::object();
        put_parts(out, node);
        return out;
      }
      case Kind::list:
      case Kind::columns:
      case Kind::single:
      case Kind::rows:
      case Kind::row:
        return elements(node);
      case Kind::optional:
        return node.children.empty() ? Json(nullptr) : part_value(*node.type->element, node.children[0]);
      case Kind::choice:
        return chosen(node);
      default:
        return leaf(node);
    }
  }

  Json elements(const Node& node) {
    Json out = Json::array();
    const Type& element = node.type->kind == Kind::row    ? types::data
                          : node.type->kind == Kind::rows ? types::row
                                                          : *node.type->element;
    for (const Node& child : node.children) out.push_back(part_value(element, child));
    return out;
  }

  /// `expected`: what the grammar has there, which tells whether a tag stood in front.
  Json part_value(const Type& expected, const Node& node) {
    return expected.kind == Kind::data ? data(node) : value(node);
  }

  /// A choice that is a value of its own: the alternative itself, its name, or an object of one member.
  Json chosen(const Node& node) {
    if (!node.type->selector_name.empty()) {
      Json out = Json::object();
      put_chosen(out, node);
      return out;
    }
    const Field& field = *node.type->alternative(node.selector);
    const Node& child = node.children[0];
    if (field.name.empty()) return part_value(*field.type, child);
    if (child.type->kind == Kind::null && field.type->kind != Kind::data) return field.name;
    return Json{{std::string(field.name), part_value(*field.type, child)}};
  }

  /// A choice whose alternatives are parts of the object around it.
  void put_chosen(Json& out, const Node& node) {
    const Field& field = *node.type->alternative(node.selector);
    const std::string selector(node.type->selector_name);
    if (!selector.empty()) {
      // Alternatives that have names are told by them.
      out[selector] = field.name.empty() ? Json(node.selector) : Json(field.name);
      put_parts(out, node.children[0]);
      return;
    }
    put_part(out, field, node.children[0]);
  }

  void put_parts(Json& out, const Node& node) {
    const Type& type = *node.type;
    if (type.kind == Kind::choice) return put_chosen(out, node);
    if (type.kind == Kind::optional) {
      if (!node.children.empty()) put_parts(out, node.children[0]);
      return;
    }
    if (type.kind != Kind::sequence) return;
    for (std::size_t i = 0; i < node.children.size(); ++i) put_part(out, type.fields[i], node.children[i]);
  }

  void put_part(Json& out, const Field& field, const Node& node) {
    if (field.name.empty()) return put_parts(out, node);
    const std::string name(field.name);
    if (node.type->kind == Kind::raw) {
      out["rows_raw"] = to_hex(node.content);
    } else if (node.type->kind == Kind::link_result) {
      put_link_result(out, node.content[0]);
    } else if (node.type->kind == Kind::apdu_octets) {
      out[name] = to_hex(node.content);
      put_inner_apdu(out, node.content);
    } else if (node.type->kind == Kind::optional && node.type->element->kind == Kind::data) {
      // What a method returns: nothing is not the same as NULL.
      if (!node.children.empty()) out[name] = data(node.children[0]);
    } else {
      out[name] = part_value(*field.type, node);
    }
  }

  static void put_link_result(Json& out, std::uint8_t result) {
    out["result"] = hex_of(result);
    out["clock_trusted"] = (result & 0x80) != 0;
    out["result_code"] = result & 0x07;
  }

  void put_inner_apdu(Json& out, ByteView octets) {
    if (inner_apdus_left_ == 0) return;
    const auto tree = decode_tree(types::apdu, octets);
    if (!tree) {
      out["inner"] = nullptr;
      out["inner_error"] = Json{{"error", "apdu_malformed"},
                                {"error_code", to_string(tree.error().code)},
                                {"error_field", tree.error().field},
                                {"error_offset", tree.error().octet_offset}};
      return;
    }
    TreeWriter inner(inner_apdus_left_ - 1);
    out["inner"] = inner.apdu_object(tree->root);
    if (tree->size_octets < octets.size()) out["inner"]["trailing"] = to_hex(octets.subspan(tree->size_octets));
    for (const Json& moment : inner.invalid_times()) invalid_times_.push_back(moment);
  }

  int inner_apdus_left_;
  Json invalid_times_ = Json::array();
};

void put_error(Json& out, const std::string& name, const DecodeError& error, std::size_t offset) {
  out["valid"] = false;
  out["error"] = name;
  out["error_code"] = to_string(error.code);
  out["error_field"] = error.field;
  out["error_offset"] = offset + error.octet_offset;
}

/// `offset`: where the APDU stands in all octets.
void put_apdu(Json& out, ByteView octets, std::size_t offset) {
  const auto tree = decode_tree(types::apdu, octets);
  if (!tree) return put_error(out, "apdu_malformed", tree.error(), offset);
  TreeWriter writer(inner_apdus_max);
  out["apdu"] = writer.apdu_object(tree->root);
  if (tree->size_octets < octets.size()) out["apdu_trailing"] = spaced(octets.subspan(tree->size_octets));
  if (!writer.invalid_times().empty()) out["invalid_times"] = writer.invalid_times();
}

void put_fragment(Json& out, ByteView user_data, std::size_t offset) {
  const auto header = decode_fragment_header(user_data);
  if (!header) return put_error(out, "fragment", header.error(), offset);
  out["fragment_header"] = Json{{"raw", spaced(user_data.first(FragmentHeader::size_octets))},
                                {"seq", header->sequence},
                                {"kind", to_string(header->kind)},
                                {"reserved_bits", header->reserved}};
  out["fragment_data"] = spaced(user_data.subspan(FragmentHeader::size_octets));
}

/// What stood before a frame: preamble counted, anything else told.
void put_leading(Json& out, ByteView leading) {
  const auto preambles = std::ranges::count(leading, frame_layout::preamble);
  out["preamble"] = preambles;
  if (preambles != static_cast<std::ptrdiff_t>(leading.size())) out["leading"] = spaced(leading);
}

Json control_object(const FrameView& frame) {
  return {{"raw", hex_of(frame.control())},
          {"dir", frame.from_server() ? 1 : 0},
          {"prm", frame.started_by_client() ? 1 : 0},
          {"fragment", frame.is_fragment()},
          {"sc", frame.is_scrambled()},
          {"function", frame.function()}};
}

Json address_object(const ServerAddress& address) {
  return {{"af", hex_of(address.feature())},
          {"type", to_string(address.type())},
          {"logical", address.logical()},
          {"length", address.size()},
          {"address", address.to_string()}};
}

Json frame_object(const Segment& segment, ByteView leading) {
  const FrameView& frame = segment.frame;
  const ServerAddress address = frame.server_address();
  Bytes buffer(frame.is_scrambled() ? frame.wire_user_data().size() : 0);
  const ByteView user_data = frame.user_data(buffer);
  Json out;
  out["protocol"] = "dlt698.45";
  out["valid"] = true;
  put_leading(out, leading);
  out["offset"] = segment.offset;
  out["length"] = frame.length();
  out["control"] = control_object(frame);
  out["sa"] = address_object(address);
  if (const auto extension = address.extended_logical()) {
    out["sa_extended"] = Json{{"logical", *extension}, {"address", address.without_extension()}};
  }
  out["ca"] = hex_of(frame.client_address());
  out["hcs"] = spaced(frame.header_check());
  out["fcs"] = spaced(frame.frame_check());
  out["user_data"] = spaced(user_data);
  if (frame.is_scrambled()) out["user_data_wire"] = spaced(frame.wire_user_data());
  const std::size_t offset = segment.offset + frame.user_data_offset();
  if (frame.is_fragment()) {
    put_fragment(out, user_data, offset);
  } else if (!user_data.empty()) {
    put_apdu(out, user_data, offset);
  }
  return out;
}

std::string error_name(const DecodeError& error) {
  return error.code == ErrorCode::truncated ? "truncated" : std::string(error.field);
}

Json broken_object(const Segment& segment, ByteView leading) {
  const DecodeError& error = segment.error;
  const ByteView octets = segment.octets;
  Json out;
  out["protocol"] = "dlt698.45";
  put_error(out, error_name(error), error, segment.offset);
  if (error.code == ErrorCode::checksum_mismatch) {
    out[std::string(error.field) + "_expected"] = wire_word(error.expected);
    out[std::string(error.field) + "_found"] = wire_word(error.found);
  }
  if (octets.size() >= 3) out["length"] = octets[1] | octets[2] << 8;
  out["bytes_present"] = octets.size();
  put_leading(out, leading);
  out["offset"] = segment.offset;
  out["raw"] = spaced(octets);
  return out;
}

Json no_frame_object(ByteView octets) {
  const auto found = decode(octets);
  Json out;
  out["protocol"] = "dlt698.45";
  put_error(out, error_name(found.error()), found.error(), 0);
  out["preamble"] = std::ranges::count(octets, frame_layout::preamble);
  out["raw"] = spaced(octets);
  return out;
}

}  // namespace

std::vector<Json> dlt698_to_json(ByteView octets) {
  return objects_of_segments<Scanner>(
      octets, [](const Segment& segment, ByteView leading) { return frame_object(segment, leading); }, broken_object,
      no_frame_object);
}

std::vector<Json> dlt698_apdu_to_json(ByteView octets) {
  Json out;
  out["protocol"] = "dlt698.45";
  out["layer"] = "apdu";
  out["valid"] = true;
  put_apdu(out, octets, 0);
  if (out["valid"] == false) out["raw"] = spaced(octets);
  return {std::move(out)};
}

}  // namespace duheng::codec
