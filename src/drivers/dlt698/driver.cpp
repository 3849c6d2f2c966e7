#include "drivers/dlt698/driver.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>

#include "codec/dlt698/message.hpp"
#include "codec/dlt698/objects/object_table.hpp"
#include "drivers/dlt698/dialect.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Kind;
using dlt698::Oad;
namespace objects = dlt698::objects;

struct Place {
  Oad oad;
  std::uint8_t element = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::int8_t exponent = 0;
  std::string_view unit;
  friend bool operator==(const Place& a, const Place& b) { return a.oad == b.oad && a.element == b.element; }
};

std::optional<Oad> parse_oad(std::string_view text) {
  std::uint32_t value = 0;
  constexpr std::size_t digits = 8;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size() || text.size() != digits) return std::nullopt;
  return Oad::from(value);
}

std::optional<SeriesKind> kind_of(objects::Type type) {
  using enum objects::Type;
  switch (type) {
    case int8:
    case int16:
    case int32:
    case int64:
    case uint8:
    case uint16:
    case uint32:
    case uint64:
      return SeriesKind::decimal;
    case boolean:
    case enumeration:
    case bit_string:
      return SeriesKind::bit_set;
    case float32:
    case float64:
      return SeriesKind::ieee_bits;
    case date_time:
    case date_time_s:
      return SeriesKind::event;
    default:
      return std::nullopt;
  }
}

/// CCYYMMDDhhmmss as one number; nothing for a moment that does not exist.
std::optional<std::int64_t> digits_of(Kind kind, ByteView content) {
  const auto time = dlt698::read_time(kind, content);
  if (!time || !dlt698::is_valid(kind, *time)) return std::nullopt;
  std::int64_t out = time->year;
  for (const int part : {time->month, time->day, time->hour, time->minute, time->second}) out = out * 100 + part;
  return out;
}

/// The content of one element; nothing when it does not fit what the register is.
std::optional<std::int64_t> mantissa_of(const dlt698::Element& element, SeriesKind wanted) {
  constexpr std::size_t octets_most = 8;
  const ByteView content = element.content;
  if (content.empty() || (content.size() > octets_most && element.type->kind != Kind::date_time)) return std::nullopt;
  switch (element.type->kind) {
    case Kind::signed_integer:
      if (wanted == SeriesKind::decimal) return dlt698::read_signed(content);
      break;
    case Kind::unsigned_integer: {
      const std::uint64_t value = dlt698::read_unsigned(content);
      if (wanted == SeriesKind::decimal && value <= INT64_MAX) return static_cast<std::int64_t>(value);
      break;
    }
    case Kind::boolean:
    case Kind::enumeration:
    case Kind::bit_string:
      if (wanted == SeriesKind::bit_set) return std::bit_cast<std::int64_t>(dlt698::read_unsigned(content));
      break;
    case Kind::float_number:
      if (const auto value = dlt698::read_float(content); value && wanted == SeriesKind::ieee_bits)
        return std::bit_cast<std::int64_t>(*value);
      break;
    case Kind::date_time:
    case Kind::date_time_s:
      if (wanted == SeriesKind::event) return digits_of(element.type->kind, content);
      break;
    default:
      break;
  }
  return std::nullopt;
}

class Reader final : public AnswerReader {
 public:
  explicit Reader(std::vector<Place> places) : places_(std::move(places)) {}

  [[nodiscard]] bool read(ByteView payload, std::vector<ItemValue>& out) const override {
    bool any = false;
    const auto read = dlt698::for_each_result(payload, [&](const dlt698::ObjectResult& result) {
      if (result.in_follow_report) return;
      any = true;
      if (!result.dar) take(result, out);  // what the device does not have is no reading
    });
    return read.has_value() && any;
  }

 private:
  /// Values of an array or structure are counted flat, in the order they stand.
  void take(const dlt698::ObjectResult& result, std::vector<ItemValue>& out) const {
    dlt698::Reader reader(dlt698::types::data, result.data);
    for (std::uint32_t place = 0; reader.step() && reader.current().event != dlt698::Element::Event::finished;) {
      if (reader.current().event != dlt698::Element::Event::value) continue;
      for (std::uint32_t item = 0; item < places_.size(); ++item)
        if (places_[item].oad == result.oad && places_[item].element == place)
          out.push_back(to_item(item, reader.current()));
      ++place;
    }
  }
  [[nodiscard]] ItemValue to_item(std::uint32_t item, const dlt698::Element& element) const {
    const Place& place = places_[item];
    ItemValue out{item, ItemState::good, 0, place.exponent, place.unit};
    if (element.type->kind == Kind::null) {
      out.state = ItemState::no_value;
      return out;
    }
    const auto mantissa = mantissa_of(element, place.kind);
    if (!mantissa) {
      out.state = ItemState::invalid;
      return out;
    }
    out.mantissa = *mantissa;
    if (place.kind == SeriesKind::ieee_bits && std::isnan(std::bit_cast<double>(*mantissa)))
      out.state = ItemState::no_value;
    return out;
  }
  std::vector<Place> places_;
};

