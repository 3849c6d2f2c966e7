#include "tests/operations/channel_way.hpp"

#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "device/fleet/catalogue.hpp"
#include "drivers/carrier/carrier_session.hpp"
#include "gateway/service/call_in_lines.hpp"
#include "gateway/service/gateway_config.hpp"

namespace duheng::operations {
namespace {

constexpr const char* loopback = "127.0.0.1";
constexpr std::uint32_t baud = 9'600;

/// The gateway's end, and how much it has heard. Its connections come from `open_inner`, or by themselves (calls in).
class WatchedChannel final : public link::Channel {
 public:
  struct State {
    explicit State(link::EventLoop& l) : loop(l) {}
    link::EventLoop& loop;
    std::unique_ptr<link::Channel> inner;
    std::vector<std::unique_ptr<link::Channel>> former;  // ended perhaps from inside a call of their own
    link::ChannelHandlers handlers;
    std::function<void()> progress;
    std::size_t heard = 0;
    bool calls_in = false;
    bool wanted = false;
    bool told_open = false;

    void watch() {
      inner->set_handlers({[this] { opened(); },
                           [this](ByteView octets) {
                             heard += octets.size();
                             if (handlers.octets) handlers.octets(octets);
                             progress();
                           },
                           [this](const Error& error) {
                             told_open = false;
                             if (calls_in) former.push_back(std::move(inner));
                             if (handlers.closed) handlers.closed(error);
                           }});
    }
    void opened() {
      heard = 0;
      told_open = true;
      if (handlers.opened) handlers.opened();
    }
    /// A device has called and named itself.
    void taken(std::unique_ptr<link::Channel> connection) {
      if (inner) former.push_back(std::move(inner));
      inner = std::move(connection);
      watch();
      if (wanted) opened();
    }
  };

  explicit WatchedChannel(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~WatchedChannel() override { state_->handlers = {}; }
  void set_handlers(link::ChannelHandlers handlers) override { state_->handlers = std::move(handlers); }
  void open() override {
    state_->wanted = true;
    if (!state_->calls_in) return state_->inner->open();
    if (!state_->inner || state_->told_open) return;
    state_->loop.post([state = state_] {
      if (state->inner && !state->told_open) state->opened();
    });
  }
  void close() override {
    state_->told_open = false;
    if (!state_->inner) return;
    state_->inner->close();
    if (state_->calls_in) state_->former.push_back(std::move(state_->inner));
  }
  void close_when_written() override {
    if (state_->inner) state_->inner->close_when_written();
  }
  [[nodiscard]] bool is_open() const override { return state_->told_open; }
  Result<void> write(ByteView octets) override {
    if (!state_->inner) return fail(ErrorCode::unavailable, "nobody has called");
    return state_->inner->write(octets);
  }
  [[nodiscard]] std::string name() const override { return "watched"; }

 private:
  std::shared_ptr<State> state_;
};

Bytes part(const Bytes& octets, std::size_t from, std::size_t to) {
  const auto begin = octets.begin();
  return {begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to)};
}
Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

gdw13762::CarriedProtocol carried(const drivers::DeviceModel& model) {
  return model.driver->protocol() == Protocol::dlt698_45 ? gdw13762::CarriedProtocol::dlt698
                                                         : gdw13762::CarriedProtocol::dlt645_2007;
}

template <class Value>
Value need(Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

}  // namespace

std::string_view name_of(Way way) noexcept {
  constexpr std::array<std::string_view, all_ways.size()> names{"tcp",         "tcp_call_in", "udp",
                                                                "udp_call_in", "rs485",       "carrier"};
  return names.at(static_cast<std::size_t>(way));
}
std::string_view name_of(Weather weather) noexcept {
  constexpr std::array<std::string_view, all_weathers.size()> names{"calm", "torn", "noise", "half_before",
                                                                    "broken_off"};
  return names.at(static_cast<std::size_t>(weather));
}

struct ChannelWay::Impl {
  Impl(link::EventLoop& l, Way w, const drivers::DeviceModel& model, std::shared_ptr<device::VirtualDevice> device,
       std::int64_t now_utc_ms)
      : loop(l),
        way(w),
        utc_ms(now_utc_ms),
        bus(device::protocol_of(device::find_virtual_model(model.id)->line)),
        port(bus),
        watched(std::make_shared<WatchedChannel::State>(l)) {
    bus.add(device);
    watched->progress = [this] { say_on(); };
    watched->calls_in = is_call_in(way);
    if (is_call_in(way))
      wait_for_calls(model, *device);
    else
      serve();
    if (way == Way::carrier) put_module_between(model);
    if (watched->inner) watched->watch();
  }

