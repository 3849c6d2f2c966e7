#include "drivers/dlt698/dialect.hpp"

#include <algorithm>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "codec/dlt698/node.hpp"
#include "codec/dlt698/stream_parser.hpp"
#include "drivers/dlt698/values.hpp"

namespace duheng::drivers {
namespace {

using dlt698::FrameView;
using dlt698::ServerAddress;

constexpr std::int64_t octet_gap_most_ms = 500;
// Longer answers come in pieces; a session shall stay small.
constexpr std::size_t frame_octets_most = 2'048;
constexpr std::uint8_t client = 0x10;
constexpr std::uint8_t error_tag = 0xEE;
// Codes of refusals that are no data access result.
constexpr std::uint32_t error_response = 0x100;
constexpr std::uint32_t connect_refused = 0x200;
constexpr std::uint8_t response_bit = 0x80;
constexpr std::uint8_t sequence_mask = 0x3F;
/// Of the control octet: who sends, and who began.
constexpr std::uint8_t sender_bits = 0xC0;

/// Where PIID stands: behind the service, and its choice where it has one.
std::size_t piid_place(std::uint8_t service) noexcept {
  constexpr std::uint8_t response = 0x7F;
  switch (service & response) {
    case 0x01:  // LINK
    case 0x02:  // CONNECT
    case 0x03:  // RELEASE
      return 1;
    default:
      return 2;
  }
}

ServerAddress server_of(const BusAddress& device) {
  const ByteView octets = device.octets();
  if (octets.size() < 2) return {};
  return ServerAddress::from_wire(octets[0], octets.subspan(1)).value_or(ServerAddress{});
}

class Dlt698Dialect final : public Dialect {
 public:
  void build(const BusAddress& device, const Query& query, std::uint32_t part, std::uint8_t preamble_octets,
             Bytes& into) override {
    into.clear();
    dlt698::FrameFields fields;
    fields.server_address = query.has_answer ? server_of(device) : ServerAddress::broadcast();
    fields.client_address = client;
    fields.preamble_octets = preamble_octets;
    if (part == 0) {
      apdu_.assign(1, static_cast<std::uint8_t>(query.operation));
      apdu_.insert(apdu_.end(), query.body.begin(), query.body.end());
      if (const std::size_t place = piid_place(apdu_[0]); apdu_.size() > place)
        apdu_[place] = ++sequence_ & sequence_mask;
      fields.user_data = apdu_;
      pieces_.reset();
    } else {
      fields.control = confirmation_control_;
      fields.user_data = confirmation_;
    }
    if (auto octets = dlt698::encode(fields)) into = std::move(*octets);
  }
  void feed(ByteView octets, FrameListener& listener) override {
    parser_.feed(octets, [&](const FrameView& frame) { tell(frame, listener); });
  }
  void flush(FrameListener& listener) override {
    parser_.flush([&](const FrameView& frame) { tell(frame, listener); });
  }
  void reset() override {
    parser_.reset();
    pieces_.reset();
  }
  [[nodiscard]] std::size_t pending_octets() const override { return parser_.pending_octets(); }
  [[nodiscard]] LineCounters counters() const override {
    const auto& parsed = parser_.counters();
    return {parsed.bad_frame_checks + parsed.bad_ends + parsed.unfinished,
            parsed.noise_octets + parsed.rejected_octets};
  }

