#include "codec/cjt188/explain.hpp"

#include "codec/cjt188/field_cutter.hpp"
#include "codec/cjt188/message.hpp"
#include "codec/cjt188/scanner.hpp"
#include "codec/cjt188/value.hpp"

namespace duheng::cjt188 {

namespace {

constexpr std::string_view clause_frame = "CJ/T 188-2018, frame format";
constexpr std::string_view clause_application = "CJ/T 188-2018, application layer";
constexpr std::string_view clause_data = "CJ/T 188-2018, data format";

void say(ExplainedField& field, std::string english, std::string chinese) {
  field.meaning = {std::move(english), std::move(chinese)};
}
void say(ExplainedField& field, Label label) { say(field, std::string(label.english), std::string(label.chinese)); }

std::string hex_of(std::uint8_t octet) { return to_hex(ByteView(&octet, 1)); }

void explain_address(FieldCutter& cut, const Address& address, std::string_view key, Label label) {
  {
    auto& field = cut.open(Address::size_octets, key, label);
    field.value = address.to_string();
    if (address.is_wildcard()) {
      say(field, "wildcard: the one meter on the line", "通配地址：线路上唯一的仪表");
    } else {
      say(field, "meter " + field.value, "仪表 " + field.value);
    }
  }
  auto& number = cut.add(Address::number_octets, "number", {"number, lowest pair first", "表号（低字节在前）"});
  number.value = address.number();
  auto& maker =
      cut.add(Address::size_octets - Address::number_octets, "manufacturer", {"manufacturer's code", "厂商代码"});
  maker.value = address.manufacturer();
  cut.close();
}

void explain_control(FieldCutter& cut, std::uint8_t control) {
  auto& field = cut.add(1, "control", {"control code", "控制码"});
  field.value = hex_of(control);
  const Label function = function_label(control & control_bits::function);
  const bool from_slave = (control & control_bits::from_slave) != 0;
  std::string english =
      std::string(function.english) + (from_slave ? ", answer of the meter" : ", question of the master");
  std::string chinese = std::string(function.chinese) + (from_slave ? "，从站应答" : "，主站请求");
  if ((control & control_bits::error) != 0) {
    english += ", refused";
    chinese += "，异常应答";
  }
  if ((control & control_bits::follow) != 0) {
    english += ", reserved bit D5 set (some makers: more frames follow)";
    chinese += "，D5置位（部分厂商：有后续帧）";
  }
  say(field, std::move(english), std::move(chinese));
}

/// The octets before DATA, as far as they are there.
void explain_header(FieldCutter& cut, ByteView frame) {
  using namespace frame_layout;
  cut.add(1, "start", {"start", "帧起始符"});
  if (frame.size() > type_offset) {
    auto& type = cut.add(1, "meter_type", {"meter type T", "仪表类型"});
    type.value = hex_of(frame[type_offset]);
    say(type, meter_type_label(frame[type_offset]));
  }
  if (frame.size() >= control_offset) {
    explain_address(cut, Address::from_wire(frame.subspan(address_offset)), "address", {"address", "地址域"});
  }
  if (frame.size() > control_offset) explain_control(cut, frame[control_offset]);
  if (frame.size() > length_offset) {
    auto& length = cut.add(1, "length", {"length of DATA", "数据长度"});
    length.value = std::to_string(frame[length_offset]);
    say(length, length.value + " octets of DATA", "数据域 " + length.value + " 字节");
  }
}

void explain_raw(FieldCutter& cut, std::size_t size, std::string_view key = "data", Label label = {"DATA", "数据域"}) {
  if (size > 0) cut.add(size, key, label);
}

void explain_unit(FieldCutter& cut, const Value& value) {
  auto& field = cut.add(1, "unit", {"unit", "单位"});
  field.value = hex_of(value.unit_code);
  const auto text = unit_text(value);
  if (!text.empty()) {
    say(field, text, text);
  } else if (value.unit_code == 0) {
    say(field, "the meter does not say", "未指明");
  } else {
    say(field, "no unit of the standard", "标准中无此单位");
  }
}

void explain_state(ExplainedField& field, const Value& value) {
  switch (value.state) {
    case ValueState::good:
      return;
    case ValueState::no_value:
      return say(field, "no value", "无数据");
    case ValueState::unscaled:
      return say(field, "digits " + std::to_string(value.mantissa) + "; the maker says where the point stands",
                 "数字 " + std::to_string(value.mantissa) + "，小数位由厂商规定");
    case ValueState::invalid:
      break;
  }
  field.is_fault = true;
  if (value.kind == FieldKind::time) return say(field, "no such time", "时间无效");
  say(field, "holds what is no decimal digit", "含非BCD数字");
}

void explain_number(FieldCutter& cut, const Value& value, ByteView payload, MeterFamily family) {
  const Label label = role_label(value.role);
  const std::size_t size = value.size_octets;
  const bool has_unit = value.kind == FieldKind::number_with_unit;
  const auto describe = [&](ExplainedField& field) {
    field.value = to_text(value, payload);
    field.unit = unit_text(value);
    field.register_name = register_name(value.role, family);
    explain_state(field, value);
  };
  if (!has_unit) return describe(cut.add(size, "value", label));
  describe(cut.open(size + 1, "value", label));
  if (value.unit_in_front) explain_unit(cut, value);
  cut.add(size, "digits", {"digits, lowest pair first", "数字（低字节在前）"}).is_fault =
      value.state == ValueState::invalid;
  if (!value.unit_in_front) explain_unit(cut, value);
  cut.close();
}

void explain_time(FieldCutter& cut, const Value& value, ByteView payload) {
  auto& field = cut.add(time_octets, "time", role_label(FieldRole::time));
  field.value = to_text(value, payload);
  if (value.state != ValueState::good) return explain_state(field, value);
  switch (value.time_order) {
    case TimeOrder::second_first:
      return say(field, "seconds first", "秒在前");
    case TimeOrder::year_first:
      return say(field, "century and year first", "年在前");
    case TimeOrder::century_sixth:
      break;
  }
  say(field, "seconds first, century before year at the end (a maker's order)", "秒在前，末尾世纪在年之前（厂商顺序）");
}

void explain_status(FieldCutter& cut, ByteView status) {
  auto& field = cut.add(status.size(), "status", role_label(FieldRole::status));
  field.value = to_hex(status, ' ');
  if (status.size() < 2) return say(field, "status octet, by the maker", "状态字节（厂商定义）");
  const StatusMeaning meaning = read_status(default_profile().status, status[0], status[1]);
  static constexpr Label valves[] = {{"not told", "未知"}, {"open", "开"}, {"closed", "关"}, {"faulty", "异常"}};
  const Label valve = valves[static_cast<std::size_t>(meaning.valve)];
  say(field,
      "by the usual reading: valve " + std::string(valve.english) + ", battery " +
          (meaning.battery_low ? "low" : "normal") + "; the rest is the maker's",
      "常规解释：阀门" + std::string(valve.chinese) + "，电池" + (meaning.battery_low ? "欠压" : "正常") +
          "，其余由厂商定义");
}

void explain_octet(FieldCutter& cut, const Value& value) {
  auto& field = cut.add(1, value.role == FieldRole::valve_command ? "valve_command" : "value", role_label(value.role));
  field.value = std::to_string(value.mantissa);
  if (value.role != FieldRole::valve_command) return;
  field.value = hex_of(static_cast<std::uint8_t>(value.mantissa));
  say(field, valve_command_label(valve_command_of(default_profile(), static_cast<std::uint8_t>(value.mantissa))));
}

void explain_values(FieldCutter& cut, const Message& message, const ValueList& values) {
  const ByteView payload = message.payload;
  const MeterFamily family = family_of(message.meter_type);
  for (const Value& value : values) {
    const ByteView octets = payload.subspan(value.offset, value.size_octets);
    switch (value.kind) {
      case FieldKind::number:
      case FieldKind::number_with_unit:
        explain_number(cut, value, payload, family);
        break;
      case FieldKind::time:
        explain_time(cut, value, payload);
        break;
      case FieldKind::status:
        explain_status(cut, octets);
        break;
      case FieldKind::octet:
        explain_octet(cut, value);
        break;
      case FieldKind::address:
        explain_address(cut, Address::from_wire(octets), message.from_slave ? "meter_address" : "new_address",
                        role_label(FieldRole::address));
        break;
      case FieldKind::raw:
        cut.add(value.size_octets, value.role == FieldRole::key ? "key" : "value", role_label(value.role));
        break;
    }
  }
}

void explain_payload(FieldCutter& cut, const Message& message) {
  if (message.payload.empty()) return;
  const auto layout = find_layout(message);
  if (!layout) {
    auto& field = cut.add(message.payload.size(), "payload", {"payload", "数据内容"});
    if (layout.error().code != ErrorCode::malformed) return;
    field.is_fault = true;
    say(field, "its length does not fit the identifier", "长度与数据标识不符");
    return;
  }
  cut.set_clause(clause_data);
  ValueList values;
  // What is wrong with single values is told with them.
  static_cast<void>(decode_values(**layout, message.payload, default_profile(), values));
  explain_values(cut, message, values);
}

void explain_message(FieldCutter& cut, const Message& message) {
  auto& identifier = cut.add(Message::sequence_offset, "data_identifier", {"data identifier DI", "数据标识"});
  identifier.value = message.identifier.identifier.to_string();
  const bool low_first = message.identifier.order == IdentifierOrder::low_first;
  const Label name = identifier_label(message.identifier.identifier);
  std::string english(name.english);
  std::string chinese(name.chinese);
  if (message.identifier.known) {
    english += low_first ? ", low octet first" : ", high octet first";
    chinese += low_first ? "，低字节在前" : "，高字节在前";
  }
  if (message.identifier.ambiguous) {
    english += " (the other order would have a meaning, too)";
    chinese += "（另一顺序也有定义）";
  }
  say(identifier, std::move(english), std::move(chinese));
  auto& sequence = cut.add(1, "sequence", {"sequence number SER", "序列号"});
  sequence.value = std::to_string(message.sequence);
  explain_payload(cut, message);
}

void explain_refusal(FieldCutter& cut, const FrameView& frame) {
  const auto reply = parse_error_reply(frame);
  if (!reply) return explain_raw(cut, frame.length());
  if (reply->has_sequence) {
    auto& sequence = cut.add(1, "sequence", {"sequence number SER", "序列号"});
    sequence.value = std::to_string(reply->sequence);
  }
  explain_status(cut, ByteView(reply->status).first(reply->status_octets));
}

void explain_data(FieldCutter& cut, const FrameView& frame) {
  cut.set_clause(clause_application);
  if (frame.from_slave() && frame.is_error()) return explain_refusal(cut, frame);
  const auto message = parse_message(frame);
  if (message && message->function_class != FunctionClass::vendor) return explain_message(cut, *message);
  if (frame.length() == 0) return;
  auto& field = cut.add(frame.length(), "data", {"DATA", "数据域"});
  if (message) return;
  field.is_fault = true;
  say(field, "too short for DI and SER", "短于数据标识与序列号");
}

void explain_frame(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  explain_header(cut, segment.octets);
  explain_data(cut, segment.frame);
  cut.set_clause(clause_frame);
  auto& sum = cut.add(1, "checksum", {"checksum CS", "校验码"});
  say(sum, "right: the sum of all octets before it", "正确：之前所有字节之和");
  cut.add(1, "end", {"end", "结束符"});
}

/// A frame that is all there but whose sum or end is wrong.
void explain_wrong(FieldCutter& cut, const Segment& segment) {
  const DecodeError& error = segment.error;
  explain_header(cut, segment.octets);
  explain_raw(cut, segment.octets[frame_layout::length_offset]);
  auto& sum = cut.add(1, "checksum", {"checksum CS", "校验码"});
  if (error.field == Field::checksum) {
    sum.is_fault = true;
    const auto due = hex_of(error.expected);
    say(sum, "wrong: the octets add up to " + due, "错误：应为" + due);
  }
  const std::uint8_t last = segment.octets[segment.octets.size() - cut.left()];
  auto& end = cut.add(1, "end", {"end", "结束符"});
  if (last == frame_layout::end) return;
  end.is_fault = true;
  say(end, "16H is due here", "此处应为16H");
}

void explain_broken(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  if (segment.error.code != ErrorCode::truncated) {
    explain_wrong(cut, segment);
    if (cut.left() > 0) cut.add(cut.left(), "unread", {"unread", "未解析"});
    return;
  }
  explain_header(cut, segment.octets);
  auto& fault = cut.left() > 0 ? cut.add(cut.left(), "unread", {"unread", "未解析"}) : out.back();
  fault.is_fault = true;
  say(fault, "the frame ends too early, in field " + std::string(to_string(segment.error.field)), "帧不完整");
}

void explain_other(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  while (cut.left() > 0) {
    const ByteView rest = segment.octets.last(cut.left());
    const bool is_preamble = rest[0] == frame_layout::preamble;
    std::size_t run = 1;
    while (run < rest.size() && (rest[run] == frame_layout::preamble) == is_preamble) ++run;
    if (is_preamble) {
      say(cut.add(run, "preamble", {"preamble", "前导字节"}), "wakes the receiver", "唤醒接收方");
    } else {
      say(cut.add(run, "noise", {"octets outside frames", "帧外字节"}), "not part of a CJ/T 188 frame",
          "不属于CJ/T 188帧");
    }
  }
}

}  // namespace

std::vector<ExplainedField> explain(ByteView octets) {
  std::vector<ExplainedField> out;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    switch (segment->kind) {
      case Segment::Kind::frame:
        explain_frame(out, *segment);
        break;
      case Segment::Kind::broken:
        explain_broken(out, *segment);
        break;
      case Segment::Kind::other:
        explain_other(out, *segment);
        break;
    }
  }
  return out;
}

}  // namespace duheng::cjt188
