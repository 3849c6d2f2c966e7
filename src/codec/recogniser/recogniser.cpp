#include "codec/recogniser/recogniser.hpp"

#include <algorithm>
#include <cmath>

#include "codec/cjt188/stream_parser.hpp"
#include "codec/dlt645/stream_parser.hpp"
#include "codec/dlt698/stream_parser.hpp"
#include "codec/modbus/stream_parser.hpp"

namespace duheng::codec {

namespace {

/// What one frame proves: the bits noise would have to hit for it.
/// dlt645: 16H and an 8-bit sum; the two 68H count for little, since lines with this family of protocols are full of
/// them. cjt188: 16H, an 8-bit sum, a type and a control code that exist. dlt698: 68H, 16H, two 16-bit checks.
/// modbus_rtu: a 16-bit check and one of few function codes. modbus_ascii: ':', digits only, an 8-bit sum, CR LF.
/// modbus_tcp: the protocol number 0 and a length that fits, where zeros are common in addresses; the place is given,
/// see below.
constexpr std::array<double, protocol_count> bits_per_frame{23, 22, 48, 20, 48, 12};
/// A guess is made from this on: chance is then right about once in a thousand streams.
constexpr double bits_needed = 10;
/// Pieces this small are taken by every parser at once, so that offsets can be told while they report.
constexpr std::size_t piece_octets = 64;
/// Frames longer than this are passed over; 698.45 allows 16 KiB, meters and their links stay below 2.
constexpr std::size_t dlt698_octets_max = 2048;

constexpr std::size_t index_of(Protocol protocol) noexcept { return static_cast<std::size_t>(protocol); }

double proof_of(Protocol protocol, std::uint64_t frames, std::uint64_t octets) noexcept {
  if (frames == 0) return 0;
  const double bits = bits_per_frame[index_of(protocol)];
  // Frames in a row from the first octet on have not been searched for.
  const double searched = protocol == Protocol::modbus_tcp ? 0 : std::log2(static_cast<double>(octets));
  return static_cast<double>(frames) * std::max(0.0, bits - searched);
}

}  // namespace

std::string_view to_string(Protocol protocol) noexcept {
  constexpr std::string_view names[] = {"dlt645",       "cjt188",     "dlt698", "modbus_rtu",
                                        "modbus_ascii", "modbus_tcp", "unknown"};
  return names[std::min(index_of(protocol), protocol_count)];
}

struct Recogniser::State {
  State() : dlt698(dlt698_octets_max) {}

  void count(Protocol protocol, std::size_t frame_octets, std::size_t octets_behind) noexcept {
    ProtocolEvidence& found = evidence[index_of(protocol)];
    if (found.frames == 0) found.first_offset = octets - octets_behind - frame_octets;
    ++found.frames;
    found.frame_octets += frame_octets;
  }

  /// Calls `step(parser, on_frame)` for every parser.
  template <class Step>
  void each(Step&& step) {
    step(dlt645, [&](const dlt645::FrameView& frame) {
      count(Protocol::dlt645, frame.size_octets(), dlt645.pending_octets());
    });
    step(cjt188, [&](const cjt188::FrameView& frame) {
      count(Protocol::cjt188, frame.size_octets(), cjt188.pending_octets());
    });
    step(dlt698, [&](const dlt698::FrameView& frame) {
      count(Protocol::dlt698, frame.size_octets(), dlt698.pending_octets());
    });
    each_modbus(step);
  }

  /// A line carries questions and answers; what is sound as both is counted as a question.
  template <class Step>
  void each_modbus(Step& step) {
    using modbus::Role;
    step(rtu_requests, [&](const modbus::RtuFrame& frame) { take_rtu(frame, rtu_requests.pending_octets()); });
    step(rtu_responses, [&](const modbus::RtuFrame& frame) {
      const auto as_request = decode_rtu(frame.octets(), Role::request);
      if ((as_request && as_request->size_octets() == frame.size_octets())) return;
      take_rtu(frame, rtu_responses.pending_octets());
    });
    step(ascii_requests, [&](const modbus::AsciiFrame& frame) {
      count(Protocol::modbus_ascii, frame.size_characters(), ascii_requests.pending_octets());
    });
    step(ascii_responses, [&](const modbus::AsciiFrame& frame) {
      if (is_sound_as_request(frame)) return;
      count(Protocol::modbus_ascii, frame.size_characters(), ascii_responses.pending_octets());
    });
    step(tcp_requests, [&](const modbus::TcpFrame& frame) { take_tcp(frame, tcp_requests.pending_octets()); });
    step(tcp_responses, [&](const modbus::TcpFrame& frame) { take_tcp(frame, tcp_responses.pending_octets()); });
  }

