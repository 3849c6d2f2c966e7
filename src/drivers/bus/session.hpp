#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "drivers/bus/dialect.hpp"

namespace duheng::drivers {

/// How a meter type wants to be spoken to.
struct MeterTiming {
  std::int64_t response_timeout_ms =
      1'500;                 ///< last octet of the question to first octet of the answer, and some reserve
  std::uint8_t retries = 2;  ///< further questions after the first
  std::uint8_t preamble_octets = 4;
};

struct SessionSettings {
  /// A connection that reaches the meters alone (TCP) is dropped and opened anew after a time-out: no late answer can
  /// then come. On a shared line (serial) the session waits instead, as long again as the time-out, before it asks
  /// anything else.
  bool reopen_after_timeout = false;
  std::int64_t octet_time_us = 0;  ///< time of one octet on the line; 0 when it does not matter (TCP)
  /// A half-duplex line whose receiver hears what is sent: what comes back first is taken off. Needed where an answer
  /// looks like its question (Modbus writes).
  bool line_echoes = false;
  std::size_t questions_max = 65'536;  ///< waiting questions; beyond it ask() refuses
};

enum class Outcome : std::uint8_t {
  answered,   ///< `payload` holds the data
  refused,    ///< the meter answered with an error word
  timed_out,  ///< no usable answer after all retries; of a command: nobody knows whether it was done
  sent,       ///< a broadcast is out
};

/// One question and what became of it. The views end with the call that brings them.
struct Exchange {
  std::uint64_t number = 0;  ///< rising; for stored_through()
  std::uint32_t meter = 0;
  std::uint32_t tag = 0;         ///< what the asker gave
  const Query* query = nullptr;  ///< as asked; ends with the call
  Outcome outcome = Outcome::timed_out;
  bool late = false;        ///< a whole answer to an earlier question, come when another was waited for
  bool unasked = false;     ///< told by the device of its own accord: no tag, no request, and `query` is null
  std::uint32_t error = 0;  ///< of a refusal: the protocol's own code
  ByteView request;         ///< with preamble; follow-up questions behind it
  ByteView response;        ///< without preamble; following frames behind it; empty when none came
  ByteView payload;         ///< what the answer holds, by the dialect's header; following frames joined
  std::int64_t sent_utc_ms = 0;
  Moment received;  ///< last octet
};

/// What a session wants done. Must not call back into the session.
class SessionOutput {
 public:
  virtual ~SessionOutput() = default;
  virtual void send(ByteView octets) = 0;
  virtual void deliver(const Exchange& exchange) = 0;
  /// Close the channel and open it again; closed() is implied, opened() must follow when it stands.
  virtual void reopen() = 0;
};

struct MeterCounters {
  std::uint64_t questions = 0;  ///< retries included
  std::uint64_t answers = 0;
  std::uint64_t refusals = 0;
  std::uint64_t time_outs = 0;
  std::uint64_t late_answers = 0;
  std::uint64_t unasked_answers = 0;  ///< whole, from this meter, but to no question of ours: dropped
  /// Damaged frames (checksum, end octet, cut short) and octets of no frame, heard while an answer of this meter was
  /// awaited or still due. Who spoiled them nobody can tell: the meter, its line, or somebody who spoke at once.
  std::uint64_t bad_frames = 0;
  std::uint64_t noise_octets = 0;
  std::uint64_t reports = 0;  ///< told of its own accord
};
struct BusCounters {
  std::uint64_t echoes = 0;             ///< our own question heard back (half duplex)
  std::uint64_t foreign_questions = 0;  ///< another master on the line
  std::uint64_t foreign_answers = 0;    ///< of meters that are not ours
  std::uint64_t bad_frames = 0;         ///< checksum, end octet, or cut short; those counted to meters among them
  std::uint64_t noise_octets = 0;       ///< likewise
  std::uint64_t stray_bad_frames = 0;   ///< of bad_frames: heard while no meter's answer was awaited
  std::uint64_t stray_noise_octets = 0;
};

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
class Session {
 public:
  struct Question {
    std::uint32_t meter = 0;
    Query query;
    std::uint32_t tag = 0;
  };
  Session(std::unique_ptr<Dialect> dialect, SessionSettings settings)
      : settings_(settings), dialect_(std::move(dialect)) {}

