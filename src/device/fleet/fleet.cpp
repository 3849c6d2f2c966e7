#include "device/fleet/fleet.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <unordered_map>

#include "base/log.hpp"
#include "device/bus/device_bus.hpp"
#include "device/curve/day_curve.hpp"
#include "device/fleet/carrier_end.hpp"
#include "device/fleet/catalogue.hpp"
#include "device/fleet/switches.hpp"
#include "device/fleet/visit.hpp"
#include "device/ledger/ledger.hpp"
#include "device/memory/fleet_memory.hpp"
#include "device/scenario/scenario_line.hpp"
#include "link/backoff.hpp"
#include "link/channel.hpp"

namespace duheng::device {
namespace {

// Below the range from which Linux takes clients' own ports, so that nobody's connection sits on one of ours after a
// restart.
constexpr std::uint32_t port_range_first = 10'000;
constexpr std::uint32_t port_range_last = 30'000;
constexpr int port_attempts = 200;

// Fourteen digits, as CJ/T 188 has them; one for each device of a group.
constexpr std::uint64_t first_group_address = 20'260'000'000'001ULL;
constexpr std::uint64_t group_seeds = 1'000'000;
constexpr std::uint64_t carrier_seeds = 2'000'000;
constexpr std::uint32_t leaks_every = 10;
constexpr std::int64_t report_every_ms = 1'000;
constexpr std::string_view call_in_name = "call-in";

}  // namespace

struct Fleet::Impl {
  struct Meter {
    std::string uid;
    std::string address;
    std::string_view model;
    std::string channel;
  };
  struct Port {
    Port(const LineProtocol& protocol, std::string n) : bus(protocol), name(std::move(n)) {}
    DeviceBus bus;
    std::string name;
    std::unique_ptr<link::Listener> listener;
    struct Connection {
      std::unique_ptr<link::Channel> channel;
      std::unique_ptr<Visit> visit;
    };
    std::unordered_map<std::uint64_t, Connection> connections;
    bool tells_unasked = false;
    bool is_udp = false;
    std::optional<FleetSwitches::Path> behind;  // a switch
  };
  struct Line {
    Line(const LineProtocol& protocol, std::string n) : bus(protocol), name(std::move(n)) {}
    DeviceBus bus;
    std::string name;
    std::unique_ptr<link::PseudoTerminal> terminal;
    std::unique_ptr<Visit> visit;
    std::string link_path;
    std::optional<CarrierModuleOptions> carrier_options{};
    bool tells_unasked = false;
    std::unique_ptr<CarrierEnd> carrier;
  };

