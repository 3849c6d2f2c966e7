#include "codec/dlt645/value.hpp"

#include <algorithm>
#include <bit>

#include "codec/dlt645/field_reader.hpp"
#include "codec/dlt645/record_blocks.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_formats = "DL/T 645-2007, Annex A";

DecodeError fault(ErrorCode code, std::size_t offset) noexcept {
  return {code, Field::value, 0, 0, static_cast<std::uint32_t>(offset), clause_formats};
}
DecodeError wrong_length(std::size_t offset) noexcept {
  return {ErrorCode::malformed, Field::data, 0, 0, static_cast<std::uint32_t>(offset), clause_formats};
}

/// Freezes hold demands or energies under the same identifier, by grid: demands are believed when all their times
/// exist.
bool are_demands(const DataDescription& d, const ValueList& values) noexcept {
  return std::ranges::all_of(values,
                             [&](const Value& v) {
                               return v.role != FieldRole::time ||
                                      (v.state != ValueState::invalid && (v.mantissa == 0 || is_calendar_valid(v)));
                             }) &&
         d.field_count == 2;
}

constexpr std::uint8_t days_of_month[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

void append_two(std::string& out, std::int64_t number) {
  out += static_cast<char>('0' + number / 10 % 10);
  out += static_cast<char>('0' + number % 10);
}
std::string clock_text(const DateTime& t, bool with_seconds) {
  std::string out;
  append_two(out, t.hour);
  out += ':';
  append_two(out, t.minute);
  if (with_seconds) {
    out += ':';
    append_two(out, t.second);
  }
  return out;
}
std::string date_text(const DateTime& t) {
  std::string out = std::to_string(t.year) + "-";
  append_two(out, t.month);
  out += '-';
  append_two(out, t.day);
  return out;
}
/// Digits in pairs, e.g. 0105 and ":" to "01:05".
std::string pairs_text(std::int64_t digits, int pairs, std::string_view separators) {
  std::string out;
  std::int64_t divisor = 1;
  for (int i = 1; i < pairs; ++i) divisor *= 100;
  for (int i = 0; i < pairs; ++i) {
    if (i > 0) out += separators[static_cast<std::size_t>(i) - 1];
    append_two(out, digits / divisor % 100);
    divisor /= 100;
  }
  return out;
}

}  // namespace

const Value* ValueList::find(std::size_t element, std::size_t field) const noexcept {
  const auto found =
      std::find_if(begin(), end(), [&](const Value& v) { return v.element == element && v.field == field; });
  return found == end() ? nullptr : found;
}

namespace {

constexpr FieldFormat raw_rest{};

/// Keeps the octets when they do not have the form known for them.
std::expected<void, DecodeError> keep_raw(ByteView payload, ValueList& out) noexcept {
  out.clear();
  static_cast<void>(read_field(ValueWriter(out).add(), raw_rest, {}, payload.size(), payload));
  return {};
}

std::expected<void, DecodeError> decode_composed(const DataDescription& d, ByteView payload, ValueList& out) noexcept {
  const auto read = d.rule->composition == Composition::load_records
                        ? decode_load_records(payload, d.identifier.di(2) <= 6 ? d.identifier.di(2) : 0, out)
                        : decode_freeze_block(payload, out);
  if (!read && read.error().code == ErrorCode::malformed) return keep_raw(payload, out);
  return read;
}

/// A run of two to four octets of digits each, which is what most answers are.
std::expected<void, DecodeError> decode_run(const FieldFormat& field, std::size_t elements, ByteView payload,
                                            ValueList& out) noexcept {
  const DigitFormat format = digit_format_of(field);
  ValueWriter writer(out);
  std::uint64_t place = format.place;
  std::size_t first_bad = payload.size();
  for (std::size_t i = 0; i < elements; ++i, place += format.step()) {
    const std::size_t offset = i * format.size_octets;
    const auto word = static_cast<std::uint32_t>(load(payload.data() + offset, format.size_octets));
    const std::size_t bad = write_digits(writer.at(i), word, format, place);
    if (bad != 4 && first_bad == payload.size()) first_bad = offset + bad;
  }
  writer.set_size(elements);
  if (first_bad < payload.size()) return std::unexpected(fault(ErrorCode::bad_bcd_digit, first_bad));
  return {};
}

}  // namespace