  /// The device is at home; the gateway comes to it.
  void serve() {
    const auto accepted = [this](std::unique_ptr<link::Channel> connection) {
      port.reset();
      pieces.clear();
      device_ends.push_back(std::move(connection));
      hear(*device_ends.back());
    };
    if (way == Way::tcp) {
      listener = need(link::listen_tcp(loop, loopback, 0, accepted));
      watched->inner = link::make_tcp_client(loop, {loopback, listener->port()});
    } else if (way == Way::udp) {
      listener = need(link::listen_udp(loop, loopback, 0, {}, accepted));
      watched->inner = link::make_udp_client(loop, {loopback, listener->port()});
    } else {
      terminal = need(link::open_pseudo_terminal(loop));
      terminal->set_handlers([this](ByteView octets) { on_octets(octets); },
                             [this] {
                               port.reset();
                               if (module) module->cut();
                               pieces.clear();
                             });
      watched->inner = link::make_serial(loop, {terminal->path(), baud, link::Parity::even, 1});
    }
  }

  void put_module_between(const drivers::DeviceModel& model) {
    device::CarrierModuleOptions options;
    options.protocol = carried(model);
    options.at_once_max = options.protocol == gdw13762::CarriedProtocol::dlt698 ? 3 : 1;  // longer answers need F1H
    options.answer_timeout_s = 1;
    options.hop_ms_min = options.hop_ms_max = 1;
    due = std::make_unique<link::Timer>(loop, [this] { work(); });
    module = std::make_unique<device::VirtualCarrierModule>(
        bus, options,
        device::VirtualCarrierModule::Hooks{[](const auto&, ByteView) {},
                                            [](const auto&, const device::BusAnswer&, bool) { return true; },
                                            [](const auto&, const device::BusAnswer&) { return true; }, [] {},
                                            [this](ByteView octets) { answered({octets.begin(), octets.end()}); }});
  }
  void work() {
    module->advance(clock.monotonic_ms(), utc_ms);
    if (const std::int64_t due_ms = module->due_ms(); due_ms != INT64_MAX)
      due->start_ms(std::max<std::int64_t>(due_ms - clock.monotonic_ms(), 0));
  }

  /// The gateway is at home; the device dials, and dials again when it was cut off.
  void wait_for_calls(const drivers::DeviceModel& model, const device::VirtualDevice& device) {
    calls = std::make_unique<gateway::CallInLines>(
        loop, clock, [this](std::uint32_t, std::unique_ptr<link::Channel> connection, const gateway::CallInEvidence&) {
          pieces.clear();
          watched->taken(std::move(connection));
        });
    gateway::ListenerConfig home;
    home.name = "home";
    home.udp = way == Way::udp_call_in;
    home.address = loopback;
    const auto address = need(model.driver->address(device.uid(), model.address_digits));
    if (const auto listening = calls->listen({home}, {{0, 0, model.driver, address}}); !listening)
      throw std::runtime_error(listening.error().message);
    const std::uint16_t number = calls->ports().at(0);
    device_ends.push_back(home.udp ? link::make_udp_client(loop, {loopback, number})
                                   : link::make_tcp_client(loop, {loopback, number}));
    hear(*device_ends.back());
    device_ends.back()->open();
  }

  void hear(link::Channel& end) {
    end.set_handlers({[this, &end] {
                        port.reset();
                        // Nobody knows of a device on UDP before it has sent something.
                        if (way == Way::udp_call_in) static_cast<void>(end.write(Bytes{0xFE}));
                      },
                      [this](ByteView octets) { on_octets(octets); },
                      [this, &end](const Error&) {
                        if (is_call_in(way)) loop.post([&end] { end.open(); });
                      }});
  }

  void on_octets(ByteView octets) {
    if (module) {
      module->octets(clock.monotonic_ms(), utc_ms, octets);
      return work();
    }
    if (terminal) bus.set_speed(terminal->baud());
    port.octets(
        utc_ms, octets, [](ByteView) {},
        [this](const device::BusAnswer& answer) { answered({answer.octets.begin(), answer.octets.end()}); });
  }

