#include "device/cjt188/cjt188_line.hpp"

#include <algorithm>

#include "codec/cjt188/stream_parser.hpp"

namespace duheng::device {
namespace {

constexpr std::int64_t octet_gap_most_ms = 500;
constexpr std::uint8_t any_octet = 0xAA;

class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const cjt188::FrameView& frame) {
      if (!frame.from_slave()) on_question(frame.octets());
    });
  }
  void flush(const OnQuestion& on_question) override {
    parser_.flush([&](const cjt188::FrameView& frame) {
      if (!frame.from_slave()) on_question(frame.octets());
    });
  }
  void reset() noexcept override { parser_.reset(); }

 private:
  cjt188::StreamParser parser_;
};

class Cjt188Line final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override { return std::make_unique<Cutter>(); }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = cjt188::decode_at_start(question);
    if (!frame) return std::nullopt;
    const auto meant = frame->address();
    if (std::ranges::find(meant.wire(), any_octet) != meant.wire().end()) return std::nullopt;
    return bus_key_of(meant);
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
};

}  // namespace

const LineProtocol& cjt188_line() {
  static const Cjt188Line line;
  return line;
}

std::uint64_t bus_key_of(const cjt188::Address& address) noexcept {
  std::uint64_t key = 0;
  const auto& wire = address.wire();
  for (auto octet = wire.rbegin(); octet != wire.rend(); ++octet) key = key << 8 | *octet;
  return key;
}

}  // namespace duheng::device
