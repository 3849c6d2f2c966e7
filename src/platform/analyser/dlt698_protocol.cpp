#include "codec/dlt698/explain.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/scanner.hpp"
#include "codec/json/dlt698_json.hpp"
#include "platform/analyser/json_text.hpp"
#include "platform/analyser/protocol.hpp"
#include "platform/analyser/scanner_segments.hpp"

namespace duheng::platform::analyser {

namespace {

std::vector<Segment> segments(ByteView octets) { return segments_of(dlt698::Scanner(octets)); }

std::vector<std::string> to_json(ByteView octets) { return to_texts(codec::dlt698_to_json(octets)); }
std::vector<std::string> apdu_to_json(ByteView octets) { return to_texts(codec::dlt698_apdu_to_json(octets)); }

}  // namespace

const Protocol& dlt698_protocol() noexcept {
  static const Protocol row{
      .name = "dlt698",
      .label = {"DL/T 698.45", "DL/T 698.45"},
      .example =
          "68 17 00 43 05 01 00 00 00 00 00 10 26 F6 05 01 05 40 00 02 00 00 D1 0B 16\n"
          "68 24 00 C3 05 01 00 20 03 25 01 00 0E 29 85 01 00 20 00 02 00 01 01 03 12 08 C1 12 00 00 12 00 00 00 00 F2 "
          "EC 16",
      .is_self_delimiting = true,
      .has_preamble = true,
      .frame_octets_max = dlt698::frame_layout::frame_octets_max,
      .segments = segments,
      .explain = dlt698::explain,
      .to_json = to_json,
      .explain_apdu = dlt698::explain_apdu,
      .apdu_to_json = apdu_to_json,
      .apdu_example = "85 03 27 50 04 02 00 02 00 20 21 02 00 00 20 00 02 00 01 01 1C 07 E2 0B 0F 00 00 00 00 00 00",
      .builders = dlt698_builders(),
  };
  return row;
}

}  // namespace duheng::platform::analyser
