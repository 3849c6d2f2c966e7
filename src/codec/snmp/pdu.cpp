#include "codec/snmp/pdu.hpp"

#include <limits>

namespace duheng::snmp {
namespace {

void put_bindings(Bytes& out, const std::vector<Binding>& bindings) {
  Bytes list;
  for (const Binding& binding : bindings) {
    Bytes one;
    put_object_id(one, binding.name);
    put_element(one, binding.value.tag, binding.value.content);
    put_element(list, tag::sequence, one);
  }
  put_element(out, tag::sequence, list);
}

bool read_bindings(BerReader& reader, std::vector<Binding>& out) {
  auto list = reader.inside(tag::sequence);
  while (list.ok() && !list.at_end()) {
    if (out.size() == Pdu::bindings_max) return false;
    auto one = list.inside(tag::sequence);
    Binding binding;
    binding.name = one.object_id();
    if (const auto value = one.any()) binding.value = {value->tag, Bytes(value->content.begin(), value->content.end())};
    if (!one.is_done()) return false;
    out.push_back(std::move(binding));
  }
  return list.ok();
}

std::int32_t small(BerReader& reader) {
  const std::int64_t value = reader.integer();
  if (value < std::numeric_limits<std::int32_t>::min() || value > std::numeric_limits<std::int32_t>::max())
    reader.set_failed();
  return static_cast<std::int32_t>(value);
}

bool is_known(std::uint8_t type) {
  return type >= static_cast<std::uint8_t>(PduType::get) && type <= static_cast<std::uint8_t>(PduType::report) &&
         type != 0xA4;
}

}  // namespace

std::optional<std::int64_t> Value::number() const noexcept {
  switch (tag) {
    case tag::integer:
      return read_signed(content);
    case tag::counter32:
    case tag::gauge32:
    case tag::time_ticks:
    case tag::counter64: {
      const auto value = read_unsigned(content);
      if (!value || *value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
      return static_cast<std::int64_t>(*value);
    }
    default:
      return std::nullopt;
  }
}

Value Value::of_integer(std::int64_t number) {
  Bytes element;
  put_integer(element, number);
  return {tag::integer, Bytes(element.begin() + 2, element.end())};
}
Value Value::of_unsigned(std::uint64_t number, std::uint8_t tag) {
  Bytes element;
  put_unsigned(element, number, tag);
  return {tag, Bytes(element.begin() + 2, element.end())};
}
Value Value::of_text(std::string_view text) {
  const ByteView octets = as_bytes(text);
  return {tag::octet_string, Bytes(octets.begin(), octets.end())};
}

void put_pdu(Bytes& out, const Pdu& pdu) {
  Bytes content;
  put_integer(content, pdu.request_id);
  put_integer(content, pdu.error_status);
  put_integer(content, pdu.error_index);
  put_bindings(content, pdu.bindings);
  put_element(out, static_cast<std::uint8_t>(pdu.type), content);
}

Result<Pdu> parse_pdu(ByteView octets) {
  BerReader reader(octets);
  const std::uint8_t type = reader.peek();
  if (!is_known(type)) return fail(ErrorCode::unsupported, "a PDU of a type that is not of SNMPv2");
  Pdu out;
  out.type = static_cast<PduType>(type);
  auto inside = reader.inside(type);
  out.request_id = small(inside);
  out.error_status = small(inside);
  out.error_index = small(inside);
  if (!read_bindings(inside, out.bindings) || !inside.is_done() || !reader.is_done())
    return fail(ErrorCode::malformed, "not a whole SNMP PDU");
  return out;
}

Bytes encode_bindings(const std::vector<Binding>& bindings) {
  Bytes out;
  put_bindings(out, bindings);
  return out;
}

Result<std::vector<Binding>> parse_bindings(ByteView octets) {
  BerReader reader(octets);
  std::vector<Binding> out;
  if (!read_bindings(reader, out) || !reader.is_done())
    return fail(ErrorCode::malformed, "not a list of SNMP bindings");
  return out;
}

}  // namespace duheng::snmp
