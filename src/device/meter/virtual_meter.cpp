#include "device/meter/virtual_meter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "device/curve/utility_curve.hpp"

namespace duheng::device {
namespace {

using dlt645::DataDescription;
using dlt645::DataGroup;
using dlt645::FieldKind;
using dlt645::Function;
using dlt645::Layout;

constexpr std::uint64_t grid_seed = 50;  // frequency is the same for everybody on the grid
constexpr std::int64_t ns_mw_per_centikwh = 10LL * 3'600'000'000'000'000LL;  // 10 Wh; see CurveEnergy
constexpr std::int64_t energy_limit_centikwh = 100'000'000;                  // XXXXXX.XX rolls over
constexpr std::int64_t correction_limit_ms = 300'000;  // broadcast time moves a clock by 5 min at most
constexpr std::uint8_t tariff_count = 4;
constexpr std::uint8_t freezes_kept = 62;
constexpr std::uint8_t status_word_count = 7;

/// sqrt(1 - f^2) / f in per mille, f in per mille.
std::int64_t reactive_share_per_mille(std::int64_t factor_per_mille) {
  const auto f = static_cast<double>(factor_per_mille) / 1'000.0;
  return std::llround(std::sqrt(1.0 - f * f) / f * 1'000.0);
}

}  // namespace

dlt645::DateTime civil_time(std::int64_t local_ms) noexcept {
  const std::int64_t day = day_of(local_ms);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  const std::int64_t seconds = (local_ms - day * LoadCurve::day_ms) / 1'000;
  dlt645::DateTime out;
  out.year = static_cast<std::uint16_t>(static_cast<int>(date.year()));
  out.month = static_cast<std::uint8_t>(static_cast<unsigned>(date.month()));
  out.day = static_cast<std::uint8_t>(static_cast<unsigned>(date.day()));
  out.hour = static_cast<std::uint8_t>(seconds / 3'600);
  out.minute = static_cast<std::uint8_t>(seconds / 60 % 60);
  out.second = static_cast<std::uint8_t>(seconds % 60);
  return out;
}

std::int64_t local_ms_of(const dlt645::DateTime& time) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{time.year}, std::chrono::month{time.month},
                                         std::chrono::day{time.day}};
  const std::int64_t day = std::chrono::sys_days{date}.time_since_epoch().count();
  return day * LoadCurve::day_ms + ((time.hour * 60 + time.minute) * 60 + time.second) * 1'000LL;
}

VirtualMeter::VirtualMeter(const VirtualMeterOptions& options)
    : options_(options),
      uid_(options.address.to_string()),
      curve_(options.seed, installed_day_of(options.seed), options.exports),
      installed_utc_ms_(curve_.installed_day() * LoadCurve::day_ms - options.zone_offset_minutes * 60'000LL),
      initial_centikwh_(static_cast<std::int64_t>(mixed(options.seed, 12) % 50'000)) {}

std::uint64_t bus_key_of(const dlt645::Address& address) noexcept {
  std::uint64_t key = 0;
  const auto& wire = address.wire();
  for (auto octet = wire.rbegin(); octet != wire.rend(); ++octet) key = key << 8 | *octet;
  return key;
}

std::uint64_t VirtualMeter::bus_key() const noexcept { return bus_key_of(options_.address); }

std::optional<DeviceAnswer> VirtualMeter::answer(std::int64_t utc_ms, ByteView question) {
  const auto frame = dlt645::decode_at_start(question);
  if (!frame) return std::nullopt;
  const auto said = answer(utc_ms, *frame);
  if (!said) return std::nullopt;
  const ByteView octets = said->frame.view();
  return DeviceAnswer{Bytes(octets.begin(), octets.end()), said->identifier.value};
}

std::int64_t VirtualMeter::local_ms(std::int64_t utc_ms) const noexcept {
  return utc_ms + options_.zone_offset_minutes * 60'000LL;
}

std::int64_t VirtualMeter::clock_local_ms(std::int64_t utc_ms) const noexcept {
  // Parts per million of milliseconds; in seconds first, so that decades fit.
  const std::int64_t drift_ms = (utc_ms - installed_utc_ms_) / 1'000 * options_.clock_drift_ppm / 1'000;
  return local_ms(utc_ms) + options_.clock_offset_ms + drift_ms + correction_ms_;
}

dlt645::DateTime VirtualMeter::clock(std::int64_t utc_ms) const { return civil_time(clock_local_ms(utc_ms)); }

Measurement VirtualMeter::measure(std::int64_t utc_ms) const {
  Measurement out;
  const std::int64_t power_mw = curve_.power_mw(local_ms(utc_ms));
  const std::size_t phases = options_.three_phase ? 3 : 1;
  const std::int64_t share_a =
      options_.three_phase ? 280 + static_cast<std::int64_t>(mixed(options_.seed, 13) % 120) : 1'000;
  const std::int64_t share_b =
      options_.three_phase ? 280 + static_cast<std::int64_t>(mixed(options_.seed, 14) % 120) : 0;
  const std::int64_t total = power_mw / 100;
  out.power_active_deciwatt[0] = total;
  out.power_active_deciwatt[1] = total * share_a / 1'000;
  if (options_.three_phase) {
    out.power_active_deciwatt[2] = total * share_b / 1'000;
    out.power_active_deciwatt[3] = total - out.power_active_deciwatt[1] - out.power_active_deciwatt[2];
  }
  for (std::size_t phase = 1; phase <= phases; ++phase) {
    const std::int64_t power = out.power_active_deciwatt[phase];
    const std::int64_t amount = power < 0 ? -power : power;
    const std::int64_t factor = 955 + wander(mixed(options_.seed, 15, phase), utc_ms, 60'000, 35);
    const std::int64_t voltage = 2'205 + wander(mixed(options_.seed, 16, phase), utc_ms, 20'000, 40) - power / 4'000;
    out.voltage_decivolt[phase - 1] = voltage;
    // I = P / (U x factor): 0.1 W x 10^5 / (0.1 V x per mille) = 10^-3 A.
    const std::int64_t current_ma = amount * 1'000'000 / (voltage * factor);
    out.current_ma[phase - 1] = power < 0 ? -current_ma : current_ma;
    out.power_factor_per_mille[phase] = power < 0 ? -factor : factor;
    out.power_reactive_decivar[phase] = amount * reactive_share_per_mille(factor) / 1'000;
    out.power_reactive_decivar[0] += out.power_reactive_decivar[phase];
  }
  const double p = static_cast<double>(total);
  const double q = static_cast<double>(out.power_reactive_decivar[0]);
  const double apparent = std::sqrt(p * p + q * q);
  out.power_factor_per_mille[0] = apparent > 0 ? std::llround(1'000.0 * p / apparent) : 1'000;
  out.frequency_centihertz = 5'000 + wander(grid_seed, utc_ms, 4'000, 4);
  return out;
}

std::int64_t VirtualMeter::energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) const {
  const auto energy = curve_.energy(local_ms(utc_ms));
  if (reverse)
    return tariff == 0 ? static_cast<std::int64_t>(energy.export_mw_ns / ns_mw_per_centikwh) % energy_limit_centikwh
                       : 0;
  if (tariff == 0)
    return (initial_centikwh_ + static_cast<std::int64_t>(energy.import_mw_ns / ns_mw_per_centikwh)) %
           energy_limit_centikwh;
  const auto part = energy.import_by_tariff_mw_ns[static_cast<std::size_t>(tariff - 1)] / ns_mw_per_centikwh;
  return (initial_centikwh_ / tariff_count + static_cast<std::int64_t>(part)) % energy_limit_centikwh;
}

std::optional<std::int64_t> VirtualMeter::energy_of(std::int64_t utc_ms, const DataDescription& what,
                                                    std::size_t element) const {
  const std::uint8_t quantity = what.identifier.di(2);
  const int tariff = what.layout == Layout::tariffs ? static_cast<int>(element) : what.tariff;
  const int settlement = what.layout == Layout::settlements ? static_cast<int>(element) : what.settlement;
  if (quantity > 2 || tariff > tariff_count || settlement > 12) return std::nullopt;
  std::int64_t moment = utc_ms;
  if (settlement > 0) {  // the beginning of this month, of the month before ...
    dlt645::DateTime month = civil_time(local_ms(utc_ms));
    const int months = month.year * 12 + month.month - 1 - (settlement - 1);
    month = {static_cast<std::uint16_t>(months / 12), static_cast<std::uint8_t>(months % 12 + 1), 1, 0, 0, 0};
    moment = local_ms_of(month) - options_.zone_offset_minutes * 60'000LL;
  }
  const std::int64_t forward = energy_centikwh(moment, false, tariff);
  const std::int64_t reverse = energy_centikwh(moment, true, tariff);
  if (quantity == 1) return forward;
  if (quantity == 2) return reverse;
  return (forward + reverse) % (energy_limit_centikwh * 8 / 10);  // a signed field gives a bit to the sign
}

std::optional<std::int64_t> VirtualMeter::variable_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                      std::size_t element) const {
  const auto measured = measure(utc_ms);
  if (identifier == 0x02800002) return measured.frequency_centihertz;
  const std::uint8_t quantity = static_cast<std::uint8_t>(identifier >> 16);
  const std::uint8_t part = static_cast<std::uint8_t>(identifier >> 8);
  const bool has_total = quantity >= 3;
  const std::size_t place = part == 0xFF ? element + (has_total ? 0 : 1) : part;  // 0 total, 1 A, 2 B, 3 C
  if (place > (options_.three_phase ? 3U : 1U)) return std::nullopt;
  switch (quantity) {
    case 1:
      return measured.voltage_decivolt[place - 1];
    case 2:
      return measured.current_ma[place - 1];
    case 3:
      return measured.power_active_deciwatt[place];
    case 4:
      return measured.power_reactive_decivar[place];
    case 6:
      return measured.power_factor_per_mille[place];
    default:
      return std::nullopt;
  }
}

std::optional<std::int64_t> VirtualMeter::parameter_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                       std::size_t element) const {
  if (identifier == 0x04000101) return dlt645::to_digits(clock(utc_ms), FieldKind::date_weekday);
  if (identifier == 0x04000102) return dlt645::to_digits(clock(utc_ms), FieldKind::time);
  if (identifier == 0x04000204) return tariff_count;
  if (identifier == 0x04000401 || identifier == 0x04000402) return std::stoll(options_.address.to_string());
  const bool is_block = identifier == 0x040005FF;
  if (!is_block && (identifier < 0x04000501 || identifier > 0x04000507)) return std::nullopt;
  const std::size_t word = is_block ? element + 1 : identifier & 0xFF;
  if (word > status_word_count) return std::nullopt;
  const bool backwards = measure(utc_ms).power_active_deciwatt[0] < 0;
  // Bits as in the reference: word 1 bit 4 is the direction of active power; word 3 says mains supply, relay closed.
  return word == 1 && backwards ? 1 << 4 : 0;
}

std::optional<std::int64_t> VirtualMeter::freeze_of(std::int64_t utc_ms, const DataDescription& what,
                                                    std::size_t element) const {
  constexpr std::uint8_t daily = 6;
  const std::uint8_t part = what.identifier.di(1);
  if (what.identifier.di(2) != daily || what.ordinal == 0 || what.ordinal > freezes_kept || part > 2)
    return std::nullopt;
  // The newest daily freeze was made at the last midnight.
  const std::int64_t frozen_local_ms = (day_of(local_ms(utc_ms)) - (what.ordinal - 1)) * LoadCurve::day_ms;
  if (frozen_local_ms < curve_.installed_day() * LoadCurve::day_ms) return std::nullopt;
  if (part == 0) return dlt645::to_digits(civil_time(frozen_local_ms), FieldKind::date_hour_minute);
  if (element > tariff_count) return std::nullopt;
  return energy_centikwh(frozen_local_ms - options_.zone_offset_minutes * 60'000LL, part == 2,
                         static_cast<int>(element));
}

std::optional<std::int64_t> VirtualMeter::value_of(std::int64_t utc_ms, const DataDescription& what,
                                                   std::size_t element) const {
  switch (what.group) {
    case DataGroup::energy:
      return energy_of(utc_ms, what, element);
    case DataGroup::variable:
      return variable_of(utc_ms, what.identifier.value, element);
    case DataGroup::parameter:
      return parameter_of(utc_ms, what.identifier.value, element);
    case DataGroup::freeze:
      return freeze_of(utc_ms, what, element);
    default:
      return std::nullopt;
  }
}

std::optional<std::size_t> VirtualMeter::payload_of(std::int64_t utc_ms, const DataDescription& what,
                                                    std::span<std::uint8_t> out) const {
  if (what.field_count != 1 || what.item_octets == 0) return std::nullopt;
  const auto& format = what.fields().front();
  std::size_t size = 0;
  const std::size_t elements = what.is_block() ? dlt645::elements_max(what.layout) : 1;
  for (std::size_t element = 0; element < elements && size + format.size_octets <= out.size(); ++element) {
    const auto value = value_of(utc_ms, what, element);
    if (!value) break;  // a block ends with the last thing the meter has
    const auto place = out.subspan(size, format.size_octets);
    if (format.kind == FieldKind::digits) {  // a number that is a name: its digits, low pair first
      std::int64_t rest = *value;
      for (auto& octet : place) {
        octet = static_cast<std::uint8_t>(rest % 10 | (rest / 10 % 10) << 4);
        rest /= 100;
      }
    } else if (!dlt645::encode_value(format, *value, place)) {
      return std::nullopt;
    }
    size += format.size_octets;
  }
  if (size == 0) return std::nullopt;
  return size;
}

void VirtualMeter::set_clock(std::int64_t utc_ms, ByteView plain) {
  const auto time = dlt645::decode_date_time(plain);
  if (!time || !dlt645::is_valid(*time)) return;
  const std::int64_t own_ms = clock_local_ms(utc_ms);
  const std::int64_t change_ms = local_ms_of(*time) - own_ms;
  const std::int64_t today = day_of(own_ms);
  if (change_ms > correction_limit_ms || change_ms < -correction_limit_ms || today == corrected_day_)
    return;  // once a day, 5 min
  correction_ms_ += change_ms;
  corrected_day_ = today;
}

std::optional<VirtualMeter::Answer> VirtualMeter::answer(std::int64_t utc_ms, const dlt645::FrameView& question) {
  if (question.from_slave()) return std::nullopt;
  const auto plain = question.plain_data();
  const auto meant = question.address();
  if (question.is(Function::broadcast_time)) {
    if (meant.is_broadcast() || meant.matches(options_.address)) set_clock(utc_ms, plain.view());
    return std::nullopt;
  }
  if (meant.is_broadcast() || !meant.matches(options_.address)) return std::nullopt;
  const auto& own = options_.address;
  if (question.is(Function::read_address) && plain.size() == 0) return Answer{dlt645::read_address_reply(own), {}};
  const auto refuse = [&](std::uint8_t error) {
    return Answer{dlt645::error_reply(own, question.function(), error), {}};
  };
  if (question.is(Function::read)) {
    const auto identifier = dlt645::read_identifier(plain.view());
    if (!identifier) return refuse(dlt645::error_bits::other_error);
    const auto what = dlt645::describe(*identifier);
    if (!what) return refuse(dlt645::error_bits::no_requested_data);
    std::array<std::uint8_t, 200> payload;  // read answers carry at most 200 octets of DATA
    const auto size =
        payload_of(utc_ms, *what, std::span(payload).first(payload.size() - dlt645::DataIdentifier::size_octets));
    if (!size) return refuse(dlt645::error_bits::no_requested_data);
    const auto frame = dlt645::read_reply(own, *identifier, ByteView(payload).first(*size));
    return frame ? std::optional(Answer{*frame, *identifier}) : std::nullopt;
  }
  if (question.is(Function::read_following)) return refuse(dlt645::error_bits::no_requested_data);
  if (question.is(Function::change_speed)) return refuse(dlt645::error_bits::speed_cannot_be_changed);
  if (question.is(Function::freeze)) return refuse(dlt645::error_bits::other_error);
  return refuse(dlt645::error_bits::password_error);
}

}  // namespace duheng::device
