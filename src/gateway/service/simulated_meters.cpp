#include "gateway/service/simulated_meters.hpp"

#include <fmt/format.h>

namespace duheng::gateway {

SimulatedMeters::SimulatedMeters(device::LedgerWriter& ledger, const SimulatedMetersOptions& options) {
  for (std::uint32_t line_index = 0; line_index < options.lines; ++line_index) {
    auto line = std::make_unique<Line>(ledger);
    for (std::uint32_t i = 0; i < options.meters_per_line; ++i) {
      const auto number = static_cast<std::uint32_t>(meters_.size());
      const std::string uid = fmt::format("2026{:08}", number + 1);
      Meter meter{uid, *dlt645::Address::parse(uid), line_index, number % 3 == 0, nullptr};
      meter.device = std::make_shared<device::VirtualMeter>(
          device::VirtualMeterOptions{.address = meter.address,
                                      .seed = options.seed * 1'000'003 + number,
                                      .three_phase = meter.three_phase,
                                      .exports = number % 5 == 0,
                                      .clock_offset_ms = options.clock_offset_ms,
                                      .programming_key = options.programming_key});
      line->bus.add(meter.device);
      meters_.push_back(std::move(meter));
    }
    lines_.push_back(std::move(line));
  }
}

void SimulatedMeters::octets(std::uint32_t line_index, std::int64_t utc_ms, ByteView octets,
                             const std::function<bool(const device::BusAnswer&)>& is_harmed,
                             const std::function<void(const device::BusAnswer&)>& on_answer) {
  if (silent_) return;
  Line& line = *lines_[line_index];
  line.port.octets(
      utc_ms, octets, [&](ByteView question) { line.trail.question(question); },
      [&](const device::BusAnswer& answer) {
        const bool harmed = is_harmed(answer) || answer.collision;
        if (line.trail.answer(answer.address.to_string(), answer.identifier.value, answer.octets, utc_ms, harmed))
          on_answer(answer);
      });
}

void SimulatedMeters::cut(std::uint32_t line) {
  lines_[line]->trail.cut();
  lines_[line]->port.reset();
}

}  // namespace duheng::gateway
