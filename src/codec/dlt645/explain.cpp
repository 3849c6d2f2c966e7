#include "codec/dlt645/explain.hpp"

#include <algorithm>

#include "codec/dlt645/message.hpp"
#include "codec/dlt645/scanner.hpp"
#include "codec/dlt645/status_word.hpp"
#include "codec/dlt645/value.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_frame = "DL/T 645-2007, 5.2";
constexpr std::string_view clause_frame_1997 = "DL/T 645-1997";
constexpr std::string_view clause_application = "DL/T 645-2007, 7";
constexpr std::string_view clause_identifiers = "DL/T 645-2007, Annex A";
constexpr std::string_view clause_identifiers_1997 = "DL/T 645-1997, Annex A";

BilingualText text_of(Label label) { return {std::string(label.english), std::string(label.chinese)}; }

/// Cuts a stretch of octets into fields, one behind the other.
class FieldCutter {
 public:
  FieldCutter(std::vector<ExplainedField>& out, ByteView octets, std::size_t base)
      : out_(out), octets_(octets), base_(base) {}

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] std::size_t left() const noexcept { return octets_.size() - at_; }
  void set_clause(std::string_view clause) noexcept { clause_ = clause; }

  /// The next `size` octets as a field; at most what is left.
  ExplainedField& add(std::size_t size, std::string_view key, Label label) {
    const ByteView part = octets_.subspan(at_, std::min(size, left()));
    ExplainedField& field = out_.emplace_back();
    field.offset = base_ + at_;
    field.size = part.size();
    field.raw = to_hex(part, ' ');
    field.key = key;
    field.label = text_of(label);
    field.clause = clause_;
    at_ += part.size();
    return field;
  }
  ExplainedField& add_data(std::size_t size, std::string_view key, Label label) {
    const std::size_t begin = at_;
    ExplainedField& field = add(size, key, label);
    Bytes plain(octets_.begin() + static_cast<std::ptrdiff_t>(begin),
                octets_.begin() + static_cast<std::ptrdiff_t>(at_));
    for (auto& octet : plain) octet = static_cast<std::uint8_t>(octet - frame_layout::data_shift);
    field.plain = to_hex(plain, ' ');
    return field;
  }

 private:
  std::vector<ExplainedField>& out_;
  ByteView octets_;
  std::size_t base_;
  std::size_t at_ = 0;
  std::string_view clause_ = clause_frame;
};

void say(ExplainedField& field, std::string english, std::string chinese) {
  field.meaning = {std::move(english), std::move(chinese)};
}

std::string joined(std::string text, std::string_view more, std::string_view separator) {
  if (!text.empty()) text += separator;
  return text.append(more);
}

void explain_address(FieldCutter& cut, const Address& address) {
  auto& field = cut.add(Address::size_octets, "address", {"address, lowest pair first", "地址域（低字节在前）"});
  field.value = address.to_string();
  if (address.is_broadcast()) {
    say(field, "broadcast: every meter, no answer", "广播地址：全部电表，不应答");
  } else if (address.is_wildcard()) {
    say(field, "wildcard: the one meter on the line", "通配地址：线路上唯一的电表");
  } else if (address.has_unknown_digits()) {
    say(field, "short address: meters that end with the known digits", "缩位地址：匹配已知低位的电表");
  } else {
    say(field, "meter " + field.value, "电表 " + field.value);
  }
}

void explain_control(FieldCutter& cut, std::uint8_t control, Edition edition) {
  auto& field = cut.add(1, "control", {"control code", "控制码"});
  const std::uint8_t octet[] = {control};
  field.value = to_hex(octet);
  const Label function = function_label(control & control_bits::function, edition);
  const bool from_slave = (control & control_bits::from_slave) != 0;
  std::string english =
      std::string(function.english) + (from_slave ? ", answer of the meter" : ", question of the master");
  std::string chinese = std::string(function.chinese) + (from_slave ? "，从站应答" : "，主站请求");
  if ((control & control_bits::error) != 0) {
    english += ", refused";
    chinese += "，异常应答";
  }
  if ((control & control_bits::follow) != 0) {
    english += ", more data follow";
    chinese += "，有后续数据";
  }
  say(field, std::move(english), std::move(chinese));
}

