#include "codec/modbus/explain.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "codec/modbus/scanner.hpp"

namespace duheng::modbus {

namespace {

constexpr std::string_view clause_serial = "Modbus over Serial Line V1.02, 2.5";
constexpr std::string_view clause_mbap = "Modbus Messaging on TCP/IP V1.0b, 3.1.3";

/// Cuts one frame into fields. `binary` is what the frame says, octet by octet; on the wire each takes `width` octets
/// (two for ASCII's characters). Whatever is asked for is cut to what is there; nothing there gives no field.
class FieldCutter {
 public:
  FieldCutter(std::vector<ExplainedField>& out, ByteView wire, std::size_t base)
      : out_(out), wire_(wire), base_(base) {}

  void set_clause(std::string_view clause) noexcept { clause_ = clause; }
  void set_depth(std::uint8_t depth) noexcept { depth_ = depth; }
  /// From here on each octet of content takes `width` octets of wire.
  void set_width(std::size_t width) noexcept { width_ = width; }
  [[nodiscard]] std::size_t left() const noexcept { return (stop() - at_) / width_; }
  /// The wire octets kept back for what ends the frame.
  void set_tail(std::size_t tail) noexcept { tail_ = std::min(tail, wire_.size() - at_); }

  /// The next `size` octets of content as a field; nullptr when none is left.
  ExplainedField* add(std::size_t size, std::string_view key, Label label) {
    ExplainedField* field = parent(size, key, label);
    if (field != nullptr) at_ += field->size;
    return field;
  }
  /// The same without going on: its parts follow.
  ExplainedField* parent(std::size_t size, std::string_view key, Label label) {
    const ByteView part = wire_.subspan(at_, std::min(size * width_, stop() - at_));
    if (part.empty()) return nullptr;
    ExplainedField& field = out_.emplace_back();
    field.offset = base_ + at_;
    field.size = part.size();
    field.raw = to_hex(part, ' ');
    if (width_ == 2) field.plain = as_text(part);
    field.key = key;
    field.label = {std::string(label.english), std::string(label.chinese)};
    field.clause = clause_;
    field.depth = depth_;
    return &field;
  }
  /// What is left before the tail.
  void add_rest(std::string_view key, Label label) { add(wire_.size(), key, label); }
  /// The octets of content that begin here, at most `count`.
  [[nodiscard]] Bytes peek(std::size_t count) const {
    Bytes out;
    for (std::size_t at = at_; at + width_ <= stop() && out.size() < count; at += width_) {
      if (width_ == 1) {
        out.push_back(wire_[at]);
      } else {
        const auto pair = from_hex(as_text(wire_.subspan(at, 2)));
        out.push_back(pair && pair->size() == 1 ? pair->front() : std::uint8_t{0});
      }
    }
    return out;
  }