  [[nodiscard]] Judgement judge(const HeardFrame& heard, const Query& query, std::uint32_t part,
                                ByteView request) override {
    const auto frame = dlt698::decode_at_start(heard.octets);
    if (!frame || frame->function() != static_cast<std::uint8_t>(dlt698::Function::user_data)) return {};
    plain_.resize(frame->wire_user_data().size());
    const ByteView data = frame->user_data(plain_);
    if (frame->is_fragment()) return judge_piece(*frame, data, query);
    if (part != 0 || !answers(data, query, request)) return {};
    if (const auto refused = refusal_of(data)) return {Fit::refusal, {}, *refused};
    return {Fit::whole, data, 0};
  }
  /// REPORT-Notification in one frame. One in pieces is not taken: no public source shows who confirms which.
  [[nodiscard]] std::optional<DeviceReport> report(const HeardFrame& heard) override {
    constexpr std::size_t control_at = 3;
    if (heard.octets.size() <= control_at ||
        (heard.octets[control_at] & sender_bits) != (dlt698::control_codes::server_report & sender_bits))
      return std::nullopt;
    const auto frame = dlt698::decode_at_start(heard.octets);
    if (!frame || frame->is_fragment() || frame->function() != static_cast<std::uint8_t>(dlt698::Function::user_data))
      return std::nullopt;
    plain_.resize(frame->wire_user_data().size());
    const ByteView data = frame->user_data(plain_);
    const auto confirmed = confirmation_of(data);
    if (!confirmed) return std::nullopt;
    dlt698::FrameFields fields;
    fields.control = dlt698::control_codes::client_confirmation;
    if (frame->is_scrambled()) fields.control |= dlt698::control_bits::scrambled;
    fields.server_address = frame->server_address();
    fields.client_address = frame->client_address();
    fields.user_data = *confirmed;
    auto octets = dlt698::encode(fields);
    if (!octets) return std::nullopt;
    return DeviceReport{data, std::move(*octets)};
  }
  [[nodiscard]] std::int64_t octet_gap_ms() const override { return octet_gap_most_ms; }
  [[nodiscard]] std::size_t frame_octets_max() const override { return frame_octets_most; }

 private:
  [[nodiscard]] Judgement judge_piece(const FrameView& frame, ByteView data, const Query& query) {
    const auto header = dlt698::decode_fragment_header(data);
    const auto outcome = pieces_.accept(data);
    if (!header || !outcome) return {};
    using enum dlt698::FragmentAssembler::Outcome;
    if (*outcome == complete) {
      if (!answers(pieces_.apdu(), query, apdu_)) return {};
      // The payload of the pieces before is in the session's hands already: here is the last one's.
      return {Fit::whole, data.subspan(dlt698::FragmentHeader::size_octets), 0};
    }
    if (*outcome != taken) return {};
    confirmation_.resize(dlt698::FragmentHeader::size_octets);
    const auto fields = dlt698::fragment_confirmation(
        frame, *header, std::span<std::uint8_t, dlt698::FragmentHeader::size_octets>(confirmation_));
    confirmation_control_ = fields.control;
    return {Fit::part, data.subspan(dlt698::FragmentHeader::size_octets), 0};
  }

