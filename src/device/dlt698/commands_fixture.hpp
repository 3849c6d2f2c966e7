#pragma once
// For the tests of this folder: a meter of its own that can lose its power, and who asks it.
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>

#include "device/dlt698/calendar.hpp"
#include "device/dlt698/test_client.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/memory/ram_memory.hpp"

namespace duheng::device::testing {

inline const dlt698::ServerAddress own = *dlt698::ServerAddress::parse("202611000001");
inline constexpr std::int64_t now_utc_ms = 1'763'000'123'000;

class Dlt698Commands : public ::testing::Test {
 protected:
  Dlt698Commands() { restart(); }
  /// The meter's power comes back: only its memory is left of it.
  void restart(bool plain_writes = true) {
    const std::int64_t at = client_ ? client_->now_utc_ms : now_utc_ms;
    memory_->restart();
    client_.reset();
    meter_ = std::make_unique<VirtualDlt698Meter>(Dlt698MeterOptions{.address = own,
                                                                     .seed = 12,
                                                                     .three_phase = true,
                                                                     .clock_offset_ms = 30'000,
                                                                     .plain_writes_allowed = plain_writes,
                                                                     .memory = memory_});
    client_ = std::make_unique<TestClient>(*meter_, own);
    client_->now_utc_ms = at;
  }
  TestClient& client() { return *client_; }
  void later(std::int64_t ms) { client_->now_utc_ms += ms; }
  std::int64_t energy() { return client().number(0x00100401); }
  std::int64_t power() { return client().number(0x20040201); }
  std::int64_t clock() { return *meter698::local_ms_in(*client().get(0x40000200)); }
  std::uint8_t relay_bits() { return client().get(0x80000300)->content[0]; }
  std::int64_t event_count(std::uint16_t oi) {
    return TestClient::number(client().get({oi, 7, 1})->children[1].children[0]);
  }

  std::shared_ptr<RamMemory> memory_ = std::make_shared<RamMemory>();
  std::unique_ptr<VirtualDlt698Meter> meter_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace duheng::device::testing
