#include "device/curve/climate.hpp"
#include "device/curve/utility_curve.hpp"
#include "device/modbus/behaviours.hpp"
#include "device/modbus/mishaps.hpp"

namespace duheng::device {
namespace {

using modbus::Table;
using modbus::ValueType;

constexpr std::uint16_t position_most = 1'000;  // 100.0 %
constexpr std::uint16_t position_usual = 600;
constexpr std::uint16_t frequency_most = 6'000;  // 60.00 Hz
constexpr std::uint16_t frequency_usual = 4'200;
constexpr std::uint16_t holding_position = 0;
constexpr std::uint16_t holding_frequency = 1;
constexpr std::uint16_t coil_pump = 0;
constexpr std::int64_t primary_lift_centidegree = 2'000;  // a primary circuit is hotter than a household's
constexpr std::int64_t exchanger_loss_centidegree = 600;

class HeatStation final : public ModbusBehaviour {
 public:
  explicit HeatStation(const ModbusBehaviourOptions& options)
      : seed_(options.seed),
        zone_ms_(options.zone_offset_minutes * 60'000LL),
        curve_(options.seed, installed_day_of(options.seed), ThermalCurve::Purpose::heating,
               static_cast<std::int32_t>(20'000 + mixed(options.seed, 2) % 20'000)),
        make_up_(mixed(options.seed, 3), installed_day_of(options.seed), false) {}
  [[nodiscard]] std::string_view product_code() const noexcept override { return "DHG-HS1"; }

  void measure(std::int64_t utc_ms, RegisterBank& bank) const override {
    const std::int64_t now = utc_ms + zone_ms_;
    measure_temperatures(now, bank);
    measure_pressures(utc_ms, bank);
    const auto put = [&](std::uint16_t address, ValueType type, std::int64_t number) {
      bank.put(Table::input_registers, address, type, number);
    };
    put(10, ValueType::uint32, scaled(curve_.flow_microlitre_h(now)) / 1'000'000);
    put(12, ValueType::uint32, make_up_.flow_microlitre_h(now) / 1'000'000);
    put(14, ValueType::int32, scaled(curve_.power_mw(now)) / 100'000);
    put(20, ValueType::uint32, heat_centikwh(now) / 10);
    put(22, ValueType::uint32, static_cast<std::int64_t>(make_up_.volume(now) / volume_units::litre));
    bank.put(Table::holding_registers, holding_position, ValueType::uint16, position_);
    bank.put(Table::holding_registers, holding_frequency, ValueType::uint16, frequency_);
    bank.put_bit(0, runs());
    bank.put_bit(1, make_up_.flow_microlitre_h(now) >= 1'000'000);
    bank.put_bit(2, mishaps_.cover_open);
    bank.put_bit(3, false);  // no flood happens here
    bank.put_bit(4, !mishaps_.has_supply());
    bank.coils = {pump_on_};
  }

  Outcome write_register(std::int64_t utc_ms, std::uint16_t address, std::uint16_t value, bool check_only) override {
    if (address != holding_position && address != holding_frequency) return Outcome::no_such_address;
    const bool is_position = address == holding_position;
    if (value > (is_position ? position_most : frequency_most)) return Outcome::bad_value;
    if (check_only) return Outcome::taken;
    settle(utc_ms + zone_ms_);
    (is_position ? position_ : frequency_) = value;
    return Outcome::taken;
  }
  Outcome write_coil(std::int64_t utc_ms, std::uint16_t address, bool on, bool check_only) override {
    if (address != coil_pump) return Outcome::no_such_address;
    if (check_only) return Outcome::taken;
    settle(utc_ms + zone_ms_);
    pump_on_ = on;
    return Outcome::taken;
  }
  /// Its controller runs on a battery when the mains are lost; pump and valve do not.
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override {
    settle(utc_ms + zone_ms_);
    mishaps_.note(happening);
  }
  [[nodiscard]] Bytes save() const override {
    Bytes out;
    ByteWriter writer(out);
    writer.u16(position_);
    writer.u16(frequency_);
    writer.u8(pump_on_ ? 1 : 0);
    writer.zigzag(settled_);
    writer.zigzag(settled_at_);
    writer.zigzag(since_);
    return out;
  }
  [[nodiscard]] bool restore(ByteView saved) override {
    ByteReader in(saved);
    const std::uint16_t position = in.u16();
    const std::uint16_t frequency = in.u16();
    const bool pump_on = in.u8() != 0;
    const std::int64_t settled = in.zigzag();
    const std::int64_t settled_at = in.zigzag();
    const std::int64_t since = in.zigzag();
    if (!in.ok() || !in.at_end() || position > position_most || frequency > frequency_most) return false;
    position_ = position;
    frequency_ = frequency;
    pump_on_ = pump_on;
    settled_ = settled;
    settled_at_ = settled_at;
    since_ = since;
    return true;
  }

 private:
  [[nodiscard]] bool runs() const noexcept { return pump_on_ && frequency_ > 0 && mishaps_.has_supply(); }
  /// What the valve lets through, in 1/600 of what the weather asks for.
  [[nodiscard]] std::int64_t opening() const noexcept { return runs() ? position_ : 0; }
  [[nodiscard]] std::int64_t scaled(std::int64_t amount) const noexcept { return amount * opening() / position_usual; }
  /// Before the opening changes: what flowed until now flowed by the old one.
  void settle(std::int64_t now) {
    if (now < since_) now = since_;  // a clock set back takes nothing away
    const std::int64_t energy = curve_.energy_centikwh(now);
    settled_ += (energy - settled_at_) * opening();
    settled_at_ = energy;
    since_ = now;
  }
  [[nodiscard]] std::int64_t heat_centikwh(std::int64_t now) const {
    if (now < since_) now = since_;
    return (settled_ + (curve_.energy_centikwh(now) - settled_at_) * opening()) / position_usual;
  }
  void measure_temperatures(std::int64_t now, RegisterBank& bank) const {
    const auto primary = curve_.temperatures(now);
    const std::int64_t difference = primary.supply_centidegree - primary.back_centidegree;
    const bool is_hot = difference > 0 && opening() > 0;
    const std::int64_t supply = is_hot ? primary.supply_centidegree + primary_lift_centidegree : 2'500;
    const std::int64_t back = is_hot ? supply - difference : supply;
    const std::int64_t secondary = is_hot ? back - exchanger_loss_centidegree : 2'400;
    const std::array<std::int64_t, 5> all{supply, back, mishaps_.sensor_broken ? no_measurement : secondary,
                                          secondary - (is_hot ? difference * 6 / 10 : 0), outdoor_centidegree(now)};
    for (std::uint16_t i = 0; i < all.size(); ++i) bank.put(Table::input_registers, i, ValueType::int16, all[i]);
  }
  void measure_pressures(std::int64_t utc_ms, RegisterBank& bank) const {
    const std::array<std::int64_t, 4> rest{900, 700, 420, 300};  // kPa
    for (std::uint16_t i = 0; i < rest.size(); ++i)
      bank.put(Table::input_registers, static_cast<std::uint16_t>(5 + i), ValueType::uint16,
               rest[i] + wander(mixed(seed_, 20, i), utc_ms, 30'000, 12));
  }

  std::uint64_t seed_;
  std::int64_t zone_ms_;
  ThermalCurve curve_;
  WaterCurve make_up_;
  std::uint16_t position_ = position_usual;
  std::uint16_t frequency_ = frequency_usual;
  bool pump_on_ = true;
  Mishaps mishaps_;
  std::int64_t settled_ = 0;     // 0.01 kWh x opening
  std::int64_t settled_at_ = 0;  // the curve's energy then, 0.01 kWh
  std::int64_t since_ = INT64_MIN;
};

}  // namespace

std::unique_ptr<ModbusBehaviour> make_heat_station_behaviour(const ModbusBehaviourOptions& options) {
  return std::make_unique<HeatStation>(options);
}

}  // namespace duheng::device
