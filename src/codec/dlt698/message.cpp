#include "codec/dlt698/message.hpp"

#include <utility>

namespace duheng::dlt698 {

namespace {

Node leaf(const Type& type, Bytes content) {
  Node node;
  node.type = &type;
  node.content = std::move(content);
  return node;
}

Bytes big_endian(std::uint64_t value, std::size_t octets) {
  Bytes out(octets);
  for (std::size_t i = 0; i < octets; ++i) out[octets - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  return out;
}

Node container(const Type& type, std::vector<Node> children) {
  Node node;
  node.type = &type;
  node.children = std::move(children);
  return node;
}

Node object_method(std::uint32_t omd) { return leaf(types::omd, big_endian(omd, 4)); }
Node reason(std::uint8_t dar) { return leaf(types::dar, {dar}); }

/// Fills in a part that the grammar certainly has there.
void put(Node& node, std::string_view name, Node part) { static_cast<void>(set_part(node, name, std::move(part))); }

void put_number(Node& apdu, std::string_view name, std::uint64_t value) {
  if (const Node* part = apdu.find(name); part != nullptr) {
    put(apdu, name, leaf(*part->type, big_endian(value, part->type->size_octets)));
  }
}

Node with_piid(const Type& service, std::uint8_t choice, std::string_view name, std::uint8_t raw) {
  Node apdu = prototype(service, choice);
  put_number(apdu, name, raw);
  return apdu;
}

/// The list called `name`, filled.
void put_oads(Node& apdu, std::string_view name, std::span<const Oad> oads) {
  const Node* list = apdu.find(name);
  if (list == nullptr) return;
  std::vector<Node> elements;
  for (const Oad oad : oads) elements.push_back(make::oad(oad));
  put(apdu, name, container(*list->type, std::move(elements)));
}

Node* find_mutable(Node& node, std::string_view name) { return const_cast<Node*>(std::as_const(node).find(name)); }

/// The only element of a SET or ACTION that is no list.
Node* single_item(Node& apdu, std::string_view name) {
  Node* single = find_mutable(apdu, name);
  return single == nullptr || single->children.empty() ? nullptr : &single->children[0];
}

/// A-ResultNormal with one of its two alternatives.
void put_result(Node& apdu, Oad oad, std::uint8_t selector, Node what) {
  Node* result = find_mutable(apdu, "result");
  if (result == nullptr) return;
  put(*result, "oad", make::oad(oad));
  Node& outcome = result->children[1];
  outcome.selector = selector;
  outcome.children[0] = std::move(what);
}

Bytes date_octets(const CalendarTime& time) {
  return {static_cast<std::uint8_t>(time.year >> 8), static_cast<std::uint8_t>(time.year), time.month, time.day};
}

}  // namespace

namespace make {

Node null() { return {}; }
Node boolean(bool value) { return leaf(types::boolean, {static_cast<std::uint8_t>(value ? 1 : 0)}); }
Node number(const Type& type, std::int64_t value) {
  return leaf(type, big_endian(static_cast<std::uint64_t>(value), type.size_octets));
}
Node octets(const Type& type, ByteView content) { return leaf(type, {content.begin(), content.end()}); }
Node visible_string(std::string_view text) { return octets(types::visible_string, as_bytes(text)); }
Node bit_string(ByteView content, std::uint32_t bits) {
  Node node = octets(types::bit_string, content);
  node.count = bits;
  return node;
}
Node date_time_s(const CalendarTime& time) {
  Bytes content = date_octets(time);
  content.insert(content.end(), {time.hour, time.minute, time.second});
  return leaf(types::date_time_s, std::move(content));
}
Node date_time(const CalendarTime& time) {
  Bytes content = date_octets(time);
  content.insert(content.end(),
                 {time.weekday, time.hour, time.minute, time.second, static_cast<std::uint8_t>(time.millisecond >> 8),
                  static_cast<std::uint8_t>(time.millisecond)});
  return leaf(types::date_time, std::move(content));
}
Node oad(Oad value) { return leaf(types::oad, big_endian(value.value(), 4)); }
Node interval(std::uint8_t unit, std::uint16_t count) {
  return leaf(types::ti, {unit, static_cast<std::uint8_t>(count >> 8), static_cast<std::uint8_t>(count)});
}
Node array(std::vector<Node> elements) { return container(types::array, std::move(elements)); }
Node structure(std::vector<Node> elements) { return container(types::structure, std::move(elements)); }

namespace {
Node selector(std::uint8_t which, std::vector<Node> parts) {
  Node node;
  node.type = &types::rsd;
  node.selector = which;
  node.children.push_back(container(*types::rsd.alternative(which)->type, std::move(parts)));
  return node;
}
}  // namespace

Node select_range(Oad column, Node start, Node end, Node interval) {
  constexpr std::uint8_t range = 2;
  return selector(range, {oad(column), std::move(start), std::move(end), std::move(interval)});
}
Node select_last(std::uint8_t n) {
  constexpr std::uint8_t nth_last = 9;
  return selector(nth_last, {number(types::unsigned_integer, n)});
}

}  // namespace make

Node prototype(const Type& type) {
  if (type.kind == Kind::data) return make::null();
  if (!type.is_container()) return leaf(type, Bytes(type.size_octets));
  Node node;
  node.type = &type;
  switch (type.kind) {
    case Kind::sequence:
      for (const Field& field : type.fields) node.children.push_back(prototype(*field.type));
      break;
    case Kind::choice:
      node.selector = type.first_selector;
      node.children.push_back(prototype(*type.fields[0].type));
      break;
    case Kind::single:
      node.children.push_back(prototype(*type.element));
      break;
    default:
      break;
  }
  return node;
}

Node prototype(const Type& service, std::uint8_t choice) {
  Node node = prototype(service);
  if (node.children.empty() || node.children[0].type->kind != Kind::choice) return node;
  Node& chosen = node.children[0];
  if (const Field* field = chosen.type->alternative(choice); field != nullptr) {
    chosen.selector = choice;
    chosen.children[0] = prototype(*field->type);
  }
  return node;
}

bool set_part(Node& apdu, std::string_view name, Node part) {
  Node* const place = find_mutable(apdu, name);
  if (place == nullptr) return false;
  *place = std::move(part);
  return true;
}

Node get_request(std::uint8_t piid, Oad oad) {
  Node apdu = with_piid(types::get_request, 1, "piid", piid);
  put(apdu, "oad", make::oad(oad));
  return apdu;
}

Node get_list_request(std::uint8_t piid, std::span<const Oad> oads) {
  Node apdu = with_piid(types::get_request, 2, "piid", piid);
  put_oads(apdu, "oads", oads);
  return apdu;
}

namespace {
Node columns_of(std::span<const Oad> columns) {
  std::vector<Node> list;
  for (const Oad column : columns) list.push_back(container(types::csd, {make::oad(column)}));
  return container(types::rcsd, std::move(list));
}
}  // namespace

Node get_record_request(std::uint8_t piid, Oad oad, Node selector, std::span<const Oad> columns) {
  Node apdu = with_piid(types::get_request, 3, "piid", piid);
  Node* const record = find_mutable(apdu, "record");
  put(*record, "oad", make::oad(oad));
  put(*record, "rsd", std::move(selector));
  put(*record, "rcsd", columns_of(columns));
  return apdu;
}

Node get_record_list_request(std::uint8_t piid, std::span<const Oad> tables, const Node& selector,
                             std::span<const Oad> columns) {
  Node apdu = with_piid(types::get_request, 4, "piid", piid);
  Node* const records = find_mutable(apdu, "records");
  for (const Oad table : tables)
    records->children.push_back(container(*records->type->element, {make::oad(table), selector, columns_of(columns)}));
  return apdu;
}

Node get_next_request(std::uint8_t piid, std::uint16_t last_block_received) {
  Node apdu = with_piid(types::get_request, 5, "piid", piid);
  put_number(apdu, "block", last_block_received);
  return apdu;
}

Node set_request(std::uint8_t piid, Oad oad, Node data) {
  Node apdu = with_piid(types::set_request, 1, "piid", piid);
  Node* const item = single_item(apdu, "set");
  put(*item, "oad", make::oad(oad));
  put(*item, "data", std::move(data));
  return apdu;
}

Node action_request(std::uint8_t piid, std::uint32_t omd, Node argument) {
  Node apdu = with_piid(types::action_request, 1, "piid", piid);
  Node* const item = single_item(apdu, "actions");
  put(*item, "omd", object_method(omd));
  put(*item, "data", std::move(argument));
  return apdu;
}

Node report_response(std::uint8_t piid, std::uint8_t choice, std::span<const Oad> oads) {
  Node apdu = with_piid(types::report_response, choice, "piid", piid);
  put_oads(apdu, "oads", oads);
  return apdu;
}

Node release_request(std::uint8_t piid) { return with_piid(types::release_request, 0, "piid", piid); }

Node security_request_plain(ByteView apdu, ByteView random_number) {
  constexpr std::uint8_t by_random_number = 1;
  Node request = prototype(types::security_request);
  Node& payload = *find_mutable(request, "payload_hex");
  payload.content.assign(apdu.begin(), apdu.end());
  Node& check = request.children[1];
  check.selector = by_random_number;
  check.children[0] = prototype(*check.type->alternative(by_random_number)->type);
  put(check.children[0].children[0], "rn", make::octets(types::rn, random_number));
  return request;
}

Node connect_request(std::uint8_t piid, const ConnectParameters& parameters) {
  Node apdu = with_piid(types::connect_request, 0, "piid", piid);
  const auto put_octets = [&](std::string_view name, ByteView octets) {
    put(apdu, name, make::octets(*apdu.find(name)->type, octets));
  };
  put_number(apdu, "version", parameters.version);
  put_octets("protocol_conformance", parameters.protocol_conformance);
  put_octets("function_conformance", parameters.function_conformance);
  put_number(apdu, "max_send", parameters.send_octets_max);
  put_number(apdu, "max_recv", parameters.receive_octets_max);
  put_number(apdu, "window", parameters.window_frames);
  put_number(apdu, "max_apdu", parameters.apdu_octets_max);
  put_number(apdu, "timeout_s", parameters.timeout_s);
  return apdu;
}

Node get_response(std::uint8_t piid_acd, Oad oad, Node data) {
  Node apdu = with_piid(types::get_response, 1, "piid_acd", piid_acd);
  put_result(apdu, oad, 1, std::move(data));
  return apdu;
}

Node get_refusal(std::uint8_t piid_acd, Oad oad, std::uint8_t dar) {
  Node apdu = with_piid(types::get_response, 1, "piid_acd", piid_acd);
  put_result(apdu, oad, 0, reason(dar));
  return apdu;
}

Node set_response(std::uint8_t piid_acd, Oad oad, std::uint8_t dar) {
  Node apdu = with_piid(types::set_response, 1, "piid_acd", piid_acd);
  Node* const item = single_item(apdu, "results");
  put(*item, "oad", make::oad(oad));
  put(*item, "dar", reason(dar));
  return apdu;
}

Node action_response(std::uint8_t piid_acd, std::uint32_t omd, std::uint8_t dar) {
  Node apdu = with_piid(types::action_response, 1, "piid_acd", piid_acd);
  Node* const item = single_item(apdu, "results");
  put(*item, "omd", object_method(omd));
  put(*item, "dar", reason(dar));
  return apdu;
}

Node release_response(std::uint8_t piid_acd) { return with_piid(types::release_response, 0, "piid_acd", piid_acd); }

Node link_request(std::uint8_t piid_acd, LinkType type, std::uint16_t heartbeat_s, const CalendarTime& now) {
  Node apdu = with_piid(types::link_request, 0, "piid_acd", piid_acd);
  put_number(apdu, "type", static_cast<std::uint8_t>(type));
  put_number(apdu, "heartbeat_s", heartbeat_s);
  put(apdu, "time", make::date_time(now));
  return apdu;
}

Node link_response(std::uint8_t piid, std::uint8_t result, const CalendarTime& requested, const CalendarTime& received,
                   const CalendarTime& responded) {
  Node apdu = with_piid(types::link_response, 0, "piid", piid);
  put_number(apdu, "result", result);
  put(apdu, "request_time", make::date_time(requested));
  put(apdu, "receive_time", make::date_time(received));
  put(apdu, "response_time", make::date_time(responded));
  return apdu;
}

namespace {

// Far below what a Reader follows, whatever surrounds the Data.
constexpr unsigned plain_containers_max = 24;
constexpr std::size_t oad_octets = 4;

/// Puts `at` behind the Data there. False for anything but simple values, arrays and structures of them.
bool skip_plain_data(ByteView octets, std::size_t& at) noexcept {
  unsigned containers = 0;
  for (std::size_t pending = 1; pending > 0; --pending) {
    const auto value = take_flat_value(octets, at);
    if (!value) return false;
    if (value->type->kind == Kind::list && ++containers > plain_containers_max) return false;
    pending += value->count;
  }
  return true;
}

}  // namespace

std::optional<FlatValue> take_flat_value(ByteView octets, std::size_t& at) noexcept {
  if (at >= octets.size()) return std::nullopt;
  const Type* const type = data_type(octets[at]);
  if (type == nullptr) return std::nullopt;
  std::size_t begin = at + 1;
  const std::size_t left = octets.size() - begin;
  std::size_t size = type->size_octets;
  std::uint32_t count = 0;
  if (type->kind > Kind::fixed_text) {
    // Lengths and counts of one octet; longer ones are left to the grammar.
    if (left == 0 || octets[begin] >= 0x80 || type->kind == Kind::bit_string) return std::nullopt;
    size = octets[begin++];
    if (type == &types::array || type == &types::structure) {
      count = static_cast<std::uint32_t>(size);
      size = 0;
    } else if (type->kind > Kind::apdu_octets) {
      return std::nullopt;
    }
  }
  if (size > octets.size() - begin) return std::nullopt;
  at = begin + size;
  return FlatValue{type, octets.subspan(begin, size), count};
}

std::optional<PlainResults> find_plain_results(ByteView apdu) noexcept {
  constexpr std::size_t head_octets = 3;  // tag, choice, PIID-ACD
  constexpr std::uint8_t normal = 1;
  constexpr std::uint8_t normal_list = 2;
  if (apdu.size() <= head_octets) return std::nullopt;
  PlainResults out{.offset = head_octets, .end = 0, .count = 1};
  const bool is_get = apdu[0] == types::get_response.tag && (apdu[1] == normal || apdu[1] == normal_list);
  const bool is_report = apdu[0] == types::report_notification.tag && apdu[1] == normal;
  if (!is_get && !is_report) return std::nullopt;
  if (is_report || apdu[1] == normal_list) {
    out.count = apdu[head_octets];
    out.offset = head_octets + 1;
    if (out.count >= 0x80) return std::nullopt;
  }
  std::size_t at = out.offset;
  for (std::uint32_t i = 0; i < out.count; ++i) {
    // OAD, selector, and at least a DAR or a tag.
    if (apdu.size() - at < oad_octets + 2) return std::nullopt;
    at += oad_octets;
    const std::uint8_t selector = apdu[at++];
    if (selector > 1) return std::nullopt;
    if (selector == 0) {
      ++at;
    } else if (!skip_plain_data(apdu, at)) {
      return std::nullopt;
    }
  }
  // Neither a report along with the answer nor a time tag.
  if (apdu.size() - at < 2 || apdu[at] != 0 || apdu[at + 1] != 0) return std::nullopt;
  out.end = at;
  return out;
}

ObjectResult take_plain_result(ByteView apdu, std::size_t& at, const PlainResults& results, bool is_last) noexcept {
  ObjectResult result;
  result.oad = read_oad(apdu.subspan(at, oad_octets));
  at += oad_octets;
  if (apdu[at++] == 0) {
    result.dar = apdu[at++];
    return result;
  }
  const std::size_t begin = at;
  if (is_last) {
    at = results.end;
  } else {
    static_cast<void>(skip_plain_data(apdu, at));
  }
  result.data = apdu.subspan(begin, at - begin);
  return result;
}

}  // namespace duheng::dlt698
