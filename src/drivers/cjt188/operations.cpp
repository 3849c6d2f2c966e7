#include <array>
#include <fmt/format.h>

#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/values.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

using cjt188::DataIdentifier;
using cjt188::ValveCommand;
namespace identifiers = cjt188::identifiers;

/// 04H. The protocol has no password of its own.
class WriteOperation : public Operation {
 public:
  WriteOperation(const Cjt188Settings& settings, DataIdentifier identifier)
      : settings_(settings), identifier_(identifier) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const final {
    Query query = cjt188_read(settings_.meter_type, *settings_.profile, identifier_);
    query.operation =
        static_cast<std::uint16_t>(settings_.meter_type << 8 | static_cast<unsigned>(cjt188::Function::write));
    DUHENG_TRY(query.body, content(inputs));
    query.at_most_once = true;
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const final { return false; }

 protected:
  [[nodiscard]] const cjt188::Profile& profile() const { return *settings_.profile; }

 private:
  [[nodiscard]] virtual Result<Bytes> content(const OperationInputs& inputs) const = 0;
  Cjt188Settings settings_;
  DataIdentifier identifier_;
};

/// A015, in the profile's order.
class ClockSetOperation final : public WriteOperation {
 public:
  explicit ClockSetOperation(const Cjt188Settings& settings) : WriteOperation(settings, identifiers::write_clock) {}

 private:
  [[nodiscard]] Result<Bytes> content(const OperationInputs& inputs) const override {
    const CivilTime now = civil_now(inputs);
    const cjt188::DateTime time{static_cast<std::uint16_t>(now.year),  static_cast<std::uint8_t>(now.month),
                                static_cast<std::uint8_t>(now.day),    static_cast<std::uint8_t>(now.hour),
                                static_cast<std::uint8_t>(now.minute), static_cast<std::uint8_t>(now.second)};
    const auto octets = cjt188::encode_time(time, profile().time_order);
    return Bytes(octets.begin(), octets.end());
  }
};

/// A017.
class ValveOperation final : public WriteOperation {
 public:
  ValveOperation(const Cjt188Settings& settings, std::uint8_t code)
      : WriteOperation(settings, identifiers::valve), code_(code) {}

 private:
  [[nodiscard]] Result<Bytes> content(const OperationInputs& /*inputs*/) const override { return Bytes{code_}; }
  std::uint8_t code_;
};

/// A018, with 15H: the argument "address" becomes the meter's. Only before it is enabled for the field; it refuses
/// later.
class AddressOperation final : public Operation {
 public:
  explicit AddressOperation(const Cjt188Settings& settings) : settings_(settings) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto text, argument_text(inputs, address_argument));
    Query query = cjt188_read(settings_.meter_type, *settings_.profile, identifiers::write_address);
    query.operation =
        static_cast<std::uint16_t>(settings_.meter_type << 8 | static_cast<unsigned>(cjt188::Function::write_address));
    DUHENG_TRY(query.body, reversed_bcd(text, cjt188::Address::size_octets, "the new address"));
    query.at_most_once = true;
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    const auto text = argument_text(inputs, address_argument);
    if (!text) return std::nullopt;
    return NewPlace{.address = std::string(*text), .baud = 0, .reaches_all = false};
  }

 private:
  static constexpr std::string_view address_argument = "address";
  Cjt188Settings settings_;
};

/// A011, A012: a day of the month.
class DayOperation final : public WriteOperation {
 public:
  using WriteOperation::WriteOperation;

 private:
  [[nodiscard]] Result<Bytes> content(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto day, argument_mantissa(inputs, "value", 0));
    if (day < 1 || day > 31) return fail(ErrorCode::invalid_argument, "argument 'value' must be a day from 1 to 31");
    return Bytes{bcd(static_cast<int>(day))};
  }
};

}  // namespace

std::shared_ptr<const Operation> cjt188_command(const Cjt188Settings& settings, const ConfigNode& node) {
  constexpr std::size_t write_address = 3;
  const std::size_t what = node.choice("does", {"clock_set", "valve_close", "valve_open", "write_address"});
  if (what == 0) return std::make_shared<ClockSetOperation>(settings);
  if (what == write_address) return std::make_shared<AddressOperation>(settings);
  std::uint8_t code = 0;
  const auto command = what == 1 ? ValveCommand::close : ValveCommand::open;
  if (settings.profile->valve_write_octets != 1 || !cjt188::find_valve_code(*settings.profile, command, code)) {
    node.reject("does", fmt::format("the profile '{}' has no octet for it", settings.profile->name));
    return nullptr;
  }
  return std::make_shared<ValveOperation>(settings, code);
}

std::shared_ptr<const Operation> cjt188_writer(const Cjt188Settings& settings, const ConfigNode& write) {
  constexpr std::array days{identifiers::write_settlement_day, identifiers::write_reading_day};
  return std::make_shared<DayOperation>(settings, days[write.choice("di", {"A011", "A012"})]);
}

}  // namespace duheng::drivers