/// The octets before DATA. `available` of them are there; returns when they end.
void explain_header(FieldCutter& cut, ByteView frame, Edition edition) {
  cut.add(1, "start", {"start", "帧起始符"});
  if (frame.size() >= 7) explain_address(cut, Address::from_wire(frame.subspan(1)));
  if (frame.size() >= 8) cut.add(1, "second_start", {"second start", "帧起始符"});
  if (frame.size() >= 9) explain_control(cut, frame[8], edition);
  if (frame.size() >= 10) {
    auto& field = cut.add(1, "length", {"length of DATA", "数据域长度"});
    field.value = std::to_string(frame[9]);
    say(field, field.value + " octets of DATA", "数据域 " + field.value + " 字节");
  }
}

void explain_authority(FieldCutter& cut, const Authority& authority) {
  auto& level = cut.add_data(1, "password_level", {"password level", "密码权限"});
  level.value = to_hex(ByteView(&authority.level, 1));
  cut.add_data(3, "password", {"password", "密码"});
  cut.add_data(4, "operator", {"operator code", "操作者代码"});
}

void explain_date_time(FieldCutter& cut, ByteView plain, std::string_view key, Label label) {
  auto& field = cut.add_data(6, key, label);
  if (std::ranges::all_of(plain.first(6), [](std::uint8_t octet) { return octet == 0; })) {
    say(field, "not used", "未使用");
    return;
  }
  const auto time = decode_date_time(plain);
  if (!time || !is_valid(*time)) {
    field.is_fault = true;
    say(field, "no such time", "时间无效");
    return;
  }
  const auto digits = to_digits(*time, FieldKind::date_time);
  const Value value{digits, 0, 6, 0, 0, 0, Unit::none, FieldKind::date_time, FieldRole::time, ValueState::good};
  field.value = to_text(value, plain);
  say(field, field.value, field.value);
}

void explain_identifier(FieldCutter& cut, DataIdentifier identifier, Edition edition = Edition::edition_2007) {
  const bool is_1997 = edition == Edition::edition_1997;
  auto& field = cut.add_data(is_1997 ? 2 : DataIdentifier::size_octets, "data_identifier",
                             {"data identifier, DI0 first", "数据标识（DI0在前）"});
  field.value = is_1997 ? identifier.to_string().substr(4) : identifier.to_string();
  field.clause = is_1997 ? clause_identifiers_1997 : clause_identifiers;
  if (const auto description = describe(identifier, edition)) {
    say(field, meaning_of(*description, Language::english), meaning_of(*description, Language::chinese));
  } else {
    say(field, "not in this release's tables", "本版本未收录");
  }
}

void explain_raw(FieldCutter& cut, std::size_t size, Label label = {"content", "数据内容"}) {
  if (size > 0) cut.add_data(size, "payload", label);
}

Label role_label(FieldRole role) {
  switch (role) {
    case FieldRole::value:
      return {"value", "数值"};
    case FieldRole::time:
      return {"time", "时间"};
    case FieldRole::count:
      return {"count", "次数"};
    case FieldRole::duration:
      return {"accumulated time", "累计时间"};
    case FieldRole::begin:
      return {"begin", "开始时刻"};
    case FieldRole::end:
      return {"end", "结束时刻"};
    case FieldRole::operator_code:
      return {"operator code", "操作者代码"};
    case FieldRole::identifier:
      return {"data identifier", "数据标识"};
    case FieldRole::energy:
      return {"energy", "电能"};
  }
  return {"value", "数值"};
}

/// "relay open, programming allowed": what is not as usual in a status word.
void explain_status(ExplainedField& field, unsigned word_number, const Value& value) {
  std::string english;
  std::string chinese;
  for (const StatusBit& bit : status_bits(word_number)) {
    const unsigned content = status_value(bit, static_cast<std::uint16_t>(value.mantissa));
    if (content == 0) continue;
    const Label word = content < bit.words.size() ? bit.words[content] : Label{"unknown", "未知"};
    english = joined(std::move(english), std::string(bit.label.english) + ": " + std::string(word.english), ", ");
    chinese = joined(std::move(chinese), std::string(bit.label.chinese) + "：" + std::string(word.chinese), "，");
  }
  say(field, english.empty() ? "no bit set" : english, chinese.empty() ? "无置位" : chinese);
}

