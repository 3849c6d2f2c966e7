#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"

namespace duheng::codec {

/// What a stream may speak. Append, never renumber.
enum class Protocol : std::uint8_t { dlt645, cjt188, dlt698, modbus_rtu, modbus_ascii, modbus_tcp, unknown };
inline constexpr std::size_t protocol_count = 6;  ///< those with a name, without `unknown`
/// "dlt645", "cjt188", "dlt698", "modbus_rtu", "modbus_ascii", "modbus_tcp", "unknown".
[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;

/// What speaks for one protocol.
struct ProtocolEvidence {
  std::uint64_t frames = 0;        ///< whole frames whose checks hold
  std::uint64_t frame_octets = 0;  ///< octets in them
  std::uint64_t first_offset = 0;  ///< of the first one, in the octets fed; only with frames > 0
  double proof_bits = 0;           ///< how much more than chance they prove, in bits; see recogniser.cpp
};

struct Recognition {
  Protocol protocol = Protocol::unknown;  ///< the best guess; unknown while nothing is proven well enough
  std::uint64_t octets = 0;               ///< fed so far
  std::array<ProtocolEvidence, protocol_count> evidence{};  ///< by Protocol
  [[nodiscard]] const ProtocolEvidence& of(Protocol which) const noexcept {
    return evidence[static_cast<std::size_t>(which)];
  }
};

/// Tells the protocol of a stream of octets that is fed bit by bit, with noise, preambles and broken frames in it, from
/// either side of the line or both. Bounded: about 45 KiB, taken once; time linear in the octets fed.
/// Octets of a frame that is not all there yet count with the next feed() or with flush().
class Recogniser {
 public:
  Recogniser();
  ~Recogniser();
  Recogniser(Recogniser&&) noexcept;
  Recogniser& operator=(Recogniser&&) noexcept;

  void feed(ByteView octets);
  /// The line has been silent: what is unfinished will not be finished. Frames hidden behind it are counted now.
  void flush();
  /// Begins anew.
  void reset();
  [[nodiscard]] Recognition recognition() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same for finished input, such as a line of a log.
[[nodiscard]] Recognition recognise(ByteView octets);

}  // namespace duheng::codec
