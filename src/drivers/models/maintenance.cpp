#include "drivers/models/maintenance.hpp"

#include <vector>

namespace duheng::drivers {
namespace {

ModelCommand command(Maintenance what, std::string_view name, std::string_view english, std::string_view chinese) {
  ModelCommand out;
  out.name = name;
  out.title_english = english;
  out.title_chinese = chinese;
  out.maintenance = what;
  return out;
}

std::vector<ModelCommand> make_commands() {
  constexpr std::int64_t count_max = 20;
  std::vector<ModelCommand> out;
  out.push_back(command(Maintenance::ping, "ping", "Ping", "连通测试"));
  ModelArgument count;
  count.name = "count";
  count.title_english = "Questions";
  count.title_chinese = "次数";
  count.type = ArgumentType::integer;
  count.minimum = Decimal{1, 0};
  count.maximum = Decimal{count_max, 0};
  count.required = false;
  out.back().arguments.push_back(std::move(count));
  out.push_back(command(Maintenance::channel_restart, "channel_restart", "Open the channel anew", "重启通道"));
  out.push_back(command(Maintenance::gateway_restart, "gateway_restart", "Restart the gateway", "重启网关"));
  return out;
}

}  // namespace

std::span<const ModelCommand> maintenance_commands() {
  static const std::vector<ModelCommand> commands = make_commands();
  return commands;
}

const ModelQuestion* shortest_question(const DeviceModel& model) noexcept {
  const ModelQuestion* found = nullptr;
  for (const auto& group : model.groups)
    for (const auto& question : group.questions)
      if (found == nullptr || question.items.size() < found->items.size()) found = &question;
  return found;
}

}  // namespace duheng::drivers
