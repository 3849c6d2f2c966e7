#include "gateway/service/gateway_service.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include "base/log.hpp"
#include "drivers/models/device_model.hpp"
#include "gateway/service/call_in_lines.hpp"
#include "gateway/service/live_field.hpp"
#include "gateway/service/live_plan.hpp"
#include "gateway/service/metrics.hpp"
#include "gateway/service/status_server.hpp"
#include "gateway/service/task_keeper.hpp"
#include "gateway/service/uplink_source.hpp"
#include "link/channel.hpp"
#include "link/icmp.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t snapshot_interval_ms = 1'000;
constexpr std::int64_t maintain_interval_ms = 5'000;
constexpr std::int64_t storage_stuck_ms = 30'000;

/// One thread that does what it is given, in order, and finishes it before it ends.
class StorageThread {
 public:
  StorageThread() : thread_([this] { run(); }) {}
  ~StorageThread() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    ready_.notify_one();
    thread_.join();
  }
  void give(std::function<void()> task) {
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    ready_.notify_one();
  }

 private:
  void run() {
    while (true) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        ready_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace

struct GatewayService::Impl final : GatewayOutput, LineRoom, std::enable_shared_from_this<GatewayService::Impl> {
  struct Line {
    std::unique_ptr<link::Channel> channel;  ///< of a device that calls in: null while it does not
    std::uint64_t generation = 0;
    std::int64_t heard_ms = 0;
    std::int64_t silence_timeout_ms = INT64_MAX;
    std::optional<link::SerialSettings> serial;
  };

  Impl(link::EventLoop& l, Disk& d, const Clock& c, Random& r, GatewayConfig g)
      : loop(l),
        disk(d),
        clock(c),
        random(r),
        config(std::move(g)),
        wake(loop, [this] { on_wake(); }),
        snapshot(loop, [this] { on_snapshot(); }),
        maintain(loop, [this] { on_maintain(); }) {}
  ~Impl() override {
    wake.cancel();
    if (tasks && storage) tasks->finish();
    call_ins.reset();
    lines.clear();
    storage.reset();  // waits for the batch under way
    if (lock >= 0) ::close(lock);
  }

  link::EventLoop& loop;
  Disk& disk;
  const Clock& clock;
  Random& random;
  GatewayConfig config;
  int lock = -1;
  std::unique_ptr<crypto::LocalKeyProvider> keys;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<UplinkSource> source;
  ModelLibrary models;
  std::unique_ptr<TaskKeeper> tasks;
  std::unique_ptr<GatewayCore> core;
  std::unique_ptr<LiveField> field;
  std::unique_ptr<LivePlan> plan;
  std::size_t problem_count = 0;
  std::vector<Line> lines;
  std::unique_ptr<CallInLines> call_ins;
  std::unique_ptr<StatusServer> status;
  link::Timer wake;
  link::Timer snapshot;
  link::Timer maintain;
  std::int64_t wake_at_ms = INT64_MAX;
  std::int64_t storing_since_ms = INT64_MAX;
  bool maintaining = false;
  bool begun = false;
  std::function<UplinkHealth()> uplink_health;
  mutable std::mutex status_mutex;
  uplink::GatewayStatus uplink_status;
  std::unique_ptr<StorageThread> storage;

  Result<void> take_directory() {
    DUHENG_CHECK(disk.make_directories(config.data_directory));
    lock = ::open((config.data_directory + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || ::flock(lock, LOCK_EX | LOCK_NB) != 0)
      return fail(ErrorCode::unavailable, fmt::format("cannot take {} ({}): is another gateway running there?",
                                                      config.data_directory, std::strerror(errno)));
    return {};
  }

  Result<void> open() {
    DUHENG_CHECK(take_directory());
    DUHENG_TRY(keys, crypto::LocalKeyProvider::open(disk, random, config.data_directory + "/master.key"));
    keys->seal_with(config.cipher);
    DUHENG_TRY(spool, Spool::open(disk, random, *keys, clock, config.spool));
    source = std::make_unique<UplinkSource>(*spool);
    DUHENG_TRY(models, ModelLibrary::load(config.models_directory));
    for (const auto& error : models.errors()) log::error("models", "a device model is left out", {{"error", error}});
    auto from_file = plan_core(config, models);
    for (const auto& problem : from_file.problems) log::error("devices", "a device is left out", {{"reason", problem}});
    problem_count = models.errors().size() + from_file.problems.size();
    from_file.options.newest_known_utc_ms = spool->newest_created_utc_ms();
    DUHENG_TRY(tasks, TaskKeeper::open({disk, config.data_directory, store_on_thread(), [this] { arm(); }}));
    from_file.options.tasks = tasks->take_known();
    from_file.options.tasks->upkeep_settings = config.upkeep;
    core = std::make_unique<GatewayCore>(clock, random, std::move(from_file.options));
    tasks->serve(*core);
    make_lines(from_file.call_ins);
    DUHENG_CHECK(call_ins->listen(config.listeners, from_file.call_ins));
    make_plan(from_file.call_ins);
    DUHENG_TRY(status, StatusServer::listen(loop, config.http_address, config.http_port,
                                            [this](const std::string& path) { return answer(path); }));
    const std::string run = fmt::format("{{\"pid\":{},\"http_port\":{},\"listener_ports\":[{}]}}\n", ::getpid(),
                                        status->port(), fmt::join(call_ins->ports(), ","));
    DUHENG_CHECK(write_file_atomically(disk, config.data_directory + "/run.json", as_bytes(run)));
    return {};
  }

  void make_lines(const std::vector<CallInPlace>& places) {
    lines.resize(config.channels.size() + places.size());
    for (std::uint32_t i = 0; i < config.channels.size(); ++i) {
      lines[i].channel = make_channel(config.channels[i]);
      lines[i].serial = config.channels[i].serial;
      listen_to(i);
    }
    for (const auto& place : places)
      lines[place.channel].silence_timeout_ms = config.listeners[place.listener].silence_timeout_ms;
    call_ins = std::make_unique<CallInLines>(
        loop, clock,
        [this](std::uint32_t channel, std::unique_ptr<link::Channel> connection, const CallInEvidence& evidence) {
          take_call(channel, std::move(connection), evidence);
        });
  }
  [[nodiscard]] std::unique_ptr<link::Channel> make_channel(const ChannelConfig& channel) {
    if (channel.tcp) return link::make_tcp_client(loop, *channel.tcp);
    if (channel.udp && channel.udp->port == link::echo_port) return link::make_icmp_client(loop, channel.udp->host);
    if (channel.udp) return link::make_udp_client(loop, *channel.udp);
    return link::make_serial(loop, *channel.serial);
  }
  [[nodiscard]] std::function<void(std::function<Result<void>()>, std::function<void(const Result<void>&)>)>
  store_on_thread() {
    return [this](auto work, auto then) {
      storage->give([this, work = std::move(work), then = std::move(then)] {
        loop.post([weak = weak_from_this(), then, outcome = work()] {
          if (const auto self = weak.lock()) then(outcome);
        });
      });
    };
  }
  void make_plan(const std::vector<CallInPlace>& from_file) {
    field = std::make_unique<LiveField>(*core, *this, *this, models, config, from_file, clock);
    const auto post = [this](std::function<void()> task) {
      loop.post([weak = weak_from_this(), task = std::move(task)] {
        if (const auto self = weak.lock()) task();
      });
    };
    LivePlan::Surroundings surroundings{
        disk, clock, config.data_directory + "/plan.bin", post, store_on_thread(), [this] { arm(); }};
    plan = std::make_unique<LivePlan>(std::move(surroundings), *field, *call_ins, models.ids(),
                                      static_cast<std::uint32_t>(config.devices.size()));
    plan->restore();
  }

  // What the plan wants of lines.
  void make_line(std::uint32_t channel, const ChannelConfig& wanted) override {
    auto& line = line_of(channel);
    line.channel = make_channel(wanted);
    line.serial = wanted.serial;
    listen_to(channel);
    if (begun) line.channel->open();
  }
  void await_call(const CallInPlace& place) override {
    line_of(place.channel).silence_timeout_ms = config.listeners[place.listener].silence_timeout_ms;
    call_ins->expect(place);
  }
  void forget_call(const CallInPlace& place) override { call_ins->forget(place); }
  void end_line(std::uint32_t channel) override {
    auto& line = line_of(channel);
    line.channel.reset();
    line.serial.reset();
    line.silence_timeout_ms = INT64_MAX;
    ++line.generation;
  }
  Line& line_of(std::uint32_t channel) {
    if (channel >= lines.size()) lines.resize(channel + 1);
    return lines[channel];
  }

  void listen_to(std::uint32_t i) {
    lines[i].channel->set_handlers({[this, i] {
                                      core->channel_opened(i, *this);
                                      arm();
                                    },
                                    [this, i](ByteView octets) {
                                      lines[i].heard_ms = clock.monotonic_ms();
                                      core->octets(i, octets, *this);
                                      arm();
                                    },
                                    [this, i](const Error& error) {
                                      core->channel_closed(i, error, *this);
                                      arm();
                                    }});
  }
  /// A device has called in: what it had before is over.
  void take_call(std::uint32_t channel, std::unique_ptr<link::Channel> connection, const CallInEvidence& evidence) {
    auto& line = lines[channel];
    if (line.channel && line.channel->is_open())
      core->channel_closed(channel, {ErrorCode::cancelled, "the device called in anew"}, *this);
    ++line.generation;
    line.channel = std::move(connection);
    line.heard_ms = clock.monotonic_ms();
    listen_to(channel);
    core->call_taken(channel, {evidence.request, evidence.response, evidence.sent_utc_ms, evidence.received}, *this);
    arm();
  }
  void hang_up_on_silent_callers() {
    for (std::uint32_t i = 0; i < lines.size(); ++i) {
      auto& line = lines[i];  // only those of devices that call in have an end to their patience
      if (!line.channel || !line.channel->is_open()) continue;
      if (clock.monotonic_ms() - line.heard_ms < line.silence_timeout_ms) continue;
      line.channel.reset();
      ++line.generation;
      core->channel_closed(i, {ErrorCode::timed_out, "the device has sent nothing for too long"}, *this);
    }
    arm();
  }

  void begin() {
    storage = std::make_unique<StorageThread>();
    begun = true;
    core->start(*this);
    on_snapshot();
    maintain.start_ms(maintain_interval_ms);
    arm();
  }

  // What the core wants.
  void open_channel(std::uint32_t channel) override {
    ++line_of(channel).generation;
    if (lines[channel].channel) lines[channel].channel->open();  // else it calls in when it likes
  }
  void close_channel(std::uint32_t channel) override {
    ++lines[channel].generation;
    if (lines[channel].channel) lines[channel].channel->close();
  }
  void set_format(std::uint32_t channel, const drivers::LineFormat& format) override {
    auto& line = lines[channel];
    if (!line.serial) return;
    if (format.baud != 0) line.serial->baud = format.baud;
    if (format.parity) line.serial->parity = static_cast<link::Parity>(*format.parity);
    // It may be the channel that is speaking just now.
    loop.post([old = std::shared_ptr<link::Channel>(std::move(line.channel))] { static_cast<void>(old); });
    line.channel = link::make_serial(loop, *line.serial);
    listen_to(channel);
  }
  void send(std::uint32_t channel, ByteView octets) override {
    auto& line = lines[channel];
    if (!line.channel) return;
    const auto written = line.channel->write(octets);
    if (written) return;
    line.channel->close();
    const std::uint64_t generation = ++line.generation;
    loop.post([weak = weak_from_this(), channel, generation, error = written.error()] {
      const auto self = weak.lock();
      if (!self || self->lines[channel].generation != generation) return;
      self->core->channel_closed(channel, error, *self);
      self->arm();
    });
  }
  void store(ByteView body) override {
    storing_since_ms = clock.monotonic_ms();
    storage->give([this, body] {
      Result<void> outcome;
      if (const auto sequence = spool->append(body); !sequence) outcome = std::unexpected(sequence.error());
      loop.post([weak = weak_from_this(), outcome = std::move(outcome)] {
        const auto self = weak.lock();
        if (!self) return;
        self->storing_since_ms = INT64_MAX;
        self->core->stored(outcome, *self);
        self->arm();
      });
    });
  }

  void arm() {
    if (begun) tasks->attend();
    const std::int64_t wanted = core->next_wake_ms();
    if (wanted >= wake_at_ms) return;
    wake_at_ms = wanted;
    wake.start_ms(wanted - clock.monotonic_ms());
  }
  void on_wake() {
    wake_at_ms = INT64_MAX;
    core->tick(*this);
    arm();
  }
  void on_maintain() {
    maintain.start_ms(maintain_interval_ms);
    hang_up_on_silent_callers();
    if (maintaining) return;
    maintaining = true;
    storage->give([this] {
      if (const auto done = spool->maintain(); !done)
        log::warning("spool", "cannot tidy up", {{"error", done.error()}});
      loop.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->maintaining = false;
      });
    });
  }
  void on_snapshot() {
    snapshot.start_ms(snapshot_interval_ms);
    plan->look_around();
    const auto figures = core->statistics();
    const auto state = spool->state();
    const std::scoped_lock guard(status_mutex);
    uplink_status = {clock.utc_ms(),
                     state.unacknowledged_batches,
                     state.unacknowledged_bytes,
                     state.bytes_max > state.bytes ? state.bytes_max - state.bytes : 0,
                     figures.channels_open,
                     figures.devices,
                     figures.devices_answering,
                     figures.frames_bad,
                     state.autonomy_hours};
  }

  UplinkHealth health_of_uplink() const { return uplink_health ? uplink_health() : UplinkHealth{}; }

  StatusAnswer answer(const std::string& path) {
    if (path == "/metrics")
      return {200, "text/plain; version=0.0.4; charset=utf-8",
              metrics_text(core->statistics(), spool->state(), health_of_uplink(), call_ins->statistics(),
                           models.size(), problem_count,
                           {core->orders()->statistics(), core->upkeep()->statistics(), core->taps().size()}) +
                  timing_metrics(core->timing(), core->channel_timings())};
    if (path == "/healthz") {
      // This very answer shows that the loop lives; the storage thread may hang in a disk that does not return.
      const bool stuck = storing_since_ms != INT64_MAX && clock.monotonic_ms() - storing_since_ms > storage_stuck_ms;
      return {stuck ? 503 : 200, "application/json",
              fmt::format("{{\"status\":\"{}\"}}\n", stuck ? "storage hangs" : "ok")};
    }
    if (path == "/readyz") return readiness();
    if (path == "/call-in") return {200, "application/json", call_ins->unknown_devices_json()};
    return {404, "text/plain; charset=utf-8", "Not Found\n"};
  }

  StatusAnswer readiness() const {
    const auto figures = core->statistics();
    const auto uplink = health_of_uplink();
    const SpoolState stored = spool->state();
    const bool takes = !figures.storage_waiting && !stored.full;
    // Nobody may have called in yet; that is no fault of this gateway.
    const bool reaches = config.channels.empty() || figures.channels_open > 0;
    const bool ready = takes && reaches;
    // The uplink is no condition: doing without it for days is what a gateway is for.
    return {ready ? 200 : 503, "application/json",
            fmt::format("{{\"ready\":{},\"spool_takes_readings\":{},\"channels_open\":{},\"channels\":{},\"devices_"
                        "answering\":{},\"devices\":{},"
                        "\"spool_awaiting_backup\":{},\"spool_released_without_backup\":{},"
                        "\"uplink_enrolled\":{},\"uplink_online\":{},\"uplink_error\":{}}}\n",
                        ready, takes, figures.channels_open, figures.channels, figures.devices_answering,
                        figures.devices, stored.awaiting_backup_batches, stored.released_without_backup,
                        uplink.enrolled, uplink.online, log::json_quoted(uplink.last_error))};
  }
};