  /// A meter that dials the gateway and, cut off, dials again.
  struct Caller {
    Caller(Impl& impl, const LineProtocol& protocol, std::shared_ptr<VirtualDevice> device)
        : bus(protocol),
          visit((bus.add(std::move(device)), bus), *impl.ledger),
          again(impl.loop, [this] { channel->open(); }) {}
    DeviceBus bus;
    Visit visit;
    link::Backoff backoff{{500, 30'000}};
    link::Timer again;
    std::unique_ptr<link::Channel> channel;
  };

  Impl(link::EventLoop& l, Disk& d, const Clock& c, Random& r, FleetConfig f)
      : loop(l), disk(d), clock(c), random(r), config(std::move(f)) {}

  link::EventLoop& loop;
  Disk& disk;
  const Clock& clock;
  Random& random;
  FleetConfig config;
  int lock = -1;
  std::unique_ptr<LedgerWriter> ledger;
  std::unique_ptr<FleetMemory> memory;
  std::unique_ptr<Scenario> scenario;
  std::vector<Meter> meters;
  FleetSwitches switches;
  std::vector<std::shared_ptr<Port>> ports;
  std::vector<std::unique_ptr<Line>> lines;
  std::vector<std::unique_ptr<Caller>> callers;
  std::unordered_map<std::string, std::uint32_t> channels_named;  // by model and kind
  std::uint16_t call_in_port = 0;
  std::uint64_t next_connection = 1;
  std::uint16_t first_port = 0;
  bool ledger_failed = false;
  link::Timer report_timer{loop, [this] { send_reports(); }};

  std::string path(std::string_view name) const { return fmt::format("{}/{}", config.data_directory, name); }

  Result<void> take_directory() {
    DUHENG_CHECK(disk.make_directories(config.data_directory));
    lock = ::open(path("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      const Error error{ErrorCode::unavailable,
                        fmt::format("cannot take {}: {}", config.data_directory, std::strerror(errno))};
      if (lock >= 0) ::close(lock);
      lock = -1;
      return std::unexpected(error);
    }
    if (disk.exists(path(fleet_files::ready))) DUHENG_CHECK(disk.remove(path(fleet_files::ready)));
    return {};
  }

  std::shared_ptr<VirtualDevice> make_meter(std::uint32_t number, std::string channel) {
    const bool three_phase =
        config.three_phase_every > 0 && number % config.three_phase_every == config.three_phase_every - 1;
    const auto& model = *find_virtual_model(three_phase ? "dlt645-2007-three-phase" : "dlt645-2007-single-phase");
    DeviceSeat seat;
    seat.uid = seat.address = fmt::format("{:012}", config.first_address + number);
    seat.seed = mixed(config.seed, number);
    seat.exports = config.exports_every > 0 && number % config.exports_every == config.exports_every - 1;
    seat.factory = three_phase && config.factories_every > 0 &&
                   number / config.three_phase_every % config.factories_every == config.factories_every - 1;
    return seat_device(model, std::move(seat), std::move(channel));
  }

  /// `number` counts over all groups; `place` from 0 on its channel.
  std::shared_ptr<VirtualDevice> make_group_device(const VirtualModel& model, std::uint32_t number, std::uint32_t place,
                                                   std::string channel) {
    DeviceSeat seat;
    if (is_modbus(model.line)) {
      seat.address = std::to_string(place + 1);
      seat.uid = fmt::format("{}-{}", channel, seat.address);
    } else {
      seat.address = model.line == LineKind::cjt188
                         ? fmt::format("{:014}", first_group_address + number)
                         : fmt::format("{:012}", config.first_address + config.meters + number);
      seat.uid = seat.address;
    }
    seat.seed = mixed(config.seed, group_seeds + number);
    seat.leaks = number % leaks_every == leaks_every - 1;
    seat.reports = model.line == LineKind::dlt698;
    return seat_device(model, std::move(seat), std::move(channel));
  }

  Result<std::shared_ptr<VirtualDevice>> seat_switch(const VirtualModel& model, const FleetGroup& group,
                                                     std::uint32_t number, const std::string& channel) {
    auto options = switch_options(config.snmp, group, channel, mixed(config.seed, group_seeds + number));
    options.utc_ms = clock.utc_ms();
    options.memory = memory->of(channel);
    DUHENG_TRY(const auto made, VirtualSwitch::make(std::move(options)));
    meters.push_back({channel, config.snmp.credential, model.name, channel});
    std::shared_ptr<VirtualDevice> seat = made;
    if (scenario) seat = scenario->seat(seat, model.name);
    switches.add(made, seat, group.carries);
    return seat;
  }

  std::shared_ptr<VirtualDevice> seat_device(const VirtualModel& model, DeviceSeat seat, std::string channel) {
    seat.zone_offset_minutes = config.zone_offset_minutes;
    const auto span = static_cast<std::uint64_t>(2 * config.clock_drift_ppm_max + 1);
    seat.clock_drift_ppm = static_cast<std::int32_t>(mixed(seat.seed, 21) % span) - config.clock_drift_ppm_max;
    meters.push_back({seat.uid, seat.address, model.name, std::move(channel)});
    seat.memory = memory->of(seat.uid);
    auto device = make_virtual_device(model, seat);
    device->listen_to_commands([this, uid = seat.uid](const DeviceCommand& done) { note_command(uid, done); });
    // What a device did when the fleet was killed stands in its memory, but perhaps not yet in the ledger.
    if (const auto last = device->last_command()) note_command(seat.uid, *last);
    return scenario ? scenario->seat(std::move(device), model.name) : device;
  }

  void note_command(const std::string& uid, const DeviceCommand& done) {
    LedgerCommand entry;
    entry.address = uid;
    entry.device_number = done.number;
    entry.function = done.function;
    entry.identifier = done.identifier;
    entry.request_hash = done.request_hash;
    entry.utc_ms = done.utc_ms;
    if (const auto written = ledger->command(entry); !written)
      log::error("fleet", "a command was carried out but cannot be written to the ledger now",
                 {{"device", uid}, {"error", written.error()}});
  }

  bool chance(std::uint32_t per_mille) { return per_mille > 0 && random.below(1'000) < per_mille; }

  Result<void> load_scenario() {
    if (config.scenario.empty()) return {};
    DUHENG_TRY(auto plan, device::load_scenario(config.scenario));
    scenario = std::make_unique<Scenario>(std::move(plan), ScenarioStart{clock.utc_ms(), clock.monotonic_ms()});
    return {};
  }

  /// To be called once for each connection, before its first octet.
  void let_faults_happen(Visit& visit, const DeviceBus& bus, std::function<void(ByteView)> send) {
    if (!scenario) return;
    visit.faults = std::make_unique<ScenarioLine>(*scenario, bus.protocol());
    visit.due = std::make_unique<link::Timer>(loop, [this, &visit] { send_due(visit); });
    visit.send = std::move(send);
  }

  void send_due(Visit& visit) {
    const std::int64_t now_ms = clock.monotonic_ms();
    while (const auto octets = visit.faults->take_due(now_ms)) visit.send(*octets);
    const std::int64_t due_ms = visit.faults->due_ms();
    if (due_ms != INT64_MAX) visit.due->start_ms(due_ms - now_ms);
  }

  /// An answer whose fate nobody's next question tells.
  Result<void> enter(const BusAnswer& said, ByteView octets, bool spoiled) {
    DUHENG_TRY(const auto number, ledger->answer(said.address.text, said.identifier.value, octets, clock.utc_ms()));
    if (spoiled) ledger->spoil(number);
    return {};
  }

  /// False when the answer must not be sent.
  bool write_down(Visit& visit, const BusAnswer& said, bool spoiled) {
    const LineProtocol& protocol = visit.protocol;
    const auto masked = protocol.masked(said.octets);
    const ByteView octets = masked ? ByteView(*masked) : said.octets;
    const auto written =
        protocol.next_question_confirms()
            ? visit.trail.answer(said.address.to_string(), said.identifier.value, octets, clock.utc_ms(), spoiled)
            : enter(said, octets, spoiled);
    return note_outcome(written);
  }
  bool note_outcome(const Result<void>& written) {
    if (!written && !ledger_failed)
      log::error("fleet", "the ledger cannot be written; the meters keep silent", {{"error", written.error()}});
    ledger_failed = !written;
    return written.has_value();
  }

  void answer_with_faults(Visit& visit, ByteView octets) {
    using Fate = LineEntry::Fate;
    visit.port.octets(
        clock.utc_ms(), octets,
        [&](ByteView question) {
          visit.trail.question(question);
          visit.faults->question(clock.monotonic_ms(), question);
        },
        [&](const BusAnswer& said) {
          for (const auto& entry : visit.faults->answer(clock.monotonic_ms(), said)) {
            if (!write_down(visit, said, entry.fate == Fate::spoiled)) return visit.faults->drop();
            if (entry.fate == Fate::open) visit.trail.cut();
          }
          visit.faults->commit();
          send_due(visit);
        });
  }

  /// Answers what a master sent; `send` is called for each answer, after the ledger has it.
  template <class Send>
  void answer(Visit& visit, ByteView octets, Send&& send) {
    if (visit.faults) return answer_with_faults(visit, octets);
    visit.port.octets(
        clock.utc_ms(), octets, [&](ByteView question) { visit.trail.question(question); },
        [&](const BusAnswer& said) {
          bool lost = chance(config.answers_lost_per_mille);
          bool spoiled = !lost && chance(config.answers_spoiled_per_mille);
          // Where nothing would show it, a changed octet would be a false reading: such an answer is lost instead.
          if (spoiled && !visit.has_checksum) std::swap(lost, spoiled);
          if (!write_down(visit, said, lost || spoiled || said.collision)) return;
          if (lost) return;
          if (!spoiled) return send(said.octets);
          Bytes changed(said.octets.begin(), said.octets.end());
          changed[random.below(changed.size())] ^= static_cast<std::uint8_t>(1 + random.below(255));
          send(changed);
        });
  }

  /// Datagrams' senders never say that they are gone.
  static void forget_the_quietest(Port& port) {
    const auto quietest =
        std::ranges::min_element(port.connections, {}, [](const auto& entry) { return entry.second.visit->heard_ms; });
    if (quietest != port.connections.end()) port.connections.erase(quietest);
  }

  void hear(Port& port, Visit& visit, link::Channel& channel, ByteView octets) {
    if (!port.behind) return answer(visit, octets, [&](ByteView said) { static_cast<void>(channel.write(said)); });
    if (!switches.is_open(*port.behind, clock.utc_ms())) return;
    switches.carry(*port.behind, clock.utc_ms(), octets.size(), 0);
    answer(visit, octets, [&](ByteView said) {
      switches.carry(*port.behind, clock.utc_ms(), 0, said.size());
      static_cast<void>(channel.write(said));
    });
  }

  void accept(const std::shared_ptr<Port>& shared, std::unique_ptr<link::Channel> channel) {
    Port& port = *shared;
    if (port.connections.size() >= config.connections_per_port_max) {
      if (!port.is_udp) return;  // destroyed: refused
      forget_the_quietest(port);
    }
    const std::uint64_t id = next_connection++;
    auto& connection = port.connections[id];
    connection.visit = std::make_unique<Visit>(port.bus, *ledger);
    let_faults_happen(*connection.visit, port.bus,
                      [raw = channel.get()](ByteView said) { static_cast<void>(raw->write(said)); });
    connection.channel = std::move(channel);
    connection.channel->set_handlers({{},
                                      [this, &port, id](ByteView octets) {
                                        auto& own = port.connections.at(id);
                                        own.visit->heard_ms = clock.monotonic_ms();
                                        hear(port, *own.visit, *own.channel, octets);
                                      },
                                      [this, weak = std::weak_ptr(shared), id](const Error&) {
                                        // Posted: the channel must not be destroyed inside its own call.
                                        loop.post([weak, id] {
                                          if (const auto held = weak.lock()) held->connections.erase(id);
                                        });
                                      }});
  }

  /// What meters tell of their own accord goes to whoever is connected. Nobody's next question shows that it has
  /// arrived, so that its fate in the ledger stays open.
  void send_reports() {
    switches.obey(disk, path(fleet_files::drill), clock.utc_ms());
    for (const auto& port : ports) {
      if (!port->tells_unasked || port->connections.empty()) continue;
      if (port->behind && !switches.is_open(*port->behind, clock.utc_ms())) continue;
      auto& connection = *port->connections.begin()->second.channel;
      port->bus.reports(clock.utc_ms(), [&](const BusAnswer& told) {
        const auto written = ledger->answer(told.address.text, told.identifier.value, told.octets, clock.utc_ms());
        if (written) static_cast<void>(connection.write(told.octets));
      });
    }
    for (const auto& line : lines)
      if (line->carrier && line->tells_unasked) line->carrier->push_reports();
    report_timer.start_ms(report_every_ms);
  }

  Result<void> listen(Port& port, std::uint16_t number,
                      const std::function<void(std::unique_ptr<link::Channel>)>& accepted) {
    if (port.is_udp) {
      DUHENG_TRY(port.listener, link::listen_udp(loop, config.tcp_address, number, {}, accepted));
    } else {
      DUHENG_TRY(port.listener, link::listen_tcp(loop, config.tcp_address, number, accepted));
    }
    return {};
  }

  Result<void> listen_run(std::uint32_t first) {
    for (std::uint32_t i = 0; i < ports.size(); ++i) {
      const std::weak_ptr<Port> weak = ports[i];
      const auto accepted = [this, weak](std::unique_ptr<link::Channel> channel) {
        if (const auto port = weak.lock()) accept(port, std::move(channel));
      };
      const auto listening = listen(*ports[i], static_cast<std::uint16_t>(first + i), accepted);
      if (!listening) {
        for (auto& opened : ports) opened->listener.reset();
        return listening;
      }
    }
    first_port = static_cast<std::uint16_t>(first);
    return {};
  }

  Result<void> open_ports() {
    if (ports.empty()) return {};
    if (config.tcp_first_port != 0) return listen_run(config.tcp_first_port);
    if (const auto kept = read_file(disk, path(fleet_files::ports), 64)) {
      const auto first = std::strtoul(std::string(as_text(*kept)).c_str(), nullptr, 10);
      if (first > 0 && first + ports.size() <= 65'536) return listen_run(static_cast<std::uint32_t>(first));
    }
    Result<void> outcome = fail(ErrorCode::unavailable, "no free run of ports");
    const std::uint64_t span = port_range_last - port_range_first - ports.size();
    for (int attempt = 0; attempt < port_attempts && !outcome; ++attempt)
      outcome = listen_run(port_range_first + static_cast<std::uint32_t>(random.below(span)));
    DUHENG_CHECK(outcome);
    return write_file_atomically(disk, path(fleet_files::ports), as_bytes(std::to_string(first_port)));
  }

  Result<void> open_lines() {
    for (auto& line : lines) {
      DUHENG_TRY(line->terminal, link::open_pseudo_terminal(loop));
      auto& own = *line;
      if (own.carrier_options) {
        DUHENG_CHECK(open_carrier(own));
        continue;
      }
      line->visit = std::make_unique<Visit>(line->bus, *ledger);
      let_faults_happen(*own.visit, own.bus, [&own](ByteView said) { static_cast<void>(own.terminal->write(said)); });
      line->terminal->set_handlers(
          [this, &own](ByteView octets) {
            own.bus.set_speed(own.terminal->baud());
            answer(*own.visit, octets, [&](ByteView said) { static_cast<void>(own.terminal->write(said)); });
          },
          [&own] { own.visit->cut(); });
      DUHENG_CHECK(link_line(own));
    }
    return {};
  }

  static Result<void> link_line(const Line& line) {
    const std::string fresh = line.link_path + ".new";
    static_cast<void>(::unlink(fresh.c_str()));
    if (::symlink(line.terminal->path().c_str(), fresh.c_str()) != 0 ||
        ::rename(fresh.c_str(), line.link_path.c_str()) != 0)
      return fail(ErrorCode::storage_failed, fmt::format("cannot link {}: {}", line.link_path, std::strerror(errno)));
    return {};
  }

  Result<void> open_carrier(Line& line) {
    const CarrierEnd::Surroundings around{loop, clock, *ledger,
                                          [this](const Result<void>& written) { return note_outcome(written); },
                                          [this](const BusAnswer& told) { return enter(told, told.octets, false); }};
    line.carrier = std::make_unique<CarrierEnd>(around, line.bus, *line.carrier_options, [&line](ByteView said) {
      static_cast<void>(line.terminal->write(said));
    });
    line.terminal->set_handlers([&line](ByteView octets) { line.carrier->octets(octets); },
                                [&line] { line.carrier->cut(); });
    return link_line(line);
  }

  /// The port the gateway shall listen on, the same after every restart.
  Result<void> choose_call_in_port() {
    if (callers.empty()) return {};
    call_in_port = config.call_in_port;
    if (call_in_port != 0) return {};
    if (const auto kept = read_file(disk, path(fleet_files::call_in_port), 64))
      call_in_port = static_cast<std::uint16_t>(std::strtoul(std::string(as_text(*kept)).c_str(), nullptr, 10));
    for (int attempt = 0; attempt < port_attempts && call_in_port == 0; ++attempt) {
      const auto port = static_cast<std::uint16_t>(port_range_first + random.below(port_range_last - port_range_first));
      if (link::listen_tcp(loop, config.tcp_address, port, [](std::unique_ptr<link::Channel>) {})) call_in_port = port;
    }
    if (call_in_port == 0) return fail(ErrorCode::unavailable, "no free port for meters that call in");
    return write_file_atomically(disk, path(fleet_files::call_in_port), as_bytes(std::to_string(call_in_port)));
  }

  void begin_calling() {
    for (auto& held : callers) {
      Caller& caller = *held;
      caller.channel = link::make_tcp_client(loop, {config.call_in_host, call_in_port, 10'000});
      let_faults_happen(caller.visit, caller.bus,
                        [&caller](ByteView said) { static_cast<void>(caller.channel->write(said)); });
      caller.channel->set_handlers(
          {[&caller] { caller.visit.cut(); },
           [this, &caller](ByteView octets) {
             caller.backoff.reset();  // the gateway talks to us: this line is good
             answer(caller.visit, octets, [&](ByteView said) { static_cast<void>(caller.channel->write(said)); });
           },
           [this, &caller](const Error&) { caller.again.start_ms(caller.backoff.next_ms(random)); }});
      // Not all in one moment, as after a power cut.
      caller.again.start_ms(static_cast<std::int64_t>(random.below(callers.size() / 5 + 100)));
    }
  }

  Port& add_port(LineKind kind, std::string name) {
    auto& port = *ports.emplace_back(std::make_shared<Port>(protocol_of(kind), std::move(name)));
    port.tells_unasked = kind == LineKind::dlt698;
    port.is_udp = kind == LineKind::snmp;
    return port;
  }
  Line& add_line(LineKind kind, std::string name) {
    auto& line = *lines.emplace_back(std::make_unique<Line>(protocol_of(kind), std::move(name)));
    line.link_path = path(line.name);
    return line;
  }
  Line& add_carrier_line(LineKind kind, std::string name, const FleetGroup& group) {
    auto& line = add_line(kind, std::move(name));
    line.tells_unasked = kind == LineKind::dlt698;
    auto& options = line.carrier_options.emplace(group.carrier);
    options.protocol =
        kind == LineKind::dlt698 ? gdw13762::CarriedProtocol::dlt698 : gdw13762::CarriedProtocol::dlt645_2007;
    options.seed = mixed(config.seed, carrier_seeds + lines.size());
    return line;
  }
  void add_caller(LineKind kind, std::shared_ptr<VirtualDevice> device) {
    callers.push_back(std::make_unique<Caller>(*this, protocol_of(kind), std::move(device)));
  }

  Result<void> make_buses() {
    const std::uint32_t on_lines = config.serial_lines * config.serial_meters_per_line + config.call_in_meters;
    const std::uint32_t on_ports = config.meters - on_lines;
    std::uint32_t number = 0;
    for (std::uint32_t i = 0; i < config.tcp_ports; ++i) {
      auto& port = add_port(LineKind::dlt645, fmt::format("tcp-{}", i));
      const std::uint32_t share = on_ports / config.tcp_ports + (i < on_ports % config.tcp_ports ? 1 : 0);
      for (std::uint32_t m = 0; m < share; ++m) port.bus.add(make_meter(number++, port.name));
    }
    for (std::uint32_t i = 0; i < config.serial_lines; ++i) {
      auto& line = add_line(LineKind::dlt645, fmt::format("serial-{}", i));
      for (std::uint32_t m = 0; m < config.serial_meters_per_line; ++m) line.bus.add(make_meter(number++, line.name));
    }
    for (std::uint32_t i = 0; i < config.call_in_meters; ++i)
      add_caller(LineKind::dlt645, make_meter(number++, std::string(call_in_name)));
    std::uint32_t group_number = 0;
    for (const auto& group : config.groups) {
      const auto made = find_virtual_model(group.model)->line == LineKind::snmp ? make_switches(group, group_number)
                                                                                : make_group(group, group_number);
      DUHENG_CHECK(made);
    }
    return find_paths();
  }

  Result<void> make_switches(const FleetGroup& group, std::uint32_t& number) {
    const auto& model = *find_virtual_model(group.model);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      const std::string name = fmt::format("{}-{}", group.model, channels_named[group.model]++);
      DUHENG_TRY(auto seat, seat_switch(model, group, number++, name));
      add_port(model.line, name).bus.add(std::move(seat));
    }
    return {};
  }

  /// What is reached through a switch.
  Result<void> find_paths() {
    std::set<std::string> names;
    for (const auto& port : ports)
      if (!port->is_udp) names.insert(port->name);
    DUHENG_CHECK(switches.check_names(names));
    for (const auto& port : ports) port->behind = switches.path_to(port->name);
    return {};
  }

  Result<void> make_group(const FleetGroup& group, std::uint32_t& number) {
    using Channel = FleetGroup::Channel;
    const auto& model = *find_virtual_model(group.model);
    DeviceBus* bus = nullptr;
    std::string channel(call_in_name);
    for (std::uint32_t i = 0; i < group.count; ++i) {
      const std::uint32_t place = i % group.per_channel;
      if (group.channel == Channel::call_in) {
        add_caller(model.line, make_group_device(model, number++, place, channel));
        continue;
      }
      if (place == 0) {
        const bool is_tcp = group.channel == Channel::tcp;
        const bool is_carrier = group.channel == Channel::carrier;
        channel = fmt::format("{}-{}", group.model, is_tcp ? "tcp" : is_carrier ? "carrier" : "serial");
        channel += fmt::format("-{}", channels_named[channel]++);
        bus = is_tcp       ? &add_port(model.line, channel).bus
              : is_carrier ? &add_carrier_line(model.line, channel, group).bus
                           : &add_line(model.line, channel).bus;
      }
      bus->add(make_group_device(model, number++, place, channel));
    }
    return {};
  }

  Result<void> write_devices() {
    std::string text = "# Written by duheng-fleet: what a gateway must know to read this fleet.\nchannels:\n";
    for (std::size_t i = 0; i < ports.size(); ++i)
      text += fmt::format("  - {{ name: {}, {}: {{ host: {}, port: {} }} }}\n", ports[i]->name,
                          ports[i]->is_udp ? "udp" : "tcp", config.tcp_address, first_port + i);
    for (const auto& line : lines)
      text += fmt::format("  - {{ name: {0}, serial: {{ path: {0}, baud: 9600, parity: even }}{1} }}\n", line->name,
                          !line->carrier_options                   ? ""
                          : line->carrier_options->at_once_max > 1 ? ", carrier: { kind: broadband }"
                                                                   : ", carrier: { kind: narrow_band }");
    if (!callers.empty())
      text += fmt::format("listeners:\n  - {{ name: {}, tcp: {{ address: {}, port: {} }} }}\n", call_in_name,
                          config.call_in_host, call_in_port);
    text += "devices:\n";
    for (const auto& meter : meters)
      text += fmt::format("  - {{ uid: \"{}\", address: \"{}\", model: {}, channel: {} }}\n", meter.uid, meter.address,
                          meter.model, meter.channel);
    return write_file_atomically(disk, path(fleet_files::devices), as_bytes(text));
  }
};

Fleet::Fleet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Fleet>> Fleet::start(link::EventLoop& loop, Disk& disk, const Clock& clock, Random& random,
                                            FleetConfig config) {
  if (std::uint64_t{config.serial_lines} * config.serial_meters_per_line + config.call_in_meters > config.meters)
    return fail(ErrorCode::invalid_argument, "more meters are on serial lines or call in than there are");
  std::unique_ptr<Fleet> fleet(new Fleet(std::make_unique<Impl>(loop, disk, clock, random, std::move(config))));
  auto& impl = *fleet->impl_;
  DUHENG_CHECK(impl.take_directory());
  DUHENG_TRY(impl.ledger, LedgerWriter::open(disk, impl.path(fleet_files::ledger), impl.config.ledger_bytes_max));
  DUHENG_TRY(impl.memory, FleetMemory::open(disk, impl.path(fleet_files::memory)));
  DUHENG_CHECK(impl.load_scenario());
  DUHENG_CHECK(impl.make_buses());
  if (impl.scenario) DUHENG_CHECK(impl.scenario->check_names());
  DUHENG_CHECK(impl.open_ports());
  DUHENG_CHECK(impl.open_lines());
  DUHENG_CHECK(impl.choose_call_in_port());
  DUHENG_CHECK(impl.write_devices());
  impl.begin_calling();
  impl.send_reports();
  const std::string ready =
      fmt::format("{{\"meters\":{},\"first_port\":{},\"ports\":{},\"serial_lines\":{},\"calling_in\":{}}}\n",
                  impl.meters.size(), impl.first_port, impl.ports.size(), impl.lines.size(), impl.callers.size());
  DUHENG_CHECK(write_file_atomically(disk, impl.path(fleet_files::ready), as_bytes(ready)));
  return fleet;
}

Fleet::~Fleet() {
  if (impl_->lock < 0) return;
  static_cast<void>(impl_->disk.remove(impl_->path(fleet_files::ready)));
  if (impl_->ledger) static_cast<void>(impl_->ledger->flush());
  ::close(impl_->lock);
}

std::uint32_t Fleet::meter_count() const { return static_cast<std::uint32_t>(impl_->meters.size()); }
std::uint64_t Fleet::answer_count() const { return impl_->ledger->answer_count(); }
std::uint64_t Fleet::command_count() const { return impl_->ledger->command_count(); }
std::uint64_t Fleet::faults_applied(ScenarioRule::Kind kind) const {
  return impl_->scenario ? impl_->scenario->applied(kind) : 0;
}
std::uint16_t Fleet::first_port() const { return impl_->first_port; }

}  // namespace duheng::device
