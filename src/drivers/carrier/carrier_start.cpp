// How a module is brought to where meters can be asked, and kept there.
#include <algorithm>

#include "drivers/carrier/carrier_parts.hpp"

namespace duheng::drivers {
namespace {

using namespace gdw13762;

constexpr int errand_attempts_max = 3;
constexpr std::uint8_t nodes_of_a_page = 16;
constexpr std::size_t nodes_of_an_errand = 20;
constexpr std::uint8_t first_main_node_digit = 0x01;

NodeAddress some_main_node() {
  std::array<std::uint8_t, NodeAddress::size_octets> wire{};
  wire[0] = first_main_node_digit;
  return NodeAddress(wire);
}

}  // namespace

void CarrierSession::begin(const Moment& now, SessionOutput& out) {
  ++carrier_counters_.starts;
  phase_ = Phase::starting;
  step_ = Step::mode;
  errand_.reset();
  archive_.clear();
  refused_.clear();
  lost_.clear();
  nodes_seen_ = 0;
  add_at_most_ = nodes_of_an_errand;
  archive_changed_ = true;
  takes_several_ = false;
  at_once_ = carrier_.at_once_max;
  silent_flights_ = 0;
  rest_until_ms_ = INT64_MAX;
  pause_until_ms_ = INT64_MIN;
  run_errands(now, out);
}

bool CarrierSession::run_errands(const Moment& now, SessionOutput& out) {
  if (errand_) return true;
  auto next = next_errand();
  if (!next) return false;
  errand_ = std::make_unique<Errand>(std::move(*next));
  send_errand(now, out);
  return true;
}

std::optional<CarrierSession::Errand> CarrierSession::next_errand() {
  Errand out;
  switch (step_) {
    case Step::mode:
      out.service = services::running_mode;
      return out;
    case Step::timeout:
      out.service = services::answer_timeout;
      return out;
    case Step::main_node:
      out.service = services::main_node;
      return out;
    case Step::set_main_node:
      out.service = services::set_main_node;
      out.data = make_address(main_node_);
      return out;
    case Step::index:
      out.service = services::service_index;
      out.data = {services::ask_node_concurrently.code};
      return out;
    case Step::suspend:
      out.service = services::suspend_route;
      return out;
    case Step::page:
      out.service = services::nodes;
      out.data = make_page_question(static_cast<std::uint16_t>(nodes_seen_ + 1), nodes_of_a_page);
      return out;
    case Step::archive:
    case Step::done:
      break;
  }
  auto change = archive_errand();
  if (!change) {
    step_ = Step::done;
    phase_ = Phase::ready;
  }
  return change;
}

/// The next change that brings the module's archive nearer to the meters here.
std::optional<CarrierSession::Errand> CarrierSession::archive_errand() {
  if (!archive_changed_ || !mode_.wants_archive) return std::nullopt;
  std::set<NodeAddress> wanted;
  for (const auto& [address, meter] : by_address_) wanted.insert(meters_[meter].node.address);
  Errand out;
  for (const auto& node : archive_)
    if (!wanted.contains(node) && out.nodes.size() < nodes_of_an_errand) out.nodes.push_back(node);
  if (!out.nodes.empty()) {
    out.kind = Errand::Kind::remove;
    out.service = services::delete_nodes;
    out.data = make_nodes_to_delete(out.nodes);
    return out;
  }
  std::vector<ArchiveNode> nodes;
  for (const auto& node : wanted)
    if (!archive_.contains(node) && !refused_.contains(node) && nodes.size() < add_at_most_) {
      nodes.push_back({node, protocol_});
      out.nodes.push_back(node);
    }
  if (nodes.empty()) {
    archive_changed_ = false;
    return std::nullopt;
  }
  out.kind = Errand::Kind::add;
  out.service = services::add_nodes;
  out.data = make_nodes_to_add(nodes);
  return out;
}

void CarrierSession::send_errand(const Moment& now, SessionOutput& out) {
  errand_->serial = take_serial();
  errand_->put_off = false;
  ++errand_->attempts;
  const Bytes octets = framed(errand_->service, errand_->data, errand_->serial, false, nullptr);
  errand_->deadline_ms = now.monotonic_ms + carrier_.module_timeout_ms +
                         static_cast<std::int64_t>(octets.size()) * settings_.octet_time_us / 1'000;
  out.send(octets);
}

void CarrierSession::on_errand_answer(const FrameView& frame, const Moment& now, SessionOutput& out) {
  const bool denied = frame.service() == services::deny;
  const bool confirmed = frame.service() == services::confirm;
  const bool is_query = errand_->service.code == services::running_mode.code || errand_->service == services::nodes;
  if (!denied && (is_query ? frame.service() != errand_->service : !confirmed)) return;
  carrier_counters_.denials += denied ? 1 : 0;
  const auto why = denied ? parse_denial(frame.data()) : Parsed<DenyCode>(DenyCode::timed_out);
  if (denied && why && *why == DenyCode::busy && ++errand_->busy_attempts <= busy_attempts_max) {
    ++carrier_counters_.busy;
    errand_->serial = take_serial();  // so that nothing more answers this one
    errand_->put_off = true;
    --errand_->attempts;
    errand_->deadline_ms = now.monotonic_ms + carrier_.busy_pause_ms;
    return;
  }
  const auto done = std::move(errand_);
  if (done->kind == Errand::Kind::start)
    read_start_answer(step_, frame, denied);
  else
    read_archive_answer(*done, frame, denied);
  run_errands(now, out);
}

void CarrierSession::read_start_answer(Step step, const FrameView& frame, bool denied) {
  const auto choose_main_node = [&](const NodeAddress& found) {
    main_node_ = carrier_.main_node.value_or(found.is_zero() ? some_main_node() : found);
    step_ = main_node_ == found ? Step::index : Step::set_main_node;
  };
  switch (step) {
    case Step::mode:
      if (const auto mode = denied ? std::nullopt : std::optional(parse_running_mode(frame.data())); mode && *mode) {
        mode_ = **mode;
        choose_main_node(mode_.main_node);
      } else {
        mode_ = {};  // of an old module: asked for bit by bit
        mode_.answer_timeout_s = 0;
        step_ = Step::timeout;
      }
      return;
    case Step::timeout:
      if (!denied && !frame.data().empty()) mode_.answer_timeout_s = frame.data()[0];
      step_ = Step::main_node;
      return;
    case Step::main_node:
      choose_main_node(denied ? NodeAddress{} : parse_address(frame.data()).value_or(NodeAddress{}));
      return;
    case Step::set_main_node:
      step_ = Step::index;
      return;
    case Step::index:
      takes_several_ = !denied && index_has(frame.data(), services::ask_node_concurrently);
      step_ = Step::suspend;
      return;
    case Step::suspend:
      step_ = mode_.wants_archive ? Step::page : Step::archive;
      return;
    case Step::page:
      return read_page(frame, denied);
    case Step::archive:
    case Step::done:
      return;
  }
}

void CarrierSession::read_page(const FrameView& frame, bool denied) {
  const auto page = denied ? std::nullopt : std::optional(parse_page(frame.data()));
  if (!page || !*page || (*page)->nodes.empty()) {
    step_ = Step::archive;
    return;
  }
  for (const auto& node : (*page)->nodes) archive_.insert(node.address);
  nodes_seen_ += (*page)->nodes.size();
  if (nodes_seen_ >= (*page)->total) step_ = Step::archive;
}

void CarrierSession::read_archive_answer(const Errand& errand, const FrameView& frame, bool denied) {
  const auto why = denied ? parse_denial(frame.data()) : Parsed<DenyCode>(DenyCode::timed_out);
  // Who cannot be deleted is not there, and who is there already needs no adding.
  if (errand.kind == Errand::Kind::remove) {
    for (const auto& node : errand.nodes) archive_.erase(node);
    carrier_counters_.nodes_deleted += denied ? 0 : errand.nodes.size();
    return;
  }
  const bool is_there = !denied || (why && *why == DenyCode::node_repeated && errand.nodes.size() == 1);
  if (is_there) {
    archive_.insert(errand.nodes.begin(), errand.nodes.end());
    carrier_counters_.nodes_added += denied ? 0 : errand.nodes.size();
    return;
  }
  if (errand.nodes.size() == 1) {
    refused_.insert(errand.nodes.front());
    ++carrier_counters_.nodes_refused;
    return;
  }
  add_at_most_ = 1;  // it may be one node's fault
}

void CarrierSession::on_errand_silence(const Moment& now, SessionOutput& out) {
  if (errand_->put_off || errand_->attempts < errand_attempts_max) return send_errand(now, out);
  module_is_silent(now, out);
}

/// Nothing can be asked; who waits is told so.
void CarrierSession::module_is_silent(const Moment& now, SessionOutput& out) {
  ++carrier_counters_.silences;
  errand_.reset();
  lose_flights(now, out);
  for (std::uint32_t number = 0; number < meters_.size(); ++number) {
    auto& meter = meters_[number];
    auto& queue = meter.urgent.empty() ? meter.questions : meter.urgent;
    if (meter.retired || queue.empty()) continue;
    const Question question = std::move(queue.front());
    queue.pop_front();
    --waiting_;
    ++meter.counters.time_outs;
    Exchange exchange;
    exchange.meter = number;
    exchange.tag = question.tag;
    exchange.query = &question.query;
    exchange.outcome = Outcome::timed_out;
    exchange.sent_utc_ms = now.utc_ms;
    exchange.received = now;
    out.deliver(exchange);
  }
  if (settings_.reopen_after_timeout) {
    phase_ = Phase::closed;
    rest_until_ms_ = INT64_MAX;
    out.reopen();
    return;
  }
  phase_ = Phase::resting;
  rest_until_ms_ = now.monotonic_ms + carrier_.silence_pause_ms;
}

/// What was under way is not: it is asked again, unless it must not be.
void CarrierSession::lose_flights(const Moment& now, SessionOutput& out) {
  while (!flights_.empty()) {
    const auto& flight = flights_.back();
    const bool again = !flight.question.query.at_most_once && !flight.confirms &&
                       !meters_[flight.question.meter].retired && flight.question.query.has_answer;
    if (!again) {
      finish(flights_.size() - 1, Outcome::timed_out, 0, now, out);
      continue;
    }
    Flight lost = std::move(flights_.back());
    flights_.pop_back();
    requeue(std::move(lost));
  }
}

}  // namespace duheng::drivers
