#include "codec/gdw13762/explain.hpp"

#include <fmt/format.h>

#include "codec/dlt645/explain.hpp"
#include "codec/dlt698/explain.hpp"
#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/scanner.hpp"

namespace duheng::gdw13762 {

namespace {

constexpr std::string_view clause_frame = "Q/GDW 1376.2-2013, frame format";
constexpr std::string_view clause_application = "Q/GDW 1376.2-2013, application layer";

/// Cuts one segment into fields, one behind the other.
class FieldCutter {
 public:
  FieldCutter(std::vector<ExplainedField>& out, ByteView octets, std::size_t base)
      : out_(out), octets_(octets), base_(base) {}

  [[nodiscard]] std::size_t left() const noexcept { return octets_.size() - at_; }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  /// The next octets as a leaf; at most what is left. The reference ends with the next call.
  ExplainedField& add(std::size_t size, std::string_view key, std::string_view english, std::string_view chinese,
                      std::uint8_t depth = 0) {
    ExplainedField& field = span_of(size, key, english, chinese, depth);
    at_ += field.size;
    return field;
  }
  /// A field whose parts follow.
  ExplainedField& span_of(std::size_t size, std::string_view key, std::string_view english, std::string_view chinese,
                          std::uint8_t depth) {
    const ByteView part = octets_.subspan(at_, std::min(size, left()));
    ExplainedField& field = out_.emplace_back();
    field.offset = base_ + at_;
    field.size = part.size();
    field.raw = to_hex(part, ' ');
    field.key = key;
    field.label = {std::string(english), std::string(chinese)};
    field.clause = depth == 0 && at_ < frame_layout::address_offset ? clause_frame : clause_application;
    field.depth = depth;
    return field;
  }
  /// Fields that somebody else cut out of the next `size` octets.
  void take(std::vector<ExplainedField> fields, std::size_t size, std::uint8_t depth) {
    for (auto& field : fields) {
      field.offset += base_ + at_;
      field.depth = static_cast<std::uint8_t>(field.depth + depth);
      out_.push_back(std::move(field));
    }
    at_ += size;
  }
  void rest(std::string_view key, std::string_view english, std::string_view chinese, std::uint8_t depth,
            std::size_t end) {
    if (end > at_) add(end - at_, key, english, chinese, depth);
  }

