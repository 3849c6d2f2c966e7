#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <numeric>

#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/values.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

using dlt645::DataIdentifier;
using dlt645::Function;
using dlt645::RelayCommand;

constexpr std::size_t password_octets = 3;
constexpr std::size_t operator_octets = 4;
constexpr std::uint32_t identifier_date = 0x04000101;
constexpr std::uint32_t identifier_time = 0x04000102;
constexpr std::uint32_t identifier_passwords = 0x04000C00;

std::array<std::uint8_t, 6> wire_time(const CivilTime& time) {
  constexpr int century = 2'000;
  return {bcd(time.second), bcd(time.minute), bcd(time.hour), bcd(time.day), bcd(time.month), bcd(time.year - century)};
}

Result<Bytes> password_of(std::string_view text) {
  if (text.empty()) return fail(ErrorCode::forbidden, "this needs the meter's password");
  return reversed_bcd(text, password_octets, "the password");
}

/// PA, password, operator. An operator that is not named is 0.
Result<Bytes> authority(const OperationInputs& inputs, std::uint8_t level) {
  DUHENG_TRY(const Bytes password, password_of(inputs.password));
  const std::string_view named = inputs.operator_code.empty() ? "00000000" : std::string_view(inputs.operator_code);
  DUHENG_TRY(const Bytes by, reversed_bcd(named, operator_octets, "the operator code"));
  Bytes out{level};
  out.insert(out.end(), password.begin(), password.end());
  out.insert(out.end(), by.begin(), by.end());
  return out;
}

Query command_query(Function function, Bytes body, std::uint32_t subject = 0) {
  Query query;
  query.operation = static_cast<std::uint16_t>(function);
  query.subject = subject;
  query.body = std::move(body);
  query.at_most_once = true;
  return query;
}

void append(Bytes& to, ByteView octets) { to.insert(to.end(), octets.begin(), octets.end()); }

/// 1CH. The meter refuses it after `valid_for_ms` by its own clock.
class RelayOperation final : public Operation {
 public:
  RelayOperation(RelayCommand command, std::uint8_t level, std::int64_t valid_for_ms)
      : command_(command), level_(level), valid_for_ms_(valid_for_ms) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(Bytes body, authority(inputs, level_));
    body.push_back(static_cast<std::uint8_t>(command_));
    body.push_back(0);
    append(body, wire_time(civil_time(inputs.utc_ms + valid_for_ms_, inputs.zone_offset_minutes)));
    return std::vector{command_query(Function::control, std::move(body))};
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  RelayCommand command_;
  std::uint8_t level_;
  std::int64_t valid_for_ms_;
};

/// 19H, 1AH and, with what to forget, 1BH.
class ClearOperation final : public Operation {
 public:
  ClearOperation(Function function, std::uint8_t level, std::optional<DataIdentifier> events)
      : function_(function), level_(level), events_(events) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(Bytes body, authority(inputs, level_));
    if (events_) append(body, events_->to_plain());
    return std::vector{command_query(function_, std::move(body))};
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  Function function_;
  std::uint8_t level_;
  std::optional<DataIdentifier> events_;
};

/// Date, then time, each a write of its own.
class ClockSetOperation final : public Operation {
 public:
  explicit ClockSetOperation(std::uint8_t level) : level_(level) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    const CivilTime now = civil_now(inputs);
    // Between the two writes the day must not change.
    constexpr int last_minutes = 58;
    if (now.hour == 23 && now.minute >= last_minutes)
      return fail(ErrorCode::invalid_argument,
                  "date and time are two writes: not in the last two minutes of a day; ask again after midnight");
    DUHENG_TRY(const Bytes by, authority(inputs, level_));
    constexpr int century = 2'000;
    Bytes date = by;
    append(date, std::array{weekday(now), bcd(now.day), bcd(now.month), bcd(now.year - century)});
    Bytes time = by;
    append(time, std::array{bcd(now.second), bcd(now.minute), bcd(now.hour)});
    return std::vector{command_query(Function::write, std::move(date), identifier_date),
                       command_query(Function::write, std::move(time), identifier_time)};
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  static std::uint8_t weekday(const CivilTime& time) {
    dlt645::DateTime date;
    date.year = static_cast<std::uint16_t>(time.year);
    date.month = static_cast<std::uint8_t>(time.month);
    date.day = static_cast<std::uint8_t>(time.day);
    return bcd(dlt645::weekday_of(date));
  }
  std::uint8_t level_;
};

/// 08H, to everybody. A meter takes it once a day and only when it is less than five minutes wrong.
class ClockBroadcast final : public Operation {
 public:
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    const auto time = wire_time(civil_now(inputs));
    Query query = command_query(Function::broadcast_time, Bytes(time.begin(), time.end()));
    query.has_answer = false;
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] bool is_broadcast() const override { return true; }
};

