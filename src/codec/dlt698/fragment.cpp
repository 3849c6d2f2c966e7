#include "codec/dlt698/fragment.hpp"

#include <algorithm>

namespace duheng::dlt698 {

namespace {

constexpr std::string_view clause_fragment = "DL/T 698.45-2017, link layer (fragmented frames)";

std::uint16_t following(std::uint16_t sequence) noexcept {
  return static_cast<std::uint16_t>((sequence + 1) % FragmentHeader::sequence_count);
}

}  // namespace

std::string_view to_string(FragmentKind kind) noexcept {
  static constexpr std::string_view names[] = {"first", "last", "confirm", "middle"};
  return names[static_cast<unsigned>(kind) & 3U];
}

std::expected<FragmentHeader, DecodeError> decode_fragment_header(ByteView user_data) noexcept {
  if (user_data.size() < FragmentHeader::size_octets) {
    return std::unexpected(DecodeError{ErrorCode::truncated, "fragment_header", 0, 0,
                                       static_cast<std::uint32_t>(user_data.size()), clause_fragment});
  }
  const unsigned word = user_data[0] | static_cast<unsigned>(user_data[1]) << 8;
  return FragmentHeader{static_cast<std::uint16_t>(word & 0x0FFF), static_cast<FragmentKind>(word >> 14),
                        static_cast<std::uint8_t>(word >> 12 & 3)};
}

void encode_fragment_header(const FragmentHeader& header,
                            std::span<std::uint8_t, FragmentHeader::size_octets> out) noexcept {
  const unsigned word =
      (header.sequence & 0x0FFFU) | (header.reserved & 3U) << 12 | static_cast<unsigned>(header.kind) << 14;
  out[0] = static_cast<std::uint8_t>(word);
  out[1] = static_cast<std::uint8_t>(word >> 8);
}

FrameFields fragment_confirmation(const FrameView& piece, const FragmentHeader& header,
                                  std::span<std::uint8_t, FragmentHeader::size_octets> word) noexcept {
  encode_fragment_header({header.sequence, FragmentKind::confirm, 0}, word);
  return {static_cast<std::uint8_t>(piece.control() ^ control_bits::from_server), piece.server_address(),
          piece.client_address(), ByteView(word), 0};
}

std::expected<FragmentAssembler::Outcome, DecodeError> FragmentAssembler::accept(ByteView user_data) {
  const auto header = decode_fragment_header(user_data);
  if (!header) return std::unexpected(header.error());
  const ByteView piece = user_data.subspan(FragmentHeader::size_octets);
  if (header->kind == FragmentKind::confirm) return Outcome::confirmation;
  // A first piece begins anew unless it is the one just taken, whose confirmation was lost.
  const bool is_first = header->kind == FragmentKind::first;
  const bool is_repeated = state_ != State::idle && header->sequence == last_sequence_ &&
                           (!is_first || (state_ == State::collecting && std::ranges::equal(apdu_, piece)));
  if (is_repeated) return Outcome::repeated;
  if (is_first) {
    apdu_.clear();
  } else if (state_ != State::collecting || header->sequence != following(last_sequence_)) {
    return Outcome::unexpected;
  }
  if (piece.size() > apdu_octets_max_ - apdu_.size()) {
    reset();
    return Outcome::too_long;
  }
  apdu_.insert(apdu_.end(), piece.begin(), piece.end());
  last_sequence_ = header->sequence;
  state_ = header->kind == FragmentKind::last ? State::complete : State::collecting;
  return state_ == State::complete ? Outcome::complete : Outcome::taken;
}

void FragmentAssembler::reset() noexcept {
  state_ = State::idle;
  apdu_.clear();
}

FragmentSender::FragmentSender(ByteView apdu, std::size_t piece_octets_max, std::uint16_t first_sequence,
                               unsigned attempts_max) noexcept
    : apdu_(apdu),
      piece_octets_max_(std::max<std::size_t>(piece_octets_max, 1)),
      sequence_(first_sequence % FragmentHeader::sequence_count),
      attempts_max_(attempts_max) {}

std::size_t FragmentSender::piece_size() const noexcept {
  // A first piece is never the last as well: an APDU of one piece goes in two.
  const std::size_t left = apdu_.size() - at_;
  if (!confirmed_any_ && left <= piece_octets_max_) return left / 2;
  return std::min(left, piece_octets_max_);
}

FragmentHeader FragmentSender::header() const noexcept {
  FragmentKind kind = FragmentKind::middle;
  if (!confirmed_any_) {
    kind = FragmentKind::first;
  } else if (at_ + piece_size() == apdu_.size()) {
    kind = FragmentKind::last;
  }
  return {sequence_, kind, 0};
}

std::expected<std::size_t, DecodeError> FragmentSender::write_piece(std::span<std::uint8_t> out) const noexcept {
  if (is_done()) return std::size_t{0};
  const std::size_t size = piece_size();
  if (out.size() < FragmentHeader::size_octets + size) {
    return std::unexpected(DecodeError{ErrorCode::limit_exceeded, "user_data", 0, 0, 0, clause_fragment});
  }
  encode_fragment_header(header(), out.first<FragmentHeader::size_octets>());
  std::ranges::copy(apdu_.subspan(at_, size), out.begin() + FragmentHeader::size_octets);
  return FragmentHeader::size_octets + size;
}

FragmentSender::Outcome FragmentSender::on_confirmation(const FragmentHeader& header) noexcept {
  if (is_done()) return Outcome::done;
  if (header.kind != FragmentKind::confirm || header.sequence != sequence_) return Outcome::ignored;
  at_ += piece_size();
  confirmed_any_ = true;
  attempts_ = 1;
  sequence_ = following(sequence_);
  return is_done() ? Outcome::done : Outcome::send_next;
}

FragmentSender::Outcome FragmentSender::on_timeout() noexcept {
  if (is_done()) return Outcome::done;
  if (attempts_ >= attempts_max_) return Outcome::given_up;
  ++attempts_;
  return Outcome::send_again;
}

}  // namespace duheng::dlt698
