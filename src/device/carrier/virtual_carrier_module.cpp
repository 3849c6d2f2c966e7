#include "device/carrier/virtual_carrier_module.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace duheng::device {
namespace {

using namespace gdw13762;

constexpr std::int64_t ms_per_s = 1'000;
constexpr std::int64_t late_by_ms = 8'000;
constexpr std::uint8_t quality_min = 5;
constexpr std::uint8_t quality_span = 11;
constexpr std::uint8_t phases = 3;
constexpr std::uint8_t kind_of_meter = 1;

std::uint64_t mixed(std::uint64_t value) noexcept {
  value ^= value >> 31;
  value *= 0x9E3779B97F4A7C15ULL;
  return value ^ value >> 29;
}

}  // namespace

VirtualCarrierModule::VirtualCarrierModule(DeviceBus& bus, const CarrierModuleOptions& options, Hooks hooks)
    : bus_(bus), options_(options), hooks_(std::move(hooks)), random_(options.seed) {}

VirtualCarrierModule::Place VirtualCarrierModule::place_of(const NodeAddress& node) const {
  std::uint64_t hash = mixed(options_.seed);
  for (const std::uint8_t octet : node.wire()) hash = mixed(hash ^ octet);
  Place out;
  out.relay_level = static_cast<std::uint8_t>(hash % (options_.relay_levels_max + 1U));
  out.phase = static_cast<std::uint8_t>(1 + hash / 16 % phases);
  out.quality = static_cast<std::uint8_t>(quality_min + hash / 64 % quality_span);
  return out;
}

void VirtualCarrierModule::octets(std::int64_t now_ms, std::int64_t utc_ms, ByteView octets) {
  advance(now_ms, utc_ms);
  parser_.feed(octets, [&](const FrameView& frame) { on_frame(frame, now_ms, utc_ms); });
}

Bytes VirtualCarrierModule::framed(const Service& service, ByteView data, std::uint8_t serial, bool began,
                                   const NodeAddress* node) const {
  FrameFields fields;
  fields.from_module = true;
  fields.is_started = began;
  fields.communication_kind = options_.communication_kind;
  auto& r = fields.information.octets;
  r[5] = serial;
  if (node != nullptr) {
    fields.addresses = FrameFields::Addresses{*node, options_.main_node, {}};
    const auto found = nodes_.find(*node);
    const Place place = found == nodes_.end() ? Place{} : found->second;
    r[0] = static_cast<std::uint8_t>(place.relay_level << 4);
    r[2] = place.phase;
    r[3] = static_cast<std::uint8_t>(place.quality << 4 | place.quality);
  }
  fields.service = service;
  fields.data = data;
  return encode(fields).value_or(Bytes{});
}

void VirtualCarrierModule::say(const Service& service, ByteView data, std::uint8_t serial, bool began,
                               const NodeAddress* node) {
  const Bytes frame = framed(service, data, serial, began, node);
  hooks_.send(frame);
}

void VirtualCarrierModule::deny(std::uint8_t serial, DenyCode why) {
  ++counters_.denied;
  say(services::deny, Bytes{static_cast<std::uint8_t>(why)}, serial, false);
}

void VirtualCarrierModule::on_frame(const FrameView& frame, std::int64_t now_ms, std::int64_t utc_ms) {
  if (frame.from_module() || !frame.is_started()) return;  // a confirmation: nothing hangs on it here
  const std::uint8_t serial = frame.information().serial();
  const Service service = frame.service();
  if (chance(options_.restart_per_mille)) return restart();
  switch (service.code) {
    case services::running_mode.code:
    case services::nodes.code:
      return on_query(frame);
    case services::add_nodes.code:
      return on_archive(frame);
    case services::suspend_route.code:
      suspended_ = service == services::suspend_route;
      return confirm(serial);
    case services::ask_node.code:
    case services::ask_node_concurrently.code:
      return on_question(frame, now_ms);
    default:
      break;
  }
  if (service == services::set_main_node) {
    if (const auto address = parse_address(frame.data())) {
      options_.main_node = *address;
      return confirm(serial);
    }
    return deny(serial, DenyCode::bad_length);
  }
  if (service == services::broadcast) return on_broadcast(frame, utc_ms);
  deny(serial, DenyCode::not_supported);
}

