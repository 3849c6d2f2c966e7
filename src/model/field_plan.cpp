#include "model/field_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng {
namespace {

constexpr std::string_view magic = "DHFP";
constexpr std::uint8_t format_1 = 1;
constexpr std::uint8_t with_carrier = 0x80;  // beside the kind of a channel
constexpr std::size_t main_node_digits_max = 12;
constexpr std::uint8_t format_2 = 2;  // with intervals; used only where there are some
constexpr std::uint8_t format_3 = 3;  // with rules and sums, too; used only where there are some
// How many entries of a part a rule stands for, and how many members of a sum one.
constexpr std::size_t rule_weight = 4;
constexpr std::size_t members_per_entry = 4;

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
std::string_view fault_of(const FieldCarrier& carrier, const FieldChannel& channel) {
  if (std::holds_alternative<FieldUdp>(channel.way)) return "a carrier module is not reached over UDP";
  if (carrier.kind > FieldCarrierKind::radio) return "its carrier is of no known kind";
  const bool is_number = carrier.main_node.size() <= main_node_digits_max &&
                         std::ranges::all_of(carrier.main_node, [](char c) { return c >= '0' && c <= '9'; });
  return is_number ? "" : "its main node is not up to twelve digits";
}
std::string_view fault_of(const FieldChannel& channel) {
  if (!fits(channel.name, field_plan_limits::name_bytes_max)) return "its name is not 1 to 64 printable octets";
  if (channel.carrier)
    if (const auto fault = fault_of(*channel.carrier, channel); !fault.empty()) return fault;
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
std::string_view fault_of(const FieldRule& rule) {
  if (!fits(rule.device, field_plan_limits::name_bytes_max)) return "its device is not 1 to 64 printable octets";
  if (!fits(rule.into, field_plan_limits::name_bytes_max)) return "its result has no name";
  return fits(rule.text, field_plan_limits::rule_bytes_max) ? "" : "its text is empty or too long";
}
std::pair<std::string_view, std::string_view> place_of_rule(const FieldRule& rule) { return {rule.device, rule.into}; }
bool has_derivation(const FieldPlan& plan) { return !plan.rules.empty() || !plan.sums.empty(); }
std::uint8_t format_of(const FieldPlan& plan) {
  if (has_derivation(plan)) return format_3;
  return has_intervals(plan) ? format_2 : format_1;
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

Result<void> check_rules(const std::vector<FieldRule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = rules[i];
    auto fault = fault_of(rule);
    if (fault.empty() && i > 0 && place_of_rule(rules[i - 1]) >= place_of_rule(rule))
      fault = "it is there twice or out of order";
    if (!fault.empty())
      return fail(ErrorCode::invalid_argument, fmt::format("rule '{}' of '{}': {}", rule.into, rule.device, fault));
  }
  return {};
}

Result<void> check_sums(const std::vector<FieldSum>& sums) {
  const std::string* before = nullptr;
  for (const auto& sum : sums) {
    if (const auto fault = find_fault(sum))
      return fail(ErrorCode::invalid_argument, fmt::format("sum '{}': {} {}", sum.uid, fault->key, fault->reason));
    if (before != nullptr && *before >= sum.uid)
      return fail(ErrorCode::invalid_argument, fmt::format("sum '{}' is there twice or out of order", sum.uid));
    if (std::ranges::adjacent_find(sum.members, std::ranges::greater_equal{}) != sum.members.end())
      return fail(ErrorCode::invalid_argument, fmt::format("sum '{}': its members are out of order", sum.uid));
    before = &sum.uid;
  }
  return {};
}

std::size_t members_of(const std::vector<FieldSum>& sums) {
  std::size_t out = 0;
  for (const auto& sum : sums) out += sum.members.size();
  return out;
}

bool fit_limits(std::size_t rules, std::size_t sums, std::size_t members) {
  return rules <= field_plan_limits::rules_max && sums <= field_plan_limits::sums_max &&
         members <= field_plan_limits::sum_members_all_max;
}

void write_derivation(ByteWriter& out, const FieldPlan& plan) {
  out.varint(plan.rules.size());
  for (const auto& rule : plan.rules) {
    out.sized(rule.device);
    out.sized(rule.into);
    out.sized(rule.text);
  }
  out.varint(plan.sums.size());
  for (const auto& sum : plan.sums) {
    out.sized(sum.uid);
    out.sized(sum.register_name);
    out.sized(sum.unit);
    out.u8(static_cast<std::uint8_t>(-sum.exponent));
    out.varint(static_cast<std::uint64_t>(sum.interval_ms));
    out.varint(static_cast<std::uint64_t>(sum.tolerance_ms));
    out.varint(static_cast<std::uint64_t>(sum.wait_ms));
    out.sized(sum.channel);
    out.varint(sum.members.size());
    for (const auto& member : sum.members) out.sized(member);
  }
}

FieldSum read_sum(ByteReader& in) {
  FieldSum out;
  out.uid = in.sized_text();
  out.register_name = in.sized_text();
  out.unit = in.sized_text();
  const std::uint8_t digits = in.u8();
  if (digits > 9) in.set_failed();
  out.exponent = static_cast<std::int8_t>(-static_cast<int>(digits));
  out.interval_ms = static_cast<std::int64_t>(in.varint());
  out.tolerance_ms = static_cast<std::int64_t>(in.varint());
  out.wait_ms = static_cast<std::int64_t>(in.varint());
  out.channel = in.sized_text();
  const std::uint64_t members = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < members; ++i) out.members.emplace_back(in.sized_text());
  return out;
}

void read_derivation(ByteReader& in, FieldPlan& plan) {
  const std::uint64_t rules = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < rules; ++i) {
    FieldRule rule;
    rule.device = in.sized_text();
    rule.into = in.sized_text();
    rule.text = in.sized_text();
    plan.rules.push_back(std::move(rule));
  }
  const std::uint64_t sums = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < sums; ++i) plan.sums.push_back(read_sum(in));
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
  const std::uint8_t mark = in.u8();
  const auto kind = static_cast<std::uint8_t>(mark & ~with_carrier);
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
  if ((mark & with_carrier) == 0) return out;
  auto& carrier = out.carrier.emplace();
  carrier.kind = static_cast<FieldCarrierKind>(in.u8());
  carrier.main_node = in.sized_text();
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
  std::ranges::sort(rules, {}, place_of_rule);
  for (auto& sum : sums) std::ranges::sort(sum.members);
  std::ranges::sort(sums, {}, &FieldSum::uid);
}