  /// Functions of known form; the frame of any other is as long as it happens to be, and proves little.
  static bool is_known(std::uint8_t function) noexcept {
    const unsigned code = function & 0x7FU;
    return (code >= 1 && code <= 6) || code == 15 || code == 16 || code == 22 || code == 23 || code == 43;
  }
  /// Those frames count only in a row from the first octet on, where nothing has been searched.
  void take_rtu(const modbus::RtuFrame& frame, std::size_t octets_behind) noexcept {
    const std::uint64_t begin = octets - octets_behind - frame.size_octets();
    const bool in_row = begin == rtu_row_end;
    if (in_row) rtu_row_end += frame.size_octets();
    if (in_row || is_known(frame.pdu().octets()[0])) count(Protocol::modbus_rtu, frame.size_octets(), octets_behind);
  }
  static bool is_sound_as_request(const modbus::AsciiFrame& frame) noexcept {
    std::array<std::uint8_t, modbus::ascii_layout::frame_characters_max> characters;
    const auto size = modbus::encode_ascii(frame.unit_id(), frame.pdu().octets(), characters);
    return size && decode_ascii(ByteView(characters.data(), *size), modbus::Role::request).has_value();
  }
  /// Only a frame that begins where the row ends; both parsers may see it, the first one counts it.
  void take_tcp(const modbus::TcpFrame& frame, std::size_t octets_behind) noexcept {
    const std::uint64_t begin = octets - octets_behind - frame.size_octets();
    if (begin != tcp_row_end) return;
    tcp_row_end += frame.size_octets();
    count(Protocol::modbus_tcp, frame.size_octets(), octets_behind);
  }

  std::uint64_t octets = 0;
  std::uint64_t rtu_row_end = 0;
  std::uint64_t tcp_row_end = 0;
  std::array<ProtocolEvidence, protocol_count> evidence{};
  dlt645::StreamParser dlt645;
  cjt188::StreamParser cjt188;
  dlt698::StreamParser dlt698;
  modbus::RtuStreamParser rtu_requests{modbus::Role::request};
  modbus::RtuStreamParser rtu_responses{modbus::Role::response};
  modbus::AsciiStreamParser ascii_requests{modbus::Role::request};
  modbus::AsciiStreamParser ascii_responses{modbus::Role::response};
  modbus::TcpStreamParser tcp_requests{modbus::Role::request};
  modbus::TcpStreamParser tcp_responses{modbus::Role::response};
};

Recogniser::Recogniser() : state_(std::make_unique<State>()) {}
Recogniser::~Recogniser() = default;
Recogniser::Recogniser(Recogniser&&) noexcept = default;
Recogniser& Recogniser::operator=(Recogniser&&) noexcept = default;

void Recogniser::feed(ByteView octets) {
  while (!octets.empty()) {
    const ByteView piece = octets.first(std::min(octets.size(), piece_octets));
    state_->octets += piece.size();
    state_->each([&](auto& parser, auto&& on_frame) { parser.feed(piece, on_frame); });
    octets = octets.subspan(piece.size());
  }
}

void Recogniser::flush() {
  state_->each([](auto& parser, auto&& on_frame) { parser.flush(on_frame); });
}

void Recogniser::reset() { *this = Recogniser(); }

Recognition Recogniser::recognition() const noexcept {
  Recognition out;
  out.octets = state_->octets;
  out.evidence = state_->evidence;
  double best = bits_needed;
  for (std::size_t i = 0; i < protocol_count; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    const double proof = proof_of(protocol, out.evidence[i].frames, out.octets);
    out.evidence[i].proof_bits = proof;
    if (proof < best || (proof == best && out.protocol != Protocol::unknown)) continue;
    best = proof;
    out.protocol = protocol;
  }
  return out;
}

Recognition recognise(ByteView octets) {
  Recogniser recogniser;
  recogniser.feed(octets);
  recogniser.flush();
  return recogniser.recognition();
}

}  // namespace duheng::codec
