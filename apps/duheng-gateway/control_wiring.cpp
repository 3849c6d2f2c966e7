#include "control_wiring.hpp"

#include <deque>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/log.hpp"
#include "crypto/hash.hpp"

namespace duheng {
namespace {

constexpr std::size_t reports_at_once = 100;
constexpr std::size_t device_states_at_once = 5'000;
constexpr std::size_t trace_events_at_once = 500;
constexpr std::size_t unknown_devices_max = 1'000;
constexpr std::int64_t quiet_interval_ms = 1'000;
constexpr std::int64_t rounds_interval_ms = 60'000;
constexpr std::int64_t channel_timings_interval_ms = 30'000;
constexpr std::int64_t trace_interval_ms = 100;  // while somebody looks

control::Timing timing_of(const gateway::TimingFigures& figures) {
  return {figures.samples,       figures.missed,        figures.p50_per_mille,
          figures.p95_per_mille, figures.p99_per_mille, figures.max_per_mille};
}

std::vector<control::RoundTiming> rounds_of(const gateway::GatewayCore::DeviceState& device) {
  std::vector<control::RoundTiming> out;
  out.reserve(device.rounds.size());
  for (const auto& round : device.rounds)
    out.push_back({std::string{round.group}, round.interval_ms, timing_of(round.timing)});
  return out;
}

control::DeviceState state_of(const gateway::GatewayCore::DeviceState& device) {
  return {.uid = std::string{device.uid},
          .answering = device.answering,
          .offline = device.offline,
          .last_answer_utc_ms = device.last_answer_utc_ms,
          .questions = device.counters.questions,
          .answers = device.counters.answers,
          .refusals = device.counters.refusals,
          .time_outs = device.counters.time_outs,
          .late_answers = device.counters.late_answers,
          .unasked_answers = device.counters.unasked_answers,
          .unusable_answers = device.unusable_answers,
          .channel = std::string{device.channel},
          .bad_frames = device.counters.bad_frames,
          .noise_octets = device.counters.noise_octets};
}

control::TraceEvent event_of(gateway::TapEvent& event) {
  return {event.utc_ms,
          std::string{to_string(event.kind)},
          std::move(event.octets),
          std::move(event.device_uid),
          std::move(event.channel),
          std::move(event.note)};
}

}  // namespace

struct ControlWiring::Impl : std::enable_shared_from_this<ControlWiring::Impl> {
  Impl(link::EventLoop& loop_, const Clock& clock_, gateway::GatewayService& service_, std::string version_)
      : loop(loop_), clock(clock_), service(service_), version(std::move(version_)) {}

  link::EventLoop& loop;
  const Clock& clock;
  gateway::GatewayService& service;
  const std::string version;
  FieldPlanAssembler assembler{[](ByteView octets) { return crypto::sha256(octets); }};
  std::unique_ptr<link::Timer> timer;
  bool online = false;             // as the loop knows
  bool reports_due = false;        // a call of send_reports() is posted
  std::deque<OrderReport> unsent;  // taken from the desk, and the stream's queue was full
  std::mutex hello_mutex;
  control::GatewayHello hello;  // guarded by hello_mutex: asked for in the stream's thread
  std::unique_ptr<rpc::ControlClient> client;

  void begin(Disk& disk, Random& random, rpc::ControlClientOptions options) {
    refresh_hello();
    timer = std::make_unique<link::Timer>(loop, [this] { tick(); });
    service.orders().on_reports([this] { reports_ready(); });
    service.plan().on_report([this] { plan_changed(); });
    service.plan().on_unknown([this] { send_unknown(); });
    const auto post = [weak = weak_from_this()](auto work) {
      if (const auto self = weak.lock()) {
        self->loop.post([weak, work = std::move(work)]() mutable {
          if (const auto alive = weak.lock(); alive && alive->client) work(*alive);
        });
      }
    };
    rpc::ControlClient::Handlers handlers;
    handlers.hello = [this] {
      const std::lock_guard lock(hello_mutex);
      return hello;
    };
    handlers.connected = [post] { post([](Impl& self) { self.connected(); }); };
    handlers.disconnected = [post] { post([](Impl& self) { self.disconnected(); }); };
    handlers.received = [post](control::FromPlatform message) {
      post([message = std::move(message)](Impl& self) mutable {
        std::visit([&](auto& one) { self.take(one); }, message);
      });
    };
    client = std::make_unique<rpc::ControlClient>(clock, disk, random, std::move(handlers), std::move(options));
    timer->start_ms(quiet_interval_ms);
  }

  void end() {
    service.orders().on_reports({});
    service.plan().on_report({});
    service.plan().on_unknown({});
    timer.reset();
    client.reset();  // joins its thread; what it has posted finds no client any more
    service.taps().stop_all();
  }

  void refresh_hello() {
    const FieldPlanReport report = service.plan().report();
    const std::lock_guard lock(hello_mutex);
    hello.software_version = version;
    hello.plan_version = report.version;
    hello.plan_hash = report.hash;
  }

  // ---- the session ----

  void connected() {
    online = true;
    unsent.clear();  // all that is not confirmed is due again
    rounds_told.clear();
    service.orders().session_began();
    service.all_devices_changed();
    plan_changed();
    send_unknown();
    send_reports();
  }
  void disconnected() {
    online = false;
    service.taps().stop_all();
  }
  [[nodiscard]] bool send(const control::FromGateway& message) { return online && client->send(message); }

