#include "drivers/snmp/driver.hpp"

#include <algorithm>

#include "drivers/snmp/dialect.hpp"

namespace duheng::drivers {
namespace {

using snmp::ObjectId;
using snmp::PduType;

// An agent must take messages of 484 octets (RFC 3417, 3.2); this many names and values fit.
constexpr std::size_t names_a_question_max = 12;

struct Place {
  ObjectId name;
  std::string unit;
  std::int8_t exponent = 0;
};

class Reader final : public AnswerReader {
 public:
  Reader(PduType type, std::vector<Place> places) : type_(type), places_(std::move(places)) {}

  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    const auto bindings = snmp::parse_bindings(payload);
    if (!bindings || bindings->size() != places_.size()) return false;
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (type_ == PduType::get && (*bindings)[i].name != places_[i].name) return false;
    for (std::uint32_t i = 0; i < places_.size(); ++i) out.push_back(value_of(i, (*bindings)[i]));
    return true;
  }

 private:
  [[nodiscard]] ItemValue value_of(std::uint32_t item, const snmp::Binding& binding) const {
    ItemValue out{item, ItemState::good, 0, places_[item].exponent, places_[item].unit};
    if (binding.value.is_absent() || !binding.name.is_within(places_[item].name)) {
      out.state = ItemState::no_value;
    } else if (const auto number = binding.value.number()) {
      out.mantissa = *number;
    } else {
      out.state = ItemState::invalid;
    }
    return out;
  }

  PduType type_;
  std::vector<Place> places_;
};

class Planner final : public QuestionPlanner {
 public:
  void add(const ConfigNode& node, ItemShape& shape) override {
    Place place;
    if (auto name = ObjectId::parse(node.text("oid")))
      place.name = std::move(*name);
    else
      node.reject("oid", name.error().message);
    place.unit = node.text("unit", "");
    place.exponent = static_cast<std::int8_t>(node.integer("exponent", {-18, 18}, 0));
    const bool is_next = node.flag("next", false);
    auto& places = is_next ? nexts_ : gets_;
    if (std::ranges::any_of(places, [&](const Numbered& other) { return other.place.name == place.name; }))
      node.reject("oid", "is read twice");
    shape.unit = place.unit;
    shape.exponent = place.exponent;
    shape.kind = SeriesKind::decimal;
    places.push_back({count_++, std::move(place)});
  }

  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<PlannedQuestion> out;
    cut(PduType::get, gets_, out);
    cut(PduType::get_next, nexts_, out);
    return out;
  }

 private:
  struct Numbered {
    std::uint32_t item = 0;
    Place place;
  };
  static void cut(PduType type, const std::vector<Numbered>& all, std::vector<PlannedQuestion>& out) {
    for (std::size_t from = 0; from < all.size(); from += names_a_question_max) {
      PlannedQuestion question;
      std::vector<Place> places;
      std::vector<ObjectId> names;
      for (std::size_t i = from; i < std::min(all.size(), from + names_a_question_max); ++i) {
        question.items.push_back(all[i].item);
        places.push_back(all[i].place);
        names.push_back(all[i].place.name);
      }
      question.query = snmp_question(type, names);
      question.reader = std::make_shared<Reader>(type, std::move(places));
      out.push_back(std::move(question));
    }
  }

  std::vector<Numbered> gets_;
  std::vector<Numbered> nexts_;
  std::uint32_t count_ = 0;
};

class SnmpDriver final : public Driver {
 public:
  [[nodiscard]] std::string_view name() const override { return "snmp"; }
  [[nodiscard]] Protocol protocol() const override { return Protocol::snmp; }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t /*digits_max*/) const override {
    if (!is_credential_name(text))
      return fail(ErrorCode::invalid_argument,
                  "an SNMP device's address is the name of its gateway's SNMP credential: 1 to 20 of a-z, 0-9, '-', "
                  "'_' and '.'");
    return BusAddress(as_bytes(text));
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_snmp_dialect(nullptr); }
  [[nodiscard]] std::unique_ptr<Dialect> dialect_with(const DriverSecrets& secrets) const override {
    return make_snmp_dialect(secrets.snmp);
  }
  [[nodiscard]] std::optional<Identification> identification() const override { return std::nullopt; }
  [[nodiscard]] std::string address_text(const BusAddress& address) const override {
    return std::string(as_text(address.octets()));
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& /*model*/) const override {
    return std::make_unique<Planner>();
  }
  void mask_secrets(Bytes& octets) const override { snmp::mask_communities(octets); }
  [[nodiscard]] bool has_secret_in_every_frame() const override { return true; }
  [[nodiscard]] std::string_view refusal_word(std::uint32_t error) const override {
    switch (error) {
      case 2:   // noSuchName
      case 11:  // noCreation
        return "no_such_data";
      case snmp_security_errors + 1:  // unsupportedSecLevels
        return "not_supported";
      case snmp_security_errors + 3:  // unknownUserNames
      case snmp_security_errors + 5:  // wrongDigests
      case snmp_security_errors + 6:  // decryptionErrors
        return "password_wrong";
      default:
        return "refused";
    }
  }
};

}  // namespace

const Driver& snmp_driver() {
  static const SnmpDriver driver;
  return driver;
}

}  // namespace duheng::drivers
