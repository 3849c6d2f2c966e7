// What the leaves of an APDU say.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "codec/dlt698/explain_apdu.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/value.hpp"

namespace duheng::dlt698 {

using objects::Language;
using text::Label;

namespace {

void number(codec::ExplainedField& field, const Element& element, const objects::Shape* shape) {
  const bool is_signed = element.type->kind == Kind::signed_integer;
  const std::uint64_t magnitude = read_unsigned(element.content);
  const std::int64_t mantissa = is_signed ? read_signed(element.content) : static_cast<std::int64_t>(magnitude);
  const std::int8_t exponent = shape == nullptr ? std::int8_t{0} : shape->exponent;
  if (!is_signed && magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
    // Beyond what a decimal holds: no meter counts so far; shown as the number that stands there.
    field.value = std::to_string(magnitude);
    if (exponent != 0) field.value += fmt::format(" x 10^{}", exponent);
  } else {
    field.value = Decimal{mantissa, exponent}.to_string();
  }
  if (shape != nullptr) field.unit = objects::to_string(shape->unit);
  const std::string amount = text::joined(field.value, field.unit, " ");
  say(field, amount, amount);
}

void moment(codec::ExplainedField& field, const Element& element) {
  const auto time = read_time(element.type->kind, element.content);
  if (!time) return;
  field.value = to_string(element.type->kind, *time);
  if (is_valid(element.type->kind, *time)) return say(field, field.value, field.value);
  const bool has_open_parts = std::ranges::any_of(element.content, [](std::uint8_t octet) { return octet == 0xFF; });
  const bool is_nothing = std::ranges::all_of(element.content, [](std::uint8_t octet) { return octet == 0; });
  if (has_open_parts) return say(field, field.value + ", FF = not given", field.value + "，FF为未指定");
  if (is_nothing) return say(field, "no time", "无时间");
  field.is_fault = true;
  say(field, "no such time", "时间无效");
}

/// Octets that are a code: DAR, enumerations, results.
void code(codec::ExplainedField& field, const Element& element, std::string_view service) {
  const std::uint8_t octet = element.content[0];
  field.value = std::to_string(octet);
  Label label;
  if (element.type->kind == Kind::dar) {
    label = text::dar_label(octet);
  } else if (element.type->kind == Kind::link_result) {
    static constexpr std::array<Label, 4> results{{{"success", "成功"},
                                                   {"address duplicate", "地址重复"},
                                                   {"illegal device", "非法设备"},
                                                   {"capacity exceeded", "容量不足"}}};
    const Label clock =
        (octet & 0x80) != 0 ? Label{"clock trusted", "时钟可信"} : Label{"clock not trusted", "时钟不可信"};
    const Label result = (octet & 7) < results.size() ? results[octet & 7] : Label{"unknown", "未知"};
    return say(field, text::joined(result.english, clock.english, ", "),
               text::joined(result.chinese, clock.chinese, "，"));
  } else {
    label = text::code_label(service, field.key, octet);
  }
  if (label.english.empty()) label = {"a code without a meaning at hand", "含义未知"};
  say(field, label.english, label.chinese);
}

void conformance(codec::ExplainedField& field, const Element& element, bool is_protocol) {
  field.value = to_hex(element.content);
  std::string english;
  std::string chinese;
  for (unsigned bit = 0; bit < element.content.size() * 8; ++bit) {
    if ((element.content[bit / 8] << (bit % 8) & 0x80) == 0) continue;
    const Label label = text::conformance_label(is_protocol, bit);
    if (label.english.empty()) continue;
    english = text::joined(english, label.english, ", ");
    chinese = text::joined(chinese, label.chinese, "，");
  }
  say(field, english.empty() ? "none" : english, chinese.empty() ? "无" : chinese);
}

void object_text(codec::ExplainedField& field, const Element& element) {
  field.value = to_hex(element.content);
  if (element.type->kind == Kind::oi) {
    objects::Phase phase = objects::Phase::none;
    const auto* object = objects::find_object(static_cast<std::uint16_t>(read_unsigned(element.content)), &phase);
    return object != nullptr ? say(field, object->label.english, object->label.chinese)
                             : say(field, "not in this release's tables", "本版本未收录");
  }
  const auto value = static_cast<std::uint32_t>(read_unsigned(element.content));
  const auto found = element.type->kind == Kind::oad ? objects::describe(value) : objects::describe_method(value);
  if (!found) return say(field, "not in this release's tables", "本版本未收录");
  field.clause = found->clause;
  say(field, objects::meaning_of(*found, Language::english), objects::meaning_of(*found, Language::chinese));
}

}  // namespace

void explain_value(codec::ExplainedField& field, const Element& element, const objects::Shape* shape,
                   std::string_view service) {
  const ByteView content = element.content;
  const auto same = [&](std::string value) {
    field.value = std::move(value);
    say(field, field.value, field.value);
  };
  switch (element.type->kind) {
    case Kind::null:
      return say(field, "NULL: nothing", "空");
    case Kind::boolean:
      field.value = content[0] != 0 ? "true" : "false";
      return say(field, content[0] != 0 ? "yes" : "no", content[0] != 0 ? "是" : "否");
    case Kind::signed_integer:
    case Kind::unsigned_integer:
      return number(field, element, shape);
    case Kind::enumeration: {
      const Label* choice = shape != nullptr ? shape->choice(content[0]) : nullptr;
      if (choice == nullptr && !element.is_tagged) return code(field, element, service);
      field.value = std::to_string(content[0]);
      return choice != nullptr ? say(field, choice->english, choice->chinese) : say(field, field.value, field.value);
    }
    case Kind::float_number:
      if (const auto real = read_float(content)) same(fmt::format("{}", *real));
      return;
    case Kind::date_time:
    case Kind::date:
    case Kind::time:
    case Kind::date_time_s:
      return moment(field, element);
    case Kind::oi:
    case Kind::oad:
    case Kind::omd:
      return object_text(field, element);
    case Kind::ti: {
      static constexpr std::array<std::string_view, 6> units{"秒", "分", "时", "日", "月", "年"};
      field.value = interval_text(content);
      if (content[0] >= units.size()) return say(field, field.value, field.value);
      return say(field, field.value, std::to_string(content[1] * 256U + content[2]).append(units[content[0]]));
    }
    case Kind::scaler_unit: {
      const auto unit = objects::unit_name(content[1]);
      return same(
          fmt::format("10^{} {}", static_cast<std::int8_t>(content[0]),
                      unit.empty() && content[1] != 255 ? fmt::format("unit {}", content[1]) : std::string(unit)));
    }
    case Kind::comdcb: {
      const auto settings = text::line_settings(content);
      field.value = to_hex(content);
      return say(field, settings.english, settings.chinese);
    }
    case Kind::dar:
    case Kind::link_type:
    case Kind::link_result:
      return code(field, element, service);
    case Kind::piid:
    case Kind::piid_acd: {
      const Piid piid{content[0]};
      field.value = std::to_string(piid.sequence());
      const bool events = element.type->kind == Kind::piid_acd && piid.has_events();
      return say(
          field,
          fmt::format("service number {}, {} priority{}", field.value, piid.is_high_priority() ? "high" : "ordinary",
                      events ? ", events are waiting (read 33200200)" : ""),
          fmt::format("服务序号{}，{}优先级{}", field.value, piid.is_high_priority() ? "高" : "一般",
                      events ? "，有事件待读（读33200200）" : ""));
    }
    case Kind::fixed_octets:
      return conformance(field, element, field.key == "protocol_conformance");
    case Kind::fixed_text:
    case Kind::visible_string:
    case Kind::utf8_string: {
      const bool is_text = std::ranges::all_of(content, [&](std::uint8_t octet) {
        return (octet >= 0x20 && octet < 0x7F) || (octet >= 0x80 && element.type->kind == Kind::utf8_string);
      });
      return same(is_text && element.type->kind != Kind::utf8_string ? std::string(as_text(content)) : to_hex(content));
    }
    case Kind::bit_string: {
      field.value = to_hex(content);
      std::string bits;
      for (std::size_t bit = 0; bit < element.count; ++bit) {
        if ((content[bit / 8] << (bit % 8) & 0x80) != 0) bits = text::joined(bits, std::to_string(bit), ", ");
      }
      return bits.empty() ? say(field, fmt::format("{} bits, none set", element.count),
                                fmt::format("{}位，无置位", element.count))
                          : say(field, fmt::format("{} bits, set: {}", element.count, bits),
                                fmt::format("{}位，置位：{}", element.count, bits));
    }
    case Kind::tsa: {
      if (content.empty()) return say(field, "no address", "无地址");
      // The address feature, then the address, highest octet first.
      field.value = to_hex(content.subspan(1));
      return say(field, fmt::format("server {}", field.value), fmt::format("服务器{}", field.value));
    }
    case Kind::raw:
      field.value = std::to_string(content.size());
      return say(field, "cannot be told apart without their columns", "无列信息，无法划分");
    default:
      field.value = to_hex(content);
      if (field.key == "command" && decode_at_start(content)) {
        return say(field, "a DL/T 698.45 frame", "一个DL/T 698.45帧");
      }
      return say(field, fmt::format("{} octets", content.size()), fmt::format("{}字节", content.size()));
  }
}

}  // namespace duheng::dlt698
