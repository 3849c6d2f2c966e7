#include "device/meter/virtual_meter.hpp"

#include <algorithm>
#include <cmath>

#include "device/meter/meter_parameters.hpp"
#include "device/meter/wire.hpp"

namespace duheng::device {
namespace {

using dlt645::DataDescription;
using dlt645::DataGroup;
using dlt645::DataIdentifier;
using dlt645::FieldKind;
using dlt645::Function;
using dlt645::Layout;

constexpr std::string_view memory_key = "dlt645";
constexpr std::size_t settlements_in_block = 1 + MeterMoments::settlements_kept;
constexpr std::uint8_t status_word_count = 7;
constexpr std::size_t answer_octets_max = 200;  // read answers carry at most 200 octets of DATA
constexpr std::size_t first_part_octets = answer_octets_max - DataIdentifier::size_octets;
constexpr std::size_t next_part_octets = first_part_octets - 1;
constexpr std::uint8_t usual_speed_word = 0x04;  // 1200 bit/s, of the first port
constexpr std::uint32_t address_identifier = 0x04000401;
constexpr std::uint32_t speed_identifier = 0x04000703;
constexpr std::int64_t minute_ms = 60'000;

MeterState fresh_state(const VirtualMeterOptions& options, const MeterQuantities& quantities) {
  const std::int64_t zone_ms = options.zone_offset_minutes * minute_ms;
  const std::int64_t installed_utc_ms = quantities.installed_utc_ms();
  MeterClock clock({zone_ms, options.clock_offset_ms, options.clock_drift_ppm, installed_utc_ms});
  EventBook events(options.seed, installed_utc_ms, clock.own_ms(installed_utc_ms), options.three_phase);
  MeterState out{std::move(clock), Consumption(quantities.curve(), zone_ms), std::move(events)};
  out.passwords.passwords.fill(options.password);
  return out;
}

std::int64_t apparent(std::int64_t active, std::int64_t reactive) {
  const auto p = static_cast<double>(active);
  const auto q = static_cast<double>(reactive);
  return std::llround(std::sqrt(p * p + q * q));
}

}  // namespace

VirtualMeter::VirtualMeter(const VirtualMeterOptions& options, std::shared_ptr<DeviceMemory> memory)
    : options_(options),
      uid_(options.address.to_string()),
      memory_(std::move(memory)),
      quantities_(options_, state_),
      state_(fresh_state(options_, quantities_)) {
  if (!memory_) return;
  if (const auto stored = memory_->load(memory_key)) memory_failed_ = !decode_meter_state(*stored, state_).has_value();
}

std::uint32_t VirtualMeter::told_speed() const {
  const auto* written = state_.find_parameter(speed_identifier);
  return written == nullptr || written->empty() ? 0 : dlt645::speed_of(written->front());
}

dlt645::Address VirtualMeter::address() const {
  const auto* written = state_.find_parameter(address_identifier);
  if (written == nullptr || written->size() != dlt645::Address::size_octets) return options_.address;
  std::array<std::uint8_t, dlt645::Address::size_octets> wire{};
  std::ranges::copy(*written, wire.begin());
  return dlt645::Address::from_wire(wire);
}

Result<void> VirtualMeter::keep(MeterState next) {
  if (memory_) DUHENG_CHECK(memory_->store(memory_key, encode_meter_state(next)));
  state_ = std::move(next);
  quantities_.forget();
  following_.reset();
  return {};
}

std::uint64_t bus_key_of(const dlt645::Address& address) noexcept {
  std::uint64_t key = 0;
  const auto& wire = address.wire();
  for (auto octet = wire.rbegin(); octet != wire.rend(); ++octet) key = key << 8 | *octet;
  return key;
}

std::uint64_t VirtualMeter::bus_key() const noexcept { return bus_key_of(address()); }

std::optional<DeviceAnswer> VirtualMeter::answer(std::int64_t utc_ms, ByteView question) {
  const auto frame = dlt645::decode_at_start(question);
  if (!frame) return std::nullopt;
  const auto said = answer(utc_ms, *frame);
  if (!said) return std::nullopt;
  const ByteView octets = said->frame.view();
  return DeviceAnswer{Bytes(octets.begin(), octets.end()), said->identifier.value};
}

std::optional<std::int64_t> VirtualMeter::energy_of(std::int64_t utc_ms, const DataDescription& what,
                                                    std::size_t element) const {
  const int tariff = what.layout == Layout::tariffs ? static_cast<int>(element) : what.tariff;
  const std::size_t settlement = what.layout == Layout::settlements ? element : what.settlement;
  const std::uint8_t quantity = what.identifier.di(2);
  if (settlement == 0) return quantities_.energy(utc_ms, quantity, tariff);
  if (settlement >= settlements_in_block) return std::nullopt;
  const auto moment = quantities_.moments(utc_ms).settlement(settlement);
  return moment ? quantities_.energy(*moment, quantity, tariff) : std::nullopt;
}

std::optional<std::int64_t> VirtualMeter::variable_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                      std::size_t element) const {
  constexpr std::int64_t usual_decidegree = 250;
  constexpr std::int64_t battery_centivolt = 360;
  if (identifier == 0x02800004) return quantities_.present_demand_deciwatt(utc_ms);
  if (identifier == 0x02800005) return quantities_.present_demand_decivar(utc_ms);
  if (identifier == 0x02800007) return usual_decidegree + wander(mixed(options_.seed, 17), utc_ms, 900'000, 60);
  if (identifier == 0x02800008) return battery_centivolt;
  const auto measured = quantities_.measure(utc_ms);
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
    case 5:
      return apparent(measured.power_active_deciwatt[place], measured.power_reactive_decivar[place]);
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
  if (identifier == address_identifier) return std::stoll(address().to_string());
  if (identifier == 0x04000402) return std::stoll(uid_);
  if (identifier == speed_identifier) {
    const auto* written = state_.find_parameter(speed_identifier);
    return written == nullptr || written->empty() ? usual_speed_word : written->front();
  }
  const bool is_block = identifier == 0x040005FF;
  if (!is_block && (identifier < 0x04000501 || identifier > 0x04000507)) return std::nullopt;
  const std::size_t word = is_block ? element + 1 : identifier & 0xFF;
  if (word > status_word_count) return std::nullopt;
  return quantities_.status_word(utc_ms, word, memory_failed_);
}

std::optional<std::int64_t> VirtualMeter::freeze_of(std::int64_t utc_ms, const DataDescription& what,
                                                    std::size_t element) const {
  const std::uint8_t quantity = what.identifier.di(1);
  if (quantity == 0) return std::nullopt;  // the time of the freeze: see MeterRecords
  const auto moment = records(utc_ms).freeze_moment(what.identifier);
  if (!moment) return std::nullopt;
  return quantities_.energy(*moment, quantity, static_cast<int>(element));
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

std::optional<Bytes> VirtualMeter::demand_payload(std::int64_t utc_ms, const DataDescription& what) const {
  const std::uint8_t quantity = what.identifier.di(2);
  if (quantity != 1 && quantity != 2) return std::nullopt;
  const std::size_t elements = what.is_block() ? dlt645::elements_max(what.layout) : 1;
  Bytes out;
  for (std::size_t element = 0; element < elements; ++element) {
    const int tariff = what.layout == Layout::tariffs ? static_cast<int>(element) : what.tariff;
    const std::size_t settlement = what.layout == Layout::settlements ? element : what.settlement;
    if (settlement >= settlements_in_block) break;
    const auto demand = quantities_.demand(utc_ms, settlement, quantity == 2, tariff);
    if (!demand) break;
    wire::put_demand(out, demand->deciwatt,
                     demand->end_utc_ms ? std::optional(state_.clock.own_ms(*demand->end_utc_ms)) : std::nullopt);
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

std::optional<Bytes> VirtualMeter::parameter_payload(std::int64_t utc_ms, std::uint32_t identifier) const {
  if (const auto* written = state_.find_parameter(identifier)) return *written;
  if (const auto* known = find_meter_parameter(identifier)) return device::payload_of(*known);
  const auto number = static_cast<std::uint8_t>(identifier);
  Bytes out;
  if ((identifier & 0xFFFFFF00U) == 0x04000A00 && number >= 2 && number <= 7) {
    const auto record_class = static_cast<std::uint8_t>(number - 1);
    wire::put(out, {FieldKind::bcd, 2}, state_.schedule.interval_minutes(record_class, utc_ms));
    return out;
  }
  if ((identifier & 0xFFFFFF00U) == 0x04000B00 && number >= 1 && number <= 3) {
    wire::put(out, {FieldKind::bcd, 2}, state_.schedule.settlement_days(utc_ms)[number - 1U]);
    return out;
  }
  return tariff_table(identifier);
}

std::optional<Bytes> VirtualMeter::long_payload_of(std::int64_t utc_ms, const DataDescription& what,
                                                   const dlt645::ReadRequest& request) const {
  switch (what.group) {
    case DataGroup::demand:
      return demand_payload(utc_ms, what);
    case DataGroup::event:
      return records(utc_ms).event(what.identifier);
    case DataGroup::parameter:
      return parameter_payload(utc_ms, what.identifier.value);
    case DataGroup::freeze:
      return records(utc_ms).freeze(what.identifier);
    case DataGroup::load_record:
      return records(utc_ms).load_records(request);
    default:
      return std::nullopt;
  }
}

std::optional<VirtualMeter::Answer> VirtualMeter::answer_in_parts(DataIdentifier identifier, Bytes payload) {
  const std::size_t first = std::min(payload.size(), first_part_octets);
  const auto frame = dlt645::read_reply(address(), identifier, ByteView(payload).first(first), first < payload.size());
  if (!frame) return std::nullopt;
  if (first < payload.size()) following_ = Following{identifier, std::move(payload)};
  return Answer{*frame, identifier};
}

std::optional<VirtualMeter::Answer> VirtualMeter::read(std::int64_t utc_ms, ByteView plain) {
  const auto refuse = [&](std::uint8_t error) {
    constexpr auto function = static_cast<std::uint8_t>(Function::read);
    return Answer{dlt645::error_reply(address(), function, error), {}};
  };
  following_.reset();
  const auto identifier = dlt645::read_identifier(plain);
  if (!identifier) return refuse(dlt645::error_bits::other_error);
  const auto what = dlt645::describe(*identifier);
  if (!what) return refuse(dlt645::error_bits::no_requested_data);
  std::array<std::uint8_t, first_part_octets> payload;
  if (const auto size = payload_of(utc_ms, *what, payload)) {
    const auto frame = dlt645::read_reply(address(), *identifier, ByteView(payload).first(*size));
    return frame ? std::optional(Answer{*frame, *identifier}) : std::nullopt;
  }
  const auto request = dlt645::parse_read_request(plain);
  if (!request) return refuse(dlt645::error_bits::other_error);
  auto content = long_payload_of(utc_ms, *what, *request);
  if (!content || content->empty()) return refuse(dlt645::error_bits::no_requested_data);
  return answer_in_parts(*identifier, std::move(*content));
}

std::optional<VirtualMeter::Answer> VirtualMeter::read_following(ByteView plain) {
  constexpr auto function = static_cast<std::uint8_t>(Function::read_following);
  const Answer refusal{dlt645::error_reply(address(), function, dlt645::error_bits::no_requested_data), {}};
  if (plain.size() != DataIdentifier::size_octets + 1 || !following_) return refusal;
  const auto identifier = DataIdentifier::from_plain(plain);
  const std::uint8_t sequence = plain[DataIdentifier::size_octets];
  if (sequence == 0 || identifier != following_->identifier) return refusal;
  // By its number, so that a part that was lost may be asked for again.
  const ByteView whole = following_->payload;
  const std::size_t begin = first_part_octets + (sequence - 1U) * next_part_octets;
  if (begin >= whole.size()) return refusal;
  const std::size_t size = std::min(next_part_octets, whole.size() - begin);
  const auto frame = dlt645::read_following_reply(address(), identifier, whole.subspan(begin, size), sequence,
                                                  begin + size < whole.size());
  return frame ? std::optional(Answer{*frame, identifier}) : std::nullopt;
}

std::optional<VirtualMeter::Answer> VirtualMeter::answer(std::int64_t utc_ms, const dlt645::FrameView& question) {
  if (question.from_slave() || !state_.consumption.has_supply(utc_ms)) return std::nullopt;
  const auto plain = question.plain_data();
  const auto meant = question.address();
  const bool is_own = meant.matches(address());
  if (!is_own && !meant.is_broadcast()) return std::nullopt;
  if (question.is(Function::broadcast_time)) {
    correct_clock(utc_ms, question, plain.view());
    return std::nullopt;
  }
  if (meant.is_broadcast()) {
    if (question.is(Function::freeze)) static_cast<void>(obey(utc_ms, question, plain.view()));
    return std::nullopt;
  }
  if (question.is(Function::read)) return read(utc_ms, plain.view());
  if (question.is(Function::read_following)) return read_following(plain.view());
  if (question.is(Function::read_address) && plain.size() == 0)
    return Answer{dlt645::read_address_reply(address()), {}};
  // Only questions and writes may be meant for a meter whose digits the master does not know.
  if (meant.has_unknown_digits() && !question.is(Function::write) && !question.is(Function::write_address) &&
      !question.is(Function::security))
    return std::nullopt;
  return obey(utc_ms, question, plain.view());
}

}  // namespace duheng::device
