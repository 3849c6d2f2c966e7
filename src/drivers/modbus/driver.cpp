#include "drivers/modbus/driver.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

#include "codec/modbus/register_map.hpp"
#include "drivers/modbus/dialect.hpp"
#include "drivers/modbus/operations.hpp"

namespace duheng::drivers {
namespace {

using modbus::RegisterDescription;
using modbus::ValueType;

constexpr std::size_t octets_a_register = 2;

struct Place {
  RegisterDescription description;
  std::string unit;
  std::optional<std::int64_t> no_value;
};

bool is_float(ValueType type) { return type == ValueType::float32 || type == ValueType::float64; }
bool is_bit_set(const RegisterDescription& description) {
  return modbus::holds_bits(description.table) || description.type == ValueType::bits;
}

class Reader final : public AnswerReader {
 public:
  Reader(std::uint16_t first, std::uint16_t quantity, bool of_bits, std::vector<Place> places)
      : first_(first), quantity_(quantity), of_bits_(of_bits), places_(std::move(places)) {}

  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    // The answer was matched against its question: anything shorter is none.
    if (payload.size() < (of_bits_ ? (quantity_ + 7U) / 8U : quantity_ * octets_a_register)) return false;
    for (std::uint32_t item = 0; item < places_.size(); ++item) out.push_back(value_of(item, payload));
    return true;
  }

 private:
  [[nodiscard]] ItemValue value_of(std::uint32_t item, ByteView payload) const {
    const Place& place = places_[item];
    const std::size_t offset = place.description.address - first_;
    ItemValue out{item, ItemState::good, 0, place.description.exponent, place.unit};
    if (of_bits_) {
      out.mantissa = payload[offset / 8] >> (offset % 8) & 1U;
      return out;
    }
    const auto value = modbus::decode_value(place.description, payload.subspan(offset * octets_a_register));
    if (!value) {
      out.state = ItemState::invalid;
      return out;
    }
    out.mantissa = value->mantissa;
    const bool is_none = place.no_value == value->mantissa ||
                         (value->kind == SeriesKind::ieee_bits && std::isnan(std::bit_cast<double>(value->mantissa)));
    if (is_none) out.state = ItemState::no_value;
    return out;
  }

  std::uint16_t first_;
  std::uint16_t quantity_;
  bool of_bits_;
  std::vector<Place> places_;
};

class Planner final : public QuestionPlanner {
 public:
  explicit Planner(const ConfigNode& model) {
    const auto limits = model.section("modbus");
    limits_.registers_max = static_cast<std::uint16_t>(limits.integer("registers_max", {1, 125}, 125));
    limits_.bits_max = static_cast<std::uint16_t>(limits.integer("bits_max", {1, 2'000}, 2'000));
    limits_.gap_max = static_cast<std::uint16_t>(limits.integer("gap_max", {0, 2'000}, 0));
  }

  void add(const ConfigNode& node, ItemShape& shape) override {
    Place place;
    place.description = modbus_description(node);
    place.unit = node.text("unit", "");
    if (node.has("no_value")) place.no_value = node.integer("no_value");
    if (const auto fine = modbus::check(place.description); !fine) node.reject(fine.error().message);
    if (place.description.type == ValueType::text) node.reject("type", "is text, which no register can hold");
    for (const auto& other : places_)
      if (same_place(other.description, place.description)) node.reject("address", "is read twice");
    shape.unit = place.unit;
    shape.exponent = place.description.exponent;
    shape.kind = is_bit_set(place.description)      ? SeriesKind::bit_set
                 : is_float(place.description.type) ? SeriesKind::ieee_bits
                                                    : SeriesKind::decimal;
    places_.push_back(std::move(place));
  }

  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<RegisterDescription> wanted;
    for (const auto& place : places_) wanted.push_back(place.description);
    const auto reads = modbus::plan_reads(wanted, limits_);
    std::vector<PlannedQuestion> out;
    if (!reads) return out;  // a place was rejected; the file is refused
    for (const auto& read : *reads) {
      PlannedQuestion question;
      question.query = modbus_read(read);
      std::vector<Place> places;
      for (const std::size_t item : read.items) {
        places.push_back(places_[item]);
        question.items.push_back(static_cast<std::uint32_t>(item));
      }
      question.reader =
          std::make_shared<Reader>(read.address, read.quantity, modbus::holds_bits(read.table), std::move(places));
      out.push_back(std::move(question));
    }
    return out;
  }

 private:
  static bool same_place(const RegisterDescription& a, const RegisterDescription& b) {
    return a.table == b.table && a.address == b.address && a.type == b.type && a.first_bit == b.first_bit;
  }

  modbus::ReadLimits limits_;
  std::vector<Place> places_;
};

class ModbusDriver final : public Driver {
 public:
  explicit ModbusDriver(modbus::Transport transport) : transport_(transport) {}
  [[nodiscard]] std::string_view name() const override {
    switch (transport_) {
      case modbus::Transport::tcp:
        return "modbus_tcp";
      case modbus::Transport::ascii:
        return "modbus_ascii";
      case modbus::Transport::rtu:
        break;
    }
    return "modbus_rtu";
  }
  [[nodiscard]] Protocol protocol() const override {
    switch (transport_) {
      case modbus::Transport::tcp:
        return Protocol::modbus_tcp;
      case modbus::Transport::ascii:
        return Protocol::modbus_ascii;
      case modbus::Transport::rtu:
        break;
    }
    return Protocol::modbus_rtu;
  }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t /*digits_max*/) const override {
    unsigned unit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), unit);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    // On a line 0 is the broadcast and 248 to 255 are reserved; over TCP 0 and 255 mean the device itself.
    if (!whole || unit > 255 || (!is_tcp() && (unit < 1 || unit > 247)))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not a unit from {}", text, is_tcp() ? "0 to 255" : "1 to 247"));
    return modbus_unit(static_cast<std::uint8_t>(unit));
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_modbus_dialect(transport_); }
  /// A unit number is no name: any device may have it.
  [[nodiscard]] std::optional<Identification> identification() const override { return std::nullopt; }
  [[nodiscard]] std::string address_text(const BusAddress& address) const override {
    return address.octets().empty() ? "" : std::to_string(address.octets()[0]);
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& model) const override {
    return std::make_unique<Planner>(model);
  }
  [[nodiscard]] std::shared_ptr<const Operation> command(const ConfigNode& /*model*/,
                                                         const ConfigNode& operation) const override {
    return modbus_command(operation);
  }
  [[nodiscard]] std::shared_ptr<const Operation> writer(const ConfigNode& /*model*/, const ConfigNode& item,
                                                        const ConfigNode& write) const override {
    return modbus_writer(item, write);
  }
  [[nodiscard]] std::string_view refusal_word(std::uint32_t error) const override { return modbus_refusal_word(error); }

 private:
  [[nodiscard]] bool is_tcp() const { return transport_ == modbus::Transport::tcp; }
  modbus::Transport transport_;
};

}  // namespace

const Driver& modbus_rtu_driver() {
  static const ModbusDriver driver(modbus::Transport::rtu);
  return driver;
}
const Driver& modbus_ascii_driver() {
  static const ModbusDriver driver(modbus::Transport::ascii);
  return driver;
}
const Driver& modbus_tcp_driver() {
  static const ModbusDriver driver(modbus::Transport::tcp);
  return driver;
}

}  // namespace duheng::drivers
