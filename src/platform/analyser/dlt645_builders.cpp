#include <algorithm>
#include <array>

#include "base/decimal.hpp"
#include "codec/dlt645/message.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

namespace {

using dlt645::Address;
using dlt645::DataIdentifier;

// Parameters that several kinds share.
constexpr Parameter address{
    .name = "address",
    .label = {"Meter address", "表地址"},
    .help = {"Up to 12 digits as shown on the meter; A for an unknown digit; AAAAAAAAAAAA: the one "
             "meter on the line; 999999999999: all meters",
             "最多12位，按表上显示填写；A表示未知位；AAAAAAAAAAAA为线路上唯一的表；999999999999"
             "为全部电表"},
    .default_value = "000000000001",
    .required = true,
    .minimum = 1,
    .maximum = 12};
constexpr Parameter identifier{.name = "data_identifier",
                               .label = {"Data identifier", "数据标识"},
                               .help = {"Eight hexadecimal digits, DI3 first, e.g. 00010000: forward active energy",
                                        "8位十六进制，DI3在前，如00010000：正向有功总电能"},
                               .default_value = "00010000",
                               .required = true,
                               .minimum = 8,
                               .maximum = 8};
constexpr Parameter preamble_of_master{.name = "preamble",
                                       .type = ParameterType::integer,
                                       .label = {"Preamble FE", "前导字节FE"},
                                       .help = {"How many, to wake the receiver", "唤醒接收方的字节数"},
                                       .default_value = "4",
                                       .maximum = 8};
constexpr Parameter preamble_of_meter{.name = "preamble",
                                      .type = ParameterType::integer,
                                      .label = {"Preamble FE", "前导字节FE"},
                                      .help = {"How many, to wake the receiver", "唤醒接收方的字节数"},
                                      .default_value = "0",
                                      .maximum = 8};
constexpr Parameter level{.name = "password_level",
                          .type = ParameterType::hex,
                          .label = {"Password level", "密码权限"},
                          .help = {"02 or 04; 98 and 99 mark cipher text", "02或04；98、99表示密文"},
                          .default_value = "02",
                          .required = true,
                          .minimum = 1,
                          .maximum = 1};
constexpr Parameter password{.name = "password",
                             .type = ParameterType::hex,
                             .label = {"Password", "密码"},
                             .help = {"Three octets as they travel, low one first. Neither stored nor logged",
                                      "三个字节，按传送顺序（低字节在前）。不保存，不记入日志"},
                             .default_value = "000000",
                             .required = true,
                             .secret = true,
                             .minimum = 3,
                             .maximum = 3};
constexpr Parameter operator_code{.name = "operator",
                                  .type = ParameterType::hex,
                                  .label = {"Operator code", "操作者代码"},
                                  .help = {"Four octets as they travel", "四个字节，按传送顺序"},
                                  .default_value = "00000000",
                                  .required = true,
                                  .minimum = 4,
                                  .maximum = 4};
constexpr Parameter sequence{.name = "sequence",
                             .type = ParameterType::integer,
                             .label = {"Sequence number", "帧序号"},
                             .help = {"Of the part asked for, from 1", "所请求部分的序号，从1开始"},
                             .default_value = "1",
                             .required = true,
                             .minimum = 1,
                             .maximum = 255};
constexpr Parameter values{
    .name = "values",
    .label = {"Values", "数值"},
    .help = {"Decimal numbers with commas between, as many as the identifier has fields, e.g. "
             "220.4; or leave it empty and give the content below",
             "十进制数，逗号分隔，个数与数据标识的字段一致，如220.4；或留空并在下面填写数据内容"},
    .maximum = 1'000};
constexpr Parameter payload{
    .name = "payload",
    .type = ParameterType::hex,
    .label = {"Content", "数据内容"},
    .help = {"Octets without the 33H, behind the data identifier", "数据标识之后的字节（未加33H）"},
    .maximum = 251};
constexpr Parameter more_follows{.name = "more_follows",
                                 .type = ParameterType::flag,
                                 .label = {"More data follow", "有后续数据"},
                                 .default_value = "false"};

std::unexpected<Error> refuse(std::string_view name, const std::string& why) {
  return fail(ErrorCode::invalid_argument, std::string(name) + ": " + why);
}

Result<Address> address_of(const Arguments& given, std::string_view name = "address") {
  auto parsed = Address::parse(given.text(name));
  if (!parsed) return refuse(name, parsed.error().message);
  return *parsed;
}
Result<DataIdentifier> identifier_of(const Arguments& given) {
  auto parsed = DataIdentifier::parse(given.text("data_identifier"));
  if (!parsed) return refuse("data_identifier", parsed.error().message);
  return *parsed;
}
std::uint8_t octet_of(const Arguments& given, std::string_view name) {
  return static_cast<std::uint8_t>(given.integer(name));
}
std::uint8_t preamble_of(const Arguments& given) { return octet_of(given, "preamble"); }

template <std::size_t size>
std::array<std::uint8_t, size> array_of(const Bytes& octets) {
  std::array<std::uint8_t, size> out{};
  std::ranges::copy_n(octets.begin(), static_cast<std::ptrdiff_t>(std::min(size, octets.size())), out.begin());
  return out;
}

dlt645::Authority authority_of(const Arguments& given) {
  return {given.octets("password_level").at(0), array_of<3>(given.octets("password")),
          array_of<4>(given.octets("operator"))};
}

dlt645::DateTime time_of(const Arguments& given, std::string_view name) {
  const LocalTime time = parse_local_time(given.text(name)).value_or(LocalTime{2000, 1, 1, 0, 0, 0});
  return {static_cast<std::uint16_t>(time.year),  static_cast<std::uint8_t>(time.month),
          static_cast<std::uint8_t>(time.day),    static_cast<std::uint8_t>(time.hour),
          static_cast<std::uint8_t>(time.minute), static_cast<std::uint8_t>(time.second)};
}
Result<dlt645::DateTime> two_digit_time_of(const Arguments& given, std::string_view name) {
  const dlt645::DateTime time = time_of(given, name);
  if (time.year < 2000 || time.year > 2099) return refuse(name, "the meter's two-digit year counts from 2000 to 2099");
  return time;
}

Bytes bytes_of(const dlt645::FrameBuffer& frame) { return frame.to_bytes(); }
Result<Bytes> bytes_of(const dlt645::BuiltFrame& frame) {
  if (!frame) return std::unexpected(dlt645::to_error(frame.error()));
  return frame->to_bytes();
}

/// One field's octets from a decimal number.
Result<void> append_value(Bytes& out, const dlt645::FieldFormat& format, std::string_view text) {
  const auto number = Decimal::parse(text);
  if (!number) return refuse("values", "\"" + std::string(text.substr(0, 40)) + "\" is no decimal number");
  const auto scaled = number->rescaled(format.exponent);
  if (!scaled) {
    return refuse("values", std::string(text.substr(0, 40)) + " has more than " + std::to_string(-format.exponent) +
                                " digits behind the point");
  }
  const std::size_t at = out.size();
  out.resize(at + format.size_octets);
  const auto written = dlt645::encode_value(format, scaled->mantissa, std::span(out).subspan(at));
  if (!written) return refuse("values", std::string(text.substr(0, 40)) + " does not fit the field");
  return {};
}

/// The content of a data identifier from numbers, field by field as its table says.
Result<Bytes> encode_numbers(DataIdentifier di, std::string_view text) {
  const auto description = dlt645::describe(di);
  if (!description) return refuse("values", "the identifier is not in this release's tables; give the content instead");
  const auto fields = description->fields();
  const std::size_t items = description->is_block() ? dlt645::elements_max(description->layout) : 1;
  Bytes out;
  std::size_t count = 0;
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (fields.empty() || count >= fields.size() * items)
      return refuse("values", "more numbers than the identifier has");
    DUHENG_CHECK(append_value(out, fields[count % fields.size()], one));
    ++count;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (count % fields.size() != 0) {
    return refuse("values", std::to_string(fields.size()) + " numbers make one item of this identifier");
  }
  return out;
}

Result<Bytes> content_of(const Arguments& given, DataIdentifier di) {
  if (!given.has("values")) return given.octets("payload");
  if (given.has("payload")) return refuse("values", "give either values or the content");
  return encode_numbers(di, given.text("values"));
}

Result<Bytes> build_read(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  return bytes_of(dlt645::read_request(to, di, preamble_of(given)));
}
Result<Bytes> build_read_following(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  return bytes_of(dlt645::read_following_request(to, di, octet_of(given, "sequence"), preamble_of(given)));
}
Result<Bytes> build_read_address(const Arguments& given) {
  return bytes_of(dlt645::read_address_request(preamble_of(given)));
}
Result<Bytes> build_broadcast_time(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const dlt645::DateTime time, two_digit_time_of(given, "time"));
  return bytes_of(dlt645::broadcast_time(time, to, preamble_of(given)));
}
Result<Bytes> build_write(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  DUHENG_TRY(const Bytes content, content_of(given, di));
  return bytes_of(dlt645::write_request(to, di, authority_of(given), content, preamble_of(given)));
}
Result<Bytes> build_write_address(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given, "new_address"));
  return bytes_of(dlt645::write_address_request(to, preamble_of(given)));
}
Result<Bytes> build_freeze(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  const dlt645::FreezeTime time{octet_of(given, "minute"), octet_of(given, "hour"), octet_of(given, "day"),
                                octet_of(given, "month")};
  return bytes_of(dlt645::freeze_request(to, time, preamble_of(given)));
}
Result<Bytes> build_change_speed(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  return bytes_of(dlt645::change_speed_request(to, from_hex(given.text("speed"))->at(0), preamble_of(given)));
}
Result<Bytes> build_change_password(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  return bytes_of(dlt645::change_password_request(to, di, array_of<4>(given.octets("old_level_and_password")),
                                                  array_of<4>(given.octets("new_level_and_password")),
                                                  preamble_of(given)));
}
Result<Bytes> build_clear(const Arguments& given, dlt645::Function function) {
  DUHENG_TRY(const Address to, address_of(given));
  return bytes_of(dlt645::clear_request(to, function, authority_of(given), preamble_of(given)));
}
Result<Bytes> build_clear_demand(const Arguments& given) { return build_clear(given, dlt645::Function::clear_demand); }
Result<Bytes> build_clear_meter(const Arguments& given) { return build_clear(given, dlt645::Function::clear_meter); }
Result<Bytes> build_clear_events(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  return bytes_of(dlt645::clear_events_request(to, authority_of(given), di, preamble_of(given)));
}
Result<Bytes> build_control(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  DUHENG_TRY(const dlt645::DateTime until, two_digit_time_of(given, "valid_until"));
  const auto command = static_cast<dlt645::RelayCommand>(from_hex(given.text("command"))->at(0));
  return bytes_of(dlt645::control_request(to, authority_of(given), command, until, preamble_of(given)));
}
Result<Bytes> build_output(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  return bytes_of(dlt645::multi_function_output_request(to, from_hex(given.text("output"))->at(0), preamble_of(given)));
}
Result<Bytes> build_read_reply(const Arguments& given) {
  DUHENG_TRY(const Address from, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  DUHENG_TRY(const Bytes content, content_of(given, di));
  return bytes_of(dlt645::read_reply(from, di, content, given.flag("more_follows"), preamble_of(given)));
}
Result<Bytes> build_read_following_reply(const Arguments& given) {
  DUHENG_TRY(const Address from, address_of(given));
  DUHENG_TRY(const DataIdentifier di, identifier_of(given));
  return bytes_of(dlt645::read_following_reply(from, di, given.octets("payload"), octet_of(given, "sequence"),
                                               given.flag("more_follows"), preamble_of(given)));
}
Result<Bytes> build_read_address_reply(const Arguments& given) {
  DUHENG_TRY(const Address from, address_of(given));
  return bytes_of(dlt645::read_address_reply(from, preamble_of(given)));
}
Result<Bytes> build_accept_reply(const Arguments& given) {
  DUHENG_TRY(const Address from, address_of(given));
  return bytes_of(dlt645::accept_reply(from, from_hex(given.text("function"))->at(0), preamble_of(given)));
}
Result<Bytes> build_error_reply(const Arguments& given) {
  DUHENG_TRY(const Address from, address_of(given));
  return bytes_of(dlt645::error_reply(from, from_hex(given.text("function"))->at(0), given.octets("error_word").at(0),
                                      preamble_of(given)));
}
Result<Bytes> build_any(const Arguments& given) {
  DUHENG_TRY(const Address to, address_of(given));
  const Bytes data = given.octets("data");
  return bytes_of(dlt645::encode({to, given.octets("control").at(0), data, preamble_of(given)}));
}

constexpr Choice speeds[] = {{"02", {"600 bit/s", "600 bit/s"}},   {"04", {"1200 bit/s", "1200 bit/s"}},
                             {"08", {"2400 bit/s", "2400 bit/s"}}, {"10", {"4800 bit/s", "4800 bit/s"}},
                             {"20", {"9600 bit/s", "9600 bit/s"}}, {"40", {"19200 bit/s", "19200 bit/s"}}};
constexpr Choice commands[] = {{"1A", {"trip", "跳闸"}},
                               {"1B", {"permit closing", "合闸允许"}},
                               {"1C", {"close", "直接合闸"}},
                               {"2A", {"alarm", "报警"}},
                               {"2B", {"end of alarm", "报警解除"}},
                               {"3A", {"keep power", "保电"}},
                               {"3B", {"end of keeping power", "保电解除"}}};
constexpr Choice outputs[] = {{"00", {"clock pulse", "时钟秒脉冲"}},
                              {"01", {"demand period", "需量周期"}},
                              {"02", {"tariff switch", "时段投切"}}};
constexpr Choice functions[] = {{"11", {"read data", "读数据"}},
                                {"12", {"read following data", "读后续数据"}},
                                {"13", {"read address", "读通信地址"}},
                                {"14", {"write data", "写数据"}},
                                {"15", {"write address", "写通信地址"}},
                                {"16", {"freeze", "冻结命令"}},
                                {"17", {"change speed", "更改通信速率"}},
                                {"18", {"change password", "修改密码"}},
                                {"19", {"clear demand", "最大需量清零"}},
                                {"1A", {"clear meter", "电表清零"}},
                                {"1B", {"clear events", "事件清零"}},
                                {"1C", {"control", "跳合闸、报警、保电"}},
                                {"1D", {"multi-function output", "多功能端子输出"}}};

constexpr Parameter freeze_part(std::string_view name, Label label) {
  return {.name = name,
          .type = ParameterType::integer,
          .label = label,
          .help = {"99: any", "99：任意"},
          .default_value = "99",
          .required = true,
          .maximum = 99};
}
constexpr Parameter four_octets(std::string_view name, Label label) {
  return {.name = name,
          .type = ParameterType::hex,
          .label = label,
          .help = {"Level, then the three octets of the password as they travel. Neither stored nor logged",
                   "权限，然后是密码三个字节（按传送顺序）。不保存，不记入日志"},
          .default_value = "02000000",
          .required = true,
          .secret = true,
          .minimum = 4,
          .maximum = 4};
}
constexpr Parameter with_default(Parameter parameter, std::string_view value) {
  parameter.default_value = value;
  return parameter;
}
constexpr Parameter function_choice{.name = "function",
                                    .type = ParameterType::choice,
                                    .label = {"Answer to", "应答的命令"},
                                    .default_value = "14",
                                    .required = true,
                                    .choices = functions};

constexpr Parameter for_read[] = {address, identifier, preamble_of_master};
constexpr Parameter for_read_following[] = {address, identifier, sequence, preamble_of_master};
constexpr Parameter for_read_address[] = {preamble_of_master};
constexpr Parameter for_broadcast_time[] = {with_default(address, "999999999999"),
                                            {.name = "time",
                                             .type = ParameterType::date_time,
                                             .label = {"Time", "时间"},
                                             .help = {"Of the meter's clock", "电表时钟"},
                                             .default_value = "2026-11-21T12:00:00",
                                             .required = true},
                                            preamble_of_master};
constexpr Parameter for_write[] = {
    address, with_default(identifier, "04000102"), level, password, operator_code, values, payload, preamble_of_master};
constexpr Parameter new_address{
    .name = "new_address",
    .label = {"New address", "新通信地址"},
    .help = {"12 digits; the frame itself goes to AAAAAAAAAAAA", "12位；帧本身发往AAAAAAAAAAAA"},
    .default_value = "000000000001",
    .required = true,
    .minimum = 1,
    .maximum = 12};
constexpr Parameter for_write_address[] = {new_address, preamble_of_master};
constexpr Parameter for_freeze[] = {address,
                                    freeze_part("minute", {"Minute", "分"}),
                                    freeze_part("hour", {"Hour", "时"}),
                                    freeze_part("day", {"Day", "日"}),
                                    freeze_part("month", {"Month", "月"}),
                                    preamble_of_master};
constexpr Parameter for_change_speed[] = {address,
                                          {.name = "speed",
                                           .type = ParameterType::choice,
                                           .label = {"Speed", "通信速率"},
                                           .default_value = "20",
                                           .required = true,
                                           .choices = speeds},
                                          preamble_of_master};
constexpr Parameter for_change_password[] = {
    address, with_default(identifier, "04000C01"),
    four_octets("old_level_and_password", {"Old level and password", "原权限和密码"}),
    four_octets("new_level_and_password", {"New level and password", "新权限和密码"}), preamble_of_master};
constexpr Parameter for_clear[] = {address, level, password, operator_code, preamble_of_master};
constexpr Parameter for_clear_events[] = {
    address, with_default(identifier, "FFFFFFFF"), level, password, operator_code, preamble_of_master};
constexpr Parameter for_control[] = {
    address,
    level,
    password,
    operator_code,
    {.name = "command",
     .type = ParameterType::choice,
     .label = {"Command", "控制命令"},
     .default_value = "1A",
     .required = true,
     .choices = commands},
    {.name = "valid_until",
     .type = ParameterType::date_time,
     .label = {"Valid until", "有效截止时间"},
     .help = {"By the meter's clock; later the meter refuses", "按电表时钟，过后电表拒绝执行"},
     .default_value = "2026-11-21T12:00:00",
     .required = true},
    preamble_of_master};
constexpr Parameter for_output[] = {address,
                                    {.name = "output",
                                     .type = ParameterType::choice,
                                     .label = {"Output", "输出信号"},
                                     .default_value = "00",
                                     .required = true,
                                     .choices = outputs},
                                    preamble_of_master};
constexpr Parameter for_read_reply[] = {address, identifier,   with_default(values, "1234.56"),
                                        payload, more_follows, preamble_of_meter};
constexpr Parameter for_read_following_reply[] = {address,  identifier,   payload,
                                                  sequence, more_follows, preamble_of_meter};
constexpr Parameter for_read_address_reply[] = {address, preamble_of_meter};
constexpr Parameter for_accept_reply[] = {address, function_choice, preamble_of_meter};
constexpr Parameter for_error_reply[] = {
    address,
    with_default(function_choice, "11"),
    {.name = "error_word",
     .type = ParameterType::hex,
     .label = {"Error word", "错误信息字"},
     .help = {"01 other, 02 no such data, 04 password, 08 speed", "01其他错误，02无请求数据，04密码错，08速率不能更改"},
     .default_value = "02",
     .required = true,
     .minimum = 1,
     .maximum = 1},
    preamble_of_meter};
constexpr Parameter for_any[] = {address,
                                 {.name = "control",
                                  .type = ParameterType::hex,
                                  .label = {"Control code", "控制码"},
                                  .default_value = "11",
                                  .required = true,
                                  .minimum = 1,
                                  .maximum = 1},
                                 {.name = "data",
                                  .type = ParameterType::hex,
                                  .label = {"Data field", "数据域"},
                                  .help = {"Octets without the 33H", "未加33H的字节"},
                                  .default_value = "00000100",
                                  .maximum = 255},
                                 preamble_of_meter};

constexpr Builder builders[] = {
    {"read", {"Read data (11H)", "读数据（11H）"}, Speaker::master, for_read, build_read},
    {"read_following",
     {"Read following data (12H)", "读后续数据（12H）"},
     Speaker::master,
     for_read_following,
     build_read_following},
    {"read_address",
     {"Read address (13H)", "读通信地址（13H）"},
     Speaker::master,
     for_read_address,
     build_read_address},
    {"write", {"Write data (14H)", "写数据（14H）"}, Speaker::master, for_write, build_write},
    {"write_address",
     {"Write address (15H)", "写通信地址（15H）"},
     Speaker::master,
     for_write_address,
     build_write_address},
    {"broadcast_time",
     {"Broadcast time (08H)", "广播校时（08H）"},
     Speaker::master,
     for_broadcast_time,
     build_broadcast_time},
    {"freeze", {"Freeze (16H)", "冻结命令（16H）"}, Speaker::master, for_freeze, build_freeze},
    {"change_speed",
     {"Change speed (17H)", "更改通信速率（17H）"},
     Speaker::master,
     for_change_speed,
     build_change_speed},
    {"change_password",
     {"Change password (18H)", "修改密码（18H）"},
     Speaker::master,
     for_change_password,
     build_change_password},
    {"clear_demand", {"Clear demand (19H)", "最大需量清零（19H）"}, Speaker::master, for_clear, build_clear_demand},
    {"clear_meter", {"Clear meter (1AH)", "电表清零（1AH）"}, Speaker::master, for_clear, build_clear_meter},
    {"clear_events", {"Clear events (1BH)", "事件清零（1BH）"}, Speaker::master, for_clear_events, build_clear_events},
    {"control",
     {"Relay, alarm, keep power (1CH)", "跳合闸、报警、保电（1CH）"},
     Speaker::master,
     for_control,
     build_control},
    {"multi_function_output",
     {"Multi-function output (1DH)", "多功能端子输出（1DH）"},
     Speaker::master,
     for_output,
     build_output},
    {"read_reply",
     {"Answer with data (91H, B1H)", "读数据应答（91H、B1H）"},
     Speaker::device,
     for_read_reply,
     build_read_reply},
    {"read_following_reply",
     {"Answer with following data (92H, B2H)", "读后续数据应答（92H、B2H）"},
     Speaker::device,
     for_read_following_reply,
     build_read_following_reply},
    {"read_address_reply",
     {"Answer with address (93H)", "读通信地址应答（93H）"},
     Speaker::device,
     for_read_address_reply,
     build_read_address_reply},
    {"accept_reply",
     {"Answer that accepts", "正常应答（无数据）"},
     Speaker::device,
     for_accept_reply,
     build_accept_reply},
    {"error_reply", {"Answer that refuses", "异常应答"}, Speaker::device, for_error_reply, build_error_reply},
    {"any", {"Any control code and data", "任意控制码和数据"}, Speaker::master, for_any, build_any},
};

}  // namespace

std::span<const Builder> dlt645_builders() noexcept { return builders; }

}  // namespace duheng::platform::analyser
