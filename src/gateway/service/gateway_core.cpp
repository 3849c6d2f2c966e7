#include "gateway/service/gateway_core.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "gateway/service/gateway_core_parts.hpp"
#include "gateway/service/gateway_core_tasks.hpp"

namespace duheng::gateway {
namespace {
/// A device's clock may be so much ahead of ours.
constexpr std::int64_t report_ahead_ms = 600'000;
}  // namespace

class GatewayCore::SessionSink final : public drivers::SessionOutput {
 public:
  SessionSink(GatewayCore& core, std::uint32_t channel, GatewayOutput& out)
      : core_(core), channel_(channel), out_(out) {}
  void send(ByteView octets) override {
    if (core_.taps_.active()) core_.tap_octets(channel_, TapKind::sent, octets);
    out_.send(channel_, octets);
  }
  void deliver(const drivers::Exchange& exchange) override { core_.on_exchange(channel_, exchange); }
  void reopen() override { core_.channels_[channel_].reopen_wanted = true; }

 private:
  GatewayCore& core_;
  std::uint32_t channel_;
  GatewayOutput& out_;
};

GatewayCore::GatewayCore(const Clock& clock, Random& random, CoreOptions options)
    : clock_(clock),
      random_(random),
      options_(std::move(options)),
      clock_watch_(options_.newest_known_utc_ms),
      derivation_(std::exchange(options_.derivation, {})),
      writer_(clock.utc_ms()) {
  const auto devices = std::move(options_.devices);
  channels_.reserve(options_.channels.size());
  for (const auto& channel : options_.channels)
    channels_.emplace_back(channel, options_.secrets).generation = ++generation_;
  devices_.reserve(devices.size());
  for (const auto& device : devices)
    if (const auto placed = place_device(device, nullptr); !placed)
      log::error("devices", "a device is left out", {{"device", device.uid}, {"error", placed.error()}});
  counts_.channels = static_cast<std::uint32_t>(channels_.size());
  if (options_.tasks) tasks_ = std::make_unique<Tasks>(*this, *std::exchange(options_.tasks, std::nullopt));
}

GatewayCore::~GatewayCore() = default;

drivers::Moment GatewayCore::now() const { return {clock_.monotonic_ms(), clock_.utc_ms()}; }

void GatewayCore::start(GatewayOutput& out) {
  const auto at = now();
  started_ = true;
  for (std::uint32_t device = 0; device < devices_.size(); ++device)
    if (devices_[device].model) schedule(device, at.monotonic_ms);
  for (std::uint32_t channel = 0; channel < channels_.size(); ++channel)
    if (channels_[channel].in_use) out.open_channel(channel);
}

void GatewayCore::channel_opened(std::uint32_t channel, GatewayOutput& out) {
  auto& state = channels_[channel];
  if (!state.in_use) return;
  if (state.failure_told)
    log::info("channels", "a channel is open again", {{"channel", options_.channels[channel].name}});
  state.failure_told = false;
  state.reconnect.reset();
  state.open_at_ms = INT64_MAX;
  const auto at = now();
  tap_event(channel, TapKind::opened, {}, {});
  SessionSink sink(*this, channel, out);
  state.session->opened(at, sink);
  if (tasks_) tasks_->stir(channel);
  ask_fresh(channel);
  settle(channel, at, out);
}

void GatewayCore::call_taken(std::uint32_t channel, const Introduction& introduction, GatewayOutput& out) {
  auto& state = channels_[channel];
  const auto known = std::ranges::find_if(
      state.devices, [&](std::uint32_t number) { return number != no_device && !devices_[number].leaving; });
  if (!state.in_use || known == state.devices.end()) return;
  auto& device = devices_[*known];
  collect_frame(device, introduction);
  collected_.push_back({channel, state.generation, state.session->count_exchange()});
  device.last_answer_utc_ms = introduction.received.utc_ms;
  mark_changed(*known);
  // Whoever calls is there: what kept it from being asked is over.
  device.health.answered();
  channel_opened(channel, out);
  close_batch_if_due(now(), out);
}

void GatewayCore::channel_closed(std::uint32_t channel, const Error& reason, GatewayOutput& out) {
  auto& state = channels_[channel];
  if (!state.in_use) return;
  tell_lost(channel, state.session->closed());
  tap_event(channel, TapKind::closed, {}, reason.message);
  release_leaving(channel);
  for (const std::uint32_t device : state.devices)
    if (device != no_device) std::ranges::fill(devices_[device].waiting, std::uint16_t{0});
  const auto at = now();
  state.open_at_ms = at.monotonic_ms + state.reconnect.next_ms(random_);
  if (!state.failure_told)
    log::warning("channels", "a channel is closed", {{"channel", options_.channels[channel].name}, {"error", reason}});
  state.failure_told = true;
  settle(channel, at, out);
}

void GatewayCore::octets(std::uint32_t channel, ByteView octets, GatewayOutput& out) {
  if (!channels_[channel].in_use) return;
  const auto at = now();
  if (taps_.active()) tap_octets(channel, TapKind::received, octets);
  SessionSink sink(*this, channel, out);
  channels_[channel].session->octets(at, octets, sink);
  settle(channel, at, out);
  close_batch_if_due(at, out);
}

void GatewayCore::settle(std::uint32_t channel, const drivers::Moment& at, GatewayOutput& out) {
  auto& state = channels_[channel];
  for (const std::uint32_t meter : state.silent_meters) {
    // One question's time is enough to learn that a meter is silent.
    state.session->drop_questions(meter);
    std::ranges::fill(devices_[state.devices[meter]].waiting, std::uint16_t{0});
  }
  state.silent_meters.clear();
  if (state.restart_wanted) return restart_line(channel, out);
  if (state.reopen_wanted) {
    state.reopen_wanted = false;
    out.close_channel(channel);
    out.open_channel(channel);
  } else if (state.session->is_open()) {
    SessionSink sink(*this, channel, out);
    state.session->advance(at, sink);
  }
  arm(channel);
}

void GatewayCore::arm(std::uint32_t channel) {
  auto& state = channels_[channel];
  const std::int64_t wanted = std::min(state.session->deadline_ms(), state.open_at_ms);
  if (wanted >= state.armed_ms) return;  // an earlier wake is queued; it will arm again
  state.armed_ms = wanted;
  wakes_.push({wanted, channel});
}

void GatewayCore::wake_channels(const drivers::Moment& at, GatewayOutput& out) {
  while (!wakes_.empty() && wakes_.top().at_ms <= at.monotonic_ms) {
    const Wake wake = wakes_.top();
    wakes_.pop();
    auto& state = channels_[wake.channel];
    if (wake.at_ms != state.armed_ms) continue;  // outdated
    state.armed_ms = INT64_MAX;
    if (state.open_at_ms <= at.monotonic_ms) {
      state.open_at_ms = INT64_MAX;
      out.open_channel(wake.channel);
    }
    SessionSink sink(*this, wake.channel, out);
    state.session->timer(at, sink);
    settle(wake.channel, at, out);
  }
}

void GatewayCore::poll_due(const drivers::Moment& at, GatewayOutput& out) {
  while (const auto entry = schedule_.pop_due(at.monotonic_ms)) {
    const auto [device_index, round_index] = scheduled_[*entry];
    const auto& device = devices_[device_index];
    const auto& channel = channels_[device.channel];
    if (!channel.session->is_open() || !device.health.may_ask(at.monotonic_ms) || device.waiting[round_index] > 0) {
      ++counts_.rounds_skipped;
      continue;
    }
    ask_round(device_index, round_index);
    settle(device.channel, at, out);
  }
}

void GatewayCore::ask_round(std::uint32_t device_index, std::uint16_t round_index) {
  auto& device = devices_[device_index];
  const auto& round = device.polls->rounds[round_index];
  const auto& questions = device.model->groups[round.group].questions;
  for (const std::uint16_t question : round.questions) {
    const std::uint32_t tag = static_cast<std::uint32_t>(round.group) << tag_group_shift | question;
    if (channels_[device.channel].session->ask(device.meter, questions[question].query, tag))
      ++device.waiting[round_index];
  }
}

void GatewayCore::note_timing(std::uint32_t channel, Device& device, std::uint16_t group, std::uint16_t question,
                              std::int64_t now_ms) {
  const std::uint16_t number = device.polls->round_of[group][question];
  const auto& round = device.polls->rounds[number];
  if (round.questions.front() != question) return;
  if (device.timings.empty()) device.timings.resize(device.polls->rounds.size());
  const auto distance_ms = device.timings[number].note(now_ms, round.interval_ms);
  if (!distance_ms) return;
  timing_.add(*distance_ms, round.interval_ms);
  auto& of_channel = channels_[channel].timing;
  if (!of_channel) of_channel = std::make_unique<TimingHistogram>();
  of_channel->add(*distance_ms, round.interval_ms);
}

void GatewayCore::on_exchange(std::uint32_t channel, const drivers::Exchange& exchange) {
  auto& state = channels_[channel];
  const std::uint32_t number = state.devices[exchange.meter];
  auto& device = devices_[number];
  if (exchange.unasked) return on_report(channel, number, exchange);
  const bool of_task = (exchange.tag & tag_of_task) != 0;
  const auto group = static_cast<std::uint16_t>(of_task ? 0 : exchange.tag >> tag_group_shift);
  const auto question = static_cast<std::uint16_t>(exchange.tag & ((1U << tag_group_shift) - 1));
  if (!of_task && !exchange.late)
    if (auto& waiting = device.waiting[device.polls->round_of[group][question]]; waiting > 0) --waiting;
  state.live_exchanges += of_task ? 0 : 1;
  if (exchange.outcome == drivers::Outcome::sent) {
    if (of_task) tasks_->exchange(channel, number, exchange);
    if (device.leaving) release_device(number);
    return;
  }
  mark_changed(number);
  if (taps_.active()) tap_exchange(channel, device, exchange);
  if (exchange.outcome == drivers::Outcome::timed_out) {
    ++counts_.exchanges_timed_out;
    if (of_task) tasks_->exchange(channel, number, exchange);
    if (device.leaving) return release_device(number);
    state.silent_meters.push_back(exchange.meter);
    if (device.health.failed(options_.offline, exchange.received.monotonic_ms, random_))
      log::warning("polling", "a meter does not answer",
                   {{"device", device.uid}, {"channel", options_.channels[channel].name}});
    return;
  }
  if (device.health.offline()) log::info("polling", "a meter answers again", {{"device", device.uid}});
  device.health.answered();
  device.last_answer_utc_ms = exchange.received.utc_ms;
  ++(exchange.outcome == drivers::Outcome::answered ? counts_.exchanges_answered : counts_.exchanges_refused);
  counts_.exchanges_late += exchange.late ? 1 : 0;
  if (!of_task && !exchange.late) note_timing(channel, device, group, question, exchange.received.monotonic_ms);
  if (of_task)
    tasks_->exchange(channel, number, exchange);
  else
    collect(device, device.model->groups[group].questions[question], exchange);
  collected_.push_back({channel, channels_[channel].generation, exchange.number});
  if (tasks_) tasks_->stir(channel);
  if (device.leaving) release_device(number);
}

void GatewayCore::collect_frame(const Device& device, const Introduction& exchange) {
  if (writer_.empty()) {
    writer_.clear(exchange.received.utc_ms);
    collecting_since_ms_ = exchange.received.monotonic_ms;
  }
  Frame frame;
  frame.device_index = writer_.device(device.uid);
  frame.protocol = device.model->driver->protocol();
  frame.sent_utc_ms = exchange.sent_utc_ms;
  frame.received_utc_ms = exchange.received.utc_ms;
  frame.request = exchange.request;
  frame.response = exchange.response;
  Bytes masked;
  if (device.model->driver->has_secret_in_every_frame()) {
    masked.assign(exchange.request.begin(), exchange.request.end());
    mask_secrets(options_.channels[device.channel], *device.model->driver, masked);
    frame.request = masked;
  }
  writer_.frame(frame);
}

void GatewayCore::collect(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange) {
  collect_frame(device, {exchange.request, exchange.response, exchange.sent_utc_ms, exchange.received});
  if (exchange.outcome == drivers::Outcome::answered) collect_values(device, question, exchange, nullptr);
}

bool GatewayCore::clock_suspect(const drivers::Moment& at) {
  const bool suspect = clock_watch_.suspect(at.utc_ms, at.monotonic_ms);
  counts_.clock_jumps_back = clock_watch_.jumps_back();
  return suspect;
}

bool GatewayCore::collect_values(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange,
                                 std::vector<OrderValue>* noted) {
  const bool suspect = clock_suspect(exchange.received);
  values_.clear();
  if (!question.reader->read(exchange.payload, values_)) {
    ++counts_.unusable_answers;  // the frame stays as evidence
    ++device.unusable_answers;
    return false;
  }
  write_values(device, question, exchange, suspect, noted);
  return true;
}

void GatewayCore::write_values(Device& device, const ModelQuestion& question, const drivers::Exchange& exchange,
                               bool suspect, std::vector<OrderValue>* noted) {
  for (const auto& value : values_) {
    const auto& item = question.items[value.item];
    Reading reading;
    reading.register_index = writer_.register_of({item.register_name, value.unit, value.exponent, item.kind});
    reading.quality = judge(device, item, value, exchange, suspect);
    reading.mantissa = value.state == drivers::ItemState::good ? value.mantissa : 0;
    reading.time_utc_ms = exchange.received.utc_ms;
    reading.time_source = TimeSource::gateway;
    writer_.reading(reading);
    ++counts_.readings;
    counts_.readings_flagged += reading.quality != Quality::good ? 1 : 0;
    derive(device, {item.register_name, value.unit, value.exponent, item.kind}, reading, noted == nullptr);
    if (noted != nullptr)
      noted->push_back({item.register_name, std::string(value.unit), value.exponent, item.kind, reading.mantissa,
                        reading.quality, reading.time_utc_ms, false});
  }
}

void GatewayCore::derive(const Device& device, const Register& what, const Reading& reading, bool is_polled) {
  derivation_.observe(device.uid, what, reading, clock_.utc_ms());
  // What somebody asked out of turn is no sample of a filter.
  if (is_polled) counts_.readings += derivation_.process(device.uid, device.model->processing, what, reading, writer_);
}

/// Sums that are due become frames of their own; what does not fit into this batch waits for the next.
void GatewayCore::collect_sums(const drivers::Moment& at) {
  while (derivation_.next_due_utc_ms() <= at.utc_ms && writer_.size_bytes() < options_.batch_bytes_max) {
    const auto sum = derivation_.take_due(at.utc_ms);
    if (!sum) return;
    if (writer_.empty()) {
      writer_.clear(at.utc_ms);
      collecting_since_ms_ = at.monotonic_ms;
    }
    counts_.readings += write_sum(*sum, at.utc_ms, writer_);
  }
}

Quality GatewayCore::judge(Device& device, const ModelItem& item, const drivers::ItemValue& value,
                           const drivers::Exchange& exchange, bool suspect) {
  const Quality quality = suspect ? Quality::clock_suspect : Quality::good;
  if (value.state == drivers::ItemState::no_value) return quality | Quality::no_value;
  if (value.state == drivers::ItemState::invalid) return quality | Quality::invalid_content;
  // Where the device chose another unit or scale than the model's, its rules do not apply to these digits.
  if (item.kind != SeriesKind::decimal || value.exponent != item.exponent || value.unit != item.unit) return quality;
  LastValue none;  // a register of no group is judged by itself
  auto& last = item.register_slot < device.last_values.size() ? device.last_values[item.register_slot] : none;
  return quality | validate(item.rule, item.exponent, value.mantissa, exchange.received.monotonic_ms, last);
}

void GatewayCore::collect_history(const Device& device, const std::vector<ModelItem>& items,
                                  std::span<const drivers::HistoryValue> values, std::vector<OrderValue>* noted) {
  for (const auto& value : values) {
    const auto& item = items[value.item];
    Reading reading;
    reading.register_index = writer_.register_of({item.register_name, value.unit, value.exponent, item.kind});
    reading.mantissa = value.state == drivers::ItemState::good ? value.mantissa : 0;
    reading.time_utc_ms = value.time_utc_ms;
    reading.time_source = TimeSource::meter;
    if (value.state == drivers::ItemState::no_value) reading.quality = Quality::no_value;
    if (value.state == drivers::ItemState::invalid) reading.quality = Quality::invalid_content;
    // The rate is judged between live values only: these are of another time.
    LastValue none;
    if (value.state == drivers::ItemState::good && item.kind == SeriesKind::decimal &&
        value.exponent == item.exponent && value.unit == item.unit)
      reading.quality = validate(item.rule, item.exponent, value.mantissa, 0, none);
    writer_.reading(reading);
    ++counts_.readings;
    counts_.readings_flagged += reading.quality != Quality::good ? 1 : 0;
    derivation_.observe(device.uid, {item.register_name, value.unit, value.exponent, item.kind}, reading,
                        clock_.utc_ms());
    if (noted != nullptr)
      noted->push_back({item.register_name, std::string(value.unit), value.exponent, item.kind, reading.mantissa,
                        reading.quality, reading.time_utc_ms, false});
  }
}

/// What a device tells of its own accord goes the way of answers: frame and readings in one batch; the session
/// confirms it to the device when that is durable.
void GatewayCore::on_report(std::uint32_t channel, std::uint32_t number, const drivers::Exchange& exchange) {
  auto& device = devices_[number];
  mark_changed(number);
  if (taps_.active()) tap_exchange(channel, device, exchange);
  device.health.answered();
  device.last_answer_utc_ms = exchange.received.utc_ms;
  ++counts_.reports;
  collect_frame(device, {exchange.request, exchange.response, exchange.sent_utc_ms, exchange.received});
  collect_report_values(device, exchange);
  const drivers::HistoryRange any_time{0, exchange.received.utc_ms + report_ahead_ms, exchange.received.utc_ms,
                                       device.model->zone_offset_minutes};
  std::vector<drivers::HistoryValue> told;
  for (const auto& history : device.model->histories) {
    told.clear();
    history.plan->take_report(exchange.payload, any_time, told);
    collect_history(device, history.items, told, nullptr);
  }
  collected_.push_back({channel, channels_[channel].generation, exchange.number});
}

/// Registers that stand in a report, each once, whichever questions of the model would read them.
void GatewayCore::collect_report_values(Device& device, const drivers::Exchange& exchange) {
  const bool suspect = clock_suspect(exchange.received);
  std::vector<std::string_view> seen;
  for (const auto& group : device.model->groups) {
    for (const auto& question : group.questions) {
      values_.clear();
      if (!question.reader->read(exchange.payload, values_)) continue;
      std::erase_if(values_, [&](const drivers::ItemValue& value) {
        return std::ranges::find(seen, question.items[value.item].register_name) != seen.end();
      });
      for (const auto& value : values_) seen.push_back(question.items[value.item].register_name);
      write_values(device, question, exchange, suspect, nullptr);
    }
  }
}

bool GatewayCore::batch_due(const drivers::Moment& at) const {
  if (writer_.empty() || storing_ || store_again_ms_ != INT64_MAX) return false;
  return at.monotonic_ms - collecting_since_ms_ >= options_.linger_ms ||
         writer_.reading_count() >= options_.batch_readings_max || writer_.size_bytes() >= options_.batch_bytes_max ||
         writer_.frame_count() >= batch_limits::frames_max / 2;
}

void GatewayCore::close_batch_if_due(const drivers::Moment& at, GatewayOutput& out) {
  collect_sums(at);
  if (!batch_due(at)) return;
  going_.clear();
  writer_.finish(going_);
  writer_.clear(at.utc_ms);
  going_exchanges_.swap(collected_);
  collected_.clear();
  storing_ = true;
  if (tasks_) tasks_->batch_closed();
  out.store(going_);
}

void GatewayCore::stored(const Result<void>& outcome, GatewayOutput& out) {
  const auto at = now();
  storing_ = false;
  if (!outcome) {
    if (++counts_.store_failures == 1 || !counts_.storage_waiting)
      log::error("spool", "the spool does not take readings; meters are asked nothing until it does",
                 {{"error", outcome.error()}});
    counts_.storage_waiting = true;
    store_again_ms_ = at.monotonic_ms + options_.store_retry_ms;
    return;
  }
  if (counts_.storage_waiting) log::info("spool", "the spool takes readings again");
  counts_.storage_waiting = false;
  ++counts_.batches_stored;
  if (tasks_) tasks_->batch_stored();
  const auto exchanges = std::move(going_exchanges_);
  going_exchanges_.clear();
  for (const auto& exchange : exchanges) {
    if (channels_[exchange.channel].generation != exchange.generation) continue;  // of a channel that is gone
    SessionSink sink(*this, exchange.channel, out);
    channels_[exchange.channel].session->stored_through(exchange.number, at, sink);
    settle(exchange.channel, at, out);
  }
  close_batch_if_due(at, out);
}

void GatewayCore::tick(GatewayOutput& out) {
  const auto at = now();
  if (store_again_ms_ <= at.monotonic_ms) {
    store_again_ms_ = INT64_MAX;
    storing_ = true;
    out.store(going_);
  }
  wake_channels(at, out);
  poll_due(at, out);
  run_tasks(at, out);
  close_batch_if_due(at, out);
}

std::int64_t GatewayCore::next_wake_ms() const {
  std::int64_t wake = std::min(schedule_.next_due_ms(), store_again_ms_);
  if (!wakes_.empty()) wake = std::min(wake, wakes_.top().at_ms);
  if (!writer_.empty() && !storing_ && store_again_ms_ == INT64_MAX)
    wake = std::min(wake, collecting_since_ms_ + options_.linger_ms);
  if (const std::int64_t due = derivation_.next_due_utc_ms();
      due != INT64_MAX && writer_.size_bytes() < options_.batch_bytes_max)
    wake = std::min(wake, clock_.monotonic_ms() + (due <= clock_.utc_ms() ? 0 : due - clock_.utc_ms()));
  // What is wanted at once is wanted now.
  if (tasks_) wake = std::min(wake, std::max(tasks_->next_wake_ms(), clock_.monotonic_ms()));
  return wake;
}

}  // namespace duheng::gateway
