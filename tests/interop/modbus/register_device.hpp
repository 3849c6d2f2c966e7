#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "codec/modbus/message.hpp"
#include "codec/modbus/scanner.hpp"
#include "interop/modbus/line.hpp"

namespace duheng::interop {

/// What every device of these tests holds at first, whoever wrote it; tests/interop/modbus/peer.mjs says the same.
struct Memory {
  static constexpr std::size_t bits = 64;
  static constexpr std::size_t registers = 160;
  std::vector<std::uint8_t> coils;
  std::vector<std::uint8_t> discrete_inputs;
  std::vector<std::uint16_t> holding_registers;
  std::vector<std::uint16_t> input_registers;
  [[nodiscard]] static Memory initial();
  friend bool operator==(const Memory&, const Memory&) = default;
};

inline constexpr std::uint8_t unit = 17;
/// Objects 0 to 2 of function 43/14.
extern const std::vector<std::string> identification;

/// A Modbus server made of this project's codec: questions in, answers out. Not thread-safe.
class RegisterDevice {
 public:
  [[nodiscard]] modbus::PduBuffer answer(const modbus::PduView& request);
  Memory memory = Memory::initial();

 private:
  [[nodiscard]] modbus::BuiltPdu carry_out(const modbus::PduView& request);
};

/// Answers what comes over `line` until the peer goes or `stop` is set. Returns the octets of questions and answers in
/// the order in which they went. A question for another unit is not answered.
struct Served {
  std::vector<Bytes> frames;
  std::uint64_t faults = 0;  ///< octets or frames that the stream parser refused
};
[[nodiscard]] Served serve(RegisterDevice& device, Line& line, modbus::Transport transport,
                           const std::atomic<bool>& stop);

}  // namespace duheng::interop
