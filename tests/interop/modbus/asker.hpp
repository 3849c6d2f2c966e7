#pragma once
#include <cstdint>
#include <vector>

#include "codec/modbus/message.hpp"
#include "interop/modbus/line.hpp"
#include "interop/modbus/register_device.hpp"

namespace duheng::interop {

/// A Modbus client made of this project's codec: one question at a time.
class Asker {
 public:
  Asker(Line line, modbus::Transport transport) : line_(std::move(line)), transport_(transport) {}
  /// Asks and gives back the answer's PDU, checked against the question (match_response()).
  /// Errors: timed_out - no answer; those of the decoder.
  [[nodiscard]] Result<Bytes> ask(const modbus::PduBuffer& question);

 private:
  template <class Parser>
  [[nodiscard]] Result<Bytes> answer_to(const modbus::PduBuffer& question);
  Line line_;
  modbus::Transport transport_;
  std::uint16_t transaction_ = 0x1A00;
};

/// What a peer's server can do beside functions 1-6, 15 and 16.
struct ServerAbilities {
  bool mask_write = false;
  bool read_write = false;
  bool identification = false;
  bool report_server_id = false;
  bool refuses_addresses = true;  ///< answers exception 2 past the end of its tables
  std::size_t write_registers_max = 123;
};

/// Asks a server that holds Memory::initial() everything it can do and compares every answer (GoogleTest expectations).
/// Leaves what the same writes make of Memory::initial() in the result.
[[nodiscard]] Memory exercise_server(Asker& asker, const ServerAbilities& abilities);

}  // namespace duheng::interop
