#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "drivers/bus/dialect.hpp"
#include "drivers/bus/line_session.hpp"

namespace duheng::drivers {

/// A master on one bus (a serial line, or one connection) with one or many meters of one protocol: one question at a
/// time, urgent ones first, else in the order asked. Pure: octets and time in, actions out; no two meters' or two
/// questions' answers are ever mixed, because an answer counts only by what it carries itself (Dialect::judge()).
///
/// Durability: after an exchange with content the next question is sent only when stored_through() has named it. So the
/// meter's side may take a next, different question as proof that its earlier answers are safe (device/ledger).
/// Following frames are parts of one answer: it is durable as a whole or not at all.
///
/// What a device tells of its own accord (Dialect::report()) is delivered like an answer, and confirmed to the device
/// only when it is durable; a device that hears no confirmation tells it again.
///
/// A command (Query::at_most_once) is sent once, never repeated, and not carried over to a new connection.
class Session final : public LineSession {
 public:
  Session(std::unique_ptr<Dialect> dialect, SessionSettings settings)
      : settings_(settings), dialect_(std::move(dialect)) {}

  std::uint32_t add_meter(const BusAddress& address, const MeterTiming& timing) override;
  [[nodiscard]] bool has_meter(const BusAddress& address) const override { return by_address_.contains(address); }
  /// Takes a meter out of service: its waiting questions are dropped. A question under way keeps the line until it
  /// ends, so that its answer is not taken for another's; it is not repeated, and what became of it is still delivered.
  /// Late answers count as foreign.
  Retired retire_meter(std::uint32_t meter) override;
  [[nodiscard]] bool change_address(std::uint32_t meter, const BusAddress& address) override;
  [[nodiscard]] const BusAddress& address(std::uint32_t meter) const override { return meters_.at(meter).address; }
  void set_octet_time_us(std::int64_t octet_time_us) noexcept override { settings_.octet_time_us = octet_time_us; }
  using LineSession::ask;
  [[nodiscard]] bool ask(std::uint32_t meter, Query query, std::uint32_t tag, bool urgent) override;
  std::size_t drop_questions(std::uint32_t meter) override;

  // Inputs. Each may send, deliver, reopen.
  void opened(const Moment& now, SessionOutput& out) override;
  std::vector<Question> closed() override;
  void octets(const Moment& now, ByteView octets, SessionOutput& out) override;
  void timer(const Moment& now, SessionOutput& out) override;
  void stored_through(std::uint64_t number, const Moment& now, SessionOutput& out) override;
  /// The next question waits until the number returned is durable, too.
  [[nodiscard]] std::uint64_t count_exchange() noexcept override { return ++delivered_; }
  void advance(const Moment& now, SessionOutput& out) override;

  [[nodiscard]] std::int64_t deadline_ms() const noexcept override { return deadline_ms_; }
  [[nodiscard]] bool is_open() const noexcept override { return state_ != State::closed; }
  /// The meter that the question being sent, or under way, is for.
  [[nodiscard]] std::optional<std::uint32_t> meter_of(ByteView /*octets*/) const override {
    return has_current_ ? std::optional(current_.meter) : std::nullopt;
  }
  [[nodiscard]] bool awaiting_answer() const noexcept override { return state_ == State::awaiting; }
  [[nodiscard]] std::size_t waiting_questions() const noexcept override { return urgent_.size() + questions_.size(); }
  [[nodiscard]] std::size_t meter_count() const noexcept override { return by_address_.size(); }
  [[nodiscard]] const MeterCounters& counters(std::uint32_t meter) const override { return meters_.at(meter).counters; }
  [[nodiscard]] BusCounters bus_counters() const noexcept override;

  static constexpr std::size_t payload_octets_max = 16'384;
  /// Reports that wait for being confirmed; beyond it the oldest is not, and comes again.
  static constexpr std::size_t confirmations_max = 16;

