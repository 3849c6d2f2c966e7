#include "gateway/plan/plan_applier.hpp"

#include <algorithm>

namespace duheng::gateway {
namespace {

/// The entry of that name in a sorted list; null when there is none.
template <class Entry, class Name>
const Entry* find_in(const std::vector<Entry>& sorted, const std::string& name, Name name_of) {
  const auto found = std::ranges::lower_bound(sorted, name, {}, name_of);
  return found != sorted.end() && std::invoke(name_of, *found) == name ? &*found : nullptr;
}

bool is_reached_alike(const FieldDevice& one, const FieldDevice& other) {
  return one.model == other.model && one.address == other.address && one.channel == other.channel;
}

}  // namespace

Result<void> PlanApplier::take(FieldPlan plan) {
  DUHENG_CHECK(check_field_plan(plan));
  plan_ = std::move(plan);
  problems_.clear();
  plan_steps();
  return {};
}

/// All that goes goes first: what comes may need its name, its address or its line.
void PlanApplier::plan_steps() {
  steps_.clear();
  next_ = 0;
  std::map<std::string_view, bool> channel_stays;
  for (const auto& [name, served] : channels_) {
    const auto* wanted = find_in(plan_.channels, name, &FieldChannel::name);
    channel_stays[name] = wanted != nullptr && *wanted == served;
  }
  const auto goes_with_its_channel = [&](const FieldDevice& device) {
    const auto channel = channel_stays.find(device.channel);
    return channel != channel_stays.end() && !channel->second;
  };
  std::map<std::string_view, bool> device_stays;
  for (const auto& [uid, served] : devices_) {
    const auto* wanted = find_in(plan_.devices, uid, &FieldDevice::uid);
    const bool stays = wanted != nullptr && is_reached_alike(*wanted, served) && !goes_with_its_channel(served);
    device_stays[uid] = stays;
    if (!stays) steps_.emplace_back(RemoveDevice{uid});
    // Also when they are the same: a problem with them is told again with each plan.
    if (stays && (wanted->intervals != served.intervals || !served.intervals.empty()))
      steps_.emplace_back(SetIntervals{static_cast<std::size_t>(wanted - plan_.devices.data())});
  }
  for (const auto& [name, stays] : channel_stays)
    if (!stays) steps_.emplace_back(RemoveChannel{std::string(name)});
  for (std::size_t i = 0; i < plan_.channels.size(); ++i)
    if (const auto known = channel_stays.find(plan_.channels[i].name); known == channel_stays.end() || !known->second)
      steps_.emplace_back(AddChannel{i});
  for (std::size_t i = 0; i < plan_.devices.size(); ++i)
    if (const auto known = device_stays.find(plan_.devices[i].uid); known == device_stays.end() || !known->second)
      steps_.emplace_back(AddDevice{i});
}

bool PlanApplier::advance(std::size_t steps_max) {
  for (; busy() && steps_max > 0; --steps_max) {
    const Step& step = steps_[next_++];
    std::visit([this](const auto& each) { take_step(each); }, step);
  }
  if (!busy()) {
    steps_ = {};
    next_ = 0;
  }
  return busy();
}

void PlanApplier::take_step(const RemoveDevice& step) {
  field_.remove_device(step.uid);
  devices_.erase(step.uid);
}
void PlanApplier::take_step(const RemoveChannel& step) {
  field_.remove_channel(step.name);
  channels_.erase(step.name);
}
void PlanApplier::take_step(const AddChannel& step) {
  const auto& channel = plan_.channels[step.index];
  if (const auto added = field_.add_channel(channel); !added)
    problems_.push_back({channel.name, added.error().message});
  else
    channels_.emplace(channel.name, channel);
}
void PlanApplier::take_step(const AddDevice& step) {
  const auto& device = plan_.devices[step.index];
  if (const auto added = field_.add_device(device); !added)
    problems_.push_back({device.uid, added.error().message});
  else
    set_intervals(device);
}
void PlanApplier::take_step(const SetIntervals& step) { set_intervals(plan_.devices[step.index]); }

void PlanApplier::set_intervals(const FieldDevice& device) {
  devices_.insert_or_assign(device.uid, device);
  if (const auto set = field_.set_intervals(device); !set)
    problems_.push_back({device.uid, std::string(interval_problem_prefix) + set.error().message});
}

}  // namespace duheng::gateway
