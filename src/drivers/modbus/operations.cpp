#include "drivers/modbus/operations.hpp"

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "codec/modbus/message.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {

using modbus::RegisterDescription;
using modbus::ValueType;

RegisterDescription modbus_description(const ConfigNode& node) {
  static constexpr std::array tables{modbus::Table::holding_registers, modbus::Table::input_registers,
                                     modbus::Table::coils, modbus::Table::discrete_inputs};
  static constexpr std::array types{ValueType::uint16,  ValueType::int16,   ValueType::int32, ValueType::uint32,
                                    ValueType::int48,   ValueType::uint48,  ValueType::int64, ValueType::uint64,
                                    ValueType::float32, ValueType::float64, ValueType::bcd,   ValueType::bits,
                                    ValueType::text};
  RegisterDescription out;
  out.table = tables[node.choice("table", {"holding", "input", "coil", "discrete"}, 0)];
  out.address = static_cast<std::uint16_t>(node.integer("address", {0, 65'535}));
  std::vector<std::string_view> names;
  for (const auto type : types) names.push_back(modbus::to_string(type));
  constexpr std::size_t place_of_bits = 11;
  out.type = types[node.choice("type", names, modbus::holds_bits(out.table) ? place_of_bits : 0)];
  out.word_order = static_cast<modbus::WordOrder>(node.choice("word_order", {"high_first", "low_first"}, 0));
  out.octets_swapped = node.flag("octets_swapped", false);
  out.register_count = static_cast<std::uint8_t>(node.integer("registers", {0, 125}, 0));
  out.exponent = static_cast<std::int8_t>(node.integer("exponent", {-18, 18}, 0));
  out.first_bit = static_cast<std::uint8_t>(node.integer("first_bit", {0, 63}, 0));
  out.bit_count = static_cast<std::uint8_t>(node.integer("bit_count", {1, 63}, 1));
  return out;
}

namespace {

/// Which function writes: the one of a single coil or register where it can, or always that of many.
enum class Form : std::uint8_t { shortest, multiple };

std::uint16_t word_at(ByteView octets, std::size_t place) {
  return static_cast<std::uint16_t>(octets[2 * place] << 8 | octets[2 * place + 1]);
}

modbus::BuiltPdu write_bit(const RegisterDescription& where, bool on, Form form) {
  if (form == Form::shortest) return modbus::write_coil_request(where.address, on);
  return modbus::write_coils_request(where.address, 1, Bytes{static_cast<std::uint8_t>(on ? 1 : 0)});
}

/// Some bits of one register, the others left as they are: function 22.
modbus::BuiltPdu write_masked(const RegisterDescription& where, std::int64_t value) {
  const unsigned ones = ((1U << where.bit_count) - 1U) << where.first_bit;
  return modbus::mask_write_request(where.address, static_cast<std::uint16_t>(~ones),
                                    static_cast<std::uint16_t>(static_cast<unsigned>(value) << where.first_bit));
}

modbus::BuiltPdu write_words(const RegisterDescription& where, ByteView octets, Form form) {
  if (octets.size() == 2 && form == Form::shortest)
    return modbus::write_register_request(where.address, word_at(octets, 0));
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; 2 * i < octets.size(); ++i) words.push_back(word_at(octets, i));
  return modbus::write_registers_request(where.address, words);
}

Result<Query> query_of(const modbus::BuiltPdu& pdu) {
  if (!pdu) return fail(ErrorCode::invalid_argument, "argument 'value' cannot be written there");
  Query query;
  query.operation = pdu->view()[0];
  query.body.assign(pdu->view().begin() + 1, pdu->view().end());
  query.at_most_once = true;
  return query;
}

Result<Query> write_query(const RegisterDescription& where, std::int64_t mantissa, Form form) {
  const auto does_not_fit = [] {
    return fail(ErrorCode::invalid_argument, "argument 'value' does not fit the register");
  };
  if (modbus::holds_bits(where.table)) {
    if (mantissa != 0 && mantissa != 1) return does_not_fit();
    return query_of(write_bit(where, mantissa == 1, form));
  }
  if (where.type == ValueType::bits) {
    if (mantissa < 0 || mantissa >= std::int64_t{1} << where.bit_count) return does_not_fit();
    return query_of(write_masked(where, mantissa));
  }
  Bytes octets(std::size_t{2} * modbus::width_of(where));
  if (!modbus::encode_value(where, {mantissa, where.exponent, SeriesKind::decimal}, octets)) return does_not_fit();
  return query_of(write_words(where, octets, form));
}

class WriteOperation final : public Operation {
 public:
  WriteOperation(const RegisterDescription& where, Form form, std::optional<std::int64_t> fixed)
      : where_(where), form_(form), fixed_(fixed) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto mantissa, mantissa_of(inputs));
    DUHENG_TRY(Query query, write_query(where_, mantissa, form_));
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }

 private:
  [[nodiscard]] Result<std::int64_t> mantissa_of(const OperationInputs& inputs) const {
    if (fixed_) return *fixed_;
    return argument_mantissa(inputs, "value", where_.exponent);
  }
  RegisterDescription where_;
  Form form_;
  std::optional<std::int64_t> fixed_;
};

/// The register that holds the code of the device's speed: the argument "speed" in bit/s, by the model's list of codes.
class SpeedOperation final : public Operation {
 public:
  using Codes = std::map<std::uint32_t, std::int64_t>;
  SpeedOperation(const RegisterDescription& where, Form form, Codes codes)
      : where_(where), form_(form), codes_(std::move(codes)) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto baud, argument_mantissa(inputs, "speed", 0));
    return tell_format({baud > 0 && baud <= UINT32_MAX ? static_cast<std::uint32_t>(baud) : 0, std::nullopt}, inputs);
  }
  [[nodiscard]] Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                       const OperationInputs& /*inputs*/) const override {
    const auto code = codes_.find(format.baud);
    if (code == codes_.end()) return fail(ErrorCode::invalid_argument, "the device has no code for this speed");
    DUHENG_TRY(Query query, write_query(where_, code->second, form_));
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    return place_at_speed(inputs);
  }

 private:
  RegisterDescription where_;
  Form form_;
  Codes codes_;
};

