#include "device/modbus/modbus_line.hpp"

#include "codec/modbus/stream_parser.hpp"

namespace duheng::device {
namespace {

using modbus::Role;

// 3.5 characters are 4 ms at 9600 baud; operating systems and tunnels tear frames apart for longer.
constexpr std::int64_t octet_gap_most_ms = 100;
// V1.02, 2.5.2.1.
constexpr std::int64_t character_gap_most_ms = 1'000;

/// A frame as it travelled, good while both arguments are.
template <class Frame>
ByteView wire(const Frame& frame, modbus::FrameBuffer& /*scratch*/) {
  return frame.octets();
}
/// It is kept as octets, but has only one spelling: upper-case digits and CR LF.
ByteView wire(const modbus::AsciiFrame& frame, modbus::FrameBuffer& scratch) {
  const auto spelt = modbus::encode_frame(modbus::Transport::ascii, 0, frame.unit_id(), frame.pdu().octets());
  if (spelt) scratch = *spelt;
  return scratch.view();
}

template <class Parser>
class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const auto& frame) { tell(frame, on_question); });
  }
  void flush(const OnQuestion& on_question) override {
    parser_.flush([&](const auto& frame) { tell(frame, on_question); });
  }
  void reset() noexcept override { parser_.reset(); }

 private:
  template <class Frame>
  static void tell(const Frame& frame, const OnQuestion& on_question) {
    modbus::FrameBuffer scratch;
    on_question(wire(frame, scratch));
  }
  Parser parser_{Role::request};
};

class RtuLine final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override {
    return std::make_unique<Cutter<modbus::RtuStreamParser>>();
  }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = modbus::decode_rtu(question, Role::request);
    if (!frame || frame->unit_id() == 0) return std::nullopt;
    return frame->unit_id();
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
};

class AsciiLine final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override {
    return std::make_unique<Cutter<modbus::AsciiStreamParser>>();
  }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = modbus::decode_ascii(question, Role::request);
    if (!frame || frame->unit_id() == 0) return std::nullopt;
    return frame->unit_id();
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return character_gap_most_ms; }
};

class TcpLine final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override {
    return std::make_unique<Cutter<modbus::TcpStreamParser>>();
  }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = modbus::decode_tcp(question, Role::request);
    if (!frame) return std::nullopt;
    return frame->unit_id();
  }
  /// TCP brings everything in order; a pause says nothing.
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return INT64_MAX; }
  [[nodiscard]] bool has_checksum() const override { return false; }
};

}  // namespace

const LineProtocol& modbus_rtu_line() {
  static const RtuLine line;
  return line;
}
const LineProtocol& modbus_ascii_line() {
  static const AsciiLine line;
  return line;
}
const LineProtocol& modbus_tcp_line() {
  static const TcpLine line;
  return line;
}

}  // namespace duheng::device