void explain_value(FieldCutter& cut, const DataDescription& description, const Value& value, ByteView payload) {
  auto& field = cut.add_data(value.size_octets, "value", role_label(value.role));
  field.clause = description.edition == Edition::edition_1997 ? clause_identifiers_1997 : clause_identifiers;
  if (const Label label = field_label(description, value.field);
      !label.english.empty() && value.kind != FieldKind::raw) {
    field.label = text_of(label);
  }
  field.value = to_text(value, payload);
  field.unit = to_string(value.unit);
  field.register_name = register_name(description, value.element, value.field);
  const std::string english_element = element_label(description, value.element, Language::english);
  const std::string chinese_element = element_label(description, value.element, Language::chinese);
  if (!english_element.empty()) {
    field.label.english += ", " + english_element;
    field.label.chinese += "，" + chinese_element;
  }
  const std::string amount = field.unit.empty() ? field.value : field.value + " " + field.unit;
  switch (value.state) {
    case ValueState::good:
      if (const auto word = status_word_number(description, value.element); word && value.kind == FieldKind::bits) {
        explain_status(field, *word, value);
      } else if (is_calendar_valid(value)) {
        say(field, amount, amount);
      } else {
        field.is_fault = true;
        say(field, "no such time", "时间无效");
      }
      break;
    case ValueState::no_value:
      say(field, "no value: the meter has none, e.g. an absent phase", "无数值（如缺相）");
      break;
    case ValueState::invalid:
      field.is_fault = true;
      field.unit.clear();
      say(field, "not decimal digits", "不是BCD码");
      break;
  }
}

void explain_payload(FieldCutter& cut, DataIdentifier identifier, ByteView payload,
                     Edition edition = Edition::edition_2007) {
  const auto description = describe(identifier, edition);
  if (!description || payload.empty()) return explain_raw(cut, payload.size());
  ValueList values;
  const auto decoded = decode_values(*description, payload, values);
  if (!decoded && values.empty()) {
    explain_raw(cut, payload.size(), {"content of unexpected length", "长度不符的数据内容"});
    return;
  }
  const std::size_t begin = cut.at();
  const auto explain_gap = [&](std::size_t offset) {
    const std::size_t gap = begin + offset - cut.at();
    if (gap > 0) cut.add_data(gap, "framing", {"framing of the record", "记录的分隔与校验"});
  };
  for (const Value& value : values) {
    if (value.size_octets == 0) continue;
    explain_gap(value.offset);
    explain_value(cut, *description, value, payload);
  }
  explain_gap(payload.size());
}

void explain_error_word(FieldCutter& cut, ByteView plain, Edition edition) {
  auto& field = cut.add_data(1, "error_word", {"error word", "错误信息字"});
  field.value = to_hex(plain.first(1));
  std::string english;
  std::string chinese;
  for (unsigned bit = 0; bit < 8; ++bit) {
    if ((plain[0] >> bit & 1U) == 0) continue;
    const Label label = error_bit_label(bit, edition);
    english = joined(std::move(english), label.english, ", ");
    chinese = joined(std::move(chinese), label.chinese, "，");
  }
  say(field, english.empty() ? "no bit set" : english, chinese.empty() ? "无置位" : chinese);
  explain_raw(cut, plain.size() - 1);
}

void explain_read(FieldCutter& cut, const FrameView& frame, ByteView plain) {
  const auto reply = parse_read_reply(frame, plain);
  if (!reply) return explain_raw(cut, plain.size());
  explain_identifier(cut, reply->identifier);
  const std::size_t payload = reply->payload.size();
  if (!frame.from_slave()) {
    // Load records are asked for with a number of blocks and a time.
    const auto request = parse_read_request(plain);
    if (frame.is(Function::read) && request && request->block_count) {
      auto& count = cut.add_data(1, "block_count", {"number of blocks", "负荷记录块数"});
      count.value = std::to_string(*request->block_count);
      if (!request->from) return;
      constexpr FieldKind kind = FieldKind::date_hour_minute;
      auto& time = cut.add_data(5, "record_time", {"time asked for", "给定时间"});
      time.is_fault = !is_valid(*request->from);
      const Value value{
          to_digits(*request->from, kind), 0, 5, 0, 0, 0, Unit::none, kind, FieldRole::time, ValueState::good};
      if (!time.is_fault) time.value = to_text(value, plain);
    } else {
      explain_raw(cut, payload);
    }
  } else if (frame.has_following() || frame.is(Function::read_following)) {
    explain_raw(cut, payload, {"part of the content", "数据内容的一部分"});
  } else {
    explain_payload(cut, reply->identifier, reply->payload);
  }
  if (frame.is(Function::read_following)) {
    auto& field = cut.add_data(1, "sequence", {"sequence number of the part", "帧序号"});
    field.value = std::to_string(reply->sequence);
  }
}

