// Orders that take a whole serial line to another speed or parity: one order for each of its devices, done together.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.hpp"
#include "drivers/models/maintenance.hpp"
#include "gateway/orders/order_live.hpp"

namespace duheng::gateway {
namespace {

/// On top of what one device alone may take.
constexpr std::int64_t time_each_ms = 30'000;

}  // namespace

/// Orders of the same line for the same speed or parity, one of each device.
struct OrderRunner::LineGroup {
  std::vector<Live*> members;
  std::vector<std::string> missing;  ///< devices of the line without such an order
  std::int64_t until_ms = INT64_MAX;
  bool recovered = false;
};

void OrderRunner::note_line(Live& live, const std::optional<drivers::NewPlace>& moves,
                            const FieldAccess::Place& place) {
  if (!moves || !moves->whole_line || moves->format().says_nothing() || field_.line_of(place.device).baud == 0) return;
  live.line = moves->format();
  if (live.gather_until_ms == INT64_MAX) live.gather_until_ms = clock_.monotonic_ms() + settings_.gather_ms;
  wake_at(live.gather_until_ms, live.order.id);
}

/// What was begun before a restart; its device may have come only now.
void OrderRunner::learn_recovered(std::uint32_t channel) {
  const auto devices = channels_[channel].devices;
  for (const auto& uid : devices) {
    const auto place = field_.find(uid);
    if (!place) continue;
    auto& queue = devices_.find(uid)->second;
    for (const auto& id : queue.orders) {
      auto& live = *live_.at(id);
      if (live.recovered && !live.is_for_line() && !live.move)
        note_line(live, place_after(*place->model, live.order.kind, live.order.name, live.script.check_arguments),
                  *place);
    }
    static_cast<void>(follow_channel(uid, queue, *place));
  }
}

void OrderRunner::take_password(FieldOrder& again) {
  auto* live = find_live(again.id);
  if (live == nullptr || !live->recovered || again.password.empty() || !live->order.password.empty()) return;
  const auto place = field_.find(live->order.device_uid);
  if (!place) return;
  const auto moves = place_after(*place->model, live->order.kind, live->order.name, live->script.check_arguments);
  if (!moves || !moves->whole_line) return;  // everything else is settled without it
  live->order.password = std::exchange(again.password, {});
  stirred_.insert(place->channel);
}

bool OrderRunner::lacks_password(const Live& live) const {
  if (!live.recovered || !live.order.password.empty()) return false;
  const auto place = field_.find(live.order.device_uid);
  return place && needs_password(*place->model, live.order);
}

OrderRunner::LineGroup OrderRunner::gather(std::uint32_t channel) const {
  LineGroup out;
  std::vector<std::string> on_line;
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return out;
  for (const auto& uid : found->second.devices) {
    for (const auto& id : devices_.find(uid)->second.orders) {
      auto* live = live_.at(id).get();
      if (!live->is_for_line() || (!out.members.empty() && live->line != out.members.front()->line)) continue;
      if (const auto place = field_.find(uid); place && on_line.empty()) on_line = field_.line_members(place->device);
      out.members.push_back(live);
      out.until_ms = std::min(out.until_ms, live->gather_until_ms);
      out.recovered = out.recovered || live->recovered;
      break;
    }
  }
  for (const auto& uid : on_line) {
    const bool has_order =
        std::ranges::any_of(out.members, [&](const Live* live) { return live->order.device_uid == uid; });
    if (!has_order) out.missing.push_back(uid);
  }
  return out;
}

/// Whether a change of another kind is under way on the channel: it must end where it began.
bool OrderRunner::is_changing(std::uint32_t channel) const {
  return std::ranges::any_of(live_, [&](const auto& entry) {
    const Live& live = *entry.second;
    return !live.is_for_line() && live.changes() && live.phase != OrderPhase::waiting &&
           devices_.find(live.order.device_uid)->second.channel == channel;
  });
}

bool OrderRunner::drive_lines(std::uint32_t channel, std::int64_t now_ms) {
  if (const auto work = line_works_.find(channel); work != line_works_.end()) {
    drive(channel, *work->second, now_ms);
    return true;
  }
  learn_recovered(channel);
  const auto group = gather(channel);
  if (group.members.empty() || channels_[channel].ticket != 0 || is_changing(channel)) return false;
  const bool can_tell = std::ranges::none_of(group.members, [&](const Live* live) { return lacks_password(*live); });
  if (group.missing.empty() && can_tell) {
    begin_line(channel, group, group.recovered ? LineMove::Begin::anew : LineMove::Begin::afresh);
    return true;
  }
  if (now_ms < group.until_ms) return false;
  if (!group.missing.empty()) end_gathering(group);
  // Of what was begun the truth is found out, whatever became of the others.
  if (group.recovered) begin_line(channel, gather(channel), LineMove::Begin::look_only);
  return group.recovered;
}

void OrderRunner::end_gathering(const LineGroup& group) {
  const std::string detail = fmt::format(
      "the whole line must change at once, and {} of its devices have no such order: {}", group.missing.size(),
      fmt::join(group.missing.begin(), group.missing.begin() + std::min<std::ptrdiff_t>(std::ssize(group.missing), 8),
                ", "));
  for (auto* live : group.members)
    if (!live->recovered) end(*live, OrderState::refused, "line_incomplete", detail);
}

/// Everything about a member that the log must know before the first of them is told.
bool OrderRunner::log_member(Live& live) {
  live.in_line = true;
  if (live.recovered) return true;
  const auto place = field_.find(live.order.device_uid);
  if (!place) return false;
  auto script = make_order_script(live.order, place->model, clock_.utc_ms());
  if (!script) return false;  // it was good when it came; the machine finds that it cannot be told
  live.script = std::move(*script);
  log_begun(live);
  return true;
}

void OrderRunner::begin_line(std::uint32_t channel, const LineGroup& group, LineMove::Begin begin) {
  if (group.members.empty()) return;
  auto work = std::make_unique<LineWork>();
  work->begin = begin;
  work->new_format = group.members.front()->line;
  for (auto* live : group.members) {
    if (const auto place = field_.find(live->order.device_uid); place && work->old_format.says_nothing())
      work->old_format = present_format(field_.line_of(place->device), work->new_format);
    static_cast<void>(log_member(*live));
    work->members.push_back(live->order.id);
  }
  log::info("orders", "a line is taken to another speed or parity",
            {{"channel", channel},
             {"devices", work->members.size()},
             {"from", words_of(work->old_format)},
             {"to", words_of(work->new_format)},
             {"after_restart", group.recovered}});
  line_works_[channel] = std::move(work);
  stirred_.insert(channel);
}

/// Once the log knows of all members.
bool OrderRunner::line_is_ready(LineWork& work, std::int64_t now_ms) {
  if (work.move) return true;
  const bool logging =
      std::ranges::any_of(work.members, [&](const OrderId& id) { return live_.at(id)->phase == OrderPhase::logging; });
  if (logging) return false;
  const std::int64_t until_ms =
      now_ms + settings_.settle_ms + time_each_ms * static_cast<std::int64_t>(work.members.size());
  for (const auto& id : work.members) live_.at(id)->phase = OrderPhase::settling;
  wake_at(until_ms, work.members.front());
  work.move.emplace(work.members.size(), work.begin, until_ms);
  return true;
}

void OrderRunner::drive(std::uint32_t channel, LineWork& work, std::int64_t now_ms) {
  if (channels_[channel].ticket != 0 || !line_is_ready(work, now_ms)) return;
  while (true) {
    const auto step = work.move->next(now_ms);
    if (step.kind == LineMove::Step::Kind::over) return end_line(channel);
    if (step.kind == LineMove::Step::Kind::wait) return wake_at(step.wait_until_ms, work.members.front());
    auto& live = *live_.at(work.members[step.member]);
    const auto place = field_.find(live.order.device_uid);
    if (!place || place->channel != channel) {
      work.say_nothing();
      work.move->gone(step.member);
      continue;
    }
    if (!bring_line(place->device, work.format_at(step.at))) return;              // stir() when it is open again
    if (field_.readiness(place->device) == FieldAccess::Readiness::away) return;  // likewise
    take_line_step(work, step, live, *place);
    if (live.ticket != 0) return;
    if (live.refusal.empty()) return;  // nothing went out: put() tries again
  }
}

/// Whether the line has that speed now.
bool OrderRunner::bring_line(std::uint32_t device, const drivers::LineFormat& format) {
  const auto is_there = [&] { return present_format(field_.line_of(device), format) == format; };
  if (is_there()) return true;
  static_cast<void>(field_.move(
      device,
      {.address = {}, .baud = format.baud, .reaches_all = false, .whole_line = false, .parity = format.parity}));
  return is_there();
}

/// The next question of what tells it; given again from the first when the member's turn comes again.
void OrderRunner::say(LineWork& work, Live& live, const FieldAccess::Place& place, LineMove::Place to) {
  if (work.saying.empty()) {
    const auto& arguments = live.recovered ? live.script.check_arguments : live.order.arguments;
    auto queries = make_format_queries(live.order, arguments, *place.model, work.format_at(to), clock_.utc_ms());
    if (!queries) {
      live.refusal = queries.error().reason;
      return work.move->refused(clock_.monotonic_ms());
    }
    work.saying = std::move(*queries);
  }
  put(live, place, work.saying[work.said]);
}

void OrderRunner::take_line_step(LineWork& work, const LineMove::Step& step, Live& live,
                                 const FieldAccess::Place& place) {
  work.telling = step.kind == LineMove::Step::Kind::tell;
  live.refusal.clear();
  if (work.telling) return say(work, live, place, LineMove::other(step.at));
  if (const auto* question = drivers::shortest_question(*place.model)) return put(live, place, question->query);
  live.refusal = "not_in_model";
  work.move->gone(step.member);
}

OrderRunner::LineWork* OrderRunner::work_of(const Live& live) {
  const auto queue = devices_.find(live.order.device_uid);
  if (queue == devices_.end()) return nullptr;
  const auto found = line_works_.find(queue->second.channel);
  return found == line_works_.end() || !found->second->move ? nullptr : found->second.get();
}

void OrderRunner::after_line(Live& live, const drivers::Exchange& exchange) {
  auto* work = work_of(live);
  if (work == nullptr) return;
  const std::int64_t now_ms = clock_.monotonic_ms();
  const bool is_preparing = work->telling && !work->is_change_out();
  if (is_preparing && exchange.outcome != drivers::Outcome::timed_out &&
      exchange.outcome != drivers::Outcome::refused) {
    ++work->said;  // the same step is given again, and the next question of it put
    return;
  }
  work->say_nothing();
  switch (exchange.outcome) {
    case drivers::Outcome::timed_out:
      return is_preparing ? work->move->unheard() : work->move->silent(now_ms);
    case drivers::Outcome::refused:
      if (const auto place = field_.find(live.order.device_uid); work->telling && place)
        live.refusal = place->model->driver->refusal_word(exchange.error);
      return work->move->refused(now_ms);
    default:
      if (work->telling) tell(live, OrderState::under_way, "told");
      return work->move->answered(now_ms);
  }
}

/// A look is put again; a device that may have been told is as one that did not answer.
void OrderRunner::line_lost(const Live& live, bool sent) {
  auto* work = work_of(live);
  if (work == nullptr) return;
  const bool may_be_told = work->is_change_out() && sent;
  work->say_nothing();
  if (may_be_told) work->move->silent(clock_.monotonic_ms());
}

void OrderRunner::end_line(std::uint32_t channel) {
  const auto work = std::move(line_works_.at(channel));
  line_works_.erase(channel);
  const auto line_at = work->move->final_place();
  for (const auto& id : work->members) {
    const auto place = field_.find(live_.at(id)->order.device_uid);
    if (!place || place->channel != channel) continue;
    static_cast<void>(bring_line(place->device, work->format_at(line_at)));
    break;
  }
  for (std::size_t i = 0; i < work->members.size(); ++i)
    end_member(*live_.at(work->members[i]), *work, work->move->members()[i], line_at);
}

void OrderRunner::end_member(Live& live, const LineWork& work, const LineMove::Member& member,
                             LineMove::Place line_at) {
  using Place = LineMove::Place;
  const std::string line = words_of(work.format_at(line_at));
  const std::string wanted = words_of(work.new_format);
  if (member.gone)
    return end(live, OrderState::unknown, "device_removed", "the gateway no longer has the device there");
  if (!member.where)
    return end(
        live, OrderState::unknown, "read_back_no_answer",
        fmt::format("it answers neither at {} nor at {}; its line is at {} now: look after it on the spot, and set it "
                    "so there",
                    wanted, words_of(work.old_format), line));
  if (member.where != line_at)
    return end(live, OrderState::failed, "left_behind",
               fmt::format("it answers at {}, but its line is at {} now and it is not read: set it so on the spot, or "
                           "order the line to {}",
                           words_of(work.format_at(*member.where)), line, words_of(work.format_at(*member.where))));
  if (line_at == Place::new_place)
    return end(live, OrderState::done, {}, fmt::format("it answers at {}, as its line does", line));
  if (!live.refusal.empty())
    return end(live, OrderState::refused, live.refusal,
               fmt::format("it will not go to {}; the whole line stays at {}", wanted, line));
  if (member.stays || !work.move->turned_back())
    return end(live, OrderState::failed, "stays",
               fmt::format("it does not answer at {}, but still at {}", wanted, line));
  end(live, OrderState::failed, "line_turned_back",
      fmt::format("another device did not follow, so the whole line is back at {}", line));
}

}  // namespace duheng::gateway