void VirtualCarrierModule::on_query(const FrameView& frame) {
  const std::uint8_t serial = frame.information().serial();
  const Service service = frame.service();
  const auto count = static_cast<std::uint16_t>(nodes_.size());
  if (service == services::main_node) return say(service, make_address(options_.main_node), serial, false);
  if (service == services::answer_timeout) return say(service, Bytes{options_.answer_timeout_s}, serial, false);
  if (service == services::node_count) return say(service, make_node_count(count, options_.nodes_max), serial, false);
  if (service == services::running_mode && options_.tells_mode) {
    RunningMode mode;
    mode.answer_timeout_s = options_.answer_timeout_s;
    mode.broadcast_timeout_s = options_.answer_timeout_s;
    mode.frame_octets_max = frame_layout::frame_octets_max;
    mode.main_node = options_.main_node;
    mode.nodes_max = options_.nodes_max;
    mode.node_count = count;
    return say(service, make_running_mode(mode), serial, false);
  }
  if (service == services::service_index && options_.tells_mode && !frame.data().empty()) {
    const std::uint8_t code = frame.data()[0];
    const bool has = code != services::ask_node_concurrently.code || options_.at_once_max > 1;
    const std::uint8_t first[] = {1};
    return say(service,
               make_service_index(code, has ? std::span<const std::uint8_t>(first) : std::span<const std::uint8_t>{}),
               serial, false);
  }
  const auto asked = parse_page_question(frame.data());
  if (service != services::nodes || !asked) return deny(serial, DenyCode::no_such_service);
  NodePage page;
  page.total = count;
  std::size_t number = 0;
  for (const auto& [node, place] : nodes_) {
    if (++number < asked->first || page.nodes.size() == asked->count || page.nodes.size() == nodes_of_a_page_max)
      continue;
    page.nodes.push_back({node, place.relay_level, place.quality, static_cast<std::uint8_t>(1U << (place.phase - 1U))});
  }
  say(service, make_page(page), serial, false);
}

void VirtualCarrierModule::on_archive(const FrameView& frame) {
  const std::uint8_t serial = frame.information().serial();
  if (frame.service() == services::add_nodes) {
    const auto nodes = parse_nodes_to_add(frame.data());
    if (!nodes) return deny(serial, DenyCode::bad_length);
    if (nodes_.size() + nodes->size() > options_.nodes_max) return deny(serial, DenyCode::bad_data);
    for (const auto& node : *nodes) nodes_.emplace(node.address, place_of(node.address));
    return confirm(serial);
  }
  if (frame.service() == services::delete_nodes) {
    const auto nodes = parse_nodes_to_delete(frame.data());
    if (!nodes) return deny(serial, DenyCode::bad_length);
    for (const auto& node : *nodes) nodes_.erase(node);
    return confirm(serial);
  }
  deny(serial, DenyCode::not_supported);
}

void VirtualCarrierModule::on_broadcast(const FrameView& frame, std::int64_t utc_ms) {
  const auto carried = parse_carried(frame);
  if (!carried) return deny(frame.information().serial(), DenyCode::bad_length);
  ++counters_.broadcasts;
  bus_.question(utc_ms, carried->content, [](const BusAnswer&) {});
  confirm(frame.information().serial());
}

void VirtualCarrierModule::on_question(const FrameView& frame, std::int64_t now_ms) {
  const std::uint8_t serial = frame.information().serial();
  const bool concurrent = frame.service() == services::ask_node_concurrently;
  const auto carried = parse_carried(frame);
  if (concurrent && options_.at_once_max < 2) return deny(serial, DenyCode::not_supported);
  if (!carried || carried->content.empty() || !frame.has_addresses()) return deny(serial, DenyCode::bad_data);
  const NodeAddress node = frame.destination();
  const auto known = nodes_.find(node);
  if (known == nodes_.end()) return deny(serial, DenyCode::no_such_node);
  if (std::ranges::find(ways_, node, &Way::node) != ways_.end()) return deny(serial, DenyCode::node_busy);
  if (ways_.size() >= options_.at_once_max)
    return deny(serial, concurrent ? DenyCode::too_many_at_once : DenyCode::busy);
  if (chance(options_.busy_per_mille)) return deny(serial, DenyCode::busy);
  if (chance(options_.rerouted_per_mille))
    known->second.relay_level = static_cast<std::uint8_t>(random_.below(options_.relay_levels_max + 1U));
  ++counters_.questions;
  Way way;
  way.began_ms = now_ms;
  const auto span = static_cast<std::uint64_t>(options_.hop_ms_max - options_.hop_ms_min + 1);
  std::int64_t hops_ms = 0;
  for (int hop = 0; hop <= known->second.relay_level; ++hop)
    hops_ms += options_.hop_ms_min + static_cast<std::int64_t>(random_.below(span));
  way.due_ms = now_ms + hops_ms;
  way.serial = serial;
  way.concurrent = concurrent;
  way.node = node;
  way.question.assign(carried->content.begin(), carried->content.end());
  ways_.push_back(std::move(way));
}

