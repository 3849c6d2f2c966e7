#include "drivers/dlt645/driver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "codec/dlt645/message.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "drivers/dlt645/values.hpp"

namespace duheng::drivers {

std::optional<SeriesKind> series_kind_of(dlt645::FieldKind kind) noexcept {
  using dlt645::FieldKind;
  switch (kind) {
    case FieldKind::bcd:
    case FieldKind::signed_bcd:
      return SeriesKind::decimal;
    case FieldKind::bits:
      return SeriesKind::bit_set;
    case FieldKind::date_weekday:
    case FieldKind::time:
    case FieldKind::date_time:
    case FieldKind::date_hour_minute:
    case FieldKind::month_day_time:
    case FieldKind::day_hour:
      return SeriesKind::event;
    default:
      return std::nullopt;
  }
}

ItemState item_state_of(const dlt645::Value& value) noexcept {
  if (value.state == dlt645::ValueState::no_value) return ItemState::no_value;
  if (value.state == dlt645::ValueState::invalid || !dlt645::is_calendar_valid(value)) return ItemState::invalid;
  return ItemState::good;
}
std::string_view unit_of(const dlt645::FieldFormat& format) noexcept {
  return series_kind_of(format.kind) == SeriesKind::event ? std::string_view{} : dlt645::to_string(format.unit);
}

namespace {

using dlt645::DataDescription;
using dlt645::DataIdentifier;

class Reader final : public AnswerReader {
 public:
  explicit Reader(const DataDescription& what) : what_(what) {}
  void add(std::uint8_t element) { elements_.push_back(element); }
  [[nodiscard]] bool holds(std::uint8_t element) const {
    return std::ranges::find(elements_, element) != elements_.end();
  }

  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    dlt645::ValueList values;
    const auto decoded = dlt645::decode_values(what_, payload, values);
    if (!decoded && values.empty()) return false;
    for (std::uint32_t item = 0; item < elements_.size(); ++item) {
      const auto* value = values.find(elements_[item]);
      if (value == nullptr) continue;  // the meter gave a shorter block
      const bool is_number = series_kind_of(value->kind) == SeriesKind::decimal;
      out.push_back({item, item_state_of(*value), value->state == dlt645::ValueState::good ? value->mantissa : 0,
                     value->exponent, is_number ? dlt645::to_string(value->unit) : std::string_view{}});
    }
    return true;
  }

 private:
  DataDescription what_;
  std::vector<std::uint8_t> elements_;
};

class Planner final : public QuestionPlanner {
 public:
  void add(const ConfigNode& node, ItemShape& shape) override {
    const std::uint32_t number = items_++;
    const auto element = static_cast<std::uint8_t>(node.integer("element", {0, 254}, 0));
    const auto identifier = DataIdentifier::parse(node.text("di"));
    if (!identifier) return node.reject("di", "must be eight hexadecimal digits, DI3 first");
    const auto what = dlt645::describe(*identifier);
    if (!what) return node.reject("di", "is not in the protocol's table");
    check(node, *what, element, shape);
    auto question = std::ranges::find(questions_, *identifier, &Question::identifier);
    if (question == questions_.end()) {
      questions_.push_back({*identifier, std::make_shared<Reader>(*what), {}});
      question = questions_.end() - 1;
    }
    if (question->reader->holds(element)) node.reject("register", "reads the same place of the answer twice");
    question->reader->add(element);
    question->items.push_back(number);
  }

  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<PlannedQuestion> out;
    for (auto& question : questions_)
      out.push_back({dlt645_read(question.identifier), std::move(question.reader), std::move(question.items)});
    questions_.clear();
    return out;
  }

 private:
  struct Question {
    DataIdentifier identifier;
    std::shared_ptr<Reader> reader;
    std::vector<std::uint32_t> items;
  };

  /// Fills in what the codec's table says and rejects a file that says otherwise.
  static void check(const ConfigNode& node, const DataDescription& what, std::uint8_t element, ItemShape& shape) {
    if (what.field_count != 1) return node.reject("di", "has several fields in one item, which no register can hold");
    if (element >= (what.is_block() ? dlt645::elements_max(what.layout) : 1))
      return node.reject("element", "is beyond the block's last");
    const auto& format = what.fields().front();
    const auto kind = series_kind_of(format.kind);
    if (!kind) return node.reject("di", "holds text or raw octets, which no register can hold");
    shape.kind = *kind;
    reject_unless_agreed(node, shape, unit_of(format), format.exponent);
    const std::string name = dlt645::register_name(what, element);
    if (shape.register_name.empty()) shape.register_name = name;
    if (!name.empty() && name != shape.register_name)
      node.reject("register",
                  fmt::format("is '{}', but this place of the data identifier is '{}'", shape.register_name, name));
  }

  std::uint32_t items_ = 0;
  std::vector<Question> questions_;
};

class Dlt645Driver final : public Driver {
 public:
  [[nodiscard]] std::string_view name() const override { return "dlt645_2007"; }
  [[nodiscard]] Protocol protocol() const override { return Protocol::dlt645_2007; }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t digits_max) const override {
    const auto address = dlt645::Address::parse(text);
    if (!address || !address->is_decimal() || address->is_broadcast() || text.size() > digits_max)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not an address of at most {} digits", text, digits_max));
    return bus_address(*address);
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_dlt645_dialect(); }
  [[nodiscard]] std::optional<Identification> identification() const override {
    Identification out;
    constexpr std::uint8_t wildcard = 0xAA;
    out.address = BusAddress(Bytes(dlt645::Address::size_octets, wildcard));
    out.query.operation = static_cast<std::uint16_t>(dlt645::Function::read_address);
    return out;
  }
  [[nodiscard]] std::string address_text(const BusAddress& address) const override {
    if (address.octets().size() != dlt645::Address::size_octets) return to_hex(address.octets());
    return dlt645::Address::from_wire(address.octets().first<dlt645::Address::size_octets>()).to_string();
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& /*model*/) const override {
    return std::make_unique<Planner>();
  }
  [[nodiscard]] std::shared_ptr<const Operation> command(const ConfigNode& /*model*/,
                                                         const ConfigNode& operation) const override {
    return dlt645_command(operation);
  }
  [[nodiscard]] std::shared_ptr<const Operation> writer(const ConfigNode& /*model*/, const ConfigNode& item,
                                                        const ConfigNode& write) const override {
    return dlt645_writer(item, write);
  }
  [[nodiscard]] std::shared_ptr<const HistoryPlan> history(const ConfigNode& /*model*/, const ConfigNode& history,
                                                           const std::vector<ConfigNode>& items,
                                                           std::vector<ItemShape>& shapes) const override {
    return dlt645_history(history, items, shapes);
  }
  void mask_secrets(Bytes& request) const override { mask_dlt645_secrets(request); }
  [[nodiscard]] std::string_view refusal_word(std::uint32_t error) const override {
    if ((error & dlt645::error_bits::password_error) != 0) return "password_wrong";
    if ((error & dlt645::error_bits::no_requested_data) != 0) return "no_such_data";
    return "refused";
  }
};

}  // namespace

const Driver& dlt645_driver() {
  static const Dlt645Driver driver;
  return driver;
}

}  // namespace duheng::drivers
