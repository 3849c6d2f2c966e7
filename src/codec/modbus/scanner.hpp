#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "codec/modbus/frame.hpp"

namespace duheng::modbus {

/// What can be said of who sent a frame when only its octets are known.
enum class RoleFinding : std::uint8_t {
  request,   ///< sound as a question only
  response,  ///< sound as an answer only
  either     ///< sound as both (5, 6, 22 and their echoes; a read of bits beside an answer of three octets)
};
[[nodiscard]] std::string_view to_string(RoleFinding role) noexcept;

/// A frame of any transport, checked; its octets belong to somebody else, except for ASCII.
class AnyFrame {
 public:
  [[nodiscard]] Transport transport() const noexcept { return transport_; }
  [[nodiscard]] std::uint8_t unit_id() const noexcept;
  /// TCP only; 0 else.
  [[nodiscard]] std::uint16_t transaction_id() const noexcept;
  /// Good as long as this object stands where it is.
  [[nodiscard]] PduView pdu() const noexcept;
  [[nodiscard]] std::size_t size_octets() const noexcept;

 private:
  friend std::expected<AnyFrame, DecodeError> decode_any(ByteView, Transport, Role) noexcept;
  Transport transport_ = Transport::rtu;
  RtuFrame rtu_;
  AsciiFrame ascii_;
  TcpFrame tcp_;
};
/// decode_rtu(), decode_ascii() or decode_tcp(). Errors as theirs.
[[nodiscard]] std::expected<AnyFrame, DecodeError> decode_any(ByteView octets, Transport transport, Role role) noexcept;

/// The transport that most likely carried `octets`: one by which they begin with a sound frame; else the one whose
/// framing fits best (':' for ASCII; protocol 0 and a true length for TCP). RTU when nothing speaks for another.
[[nodiscard]] Transport guess_transport(ByteView octets) noexcept;

/// A stretch of octets as an analyst sees it.
struct Segment {
  enum class Kind : std::uint8_t {
    frame,   ///< a whole frame
    broken,  ///< began like a frame; `error` says what is wrong (offset within the segment)
    other,   ///< noise, another protocol's octets
  };
  Kind kind = Kind::other;
  std::size_t offset = 0;  ///< into the scanner's octets
  ByteView octets;
  RoleFinding role = RoleFinding::request;  ///< for a broken one: the role by which it went furthest
  std::optional<AnyFrame> as_request;       ///< for a frame, by `role`
  std::optional<AnyFrame> as_response;
  DecodeError error;  ///< for a broken one
};

/// Divides finished input, such as a line of a log, into segments that cover every octet once and in order. Whole
/// frames go before broken ones. With `role` given only frames of that role are looked for. Linear in the number of
/// octets (each is looked at for at most one frame's length).
class Scanner {
 public:
  Scanner(ByteView octets, Transport transport, std::optional<Role> role = std::nullopt) noexcept
      : octets_(octets), transport_(transport), role_(role) {}
  [[nodiscard]] std::optional<Segment> next() noexcept;

 private:
  [[nodiscard]] std::optional<Segment> frame_at(std::size_t at) const noexcept;
  [[nodiscard]] bool may_begin(std::size_t at) const noexcept;
  [[nodiscard]] bool seems_begun(std::size_t at, std::size_t stop) const noexcept;
  [[nodiscard]] Segment broken_until(std::size_t stop) noexcept;
  [[nodiscard]] DecodeError fault_at(std::size_t at, std::size_t stop, Role& role) const noexcept;

  ByteView octets_;
  Transport transport_;
  std::optional<Role> role_;
  std::size_t at_ = 0;
  std::optional<Segment> found_;  ///< the frame behind the gap, if there is one
  bool gap_known_ = false;        ///< `found_` says what comes next
  bool seen_any_ = false;
};

}  // namespace duheng::modbus
