#pragma once
// For tests: batches with true content, chained as a spool chains them.
#include <memory>
#include <string>

#include "model/batch.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {

/// A batch body with one frame and one reading for each of `readings`.
[[nodiscard]] inline Bytes test_body(std::int64_t utc_ms, std::int64_t mantissa, std::size_t readings = 1,
                                     std::string_view device = "000000000001") {
  BatchWriter writer(utc_ms);
  const std::uint32_t device_index = writer.device(device);
  const std::uint32_t energy =
      writer.register_of({.name = "energy_active_import_total", .unit = "kWh", .exponent = -2});
  static const Bytes request{0x68, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x68,
                             0x11, 0x04, 0x33, 0x33, 0x34, 0x33, 0xB4, 0x16};
  for (std::size_t i = 0; i < readings; ++i) {
    writer.frame({.device_index = device_index,
                  .protocol = Protocol::dlt645_2007,
                  .sent_utc_ms = utc_ms + static_cast<std::int64_t>(i),
                  .received_utc_ms = utc_ms + static_cast<std::int64_t>(i) + 5,
                  .request = request,
                  .response = request});
    writer.reading({.register_index = energy,
                    .mantissa = mantissa + static_cast<std::int64_t>(i),
                    .time_utc_ms = utc_ms + static_cast<std::int64_t>(i)});
  }
  Bytes body;
  writer.finish(body);
  return body;
}

/// Makes the batches of one epoch.
class TestChain {
 public:
  explicit TestChain(std::uint64_t epoch) : epoch_(epoch) {}
  [[nodiscard]] uplink::Batch next(Bytes body) {
    auto owner = std::make_shared<const Bytes>(std::move(body));
    uplink::Batch batch{.epoch = epoch_, .sequence = sequence_, .previous_hash = last_, .body = *owner, .owner = owner};
    batch.hash = uplink::batch_hash(last_, epoch_, sequence_, *owner);
    last_ = batch.hash;
    ++sequence_;
    return batch;
  }

 private:
  std::uint64_t epoch_;
  std::uint64_t sequence_ = 0;
  crypto::Hash256 last_{};
};

}  // namespace duheng::platform
