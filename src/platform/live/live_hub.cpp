#include "platform/live/live_hub.hpp"

#include <algorithm>
#include <deque>
#include <mutex>
#include <tuple>
#include <unordered_map>

#include "model/batch.hpp"

namespace duheng::platform {

namespace {

/// A source or register by its number in the hub; none: beyond the limits.
constexpr std::uint32_t none = UINT32_MAX;

struct Slot {
  std::uint32_t register_number = 0;
  std::int64_t mantissa = 0;
  std::int64_t time_utc_ms = 0;
  std::int64_t received_utc_ms = 0;
  FrameReference frame{};
  Quality quality = Quality::good;
  TimeSource time_source = TimeSource::gateway;
};

struct OwnedRegister {
  std::string name{};
  std::string unit{};
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
};

std::string text_key(std::int64_t number, std::string_view text) {
  std::string key(reinterpret_cast<const char*>(&number), sizeof(number));
  key += text;
  return key;
}

}  // namespace

struct LiveSubscription::State {
  std::vector<std::uint32_t> sources{};
  std::function<void()> notify{};
  struct Waiting {
    std::uint32_t source = 0;
    Slot slot{};
  };
  // Keyed by source and register; `order` holds the keys oldest first.
  std::unordered_map<std::uint64_t, Waiting> waiting{};
  std::deque<std::uint64_t> order{};
  std::uint64_t skipped = 0;
  bool notify_due = false;
};

struct LiveHub::State {
  struct Source {
    SourceKey key{};
    std::int64_t last_heard_utc_ms = 0;
    std::uint64_t change = 0;
    RecentReadings recent{};
    std::vector<Slot> slots{};
    std::vector<LiveSubscription::State*> followers{};
  };

  std::uint32_t source_number(GatewayId gateway, std::string_view uid) {
    std::string key = text_key(gateway.value, uid);
    if (const auto known = source_numbers.find(key); known != source_numbers.end()) return known->second;
    if (sources.size() >= live_limits::sources_max) {
      ++statistics.over_limit;
      return none;
    }
    const auto number = static_cast<std::uint32_t>(sources.size());
    source_numbers.emplace(std::move(key), number);
    sources.push_back({.key = {gateway, std::string{uid}}});
    return number;
  }
  std::uint32_t register_number(const Register& described) {
    std::string key = text_key(described.exponent * 256 + static_cast<int>(described.kind), described.name);
    key += '\0';
    key += described.unit;
    if (const auto known = register_numbers.find(key); known != register_numbers.end()) return known->second;
    if (registers.size() >= live_limits::registers_max) {
      ++statistics.over_limit;
      return none;
    }
    const auto number = static_cast<std::uint32_t>(registers.size());
    register_numbers.emplace(std::move(key), number);
    registers.push_back({std::string{described.name}, std::string{described.unit}, described.exponent, described.kind});
    return number;
  }
  [[nodiscard]] const Source* find(const SourceKey& key) const {
    const auto known = source_numbers.find(text_key(key.gateway.value, key.device_uid));
    return known == source_numbers.end() ? nullptr : &sources[known->second];
  }
  [[nodiscard]] LiveValue value_of(const Slot& slot) const {
    const OwnedRegister& described = registers[slot.register_number];
    return {.register_name = described.name,
            .unit = described.unit,
            .exponent = described.exponent,
            .kind = described.kind,
            .mantissa = slot.mantissa,
            .time_utc_ms = slot.time_utc_ms,
            .time_source = slot.time_source,
            .quality = slot.quality,
            .received_utc_ms = slot.received_utc_ms,
            .frame = slot.frame};
  }
  void apply(const CommittedBatch& batch);
  void apply(std::uint32_t source_number, const Slot& slot);
  void follow(LiveSubscription::State& subscription, std::uint32_t source, const Slot& slot);

