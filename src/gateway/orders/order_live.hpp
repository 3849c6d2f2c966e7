#pragma once
#include <cstdint>
#include <optional>
#include <string>

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
  std::uint32_t ticket = 0;
  std::uint32_t change_ticket = 0;  ///< of the change without an answer

  [[nodiscard]] bool changes() const noexcept {
    return order.kind == OrderKind::command || order.kind == OrderKind::parameter;
  }
  [[nodiscard]] bool is_history() const noexcept { return order.kind == OrderKind::history; }
};

}  // namespace duheng::gateway
