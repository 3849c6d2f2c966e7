#include <algorithm>
#include <fmt/format.h>

#include "gateway/orders/order_live.hpp"

namespace duheng::gateway {
namespace {

void keep_frame(OrderReport& report, OrderFrame frame) {
  if (report.frames.size() >= order_limits::report_frames_max) return;
  if (frame.request.size() + frame.response.size() > order_limits::report_frame_bytes_max) return;
  report.frames.push_back(std::move(frame));
}

/// Of a reading: only what was asked for.
void keep_values(OrderReport& report, const FieldOrder& order, std::vector<OrderValue> values, std::size_t& left_out) {
  for (auto& value : values) {
    if (order.kind == OrderKind::read && !order.registers.empty() && !value.read_back &&
        std::ranges::find(order.registers, value.register_name) == order.registers.end())
      continue;
    if (report.values.size() < order_limits::report_values_max)
      report.values.push_back(std::move(value));
    else
      ++left_out;
  }
}

}  // namespace

bool OrderRunner::exchange(std::uint32_t ticket, const drivers::Exchange& exchange, OrderFrame frame) {
  const auto out = out_.find(ticket);
  if (out != out_.end() && !exchange.late) {
    channels_[out->second].ticket = 0;
    stirred_.insert(out->second);
    out_.erase(out);
  }
  const auto asked = asked_.find(ticket);
  if (asked == asked_.end()) return false;
  auto& live = *live_.at(asked->second);
  keep_frame(live.report, std::move(frame));
  if (exchange.late) {
    if (live.in_line) return true;  // where it is is found out anyhow
    after_late(live, ticket, exchange);
    return true;
  }
  if (exchange.outcome != drivers::Outcome::timed_out) asked_.erase(asked);
  if (live.ticket != ticket) return true;
  live.ticket = 0;
  if (live.in_line)
    after_line(live, exchange);
  else if (live.move)
    after_look(live, exchange);
  else if (live.script.maintenance == drivers::Maintenance::ping)
    after_ping(live, exchange);
  else if (live.phase == OrderPhase::checking)
    after_check(live, exchange);
  else if (live.changes())
    after_step(live, exchange);
  else if (live.is_history())
    after_history(live, exchange);
  else
    after_question(live, exchange);
  return true;
}

void OrderRunner::end_refused(Live& live, std::uint32_t error) {
  if (live.move) go_to(live, MoveSettling::Place::old_place);
  std::string reason(live.script.model->driver->refusal_word(error));
  std::string detail = fmt::format("the device refused, error {:#x}", error);
  if (live.accepted == 0) return end(live, OrderState::refused, std::move(reason), std::move(detail));
  end(live, OrderState::failed, std::move(reason),
      fmt::format("{}; it had accepted {} of {} steps", detail, live.accepted, live.script.steps.size()));
}

void OrderRunner::after_step(Live& live, const drivers::Exchange& exchange) {
  const bool change = live.script.steps[live.step].at_most_once || !live.script.steps[live.step].has_answer;
  switch (exchange.outcome) {
    case drivers::Outcome::refused:
      return end_refused(live, exchange.error);
    case drivers::Outcome::timed_out:
      if (!change && live.accepted == 0)
        return end(live, OrderState::failed, "no_answer", "the device did not answer; nothing was changed");
      return settle(live, false);
    default:
      break;
  }
  live.accepted += change ? 1 : 0;
  if (++live.step == live.script.steps.size()) return settle(live, true);
  live.phase = OrderPhase::ready;
}

void OrderRunner::settle(Live& live, bool answered) {
  live.answered = answered;
  if (live.script.moves) {
    if (const auto place = field_.find(live.order.device_uid)) return begin_move(live, *place);
  }
  if (!live.script.check) {
    if (answered) return end(live, OrderState::done);
    return end(live, OrderState::unknown, "no_answer", "the answer was lost, and there is no way to read it back");
  }
  const std::int64_t now_ms = clock_.monotonic_ms();
  live.phase = OrderPhase::settling;
  live.next_at_ms = now_ms + live.script.check->first_after_ms();
  live.check_until_ms = now_ms + live.script.check->within_ms();
  live.settle_until_ms = now_ms + std::max(live.script.check->within_ms(), settings_.settle_ms);
  wake_at(live.next_at_ms, live.order.id);
  wake_at(live.settle_until_ms, live.order.id);
  tell(live, OrderState::under_way, answered ? "reading_back" : "no_answer");
}

void OrderRunner::after_question(Live& live, const drivers::Exchange& exchange) {
  const auto& question = live.script.questions[live.step];
  if (exchange.outcome == drivers::Outcome::timed_out)
    return end(live, OrderState::failed, "no_answer", "the device did not answer");
  if (exchange.outcome == drivers::Outcome::refused) {
    live.refusal = live.script.model->driver->refusal_word(exchange.error);
  } else {
    std::vector<OrderValue> values;
    if (!field_.note(question, exchange, values)) live.refusal = "answer_unusable";
    keep_values(live.report, live.order, std::move(values), live.values_left_out);
  }
  if (++live.step < live.script.questions.size()) {
    live.phase = OrderPhase::ready;
    return;
  }
  if (live.refusal.empty()) return end(live, OrderState::done);
  if (live.report.values.empty() && live.refusal != "answer_unusable")
    return end(live, OrderState::refused, live.refusal, "the device refused");
  end(live, OrderState::failed, live.refusal, "the device gave a part only");
}

void OrderRunner::after_history(Live& live, const drivers::Exchange& exchange) {
  live.history_query.reset();
  live.phase = OrderPhase::ready;
  if (exchange.outcome == drivers::Outcome::timed_out)
    return end(live, OrderState::failed, "no_answer", "the device did not answer");
  if (exchange.outcome == drivers::Outcome::refused) {
    if (live.script.run->refused(exchange.error)) return;
    return end_refused(live, exchange.error);
  }
  std::vector<drivers::HistoryValue> found;
  std::vector<OrderValue> values;
  if (!live.script.run->answered(exchange.payload, found)) live.refusal = "answer_unusable";
  field_.note_history(live.script.history->items, found, &values);
  keep_values(live.report, live.order, std::move(values), live.values_left_out);
}

void OrderRunner::after_check(Live& live, const drivers::Exchange& exchange) {
  live.phase = OrderPhase::settling;
  const auto& check = *live.script.check;
  if (exchange.outcome == drivers::Outcome::refused)
    return end(live, OrderState::unknown, "read_back_refused", "the device does not say what became of it");
  if (exchange.outcome == drivers::Outcome::timed_out) return check_again(live);
  std::vector<OrderValue> values;
  if (!field_.note(check.question(), exchange, values)) return check_again(live);
  std::erase_if(live.report.values, [](const OrderValue& value) { return value.read_back; });
  for (auto& value : values) value.read_back = true;
  keep_values(live.report, live.order, std::move(values), live.values_left_out);
  std::vector<drivers::ItemValue> items;
  if (!check.question().reader->read(exchange.payload, items)) return check_again(live);
  if (check.holds(items))
    return end(live, OrderState::done, {},
               live.answered ? "" : "its answer was lost; the read-back shows that it was done");
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (live.check_until_ms == INT64_MAX) live.check_until_ms = now_ms + check.within_ms();
  if (now_ms < live.check_until_ms) return check_again(live);
  end(live, OrderState::failed, "read_back_differs", "the device does not show what was ordered");
}

void OrderRunner::check_again(Live& live) {
  live.next_at_ms = clock_.monotonic_ms() + settings_.check_again_ms;
  wake_at(live.next_at_ms, live.order.id);
}

/// The answer to a change that was given up.
void OrderRunner::after_late(Live& live, std::uint32_t ticket, const drivers::Exchange& exchange) {
  if (ticket != live.change_ticket || live.phase < OrderPhase::settling || live.answered) return;
  if (exchange.outcome == drivers::Outcome::refused) return end_refused(live, exchange.error);
  if (live.step + 1 == live.script.steps.size()) live.answered = true;
}

void OrderRunner::lost(std::uint32_t ticket, bool sent) {
  if (const auto out = out_.find(ticket); out != out_.end()) {
    channels_[out->second].ticket = 0;
    stirred_.insert(out->second);
    out_.erase(out);
  }
  const auto asked = asked_.find(ticket);
  if (asked == asked_.end()) return;
  auto& live = *live_.at(asked->second);
  asked_.erase(asked);
  if (live.ticket != ticket) return;
  live.ticket = 0;
  if (live.in_line) return line_lost(live, sent);
  if (live.phase == OrderPhase::checking) {
    live.phase = OrderPhase::settling;
    return check_again(live);
  }
  if (live.script.maintenance == drivers::Maintenance::ping && sent) ++live.step;  // it counts as lost
  if (live.script.maintenance == drivers::Maintenance::ping && live.step >= live.script.questions.size())
    return end_ping(live);
  live.phase = OrderPhase::ready;
  wake_at(live.expires_at_ms, live.order.id);
  if (!live.changes()) return;
  const bool change = live.script.steps[live.step].at_most_once || !live.script.steps[live.step].has_answer;
  if ((change && sent) || live.accepted > 0) return settle(live, false);
  // Nothing was changed; what prepared the change is gone with the connection.
  live.step = 0;
  live.asked = false;
}

}  // namespace duheng::gateway