std::expected<void, DecodeError> decode_values(const DataDescription& d, ByteView payload, ValueList& out) noexcept {
  out.clear();
  const std::uint32_t item = d.item_octets;
  // Most payloads are one item; a division costs as much as the rest of this function.
  const std::size_t elements =
      item == 0 || item == payload.size() ? 1 : static_cast<std::uint32_t>(payload.size()) / item;
  const bool fits =
      item == 0 || (elements > 0 && elements * item == payload.size() && elements <= elements_max(d.layout));
  if (!fits || payload.size() > payload_octets_max || elements * d.field_count > ValueList::capacity) {
    const bool lenient = d.layout == Layout::record || d.group == DataGroup::freeze;
    if (!lenient || payload.size() > payload_octets_max) return std::unexpected(wrong_length(payload.size()));
    return keep_raw(payload, out);
  }
  if (d.field_count == 1 && item >= 2 && item <= 4 && holds_digits(d.field_list->kind)) {
    return decode_run(*d.field_list, elements, payload, out);
  }
  if (d.rule != nullptr && d.rule->composition != Composition::plain) return decode_composed(d, payload, out);
  ValueWriter writer(out);
  std::size_t offset = 0;
  std::size_t first_bad = payload.size();
  for (std::size_t element = 0; element < elements; ++element) {
    for (std::size_t field = 0; field < d.field_count; ++field) {
      const FieldFormat& format = d.field_list[field];
      const std::size_t size = format.size_octets != 0 ? format.size_octets : payload.size() - offset;
      const std::size_t bad = read_field(writer.add(), format, {element, field, offset}, size, payload);
      if (bad < size && first_bad == payload.size()) first_bad = offset + bad;
      offset += size;
    }
  }
  if (d.group == DataGroup::freeze && d.field_count == 2 && !are_demands(d, out)) return keep_raw(payload, out);
  if (first_bad < payload.size()) return std::unexpected(fault(ErrorCode::bad_bcd_digit, first_bad));
  return {};
}

std::expected<void, DecodeError> encode_value(const FieldFormat& format, std::int64_t mantissa,
                                              std::span<std::uint8_t> out) noexcept {
  const std::size_t size = format.size_octets;
  const bool is_binary = format.kind == FieldKind::bits || format.kind == FieldKind::identifier;
  if (out.size() != size || size == 0 || size > 7 || (!holds_digits(format.kind) && !is_binary)) {
    return std::unexpected(fault(ErrorCode::invalid_argument, 0));
  }
  if (is_binary) {
    if (mantissa < 0 || static_cast<std::uint64_t>(mantissa) > all_ones(size)) {
      return std::unexpected(fault(ErrorCode::limit_exceeded, 0));
    }
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(mantissa >> (8 * i));
    return {};
  }
  const bool is_signed = format.kind == FieldKind::signed_bcd;
  if (mantissa < 0 && !is_signed) return std::unexpected(fault(ErrorCode::limit_exceeded, 0));
  // The magnitude is taken unsigned so that the smallest 64-bit integer has one too.
  std::uint64_t left = mantissa < 0 ? ~static_cast<std::uint64_t>(mantissa) + 1 : static_cast<std::uint64_t>(mantissa);
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::uint8_t>((left / 10 % 10) << 4 | left % 10);
    left /= 100;
  }
  if (left != 0 || (is_signed && (out[size - 1] & 0x80) != 0))
    return std::unexpected(fault(ErrorCode::limit_exceeded, 0));
  if (mantissa < 0) out[size - 1] |= 0x80;
  return {};
}

void encode_no_value(std::span<std::uint8_t> out) noexcept { std::ranges::fill(out, std::uint8_t{0xFF}); }

bool is_valid(const DateTime& t) noexcept {
  if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > days_of_month[t.month - 1]) return false;
  const bool leap = t.year % 4 == 0 && (t.year % 100 != 0 || t.year % 400 == 0);
  if (t.month == 2 && t.day == 29 && !leap) return false;
  return t.hour < 24 && t.minute < 60 && t.second < 60;
}

std::uint8_t weekday_of(const DateTime& t) noexcept {
  // Sakamoto's method: months counted from March, so that the leap day comes last.
  static constexpr std::uint8_t month_shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
  const unsigned year = t.year - (t.month < 3 ? 1U : 0U);
  const unsigned month = t.month >= 1 && t.month <= 12 ? t.month - 1U : 0U;
  return static_cast<std::uint8_t>((year + year / 4 - year / 100 + year / 400 + month_shift[month] + t.day) % 7);
}

std::int64_t to_digits(const DateTime& t, FieldKind kind) noexcept {
  const std::int64_t date = (t.year % 100) * 10'000LL + t.month * 100LL + t.day;
  switch (kind) {
    case FieldKind::date_time:
      return date * 1'000'000 + t.hour * 10'000LL + t.minute * 100LL + t.second;
    case FieldKind::date_hour_minute:
      return date * 10'000 + t.hour * 100LL + t.minute;
    case FieldKind::date_weekday:
      return date * 100 + weekday_of(t);
    case FieldKind::time:
      return t.hour * 10'000LL + t.minute * 100LL + t.second;
    default:
      return 0;
  }
}

