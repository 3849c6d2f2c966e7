// 00xx energies (class 1) and 10xx, 11xx maximum demands (class 2). The last digit of an OI is the phase: 0 total, 1 A,
// 2 B, 3 C; a line here stands for all four.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;

// Attribute 4 is attribute 2 with two more places.
constexpr Shape kwh = u32("", "", -2, kilowatt_hour);
constexpr Shape kwh_signed = i32("", "", -2, kilowatt_hour);
constexpr Shape kvarh = u32("", "", -2, kilovar_hour);
constexpr Shape kvarh_signed = i32("", "", -2, kilovar_hour);
constexpr Shape kvah = u32("", "", -2, kilovolt_ampere_hour);
constexpr Shape precise_kwh = u64("", "", -4, kilowatt_hour);
constexpr Shape precise_kwh_signed = i64("", "", -4, kilowatt_hour);
constexpr Shape precise_kvarh = u64("", "", -4, kilovar_hour);
constexpr Shape precise_kvarh_signed = i64("", "", -4, kilovar_hour);
constexpr Shape precise_kvah = u64("", "", -4, kilovolt_ampere_hour);

constexpr Shape tariffs(const Shape& element) { return list("", "", element, Layout::tariffs); }

struct EnergyKind {
  Shape value;
  const Member (&precise)[1];
};
constexpr Member kwh_4[] = {{4, tariffs(precise_kwh), {}, Certainty::several_sources}};
constexpr Member kwh_signed_4[] = {{4, tariffs(precise_kwh_signed), {}, Certainty::several_sources}};
constexpr Member kvarh_4[] = {{4, tariffs(precise_kvarh), {}, Certainty::several_sources}};
constexpr Member kvarh_signed_4[] = {{4, tariffs(precise_kvarh_signed), {}, Certainty::several_sources}};
constexpr Member kvah_4[] = {{4, tariffs(precise_kvah), {}, Certainty::several_sources}};

constexpr EnergyKind active{tariffs(kwh), kwh_4};
constexpr EnergyKind active_signed{tariffs(kwh_signed), kwh_signed_4};
constexpr EnergyKind reactive{tariffs(kvarh), kvarh_4};
constexpr EnergyKind reactive_signed{tariffs(kvarh_signed), kvarh_signed_4};
constexpr EnergyKind apparent{tariffs(kvah), kvah_4};

constexpr Line energy(std::uint16_t oi, const EnergyKind& kind, Text stem, Text english, Text chinese) {
  return object(oi, 1, english, chinese).holds(kind.value).with(kind.precise).as(stem);
}

constexpr auto energies = objects_of({
    energy(0x0000, active_signed, "energy_active_combined", "combined active energy", "组合有功电能"),
    energy(0x0010, active, "energy_active_import", "forward active energy", "正向有功电能"),
    energy(0x0020, active, "energy_active_export", "reverse active energy", "反向有功电能"),
    energy(0x0030, reactive_signed, "energy_reactive_combined_1", "combined reactive energy 1", "组合无功1电能"),
    energy(0x0040, reactive_signed, "energy_reactive_combined_2", "combined reactive energy 2", "组合无功2电能"),
    energy(0x0050, reactive, "energy_reactive_quadrant_1", "reactive energy quadrant 1", "第一象限无功电能"),
    energy(0x0060, reactive, "energy_reactive_quadrant_2", "reactive energy quadrant 2", "第二象限无功电能"),
    energy(0x0070, reactive, "energy_reactive_quadrant_3", "reactive energy quadrant 3", "第三象限无功电能"),
    energy(0x0080, reactive, "energy_reactive_quadrant_4", "reactive energy quadrant 4", "第四象限无功电能"),
    energy(0x0090, apparent, "energy_apparent_import", "forward apparent energy", "正向视在电能"),
    energy(0x00A0, apparent, "energy_apparent_export", "reverse apparent energy", "反向视在电能"),
    energy(0x0110, active, "", "forward active energy, fundamental", "正向有功基波电能"),
    energy(0x0120, active, "", "reverse active energy, fundamental", "反向有功基波电能"),
    energy(0x0210, active, "", "forward active energy, harmonics", "正向有功谐波电能"),
    energy(0x0220, active, "", "reverse active energy, harmonics", "反向有功谐波电能"),
    energy(0x0300, active, "", "copper loss compensation, active energy", "铜损有功电能补偿量"),
    energy(0x0400, active, "", "iron loss compensation, active energy", "铁损有功电能补偿量"),
    energy(0x0500, active, "", "associated energy", "关联电能"),
});
static_assert(is_ordered(energies));

