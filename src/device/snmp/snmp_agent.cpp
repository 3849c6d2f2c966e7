#include "device/snmp/snmp_agent.hpp"

#include <algorithm>
#include <cstdlib>

#include "codec/snmp/message.hpp"

namespace duheng::device {
namespace {

using snmp::Binding;
using snmp::Pdu;
using snmp::PduType;
using snmp::SecureMessage;

constexpr std::int32_t too_big = 1;         // RFC 3416, 3
constexpr std::int32_t not_writable = 17;   // likewise
constexpr std::int32_t window_s = 150;      // RFC 3414, 2.2.3
constexpr std::size_t header_octets = 160;  // of a version 3 message around its PDU, with room for names
constexpr std::size_t engine_id_octets_min = 5;

std::size_t octets_of(const std::vector<Binding>& bindings) { return snmp::encode_bindings(bindings).size(); }

/// RFC 3416, 4.2.3: the first names once, the others again and again, row by row.
std::vector<Binding> bulk(const MibView& view, const Pdu& request, std::size_t octets_max) {
  const auto asked = request.bindings.size();
  const auto once = std::min<std::size_t>(asked, static_cast<std::size_t>(std::max(0, request.error_status)));
  const std::int32_t rows = std::max(0, request.error_index);
  std::vector<Binding> out;
  std::size_t octets = octets_of({});
  const auto add = [&](Binding one) {
    octets += octets_of({one}) - octets_of({});
    if (octets + 8 > octets_max || out.size() == Pdu::bindings_max) return false;
    out.push_back(std::move(one));
    return true;
  };
  for (std::size_t i = 0; i < once; ++i)
    if (!add(view.next(request.bindings[i].name))) return out;
  std::vector<snmp::ObjectId> at;
  for (std::size_t i = once; i < asked; ++i) at.push_back(request.bindings[i].name);
  bool has_more = !at.empty();
  for (std::int32_t row = 0; row < rows && has_more; ++row) {
    has_more = false;
    for (auto& name : at) {
      Binding next = view.next(name);
      name = next.name;
      has_more = has_more || !next.value.is_absent();
      if (!add(std::move(next))) return out;
    }
  }
  return out;
}

}  // namespace

std::optional<Pdu> respond(const MibView& view, const Pdu& request, std::size_t octets_max) {
  Pdu out;
  out.type = PduType::response;
  out.request_id = request.request_id;
  switch (request.type) {
    case PduType::get:
      for (const Binding& asked : request.bindings) out.bindings.push_back({asked.name, view.get(asked.name)});
      break;
    case PduType::get_next:
      for (const Binding& asked : request.bindings) out.bindings.push_back(view.next(asked.name));
      break;
    case PduType::get_bulk:
      out.bindings = bulk(view, request, octets_max);
      return out;
    case PduType::set:
      out.bindings = request.bindings;
      if (out.bindings.empty()) return out;
      out.error_status = not_writable;
      out.error_index = 1;
      return out;
    default:
      return std::nullopt;
  }
  if (octets_of(out.bindings) > octets_max) {
    out.bindings.clear();
    out.error_status = too_big;
  }
  return out;
}

Result<SnmpAgent> SnmpAgent::make(SnmpAgentOptions options) {
  snmp::UserKeys keys;
  if (options.user) {
    const SnmpUser& user = *options.user;
    if (options.engine_id.size() < engine_id_octets_min)
      return fail(ErrorCode::invalid_argument, "an SNMP engine's name has at least five octets");
    if (user.authentication == snmp::Authentication::none && user.privacy != snmp::Privacy::none)
      return fail(ErrorCode::invalid_argument, "SNMPv3 encrypts only what it authenticates");
    keys.authentication = user.authentication;
    keys.privacy = user.privacy;
    if (user.authentication != snmp::Authentication::none) {
      DUHENG_TRY(const auto key, snmp::key_of_password(user.authentication, user.authentication_password));
      keys.authentication_key = snmp::localised_key(user.authentication, key, options.engine_id);
    }
    if (user.privacy != snmp::Privacy::none) {
      DUHENG_TRY(const auto key, snmp::key_of_password(user.authentication, user.privacy_password));
      keys.privacy_key = snmp::localised_key(user.authentication, key, options.engine_id);
    }
  }
  return SnmpAgent(std::move(options), std::move(keys));
}

std::optional<Bytes> SnmpAgent::answer(const EngineTime& now, const MibView& view, ByteView question) {
  const auto version = snmp::version_of(question);
  if (!version) return std::nullopt;
  if (*version == snmp::Version::v2c) return answer_plain(view, question);
  if (*version == snmp::Version::v3) return answer_secure(now, view, question);
  return std::nullopt;
}

std::optional<Bytes> SnmpAgent::answer_plain(const MibView& view, ByteView question) const {
  const auto message = snmp::parse_community_message(question);
  if (!message || options_.community.empty() || message->community != options_.community) return std::nullopt;
  const auto request = snmp::parse_pdu(message->pdu);
  if (!request) return std::nullopt;
  const auto response = respond(view, *request, response_octets_max - header_octets);
  if (!response) return std::nullopt;
  return snmp::encode_community_message(options_.community, *response);
}

/// What speaks against a message before its authenticity is looked at. RFC 3414, 3.2.
std::optional<SnmpAgent::Report> SnmpAgent::objection(const SecureMessage& message) const {
  if (!std::ranges::equal(message.engine_id, options_.engine_id)) return Report::unknown_engine;
  if (!options_.user || message.user != options_.user->name) return Report::unknown_user;
  const bool is_level_right =
      message.has(SecureMessage::flag_authenticated) == (keys_.authentication != snmp::Authentication::none) &&
      message.has(SecureMessage::flag_private) == (keys_.privacy != snmp::Privacy::none);
  if (!is_level_right) return Report::unsupported_level;
  return std::nullopt;
}

std::optional<Bytes> SnmpAgent::answer_secure(const EngineTime& now, const MibView& view, ByteView question) {
  const auto message = snmp::parse_secure_message(question);
  if (!message || options_.engine_id.size() < engine_id_octets_min) return std::nullopt;
  if (const auto against = objection(*message)) return report(now, *message, *against);
  auto opened = snmp::open_message(question, *message, keys_);
  if (!opened && opened.error().code == ErrorCode::checksum_mismatch)
    return report(now, *message, Report::wrong_digest);
  const bool is_timely =
      keys_.authentication == snmp::Authentication::none ||
      (message->engine_boots == now.boots && std::llabs(std::int64_t{message->engine_time_s} - now.time_s) <= window_s);
  if (!is_timely) return report(now, *message, Report::not_in_time_window);
  if (!opened) return keys_.privacy == snmp::Privacy::none ? std::nullopt : report(now, *message, Report::decryption);
  if (!opened->context.empty()) return std::nullopt;
  auto response = respond(view, opened->pdu, response_octets_max - header_octets);
  if (!response) return std::nullopt;
  return seal(now, message->message_id, keys_, {options_.engine_id, "", std::move(*response)});
}

std::optional<Bytes> SnmpAgent::report(const EngineTime& now, const SecureMessage& message, Report what) {
  const auto place = static_cast<std::size_t>(what);
  ++reports_[place];
  if (!message.has(SecureMessage::flag_reportable)) return std::nullopt;
  Pdu pdu;
  pdu.type = PduType::report;
  pdu.bindings.push_back({{{1, 3, 6, 1, 6, 3, 15, 1, 1, static_cast<std::uint32_t>(what), 0}},
                          snmp::Value::of_unsigned(reports_[place], snmp::tag::counter32)});
  // Who asks at a wrong time must be able to believe the right one; RFC 3414, 3.2, 7.
  snmp::UserKeys keys;
  if (what == Report::not_in_time_window)
    keys = {keys_.authentication, snmp::Privacy::none, keys_.authentication_key, {}};
  return seal(now, message.message_id, keys, {options_.engine_id, "", std::move(pdu)});
}

std::optional<Bytes> SnmpAgent::seal(const EngineTime& now, std::int32_t message_id, const snmp::UserKeys& keys,
                                     const snmp::ScopedPdu& scoped) {
  snmp::Outgoing header;
  header.message_id = message_id;
  header.is_reportable = false;
  header.engine_id = options_.engine_id;
  header.engine_boots = now.boots;
  header.engine_time_s = now.time_s;
  if (options_.user && (keys.authentication != snmp::Authentication::none || scoped.pdu.type == PduType::response))
    header.user = options_.user->name;
  header.salt = static_cast<std::uint64_t>(now.boots) << 32 | ++salt_;
  auto sealed = snmp::seal_message(header, keys, scoped);
  if (!sealed) return std::nullopt;
  return std::move(*sealed);
}

}  // namespace duheng::device