DateTime from_digits(std::int64_t digits, FieldKind kind) noexcept {
  DateTime t;
  const auto take = [&digits] {
    const auto two = static_cast<std::uint8_t>(digits % 100);
    digits /= 100;
    return two;
  };
  if (kind == FieldKind::date_time || kind == FieldKind::time) t.second = take();
  if (kind == FieldKind::date_time || kind == FieldKind::time || kind == FieldKind::date_hour_minute) {
    t.minute = take();
    t.hour = take();
  }
  if (kind == FieldKind::date_weekday) static_cast<void>(take());
  if (kind == FieldKind::date_time || kind == FieldKind::date_hour_minute || kind == FieldKind::date_weekday) {
    t.day = take();
    t.month = take();
    t.year = static_cast<std::uint16_t>(2000 + take());
  }
  return t;
}

std::expected<DateTime, DecodeError> decode_date_time(ByteView plain) noexcept {
  constexpr FieldFormat format{FieldKind::date_time, 6, 0, Unit::none, FieldRole::time};
  if (plain.size() < format.size_octets) return std::unexpected(fault(ErrorCode::truncated, plain.size()));
  const std::uint64_t word = load(plain.data(), format.size_octets);
  if (const std::uint64_t bad = bad_digits(word); bad != 0) {
    return std::unexpected(fault(ErrorCode::bad_bcd_digit, static_cast<std::size_t>(std::countr_zero(bad)) / 8));
  }
  return from_digits(from_bcd(word), FieldKind::date_time);
}

std::array<std::uint8_t, 6> encode_date_time(const DateTime& time) noexcept {
  std::array<std::uint8_t, 6> out{};
  std::int64_t left = to_digits(time, FieldKind::date_time);
  for (auto& octet : out) {
    octet = static_cast<std::uint8_t>((left / 10 % 10) << 4 | left % 10);
    left /= 100;
  }
  return out;
}

bool is_calendar_valid(const Value& value) noexcept {
  if (value.state != ValueState::good) return value.state == ValueState::no_value;
  switch (value.kind) {
    case FieldKind::date_time:
    case FieldKind::date_hour_minute:
    case FieldKind::date_weekday:
    case FieldKind::time:
      if (value.kind == FieldKind::date_weekday && value.mantissa % 100 > 7) return false;
      return is_valid(from_digits(value.mantissa, value.kind));
    default:
      return true;
  }
}

std::string to_text(const Value& value, ByteView payload) {
  if (value.state == ValueState::no_value) return {};
  const ByteView octets = payload.subspan(value.offset, value.size_octets);
  if (value.state == ValueState::invalid) return to_hex(octets, ' ');
  const DateTime t = from_digits(value.mantissa, value.kind);
  switch (value.kind) {
    case FieldKind::bcd:
    case FieldKind::signed_bcd:
      return value.decimal().to_string();
    case FieldKind::date_weekday:
      return date_text(t);
    case FieldKind::time:
      return clock_text(t, true);
    case FieldKind::date_time:
      return date_text(t) + " " + clock_text(t, true);
    case FieldKind::date_hour_minute:
      return date_text(t) + " " + clock_text(t, false);
    case FieldKind::month_day_time:
      return pairs_text(value.mantissa, 4, "- :");
    case FieldKind::day_hour:
      return pairs_text(value.mantissa, 2, " ");
    case FieldKind::zone_entry:
      return pairs_text(value.mantissa, 3, "- ");
    case FieldKind::period_entry:
      return pairs_text(value.mantissa, 3, ": ");
    case FieldKind::holiday_entry:
      return pairs_text(value.mantissa, 4, "-- ");
    case FieldKind::bits:
    case FieldKind::digits:
    case FieldKind::identifier: {
      Bytes reversed(octets.rbegin(), octets.rend());
      return to_hex(reversed);
    }
    case FieldKind::text: {
      std::string out;
      for (auto at = octets.rbegin(); at != octets.rend(); ++at) {
        if (*at >= 0x20 && *at < 0x7F) out += static_cast<char>(*at);
      }
      while (!out.empty() && out.back() == ' ') out.pop_back();
      return out;
    }
    case FieldKind::raw:
      return to_hex(octets, ' ');
  }
  return {};
}

}  // namespace duheng::dlt645
