#include "device/snmp/switch_body.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

using snmp::ObjectId;
using snmp::Value;

constexpr std::uint64_t frame_octets = 400;  // a mean
constexpr std::int64_t speed_bits = 1'000'000'000;
constexpr std::int64_t ethernet_csmacd = 6;  // ifType, RFC 2863
constexpr std::int64_t state_up = 1;
constexpr std::int64_t state_down = 2;

/// Seconds that count more by day and less by night: never fewer than half, so that nothing ever goes back.
double weighted_s(std::int64_t utc_ms) {
  constexpr double period_s = 86'400;
  const double s = static_cast<double>(utc_ms) / 1'000;
  const double phase = 2 * std::numbers::pi / period_s;
  return s - std::cos(phase * std::fmod(s, period_s)) / (2 * phase);
}

ObjectId object(std::initializer_list<std::uint32_t> below_mib_2) {
  ObjectId out{{1, 3, 6, 1, 2, 1}};
  out.parts.insert(out.parts.end(), below_mib_2);
  return out;
}
ObjectId if_entry(std::uint32_t column) { return object({2, 2, 1, column}); }
ObjectId if_x_entry(std::uint32_t column) { return object({31, 1, 1, 1, column}); }
Value counter32(std::uint64_t number) { return Value::of_unsigned(number & 0xFFFF'FFFFU, snmp::tag::counter32); }
Value counter64(std::uint64_t number) { return Value::of_unsigned(number, snmp::tag::counter64); }
Value gauge(std::int64_t number) { return Value::of_unsigned(static_cast<std::uint64_t>(number), snmp::tag::gauge32); }
Value ticks(std::int64_t ms) {
  return Value::of_unsigned(static_cast<std::uint64_t>(ms / 10) & 0xFFFF'FFFFU, snmp::tag::time_ticks);
}

}  // namespace

SwitchBody::SwitchBody(SwitchBodyOptions options, std::int64_t utc_ms)
    : options_(std::move(options)), now_ms_(utc_ms), on_since_ms_(utc_ms), counted_s_(weighted_s(utc_ms)) {
  ports_.resize(std::clamp<std::uint32_t>(options_.ports, 2, ports_max));
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    Port& one = ports_[i];
    one.alias = i == 0 ? "uplink" : i <= options_.carries.size() ? options_.carries[i - 1] : "";
    one.has_cable = !one.alias.empty();
    if (i == 0 || !one.has_cable) continue;
    one.rate_in = 200 + mixed(options_.seed, i, 1) % 4'000;
    one.rate_out = 100 + mixed(options_.seed, i, 2) % 1'000;
  }
}

SwitchBody::Port* SwitchBody::port(std::uint32_t number) noexcept {
  return number >= 1 && number <= ports_.size() ? &ports_[number - 1] : nullptr;
}

void SwitchBody::add(Counts& counts, std::uint64_t octets) {
  counts.octets += octets;
  counts.frames = (counts.octets + frame_octets - 1) / frame_octets;
}

/// All counters of all ports, whole seconds at a time: what is left of a second is counted with the next.
void SwitchBody::count_to(std::int64_t utc_ms) {
  now_ms_ = std::max(now_ms_, utc_ms);
  const auto whole_s = static_cast<std::uint64_t>(std::max(0.0, std::floor(weighted_s(now_ms_) - counted_s_)));
  if (whole_s == 0) return;
  counted_s_ += static_cast<double>(whole_s);
  if (!is_on_) return;
  Port& uplink = ports_.front();
  for (Port& one : ports_) {
    if (!one.has_link()) continue;
    one.errors_in += whole_s * one.errors_per_second;
    if (&one == &uplink) continue;
    add(one.in, whole_s * one.rate_in);
    if (!uplink.has_link()) continue;
    add(one.out, whole_s * one.rate_out);
    add(uplink.out, whole_s * one.rate_in);
    add(uplink.in, whole_s * one.rate_out);
  }
}

void SwitchBody::set_power(std::int64_t utc_ms, bool is_on) {
  count_to(utc_ms);
  if (is_on == is_on_) return;
  is_on_ = is_on;
  on_since_ms_ = now_ms_;
  for (Port& one : ports_) {
    one.in = one.out = {};
    one.errors_in = 0;
    one.changed_ms = 0;
  }
}

void SwitchBody::change(std::int64_t utc_ms, std::uint32_t number, void (*apply)(Port&, std::uint32_t),
                        std::uint32_t value) {
  count_to(utc_ms);
  Port* const one = port(number);
  if (one == nullptr) return;
  const bool had_link = one->has_link();
  apply(*one, value);
  if (one->has_link() != had_link) one->changed_ms = now_ms_ - on_since_ms_;
}
void SwitchBody::set_pulled(std::int64_t utc_ms, std::uint32_t number, bool is_pulled) {
  change(utc_ms, number, [](Port& one, std::uint32_t value) { one.is_pulled = value != 0; }, is_pulled ? 1 : 0);
}
void SwitchBody::set_enabled(std::int64_t utc_ms, std::uint32_t number, bool is_enabled) {
  change(utc_ms, number, [](Port& one, std::uint32_t value) { one.is_enabled = value != 0; }, is_enabled ? 1 : 0);
}
void SwitchBody::set_errors(std::int64_t utc_ms, std::uint32_t number, std::uint32_t per_second) {
  change(utc_ms, number, [](Port& one, std::uint32_t value) { one.errors_per_second = value; }, per_second);
}

void SwitchBody::carry(std::int64_t utc_ms, std::uint32_t number, std::uint64_t octets_in, std::uint64_t octets_out) {
  count_to(utc_ms);
  Port* const one = port(number);
  if (one == nullptr || number == 1 || !passes(number)) return;
  add(one->in, octets_in);
  add(one->out, octets_out);
  add(ports_.front().out, octets_in);
  add(ports_.front().in, octets_out);
}

bool SwitchBody::passes(std::uint32_t number) const noexcept {
  return is_on_ && number >= 1 && number <= ports_.size() && ports_[number - 1].has_link() && ports_.front().has_link();
}

std::int64_t SwitchBody::uptime_ms(std::int64_t utc_ms) const noexcept {
  return is_on_ ? std::max(now_ms_, utc_ms) - on_since_ms_ : 0;
}

void SwitchBody::put_system(MibView& view, std::int64_t up_ms) const {
  const auto system = [&](std::uint32_t what, Value value) { view.put(object({1, what}), 0, std::move(value)); };
  system(1, Value::of_text("Duheng virtual switch"));
  Bytes product;
  snmp::put_object_id(product, ObjectId{{1, 3, 6, 1, 4, 1, 8072, 9999, 9999}});  // net-snmp's playground, nobody's own
  system(2, {snmp::tag::object_id, Bytes(product.begin() + 2, product.end())});
  system(3, ticks(up_ms));
  system(4, Value::of_text(""));
  system(5, Value::of_text(options_.name));
  system(6, Value::of_text(""));
  system(7, Value::of_integer(2));  // it works at the data link
  view.put(object({2, 1}), 0, Value::of_integer(static_cast<std::int64_t>(ports_.size())));
  const std::int64_t slow = wander(options_.seed, now_ms_, 600'000, 6);
  view.put(object({25, 3, 3, 1, 2}), 1, Value::of_integer(9 + slow));  // hrProcessorLoad, %
  view.put(object({99, 1, 1, 1, 1}), 1, Value::of_integer(8));         // entPhySensorType: Celsius
  view.put(object({99, 1, 1, 1, 2}), 1, Value::of_integer(9));         // scale: units
  view.put(object({99, 1, 1, 1, 3}), 1, Value::of_integer(0));         // precision: whole numbers
  view.put(object({99, 1, 1, 1, 4}), 1, Value::of_integer(41 + slow / 2));
  view.put(object({99, 1, 1, 1, 5}), 1, Value::of_integer(1));  // it works
}

void SwitchBody::put_port(MibView& view, std::uint32_t number, const Port& one) const {
  const auto row = [&](std::uint32_t column, Value value) { view.put(if_entry(column), number, std::move(value)); };
  const auto row_x = [&](std::uint32_t column, Value value) { view.put(if_x_entry(column), number, std::move(value)); };
  const std::uint64_t hardware = mixed(options_.seed, 77);
  const std::array<std::uint8_t, 6> address{0x02,  // locally administered
                                            static_cast<std::uint8_t>(hardware),
                                            static_cast<std::uint8_t>(hardware >> 8),
                                            static_cast<std::uint8_t>(hardware >> 16),
                                            static_cast<std::uint8_t>(hardware >> 24),
                                            static_cast<std::uint8_t>(number)};
  const std::string name = fmt::format("ge-{}", number);
  row(1, Value::of_integer(number));
  row(2, Value::of_text(name));
  row(3, Value::of_integer(ethernet_csmacd));
  row(4, Value::of_integer(1'500));
  row(5, gauge(speed_bits));
  row(6, {snmp::tag::octet_string, Bytes(address.begin(), address.end())});
  row(7, Value::of_integer(one.is_enabled ? state_up : state_down));
  row(8, Value::of_integer(one.has_link() ? state_up : state_down));
  row(9, ticks(one.changed_ms));
  row(10, counter32(one.in.octets));
  row(11, counter32(one.in.frames));
  row(13, counter32(0));
  row(14, counter32(one.errors_in));
  row(16, counter32(one.out.octets));
  row(17, counter32(one.out.frames));
  row(19, counter32(0));
  row(20, counter32(0));
  row_x(1, Value::of_text(name));
  row_x(6, counter64(one.in.octets));
  row_x(7, counter64(one.in.frames));
  row_x(10, counter64(one.out.octets));
  row_x(11, counter64(one.out.frames));
  row_x(15, gauge(speed_bits / 1'000'000));
  row_x(17, Value::of_integer(1));  // it has a connector
  row_x(18, Value::of_text(one.alias));
}

MibView SwitchBody::view(std::int64_t utc_ms) {
  count_to(utc_ms);
  MibView out;
  put_system(out, uptime_ms(utc_ms));
  for (std::uint32_t i = 0; i < ports_.size(); ++i) put_port(out, i + 1, ports_[i]);
  return out;
}

}  // namespace duheng::device
