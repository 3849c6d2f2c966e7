#include "device/meter/virtual_bus.hpp"

#include "codec/dlt645/stream_parser.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t octet_gap_most_ms = 500;

class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const dlt645::FrameView& frame) {
      if (!frame.from_slave()) on_question(frame.octets());
    });
  }
  void flush(const OnQuestion& on_question) override {
    parser_.flush([&](const dlt645::FrameView& frame) {
      if (!frame.from_slave()) on_question(frame.octets());
    });
  }
  void reset() noexcept override { parser_.reset(); }

 private:
  dlt645::StreamParser parser_;
};

class Dlt645Line final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override { return std::make_unique<Cutter>(); }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = dlt645::decode_at_start(question);
    if (!frame) return std::nullopt;
    const auto meant = frame->address();
    if (meant.has_unknown_digits() || meant.is_broadcast()) return std::nullopt;
    return bus_key_of(meant);
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
};

}  // namespace

const LineProtocol& dlt645_line() {
  static const Dlt645Line line;
  return line;
}

}  // namespace duheng::device
