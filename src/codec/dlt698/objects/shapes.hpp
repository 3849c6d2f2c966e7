#pragma once
// Short words for the tables; private to this library.
#include <array>

#include "codec/dlt698/objects/object_table.hpp"

namespace duheng::dlt698::objects::table {

/// A leaf: `u16("rated voltage", "额定电压", -1, Unit::volt)`. A name may be empty where the parent tells it.
using Text = std::string_view;
#define DUHENG_LEAF(word, type_name)                                                                                   \
  [[nodiscard]] constexpr Shape word(Text english = {}, Text chinese = {}, int exponent = 0, Unit unit = Unit::none) { \
    return {Type::type_name, {english, chinese}, exponent, unit};                                                      \
  }
DUHENG_LEAF(nothing, null)
DUHENG_LEAF(flag, boolean)
DUHENG_LEAF(bits, bit_string)
DUHENG_LEAF(i8, int8)
DUHENG_LEAF(i16, int16)
DUHENG_LEAF(i32, int32)
DUHENG_LEAF(i64, int64)
DUHENG_LEAF(u8, uint8)
DUHENG_LEAF(u16, uint16)
DUHENG_LEAF(u32, uint32)
DUHENG_LEAF(u64, uint64)
DUHENG_LEAF(octets, octet_string)
DUHENG_LEAF(characters, visible_string)
DUHENG_LEAF(moment, date_time_s)
DUHENG_LEAF(calendar_day, date)
DUHENG_LEAF(time_of_day, time)
DUHENG_LEAF(oi, oi)
DUHENG_LEAF(oad, oad)
DUHENG_LEAF(omd, omd)
DUHENG_LEAF(ti, ti)
DUHENG_LEAF(tsa, tsa)
DUHENG_LEAF(csd, csd)
DUHENG_LEAF(ms, ms)
DUHENG_LEAF(sid, sid)
DUHENG_LEAF(sid_mac, sid_mac)
DUHENG_LEAF(scaler_unit, scaler_unit)
DUHENG_LEAF(comdcb, comdcb)
DUHENG_LEAF(any, any)
#undef DUHENG_LEAF

template <std::size_t count>
[[nodiscard]] constexpr Shape record(Text english, Text chinese, const Shape (&parts)[count]) {
  static_assert(count < 256);
  return Shape(Type::structure, {english, chinese}).with_parts(parts, count);
}
/// Elements must be a named constant: the array points at it.
[[nodiscard]] constexpr Shape list(Text english, Text chinese, const Shape& element, Layout layout = Layout::numbered) {
  return Shape(Type::array, {english, chinese}).with_parts(&element, 1).with_layout(layout);
}
Shape list(Text, Text, const Shape&& element, Layout = Layout::numbered) = delete;
template <std::size_t count>
[[nodiscard]] constexpr Shape one_of(Text english, Text chinese, const Choice (&choices)[count]) {
  return Shape(Type::enumeration, {english, chinese}).with_choices(choices, count);
}

/// A line of an object table, filled by chained words.
struct Line : Object {
  [[nodiscard]] constexpr Line holds(const Shape& shape) const {
    Line line = *this;
    line.value = shape;
    return line;
  }
  /// Attribute 2 is one such thing; the object's own name says so already.
  [[nodiscard]] constexpr Line is(const Shape& shape) const {
    Line line = *this;
    line.value = shape;
    line.value.label = {};
    return line;
  }
  [[nodiscard]] constexpr Line as(std::string_view stem) const {
    Line line = *this;
    line.register_stem = stem;
    return line;
  }
  template <std::size_t count>
  [[nodiscard]] constexpr Line with(const Member (&members)[count]) const {
    Line line = *this;
    line.attributes = members;
    return line;
  }
  template <std::size_t count>
  [[nodiscard]] constexpr Line does(const Member (&members)[count]) const {
    Line line = *this;
    line.methods = members;
    return line;
  }
  [[nodiscard]] constexpr Line sure(Certainty certainty_of_line) const {
    Line line = *this;
    line.certainty = certainty_of_line;
    return line;
  }
};
[[nodiscard]] constexpr Line object(std::uint16_t identifier, std::uint8_t class_number, Text english, Text chinese) {
  Line line;
  line.oi = identifier;
  line.class_number = class_number;
  line.label = {english, chinese};
  return line;
}
/// Tables are arrays of Object; a Line carries nothing more.
template <std::size_t count>
[[nodiscard]] constexpr std::array<Object, count> objects_of(const Line (&lines)[count]) {
  std::array<Object, count> objects{};
  for (std::size_t i = 0; i < count; ++i) objects[i] = lines[i];
  return objects;
}
template <std::size_t count>
[[nodiscard]] constexpr bool is_ordered(const std::array<Object, count>& objects) {
  for (std::size_t i = 1; i < count; ++i) {
    if (objects[i - 1].oi >= objects[i].oi) return false;
  }
  return true;
}

// Shared parts.
inline constexpr Shape version_parts[] = {
    characters("vendor code", "厂商代码"),       characters("software version", "软件版本号"),
    characters("software date", "软件版本日期"), characters("hardware version", "硬件版本号"),
    characters("hardware date", "硬件版本日期"), characters("vendor extension", "厂家扩展信息"),
};
inline constexpr Shape host_port_parts[] = {octets("IP address", "IP地址"), u16("port", "端口")};
inline constexpr Shape host_port = record("host", "主站", host_port_parts);
inline constexpr Shape oad_element = oad("object attribute", "对象属性描述符");
inline constexpr Shape text_element = characters();
inline constexpr Shape octets_element = octets();
inline constexpr Shape report_state_parts[] = {oad("channel", "通道"), u8("report state", "上报状态")};
inline constexpr Shape report_state = record("channel state", "通道上报状态", report_state_parts);
inline constexpr Shape report_states = list("report state", "事件上报状态", report_state);
/// The standard event record: these five, then what the object adds, then the values of the attributes it is linked to.
inline constexpr Shape event_record_parts[] = {
    u32("record number", "事件记录序号"),
    moment("begin", "事件发生时间"),
    moment("end", "事件结束时间"),
    any("source", "事件发生源"),
    report_states,
};
inline constexpr Shape event_record = record("event record", "事件记录", event_record_parts);
inline constexpr Shape occurrence_parts[] = {u32("count", "事件发生次数"),
                                             u32("accumulated time", "事件累计时间", 0, Unit::second)};
inline constexpr Shape occurrence = record("count and time", "次数及累计时间", occurrence_parts);

/// Tables by the first digit of the OI, each in ascending order.
[[nodiscard]] std::span<const Object> energy_objects() noexcept;
[[nodiscard]] std::span<const Object> demand_objects() noexcept;
[[nodiscard]] std::span<const Object> variable_objects() noexcept;
[[nodiscard]] std::span<const Object> event_objects() noexcept;
[[nodiscard]] std::span<const Object> parameter_objects() noexcept;
[[nodiscard]] std::span<const Object> freeze_objects() noexcept;
[[nodiscard]] std::span<const Object> acquisition_objects() noexcept;
[[nodiscard]] std::span<const Object> collection_objects() noexcept;
[[nodiscard]] std::span<const Object> control_objects() noexcept;
[[nodiscard]] std::span<const Object> device_objects() noexcept;
[[nodiscard]] std::span<const InterfaceClass> interface_classes() noexcept;

}  // namespace duheng::dlt698::objects::table