 private:
  enum class State : std::uint8_t { closed, idle, awaiting, settling };
  struct Meter {
    BusAddress address;
    MeterTiming timing;
    MeterCounters counters;
    bool retired = false;
  };
  /// A question whose answer, or a second answer to which, may still come.
  struct OpenQuestion {
    Question question;
    Bytes request;
    std::int64_t sent_utc_ms = 0;
    std::uint32_t answers_due = 0;
  };

  void on_report(std::uint32_t meter, DeviceReport&& report, ByteView octets, const Moment& now, SessionOutput& out);
  /// When all that was delivered is durable. False when the line is not quiet.
  [[nodiscard]] bool confirm_reports(const Moment& now, SessionOutput& out);
  [[nodiscard]] bool line_is_quiet(const Moment& now, SessionOutput& out);
  [[nodiscard]] ByteView without_echo(ByteView octets);
  void send_current(const Moment& now, SessionOutput& out);
  void transmit(const Moment& now, SessionOutput& out);
  class Listener;
  void on_frame(const HeardFrame& frame, const Moment& now, SessionOutput& out);
  void on_part(const HeardFrame& frame, const Judgement& judgement, const Moment& now, SessionOutput& out);
  /// Counts what the dialect could not use since the last time: to this meter, or to the line alone.
  void count_damage(std::optional<std::uint32_t> meter);
  /// The meter whose answer is awaited, or may still come late.
  [[nodiscard]] std::optional<std::uint32_t> meter_due() const;
  void on_stray_answer(const HeardFrame& frame, std::uint32_t meter, const Moment& now, SessionOutput& out);
  void ask_following(const Moment& now, SessionOutput& out);
  void time_out(const Moment& now, SessionOutput& out);
  /// Delivers the current exchange; the session is idle afterwards.
  void finish(Outcome outcome, std::uint32_t error, const Moment& now, SessionOutput& out);
  void build(const Question& question, std::uint32_t part);
  [[nodiscard]] bool is_own_request(ByteView octets) const;

  SessionSettings settings_;
  std::vector<Meter> meters_;
  std::vector<std::uint32_t> free_meters_;  ///< numbers to be given again
  std::map<BusAddress, std::uint32_t> by_address_;
  std::deque<Question> urgent_;
  std::deque<Question> questions_;
  std::unique_ptr<Dialect> dialect_;

  State state_ = State::closed;
  bool has_current_ = false;
  Question current_;
  std::uint32_t attempts_ = 0;     ///< of the current question, or of the following frame being asked for
  std::uint32_t answers_due_ = 0;  ///< questions sent for the current exchange less answers seen
  std::uint32_t part_ = 0;         ///< the following part asked for; 0 = the first frame
  std::int64_t sent_utc_ms_ = 0;
  std::int64_t deadline_ms_ = INT64_MAX;
  std::int64_t deadline_limit_ms_ = 0;
  std::int64_t settled_at_ms_ = 0;
  std::int64_t last_octet_ms_ = INT64_MIN / 2;
  bool feeding_ = false;                     ///< octets of the present call are still being cut into frames
  std::int64_t quiet_until_ms_ = INT64_MIN;  ///< nothing is asked before
  Bytes last_sent_;
  std::size_t echo_heard_ = 0;  ///< octets of last_sent_ that came back; SIZE_MAX: no echo is due
  Bytes held_back_;
  Bytes request_;
  Bytes response_;
  Bytes payload_;
  std::optional<OpenQuestion> open_;  ///< the last question, as long as something may still come to it
  std::vector<Bytes> confirmations_;  ///< of reports, in the order they came
  std::uint64_t delivered_ = 0;       ///< number of the newest exchange with content
  std::uint64_t stored_ = 0;
  BusCounters counters_;
  LineCounters damage_seen_;         ///< of the dialect's counters: already counted to a meter or the line
  std::uint64_t window_number_ = 0;  ///< of questions sent and exchanges ended, together
};

}  // namespace duheng::drivers