Result<void> check_field_plan(const FieldPlan& plan) {
  if (plan.channels.size() > field_plan_limits::channels_max || plan.devices.size() > field_plan_limits::devices_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a plan has at most {} channels and {} devices", field_plan_limits::channels_max,
                            field_plan_limits::devices_max));
  if (!fit_limits(plan.rules.size(), plan.sums.size(), members_of(plan.sums)))
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a plan has at most {} rules, {} sums and {} members of sums", field_plan_limits::rules_max,
                            field_plan_limits::sums_max, field_plan_limits::sum_members_all_max));
  DUHENG_CHECK(check_entries(plan.channels, "channel"));
  DUHENG_CHECK(check_entries(plan.devices, "device"));
  DUHENG_CHECK(check_rules(plan.rules));
  return check_sums(plan.sums);
}

Bytes encode_field_plan(const FieldPlan& plan) {
  Bytes octets;
  ByteWriter out(octets);
  out.raw(as_bytes(magic));
  const std::uint8_t format = format_of(plan);
  out.u8(format);
  out.varint(plan.version);
  out.varint(plan.channels.size());
  for (const auto& channel : plan.channels) {
    out.sized(channel.name);
    out.u8(static_cast<std::uint8_t>(channel.way.index() | (channel.carrier ? with_carrier : 0U)));
    std::visit([&](const auto& way) { write_way(out, way); }, channel.way);
    if (!channel.carrier) continue;
    out.u8(static_cast<std::uint8_t>(channel.carrier->kind));
    out.sized(channel.carrier->main_node);
  }
  out.varint(plan.devices.size());
  for (const auto& device : plan.devices) {
    out.sized(device.uid);
    out.sized(device.model);
    out.sized(device.address);
    out.sized(device.channel);
    if (format == format_1) continue;
    out.varint(device.intervals.size());
    for (const auto& interval : device.intervals) {
      out.sized(interval.group);
      out.sized(interval.register_name);
      out.varint(static_cast<std::uint64_t>(interval.interval_ms));
    }
  }
  if (format == format_3) write_derivation(out, plan);
  return octets;
}

Result<FieldPlan> parse_field_plan(ByteView octets) {
  const auto malformed = [] { return fail(ErrorCode::malformed, "these are not the octets of a plan"); };
  ByteReader in(octets);
  if (as_text(in.raw(magic.size())) != magic) return malformed();
  const std::uint8_t format = in.u8();
  if (in.ok() && (format < format_1 || format > format_3))
    return fail(ErrorCode::unsupported, fmt::format("a plan of format {} is of a later release", format));
  FieldPlan plan;
  plan.version = in.varint();
  const std::uint64_t channels = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < channels; ++i) plan.channels.push_back(read_channel(in));
  const std::uint64_t devices = in.varint();
  for (std::uint64_t i = 0; in.ok() && i < devices; ++i) plan.devices.push_back(read_device(in, format));
  if (format == format_3) read_derivation(in, plan);
  if (!in.ok() || !in.at_end() || !check_field_plan(plan)) return malformed();
  // A number may be written longer than need be: such octets would name the same plan by another hash.
  if (!std::ranges::equal(encode_field_plan(plan), octets)) return malformed();
  return plan;
}

std::vector<FieldPlanPart> split_field_plan(const FieldPlan& plan, const FieldPlanHash& hash, std::size_t entries_max) {
  std::vector<FieldPlanPart> out;
  std::size_t room = 0;
  const auto part = [&](std::size_t weight = 1) -> FieldPlanPart& {
    if (out.empty() || room < weight) {
      out.push_back({plan.version, hash, static_cast<std::uint32_t>(out.size()), 0, {}, {}});
      room = std::max<std::size_t>(entries_max, 1);
    }
    room -= std::min(room, weight);
    return out.back();
  };
  for (const auto& channel : plan.channels) part().channels.push_back(channel);
  for (const auto& device : plan.devices) part().devices.push_back(device);
  for (const auto& rule : plan.rules) part(rule_weight).rules.push_back(rule);
  for (const auto& sum : plan.sums) part(1 + sum.members.size() / members_per_entry).sums.push_back(sum);
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

bool FieldPlanAssembler::has_room(const FieldPlanPart& part) const {
  return plan_.channels.size() + part.channels.size() <= field_plan_limits::channels_max &&
         plan_.devices.size() + part.devices.size() <= field_plan_limits::devices_max &&
         fit_limits(plan_.rules.size() + part.rules.size(), plan_.sums.size() + part.sums.size(),
                    members_of(plan_.sums) + members_of(part.sums));
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
  if (!has_room(part))
    return drop(fmt::format("plan {} has more channels or devices than a gateway serves", part.version));
  std::ranges::move(part.channels, std::back_inserter(plan_.channels));
  std::ranges::move(part.devices, std::back_inserter(plan_.devices));
  std::ranges::move(part.rules, std::back_inserter(plan_.rules));
  std::ranges::move(part.sums, std::back_inserter(plan_.sums));
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