/// The register that holds the code of the device's parity: the argument "parity", by the model's list of codes. The
/// number of stop bits stays what it is.
class ParityOperation final : public Operation {
 public:
  using Codes = std::map<FieldParity, std::int64_t>;
  ParityOperation(const RegisterDescription& where, Form form, Codes codes)
      : where_(where), form_(form), codes_(std::move(codes)) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    return tell_format({0, parity_argument(inputs)}, inputs);
  }
  [[nodiscard]] Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                       const OperationInputs& /*inputs*/) const override {
    const auto code = format.parity ? codes_.find(*format.parity) : codes_.end();
    if (code == codes_.end()) return fail(ErrorCode::invalid_argument, "the device has no code for this parity");
    DUHENG_TRY(Query query, write_query(where_, code->second, form_));
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    return place_at_parity(inputs);
  }

 private:
  RegisterDescription where_;
  Form form_;
  Codes codes_;
};

/// The register that holds the device's own address: the argument "address".
class AddressOperation final : public Operation {
 public:
  AddressOperation(const RegisterDescription& where, Form form) : where_(where), form_(form) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_TRY(const auto unit, argument_mantissa(inputs, "address", 0));
    constexpr std::int64_t unit_max = 247;
    if (unit < 1 || unit > unit_max) return fail(ErrorCode::invalid_argument, "argument 'address' must be 1 to 247");
    DUHENG_TRY(Query query, write_query(where_, unit, form_));
    return std::vector{std::move(query)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    const auto text = argument_text(inputs, "address");
    if (!text) return std::nullopt;
    return NewPlace{.address = std::string(*text), .baud = 0, .reaches_all = false, .whole_line = false};
  }

 private:
  RegisterDescription where_;
  Form form_;
};

/// False, and rejected, when nothing can be written there.
bool check_writable(const ConfigNode& node, const RegisterDescription& where) {
  if (!modbus::check(where)) return false;  // of a parameter, the planner has rejected it
  if (where.table != modbus::Table::holding_registers && where.table != modbus::Table::coils) {
    node.reject("table", "can be read only");
    return false;
  }
  constexpr unsigned register_bits = 16;
  const bool is_number =
      where.type != ValueType::text && where.type != ValueType::float32 && where.type != ValueType::float64;
  if (!is_number) {
    node.reject("type", "cannot be written exactly: only whole numbers, bcd and bits can");
    return false;
  }
  if (where.table == modbus::Table::holding_registers && where.type == ValueType::bits &&
      (where.octets_swapped || where.register_count > 1 ||
       static_cast<unsigned>(where.first_bit) + where.bit_count > register_bits)) {
    node.reject("bit_count", "must lie in one register with its octets in order: function 22 writes no more");
    return false;
  }
  return true;
}

