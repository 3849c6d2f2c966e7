#include <algorithm>
#include <array>
#include <vector>

#include "codec/cjt188/message.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

namespace {

using cjt188::Address;

constexpr Choice meter_types[] = {{"10", {"10: cold water", "10：冷水"}},
                                  {"11", {"11: hot water", "11：生活热水"}},
                                  {"12", {"12: drinking water", "12：直饮水"}},
                                  {"13", {"13: reclaimed water", "13：中水"}},
                                  {"20", {"20: heat", "20：热量（计热量）"}},
                                  {"21", {"21: cooling", "21：热量（计冷量）"}},
                                  {"30", {"30: gas", "30：燃气"}},
                                  {"40", {"40: electricity", "40：电能"}}};
constexpr Choice orders[] = {{"low_first", {"low octet first", "低字节在前"}},
                             {"high_first", {"high octet first", "高字节在前"}}};
constexpr Choice valve_commands[] = {{"open", {"open", "开阀"}}, {"close", {"close", "关阀"}}};
constexpr Choice write_functions[] = {{"04", {"84: write data", "84：写数据"}},
                                      {"15", {"95: write address", "95：写地址"}},
                                      {"16", {"96: write synchronising data", "96：写机电同步数"}}};

constexpr Parameter meter_type{.name = "meter_type",
                               .type = ParameterType::choice,
                               .label = {"Meter type", "仪表类型"},
                               .default_value = "10",
                               .required = true,
                               .choices = meter_types};
constexpr Parameter address{
    .name = "address",
    .label = {"Meter address", "表地址"},
    .help = {"Up to 14 digits: manufacturer's code, then the number; AAAAAAAAAAAAAA: the one meter "
             "on the line",
             "最多14位：厂商代码在前，表号在后；AAAAAAAAAAAAAA为线路上唯一的表"},
    .default_value = "00000000000001",
    .required = true,
    .minimum = 1,
    .maximum = 14};
constexpr Parameter sequence{.name = "sequence",
                             .type = ParameterType::integer,
                             .label = {"Sequence number SER", "序列号SER"},
                             .help = {"An answer repeats the question's", "应答与请求相同"},
                             .default_value = "1",
                             .required = true,
                             .maximum = 255};
constexpr Parameter order{.name = "identifier_order",
                          .type = ParameterType::choice,
                          .label = {"Order of the identifier", "数据标识的字节顺序"},
                          .help = {"Both are met in the field", "现场两种都有"},
                          .default_value = "low_first",
                          .required = true,
                          .choices = orders};
constexpr Parameter preamble{.name = "preamble",
                             .type = ParameterType::integer,
                             .label = {"Preamble FE", "前导字节FE"},
                             .help = {"How many, to wake the receiver", "唤醒接收方的字节数"},
                             .default_value = "4",
                             .maximum = 8};
constexpr Parameter identifier{
    .name = "data_identifier",
    .label = {"Data identifier", "数据标识"},
    .help = {"Four hexadecimal digits, e.g. 901F: metering data", "4位十六进制，如901F：计量数据"},
    .default_value = "901F",
    .required = true,
    .minimum = 4,
    .maximum = 4};
constexpr Parameter payload{.name = "payload",
                            .type = ParameterType::hex,
                            .label = {"Content", "数据内容"},
                            .help = {"Octets behind DI and SER", "DI和SER之后的字节"},
                            .maximum = 252};
constexpr Parameter with_default(Parameter parameter, std::string_view value) {
  parameter.default_value = value;
  return parameter;
}
constexpr Parameter day(std::string_view name, Label label) {
  return {.name = name,
          .type = ParameterType::integer,
          .label = label,
          .default_value = "1",
          .required = true,
          .minimum = 1,
          .maximum = 31};
}

std::unexpected<Error> refuse(std::string_view name, const std::string& why) {
  return fail(ErrorCode::invalid_argument, std::string(name) + ": " + why);
}

Result<cjt188::Peer> peer_of(const Arguments& given) {
  const auto parsed = Address::parse(given.text("address"));
  if (!parsed) return refuse("address", parsed.error().message);
  cjt188::Peer peer;
  peer.meter_type = from_hex(given.text("meter_type"))->at(0);
  peer.address = *parsed;
  peer.sequence = static_cast<std::uint8_t>(given.integer("sequence"));
  peer.identifier_order = given.text("identifier_order") == "high_first" ? cjt188::IdentifierOrder::high_first
                                                                         : cjt188::IdentifierOrder::low_first;
  peer.preamble_octets = static_cast<std::uint8_t>(given.integer("preamble"));
  return peer;
}
Result<cjt188::DataIdentifier> identifier_of(const Arguments& given) {
  const auto octets = from_hex(given.text("data_identifier"));
  if (!octets || octets->size() != 2) return refuse("data_identifier", "four hexadecimal digits are due");
  return cjt188::DataIdentifier{static_cast<std::uint16_t>(octets->at(0) << 8 | octets->at(1))};
}
Result<Bytes> bytes_of(const cjt188::BuiltFrame& frame) {
  if (!frame) return std::unexpected(cjt188::to_error(frame.error()));
  return frame->to_bytes();
}

/// The builders that need the peer alone.
template <cjt188::BuiltFrame (*make)(const cjt188::Peer&) noexcept>
Result<Bytes> build_plain(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  return bytes_of(make(peer));
}
Result<Bytes> build_read(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const cjt188::DataIdentifier di, identifier_of(given));
  return bytes_of(cjt188::read_request(peer, di));
}
Result<Bytes> build_write(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const cjt188::DataIdentifier di, identifier_of(given));
  return bytes_of(cjt188::write_request(peer, di, given.octets("payload")));
}
Result<Bytes> build_valve(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  const bool opens = given.text("command") == "open";
  return bytes_of(cjt188::valve_request(peer, opens ? cjt188::ValveCommand::open : cjt188::ValveCommand::close));
}
Result<Bytes> build_clock(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const LocalTime time, parse_local_time(given.text("time")));
  return bytes_of(cjt188::write_clock_request(
      peer, {static_cast<std::uint16_t>(time.year), static_cast<std::uint8_t>(time.month),
             static_cast<std::uint8_t>(time.day), static_cast<std::uint8_t>(time.hour),
             static_cast<std::uint8_t>(time.minute), static_cast<std::uint8_t>(time.second)}));
}
Result<Bytes> build_write_address(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  const auto parsed = Address::parse(given.text("new_address"));
  if (!parsed) return refuse("new_address", parsed.error().message);
  return bytes_of(cjt188::write_address_request(peer, *parsed));
}
Result<Bytes> build_settlement_day(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  return bytes_of(cjt188::write_settlement_day_request(peer, static_cast<std::uint8_t>(given.integer("day"))));
}
Result<Bytes> build_reading_day(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  return bytes_of(cjt188::write_reading_day_request(peer, static_cast<std::uint8_t>(given.integer("day"))));
}
Result<Bytes> build_purchase(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  return bytes_of(cjt188::write_purchase_request(peer, static_cast<std::uint8_t>(given.integer("purchase_sequence")),
                                                 static_cast<std::uint32_t>(given.integer("amount"))));
}
Result<Bytes> build_key(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  std::array<std::uint8_t, 8> key{};
  std::ranges::copy(given.octets("key"), key.begin());
  return bytes_of(cjt188::write_key_request(peer, static_cast<std::uint8_t>(given.integer("version")), key));
}
Result<Bytes> build_read_reply(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const cjt188::DataIdentifier di, identifier_of(given));
  return bytes_of(cjt188::read_reply(peer, di, given.octets("payload")));
}
Result<Bytes> build_write_reply(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const cjt188::DataIdentifier di, identifier_of(given));
  const auto function = static_cast<cjt188::Function>(from_hex(given.text("function"))->at(0));
  return bytes_of(cjt188::write_reply(peer, function, di, given.octets("payload")));
}
Result<Bytes> build_error_reply(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  const Bytes status = given.octets("status");
  return bytes_of(cjt188::error_reply(peer, given.octets("function").at(0), {status.at(0), status.at(1)}));
}
Result<Bytes> build_any(const Arguments& given) {
  DUHENG_TRY(const cjt188::Peer peer, peer_of(given));
  DUHENG_TRY(const cjt188::DataIdentifier di, identifier_of(given));
  return bytes_of(cjt188::build(peer, given.octets("control").at(0), di, given.octets("payload")));
}