/// 16H with 99 everywhere: at once.
class FreezeOperation final : public Operation {
 public:
  explicit FreezeOperation(bool to_all) : to_all_(to_all) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& /*inputs*/) const override {
    constexpr std::size_t time_octets = 4;
    Query query = command_query(Function::freeze, Bytes(time_octets, bcd(dlt645::FreezeTime::any)));
    query.has_answer = !to_all_;
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] bool is_broadcast() const override { return to_all_; }

 private:
  bool to_all_;
};

/// 18H: the password of `level` becomes the argument "new_password".
class PasswordOperation final : public Operation {
 public:
  explicit PasswordOperation(std::uint8_t level) : level_(level) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const Bytes old_password, password_of(inputs.password));
    DUHENG_TRY(const auto text, argument_text(inputs, "new_password"));
    DUHENG_TRY(const Bytes new_password, reversed_bcd(text, password_octets, "the new password"));
    Bytes body{level_};
    append(body, old_password);
    body.push_back(level_);
    append(body, new_password);
    // 04000C01 is the password of level 0.
    return std::vector{command_query(Function::change_password, std::move(body), identifier_passwords + level_ + 1U)};
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  std::uint8_t level_;
};

/// 14H of one field.
class WriteOperation final : public Operation {
 public:
  WriteOperation(DataIdentifier identifier, const dlt645::FieldFormat& format, std::uint8_t level)
      : identifier_(identifier), format_(format), level_(level) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto mantissa, argument_mantissa(inputs, "value", format_.exponent));
    DUHENG_TRY(Bytes body, authority(inputs, level_));
    Bytes content(format_.size_octets);
    if (!dlt645::encode_value(format_, mantissa, content))
      return fail(ErrorCode::invalid_argument, "argument 'value' does not fit the field");
    append(body, content);
    return std::vector{command_query(Function::write, std::move(body), identifier_.value)};
  }
  [[nodiscard]] bool needs_password() const override { return true; }

 private:
  DataIdentifier identifier_;
  dlt645::FieldFormat format_;
  std::uint8_t level_;
};

/// 17H: the argument "speed" in bit/s. The meter answers at the old speed and speaks the new one from then on.
class SpeedOperation final : public Operation {
 public:
  explicit SpeedOperation(dlt645::SpeedCoding coding) : coding_(coding) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto speed, argument_mantissa(inputs, speed_argument, 0));
    if (speed <= 0 || speed > UINT32_MAX) return no_speed();
    return tell_format({static_cast<std::uint32_t>(speed), std::nullopt}, inputs);
  }
  [[nodiscard]] Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                       const OperationInputs& /*inputs*/) const override {
    const std::uint8_t word = dlt645::speed_word_of(format.baud, coding_);
    if (word == 0) return no_speed();
    return std::vector{command_query(Function::change_speed, Bytes{word})};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    return place_at_speed(inputs);
  }

 private:
  static std::unexpected<Error> no_speed() {
    return fail(ErrorCode::invalid_argument, "argument 'speed' is none of DL/T 645-2007's speeds");
  }
  static constexpr std::string_view speed_argument = "speed";
  dlt645::SpeedCoding coding_;
};

/// 15H to the wildcard: the argument "address" becomes the address of whoever hears it. A meter obeys only while its
/// programming key is pressed.
class AddressOperation final : public Operation {
 public:
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto text, argument_text(inputs, address_argument));
    DUHENG_TRY(Bytes body, reversed_bcd(text, dlt645::Address::size_octets, "the new address"));
    constexpr std::uint8_t broadcast_octet = 0x99;
    if (std::ranges::all_of(body, [](std::uint8_t octet) { return octet == broadcast_octet; }))
      return fail(ErrorCode::invalid_argument, "argument 'address' is everybody's, not a meter's");
    return std::vector{command_query(Function::write_address, std::move(body))};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    const auto text = argument_text(inputs, address_argument);
    if (!text) return std::nullopt;
    return NewPlace{.address = std::string(*text), .baud = 0, .reaches_all = true, .whole_line = false};
  }

 private:
  static constexpr std::string_view address_argument = "address";
};

std::uint8_t level_of(const ConfigNode& node) {
  constexpr std::int64_t level_max = 99;
  return static_cast<std::uint8_t>(bcd(static_cast<int>(node.integer("level", {0, level_max}, 2))));
}

std::optional<DataIdentifier> identifier_of(const ConfigNode& node) {
  const auto identifier = DataIdentifier::parse(node.text("di"));
  if (identifier) return *identifier;
  node.reject("di", "must be eight hexadecimal digits, DI3 first");
  return std::nullopt;
}

std::shared_ptr<const Operation> relay_of(const ConfigNode& node) {
  static constexpr std::array commands{
      RelayCommand::trip,          RelayCommand::close_permit, RelayCommand::close_direct,      RelayCommand::alarm,
      RelayCommand::alarm_release, RelayCommand::keep_power,   RelayCommand::keep_power_release};
  const std::size_t place = node.choice(
      "relay", {"trip", "close_permit", "close_direct", "alarm", "alarm_release", "keep_power", "keep_power_release"});
  constexpr std::int64_t hour_ms = 3'600'000;
  const std::int64_t valid_for_ms = node.integer("valid_for_ms", {1'000, 24 * hour_ms}, 300'000);
  return std::make_shared<RelayOperation>(commands[place], level_of(node), valid_for_ms);
}

}  // namespace