void explain_control_request(FieldCutter& cut, ByteView plain) {
  const auto request = parse_control_request(plain);
  if (!request) return explain_raw(cut, plain.size());
  explain_authority(cut, request->authority);
  auto& command = cut.add_data(1, "command", {"command N1", "控制命令类型N1"});
  command.value = to_hex(ByteView(&request->command, 1));
  command.meaning = text_of(relay_command_label(request->command));
  cut.add_data(1, "command_addition", {"N2", "N2"});
  explain_date_time(cut, request->valid_until, "valid_until", {"command valid until", "命令有效截止时间"});
  explain_raw(cut, plain.size() - 16);
}

void explain_write(FieldCutter& cut, ByteView plain) {
  const auto request = parse_write_request(plain);
  if (!request) return explain_raw(cut, plain.size());
  explain_identifier(cut, request->identifier);
  explain_authority(cut, request->authority);
  explain_payload(cut, request->identifier, request->payload);
}

void explain_address_data(FieldCutter& cut, ByteView plain, std::string_view key, Label label) {
  auto& field = cut.add_data(Address::size_octets, key, label);
  field.value = Address::from_wire(plain).to_string();
  say(field, field.value, field.value);
  explain_raw(cut, plain.size() - Address::size_octets);
}

void explain_freeze(FieldCutter& cut, ByteView plain) {
  auto& field = cut.add_data(4, "freeze_time",
                             {"freeze time: minute, hour, day, month; 99 = any", "冻结时间：分时日月，99为任意"});
  const auto time = parse_freeze(plain);
  if (!time) {
    field.is_fault = true;
    say(field, "not decimal digits", "不是BCD码");
  } else if (time->minute == FreezeTime::any) {
    say(field, "at once", "瞬时冻结");
  } else if (time->hour == FreezeTime::any) {
    say(field, "every hour", "以小时为周期定时冻结");
  } else if (time->day == FreezeTime::any) {
    say(field, "every day", "以日为周期定时冻结");
  } else if (time->month == FreezeTime::any) {
    say(field, "every month", "以月为周期定时冻结");
  } else {
    say(field, "every year", "以年为周期定时冻结");
  }
  explain_raw(cut, plain.size() - 4);
}

/// Functions whose DATA is authority, then little or nothing.
void explain_clear(FieldCutter& cut, const FrameView& frame, ByteView plain) {
  if (plain.size() < 8) return explain_raw(cut, plain.size());
  Authority authority;
  authority.level = plain[0];
  explain_authority(cut, authority);
  if (frame.is(Function::clear_events) && plain.size() >= 12) {
    explain_identifier(cut, DataIdentifier::from_plain(plain.subspan(8)));
    return explain_raw(cut, plain.size() - 12);
  }
  explain_raw(cut, plain.size() - 8);
}

void explain_security_error(FieldCutter& cut, ByteView plain) {
  const auto word = parse_security_error(plain);
  if (!word) return explain_raw(cut, plain.size(), {"security error word", "安全认证错误信息字"});
  auto& field = cut.add_data(2, "security_error_word", {"security error word", "安全认证错误信息字"});
  std::string english;
  std::string chinese;
  for (unsigned bit = 0; bit < 16; ++bit) {
    if ((*word >> bit & 1U) == 0) continue;
    const Label label = security_error_bit_label(bit);
    english = joined(std::move(english), label.english, ", ");
    chinese = joined(std::move(chinese), label.chinese, "，");
  }
  const std::uint8_t shown[] = {static_cast<std::uint8_t>(*word >> 8), static_cast<std::uint8_t>(*word)};
  field.value = to_hex(shown);
  say(field, english.empty() ? "no bit set" : english, chinese.empty() ? "无置位" : chinese);
  explain_raw(cut, plain.size() - 2);
}

