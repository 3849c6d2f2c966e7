// What the platform says.
#include <array>
#include <string_view>

#include "rpc/control_wire.hpp"
#include "rpc/control_wire_checks.hpp"

namespace duheng::rpc {

namespace {

namespace wire = control_wire;
using namespace control_checks;

constexpr std::uint64_t lifetime_ms_max = 366ULL * 86'400'000;
constexpr std::size_t item_octets_max = 16'384;
constexpr int plan_entries_max = 20'000;

Result<control::FromPlatform> read(const wire::Order& in) {
  FieldOrder out;
  DUHENG_TRY(out.id, order_id(in.id()));
  DUHENG_TRY(out.device_uid, text(in.device_uid()));
  DUHENG_TRY(out.kind, (within<OrderKind, int>(in.kind(), 1, 4)));
  DUHENG_TRY(out.name, text(in.name()));
  DUHENG_CHECK(at_most(in.registers_size(), 1'000));
  for (const std::string& name : in.registers()) {
    DUHENG_TRY(std::string converted, text(name));
    out.registers.push_back(std::move(converted));
  }
  if (in.item().size() > item_octets_max) return fail(ErrorCode::limit_exceeded, "an item of over 16,384 octets");
  out.item = in.item();
  DUHENG_CHECK(at_most(in.arguments_size(), 100));
  for (const wire::OrderArgument& argument : in.arguments()) {
    DUHENG_TRY(std::string name, text(argument.name()));
    DUHENG_TRY(std::string value, text(argument.value()));
    out.arguments.push_back({std::move(name), std::move(value)});
  }
  DUHENG_TRY(out.password, text(in.password()));
  DUHENG_TRY(out.operator_code, text(in.operator_code()));
  DUHENG_TRY(out.lifetime_ms, (within<std::int64_t, std::uint64_t>(in.lifetime_ms(), 0, lifetime_ms_max)));
  out.from_utc_ms = in.from_utc_ms();
  out.to_utc_ms = in.to_utc_ms();
  return out;
}

Result<control::FromPlatform> read(const wire::ReportsReceived& in) {
  control::ReportsReceived out;
  DUHENG_CHECK(at_most(in.ids_size(), 100'000));
  for (const std::string& id : in.ids()) {
    DUHENG_TRY(const OrderId converted, order_id(id));
    out.ids.push_back(converted);
  }
  return out;
}

constexpr std::array<std::string_view, 3> parity_words{"none", "even", "odd"};

Result<FieldParity> parity_of(const std::string& word) {
  const auto found = std::ranges::find(parity_words, word);
  if (found == parity_words.end()) return fail(ErrorCode::malformed, "a parity of no known kind");
  return static_cast<FieldParity>(found - parity_words.begin());
}

constexpr std::array<std::string_view, 3> carrier_words{"narrow_band", "broadband", "radio"};

Result<std::optional<FieldCarrier>> carrier_of(const wire::PlanChannel& in) {
  if (!in.has_carrier()) return std::nullopt;
  const auto found = std::ranges::find(carrier_words, in.carrier().kind());
  if (found == carrier_words.end()) return fail(ErrorCode::malformed, "a carrier of no known kind");
  FieldCarrier out;
  out.kind = static_cast<FieldCarrierKind>(found - carrier_words.begin());
  DUHENG_TRY(out.main_node, text(in.carrier().main_node()));
  return out;
}

Result<FieldChannel> read(const wire::PlanChannel& in) {
  FieldChannel out;
  DUHENG_TRY(out.carrier, carrier_of(in));
  DUHENG_TRY(out.name, text(in.name()));
  switch (in.kind_case()) {
    case wire::PlanChannel::kTcp: {
      FieldTcp line;
      DUHENG_TRY(line.host, text(in.tcp().host()));
      DUHENG_TRY(line.port, port(in.tcp().port()));
      out.way = std::move(line);
      return out;
    }
    case wire::PlanChannel::kUdp: {
      FieldUdp line;
      DUHENG_TRY(line.host, text(in.udp().host()));
      DUHENG_TRY(line.port, port(in.udp().port()));
      out.way = std::move(line);
      return out;
    }
    case wire::PlanChannel::kSerial: {
      FieldSerial line;
      DUHENG_TRY(line.device, text(in.serial().device()));
      line.baud = in.serial().baud();
      DUHENG_TRY(line.data_bits, (within<std::uint8_t, std::uint32_t>(in.serial().data_bits(), 5, 8)));
      DUHENG_TRY(line.parity, parity_of(in.serial().parity()));
      DUHENG_TRY(line.stop_bits, (within<std::uint8_t, std::uint32_t>(in.serial().stop_bits(), 1, 2)));
      out.way = std::move(line);
      return out;
    }
    case wire::PlanChannel::KIND_NOT_SET:
      break;
  }
  return fail(ErrorCode::malformed, "a channel of no known kind");
}

Result<FieldDevice> read(const wire::PlanDevice& in) {
  FieldDevice out;
  DUHENG_TRY(out.uid, text(in.uid()));
  DUHENG_TRY(out.model, text(in.model()));
  DUHENG_TRY(out.address, text(in.address()));
  DUHENG_TRY(out.channel, text(in.channel()));
  DUHENG_CHECK(at_most(in.intervals_size(), static_cast<int>(field_plan_limits::intervals_max)));
  for (const wire::PlanInterval& interval : in.intervals()) {
    FieldInterval converted;
    DUHENG_TRY(converted.group, text(interval.group()));
    DUHENG_TRY(converted.register_name, text(interval.register_name()));
    converted.interval_ms = interval.interval_ms();
    out.intervals.push_back(std::move(converted));
  }
  return out;
}

Result<FieldRule> read(const wire::PlanRule& in) {
  FieldRule out;
  DUHENG_TRY(out.device, text(in.device_uid()));
  DUHENG_TRY(out.into, text(in.into()));
  DUHENG_TRY(out.text, text(in.text()));
  return out;
}

Result<FieldSum> read(const wire::PlanSum& in) {
  FieldSum out;
  DUHENG_TRY(out.uid, text(in.uid()));
  DUHENG_TRY(out.register_name, text(in.register_name()));
  DUHENG_TRY(out.unit, text(in.unit()));
  DUHENG_TRY(out.exponent, (within<std::int8_t, std::int32_t>(in.exponent(), -9, 0)));
  out.interval_ms = in.interval_ms();
  out.tolerance_ms = in.tolerance_ms();
  out.wait_ms = in.wait_ms();
  DUHENG_TRY(out.channel, text(in.channel()));
  DUHENG_CHECK(at_most(in.members_size(), static_cast<int>(field_plan_limits::sum_members_max)));
  for (const std::string& member : in.members()) {
    DUHENG_TRY(std::string converted, text(member));
    out.members.push_back(std::move(converted));
  }
  return out;
}

Result<control::FromPlatform> read(const wire::PlanPart& in) {
  FieldPlanPart out;
  out.version = in.version();
  DUHENG_TRY(out.hash, plan_hash(in.hash()));
  out.part = in.part();
  out.parts = in.parts();
  if (out.parts == 0 || out.parts > field_plan_limits::parts_max || out.part >= out.parts)
    return fail(ErrorCode::malformed, "a part beyond its plan's parts");
  DUHENG_CHECK(at_most(in.channels_size(), plan_entries_max));
  for (const wire::PlanChannel& channel : in.channels()) {
    DUHENG_TRY(FieldChannel converted, read(channel));
    out.channels.push_back(std::move(converted));
  }
  DUHENG_CHECK(at_most(in.devices_size(), plan_entries_max));
  for (const wire::PlanDevice& device : in.devices()) {
    DUHENG_TRY(FieldDevice converted, read(device));
    out.devices.push_back(std::move(converted));
  }
  DUHENG_CHECK(at_most(in.rules_size(), plan_entries_max));
  for (const wire::PlanRule& rule : in.rules()) {
    DUHENG_TRY(FieldRule converted, read(rule));
    out.rules.push_back(std::move(converted));
  }
  DUHENG_CHECK(at_most(in.sums_size(), static_cast<int>(field_plan_limits::sums_max)));
  for (const wire::PlanSum& sum : in.sums()) {
    DUHENG_TRY(FieldSum converted, read(sum));
    out.sums.push_back(std::move(converted));
  }
  return out;
}

Result<control::FromPlatform> read(const wire::TraceRequest& in) {
  control::TraceRequest out;
  out.trace = in.trace();
  DUHENG_TRY(out.device_uid, text(in.device_uid()));
  DUHENG_TRY(out.channel, text(in.channel()));
  out.lifetime_ms = in.lifetime_ms();
  if (out.trace == 0) return fail(ErrorCode::malformed, "a trace without a number");
  if (out.device_uid.empty() == out.channel.empty()) {
    return fail(ErrorCode::malformed, "a trace follows either a device or a channel");
  }
  return out;
}

void write(const control::PlatformWelcome& in, wire::PlatformMessage& message) {
  message.mutable_welcome()->set_protocol_version(in.version);
  message.mutable_welcome()->set_platform_utc_ms(in.platform_utc_ms);
}

void write(const FieldOrder& in, wire::PlatformMessage& message) {
  wire::Order& out = *message.mutable_order();
  out.set_id(octets_of(in.id));
  out.set_device_uid(in.device_uid);
  out.set_kind(static_cast<wire::OrderKind>(in.kind));
  out.set_name(in.name);
  for (const std::string& name : in.registers) out.add_registers(name);
  out.set_item(in.item);
  for (const OrderArgument& argument : in.arguments) {
    wire::OrderArgument& to = *out.add_arguments();
    to.set_name(argument.name);
    to.set_value(argument.value);
  }
  out.set_password(in.password);
  out.set_operator_code(in.operator_code);
  out.set_lifetime_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(0, in.lifetime_ms)));
  out.set_from_utc_ms(in.from_utc_ms);
  out.set_to_utc_ms(in.to_utc_ms);
}

void write(const control::CancelOrder& in, wire::PlatformMessage& message) {
  message.mutable_cancel_order()->set_id(octets_of(in.id));
}

void write(const control::ReportsReceived& in, wire::PlatformMessage& message) {
  wire::ReportsReceived& out = *message.mutable_reports_received();
  for (const OrderId& id : in.ids) out.add_ids(octets_of(id));
}

void write(const FieldChannel& in, wire::PlanChannel& out) {
  out.set_name(in.name);
  if (in.carrier) {
    out.mutable_carrier()->set_kind(std::string{carrier_words[static_cast<std::size_t>(in.carrier->kind)]});
    out.mutable_carrier()->set_main_node(in.carrier->main_node);
  }
  if (const auto* tcp = std::get_if<FieldTcp>(&in.way)) {
    out.mutable_tcp()->set_host(tcp->host);
    out.mutable_tcp()->set_port(tcp->port);
  } else if (const auto* udp = std::get_if<FieldUdp>(&in.way)) {
    out.mutable_udp()->set_host(udp->host);
    out.mutable_udp()->set_port(udp->port);
  } else {
    const auto& serial = std::get<FieldSerial>(in.way);
    wire::SerialLine& to = *out.mutable_serial();
    to.set_device(serial.device);
    to.set_baud(serial.baud);
    to.set_data_bits(serial.data_bits);
    to.set_parity(std::string{parity_words[static_cast<std::size_t>(serial.parity)]});
    to.set_stop_bits(serial.stop_bits);
  }
}

void write(const FieldRule& in, wire::PlanRule& out) {
  out.set_device_uid(in.device);
  out.set_into(in.into);
  out.set_text(in.text);
}

void write(const FieldSum& in, wire::PlanSum& out) {
  out.set_uid(in.uid);
  out.set_register_name(in.register_name);
  out.set_unit(in.unit);
  out.set_exponent(in.exponent);
  out.set_interval_ms(in.interval_ms);
  out.set_tolerance_ms(in.tolerance_ms);
  out.set_wait_ms(in.wait_ms);
  out.set_channel(in.channel);
  for (const std::string& member : in.members) out.add_members(member);
}

void write(const FieldPlanPart& in, wire::PlatformMessage& message) {
  wire::PlanPart& out = *message.mutable_plan_part();
  out.set_version(in.version);
  out.set_hash(octets_of(in.hash));
  out.set_part(in.part);
  out.set_parts(in.parts);
  for (const FieldChannel& channel : in.channels) write(channel, *out.add_channels());
  for (const FieldDevice& device : in.devices) {
    wire::PlanDevice& to = *out.add_devices();
    to.set_uid(device.uid);
    to.set_model(device.model);
    to.set_address(device.address);
    to.set_channel(device.channel);
    for (const FieldInterval& interval : device.intervals) {
      wire::PlanInterval& written = *to.add_intervals();
      written.set_group(interval.group);
      written.set_register_name(interval.register_name);
      written.set_interval_ms(interval.interval_ms);
    }
  }
  for (const FieldRule& rule : in.rules) write(rule, *out.add_rules());
  for (const FieldSum& sum : in.sums) write(sum, *out.add_sums());
}

void write(const control::TraceRequest& in, wire::PlatformMessage& message) {
  wire::TraceRequest& out = *message.mutable_trace_request();
  out.set_trace(in.trace);
  out.set_device_uid(in.device_uid);
  out.set_channel(in.channel);
  out.set_lifetime_ms(in.lifetime_ms);
}

void write(const control::TraceStop& in, wire::PlatformMessage& message) {
  message.mutable_trace_stop()->set_trace(in.trace);
}

}  // namespace

Result<control::FromPlatform> from_wire(const wire::PlatformMessage& message) {
  switch (message.message_case()) {
    case wire::PlatformMessage::kWelcome:
      return control::PlatformWelcome{message.welcome().protocol_version(), message.welcome().platform_utc_ms()};
    case wire::PlatformMessage::kOrder:
      return read(message.order());
    case wire::PlatformMessage::kCancelOrder: {
      DUHENG_TRY(const OrderId id, order_id(message.cancel_order().id()));
      return control::CancelOrder{id};
    }
    case wire::PlatformMessage::kReportsReceived:
      return read(message.reports_received());
    case wire::PlatformMessage::kPlanPart:
      return read(message.plan_part());
    case wire::PlatformMessage::kTraceRequest:
      return read(message.trace_request());
    case wire::PlatformMessage::kTraceStop:
      return control::TraceStop{message.trace_stop().trace()};
    case wire::PlatformMessage::MESSAGE_NOT_SET:
      break;
  }
  return fail(ErrorCode::malformed, "a control message of no known kind");
}

void to_wire(const control::FromPlatform& message, wire::PlatformMessage& out) {
  std::visit([&](const auto& one) { write(one, out); }, message);
}

}  // namespace duheng::rpc