constexpr Parameter of_meter[] = {meter_type, address, sequence, order, with_default(preamble, "0")};
constexpr Parameter for_plain[] = {meter_type, address, sequence, order, preamble};
constexpr Parameter for_any_meter[] = {meter_type, with_default(address, "AAAAAAAAAAAAAA"), sequence, order, preamble};
constexpr Parameter for_read[] = {meter_type, address, identifier, sequence, order, preamble};
constexpr Parameter for_write[] = {meter_type, address, with_default(identifier, "A101"), payload, sequence,
                                   order,      preamble};
constexpr Parameter for_valve[] = {meter_type,
                                   address,
                                   {.name = "command",
                                    .type = ParameterType::choice,
                                    .label = {"Command", "命令"},
                                    .default_value = "close",
                                    .required = true,
                                    .choices = valve_commands},
                                   sequence,
                                   order,
                                   preamble};
constexpr Parameter for_clock[] = {meter_type,
                                   address,
                                   {.name = "time",
                                    .type = ParameterType::date_time,
                                    .label = {"Time", "时间"},
                                    .help = {"Of the meter's clock", "表的时钟"},
                                    .default_value = "2026-11-21T12:00:00",
                                    .required = true},
                                   sequence,
                                   order,
                                   preamble};
constexpr Parameter for_write_address[] = {meter_type,
                                           address,
                                           {.name = "new_address",
                                            .label = {"New address", "新地址"},
                                            .default_value = "00000000000002",
                                            .required = true,
                                            .minimum = 1,
                                            .maximum = 14},
                                           sequence,
                                           order,
                                           preamble};