 private:
  [[nodiscard]] std::size_t stop() const noexcept { return wire_.size() - tail_; }
  std::vector<ExplainedField>& out_;
  ByteView wire_;
  std::size_t base_;
  std::size_t at_ = 0;
  std::size_t width_ = 1;
  std::size_t tail_ = 0;
  std::string_view clause_ = clause_serial;
  std::uint8_t depth_ = 0;
};

void say(ExplainedField* field, std::string english, std::string chinese) {
  if (field != nullptr) field->meaning = {std::move(english), std::move(chinese)};
}
void say(ExplainedField* field, Label label) { say(field, std::string(label.english), std::string(label.chinese)); }

/// A number of one or two octets; `value` as it is counted. Returns 0 when it is not whole.
unsigned add_number(FieldCutter& cut, std::size_t size, std::string_view key, Label label,
                    ExplainedField** made = nullptr) {
  const Bytes octets = cut.peek(size);
  ExplainedField* field = cut.add(size, key, label);
  if (made != nullptr) *made = field;
  if (octets.size() < size || field == nullptr) return 0;
  unsigned number = 0;
  for (const std::uint8_t octet : octets) number = number << 8 | octet;
  field->value = std::to_string(number);
  return number;
}

void explain_address(FieldCutter& cut, std::string_view key = "address") {
  ExplainedField* field = nullptr;
  const unsigned address = add_number(cut, 2, key, {"first address", "起始地址"}, &field);
  say(field, fmt::format("address {} (0x{:04X}), counted from 0", address, address),
      fmt::format("地址 {} (0x{:04X})，从 0 起计", address, address));
}

void explain_bits(FieldCutter& cut, std::size_t octets) {
  cut.parent(octets, "values", {"values", "数据"});
  cut.set_depth(1);
  for (std::size_t i = 0; i < octets && cut.left() > 0; ++i) {
    const Bytes octet = cut.peek(1);
    ExplainedField* field = cut.add(1, "bits", {"eight bits, lowest first", "八个位，低位在前"});
    if (field == nullptr) break;
    std::string text;
    for (unsigned bit = 0; bit < 8; ++bit) text += (octet[0] >> bit & 1U) != 0 ? '1' : '0';
    field->value = text;
    say(field, fmt::format("bits {} to {}", i * 8, i * 8 + 7), fmt::format("第 {} 至 {} 位", i * 8, i * 8 + 7));
  }
  cut.set_depth(0);
}

void explain_registers(FieldCutter& cut, std::size_t octets) {
  cut.parent(octets, "values", {"values", "数据"});
  cut.set_depth(1);
  for (std::size_t i = 0; i < octets && cut.left() > 0; i += 2) {
    ExplainedField* field = nullptr;
    add_number(cut, std::min<std::size_t>(2, octets - i), "register",
               {"register, high octet first", "寄存器，高字节在前"}, &field);
    say(field, fmt::format("register {} of this frame", i / 2), fmt::format("本帧第 {} 个寄存器", i / 2));
  }
  cut.set_depth(0);
}

void explain_single_value(FieldCutter& cut, bool is_coil) {
  ExplainedField* field = nullptr;
  const unsigned value = add_number(cut, 2, "values", {"value", "数据"}, &field);
  if (!is_coil || field == nullptr) return;
  if (value == 0xFF00) say(field, "on", "接通");
  if (value == 0) say(field, "off", "断开");
}

void explain_identification_objects(FieldCutter& cut, unsigned count) {
  for (unsigned i = 0; i < count && cut.left() > 0; ++i) {
    const Bytes head = cut.peek(2);
    const std::size_t length = head.size() > 1 ? head[1] : 0;
    cut.parent(2 + length, "object", {"object", "对象"});
    cut.set_depth(1);
    ExplainedField* id = nullptr;
    add_number(cut, 1, "object_id", {"object identifier", "对象标识"}, &id);
    const auto name = identification_object_name(head[0]);
    say(id, std::string(name.empty() ? "the maker's own object" : name),
        std::string(name.empty() ? "厂家自定义" : name));
    add_number(cut, 1, "object_length", {"length of the object", "对象长度"});
    const Bytes value = cut.peek(length);
    ExplainedField* field = cut.add(length, "object_value", {"content of the object", "对象内容"});
    const bool is_text = std::ranges::all_of(value, [](std::uint8_t octet) { return octet >= ' ' && octet < 0x7F; });
    if (field != nullptr && is_text) field->value = as_text(value);
    cut.set_depth(0);
  }
}

void explain_encapsulated(FieldCutter& cut, Role role) {
  ExplainedField* field = nullptr;
  const unsigned mei = add_number(cut, 1, "mei_type", {"MEI type", "封装接口类型"}, &field);
  if (mei != mei_read_device_identification) return;
  say(field, "read device identification", "读设备标识");
  add_number(cut, 1, "read_device_id", {"read device id code", "读设备标识码"});
  if (role == Role::request) {
    add_number(cut, 1, "object_id", {"object identifier", "对象标识"});
    return;
  }
  add_number(cut, 1, "conformity_level", {"conformity level", "符合性等级"});
  ExplainedField* more = nullptr;
  const unsigned follows = add_number(cut, 1, "more_follows", {"more follows", "后续标志"}, &more);
  if (follows == 0) say(more, "nothing follows", "无后续");
  if (follows == 0xFF) say(more, "more objects follow", "有后续对象");
  add_number(cut, 1, "next_object_id", {"next object", "下一对象"});
  const unsigned count = add_number(cut, 1, "number_of_objects", {"number of objects", "对象个数"});
  explain_identification_objects(cut, count);
}

void explain_values(FieldCutter& cut, bool bits) {
  const unsigned octets = add_number(cut, 1, "byte_count", {"octets of values", "数据字节数"});
  const std::size_t there = std::min<std::size_t>(octets, cut.left());
  if (there == 0) return;
  if (bits) {
    explain_bits(cut, there);
  } else {
    explain_registers(cut, there);
  }
}

void explain_content(FieldCutter& cut, std::uint8_t function_octet, Role role) {
  const bool asks = role == Role::request;
  if ((function_octet & exception_bit) != 0) {
    ExplainedField* field = nullptr;
    const unsigned code = add_number(cut, 1, "exception_code", {"exception code", "异常码"}, &field);
    return say(field, exception_label(static_cast<std::uint8_t>(code)));
  }
  const auto function = static_cast<Function>(function_octet);
  const bool bits = function == Function::read_coils || function == Function::read_discrete_inputs ||
                    function == Function::write_multiple_coils;
  const Label quantity = {"quantity", "数量"};
  switch (function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
    case Function::read_holding_registers:
    case Function::read_input_registers:
      if (!asks) return explain_values(cut, bits);
      explain_address(cut);
      add_number(cut, 2, "quantity", quantity);
      return;
    case Function::write_single_coil:
    case Function::write_single_register:
      explain_address(cut);
      return explain_single_value(cut, function == Function::write_single_coil);
    case Function::write_multiple_coils:
    case Function::write_multiple_registers:
      explain_address(cut);
      add_number(cut, 2, "quantity", quantity);
      if (asks) explain_values(cut, bits);
      return;
    case Function::mask_write_register:
      explain_address(cut);
      add_number(cut, 2, "and_mask", {"AND mask", "与掩码"});
      add_number(cut, 2, "or_mask", {"OR mask", "或掩码"});
      return;
    case Function::read_write_multiple_registers:
      if (asks) {
        explain_address(cut);
        add_number(cut, 2, "quantity", {"quantity to read", "读数量"});
        explain_address(cut, "write_address");
        add_number(cut, 2, "write_quantity", {"quantity to write", "写数量"});
      }
      return explain_values(cut, false);
    case Function::encapsulated_interface:
      return explain_encapsulated(cut, role);
  }
}

void explain_pdu(FieldCutter& cut, Role role) {
  const Bytes first = cut.peek(1);
  if (first.empty()) return;
  const auto code = static_cast<std::uint8_t>(first[0] & ~unsigned{exception_bit});
  cut.set_clause(function_clause(code));
  ExplainedField* function = nullptr;
  add_number(cut, 1, "function", {"function code", "功能码"}, &function);
  const Label label = function_label(code);
  const bool refuses = (first[0] & exception_bit) != 0;
  say(function,
      fmt::format("{}, {}", label.english,
                  refuses                 ? "refused by the device"
                  : role == Role::request ? "question"
                                          : "answer of the device"),
      fmt::format("{}，{}", label.chinese,
                  refuses                 ? "设备拒绝"
                  : role == Role::request ? "请求"
                                          : "应答"));
  explain_content(cut, first[0], role);
  cut.add_rest("data", {"data, not read further", "数据（未解析）"});
}

void explain_unit(FieldCutter& cut, bool zero_is_broadcast) {
  ExplainedField* field = nullptr;
  const unsigned unit = add_number(cut, 1, "unit_id", {"unit", "从站地址"}, &field);
  if (unit == 0 && zero_is_broadcast) return say(field, "broadcast: nobody answers", "广播：不应答");
  say(field, fmt::format("device {}", unit), fmt::format("设备 {}", unit));
}

void explain_end(FieldCutter& cut, std::size_t wire_octets, std::string_view key, Label label) {
  cut.set_tail(0);
  cut.set_width(1);
  cut.set_clause(clause_serial);
  cut.add(wire_octets, key, label);
}

void explain_rtu(FieldCutter& cut, Role role, bool has_crc) {
  if (has_crc) cut.set_tail(2);
  explain_unit(cut, true);
  explain_pdu(cut, role);
  explain_end(cut, 2, "crc", {"CRC-16, low octet first", "CRC-16 校验，低字节在前"});
}

void explain_ascii(FieldCutter& cut, Role role, ByteView wire) {
  const bool ends = wire.size() >= 5 && wire.back() == '\n' && wire[wire.size() - 2] == '\r';
  cut.add(1, "start", {"start", "起始符"});
  if (ends) cut.set_tail(4);
  cut.set_width(2);
  explain_unit(cut, true);
  explain_pdu(cut, role);
  explain_end(cut, 2, "lrc", {"LRC of the octets", "LRC 校验"});
  explain_end(cut, 2, "end", {"end", "结束符"});
}

void explain_tcp(FieldCutter& cut, Role role) {
  cut.set_clause(clause_mbap);
  add_number(cut, 2, "transaction_id", {"transaction", "事务标识"});
  ExplainedField* protocol = nullptr;
  if (add_number(cut, 2, "protocol_id", {"protocol", "协议标识"}, &protocol) == 0) say(protocol, "Modbus", "Modbus");
  ExplainedField* field = nullptr;
  const unsigned length = add_number(cut, 2, "length", {"octets that follow", "后续字节数"}, &field);
  say(field, fmt::format("{} octets: unit and PDU", length), fmt::format("{} 字节：单元标识与 PDU", length));
  explain_unit(cut, false);
  explain_pdu(cut, role);
}

/// Names the field in which the fault lies; where octets are missing that is the last one there is.
void mark_fault(std::vector<ExplainedField>& fields, std::size_t first, const DecodeError& error, std::size_t offset) {
  for (std::size_t i = fields.size(); i-- > first;) {
    ExplainedField& field = fields[i];
    if (field.offset > offset && i > first) continue;
    field.is_fault = true;
    const auto text = to_error(error).message;
    const std::string chinese = error.code == ErrorCode::truncated           ? "帧不完整"
                                : error.code == ErrorCode::checksum_mismatch ? "校验错误"
                                                                             : "内容不合规约";
    say(&field, text, fmt::format("{}：{}", chinese, to_string(error.field)));
    return;
  }
}

void explain_segment(std::vector<ExplainedField>& out, const Segment& segment, Transport transport,
                     std::optional<Role> wanted) {
  FieldCutter cut(out, segment.octets, segment.offset);
  if (segment.kind == Segment::Kind::other) {
    cut.add(segment.octets.size(), "noise", {"octets outside frames", "帧外字节"});
    return;
  }
  const std::size_t first = out.size();
  const bool is_broken = segment.kind == Segment::Kind::broken;
  const Role role = wanted.value_or(segment.role == RoleFinding::response ? Role::response : Role::request);
  switch (transport) {
    case Transport::rtu: {
      const bool crc_there = !is_broken || (segment.error.code != ErrorCode::truncated && segment.octets.size() > 3);
      explain_rtu(cut, role, crc_there);
      break;
    }
    case Transport::ascii:
      explain_ascii(cut, role, segment.octets);
      break;
    case Transport::tcp:
      explain_tcp(cut, role);
      break;
  }
  cut.set_tail(0);
  cut.set_width(1);
  cut.add_rest("unread", {"not read", "未解析"});
  if (is_broken) mark_fault(out, first, segment.error, segment.offset + segment.error.octet_offset);
}

}  // namespace

std::vector<ExplainedField> explain(ByteView octets, std::optional<Transport> transport, std::optional<Role> role) {
  std::vector<ExplainedField> out;
  const Transport carried_by = transport.value_or(guess_transport(octets));
  Scanner scanner(octets, carried_by, role);
  while (const auto segment = scanner.next()) explain_segment(out, *segment, carried_by, role);
  return out;
}

}  // namespace duheng::modbus
