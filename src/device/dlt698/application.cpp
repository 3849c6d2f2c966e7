#include "device/dlt698/application.hpp"

#include <algorithm>

#include "codec/dlt698/message.hpp"
#include "crypto/hash.hpp"
#include "device/dlt698/apdu_writer.hpp"
#include "device/dlt698/calendar.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Node;
using dlt698::Oad;
namespace types = dlt698::types;

constexpr std::uint8_t response_bit = 0x80;
constexpr std::uint8_t security_tag = 0x10;
constexpr std::uint8_t error_tag = 0xEE;
constexpr std::uint8_t action_tag = 0x07;
constexpr std::uint8_t piid_mask = 0xBF;  // bit 6 is the server's: no events are announced

constexpr std::uint8_t cannot_be_parsed = 1;
constexpr std::uint8_t not_supported = 2;

/// Results of CONNECT. Source: DL/T 698.45-2017, application layer (association).
enum class ConnectResult : std::uint8_t { allowed = 0, wrong_password = 1, symmetric = 2, asymmetric = 3 };
enum class Mechanism : std::uint8_t { none = 0, password = 1, symmetric = 2, signature = 3 };
constexpr std::size_t mechanism_place = 9;  // among the parts of CONNECT-Request
constexpr std::string_view vendor_version = "DUHE0001260101000126010100000000";
constexpr std::uint16_t protocol_version = 0x0016;
constexpr std::int64_t timeout_longest_s = 86'400;
constexpr std::uint16_t frame_octets_least = 64;

constexpr std::array service_tags{
    std::pair{&types::connect_request, std::uint8_t{0x02}}, std::pair{&types::release_request, std::uint8_t{0x03}},
    std::pair{&types::get_request, std::uint8_t{0x05}}, std::pair{&types::set_request, std::uint8_t{0x06}},
    std::pair{&types::action_request, std::uint8_t{0x07}}};

std::uint8_t tag_of(const Node& root) {
  for (const auto& [type, tag] : service_tags)
    if (root.type == type) return tag;
  return 0;
}

/// Services whose APDUs only servers send, or that are answers: nothing is said to them.
bool is_no_question(std::uint8_t tag) {
  constexpr std::uint8_t link_request = 0x01;
  constexpr std::uint8_t report_response = 0x08;
  constexpr std::uint8_t error_from_client = 0x6E;
  return (tag & response_bit) != 0 || tag == link_request || tag == report_response || tag == error_from_client;
}

std::uint64_t number(const Node& root, std::string_view name) {
  const Node* part = root.find(name);
  return part == nullptr ? 0 : dlt698::read_unsigned(part->content);
}
const Node* time_tag_of(const Node& root) {
  const Node* part = root.find("time_tag");
  return part == nullptr || part->children.empty() ? nullptr : &part->children[0];
}

/// Sent so long ago that its delay has passed. An interval of 0 is not checked.
bool is_stale(const Node& tag, std::int64_t own_local_ms) {
  const auto sent = local_ms_in(tag.children[0]);
  const Node& interval = tag.children[1];
  constexpr std::array<std::int64_t, 4> unit_ms{1'000, 60'000, 3'600'000, day_ms};
  const auto count = static_cast<std::int64_t>(dlt698::read_unsigned(ByteView(interval.content).subspan(1)));
  if (count == 0) return false;
  if (!sent) return true;
  const std::uint8_t unit = interval.content[0];
  if (unit >= unit_ms.size()) return false;  // months and years: never in this meter's life of a question
  return own_local_ms - *sent > count * unit_ms[unit];
}

}  // namespace

Application::Client& Application::client(std::uint8_t address) {
  const auto found = std::ranges::find(clients_, address, &Client::address);
  if (found != clients_.end()) {
    std::rotate(found, found + 1, clients_.end());
    return clients_.back();
  }
  if (clients_.size() == clients_max) clients_.erase(clients_.begin());
  return clients_.emplace_back(Client{address, {}, {}});
}

const Application::Association* Application::association(std::uint8_t address) const {
  const auto found = std::ranges::find(clients_, address, &Client::address);
  return found != clients_.end() && found->association ? &*found->association : nullptr;
}

