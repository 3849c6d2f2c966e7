#include "drivers/cjt188/dialect.hpp"

#include <algorithm>

#include "codec/cjt188/stream_parser.hpp"

namespace duheng::drivers {
namespace {

using cjt188::FrameView;

constexpr std::int64_t octet_gap_most_ms = 500;
constexpr int identifier_bits = 16;
constexpr int type_shift = 8;

const cjt188::Profile& profile_of(const Query& query) {
  const auto profiles = cjt188::known_profiles();
  const std::uint64_t place = query.subject >> identifier_bits;
  return place < profiles.size() ? profiles[static_cast<std::size_t>(place)] : profiles.front();
}
cjt188::DataIdentifier identifier_of(const Query& query) { return {static_cast<std::uint16_t>(query.subject)}; }

class Cjt188Dialect final : public Dialect {
 public:
  void build(const BusAddress& device, const Query& query, std::uint32_t /*part*/, std::uint8_t preamble_octets,
             Bytes& into) override {
    cjt188::Address::Wire wire{};
    std::ranges::copy(device.octets().first(std::min(device.octets().size(), wire.size())), wire.begin());
    cjt188::Peer peer{static_cast<std::uint8_t>(query.operation >> type_shift), cjt188::Address(wire),
                      &profile_of(query), ++sequence_};
    peer.preamble_octets = preamble_octets;
    const auto frame =
        cjt188::build(peer, static_cast<std::uint8_t>(query.operation), identifier_of(query), query.body);
    into.clear();
    if (frame) into.assign(frame->view().begin(), frame->view().end());
  }
  void feed(ByteView octets, FrameListener& listener) override {
    parser_.feed(octets, [&](const FrameView& frame) { tell(frame, listener); });
  }
  void flush(FrameListener& listener) override {
    parser_.flush([&](const FrameView& frame) { tell(frame, listener); });
  }
  void reset() override { parser_.reset(); }
  [[nodiscard]] std::size_t pending_octets() const override { return parser_.pending_octets(); }
  [[nodiscard]] LineCounters counters() const override {
    const auto& parsed = parser_.counters();
    return {parsed.bad_checksums + parsed.bad_ends + parsed.unfinished, parsed.noise_octets + parsed.rejected_octets};
  }

  [[nodiscard]] Judgement judge(const HeardFrame& heard, const Query& query, std::uint32_t /*part*/,
                                ByteView request) override {
    const auto question = cjt188::decode(request);
    const auto frame = cjt188::decode(heard.octets);
    if (!question || !frame || frame->function() != question->function()) return {};
    const auto asked = cjt188::parse_message(*question);
    if (!asked) return {};
    if (frame->is_error()) {
      const auto refusal = cjt188::parse_error_reply(*frame);
      // The form of one octet carries no SER: it is this question's, because nothing is asked while another may be
      // answered.
      if (refusal && refusal->has_sequence && refusal->sequence != asked->sequence) return {};
      return {Fit::refusal, {}, refusal ? refusal->status[0] | static_cast<std::uint32_t>(refusal->status[1]) << 8 : 0};
    }
    const auto message = cjt188::parse_message(*frame, profile_of(query).identifier_order);
    if (!message || message->sequence != asked->sequence || message->identifier.identifier != identifier_of(query))
      return {};
    // Only one maker's meters say that more follows, and nobody has published how the rest is asked for.
    return {Fit::whole, message->payload, 0};
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return cjt188::frame_layout::frame_octets_max; }

 private:
  static void tell(const FrameView& frame, FrameListener& listener) {
    listener.on_frame({frame.octets(), bus_address(frame.address()), frame.from_slave()});
  }
  cjt188::StreamParser parser_;
  std::uint8_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_cjt188_dialect() { return std::make_unique<Cjt188Dialect>(); }

Query cjt188_read(std::uint8_t meter_type, const cjt188::Profile& profile, cjt188::DataIdentifier identifier) {
  const auto profiles = cjt188::known_profiles();
  std::uint64_t place = 0;
  for (std::size_t i = 0; i < profiles.size(); ++i)
    if (profiles[i].name == profile.name) place = i;
  Query query;
  query.operation =
      static_cast<std::uint16_t>(meter_type << type_shift | static_cast<unsigned>(cjt188::Function::read));
  query.subject = place << identifier_bits | identifier.value;
  return query;
}

}  // namespace duheng::drivers
