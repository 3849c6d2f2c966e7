#include "codec/json/gdw13762_json.hpp"

#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/scanner.hpp"
#include "codec/json/json_parts.hpp"

namespace duheng::codec {

namespace {

using namespace duheng::gdw13762;
using Json = nlohmann::ordered_json;

void put_leading(Json& out, ByteView leading) {
  if (!leading.empty()) out["leading"] = spaced(leading);
}

Json information_of(const FrameView& frame) {
  const auto information = frame.information();
  Json out;
  out["raw"] = spaced(information.octets);
  out["for_node"] = information.is_for_node();
  out["relay_level"] = information.relay_level();
  out["channel"] = information.channel();
  if (frame.from_module()) {
    out["phase"] = information.phase();
    out["question_quality"] = information.question_quality();
    out["answer_quality"] = information.answer_quality();
    out["event"] = information.tells_event();
  } else {
    out["expected_octets"] = information.expected_octets();
  }
  out["serial"] = information.serial();
  return out;
}

void put_addresses(Json& out, const FrameView& frame) {
  if (!frame.has_addresses()) return;
  out["source"] = frame.source().to_string();
  Json relays = Json::array();
  for (std::size_t i = 0; i < frame.relay_count(); ++i)
    relays.push_back(NodeAddress::from_wire(
                         frame.octets().subspan(frame_layout::address_offset + (i + 1) * frame_layout::address_octets))
                         .to_string());
  if (!relays.empty()) out["relays"] = std::move(relays);
  out["destination"] = frame.destination().to_string();
}

Json frame_object(const Segment& segment, ByteView leading) {
  const FrameView& frame = segment.frame;
  Json out;
  out["protocol"] = "gdw13762";
  out["valid"] = true;
  out["offset"] = segment.offset;
  put_leading(out, leading);
  out["length"] = frame.size_octets();
  out["control"] = {{"raw", hex_of(frame.control())},
                    {"dir", frame.from_module() ? 1 : 0},
                    {"prm", frame.is_started() ? 1 : 0},
                    {"kind", frame.communication_kind()}};
  out["information"] = information_of(frame);
  put_addresses(out, frame);
  const auto service = frame.service();
  out["service"] = {{"afn", hex_of(service.code)}, {"fn", service.function}};
  if (const auto name = name_of(service); !name.english.empty()) out["name"] = name.english;
  out["data"] = spaced(frame.data());
  if (service == services::deny)
    if (const auto why = parse_denial(frame.data())) out["denied"] = static_cast<unsigned>(*why);
  if (const auto carried = parse_carried(frame)) {
    Json inner;
    inner["protocol"] = carried->protocol;
    const bool tells_time = service == services::ask_node || service == services::meter_data;
    if (frame.from_module() && tells_time) inner["duration_s"] = carried->duration_s;
    inner["content"] = spaced(carried->content);
    out["carried"] = std::move(inner);
  }
  return out;
}

Json broken_object(ByteView octets, const DecodeError& error) {
  Json out;
  out["protocol"] = "gdw13762";
  out["valid"] = false;
  out["error"] = error.code == ErrorCode::truncated ? "truncated" : std::string(error.field);
  out["octets"] = spaced(octets);
  return out;
}

}  // namespace

std::vector<Json> gdw13762_to_json(ByteView octets) {
  return objects_of_segments<Scanner>(
      octets, frame_object,
      [](const Segment& segment, ByteView leading) {
        Json out = broken_object(segment.octets, segment.error);
        put_leading(out, leading);
        return out;
      },
      [](ByteView all) {
        const auto frame = gdw13762::decode(all);
        return broken_object(all, frame ? DecodeError{} : frame.error());
      });
}

}  // namespace duheng::codec
