#include "device/dlt698/virtual_dlt698_meter.hpp"

#include <algorithm>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/frame.hpp"
#include "device/dlt698/application.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/event_reporter.hpp"

namespace duheng::device {
namespace {

using dlt698::AddressType;
using dlt698::FragmentHeader;
using dlt698::FrameView;
namespace control_bits = dlt698::control_bits;

constexpr std::size_t question_octets_max = 8'192;  // of an APDU that comes in pieces
constexpr std::size_t peers_max = 4;

/// An APDU under way to one client, piece by piece.
struct Outgoing {
  Outgoing(meter698::Reply said, std::size_t piece_octets_max)
      : reply(std::move(said)), sender(reply.apdu, piece_octets_max) {}
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  meter698::Reply reply;
  dlt698::FragmentSender sender;
};
struct Peer {
  explicit Peer(std::uint8_t c) : client(c), incoming(question_octets_max) {}
  std::uint8_t client;
  dlt698::FragmentAssembler incoming;
  std::unique_ptr<Outgoing> outgoing;
};

}  // namespace

struct VirtualDlt698Meter::Impl {
  explicit Impl(const Dlt698MeterOptions& o)
      : options(o), uid(o.address.to_string()), registers(options), application(options, registers) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] std::optional<DeviceAnswer> report(std::int64_t utc_ms) {
    if (!options.reports_events || !registers.let_time_pass(utc_ms) || !registers.state().is_powered)
      return std::nullopt;
    const auto apdu = reporter.due(utc_ms);
    if (!apdu) return std::nullopt;
    dlt698::FrameFields fields;
    fields.control = dlt698::control_codes::server_report;
    fields.server_address = registers.address();
    fields.client_address = options.reports_to_client;
    fields.user_data = *apdu;
    return framed(fields, 0);
  }
  void take_confirmation(const FrameView& frame) {
    const bool is_confirmation = !frame.from_server() && !frame.started_by_client() && !frame.is_fragment() &&
                                 frame.function() == static_cast<std::uint8_t>(dlt698::Function::user_data);
    if (!is_confirmation || !frame.server_address().reaches(registers.address())) return;
    plain.resize(frame.wire_user_data().size());
    reporter.confirmed(frame.user_data(plain));
  }

  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, const FrameView& frame) {
    // What it is asked under it answers under, also when the question is to change that.
    asked_as = registers.address();
    take_confirmation(frame);
    const bool is_question = !frame.from_server() && frame.started_by_client() &&
                             frame.function() == static_cast<std::uint8_t>(dlt698::Function::user_data);
    if (!is_question || !registers.state().is_powered) return std::nullopt;
    plain.resize(frame.wire_user_data().size());
    const ByteView data = frame.user_data(plain);
    const auto meant = frame.server_address();
    if (meant.type() == AddressType::broadcast) {
      if (!frame.is_fragment() && registers.let_time_pass(utc_ms)) application.broadcast(utc_ms, data, frame.octets());
      return std::nullopt;
    }
    if (!meant.reaches(asked_as) || !registers.let_time_pass(utc_ms)) return std::nullopt;
    if (frame.is_fragment()) return take_piece(utc_ms, frame, data);
    forget_pieces(frame.client_address());
    return say(frame, application.answer(utc_ms, frame.client_address(), data, frame.octets()));
  }

  // A client that asks something new wants nothing more of what was under way.
  void forget_pieces(std::uint8_t client) {
    std::erase_if(peers, [&](const auto& peer) { return peer->client == client; });
  }
  Peer& peer(std::uint8_t client) {
    const auto found = std::ranges::find(peers, client, [](const auto& held) { return held->client; });
    if (found != peers.end()) return **found;
    if (peers.size() == peers_max) peers.erase(peers.begin());
    return *peers.emplace_back(std::make_unique<Peer>(client));
  }

  [[nodiscard]] std::optional<DeviceAnswer> take_piece(std::int64_t utc_ms, const FrameView& frame, ByteView data) {
    using enum dlt698::FragmentAssembler::Outcome;
    auto& held = peer(frame.client_address());
    const auto header = dlt698::decode_fragment_header(data);
    const auto outcome = held.incoming.accept(data);
    if (!header || !outcome) return std::nullopt;
    if (*outcome == confirmation) return go_on(frame, held, *header);
    if (*outcome == complete)
      return say(frame, application.answer(utc_ms, held.client, held.incoming.apdu(), frame.octets()));
    if (*outcome != taken && *outcome != repeated) return std::nullopt;
    std::array<std::uint8_t, FragmentHeader::size_octets> word;
    auto fields = dlt698::fragment_confirmation(frame, *header, word);
    fields.server_address = asked_as;
    return framed(fields, 0);
  }

  [[nodiscard]] std::optional<DeviceAnswer> go_on(const FrameView& frame, Peer& held, const FragmentHeader& confirmed) {
    if (!held.outgoing) return std::nullopt;
    using enum dlt698::FragmentSender::Outcome;
    auto& sender = held.outgoing->sender;
    const auto outcome = sender.on_confirmation(confirmed);
    if (outcome == done) {
      held.outgoing.reset();
      return std::nullopt;
    }
    if (outcome == send_next) return piece(frame, *held.outgoing);
    // The confirmation of the piece before, again: ours was not heard.
    const auto again = piece(frame, *held.outgoing);
    const auto present = dlt698::decode_fragment_header(piece_data);
    const bool is_before =
        again && present && (confirmed.sequence + 1) % FragmentHeader::sequence_count == present->sequence;
    return is_before ? again : std::nullopt;
  }

  [[nodiscard]] std::optional<DeviceAnswer> piece(const FrameView& question, const Outgoing& outgoing) {
    piece_data.resize(outgoing.reply.apdu.size() + FragmentHeader::size_octets);
    const auto size = outgoing.sender.write_piece(piece_data);
    if (!size) return std::nullopt;
    piece_data.resize(*size);
    auto fields = reply_fields(question);
    fields.control |= control_bits::fragment;
    fields.user_data = piece_data;
    return framed(fields, outgoing.reply.identifier);
  }

  [[nodiscard]] std::optional<DeviceAnswer> say(const FrameView& question, std::optional<meter698::Reply> reply) {
    if (!reply) return std::nullopt;
    auto fields = reply_fields(question);
    fields.user_data = reply->apdu;
    const std::size_t room = reply->frame_octets_max;
    if (dlt698::encoded_size(fields) <= room) return framed(fields, reply->identifier);
    const std::size_t overhead = dlt698::encoded_size(fields) - reply->apdu.size() + FragmentHeader::size_octets;
    auto& held = peer(question.client_address());
    held.outgoing = std::make_unique<Outgoing>(std::move(*reply), room > overhead ? room - overhead : 1);
    return piece(question, *held.outgoing);
  }

  [[nodiscard]] dlt698::FrameFields reply_fields(const FrameView& question) const {
    dlt698::FrameFields fields;
    fields.control = dlt698::control_codes::server_reply;
    if (question.is_scrambled()) fields.control |= control_bits::scrambled;
    fields.server_address = asked_as;
    fields.client_address = question.client_address();
    return fields;
  }
  [[nodiscard]] static std::optional<DeviceAnswer> framed(const dlt698::FrameFields& fields, std::uint32_t identifier) {
    auto octets = dlt698::encode(fields);
    if (!octets) return std::nullopt;
    return DeviceAnswer{std::move(*octets), identifier};
  }

  Dlt698MeterOptions options;
  std::string uid;
  dlt698::ServerAddress asked_as;
  CommandListener listener;
  meter698::Registers registers;
  meter698::Application application;
  meter698::EventReporter reporter{registers};
  std::vector<std::unique_ptr<Peer>> peers;  // clients with whom pieces are exchanged
  Bytes plain;
  Bytes piece_data;
};