/// Every question keeps an association alive; after its timeout without any it is gone.
void Application::renew(std::int64_t utc_ms, std::uint8_t address) {
  const auto found = std::ranges::find(clients_, address, &Client::address);
  if (found == clients_.end() || !found->association) return;
  auto& held = *found->association;
  if (utc_ms > held.expires_utc_ms)
    found->association.reset();
  else
    held.expires_utc_ms = utc_ms + held.timeout_ms;
}

std::optional<Reply> Application::answer(std::int64_t utc_ms, std::uint8_t client, ByteView apdu, ByteView request) {
  request_ = request;
  if (apdu.empty() || is_no_question(apdu[0])) return std::nullopt;
  renew(utc_ms, client);
  auto out = apdu[0] == security_tag ? secured(utc_ms, client, apdu) : plain(utc_ms, client, apdu, false);
  if (!out) return std::nullopt;
  const auto* held = association(client);
  out->frame_octets_max = held != nullptr ? held->frame_octets_max : options_.frame_octets_max;
  return out;
}

void Application::broadcast(std::int64_t utc_ms, ByteView apdu, ByteView request) {
  request_ = request;
  const auto tree = dlt698::decode_tree(types::apdu, apdu);
  if (!tree || tree->root.type != &types::action_request) return;
  const Node* actions = tree->root.find("actions");
  constexpr std::uint64_t broadcast_time = 0x40007F00;
  for (const Node& action : actions->children)
    if (dlt698::read_unsigned(action.children[0].content) == broadcast_time) {
      State draft = registers_.draft();
      if (registers_.adjust_clock(draft, utc_ms, action.children[1]) != Dar::success) continue;
      note_command(draft, utc_ms, action_tag, static_cast<std::uint32_t>(broadcast_time));
      // A memory without power: as if nothing had been heard.
      static_cast<void>(registers_.commit(std::move(draft)));
    }
}

std::optional<Reply> Application::plain(std::int64_t utc_ms, std::uint8_t client, ByteView apdu, bool is_proven) {
  const auto tree = dlt698::decode_tree(types::apdu, apdu);
  if (!tree) {
    const Node nothing;
    return error({utc_ms, client, is_proven, nothing, 0, {}, false}, cannot_be_parsed);
  }
  Question question{utc_ms, client, is_proven, tree->root, 0, {}, false};
  question.piid = static_cast<std::uint8_t>(number(tree->root, "piid") & piid_mask);
  if (const Node* tag = time_tag_of(tree->root)) {
    for (const Node& part : tag->children)
      question.time_tag.insert(question.time_tag.end(), part.content.begin(), part.content.end());
    question.is_stale = is_stale(*tag, registers_.clock_local_ms(utc_ms));
  }
  return serve(question);
}

std::optional<Reply> Application::serve(const Question& question) {
  const auto* service = question.root.type;
  if (service == &types::get_request) return get(question);
  if (service == &types::set_request) return set(question);
  if (service == &types::action_request) return act(question);
  if (service == &types::connect_request) return connect(question);
  if (service == &types::release_request) return release(question);
  return error(question, not_supported);
}

Bytes Application::mac_of(ByteView salt, ByteView apdu) const {
  constexpr std::size_t mac_octets = 4;
  Bytes message(salt.begin(), salt.end());
  message.insert(message.end(), apdu.begin(), apdu.end());
  const auto hash = crypto::hmac_sha256(options_.security_key, message);
  return {hash.begin(), hash.begin() + mac_octets};
}

