#include "codec/cjt188/explain.hpp"
#include "codec/cjt188/scanner.hpp"
#include "codec/json/cjt188_json.hpp"
#include "platform/analyser/json_text.hpp"
#include "platform/analyser/protocol.hpp"
#include "platform/analyser/scanner_segments.hpp"

namespace duheng::platform::analyser {

namespace {

std::vector<Segment> segments(ByteView octets) { return segments_of(cjt188::Scanner(octets)); }

std::vector<std::string> to_json(ByteView octets) { return to_texts(codec::cjt188_to_json(octets)); }

}  // namespace

const Protocol& cjt188_protocol() noexcept {
  static const Protocol row{
      .name = "cjt188",
      .label = {"CJ/T 188", "CJ/T 188"},
      .example =
          "FE FE FE 68 10 AA AA AA AA AA AA AA 01 03 90 1F 01 D2 16\n"
          "FE FE FE 68 10 18 00 00 40 40 92 00 81 16 90 1F 00 29 00 00 00 2C 29 00 00 00 2C 00 00 00 00 00 00 00 00 23 "
          "B5 16",
      .is_self_delimiting = true,
      .has_preamble = true,
      .frame_octets_max = cjt188::frame_layout::frame_octets_max,
      .segments = segments,
      .explain = cjt188::explain,
      .to_json = to_json,
      .builders = cjt188_builders(),
  };
  return row;
}

}  // namespace duheng::platform::analyser
