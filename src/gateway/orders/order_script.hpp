#pragma once
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/models/device_model.hpp"
#include "model/field_order.hpp"

namespace duheng::gateway {

/// What to ask after an order to see whether it was done. Holds no secret.
class OrderCheck {
 public:
  /// Nothing when the model names no read-back for it, or one that compares with an argument that is not given.
  [[nodiscard]] static std::optional<OrderCheck> make(const std::shared_ptr<const drivers::DeviceModel>& model,
                                                      OrderKind kind, std::string_view name,
                                                      std::span<const OrderArgument> arguments);
  [[nodiscard]] const drivers::ModelQuestion& question() const noexcept { return *question_; }
  [[nodiscard]] std::int64_t first_after_ms() const noexcept { return first_after_ms_; }
  [[nodiscard]] std::int64_t within_ms() const noexcept { return within_ms_; }
  [[nodiscard]] bool holds(std::span<const drivers::ItemValue> values) const;

 private:
  OrderCheck() = default;
  std::shared_ptr<const drivers::DeviceModel> model_;  // keeps alive what the others point to
  const drivers::ModelQuestion* question_ = nullptr;
  const drivers::ModelCommand* command_ = nullptr;  // exactly one of the two
  const drivers::ModelParameter* parameter_ = nullptr;
  drivers::OperationInputs inputs_;
  std::int64_t expected_mantissa_ = 0;
  std::int64_t first_after_ms_ = 1'000;
  std::int64_t within_ms_ = 30'000;
};

/// An order in the terms of one device model, ready to be asked.
struct OrderScript {
  std::vector<drivers::Query> steps;               ///< command, parameter: each after the one before was answered
  std::vector<drivers::ModelQuestion> questions;   ///< read
  std::unique_ptr<drivers::HistoryRun> run;        ///< history
  const drivers::ModelHistory* history = nullptr;  ///< of `model`
  std::optional<OrderCheck> check;
  std::vector<OrderArgument> check_arguments;  ///< what OrderCheck::make() needs again after a restart; no secrets
  std::shared_ptr<const drivers::DeviceModel> model;
  drivers::Maintenance maintenance = drivers::Maintenance::none;
  std::optional<drivers::NewPlace> moves;  ///< where the device is afterwards: found out instead of `check`
};

/// Why an order was not begun, or did not succeed.
struct OrderFault {
  std::string reason;  ///< a word for programs
  std::string detail;  ///< a sentence for people; never holds a secret
};

/// Faults: not_in_model, argument_invalid, password_needed.
[[nodiscard]] std::expected<OrderScript, OrderFault> make_order_script(
    const FieldOrder& order, const std::shared_ptr<const drivers::DeviceModel>& model, std::int64_t utc_ms);

/// What tells the order's device to speak as `format` says, whatever the order itself names; one question at least.
/// `arguments`: the order's, as far as they are known. Faults: not_in_model, argument_invalid, password_needed.
[[nodiscard]] std::expected<std::vector<drivers::Query>, OrderFault> make_format_queries(
    const FieldOrder& order, std::span<const OrderArgument> arguments, const drivers::DeviceModel& model,
    const drivers::LineFormat& format, std::int64_t utc_ms);

/// Whether the order's command needs a password. What needs one cannot be said any more when it is lost.
[[nodiscard]] bool needs_password(const drivers::DeviceModel& model, const FieldOrder& order);

/// Where a command of the model takes the device to; nothing when it stays. For what was begun before a restart, too.
[[nodiscard]] std::optional<drivers::NewPlace> place_after(const drivers::DeviceModel& model, OrderKind kind,
                                                           std::string_view name,
                                                           std::span<const OrderArgument> arguments);

}  // namespace duheng::gateway
