#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/carrier/carrier_session.hpp"
#include "drivers/models/device_model.hpp"
#include "drivers/models/poll_plan.hpp"
#include "gateway/aggregation/field_derivation.hpp"
#include "gateway/orders/order_runner.hpp"
#include "gateway/polling/meter_health.hpp"
#include "gateway/polling/poll_schedule.hpp"
#include "gateway/polling/timing_histogram.hpp"
#include "gateway/tap/tap_board.hpp"
#include "gateway/upkeep/upkeep.hpp"
#include "gateway/validation/validation.hpp"
#include "link/backoff.hpp"
#include "model/batch.hpp"
#include "model/field_plan.hpp"

namespace duheng::gateway {

using drivers::DeviceModel;
using drivers::ModelGroup;
using drivers::ModelItem;
using drivers::ModelLibrary;
using drivers::ModelQuestion;
using PollPlanPointer = std::shared_ptr<const drivers::PollPlan>;

struct CoreChannel {
  std::string name;
  const drivers::Driver* driver = nullptr;  ///< what the devices on it speak
  drivers::SessionSettings session;
  link::BackoffRule reconnect{500, 60'000};
  std::uint32_t baud = 0;                  ///< 0: no serial line of ours
  bool is_planned = false;                 ///< of the platform's plan
  FieldParity parity = FieldParity::even;  ///< of the serial line
  /// The devices are reached through a carrier module at the line's end.
  std::optional<drivers::CarrierSettings> carrier{};
};
struct CoreDevice {
  std::string uid;
  drivers::BusAddress address;
  std::shared_ptr<const DeviceModel> model;
  std::uint32_t channel = 0;  ///< index into CoreOptions::channels
  bool is_planned = false;    ///< of the platform's plan
};
/// What the core does beside polling, and what it knew before it was started.
struct CoreTasks {
  std::vector<OrderRecord> orders;  ///< OrderLog::take_found()
  HistoryProgress progress;
  OrderSettings order_settings;
  UpkeepSettings upkeep_settings;
};
struct CoreOptions {
  std::vector<CoreChannel> channels;
  std::vector<CoreDevice> devices;
  OfflineRule offline;
  std::int64_t linger_ms = 20;  ///< how long a batch waits for more: the price of an exchange on its bus
  std::size_t batch_readings_max = 4'096;
  std::size_t batch_bytes_max = 1U << 20;  ///< a batch is closed at this size; one exchange more may go in
  std::int64_t store_retry_ms = 1'000;     ///< after the spool refused
  std::int64_t newest_known_utc_ms = 0;    ///< Spool::newest_created_utc_ms()
  std::optional<CoreTasks> tasks;          ///< without them it polls, and nothing else
  drivers::DriverSecrets secrets;          ///< what some protocols need to speak at all
  DerivationOptions derivation;            ///< what it makes of readings for single devices and groups
};

/// What carrier modules call the driver's protocol; nothing for protocols that they do not carry.
[[nodiscard]] std::optional<gdw13762::CarriedProtocol> carried_by_modules(const drivers::Driver& driver);

/// What the core wants done. Must not call back into the core.
class GatewayOutput {
 public:
  virtual ~GatewayOutput() = default;
  virtual void open_channel(std::uint32_t channel) = 0;
  virtual void close_channel(std::uint32_t channel) = 0;
  virtual void send(std::uint32_t channel, ByteView octets) = 0;
  /// The serial line of this channel has another speed or parity from the next open_channel() on; it is closed now.
  virtual void set_format(std::uint32_t channel, const drivers::LineFormat& format) {
    static_cast<void>(channel), static_cast<void>(format);
  }
  /// Make the batch durable (Spool::append), here or on another thread, and call GatewayCore::stored(). The view stays
  /// good until then; there is one at a time.
  virtual void store(ByteView body) = 0;
};

struct GatewayStatistics {
  std::uint32_t channels = 0;
  std::uint32_t channels_open = 0;
  std::uint32_t devices = 0;
  std::uint32_t devices_answering = 0;  ///< answered, and not given up since
  std::uint32_t devices_offline = 0;
  std::uint64_t exchanges_answered = 0;
  std::uint64_t exchanges_refused = 0;
  std::uint64_t exchanges_timed_out = 0;
  std::uint64_t exchanges_late = 0;
  std::uint64_t unusable_answers = 0;  ///< whole frames whose payload does not fit its identifier
  std::uint64_t readings = 0;
  std::uint64_t readings_flagged = 0;
  std::uint64_t rounds_skipped = 0;  ///< meter or channel away, bus still busy with the last round, clock asleep
  std::uint64_t batches_stored = 0;
  std::uint64_t store_failures = 0;
  std::uint64_t clock_jumps_back = 0;
  std::uint64_t questions = 0;
  std::uint64_t frames_bad = 0;  ///< checksum, end octet or cut short; and answers nobody asked for
  std::uint64_t noise_octets = 0;
  std::uint64_t reports = 0;            ///< told by devices of their own accord
  std::uint64_t echoes = 0;             ///< own questions heard back from half-duplex lines
  std::uint64_t foreign_questions = 0;  ///< of other masters on our lines
  drivers::CarrierCounters carriers;    ///< of all carrier modules
  bool storage_waiting = false;         ///< the spool refuses: nothing more is asked until it takes the last batch
};

/// The field side as one state machine: models, schedule, buses, validation, batches. No threads, sockets, files: the
/// same code runs in duheng-gateway and, with hundreds of virtual meters and a simulated disk, in tests/simulation.
///
/// The owner calls tick() at next_wake_ms() and after every input. Not thread-safe.
class GatewayCore final {
 public:
  GatewayCore(const Clock& clock, Random& random, CoreOptions options);
  ~GatewayCore();
  GatewayCore(const GatewayCore&) = delete;
  GatewayCore& operator=(const GatewayCore&) = delete;