void explain_security(FieldCutter& cut, const FrameView& frame, ByteView plain) {
  const auto message = parse_security(plain, frame.from_slave());
  if (!message) return explain_raw(cut, plain.size());
  explain_identifier(cut, message->identifier);
  if (message->has_operator) cut.add_data(4, "operator", {"operator code", "操作者代码"});
  explain_raw(cut, message->data.size(), {"security data", "安全认证数据"});
}

void explain_request_data(FieldCutter& cut, const FrameView& frame, ByteView plain) {
  switch (static_cast<Function>(frame.function())) {
    case Function::broadcast_time:
      if (plain.size() < 6) break;
      explain_date_time(cut, plain, "time", {"time: second, minute, hour, day, month, year", "时间：秒分时日月年"});
      return explain_raw(cut, plain.size() - 6);
    case Function::write:
      return explain_write(cut, plain);
    case Function::write_address:
      if (plain.size() < Address::size_octets) break;
      return explain_address_data(cut, plain, "new_address", {"new address", "新通信地址"});
    case Function::freeze:
      if (plain.size() < 4) break;
      return explain_freeze(cut, plain);
    case Function::change_speed: {
      if (plain.empty()) break;
      auto& field = cut.add_data(1, "speed", {"speed word", "通信速率特征字"});
      const auto speed = std::to_string(speed_of(plain[0]));
      say(field, speed == "0" ? "unknown" : speed + " bit/s", speed == "0" ? "未知" : speed + " bit/s");
      return explain_raw(cut, plain.size() - 1);
    }
    case Function::clear_demand:
    case Function::clear_meter:
    case Function::clear_events:
      return explain_clear(cut, frame, plain);
    case Function::change_password:
      if (plain.size() != 12) break;
      explain_identifier(cut, DataIdentifier::from_plain(plain));
      cut.add_data(4, "old_password", {"old level and password", "原密码权限及密码"});
      cut.add_data(4, "new_password", {"new level and password", "新密码权限及密码"});
      return;
    case Function::multi_function_output: {
      if (plain.size() != 1) break;
      auto& field = cut.add_data(1, "output", {"multi-function output", "多功能端子输出"});
      field.meaning = text_of(output_label(plain[0]));
      return;
    }
    case Function::security:
      return explain_security(cut, frame, plain);
    case Function::control:
      return explain_control_request(cut, plain);
    default:
      break;
  }
  explain_raw(cut, plain.size());
}

void explain_data_1997(FieldCutter& cut, const FrameView& frame, ByteView plain) {
  const auto function = static_cast<Function1997>(frame.function());
  const bool is_write = function == Function1997::write;
  if (function == Function1997::write_address && plain.size() == Address::size_octets) {
    return explain_address_data(cut, plain, "new_address", {"new address", "新设备地址"});
  }
  const bool has_identifier = function == Function1997::read || function == Function1997::read_following ||
                              function == Function1997::read_again || is_write;
  if (!has_identifier || plain.size() < 2) return explain_raw(cut, plain.size());
  const auto identifier = DataIdentifier::from_plain_1997(plain);
  explain_identifier(cut, identifier, Edition::edition_1997);
  ByteView rest = plain.subspan(2);
  if (is_write && !frame.from_slave() && rest.size() >= 4) {
    cut.add_data(1, "password_level", {"password level", "密码权限"}).value = to_hex(rest.first(1));
    cut.add_data(3, "password", {"password", "密码"});
    rest = rest.subspan(4);
  }
  // A part of an answer is not decoded: a value may be cut in two.
  if (frame.has_following() || function == Function1997::read_following) {
    return explain_raw(cut, rest.size(), {"part of the content", "数据内容的一部分"});
  }
  explain_payload(cut, identifier, rest, Edition::edition_1997);
}