constexpr Parameter for_settlement_day[] = {meter_type, address, day("day", {"Settlement day", "结算日"}),
                                            sequence,   order,   preamble};
constexpr Parameter for_reading_day[] = {meter_type, address, day("day", {"Reading day", "抄表日"}),
                                         sequence,   order,   preamble};
constexpr Parameter for_purchase[] = {meter_type,
                                      address,
                                      {.name = "purchase_sequence",
                                       .type = ParameterType::integer,
                                       .label = {"Number of the purchase", "购买序号"},
                                       .default_value = "1",
                                       .required = true,
                                       .maximum = 255},
                                      {.name = "amount",
                                       .type = ParameterType::integer,
                                       .label = {"Amount", "购入金额"},
                                       .help = {"In hundredths of a yuan", "单位：分"},
                                       .unit = "0.01 CNY",
                                       .default_value = "10000",
                                       .required = true,
                                       .maximum = 99'999'999},
                                      sequence,
                                      order,
                                      preamble};
constexpr Parameter for_key[] = {
    meter_type,
    address,
    {.name = "version",
     .type = ParameterType::integer,
     .label = {"Key version", "密钥版本"},
     .default_value = "1",
     .required = true,
     .maximum = 255},
    {.name = "key",
     .type = ParameterType::hex,
     .label = {"Key", "密钥"},
     .help = {"Eight octets as they travel. Neither stored nor logged", "8个字节，按传送顺序。不保存，不记入日志"},
     .default_value = "0000000000000000",
     .required = true,
     .secret = true,
     .minimum = 8,
     .maximum = 8},
    sequence,
    order,
    preamble};
constexpr Parameter for_read_reply[] = {meter_type,
                                        address,
                                        identifier,
                                        with_default(payload, "345600002C 000000002C 00000000000000 0000"),
                                        sequence,
                                        order,
                                        with_default(preamble, "0")};
