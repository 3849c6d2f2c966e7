// Orders that change how a device is reached, and those that the gateway does itself.
#include <array>
#include <fmt/format.h>

#include "drivers/models/maintenance.hpp"
#include "gateway/orders/order_live.hpp"

namespace duheng::gateway {
namespace {

/// A device changes over after its answer.
constexpr std::int64_t change_over_ms = 1'000;
constexpr std::int64_t look_again_ms = 200;

std::string place_words(const drivers::NewPlace& place) {
  if (place.address.empty()) return words_of(place.format());
  return place.format().says_nothing() ? fmt::format("address {}", place.address)
                                       : fmt::format("address {} and {}", place.address, words_of(place.format()));
}

OrderValue figure(std::string_view name, std::string_view unit, std::int64_t value, std::int64_t utc_ms) {
  OrderValue out;
  out.register_name = name;
  out.unit = unit;
  out.mantissa = value;
  out.time_utc_ms = utc_ms;
  return out;
}

}  // namespace

std::string words_of(const drivers::LineFormat& format) {
  constexpr std::array<std::string_view, 3> parities{"no parity", "even parity", "odd parity"};
  std::string out;
  if (format.baud != 0) out = fmt::format("{} bit/s", format.baud);
  if (format.parity)
    out += fmt::format("{}{}", out.empty() ? "" : " and ", parities.at(static_cast<std::size_t>(*format.parity)));
  return out;
}

drivers::LineFormat present_format(const FieldAccess::Line& line, const drivers::LineFormat& wanted) {
  drivers::LineFormat out;
  if (wanted.baud != 0) out.baud = line.baud;
  if (wanted.parity) out.parity = line.parity;
  return out;
}

void OrderRunner::leave_out_foreign_line(OrderScript& script, const FieldAccess::Place& place) const {
  if (!script.moves || script.moves->format().says_nothing() || field_.line_of(place.device).baud != 0) return;
  script.moves->baud = 0;
  script.moves->parity.reset();
  if (script.moves->address.empty()) script.moves.reset();
}

std::optional<OrderFault> OrderRunner::fault_of_move(const OrderScript& script, const FieldAccess::Place& place) const {
  if (!script.moves) return std::nullopt;
  const auto line = field_.line_of(place.device);
  const bool new_format = !script.moves->format().says_nothing() && line.baud != 0;
  if (!new_format && script.moves->address.empty()) return std::nullopt;
  if (line.devices > 1 && ((new_format && !script.moves->whole_line) || script.moves->reaches_all))
    return OrderFault{
        "line_shared",
        fmt::format("{} devices are on its channel: one of them alone must not be changed so", line.devices)};
  if (!line.is_planned)
    return OrderFault{"place_of_file", "how it is reached stands in the gateway's own file, and is changed there"};
  if (script.moves->address.empty()) return std::nullopt;
  const auto address = script.model->driver->address(script.moves->address, script.model->address_digits);
  if (!address) return OrderFault{"argument_invalid", address.error().message};
  return std::nullopt;
}

void OrderRunner::begin_move(Live& live, const FieldAccess::Place& place) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  const auto line = field_.line_of(place.device);
  const auto old_format = present_format(line, live.script.moves->format());
  live.old_place = {.address = live.script.moves->address.empty() ? std::string() : line.address,
                    .baud = old_format.baud,
                    .reaches_all = false,
                    .whole_line = false,
                    .parity = old_format.parity};
  live.phase = OrderPhase::settling;
  live.next_at_ms = now_ms + change_over_ms;
  live.settle_until_ms = now_ms + settings_.settle_ms;
  live.move.emplace(live.settle_until_ms);
  wake_at(live.next_at_ms, live.order.id);
  wake_at(live.settle_until_ms, live.order.id);
  tell(live, OrderState::under_way, live.answered ? "reading_back" : "no_answer");
}

