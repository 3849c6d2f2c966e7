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
  plan_derivation();
}

/// After the devices, whose values they need. Also what is the same as before: a device may have another model, a
/// channel other devices, and what cannot be is told again with each plan.
void PlanApplier::plan_derivation() {
  std::set<std::string_view> still_ruled;
  for (std::size_t first = 0; first < plan_.rules.size();) {
    const std::string& uid = plan_.rules[first].device;
    std::size_t count = 1;
    while (first + count < plan_.rules.size() && plan_.rules[first + count].device == uid) ++count;
    steps_.emplace_back(SetRules{uid, first, count});
    still_ruled.insert(uid);
    first += count;
  }
  for (const auto& uid : ruled_)
    if (!still_ruled.contains(uid)) steps_.emplace_back(SetRules{uid, 0, 0});
  for (const auto& uid : sums_)
    if (find_in(plan_.sums, uid, &FieldSum::uid) == nullptr) steps_.emplace_back(RemoveSum{uid});
  for (std::size_t i = 0; i < plan_.sums.size(); ++i) steps_.emplace_back(SetSum{i});
}

std::size_t PlanApplier::cost_of(const Step& step) const {
  constexpr std::size_t members_per_step = 200;
  constexpr std::size_t channel_cost = 50;  // it may have thousands
  const auto* set = std::get_if<SetSum>(&step);
  if (set == nullptr) return 1;
  const FieldSum& sum = plan_.sums[set->index];
  return 1 + sum.members.size() / members_per_step + (sum.channel.empty() ? 0 : channel_cost);
}

bool PlanApplier::advance(std::size_t steps_max) {
  while (busy() && steps_max > 0) {
    const Step& step = steps_[next_++];
    steps_max -= std::min(steps_max, cost_of(step));
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

void PlanApplier::take_step(const SetRules& step) {
  if (step.count == 0)
    ruled_.erase(step.uid);
  else
    ruled_.insert(step.uid);
  auto problems = field_.set_rules(step.uid, std::span(plan_.rules).subspan(step.first, step.count));
  std::ranges::move(problems, std::back_inserter(problems_));
}
void PlanApplier::take_step(const RemoveSum& step) {
  field_.remove_sum(step.uid);
  sums_.erase(step.uid);
}
void PlanApplier::take_step(const SetSum& step) {
  const auto& sum = plan_.sums[step.index];
  if (const auto set = field_.set_sum(sum)) {
    sums_.insert(sum.uid);
  } else {
    sums_.erase(sum.uid);
    problems_.push_back({sum.uid, std::string(sum_problem_prefix) + set.error().message});
  }
}

void PlanApplier::set_intervals(const FieldDevice& device) {
  devices_.insert_or_assign(device.uid, device);
  if (const auto set = field_.set_intervals(device); !set)
    problems_.push_back({device.uid, std::string(interval_problem_prefix) + set.error().message});
}

}  // namespace duheng::gateway
