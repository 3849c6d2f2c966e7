#include "drivers/bus/session.hpp"

#include <algorithm>

namespace duheng::drivers {

/// Hands the dialect's frames on; what comes after the channel was given up is not looked at.
class Session::Listener final : public FrameListener {
 public:
  Listener(Session& session, const Moment& now, SessionOutput& out) : session_(session), now_(now), out_(out) {}
  void on_frame(const HeardFrame& frame) override {
    if (session_.state_ == State::closed) return;
    session_.count_damage(session_.meter_due());  // what was heard before this frame
    session_.on_frame(frame, now_, out_);
  }

 private:
  Session& session_;
  const Moment& now_;
  SessionOutput& out_;
};

std::uint32_t Session::add_meter(const BusAddress& address, const MeterTiming& timing) {
  auto number = static_cast<std::uint32_t>(meters_.size());
  if (free_meters_.empty()) {
    meters_.emplace_back();
  } else {
    number = free_meters_.back();
    free_meters_.pop_back();
  }
  meters_[number] = {address, timing, {}, false};
  by_address_.insert_or_assign(address, number);
  return number;
}

Session::Retired Session::retire_meter(std::uint32_t meter) {
  Retired out;
  for (auto* queue : {&urgent_, &questions_}) {
    for (Question& question : *queue)
      if (question.meter == meter) out.waiting.push_back(std::move(question));
    std::erase_if(*queue, [&](const Question& question) { return question.meter == meter; });
  }
  if (open_ && open_->question.meter == meter) open_.reset();  // the line still settles
  const auto known = by_address_.find(meters_[meter].address);
  if (known != by_address_.end() && known->second == meter) by_address_.erase(known);
  meters_[meter].retired = true;
  const bool is_current = has_current_ && current_.meter == meter;
  if (is_current && state_ == State::awaiting) {
    out.under_way = current_;
    return out;
  }
  if (is_current) {  // the connection is being opened anew for it
    out.waiting.push_back(std::move(current_));
    has_current_ = false;
    attempts_ = 0;
  }
  free_meters_.push_back(meter);
  return out;
}

bool Session::change_address(std::uint32_t meter, const BusAddress& address) {
  auto& state = meters_.at(meter);
  if (state.address == address) return true;
  if (by_address_.contains(address)) return false;
  if (const auto known = by_address_.find(state.address); known != by_address_.end() && known->second == meter)
    by_address_.erase(known);
  state.address = address;
  by_address_.emplace(address, meter);
  return true;
}

bool Session::ask(std::uint32_t meter, Query query, std::uint32_t tag, bool urgent) {
  if (waiting_questions() >= settings_.questions_max) return false;
  (urgent ? urgent_ : questions_).push_back({meter, std::move(query), tag});
  return true;
}

std::size_t Session::drop_questions(std::uint32_t meter) {
  return std::erase_if(questions_, [&](const Question& question) { return question.meter == meter; });
}

void Session::opened(const Moment& now, SessionOutput& out) {
  dialect_->reset();
  open_.reset();
  quiet_until_ms_ = INT64_MIN;
  if (!settings_.reopen_after_timeout) {
    std::int64_t longest_ms = 0;
    for (const Meter& meter : meters_) longest_ms = std::max(longest_ms, meter.timing.response_timeout_ms);
    quiet_until_ms_ = now.monotonic_ms + longest_ms;
  }
  state_ = State::idle;
  deadline_ms_ = INT64_MAX;
  if (has_current_) {  // reopened because of a time-out: the question still has attempts left
    send_current(now, out);
    return;
  }
  advance(now, out);
}

std::vector<LineSession::Question> Session::closed() {
  std::vector<Question> under_way;
  if (has_current_) {
    if (meters_[current_.meter].retired) free_meters_.push_back(current_.meter);
    under_way.push_back(std::move(current_));
  }
  state_ = State::closed;
  deadline_ms_ = INT64_MAX;
  has_current_ = false;
  attempts_ = 0;
  answers_due_ = 0;
  open_.reset();
  confirmations_.clear();
  urgent_.clear();
  questions_.clear();
  dialect_->reset();
  return under_way;
}

void Session::advance(const Moment& now, SessionOutput& out) {
  if (state_ != State::idle && state_ != State::settling) return;
  if (delivered_ > stored_ || !confirm_reports(now, out)) return;
  auto& next = urgent_.empty() ? questions_ : urgent_;
  if (next.empty()) return;
  if (!line_is_quiet(now, out)) return;
  open_.reset();
  current_ = std::move(next.front());
  next.pop_front();
  has_current_ = true;
  send_current(now, out);
}

bool Session::confirm_reports(const Moment& now, SessionOutput& out) {
  while (!confirmations_.empty()) {
    if (!line_is_quiet(now, out)) return false;
    last_sent_ = std::move(confirmations_.front());
    confirmations_.erase(confirmations_.begin());
    echo_heard_ = 0;
    out.send(last_sent_);
    const std::int64_t own_time_ms = static_cast<std::int64_t>(last_sent_.size()) * settings_.octet_time_us / 1'000;
    quiet_until_ms_ = std::max(quiet_until_ms_, now.monotonic_ms + own_time_ms);
  }
  return true;
}

/// Whether a question may go out now. If not, the session settles, or has just delivered what the line still held.
bool Session::line_is_quiet(const Moment& now, SessionOutput& out) {
  std::int64_t until_ms = quiet_until_ms_;
  // A frame that has begun is waited for, but not for ever: noise begins frames too.
  if (dialect_->pending_octets() > 0 && !feeding_)
    until_ms = std::max(
        until_ms, std::min(last_octet_ms_ + dialect_->octet_gap_ms(), settled_at_ms_ + 4 * dialect_->octet_gap_ms()));
  if (now.monotonic_ms < until_ms) {
    state_ = State::settling;
    deadline_ms_ = until_ms;
    return false;
  }
  if (feeding_) return true;
  // What looked like a beginning may hide an answer that must not turn up behind the next question.
  Listener listener(*this, now, out);
  const auto due = meter_due();
  dialect_->flush(listener);
  count_damage(due);
  return delivered_ <= stored_;
}

void Session::build(const Question& question, std::uint32_t part) {
  const Meter& meter = meters_[question.meter];
  dialect_->build(meter.address, question.query, part, meter.timing.preamble_octets, last_sent_);
}

void Session::send_current(const Moment& now, SessionOutput& out) {
  request_.clear();
  response_.clear();
  payload_.clear();
  part_ = 0;
  build(current_, part_);
  request_ = last_sent_;
  sent_utc_ms_ = now.utc_ms;
  transmit(now, out);
}

void Session::transmit(const Moment& now, SessionOutput& out) {
  const Meter& meter = meters_[current_.meter];
  ++meters_[current_.meter].counters.questions;
  const std::int64_t own_time_ms = static_cast<std::int64_t>(last_sent_.size()) * settings_.octet_time_us / 1'000;
  if (!current_.query.has_answer) {
    echo_heard_ = 0;
    out.send(last_sent_);
    // Whoever is spoken to by a broadcast keeps silent; the line is free when it has travelled.
    finish(Outcome::sent, 0, now, out);
    quiet_until_ms_ = now.monotonic_ms + own_time_ms + meter.timing.response_timeout_ms;
    advance(now, out);
    return;
  }
  ++answers_due_;
  ++window_number_;
  state_ = State::awaiting;
  const std::int64_t answer_time_ms =
      static_cast<std::int64_t>(dialect_->frame_octets_max()) * settings_.octet_time_us / 1'000;
  deadline_ms_ = now.monotonic_ms + own_time_ms + meter.timing.response_timeout_ms;
  // Octets that keep coming put the time-out off, but noise without end must not.
  deadline_limit_ms_ = deadline_ms_ + meter.timing.response_timeout_ms + answer_time_ms;
  settled_at_ms_ = deadline_limit_ms_;
  echo_heard_ = 0;
  out.send(last_sent_);
}

/// What is left of `octets` when the line's echo of our own question is taken off. What looked like an echo and was
/// none is given back with what follows it.
ByteView Session::without_echo(ByteView octets) {
  if (!settings_.line_echoes || echo_heard_ == SIZE_MAX) return octets;
  const std::size_t before = echo_heard_;
  std::size_t same = 0;
  while (same < octets.size() && before + same < last_sent_.size() && octets[same] == last_sent_[before + same]) ++same;
  if (before + same == last_sent_.size()) {
    ++counters_.echoes;
    echo_heard_ = SIZE_MAX;
    return octets.subspan(same);
  }
  echo_heard_ = before + same;
  if (same == octets.size()) return {};
  echo_heard_ = SIZE_MAX;
  held_back_.assign(last_sent_.begin(), last_sent_.begin() + static_cast<std::ptrdiff_t>(before));
  held_back_.insert(held_back_.end(), octets.begin(), octets.end());
  return held_back_;
}

void Session::octets(const Moment& now, ByteView octets, SessionOutput& out) {
  if (state_ == State::closed) return;
  last_octet_ms_ = now.monotonic_ms;
  feeding_ = true;
  Listener listener(*this, now, out);
  const auto window = window_number_;
  dialect_->feed(without_echo(octets), listener);
  feeding_ = false;
  // What lies behind the frame that ended a question is nobody's.
  count_damage(window == window_number_ ? meter_due() : std::nullopt);
  if (state_ == State::awaiting && dialect_->pending_octets() > 0)
    deadline_ms_ = std::min(std::max(deadline_ms_, now.monotonic_ms + dialect_->octet_gap_ms()), deadline_limit_ms_);
}

std::optional<std::uint32_t> Session::meter_due() const {
  if (state_ == State::awaiting) return current_.meter;
  if (open_ && open_->answers_due > 0) return open_->question.meter;
  return std::nullopt;
}

void Session::count_damage(std::optional<std::uint32_t> meter) {
  const auto seen = dialect_->counters();
  const auto frames = seen.bad_frames - damage_seen_.bad_frames;
  const auto octets = seen.noise_octets - damage_seen_.noise_octets;
  damage_seen_ = seen;
  if (meter) {
    meters_[*meter].counters.bad_frames += frames;
    meters_[*meter].counters.noise_octets += octets;
  } else {
    counters_.stray_bad_frames += frames;
    counters_.stray_noise_octets += octets;
  }
}

bool Session::is_own_request(ByteView octets) const {
  return last_sent_.size() >= octets.size() &&
         std::equal(octets.begin(), octets.end(), last_sent_.end() - static_cast<std::ptrdiff_t>(octets.size()));
}

void Session::on_frame(const HeardFrame& frame, const Moment& now, SessionOutput& out) {
  if (!frame.from_device) {
    ++(is_own_request(frame.octets) ? counters_.echoes : counters_.foreign_questions);
    return;
  }
  const auto found = by_address_.find(frame.device);
  if (found != by_address_.end()) {
    if (auto report = dialect_->report(frame)) {
      on_report(found->second, std::move(*report), frame.octets, now, out);
      return;
    }
  }
  // By address, because the meter asked may have been retired meanwhile.
  if (state_ == State::awaiting && frame.device == meters_[current_.meter].address) {
    const auto judgement = dialect_->judge(frame, current_.query, part_, last_sent_);
    if (judgement.fit != Fit::none) {
      on_part(frame, judgement, now, out);
      return;
    }
  }
  if (found == by_address_.end()) {
    ++counters_.foreign_answers;
    return;
  }
  on_stray_answer(frame, found->second, now, out);
}

void Session::on_report(std::uint32_t meter, DeviceReport&& report, ByteView octets, const Moment& now,
                        SessionOutput& out) {
  ++meters_[meter].counters.reports;
  Exchange exchange;
  exchange.number = ++delivered_;
  exchange.meter = meter;
  exchange.outcome = Outcome::answered;
  exchange.unasked = true;
  exchange.response = octets;
  exchange.payload = report.payload;
  exchange.sent_utc_ms = now.utc_ms;
  exchange.received = now;
  if (!report.confirmation.empty()) {
    if (confirmations_.size() == confirmations_max) confirmations_.erase(confirmations_.begin());
    confirmations_.push_back(std::move(report.confirmation));
  }
  out.deliver(exchange);
}

void Session::on_part(const HeardFrame& frame, const Judgement& judgement, const Moment& now, SessionOutput& out) {
  answers_due_ -= std::min<std::uint32_t>(answers_due_, 1);
  if (payload_.size() + judgement.payload.size() > payload_octets_max) {
    time_out(now, out);
    return;
  }
  response_.insert(response_.end(), frame.octets.begin(), frame.octets.end());
  if (judgement.fit == Fit::refusal) {
    // Some protocols' refusals do not say of what. It is this question's, because nothing is asked while another may
    // be answered.
    finish(Outcome::refused, judgement.error, now, out);
    advance(now, out);
    return;
  }
  payload_.insert(payload_.end(), judgement.payload.begin(), judgement.payload.end());
  if (judgement.fit == Fit::part && !meters_[current_.meter].retired) {
    ask_following(now, out);
    return;
  }
  finish(Outcome::answered, 0, now, out);
  advance(now, out);
}

void Session::ask_following(const Moment& now, SessionOutput& out) {
  ++part_;
  attempts_ = 0;
  answers_due_ = 0;
  build(current_, part_);
  request_.insert(request_.end(), last_sent_.begin(), last_sent_.end());
  transmit(now, out);
}

void Session::on_stray_answer(const HeardFrame& frame, std::uint32_t meter, const Moment& now, SessionOutput& out) {
  Judgement judgement;
  if (open_ && open_->answers_due > 0 && open_->question.meter == meter)
    judgement = dialect_->judge(frame, open_->question.query, 0, open_->request);
  if (judgement.fit != Fit::whole && judgement.fit != Fit::refusal) {
    ++meters_[meter].counters.unasked_answers;
    return;
  }
  if (--open_->answers_due == 0) quiet_until_ms_ = INT64_MIN;
  ++meters_[meter].counters.late_answers;
  Exchange exchange;
  exchange.number = ++delivered_;
  exchange.meter = meter;
  exchange.tag = open_->question.tag;
  exchange.query = &open_->question.query;
  exchange.outcome = judgement.fit == Fit::refusal ? Outcome::refused : Outcome::answered;
  exchange.late = true;
  exchange.error = judgement.error;
  exchange.request = open_->request;
  exchange.response = frame.octets;
  if (judgement.fit == Fit::whole) exchange.payload = judgement.payload;
  exchange.sent_utc_ms = open_->sent_utc_ms;
  exchange.received = now;
  out.deliver(exchange);
}

void Session::finish(Outcome outcome, std::uint32_t error, const Moment& now, SessionOutput& out) {
  auto& counters = meters_[current_.meter].counters;
  counters.answers += outcome == Outcome::answered ? 1 : 0;
  counters.refusals += outcome == Outcome::refused ? 1 : 0;
  counters.time_outs += outcome == Outcome::timed_out ? 1 : 0;
  const Question ended = std::move(current_);
  Exchange exchange;
  exchange.meter = ended.meter;
  exchange.tag = ended.tag;
  exchange.query = &ended.query;
  exchange.outcome = outcome;
  exchange.error = error;
  exchange.request = request_;
  exchange.response = response_;
  exchange.payload = payload_;
  exchange.sent_utc_ms = sent_utc_ms_;
  exchange.received = now;
  if (outcome == Outcome::answered || outcome == Outcome::refused) exchange.number = ++delivered_;
  if (answers_due_ > 0) {
    open_ = OpenQuestion{ended, request_, sent_utc_ms_, answers_due_};
    quiet_until_ms_ = settled_at_ms_;
  }
  answers_due_ = 0;
  attempts_ = 0;
  has_current_ = false;
  ++window_number_;
  state_ = State::idle;
  deadline_ms_ = INT64_MAX;
  const bool retired = meters_[ended.meter].retired;
  if (retired) open_.reset();  // the line still settles
  out.deliver(exchange);
  if (retired) free_meters_.push_back(ended.meter);
}

void Session::timer(const Moment& now, SessionOutput& out) {
  if (now.monotonic_ms < deadline_ms_) return;
  if (state_ == State::settling) {
    state_ = State::idle;
    deadline_ms_ = INT64_MAX;
    advance(now, out);
    return;
  }
  if (state_ != State::awaiting) return;
  // Noise that looks like a beginning may hide the answer: silence has shown that nothing more belongs to it.
  if (dialect_->pending_octets() > 0) {
    Listener listener(*this, now, out);
    const auto due = meter_due();
    const auto window = window_number_;
    dialect_->flush(listener);
    count_damage(window == window_number_ ? due : std::nullopt);
    if (state_ != State::awaiting || now.monotonic_ms < deadline_ms_) return;
  }
  time_out(now, out);
}

void Session::time_out(const Moment& now, SessionOutput& out) {
  const bool again = !current_.query.at_most_once && !meters_[current_.meter].retired &&
                     attempts_ < meters_[current_.meter].timing.retries;
  ++attempts_;
  if (settings_.reopen_after_timeout) {
    confirmations_.clear();
    answers_due_ = 0;  // nothing can come over a connection that is gone
    if (!again) finish(Outcome::timed_out, 0, now, out);
    state_ = State::closed;
    deadline_ms_ = INT64_MAX;
    out.reopen();
    return;
  }
  if (again) {
    transmit(now, out);
    return;
  }
  finish(Outcome::timed_out, 0, now, out);
  advance(now, out);
}

void Session::stored_through(std::uint64_t number, const Moment& now, SessionOutput& out) {
  stored_ = std::max(stored_, std::min(number, delivered_));
  advance(now, out);
}

BusCounters Session::bus_counters() const noexcept {
  BusCounters out = counters_;
  const auto line = dialect_->counters();
  out.bad_frames = line.bad_frames;
  out.noise_octets = line.noise_octets;
  return out;
}

}  // namespace duheng::drivers
