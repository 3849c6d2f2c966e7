#include "drivers/dlt645/dialect.hpp"

#include <algorithm>
#include <optional>

#include "codec/dlt645/message.hpp"
#include "codec/dlt645/stream_parser.hpp"

namespace duheng::drivers {
namespace {

using dlt645::FrameView;
using dlt645::Function;

constexpr std::int64_t octet_gap_most_ms = 500;  // DL/T 645-2007, 5.1
constexpr std::size_t identifier_octets = 4;

constexpr std::uint16_t code(Function function) noexcept { return static_cast<std::uint16_t>(function); }

bool names_identifier(std::uint16_t operation) noexcept {
  constexpr std::uint16_t security = 0x03;
  return operation == code(Function::read) || operation == code(Function::write) || operation == security ||
         operation == code(Function::change_password);
}

class Dlt645Dialect final : public Dialect {
 public:
  void build(const BusAddress& device, const Query& query, std::uint32_t part, std::uint8_t preamble_octets,
             Bytes& into) override {
    const auto address = address_for(device, query);
    if (part > 0) {
      const dlt645::DataIdentifier identifier{static_cast<std::uint32_t>(query.subject)};
      assign(dlt645::read_following_request(address, identifier, static_cast<std::uint8_t>(part), preamble_octets),
             into);
      return;
    }
    data_.clear();
    if (names_identifier(query.operation)) {
      for (std::size_t i = 0; i < identifier_octets; ++i)
        data_.push_back(static_cast<std::uint8_t>(query.subject >> (8 * i)));
    }
    data_.insert(data_.end(), query.body.begin(), query.body.end());
    const auto frame =
        dlt645::encode({address, static_cast<std::uint8_t>(query.operation), ByteView{data_}, preamble_octets});
    std::ranges::fill(data_, std::uint8_t{0});  // may have been a password
    into.clear();
    if (frame) assign(*frame, into);
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

  [[nodiscard]] Judgement judge(const HeardFrame& heard, const Query& query, std::uint32_t part,
                                ByteView /*request*/) override {
    const auto frame = dlt645::decode_at_start(heard.octets);
    if (!frame) return {};
    const auto wanted = part == 0 ? query.operation : code(Function::read_following);
    if (frame->function() != wanted) return {};
    plain_ = frame->plain_data();
    const ByteView data = plain_->view();
    if (frame->is_error()) return {Fit::refusal, {}, data.empty() ? 0U : data[0]};
    if (wanted != code(Function::read) && wanted != code(Function::read_following)) return {Fit::whole, data, 0};
    const auto reply = dlt645::parse_read_reply(*frame, data);
    if (!reply || reply->identifier.value != query.subject || reply->sequence != part) return {};
    const bool more = frame->has_following() && part < UINT8_MAX;
    return {more ? Fit::part : Fit::whole, reply->payload, 0};
  }

  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return dlt645::frame_layout::frame_octets_max; }

 private:
  /// Whom a question is put to: a new address is written to whoever hears it.
  static dlt645::Address address_for(const BusAddress& device, const Query& query) noexcept {
    if (!query.has_answer) return dlt645::Address::broadcast();
    return query.operation == code(Function::write_address) ? dlt645::Address::wildcard() : address_of(device);
  }
  static dlt645::Address address_of(const BusAddress& device) noexcept {
    std::array<std::uint8_t, dlt645::Address::size_octets> wire{};
    std::ranges::copy(device.octets().first(std::min(device.octets().size(), wire.size())), wire.begin());
    return dlt645::Address::from_wire(wire);
  }
  static void assign(const dlt645::FrameBuffer& frame, Bytes& into) {
    into.assign(frame.view().begin(), frame.view().end());
  }
  static void tell(const FrameView& frame, FrameListener& listener) {
    listener.on_frame({frame.octets(), bus_address(frame.address()), frame.from_slave()});
  }

  dlt645::StreamParser parser_;
  std::optional<dlt645::PlainData> plain_;
  Bytes data_;
};

}  // namespace

std::unique_ptr<Dialect> make_dlt645_dialect() { return std::make_unique<Dlt645Dialect>(); }

Query dlt645_read(dlt645::DataIdentifier identifier) {
  Query query;
  query.operation = code(Function::read);
  query.subject = identifier.value;
  return query;
}

}  // namespace duheng::drivers
