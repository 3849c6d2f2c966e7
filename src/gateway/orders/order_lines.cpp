// Orders that take a whole serial line to another speed: one order for each of its devices, done together.
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

/// Orders of the same line for the same speed, one of each device.
struct OrderRunner::LineGroup {
  std::vector<Live*> members;
  std::vector<std::string> missing;  ///< devices of the line without such an order
  std::int64_t until_ms = INT64_MAX;
  bool recovered = false;
};

void OrderRunner::note_line(Live& live, const std::optional<drivers::NewPlace>& moves,
                            const FieldAccess::Place& place) {
  if (!moves || !moves->whole_line || moves->baud == 0 || field_.line_of(place.device).baud == 0) return;
  live.line_baud = moves->baud;
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
      if (live.recovered && live.line_baud == 0 && !live.move)
        note_line(live, place_after(*place->model, live.order.kind, live.order.name, live.script.check_arguments),
                  *place);
    }
    static_cast<void>(follow_channel(uid, queue, *place));
  }
}

OrderRunner::LineGroup OrderRunner::gather(std::uint32_t channel) const {
  LineGroup out;
  std::vector<std::string> on_line;
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return out;
  for (const auto& uid : found->second.devices) {
    for (const auto& id : devices_.find(uid)->second.orders) {
      auto* live = live_.at(id).get();
      if (live->line_baud == 0 || (!out.members.empty() && live->line_baud != out.members.front()->line_baud)) continue;
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
    return live.line_baud == 0 && live.changes() && live.phase != OrderPhase::waiting &&
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
  if (group.missing.empty()) {
    begin_line(channel, group, group.recovered ? LineMove::Begin::anew : LineMove::Begin::afresh);
    return true;
  }
  if (now_ms < group.until_ms) return false;
  end_gathering(group);
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
  work->new_baud = group.members.front()->line_baud;
  for (auto* live : group.members) {
    if (const auto place = field_.find(live->order.device_uid); place && work->old_baud == 0)
      work->old_baud = field_.line_of(place->device).baud;
    static_cast<void>(log_member(*live));
    work->members.push_back(live->order.id);
  }
  log::info("orders", "a line is taken to another speed",
            {{"channel", channel},
             {"devices", work->members.size()},
             {"from_baud", work->old_baud},
             {"to_baud", work->new_baud},
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
      work.move->gone(step.member);
      continue;
    }
    if (!bring_line(place->device, work.baud_at(step.at))) return;                // stir() when it is open again
    if (field_.readiness(place->device) == FieldAccess::Readiness::away) return;  // likewise
    take_line_step(work, step, live, *place);
    if (live.ticket != 0) return;
    if (live.refusal.empty()) return;  // nothing went out: put() tries again
  }
}

/// Whether the line has that speed now.
bool OrderRunner::bring_line(std::uint32_t device, std::uint32_t baud) {
  if (field_.line_of(device).baud == baud) return true;
  static_cast<void>(field_.move(device, {.address = {}, .baud = baud}));
  return field_.line_of(device).baud == baud;
}

void OrderRunner::take_line_step(LineWork& work, const LineMove::Step& step, Live& live,
                                 const FieldAccess::Place& place) {
  work.telling = step.kind == LineMove::Step::Kind::tell;
  live.refusal.clear();
  if (work.telling) {
    const auto& arguments = live.recovered ? live.script.check_arguments : live.order.arguments;
    const auto query =
        make_speed_query(live.order, arguments, *place.model, work.baud_at(LineMove::other(step.at)), clock_.utc_ms());
    if (query) return put(live, place, *query);
    live.refusal = query.error().reason;
    return work.move->refused(clock_.monotonic_ms());
  }
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
  switch (exchange.outcome) {
    case drivers::Outcome::timed_out:
      return work->move->silent(now_ms);
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
  if (work != nullptr && work->telling && sent) work->move->silent(clock_.monotonic_ms());
}

void OrderRunner::end_line(std::uint32_t channel) {
  const auto work = std::move(line_works_.at(channel));
  line_works_.erase(channel);
  const auto line_at = work->move->final_place();
  for (const auto& id : work->members) {
    const auto place = field_.find(live_.at(id)->order.device_uid);
    if (!place || place->channel != channel) continue;
    static_cast<void>(bring_line(place->device, work->baud_at(line_at)));
    break;
  }
  for (std::size_t i = 0; i < work->members.size(); ++i)
    end_member(*live_.at(work->members[i]), *work, work->move->members()[i], line_at);
}

void OrderRunner::end_member(Live& live, const LineWork& work, const LineMove::Member& member,
                             LineMove::Place line_at) {
  using Place = LineMove::Place;
  const std::uint32_t line = work.baud_at(line_at);
  if (member.gone)
    return end(live, OrderState::unknown, "device_removed", "the gateway no longer has the device there");
  if (!member.where)
    return end(
        live, OrderState::unknown, "read_back_no_answer",
        fmt::format("it answers neither at {} nor at {} bit/s; its line is at {} bit/s now: look after it on the "
                    "spot, and set it to that speed there",
                    work.new_baud, work.old_baud, line));
  if (member.where != line_at)
    return end(live, OrderState::failed, "left_behind",
               fmt::format("it answers at {} bit/s, but its line is at {} bit/s now and it is not read: set it to that "
                           "speed on the spot, or order the line to {} bit/s",
                           work.baud_at(*member.where), line, work.baud_at(*member.where)));
  if (line_at == Place::new_place)
    return end(live, OrderState::done, {}, fmt::format("it answers at {} bit/s, as its line does", line));
  if (!live.refusal.empty())
    return end(live, OrderState::refused, live.refusal,
               fmt::format("it will not go to {} bit/s; the whole line stays at {} bit/s", work.new_baud, line));
  if (member.stays || !work.move->turned_back())
    return end(live, OrderState::failed, "stays",
               fmt::format("it does not answer at {} bit/s, but still at {} bit/s", work.new_baud, line));
  end(live, OrderState::failed, "line_turned_back",
      fmt::format("another device did not follow, so the whole line is back at {} bit/s", line));
}

}  // namespace duheng::gateway
