#include "tests/simulation/simulated_gateway.hpp"

#include <algorithm>

#include "drivers/dlt645/dialect.hpp"

namespace duheng::simulation {
namespace {

constexpr const char* spool_directory = "gateway/spool";
constexpr std::int64_t store_ms = 2;
constexpr std::int64_t bus_ms = 5;

std::unique_ptr<crypto::LocalKeyProvider> make_keys(std::uint64_t seed) {
  SeededRandom random(seed);
  std::array<std::uint8_t, 32> master{};
  random.fill(master);
  return std::make_unique<crypto::LocalKeyProvider>(crypto::SecretKey(master));
}

}  // namespace

Gateway::Gateway(EventQueue& queue, gateway::SimulatedMeters& meters, Platform& platform, GatewayId id,
                 std::shared_ptr<const drivers::DeviceModel> model, std::uint64_t seed)
    : queue_(queue),
      meters_(meters),
      platform_(platform),
      id_(id),
      model_(std::move(model)),
      clock_(queue),
      random_(seed),
      keys_(make_keys(seed ^ 0x6A7E)),
      buses_(meters.line_count()) {}

Gateway::~Gateway() { stop(); }

bool Gateway::start() {
  gateway::SpoolOptions spool_options;
  spool_options.directory = spool_directory;
  spool_options.segment_bytes_max = 64U << 10;
  auto spool = gateway::Spool::open(disk_, random_, *keys_, clock_, spool_options);
  if (!spool) {
    last_error_ = spool.error().message;
    return false;
  }
  generation_.next();
  spool_ = std::move(*spool);
  source_ = std::make_unique<gateway::UplinkSource>(*spool_);
  gateway::CoreOptions options;
  options.newest_known_utc_ms = spool_->newest_created_utc_ms();
  for (std::uint32_t bus = 0; bus < meters_.line_count(); ++bus) {
    gateway::CoreChannel channel;
    channel.name = "bus " + std::to_string(bus);
    channel.driver = model_->driver;
    channel.session.reopen_after_timeout = bus % 2 == 0;  // half of them like TCP, half like a serial line
    options.channels.push_back(channel);
  }
  for (const auto& meter : meters_.meters())
    options.devices.push_back({meter.uid, drivers::bus_address(meter.address), model_, meter.line});
  core_ = std::make_unique<gateway::GatewayCore>(clock_, random_, std::move(options));
  sender_ = std::make_unique<uplink::UplinkSender>(*source_, clock_, random_,
                                                   uplink::SenderOptions{.software_version = "simulation"},
                                                   [] { return uplink::GatewayStatus{}; });
  core_wake_ms_ = sender_wake_ms_ = INT64_MAX;
  core_->start(*this);
  wake_core();
  pump_uplink();
  return true;
}

void Gateway::stop() {
  generation_.next();
  link_.next();
  if (session_) platform_.disconnect(*session_);
  session_.reset();
  for (std::uint32_t bus = 0; bus < meters_.line_count(); ++bus) {
    buses_[bus].next();
    if (core_) meters_.cut(bus);
  }
  sender_.reset();
  core_.reset();
  source_.reset();
  spool_.reset();
}

void Gateway::crash(Random& random) {
  stop();
  disk_.crash(random);
}

void Gateway::reinstall() {
  stop();
  if (disk_.exists(std::string(spool_directory) + "/identity"))
    static_cast<void>(disk_.remove(std::string(spool_directory) + "/identity"));
  if (disk_.exists(std::string(spool_directory) + "/acknowledged"))
    static_cast<void>(disk_.remove(std::string(spool_directory) + "/acknowledged"));
  static_cast<void>(disk_.sync_directory(spool_directory));
}

// ---- the field's side

void Gateway::open_channel(std::uint32_t channel) {
  queue_.after(bus_ms, generation_.guard([this, channel] {
    buses_[channel].next();
    meters_.cut(channel);  // whoever was connected before
    core_->channel_opened(channel, *this);
    wake_core();
  }));
}

void Gateway::close_channel(std::uint32_t channel) {
  buses_[channel].next();
  meters_.cut(channel);
}

void Gateway::send(std::uint32_t channel, ByteView octets) {
  queue_.after(bus_ms, buses_[channel].guard([this, channel, copy = Bytes(octets.begin(), octets.end())] {
    Bytes back;
    meters_.octets(
        channel, NodeClock::epoch_utc_ms + queue_.now_ms(), copy, [](const device::BusAnswer&) { return false; },
        [&](const device::BusAnswer& answer) { back.insert(back.end(), answer.octets.begin(), answer.octets.end()); });
    if (!back.empty()) from_bus(channel, std::move(back));
  }));
}

void Gateway::from_bus(std::uint32_t channel, Bytes octets) {
  queue_.after(bus_ms + static_cast<std::int64_t>(random_.below(20)),
               buses_[channel].guard([this, channel, octets = std::move(octets)] {
                 if (!core_) return;
                 // Octets come in pieces, as from any line.
                 const std::size_t cut = random_.below(octets.size() + 1);
                 core_->octets(channel, ByteView{octets}.first(cut), *this);
                 core_->octets(channel, ByteView{octets}.subspan(cut), *this);
                 wake_core();
               }));
}

void Gateway::store(ByteView body) {
  queue_.after(store_ms, generation_.guard([this, body] {
    const auto stored = spool_->append(body);
    core_->stored(stored ? Result<void>{} : std::unexpected(stored.error()), *this);
    if (stored) sender_->new_batch();
    wake_core();
    pump_uplink();
  }));
}

void Gateway::cut_bus(std::uint32_t bus) {
  if (!core_) return;
  buses_[bus].next();
  meters_.cut(bus);
  core_->channel_closed(bus, Error{ErrorCode::unavailable, "simulated cut"}, *this);
  wake_core();
}

void Gateway::wake_core() {
  if (!core_) return;
  core_->tick(*this);
  const std::int64_t wake = core_->next_wake_ms();
  if (wake == INT64_MAX || wake >= core_wake_ms_) return;
  core_wake_ms_ = wake;
  queue_.at(wake, generation_.guard([this, wake] {
    if (core_wake_ms_ == wake) core_wake_ms_ = INT64_MAX;
    wake_core();
  }));
}

// ---- the platform's side

std::int64_t Gateway::link_arrival_ms(std::int64_t& last_arrival_ms) {
  const std::int64_t usual = queue_.now_ms() + 2 + static_cast<std::int64_t>(random_.below(40));
  // A stream keeps its order.
  last_arrival_ms = std::max({usual, last_arrival_ms, uplink_held_until_ms_});
  return last_arrival_ms;
}

void Gateway::to_platform(uplink::SessionRequest message) {
  queue_.at(link_arrival_ms(last_up_ms_), link_.guard([this, message = std::move(message)] {
    if (session_ && platform_.running()) platform_.receive(*session_, message);
  }));
}

void Gateway::from_platform(uplink::SessionResponse message) {
  queue_.at(link_arrival_ms(last_down_ms_), link_.guard([this, message = std::move(message)] {
    if (!sender_) return;
    sender_->received(message);
    pump_uplink();
  }));
}

void Gateway::cut_uplink() {
  if (session_) platform_.disconnect(*session_);
  uplink_dropped("simulated cut");
}

void Gateway::uplink_dropped(std::string reason) {
  if (!session_) return;
  session_.reset();
  link_.next();
  queue_.after(3, generation_.guard([this, reason = std::move(reason)] {
    if (!sender_) return;
    sender_->disconnected(Error{ErrorCode::unavailable, reason});
    pump_uplink();
  }));
}

void Gateway::pump_uplink() {
  if (!sender_) return;
  while (auto action = sender_->next()) {
    if (std::holds_alternative<uplink::UplinkSender::Connect>(*action)) {
      link_.next();
      queue_.after(10, link_.guard([this] {
        if (!sender_) return;
        if (!platform_.running() || queue_.now_ms() < uplink_forbidden_until_ms_) {
          sender_->disconnected(Error{ErrorCode::unavailable, "refused"});
        } else {
          last_up_ms_ = last_down_ms_ = 0;
          session_ = platform_.connect(
              id_, [this](uplink::SessionResponse response) { from_platform(std::move(response)); },
              [this] { uplink_dropped("the platform ended the session"); });
          sender_->connected();
        }
        pump_uplink();
      }));
    } else if (std::holds_alternative<uplink::UplinkSender::Close>(*action)) {
      if (session_) {
        cut_uplink();
      } else {
        sender_->disconnected(Error{ErrorCode::cancelled, "closed"});
      }
    } else {
      std::visit(
          [this](auto&& message) {
            using Message = std::decay_t<decltype(message)>;
            if constexpr (std::is_constructible_v<uplink::SessionRequest, Message> &&
                          !std::is_same_v<Message, uplink::UplinkSender::Connect> &&
                          !std::is_same_v<Message, uplink::UplinkSender::Close>) {
              to_platform(std::forward<decltype(message)>(message));
            }
          },
          std::move(*action));
    }
  }
  const std::int64_t wake = sender_->wake_ms();
  if (wake == INT64_MAX || wake >= sender_wake_ms_) return;
  sender_wake_ms_ = wake;
  queue_.at(wake, generation_.guard([this, wake] {
    if (sender_wake_ms_ == wake) sender_wake_ms_ = INT64_MAX;
    pump_uplink();
  }));
}

bool Gateway::drained() const {
  if (!spool_) return false;
  for (const auto& range : spool_->epochs()) {
    if (spool_->acknowledged_sequence(range.epoch) < range.next_sequence) return false;
  }
  return true;
}

}  // namespace duheng::simulation
