#include "codec/dlt698/explain.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "codec/dlt698/explain_apdu.hpp"
#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/scanner.hpp"

namespace duheng::dlt698 {

namespace {

using text::Label;

constexpr std::string_view clause_link = "DL/T 698.45-2017, link layer";
constexpr std::size_t length_octets = 2;
constexpr std::size_t check_octets = 2;

/// Writes the fields of one frame from its first octet on, as far as octets are there.
class FrameWalk {
 public:
  FrameWalk(std::vector<ExplainedField>& out, const Segment& segment, Bytes& plain)
      : octets_(segment.octets), writer_(out, segment.octets, unscrambled(segment, plain), segment.offset) {}

  void whole(const FrameView& frame);
  void broken(const DecodeError& error);

 private:
  /// The same octets with 33H taken off the user data, where the frame is whole and says so.
  static ByteView unscrambled(const Segment& segment, Bytes& plain) {
    if (segment.kind != Segment::Kind::frame || !segment.frame.is_scrambled()) return segment.octets;
    plain.assign(segment.octets.begin(), segment.octets.end());
    const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(segment.frame.user_data_offset());
    const auto size = static_cast<std::ptrdiff_t>(segment.frame.wire_user_data().size());
    for (auto octet = begin; octet != begin + size; ++octet) {
      *octet = static_cast<std::uint8_t>(*octet - frame_layout::scramble_shift);
    }
    return plain;
  }

  [[nodiscard]] bool has(std::size_t size) const noexcept { return octets_.size() - at_ >= size; }
  ExplainedField& take(std::size_t size, std::string_view key, Label label) {
    auto& field = writer_.add(at_, size, key, label, 0);
    if (!is_user_data_) field.plain.clear();
    at_ += size;
    return field;
  }
  bool header();
  void control();
  void address(std::size_t size);
  void user_data(const FrameView& frame);
  void fragment(std::size_t end);
  void check(std::string_view key, Label label, const DecodeError* error);

