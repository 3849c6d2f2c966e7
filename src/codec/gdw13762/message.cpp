#include "codec/gdw13762/message.hpp"

#include <algorithm>
#include <array>

namespace duheng::gdw13762 {

namespace {

constexpr std::size_t running_mode_octets = 39;
constexpr std::size_t main_node_at = 14;
constexpr std::size_t counts_at = 20;
constexpr std::size_t index_octets = 32;
constexpr std::size_t short_content_max = 255;

std::uint16_t little_endian(ByteView data, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(data[at] | data[at + 1] << 8);
}
void put(Bytes& out, const NodeAddress& address) {
  out.insert(out.end(), address.wire().begin(), address.wire().end());
}
void put_u16(Bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}
std::unexpected<DecodeError> too_short(std::size_t size) noexcept {
  return std::unexpected(DecodeError{ErrorCode::malformed, "data", 0, 0, static_cast<std::uint32_t>(size)});
}
Result<void> check_short(ByteView content) {
  if (content.size() > short_content_max)
    return fail(ErrorCode::limit_exceeded, "a meter's frame has at most 255 octets in this service");
  return {};
}
void put_short(Bytes& out, ByteView content) {
  out.push_back(static_cast<std::uint8_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
}

struct NamedService {
  Service service;
  ServiceName name;
};
constexpr std::array named_services{
    NamedService{services::confirm, {"confirmation", "确认"}},
    NamedService{services::deny, {"denial", "否认"}},
    NamedService{{0x01, 1}, {"hardware reset", "硬件初始化"}},
    NamedService{{0x01, 2}, {"parameter reset: the archive of nodes", "参数区初始化"}},
    NamedService{{0x01, 3}, {"data reset: what is known of the nodes", "数据区初始化"}},
    NamedService{{0x02, 1}, {"forward a frame", "转发通信协议数据帧"}},
    NamedService{services::maker, {"maker and version", "厂商代码和版本信息"}},
    NamedService{{0x03, 2}, {"noise", "噪声值"}},
    NamedService{services::main_node, {"address of the main node", "主节点地址"}},
    NamedService{{0x03, 5}, {"state of the main node and speeds", "主节点状态字和通信速率"}},
    NamedService{services::answer_timeout, {"longest time for a node's answer", "从节点监控最大超时时间"}},
    NamedService{services::running_mode, {"running mode", "本地通信模块运行模式信息"}},
    NamedService{services::service_index, {"index of services", "本地通信模块 AFN 索引"}},
    NamedService{services::set_main_node, {"set the main node's address", "设置主节点地址"}},
    NamedService{{0x05, 2}, {"let nodes report, or not", "允许/禁止从节点上报"}},
    NamedService{services::broadcast, {"broadcast", "启动广播"}},
    NamedService{{0x05, 4}, {"set the longest time for a node's answer", "设置从节点监控最大超时时间"}},
    NamedService{services::nodes_found, {"nodes found", "上报从节点信息"}},
    NamedService{services::meter_data, {"data of a meter", "上报抄读数据"}},
    NamedService{services::route_changed, {"work of the route has changed", "上报路由工况变动信息"}},
    NamedService{{0x06, 4}, {"nodes and what they are", "上报从节点信息及设备类型"}},
    NamedService{services::node_event, {"event of a node", "上报从节点事件"}},
    NamedService{services::node_count, {"count of nodes", "从节点数量"}},
    NamedService{services::nodes, {"nodes", "从节点信息"}},
    NamedService{services::route_state, {"state of the route", "路由运行状态"}},
    NamedService{services::add_nodes, {"add nodes", "添加从节点"}},
    NamedService{services::delete_nodes, {"delete nodes", "删除从节点"}},
    NamedService{services::restart_route, {"restart the route", "路由重启"}},
    NamedService{services::suspend_route, {"suspend the route", "路由暂停"}},
    NamedService{services::resume_route, {"resume the route", "路由恢复"}},
    NamedService{services::ask_node, {"ask a node", "监控从节点"}},
    NamedService{services::wants_question, {"the route wants a question", "路由请求抄读内容"}},
    NamedService{services::wants_clock, {"the route wants the time", "路由请求集中器时钟"}},
    NamedService{services::wants_correction, {"the route wants a corrected question", "请求依通信延时修正通信数据"}},
    NamedService{services::ask_node_concurrently, {"ask a node beside others", "并发抄表"}},
};

}  // namespace

ServiceName name_of(const Service& service) noexcept {
  const auto found = std::ranges::find(named_services, service, &NamedService::service);
  return found == named_services.end() ? ServiceName{} : found->name;
}

ServiceName name_of_group(std::uint8_t code) noexcept {
  switch (code) {
    case 0x00:
      return {"confirm or deny", "确认/否认"};
    case 0x01:
      return {"reset", "初始化"};
    case 0x02:
      return {"forward", "数据转发"};
    case 0x03:
      return {"query", "查询数据"};
    case 0x04:
      return {"test of the link", "链路接口检测"};
    case 0x05:
      return {"control", "控制命令"};
    case 0x06:
      return {"report", "主动上报"};
    case 0x10:
      return {"query of the route", "路由查询"};
    case 0x11:
      return {"setting of the route", "路由设置"};
    case 0x12:
      return {"control of the route", "路由控制"};
    case 0x13:
      return {"forward over the route", "路由数据转发"};
    case 0x14:
      return {"the route reads", "路由数据抄读"};
    case 0x15:
      return {"file transfer", "文件传输"};
    case 0xF0:
      return {"maker's own", "内部调试"};
    case 0xF1:
      return {"concurrent reading", "并发抄表"};
    default:
      return {};
  }
}

ServiceName name_of(DenyCode code) noexcept {
  switch (code) {
    case DenyCode::timed_out:
      return {"timed out", "通信超时"};
    case DenyCode::bad_data:
      return {"data unit not valid", "无效数据单元"};
    case DenyCode::bad_length:
      return {"wrong length", "长度错"};
    case DenyCode::bad_checksum:
      return {"wrong checksum", "校验错误"};
    case DenyCode::no_such_service:
      return {"no such service", "信息类不存在"};
    case DenyCode::bad_format:
      return {"wrong format", "格式错误"};
    case DenyCode::node_repeated:
      return {"the node is there already", "表号重复"};
    case DenyCode::no_such_node:
      return {"no such node", "表号不存在"};
    case DenyCode::meter_silent:
      return {"the meter does not answer", "电表应用层无应答"};
    case DenyCode::busy:
      return {"busy", "主节点忙"};
    case DenyCode::not_supported:
      return {"not supported", "主节点不支持此命令"};
    case DenyCode::node_silent:
      return {"the node does not answer", "从节点不应答"};
    case DenyCode::node_not_in_net:
      return {"the node is not in the net", "从节点不在网内"};
    case DenyCode::too_many_at_once:
      return {"more at once than the module takes", "超过最大并发数"};
    case DenyCode::too_many_frames:
      return {"more frames in one than the module takes", "超过单帧最大报文条数"};
    case DenyCode::node_busy:
      return {"the node is being asked already", "正在抄读该表"};
  }
  return {"for a reason without a name", "未定义的原因"};
}

ServiceName name_of(CarriedProtocol protocol) noexcept {
  switch (protocol) {
    case CarriedProtocol::transparent:
      return {"transparent", "透明传输"};
    case CarriedProtocol::dlt645_1997:
      return {"DL/T 645-1997", "DL/T 645-1997"};
    case CarriedProtocol::dlt645_2007:
      return {"DL/T 645-2007", "DL/T 645-2007"};
    case CarriedProtocol::dlt698:
      return {"DL/T 698.45", "DL/T 698.45"};
  }
  return {"reserved", "保留"};
}

Bytes make_confirmation(std::uint16_t wait_s) {
  // The first bit says "done"; then one bit for each channel that is free.
  Bytes out{0xFF, 0xFF, 0xFF, 0xFF};
  put_u16(out, wait_s);
  return out;
}

std::uint16_t wait_of_confirmation(ByteView data) noexcept {
  // The 2009 edition has two octets of state, later ones four; the waiting time is behind them.
  return data.size() >= 4 ? little_endian(data, data.size() - 2) : std::uint16_t{0};
}

Parsed<DenyCode> parse_denial(ByteView data) noexcept {
  if (data.empty()) return too_short(0);
  return static_cast<DenyCode>(data[0]);
}

Bytes make_running_mode(const RunningMode& mode) {
  Bytes out(running_mode_octets, 0);
  out[0] = static_cast<std::uint8_t>((mode.carrier_kind & 0x0FU) | (mode.keeps_routes ? 0x10U : 0U) |
                                     (mode.wants_archive ? 0x20U : 0U) | (mode.reading_mode & 0x03U) << 6);
  const auto word = [&](std::size_t at, std::uint16_t value) {
    out[at] = static_cast<std::uint8_t>(value);
    out[at + 1] = static_cast<std::uint8_t>(value >> 8);
  };
  out[6] = mode.answer_timeout_s;
  word(7, mode.broadcast_timeout_s);
  word(9, mode.frame_octets_max);
  std::ranges::copy(mode.main_node.wire(), out.begin() + main_node_at);
  word(counts_at, mode.nodes_max);
  word(counts_at + 2, mode.node_count);
  return out;
}

Parsed<RunningMode> parse_running_mode(ByteView data) noexcept {
  // Old modules end behind the counts of nodes.
  if (data.size() < counts_at + 4) return too_short(data.size());
  RunningMode out;
  out.carrier_kind = data[0] & 0x0FU;
  out.keeps_routes = (data[0] & 0x10U) != 0;
  out.wants_archive = (data[0] & 0x20U) != 0;
  out.reading_mode = data[0] >> 6;
  out.answer_timeout_s = data[6];
  out.broadcast_timeout_s = little_endian(data, 7);
  out.frame_octets_max = little_endian(data, 9);
  out.main_node = NodeAddress::from_wire(data.subspan(main_node_at));
  out.nodes_max = little_endian(data, counts_at);
  out.node_count = little_endian(data, counts_at + 2);
  return out;
}

Bytes make_service_index(std::uint8_t code, std::span<const std::uint8_t> functions) {
  Bytes out(1 + index_octets, 0);
  out[0] = code;
  for (const std::uint8_t function : functions)
    if (function > 0) out[1 + (function - 1U) / 8] |= static_cast<std::uint8_t>(1U << (function - 1U) % 8);
  return out;
}

bool index_has(ByteView data, const Service& service) noexcept {
  const std::size_t at = 1 + (service.function - 1U) / 8;
  return service.function > 0 && data.size() > at && data[0] == service.code &&
         (data[at] >> (service.function - 1U) % 8 & 1U) != 0;
}

Bytes make_address(const NodeAddress& address) { return {address.wire().begin(), address.wire().end()}; }

Parsed<NodeAddress> parse_address(ByteView data) noexcept {
  if (data.size() < NodeAddress::size_octets) return too_short(data.size());
  return NodeAddress::from_wire(data);
}

Bytes make_page_question(std::uint16_t first, std::uint8_t count) {
  Bytes out;
  put_u16(out, first);
  out.push_back(count);
  return out;
}
Parsed<PageQuestion> parse_page_question(ByteView data) noexcept {
  if (data.size() < 3) return too_short(data.size());
  return PageQuestion{little_endian(data, 0), data[2]};
}

Bytes make_page(const NodePage& page) {
  Bytes out;
  put_u16(out, page.total);
  out.push_back(static_cast<std::uint8_t>(page.nodes.size()));
  for (const auto& node : page.nodes) {
    put(out, node.address);
    out.push_back(static_cast<std::uint8_t>((node.relay_level & 0x0FU) | (node.signal_quality & 0x0FU) << 4));
    out.push_back(node.phases & 0x07U);
  }
  return out;
}

Parsed<NodePage> parse_page(ByteView data) {
  constexpr std::size_t head = 3;
  constexpr std::size_t entry = NodeAddress::size_octets + 2;
  if (data.size() < head || data.size() < head + data[2] * entry) return too_short(data.size());
  NodePage out;
  out.total = little_endian(data, 0);
  for (std::size_t i = 0; i < data[2]; ++i) {
    const ByteView one = data.subspan(head + i * entry, entry);
    out.nodes.push_back({NodeAddress::from_wire(one), static_cast<std::uint8_t>(one[6] & 0x0FU),
                         static_cast<std::uint8_t>(one[6] >> 4), static_cast<std::uint8_t>(one[7] & 0x07U)});
  }
  return out;
}

Bytes make_node_count(std::uint16_t count, std::uint16_t most) {
  Bytes out;
  put_u16(out, count);
  put_u16(out, most);
  return out;
}

Bytes make_nodes_to_add(std::span<const ArchiveNode> nodes) {
  Bytes out{static_cast<std::uint8_t>(nodes.size())};
  for (const auto& node : nodes) {
    put(out, node.address);
    out.push_back(static_cast<std::uint8_t>(node.protocol));
  }
  return out;
}

Parsed<std::vector<ArchiveNode>> parse_nodes_to_add(ByteView data) {
  constexpr std::size_t entry = NodeAddress::size_octets + 1;
  if (data.empty() || data.size() != 1 + data[0] * entry) return too_short(data.size());
  std::vector<ArchiveNode> out;
  for (std::size_t i = 0; i < data[0]; ++i) {
    const ByteView one = data.subspan(1 + i * entry, entry);
    out.push_back({NodeAddress::from_wire(one), static_cast<CarriedProtocol>(one[6])});
  }
  return out;
}

Bytes make_nodes_to_delete(std::span<const NodeAddress> nodes) {
  Bytes out{static_cast<std::uint8_t>(nodes.size())};
  for (const auto& node : nodes) put(out, node);
  return out;
}

Parsed<std::vector<NodeAddress>> parse_nodes_to_delete(ByteView data) {
  if (data.empty() || data.size() != 1 + data[0] * NodeAddress::size_octets) return too_short(data.size());
  std::vector<NodeAddress> out;
  for (std::size_t i = 0; i < data[0]; ++i)
    out.push_back(NodeAddress::from_wire(data.subspan(1 + i * NodeAddress::size_octets)));
  return out;
}

Parsed<Carried> parse_carried(const FrameView& frame) noexcept {
  const ByteView data = frame.data();
  const Service service = frame.service();
  const bool up = frame.from_module();
  // Where the protocol stands, where the length, and how long that is.
  std::size_t protocol_at = 0;
  std::size_t length_at = 1;
  std::size_t length_octets = 1;
  std::size_t duration_at = SIZE_MAX;
  if (service == services::ask_node && up) {
    duration_at = 0;
    protocol_at = 2;
    length_at = 3;
  } else if (service == services::ask_node) {
    if (data.size() < 3) return too_short(data.size());
    length_at = 3 + data[2] * NodeAddress::size_octets;
  } else if (service == services::ask_node_concurrently) {
    length_at = up ? 1 : 2;
    length_octets = 2;
  } else if (service == services::meter_data && up) {
    protocol_at = 2;
    duration_at = 3;
    length_at = 5;
  } else if (service == services::node_event && up) {
    protocol_at = 1;
    length_at = 2;
  } else if (service != services::broadcast && service != Service{0x02, 1}) {
    return std::unexpected(DecodeError{ErrorCode::malformed, "data_unit", 0, service.code, 0});
  }
  if (data.size() < length_at + length_octets) return too_short(data.size());
  const std::size_t length = length_octets == 2 ? little_endian(data, length_at) : data[length_at];
  const std::size_t content_at = length_at + length_octets;
  if (data.size() != content_at + length) return too_short(data.size());
  Carried out;
  out.protocol = data[protocol_at];
  if (duration_at != SIZE_MAX) out.duration_s = little_endian(data, duration_at);
  out.content_offset = frame.data_offset() + content_at;
  out.content = data.subspan(content_at, length);
  return out;
}

std::optional<Bytes> carried_frames(ByteView octets) {
  Bytes out;
  if (octets.empty()) return std::nullopt;
  while (!octets.empty()) {
    const auto frame = decode_at_start(octets);
    if (!frame) return std::nullopt;
    if (const auto carried = parse_carried(*frame))
      out.insert(out.end(), carried->content.begin(), carried->content.end());
    octets = octets.subspan(frame->size_octets());
  }
  return out;
}

Result<Bytes> make_node_question(CarriedProtocol protocol, ByteView content) {
  DUHENG_CHECK(check_short(content));
  Bytes out{static_cast<std::uint8_t>(protocol), 0, 0};
  put_short(out, content);
  return out;
}

Result<Bytes> make_node_answer(std::uint16_t duration_s, CarriedProtocol protocol, ByteView content) {
  DUHENG_CHECK(check_short(content));
  Bytes out;
  put_u16(out, duration_s);
  out.push_back(static_cast<std::uint8_t>(protocol));
  put_short(out, content);
  return out;
}

Bytes make_concurrent_question(CarriedProtocol protocol, ByteView content) {
  Bytes out{static_cast<std::uint8_t>(protocol), 0};
  put_u16(out, static_cast<std::uint16_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes make_concurrent_answer(CarriedProtocol protocol, ByteView content) {
  Bytes out{static_cast<std::uint8_t>(protocol)};
  put_u16(out, static_cast<std::uint16_t>(content.size()));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Result<Bytes> make_broadcast(CarriedProtocol protocol, ByteView content) {
  DUHENG_CHECK(check_short(content));
  Bytes out{static_cast<std::uint8_t>(protocol)};
  put_short(out, content);
  return out;
}

Result<Bytes> make_meter_data(std::uint16_t node, CarriedProtocol protocol, std::uint16_t duration_s,
                              ByteView content) {
  DUHENG_CHECK(check_short(content));
  Bytes out;
  put_u16(out, node);
  out.push_back(static_cast<std::uint8_t>(protocol));
  put_u16(out, duration_s);
  put_short(out, content);
  return out;
}

Result<Bytes> make_node_event(std::uint8_t device_kind, CarriedProtocol protocol, ByteView content) {
  DUHENG_CHECK(check_short(content));
  Bytes out{device_kind, static_cast<std::uint8_t>(protocol)};
  put_short(out, content);
  return out;
}

Bytes make_no_question() {
  constexpr std::uint8_t done = 0x01;
  return {done, 0, 0, 0};
}

}  // namespace duheng::gdw13762
