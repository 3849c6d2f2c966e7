#include "device/meter/meter_parameters.hpp"

#include <algorithm>
#include <array>

#include "device/meter/load_curve.hpp"
#include "device/meter/wire.hpp"

namespace duheng::device {
namespace {

constexpr std::array parameters{
    MeterParameter{0x04000103, 15, {}, true},
    MeterParameter{0x04000104, 5, {}, true},
    MeterParameter{0x04000105, 80, {}, true},
    MeterParameter{0x04000201, 1},
    MeterParameter{0x04000202, 1},
    MeterParameter{0x04000203, 6},
    MeterParameter{0x04000204, 4},
    MeterParameter{0x04000205, 0},
    MeterParameter{0x04000301, 5, {}, true},
    MeterParameter{0x04000302, 5, {}, true},
    MeterParameter{0x04000303, 2, {}, true},
    MeterParameter{0x04000304, 4, {}, true},
    MeterParameter{0x04000305, 20, {}, true},
    MeterParameter{0x04000403, 0, "DUHENG", true},
    MeterParameter{0x04000404, 0, "220V"},
    MeterParameter{0x04000405, 0, "5A"},
    MeterParameter{0x04000406, 0, "60A"},
    MeterParameter{0x04000407, 0, "1.0"},
    MeterParameter{0x04000408, 0, "2.0"},
    MeterParameter{0x04000409, 1'200, {}, true},
    MeterParameter{0x0400040A, 1'200, {}, true},
    MeterParameter{0x0400040B, 0, "DHV645"},
    MeterParameter{0x0400040C, 0, "2022-01-05"},
    MeterParameter{0x0400040D, 0, "DL/T645-2007"},
    MeterParameter{0x04000601, 0x05},
    MeterParameter{0x04000602, 0x05},
    MeterParameter{0x04000603, 0x50},
    MeterParameter{0x04000801, 0x7F, {}, true},
    MeterParameter{0x04000802, 1, {}, true},
    MeterParameter{0x04000901, 0x3F},
    MeterParameter{0x04000902, 0x51},
    MeterParameter{0x04000A01, 1'010'000},
    MeterParameter{0x04000E01, 600'000, {}, true},
    MeterParameter{0x04000E02, 600'000, {}, true},
    MeterParameter{0x04000E03, 2'640, {}, true},
    MeterParameter{0x04000E04, 1'760, {}, true},
};
static_assert(std::ranges::is_sorted(parameters, {}, &MeterParameter::identifier));

constexpr std::uint32_t zone_table = 0x04010000;
constexpr std::uint32_t day_table = 0x04010001;

void put_period(Bytes& out, int slot) {
  const int minutes = slot * 24 * 60 / LoadCurve::slots;
  const int tariff = LoadCurve::tariff_of_slot(slot) + 1;
  wire::put(out, {wire::FieldKind::period_entry, 3}, (minutes / 60 * 100 + minutes % 60) * 100 + tariff);
}

}  // namespace

std::span<const MeterParameter> meter_parameters() noexcept { return parameters; }

const MeterParameter* find_meter_parameter(std::uint32_t identifier) noexcept {
  const auto found = std::ranges::lower_bound(parameters, identifier, {}, &MeterParameter::identifier);
  return found != parameters.end() && found->identifier == identifier ? &*found : nullptr;
}

std::optional<Bytes> payload_of(const MeterParameter& parameter) {
  const auto what = dlt645::describe({parameter.identifier});
  if (!what || what->field_count != 1) return std::nullopt;
  const auto& format = what->fields().front();
  Bytes out(format.size_octets);
  if (format.kind == dlt645::FieldKind::text) {
    // The last character travels first; what is short is filled behind its end.
    std::ranges::fill(out, std::uint8_t{' '});
    for (std::size_t i = 0; i < parameter.text.size() && i < out.size(); ++i)
      out[out.size() - 1 - i] = static_cast<std::uint8_t>(parameter.text[i]);
    return out;
  }
  if (!dlt645::encode_value(format, parameter.mantissa, out)) return std::nullopt;
  return out;
}

std::optional<Bytes> tariff_table(std::uint32_t identifier) {
  Bytes out;
  if (identifier == zone_table) {
    wire::put(out, {wire::FieldKind::zone_entry, 3}, 10'101);
    return out;
  }
  if (identifier != day_table) return std::nullopt;
  put_period(out, 0);
  for (int slot = 1; slot < LoadCurve::slots; ++slot)
    if (LoadCurve::tariff_of_slot(slot) != LoadCurve::tariff_of_slot(slot - 1)) put_period(out, slot);
  return out;
}

bool is_content_of(dlt645::DataIdentifier identifier, ByteView payload) {
  const auto what = dlt645::describe(identifier);
  if (!what || what->field_count != 1 || payload.size() != what->item_octets) return false;
  dlt645::ValueList values;
  if (!dlt645::decode_values(*what, payload, values) || values.size() != 1) return false;
  return values[0].state == dlt645::ValueState::good && dlt645::is_calendar_valid(values[0]);
}

std::optional<std::int64_t> digits_of(ByteView payload) {
  std::int64_t out = 0;
  for (auto octet = payload.rbegin(); octet != payload.rend(); ++octet) {
    if ((*octet >> 4) > 9 || (*octet & 0x0F) > 9) return std::nullopt;
    out = out * 100 + (*octet >> 4) * 10 + (*octet & 0x0F);
  }
  return out;
}

}  // namespace duheng::device
