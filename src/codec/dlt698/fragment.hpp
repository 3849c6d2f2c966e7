#pragma once
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.hpp"
#include "codec/dlt698/error.hpp"
#include "codec/dlt698/frame.hpp"

namespace duheng::dlt698 {

/// Bits 15-14 of the fragment word.
enum class FragmentKind : std::uint8_t { first = 0, last = 1, confirm = 2, middle = 3 };
[[nodiscard]] std::string_view to_string(FragmentKind kind) noexcept;

/// The word in front of a piece, low octet first. Source: DL/T 698.45-2017, link layer (fragmented frames).
struct FragmentHeader {
  static constexpr std::size_t size_octets = 2;
  static constexpr std::uint16_t sequence_count = 4096;
  std::uint16_t sequence = 0;  ///< 0 to 4095, cyclic; any start
  FragmentKind kind = FragmentKind::first;
  std::uint8_t reserved = 0;  ///< bits 13-12; to be ignored
  friend bool operator==(const FragmentHeader&, const FragmentHeader&) = default;
};
/// Errors: truncated - fewer than two octets of user data.
[[nodiscard]] std::expected<FragmentHeader, DecodeError> decode_fragment_header(ByteView user_data) noexcept;
void encode_fragment_header(const FragmentHeader& header,
                            std::span<std::uint8_t, FragmentHeader::size_octets> out) noexcept;

/// The frame that confirms a piece: same address and number, other direction, no piece. Its user data stands in `word`,
/// which must live until the frame is encoded.
[[nodiscard]] FrameFields fragment_confirmation(const FrameView& piece, const FragmentHeader& header,
                                                std::span<std::uint8_t, FragmentHeader::size_octets> word) noexcept;

/// Joins the pieces of one APDU; one for each peer and direction. Bounded memory, no clock: when the pieces stop
/// coming the caller calls reset().
class FragmentAssembler {
 public:
  enum class Outcome : std::uint8_t {
    taken,         ///< confirm the piece and wait for the next
    complete,      ///< confirm the piece; apdu() holds the whole
    repeated,      ///< had this one already: confirm it again
    confirmation,  ///< not a piece: for the FragmentSender of the other direction
    unexpected,    ///< does not follow what came before: do not confirm; what was collected is kept
    too_long,      ///< the APDU passes the limit: do not confirm; collection is dropped
  };

  explicit FragmentAssembler(std::size_t apdu_octets_max) : apdu_octets_max_(apdu_octets_max) {}

  /// Takes the plain user data of a frame whose control says fragment.
  /// Errors: truncated - no fragment word; drop the frame.
  [[nodiscard]] std::expected<Outcome, DecodeError> accept(ByteView user_data);
  /// The APDU after `complete`, until the next first piece.
  [[nodiscard]] ByteView apdu() const noexcept { return apdu_; }
  void reset() noexcept;

 private:
  enum class State : std::uint8_t { idle, collecting, complete };
  std::size_t apdu_octets_max_;
  State state_ = State::idle;
  std::uint16_t last_sequence_ = 0;
  Bytes apdu_;
};

/// Hands out the pieces of one APDU, the next when the last is confirmed. Knows no clock: the caller sends what
/// write_piece() gives, waits, and tells what came. The APDU must outlive it.
class FragmentSender {
 public:
  enum class Outcome : std::uint8_t {
    send_next,  ///< write_piece() now gives the next piece
    send_again,
    done,
    ignored,  ///< a confirmation of something else: go on waiting
    given_up,
  };
  static constexpr unsigned attempts_max_default = 3;

  /// `piece_octets_max`: octets of the APDU in one frame, at least 1.
  FragmentSender(ByteView apdu, std::size_t piece_octets_max, std::uint16_t first_sequence = 0,
                 unsigned attempts_max = attempts_max_default) noexcept;

  /// The user data of the frame to send: word and piece. Empty once done.
  /// Errors: limit_exceeded - `out` is too small.
  [[nodiscard]] std::expected<std::size_t, DecodeError> write_piece(std::span<std::uint8_t> out) const noexcept;
  [[nodiscard]] Outcome on_confirmation(const FragmentHeader& header) noexcept;
  [[nodiscard]] Outcome on_timeout() noexcept;
  [[nodiscard]] bool is_done() const noexcept { return at_ >= apdu_.size(); }

 private:
  [[nodiscard]] FragmentHeader header() const noexcept;
  [[nodiscard]] std::size_t piece_size() const noexcept;
  ByteView apdu_;
  std::size_t piece_octets_max_;
  std::size_t at_ = 0;
  std::uint16_t sequence_;
  unsigned attempts_max_;
  unsigned attempts_ = 1;
  bool confirmed_any_ = false;
};

}  // namespace duheng::dlt698