  mutable std::mutex mutex;  // guards everything, subscriptions' states included
  std::unordered_map<std::string, std::uint32_t> source_numbers;
  std::unordered_map<std::string, std::uint32_t> register_numbers;
  std::deque<Source> sources;
  std::vector<OwnedRegister> registers;
  std::vector<std::shared_ptr<LiveSubscription::State>> subscriptions;
  std::uint64_t changes = 0;
  LiveStatistics statistics;
};

void LiveHub::State::apply(const CommittedBatch& batch) {
  const Result<BatchView> view = BatchView::parse(batch.batch.body);
  if (!view) return;
  std::vector<std::uint32_t> device_sources;
  std::vector<std::uint32_t> batch_registers;
  for (const std::string_view uid : view->devices()) device_sources.push_back(source_number(batch.gateway, uid));
  for (const Register& described : view->registers()) batch_registers.push_back(register_number(described));
  const auto on_frame = [](std::uint32_t, const Frame&) {};
  view->for_each(on_frame, [&](std::uint32_t index, const Frame& frame, const Reading& reading) {
    const std::uint32_t source = device_sources[frame.device_index];
    const std::uint32_t register_number_ = batch_registers[reading.register_index];
    ++statistics.readings;
    if (source == none || register_number_ == none) return;
    Source& at = sources[source];
    at.last_heard_utc_ms = std::max(at.last_heard_utc_ms, frame.received_utc_ms);
    at.recent.count(std::max<std::int64_t>(batch.received_utc_ms, 0));
    at.change = ++changes;
    apply(source, {.register_number = register_number_,
                   .mantissa = reading.mantissa,
                   .time_utc_ms = reading.time_utc_ms,
                   .received_utc_ms = frame.received_utc_ms,
                   .frame = FrameReference::make(batch.record_number, index),
                   .quality = reading.quality,
                   .time_source = reading.time_source});
  });
}

void LiveHub::State::apply(std::uint32_t source_number, const Slot& slot) {
  Source& source = sources[source_number];
  auto at = std::ranges::find(source.slots, slot.register_number, &Slot::register_number);
  if (at == source.slots.end()) {
    if (source.slots.size() >= live_limits::registers_per_source_max) {
      ++statistics.over_limit;
      return;
    }
    source.slots.push_back(slot);
  } else {
    if (slot.time_utc_ms < at->time_utc_ms) return;  // late data: history, not news
    *at = slot;
  }
  for (LiveSubscription::State* follower : source.followers) follow(*follower, source_number, slot);
}

void LiveHub::State::follow(LiveSubscription::State& subscription, std::uint32_t source, const Slot& slot) {
  const std::uint64_t key = std::uint64_t{source} << 32 | slot.register_number;
  if (subscription.waiting.empty()) subscription.notify_due = true;
  const auto [at, fresh] = subscription.waiting.try_emplace(key, LiveSubscription::State::Waiting{source, slot});
  if (!fresh) {
    at->second.slot = slot;
    ++subscription.skipped;
    ++statistics.updates_skipped;
    return;
  }
  subscription.order.push_back(key);
  if (subscription.order.size() > live_limits::subscription_updates_max) {
    subscription.waiting.erase(subscription.order.front());
    subscription.order.pop_front();
    ++subscription.skipped;
    ++statistics.updates_skipped;
  }
}

LiveHub::LiveHub() : state_(std::make_unique<State>()) {}
LiveHub::~LiveHub() = default;

void LiveHub::update(std::span<const CommittedBatch> batches) {
  std::vector<std::shared_ptr<LiveSubscription::State>> due;
  for (const CommittedBatch& batch : batches) {
    // One batch at a time, so that questions wait for one batch at most.
    const std::lock_guard lock(state_->mutex);
    state_->apply(batch);
  }
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& subscription : state_->subscriptions) {
      if (subscription->notify_due) due.push_back(subscription);
      subscription->notify_due = false;
    }
  }
  for (const auto& subscription : due) subscription->notify();
}

std::optional<std::int64_t> LiveHub::last_heard(const SourceKey& source) const {
  const std::lock_guard lock(state_->mutex);
  const State::Source* found = state_->find(source);
  if (found == nullptr || found->last_heard_utc_ms == 0) return std::nullopt;
  return found->last_heard_utc_ms;
}

std::vector<LastHeard> LiveHub::heard_since(std::uint64_t& change) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<LastHeard> heard;
  for (const State::Source& source : state_->sources) {
    if (source.change > change) heard.push_back({source.key, source.last_heard_utc_ms, source.recent});
  }
  change = state_->changes;
  return heard;
}

std::vector<LiveValue> LiveHub::latest(const SourceKey& source) const {
  const std::lock_guard lock(state_->mutex);
  std::vector<LiveValue> values;
  if (const State::Source* found = state_->find(source)) {
    for (const Slot& slot : found->slots) values.push_back(state_->value_of(slot));
  }
  return values;
}

Result<std::unique_ptr<LiveSubscription>> LiveHub::subscribe(std::span<const SourceKey> sources,
                                                             std::function<void()> notify) {
  if (sources.size() > live_limits::subscription_sources_max) {
    return fail(ErrorCode::limit_exceeded, "more sources than one subscription may follow");
  }
  auto subscription = std::make_shared<LiveSubscription::State>();
  subscription->notify = std::move(notify);
  const std::lock_guard lock(state_->mutex);
  if (state_->subscriptions.size() >= live_limits::subscriptions_max) {
    return fail(ErrorCode::limit_exceeded, "more subscriptions than the platform serves at once");
  }
  for (const SourceKey& key : sources) {
    const std::uint32_t number = state_->source_number(key.gateway, key.device_uid);
    if (number == none || std::ranges::find(subscription->sources, number) != subscription->sources.end()) continue;
    subscription->sources.push_back(number);
    state_->sources[number].followers.push_back(subscription.get());
  }
  state_->subscriptions.push_back(subscription);
  return std::unique_ptr<LiveSubscription>(new LiveSubscription(*this, std::move(subscription)));
}

void LiveHub::unsubscribe(const std::shared_ptr<LiveSubscription::State>& state) {
  const std::lock_guard lock(state_->mutex);
  for (const std::uint32_t source : state->sources) std::erase(state_->sources[source].followers, state.get());
  std::erase(state_->subscriptions, state);
}

LiveSubscription::Taken LiveHub::take(LiveSubscription::State& state, std::size_t updates_max) {
  const std::lock_guard lock(state_->mutex);
  LiveSubscription::Taken taken;
  taken.skipped = std::exchange(state.skipped, 0);
  while (!state.order.empty() && taken.updates.size() < updates_max) {
    const auto at = state.waiting.find(state.order.front());
    taken.updates.push_back({state_->sources[at->second.source].key, state_->value_of(at->second.slot)});
    state.waiting.erase(at);
    state.order.pop_front();
  }
  return taken;
}

LiveStatistics LiveHub::statistics() const {
  const std::lock_guard lock(state_->mutex);
  LiveStatistics statistics = state_->statistics;
  statistics.sources = state_->sources.size();
  statistics.subscriptions = state_->subscriptions.size();
  return statistics;
}

LiveSubscription::~LiveSubscription() { hub_.unsubscribe(state_); }

LiveSubscription::Taken LiveSubscription::take(std::size_t updates_max) { return hub_.take(*state_, updates_max); }

}  // namespace duheng::platform
