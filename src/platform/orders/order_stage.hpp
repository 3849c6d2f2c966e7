#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/field_order.hpp"

namespace duheng::platform {

/// How far an order is, as the platform knows. Stored: append, never renumber; 1 to 8 as OrderState.
enum class OrderStage : std::uint8_t {
  waiting = 1,
  under_way = 2,
  done = 3,
  refused = 4,
  unknown = 5,
  failed = 6,
  expired = 7,
  cancelled = 8,
  queued = 20,       ///< the platform has it, no gateway was ever given it
  handed_over = 21,  ///< written down as given to its gateway before it left; whether it arrived is not known yet
};
[[nodiscard]] std::string_view to_string(OrderStage stage) noexcept;
[[nodiscard]] std::optional<OrderStage> order_stage_of(std::string_view name) noexcept;
[[nodiscard]] constexpr OrderStage stage_of(OrderState state) noexcept { return static_cast<OrderStage>(state); }
[[nodiscard]] constexpr bool is_over(OrderStage stage) noexcept {
  return stage >= OrderStage::done && stage <= OrderStage::cancelled;
}

/// Whether a gateway's report may follow what is known. An order goes forward only; once it is over nothing changes any
/// more, except that `unknown` may be settled by somebody who found out.
[[nodiscard]] constexpr bool may_follow(OrderStage known, OrderStage reported) noexcept {
  constexpr auto rank = [](OrderStage stage) {
    switch (stage) {
      case OrderStage::queued:
        return 0;
      case OrderStage::handed_over:
        return 1;
      case OrderStage::waiting:
        return 2;
      case OrderStage::under_way:
        return 3;
      case OrderStage::unknown:
        return 4;
      default:
        return 5;
    }
  };
  return rank(reported) > rank(known);
}

}  // namespace duheng::platform
