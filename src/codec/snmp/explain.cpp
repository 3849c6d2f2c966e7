#include "codec/snmp/explain.hpp"

#include <array>

#include "codec/snmp/message.hpp"

namespace duheng::snmp {
namespace {

using codec::ExplainedField;

struct Label {
  std::string_view key;
  std::string_view english;
  std::string_view chinese;
};

constexpr std::array<Label, 4> header_labels{{{"message_id", "Message id", "消息标识"},
                                              {"message_size", "Largest message taken", "可接收的最大长度"},
                                              {"message_flags", "Protection", "保护方式"},
                                              {"security_model", "Security model", "安全模型"}}};
constexpr std::array<Label, 6> security_labels{{{"engine_id", "Engine", "引擎标识"},
                                                {"engine_boots", "Engine's starts", "引擎启动次数"},
                                                {"engine_time", "Engine's seconds", "引擎运行秒数"},
                                                {"user", "User", "用户"},
                                                {"authentication", "Authentication code", "鉴别码"},
                                                {"salt", "Salt of the cipher", "加密盐值"}}};
constexpr std::array<Label, 3> pdu_labels{{{"request_id", "Request id", "请求标识"},
                                           {"error_status", "Error status", "错误状态"},
                                           {"error_index", "Binding at fault", "出错的绑定序号"}}};

Label pdu_label(std::uint8_t type) {
  switch (static_cast<PduType>(type)) {
    case PduType::get:
      return {"pdu", "Get", "读取"};
    case PduType::get_next:
      return {"pdu", "Get the next", "读取下一个"};
    case PduType::response:
      return {"pdu", "Response", "应答"};
    case PduType::set:
      return {"pdu", "Set", "设置"};
    case PduType::get_bulk:
      return {"pdu", "Get in bulk", "批量读取"};
    case PduType::report:
      return {"pdu", "Report of the security layer", "安全层报告"};
    default:
      return {"pdu", "Notification", "通知"};
  }
}

/// Cuts elements into fields; leaves cover every octet. Whatever does not fit is one field, marked as the fault.
class Cutter {
 public:
  explicit Cutter(ByteView whole) : whole_(whole) {}

  /// Messages one behind the other, as evidence of several steps holds them.
  void messages() {
    while (covered_ < whole_.size()) message();
  }
  std::vector<ExplainedField> take() { return std::move(fields_); }

