#include "codec/cjt188/data_identifier.hpp"

#include <array>

namespace duheng::cjt188 {

namespace {

struct NamedRange {
  std::uint16_t first;
  std::uint16_t last;
  Label label;
};

constexpr NamedRange names[] = {
    {0x901F, 0x901F, {"metering data", "计量数据"}},
    {0x911F, 0x911F, {"metering data 2 (heating and cooling)", "计量数据2（冷热）"}},
    {0x903F, 0x903F, {"heat power", "热功率"}},
    {0x904F, 0x904F, {"return temperature", "回水温度"}},
    {0x905F, 0x905F, {"supply temperature", "供水温度"}},
    {0x906F, 0x906F, {"working hours", "累计工作时间"}},
    {0x907F, 0x907F, {"clock", "实时时间"}},
    {0x8102, 0x8102, {"price table", "价格表"}},
    {0x8103, 0x8103, {"settlement day", "结算日"}},
    {0x8104, 0x8104, {"reading day", "抄表日"}},
    {0x8105, 0x8105, {"purchased amount", "购入金额"}},
    {0x8106, 0x8106, {"key version", "密钥版本号"}},
    {0x810A, 0x810A, {"address", "地址"}},
    {0xA010, 0xA010, {"write price table", "写价格表"}},
    {0xA011, 0xA011, {"write settlement day", "写结算日"}},
    {0xA012, 0xA012, {"write reading day", "写抄表日"}},
    {0xA013, 0xA013, {"write purchased amount", "写购入金额"}},
    {0xA014, 0xA014, {"write new key", "写新密钥"}},
    {0xA015, 0xA015, {"write clock", "写标准时间"}},
    {0xA016, 0xA016, {"write mechanical register value", "写机电同步数据"}},
    {0xA017, 0xA017, {"valve control", "阀门控制"}},
    {0xA018, 0xA018, {"write address", "写地址"}},
    {0xA019, 0xA019, {"factory enable", "出厂启用"}},
    {0xA101, 0xA101, {"enter verification mode", "进入检定状态"}},
    {0xA102, 0xA102, {"leave verification mode", "退出检定状态"}},
    {0xA103, 0xA103, {"communication parameters", "通信参数"}},
    {0xA104, 0xA104, {"freeze parameters", "冻结参数"}},
    {0xA105, 0xA105, {"alarm volume", "报警量"}},
    {0xA106, 0xA106, {"alarm amount", "报警金额"}},
    {0xA107, 0xA107, {"change key", "修改密钥"}},
    {0xD120, 0xD12B, {"settlement value of a past month", "历史计量数据"}},
    {0xD200, 0xD2FF, {"settlement history 2", "历史结算数据2"}},
    {0xD300, 0xD3FF, {"timed freeze", "定时冻结数据"}},
    {0xD400, 0xD4FF, {"instant freeze", "瞬时冻结数据"}},
};

}  // namespace

std::string DataIdentifier::to_string() const {
  const std::array<std::uint8_t, 2> octets = {high(), low()};
  return to_hex(octets);
}

Label identifier_label(DataIdentifier identifier) noexcept {
  for (const NamedRange& range : names) {
    if (identifier.value >= range.first && identifier.value <= range.last) return range.label;
  }
  if (is_known(identifier)) return {"single item, meaning by the maker", "单项数据（含义由厂商定义）"};
  return {"a maker's own identifier", "厂商自定义标识"};
}

std::string_view to_string(IdentifierOrder order) noexcept {
  return order == IdentifierOrder::low_first ? "low_first" : "high_first";
}

}  // namespace duheng::cjt188
