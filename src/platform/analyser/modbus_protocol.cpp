#include "codec/json/modbus_json.hpp"
#include "codec/modbus/explain.hpp"
#include "codec/modbus/scanner.hpp"
#include "platform/analyser/json_text.hpp"
#include "platform/analyser/protocol.hpp"
#include "platform/analyser/scanner_segments.hpp"

namespace duheng::platform::analyser {

namespace {

using modbus::Transport;

template <Transport transport>
std::vector<Segment> segments(ByteView octets) {
  return segments_of(modbus::Scanner(octets, transport));
}
template <Transport transport>
std::vector<codec::ExplainedField> explain(ByteView octets) {
  return modbus::explain(octets, transport);
}
template <Transport transport>
std::vector<std::string> to_json(ByteView octets) {
  return to_texts(codec::modbus_to_json(octets, transport, std::nullopt));
}

/// One transport; they differ in how a frame is wrapped.
template <Transport transport>
Protocol row_of(std::string_view name, Label label, std::string_view example, std::size_t frame_octets_max,
                std::span<const Builder> builders) {
  return {.name = name,
          .label = label,
          .example = example,
          // RTU and TCP show no beginning, and TCP proves nothing by a checksum.
          .is_self_delimiting = transport == Transport::ascii,
          .frame_octets_max = frame_octets_max,
          .segments = segments<transport>,
          .explain = explain<transport>,
          .to_json = to_json<transport>,
          .builders = builders};
}

}  // namespace

const Protocol& modbus_rtu_protocol() noexcept {
  static const Protocol row =
      row_of<Transport::rtu>("modbus_rtu", {"Modbus RTU", "Modbus RTU"},
                             "11 03 00 6B 00 03 76 87\n11 03 06 AE 41 56 52 43 40 49 AD", 256, modbus_rtu_builders());
  return row;
}

const Protocol& modbus_ascii_protocol() noexcept {
  static const Protocol row =
      row_of<Transport::ascii>("modbus_ascii", {"Modbus ASCII", "Modbus ASCII"},
                               "3A 31 31 30 33 30 30 36 42 30 30 30 33 37 45 0D 0A", 513, modbus_ascii_builders());
  return row;
}

const Protocol& modbus_tcp_protocol() noexcept {
  static const Protocol row = row_of<Transport::tcp>(
      "modbus_tcp", {"Modbus TCP", "Modbus TCP"},
      "00 01 00 00 00 06 11 03 00 6B 00 03\n00 01 00 00 00 09 11 03 06 AE 41 56 52 43 40", 260, modbus_tcp_builders());
  return row;
}

}  // namespace duheng::platform::analyser