  void start(GatewayOutput& out);

  // What is served may change while the gateway runs: what does not change is not disturbed. Numbers of what was
  // removed are given again.
  /// Returns its number, from which it is opened and spoken of from now on.
  std::uint32_t add_channel(CoreChannel channel, GatewayOutput& out);
  /// Closes a channel for good, with its devices.
  void remove_channel(std::uint32_t channel, GatewayOutput& out);
  /// Returns its number; after start() it is read as soon as its line is open and free, then at its own times.
  /// Errors: already_exists - the uid is taken, or the address on that channel; conflict - the devices of that channel
  /// speak another protocol; not_found - no such channel.
  [[nodiscard]] Result<std::uint32_t> add_device(CoreDevice device, GatewayOutput& out);
  /// It is asked nothing more. The answer to what it was asked last is still recorded, when it comes. Returns those
  /// questions, and the ones it was to be asked.
  drivers::Session::Retired remove_device(std::uint32_t device, GatewayOutput& out);
  /// How often it is read, from its next round on; nothing: as its model says. Errors: as make_poll_plan(); it is read
  /// as its model says then.
  [[nodiscard]] Result<void> set_intervals(std::uint32_t device, std::span<const FieldInterval> intervals);
  /// What the platform wants made of a device's values, all of it; a rule that cannot be is left out and told, as the
  /// plan's report says it. Takes hold with the next value.
  [[nodiscard]] std::vector<FieldPlanProblem> set_rules(std::string_view uid, std::span<const FieldRule> rules);
  /// Its members found out: those named and all on its channel. Errors: invalid_argument - none, or too many.
  [[nodiscard]] Result<FieldSum> with_members(const FieldSum& sum) const;
  /// As FieldDerivation::set_sum(). Errors: also already_exists - a device has its uid.
  [[nodiscard]] Result<std::int64_t> set_sum(const FieldSum& sum, std::int64_t from_utc_ms);
  void remove_sum(std::string_view uid);
  [[nodiscard]] std::optional<std::uint32_t> find_device(std::string_view uid) const;
  [[nodiscard]] std::uint32_t devices_on(std::uint32_t channel) const;
  [[nodiscard]] bool is_open(std::uint32_t channel) const;

