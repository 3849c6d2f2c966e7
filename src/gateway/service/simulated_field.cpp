#include "gateway/service/simulated_field.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "drivers/dlt645/dialect.hpp"
#include "drivers/dlt645/driver.hpp"

namespace duheng::gateway {

SimulatedField::SimulatedField(ManualClock& clock, device::LedgerWriter& ledger, SimulatedFieldOptions options)
    : clock_(clock),
      random_(options.seed),
      options_(options),
      meters_(ledger, {.lines = options.channels,
                       .meters_per_line = options.meters_per_channel,
                       .seed = options.seed,
                       .clock_offset_ms = options.clock_offset_ms,
                       .programming_key = options.planned_baud != 0}),
      lines_(options.channels) {}

CoreOptions SimulatedField::core_options(const ModelLibrary& models) const {
  CoreOptions out;
  for (std::uint32_t channel = 0; channel < options_.channels; ++channel) {
    out.channels.push_back({fmt::format("line-{}", channel),
                            &drivers::dlt645_driver(),
                            {.reopen_after_timeout = !options_.serial_lines},
                            {500, 10'000},
                            options_.planned_baud,
                            options_.planned_baud != 0});
  }
  for (const auto& meter : meters_.meters()) {
    out.devices.push_back({meter.uid, drivers::bus_address(meter.address),
                           models.find(meter.three_phase ? "dlt645-2007-three-phase" : "dlt645-2007-single-phase"),
                           meter.line, options_.planned_baud != 0});
  }
  return out;
}

void SimulatedField::attach(GatewayCore& core, std::function<Result<void>(ByteView)> store) {
  core_ = &core;
  store_ = std::move(store);
  for (auto& line : lines_) line.baud = options_.planned_baud;  // what the plan says
  core.start(*this);
}

void SimulatedField::detach() {
  core_ = nullptr;
  storing_ = {};
  events_ = {};
  for (std::uint32_t channel = 0; channel < lines_.size(); ++channel) close_channel(channel);
}

void SimulatedField::push(std::int64_t delay_ms, Kind kind, std::uint32_t channel, Bytes octets) {
  std::int64_t at_ms = clock_.monotonic_ms() + delay_ms;
  std::uint64_t connection = 0;
  if (kind != Kind::store) {
    auto& line = lines_[channel];
    auto& last_at_ms = line.last_at_ms[kind == Kind::to_meters ? 0 : 1];
    at_ms = last_at_ms = std::max(last_at_ms, at_ms);
    connection = line.connection;
  }
  events_.push({at_ms, order_++, kind, channel, connection, std::move(octets)});
}

void SimulatedField::open_channel(std::uint32_t channel) {
  ++lines_[channel].connection;
  push(1, Kind::opened, channel);
}

void SimulatedField::close_channel(std::uint32_t channel) {
  auto& line = lines_[channel];
  ++line.connection;
  line.open = false;
  meters_.cut(channel);
}

void SimulatedField::send(std::uint32_t channel, ByteView octets) {
  auto& line = lines_[channel];
  if (!line.open) return;
  if (!options_.serial_lines && chance(options_.connections_cut_per_mille)) {
    close_channel(channel);
    push(1, Kind::closed, channel);
    return;
  }
  push(1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(options_.latency_ms_max))),
       Kind::to_meters, channel, Bytes(octets.begin(), octets.end()));
}

void SimulatedField::store(ByteView body) {
  storing_ = body;
  push(2, Kind::store, 0);
}

void SimulatedField::answer_questions(std::uint32_t channel, ByteView octets) {
  meters_.set_speed(channel, lines_[channel].baud);
  bool lost = false;
  bool spoiled = false;
  meters_.octets(
      channel, clock_.utc_ms(), octets,
      [&](const device::BusAnswer&) {
        lost = chance(options_.answers_lost_per_mille);
        spoiled = !lost && chance(options_.answers_spoiled_per_mille);
        ++answers_;
        return lost || spoiled;
      },
      [&](const device::BusAnswer& answer) {
        if (lost) return;
        Bytes sent(answer.octets.begin(), answer.octets.end());
        if (spoiled) sent[random_.below(sent.size())] ^= static_cast<std::uint8_t>(1 + random_.below(255));
        std::int64_t delay =
            1 + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(options_.latency_ms_max)));
        if (chance(options_.answers_late_per_mille)) delay += static_cast<std::int64_t>(random_.below(2'600));
        push(delay, Kind::to_gateway, channel, std::move(sent));
      });
}

void SimulatedField::handle(Event& event) {
  if (event.kind == Kind::store) {
    const auto outcome = store_(storing_);
    if (core_ != nullptr) core_->stored(outcome, *this);
    return;
  }
  auto& line = lines_[event.channel];
  if (event.connection != line.connection) return;  // of a connection that is gone
  switch (event.kind) {
    case Kind::opened:
      line.open = true;
      core_->channel_opened(event.channel, *this);
      break;
    case Kind::closed:
      core_->channel_closed(event.channel, {ErrorCode::unavailable, "cut"}, *this);
      break;
    case Kind::to_meters:
      answer_questions(event.channel, event.octets);
      break;
    default:
      core_->octets(event.channel, event.octets, *this);
  }
}

void SimulatedField::run_until_ms(std::int64_t monotonic_ms, const std::function<bool()>& stop) {
  while (core_ != nullptr && !(stop && stop())) {
    std::int64_t next = core_->next_wake_ms();
    if (!events_.empty()) next = std::min(next, events_.top().at_ms);
    if (next > monotonic_ms) break;
    if (next > clock_.monotonic_ms()) clock_.advance_ms(next - clock_.monotonic_ms());
    while (!events_.empty() && events_.top().at_ms <= clock_.monotonic_ms()) {
      Event event = events_.top();
      events_.pop();
      handle(event);
      if (core_ == nullptr || (stop && stop())) return;
    }
    core_->tick(*this);
  }
  if (core_ != nullptr && clock_.monotonic_ms() < monotonic_ms) clock_.advance_ms(monotonic_ms - clock_.monotonic_ms());
}

}  // namespace duheng::gateway