 private:
  std::vector<ExplainedField>& out_;
  ByteView octets_;
  std::size_t base_;
  std::size_t at_ = 0;
};

void say(ExplainedField& field, std::string english, std::string chinese) {
  field.meaning = {std::move(english), std::move(chinese)};
}
void say(ExplainedField& field, const ServiceName& name) {
  say(field, std::string(name.english), std::string(name.chinese));
}

ServiceName kind_name(std::uint8_t kind) {
  switch (static_cast<CommunicationKind>(kind)) {
    case CommunicationKind::routed_carrier:
      return {"carrier, the module keeps the routes", "集中式路由载波"};
    case CommunicationKind::distributed_carrier:
      return {"carrier, the nodes keep the routes", "分布式路由载波"};
    case CommunicationKind::broadband_carrier:
      return {"broadband carrier (HPLC)", "高速载波（HPLC）"};
    case CommunicationKind::micro_power_radio:
      return {"micro-power radio", "微功率无线"};
    case CommunicationKind::ethernet:
      return {"Ethernet", "以太网"};
  }
  return {"reserved", "保留"};
}

void explain_control(FieldCutter& cut, const FrameView& frame) {
  auto& field = cut.add(1, "control", "control", "控制域");
  const auto kind = kind_name(frame.communication_kind());
  say(field,
      fmt::format("{}, {}; {}", frame.from_module() ? "from the module" : "to the module",
                  frame.is_started() ? "the sender begins" : "an answer", kind.english),
      fmt::format("{}，{}；{}", frame.from_module() ? "上行" : "下行", frame.is_started() ? "启动站" : "从动站",
                  kind.chinese));
}

void explain_information(FieldCutter& cut, const FrameView& frame) {
  const auto information = frame.information();
  cut.span_of(frame_layout::information_octets, "information", "information R", "信息域 R", 0);
  auto& flags = cut.add(1, "flags", "flags and relay level", "标识和中继级别", 1);
  say(flags,
      fmt::format("{}, relay level {}", information.is_for_node() ? "about a node" : "about the module itself",
                  information.relay_level()),
      fmt::format("{}，中继级别 {}", information.is_for_node() ? "对从节点" : "对本地模块", information.relay_level()));
  auto& channel = cut.add(1, "channel", "channel", "信道标识", 1);
  channel.value = std::to_string(information.channel());
  if (frame.from_module()) {
    auto& phase = cut.add(1, "phase", "phase", "实测相线", 1);
    phase.value = std::to_string(information.phase());
    auto& quality = cut.add(1, "quality", "signal quality", "信号品质", 1);
    say(quality,
        fmt::format("question {}, answer {} of 15", information.question_quality(), information.answer_quality()),
        fmt::format("末级命令 {}，末级应答 {}（最高 15）", information.question_quality(),
                    information.answer_quality()));
    auto& event = cut.add(1, "event", "event flag", "事件标志", 1);
    event.value = information.tells_event() ? "1" : "0";
  } else {
    auto& expected = cut.add(1, "expected", "octets expected", "预计应答字节数", 1);
    expected.value = std::to_string(information.expected_octets());
    cut.add(2, "rate", "speed of the channel", "通信速率", 1);
  }
  auto& serial = cut.add(1, "serial", "serial number", "报文序列号", 1);
  serial.value = std::to_string(information.serial());
}

void explain_addresses(FieldCutter& cut, const FrameView& frame) {
  if (!frame.has_addresses()) return;
  auto& source = cut.add(frame_layout::address_octets, "source", "source A1", "源地址 A1");
  source.value = frame.source().to_string();
  for (std::size_t i = 0; i < frame.relay_count(); ++i)
    cut.add(frame_layout::address_octets, "relay", "relay A2", "中继地址 A2");
  auto& destination = cut.add(frame_layout::address_octets, "destination", "destination A3", "目的地址 A3");
  destination.value = frame.destination().to_string();
}

std::vector<ExplainedField> explain_content(std::uint8_t protocol, ByteView content) {
  switch (static_cast<CarriedProtocol>(protocol)) {
    case CarriedProtocol::dlt645_1997:
    case CarriedProtocol::dlt645_2007:
      return dlt645::explain(content);
    case CarriedProtocol::dlt698:
      return dlt698::explain(content);
    default:
      return {};
  }
}

void explain_carried(FieldCutter& cut, const FrameView& frame, const Carried& carried, std::size_t data_end) {
  const std::size_t head = carried.content_offset - cut.at();
  auto& how = cut.add(head, "forwarding", "how it is forwarded", "转发信息", 1);
  const auto name = name_of(static_cast<CarriedProtocol>(carried.protocol));
  const bool tells_time = frame.from_module() && frame.service() != services::ask_node_concurrently;
  say(how,
      fmt::format("{}, {} octets{}", name.english, carried.content.size(),
                  tells_time ? fmt::format(", {} s under way", carried.duration_s) : ""),
      fmt::format("{}，{} 字节{}", name.chinese, carried.content.size(),
                  tells_time ? fmt::format("，上行时长 {} s", carried.duration_s) : ""));
  if (carried.content.empty()) {
    say(how, "the meter gave no answer", "电表无应答");
    return;
  }
  auto fields = explain_content(carried.protocol, carried.content);
  if (fields.empty()) {
    cut.rest("content", "content", "报文内容", 1, data_end);
    return;
  }
  auto& content = cut.span_of(carried.content.size(), "content", "the meter's frame", "电表报文", 1);
  content.meaning = {std::string(name.english), std::string(name.chinese)};
  cut.take(std::move(fields), carried.content.size(), 2);
}

void explain_data(FieldCutter& cut, const FrameView& frame) {
  const std::size_t end = frame.size_octets() - frame_layout::tail_octets;
  if (frame.data().empty()) return;
  auto& data = cut.span_of(frame.data().size(), "data", "data", "数据单元", 0);
  const Service service = frame.service();
  if (service == services::deny) {
    if (const auto why = parse_denial(frame.data())) say(data, name_of(*why));
  } else if (service == services::running_mode && frame.from_module()) {
    if (const auto mode = parse_running_mode(frame.data()))
      say(data,
          fmt::format("main node {}, {} of {} nodes, a node may take {} s", mode->main_node.to_string(),
                      mode->node_count, mode->nodes_max, mode->answer_timeout_s),
          fmt::format("主节点 {}，从节点 {}/{}，从节点最大超时 {} s", mode->main_node.to_string(), mode->node_count,
                      mode->nodes_max, mode->answer_timeout_s));
  }
  if (const auto carried = parse_carried(frame))
    explain_carried(cut, frame, *carried, end);
  else
    cut.rest("content", "content", "内容", 1, end);
}

void explain_frame(std::vector<ExplainedField>& out, const FrameView& frame, std::size_t base) {
  FieldCutter cut(out, frame.octets(), base);
  cut.add(1, "start", "start", "起始字符");
  auto& length = cut.add(2, "length", "length of the frame", "帧长度");
  length.value = std::to_string(frame.size_octets());
  explain_control(cut, frame);
  explain_information(cut, frame);
  explain_addresses(cut, frame);
  const Service service = frame.service();
  auto& code = cut.add(1, "service", "service AFN", "应用功能码 AFN");
  code.value = fmt::format("{:02X}H", service.code);
  say(code, name_of_group(service.code));
  auto& function = cut.add(2, "function", "function Fn", "数据单元标识 Fn");
  function.value = fmt::format("F{}", service.function);
  say(function, name_of(service));
  explain_data(cut, frame);
  cut.add(1, "checksum", "checksum", "校验和");
  cut.add(1, "end", "end", "结束字符");
}

void explain_broken(std::vector<ExplainedField>& out, ByteView octets, const DecodeError& error, std::size_t base) {
  FieldCutter cut(out, octets, base);
  cut.add(1, "start", "start", "起始字符");
  if (cut.left() == 0) return;
  const std::size_t fault_at = std::min<std::size_t>(std::max<std::size_t>(error.octet_offset, 1), octets.size() - 1);
  cut.rest("unread", "not read", "未解析", 0, fault_at);
  auto& fault = cut.add(error.field == "length" ? 2 : 1, error.field, "wrong", "错误");
  fault.is_fault = true;
  say(fault, to_error(error).message, std::string(error.field));
  cut.rest("unread", "not read", "未解析", 0, octets.size());
}

}  // namespace

std::vector<ExplainedField> explain(ByteView octets) {
  std::vector<ExplainedField> out;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    if (segment->kind == Segment::Kind::frame) {
      explain_frame(out, segment->frame, segment->offset);
    } else if (segment->kind == Segment::Kind::broken) {
      explain_broken(out, segment->octets, segment->error, segment->offset);
    } else {
      FieldCutter(out, segment->octets, segment->offset).add(segment->octets.size(), "noise", "no frame", "非报文字节");
    }
  }
  return out;
}

bool is_carrier_exchange(ByteView octets) noexcept {
  if (octets.empty()) return false;
  while (!octets.empty()) {
    const auto frame = decode_at_start(octets);
    if (!frame) return false;
    octets = octets.subspan(frame->size_octets());
  }
  return true;
}

}  // namespace duheng::gdw13762