  /// Whether the APDU is the answer of the service asked, with our PIID, or says that there is none.
  [[nodiscard]] bool answers(ByteView apdu, const Query& query, ByteView request) const {
    const ByteView asked = asked_apdu(request);
    const std::size_t place = piid_place(static_cast<std::uint8_t>(query.operation));
    if (asked.size() <= place) return false;
    const auto has_our_piid = [&](std::size_t at) {
      return apdu.size() > at && (asked[place] & sequence_mask) == (apdu[at] & sequence_mask);
    };
    if (!apdu.empty() && apdu[0] == error_tag) return has_our_piid(1);
    if (!has_our_piid(place) || apdu[0] != (query.operation | response_bit)) return false;
    // A long answer to GET comes in blocks, which have a choice of their own.
    constexpr std::uint8_t get_response = 0x85;
    constexpr std::uint8_t next_block = 5;
    return place == 1 || asked[1] == apdu[1] || (apdu[0] == get_response && apdu[1] == next_block);
  }
  [[nodiscard]] ByteView asked_apdu(ByteView request) const {
    // The last question's APDU is at hand; of an earlier one (a late answer's) the frame is read again.
    const auto frame = dlt698::decode(request);
    return frame && !frame->is_fragment() ? frame->wire_user_data() : ByteView{apdu_};
  }
  /// The reason, when an answer holds nothing but one.
  [[nodiscard]] static std::optional<std::uint32_t> refusal_of(ByteView apdu) {
    constexpr std::uint8_t connect_response = 0x82;
    constexpr std::size_t error_type_at = 2;
    if (apdu[0] == error_tag) return error_response | (apdu.size() > error_type_at ? apdu[error_type_at] : 0U);
    if (apdu[0] == connect_response) return connect_refusal_of(apdu);
    constexpr std::uint8_t get_response = 0x85;
    constexpr std::uint8_t normal_list = 2;
    if (apdu[0] == get_response && apdu[1] <= normal_list) return object_refusal_of(apdu);
    return result_refusal_of(apdu);
  }
  [[nodiscard]] static std::optional<std::uint32_t> object_refusal_of(ByteView apdu) {
    std::optional<std::uint32_t> reason;
    bool has_data = false;
    const auto read = dlt698::for_each_result(apdu, [&](const dlt698::ObjectResult& result) {
      if (result.dar)
        reason = reason.value_or(*result.dar);
      else
        has_data = true;
    });
    if (!read || has_data) return std::nullopt;
    return reason;
  }
  /// Of SET, ACTION and records.
  [[nodiscard]] static std::optional<std::uint32_t> result_refusal_of(ByteView apdu) {
    std::optional<std::uint32_t> reason;
    dlt698::Reader reader(dlt698::types::apdu, apdu);
    while (reader.step() && reader.current().event != dlt698::Element::Event::finished) {
      const auto& element = reader.current();
      if (element.begins(dlt698::types::follow_report)) break;  // what is told along with the answer
      if (element.begins(dlt698::types::row)) return std::nullopt;
      if (!element.is_value(dlt698::Kind::dar)) continue;
      if (element.content[0] == 0) return std::nullopt;
      reason = reason.value_or(element.content[0]);
    }
    return reason;
  }
  [[nodiscard]] static std::optional<std::uint32_t> connect_refusal_of(ByteView apdu) {
    const auto tree = dlt698::decode_tree(dlt698::types::apdu, apdu);
    const dlt698::Node* result = tree ? tree->root.find("result") : nullptr;
    if (result == nullptr || result->content.empty()) return connect_refused;
    if (result->content[0] == 0) return std::nullopt;
    return connect_refused | result->content[0];
  }

  /// The REPORT-Response to a REPORT-Notification; nothing when `apdu` is none, or not well formed.
  [[nodiscard]] static std::optional<Bytes> confirmation_of(ByteView apdu) {
    if (apdu.empty() || apdu[0] != dlt698::types::report_notification.tag) return std::nullopt;
    const auto tree = dlt698::decode_tree(dlt698::types::apdu, apdu);
    if (!tree) return std::nullopt;
    const std::uint8_t choice = apdu[1];
    const auto piid = static_cast<std::uint8_t>(apdu[2] & sequence_mask);
    std::vector<dlt698::Oad> oads;
    const dlt698::Node* const results = tree->root.find(choice == 1 ? "results" : "records");
    if (results != nullptr)
      for (const auto& one : results->children) oads.push_back(dlt698::read_oad(one.children[0].content));
    auto octets = dlt698::encode_tree(dlt698::types::apdu, dlt698::report_response(piid, choice, oads));
    return octets ? std::optional(std::move(*octets)) : std::nullopt;
  }

  static void tell(const FrameView& frame, FrameListener& listener) {
    listener.on_frame({frame.octets(), bus_address(frame.server_address()), frame.from_server()});
  }

  static constexpr std::size_t apdu_octets_max = 16'384;
  dlt698::StreamParser parser_{frame_octets_most};
  dlt698::FragmentAssembler pieces_{apdu_octets_max};
  std::uint8_t sequence_ = 0;
  std::uint8_t confirmation_control_ = dlt698::control_codes::client_request;
  Bytes apdu_;
  Bytes plain_;
  Bytes confirmation_;
};

}  // namespace

std::unique_ptr<Dialect> make_dlt698_dialect() { return std::make_unique<Dlt698Dialect>(); }

BusAddress bus_address(const dlt698::ServerAddress& address) {
  Bytes octets{address.feature()};
  octets.insert(octets.end(), address.wire_octets().begin(), address.wire_octets().end());
  return BusAddress(octets);
}

Query dlt698_get(std::span<const dlt698::Oad> oads) {
  return dlt698_query(oads.size() == 1 ? dlt698::get_request(0, oads.front()) : dlt698::get_list_request(0, oads),
                      false);
}

}  // namespace duheng::drivers