std::optional<Reply> Application::secured(std::int64_t utc_ms, std::uint8_t client, ByteView apdu) {
  enum class Check : std::uint8_t { sid_mac = 0, rn = 1, rn_mac = 2, sid = 3 };
  const auto tree = dlt698::decode_tree(types::security_request, apdu.subspan(1));
  const auto refuse = [](Dar why) { return Reply{{0x90, 0x02, static_cast<std::uint8_t>(why), 0x00}, 0, 0}; };
  if (!tree) {
    const Node nothing;
    return error({utc_ms, client, false, nothing, 0, {}, false}, cannot_be_parsed);
  }
  const Node& payload = tree->root.children[0];
  if (payload.selector != 0) return refuse(Dar::cannot_decrypt);
  const ByteView inner = payload.children[0].children[0].content;
  const Node& check = tree->root.children[1];
  const Node& parts = check.children[0].children[0];
  Bytes salt;
  const Node* mac = nullptr;
  const auto take_sid = [&](const Node& sid) {
    for (const Node& part : sid.children) salt.insert(salt.end(), part.content.begin(), part.content.end());
  };
  switch (static_cast<Check>(check.selector)) {
    case Check::sid_mac:
      take_sid(parts.children[0]);
      mac = &parts.children[1];
      break;
    case Check::rn:
    case Check::rn_mac:
      salt = parts.children[0].content;
      if (parts.children.size() > 1) mac = &parts.children[1];
      break;
    case Check::sid:
      take_sid(parts.children[0]);
      break;
  }
  if (mac != nullptr &&
      (options_.security_key.empty() || !crypto::equal_in_constant_time(mac->content, mac_of(salt, inner))))
    return refuse(Dar::verification_failed);
  if (inner.empty() || inner[0] == security_tag || is_no_question(inner[0])) return refuse(Dar::security_mismatch);
  auto out = plain(utc_ms, client, inner, mac != nullptr);
  if (!out) return std::nullopt;
  ApduWriter writer;
  writer.octets({0x90, 0x00}).sized(out->apdu);
  if (options_.security_key.empty())
    writer.u8(0);
  else
    writer.octets({0x01, 0x00}).sized(mac_of(salt, out->apdu));
  out->apdu = writer.take();
  return out;
}

Reply Application::reply(const Question& question, std::uint8_t choice, ByteView body, std::uint32_t identifier) const {
  ApduWriter writer;
  writer.u8(tag_of(question.root) | response_bit);
  if (choice != 0) writer.u8(choice);
  writer.u8(question.piid).raw(body).u8(0);
  writer.u8(question.time_tag.empty() ? 0 : 1).raw(question.time_tag);
  return {writer.take(), identifier, 0};
}

Reply Application::error(const Question& question, std::uint8_t type) const {
  ApduWriter writer;
  writer.octets({error_tag, question.piid, type, 0});
  writer.u8(question.time_tag.empty() ? 0 : 1).raw(question.time_tag);
  return {writer.take(), 0, 0};
}

Reply Application::connect(const Question& question) {
  const Node& mechanism = question.root.children[mechanism_place];
  const auto asked = [&](std::string_view name) { return number(question.root, name); };
  auto result = ConnectResult::allowed;
  const auto how = static_cast<Mechanism>(mechanism.selector);
  if (how == Mechanism::symmetric) result = ConnectResult::symmetric;
  if (how == Mechanism::signature) result = ConnectResult::asymmetric;
  if (how == Mechanism::password &&
      !crypto::equal_in_constant_time(mechanism.children[0].children[0].content, as_bytes(registers_.password())))
    result = ConnectResult::wrong_password;
  Association made;
  const auto agreed = [&](std::uint64_t theirs, std::uint16_t ours) {
    return static_cast<std::uint16_t>(std::clamp<std::uint64_t>(theirs, frame_octets_least, ours));
  };
  made.frame_octets_max = agreed(asked("max_recv"), options_.frame_octets_max);
  made.apdu_octets_max = agreed(asked("max_apdu"), options_.apdu_octets_max);
  made.has_password = how == Mechanism::password;
  const auto timeout_s = std::clamp<std::int64_t>(static_cast<std::int64_t>(asked("timeout_s")), 1, timeout_longest_s);
  made.timeout_ms = timeout_s * 1'000;
  made.expires_utc_ms = question.utc_ms + made.timeout_ms;
  auto& held = client(question.client);
  held.transfer.reset();
  held.association.reset();
  if (result == ConnectResult::allowed) held.association = made;

  ApduWriter body;
  body.raw(as_bytes(vendor_version)).u16(std::min(static_cast<std::uint16_t>(asked("version")), protocol_version));
  for (const auto* name : {"protocol_conformance", "function_conformance"}) body.raw(question.root.find(name)->content);
  body.u16(made.frame_octets_max).u16(options_.frame_octets_max).u8(1).u16(made.apdu_octets_max);
  body.u32(static_cast<std::uint32_t>(timeout_s)).u8(static_cast<std::uint8_t>(result)).u8(0);
  return reply(question, 0, body.take());
}

