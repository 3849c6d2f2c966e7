#include "codec/cjt188/control.hpp"

namespace duheng::cjt188 {

Label function_label(std::uint8_t function) noexcept {
  switch (static_cast<Function>(function)) {
    case Function::read:
      return {"read data", "读数据"};
    case Function::read_address:
      return {"read address", "读地址"};
    case Function::write:
      return {"write data", "写数据"};
    case Function::read_key_version:
      return {"read key version", "读密钥版本号"};
    case Function::write_address:
      return {"write address", "写地址"};
    case Function::write_sync:
      return {"write mechanical register value", "写机电同步数据"};
  }
  return {"a maker's own function", "厂商自定义功能"};
}

std::string_view to_string(MeterFamily family) noexcept {
  switch (family) {
    case MeterFamily::water:
      return "water";
    case MeterFamily::heat:
      return "heat";
    case MeterFamily::gas:
      return "gas";
    case MeterFamily::user_defined:
      return "user_defined";
    case MeterFamily::any:
      return "any";
    case MeterFamily::unknown:
      break;
  }
  return "unknown";
}

Label meter_type_label(std::uint8_t meter_type) noexcept {
  switch (meter_type) {
    case meter_types::cold_water:
      return {"cold water meter", "冷水水表"};
    case meter_types::hot_water:
      return {"domestic hot water meter", "生活热水水表"};
    case meter_types::drinking_water:
      return {"drinking water meter", "直饮水水表"};
    case meter_types::reclaimed_water:
      return {"reclaimed water meter", "中水水表"};
    case meter_types::heat:
      return {"heat meter, heating", "热量表（计热量）"};
    case meter_types::cooling:
      return {"heat meter, cooling", "热量表（计冷量）"};
    case meter_types::heat_and_cooling:
      return {"heat meter, heating and cooling", "热量表（计热计冷）"};
    case meter_types::gas:
      return {"gas meter", "燃气表"};
    case meter_types::electricity:
      return {"electricity meter (2004), user-defined (2018)", "电度表（2004）、自定义（2018）"};
    case meter_types::any:
      return {"any type", "任意类型"};
    default:
      break;
  }
  switch (family_of(meter_type)) {
    case MeterFamily::water:
      return {"water meter, other type", "水表（其他类型）"};
    case MeterFamily::heat:
      return {"heat meter, other type", "热量表（其他类型）"};
    case MeterFamily::gas:
      return {"gas meter, other type", "燃气表（其他类型）"};
    case MeterFamily::user_defined:
      return {"user-defined type", "自定义类型"};
    default:
      return {"unknown type", "未知类型"};
  }
}

}  // namespace duheng::cjt188