Form form_of(const ConfigNode& node) { return static_cast<Form>(node.choice("form", {"shortest", "multiple"}, 0)); }

}  // namespace

namespace {

/// Which number stands for which speed. What is given twice, or does not fit the register, is rejected.
SpeedOperation::Codes codes_of(const ConfigNode& node, const RegisterDescription& where, Form form) {
  constexpr std::int64_t slowest = 300;
  constexpr std::int64_t fastest = 115'200;
  SpeedOperation::Codes out;
  std::set<std::int64_t> numbers;
  const auto nodes = node.items("codes");
  if (nodes.empty()) node.reject("codes", "must say which number stands for which speed");
  for (const auto& item : nodes) {
    const auto baud = static_cast<std::uint32_t>(item.integer("speed", {slowest, fastest}));
    const std::int64_t code = item.integer("code");
    if (!write_query(where, code, form)) item.reject("code", "does not fit the register");
    if (!numbers.insert(code).second) item.reject("code", "stands above already");
    if (!out.emplace(baud, code).second) item.reject("speed", "stands above already");
  }
  return out;
}

/// Likewise which number stands for which parity.
ParityOperation::Codes parity_codes_of(const ConfigNode& node, const RegisterDescription& where, Form form) {
  ParityOperation::Codes out;
  std::set<std::int64_t> numbers;
  const auto nodes = node.items("codes");
  if (nodes.empty()) node.reject("codes", "must say which number stands for which parity");
  for (const auto& item : nodes) {
    const auto parity = static_cast<FieldParity>(item.choice("parity", {"none", "even", "odd"}));
    const std::int64_t code = item.integer("code");
    if (!write_query(where, code, form)) item.reject("code", "does not fit the register");
    if (!numbers.insert(code).second) item.reject("code", "stands above already");
    if (!out.emplace(parity, code).second) item.reject("parity", "stands above already");
  }
  return out;
}

/// Address, speed and parity are whole numbers in holding registers.
bool check_communication(const ConfigNode& node, const RegisterDescription& where) {
  if (!check_writable(node, where)) return false;
  if (where.table == modbus::Table::holding_registers && where.type != ValueType::bits && where.exponent == 0)
    return true;
  node.reject("address, speed and parity stand in holding registers as whole numbers");
  return false;
}

}  // namespace

std::shared_ptr<const Operation> modbus_command(const ConfigNode& node) {
  enum class Kind : std::uint8_t { write, change_speed, change_parity, write_address };
  const auto kind = static_cast<Kind>(node.choice("does", {"write", "change_speed", "change_parity", "write_address"}));
  if (kind != Kind::write) {
    const auto where = modbus_description(node);
    const Form form = form_of(node);
    if (const auto fine = modbus::check(where); !fine) {
      node.reject(fine.error().message);
      return nullptr;
    }
    if (!check_communication(node, where)) return nullptr;
    if (kind == Kind::write_address) return std::make_shared<AddressOperation>(where, form);
    if (kind == Kind::change_parity)
      return std::make_shared<ParityOperation>(where, form, parity_codes_of(node, where, form));
    return std::make_shared<SpeedOperation>(where, form, codes_of(node, where, form));
  }
  const auto where = modbus_description(node);
  const auto fine = modbus::check(where);
  if (!fine) node.reject(fine.error().message);
  const std::int64_t value = node.integer("value");
  const Form form = form_of(node);
  if (!fine || !check_writable(node, where)) return nullptr;
  if (!write_query(where, value, form)) {
    node.reject("value", "does not fit the register");
    return nullptr;
  }
  return std::make_shared<WriteOperation>(where, form, value);
}

std::shared_ptr<const Operation> modbus_writer(const ConfigNode& item, const ConfigNode& write) {
  const auto where = modbus_description(item);
  const Form form = form_of(write);
  if (!check_writable(item, where)) return nullptr;
  return std::make_shared<WriteOperation>(where, form, std::nullopt);
}

std::string_view modbus_refusal_word(std::uint32_t exception) noexcept {
  switch (static_cast<modbus::ExceptionCode>(exception)) {
    case modbus::ExceptionCode::illegal_function:
      return "not_supported";
    case modbus::ExceptionCode::illegal_data_address:
      return "no_such_data";
    case modbus::ExceptionCode::illegal_data_value:
      return "out_of_range";
    case modbus::ExceptionCode::server_device_busy:
      return "busy";
    default:
      return "refused";
  }
}

}  // namespace duheng::drivers
