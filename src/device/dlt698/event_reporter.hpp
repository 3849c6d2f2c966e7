#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "device/dlt698/registers.hpp"

namespace duheng::device::meter698 {

/// What a meter tells of its own accord: records of events that are new since it began to look. One APDU at a time, the
/// same again every `repeat_ms` until it is confirmed. Forgets everything with the process: events of meanwhile are
/// then found by whoever reads the tables.
class EventReporter {
 public:
  static constexpr std::int64_t repeat_ms = 30'000;
  static constexpr std::int64_t look_every_ms = 1'000;
  explicit EventReporter(const Registers& registers) : registers_(registers) {}

  /// A REPORT-Notification of records, when one is due. Source: DL/T 698.45-2017, REPORT, from public code and pages.
  [[nodiscard]] std::optional<Bytes> due(std::int64_t utc_ms);
  /// A REPORT-Response came.
  void confirmed(ByteView apdu);

 private:
  [[nodiscard]] std::optional<Bytes> look(std::int64_t utc_ms);

  const Registers& registers_;
  std::map<std::uint32_t, std::uint32_t> told_;  ///< by table: how many records there have been, of those confirmed
  std::map<std::uint32_t, std::uint32_t> under_way_;  ///< likewise, with those of pending_
  Bytes pending_;
  std::uint8_t sequence_ = 0;
  bool has_begun_ = false;
  std::int64_t next_utc_ms_ = 0;
};

}  // namespace duheng::device::meter698
