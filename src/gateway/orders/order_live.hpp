#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/orders/line_move.hpp"
#include "gateway/orders/move_settling.hpp"
#include "gateway/orders/order_runner.hpp"

namespace duheng::gateway {

enum class OrderPhase : std::uint8_t {
  waiting,   ///< not begun; the log knows nothing
  logging,   ///< the log is being told
  ready,     ///< the next question may go out
  asking,    ///< it is out
  settling,  ///< the next read-back waits for its time
  checking,  ///< a read-back is out
};

/// Round trips of a ping, by the wall clock of both stamps.
struct PingTally {
  std::uint32_t answered = 0;
  std::int64_t shortest_ms = 0;
  std::int64_t longest_ms = 0;
  std::int64_t sum_ms = 0;
  void add(std::int64_t round_trip_ms) {
    shortest_ms = answered == 0 ? round_trip_ms : std::min(shortest_ms, round_trip_ms);
    longest_ms = std::max(longest_ms, round_trip_ms);
    sum_ms += round_trip_ms;
    ++answered;
  }
};

/// An order that is not over.
struct OrderRunner::Live {
  FieldOrder order;
  OrderScript script;
  OrderReport report;
  OrderPhase phase = OrderPhase::waiting;
  std::int64_t expires_at_ms = INT64_MAX;
  std::size_t step = 0;          ///< the next, or the one that is out
  std::size_t accepted = 0;      ///< changes that the device has accepted
  bool begun = false;            ///< the log has, or is getting, a record of it
  bool asked = false;            ///< an octet may have left
  bool answered = false;         ///< the device has accepted all changes
  bool recovered = false;        ///< begun before a restart
  bool refused_in_part = false;  ///< of a reading
  std::string refusal;           ///< its reason
  std::size_t values_left_out = 0;
  std::size_t history_questions = 0;
  std::optional<drivers::Query> history_query;  ///< the one that is out, or was when the channel closed
  std::int64_t next_at_ms = INT64_MIN;          ///< settling: when to read back
  std::int64_t check_until_ms = INT64_MAX;      ///< what differs then is failed
  std::int64_t settle_until_ms = INT64_MAX;     ///< what is not answered then is unknown
  std::optional<MoveSettling> move;             ///< where the device is now is being found out
  drivers::NewPlace old_place;                  ///< where it was before
  PingTally ping;
  drivers::LineFormat line;                  ///< it is for the whole of its line, at this; says nothing: it is not
  std::int64_t gather_until_ms = INT64_MAX;  ///< when the orders of the line's other devices must have come
  bool in_line = false;                      ///< one of a LineWork
  std::uint32_t ticket = 0;
  std::uint32_t change_ticket = 0;  ///< of the change without an answer

  [[nodiscard]] bool changes() const noexcept {
    return (order.kind == OrderKind::command || order.kind == OrderKind::parameter) &&
           script.maintenance == drivers::Maintenance::none;
  }
  /// Something is done that the log must know of before.
  [[nodiscard]] bool is_logged() const noexcept {
    return changes() || script.maintenance == drivers::Maintenance::gateway_restart;
  }
  [[nodiscard]] bool is_history() const noexcept { return order.kind == OrderKind::history; }
  [[nodiscard]] bool is_for_line() const noexcept { return !line.says_nothing(); }
};

/// E.g. "9600 bit/s", "odd parity".
[[nodiscard]] std::string words_of(const drivers::LineFormat& format);
/// As much of what a line is now as `wanted` speaks of.
[[nodiscard]] drivers::LineFormat present_format(const FieldAccess::Line& line, const drivers::LineFormat& wanted);

/// A line whose devices are being taken to another speed or parity, by one order each.
struct OrderRunner::LineWork {
  std::vector<OrderId> members;
  LineMove::Begin begin = LineMove::Begin::afresh;
  std::optional<LineMove> move;  ///< when the log knows of all members
  drivers::LineFormat old_format;
  drivers::LineFormat new_format;
  bool telling = false;                ///< the question that is out tells, and does not look
  std::vector<drivers::Query> saying;  ///< what tells the device whose turn it is; the last question is the change
  std::size_t said = 0;                ///< of these, how many it has answered
  [[nodiscard]] bool is_change_out() const noexcept { return telling && said + 1 == saying.size(); }
  [[nodiscard]] const drivers::LineFormat& format_at(LineMove::Place place) const noexcept {
    return place == LineMove::Place::new_place ? new_format : old_format;
  }
  /// What is said next is for another device, or begins anew.
  void say_nothing() {
    saying.clear();
    said = 0;
  }
};

}  // namespace duheng::gateway