  /// Adds a meter and returns its number: 0, 1, 2 ...; numbers of retired meters are given again.
  std::uint32_t add_meter(const BusAddress& address, const MeterTiming& timing);
  /// A meter in service has this address.
  [[nodiscard]] bool has_meter(const BusAddress& address) const { return by_address_.contains(address); }
  /// Takes a meter out of service: its waiting questions are dropped. A question under way keeps the line until it
  /// ends, so that its answer is not taken for another's; it is not repeated, and what became of it is still delivered.
  /// Late answers count as foreign.
  struct Retired {
    std::vector<Question> waiting;      ///< will not be answered
    std::optional<Question> under_way;  ///< its outcome is still delivered, unless the channel ends before
  };
  Retired retire_meter(std::uint32_t meter);
  /// From now on the meter is asked under this address; what is under way goes on. False: another meter has it.
  [[nodiscard]] bool change_address(std::uint32_t meter, const BusAddress& address);
  [[nodiscard]] const BusAddress& address(std::uint32_t meter) const { return meters_.at(meter).address; }
  /// The line has another speed from its next opening on.
  void set_octet_time_us(std::int64_t octet_time_us) noexcept { settings_.octet_time_us = octet_time_us; }
  /// Queues a question, behind the urgent ones or behind all. False when `questions_max` are waiting.
  [[nodiscard]] bool ask(std::uint32_t meter, Query query, std::uint32_t tag, bool urgent = false);
  /// Drops the meter's questions that were not sent yet, but for urgent ones; returns how many.
  std::size_t drop_questions(std::uint32_t meter);

  // Inputs. Each may send, deliver, reopen.
  void opened(const Moment& now, SessionOutput& out);
  /// The channel is gone: a question under way and all waiting ones are dropped without a word. Returns the one under
  /// way, whose fate is unknown.
  std::optional<Question> closed();
  void octets(const Moment& now, ByteView octets, SessionOutput& out);
  /// To be called at deadline_ms(), or any time.
  void timer(const Moment& now, SessionOutput& out);
  /// Exchanges up to this number are durable.
  void stored_through(std::uint64_t number, const Moment& now, SessionOutput& out);
  /// Counts an exchange that took place before this session had the line: the next question waits until the number
  /// returned is durable, too.
  [[nodiscard]] std::uint64_t count_exchange() noexcept { return ++delivered_; }
  /// After ask(): sends when nothing is under way.
  void advance(const Moment& now, SessionOutput& out);

  /// Monotonic time at which timer() is wanted; INT64_MAX when none is.
  [[nodiscard]] std::int64_t deadline_ms() const noexcept { return deadline_ms_; }
  [[nodiscard]] bool is_open() const noexcept { return state_ != State::closed; }
  /// The meter that the question being sent, or under way, is for.
  [[nodiscard]] std::optional<std::uint32_t> meter_asked() const noexcept {
    return has_current_ ? std::optional(current_.meter) : std::nullopt;
  }
  /// A question is out and its answer has not come.
  [[nodiscard]] bool awaiting_answer() const noexcept { return state_ == State::awaiting; }
  [[nodiscard]] std::size_t waiting_questions() const noexcept { return urgent_.size() + questions_.size(); }
  /// Meters in service.
  [[nodiscard]] std::size_t meter_count() const noexcept { return by_address_.size(); }
  [[nodiscard]] const MeterCounters& counters(std::uint32_t meter) const { return meters_.at(meter).counters; }
  [[nodiscard]] BusCounters bus_counters() const noexcept;

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
