#include <map>
#include <tuple>

#include "platform/exports/export.hpp"

namespace duheng::platform {
namespace {
constexpr std::uint8_t plan_version = 3;
constexpr std::uint8_t plan_with_intervals = 2;
constexpr std::uint8_t plan_without_intervals = 1;
using RegisterKey = std::tuple<std::string_view, std::string_view, std::int8_t, SeriesKind>;
RegisterKey key_of(const ExportPart& part) { return {part.register_name, part.unit, part.exponent, part.kind}; }

void write_times(const std::vector<store::TimeRange>& times, ByteWriter& writer) {
  writer.varint(times.size());
  for (const store::TimeRange& time : times) {
    writer.zigzag(time.from_utc_ms);
    writer.zigzag(time.to_utc_ms);
  }
}
std::vector<store::TimeRange> read_times(ByteReader& in) {
  std::vector<store::TimeRange> out;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::int64_t from = in.zigzag();
    out.push_back({from, in.zigzag()});
  }
  return out;
}
}  // namespace

std::string_view to_string(ExportState state) noexcept {
  switch (state) {
    case ExportState::queued:
      return "queued";
    case ExportState::running:
      return "running";
    case ExportState::done:
      return "done";
    case ExportState::failed:
      return "failed";
    case ExportState::cancelled:
      return "cancelled";
    case ExportState::expired:
      return "expired";
  }
  return "unknown";
}

Bytes encode_plan(const ExportPlan& plan) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(plan_version);
  writer.varint(plan.devices.size());
  for (const ExportDevice& device : plan.devices) {
    writer.zigzag(device.id.value);
    writer.sized(device.uid);
    writer.sized(device.name);
    writer.sized(device.address);
    writer.sized(device.site);
    writer.varint(static_cast<std::uint64_t>(device.interval_ms));
  }
  std::map<RegisterKey, std::uint64_t> numbers;
  std::vector<RegisterKey> registers;
  for (const ExportPart& part : plan.parts) {
    if (numbers.try_emplace(key_of(part), registers.size()).second) registers.push_back(key_of(part));
  }
  writer.varint(registers.size());
  for (const auto& [name, unit, exponent, kind] : registers) {
    writer.sized(name);
    writer.sized(unit);
    writer.zigzag(exponent);
    writer.u8(static_cast<std::uint8_t>(kind));
  }
  writer.varint(plan.parts.size());
  for (const ExportPart& part : plan.parts) {
    writer.varint(part.device);
    writer.zigzag(part.series.value);
    writer.varint(numbers.at(key_of(part)));
    writer.zigzag(part.range.from_utc_ms);
    writer.zigzag(part.range.to_utc_ms);
    write_times(part.past_calibration, writer);
  }
  return out;
}

Result<ExportPlan> parse_plan(ByteView octets) {
  ByteReader in(octets);
  const std::uint8_t version = in.u8();
  if (version < plan_without_intervals || version > plan_version)
    return fail(ErrorCode::unsupported, "the plan of an export is of another version");
  ExportPlan plan;
  const std::uint64_t devices = in.varint();
  for (std::uint64_t i = 0; i < devices && in.ok(); ++i) {
    ExportDevice device;
    device.id = DeviceId{in.zigzag()};
    device.uid = std::string{in.sized_text()};
    device.name = std::string{in.sized_text()};
    device.address = std::string{in.sized_text()};
    device.site = std::string{in.sized_text()};
    if (version >= plan_with_intervals) device.interval_ms = static_cast<std::int64_t>(in.varint());
    plan.devices.push_back(std::move(device));
  }
  std::vector<ExportPart> registers;
  const std::uint64_t register_count = in.varint();
  for (std::uint64_t i = 0; i < register_count && in.ok(); ++i) {
    ExportPart model;
    model.register_name = std::string{in.sized_text()};
    model.unit = std::string{in.sized_text()};
    model.exponent = static_cast<std::int8_t>(in.zigzag());
    model.kind = static_cast<SeriesKind>(in.u8());
    registers.push_back(std::move(model));
  }
  const std::uint64_t parts = in.varint();
  for (std::uint64_t i = 0; i < parts && in.ok(); ++i) {
    const std::uint64_t device = in.varint();
    const SeriesId series{in.zigzag()};
    const std::uint64_t register_index = in.varint();
    if (device >= plan.devices.size() || register_index >= registers.size())
      return fail(ErrorCode::malformed, "the plan of an export names what it does not hold");
    ExportPart part = registers[static_cast<std::size_t>(register_index)];
    part.device = static_cast<std::uint32_t>(device);
    part.series = series;
    part.range.from_utc_ms = in.zigzag();
    part.range.to_utc_ms = in.zigzag();
    if (version >= plan_version) part.past_calibration = read_times(in);
    plan.parts.push_back(std::move(part));
  }
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "the plan of an export is cut off");
  return plan;
}

}  // namespace duheng::platform
