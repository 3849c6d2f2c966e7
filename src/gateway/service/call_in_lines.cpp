#include "gateway/service/call_in_lines.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <unordered_map>

#include "base/log.hpp"
#include "drivers/registry/registry.hpp"

namespace duheng::gateway {

/// One listener with its desk.
struct CallInLines::Door final : CallInOutput, std::enable_shared_from_this<CallInLines::Door> {
  Door(link::EventLoop& l, const Clock& c, std::string n, CallInOptions options, Taken t)
      : loop(l), clock(c), name(std::move(n)), desk(std::move(options)), taken(std::move(t)), wake(loop, [this] {
          desk.tick(now(), *this);
          settle();
        }) {}

  [[nodiscard]] drivers::Moment now() const { return {clock.monotonic_ms(), clock.utc_ms()}; }

  void accept(std::unique_ptr<link::Channel> channel) {
    const std::uint64_t id = next_id++;
    const std::string peer = channel->name();
    auto& kept = *guests.emplace(id, std::move(channel)).first->second;
    kept.set_handlers({{},
                       [weak = weak_from_this(), id](ByteView octets) {
                         const auto self = weak.lock();
                         if (!self) return;
                         self->desk.octets(id, octets, self->now(), *self);
                         self->settle();
                       },
                       [weak = weak_from_this(), id](const Error&) {
                         const auto self = weak.lock();
                         if (!self) return;
                         self->desk.closed(id);
                         self->leaving.push_back(id);
                         self->settle();
                       }});
    desk.accepted(id, peer, now(), *this);
    settle();
  }

  void send(std::uint64_t connection, ByteView octets) override {
    const auto found = guests.find(connection);
    if (found == guests.end()) return;
    if (const auto written = found->second->write(octets); !written)
      log::debug("call-in", "a connection takes nothing", {{"listener", name}, {"error", written.error()}});
  }
  void close(std::uint64_t connection) override { leaving.push_back(connection); }
  void assign(std::uint64_t connection, std::uint32_t device, CallInEvidence evidence) override {
    arriving.push_back({connection, device, std::move(evidence)});
  }

  /// What the desk decided, outside its calls and outside the handlers of the connections concerned.
  void settle() {
    if (!settling && (!leaving.empty() || !arriving.empty())) {
      settling = true;
      loop.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->carry_out();
      });
    }
    const std::int64_t wanted = desk.next_wake_ms();
    if (wanted == INT64_MAX)
      wake.cancel();
    else
      wake.start_ms(wanted - clock.monotonic_ms());
  }
  void carry_out() {
    settling = false;
    for (const std::uint64_t id : std::exchange(leaving, {})) guests.erase(id);
    for (const auto& [id, device, evidence] : std::exchange(arriving, {})) {
      const auto found = guests.find(id);
      if (found == guests.end()) continue;
      auto channel = std::move(found->second);
      guests.erase(found);
      channel->set_handlers({});
      if (channel->is_open()) taken(device, std::move(channel), evidence);
    }
  }

  link::EventLoop& loop;
  const Clock& clock;
  std::string name;
  CallInDesk desk;
  Taken taken;
  link::Timer wake;
  std::unique_ptr<link::Listener> listener;
  std::unordered_map<std::uint64_t, std::unique_ptr<link::Channel>> guests;
  std::vector<std::uint64_t> leaving;
  struct Arrival {
    std::uint64_t connection;
    std::uint32_t device;
    CallInEvidence evidence;
  };
  std::vector<Arrival> arriving;
  std::uint64_t next_id = 1;
  bool settling = false;
};

CallInLines::CallInLines(link::EventLoop& loop, const Clock& clock, Taken taken)
    : loop_(loop), clock_(clock), taken_(std::move(taken)) {}
CallInLines::~CallInLines() {
  for (const auto& door : doors_) {
    door->listener.reset();
    door->guests.clear();
  }
}