Reply Application::release(const Question& question) {
  auto& held = client(question.client);
  held.association.reset();
  held.transfer.reset();
  const std::uint8_t success[] = {0};
  return reply(question, 0, success);
}

std::size_t Application::apdu_octets_max(std::uint8_t address) const {
  const auto* held = association(address);
  const std::size_t apdu = held != nullptr ? held->apdu_octets_max : options_.apdu_octets_max;
  const std::size_t frame = held != nullptr ? held->frame_octets_max : options_.frame_octets_max;
  constexpr std::size_t frame_overhead_octets = 12 + dlt698::ServerAddress::size_octets_max;
  if (options_.sends_pieces || frame < frame_octets_least) return apdu;
  return std::min(apdu, frame - frame_overhead_octets);
}

Dar Application::may_write(const Question& question) const {
  if (question.is_stale) return Dar::stale;
  if (question.is_proven || options_.plain_writes_allowed) return Dar::success;
  const auto* held = association(question.client);
  if (held == nullptr) return Dar::security_mismatch;
  return held->has_password ? Dar::success : Dar::unauthorised;
}

void Application::note_command(State& draft, std::int64_t utc_ms, std::uint8_t service,
                               std::uint32_t identifier) const {
  const std::uint64_t before = draft.last_command ? draft.last_command->number : 0;
  draft.last_command = DeviceCommand{before + 1, service, identifier, crypto::sha256(request_), utc_ms};
}

bool Application::keep(State draft, const Question& question, const std::vector<std::uint32_t>& identifiers,
                       const std::vector<Dar>& results) {
  const auto done = std::ranges::find(results, Dar::success);
  if (done == results.end()) return true;
  const auto place = static_cast<std::size_t>(done - results.begin());
  note_command(draft, question.utc_ms, tag_of(question.root), identifiers[place]);
  return registers_.commit(std::move(draft));
}

std::optional<Reply> Application::set(const Question& question) {
  const Node& choice = question.root.children[0];
  const Node& items = *question.root.find("set");
  const Dar allowed = may_write(question);
  State draft = registers_.draft();
  std::vector<Dar> results;
  std::vector<std::uint32_t> oads;
  for (const Node& item : items.children) {
    const Oad oad = dlt698::read_oad(item.children[0].content);
    oads.push_back(oad.value());
    results.push_back(allowed != Dar::success ? allowed
                                              : registers_.set(draft, question.utc_ms, oad, item.children[1]));
  }
  if (!keep(std::move(draft), question, oads, results)) return std::nullopt;
  constexpr std::uint8_t one = 1;
  constexpr std::uint8_t then_get = 3;
  ApduWriter body;
  if (choice.selector != one) body.length(items.children.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Node& item = items.children[i];
    body.raw(item.children[0].content).u8(static_cast<std::uint8_t>(results[i]));
    if (choice.selector == then_get) body.raw(result_of(question, dlt698::read_oad(item.children[2].content)));
  }
  return reply(question, choice.selector, body.take(), oads.empty() ? 0 : oads.front());
}

std::optional<Reply> Application::act(const Question& question) {
  const Node& choice = question.root.children[0];
  const Node& items = *question.root.find("actions");
  const Dar allowed = may_write(question);
  State draft = registers_.draft();
  std::vector<Dar> results;
  std::vector<std::uint32_t> omds;
  for (const Node& item : items.children) {
    omds.push_back(static_cast<std::uint32_t>(dlt698::read_unsigned(item.children[0].content)));
    results.push_back(allowed != Dar::success ? allowed
                                              : registers_.act(draft, question.utc_ms, omds.back(), item.children[1]));
  }
  if (!keep(std::move(draft), question, omds, results)) return std::nullopt;
  constexpr std::uint8_t one = 1;
  constexpr std::uint8_t then_get = 3;
  ApduWriter body;
  if (choice.selector != one) body.length(items.children.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Node& item = items.children[i];
    body.raw(item.children[0].content).u8(static_cast<std::uint8_t>(results[i])).u8(0);
    if (choice.selector == then_get) body.raw(result_of(question, dlt698::read_oad(item.children[2].content)));
  }
  return reply(question, choice.selector, body.take(), omds.empty() ? 0 : omds.front());
}

}  // namespace duheng::device::meter698
