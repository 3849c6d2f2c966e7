#include "device/dlt698/dlt698_line.hpp"

#include <algorithm>

#include "codec/dlt698/stream_parser.hpp"

namespace duheng::device {
namespace {

using dlt698::AddressType;

constexpr std::int64_t octet_gap_most_ms = 500;
constexpr std::uint8_t any_digit = 0xA;
constexpr std::size_t frame_octets_most = 4'096;  // of a question

bool has_any_digit(ByteView octets) {
  return std::ranges::any_of(octets, [](auto octet) { return octet >> 4 == any_digit || (octet & 0xF) == any_digit; });
}

class Cutter final : public QuestionCutter {
 public:
  void feed(ByteView octets, const OnQuestion& on_question) override {
    parser_.feed(octets, [&](const dlt698::FrameView& frame) { tell(frame, on_question); });
  }
  void flush(const OnQuestion& on_question) override {
    parser_.flush([&](const dlt698::FrameView& frame) { tell(frame, on_question); });
  }
  void reset() noexcept override { parser_.reset(); }

 private:
  static void tell(const dlt698::FrameView& frame, const OnQuestion& on_question) {
    if (!frame.from_server()) on_question(frame.octets());
  }
  dlt698::StreamParser parser_{frame_octets_most};
};

class Dlt698Line final : public LineProtocol {
 public:
  [[nodiscard]] std::unique_ptr<QuestionCutter> cutter() const override { return std::make_unique<Cutter>(); }
  [[nodiscard]] std::optional<std::uint64_t> addressee(ByteView question) const override {
    const auto frame = dlt698::decode_at_start(question);
    if (!frame) return std::nullopt;
    const auto meant = frame->server_address();
    if (meant.type() != AddressType::single || has_any_digit(meant.wire_octets())) return std::nullopt;
    return bus_key_of(meant);
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
};

}  // namespace

const LineProtocol& dlt698_line() {
  static const Dlt698Line line;
  return line;
}

std::uint64_t bus_key_of(const dlt698::ServerAddress& address) noexcept {
  // FNV-1a: addresses have up to sixteen octets.
  std::uint64_t key = 14'695'981'039'346'656'037ULL;
  const auto mix = [&](std::uint8_t octet) { key = (key ^ octet) * 1'099'511'628'211ULL; };
  mix(static_cast<std::uint8_t>(address.size()));
  for (const auto octet : address.wire_octets()) mix(octet);
  return key;
}

}  // namespace duheng::device