 private:
  void message() {
    BerReader reader(whole_.subspan(covered_), covered_);
    const auto outer = reader.any();
    if (!outer || outer->tag != tag::sequence) return rest(whole_.size(), "not an SNMP message", "不是 SNMP 报文", 0);
    open(*outer, {"message", "SNMP message", "SNMP 报文"}, 0);
    BerReader inside(outer->content, outer->content_begin);
    const auto version = leaf(inside, {"version", "Version", "版本"}, 1);
    const bool is_v3 = version == 3;
    if (fields_.back().key == "version") fields_.back().value = is_v3 ? "3" : version == 1 ? "2c" : "1";
    if (is_v3)
      secure(inside);
    else
      plain(inside);
    end(end_of(*outer), 1);
  }
  ExplainedField& field(std::size_t begin, std::size_t size, const Label& label, std::uint8_t depth) {
    ExplainedField& out = fields_.emplace_back();
    out.offset = begin;
    out.size = size;
    out.raw = to_hex(whole_.subspan(begin, size), ' ');
    out.key = label.key;
    out.label = {std::string(label.english), std::string(label.chinese)};
    out.clause = "RFC 3416; RFC 3412";
    out.depth = depth;
    covered_ = std::max(covered_, begin + size);
    return out;
  }
  static std::size_t end_of(const BerReader::Element& element) {
    return element.content_begin + element.content.size();
  }
  /// An element with parts: itself, then its tag and length as the first of them.
  void open(const BerReader::Element& element, const Label& label, std::uint8_t depth) {
    field(element.begin, end_of(element) - element.begin, label, depth);
    field(element.begin, element.content_begin - element.begin, {"header", "Type and length", "类型和长度"},
          static_cast<std::uint8_t>(depth + 1));
    covered_ = element.content_begin;
  }
  /// The next element as one field; its number, when it is one.
  std::int64_t leaf(BerReader& reader, const Label& label, std::uint8_t depth) {
    if (reader.at_end()) return -1;
    const auto element = reader.any();
    if (!element) return -1;
    ExplainedField& out = field(element->begin, end_of(*element) - element->begin, label, depth);
    const Value value{element->tag, Bytes(element->content.begin(), element->content.end())};
    const auto number = value.number();
    if (number) out.value = std::to_string(*number);
    if (label.key == "user") out.value = std::string(as_text(element->content));
    return number.value_or(-1);
  }
  void plain(BerReader& reader) {
    leaf(reader, {"community", "Community", "团体名"}, 1);
    if (!fields_.empty() && fields_.back().key == "community") {
      fields_.back().value.clear();
      fields_.back().meaning = {"a secret; not shown", "密文，不显示"};
    }
    pdu(reader, 1);
  }
  void secure(BerReader& reader) {
    const auto header = reader.any();
    if (!header) return;
    open(*header, {"header_data", "Message header", "消息头"}, 1);
    BerReader parts(header->content, header->content_begin);
    for (const Label& label : header_labels) leaf(parts, label, 2);
    end(end_of(*header), 2);
    const auto security = reader.any();
    if (!security) return;
    open(*security, {"security", "Security parameters", "安全参数"}, 1);
    BerReader wrapped(security->content, security->content_begin);
    if (const auto list = wrapped.any()) {
      open(*list, {"security_list", "Of the user-based model", "基于用户的安全模型"}, 2);
      BerReader items(list->content, list->content_begin);
      for (const Label& label : security_labels) leaf(items, label, 3);
      end(end_of(*list), 3);
    }
    end(end_of(*security), 2);
    if (reader.peek() == tag::octet_string) {
      leaf(reader, {"encrypted", "Encrypted content", "加密内容"}, 1);
      fields_.back().value.clear();
      fields_.back().meaning = {"readable only with the user's key", "需用户密钥方可解读"};
      return;
    }
    scoped(reader);
  }
  void scoped(BerReader& reader) {
    const auto scoped = reader.any();
    if (!scoped) return;
    open(*scoped, {"scoped_pdu", "Scoped PDU", "带上下文的协议数据单元"}, 1);
    BerReader parts(scoped->content, scoped->content_begin);
    leaf(parts, {"context_engine", "Context's engine", "上下文引擎"}, 2);
    leaf(parts, {"context_name", "Context", "上下文名称"}, 2);
    pdu(parts, 2);
    end(end_of(*scoped), 2);
  }
  void pdu(BerReader& reader, std::uint8_t depth) {
    const std::uint8_t type = reader.peek();
    if (reader.at_end()) return;
    const auto element = reader.any();
    if (!element) return;
    open(*element, pdu_label(type), depth);
    BerReader parts(element->content, element->content_begin);
    const auto below = static_cast<std::uint8_t>(depth + 1);
    for (const Label& label : pdu_labels) {
      const std::int64_t number = leaf(parts, label, below);
      if (label.key == "error_status" && number > 0) fields_.back().is_fault = true;
    }
    bindings(parts, below);
    end(end_of(*element), below);
  }
  void bindings(BerReader& reader, std::uint8_t depth) {
    if (reader.at_end()) return;
    const auto list = reader.any();
    if (!list) return;
    open(*list, {"bindings", "Objects and values", "对象与取值"}, depth);
    BerReader each(list->content, list->content_begin);
    while (each.ok() && !each.at_end()) {
      const auto one = each.any();
      if (!one) break;
      open(*one, {"binding", "Object", "对象"}, static_cast<std::uint8_t>(depth + 1));
      BerReader parts(one->content, one->content_begin);
      leaf(parts, {"object", "Name", "名称"}, static_cast<std::uint8_t>(depth + 2));
      BerReader name(one->content, one->content_begin);
      if (const auto id = name.object_id(); name.ok() && fields_.back().key == "object")
        fields_.back().value = id.text();
      leaf(parts, {"value", "Value", "取值"}, static_cast<std::uint8_t>(depth + 2));
      end(end_of(*one), static_cast<std::uint8_t>(depth + 2));
    }
    end(end_of(*list), static_cast<std::uint8_t>(depth + 1));
  }
  /// What an element holds beyond what was understood of it.
  void end(std::size_t stop, std::uint8_t depth) {
    if (covered_ < stop) rest(stop, "cannot be taken apart", "无法解析", depth);
  }
  void rest(std::size_t stop, std::string_view english, std::string_view chinese, std::uint8_t depth) {
    if (covered_ >= stop) return;
    ExplainedField& out = field(covered_, stop - covered_, {"unexplained", "Octets", "字节"}, depth);
    out.meaning = {std::string(english), std::string(chinese)};
    out.is_fault = true;
  }

  ByteView whole_;
  std::size_t covered_ = 0;
  std::vector<ExplainedField> fields_;
};

}  // namespace

std::vector<ExplainedField> explain(ByteView octets) {
  Cutter cutter(octets);
  cutter.messages();
  return cutter.take();
}

}  // namespace duheng::snmp
