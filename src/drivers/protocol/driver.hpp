#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.hpp"
#include "base/error.hpp"
#include "drivers/bus/dialect.hpp"
#include "model/reading.hpp"

namespace duheng::drivers {

/// What has become of one item of an answer.
enum class ItemState : std::uint8_t {
  good,
  no_value,  ///< the device says that it has no such thing, e.g. an absent phase
  invalid,   ///< octets that are no number or no calendar time; the mantissa means nothing
};

/// One value of an answer, exactly as the device gave it.
struct ItemValue {
  std::uint32_t item = 0;  ///< place in PlannedQuestion::items
  ItemState state = ItemState::good;
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;  ///< as in the model, but where the protocol lets the device choose
  std::string_view unit;     ///< likewise; lives as long as the program or the reader
};

/// Reads the payload of answers to one question. Immutable; shared by all devices of a model.
class AnswerReader {
 public:
  virtual ~AnswerReader() = default;
  /// Appends what the payload holds; items that a shorter answer lacks are left out. False: the payload does not fit
  /// the question, nothing can be read from it; keep the frame as evidence.
  [[nodiscard]] virtual bool read(ByteView payload, std::vector<ItemValue>& out) const = 0;
};

/// What a register of a model is; the planner fills in what the protocol's tables know and rejects what disagrees.
/// Without a name it takes the table's, or stays without one.
struct ItemShape {
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
};

class HistoryPlan;
class Operation;

/// One question of a group and which of the group's items its answer holds.
struct PlannedQuestion {
  Query query;
  std::shared_ptr<const AnswerReader> reader;
  std::vector<std::uint32_t> items;  ///< the group's items by the order of add()
};

/// Turns the items of one group of a device model into as few questions as the protocol allows.
class QuestionPlanner {
 public:
  virtual ~QuestionPlanner() = default;
  /// Reads the protocol's own keys of an item, and `unit` and `exponent`; what is wrong it rejects through the node.
  /// Every item added counts, also a rejected one.
  virtual void add(const ConfigNode& item, ItemShape& shape) = 0;
  /// Called once, after the last item.
  [[nodiscard]] virtual std::vector<PlannedQuestion> finish() = 0;
};

/// How a meter whose address is not known is asked for it.
struct Identification {
  BusAddress address;  ///< the protocol's wildcard
  Query query;
};

class SnmpCredentials;
/// What some protocols need beyond addresses, from the gateway's own configuration. Secret.
struct DriverSecrets {
  std::shared_ptr<const SnmpCredentials> snmp{};
};

/// A protocol, as device models name it. Stateless; lives as long as the program.
class Driver {
 public:
  virtual ~Driver() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  ///< in model files, e.g. "dlt645_2007"
  [[nodiscard]] virtual Protocol protocol() const = 0;
  /// Errors: invalid_argument - not an address of this protocol, or of more than `digits_max` digits.
  [[nodiscard]] virtual Result<BusAddress> address(std::string_view text, std::size_t digits_max) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Dialect> dialect() const = 0;
  /// The same, for protocols that need secrets to speak at all.
  [[nodiscard]] virtual std::unique_ptr<Dialect> dialect_with(const DriverSecrets& secrets) const {
    static_cast<void>(secrets);
    return dialect();
  }
  /// Also plain reads hold a secret: mask_secrets() before any frame is kept.
  [[nodiscard]] virtual bool has_secret_in_every_frame() const { return false; }
  /// Nothing when the protocol has no such question.
  [[nodiscard]] virtual std::optional<Identification> identification() const = 0;
  /// An address for people, as model and device files write it.
  [[nodiscard]] virtual std::string address_text(const BusAddress& address) const = 0;
  /// `model` is the model file's root: a protocol may have keys of its own there.
  [[nodiscard]] virtual std::unique_ptr<QuestionPlanner> planner(const ConfigNode& model) const = 0;

  /// What a command does; `operation` is that section of the command, with the protocol's own keys. `model` as above.
  /// What is wrong is rejected through the nodes; null then.
  [[nodiscard]] virtual std::shared_ptr<const Operation> command(const ConfigNode& model,
                                                                 const ConfigNode& operation) const;
  /// Writes the argument "value" to what `item` names, as a planner reads it. `write` holds the protocol's own keys.
  [[nodiscard]] virtual std::shared_ptr<const Operation> writer(const ConfigNode& model, const ConfigNode& item,
                                                                const ConfigNode& write) const;
  /// Reads the device's memory; `history` holds the protocol's own keys, `items` one node for each of `shapes`, whose
  /// names stand. Fills in the shapes.
  [[nodiscard]] virtual std::shared_ptr<const HistoryPlan> history(const ConfigNode& model, const ConfigNode& history,
                                                                   const std::vector<ConfigNode>& items,
                                                                   std::vector<ItemShape>& shapes) const;
  /// Overwrites what is secret in octets as they travelled (Exchange::request and response; several frames one behind
  /// the other) with 00H, and makes their checksums those of the octets that are left, which would else tell about the
  /// secret.
  virtual void mask_secrets(Bytes& octets) const;
  /// Why a device refused, of Exchange::error, as a machine word: password_wrong, no_such_data, out_of_range,
  /// not_supported, busy, or refused for all else.
  [[nodiscard]] virtual std::string_view refusal_word(std::uint32_t error) const;
};

/// For protocols whose tables know unit and exponent: a file may state them for the reader, and must then agree.
inline void reject_unless_agreed(const ConfigNode& item, ItemShape& shape, std::string_view unit,
                                 std::int8_t exponent) {
  if (const std::string stated = item.text("unit", unit); stated != unit)
    item.reject("unit", "is '" + stated + "', but the protocol's table has '" + std::string(unit) + "'");
  if (const auto stated = item.integer("exponent", {-18, 18}, exponent); stated != exponent)
    item.reject("exponent",
                "is " + std::to_string(stated) + ", but the protocol's table has " + std::to_string(exponent));
  shape.unit = unit;
  shape.exponent = exponent;
}

}  // namespace duheng::drivers