std::shared_ptr<const Operation> dlt645_command(const ConfigNode& node) {
  enum class Kind : std::uint8_t {
    relay,
    clock_set,
    clock_broadcast,
    freeze,
    freeze_broadcast,
    clear_demand,
    clear_meter,
    clear_events,
    change_password,
    change_speed,
    change_speed_bcd,
    write_address
  };
  switch (static_cast<Kind>(node.choice(
      "does", {"relay", "clock_set", "clock_broadcast", "freeze", "freeze_broadcast", "clear_demand", "clear_meter",
               "clear_events", "change_password", "change_speed", "change_speed_bcd", "write_address"}))) {
    case Kind::relay:
      return relay_of(node);
    case Kind::clock_set:
      return std::make_shared<ClockSetOperation>(level_of(node));
    case Kind::clock_broadcast:
      return std::make_shared<ClockBroadcast>();
    case Kind::freeze:
      return std::make_shared<FreezeOperation>(false);
    case Kind::freeze_broadcast:
      return std::make_shared<FreezeOperation>(true);
    case Kind::clear_demand:
      return std::make_shared<ClearOperation>(Function::clear_demand, level_of(node), std::nullopt);
    case Kind::clear_meter:
      return std::make_shared<ClearOperation>(Function::clear_meter, level_of(node), std::nullopt);
    case Kind::clear_events:
      return std::make_shared<ClearOperation>(Function::clear_events, level_of(node), identifier_of(node));
    case Kind::change_password:
      return std::make_shared<PasswordOperation>(level_of(node));
    case Kind::change_speed:
      return std::make_shared<SpeedOperation>(dlt645::SpeedCoding::one_bit);
    case Kind::change_speed_bcd:
      return std::make_shared<SpeedOperation>(dlt645::SpeedCoding::bcd_of_300);
    case Kind::write_address:
      return std::make_shared<AddressOperation>();
  }
  return nullptr;
}

std::shared_ptr<const Operation> dlt645_writer(const ConfigNode& item, const ConfigNode& write) {
  const std::uint8_t level = level_of(write);
  const auto identifier = identifier_of(item);
  if (!identifier) return nullptr;
  const auto what = dlt645::describe(*identifier);
  if (!what || what->field_count != 1 || what->is_block()) {
    write.reject("only what is one value can be written");
    return nullptr;
  }
  return std::make_shared<WriteOperation>(*identifier, what->fields().front(), level);
}

namespace {

/// Where the passwords stand in DATA: the first octet of each.
struct Passwords {
  std::array<std::size_t, 2> offsets{};
  std::size_t count = 0;
};
Passwords passwords_in(std::uint8_t control) {
  const auto function = static_cast<Function>(control & dlt645::control_bits::function);
  if ((control & dlt645::control_bits::from_slave) != 0) {
    // A meter repeats the new level and password.
    if (function == Function::change_password) return {{1}, 1};
    return {};
  }
  switch (function) {
    case Function::write:  // DI, PA
      return {{5}, 1};
    case Function::change_password:  // DI, PA, password, PA
      return {{5, 9}, 2};
    case Function::clear_demand:
    case Function::clear_meter:
    case Function::clear_events:
    case Function::control:
      return {{1}, 1};
    default:
      return {};
  }
}

/// 68 A0..A5 68 C L DATA CS 16.
void mask_frame(std::span<std::uint8_t> frame) {
  constexpr std::size_t control_at = 8;
  constexpr std::size_t data_at = 10;
  const auto data = frame.subspan(data_at, frame.size() - data_at - 2);
  const auto passwords = passwords_in(frame[control_at]);
  for (std::size_t i = 0; i < passwords.count; ++i)
    for (std::size_t octet = 0; octet < password_octets && passwords.offsets[i] + octet < data.size(); ++octet)
      data[passwords.offsets[i] + octet] = 0;
  const auto summed = frame.first(frame.size() - 2);
  frame[frame.size() - 2] = static_cast<std::uint8_t>(std::accumulate(summed.begin(), summed.end(), 0U));
}

}  // namespace

void mask_dlt645_secrets(Bytes& request) {
  constexpr std::size_t frame_octets_min = 12;
  constexpr std::size_t length_at = 9;
  for (std::size_t at = 0; at + frame_octets_min <= request.size();) {
    const std::size_t size = frame_octets_min + request[at + length_at];
    const bool is_frame = request[at] == dlt645::frame_layout::start &&
                          request[at + 7] == dlt645::frame_layout::start && at + size <= request.size();
    if (!is_frame) {
      ++at;
      continue;
    }
    mask_frame(std::span(request).subspan(at, size));
    at += size;
  }
}

}  // namespace duheng::drivers