  void channel_opened(std::uint32_t channel, GatewayOutput& out);
  /// The one device of this channel has called in and said who it is: the channel is open, and the frame is kept.
  struct Introduction {
    ByteView request;
    ByteView response;
    std::int64_t sent_utc_ms = 0;
    drivers::Moment received;
  };
  void call_taken(std::uint32_t channel, const Introduction& introduction, GatewayOutput& out);
  /// The channel failed to open, or ended.
  void channel_closed(std::uint32_t channel, const Error& reason, GatewayOutput& out);
  void octets(std::uint32_t channel, ByteView octets, GatewayOutput& out);
  /// The batch given to GatewayOutput::store() is durable, or was refused: then it is offered again after a pause, and
  /// meters are asked nothing more meanwhile (their registers wait).
  void stored(const Result<void>& outcome, GatewayOutput& out);
  void tick(GatewayOutput& out);
  /// Monotonic milliseconds; INT64_MAX for never.
  [[nodiscard]] std::int64_t next_wake_ms() const;

  [[nodiscard]] GatewayStatistics statistics() const;
  struct RoundState {
    std::string_view group;
    std::int64_t interval_ms = 0;
    TimingFigures timing;
  };
  struct DeviceState {
    std::string_view uid;
    std::string_view channel;
    bool answering = false;
    bool offline = false;
    std::int64_t last_answer_utc_ms = 0;
    drivers::MeterCounters counters;
    std::uint64_t unusable_answers = 0;
    std::vector<RoundState> rounds;  ///< what is asked of it at one period each
  };
  struct ChannelTiming {
    std::string_view channel;
    TimingFigures timing;
  };
  /// Of channels with readings.
  [[nodiscard]] std::vector<ChannelTiming> channel_timings() const;
  [[nodiscard]] const TimingHistogram& timing() const noexcept { return timing_; }
  [[nodiscard]] std::vector<DeviceState> device_states() const;
  /// Those that were asked, answered, came or changed since they were taken last, at most `count_max`; the views end
  /// with the next call of any kind.
  [[nodiscard]] std::vector<DeviceState> take_device_changes(std::size_t count_max);
  /// All of them count as changed.
  void all_devices_changed();

  /// Null without CoreOptions::tasks. After any call tick() is due at next_wake_ms(), as always.
  [[nodiscard]] OrderRunner* orders();
  [[nodiscard]] Upkeep* upkeep();
  [[nodiscard]] TapBoard& taps() noexcept { return taps_; }
  [[nodiscard]] bool knows_channel(std::string_view name) const;
  /// Called when an order wants this gateway ended and begun anew; false: it cannot. To be called back from the loop,
  /// later. Without one such orders are refused.
  void on_restart(std::function<bool()> restart) { restart_ = std::move(restart); }

 private:
  struct Channel;
  struct Device;
  struct Stored {
    std::uint32_t channel;
    std::uint64_t generation;
    std::uint64_t number;
  };
  struct Wake {
    std::int64_t at_ms;
    std::uint32_t channel;
    friend bool operator>(const Wake& a, const Wake& b) noexcept { return a.at_ms > b.at_ms; }
  };
  class SessionSink;
  class Tasks;