constexpr Parameter for_write_reply[] = {meter_type,
                                         address,
                                         {.name = "function",
                                          .type = ParameterType::choice,
                                          .label = {"Answer to", "应答的命令"},
                                          .default_value = "04",
                                          .required = true,
                                          .choices = write_functions},
                                         with_default(identifier, "A017"),
                                         with_default(payload, "0000"),
                                         sequence,
                                         order,
                                         with_default(preamble, "0")};
constexpr Parameter for_error_reply[] = {meter_type,
                                         address,
                                         {.name = "function",
                                          .type = ParameterType::hex,
                                          .label = {"Refused function", "被拒绝的命令"},
                                          .help = {"01 read, 04 write ...", "01读，04写等"},
                                          .default_value = "01",
                                          .required = true,
                                          .minimum = 1,
                                          .maximum = 1},
                                         {.name = "status",
                                          .type = ParameterType::hex,
                                          .label = {"Status ST", "状态ST"},
                                          .default_value = "0000",
                                          .required = true,
                                          .minimum = 2,
                                          .maximum = 2},
                                         sequence,
                                         order,
                                         with_default(preamble, "0")};
constexpr Parameter for_any[] = {meter_type,
                                 address,
                                 {.name = "control",
                                  .type = ParameterType::hex,
                                  .label = {"Control code", "控制码"},
                                  .default_value = "01",
                                  .required = true,
                                  .minimum = 1,
                                  .maximum = 1},
                                 identifier,
                                 payload,
                                 sequence,
                                 order,
                                 preamble};

constexpr Builder builders[] = {
    {"read", {"Read data (01H)", "读数据（01H）"}, Speaker::master, for_read, build_read},
    {"read_address",
     {"Read address (03H)", "读地址（03H）"},
     Speaker::master,
     for_any_meter,
     build_plain<cjt188::read_address_request>},
    {"read_key_version",
     {"Read key version (09H)", "读密钥版本号（09H）"},
     Speaker::master,
     for_plain,
     build_plain<cjt188::read_key_version_request>},
    {"valve", {"Valve (A017)", "阀门控制（A017）"}, Speaker::master, for_valve, build_valve},
    {"write_clock", {"Set the clock (A015)", "写标准时间（A015）"}, Speaker::master, for_clock, build_clock},
    {"write_settlement_day",
     {"Set the settlement day (A011)", "写结算日（A011）"},
     Speaker::master,
     for_settlement_day,
     build_settlement_day},
    {"write_reading_day",
     {"Set the reading day (A012)", "写抄表日（A012）"},
     Speaker::master,
     for_reading_day,
     build_reading_day},
    {"write_purchase", {"Purchase (A013)", "写购入金额（A013）"}, Speaker::master, for_purchase, build_purchase},
    {"write_key", {"Write the key (A014)", "写新密钥（A014）"}, Speaker::master, for_key, build_key},
    {"write_address",
     {"Write address (15H, A018)", "写地址（15H，A018）"},
     Speaker::master,
     for_write_address,
     build_write_address},
    {"factory_enable",
     {"Enable for the field (A019)", "出厂启用（A019）"},
     Speaker::master,
     for_plain,
     build_plain<cjt188::factory_enable_request>},
    {"write", {"Write any data (04H)", "写任意数据（04H）"}, Speaker::master, for_write, build_write},
    {"read_reply", {"Answer with data (81H)", "读数据应答（81H）"}, Speaker::device, for_read_reply, build_read_reply},
    {"read_address_reply",
     {"Answer with address (83H)", "读地址应答（83H）"},
     Speaker::device,
     of_meter,
     build_plain<cjt188::read_address_reply>},
    {"write_reply",
     {"Answer to a write (84H, 95H, 96H)", "写应答（84H、95H、96H）"},
     Speaker::device,
     for_write_reply,
     build_write_reply},
    {"error_reply", {"Answer that refuses", "异常应答"}, Speaker::device, for_error_reply, build_error_reply},
    {"any", {"Any control code and data", "任意控制码和数据"}, Speaker::master, for_any, build_any},
};

}  // namespace

std::span<const Builder> cjt188_builders() noexcept { return builders; }

}  // namespace duheng::platform::analyser