/// The question is at its meter; the answer is as long under way.
void VirtualCarrierModule::arrive(Way way, std::int64_t now_ms, std::int64_t utc_ms) {
  if (chance(options_.swallowed_per_mille)) return;
  if (chance(options_.lost_per_mille)) {
    ++counters_.lost;
    return answer(way, {}, now_ms);
  }
  hooks_.question(way.node, way.question);
  std::optional<Bytes> content;
  bus_.question(utc_ms, way.question, [&](const BusAnswer& said) {
    const bool lost = chance(options_.lost_per_mille);
    const bool spoiled = !lost && chance(options_.spoiled_per_mille);
    if (!hooks_.write_down(way.node, said, lost || spoiled || said.collision) || lost) return;
    content.emplace(said.octets.begin(), said.octets.end());
    if (spoiled) (*content)[random_.below(content->size())] ^= static_cast<std::uint8_t>(1 + random_.below(255));
  });
  answer(way, content.value_or(Bytes{}), now_ms);
}

void VirtualCarrierModule::answer(const Way& way, ByteView content, std::int64_t now_ms) {
  const std::int64_t back_ms = now_ms - way.began_ms;
  const auto duration_s = static_cast<std::uint16_t>(2 * back_ms / ms_per_s);
  Bytes frame;
  if (way.concurrent) {
    frame = framed(services::ask_node_concurrently, make_concurrent_answer(options_.protocol, content), way.serial,
                   false, &way.node);
  } else if (const auto data = make_node_answer(duration_s, options_.protocol, content)) {
    frame = framed(services::ask_node, *data, way.serial, false, &way.node);
  } else {
    frame = framed(services::deny, Bytes{static_cast<std::uint8_t>(DenyCode::bad_length)}, way.serial, false, nullptr);
  }
  std::int64_t due_ms = now_ms + back_ms;
  if (chance(options_.late_per_mille)) due_ms += options_.answer_timeout_s * ms_per_s + late_by_ms;
  outgoing_.push_back({due_ms, frame});
  if (chance(options_.doubled_per_mille)) outgoing_.push_back({due_ms + back_ms, frame});
}

void VirtualCarrierModule::advance(std::int64_t now_ms, std::int64_t utc_ms) {
  for (;;) {
    const auto way = std::ranges::min_element(ways_, {}, &Way::due_ms);
    const auto out = std::ranges::min_element(outgoing_, {}, &Outgoing::due_ms);
    const std::int64_t way_ms = way == ways_.end() ? INT64_MAX : way->due_ms;
    const std::int64_t out_ms = out == outgoing_.end() ? INT64_MAX : out->due_ms;
    if (std::min(way_ms, out_ms) > now_ms) return;
    if (out_ms <= way_ms) {
      const Bytes octets = std::move(out->octets);
      outgoing_.erase(out);
      hooks_.send(octets);
      continue;
    }
    Way arrived = std::move(*way);
    ways_.erase(way);
    arrive(std::move(arrived), way_ms, utc_ms);
  }
}

std::int64_t VirtualCarrierModule::due_ms() const noexcept {
  std::int64_t out = INT64_MAX;
  for (const auto& way : ways_) out = std::min(out, way.due_ms);
  for (const auto& one : outgoing_) out = std::min(out, one.due_ms);
  return out;
}

void VirtualCarrierModule::push_reports(std::int64_t utc_ms) {
  bus_.reports(utc_ms, [&](const BusAnswer& told) {
    const auto node = NodeAddress::parse(told.address.text);
    if (!node || !nodes_.contains(*node) || !hooks_.told(*node, told)) return;
    const auto data = make_node_event(kind_of_meter, options_.protocol, told.octets);
    if (!data) return;
    ++counters_.reports;
    say(services::node_event, *data, ++own_serial_, true, &*node);
  });
}

void VirtualCarrierModule::restart() {
  ++counters_.restarts;
  cut();
  suspended_ = false;
  RunningMode mode;
  mode.answer_timeout_s = options_.answer_timeout_s;
  mode.main_node = options_.main_node;
  mode.nodes_max = options_.nodes_max;
  mode.node_count = static_cast<std::uint16_t>(nodes_.size());
  say(services::running_mode, make_running_mode(mode), ++own_serial_, true);
}

void VirtualCarrierModule::cut() noexcept {
  ways_.clear();
  outgoing_.clear();
  parser_.reset();
  if (hooks_.cut) hooks_.cut();
}

}  // namespace duheng::device