class Planner final : public QuestionPlanner {
 public:
  explicit Planner(const ConfigNode& model)
      : objects_max_(static_cast<std::size_t>(model.section("dlt698").integer("objects_max", {1, 64}, 8))) {}

  void add(const ConfigNode& node, ItemShape& shape) override {
    Place place;
    place.element = static_cast<std::uint8_t>(node.integer("element", {0, 254}, 0));
    const auto oad = parse_oad(node.text("oad"));
    if (!oad) node.reject("oad", "must be eight hexadecimal digits: OI, attribute, index");
    place.oad = oad.value_or(Oad{});
    const auto what = objects::describe(place.oad.value());
    if (oad && !what) node.reject("oad", "is not in the object table");
    if (what) check(node, *what, place, shape);
    if (std::ranges::find(places_, place) != places_.end())
      node.reject("register", "reads the same place of the answer twice");
    places_.push_back(place);
  }

  [[nodiscard]] std::vector<PlannedQuestion> finish() override {
    std::vector<std::vector<std::uint32_t>> groups;  // items by question
    std::vector<std::vector<Oad>> asked;
    for (std::uint32_t item = 0; item < places_.size(); ++item) {
      const Oad oad = places_[item].oad;
      auto found = std::ranges::find_if(
          asked, [&](const std::vector<Oad>& oads) { return std::ranges::find(oads, oad) != oads.end(); });
      if (found == asked.end()) {
        if (asked.empty() || asked.back().size() >= objects_max_) {
          asked.emplace_back();
          groups.emplace_back();
        }
        found = asked.end() - 1;
        found->push_back(oad);
      }
      groups[static_cast<std::size_t>(found - asked.begin())].push_back(item);
    }
    std::vector<PlannedQuestion> out;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      std::vector<Place> places;
      for (const std::uint32_t item : groups[i]) places.push_back(places_[item]);
      out.push_back({dlt698_get(asked[i]), std::make_shared<Reader>(std::move(places)), std::move(groups[i])});
    }
    return out;
  }

 private:
  /// Fills in what the object table knows and rejects a file that says otherwise.
  static void check(const ConfigNode& node, const objects::Description& what, Place& place, ItemShape& shape) {
    const objects::Shape* leaf = what.shape;
    if (leaf != nullptr && (leaf->type == objects::Type::array || leaf->type == objects::Type::structure))
      leaf = leaf->part(place.element);
    const auto kind = leaf != nullptr ? kind_of(leaf->type) : std::nullopt;
    if (!kind) return node.reject("oad", "is nothing that a register can hold at this element");
    shape.kind = place.kind = *kind;
    if (*kind == SeriesKind::decimal || *kind == SeriesKind::ieee_bits) {
      const auto scale = objects::register_scale(*leaf);
      place.unit = objects::to_string(scale.unit);
      place.exponent = *kind == SeriesKind::decimal ? scale.exponent : std::int8_t{0};
    }
    reject_unless_agreed(node, shape, place.unit, place.exponent);
    const std::string name = objects::register_name(what, place.element);
    if (!name.empty() && name != shape.register_name)
      node.reject("register", fmt::format("is '{}', but this place of the object is '{}'", shape.register_name, name));
  }

  std::size_t objects_max_;
  std::vector<Place> places_;
};

class Dlt698Driver final : public Driver {
 public:
  [[nodiscard]] std::string_view name() const override { return "dlt698_45"; }
  [[nodiscard]] Protocol protocol() const override { return Protocol::dlt698_45; }
  [[nodiscard]] Result<BusAddress> address(std::string_view text, std::size_t digits_max) const override {
    const auto address = dlt698::ServerAddress::parse(text);
    const bool is_decimal = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    if (!address || !is_decimal || text.size() > digits_max)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("'{}' is not an address of at most {} digits", text, digits_max));
    return bus_address(*address);
  }
  [[nodiscard]] std::unique_ptr<Dialect> dialect() const override { return make_dlt698_dialect(); }
  /// Asks whoever is there for its own address (4001 0200).
  [[nodiscard]] std::optional<Identification> identification() const override {
    Identification out;
    out.address = bus_address(dlt698::ServerAddress::wildcard());
    constexpr std::array communication_address{Oad{0x4001, 2, 0}};
    out.query = dlt698_get(communication_address);
    return out;
  }
  [[nodiscard]] std::string address_text(const BusAddress& address) const override {
    const ByteView octets = address.octets();
    if (octets.size() < 2) return to_hex(octets);
    const auto server = dlt698::ServerAddress::from_wire(octets[0], octets.subspan(1));
    return server ? server->to_string() : to_hex(octets);
  }
  [[nodiscard]] std::unique_ptr<QuestionPlanner> planner(const ConfigNode& model) const override {
    return std::make_unique<Planner>(model);
  }
};

}  // namespace

const Driver& dlt698_driver() {
  static const Dlt698Driver driver;
  return driver;
}

}  // namespace duheng::drivers
