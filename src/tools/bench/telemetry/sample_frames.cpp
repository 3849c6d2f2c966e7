#include "tools/bench/telemetry/sample_frames.hpp"

#include <fmt/format.h>

namespace duheng::tools {

namespace {

// Value octets of voltage, current, power, frequency.
constexpr std::array<std::size_t, 4> analogue_octets{2, 3, 3, 2};
constexpr std::size_t energy_octets = 4;

}  // namespace

Result<SampleDevices> SampleDevices::make(const SampleSize& size) {
  SampleDevices devices;
  DUHENG_TRY(devices.energy_, platform::make_asked_item(0x00010000, {"energy_active_import_total"}, "kWh"));
  DUHENG_TRY(devices.analogue_[0], platform::make_asked_item(0x02010100, {"voltage_a"}, "V"));
  DUHENG_TRY(devices.analogue_[1], platform::make_asked_item(0x02020100, {"current_a"}, "A"));
  DUHENG_TRY(devices.analogue_[2], platform::make_asked_item(0x02030000, {"power_active_total"}, "kW"));
  DUHENG_TRY(devices.analogue_[3], platform::make_asked_item(0x02800002, {"frequency"}, "Hz"));
  const std::array<std::uint32_t, 3> counts{size.meters, size.sensors, size.ten_year_meters + size.fleet_meters};
  for (std::size_t kind = 0; kind < counts.size(); ++kind) {
    for (std::uint32_t i = 0; i < counts[kind]; ++i) {
      const std::string number = fmt::format("{:012}", kind * 1'000'000 + i + 1);
      const auto address = dlt645::Address::parse(number);
      if (!address) return std::unexpected(address.error());
      devices.addresses_[kind].push_back(*address);
      devices.uids_[kind].push_back("dlt645-" + number);
    }
  }
  return devices;
}

Result<FrameBlock> SampleDevices::frames(const SampleBlock& block) const {
  FrameBlock out{.kind = block.kind,
                 .first_series = block.first_series,
                 .series_count = block.series_count,
                 .steps = block.steps,
                 .first_utc_ms = block.first_utc_ms,
                 .step_ms = block.step_ms,
                 .offsets = {0}};
  Bytes payload;
  for (std::uint32_t step = 0; step < block.steps; ++step) {
    for (std::uint32_t i = 0; i < block.series_count; ++i) {
      const std::uint32_t series = block.first_series + i;
      payload.clear();
      platform::append_bcd(payload, block.mantissa(step, i),
                           block.kind == SampleKind::analogue ? analogue_octets[series % 4] : energy_octets);
      const auto reply = dlt645::read_reply(address(block.kind, series), item(block.kind, series).identifier, payload);
      if (!reply) return fail(ErrorCode::internal, "a benchmark frame could not be made");
      out.octets.insert(out.octets.end(), reply->view().begin(), reply->view().end());
      if (step == 0) {
        out.offsets.push_back(static_cast<std::uint32_t>(out.octets.size()));
        if (i + 1 == block.series_count) out.octets.reserve(out.octets.size() * block.steps);
      }
    }
  }
  return out;
}

std::optional<SampleBlock> DailyRegisters::next() {
  auto block = feed_.next();
  if (!block) return block;
  for (std::uint32_t step = 0; step < block->steps; ++step) {
    for (std::uint32_t i = 0; i < block->series_count; ++i) {
      auto& mantissa = block->mantissas[std::size_t{step} * block->series_count + i];
      mantissa = last_[block->first_series + i] += mantissa;
    }
  }
  return block;
}

}  // namespace duheng::tools
