#include "codec/dlt645/control.hpp"

#include <array>

#include "codec/dlt645/error.hpp"

namespace duheng::dlt645 {

namespace {

struct BitText {
  std::string_view name;
  Label label;
};
constexpr std::array<BitText, 8> error_bits_2007{{
    {"other_error", {"other error", "其他错误"}},
    {"no_requested_data", {"no requested data", "无请求数据"}},
    {"password_error_or_not_authorised", {"password error or not authorised", "密码错或未授权"}},
    {"speed_cannot_be_changed", {"speed cannot be changed", "通信速率不能更改"}},
    {"too_many_year_time_zones", {"too many year time zones", "年时区数超"}},
    {"too_many_day_periods", {"too many day periods", "日时段数超"}},
    {"too_many_tariffs", {"too many tariffs", "费率数超"}},
    {"reserved", {"reserved", "保留"}},
}};
constexpr std::array<BitText, 8> error_bits_1997{{
    {"illegal_data", {"illegal data", "非法数据"}},
    {"data_identifier_error", {"data identifier error", "数据标识错"}},
    {"password_error", {"password error", "密码错"}},
    {"bit_3", {"bit 3", "第3位"}},
    {"too_many_year_time_zones", {"too many year time zones", "年时区数超"}},
    {"too_many_day_periods", {"too many day periods", "日时段数超"}},
    {"too_many_tariffs", {"too many tariffs", "费率数超"}},
    {"bit_7", {"bit 7", "第7位"}},
}};

constexpr std::array<BitText, 8> security_error_bits{{
    {"other_error", {"other error", "其它错误"}},
    {"repeated_recharge", {"repeated recharge", "重复充值"}},
    {"esam_check_failed", {"security module check failed", "ESAM验证失败"}},
    {"identity_authentication_failed", {"identity authentication failed", "身份认证失败"}},
    {"customer_number_mismatch", {"customer number does not match", "客户编号不匹配"}},
    {"recharge_count_error", {"recharge count error", "充值次数错误"}},
    {"over_purchase", {"purchase above the hoarding limit", "购电超囤积"}},
    {"address_error", {"address error", "地址异常"}},
}};
constexpr std::array<BitText, 3> outputs{{
    {"clock_pulse", {"clock pulses, one each second", "时钟秒脉冲"}},
    {"demand_period", {"demand period", "需量周期"}},
    {"tariff_switch", {"tariff switch", "时段投切"}},
}};

const BitText& error_bit(unsigned bit, Edition edition) noexcept {
  return (edition == Edition::edition_2007 ? error_bits_2007 : error_bits_1997)[bit & 7U];
}

}  // namespace

Edition edition_of(std::uint8_t control, std::uint8_t length) noexcept {
  switch (static_cast<Function1997>(control & control_bits::function)) {
    case Function1997::read:
    case Function1997::read_following:
    case Function1997::write:
    case Function1997::write_address:
    case Function1997::change_speed:
    case Function1997::change_password:
    case Function1997::clear_demand:
      return Edition::edition_1997;
    case Function1997::read_again:
      // 03H is "read again" in 1997 (a request holds the two-octet DI only) and "security" in State Grid's 2007, which
      // needs DI and operator, and answers errors with two octets.
      if ((control & control_bits::from_slave) == 0) return length == 2 ? Edition::edition_1997 : Edition::edition_2007;
      if ((control & control_bits::error) != 0) return length == 1 ? Edition::edition_1997 : Edition::edition_2007;
      return Edition::edition_2007;
  }
  return Edition::edition_2007;
}

std::string_view to_string(Edition edition) noexcept {
  return edition == Edition::edition_1997 ? "dlt645-1997" : "dlt645-2007";
}

Label function_label(std::uint8_t function, Edition edition) noexcept {
  if (edition == Edition::edition_1997) {
    switch (static_cast<Function1997>(function)) {
      case Function1997::read:
        return {"read data", "读数据"};
      case Function1997::read_following:
        return {"read following data", "读后续数据"};
      case Function1997::read_again:
        return {"read data again", "重读数据"};
      case Function1997::write:
        return {"write data", "写数据"};
      case Function1997::write_address:
        return {"write address", "写设备地址"};
      case Function1997::change_speed:
        return {"change speed", "更改通信速率"};
      case Function1997::change_password:
        return {"change password", "修改密码"};
      case Function1997::clear_demand:
        return {"clear maximum demand", "最大需量清零"};
    }
  }
  switch (static_cast<Function>(function)) {
    case Function::security:
      return {"security authentication", "安全认证"};
    case Function::broadcast_time:
      return {"broadcast time", "广播校时"};
    case Function::read:
      return {"read data", "读数据"};
    case Function::read_following:
      return {"read following data", "读后续数据"};
    case Function::read_address:
      return {"read address", "读通信地址"};
    case Function::write:
      return {"write data", "写数据"};
    case Function::write_address:
      return {"write address", "写通信地址"};
    case Function::freeze:
      return {"freeze", "冻结命令"};
    case Function::change_speed:
      return {"change speed", "更改通信速率"};
    case Function::change_password:
      return {"change password", "修改密码"};
    case Function::clear_demand:
      return {"clear maximum demand", "最大需量清零"};
    case Function::clear_meter:
      return {"clear meter", "电表清零"};
    case Function::clear_events:
      return {"clear events", "事件清零"};
    case Function::control:
      return {"relay, alarm and keep-power control", "跳合闸、报警、保电"};
    case Function::multi_function_output:
      return {"multi-function output", "多功能端子输出控制"};
  }
  return {"vendor function", "厂家扩展功能"};
}

std::string_view error_bit_name(unsigned bit, Edition edition) noexcept { return error_bit(bit, edition).name; }
Label error_bit_label(unsigned bit, Edition edition) noexcept { return error_bit(bit, edition).label; }

std::string_view relay_command_name(std::uint8_t command) noexcept {
  switch (static_cast<RelayCommand>(command)) {
    case RelayCommand::trip:
      return "trip";
    case RelayCommand::close_permit:
      return "close_permit";
    case RelayCommand::close_direct:
      return "close_direct";
    case RelayCommand::alarm:
      return "alarm";
    case RelayCommand::alarm_release:
      return "alarm_release";
    case RelayCommand::keep_power:
      return "keep_power";
    case RelayCommand::keep_power_release:
      return "keep_power_release";
  }
  return {};
}

Label relay_command_label(std::uint8_t command) noexcept {
  switch (static_cast<RelayCommand>(command)) {
    case RelayCommand::trip:
      return {"trip (disconnect)", "跳闸"};
    case RelayCommand::close_permit:
      return {"permit closing", "合闸允许"};
    case RelayCommand::close_direct:
      return {"close directly", "直接合闸"};
    case RelayCommand::alarm:
      return {"alarm", "报警"};
    case RelayCommand::alarm_release:
      return {"end alarm", "报警解除"};
    case RelayCommand::keep_power:
      return {"keep power", "保电"};
    case RelayCommand::keep_power_release:
      return {"end keep power", "保电解除"};
  }
  return {"unknown command", "未知命令"};
}

std::uint32_t speed_of(std::uint8_t speed_word) noexcept {
  switch (speed_word) {
    case 0x02:
      return 600;
    case 0x04:
      return 1200;
    case 0x08:
      return 2400;
    case 0x10:
      return 4800;
    case 0x20:
      return 9600;
    case 0x40:
      return 19200;
    default:
      return 0;
  }
}

std::uint32_t speed_of(std::uint8_t speed_word, SpeedCoding coding) noexcept {
  if (coding == SpeedCoding::one_bit) return speed_of(speed_word);
  for (const std::uint32_t speed : {600U, 1200U, 2400U, 4800U, 9600U, 19200U}) {
    if (speed_word_of(speed, coding) == speed_word) return speed;
  }
  return 0;
}

std::uint8_t speed_word_of(std::uint32_t bit_per_s, SpeedCoding coding) noexcept {
  if (coding == SpeedCoding::bcd_of_300) {
    const std::uint32_t number = bit_per_s / 300;
    if (bit_per_s % 300 != 0 || number < 2 || number > 64 || (number & (number - 1)) != 0) return 0;
    return static_cast<std::uint8_t>(number / 10 << 4 | number % 10);
  }
  for (unsigned bit = 1; bit < 7; ++bit) {
    if (speed_of(static_cast<std::uint8_t>(1U << bit)) == bit_per_s) return static_cast<std::uint8_t>(1U << bit);
  }
  return 0;
}

std::string_view security_error_bit_name(unsigned bit) noexcept {
  return bit < security_error_bits.size() ? security_error_bits[bit].name : "reserved";
}
Label security_error_bit_label(unsigned bit) noexcept {
  return bit < security_error_bits.size() ? security_error_bits[bit].label : Label{"reserved", "保留"};
}
std::string_view output_name(std::uint8_t output) noexcept {
  return output < outputs.size() ? outputs[output].name : std::string_view{};
}
Label output_label(std::uint8_t output) noexcept {
  return output < outputs.size() ? outputs[output].label : Label{"unknown", "未知"};
}

std::string_view to_string(Field field) noexcept {
  switch (field) {
    case Field::none:
      return "none";
    case Field::start:
      return "start";
    case Field::address:
      return "address";
    case Field::second_start:
      return "second_start";
    case Field::control:
      return "control";
    case Field::length:
      return "length";
    case Field::data:
      return "data";
    case Field::data_identifier:
      return "data_identifier";
    case Field::value:
      return "value";
    case Field::checksum:
      return "checksum";
    case Field::end:
      return "end";
  }
  return "none";
}

Error to_error(const DecodeError& error) {
  std::string message = "DL/T 645: ";
  message += to_string(error.code);
  message += " in field ";
  message += to_string(error.field);
  message += " at octet " + std::to_string(error.octet_offset);
  if (error.code == ErrorCode::checksum_mismatch) {
    message += " (computed " + std::to_string(error.expected) + ", found " + std::to_string(error.found) + ")";
  }
  return {error.code, std::move(message)};
}

}  // namespace duheng::dlt645