Result<void> CallInLines::listen(const std::vector<ListenerConfig>& listeners, const std::vector<CallInPlace>& places) {
  for (std::uint32_t i = 0; i < listeners.size(); ++i) {
    const auto& config = listeners[i];
    CallInOptions options;
    options.unidentified_max = config.unidentified_max;
    options.answer_timeout_ms = config.answer_timeout_ms;
    // Whoever is expected here is likeliest to call; strangers of other protocols are told apart all the same.
    const auto is_expected = [&](const drivers::Driver* driver) {
      return std::ranges::any_of(places, [&](const auto& p) { return p.listener == i && p.driver == driver; });
    };
    std::ranges::copy_if(drivers::all_drivers(), std::back_inserter(options.drivers), is_expected);
    std::ranges::copy_if(drivers::all_drivers(), std::back_inserter(options.drivers), std::not_fn(is_expected));
    auto door = std::make_shared<Door>(loop_, clock_, config.name, std::move(options), taken_);
    for (const auto& place : places)
      if (place.listener == i) door->desk.expect(*place.driver, place.address, place.channel);
    const auto accepted = [weak = std::weak_ptr(door)](std::unique_ptr<link::Channel> channel) {
      if (const auto self = weak.lock()) self->accept(std::move(channel));
    };
    if (config.udp) {
      DUHENG_TRY(door->listener,
                 link::listen_udp(loop_, config.address, config.port, {.peers_max = config.connections_max}, accepted));
    } else {
      DUHENG_TRY(door->listener, link::listen_tcp(loop_, config.address, config.port, accepted));
    }
    doors_.push_back(std::move(door));
  }
  return {};
}

void CallInLines::expect(const CallInPlace& place) {
  doors_.at(place.listener)->desk.expect(*place.driver, place.address, place.channel);
}

void CallInLines::forget(const CallInPlace& place) {
  auto& door = *doors_.at(place.listener);
  door.desk.forget(*place.driver, place.address);
  // Its channel's number may soon be another's.
  for (const auto& arrival : door.arriving)
    if (arrival.device == place.channel) door.leaving.push_back(arrival.connection);
  std::erase_if(door.arriving, [&](const auto& arrival) { return arrival.device == place.channel; });
}

std::vector<FieldUnknownDevice> CallInLines::unknown_devices(std::size_t count_max) const {
  std::vector<FieldUnknownDevice> out;
  for (const auto& door : doors_)
    for (auto& device : door->desk.unknown_devices())
      out.push_back({door->name, std::string(device.driver->name()), std::move(device.address), std::move(device.peer),
                     device.first_utc_ms, device.last_utc_ms, device.calls});
  std::ranges::sort(out, std::greater<>{}, &FieldUnknownDevice::last_utc_ms);
  if (out.size() > count_max) out.resize(count_max);
  return out;
}

std::uint64_t CallInLines::unknown_revision() const {
  std::uint64_t out = 0;
  for (const auto& door : doors_) out += door->desk.unknown_revision();
  return out;
}

CallInStatistics CallInLines::statistics() const {
  CallInStatistics out;
  for (const auto& door : doors_) {
    const auto one = door->desk.statistics();
    out.accepted += one.accepted;
    out.identified += one.identified;
    out.unknown += one.unknown;
    out.silent += one.silent;
    out.talkative += one.talkative;
    out.refused_full += one.refused_full;
    out.waiting += one.waiting;
  }
  return out;
}

std::string CallInLines::unknown_devices_json() const {
  std::string out = "{\"unknown_devices\":[";
  bool first = true;
  for (const auto& door : doors_) {
    for (const auto& device : door->desk.unknown_devices()) {
      fmt::format_to(std::back_inserter(out),
                     "{}{{\"listener\":{},\"protocol\":{},\"address\":{},\"peer\":{},\"first_utc_ms\":{},"
                     "\"last_utc_ms\":{},\"calls\":{}}}",
                     first ? "" : ",", log::json_quoted(door->name), log::json_quoted(device.driver->name()),
                     log::json_quoted(device.address), log::json_quoted(device.peer), device.first_utc_ms,
                     device.last_utc_ms, device.calls);
      first = false;
    }
  }
  return out + "]}\n";
}

std::vector<std::uint16_t> CallInLines::ports() const {
  std::vector<std::uint16_t> out;
  for (const auto& door : doors_) out.push_back(door->listener->port());
  return out;
}

}  // namespace duheng::gateway
