#include "model/field_order.hpp"

namespace duheng {

std::string_view to_string(OrderKind kind) noexcept {
  switch (kind) {
    case OrderKind::read:
      return "read";
    case OrderKind::command:
      return "command";
    case OrderKind::parameter:
      return "parameter";
    case OrderKind::history:
      return "history";
  }
  return "unknown";
}

std::string_view to_string(OrderState state) noexcept {
  switch (state) {
    case OrderState::waiting:
      return "waiting";
    case OrderState::under_way:
      return "under_way";
    case OrderState::done:
      return "done";
    case OrderState::refused:
      return "refused";
    case OrderState::unknown:
      return "unknown";
    case OrderState::failed:
      return "failed";
    case OrderState::expired:
      return "expired";
    case OrderState::cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace duheng