void explain_data(FieldCutter& cut, const FrameView& frame) {
  const PlainData data = frame.plain_data();
  const ByteView plain = data.view();
  if (plain.empty()) return;
  cut.set_clause(clause_application);
  if (frame.edition() == Edition::edition_1997) {
    cut.set_clause(clause_frame_1997);
    if (frame.is_error()) return explain_error_word(cut, plain, Edition::edition_1997);
    return explain_data_1997(cut, frame, plain);
  }
  if (frame.is_error()) {
    if (frame.is(Function::security)) return explain_security_error(cut, plain);
    return explain_error_word(cut, plain, Edition::edition_2007);
  }
  if (frame.is(Function::read) || frame.is(Function::read_following)) return explain_read(cut, frame, plain);
  if (frame.from_slave()) {
    if (frame.is(Function::read_address) && plain.size() >= Address::size_octets) {
      return explain_address_data(cut, plain, "meter_address", {"address of the meter", "电表通信地址"});
    }
    if (frame.is(Function::security)) return explain_security(cut, frame, plain);
    if (frame.is(Function::change_speed) || frame.is(Function::multi_function_output)) {
      return explain_request_data(cut, frame, plain);
    }
    return explain_raw(cut, plain.size());
  }
  explain_request_data(cut, frame, plain);
}

void explain_frame(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  const Edition edition = segment.frame.edition();
  const std::string_view clause = edition == Edition::edition_1997 ? clause_frame_1997 : clause_frame;
  cut.set_clause(clause);
  explain_header(cut, segment.octets, edition);
  explain_data(cut, segment.frame);
  cut.set_clause(clause);
  auto& sum = cut.add(1, "checksum", {"checksum", "校验码"});
  say(sum, "right: the sum of all octets before it", "正确：之前所有字节之和");
  cut.add(1, "end", {"end", "结束符"});
}

void explain_broken(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  const DecodeError& error = segment.error;
  const ByteView octets = segment.octets;
  if (error.code != ErrorCode::truncated && error.field == Field::second_start) {
    cut.add(1, "start", {"start", "帧起始符"});
    explain_address(cut, Address::from_wire(octets.subspan(1)));
    auto& fault = cut.add(1, "second_start", {"second start", "帧起始符"});
    fault.is_fault = true;
    say(fault, "68H is due here", "此处应为68H");
  } else if (error.code == ErrorCode::truncated) {
    const bool has_length = octets.size() >= frame_layout::data_offset;
    explain_header(cut, octets, has_length ? edition_of(octets[8], octets[9]) : Edition::edition_2007);
    auto& fault = cut.left() > 0 ? cut.add(cut.left(), "unread", {"unread", "未解析"}) : out.back();
    fault.is_fault = true;
    say(fault, "the frame ends too early, in field " + std::string(to_string(error.field)), "帧不完整");
    return;
  } else {
    explain_header(cut, octets, edition_of(octets[8], octets[9]));
    if (octets[9] > 0) cut.add_data(octets[9], "data", {"DATA", "数据域"});
    auto& sum = cut.add(1, "checksum", {"checksum", "校验码"});
    if (error.field == Field::checksum) {
      sum.is_fault = true;
      const auto due = to_hex(ByteView(&error.expected, 1));
      say(sum, "wrong: the octets add up to " + due, "错误：应为" + due);
    }
    auto& end = cut.add(1, "end", {"end", "结束符"});
    if (octets[cut.at() - 1] != frame_layout::end) {
      end.is_fault = true;
      say(end, "16H is due here", "此处应为16H");
    }
  }
  if (cut.left() > 0) cut.add(cut.left(), "unread", {"unread", "未解析"});
}

void explain_other(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldCutter cut(out, segment.octets, segment.offset);
  while (cut.left() > 0) {
    const ByteView rest = segment.octets.subspan(cut.at());
    const bool is_preamble = rest[0] == frame_layout::preamble;
    std::size_t run = 1;
    while (run < rest.size() && (rest[run] == frame_layout::preamble) == is_preamble) ++run;
    if (is_preamble) {
      auto& field = cut.add(run, "preamble", {"preamble", "前导字节"});
      say(field, "wakes the receiver", "唤醒接收方");
    } else {
      auto& field = cut.add(run, "noise", {"octets outside frames", "帧外字节"});
      say(field, "not part of a DL/T 645 frame", "不属于DL/T 645帧");
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

}  // namespace duheng::dlt645
