#include "drivers/dlt645/session.hpp"

#include <algorithm>

#include "codec/dlt645/message.hpp"

namespace duheng::drivers {
namespace {

using dlt645::DataIdentifier;
using dlt645::FrameView;
using dlt645::Function;

constexpr std::size_t answer_octets_max = dlt645::frame_layout::frame_octets_max;

std::uint64_t key_of(const dlt645::Address& address) noexcept {
  std::uint64_t key = 0;
  for (const std::uint8_t octet : address.wire()) key = key << 8 | octet;
  return key;
}

}  // namespace

std::uint32_t Session::add_meter(const dlt645::Address& address, const MeterTiming& timing) {
  const auto number = static_cast<std::uint32_t>(meters_.size());
  meters_.push_back({address, timing, {}});
  by_address_.emplace(key_of(address), number);
  return number;
}

bool Session::ask(std::uint32_t meter, DataIdentifier identifier, std::uint32_t tag) {
  if (questions_.size() >= settings_.questions_max) return false;
  questions_.push_back({meter, identifier, tag});
  return true;
}

std::size_t Session::drop_questions(std::uint32_t meter) {
  return std::erase_if(questions_, [&](const Question& question) { return question.meter == meter; });
}

void Session::opened(const Moment& now, SessionOutput& out) {
  parser_.reset();
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

void Session::closed() {
  state_ = State::closed;
  deadline_ms_ = INT64_MAX;
  has_current_ = false;
  attempts_ = 0;
  answers_due_ = 0;
  open_.reset();
  questions_.clear();
  parser_.reset();
}

void Session::advance(const Moment& now, SessionOutput& out) {
  if (state_ != State::idle && state_ != State::settling) return;
  if (delivered_ > stored_ || questions_.empty()) return;
  if (!line_is_quiet(now, out)) return;
  open_.reset();
  current_ = questions_.front();
  questions_.pop_front();
  has_current_ = true;
  send_current(now, out);
}

/// Whether a question may go out now. If not, the session settles, or has just delivered what the line still held.
bool Session::line_is_quiet(const Moment& now, SessionOutput& out) {
  std::int64_t until_ms = quiet_until_ms_;
  // A frame that has begun is waited for, but not for ever: noise begins frames too.
  if (parser_.pending_octets() > 0 && !feeding_)
    until_ms = std::max(until_ms, std::min(last_octet_ms_ + octet_gap_ms, settled_at_ms_ + 4 * octet_gap_ms));
  if (now.monotonic_ms < until_ms) {
    state_ = State::settling;
    deadline_ms_ = until_ms;
    return false;
  }
  if (feeding_) return true;
  // What looked like a beginning may hide an answer that must not turn up behind the next question.
  parser_.flush([&](const FrameView& frame) { on_frame(frame, now, out); });
  return delivered_ <= stored_;
}

void Session::build_request(const Question& question, Bytes& into) const {
  const Meter& meter = meters_[question.meter];
  const auto frame = dlt645::read_request(meter.address, question.identifier, meter.timing.preamble_octets);
  into.assign(frame.view().begin(), frame.view().end());
}

void Session::send_current(const Moment& now, SessionOutput& out) {
  request_.clear();
  response_.clear();
  payload_.clear();
  following_ = 0;
  build_request(current_, last_sent_);
  request_ = last_sent_;
  sent_utc_ms_ = now.utc_ms;
  transmit(now, out);
}

void Session::transmit(const Moment& now, SessionOutput& out) {
  const Meter& meter = meters_[current_.meter];
  ++meters_[current_.meter].counters.questions;
  ++answers_due_;
  state_ = State::awaiting;
  const std::int64_t own_time_ms = static_cast<std::int64_t>(last_sent_.size()) * settings_.octet_time_us / 1'000;
  const std::int64_t answer_time_ms = static_cast<std::int64_t>(answer_octets_max) * settings_.octet_time_us / 1'000;
  deadline_ms_ = now.monotonic_ms + own_time_ms + meter.timing.response_timeout_ms;
  // Octets that keep coming put the time-out off, but noise without end must not.
  deadline_limit_ms_ = deadline_ms_ + meter.timing.response_timeout_ms + answer_time_ms;
  settled_at_ms_ = deadline_limit_ms_;
  out.send(last_sent_);
}

void Session::octets(const Moment& now, ByteView octets, SessionOutput& out) {
  if (state_ == State::closed) return;
  last_octet_ms_ = now.monotonic_ms;
  feeding_ = true;
  parser_.feed(octets, [&](const FrameView& frame) {
    if (state_ != State::closed) on_frame(frame, now, out);
  });
  feeding_ = false;
  if (state_ == State::awaiting && parser_.pending_octets() > 0)
    deadline_ms_ = std::min(std::max(deadline_ms_, now.monotonic_ms + octet_gap_ms), deadline_limit_ms_);
}

bool Session::is_own_request(ByteView octets) const {
  return last_sent_.size() >= octets.size() &&
         std::equal(octets.begin(), octets.end(), last_sent_.end() - static_cast<std::ptrdiff_t>(octets.size()));
}

void Session::on_frame(const FrameView& frame, const Moment& now, SessionOutput& out) {
  if (!frame.from_slave()) {
    ++(is_own_request(frame.octets()) ? counters_.echoes : counters_.foreign_questions);
    return;
  }
  const auto found = by_address_.find(key_of(frame.address()));
  if (found == by_address_.end()) {
    ++counters_.foreign_answers;
    return;
  }
  const auto plain = frame.plain_data();
  const bool awaited = state_ == State::awaiting && found->second == current_.meter &&
                       frame.is(following_ == 0 ? Function::read : Function::read_following);
  if (awaited) {
    if (frame.is_error()) {
      // An error word names no identifier. It is this question's, because nothing is asked while another may be
      // answered.
      response_.insert(response_.end(), frame.octets().begin(), frame.octets().end());
      finish(Outcome::refused, plain.size() > 0 ? plain.view()[0] : 0, now, out);
      advance(now, out);
      return;
    }
    const auto reply = dlt645::parse_read_reply(frame, plain.view());
    if (reply && reply->identifier == current_.identifier && reply->sequence == following_) {
      on_answer(frame, reply->payload, now, out);
      return;
    }
  }
  on_stray_answer(frame, found->second, plain.view(), now, out);
}

void Session::on_answer(const FrameView& frame, ByteView data, const Moment& now, SessionOutput& out) {
  answers_due_ -= std::min<std::uint32_t>(answers_due_, 1);
  if (payload_.size() + data.size() > payload_octets_max) {
    time_out(now, out);
    return;
  }
  response_.insert(response_.end(), frame.octets().begin(), frame.octets().end());
  payload_.insert(payload_.end(), data.begin(), data.end());
  if (frame.has_following() && following_ < UINT8_MAX) {
    ask_following(now, out);
    return;
  }
  finish(Outcome::answered, 0, now, out);
  advance(now, out);
}

void Session::ask_following(const Moment& now, SessionOutput& out) {
  ++following_;
  attempts_ = 0;
  answers_due_ = 0;
  const Meter& meter = meters_[current_.meter];
  const auto frame =
      dlt645::read_following_request(meter.address, current_.identifier, following_, meter.timing.preamble_octets);
  last_sent_.assign(frame.view().begin(), frame.view().end());
  request_.insert(request_.end(), last_sent_.begin(), last_sent_.end());
  transmit(now, out);
}

void Session::on_stray_answer(const FrameView& frame, std::uint32_t meter, ByteView plain, const Moment& now,
                              SessionOutput& out) {
  const bool due = open_ && open_->answers_due > 0 && open_->question.meter == meter && frame.is(Function::read) &&
                   !frame.has_following();
  const auto reply = dlt645::parse_read_reply(frame, plain);
  const bool refusal = frame.is_error();
  if (!due || (!refusal && (!reply || reply->identifier != open_->question.identifier))) {
    ++meters_[meter].counters.unasked_answers;
    return;
  }
  if (--open_->answers_due == 0) quiet_until_ms_ = INT64_MIN;
  ++meters_[meter].counters.late_answers;
  Bytes request;
  build_request(open_->question, request);
  Exchange exchange;
  exchange.number = ++delivered_;
  exchange.meter = meter;
  exchange.tag = open_->question.tag;
  exchange.identifier = open_->question.identifier;
  exchange.outcome = refusal ? Outcome::refused : Outcome::answered;
  exchange.late = true;
  if (refusal && !plain.empty()) exchange.error_word = plain[0];
  exchange.request = request;
  exchange.response = frame.octets();
  if (!refusal) exchange.payload = reply->payload;
  exchange.sent_utc_ms = open_->sent_utc_ms;
  exchange.received = now;
  out.deliver(exchange);
}

void Session::finish(Outcome outcome, std::uint8_t error_word, const Moment& now, SessionOutput& out) {
  auto& counters = meters_[current_.meter].counters;
  ++(outcome == Outcome::answered  ? counters.answers
     : outcome == Outcome::refused ? counters.refusals
                                   : counters.time_outs);
  if (outcome == Outcome::refused) answers_due_ -= std::min<std::uint32_t>(answers_due_, 1);
  Exchange exchange;
  exchange.meter = current_.meter;
  exchange.tag = current_.tag;
  exchange.identifier = current_.identifier;
  exchange.outcome = outcome;
  exchange.error_word = error_word;
  exchange.request = request_;
  exchange.response = response_;
  exchange.payload = payload_;
  exchange.sent_utc_ms = sent_utc_ms_;
  exchange.received = now;
  if (outcome != Outcome::timed_out) exchange.number = ++delivered_;
  if (answers_due_ > 0) {
    open_ = OpenQuestion{current_, sent_utc_ms_, answers_due_};
    quiet_until_ms_ = settled_at_ms_;
  }
  answers_due_ = 0;
  attempts_ = 0;
  has_current_ = false;
  state_ = State::idle;
  deadline_ms_ = INT64_MAX;
  out.deliver(exchange);
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
  if (parser_.pending_octets() > 0) {
    parser_.flush([&](const FrameView& frame) {
      if (state_ != State::closed) on_frame(frame, now, out);
    });
    if (state_ != State::awaiting || now.monotonic_ms < deadline_ms_) return;
  }
  time_out(now, out);
}

void Session::time_out(const Moment& now, SessionOutput& out) {
  const bool again = attempts_ < meters_[current_.meter].timing.retries;
  ++attempts_;
  if (settings_.reopen_after_timeout) {
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
  const auto& parsed = parser_.counters();
  out.bad_frames = parsed.bad_checksums + parsed.bad_ends + parsed.unfinished;
  out.noise_octets = parsed.noise_octets + parsed.rejected_octets;
  return out;
}

}  // namespace duheng::drivers
