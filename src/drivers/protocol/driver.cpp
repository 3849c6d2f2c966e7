#include "drivers/protocol/driver.hpp"

#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {

std::shared_ptr<const Operation> Driver::command(const ConfigNode& /*model*/, const ConfigNode& operation) const {
  operation.reject("this protocol has no commands");
  return nullptr;
}

std::shared_ptr<const Operation> Driver::writer(const ConfigNode& /*model*/, const ConfigNode& /*item*/,
                                                const ConfigNode& write) const {
  write.reject("this protocol writes nothing");
  return nullptr;
}

std::shared_ptr<const HistoryPlan> Driver::history(const ConfigNode& /*model*/, const ConfigNode& history,
                                                   const std::vector<ConfigNode>& /*items*/,
                                                   std::vector<ItemShape>& /*shapes*/) const {
  history.reject("this protocol has no memory to read");
  return nullptr;
}

void Driver::mask_secrets(Bytes& /*octets*/) const {}

std::string_view Driver::refusal_word(std::uint32_t /*error*/) const { return "refused"; }

}  // namespace duheng::drivers