constexpr Shape at = moment("time", "发生时间");
constexpr Shape kw_parts[] = {u32("maximum", "最大需量值", -4, kilowatt), at};
constexpr Shape kvar_parts[] = {u32("maximum", "最大需量值", -4, kilovar), at};
constexpr Shape kvar_signed_parts[] = {i32("maximum", "最大需量值", -4, kilovar), at};
constexpr Shape kva_parts[] = {u32("maximum", "最大需量值", -4, kilovolt_ampere), at};
constexpr Shape kw = record("", "", kw_parts);
constexpr Shape kvar = record("", "", kvar_parts);
constexpr Shape kvar_signed = record("", "", kvar_signed_parts);
constexpr Shape kva = record("", "", kva_parts);

constexpr Line demand(std::uint16_t oi, const Shape& element, Text stem, Text english, Text chinese) {
  return object(oi, 2, english, chinese).holds(tariffs(element)).as(stem);
}

constexpr auto demands = objects_of({
    demand(0x1010, kw, "demand_active_import", "forward active maximum demand", "正向有功最大需量"),
    demand(0x1020, kw, "demand_active_export", "reverse active maximum demand", "反向有功最大需量"),
    demand(0x1030, kvar_signed, "demand_reactive_combined_1", "combined reactive maximum demand 1",
           "组合无功1最大需量"),
    demand(0x1040, kvar_signed, "demand_reactive_combined_2", "combined reactive maximum demand 2",
           "组合无功2最大需量"),
    demand(0x1050, kvar, "demand_reactive_quadrant_1", "reactive maximum demand quadrant 1", "第一象限最大需量"),
    demand(0x1060, kvar, "demand_reactive_quadrant_2", "reactive maximum demand quadrant 2", "第二象限最大需量"),
    demand(0x1070, kvar, "demand_reactive_quadrant_3", "reactive maximum demand quadrant 3", "第三象限最大需量"),
    demand(0x1080, kvar, "demand_reactive_quadrant_4", "reactive maximum demand quadrant 4", "第四象限最大需量"),
    demand(0x1090, kva, "demand_apparent_import", "forward apparent maximum demand", "正向视在最大需量"),
    demand(0x10A0, kva, "demand_apparent_export", "reverse apparent maximum demand", "反向视在最大需量"),
    demand(0x1110, kw, "", "forward active maximum demand of the freeze period", "冻结周期内正向有功最大需量"),
    demand(0x1120, kw, "", "reverse active maximum demand of the freeze period", "冻结周期内反向有功最大需量"),
    demand(0x1130, kvar_signed, "", "combined reactive maximum demand 1 of the freeze period",
           "冻结周期内组合无功1最大需量"),
    demand(0x1140, kvar_signed, "", "combined reactive maximum demand 2 of the freeze period",
           "冻结周期内组合无功2最大需量"),
    demand(0x1150, kvar, "", "reactive maximum demand quadrant 1 of the freeze period", "冻结周期内第一象限最大需量"),
    demand(0x1160, kvar, "", "reactive maximum demand quadrant 2 of the freeze period", "冻结周期内第二象限最大需量"),
    demand(0x1170, kvar, "", "reactive maximum demand quadrant 3 of the freeze period", "冻结周期内第三象限最大需量"),
    demand(0x1180, kvar, "", "reactive maximum demand quadrant 4 of the freeze period", "冻结周期内第四象限最大需量"),
    demand(0x1190, kva, "", "forward apparent maximum demand of the freeze period", "冻结周期内正向视在最大需量"),
    demand(0x11A0, kva, "", "reverse apparent maximum demand of the freeze period", "冻结周期内反向视在最大需量"),
});
static_assert(is_ordered(demands));

}  // namespace

std::span<const Object> energy_objects() noexcept { return energies; }
std::span<const Object> demand_objects() noexcept { return demands; }

}  // namespace duheng::dlt698::objects::table
