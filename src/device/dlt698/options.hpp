#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "codec/dlt698/address.hpp"
#include "device/memory/device_memory.hpp"

namespace duheng::device {

struct Dlt698MeterOptions {
  dlt698::ServerAddress address;  ///< single, logical address 0
  std::uint64_t seed = 1;
  bool three_phase = false;
  bool exports = false;                    ///< has solar panels
  std::int32_t zone_offset_minutes = 480;  ///< civil time of its clock, fixed
  std::int32_t clock_offset_ms = 0;        ///< how wrong its clock was set at installation
  std::int32_t clock_drift_ppm = 0;        ///< and how much faster it runs than true time
  /// What a client must give in CONNECT (mechanism "password") before it may write; 1 to 16 characters.
  std::string password = "00000000";
  /// Writes and methods without CONNECT, as test benches want it.
  bool plain_writes_allowed = false;
  /// For MACs in SECURITY; empty: the meter has none, refuses requests that carry a MAC and gives none.
  Bytes security_key = {};
  /// Longest frame and longest APDU until CONNECT agrees on less. A longer answer to GET goes in blocks (GET-Next).
  std::uint16_t frame_octets_max = 2'048;
  std::uint16_t apdu_octets_max = 2'000;
  /// False: blocks are cut so that each fits into a frame. True: an APDU may be longer than a frame and goes in pieces.
  /// What cannot be cut into blocks goes in pieces anyway.
  bool sends_pieces = false;
  /// Tells new events of its own accord (REPORT-Notification with records), to this client, again every 30 s until the
  /// client confirms. Events of before the first question or report are old.
  bool reports_events = false;
  std::uint8_t reports_to_client = 0x10;
  /// Where it keeps what commands change; without one a restart forgets it.
  std::shared_ptr<DeviceMemory> memory = {};
};

}  // namespace duheng::device
