#include <array>

#include "codec/modbus/frame.hpp"
#include "codec/modbus/message.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

namespace {

using modbus::Transport;

constexpr std::size_t values_max = 125;
constexpr std::size_t bits_max = 2'000;

constexpr Parameter word(std::string_view name, Label label, std::string_view default_value,
                         std::int64_t maximum = 65'535, std::int64_t minimum = 0) {
  return {.name = name,
          .type = ParameterType::integer,
          .label = label,
          .default_value = default_value,
          .required = true,
          .minimum = minimum,
          .maximum = maximum};
}
constexpr Parameter unit = word("unit", {"Unit (device address)", "从站地址"}, "1", 255);
constexpr Parameter transaction{.name = "transaction",
                                .type = ParameterType::integer,
                                .label = {"Transaction number", "事务标识"},
                                .help = {"Only used by Modbus TCP", "仅用于Modbus TCP"},
                                .default_value = "1",
                                .required = true,
                                .maximum = 65'535};
constexpr Parameter address{
    .name = "address",
    .type = ParameterType::integer,
    .label = {"Start address", "起始地址"},
    .help = {"As it travels, from 0; 40001 of a manual is 0", "按传送值，从0起；手册中的40001为0"},
    .default_value = "0",
    .required = true,
    .maximum = 65'535};
constexpr Parameter quantity = word("quantity", {"Quantity", "数量"}, "2", 2'000, 1);
constexpr Parameter values{
    .name = "values",
    .label = {"Register values", "寄存器值"},
    .help = {"Numbers 0 to 65535 or 0x0000 to 0xFFFF with commas between", "0到65535或0x0000到0xFFFF，逗号分隔"},
    .default_value = "1, 2",
    .required = true,
    .minimum = 1,
    .maximum = 1'000};
constexpr Parameter bits{.name = "bits",
                         .label = {"Coils", "线圈"},
                         .help = {"1 and 0, the first coil first, e.g. 1101", "1和0，第一个线圈在前，如1101"},
                         .default_value = "1101",
                         .required = true,
                         .minimum = 1,
                         .maximum = bits_max};
constexpr Parameter state{
    .name = "on", .type = ParameterType::flag, .label = {"Switched on", "接通"}, .default_value = "true"};

constexpr Choice read_functions[] = {{"1", {"1: coils", "1：线圈"}},
                                     {"2", {"2: discrete inputs", "2：离散输入"}},
                                     {"3", {"3: holding registers", "3：保持寄存器"}},
                                     {"4", {"4: input registers", "4：输入寄存器"}}};
constexpr Choice bit_functions[] = {{"1", {"1: coils", "1：线圈"}}, {"2", {"2: discrete inputs", "2：离散输入"}}};
constexpr Choice register_functions[] = {{"3", {"3: holding registers", "3：保持寄存器"}},
                                         {"4", {"4: input registers", "4：输入寄存器"}},
                                         {"23", {"23: read and write", "23：读写寄存器"}}};
constexpr Choice exceptions[] = {{"1", {"1: illegal function", "1：非法功能"}},
                                 {"2", {"2: illegal data address", "2：非法数据地址"}},
                                 {"3", {"3: illegal data value", "3：非法数据值"}},
                                 {"4", {"4: device failure", "4：从站设备故障"}},
                                 {"5", {"5: acknowledged, takes long", "5：确认，需较长时间"}},
                                 {"6", {"6: device busy", "6：从站设备忙"}},
                                 {"8", {"8: memory parity error", "8：存储奇偶性差错"}},
                                 {"10", {"10: gateway path unavailable", "10：网关路径不可用"}},
                                 {"11", {"11: target did not answer", "11：目标设备无响应"}}};
constexpr Choice identification_codes[] = {{"1", {"1: basic", "1：基本"}},
                                           {"2", {"2: regular", "2：常规"}},
                                           {"3", {"3: extended", "3：扩展"}},
                                           {"4", {"4: one object", "4：单个对象"}}};

constexpr Parameter choice(std::string_view name, Label label, std::string_view default_value,
                           std::span<const Choice> choices) {
  return {.name = name,
          .type = ParameterType::choice,
          .label = label,
          .default_value = default_value,
          .required = true,
          .choices = choices};
}

std::uint16_t word_of(const Arguments& given, std::string_view name) {
  return static_cast<std::uint16_t>(given.integer(name));
}
std::uint8_t octet_of(const Arguments& given, std::string_view name) {
  return static_cast<std::uint8_t>(given.integer(name));
}
modbus::Function function_of(const Arguments& given) {
  return static_cast<modbus::Function>(std::stoi(given.text("function")));
}

Result<std::vector<std::uint16_t>> words_of(const Arguments& given) {
  const auto refuse = [](std::string_view one) {
    return fail(ErrorCode::invalid_argument, "values: \"" + std::string(one.substr(0, 40)) + "\" is no register value");
  };
  std::vector<std::uint16_t> out;
  std::string_view text = given.text("values");
  while (true) {
    const std::size_t comma = text.find(',');
    std::string_view one = text.substr(0, comma);
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    const bool is_hex = one.starts_with("0x") || one.starts_with("0X");
    const std::string digits(one.substr(is_hex ? 2 : 0));
    const auto known = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
    if (digits.empty() || digits.size() > 5 || digits.find_first_not_of(known) != std::string::npos) return refuse(one);
    const long number = std::stol(digits, nullptr, is_hex ? 16 : 10);
    if (number > 65'535) return refuse(one);
    if (out.size() == values_max) {
      return fail(ErrorCode::invalid_argument, "values: at most " + std::to_string(values_max) + " go into one frame");
    }
    out.push_back(static_cast<std::uint16_t>(number));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

/// Eight an octet, the first in the lowest bit.
Result<Bytes> packed_bits(const Arguments& given) {
  const std::string& text = given.text("bits");
  Bytes out((text.size() + 7) / 8);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '0' && text[i] != '1') return fail(ErrorCode::invalid_argument, "bits: only 0 and 1 are known");
    if (text[i] == '1') out[i / 8] = static_cast<std::uint8_t>(out[i / 8] | 1U << (i % 8));
  }
  return out;
}

using Pdu = Result<modbus::PduBuffer>;
Pdu checked(const modbus::BuiltPdu& built) {
  if (!built) return std::unexpected(modbus::to_error(built.error()));
  return *built;
}

Pdu read(const Arguments& given) {
  return checked(modbus::read_request(function_of(given), word_of(given, "address"), word_of(given, "quantity")));
}
Pdu write_coil(const Arguments& given) {
  return checked(modbus::write_coil_request(word_of(given, "address"), given.flag("on")));
}
Pdu write_register(const Arguments& given) {
  return checked(modbus::write_register_request(word_of(given, "address"), word_of(given, "value")));
}
Pdu write_coils(const Arguments& given) {
  DUHENG_TRY(const Bytes packed, packed_bits(given));
  const auto count = static_cast<std::uint16_t>(given.text("bits").size());
  return checked(modbus::write_coils_request(word_of(given, "address"), count, packed));
}
Pdu write_registers(const Arguments& given) {
  DUHENG_TRY(const auto words, words_of(given));
  return checked(modbus::write_registers_request(word_of(given, "address"), words));
}
Pdu mask_write(const Arguments& given) {
  return checked(
      modbus::mask_write_request(word_of(given, "address"), word_of(given, "and_mask"), word_of(given, "or_mask")));
}
Pdu read_write(const Arguments& given) {
  DUHENG_TRY(const auto words, words_of(given));
  return checked(modbus::read_write_request(word_of(given, "address"), word_of(given, "quantity"),
                                            word_of(given, "write_address"), words));
}
Pdu identification(const Arguments& given) {
  return checked(modbus::identification_request(static_cast<std::uint8_t>(std::stoi(given.text("code"))),
                                                octet_of(given, "object")));
}
Pdu bits_response(const Arguments& given) {
  DUHENG_TRY(const Bytes packed, packed_bits(given));
  return checked(
      modbus::bits_response(function_of(given), static_cast<std::uint16_t>(given.text("bits").size()), packed));
}
Pdu registers_response(const Arguments& given) {
  DUHENG_TRY(const auto words, words_of(given));
  return checked(modbus::registers_response(function_of(given), words));
}
Pdu exception_response(const Arguments& given) {
  return checked(modbus::exception_response(octet_of(given, "function"),
                                            static_cast<modbus::ExceptionCode>(std::stoi(given.text("exception")))));
}
Pdu any(const Arguments& given) {
  return checked(modbus::raw_pdu(octet_of(given, "function"), given.octets("data"), modbus::Role::request));
}

template <Transport transport, Pdu (*make)(const Arguments&)>
Result<Bytes> framed(const Arguments& given) {
  DUHENG_TRY(const modbus::PduBuffer pdu, make(given));
  const auto frame =
      modbus::encode_frame(transport, word_of(given, "transaction"), octet_of(given, "unit"), pdu.view());
  if (!frame) return std::unexpected(modbus::to_error(frame.error()));
  return frame->to_bytes();
}

constexpr Parameter for_read[] = {unit, choice("function", {"Function", "功能码"}, "3", read_functions), address,
                                  quantity, transaction};
constexpr Parameter for_write_coil[] = {unit, address, state, transaction};
constexpr Parameter for_write_register[] = {unit, address, word("value", {"Value", "值"}, "1"), transaction};
constexpr Parameter for_write_coils[] = {unit, address, bits, transaction};
constexpr Parameter for_write_registers[] = {unit, address, values, transaction};
constexpr Parameter for_mask_write[] = {unit, address, word("and_mask", {"AND mask", "与掩码"}, "65535"),
                                        word("or_mask", {"OR mask", "或掩码"}, "0"), transaction};
constexpr Parameter for_read_write[] = {unit,
                                        address,
                                        word("quantity", {"Quantity read", "读数量"}, "2", 125, 1),
                                        word("write_address", {"Write address", "写起始地址"}, "0"),
                                        values,
                                        transaction};
constexpr Parameter for_identification[] = {unit,
                                            choice("code", {"Which objects", "读取类别"}, "1", identification_codes),
                                            word("object", {"Object number", "对象标识"}, "0", 255), transaction};
constexpr Parameter for_bits_response[] = {unit, choice("function", {"Function", "功能码"}, "1", bit_functions), bits,
                                           transaction};
constexpr Parameter for_registers_response[] = {
    unit, choice("function", {"Function", "功能码"}, "3", register_functions), values, transaction};
constexpr Parameter for_exception[] = {unit, word("function", {"Refused function", "被拒绝的功能码"}, "3", 127, 1),
                                       choice("exception", {"Exception", "异常码"}, "2", exceptions), transaction};
constexpr Parameter for_any[] = {unit,
                                 word("function", {"Function", "功能码"}, "17", 127, 1),
                                 {.name = "data",
                                  .type = ParameterType::hex,
                                  .label = {"Data", "数据"},
                                  .help = {"Octets behind the function code", "功能码之后的字节"},
                                  .maximum = 252},
                                 transaction};

template <Transport transport>
constexpr std::array<Builder, 12> builders_of{{
    {"read", {"Read (1 to 4)", "读（1至4）"}, Speaker::master, for_read, framed<transport, read>},
    {"write_coil",
     {"Write one coil (5)", "写单个线圈（5）"},
     Speaker::master,
     for_write_coil,
     framed<transport, write_coil>},
    {"write_register",
     {"Write one register (6)", "写单个寄存器（6）"},
     Speaker::master,
     for_write_register,
     framed<transport, write_register>},
    {"write_coils",
     {"Write coils (15)", "写多个线圈（15）"},
     Speaker::master,
     for_write_coils,
     framed<transport, write_coils>},
    {"write_registers",
     {"Write registers (16)", "写多个寄存器（16）"},
     Speaker::master,
     for_write_registers,
     framed<transport, write_registers>},
    {"mask_write",
     {"Mask write (22)", "屏蔽写寄存器（22）"},
     Speaker::master,
     for_mask_write,
     framed<transport, mask_write>},
    {"read_write",
     {"Read and write registers (23)", "读写多个寄存器（23）"},
     Speaker::master,
     for_read_write,
     framed<transport, read_write>},
    {"identification",
     {"Read identification (43/14)", "读设备标识（43/14）"},
     Speaker::master,
     for_identification,
     framed<transport, identification>},
    {"bits_response",
     {"Answer with coils", "线圈应答"},
     Speaker::device,
     for_bits_response,
     framed<transport, bits_response>},
    {"registers_response",
     {"Answer with registers", "寄存器应答"},
     Speaker::device,
     for_registers_response,
     framed<transport, registers_response>},
    {"exception_response",
     {"Answer that refuses", "异常应答"},
     Speaker::device,
     for_exception,
     framed<transport, exception_response>},
    {"any", {"Any function and data", "任意功能码和数据"}, Speaker::master, for_any, framed<transport, any>},
}};

}  // namespace

std::span<const Builder> modbus_rtu_builders() noexcept { return builders_of<Transport::rtu>; }
std::span<const Builder> modbus_ascii_builders() noexcept { return builders_of<Transport::ascii>; }
std::span<const Builder> modbus_tcp_builders() noexcept { return builders_of<Transport::tcp>; }

}  // namespace duheng::platform::analyser
