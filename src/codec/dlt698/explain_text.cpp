#include "codec/dlt698/explain_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "codec/dlt698/value.hpp"

namespace duheng::dlt698::text {

namespace {

struct Word {
  std::string_view key;
  Label label;
};

constexpr Word fields[] = {
    {"apdu", {"APDU", "应用层数据单元"}},
    {"piid", {"PIID", "服务序号-优先级"}},
    {"piid_acd", {"PIID-ACD", "服务序号-优先级-ACD"}},
    {"oad", {"object attribute", "对象属性描述符"}},
    {"oads", {"object attributes", "对象属性描述符列表"}},
    {"omd", {"object method", "对象方法描述符"}},
    {"result", {"result", "结果"}},
    {"results", {"results", "结果列表"}},
    {"record", {"record", "记录"}},
    {"records", {"records", "记录列表"}},
    {"columns", {"columns", "记录列选择"}},
    {"rows", {"rows", "记录行"}},
    {"row", {"row", "记录行"}},
    {"dar", {"data access result", "数据访问结果"}},
    {"data", {"data", "数据"}},
    {"get", {"read afterwards", "随后读取"}},
    {"delay", {"delay before reading, s", "延时读取时间（秒）"}},
    {"rsd", {"row selection", "行选择描述符"}},
    {"rcsd", {"column selection", "列选择描述符"}},
    {"time_tag", {"time tag", "时间标签"}},
    {"sent", {"sent at", "发送时标"}},
    {"max_delay", {"delay allowed", "允许传输延时"}},
    {"follow_report", {"follow report", "跟随上报信息"}},
    {"normal", {"attributes reported", "上报的对象属性"}},
    {"type", {"type", "类型"}},
    {"heartbeat_s", {"heartbeat period", "心跳周期"}},
    {"time", {"time", "时间"}},
    {"request_time", {"time of the request", "请求时间"}},
    {"receive_time", {"time received", "收到时间"}},
    {"response_time", {"time of the response", "响应时间"}},
    {"version", {"protocol version", "协议版本号"}},
    {"protocol_conformance", {"protocol conformance", "协议一致性块"}},
    {"function_conformance", {"function conformance", "功能一致性块"}},
    {"max_send", {"largest frame sent", "发送帧最大尺寸"}},
    {"max_recv", {"largest frame received", "接收帧最大尺寸"}},
    {"window", {"window of frames received", "接收帧最大窗口尺寸"}},
    {"max_apdu", {"largest APDU", "最大可处理APDU尺寸"}},
    {"timeout_s", {"timeout", "超时时间"}},
    {"mechanism", {"authentication", "认证机制"}},
    {"password", {"password", "密码"}},
    {"cipher", {"cipher text", "密文"}},
    {"signature", {"signature", "签名"}},
    {"rn", {"random number", "随机数"}},
    {"mac", {"message authentication code, not verified here", "数据安全MAC（此处不验证）"}},
    {"vendor", {"vendor code", "厂商代码"}},
    {"sw", {"software version", "软件版本号"}},
    {"sw_date", {"software date", "软件版本日期"}},
    {"hw", {"hardware version", "硬件版本号"}},
    {"hw_date", {"hardware date", "硬件版本日期"}},
    {"ext", {"vendor extension", "厂家扩展信息"}},
    {"established_time", {"association established at", "连接建立时间"}},
    {"current_time", {"time now", "当前时间"}},
    {"block", {"block number", "分帧序号"}},
    {"last", {"last block", "末帧标志"}},
    {"md5", {"MD5", "MD5值"}},
    {"set", {"attributes to set", "设置列表"}},
    {"actions", {"methods to call", "操作列表"}},
    {"blocks", {"blocks of data", "数据块列表"}},
    {"targets", {"targets", "代理目标列表"}},
    {"tsa", {"target server address", "目标服务器地址"}},
    {"comdcb", {"line settings", "端口通信控制块"}},
    {"frame_timeout_s", {"wait for the answer", "接收等待报文超时时间"}},
    {"byte_timeout_ms", {"wait for an octet", "接收等待字节超时时间"}},
    {"command", {"command passed on", "透明转发命令"}},
    {"payload", {"payload", "安全传输的数据"}},
    {"column", {"column", "列"}},
    {"target", {"target", "代理目标"}},
    {"setting", {"setting", "设置项"}},
    {"action", {"action", "操作项"}},
    {"range", {"range", "区间"}},
    {"piece", {"block", "数据块"}},
    {"check", {"proof", "数据验证信息"}},
    {"sid", {"security identity", "安全标识"}},
    {"id", {"identity", "标识"}},
    {"start", {"from", "起始值"}},
    {"end", {"to", "结束值"}},
    {"interval", {"interval", "间隔"}},
    {"ms", {"set of meters", "电能表集合"}},
    {"last_n", {"which of the latest records", "上第n次记录"}},
    {"value", {"value", "数值"}},
    {"kind", {"kind", "类型"}},
    {"ranges", {"ranges", "区间列表"}},
    {"none", {"none", "无"}},
    {"all", {"all", "全部"}},
    {"user_types", {"by user type", "按用户类型"}},
    {"addresses", {"by address", "按通信地址"}},
    {"numbers", {"by archive number", "按配置序号"}},
    {"user_type_regions", {"by ranges of user types", "按用户类型区间"}},
    {"address_regions", {"by ranges of addresses", "按通信地址区间"}},
    {"number_regions", {"by ranges of archive numbers", "按配置序号区间"}},
    {"choice", {"kind of service", "服务选择"}},
    {"selector", {"selection", "选择"}},
    {"payload_kind", {"form of the payload", "数据形式"}},
    {"check_kind", {"form of the proof", "验证方式"}},
    {"plain", {"plain", "明文"}},
    {"security", {"security", "安全信息"}},
    {"item", {"element", "元素"}},
    {"service", {"service", "服务"}},
    {"user_data", {"user data", "链路用户数据"}},
    {"length", {"length", "长度域"}},
    {"control", {"control", "控制域"}},
    {"address_feature", {"address feature", "地址特征"}},
    {"address", {"server address", "服务器地址"}},
    {"client_address", {"client address", "客户机地址"}},
    {"hcs", {"header check HCS", "帧头校验HCS"}},
    {"fcs", {"frame check FCS", "帧校验FCS"}},
    {"fragment_header", {"fragment word", "分帧格式域"}},
};

constexpr Word type_names[] = {
    {"LINK-Request", {"link request", "预连接请求"}},
    {"LINK-Response", {"link response", "预连接响应"}},
    {"CONNECT-Request", {"connect request", "建立应用连接请求"}},
    {"CONNECT-Response", {"connect response", "建立应用连接响应"}},
    {"RELEASE-Request", {"release request", "断开应用连接请求"}},
    {"RELEASE-Response", {"release response", "断开应用连接响应"}},
    {"RELEASE-Notification", {"release notification", "断开应用连接通知"}},
    {"GET-Request", {"read request", "读取请求"}},
    {"GET-Response", {"read response", "读取响应"}},
    {"SET-Request", {"set request", "设置请求"}},
    {"SET-Response", {"set response", "设置响应"}},
    {"ACTION-Request", {"action request", "操作请求"}},
    {"ACTION-Response", {"action response", "操作响应"}},
    {"REPORT-Notification", {"report", "上报通知"}},
    {"REPORT-Response", {"confirmation of a report", "上报响应"}},
    {"PROXY-Request", {"proxy request", "代理请求"}},
    {"PROXY-Response", {"proxy response", "代理响应"}},
    {"SECURITY-Request", {"secured request", "安全请求"}},
    {"SECURITY-Response", {"secured response", "安全响应"}},
    {"ERROR-Response", {"error response", "异常响应"}},
    {"GetRequestNormal", {"one attribute", "一个对象属性"}},
    {"GetResponseNormal", {"one attribute", "一个对象属性"}},
    {"GetRequestNormalList", {"several attributes", "若干个对象属性"}},
    {"GetResponseNormalList", {"several attributes", "若干个对象属性"}},
    {"GetRequestRecord", {"one table of records", "一个记录型对象属性"}},
    {"GetResponseRecord", {"one table of records", "一个记录型对象属性"}},
    {"GetRequestRecordList", {"several tables of records", "若干个记录型对象属性"}},
    {"GetResponseRecordList", {"several tables of records", "若干个记录型对象属性"}},
    {"GetRequestNext", {"next block", "分帧响应的下一数据块"}},
    {"GetResponseNext", {"one block of a long answer", "分帧响应的一个数据块"}},
    {"GetRequestMD5", {"MD5 of an attribute", "一个对象属性的MD5值"}},
    {"GetResponseMD5", {"MD5 of an attribute", "一个对象属性的MD5值"}},
    {"SetRequestNormal", {"one attribute", "一个对象属性"}},
    {"SetResponseNormal", {"one attribute", "一个对象属性"}},
    {"SetRequestNormalList", {"several attributes", "若干个对象属性"}},
    {"SetResponseNormalList", {"several attributes", "若干个对象属性"}},
    {"SetThenGetRequestNormalList", {"set, then read several attributes", "设置后读取若干个对象属性"}},
    {"SetThenGetResponseNormalList", {"set, then read several attributes", "设置后读取若干个对象属性"}},
    {"ActionRequest", {"one method", "一个对象方法"}},
    {"ActionResponseNormal", {"one method", "一个对象方法"}},
    {"ActionRequestList", {"several methods", "若干个对象方法"}},
    {"ActionResponseNormalList", {"several methods", "若干个对象方法"}},
    {"ActionThenGetRequestNormalList", {"call methods, then read", "操作若干个对象方法后读取"}},
    {"ActionThenGetResponseNormalList", {"call methods, then read", "操作若干个对象方法后读取"}},
    {"ReportNotificationList", {"attributes", "若干个对象属性"}},
    {"ReportResponseList", {"attributes", "若干个对象属性"}},
    {"ReportNotificationRecordList", {"records", "若干个记录型对象属性"}},
    {"ReportResponseRecordList", {"records", "若干个记录型对象属性"}},
    {"ReportNotificationTransData", {"transparent data", "透明数据"}},
    {"ReportResponseTransData", {"transparent data", "透明数据"}},
    {"ProxyGetRequestList", {"read attributes of several servers", "代理读取若干个服务器的若干个对象属性"}},
    {"ProxyGetResponseList", {"read attributes of several servers", "代理读取若干个服务器的若干个对象属性"}},
    {"ProxyGetRequestRecord", {"read records of a server", "代理读取一个服务器的一个记录型对象属性"}},
    {"ProxyGetResponseRecord", {"read records of a server", "代理读取一个服务器的一个记录型对象属性"}},
    {"ProxySetRequestList", {"set attributes of several servers", "代理设置若干个服务器的若干个对象属性"}},
    {"ProxySetResponseList", {"set attributes of several servers", "代理设置若干个服务器的若干个对象属性"}},
    {"ProxySetThenGetRequestList", {"set, then read at several servers", "代理设置后读取若干个服务器"}},
    {"ProxySetThenGetResponseList", {"set, then read at several servers", "代理设置后读取若干个服务器"}},
    {"ProxyActionRequestList", {"call methods of several servers", "代理操作若干个服务器"}},
    {"ProxyActionResponseList", {"call methods of several servers", "代理操作若干个服务器"}},
    {"ProxyActionThenGetRequestList", {"call methods, then read at several servers", "代理操作后读取若干个服务器"}},
    {"ProxyActionThenGetResponseList", {"call methods, then read at several servers", "代理操作后读取若干个服务器"}},
    {"ProxyTransCommandRequest", {"pass a command on", "代理透明转发命令"}},
    {"ProxyTransCommandResponse", {"pass a command on", "代理透明转发命令"}},
    {"RSD 1", {"rows in which a column has a value", "某列等于给定值"}},
    {"RSD 2", {"rows in a range of one column", "某列在给定区间"}},
    {"RSD 3", {"rows in ranges of several columns", "若干列在给定区间"}},
    {"RSD 4, 5", {"rows at a time, and meters", "给定时间及电能表集合"}},
    {"RSD 6 to 8", {"rows in a span of time, and meters", "给定时间区间及电能表集合"}},
    {"RSD 9", {"the n-th latest row", "上第n次记录"}},
    {"RSD 10", {"the latest n rows, and meters", "最新的n条记录及电能表集合"}},
    {"password security", {"password", "一般密码"}},
    {"symmetric security", {"symmetric encryption", "对称加密"}},
    {"signature security", {"digital signature", "数字签名"}},
    {"NULL", {"none", "空"}},
    {"array", {"array", "数组"}},
    {"structure", {"structure", "结构"}},
    {"list", {"list", "列表"}},
    {"OAD", {"one attribute", "对象属性描述符"}},
    {"ROAD", {"attribute with its columns", "记录型对象属性描述符"}},
    {"plain", {"plain", "明文"}},
    {"cipher", {"encrypted", "密文"}},
    {"dar", {"refused", "异常错误"}},
    {"RN", {"random number", "随机数"}},
    {"RN_MAC", {"random number and MAC", "随机数+数据MAC"}},
    {"SID", {"security identity", "安全标识"}},
    {"SID_MAC", {"security identity and MAC", "数据验证码"}},
    {"MAC", {"MAC", "数据安全MAC"}},
    {"DAR", {"error", "错误信息"}},
    {"rows of unknown columns", {"rows whose columns are not told", "列未知的记录行"}},
    {"Region", {"region", "区间"}},
    {"TSA", {"server address", "服务器地址"}},
    {"connect security", {"security", "认证附加信息"}},
    {"Get-Result", {"result", "读取结果"}},
    {"record result", {"result", "记录结果"}},
    {"block result", {"result", "数据块结果"}},
    {"MD5 result", {"result", "MD5结果"}},
    {"transparent result", {"result", "透明转发结果"}},
    {"FollowReport", {"follow report", "跟随上报信息"}},
    {"TimeTag", {"time tag", "时间标签"}},
    {"optional", {"presence", "存在标志"}},
    {"APDU", {"APDU", "应用层数据单元"}},
    {"Data", {"data", "数据"}},
    {"CSD", {"column", "列选择描述符"}},
    {"RSD", {"row selection", "行选择描述符"}},
    {"MS", {"set of meters", "电能表集合"}},
    {"tail", {"end of the APDU", "APDU尾部"}},
    {"single", {"element", "元素"}},
    {"target", {"target", "代理目标"}},
};

Label find(std::span<const Word> words, std::string_view key) noexcept {
  const auto found = std::ranges::find(words, key, &Word::key);
  return found == words.end() ? Label{key, key} : found->label;
}

constexpr std::array<std::string_view, 36> dar_chinese{
    "成功",           "硬件失效",       "暂时失效",       "拒绝读写",      "对象未定义",       "对象接口类不符合",
    "对象不存在",     "类型不匹配",     "越界",           "数据块不可用",  "分帧传输已取消",   "不处于分帧传输状态",
    "块写取消",       "不存在块写状态", "数据块序号无效", "密码错/未授权", "通信速率不能更改", "年时区数超",
    "日时段数超",     "费率数超",       "安全认证不匹配", "重复充值",      "ESAM验证失败",     "安全认证失败",
    "客户编号不匹配", "充值次数错误",   "购电超囤积",     "地址异常",      "对称解密错误",     "非对称解密错误",
    "签名错误",       "电能表挂起",     "时间标签无效",   "请求超时",      "ESAM的P1P2不正确", "ESAM的LC错误",
};

constexpr std::array<Label, 34> protocol_bits{{
    {"association", "应用连接协商"},
    {"get", "请求对象属性"},
    {"get list", "批量请求对象属性"},
    {"get record", "请求记录型对象属性"},
    {"proxy get", "代理请求对象属性"},
    {"proxy get record", "代理请求记录型对象属性"},
    {"next frame", "请求分帧后续帧"},
    {"set", "设置对象属性"},
    {"set list", "批量设置对象属性"},
    {"set then get", "批量设置后请求"},
    {"proxy set", "代理设置对象属性"},
    {"proxy set then get", "代理设置后请求"},
    {"action", "执行对象方法"},
    {"action list", "批量执行对象方法"},
    {"action then get", "批量执行后请求"},
    {"proxy action", "代理执行对象方法"},
    {"proxy action then get", "代理执行后请求"},
    {"event report", "事件主动上报"},
    {"follow report", "事件跟随上报"},
    {"ACD", "访问请求ACD上报"},
    {"slicing", "分帧数据传输"},
    {"sliced get request", "Get请求分帧"},
    {"sliced get response", "Get响应分帧"},
    {"sliced set request", "Set请求分帧"},
    {"sliced set response", "Set响应分帧"},
    {"sliced action request", "Action请求分帧"},
    {"sliced action response", "Action响应分帧"},
    {"sliced proxy request", "Proxy请求分帧"},
    {"sliced proxy response", "Proxy响应分帧"},
    {"sliced report", "事件上报分帧"},
    {"DL/T 645-2007", "DL/T 645-2007"},
    {"security", "安全方式数据传输"},
    {"attribute 0 read", "对象属性ID为0的读取"},
    {"attribute 0 write", "对象属性ID为0的设置"},
}};
constexpr std::array<Label, 30> function_bits{{
    {"energy", "电能量计量"},
    {"bidirectional", "双向有功计量"},
    {"reactive energy", "无功电能计量"},
    {"apparent energy", "视在电能计量"},
    {"active demand", "有功需量"},
    {"reactive demand", "无功需量"},
    {"apparent demand", "视在需量"},
    {"tariffs", "复费率"},
    {"valve", "阀控"},
    {"local prepayment", "本地费控"},
    {"remote prepayment", "远程费控"},
    {"fundamental energy", "基波电能"},
    {"harmonic energy", "谐波电能"},
    {"harmonics", "谐波含量"},
    {"distortion", "波形失真度"},
    {"multi-function output", "多功能端子输出"},
    {"events", "事件记录"},
    {"event report", "事件上报"},
    {"temperature", "温度测量"},
    {"status", "状态量监测"},
    {"Ethernet", "以太网通信"},
    {"infrared", "红外通信"},
    {"Bluetooth", "蓝牙通信"},
    {"media", "多媒体采集"},
    {"cascade", "级联"},
    {"DC analogue", "直流模拟量"},
    {"12 V output", "弱电端子12V输出"},
    {"meter search", "搜表"},
    {"load balance", "三相负荷平衡"},
    {"upgrade", "升级"},
}};

constexpr std::array<Label, 3> link_types{{{"login", "登录"}, {"heartbeat", "心跳"}, {"logout", "退出登录"}}};
constexpr std::array<Label, 6> connect_results{{{"allowed", "允许建立应用连接"},
                                                {"password wrong", "密码错误"},
                                                {"symmetric decryption failed", "对称解密错误"},
                                                {"asymmetric decryption failed", "非对称解密错误"},
                                                {"signature wrong", "签名错误"},
                                                {"protocol version does not match", "协议版本不匹配"}}};
constexpr std::array<Label, 3> error_types{
    {{}, {"APDU cannot be read", "APDU无法解析"}, {"service not supported", "服务不支持"}}};
constexpr std::array<Label, 4> region_kinds{{{"start included", "前闭后开"},
                                             {"end included", "前开后闭"},
                                             {"both included", "前闭后闭"},
                                             {"both excluded", "前开后开"}}};
constexpr std::array<Label, 4> mechanisms{{{"public association", "公共连接"},
                                           {"password", "一般密码"},
                                           {"symmetric encryption", "对称加密"},
                                           {"digital signature", "数字签名"}}};
constexpr Label other{"other", "其他"};

template <std::size_t count>
Label pick(const std::array<Label, count>& labels, std::uint8_t code) noexcept {
  return code < count ? labels[code] : Label{};
}

}  // namespace

Label field_label(std::string_view key) noexcept { return find(fields, key); }
Label type_label(std::string_view type_name) noexcept { return find(type_names, type_name); }
Label part_label(std::string_view name) noexcept {
  const Label field = field_label(name);
  return field.chinese != name ? field : type_label(name);
}

Label dar_label(std::uint8_t code) noexcept {
  const std::string_view english = dar_text(code);
  if (english.empty()) return {};
  return {english, code < dar_chinese.size() ? dar_chinese[code] : other.chinese};
}

Label code_label(std::string_view service, std::string_view key, std::uint8_t code) noexcept {
  if (service == "LINK-Request" && key == "type") return pick(link_types, code);
  if (service == "CONNECT-Response" && key == "result") return code == 255 ? other : pick(connect_results, code);
  if (service == "RELEASE-Response" && key == "result") return code == 0 ? Label{"success", "成功"} : Label{};
  if (service == "ERROR-Response" && key == "type") return code == 255 ? other : pick(error_types, code);
  if (key == "mechanism") return pick(mechanisms, code);
  if (key == "kind") return pick(region_kinds, code);
  return {};
}

Label conformance_label(bool is_protocol, unsigned bit) noexcept {
  if (is_protocol) return bit < protocol_bits.size() ? protocol_bits[bit] : Label{};
  return bit < function_bits.size() ? function_bits[bit] : Label{};
}

std::string joined(std::string_view a, std::string_view b, std::string_view separator) {
  std::string text(a);
  if (!a.empty() && !b.empty()) text += separator;
  return text.append(b);
}

Both line_settings(ByteView comdcb) {
  static constexpr std::array speeds{300, 600, 1200, 2400, 4800, 7200, 9600, 19200, 38400, 57600, 115200};
  static constexpr std::array<Label, 3> parities{
      {{"no parity", "无校验"}, {"odd parity", "奇校验"}, {"even parity", "偶校验"}}};
  static constexpr std::array<Label, 3> flows{
      {{"no flow control", "无流控"}, {"hardware flow control", "硬件流控"}, {"software flow control", "软件流控"}}};
  if (comdcb.size() != 5) return {};
  const std::string speed = comdcb[0] < speeds.size() ? std::to_string(speeds[comdcb[0]]) + " bit/s" : std::string();
  const Label parity = pick(parities, comdcb[1]);
  const Label flow = pick(flows, comdcb[4]);
  const auto in = [&](objects::Language language, std::string_view automatic, std::string_view form) {
    const std::string_view unknown = "?";
    return fmt::format(fmt::runtime(form), speed.empty() ? comdcb[0] == 255 ? automatic : unknown : speed,
                       parity.english.empty() ? unknown : parity.in(language), comdcb[2], comdcb[3],
                       flow.english.empty() ? unknown : flow.in(language));
  };
  return {in(objects::Language::english, "automatic speed", "{}, {}, {} data bits, {} stop bits, {}"),
          in(objects::Language::chinese, "自适应速率", "{}，{}，{}位数据位，{}位停止位，{}")};
}

}  // namespace duheng::dlt698::text