  [[nodiscard]] drivers::Moment now() const;
  void poll_due(const drivers::Moment& now, GatewayOutput& out);
  void wake_channels(const drivers::Moment& now, GatewayOutput& out);
  /// After every call into a channel's session: does what it wanted and could not do from inside.
  void settle(std::uint32_t channel, const drivers::Moment& now, GatewayOutput& out);
  void on_exchange(std::uint32_t channel, const drivers::Exchange& exchange);
  void collect_frame(const Device& device, const Introduction& exchange);
  void collect(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange);
  /// False: the payload does not fit the question. `noted` may be null.
  bool collect_values(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange,
                      std::vector<OrderValue>* noted);
  /// What stands in values_.
  void write_values(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange, bool suspect,
                    std::vector<OrderValue>* noted);
  /// With the device's own stamps. `noted` may be null.
  void collect_history(const Device& device, const std::vector<drivers::ModelItem>& items,
                       std::span<const drivers::HistoryValue> values, std::vector<OrderValue>* noted);
  /// What the gateway makes of a reading; see FieldDerivation.
  void derive(const Device& device, const Register& what, const Reading& reading, bool is_polled);
  void collect_sums(const drivers::Moment& at);
  void on_report(std::uint32_t channel, std::uint32_t device, const drivers::Exchange& exchange);
  void collect_report_values(Device& device, const drivers::Exchange& exchange);
  [[nodiscard]] bool clock_suspect(const drivers::Moment& at);
  /// What orders and upkeep want to ask goes out.
  void run_tasks(const drivers::Moment& at, GatewayOutput& out);
  void tell_lost(std::uint32_t channel, std::span<const drivers::LineSession::Question> under_way);
  void mark_changed(std::uint32_t device);
  [[nodiscard]] DeviceState state_of(const Device& device) const;
  void tap_octets(std::uint32_t channel, TapKind kind, ByteView octets);
  void tap_exchange(std::uint32_t channel, const Device& device, const drivers::Exchange& exchange);
  void tap_event(std::uint32_t channel, TapKind kind, std::string_view device_uid, std::string note);
  [[nodiscard]] Quality judge(Device& device, const ModelItem& item, const drivers::ItemValue& value,
                              const drivers::Exchange& exchange, bool suspect);
  [[nodiscard]] bool batch_due(const drivers::Moment& now) const;
  void close_batch_if_due(const drivers::Moment& now, GatewayOutput& out);
  void arm(std::uint32_t channel);
  [[nodiscard]] Result<std::uint32_t> place_device(CoreDevice config, GatewayOutput* out);
  [[nodiscard]] Result<void> speak(std::uint32_t channel, const drivers::Driver& driver, GatewayOutput* out);
  void schedule(std::uint32_t device, std::int64_t now_ms);
  void schedule_rounds(std::uint32_t device, std::int64_t now_ms);
  [[nodiscard]] PollPlanPointer usual_polls(const std::shared_ptr<const DeviceModel>& model);
  void use_polls(Device& device, PollPlanPointer polls);
  /// Puts the questions of a round; what the line does not take is left out.
  void ask_round(std::uint32_t device, std::uint16_t round);
  void note_timing(std::uint32_t channel, Device& device, std::uint16_t group, std::uint16_t question,
                   std::int64_t now_ms);
  /// New devices need not wait for their first round.
  void ask_fresh(std::uint32_t channel);
  void greet(std::uint32_t device);
  void release_device(std::uint32_t device);
  void release_leaving(std::uint32_t channel);
  /// Ends what goes on there and opens it anew, with another speed where one is wanted.
  void restart_line(std::uint32_t channel, GatewayOutput& out);

  const Clock& clock_;
  Random& random_;
  CoreOptions options_;
  std::vector<Channel> channels_;
  std::vector<std::uint32_t> free_channels_;
  std::vector<Device> devices_;
  std::vector<std::uint32_t> free_devices_;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> by_uid_;
  std::uint64_t generation_ = 0;
  bool started_ = false;
  struct RoundOfDevice {
    std::uint32_t device;
    std::uint16_t round;
  };
  PollSchedule schedule_;
  std::vector<RoundOfDevice> scheduled_;  ///< by the schedule's entry numbers
  TimingHistogram timing_;                ///< of all devices
  /// What each model says of itself; keeps the model, whose address is the key.
  std::unordered_map<const DeviceModel*, std::pair<std::shared_ptr<const DeviceModel>, PollPlanPointer>> usual_polls_;
  std::priority_queue<Wake, std::vector<Wake>, std::greater<>> wakes_;
  ClockWatch clock_watch_;
  std::vector<drivers::ItemValue> values_;
  FieldDerivation derivation_;

  std::unique_ptr<Tasks> tasks_;
  TapBoard taps_;
  std::function<bool()> restart_;
  std::vector<std::uint32_t> changed_;  ///< devices, each once

  BatchWriter writer_;
  std::vector<Stored> collected_;
  std::int64_t collecting_since_ms_ = 0;
  Bytes going_;
  std::vector<Stored> going_exchanges_;
  bool storing_ = false;
  std::int64_t store_again_ms_ = INT64_MAX;
  GatewayStatistics counts_;
};

}  // namespace duheng::gateway
