#include <array>
#include <charconv>
#include <vector>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/grammar.hpp"
#include "codec/dlt698/message.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

namespace {

using dlt698::Node;
using dlt698::Oad;
namespace types = dlt698::types;

constexpr Choice address_types[] = {{"0", {"single", "单地址"}},
                                    {"1", {"wildcard", "通配地址"}},
                                    {"2", {"group", "组地址"}},
                                    {"3", {"broadcast", "广播地址"}}};
constexpr Choice data_types[] = {
    {"null", {"NULL", "NULL"}},
    {"bool", {"bool", "bool"}},
    {"integer", {"integer (1 octet)", "integer（1字节）"}},
    {"long", {"long (2 octets)", "long（2字节）"}},
    {"double_long", {"double-long (4 octets)", "double-long（4字节）"}},
    {"unsigned", {"unsigned (1 octet)", "unsigned（1字节）"}},
    {"long_unsigned", {"long-unsigned (2 octets)", "long-unsigned（2字节）"}},
    {"double_long_unsigned", {"double-long-unsigned (4 octets)", "double-long-unsigned（4字节）"}},
    {"enum", {"enum", "enum"}},
    {"octet_string", {"octet-string (hexadecimal)", "octet-string（十六进制）"}},
    {"visible_string", {"visible-string", "visible-string"}},
    {"date_time_s", {"date_time_s", "date_time_s"}}};
constexpr Choice link_types[] = {
    {"0", {"log in", "登录"}}, {"1", {"heartbeat", "心跳"}}, {"2", {"log out", "退出登录"}}};

constexpr Parameter address{
    .name = "address",
    .label = {"Server address", "服务器地址"},
    .help = {"Up to 32 digits as on the nameplate; A for any digit", "最多32位，按铭牌填写；A为任意数字"},
    .default_value = "000000000001",
    .required = true,
    .minimum = 1,
    .maximum = 32};
constexpr Parameter address_type{.name = "address_type",
                                 .type = ParameterType::choice,
                                 .label = {"Kind of address", "地址类型"},
                                 .default_value = "0",
                                 .required = true,
                                 .choices = address_types};
constexpr Parameter logical{.name = "logical_address",
                            .type = ParameterType::integer,
                            .label = {"Logical address", "逻辑地址"},
                            .help = {"0: the device itself", "0：设备本身"},
                            .default_value = "0",
                            .required = true,
                            .maximum = 3};
constexpr Parameter client{.name = "client_address",
                           .type = ParameterType::integer,
                           .label = {"Client address", "客户机地址"},
                           .default_value = "16",
                           .required = true,
                           .maximum = 255};
constexpr Parameter piid{.name = "piid",
                         .type = ParameterType::integer,
                         .label = {"PIID", "PIID"},
                         .help = {"An answer repeats the question's", "应答与请求相同"},
                         .default_value = "1",
                         .required = true,
                         .maximum = 255};
constexpr Parameter scrambled{.name = "scrambled",
                              .type = ParameterType::flag,
                              .label = {"Scramble with 33H", "扰码（加33H）"},
                              .default_value = "false"};
constexpr Parameter preamble{.name = "preamble",
                             .type = ParameterType::integer,
                             .label = {"Preamble FE", "前导字节FE"},
                             .help = {"Serial lines use 4", "串行线路为4个"},
                             .default_value = "0",
                             .maximum = 8};
constexpr Parameter oad{
    .name = "oad",
    .type = ParameterType::hex,
    .label = {"Object attribute OAD", "对象属性OAD"},
    .help = {"Four octets, e.g. 00100200: forward active energy", "4字节，如00100200：正向有功电能"},
    .default_value = "00100200",
    .required = true,
    .minimum = 4,
    .maximum = 4};
constexpr Parameter data_type{.name = "data_type",
                              .type = ParameterType::choice,
                              .label = {"Type of the data", "数据类型"},
                              .default_value = "null",
                              .required = true,
                              .choices = data_types};
constexpr Parameter data_value{
    .name = "data_value",
    .label = {"Data", "数据"},
    .help = {"A number, true or false, hexadecimal, text, or a time as 2026-11-21T12:00:00, by its type",
             "按类型填写：数字、true或false、十六进制、文本，或2026-11-21T12:00:00形式的时间"},
    .maximum = 1'000};
constexpr Parameter dar{.name = "dar",
                        .type = ParameterType::integer,
                        .label = {"Result DAR", "结果DAR"},
                        .help = {"0 success, 1 hardware, 2 busy, 3 read-write denied, 4 object undefined ...",
                                 "0成功，1硬件失效，2暂时失效，3拒绝读写，4对象未定义等"},
                        .default_value = "0",
                        .required = true,
                        .maximum = 255};
constexpr Parameter time_now{.name = "time",
                             .type = ParameterType::date_time,
                             .label = {"Time", "时间"},
                             .help = {"Of the device's clock", "设备时钟"},
                             .default_value = "2026-11-21T12:00:00",
                             .required = true};
constexpr Parameter with_default(Parameter parameter, std::string_view value) {
  parameter.default_value = value;
  return parameter;
}

std::unexpected<Error> refuse(std::string_view name, const std::string& why) {
  return fail(ErrorCode::invalid_argument, std::string(name) + ": " + why);
}

std::uint8_t octet_of(const Arguments& given, std::string_view name) {
  return static_cast<std::uint8_t>(given.integer(name));
}
std::uint32_t word_of(const Arguments& given, std::string_view name) {
  std::uint32_t out = 0;
  for (const std::uint8_t octet : given.octets(name)) out = out << 8 | octet;
  return out;
}
std::vector<Oad> oads_of(const Arguments& given, std::string_view name) {
  const Bytes octets = given.octets(name);
  std::vector<Oad> out;
  for (std::size_t i = 0; i + 4 <= octets.size(); i += 4) {
    out.push_back(Oad::from(static_cast<std::uint32_t>(octets[i]) << 24 |
                            static_cast<std::uint32_t>(octets[i + 1]) << 16 |
                            static_cast<std::uint32_t>(octets[i + 2]) << 8 | octets[i + 3]));
  }
  return out;
}

Result<dlt698::CalendarTime> calendar_time(std::string_view name, std::string_view text) {
  const auto time = parse_local_time(text);
  if (!time) return refuse(name, "a time as 2026-11-21T12:00:00 is due");
  // 0 = Sunday; Sakamoto's method.
  static constexpr int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
  const int year = time->month < 3 ? time->year - 1 : time->year;
  const int weekday = (year + year / 4 - year / 100 + year / 400 + shift[time->month - 1] + time->day) % 7;
  return dlt698::CalendarTime{.year = static_cast<std::uint16_t>(time->year),
                              .month = static_cast<std::uint8_t>(time->month),
                              .day = static_cast<std::uint8_t>(time->day),
                              .weekday = static_cast<std::uint8_t>(weekday),
                              .hour = static_cast<std::uint8_t>(time->hour),
                              .minute = static_cast<std::uint8_t>(time->minute),
                              .second = static_cast<std::uint8_t>(time->second),
                              .millisecond = 0};
}

struct NumberType {
  std::string_view name;
  const dlt698::Type* type;
  std::int64_t minimum;
  std::int64_t maximum;
};

Result<Node> number_of(const NumberType& wanted, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < wanted.minimum || value > wanted.maximum) {
    return refuse("data_value", "an integer from " + std::to_string(wanted.minimum) + " to " +
                                    std::to_string(wanted.maximum) + " is due");
  }
  return dlt698::make::number(*wanted.type, value);
}

/// The Data that type and value describe.
Result<Node> data_of(const Arguments& given) {
  const NumberType numbers[] = {{"integer", &types::integer, -128, 127},
                                {"long", &types::long_integer, -32'768, 32'767},
                                {"double_long", &types::double_long, -2'147'483'648LL, 2'147'483'647},
                                {"unsigned", &types::unsigned_integer, 0, 255},
                                {"long_unsigned", &types::long_unsigned, 0, 65'535},
                                {"double_long_unsigned", &types::double_long_unsigned, 0, 4'294'967'295},
                                {"enum", &types::enumeration, 0, 255}};
  const std::string& type = given.text("data_type");
  const std::string& value = given.text("data_value");
  for (const NumberType& one : numbers) {
    if (type == one.name) return number_of(one, value);
  }
  if (type == "bool") {
    if (value != "true" && value != "false") return refuse("data_value", "true or false is due");
    return dlt698::make::boolean(value == "true");
  }
  if (type == "octet_string") {
    const auto octets = from_hex(value);
    if (!octets) return refuse("data_value", "not hexadecimal, or half an octet");
    return dlt698::make::octet_string(*octets);
  }
  if (type == "visible_string") return dlt698::make::visible_string(value);
  if (type == "date_time_s") {
    DUHENG_TRY(const dlt698::CalendarTime time, calendar_time("data_value", value));
    return dlt698::make::date_time_s(time);
  }
  if (!value.empty()) return refuse("data_value", "NULL has no content");
  return dlt698::make::null();
}

using Made = Result<Node>;

Made get(const Arguments& given) {
  const auto oads = oads_of(given, "oads");
  if (given.octets("oads").size() % 4 != 0) return refuse("oads", "four octets make an OAD");
  if (oads.size() == 1) return dlt698::get_request(octet_of(given, "piid"), oads.front());
  return dlt698::get_list_request(octet_of(given, "piid"), oads);
}
Made get_record(const Arguments& given) {
  if (given.octets("columns").size() % 4 != 0) return refuse("columns", "four octets make an OAD");
  return dlt698::get_record_request(octet_of(given, "piid"), Oad::from(word_of(given, "oad")),
                                    dlt698::make::select_last(octet_of(given, "last")), oads_of(given, "columns"));
}
Made get_next(const Arguments& given) {
  return dlt698::get_next_request(octet_of(given, "piid"), static_cast<std::uint16_t>(given.integer("block")));
}
Made set(const Arguments& given) {
  DUHENG_TRY(Node data, data_of(given));
  return dlt698::set_request(octet_of(given, "piid"), Oad::from(word_of(given, "oad")), std::move(data));
}
Made action(const Arguments& given) {
  DUHENG_TRY(Node data, data_of(given));
  return dlt698::action_request(octet_of(given, "piid"), word_of(given, "omd"), std::move(data));
}
Made connect(const Arguments& given) { return dlt698::connect_request(octet_of(given, "piid"), {}); }
Made release(const Arguments& given) { return dlt698::release_request(octet_of(given, "piid")); }
Made link(const Arguments& given) {
  DUHENG_TRY(const dlt698::CalendarTime now, calendar_time("time", given.text("time")));
  return dlt698::link_request(octet_of(given, "piid"),
                              static_cast<dlt698::LinkType>(std::stoi(given.text("link_type"))),
                              static_cast<std::uint16_t>(given.integer("heartbeat")), now);
}
Made link_response(const Arguments& given) {
  DUHENG_TRY(const dlt698::CalendarTime now, calendar_time("time", given.text("time")));
  return dlt698::link_response(octet_of(given, "piid"), 0x80, now, now, now);
}
Made report_response(const Arguments& given) {
  if (given.octets("oads").size() % 4 != 0) return refuse("oads", "four octets make an OAD");
  return dlt698::report_response(octet_of(given, "piid"), 1, oads_of(given, "oads"));
}
Made get_response(const Arguments& given) {
  DUHENG_TRY(Node data, data_of(given));
  return dlt698::get_response(octet_of(given, "piid"), Oad::from(word_of(given, "oad")), std::move(data));
}
Made get_refusal(const Arguments& given) {
  return dlt698::get_refusal(octet_of(given, "piid"), Oad::from(word_of(given, "oad")), octet_of(given, "dar"));
}
Made set_response(const Arguments& given) {
  return dlt698::set_response(octet_of(given, "piid"), Oad::from(word_of(given, "oad")), octet_of(given, "dar"));
}
Made action_response(const Arguments& given) {
  return dlt698::action_response(octet_of(given, "piid"), word_of(given, "omd"), octet_of(given, "dar"));
}
Made release_response(const Arguments& given) { return dlt698::release_response(octet_of(given, "piid")); }

namespace control = dlt698::control_codes;
/// Bit 3 of the control field. Source: DL/T 698.45-2017, link layer.
constexpr std::uint8_t scrambled_bit = 0x08;

Result<Bytes> in_frame(const Arguments& given, std::uint8_t control_field, ByteView apdu) {
  const auto parsed = dlt698::ServerAddress::parse(
      given.text("address"), static_cast<dlt698::AddressType>(std::stoi(given.text("address_type"))),
      octet_of(given, "logical_address"));
  if (!parsed) return refuse("address", "1 to 32 of the characters 0 to 9, A and F are due");
  dlt698::FrameFields fields;
  fields.control = static_cast<std::uint8_t>(control_field | (given.flag("scrambled") ? scrambled_bit : 0));
  fields.server_address = *parsed;
  fields.client_address = octet_of(given, "client_address");
  fields.user_data = apdu;
  fields.preamble_octets = octet_of(given, "preamble");
  return dlt698::encode(fields);
}

template <Made (*make)(const Arguments&), std::uint8_t control_field>
Result<Bytes> framed(const Arguments& given) {
  DUHENG_TRY(const Node node, make(given));
  DUHENG_TRY(const Bytes apdu, dlt698::encode_tree(types::apdu, node));
  return in_frame(given, control_field, apdu);
}
Result<Bytes> build_any(const Arguments& given) {
  return in_frame(given, given.octets("control").at(0), given.octets("apdu"));
}

/// What stands around every APDU goes behind its own parameters.
template <std::size_t own>
constexpr std::array<Parameter, own + 6> wrapped(const std::array<Parameter, own>& first) {
  std::array<Parameter, own + 6> out{};
  out[0] = address;
  for (std::size_t i = 0; i < own; ++i) out[i + 1] = first[i];
  out[own + 1] = address_type;
  out[own + 2] = logical;
  out[own + 3] = client;
  out[own + 4] = scrambled;
  out[own + 5] = preamble;
  return out;
}
constexpr Parameter oad_list{
    .name = "oads",
    .type = ParameterType::hex,
    .label = {"Objects OAD", "对象属性OAD"},
    .help = {"One or more of four octets each, e.g. 00100200, 20000200", "一个或多个，每个4字节，如00100200, 20000200"},
    .default_value = "00100200",
    .required = true,
    .minimum = 4,
    .maximum = 400};
constexpr Parameter omd{.name = "omd",
                        .type = ParameterType::hex,
                        .label = {"Object method OMD", "对象方法OMD"},
                        .help = {"Object, method, mode, e.g. 43000800", "对象、方法、模式，如43000800"},
                        .default_value = "43000800",
                        .required = true,
                        .minimum = 4,
                        .maximum = 4};

constexpr auto for_get = wrapped(std::array{oad_list, piid});
constexpr auto for_get_record =
    wrapped(std::array{with_default(oad, "50040200"),
                       Parameter{.name = "last",
                                 .type = ParameterType::integer,
                                 .label = {"Which record", "第几次"},
                                 .help = {"1: the latest", "1：最近一次"},
                                 .default_value = "1",
                                 .required = true,
                                 .minimum = 1,
                                 .maximum = 255},
                       Parameter{.name = "columns",
                                 .type = ParameterType::hex,
                                 .label = {"Columns OAD", "列选择OAD"},
                                 .help = {"Four octets each; empty: all that are configured", "每个4字节；留空为全部"},
                                 .default_value = "202102000010 0200",
                                 .maximum = 400},
                       piid});
constexpr auto for_get_next = wrapped(std::array{Parameter{.name = "block",
                                                           .type = ParameterType::integer,
                                                           .label = {"Last block received", "最近收到的块序号"},
                                                           .default_value = "0",
                                                           .required = true,
                                                           .maximum = 65'535},
                                                 piid});
constexpr auto for_set = wrapped(std::array{with_default(oad, "40000200"), with_default(data_type, "date_time_s"),
                                            with_default(data_value, "2026-11-21T12:00:00"), piid});
constexpr auto for_action = wrapped(std::array{omd, data_type, data_value, piid});
constexpr auto for_piid = wrapped(std::array{piid});
constexpr auto for_link = wrapped(std::array{Parameter{.name = "link_type",
                                                       .type = ParameterType::choice,
                                                       .label = {"Request", "请求类型"},
                                                       .default_value = "0",
                                                       .required = true,
                                                       .choices = link_types},
                                             Parameter{.name = "heartbeat",
                                                       .type = ParameterType::integer,
                                                       .label = {"Heartbeat period", "心跳周期"},
                                                       .unit = "s",
                                                       .default_value = "180",
                                                       .required = true,
                                                       .maximum = 65'535},
                                             time_now, piid});
constexpr auto for_link_response = wrapped(std::array{time_now, piid});
constexpr auto for_get_response =
    wrapped(std::array{oad, with_default(data_type, "double_long_unsigned"), with_default(data_value, "123456"), piid});
constexpr auto for_refusal = wrapped(std::array{oad, with_default(dar, "4"), piid});
constexpr auto for_set_response = wrapped(std::array{with_default(oad, "40000200"), dar, piid});
constexpr auto for_action_response = wrapped(std::array{omd, dar, piid});
constexpr auto for_any = wrapped(std::array{Parameter{.name = "control",
                                                      .type = ParameterType::hex,
                                                      .label = {"Control field", "控制域"},
                                                      .default_value = "43",
                                                      .required = true,
                                                      .minimum = 1,
                                                      .maximum = 1},
                                            Parameter{.name = "apdu",
                                                      .type = ParameterType::hex,
                                                      .label = {"APDU", "APDU"},
                                                      .default_value = "0501010010020000",
                                                      .required = true,
                                                      .minimum = 1,
                                                      .maximum = 2'000}});

constexpr Builder builders[] = {
    {"get", {"GET", "读取（GET）"}, Speaker::master, for_get, framed<get, control::client_request>},
    {"get_record",
     {"GET of a record", "读取记录（GET Record）"},
     Speaker::master,
     for_get_record,
     framed<get_record, control::client_request>},
    {"get_next",
     {"GET of the next block", "读取下一块（GET Next）"},
     Speaker::master,
     for_get_next,
     framed<get_next, control::client_request>},
    {"set", {"SET", "设置（SET）"}, Speaker::master, for_set, framed<set, control::client_request>},
    {"action", {"ACTION", "操作（ACTION）"}, Speaker::master, for_action, framed<action, control::client_request>},
    {"connect",
     {"CONNECT, public", "建立应用连接（公共）"},
     Speaker::master,
     for_piid,
     framed<connect, control::client_request>},
    {"release", {"RELEASE", "断开应用连接"}, Speaker::master, for_piid, framed<release, control::client_request>},
    {"report_response",
     {"Confirmation of a report", "上报确认"},
     Speaker::master,
     for_get,
     framed<report_response, control::client_confirmation>},
    {"link_response",
     {"Answer to LINK", "预连接响应"},
     Speaker::master,
     for_link_response,
     framed<link_response, control::link_response>},
    {"link",
     {"LINK: log in, heartbeat, log out", "预连接请求：登录、心跳、退出"},
     Speaker::device,
     for_link,
     framed<link, control::link_request>},
    {"get_response",
     {"Answer to GET", "读取响应"},
     Speaker::device,
     for_get_response,
     framed<get_response, control::server_reply>},
    {"get_refusal",
     {"Answer to GET that refuses", "读取响应（错误）"},
     Speaker::device,
     for_refusal,
     framed<get_refusal, control::server_reply>},
    {"set_response",
     {"Answer to SET", "设置响应"},
     Speaker::device,
     for_set_response,
     framed<set_response, control::server_reply>},
    {"action_response",
     {"Answer to ACTION", "操作响应"},
     Speaker::device,
     for_action_response,
     framed<action_response, control::server_reply>},
    {"release_response",
     {"Answer to RELEASE", "断开应用连接响应"},
     Speaker::device,
     for_piid,
     framed<release_response, control::server_reply>},
    {"any", {"Any control field and APDU", "任意控制域和APDU"}, Speaker::master, for_any, build_any},
};

}  // namespace

std::span<const Builder> dlt698_builders() noexcept { return builders; }

}  // namespace duheng::platform::analyser
