#pragma once
// What every fixture of tests/compat holds, in plain figures: written by today's code, read by every later release.
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "model/batch.hpp"
#include "model/edit.hpp"
#include "store/journal/journal_record.hpp"
#include "store/telemetry/reading_row.hpp"
#include "uplink/messages.hpp"

namespace duheng::compat {

inline constexpr std::int64_t start_utc_ms = 1'790'000'000'000;
inline constexpr std::int64_t quarter_hour_ms = 900'000;
inline constexpr int batch_count = 6;
inline constexpr GatewayId gateway{21};
inline constexpr std::uint64_t epoch = 0x1122334455667788;
inline constexpr std::string_view device_uid = "645:000000000042";
inline constexpr std::string_view energy = "energy_active_import_total";
inline constexpr std::string_view voltage = "voltage_a";

[[nodiscard]] inline std::int64_t time_of(int i) { return start_utc_ms + i * quarter_hour_ms; }
[[nodiscard]] inline std::int64_t energy_of(int i) { return 123'456 + 78 * i; }
[[nodiscard]] inline std::int64_t voltage_of(int i) { return 2'204 - i; }
[[nodiscard]] inline Bytes request_of(int i) {
  return {0x68, 0x42, 0, 0, 0, 0, 0, 0x68, 0x11, 0x04, 0x33, 0x33, 0x34, 0x33, static_cast<std::uint8_t>(i), 0x16};
}
[[nodiscard]] inline Bytes response_of(int i) {
  return {0x68, 0x42, 0, 0, 0, 0, 0, 0x68, 0x91, 0x02, static_cast<std::uint8_t>(0x33 + i), 0x33, 0x77, 0x16};
}

/// One frame with two readings; the second voltage is marked.
[[nodiscard]] inline Bytes batch_body(int i) {
  BatchWriter writer(time_of(i) - 5);
  const auto device = writer.device(device_uid);
  const auto e = writer.register_of({energy, "kWh", -2, SeriesKind::decimal});
  const auto v = writer.register_of({voltage, "V", -1, SeriesKind::decimal});
  const Bytes request = request_of(i);
  const Bytes response = response_of(i);
  writer.frame({device, Protocol::dlt645_2007, time_of(i) - 80, time_of(i), request, response});
  writer.reading({e, energy_of(i), time_of(i), TimeSource::gateway, Quality::good});
  writer.reading({v, voltage_of(i), time_of(i), TimeSource::meter, i == 1 ? Quality::out_of_range : Quality::good});
  Bytes body;
  writer.finish(body);
  return body;
}

/// The correction of batch 2's energy, the journal's last record.
[[nodiscard]] inline Edit correction() {
  Edit edit;
  edit.kind = EditKind::correction;
  edit.gateway = gateway;
  edit.device_uid = device_uid;
  edit.register_name = energy;
  edit.unit = "kWh";
  edit.exponent = -2;
  edit.time_utc_ms = time_of(2);
  edit.mantissa = 123'600;
  edit.old_mantissa = energy_of(2);
  edit.author = "wang";
  edit.reason = "read by eye, 误读";
  edit.made_utc_ms = time_of(batch_count);
  return edit;
}
inline constexpr std::uint64_t correction_record = batch_count + 1;

/// A day of a register with a late, a repeated and a marked reading.
[[nodiscard]] inline std::vector<store::ReadingRow> curve_rows() {
  std::vector<store::ReadingRow> rows;
  for (int i = 0; i < 40; ++i) {
    rows.push_back({9, time_of(i), energy_of(i), static_cast<std::uint16_t>(i == 7 ? 1 : 0),
                    static_cast<std::uint8_t>(i == 8 ? 0 : 1), FrameReference::make(1'000 + i / 3, i % 3).value,
                    time_of(i) + (i == 9 ? 7'000'000 : 40)});
    if (i == 12) {
      rows.push_back(rows.back());
      rows.back().frame = FrameReference::make(2'000, 1).value;
    }
  }
  return rows;
}

inline constexpr std::size_t journal_segment_bytes = 900;
inline constexpr std::uint64_t backup_watermark = 3;
inline constexpr int record_rows = 5;

}  // namespace duheng::compat
