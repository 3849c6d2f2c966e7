#include "codec/dlt645/explain.hpp"
#include "codec/dlt645/scanner.hpp"
#include "codec/json/dlt645_json.hpp"
#include "platform/analyser/json_text.hpp"
#include "platform/analyser/protocol.hpp"
#include "platform/analyser/scanner_segments.hpp"

namespace duheng::platform::analyser {

namespace {

std::vector<Segment> segments(ByteView octets) { return segments_of(dlt645::Scanner(octets)); }

std::vector<std::string> to_json(ByteView octets) { return to_texts(codec::dlt645_to_json(octets)); }

}  // namespace

const Protocol& dlt645_protocol() noexcept {
  static const Protocol row{
      .name = "dlt645",
      .label = {"DL/T 645", "DL/T 645"},
      .example =
          "FE 68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16\n"
          "68 00 36 19 00 00 00 68 91 18 33 32 34 33 63 69 33 33 89 35 33 33 4C 33 33 33 6B 33 33 33 4A 66 33 33 E9 16",
      .is_self_delimiting = true,
      .has_preamble = true,
      .frame_octets_max = dlt645::frame_layout::frame_octets_max,
      .segments = segments,
      .explain = dlt645::explain,
      .to_json = to_json,
      .builders = dlt645_builders(),
  };
  return row;
}

}  // namespace duheng::platform::analyser
