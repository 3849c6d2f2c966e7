#include "codec/dlt645/record_blocks.hpp"

#include <algorithm>

#include "codec/dlt645/field_reader.hpp"
#include "codec/dlt645/record_rules.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::string_view clause_records = "DL/T 645-2007, Annex A and B";
constexpr std::uint8_t record_start = 0xA0;
constexpr std::uint8_t part_end = 0xAA;
constexpr std::uint8_t record_end = 0xE5;

DecodeError fault(ErrorCode code, std::size_t offset) noexcept {
  return {code, Field::value, 0, 0, static_cast<std::uint32_t>(offset), clause_records};
}

/// Reads fields one behind the other and remembers the first fault.
class PartReader {
 public:
  PartReader(ByteView payload, ValueList& out) noexcept : payload_(payload), out_(out), writer_(out) { out_.clear(); }

  [[nodiscard]] std::size_t at() const noexcept { return at_; }
  [[nodiscard]] std::size_t left() const noexcept { return payload_.size() - at_; }
  [[nodiscard]] std::uint8_t octet(std::size_t ahead = 0) const noexcept { return payload_[at_ + ahead]; }
  void skip(std::size_t count) noexcept { at_ += count; }

  void read(const FieldFormat& format, std::size_t element, std::size_t field) noexcept {
    if (failed_) return;
    if (left() < format.size_octets) return fail(ErrorCode::malformed);
    if (writer_.room() == 0 || element > 255) return fail(ErrorCode::limit_exceeded);
    const std::size_t bad = read_field(writer_.add(), format, {element, field, at_}, format.size_octets, payload_);
    if (bad < format.size_octets && !bad_digit_) {
      bad_digit_ = true;
      error_ = fault(ErrorCode::bad_bcd_digit, at_ + bad);
    }
    at_ += format.size_octets;
  }
  void fail(ErrorCode code = ErrorCode::malformed) noexcept {
    if (failed_) return;
    failed_ = true;
    error_ = fault(code, at_);
  }
  /// Octets until the next AA; `left()` when there is none.
  [[nodiscard]] std::size_t to_part_end() const noexcept {
    const auto rest = payload_.subspan(at_);
    return static_cast<std::size_t>(std::ranges::find(rest, part_end) - rest.begin());
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::expected<void, DecodeError> finish() noexcept {
    if (!failed_ && left() != 0) fail();
    if (failed_) out_.clear();
    if (failed_ || bad_digit_) return std::unexpected(error_);
    return {};
  }

 private:
  ByteView payload_;
  ValueList& out_;
  ValueWriter writer_;
  std::size_t at_ = 0;
  bool failed_ = false;
  bool bad_digit_ = false;
  DecodeError error_;
};

/// The sum and E5 stand here, and behind them nothing or the next record.
bool is_at_record_end(const PartReader& reader) noexcept {
  if (reader.left() < 2 || reader.octet(1) != record_end) return false;
  return reader.left() == 2 || (reader.left() >= 4 && reader.octet(2) == record_start);
}

void read_class(PartReader& reader, std::size_t number, std::size_t element) noexcept {
  const std::size_t first = table::load_record_classes[number];
  const std::size_t last = table::load_record_classes[number + 1];
  std::size_t octets = 0;
  for (std::size_t field = first; field < last; ++field) octets += table::load_record_fields[field].size_octets;
  const std::size_t size = reader.to_part_end();
  if (size == reader.left() || (size != 0 && size != octets)) return reader.fail();
  for (std::size_t field = first; size != 0 && field < last; ++field) {
    reader.read(table::load_record_fields[field], element, field);
  }
  reader.skip(1);
}

void read_record(PartReader& reader, std::uint8_t only_class, std::size_t element) noexcept {
  if (reader.left() < 8 || reader.octet() != record_start || reader.octet(1) != record_start) return reader.fail();
  reader.skip(3);
  reader.read(table::load_record_fields[0], element, 0);
  std::size_t number = 0;
  // One class alone: the end follows behind the first AA.
  if (const std::size_t size = reader.to_part_end(); only_class != 0 && size + 3 <= reader.left()) {
    if (reader.octet(size + 2) == record_end) number = only_class - 1U;
  }
  while (!reader.failed() && number < 6 && !is_at_record_end(reader)) read_class(reader, number++, element);
  if (reader.failed()) return;
  if (!is_at_record_end(reader)) return reader.fail();
  reader.skip(2);
}

/// `count` energies or demands of one part; 0 when the part is not of whole ones.
std::size_t whole(std::size_t octets, std::size_t item) noexcept { return octets % item == 0 ? octets / item : 0; }

void read_energies(PartReader& reader, std::size_t field, std::size_t tariffs) noexcept {
  for (std::size_t i = 0; i < tariffs; ++i) reader.read(table::freeze_block_fields[field], i, field);
}
void read_demands(PartReader& reader, std::size_t field, std::size_t tariffs) noexcept {
  for (std::size_t i = 0; i < tariffs; ++i) {
    reader.read(table::freeze_block_fields[field], i, field);
    reader.read(table::freeze_block_fields[field + 1], i, field + 1);
  }
}
void read_powers(PartReader& reader) noexcept {
  for (std::size_t field = table::freeze_power_field; field < table::freeze_block_fields.size(); ++field) {
    reader.read(table::freeze_block_fields[field], 0, field);
  }
}

void read_parted_freeze(PartReader& reader) noexcept {
  for (std::size_t part = 1; part <= 11 && !reader.failed() && reader.left() > 0; ++part) {
    if (reader.octet() != part_end) return reader.fail();
    reader.skip(1);
    const std::size_t size = reader.to_part_end();
    if (size == 0) continue;
    if (part < table::freeze_demand_field) {
      if (whole(size, 4) == 0) return reader.fail();
      read_energies(reader, part, whole(size, 4));
    } else if (part <= 10) {
      if (whole(size, 8) == 0) return reader.fail();
      read_demands(reader, table::freeze_demand_field + (part - 9) * 2, whole(size, 8));
    } else {
      if (size != 24) return reader.fail();
      read_powers(reader);
    }
  }
  // A separator may end the last part too.
  if (!reader.failed() && reader.left() == 1 && reader.octet() == part_end) reader.skip(1);
}

}  // namespace

std::expected<void, DecodeError> decode_load_records(ByteView payload, std::uint8_t only_class,
                                                     ValueList& out) noexcept {
  PartReader reader(payload, out);
  if (payload.empty()) reader.fail();
  for (std::size_t element = 0; reader.left() > 0 && !reader.failed(); ++element) {
    read_record(reader, only_class, element);
  }
  return reader.finish();
}

std::expected<void, DecodeError> decode_freeze_block(ByteView payload, ValueList& out) noexcept {
  PartReader reader(payload, out);
  reader.read(table::moment, 0, 0);
  if (!reader.failed() && reader.left() > 0 && reader.octet() == part_end) {
    read_parted_freeze(reader);
    return reader.finish();
  }
  // Behind the time: n tariffs of eight energies and two demands, and the powers.
  constexpr std::size_t per_tariff = 8 * 4 + 2 * 8;
  constexpr std::size_t powers = 24;
  const std::size_t tariffs = reader.left() > powers ? whole(reader.left() - powers, per_tariff) : 0;
  if (tariffs == 0) reader.fail();
  for (std::size_t field = 1; field < table::freeze_demand_field; ++field) read_energies(reader, field, tariffs);
  read_demands(reader, table::freeze_demand_field, tariffs);
  read_demands(reader, table::freeze_demand_field + 2, tariffs);
  read_powers(reader);
  return reader.finish();
}

}  // namespace duheng::dlt645
