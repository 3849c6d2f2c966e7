#include "drivers/carrier/carrier_session.hpp"

#include <algorithm>
#include <utility>

#include "drivers/carrier/carrier_parts.hpp"

namespace duheng::drivers {
namespace {

using namespace gdw13762;

constexpr std::int64_t octet_gap_ms = 500;
constexpr int silent_flights_max = 3;

}  // namespace

NodeAddress carrier_node(CarriedProtocol protocol, const BusAddress& address) {
  const ByteView octets = address.octets();
  // DL/T 698.45 has its address feature before the address.
  const bool has_feature = protocol == CarriedProtocol::dlt698 && !octets.empty();
  return NodeAddress::from_wire(has_feature ? octets.subspan(1) : octets);
}

CarrierSession::CarrierSession(MakeDialect make_dialect, CarriedProtocol protocol, SessionSettings settings,
                               const CarrierSettings& carrier)
    : make_dialect_(std::move(make_dialect)), protocol_(protocol), settings_(settings), carrier_(carrier) {
  side_dialect_ = make_dialect_();
}
CarrierSession::~CarrierSession() = default;

const BusAddress& CarrierSession::address(std::uint32_t meter) const { return meters_.at(meter).address; }
const MeterCounters& CarrierSession::counters(std::uint32_t meter) const { return meters_.at(meter).counters; }
bool CarrierSession::awaiting_answer() const noexcept { return !flights_.empty(); }
bool CarrierSession::is_ready() const noexcept { return phase_ == Phase::ready && !errand_; }

std::uint32_t CarrierSession::add_meter(const BusAddress& address, const MeterTiming& timing) {
  auto number = static_cast<std::uint32_t>(meters_.size());
  if (free_meters_.empty()) {
    meters_.emplace_back();
  } else {
    number = free_meters_.back();
    free_meters_.pop_back();
    meters_[number] = {};
  }
  auto& meter = meters_[number];
  meter.address = address;
  meter.timing = timing;
  meter.node.address = carrier_node(protocol_, address);
  by_address_.insert_or_assign(address, number);
  refused_.erase(meter.node.address);
  archive_changed_ = true;
  return number;
}

LineSession::Retired CarrierSession::retire_meter(std::uint32_t number) {
  Retired out;
  auto& meter = meters_[number];
  for (auto* queue : {&meter.urgent, &meter.questions}) {
    for (Question& question : *queue) out.waiting.push_back(std::move(question));
    waiting_ -= queue->size();
    queue->clear();
  }
  std::erase(ready_, number);
  std::erase(ready_urgent_, number);
  std::erase_if(late_, [&](const Late& one) { return one.question.meter == number; });
  std::erase_if(reports_, [&](const Report& one) { return one.meter == number; });
  const auto known = by_address_.find(meter.address);
  if (known != by_address_.end() && known->second == number) by_address_.erase(known);
  meter.retired = true;
  meter.is_listed = false;
  archive_changed_ = true;
  const auto flying =
      std::ranges::find_if(flights_, [&](const Flight& one) { return one.question.meter == number && !one.confirms; });
  if (flying != flights_.end()) {
    out.under_way = flying->question;
    return out;
  }
  std::erase_if(flights_, [&](const Flight& one) { return one.question.meter == number; });
  free_meters_.push_back(number);
  return out;
}

bool CarrierSession::change_address(std::uint32_t number, const BusAddress& address) {
  auto& meter = meters_.at(number);
  if (meter.address == address) return true;
  if (by_address_.contains(address)) return false;
  if (const auto known = by_address_.find(meter.address); known != by_address_.end() && known->second == number)
    by_address_.erase(known);
  meter.address = address;
  meter.node.address = carrier_node(protocol_, address);
  by_address_.emplace(address, number);
  archive_changed_ = true;
  return true;
}

bool CarrierSession::ask(std::uint32_t number, Query query, std::uint32_t tag, bool urgent) {
  if (waiting_ >= settings_.questions_max) return false;
  auto& meter = meters_.at(number);
  (urgent ? meter.urgent : meter.questions).push_back({number, std::move(query), tag});
  ++waiting_;
  make_ready(number);
  return true;
}

std::size_t CarrierSession::drop_questions(std::uint32_t number) {
  auto& meter = meters_.at(number);
  const std::size_t dropped = std::exchange(meter.questions, {}).size();
  waiting_ -= dropped;
  return dropped;
}

/// Into the list that fits; out of it again when its turn comes.
void CarrierSession::make_ready(std::uint32_t number) {
  auto& meter = meters_[number];
  if (meter.retired) return;
  if (meter.is_listed) {
    if (meter.urgent.empty()) return;
    std::erase(ready_, number);
    if (std::ranges::find(ready_urgent_, number) == ready_urgent_.end()) ready_urgent_.push_back(number);
    return;
  }
  if (meter.urgent.empty() && meter.questions.empty()) return;
  meter.is_listed = true;
  (meter.urgent.empty() ? ready_ : ready_urgent_).push_back(number);
}

void CarrierSession::opened(const Moment& now, SessionOutput& out) {
  parser_.reset();
  late_.clear();
  begin(now, out);
}

std::vector<LineSession::Question> CarrierSession::closed() {
  std::vector<Question> under_way;
  for (auto& flight : flights_) {
    auto& meter = meters_[flight.question.meter];
    if (flight.confirms) continue;
    meter.in_flight = false;
    if (meter.retired) free_meters_.push_back(flight.question.meter);
    if (!flight.put_off) under_way.push_back(std::move(flight.question));
    dialects_.push_back(std::move(flight.dialect));
  }
  flights_.clear();
  for (auto& meter : meters_) {
    meter.urgent.clear();
    meter.questions.clear();
    meter.is_listed = false;
  }
  waiting_ = 0;
  ready_.clear();
  ready_urgent_.clear();
  late_.clear();
  reports_.clear();
  errand_.reset();
  phase_ = Phase::closed;
  rest_until_ms_ = INT64_MAX;
  parser_.reset();
  return under_way;
}

Bytes CarrierSession::framed(const Service& service, ByteView data, std::uint8_t serial, bool is_answer,
                             const NodeAddress* node) const {
  FrameFields fields;
  fields.is_started = !is_answer;
  fields.communication_kind = carrier_.communication_kind;
  fields.information.octets.back() = serial;
  if (node != nullptr) fields.addresses = FrameFields::Addresses{main_node_, *node, {}};
  fields.service = service;
  fields.data = data;
  return encode(fields).value_or(Bytes{});
}

void CarrierSession::answer_module(const FrameView& to, const Service& service, ByteView data, SessionOutput& out) {
  out.send(framed(service, data, to.information().serial(), true, nullptr));
}

std::uint8_t CarrierSession::take_serial() {
  const auto is_out = [&](std::uint8_t serial) { return flight_of(serial).has_value(); };
  do ++serial_;
  while (is_out(serial_));
  std::erase_if(late_, [&](const Late& one) { return one.serial == serial_; });
  return serial_;
}

std::optional<std::size_t> CarrierSession::flight_of(std::uint8_t serial) const {
  for (std::size_t i = 0; i < flights_.size(); ++i)
    if (std::ranges::find(flights_[i].serials, serial) != flights_[i].serials.end()) return i;
  return std::nullopt;
}

std::int64_t CarrierSession::answer_time_ms() const {
  if (mode_.answer_timeout_s == 0) return carrier_.node_timeout_ms + carrier_.module_timeout_ms;
  return mode_.answer_timeout_s * ms_per_s + carrier_.module_timeout_ms;
}

std::size_t CarrierSession::window() const { return takes_several_ ? std::max<std::size_t>(at_once_, 1) : 1; }

void CarrierSession::advance(const Moment& now, SessionOutput& out) {
  if (phase_ != Phase::ready) return;
  // The archive changes between questions, not beside them.
  if (archive_changed_ && flights_.empty()) run_errands(now, out);
  if (errand_ || (archive_changed_ && mode_.wants_archive)) return;
  launch(now, out);
}

bool CarrierSession::may_be_asked(const Meter& meter) const {
  return !meter.retired && !meter.in_flight && meter.newest <= stored_ &&
         !(meter.urgent.empty() && meter.questions.empty());
}

std::optional<std::uint32_t> CarrierSession::next_meter() {
  for (auto* list : {&ready_urgent_, &ready_}) {
    for (std::size_t i = 0; i < list->size();) {
      const std::uint32_t number = (*list)[i];
      auto& meter = meters_[number];
      if (meter.urgent.empty() && meter.questions.empty()) {
        meter.is_listed = false;
        list->erase(list->begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      if (may_be_asked(meter)) {
        list->erase(list->begin() + static_cast<std::ptrdiff_t>(i));
        meter.is_listed = false;
        return number;
      }
      ++i;
    }
  }
  return std::nullopt;
}

void CarrierSession::launch(const Moment& now, SessionOutput& out) {
  launch_confirmations(now, out);
  if (now.monotonic_ms < pause_until_ms_) return;
  const auto is_alone = [](const Flight& flight) { return !flight.question.query.has_answer; };
  while (phase_ == Phase::ready && flights_.size() < window() && std::ranges::none_of(flights_, is_alone)) {
    const auto number = next_meter();
    if (!number) return;
    start_flight(*number, now, out);
  }
}

void CarrierSession::launch_confirmations(const Moment& now, SessionOutput& out) {
  while (!reports_.empty() && reports_.front().number <= stored_) {
    const Report report = std::move(reports_.front());
    reports_.pop_front();
    out.send(report.to_module);
    if (report.to_meter.empty() || report.to_meter.size() > short_content_max) continue;
    Flight flight;
    flight.question.meter = report.meter;
    flight.question.query.at_most_once = true;
    flight.node = meters_[report.meter].node.address;
    flight.device = meters_[report.meter].address;
    flight.inner = report.to_meter;
    flight.confirms = true;
    flights_.push_back(std::move(flight));
    transmit(flights_.back(), now, out);
  }
}

void CarrierSession::start_flight(std::uint32_t number, const Moment& now, SessionOutput& out) {
  auto& meter = meters_[number];
  auto& queue = meter.urgent.empty() ? meter.questions : meter.urgent;
  Flight flight;
  flight.urgent = !meter.urgent.empty();
  flight.question = std::move(queue.front());
  queue.pop_front();
  --waiting_;
  flight.node = meter.node.address;
  flight.device = meter.address;
  if (dialects_.empty()) {
    flight.dialect = make_dialect_();
  } else {
    flight.dialect = std::move(dialects_.back());
    dialects_.pop_back();
  }
  flight.dialect->build(meter.address, flight.question.query, 0, 0, flight.inner);
  meter.in_flight = true;
  flights_.push_back(std::move(flight));
  transmit(flights_.back(), now, out);
}

void CarrierSession::transmit(Flight& flight, const Moment& now, SessionOutput& out) {
  flight.put_off = false;
  const bool is_broadcast = !flight.question.query.has_answer;
  flight.by_concurrent = takes_several_ && !is_broadcast;
  const std::uint8_t serial = take_serial();
  Bytes data;
  Service service = services::ask_node;
  if (is_broadcast) {
    service = services::broadcast;
    // 03H means something else there.
    const auto as = protocol_ == CarriedProtocol::dlt698 ? CarriedProtocol::transparent : protocol_;
    data = make_broadcast(as, flight.inner).value_or(Bytes{});
  } else if (flight.by_concurrent) {
    service = services::ask_node_concurrently;
    data = make_concurrent_question(protocol_, flight.inner);
  } else {
    data = make_node_question(protocol_, flight.inner).value_or(Bytes{});
  }
  const Bytes octets = framed(service, data, serial, false, is_broadcast ? nullptr : &flight.node);
  if (flight.part == 0) flight.request.clear();
  flight.request.insert(flight.request.end(), octets.begin(), octets.end());
  if (flight.serials.empty() && flight.part == 0) flight.sent_utc_ms = now.utc_ms;
  flight.serials.push_back(serial);
  ++flight.attempts;
  if (!flight.confirms) ++meters_[flight.question.meter].counters.questions;
  const std::int64_t own_time_ms = static_cast<std::int64_t>(octets.size()) * settings_.octet_time_us / 1'000;
  const std::int64_t broadcast_ms = mode_.broadcast_timeout_s * ms_per_s + carrier_.module_timeout_ms;
  flight.deadline_ms = now.monotonic_ms + own_time_ms + (is_broadcast ? broadcast_ms : answer_time_ms());
  out.send(octets);
}

void CarrierSession::octets(const Moment& now, ByteView octets, SessionOutput& out) {
  if (phase_ == Phase::closed) return;
  last_octet_ms_ = now.monotonic_ms;
  parser_.feed(octets, [&](const FrameView& frame) {
    if (phase_ != Phase::closed) on_frame(frame, now, out);
  });
  advance(now, out);
}

void CarrierSession::finish(std::size_t place, Outcome outcome, std::uint32_t error, const Moment& now,
                            SessionOutput& out) {
  Flight flight = std::move(flights_[place]);
  flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(place));
  const std::uint32_t number = flight.question.meter;
  if (flight.dialect) dialects_.push_back(std::move(flight.dialect));
  if (flight.confirms) return;
  auto& meter = meters_[number];
  meter.in_flight = false;
  meter.counters.answers += outcome == Outcome::answered ? 1 : 0;
  meter.counters.refusals += outcome == Outcome::refused ? 1 : 0;
  meter.counters.time_outs += outcome == Outcome::timed_out ? 1 : 0;
  if (outcome == Outcome::timed_out && flight.part == 0 && !meter.retired)
    for (const std::uint8_t serial : flight.serials) {
      if (late_.size() == late_questions_max) late_.pop_front();
      late_.push_back({serial, flight.question, flight.device, flight.inner, flight.request, flight.sent_utc_ms});
    }
  Exchange exchange;
  exchange.meter = number;
  exchange.tag = flight.question.tag;
  exchange.query = &flight.question.query;
  exchange.outcome = outcome;
  exchange.error = error;
  exchange.request = flight.request;
  exchange.response = flight.response;
  exchange.payload = flight.payload;
  exchange.sent_utc_ms = flight.sent_utc_ms;
  exchange.received = now;
  if (outcome == Outcome::answered || outcome == Outcome::refused) exchange.number = meter.newest = ++delivered_;
  const bool retired = meter.retired;
  if (!retired) make_ready(number);
  out.deliver(exchange);
  if (retired) free_meters_.push_back(number);
}

void CarrierSession::requeue(Flight&& flight) {
  const std::uint32_t number = flight.question.meter;
  auto& meter = meters_[number];
  if (flight.dialect) dialects_.push_back(std::move(flight.dialect));
  if (flight.confirms) return;
  meter.in_flight = false;
  if (meter.retired) return free_meters_.push_back(number);
  (flight.urgent ? meter.urgent : meter.questions).push_front(std::move(flight.question));
  ++waiting_;
  make_ready(number);
}

void CarrierSession::timer(const Moment& now, SessionOutput& out) {
  if (phase_ == Phase::closed || now.monotonic_ms < deadline_ms()) return;
  if (now.monotonic_ms >= pause_until_ms_) pause_until_ms_ = INT64_MIN;
  if (parser_.pending_octets() > 0 && now.monotonic_ms >= last_octet_ms_ + octet_gap_ms)
    parser_.flush([&](const FrameView& frame) {
      if (phase_ != Phase::closed) on_frame(frame, now, out);
    });
  if (phase_ == Phase::resting && now.monotonic_ms >= rest_until_ms_) begin(now, out);
  if (errand_ && now.monotonic_ms >= errand_->deadline_ms) on_errand_silence(now, out);
  // From the last, for those that end are taken out.
  for (std::size_t i = flights_.size(); i > 0 && phase_ != Phase::closed; --i) {
    if (i > flights_.size() || now.monotonic_ms < flights_[i - 1].deadline_ms) continue;
    auto& flight = flights_[i - 1];
    if (flight.put_off) {
      transmit(flight, now, out);
      continue;
    }
    ++silent_flights_;
    on_no_answer(i - 1, now, out);
  }
  if (silent_flights_ >= silent_flights_max && phase_ == Phase::ready) {
    lose_flights(now, out);
    begin(now, out);  // asks the module itself whether it is there
  }
  advance(now, out);
}

void CarrierSession::stored_through(std::uint64_t number, const Moment& now, SessionOutput& out) {
  stored_ = std::max(stored_, std::min(number, delivered_));
  advance(now, out);
}

std::int64_t CarrierSession::deadline_ms() const noexcept {
  if (phase_ == Phase::closed) return INT64_MAX;
  std::int64_t out = phase_ == Phase::resting ? rest_until_ms_ : INT64_MAX;
  if (errand_) out = std::min(out, errand_->deadline_ms);
  for (const auto& flight : flights_) out = std::min(out, flight.deadline_ms);
  if (parser_.pending_octets() > 0) out = std::min(out, last_octet_ms_ + octet_gap_ms);
  if (pause_until_ms_ != INT64_MIN) out = std::min(out, pause_until_ms_);
  return out;
}

std::optional<std::uint32_t> CarrierSession::meter_of(ByteView octets) const {
  const auto frame = decode(octets);
  if (!frame || !frame->has_addresses()) return std::nullopt;
  const NodeAddress node = frame->from_module() ? frame->source() : frame->destination();
  for (const auto& [address, number] : by_address_)
    if (meters_[number].node.address == node) return number;
  return std::nullopt;
}

BusCounters CarrierSession::bus_counters() const noexcept {
  BusCounters out = counters_;
  const auto& parsed = parser_.counters();
  out.stray_bad_frames = parsed.bad_checksums + parsed.bad_ends + parsed.unfinished;
  out.stray_noise_octets = parsed.noise_octets + parsed.rejected_octets;
  out.bad_frames = out.stray_bad_frames;
  out.noise_octets = out.stray_noise_octets;
  for (const auto& meter : meters_) {
    out.bad_frames += meter.counters.bad_frames;
    out.noise_octets += meter.counters.noise_octets;
  }
  return out;
}

CarrierNode CarrierSession::node(std::uint32_t meter) const {
  CarrierNode out = meters_.at(meter).node;
  out.in_archive = archive_.contains(out.address);
  return out;
}

void mask_carried(Bytes& octets, const std::function<void(Bytes&)>& mask) {
  std::size_t at = 0;
  while (at < octets.size()) {
    const auto frame = decode_at_start(ByteView(octets).subspan(at));
    if (!frame) return mask(octets);  // no module's frames, or not only
    const std::size_t size = frame->size_octets();
    if (const auto carried = parse_carried(*frame); carried && !carried->content.empty()) {
      const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(at + carried->content_offset);
      Bytes content(begin, begin + static_cast<std::ptrdiff_t>(carried->content.size()));
      mask(content);
      std::ranges::copy(content, begin);
      mend_checksum(std::span(octets).subspan(at, size));
    }
    at += size;
  }
}

}  // namespace duheng::drivers
