#include "model/field_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng {
namespace {

constexpr std::string_view magic = "DHFP";
constexpr std::uint8_t format_1 = 1;
constexpr std::uint8_t format_2 = 2;  // with intervals; used only where there are some

bool fits(std::string_view text, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string_view fault_of(const FieldTcp& way) {
  if (!fits(way.host, field_plan_limits::place_bytes_max)) return "its host is empty or too long";
  return way.port == 0 ? "its port is 0" : "";
}
std::string_view fault_of(const FieldUdp& way) { return fault_of(FieldTcp{way.host, way.port}); }
std::string_view fault_of(const FieldSerial& way) {
  if (!fits(way.device, field_plan_limits::place_bytes_max)) return "its serial port has no name, or a too long one";
  if (way.baud == 0 || way.baud > 4'000'000) return "its speed is impossible";
  if (way.data_bits < 5 || way.data_bits > 8) return "its data bits are not 5 to 8";
  if (way.parity > FieldParity::odd) return "its parity is unknown";
  return way.stop_bits < 1 || way.stop_bits > 2 ? "its stop bits are not 1 or 2" : "";
}
std::string_view fault_of(const FieldChannel& channel) {
  if (!fits(channel.name, field_plan_limits::name_bytes_max)) return "its name is not 1 to 64 printable octets";
  return std::visit([](const auto& way) { return fault_of(way); }, channel.way);
}
std::pair<std::string_view, std::string_view> place_of(const FieldInterval& interval) {
  return {interval.group, interval.register_name};
}
std::string_view fault_of(const std::vector<FieldInterval>& intervals) {
  if (intervals.size() > field_plan_limits::intervals_max) return "it has too many intervals";
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const auto& interval = intervals[i];
    if (!fits(interval.group, field_plan_limits::name_bytes_max)) return "an interval names no group";
    if (!interval.register_name.empty() && !fits(interval.register_name, field_plan_limits::name_bytes_max))
      return "an interval's register is no name";
    if (interval.interval_ms < field_plan_limits::interval_ms_min ||
        interval.interval_ms > field_plan_limits::interval_ms_max)
      return "an interval is not 0.1 s to 31 days";
    if (i > 0 && place_of(intervals[i - 1]) >= place_of(interval)) return "its intervals are out of order";
  }
  return "";
}
bool has_intervals(const FieldPlan& plan) {
  return std::ranges::any_of(plan.devices, [](const FieldDevice& device) { return !device.intervals.empty(); });
}

std::string_view fault_of(const FieldDevice& device) {
  if (!fits(device.uid, field_plan_limits::name_bytes_max)) return "its uid is not 1 to 64 printable octets";
  if (!fits(device.model, field_plan_limits::name_bytes_max)) return "it has no model";
  if (!fits(device.address, field_plan_limits::address_bytes_max)) return "it has no address";
  if (!fits(device.channel, field_plan_limits::name_bytes_max)) return "it has no channel";
  return fault_of(device.intervals);
}
const std::string& name_of(const FieldChannel& channel) { return channel.name; }
const std::string& name_of(const FieldDevice& device) { return device.uid; }

template <class Entry>
Result<void> check_entries(const std::vector<Entry>& entries, std::string_view what) {
  const std::string* before = nullptr;
  for (const Entry& entry : entries) {
    if (const auto fault = fault_of(entry); !fault.empty())
      return fail(ErrorCode::invalid_argument, fmt::format("{} '{}': {}", what, name_of(entry), fault));
    if (before != nullptr && *before >= name_of(entry))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{} '{}' is there twice or out of order", what, name_of(entry)));
    before = &name_of(entry);
  }
  return {};
}

void write_way(ByteWriter& out, const FieldTcp& way) {
  out.sized(way.host);
  out.u16(way.port);
}
void write_way(ByteWriter& out, const FieldUdp& way) {
  out.sized(way.host);
  out.u16(way.port);
}
void write_way(ByteWriter& out, const FieldSerial& way) {
  out.sized(way.device);
  out.varint(way.baud);
  out.u8(way.data_bits);
  out.u8(static_cast<std::uint8_t>(way.parity));
  out.u8(way.stop_bits);
}

FieldChannel read_channel(ByteReader& in) {
  FieldChannel out;
  out.name = in.sized_text();
  const std::uint8_t kind = in.u8();
  if (kind == 0 || kind == 1) {
    const std::string host(in.sized_text());
    const std::uint16_t port = in.u16();
    if (kind == 0)
      out.way = FieldTcp{host, port};
    else
      out.way = FieldUdp{host, port};
  } else if (kind == 2) {
    FieldSerial serial;
    serial.device = in.sized_text();
    serial.baud = static_cast<std::uint32_t>(in.varint());
    serial.data_bits = in.u8();
    serial.parity = static_cast<FieldParity>(in.u8());
    serial.stop_bits = in.u8();
    out.way = serial;
  } else {
    in.set_failed();
  }
  return out;
}

FieldDevice read_device(ByteReader& in, std::uint8_t format) {
  FieldDevice out;
  out.uid = in.sized_text();
  out.model = in.sized_text();
  out.address = in.sized_text();
  out.channel = in.sized_text();
  if (format == format_1) return out;
  const std::uint64_t count = in.varint();
  if (count > field_plan_limits::intervals_max) in.set_failed();
  for (std::uint64_t i = 0; in.ok() && i < count; ++i) {
    FieldInterval interval;
    interval.group = in.sized_text();
    interval.register_name = in.sized_text();
    interval.interval_ms = static_cast<std::int64_t>(in.varint());
    out.intervals.push_back(std::move(interval));
  }
  return out;
}

}  // namespace

