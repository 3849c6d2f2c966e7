#include "codec/modbus/scanner.hpp"

#include <algorithm>

namespace duheng::modbus {

namespace {

/// Size of a broken RTU frame as its function code tells it; 0 when it does not.
std::size_t told_rtu_size(ByteView octets, Role role) noexcept {
  if (octets.size() < 2) return 0;
  const auto size = pdu_size(octets.subspan(1), role);
  return size.kind == PduSize::Kind::known ? size.octets + rtu_layout::overhead_octets : 0;
}

/// Whether what is there of a cut RTU frame could be the beginning of a sound one.
bool breaks_no_rule(ByteView octets, Transport transport, Role role) noexcept {
  if (transport != Transport::rtu || octets.size() < 2) return true;
  const ByteView behind_unit = octets.subspan(1);
  const auto size = pdu_size(behind_unit, role);
  if (size.kind != PduSize::Kind::known) return size.kind != PduSize::Kind::impossible;
  const auto pdu = decode_pdu(behind_unit.first(std::min<std::size_t>(size.octets, behind_unit.size())), role);
  return pdu || pdu.error().code == ErrorCode::truncated;
}

bool is_sound(ByteView octets, Transport transport) noexcept {
  return decode_any(octets, transport, Role::request).has_value() ||
         decode_any(octets, transport, Role::response).has_value();
}

bool is_known_code(std::uint8_t octet) noexcept {
  return is_understood(static_cast<std::uint8_t>(octet & ~unsigned{exception_bit}));
}

/// How much speaks for octets that are no sound frame being RTU, or TCP.
int rtu_likeness(ByteView octets) noexcept {
  if (octets.size() < 2 || !is_known_code(octets[1])) return 0;
  const bool size_fits =
      told_rtu_size(octets, Role::request) == octets.size() || told_rtu_size(octets, Role::response) == octets.size();
  // Unit 0 is the broadcast: rare, and never in an answer.
  return (size_fits ? 3 : 1) + (octets[0] == 0 ? 0 : 1);
}
int tcp_likeness(ByteView octets) noexcept {
  if (octets.size() < 6 || octets[2] != 0 || octets[3] != 0) return 0;
  const bool size_fits = (octets[4] << 8 | octets[5]) == static_cast<int>(octets.size()) - 6;
  const bool code_known = octets.size() > 7 && is_known_code(octets[7]);
  return (size_fits ? 4 : octets[4] == 0 && octets[5] > 1 ? 1 : 0) + (code_known ? 1 : 0);
}

}  // namespace

std::string_view to_string(RoleFinding role) noexcept {
  switch (role) {
    case RoleFinding::request:
      return "request";
    case RoleFinding::response:
      return "response";
    case RoleFinding::either:
      return "either";
  }
  return "either";
}

std::uint8_t AnyFrame::unit_id() const noexcept {
  switch (transport_) {
    case Transport::rtu:
      return rtu_.unit_id();
    case Transport::ascii:
      return ascii_.unit_id();
    case Transport::tcp:
      return tcp_.unit_id();
  }
  return 0;
}

std::uint16_t AnyFrame::transaction_id() const noexcept {
  return transport_ == Transport::tcp ? tcp_.transaction_id() : std::uint16_t{0};
}

PduView AnyFrame::pdu() const noexcept {
  switch (transport_) {
    case Transport::rtu:
      return rtu_.pdu();
    case Transport::ascii:
      return ascii_.pdu();
    case Transport::tcp:
      return tcp_.pdu();
  }
  return {};
}

std::size_t AnyFrame::size_octets() const noexcept {
  switch (transport_) {
    case Transport::rtu:
      return rtu_.size_octets();
    case Transport::ascii:
      return ascii_.size_characters();
    case Transport::tcp:
      return tcp_.size_octets();
  }
  return 0;
}

std::expected<AnyFrame, DecodeError> decode_any(ByteView octets, Transport transport, Role role) noexcept {
  AnyFrame frame;
  frame.transport_ = transport;
  const auto keep = [&](auto& place, const auto& decoded) -> std::expected<AnyFrame, DecodeError> {
    if (!decoded) return std::unexpected(decoded.error());
    place = *decoded;
    return frame;
  };
  switch (transport) {
    case Transport::rtu:
      return keep(frame.rtu_, decode_rtu(octets, role));
    case Transport::ascii:
      return keep(frame.ascii_, decode_ascii(octets, role));
    case Transport::tcp:
      return keep(frame.tcp_, decode_tcp(octets, role));
  }
  return std::unexpected(DecodeError{ErrorCode::invalid_argument});
}

Transport guess_transport(ByteView octets) noexcept {
  const auto not_blank =
      std::ranges::find_if(octets, [](std::uint8_t octet) { return octet != '\r' && octet != '\n' && octet != ' '; });
  if (not_blank != octets.end() && *not_blank == ':' && !is_sound(octets, Transport::rtu)) return Transport::ascii;
  if (is_sound(octets, Transport::rtu)) return Transport::rtu;
  if (is_sound(octets, Transport::tcp)) return Transport::tcp;
  if (tcp_likeness(octets) > rtu_likeness(octets)) return Transport::tcp;
  const bool has_colon = std::ranges::find(octets, std::uint8_t{':'}) != octets.end();
  const bool is_text = std::ranges::all_of(
      octets, [](std::uint8_t octet) { return (octet >= ' ' && octet < 0x7F) || octet == '\r' || octet == '\n'; });
  return has_colon && is_text ? Transport::ascii : Transport::rtu;
}

bool Scanner::may_begin(std::size_t at) const noexcept { return transport_ != Transport::ascii || octets_[at] == ':'; }

std::optional<Segment> Scanner::frame_at(std::size_t at) const noexcept {
  if (!may_begin(at)) return std::nullopt;
  const ByteView rest = octets_.subspan(at);
  Segment segment;
  segment.kind = Segment::Kind::frame;
  segment.offset = at;
  const auto try_role = [&](Role role, std::optional<AnyFrame>& place) {
    if (role_ && *role_ != role) return;
    const auto frame = decode_any(rest, transport_, role);
    if (!frame) return;
    // A frame that only the end of the input delimits is believed where one is due: anywhere else, two octets of noise
    // too often look like its CRC.
    const bool delimited = transport_ != Transport::rtu || !frame->pdu().is_raw();
    if (!delimited && at != at_) return;
    place = *frame;
  };
  try_role(Role::request, segment.as_request);
  try_role(Role::response, segment.as_response);
  if (segment.as_request && segment.as_response) {
    segment.role = RoleFinding::either;
    // Different sizes, both with a right checksum: the longer one has more octets to speak for it.
    const auto request_size = segment.as_request->size_octets();
    const auto response_size = segment.as_response->size_octets();
    if (request_size > response_size) segment.as_response.reset();
    if (response_size > request_size) segment.as_request.reset();
  }
  if (!segment.as_request && !segment.as_response) return std::nullopt;
  if (!segment.as_response) segment.role = RoleFinding::request;
  if (!segment.as_request) segment.role = RoleFinding::response;
  segment.octets = rest.first((segment.as_request ? segment.as_request : segment.as_response)->size_octets());
  return segment;
}

DecodeError Scanner::fault_at(std::size_t at, std::size_t stop, Role& role) const noexcept {
  const ByteView octets = octets_.subspan(at, stop - at);
  const auto fault = [&](Role as) {
    const auto frame = decode_any(octets, transport_, as);
    return frame ? DecodeError{} : frame.error();
  };
  role = role_.value_or(Role::request);
  if (role_) return fault(*role_);
  const DecodeError asks = fault(Role::request);
  const DecodeError answers = fault(Role::response);
  // The role whose size fits the octets; else the one that was followed further; else the question.
  const auto rank = [&](const DecodeError& error, Role as) {
    const bool fits = transport_ == Transport::rtu && told_rtu_size(octets, as) == octets.size();
    const bool whole = error.code != ErrorCode::truncated && error.field != Field::function;
    const bool makes_sense = error.code != ErrorCode::truncated || breaks_no_rule(octets, transport_, as);
    return (fits ? 2 : 0) + (whole ? 1 : 0) + (makes_sense ? 1 : 0);
  };
  const int asks_rank = rank(asks, Role::request);
  const int answers_rank = rank(answers, Role::response);
  const bool answer_is_likelier =
      answers_rank > asks_rank || (answers_rank == asks_rank && answers.octet_offset > asks.octet_offset);
  role = answer_is_likelier ? Role::response : Role::request;
  return answer_is_likelier ? answers : asks;
}

/// Whether octets that are no frame are to be told as a broken one, or as noise.
bool Scanner::seems_begun(std::size_t at, std::size_t stop) const noexcept {
  if (transport_ == Transport::ascii) return true;
  // When there is nothing else to report, noise is a broken frame, too.
  if (!seen_any_ && stop == octets_.size()) return true;
  if (transport_ == Transport::rtu) return at + 1 < stop && is_known_code(octets_[at + 1]);
  return at + 4 <= stop && octets_[at + 2] == 0 && octets_[at + 3] == 0;
}

Segment Scanner::broken_until(std::size_t stop) noexcept {
  Segment segment;
  segment.offset = at_;
  segment.kind = Segment::Kind::other;
  std::size_t begin = at_;
  while (begin < stop && !may_begin(begin)) ++begin;
  if (begin == at_ && !seems_begun(begin, stop)) begin = stop;
  if (begin > at_) {
    segment.octets = octets_.subspan(at_, begin - at_);
    at_ = begin;
    return segment;
  }
  Role role = Role::request;
  segment.kind = Segment::Kind::broken;
  segment.error = fault_at(begin, stop, role);
  segment.role = role == Role::request ? RoleFinding::request : RoleFinding::response;
  std::size_t end = stop;
  if (transport_ == Transport::ascii) {
    // A broken line ends with its line feed, or where another one begins.
    for (end = begin + 1; end < stop && octets_[end] != ':' && octets_[end - 1] != '\n';) ++end;
  } else if (transport_ == Transport::tcp) {
    const auto whole = tcp_frame_octets(octets_.subspan(begin));
    if (whole) end = std::min(stop, begin + *whole);
  } else if (segment.error.code != ErrorCode::truncated) {
    const std::size_t told = told_rtu_size(octets_.subspan(begin, stop - begin), role);
    if (told != 0) end = std::min(stop, begin + told);
  }
  segment.octets = octets_.subspan(begin, end - begin);
  // What was taken for the fault must lie in the segment.
  segment.error.octet_offset = std::min(segment.error.octet_offset, static_cast<std::uint32_t>(segment.octets.size()));
  at_ = end;
  seen_any_ = true;
  return segment;
}

std::optional<Segment> Scanner::next() noexcept {
  if (at_ == octets_.size()) return std::nullopt;
  if (!gap_known_) {
    for (std::size_t at = at_; at < octets_.size() && !found_; ++at) found_ = frame_at(at);
    gap_known_ = true;
  }
  const std::size_t gap_end = found_ ? found_->offset : octets_.size();
  if (at_ < gap_end) return broken_until(gap_end);
  Segment segment = *found_;
  found_.reset();
  gap_known_ = false;
  at_ = segment.offset + segment.octets.size();
  seen_any_ = true;
  return segment;
}

}  // namespace duheng::modbus
