#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "drivers/bus/query.hpp"

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

/// What asks the meters of one channel, whatever lies between: a bus (Session) or a carrier module (CarrierSession).
/// Pure: octets and time in, actions out; no two meters' or two questions' answers are ever mixed.
///
/// Durability: after an exchange with content a meter is asked its next question only when stored_through() has named
/// that exchange. So the meter's side may take a next, different question as proof that its earlier answers are safe.
/// What a device tells of its own accord is delivered like an answer, and confirmed to the device only when durable.
/// A command (Query::at_most_once) is sent once, never repeated, and not carried over to a new connection.
class LineSession {
 public:
  struct Question {
    std::uint32_t meter = 0;
    Query query;
    std::uint32_t tag = 0;
  };
  struct Retired {
    std::vector<Question> waiting;      ///< will not be answered
    std::optional<Question> under_way;  ///< its outcome is still delivered, unless the channel ends before
  };
  virtual ~LineSession() = default;

  /// Adds a meter and returns its number: 0, 1, 2 ...; numbers of retired meters are given again.
  virtual std::uint32_t add_meter(const BusAddress& address, const MeterTiming& timing) = 0;
  /// A meter in service has this address.
  [[nodiscard]] virtual bool has_meter(const BusAddress& address) const = 0;
  /// Takes a meter out of service: its waiting questions are dropped. A question under way is not repeated, and what
  /// became of it is still delivered.
  virtual Retired retire_meter(std::uint32_t meter) = 0;
  /// From now on the meter is asked under this address; what is under way goes on. False: another meter has it.
  [[nodiscard]] virtual bool change_address(std::uint32_t meter, const BusAddress& address) = 0;
  [[nodiscard]] virtual const BusAddress& address(std::uint32_t meter) const = 0;
  /// The line has another speed from its next opening on.
  virtual void set_octet_time_us(std::int64_t octet_time_us) noexcept = 0;
  /// Queues a question, behind the urgent ones or behind all. False when `questions_max` are waiting.
  [[nodiscard]] virtual bool ask(std::uint32_t meter, Query query, std::uint32_t tag, bool urgent) = 0;
  [[nodiscard]] bool ask(std::uint32_t meter, Query query, std::uint32_t tag) {
    return ask(meter, std::move(query), tag, false);
  }
  /// Drops the meter's questions that were not sent yet, but for urgent ones; returns how many.
  virtual std::size_t drop_questions(std::uint32_t meter) = 0;

  virtual void opened(const Moment& now, SessionOutput& out) = 0;
  /// The channel is gone: questions under way and all waiting ones are dropped without a word. Returns those under way,
  /// whose fate is unknown.
  virtual std::vector<Question> closed() = 0;
  virtual void octets(const Moment& now, ByteView octets, SessionOutput& out) = 0;
  /// To be called at deadline_ms(), or any time.
  virtual void timer(const Moment& now, SessionOutput& out) = 0;
  /// Exchanges up to this number are durable.
  virtual void stored_through(std::uint64_t number, const Moment& now, SessionOutput& out) = 0;
  /// Counts an exchange that took place before this session had the line.
  [[nodiscard]] virtual std::uint64_t count_exchange() noexcept = 0;
  /// After ask(): sends when it can.
  virtual void advance(const Moment& now, SessionOutput& out) = 0;

  /// Monotonic time at which timer() is wanted; INT64_MAX when none is.
  [[nodiscard]] virtual std::int64_t deadline_ms() const noexcept = 0;
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  /// The meter that octets of this line, sent or heard just now, are about, where that can be told.
  [[nodiscard]] virtual std::optional<std::uint32_t> meter_of(ByteView octets) const = 0;
  /// A question is out and its answer has not come.
  [[nodiscard]] virtual bool awaiting_answer() const noexcept = 0;
  [[nodiscard]] virtual std::size_t waiting_questions() const noexcept = 0;
  /// Meters in service.
  [[nodiscard]] virtual std::size_t meter_count() const noexcept = 0;
  [[nodiscard]] virtual const MeterCounters& counters(std::uint32_t meter) const = 0;
  [[nodiscard]] virtual BusCounters bus_counters() const noexcept = 0;

 protected:
  LineSession() = default;
  LineSession(const LineSession&) = default;
  LineSession(LineSession&&) = default;
  LineSession& operator=(const LineSession&) = default;
  LineSession& operator=(LineSession&&) = default;
};

}  // namespace duheng::drivers
