// What a gateway says.
#include "rpc/control_wire.hpp"
#include "rpc/control_wire_checks.hpp"

namespace duheng::rpc {

namespace {

namespace wire = control_wire;
using namespace control_checks;

constexpr int rounds_max = 1'000;
constexpr int channels_max = 100'000;
constexpr int values_max = 1'000'000;
constexpr int frames_max = 100'000;
constexpr std::size_t frame_octets_max = 1U << 20;

Result<control::FromGateway> read(const wire::ControlHello& in) {
  control::GatewayHello out;
  out.version = in.protocol_version();
  DUHENG_TRY(out.software_version, text(in.software_version()));
  out.plan_version = in.plan_version();
  DUHENG_TRY(out.plan_hash, plan_hash(in.plan_hash()));
  out.gateway_utc_ms = in.gateway_utc_ms();
  return out;
}

Result<OrderValue> read(const wire::OrderValue& in) {
  OrderValue out;
  DUHENG_TRY(out.register_name, text(in.register_name()));
  DUHENG_TRY(out.unit, text(in.unit()));
  DUHENG_TRY(out.exponent, (within<std::int8_t, std::int32_t>(in.exponent(), -30, 30)));
  DUHENG_TRY(out.kind, (within<SeriesKind, std::uint32_t>(in.kind(), 0, 3)));
  out.mantissa = in.mantissa();
  DUHENG_TRY(out.quality, (within<Quality, std::uint32_t>(in.quality(), 0, 0xFFFF)));
  out.time_utc_ms = in.time_utc_ms();
  out.read_back = in.read_back();
  return out;
}

Result<OrderFrame> read(const wire::OrderFrame& in) {
  OrderFrame out;
  // A protocol of a later release is one whose octets this one cannot explain, nothing worse.
  out.protocol = in.protocol() <= 6 ? static_cast<Protocol>(in.protocol()) : Protocol::unknown;
  DUHENG_TRY(out.request, octets(in.request(), frame_octets_max));
  DUHENG_TRY(out.response, octets(in.response(), frame_octets_max));
  out.sent_utc_ms = in.sent_utc_ms();
  out.received_utc_ms = in.received_utc_ms();
  return out;
}

Result<control::FromGateway> read(const wire::OrderReport& in) {
  OrderReport out;
  DUHENG_TRY(out.id, order_id(in.id()));
  DUHENG_TRY(out.state, (within<OrderState, int>(in.state(), 1, 8)));
  DUHENG_TRY(out.reason, text(in.reason()));
  DUHENG_TRY(out.detail, text(in.detail()));
  out.utc_ms = in.utc_ms();
  DUHENG_CHECK(at_most(in.values_size(), values_max));
  DUHENG_CHECK(at_most(in.frames_size(), frames_max));
  out.values.reserve(static_cast<std::size_t>(in.values_size()));
  for (const wire::OrderValue& value : in.values()) {
    DUHENG_TRY(OrderValue converted, read(value));
    out.values.push_back(std::move(converted));
  }
  out.frames.reserve(static_cast<std::size_t>(in.frames_size()));
  for (const wire::OrderFrame& frame : in.frames()) {
    DUHENG_TRY(OrderFrame converted, read(frame));
    out.frames.push_back(std::move(converted));
  }
  return out;
}

Result<FieldChannelState> read(const wire::ChannelInfo& in) {
  FieldChannelState out;
  DUHENG_TRY(out.name, text(in.name()));
  DUHENG_TRY(out.kind, text(in.kind()));
  DUHENG_TRY(out.detail, text(in.detail()));
  out.from_plan = in.from_plan();
  out.open = in.open();
  out.devices = in.devices();
  return out;
}

Result<control::FromGateway> read(const wire::PlanReport& in) {
  FieldPlanReport out;
  out.version = in.version();
  DUHENG_TRY(out.hash, plan_hash(in.hash()));
  DUHENG_CHECK(at_most(in.problems_size(), 200'000));
  for (const wire::PlanProblem& problem : in.problems()) {
    DUHENG_TRY(std::string subject, text(problem.subject()));
    DUHENG_TRY(std::string reason, text(problem.reason()));
    out.problems.push_back({std::move(subject), std::move(reason)});
  }
  DUHENG_CHECK(at_most(in.channels_size(), texts_max));
  for (const wire::ChannelInfo& channel : in.channels()) {
    DUHENG_TRY(FieldChannelState converted, read(channel));
    out.channels.push_back(std::move(converted));
  }
  DUHENG_CHECK(at_most(in.models_size(), texts_max));
  for (const std::string& model : in.models()) {
    DUHENG_TRY(std::string converted, text(model));
    out.models.push_back(std::move(converted));
  }
  out.file_devices = in.file_devices();
  return out;
}

control::Timing read(const wire::Timing& in) {
  return {in.samples(), in.missed(), in.p50_per_mille(), in.p95_per_mille(), in.p99_per_mille(), in.max_per_mille()};
}

Result<control::DeviceState> read(const wire::DeviceState& in) {
  control::DeviceState out;
  DUHENG_TRY(out.uid, text(in.uid()));
  DUHENG_TRY(out.channel, text(in.channel()));
  out.answering = in.answering();
  out.offline = in.offline();
  out.last_answer_utc_ms = in.last_answer_utc_ms();
  out.questions = in.questions();
  out.answers = in.answers();
  out.refusals = in.refusals();
  out.time_outs = in.time_outs();
  out.late_answers = in.late_answers();
  out.unasked_answers = in.unasked_answers();
  out.unusable_answers = in.unusable_answers();
  out.bad_frames = in.bad_frames();
  out.noise_octets = in.noise_octets();
  DUHENG_CHECK(at_most(in.rounds_size(), rounds_max));
  for (const wire::RoundTiming& round : in.rounds()) {
    DUHENG_TRY(std::string group, text(round.group()));
    out.rounds.push_back({std::move(group), round.interval_ms(), read(round.timing())});
  }
  return out;
}

Result<FieldUnknownDevice> read(const wire::UnknownDevice& in) {
  FieldUnknownDevice out;
  DUHENG_TRY(out.listener, text(in.listener()));
  DUHENG_TRY(out.protocol, text(in.protocol()));
  DUHENG_TRY(out.address, text(in.address()));
  DUHENG_TRY(out.peer, text(in.peer()));
  out.first_utc_ms = in.first_utc_ms();
  out.last_utc_ms = in.last_utc_ms();
  out.calls = in.calls();
  return out;
}

Result<control::FromGateway> read(const wire::FieldState& in) {
  control::FieldState out;
  DUHENG_CHECK(at_most(in.devices_size(), 200'000));
  for (const wire::DeviceState& device : in.devices()) {
    DUHENG_TRY(control::DeviceState converted, read(device));
    out.devices.push_back(std::move(converted));
  }
  DUHENG_CHECK(at_most(in.unknown_size(), 10'000));
  for (const wire::UnknownDevice& unknown : in.unknown()) {
    DUHENG_TRY(FieldUnknownDevice converted, read(unknown));
    out.unknown.push_back(std::move(converted));
  }
  out.unknown_present = in.unknown_present();
  DUHENG_CHECK(at_most(in.channel_timings_size(), channels_max));
  for (const wire::ChannelTiming& timing : in.channel_timings()) {
    DUHENG_TRY(std::string channel, text(timing.channel()));
    out.channel_timings.push_back({std::move(channel), read(timing.timing())});
  }
  return out;
}

Result<control::FromGateway> read(const wire::TraceEvents& in) {
  control::TraceEvents out;
  out.trace = in.trace();
  out.dropped = in.dropped();
  DUHENG_CHECK(at_most(in.events_size(), 10'000));
  for (const wire::TraceEvent& event : in.events()) {
    control::TraceEvent converted;
    converted.utc_ms = event.utc_ms();
    DUHENG_TRY(converted.kind, text(event.kind()));
    DUHENG_TRY(converted.octets, octets(event.octets(), frame_octets_max));
    DUHENG_TRY(converted.device_uid, text(event.device_uid()));
    DUHENG_TRY(converted.channel, text(event.channel()));
    DUHENG_TRY(converted.note, text(event.note()));
    out.events.push_back(std::move(converted));
  }
  return out;
}

void write(const control::GatewayHello& in, wire::GatewayMessage& message) {
  wire::ControlHello& out = *message.mutable_hello();
  out.set_protocol_version(in.version);
  out.set_software_version(in.software_version);
  out.set_plan_version(in.plan_version);
  out.set_plan_hash(octets_of(in.plan_hash));
  out.set_gateway_utc_ms(in.gateway_utc_ms);
}

void write(const OrderReport& in, wire::GatewayMessage& message) {
  wire::OrderReport& out = *message.mutable_order_report();
  out.set_id(octets_of(in.id));
  out.set_state(static_cast<wire::OrderState>(in.state));
  out.set_reason(in.reason);
  out.set_detail(in.detail);
  out.set_utc_ms(in.utc_ms);
  for (const OrderValue& value : in.values) {
    wire::OrderValue& to = *out.add_values();
    to.set_register_name(value.register_name);
    to.set_unit(value.unit);
    to.set_exponent(value.exponent);
    to.set_kind(static_cast<std::uint32_t>(value.kind));
    to.set_mantissa(value.mantissa);
    to.set_quality(static_cast<std::uint32_t>(value.quality));
    to.set_time_utc_ms(value.time_utc_ms);
    to.set_read_back(value.read_back);
  }
  for (const OrderFrame& frame : in.frames) {
    wire::OrderFrame& to = *out.add_frames();
    to.set_protocol(static_cast<std::uint32_t>(frame.protocol));
    to.set_request(frame.request.data(), frame.request.size());
    to.set_response(frame.response.data(), frame.response.size());
    to.set_sent_utc_ms(frame.sent_utc_ms);
    to.set_received_utc_ms(frame.received_utc_ms);
  }
}

void write(const FieldPlanReport& in, wire::GatewayMessage& message) {
  wire::PlanReport& out = *message.mutable_plan_report();
  out.set_version(in.version);
  out.set_hash(octets_of(in.hash));
  for (const FieldPlanProblem& problem : in.problems) {
    wire::PlanProblem& to = *out.add_problems();
    to.set_subject(problem.subject);
    to.set_reason(problem.reason);
  }
  for (const FieldChannelState& channel : in.channels) {
    wire::ChannelInfo& to = *out.add_channels();
    to.set_name(channel.name);
    to.set_kind(channel.kind);
    to.set_detail(channel.detail);
    to.set_from_plan(channel.from_plan);
    to.set_open(channel.open);
    to.set_devices(channel.devices);
  }
  for (const std::string& model : in.models) out.add_models(model);
  out.set_file_devices(in.file_devices);
}

void write(const control::Timing& in, wire::Timing& out) {
  out.set_samples(in.samples);
  out.set_missed(in.missed);
  out.set_p50_per_mille(in.p50_per_mille);
  out.set_p95_per_mille(in.p95_per_mille);
  out.set_p99_per_mille(in.p99_per_mille);
  out.set_max_per_mille(in.max_per_mille);
}

void write(const control::DeviceState& in, wire::DeviceState& out) {
  out.set_uid(in.uid);
  out.set_answering(in.answering);
  out.set_offline(in.offline);
  out.set_last_answer_utc_ms(in.last_answer_utc_ms);
  out.set_questions(in.questions);
  out.set_answers(in.answers);
  out.set_refusals(in.refusals);
  out.set_time_outs(in.time_outs);
  out.set_late_answers(in.late_answers);
  out.set_unasked_answers(in.unasked_answers);
  out.set_unusable_answers(in.unusable_answers);
  out.set_bad_frames(in.bad_frames);
  out.set_noise_octets(in.noise_octets);
  out.set_channel(in.channel);
  for (const control::RoundTiming& round : in.rounds) {
    wire::RoundTiming& to = *out.add_rounds();
    to.set_group(round.group);
    to.set_interval_ms(round.interval_ms);
    write(round.timing, *to.mutable_timing());
  }
}

void write(const control::FieldState& in, wire::GatewayMessage& message) {
  wire::FieldState& out = *message.mutable_field_state();
  for (const control::DeviceState& device : in.devices) write(device, *out.add_devices());
  for (const FieldUnknownDevice& unknown : in.unknown) {
    wire::UnknownDevice& to = *out.add_unknown();
    to.set_listener(unknown.listener);
    to.set_protocol(unknown.protocol);
    to.set_address(unknown.address);
    to.set_peer(unknown.peer);
    to.set_first_utc_ms(unknown.first_utc_ms);
    to.set_last_utc_ms(unknown.last_utc_ms);
    to.set_calls(unknown.calls);
  }
  out.set_unknown_present(in.unknown_present);
  for (const control::ChannelTiming& timing : in.channel_timings) {
    wire::ChannelTiming& to = *out.add_channel_timings();
    to.set_channel(timing.channel);
    write(timing.timing, *to.mutable_timing());
  }
}

void write(const control::TraceEvents& in, wire::GatewayMessage& message) {
  wire::TraceEvents& out = *message.mutable_trace_events();
  out.set_trace(in.trace);
  out.set_dropped(in.dropped);
  for (const control::TraceEvent& event : in.events) {
    wire::TraceEvent& to = *out.add_events();
    to.set_utc_ms(event.utc_ms);
    to.set_kind(event.kind);
    to.set_octets(event.octets.data(), event.octets.size());
    to.set_device_uid(event.device_uid);
    to.set_channel(event.channel);
    to.set_note(event.note);
  }
}

void write(const control::TraceEnded& in, wire::GatewayMessage& message) {
  wire::TraceEnded& out = *message.mutable_trace_ended();
  out.set_trace(in.trace);
  out.set_reason(in.reason);
}

}  // namespace

Result<control::FromGateway> from_wire(const wire::GatewayMessage& message) {
  switch (message.message_case()) {
    case wire::GatewayMessage::kHello:
      return read(message.hello());
    case wire::GatewayMessage::kOrderReport:
      return read(message.order_report());
    case wire::GatewayMessage::kPlanReport:
      return read(message.plan_report());
    case wire::GatewayMessage::kFieldState:
      return read(message.field_state());
    case wire::GatewayMessage::kTraceEvents:
      return read(message.trace_events());
    case wire::GatewayMessage::kTraceEnded: {
      DUHENG_TRY(std::string reason, text(message.trace_ended().reason()));
      return control::TraceEnded{message.trace_ended().trace(), std::move(reason)};
    }
    case wire::GatewayMessage::MESSAGE_NOT_SET:
      break;
  }
  return fail(ErrorCode::malformed, "a control message of no known kind");
}

void to_wire(const control::FromGateway& message, wire::GatewayMessage& out) {
  std::visit([&](const auto& one) { write(one, out); }, message);
}

}  // namespace duheng::rpc