void FieldPlan::sort() {
  for (auto& device : devices) std::ranges::sort(device.intervals, {}, place_of);
  std::ranges::sort(channels, {}, &FieldChannel::name);
  std::ranges::sort(devices, {}, &FieldDevice::uid);
}

Result<void> check_field_plan(const FieldPlan& plan) {
  if (plan.channels.size() > field_plan_limits::channels_max || plan.devices.size() > field_plan_limits::devices_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a plan has at most {} channels and {} devices", field_plan_limits::channels_max,
                            field_plan_limits::devices_max));
  DUHENG_CHECK(check_entries(plan.channels, "channel"));
  return check_entries(plan.devices, "device");
}

Bytes encode_field_plan(const FieldPlan& plan) {
  Bytes octets;
  ByteWriter out(octets);
  out.raw(as_bytes(magic));
  const bool with_intervals = has_intervals(plan);
  out.u8(with_intervals ? format_2 : format_1);
  out.varint(plan.version);
  out.varint(plan.channels.size());
  for (const auto& channel : plan.channels) {
    out.sized(channel.name);
    out.u8(static_cast<std::uint8_t>(channel.way.index()));
    std::visit([&](const auto& way) { write_way(out, way); }, channel.way);
  }
  out.varint(plan.devices.size());
  for (const auto& device : plan.devices) {
    out.sized(device.uid);
    out.sized(device.model);
    out.sized(device.address);
    out.sized(device.channel);
    if (!with_intervals) continue;
    out.varint(device.intervals.size());
    for (const auto& interval : device.intervals) {
      out.sized(interval.group);
      out.sized(interval.register_name);
      out.varint(static_cast<std::uint64_t>(interval.interval_ms));
    }
  }
  return octets;
}

Result<FieldPlan> parse_field_plan(ByteView octets) {
  const auto malformed = [] { return fail(ErrorCode::malformed, "these are not the octets of a plan"); };
  ByteReader in(octets);
  if (as_text(in.raw(magic.size())) != magic) return malformed();
  const std::uint8_t format = in.u8();
  if (in.ok() && format != format_1 && format != format_2)
    return fail(ErrorCode::unsupported, fmt::format("a plan of format {} is of a later release", format));
  FieldPlan plan;
  plan.version = in.varint();
  const std::uint64_t channels = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < channels; ++i) plan.channels.push_back(read_channel(in));
  const std::uint64_t devices = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < devices; ++i) plan.devices.push_back(read_device(in, format));
  if (!in.ok() || !in.at_end() || !check_field_plan(plan)) return malformed();
  // A number may be written longer than need be: such octets would name the same plan by another hash.
  if (!std::ranges::equal(encode_field_plan(plan), octets)) return malformed();
  return plan;
}

std::vector<FieldPlanPart> split_field_plan(const FieldPlan& plan, const FieldPlanHash& hash, std::size_t entries_max) {
  std::vector<FieldPlanPart> out;
  std::size_t room = 0;
  const auto part = [&]() -> FieldPlanPart& {
    if (room == 0) {
      out.push_back({plan.version, hash, static_cast<std::uint32_t>(out.size()), 0, {}, {}});
      room = std::max<std::size_t>(entries_max, 1);
    }
    --room;
    return out.back();
  };
  for (const auto& channel : plan.channels) part().channels.push_back(channel);
  for (const auto& device : plan.devices) part().devices.push_back(device);
  if (out.empty()) static_cast<void>(part());
  for (auto& each : out) each.parts = static_cast<std::uint32_t>(out.size());
  return out;
}

std::unexpected<Error> FieldPlanAssembler::drop(std::string reason) {
  plan_ = {};
  parts_ = 0;
  next_part_ = 0;
  return fail(ErrorCode::malformed, std::move(reason));
}

Result<std::optional<FieldPlan>> FieldPlanAssembler::add(FieldPlanPart part) {
  if (part.part == 0) {
    plan_ = {};
    plan_.version = part.version;
    hash_ = part.hash;
    parts_ = part.parts;
    next_part_ = 0;
    if (parts_ == 0 || parts_ > field_plan_limits::parts_max) return drop("a plan has an impossible number of parts");
  }
  if (parts_ == 0 || part.part != next_part_ || part.parts != parts_ || part.version != plan_.version ||
      part.hash != hash_)
    return drop(fmt::format("part {} of plan {} is out of order", part.part, part.version));
  if (plan_.channels.size() + part.channels.size() > field_plan_limits::channels_max ||
      plan_.devices.size() + part.devices.size() > field_plan_limits::devices_max)
    return drop(fmt::format("plan {} has more channels or devices than a gateway serves", part.version));
  std::ranges::move(part.channels, std::back_inserter(plan_.channels));
  std::ranges::move(part.devices, std::back_inserter(plan_.devices));
  if (++next_part_ < parts_) return std::optional<FieldPlan>();
  return finish();
}

Result<std::optional<FieldPlan>> FieldPlanAssembler::finish() {
  if (const auto checked = check_field_plan(plan_); !checked) return drop(checked.error().message);
  if (sha256_(encode_field_plan(plan_)) != hash_)
    return drop(fmt::format("plan {} is not what its hash says", plan_.version));
  parts_ = 0;
  next_part_ = 0;
  return std::optional(std::exchange(plan_, {}));
}

}  // namespace duheng
