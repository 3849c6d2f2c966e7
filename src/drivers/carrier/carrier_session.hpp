#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/stream_parser.hpp"
#include "drivers/bus/dialect.hpp"
#include "drivers/bus/line_session.hpp"

namespace duheng::drivers {

/// How a concentrator's local communication module is spoken to.
struct CarrierSettings {
  /// Set in the module when it has another; none: the module keeps its own.
  std::optional<gdw13762::NodeAddress> main_node{};
  std::uint8_t communication_kind = static_cast<std::uint8_t>(gdw13762::CommunicationKind::routed_carrier);
  std::int64_t module_timeout_ms = 5'000;  ///< for what the module itself answers
  /// For a meter's answer where the module tells no time; where it does, its time and module_timeout_ms.
  std::int64_t node_timeout_ms = 60'000;
  std::uint8_t at_once_max = 8;            ///< questions under way, where the module takes several
  std::int64_t busy_pause_ms = 1'000;      ///< before a question that the module was too busy for is put again
  std::int64_t silence_pause_ms = 10'000;  ///< before a module that said nothing is tried again
};

struct CarrierCounters {
  std::uint64_t starts = 0;           ///< begun anew: opened, silent, or restarted
  std::uint64_t module_restarts = 0;  ///< told by the module
  std::uint64_t silences = 0;         ///< the module itself did not answer
  std::uint64_t denials = 0;          ///< of any kind
  std::uint64_t busy = 0;             ///< of those: it, or the node, was busy
  std::uint64_t nodes_added = 0;      ///< to its archive
  std::uint64_t nodes_deleted = 0;
  std::uint64_t nodes_refused = 0;
  std::uint64_t route_questions = 0;  ///< it wanted to know what to read
  friend bool operator==(const CarrierCounters&, const CarrierCounters&) = default;
};

/// What is known of the way to a meter, from the last frame that came from it.
struct CarrierNode {
  gdw13762::NodeAddress address;
  bool in_archive = false;
  std::uint8_t relay_level = 0;
  std::uint8_t phase = 0;           ///< 0 not known, 1 to 3
  std::uint8_t signal_quality = 0;  ///< of its answer; 0 not known, 1 worst to 15
};

/// The node under which a module knows a meter of this address.
[[nodiscard]] gdw13762::NodeAddress carrier_node(gdw13762::CarriedProtocol protocol, const BusAddress& address);

/// A master that reaches its meters through a carrier or radio module (Q/GDW 1376.2-2013): a concentrator's local
/// module on a serial line or TCP, meters of one protocol behind it. The meters' dialect is the same as on any other
/// channel; what goes over the line is the module's frames, and they are what Exchange::request and ::response hold.
///
/// Start: the module is asked how it runs, gets its main node's address, its route is suspended, and its archive of
/// nodes is made that of the meters here. A module that tells that it has started, or falls silent, begins anew.
/// Reading: 13H F1, one question at a time; F1H F1, several at once, where the module's index of services has it. An
/// answer counts for a question by its serial number, its node, and what the dialect says of the meter's frame in it.
/// A question denied because the module is busy was not sent and is put again, also a command; other denials and
/// answers without content end an attempt as silence does. Broadcasts go by 05H F3.
class CarrierSession final : public LineSession {
 public:
  using MakeDialect = std::function<std::unique_ptr<Dialect>()>;
  CarrierSession(MakeDialect make_dialect, gdw13762::CarriedProtocol protocol, SessionSettings settings,
                 const CarrierSettings& carrier);
  ~CarrierSession() override;

  std::uint32_t add_meter(const BusAddress& address, const MeterTiming& timing) override;
  [[nodiscard]] bool has_meter(const BusAddress& address) const override { return by_address_.contains(address); }
  Retired retire_meter(std::uint32_t meter) override;
  [[nodiscard]] bool change_address(std::uint32_t meter, const BusAddress& address) override;
  [[nodiscard]] const BusAddress& address(std::uint32_t meter) const override;
  void set_octet_time_us(std::int64_t octet_time_us) noexcept override { settings_.octet_time_us = octet_time_us; }
  using LineSession::ask;
  [[nodiscard]] bool ask(std::uint32_t meter, Query query, std::uint32_t tag, bool urgent) override;
  std::size_t drop_questions(std::uint32_t meter) override;

  void opened(const Moment& now, SessionOutput& out) override;
  std::vector<Question> closed() override;
  void octets(const Moment& now, ByteView octets, SessionOutput& out) override;
  void timer(const Moment& now, SessionOutput& out) override;
  void stored_through(std::uint64_t number, const Moment& now, SessionOutput& out) override;
  [[nodiscard]] std::uint64_t count_exchange() noexcept override { return ++delivered_; }
  void advance(const Moment& now, SessionOutput& out) override;

  [[nodiscard]] std::int64_t deadline_ms() const noexcept override;
  [[nodiscard]] bool is_open() const noexcept override { return phase_ != Phase::closed; }
  [[nodiscard]] std::optional<std::uint32_t> meter_of(ByteView octets) const override;
  [[nodiscard]] bool awaiting_answer() const noexcept override;
  [[nodiscard]] std::size_t waiting_questions() const noexcept override { return waiting_; }
  [[nodiscard]] std::size_t meter_count() const noexcept override { return by_address_.size(); }
  [[nodiscard]] const MeterCounters& counters(std::uint32_t meter) const override;
  [[nodiscard]] BusCounters bus_counters() const noexcept override;

