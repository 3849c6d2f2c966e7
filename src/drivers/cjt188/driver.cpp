#include "drivers/cjt188/driver.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/values.hpp"

namespace duheng::drivers {

std::optional<std::uint16_t> parse_hexadecimal(std::string_view text, std::size_t digits) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() != digits) return std::nullopt;
  return value;
}

Cjt188Settings read_cjt188_settings(const ConfigNode& model) {
  Cjt188Settings out;
  const auto settings = model.section("cjt188");
  const auto type = parse_hexadecimal(settings.text("meter_type"), 2);
  if (!type || cjt188::family_of(static_cast<std::uint8_t>(*type)) == cjt188::MeterFamily::unknown)
    settings.reject("meter_type", "must be two hexadecimal digits of a type that CJ/T 188 has, e.g. \"10\"");
  out.meter_type = static_cast<std::uint8_t>(type.value_or(cjt188::meter_types::cold_water));
  std::vector<std::string_view> names;
  for (const auto& profile : cjt188::known_profiles()) names.push_back(profile.name);
  out.profile = &cjt188::known_profiles()[settings.choice("profile", names, 0)];
  return out;
}

ItemValue cjt188_item_value(std::uint32_t item, const cjt188::Value& value) {
  ItemValue out;
  out.item = item;
  out.state = value.state == cjt188::ValueState::no_value ? ItemState::no_value
              : value.state == cjt188::ValueState::good   ? ItemState::good
                                                          : ItemState::invalid;
  out.mantissa = value.state == cjt188::ValueState::good ? value.mantissa : 0;
  out.exponent = value.decimal().exponent;
  out.unit = cjt188::to_string(value.unit);
  return out;
}

namespace {

using cjt188::DataIdentifier;
using cjt188::FieldRole;
using cjt188::Profile;

constexpr std::size_t roles = static_cast<std::size_t>(FieldRole::valve_command) + 1;

/// The days a meter settles and is read have no name in the codec: both are the same field, of two identifiers.
struct DayRegister {
  std::string_view name;
  DataIdentifier identifier;
};
constexpr std::array day_registers{DayRegister{"settlement_day", cjt188::identifiers::settlement_day},
                                   DayRegister{"reading_day", cjt188::identifiers::reading_day}};

/// All fields that have this name: volume_total is one field of a water meter and another of a heat meter.
std::vector<FieldRole> roles_named(std::string_view name, cjt188::MeterFamily family) {
  std::vector<FieldRole> out;
  for (std::size_t i = 0; i < roles; ++i)
    if (cjt188::register_name(static_cast<FieldRole>(i), family) == name) out.push_back(static_cast<FieldRole>(i));
  return out;
}

SeriesKind kind_of(FieldRole role) {
  if (role == FieldRole::time) return SeriesKind::event;
  return role == FieldRole::status ? SeriesKind::bit_set : SeriesKind::decimal;
}

class Reader final : public AnswerReader {
 public:
  Reader(std::uint8_t meter_type, const Profile& profile, DataIdentifier identifier)
      : meter_type_(meter_type), profile_(profile), identifier_(identifier) {}
  void add(std::vector<FieldRole> wanted) { items_.push_back(std::move(wanted)); }
  [[nodiscard]] bool holds(const std::vector<FieldRole>& wanted) const {
    return std::ranges::find(items_, wanted) != items_.end();
  }

  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    const cjt188::Message message(identifier_, meter_type_, payload);
    const auto layout = cjt188::find_layout(message);
    if (!layout) return false;
    cjt188::ValueList values;
    const auto decoded = cjt188::decode_values(**layout, payload, profile_, values);
    if (!decoded && values.empty()) return false;
    for (std::uint32_t item = 0; item < items_.size(); ++item) {
      for (const FieldRole role : items_[item]) {
        const auto* value = values.find(role);
        if (value == nullptr) continue;
        out.push_back(cjt188_item_value(item, *value));
        break;
      }
    }
    return true;
  }

 private:
  std::uint8_t meter_type_;
  const Profile& profile_;
  DataIdentifier identifier_;
  std::vector<std::vector<FieldRole>> items_;
};

class Planner final : public QuestionPlanner {
 public:
  explicit Planner(const ConfigNode& model) : settings_(read_cjt188_settings(model)) {}

