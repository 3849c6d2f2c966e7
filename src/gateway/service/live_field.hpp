#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gateway/plan/plan_applier.hpp"
#include "gateway/plan/sum_moments.hpp"
#include "gateway/service/gateway_config.hpp"
#include "gateway/service/gateway_core.hpp"

namespace duheng::gateway {

/// The lines behind the core's channels, as LiveField wants them made and ended.
class LineRoom {
 public:
  virtual ~LineRoom() = default;
  /// The core's channel of that number is reached so; it is open as soon as can be.
  virtual void make_line(std::uint32_t channel, const ChannelConfig& config) = 0;
  /// Its device calls in, and becomes the core's channel of that number when it does.
  virtual void await_call(const CallInPlace& place) = 0;
  virtual void forget_call(const CallInPlace& place) = 0;
  /// The core's channel of that number is no more.
  virtual void end_line(std::uint32_t channel) = 0;
};

/// What a platform's plan may add to a gateway beside what stands in the gateway's own file: channels, devices on any
/// channel, devices that call in.
class LiveField final : public PlannedField {
 public:
  /// `file`: what plan_core() made of `config`, and what `core` was built from.
  LiveField(GatewayCore& core, GatewayOutput& out, LineRoom& lines, const ModelLibrary& models,
            const GatewayConfig& config, const std::vector<CallInPlace>& file, const Clock& clock);

  Result<void> add_channel(const FieldChannel& channel) override;
  void remove_channel(std::string_view name) override;
  Result<void> add_device(const FieldDevice& device) override;
  void remove_device(std::string_view uid) override;
  Result<void> set_intervals(const FieldDevice& device) override;
  std::vector<FieldPlanProblem> set_rules(std::string_view uid, std::span<const FieldRule> rules) override;
  Result<void> set_sum(const FieldSum& sum) override;
  void remove_sum(std::string_view uid) override;

  /// Since when sums are as they are: what a former run knew, before the first set_sum().
  void know_moments(SumMoments moments) { moments_ = std::move(moments); }
  [[nodiscard]] const SumMoments& moments() const noexcept { return moments_; }
  void moments_unsaved() { moments_changed_ = true; }
  /// True once after they have changed.
  [[nodiscard]] bool take_moments_changed() { return std::exchange(moments_changed_, false); }

  /// All channels and listeners, those of the file first.
  [[nodiscard]] std::vector<FieldChannelState> channels() const;
  /// Another number when channels() has changed, all but surely.
  [[nodiscard]] std::uint64_t channels_fingerprint() const;

 private:
  struct Place {
    std::uint32_t channel = 0;
    bool from_plan = false;
    FieldChannelState described;  ///< but for what changes
  };
  [[nodiscard]] Result<void> add_caller(const FieldDevice& device, const ResolvedDevice& resolved,
                                        std::uint32_t listener);
  using Caller = std::tuple<std::uint32_t, const drivers::Driver*, drivers::BusAddress>;

  GatewayCore& core_;
  GatewayOutput& out_;
  LineRoom& lines_;
  const ModelLibrary& models_;
  const Clock& clock_;
  SumMoments moments_;
  bool moments_changed_ = false;
  std::vector<std::string> file_order_;
  std::map<std::string, Place, std::less<>> channels_;
  std::map<std::string, std::uint32_t, std::less<>> listeners_;
  std::vector<FieldChannelState> listener_states_;
  std::set<std::string, std::less<>> file_uids_;
  std::set<Caller> callers_;
  std::map<std::string, CallInPlace, std::less<>> plan_callers_;  // by uid
};

}  // namespace duheng::gateway