  [[nodiscard]] const CarrierCounters& carrier_counters() const noexcept { return carrier_counters_; }
  /// The module runs, and its archive is as it shall be.
  [[nodiscard]] bool is_ready() const noexcept;
  [[nodiscard]] bool asks_several_at_once() const noexcept { return takes_several_; }
  [[nodiscard]] CarrierNode node(std::uint32_t meter) const;

  static constexpr std::size_t payload_octets_max = 16'384;
  static constexpr int busy_attempts_max = 20;
  static constexpr std::size_t late_questions_max = 64;
  static constexpr std::size_t reports_unconfirmed_max = 16;

 private:
  enum class Phase : std::uint8_t { closed, starting, ready, resting };
  enum class Step : std::uint8_t { mode, timeout, main_node, set_main_node, index, suspend, page, archive, done };
  struct Meter;
  struct Flight;
  struct Late;
  struct Errand;
  struct Report;
  class Collector;

  // carrier_start.cpp
  void begin(const Moment& now, SessionOutput& out);
  /// Sends what is due next of the start or of the archive; false when nothing is.
  bool run_errands(const Moment& now, SessionOutput& out);
  [[nodiscard]] std::optional<Errand> next_errand();
  [[nodiscard]] std::optional<Errand> archive_errand();
  void send_errand(const Moment& now, SessionOutput& out);
  void on_errand_answer(const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void read_start_answer(Step step, const gdw13762::FrameView& frame, bool denied);
  void read_page(const gdw13762::FrameView& frame, bool denied);
  void read_archive_answer(const Errand& errand, const gdw13762::FrameView& frame, bool denied);
  void on_errand_silence(const Moment& now, SessionOutput& out);
  void module_is_silent(const Moment& now, SessionOutput& out);
  void lose_flights(const Moment& now, SessionOutput& out);

  // carrier_session.cpp
  void on_frame(const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void on_module_began(const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void on_pushed(const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void on_denied(std::size_t flight, gdw13762::DenyCode why, const Moment& now, SessionOutput& out);
  void on_answer(std::size_t flight, const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void on_part(std::size_t flight, const Judgement& judgement, ByteView frame, const Moment& now, SessionOutput& out);
  void on_late(const gdw13762::FrameView& frame, const Moment& now, SessionOutput& out);
  void on_no_answer(std::size_t flight, const Moment& now, SessionOutput& out);
  void launch(const Moment& now, SessionOutput& out);
  void launch_confirmations(const Moment& now, SessionOutput& out);
  [[nodiscard]] std::optional<std::uint32_t> next_meter();
  [[nodiscard]] bool may_be_asked(const Meter& meter) const;
  void start_flight(std::uint32_t meter, const Moment& now, SessionOutput& out);
  void transmit(Flight& flight, const Moment& now, SessionOutput& out);
  void finish(std::size_t flight, Outcome outcome, std::uint32_t error, const Moment& now, SessionOutput& out);
  void put_off(Flight& flight, const Moment& now);
  void requeue(Flight&& flight);
  void make_ready(std::uint32_t meter);
  [[nodiscard]] std::optional<std::size_t> flight_of(std::uint8_t serial) const;
  [[nodiscard]] std::uint8_t take_serial();
  [[nodiscard]] std::int64_t answer_time_ms() const;
  [[nodiscard]] std::size_t window() const;
  [[nodiscard]] Bytes framed(const gdw13762::Service& service, ByteView data, std::uint8_t serial, bool is_answer,
                             const gdw13762::NodeAddress* node) const;
  void answer_module(const gdw13762::FrameView& to, const gdw13762::Service& service, ByteView data,
                     SessionOutput& out);

  MakeDialect make_dialect_;
  gdw13762::CarriedProtocol protocol_;
  SessionSettings settings_;
  CarrierSettings carrier_;
  std::vector<Meter> meters_;
  std::vector<std::uint32_t> free_meters_;
  std::map<BusAddress, std::uint32_t> by_address_;
  std::deque<std::uint32_t> ready_urgent_;  ///< meters that have something to ask, each once
  std::deque<std::uint32_t> ready_;
  std::size_t waiting_ = 0;

  Phase phase_ = Phase::closed;
  Step step_ = Step::mode;
  std::unique_ptr<Errand> errand_;
  gdw13762::RunningMode mode_;
  gdw13762::NodeAddress main_node_;
  bool takes_several_ = false;
  std::uint8_t at_once_ = 1;
  std::set<gdw13762::NodeAddress> archive_;  ///< what the module has, as far as known
  std::set<gdw13762::NodeAddress> refused_;  ///< what it did not take
  std::set<gdw13762::NodeAddress> lost_;     ///< what it had and then did not know
  std::size_t nodes_seen_ = 0;
  std::size_t add_at_most_ = 1;  ///< nodes in one errand
  bool archive_changed_ = false;
  int silent_flights_ = 0;  ///< in a row, without any frame from the module
  std::int64_t rest_until_ms_ = INT64_MAX;
  std::int64_t pause_until_ms_ = INT64_MIN;

  gdw13762::StreamParser parser_;
  std::int64_t last_octet_ms_ = 0;
  std::vector<std::unique_ptr<Dialect>> dialects_;  ///< of flights that are not; each keeps what its protocol counts
  std::unique_ptr<Dialect> side_dialect_;           ///< of reports and late answers
  std::vector<Flight> flights_;
  std::deque<Late> late_;
  std::deque<Report> reports_;
  std::uint8_t serial_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t stored_ = 0;
  BusCounters counters_;
  CarrierCounters carrier_counters_;
};

/// As Driver::mask_secrets(), for frames of a carrier module: `mask` is given each meter's frame in them.
void mask_carried(Bytes& octets, const std::function<void(Bytes&)>& mask);

}  // namespace duheng::drivers
