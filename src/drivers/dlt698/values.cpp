#include "drivers/dlt698/values.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "codec/dlt698/node.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Kind;
using dlt698::Oad;
namespace objects = dlt698::objects;

std::optional<SeriesKind> kind_of(objects::Type type) {
  using enum objects::Type;
  switch (type) {
    case int8:
    case int16:
    case int32:
    case int64:
    case uint8:
    case uint16:
    case uint32:
    case uint64:
      return SeriesKind::decimal;
    case boolean:
    case enumeration:
    case bit_string:
      return SeriesKind::bit_set;
    case float32:
    case float64:
      return SeriesKind::ieee_bits;
    case date_time:
    case date_time_s:
      return SeriesKind::event;
    default:
      return std::nullopt;
  }
}

/// CCYYMMDDhhmmss as one number; nothing for a moment that does not exist.
std::optional<std::int64_t> digits_of(Kind kind, ByteView content) {
  const auto time = dlt698::read_time(kind, content);
  if (!time || !dlt698::is_valid(kind, *time)) return std::nullopt;
  std::int64_t out = time->year;
  for (const int part : {time->month, time->day, time->hour, time->minute, time->second}) out = out * 100 + part;
  return out;
}

/// The content of one element; nothing when it does not fit what the register is.
std::optional<std::int64_t> mantissa_of(const dlt698::Element& element, SeriesKind wanted) {
  constexpr std::size_t octets_most = 8;
  const ByteView content = element.content;
  if (content.empty() || (content.size() > octets_most && element.type->kind != Kind::date_time)) return std::nullopt;
  switch (element.type->kind) {
    case Kind::signed_integer:
      if (wanted == SeriesKind::decimal) return dlt698::read_signed(content);
      break;
    case Kind::unsigned_integer: {
      const std::uint64_t value = dlt698::read_unsigned(content);
      if (wanted == SeriesKind::decimal && value <= INT64_MAX) return static_cast<std::int64_t>(value);
      break;
    }
    case Kind::boolean:
    case Kind::enumeration:
    case Kind::bit_string:
      if (wanted == SeriesKind::bit_set) return std::bit_cast<std::int64_t>(dlt698::read_unsigned(content));
      break;
    case Kind::float_number:
      if (const auto value = dlt698::read_float(content); value && wanted == SeriesKind::ieee_bits)
        return std::bit_cast<std::int64_t>(*value);
      break;
    case Kind::date_time:
    case Kind::date_time_s:
      if (wanted == SeriesKind::event) return digits_of(element.type->kind, content);
      break;
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Oad> parse_oad(std::string_view text) {
  std::uint32_t value = 0;
  constexpr std::size_t digits = 8;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() != digits) return std::nullopt;
  return Oad::from(value);
}

Dlt698Place read_place(const ConfigNode& node, ItemShape& shape, bool any_name) {
  Dlt698Place place;
  place.element = static_cast<std::uint8_t>(node.integer("element", {0, 254}, 0));
  const auto oad = parse_oad(node.text("oad"));
  if (!oad) node.reject("oad", "must be eight hexadecimal digits: OI, attribute, index");
  place.oad = oad.value_or(Oad{});
  const auto what = objects::describe(place.oad.value());
  if (oad && !what) node.reject("oad", "is not in the object table");
  if (!what) return place;
  const objects::Shape* leaf = what->shape;
  if (leaf != nullptr && (leaf->type == objects::Type::array || leaf->type == objects::Type::structure))
    leaf = leaf->part(place.element);
  // An array of structures is counted flat, too.
  if (leaf != nullptr && leaf->type == objects::Type::structure && !leaf->parts().empty())
    leaf = leaf->part(place.element % leaf->parts().size());
  const auto kind = leaf != nullptr ? kind_of(leaf->type) : std::nullopt;
  if (!kind) {
    node.reject("oad", "is nothing that a register can hold at this element");
    return place;
  }
  shape.kind = place.kind = *kind;
  if (*kind == SeriesKind::decimal || *kind == SeriesKind::ieee_bits) {
    const auto scale = objects::register_scale(*leaf);
    place.unit = objects::to_string(scale.unit);
    place.exponent = *kind == SeriesKind::decimal ? scale.exponent : std::int8_t{0};
  }
  reject_unless_agreed(node, shape, place.unit, place.exponent);
  const std::string name = objects::register_name(*what, place.element);
  if (shape.register_name.empty()) shape.register_name = name;
  if (!any_name && !name.empty() && name != shape.register_name)
    node.reject("register", fmt::format("is '{}', but this place of the object is '{}'", shape.register_name, name));
  return place;
}

ItemValue item_value(std::uint32_t item, const Dlt698Place& place, const dlt698::Element& element) {
  ItemValue out{item, ItemState::good, 0, place.exponent, place.unit};
  if (element.type->kind == Kind::null) {
    out.state = ItemState::no_value;
    return out;
  }
  const auto mantissa = mantissa_of(element, place.kind);
  if (!mantissa) {
    out.state = ItemState::invalid;
    return out;
  }
  out.mantissa = *mantissa;
  if (place.kind == SeriesKind::ieee_bits && std::isnan(std::bit_cast<double>(*mantissa)))
    out.state = ItemState::no_value;
  return out;
}

Query dlt698_query(const dlt698::Node& apdu, bool at_most_once) {
  Query query;
  const auto octets = dlt698::encode_tree(dlt698::types::apdu, apdu);
  if (!octets || octets->empty()) return query;
  query.operation = octets->front();
  query.body.assign(octets->begin() + 1, octets->end());
  query.at_most_once = at_most_once;
  return query;
}

}  // namespace duheng::drivers
