#include "device/modbus/modbus_line.hpp"

#include "codec/modbus/stream_parser.hpp"

namespace duheng::device {
namespace {

using modbus::Role;

// 3.5 characters are 4 ms at 9600 baud; operating systems and tunnels tear frames apart for longer.
constexpr std::int64_t octet_gap_most_ms = 100;

template <class Parser>
class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const auto& frame) { on_question(frame.octets()); });
  }
  void flush(const OnQuestion& on_question) override {
    parser_.flush([&](const auto& frame) { on_question(frame.octets()); });
  }
  void reset() noexcept override { parser_.reset(); }

 private:
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
const LineProtocol& modbus_tcp_line() {
  static const TcpLine line;
  return line;
}

}  // namespace duheng::device