  void answered(const Bytes& answer) {
    // Who calls in has its bad time once it is known.
    if (!watched->told_open) return say(answer);
    const std::size_t half = answer.size() / 2;
    const Bytes noise = {0x00, 0xFF, 0x68, 0x13, 0xAA, 0x07};  // beginnings of frames among it
    if (weather != Weather::calm && (weather != Weather::broken_off || spoiled == 0)) ++spoiled;
    switch (weather) {
      case Weather::calm:
        return queue({answer});
      case Weather::torn:
        return queue({part(answer, 0, 1), part(answer, 1, half), part(answer, half, answer.size())});
      case Weather::noise:
        return queue({noise, joined(noise, answer)});
      case Weather::half_before:
        return queue({part(answer, 0, half), answer});
      case Weather::broken_off:
        if (std::exchange(broke_off, true)) return queue({answer});
        return queue({part(answer, 0, half)}, has_connection(way));
    }
  }
  void queue(const std::vector<Bytes>& octets, bool then_hang_up = false) {
    pieces.insert(pieces.end(), octets.begin(), octets.end());
    hang_up = then_hang_up;
    said = watched->heard;  // what was said before has arrived or been given up
    say_on();
  }
  /// The next piece, when all before it has been heard.
  void say_on() {
    if (watched->heard < said) return;
    if (!pieces.empty()) {
      const Bytes piece = std::move(pieces.front());
      pieces.pop_front();
      said += piece.size();
      return say(piece);
    }
    if (std::exchange(hang_up, false)) loop.post([this] { end_connection(); });
  }
  void say(ByteView octets) {
    const auto written = terminal ? terminal->write(octets) : device_ends.back()->write(octets);
    if (!written) throw std::runtime_error(written.error().message);
  }
  void end_connection() {
    port.reset();
    device_ends.back()->close();
    if (is_call_in(way)) device_ends.back()->open();
  }

  link::EventLoop& loop;
  SystemClock clock;
  Way way;
  std::int64_t utc_ms;
  device::DeviceBus bus;
  device::DeviceBusPort port;
  std::shared_ptr<WatchedChannel::State> watched;
  std::unique_ptr<link::Listener> listener;
  std::unique_ptr<link::PseudoTerminal> terminal;
  std::unique_ptr<gateway::CallInLines> calls;
  std::unique_ptr<device::VirtualCarrierModule> module;
  std::unique_ptr<link::Timer> due;
  std::vector<std::unique_ptr<link::Channel>> device_ends;
  Weather weather = Weather::calm;
  std::deque<Bytes> pieces;
  std::size_t said = 0;
  std::size_t spoiled = 0;
  bool broke_off = false;
  bool hang_up = false;
};

ChannelWay::ChannelWay(link::EventLoop& loop, Way way, const drivers::DeviceModel& model,
                       std::shared_ptr<device::VirtualDevice> device, std::int64_t utc_ms)
    : impl_(std::make_unique<Impl>(loop, way, model, std::move(device), utc_ms)) {}
ChannelWay::~ChannelWay() {
  // Octets still under way find nobody.
  impl_->watched->progress = [] {};
  impl_->watched->inner.reset();
}

std::unique_ptr<link::Channel> ChannelWay::gateway_end() { return std::make_unique<WatchedChannel>(impl_->watched); }

drivers::SessionSettings ChannelWay::settings() const {
  if (is_call_in(impl_->way)) return {};  // as the gateway's plan of such lines
  gateway::ChannelConfig config;
  if (impl_->way == Way::tcp) config.tcp = link::TcpEndpoint{};
  if (impl_->way == Way::udp) config.udp = link::UdpEndpoint{};
  if (impl_->way == Way::rs485 || impl_->way == Way::carrier)
    config.serial = link::SerialSettings{"", baud, link::Parity::even, 1};
  return gateway::core_channel(config).session;
}

std::unique_ptr<drivers::LineSession> ChannelWay::session(const drivers::DeviceModel& model) const {
  if (impl_->way != Way::carrier) return std::make_unique<drivers::Session>(model.driver->dialect(), settings());
  drivers::CarrierSettings quick;
  quick.module_timeout_ms = 1'000;
  quick.silence_pause_ms = 200;
  return std::make_unique<drivers::CarrierSession>([driver = model.driver] { return driver->dialect(); },
                                                   carried(model), settings(), quick);
}

void ChannelWay::set_weather(Weather weather) {
  impl_->weather = weather;
  impl_->spoiled = 0;
  impl_->broke_off = false;
}

std::size_t ChannelWay::spoiled() const { return impl_->spoiled; }

}  // namespace duheng::operations
