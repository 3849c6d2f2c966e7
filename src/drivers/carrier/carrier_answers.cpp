// What a module says, and which question it is about.
#include <algorithm>
#include <utility>

#include "drivers/carrier/carrier_parts.hpp"

namespace duheng::drivers {
namespace {

using namespace gdw13762;

bool was_not_sent(DenyCode why) noexcept {
  return why == DenyCode::busy || why == DenyCode::too_many_at_once || why == DenyCode::node_busy;
}
bool is_unknown_service(DenyCode why) noexcept {
  return why == DenyCode::not_supported || why == DenyCode::no_such_service;
}

}  // namespace

/// Keeps the frames that a dialect cuts out of what a module delivered.
class CarrierSession::Collector final : public FrameListener {
 public:
  struct Heard {
    Bytes octets;
    BusAddress device;
    bool from_device = false;
  };
  void on_frame(const HeardFrame& frame) override {
    heard.push_back({Bytes(frame.octets.begin(), frame.octets.end()), frame.device, frame.from_device});
  }
  /// All frames in `content`.
  static std::vector<Heard> cut(Dialect& dialect, ByteView content) {
    Collector collector;
    dialect.feed(content, collector);
    dialect.flush(collector);
    return std::move(collector.heard);
  }
  std::vector<Heard> heard;
};

void CarrierSession::on_frame(const FrameView& frame, const Moment& now, SessionOutput& out) {
  if (!frame.from_module()) {
    ++counters_.foreign_questions;
    return;
  }
  silent_flights_ = 0;
  if (phase_ == Phase::resting) begin(now, out);
  if (frame.is_started()) return on_module_began(frame, now, out);
  const std::uint8_t serial = frame.information().serial();
  if (errand_ && errand_->serial == serial) return on_errand_answer(frame, now, out);
  const auto flight = flight_of(serial);
  if (!flight) return on_late(frame, now, out);
  const Service service = frame.service();
  if (service == services::deny) {
    const auto why = parse_denial(frame.data());
    return on_denied(*flight, why.value_or(DenyCode::bad_format), now, out);
  }
  if (service == services::confirm && !flights_[*flight].question.query.has_answer) {
    pause_until_ms_ = now.monotonic_ms + wait_of_confirmation(frame.data()) * ms_per_s;
    return finish(*flight, Outcome::sent, 0, now, out);
  }
  if (service == services::ask_node || service == services::ask_node_concurrently)
    return on_answer(*flight, frame, now, out);
  ++counters_.foreign_answers;
}

/// The module speaks of its own accord.
void CarrierSession::on_module_began(const FrameView& frame, const Moment& now, SessionOutput& out) {
  const Service service = frame.service();
  if (service == services::running_mode) {
    ++carrier_counters_.module_restarts;
    answer_module(frame, services::confirm, make_confirmation(0), out);
    lose_flights(now, out);
    return begin(now, out);
  }
  if (service == services::meter_data || service == services::node_event) return on_pushed(frame, now, out);
  if (service == services::wants_question) {
    ++carrier_counters_.route_questions;
    return answer_module(frame, services::wants_question, make_no_question(), out);
  }
  if (service == services::wants_correction) return answer_module(frame, service, Bytes{0}, out);
  if (service.code == services::nodes_found.code)
    return answer_module(frame, services::confirm, make_confirmation(0), out);
  answer_module(frame, services::deny, Bytes{static_cast<std::uint8_t>(DenyCode::not_supported)}, out);
}

/// What a meter tells goes the way of reports; the module hears that it has arrived when it is durable.
void CarrierSession::on_pushed(const FrameView& frame, const Moment& now, SessionOutput& out) {
  const Bytes confirmation =
      framed(services::confirm, make_confirmation(0), frame.information().serial(), true, nullptr);
  const auto carried = parse_carried(frame);
  const auto heard = carried ? Collector::cut(*side_dialect_, carried->content) : std::vector<Collector::Heard>{};
  const auto own =
      std::ranges::find_if(heard, [&](const auto& one) { return one.from_device && by_address_.contains(one.device); });
  if (own == heard.end()) {
    ++counters_.foreign_answers;
    out.send(confirmation);
    return;
  }
  const std::uint32_t number = by_address_.at(own->device);
  ++meters_[number].counters.reports;
  auto report = side_dialect_->report({own->octets, own->device, true});
  Exchange exchange;
  exchange.number = ++delivered_;
  exchange.meter = number;
  exchange.outcome = Outcome::answered;
  exchange.unasked = true;
  exchange.response = frame.octets();
  if (report) exchange.payload = report->payload;
  exchange.sent_utc_ms = now.utc_ms;
  exchange.received = now;
  if (reports_.size() == reports_unconfirmed_max) reports_.pop_front();  // it comes again
  reports_.push_back({delivered_, confirmation, number, report ? std::move(report->confirmation) : Bytes{}});
  meters_[number].newest = delivered_;
  out.deliver(exchange);
}

void CarrierSession::on_denied(std::size_t place, DenyCode why, const Moment& now, SessionOutput& out) {
  auto& flight = flights_[place];
  ++carrier_counters_.denials;
  flight.serials.clear();  // nothing else can come
  if (was_not_sent(why)) {
    ++carrier_counters_.busy;
    if (why == DenyCode::too_many_at_once)
      at_once_ = static_cast<std::uint8_t>(std::clamp<std::size_t>(flights_.size() - 1, 1, at_once_));
    if (++flight.busy_attempts <= busy_attempts_max) return put_off(flight, now);
    return finish(place, Outcome::timed_out, 0, now, out);
  }
  if (is_unknown_service(why) && flight.by_concurrent && flight.inner.size() <= short_content_max) {
    takes_several_ = false;
    return put_off(flight, now);
  }
  if (why == DenyCode::no_such_node && archive_.erase(flight.node) > 0 && lost_.insert(flight.node).second) {
    archive_changed_ = true;  // it is given the node once more, and then asked again
    Flight again = std::move(flight);
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(place));
    return requeue(std::move(again));
  }
  on_no_answer(place, now, out);
}

