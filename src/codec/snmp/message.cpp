#include "codec/snmp/message.hpp"

#include <algorithm>
#include <limits>

namespace duheng::snmp {
namespace {

constexpr std::int64_t security_model_user_based = 3;
constexpr std::int64_t message_octets_min = 484;  // RFC 3412, 6: msgMaxSize

std::unexpected<Error> malformed(const char* what) {
  return fail(ErrorCode::malformed, std::string("not a whole SNMP ") + what);
}

std::int32_t not_negative(BerReader& reader) {
  const std::int64_t value = reader.integer();
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max()) reader.set_failed();
  return static_cast<std::int32_t>(value);
}

void read_header(BerReader reader, SecureMessage& out, bool& is_fine) {
  out.message_id = not_negative(reader);
  const bool has_room = not_negative(reader) >= message_octets_min;
  const ByteView flags = reader.octets();
  const bool is_known_model = reader.integer() == security_model_user_based;
  is_fine = reader.is_done() && has_room && flags.size() == 1 && is_known_model;
  if (is_fine) out.flags = flags[0];
}

void read_security(BerReader reader, SecureMessage& out, bool& is_fine) {
  out.engine_id = reader.octets();
  out.engine_boots = not_negative(reader);
  out.engine_time_s = not_negative(reader);
  out.user = as_text(reader.octets());
  const auto authentication = reader.expect(tag::octet_string);
  out.authentication = authentication.content;
  out.authentication_offset = authentication.content_begin;
  out.privacy = reader.octets();
  is_fine = reader.is_done() && out.engine_id.size() <= 32 && out.user.size() <= 32;
}

}  // namespace

Result<Version> version_of(ByteView octets) {
  BerReader reader(octets);
  auto message = reader.inside(tag::sequence);
  const std::int64_t version = message.integer();
  if (!message.ok() || !reader.is_done()) return malformed("message");
  if (version != 0 && version != 1 && version != 3)
    return fail(ErrorCode::unsupported, "an SNMP message of an unknown version");
  return static_cast<Version>(version);
}

Result<CommunityMessage> parse_community_message(ByteView octets) {
  BerReader reader(octets);
  auto message = reader.inside(tag::sequence);
  const std::int64_t version = message.integer();
  const auto community = message.expect(tag::octet_string);
  const std::size_t pdu_begin = community.content_begin + community.content.size();
  const auto pdu = message.any();
  if (!pdu || !message.is_done() || !reader.is_done()) return malformed("message");
  if (version != static_cast<std::int64_t>(Version::v2c))
    return fail(ErrorCode::unsupported, "not an SNMP message of version 2c");
  return CommunityMessage{as_text(community.content), community.content_begin, octets.subspan(pdu_begin)};
}

Bytes encode_community_message(std::string_view community, const Pdu& pdu) {
  Bytes content;
  put_integer(content, static_cast<std::int64_t>(Version::v2c));
  put_octets(content, as_bytes(community));
  put_pdu(content, pdu);
  Bytes out;
  put_element(out, tag::sequence, content);
  return out;
}

Result<SecureMessage> parse_secure_message(ByteView octets) {
  BerReader reader(octets);
  auto message = reader.inside(tag::sequence);
  const std::int64_t version = message.integer();
  if (message.ok() && version != static_cast<std::int64_t>(Version::v3))
    return fail(ErrorCode::unsupported, "not an SNMP message of version 3");
  SecureMessage out;
  bool header_is_fine = false;
  read_header(message.inside(tag::sequence), out, header_is_fine);
  const auto security = message.expect(tag::octet_string);
  if (!message.ok() || !header_is_fine) return malformed("header");
  BerReader parameters(security.content, security.content_begin);
  bool security_is_fine = false;
  read_security(parameters.inside(tag::sequence), out, security_is_fine);
  if (!parameters.is_done() || !security_is_fine) return malformed("security header");
  const auto data = message.any();
  const bool is_private = out.has(SecureMessage::flag_private);
  if (!data || !message.is_done() || !reader.is_done() || data->tag != (is_private ? tag::octet_string : tag::sequence))
    return malformed("message");
  out.data = is_private ? data->content : octets.subspan(data->begin);
  return out;
}

Result<ScopedPdu> parse_scoped_pdu(ByteView octets) {
  BerReader reader(octets);
  auto scoped = reader.inside(tag::sequence);
  const ByteView engine = scoped.octets();
  const ByteView context = scoped.octets();
  const auto pdu = scoped.any();
  if (!pdu || !scoped.is_done() || !reader.ok()) return malformed("scoped PDU");
  Bytes whole;
  put_element(whole, pdu->tag, pdu->content);
  DUHENG_TRY(auto parsed, parse_pdu(whole));
  return ScopedPdu{Bytes(engine.begin(), engine.end()), std::string(as_text(context)), std::move(parsed)};
}

void put_scoped_pdu(Bytes& out, const ScopedPdu& scoped) {
  Bytes content;
  put_octets(content, scoped.engine_id);
  put_octets(content, as_bytes(scoped.context));
  put_pdu(content, scoped.pdu);
  put_element(out, tag::sequence, content);
}

void mask_communities(Bytes& octets) {
  std::size_t at = 0;
  while (at < octets.size()) {
    BerReader reader(ByteView(octets).subspan(at), at);
    const auto message = reader.any();
    if (!message) return;
    const std::size_t end = message->content_begin + message->content.size();
    if (const auto parsed = parse_community_message(ByteView(octets).subspan(at, end - at))) {
      const auto begin = octets.begin() + static_cast<std::ptrdiff_t>(at + parsed->community_offset);
      std::fill_n(begin, parsed->community.size(), std::uint8_t{0});
    }
    at = end;
  }
}

}  // namespace duheng::snmp