void OrderRunner::go_to(const Live& live, MoveSettling::Place where) {
  const auto place = field_.find(live.order.device_uid);
  if (!place) return;
  const auto& wanted = where == MoveSettling::Place::new_place ? *live.script.moves : live.old_place;
  const auto line = field_.line_of(place->device);
  const bool is_there = (wanted.address.empty() || wanted.address == line.address) &&
                        present_format(line, wanted.format()) == wanted.format();
  if (is_there) return;
  // A place that cannot be had is one where nobody answers.
  static_cast<void>(field_.move(place->device, wanted));
}

void OrderRunner::look_for_device(Live& live, const FieldAccess::Place& place) {
  const auto* question = drivers::shortest_question(*place.model);
  if (question == nullptr) {
    live.move->give_up();
    return end_move(live);
  }
  go_to(live, live.move->place());
  if (field_.readiness(place.device) == FieldAccess::Readiness::away) return;  // stir() when it is open again
  live.phase = OrderPhase::checking;
  put(live, place, question->query);
}

void OrderRunner::after_look(Live& live, const drivers::Exchange& exchange) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  live.phase = OrderPhase::settling;
  if (exchange.outcome == drivers::Outcome::timed_out)
    live.move->silent(now_ms);
  else
    live.move->answered();
  if (live.move->verdict() != MoveSettling::Verdict::open) return end_move(live);
  live.next_at_ms = now_ms + look_again_ms;
  wake_at(live.next_at_ms, live.order.id);
}

void OrderRunner::end_move(Live& live) {
  const std::string to = place_words(*live.script.moves);
  const std::string from = place_words(live.old_place);
  switch (live.move->verdict()) {
    case MoveSettling::Verdict::moved:
      return end(live, OrderState::done, {}, fmt::format("it answers at {}", to));
    case MoveSettling::Verdict::stayed:
      return end(live, OrderState::failed, "stays", fmt::format("it does not answer at {}, but still at {}", to, from));
    default:
      go_to(live, MoveSettling::Place::old_place);
      return end(live, OrderState::unknown, "read_back_no_answer",
                 fmt::format("it answers neither at {} nor at {}, where it is looked for from now on", to, from));
  }
}

void OrderRunner::maintain(Live& live, const FieldAccess::Place& place) {
  const bool is_channel = live.script.maintenance == drivers::Maintenance::channel_restart;
  if (is_channel && live.asked) return end(live, OrderState::done, {}, "the channel is open again");
  if (is_channel) {
    live.asked = true;
    tell(live, OrderState::under_way, "restarting");
    field_.reopen(place.channel);  // stir() when it stands
    return;
  }
  if (!field_.restart_gateway())
    return end(live, OrderState::refused, "not_supported", "this gateway cannot start itself anew");
  live.asked = true;
  // What ends it is the restart: the log holds that it was begun.
  live.phase = OrderPhase::asking;
  tell(live, OrderState::under_way, "restarting");
}

void OrderRunner::after_ping(Live& live, const drivers::Exchange& exchange) {
  if (exchange.outcome != drivers::Outcome::timed_out)
    live.ping.add(std::max<std::int64_t>(0, exchange.received.utc_ms - exchange.sent_utc_ms));
  if (++live.step >= live.script.questions.size()) return end_ping(live);
  live.phase = OrderPhase::ready;
}

void OrderRunner::end_ping(Live& live) {
  const auto& tally = live.ping;
  const auto asked = static_cast<std::int64_t>(live.script.questions.size());
  const std::int64_t now = clock_.utc_ms();
  auto& values = live.report.values;
  values.push_back(figure("ping_questions", "", asked, now));
  values.push_back(figure("ping_answers", "", tally.answered, now));
  if (tally.answered == 0) return end(live, OrderState::failed, "no_answer", fmt::format("0 of {} answered", asked));
  values.push_back(figure("ping_shortest", "ms", tally.shortest_ms, now));
  values.push_back(figure("ping_mean", "ms", tally.sum_ms / tally.answered, now));
  values.push_back(figure("ping_longest", "ms", tally.longest_ms, now));
  end(live, OrderState::done, {}, fmt::format("{} of {} answered", tally.answered, asked));
}

}  // namespace duheng::gateway