/// It was not sent: the same question goes out once more, a little later.
void CarrierSession::put_off(Flight& flight, const Moment& now) {
  --flight.attempts;
  flight.put_off = true;
  flight.deadline_ms = now.monotonic_ms + carrier_.busy_pause_ms;
}

/// The attempt has failed.
void CarrierSession::on_no_answer(std::size_t place, const Moment& now, SessionOutput& out) {
  auto& flight = flights_[place];
  const auto& meter = meters_[flight.question.meter];
  const bool again = !flight.question.query.at_most_once && !flight.confirms && !meter.retired &&
                     flight.attempts <= meter.timing.retries && flight.question.query.has_answer;
  if (again) return transmit(flight, now, out);
  finish(place, Outcome::timed_out, 0, now, out);
}

void CarrierSession::on_answer(std::size_t place, const FrameView& frame, const Moment& now, SessionOutput& out) {
  auto& flight = flights_[place];
  auto& meter = meters_[flight.question.meter];
  if (frame.has_addresses() && frame.source() != flight.node) {
    ++counters_.foreign_answers;
    return;
  }
  std::erase(flight.serials, frame.information().serial());
  const auto information = frame.information();
  if (!meter.retired) {
    meter.node.relay_level = information.relay_level();
    if (information.phase() != 0) meter.node.phase = information.phase();
    if (information.answer_quality() != 0) meter.node.signal_quality = information.answer_quality();
  }
  const auto carried = parse_carried(frame);
  if (!carried || carried->content.empty()) return on_no_answer(place, now, out);
  if (flight.confirms) return finish(place, Outcome::sent, 0, now, out);
  const auto before = flight.dialect->counters();
  for (const auto& heard : Collector::cut(*flight.dialect, carried->content)) {
    if (!heard.from_device || heard.device != flight.device) {
      ++counters_.foreign_answers;
      continue;
    }
    const auto judgement =
        flight.dialect->judge({heard.octets, heard.device, true}, flight.question.query, flight.part, flight.inner);
    if (judgement.fit != Fit::none) return on_part(place, judgement, frame.octets(), now, out);
    ++meter.counters.unasked_answers;
  }
  const auto after = flight.dialect->counters();
  meter.counters.bad_frames += after.bad_frames - before.bad_frames;
  meter.counters.noise_octets += after.noise_octets - before.noise_octets;
  on_no_answer(place, now, out);
}

void CarrierSession::on_part(std::size_t place, const Judgement& judgement, ByteView frame, const Moment& now,
                             SessionOutput& out) {
  auto& flight = flights_[place];
  if (flight.payload.size() + judgement.payload.size() > payload_octets_max)
    return finish(place, Outcome::timed_out, 0, now, out);
  flight.response.insert(flight.response.end(), frame.begin(), frame.end());
  if (judgement.fit == Fit::refusal) return finish(place, Outcome::refused, judgement.error, now, out);
  flight.payload.insert(flight.payload.end(), judgement.payload.begin(), judgement.payload.end());
  if (judgement.fit == Fit::part && !meters_[flight.question.meter].retired) {
    ++flight.part;
    flight.attempts = 0;
    flight.busy_attempts = 0;
    flight.serials.clear();
    flight.dialect->build(flight.device, flight.question.query, flight.part, 0, flight.inner);
    return transmit(flight, now, out);
  }
  finish(place, Outcome::answered, 0, now, out);
}

/// To a question that has ended, or to none.
void CarrierSession::on_late(const FrameView& frame, const Moment& now, SessionOutput& out) {
  const auto found = std::ranges::find(late_, frame.information().serial(), &Late::serial);
  const auto carried = parse_carried(frame);
  if (found == late_.end() || !carried) {
    const auto meter = meter_of(frame.octets());
    ++(meter ? meters_[*meter].counters.unasked_answers : counters_.foreign_answers);
    return;
  }
  const Late late = std::move(*found);
  late_.erase(found);
  for (const auto& heard : Collector::cut(*side_dialect_, carried->content)) {
    if (!heard.from_device || heard.device != late.device) continue;
    const auto judgement = side_dialect_->judge({heard.octets, heard.device, true}, late.question.query, 0, late.inner);
    if (judgement.fit != Fit::whole && judgement.fit != Fit::refusal) continue;
    ++meters_[late.question.meter].counters.late_answers;
    Exchange exchange;
    exchange.number = ++delivered_;
    exchange.meter = late.question.meter;
    exchange.tag = late.question.tag;
    exchange.query = &late.question.query;
    exchange.outcome = judgement.fit == Fit::refusal ? Outcome::refused : Outcome::answered;
    exchange.late = true;
    exchange.error = judgement.error;
    exchange.request = late.request;
    exchange.response = frame.octets();
    if (judgement.fit == Fit::whole) exchange.payload = judgement.payload;
    exchange.sent_utc_ms = late.sent_utc_ms;
    exchange.received = now;
    meters_[late.question.meter].newest = delivered_;
    return out.deliver(exchange);
  }
  ++meters_[late.question.meter].counters.unasked_answers;
}

}  // namespace duheng::drivers