VirtualDlt698Meter::VirtualDlt698Meter(const Dlt698MeterOptions& options) : impl_(std::make_unique<Impl>(options)) {}
VirtualDlt698Meter::~VirtualDlt698Meter() = default;

const std::string& VirtualDlt698Meter::uid() const noexcept { return impl_->uid; }
std::uint64_t VirtualDlt698Meter::bus_key() const noexcept { return bus_key_of(impl_->registers.address()); }
std::uint32_t VirtualDlt698Meter::line_speed() const { return impl_->registers.state().line.baud(); }

std::optional<DeviceAnswer> VirtualDlt698Meter::answer(std::int64_t utc_ms, ByteView question) {
  const auto frame = dlt698::decode_at_start(question);
  if (!frame) return std::nullopt;
  const auto number_of = [](const std::optional<DeviceCommand>& command) { return command ? command->number : 0; };
  const std::uint64_t before = number_of(last_command());
  auto said = impl_->answer(utc_ms, *frame);
  if (const auto& done = impl_->registers.state().last_command; number_of(done) != before && impl_->listener)
    impl_->listener(*done);
  return said;
}

std::optional<DeviceAnswer> VirtualDlt698Meter::report(std::int64_t utc_ms) { return impl_->report(utc_ms); }

void VirtualDlt698Meter::happen(std::int64_t utc_ms, const DeviceHappening& happening) {
  static_cast<void>(impl_->registers.happen(utc_ms, happening));
}
std::optional<DeviceCommand> VirtualDlt698Meter::last_command() const { return impl_->registers.state().last_command; }
void VirtualDlt698Meter::listen_to_commands(CommandListener listener) { impl_->listener = std::move(listener); }
void VirtualDlt698Meter::press_key(std::int64_t utc_ms) {
  if (impl_->registers.let_time_pass(utc_ms)) static_cast<void>(impl_->registers.press_key(utc_ms));
}

Measurement VirtualDlt698Meter::measure(std::int64_t utc_ms) {
  static_cast<void>(impl_->registers.let_time_pass(utc_ms));
  return impl_->registers.metering().measure(utc_ms);
}
std::int64_t VirtualDlt698Meter::energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) {
  static_cast<void>(impl_->registers.let_time_pass(utc_ms));
  constexpr std::int64_t steps_per_centikwh = 100;
  return impl_->registers.metering().energy_deciwatthour(utc_ms, reverse, tariff) / steps_per_centikwh;
}
std::int64_t VirtualDlt698Meter::clock_local_ms(std::int64_t utc_ms) const {
  return impl_->registers.clock_local_ms(utc_ms);
}
bool VirtualDlt698Meter::relay_is_closed() const noexcept { return impl_->registers.state().relay.is_closed(); }

}  // namespace duheng::device