GatewayService::GatewayService(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
GatewayService::~GatewayService() = default;

Result<std::unique_ptr<GatewayService>> GatewayService::start(link::EventLoop& loop, Disk& disk, const Clock& clock,
                                                              Random& random, GatewayConfig config) {
  auto impl = std::make_shared<Impl>(loop, disk, clock, random, std::move(config));
  DUHENG_CHECK(impl->open());
  impl->begin();
  return std::unique_ptr<GatewayService>(new GatewayService(std::move(impl)));
}

Spool& GatewayService::spool() { return *impl_->spool; }
uplink::BatchSource& GatewayService::batch_source() { return *impl_->source; }
PlanDesk& GatewayService::plan() { return *impl_->plan; }
OrderDesk& GatewayService::orders() { return *impl_->tasks; }
TapBoard& GatewayService::taps() { return impl_->core->taps(); }
Result<void> GatewayService::follow(std::uint64_t tap, TapBoard::Subject subject, std::int64_t lifetime_ms) {
  if (!subject.device_uid.empty() && !impl_->core->find_device(subject.device_uid))
    return fail(ErrorCode::not_found, "this gateway has no such device");
  if (!subject.channel.empty() && !impl_->core->knows_channel(subject.channel))
    return fail(ErrorCode::not_found, "this gateway has no such channel");
  return impl_->core->taps().follow(tap, std::move(subject), lifetime_ms, impl_->clock.monotonic_ms());
}
std::vector<GatewayCore::DeviceState> GatewayService::take_device_changes(std::size_t count_max) {
  return impl_->core->take_device_changes(count_max);
}
std::vector<GatewayCore::ChannelTiming> GatewayService::channel_timings() const {
  return impl_->core->channel_timings();
}
void GatewayService::on_restart(std::function<void()> restart) {
  impl_->core->on_restart([impl = impl_.get(), restart = std::move(restart)] {
    // The order's last words must be on disk first: it ends what asks for it.
    impl->loop.post([restart] { restart(); });
    return true;
  });
}
void GatewayService::all_devices_changed() { impl_->core->all_devices_changed(); }
void GatewayService::set_uplink_health(std::function<UplinkHealth()> health) {
  impl_->uplink_health = std::move(health);
}
const GatewayConfig& GatewayService::config() const { return impl_->config; }
std::vector<std::uint16_t> GatewayService::listener_ports() const { return impl_->call_ins->ports(); }
std::uint16_t GatewayService::http_port() const { return impl_->status->port(); }

uplink::GatewayStatus GatewayService::uplink_status() const {
  const std::scoped_lock guard(impl_->status_mutex);
  return impl_->uplink_status;
}

}  // namespace duheng::gateway
