#include "drivers/modbus/dialect.hpp"

#include "codec/modbus/message.hpp"
#include "codec/modbus/stream_parser.hpp"

namespace duheng::drivers {
namespace {

using modbus::Role;
using modbus::Transport;

// Serial lines are often tunnelled over TCP or radio, which tears frames apart for longer than 3.5 characters.
constexpr std::int64_t octet_gap_most_ms = 200;
// Between characters of an ASCII frame a second may pass; devices may set more (V1.02, 2.5.2.1).
constexpr std::int64_t character_gap_most_ms = 1'000;
constexpr int quantity_bits = 16;

// One for each transport. `wire` gives a frame's octets as they travelled.

struct RtuKind {
  using Parser = modbus::RtuStreamParser;
  using Frame = modbus::RtuFrame;
  static constexpr Transport transport = Transport::rtu;
  static constexpr std::size_t frame_octets_max = modbus::rtu_layout::frame_octets_max;
  static constexpr std::int64_t octet_gap_ms = octet_gap_most_ms;
  static auto decode(ByteView octets, Role role) { return modbus::decode_rtu(octets, role); }
  static ByteView wire(const Frame& frame, modbus::FrameBuffer& /*scratch*/) { return frame.octets(); }
};
struct AsciiKind {
  using Parser = modbus::AsciiStreamParser;
  using Frame = modbus::AsciiFrame;
  static constexpr Transport transport = Transport::ascii;
  static constexpr std::size_t frame_octets_max = modbus::ascii_layout::frame_characters_max;
  static constexpr std::int64_t octet_gap_ms = character_gap_most_ms;
  static auto decode(ByteView octets, Role role) { return modbus::decode_ascii(octets, role); }
  /// A frame is kept as octets, but has only one spelling: upper-case digits and CR LF.
  static ByteView wire(const Frame& frame, modbus::FrameBuffer& scratch) {
    if (auto spelt = modbus::encode_frame(transport, 0, frame.unit_id(), frame.pdu().octets())) scratch = *spelt;
    return scratch.view();
  }
};
struct TcpKind {
  using Parser = modbus::TcpStreamParser;
  using Frame = modbus::TcpFrame;
  static constexpr Transport transport = Transport::tcp;
  static constexpr std::size_t frame_octets_max = modbus::tcp_layout::frame_octets_max;
  static constexpr std::int64_t octet_gap_ms = octet_gap_most_ms;
  static auto decode(ByteView octets, Role role) { return modbus::decode_tcp(octets, role); }
  static ByteView wire(const Frame& frame, modbus::FrameBuffer& /*scratch*/) { return frame.octets(); }
};

template <class Kind>
class ModbusDialect final : public Dialect {
 public:
  void build(const BusAddress& device, const Query& query, std::uint32_t /*part*/, std::uint8_t /*preamble_octets*/,
             Bytes& into) override {
    into.clear();
    const auto pdu = pdu_of(query);
    if (!pdu || device.octets().empty()) return;
    const auto frame = modbus::encode_frame(Kind::transport, ++transaction_, device.octets()[0], pdu->view());
    if (frame) into.assign(frame->view().begin(), frame->view().end());
  }
  void feed(ByteView octets, FrameListener& listener) override {
    parser_.feed(octets, [&](const typename Kind::Frame& frame) { tell(frame, listener); });
  }
  void flush(FrameListener& listener) override {
    parser_.flush([&](const typename Kind::Frame& frame) { tell(frame, listener); });
  }
  void reset() override { parser_.reset(); }
  [[nodiscard]] std::size_t pending_octets() const override { return parser_.pending_octets(); }
  [[nodiscard]] LineCounters counters() const override {
    const auto& parsed = parser_.counters();
    return {parsed.bad_checksums + parsed.malformed + parsed.unfinished, parsed.skipped_octets};
  }

  [[nodiscard]] Judgement judge(const HeardFrame& heard, const Query& /*query*/, std::uint32_t /*part*/,
                                ByteView request) override {
    const auto question = Kind::decode(request, Role::request);
    const auto answer = Kind::decode(heard.octets, Role::response);
    if (!question || !answer || !modbus::match_response(*question, *answer)) return {};
    answer_ = *answer;  // an ASCII frame holds its octets itself: the payload must outlive this call
    const auto pdu = answer_.pdu();
    if (pdu.is_exception()) return {Fit::refusal, {}, pdu.exception_code()};
    return {Fit::whole, pdu.value_octets().empty() ? pdu.data() : pdu.value_octets(), 0};
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return Kind::octet_gap_ms; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return Kind::frame_octets_max; }

 private:
  static modbus::BuiltPdu pdu_of(const Query& query) {
    const auto function = static_cast<modbus::Function>(query.operation);
    switch (function) {
      case modbus::Function::read_coils:
      case modbus::Function::read_discrete_inputs:
      case modbus::Function::read_holding_registers:
      case modbus::Function::read_input_registers:
        return modbus::read_request(function, static_cast<std::uint16_t>(query.subject >> quantity_bits),
                                    static_cast<std::uint16_t>(query.subject));
      default:
        return modbus::raw_pdu(static_cast<std::uint8_t>(query.operation), query.body, Role::request);
    }
  }
  static void tell(const typename Kind::Frame& frame, FrameListener& listener) {
    modbus::FrameBuffer scratch;
    listener.on_frame({Kind::wire(frame, scratch), modbus_unit(frame.unit_id()), true});
  }

  typename Kind::Parser parser_{Role::response};
  typename Kind::Frame answer_;
  std::uint16_t transaction_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_modbus_dialect(Transport transport) {
  if (transport == Transport::tcp) return std::make_unique<ModbusDialect<TcpKind>>();
  if (transport == Transport::ascii) return std::make_unique<ModbusDialect<AsciiKind>>();
  return std::make_unique<ModbusDialect<RtuKind>>();
}

BusAddress modbus_unit(std::uint8_t unit) noexcept { return BusAddress(ByteView(&unit, 1)); }

Query modbus_read(const modbus::PlannedRead& read) {
  Query query;
  query.operation = static_cast<std::uint16_t>(modbus::read_function(read.table));
  query.subject = static_cast<std::uint64_t>(read.address) << quantity_bits | read.quantity;
  return query;
}

}  // namespace duheng::drivers