  void add(const ConfigNode& node, ItemShape& shape) override {
    const std::uint32_t number = items_++;
    const auto digits = parse_hexadecimal(node.text("di", "901F"), 4);
    if (!digits) return node.reject("di", "must be four hexadecimal digits");
    auto wanted = roles_named(shape.register_name, cjt188::family_of(settings_.meter_type));
    if (const auto day = std::ranges::find(day_registers, shape.register_name, &DayRegister::name);
        day != day_registers.end() && day->identifier == DataIdentifier{*digits})
      wanted = {FieldRole::day};
    if (wanted.empty())
      return node.reject("register", fmt::format("'{}' is the name of no field of these meters", shape.register_name));
    shape.kind = kind_of(wanted.front());
    if (shape.kind == SeriesKind::decimal) {
      shape.unit = node.text("unit", "");
      shape.exponent = static_cast<std::int8_t>(node.integer("exponent", {-18, 18}, 0));
    }
    const DataIdentifier identifier{*digits};
    auto question = std::ranges::find(questions_, identifier, &Question::identifier);
    if (question == questions_.end()) {
      questions_.push_back(
          {identifier, std::make_shared<Reader>(settings_.meter_type, *settings_.profile, identifier), {}});
      question = questions_.end() - 1;
    }
    if (question->reader->holds(wanted)) node.reject("register", "reads the same place of the answer twice");
    question->reader->add(std::move(wanted));
    question->items.push_back(number);
  }

  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<PlannedQuestion> out;
    for (auto& question : questions_)
      out.push_back({cjt188_read(settings_.meter_type, *settings_.profile, question.identifier),
                     std::move(question.reader), std::move(question.items)});
    questions_.clear();
    return out;
  }

 private:
  struct Question {
    DataIdentifier identifier;
    std::shared_ptr<Reader> reader;
    std::vector<std::uint32_t> items;
  };
  Cjt188Settings settings_;
  std::uint32_t items_ = 0;
  std::vector<Question> questions_;
};

class Cjt188Driver final : public Driver {
 public:
  [[nodiscard]] std::string_view name() const override { return "cjt188"; }
  [[nodiscard]] Protocol protocol() const override { return Protocol::cjt188; }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t digits_max) const override {
    const auto address = cjt188::Address::parse(text);
    const std::size_t most = std::min<std::size_t>(digits_max, 2 * cjt188::Address::size_octets);
    if (!address || !address->is_decimal() || text.size() > most)
      return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not an address of at most {} digits", text, most));
    return bus_address(*address);
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_cjt188_dialect(); }
  [[nodiscard]] std::optional<Identification> identification() const override {
    Identification out;
    out.address = bus_address(cjt188::Address::wildcard());
    out.query.operation = static_cast<std::uint16_t>(cjt188::meter_types::any << 8 |
                                                     static_cast<unsigned>(cjt188::Function::read_address));
    out.query.subject = cjt188::identifiers::address.value;
    return out;
  }
  [[nodiscard]] std::string address_text(const BusAddress& address) const override {
    if (address.octets().size() != cjt188::Address::size_octets) return to_hex(address.octets());
    return cjt188::Address::from_wire(address.octets()).to_string();
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& model) const override {
    return std::make_unique<Planner>(model);
  }
  [[nodiscard]] std::shared_ptr<const Operation> command(const ConfigNode& model,
                                                         const ConfigNode& operation) const override {
    return cjt188_command(read_cjt188_settings(model), operation);
  }
  [[nodiscard]] std::shared_ptr<const Operation> writer(const ConfigNode& model, const ConfigNode& /*item*/,
                                                        const ConfigNode& write) const override {
    return cjt188_writer(read_cjt188_settings(model), write);
  }
  [[nodiscard]] std::shared_ptr<const HistoryPlan> history(const ConfigNode& model, const ConfigNode& history,
                                                           const std::vector<ConfigNode>& items,
                                                           std::vector<ItemShape>& shapes) const override {
    return cjt188_history(read_cjt188_settings(model), history, items, shapes);
  }
};

}  // namespace

const Driver& cjt188_driver() {
  static const Cjt188Driver driver;
  return driver;
}

}  // namespace duheng::drivers