  // ---- what the platform says ----

  void take(FieldOrder& order) { service.orders().take(std::move(order)); }
  void take(const control::CancelOrder& cancel) { service.orders().cancel(cancel.id); }
  void take(const control::ReportsReceived& received) { service.orders().received(received.ids); }
  void take(const control::PlatformWelcome&) {}  // the client keeps it to itself
  void take(FieldPlanPart& part) {
    Result<std::optional<FieldPlan>> plan = assembler.add(std::move(part));
    if (!plan) return log::warning("control", "a plan that makes no sense; it is dropped", {{"reason", plan.error()}});
    if (*plan) service.plan().take(std::move(**plan));
  }
  void take(const control::TraceRequest& request) {
    const auto begun =
        service.follow(request.trace, {request.device_uid, request.channel},
                       static_cast<std::int64_t>(std::min<std::uint64_t>(request.lifetime_ms, INT64_MAX)));
    if (!begun) {
      (void)send(control::TraceEnded{request.trace, begun.error().message});
    } else {
      timer->start_ms(trace_interval_ms);
    }
  }
  void take(const control::TraceStop& stop) { service.taps().stop(stop.trace); }

  // ---- what the gateway says ----

  /// Comes from inside the gateway's work: the reports are fetched once that is done.
  void reports_ready() {
    if (std::exchange(reports_due, true)) return;
    loop.post([weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && self->client) self->send_reports();
    });
  }
  void send_reports() {
    reports_due = false;
    if (!online) return;
    while (true) {
      for (; !unsent.empty(); unsent.pop_front()) {
        if (!send(unsent.front())) return;  // the timer tries again
      }
      for (OrderReport& report : service.orders().take_reports(reports_at_once)) unsent.push_back(std::move(report));
      if (unsent.empty()) return;
    }
  }
  void plan_changed() {
    refresh_hello();
    (void)send(service.plan().report());
  }
  void send_unknown() {
    control::FieldState state;
    state.unknown = service.plan().unknown_devices();
    if (state.unknown.size() > unknown_devices_max) state.unknown.resize(unknown_devices_max);
    state.unknown_present = true;
    (void)send(state);
  }
  void send_device_states() {
    const auto changed = service.take_device_changes(device_states_at_once);
    if (changed.empty()) return;
    control::FieldState state;
    state.devices.reserve(changed.size());
    for (const auto& device : changed) {
      state.devices.push_back(state_of(device));
      if (tells_rounds(device)) state.devices.back().rounds = rounds_of(device);
    }
    (void)send(state);  // when it is lost, the next session tells all
  }
  /// The figures of a device's rounds are told when they are new, then about once a minute: they are half of what its
  /// state weighs.
  std::unordered_map<std::string, std::pair<std::size_t, std::int64_t>> rounds_told;  // by uid: fingerprint, when
  [[nodiscard]] bool tells_rounds(const gateway::GatewayCore::DeviceState& device) {
    std::size_t print = 1;
    for (const auto& round : device.rounds) print = print * 31 + static_cast<std::size_t>(round.interval_ms);
    const std::int64_t now_ms = clock.monotonic_ms();
    auto& [known, at_ms] = rounds_told[std::string{device.uid}];
    if (known == print && now_ms - at_ms < rounds_interval_ms) return false;
    known = print;
    at_ms = now_ms;
    return true;
  }
  void send_channel_timings() {
    control::FieldState state;
    for (const auto& timing : service.channel_timings())
      state.channel_timings.push_back({std::string{timing.channel}, timing_of(timing.timing)});
    if (!state.channel_timings.empty()) (void)send(state);
  }
  void send_traces() {
    for (gateway::TapBoard::Taken& taken : service.taps().take(trace_events_at_once)) {
      control::TraceEvents events{taken.tap, {}, taken.dropped};
      events.events.reserve(taken.events.size());
      for (gateway::TapEvent& event : taken.events) events.events.push_back(event_of(event));
      (void)send(events);
    }
    for (const std::uint64_t tap : service.taps().take_ended(clock.monotonic_ms()))
      (void)send(control::TraceEnded{tap, "time_over"});
  }

  std::int64_t states_at_ms = 0;
  std::int64_t timings_at_ms = 0;
  void tick() {
    if (online) {
      send_traces();
      if (clock.monotonic_ms() >= states_at_ms) {
        states_at_ms = clock.monotonic_ms() + quiet_interval_ms;
        send_device_states();
        send_reports();
      }
      if (clock.monotonic_ms() >= timings_at_ms) {
        timings_at_ms = clock.monotonic_ms() + channel_timings_interval_ms;
        send_channel_timings();
      }
    }
    timer->start_ms(service.taps().active() ? trace_interval_ms : quiet_interval_ms);
  }
};

ControlWiring::ControlWiring(link::EventLoop& loop, Disk& disk, const Clock& clock, Random& random,
                             gateway::GatewayService& service, rpc::ControlClientOptions options,
                             std::string software_version)
    : impl_(std::make_shared<Impl>(loop, clock, service, std::move(software_version))) {
  impl_->begin(disk, random, std::move(options));
}

ControlWiring::~ControlWiring() { impl_->end(); }

rpc::ControlClientStatistics ControlWiring::statistics() const { return impl_->client->statistics(); }

}  // namespace duheng
