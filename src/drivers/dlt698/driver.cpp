#include "drivers/dlt698/driver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "drivers/dlt698/dialect.hpp"
#include "drivers/dlt698/values.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Oad;
using Place = Dlt698Place;

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
  void take(const dlt698::ObjectResult& result, std::vector<ItemValue>& out) const {
    for_each_flat(result.data, [&](std::uint32_t element, const dlt698::Element& value) {
      for (std::uint32_t item = 0; item < places_.size(); ++item)
        if (places_[item].oad == result.oad && places_[item].element == element)
          out.push_back(item_value(item, places_[item], value));
    });
  }
  std::vector<Place> places_;
};

class Planner final : public QuestionPlanner {
 public:
  explicit Planner(const ConfigNode& model)
      : objects_max_(static_cast<std::size_t>(model.section("dlt698").integer("objects_max", {1, 64}, 8))) {}

  void add(const ConfigNode& node, ItemShape& shape) override {
    const Place place = read_place(node, shape);
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
  [[nodiscard]] std::shared_ptr<const Operation> command(const ConfigNode& /*model*/,
                                                         const ConfigNode& operation) const override {
    return dlt698_command(operation);
  }
  [[nodiscard]] std::shared_ptr<const Operation> writer(const ConfigNode& /*model*/, const ConfigNode& item,
                                                        const ConfigNode& write) const override {
    return dlt698_writer(item, write);
  }
  [[nodiscard]] std::shared_ptr<const HistoryPlan> history(const ConfigNode& /*model*/, const ConfigNode& history,
                                                           const std::vector<ConfigNode>& items,
                                                           std::vector<ItemShape>& shapes) const override {
    return dlt698_history(history, items, shapes);
  }
  void mask_secrets(Bytes& request) const override { mask_dlt698_secrets(request); }
  /// Codes as the dialect gives them. Source: DL/T 698.45-2017, application layer (data access result).
  [[nodiscard]] std::string_view refusal_word(std::uint32_t error) const override {
    switch (error) {
      case 15:     // not authorised
      case 20:     // security does not match
      case 0x201:  // CONNECT: password error
        return "password_wrong";
      case 4:
      case 6:
      case 9:
        return "no_such_data";
      case 7:
      case 8:
        return "out_of_range";
      case 2:
        return "busy";
      case 0x102:  // ERROR-Response: service not supported
        return "not_supported";
      default:
        return "refused";
    }
  }
};

}  // namespace

const Driver& dlt698_driver() {
  static const Dlt698Driver driver;
  return driver;
}

}  // namespace duheng::drivers