  ByteView octets_;
  FieldWriter writer_;
  std::size_t at_ = 0;
  bool is_user_data_ = false;
};

void FrameWalk::control() {
  const std::uint8_t octet = octets_[at_];
  auto& field = take(1, "control", {"control", "控制域"});
  field.value = to_hex(ByteView(&octet, 1));
  const bool from_server = (octet & control_bits::from_server) != 0;
  const bool by_client = (octet & control_bits::started_by_client) != 0;
  std::string english = from_server ? by_client ? "answer of the server" : "the server's own message"
                        : by_client ? "request of the client"
                                    : "answer of the client";
  std::string chinese = from_server ? by_client ? "服务器响应" : "服务器主动发出"
                        : by_client ? "客户机请求"
                                    : "客户机响应";
  switch (octet & control_bits::function) {
    case static_cast<std::uint8_t>(Function::link_management):
      english += ", link management";
      chinese += "，链路管理";
      break;
    case static_cast<std::uint8_t>(Function::user_data):
      english += ", user data";
      chinese += "，用户数据";
      break;
    default:
      english += ", reserved function";
      chinese += "，保留功能码";
  }
  if ((octet & control_bits::fragment) != 0) {
    english += ", a fragment";
    chinese += "，分帧";
  }
  if ((octet & control_bits::scrambled) != 0) {
    english += ", user data scrambled (33H added)";
    chinese += "，数据域加扰码（加33H）";
  }
  say(field, english, chinese);
}

void FrameWalk::address(std::size_t size) {
  const std::uint8_t feature = octets_[at_ - 1];
  const auto server = ServerAddress::from_wire(feature, octets_.subspan(at_, size));
  auto& field = take(size, "address", {"server address, low octet first", "服务器地址（低字节在前）"});
  if (!server) return;
  field.value = server->to_string();
  if (server->is_wildcard()) {
    say(field, "wildcard: whoever hears it answers", "通配地址");
  } else if (server->type() == AddressType::broadcast) {
    say(field, "broadcast: nobody answers", "广播地址，不应答");
  } else if (server->type() == AddressType::group) {
    say(field, "group " + field.value, "组地址" + field.value);
  } else {
    say(field, "server " + field.value, "服务器" + field.value);
  }
}

/// 68H to CA. False when the octets end before.
bool FrameWalk::header() {
  if (!has(1)) return false;
  take(1, "start", {"start", "起始字符"});
  if (!has(length_octets)) return false;
  auto& length = take(length_octets, "length", {"length L, low octet first", "长度域L（低字节在前）"});
  const unsigned counted = (octets_[1] | octets_[2] << 8) & frame_layout::length_max;
  length.value = std::to_string(counted);
  say(length, fmt::format("{} octets without 68H and 16H", counted), fmt::format("除起止字符外{}字节", counted));
  if (!has(1)) return false;
  control();
  if (!has(1)) return false;
  const std::uint8_t feature = octets_[at_];
  const std::size_t size = (feature & 0x0FU) + 1;
  auto& af = take(1, "address_feature", {"address feature", "地址特征"});
  af.value = to_hex(ByteView(&feature, 1));
  static constexpr std::string_view chinese_types[] = {"单地址", "通配地址", "组地址", "广播地址"};
  say(af,
      fmt::format("{} address of {} octets, logical address {}", to_string(static_cast<AddressType>(feature >> 6)),
                  size, feature >> 4 & 3),
      fmt::format("{}，{}字节，逻辑地址{}", chinese_types[feature >> 6], size, feature >> 4 & 3));
  if (!has(size)) return false;
  address(size);
  if (!has(1)) return false;
  const std::uint8_t client = octets_[at_];
  auto& ca = take(1, "client_address", {"client address", "客户机地址"});
  ca.value = to_hex(ByteView(&client, 1));
  if (client == 0) say(ca, "not of interest", "不关注");
  return true;
}

void FrameWalk::check(std::string_view key, Label label, const DecodeError* error) {
  auto& field = take(check_octets, key, label);
  if (error == nullptr) return say(field, "right", "正确");
  const std::uint8_t due[] = {static_cast<std::uint8_t>(error->expected),
                              static_cast<std::uint8_t>(error->expected >> 8)};
  const auto hex = to_hex(due, ' ');
  field.is_fault = true;
  say(field, "wrong: the octets give " + hex, "错误：应为" + hex);
}

constexpr Label header_check{"header check HCS", "帧头校验HCS"};
constexpr Label frame_check{"frame check FCS", "帧校验FCS"};
constexpr Label user_data_label{"user data", "链路用户数据"};
constexpr Label end_label{"end", "结束字符"};
constexpr Label unread_label{"unread", "未解析"};

void FrameWalk::fragment(std::size_t end) {
  const auto header = decode_fragment_header(writer_.plain().subspan(at_, end - at_));
  if (!header) return write_fault(writer_, header.error(), at_, end, end, 1);
  auto& word = writer_.add(at_, FragmentHeader::size_octets, "fragment_header", {"fragment word", "分帧格式域"}, 1);
  word.value = std::to_string(header->sequence);
  static constexpr Label kinds[] = {
      {"first piece", "起始帧"}, {"last piece", "最后帧"}, {"confirmation", "确认帧"}, {"middle piece", "中间帧"}};
  const Label kind = kinds[static_cast<std::size_t>(header->kind)];
  say(word, fmt::format("{}, number {}", kind.english, header->sequence),
      fmt::format("{}，帧序号{}", kind.chinese, header->sequence));
  at_ += FragmentHeader::size_octets;
  if (at_ == end) return;
  auto& piece = writer_.add(at_, end - at_, "fragment_data", {"piece of an APDU", "APDU片段"}, 1);
  say(piece, "to be joined with the other pieces before it can be read", "须与其余片段拼接后解析");
}

void FrameWalk::user_data(const FrameView& frame) {
  const std::size_t size = frame.wire_user_data().size();
  if (size == 0) return;
  is_user_data_ = true;
  const std::size_t end = at_ + size;
  writer_.add(at_, size, "user_data", user_data_label, 0);
  if (frame.is_fragment()) {
    fragment(end);
  } else {
    explain_apdu_into(writer_, at_, end, 1);
  }
  writer_.set_clause(clause_link);
  at_ = end;
  is_user_data_ = false;
}

void FrameWalk::whole(const FrameView& frame) {
  header();
  check("hcs", header_check, nullptr);
  user_data(frame);
  check("fcs", frame_check, nullptr);
  take(1, "end", end_label);
  writer_.drop_empty();
}

void FrameWalk::broken(const DecodeError& error) {
  const auto rest_at_fault = [&] { write_fault(writer_, error, at_, octets_.size(), octets_.size(), 0); };
  const auto unread = [&] {
    if (has(1)) take(octets_.size() - at_, "unread", unread_label);
  };
  if (error.field == "length" && error.code != ErrorCode::truncated) {
    take(1, "start", {"start", "起始字符"});
    auto& length = take(length_octets, "length", {"length L, low octet first", "长度域L（低字节在前）"});
    length.is_fault = true;
    if (error.code == ErrorCode::unsupported) {
      say(length, "counts kilobytes, which this release does not read", "长度以KB计，本版本不支持");
    } else {
      say(length, "no frame has this length", "长度无效");
    }
    return unread();
  }
  if (!header() || !has(check_octets)) return rest_at_fault();
  if (error.field == "hcs" && error.code == ErrorCode::checksum_mismatch) {
    check("hcs", header_check, &error);
    return unread();
  }
  check("hcs", header_check, nullptr);
  if (error.code == ErrorCode::truncated) return rest_at_fault();
  // L is trusted from here on: FCS or 16H is wrong.
  const std::size_t length = (octets_[1] | octets_[2] << 8) & frame_layout::length_max;
  const std::size_t check_at = length - 1;
  if (check_at < at_ || octets_.size() < check_at + check_octets + 1) return rest_at_fault();
  if (check_at > at_) {
    auto& data = take(check_at - at_, "user_data", user_data_label);
    say(data, "not read, since the frame is not sound", "帧有误，不解析");
  }
  check("fcs", frame_check, error.field == "fcs" ? &error : nullptr);
  const bool ends_well = octets_[at_] == frame_layout::end;
  auto& end = take(1, "end", end_label);
  if (!ends_well) {
    end.is_fault = true;
    say(end, "16H is due here", "此处应为16H");
  }
  unread();
}

void explain_other(std::vector<ExplainedField>& out, const Segment& segment) {
  FieldWriter writer(out, segment.octets, segment.octets, segment.offset);
  const ByteView octets = segment.octets;
  for (std::size_t at = 0; at < octets.size();) {
    const bool is_preamble = octets[at] == frame_layout::preamble;
    std::size_t end = at + 1;
    while (end < octets.size() && (octets[end] == frame_layout::preamble) == is_preamble) ++end;
    if (is_preamble) {
      say(writer.add(at, end - at, "preamble", {"preamble", "前导字节"}, 0), "wakes the receiver", "唤醒接收方");
    } else {
      say(writer.add(at, end - at, "noise", {"octets outside frames", "帧外字节"}, 0),
          "not part of a DL/T 698.45 frame", "不属于DL/T 698.45帧");
    }
    at = end;
  }
}

}  // namespace

std::vector<ExplainedField> explain(ByteView octets) {
  std::vector<ExplainedField> out;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    if (segment->kind == Segment::Kind::other) {
      explain_other(out, *segment);
      continue;
    }
    Bytes plain;
    FrameWalk walk(out, *segment, plain);
    if (segment->kind == Segment::Kind::frame) {
      walk.whole(segment->frame);
    } else {
      walk.broken(segment->error);
    }
  }
  return out;
}

std::vector<ExplainedField> explain_apdu(ByteView octets) {
  std::vector<ExplainedField> out;
  if (octets.empty()) return out;
  FieldWriter writer(out, octets, octets, 0);
  explain_apdu_into(writer, 0, octets.size(), 0);
  writer.drop_empty();
  return out;
}

}  // namespace duheng::dlt698
