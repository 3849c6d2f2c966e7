#include "platform/orders/order_stage.hpp"

#include <array>

namespace duheng::platform {

std::string_view to_string(OrderStage stage) noexcept {
  if (stage == OrderStage::queued) return "queued";
  if (stage == OrderStage::handed_over) return "handed_over";
  return to_string(static_cast<OrderState>(stage));
}

std::optional<OrderStage> order_stage_of(std::string_view name) noexcept {
  constexpr std::array all{OrderStage::waiting, OrderStage::under_way,  OrderStage::done,    OrderStage::refused,
                           OrderStage::unknown, OrderStage::failed,     OrderStage::expired, OrderStage::cancelled,
                           OrderStage::queued,  OrderStage::handed_over};
  for (const OrderStage stage : all) {
    if (to_string(stage) == name) return stage;
  }
  return std::nullopt;
}

}  // namespace duheng::platform
