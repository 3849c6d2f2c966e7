#pragma once
#include <map>
#include <vector>

#include "gateway/service/gateway_core_parts.hpp"

// GatewayCore's own, shared by the files it is written in.
namespace duheng::gateway {

/// Orders and upkeep, and the field as they see it.
class GatewayCore::Tasks final : public FieldAccess {
 public:
  Tasks(GatewayCore& core, CoreTasks options);
  [[nodiscard]] OrderRunner& orders() noexcept { return orders_; }
  [[nodiscard]] Upkeep& upkeep() noexcept { return upkeep_; }

  void added(std::string_view uid) { upkeep_.device_added(uid); }
  /// `dropped`: its questions that were not sent.
  void removed(std::uint32_t channel, std::string_view uid, const std::vector<drivers::Session::Question>& dropped);
  void stir(std::uint32_t channel);
  void exchange(std::uint32_t channel, std::uint32_t device, const drivers::Exchange& exchange);
  /// The channel closed; of the questions put there only `under_way` had left.
  void lost(std::uint32_t channel, std::span<const drivers::LineSession::Question> under_way);
  void batch_closed() { upkeep_.batch_closed(); }
  void batch_stored() { upkeep_.batch_stored(); }
  void work();
  /// Channels with new questions since the last call.
  [[nodiscard]] std::vector<std::uint32_t> take_touched() { return std::exchange(touched_, {}); }
  [[nodiscard]] std::int64_t next_wake_ms() const { return std::min(orders_.next_wake_ms(), upkeep_.next_wake_ms()); }

  // FieldAccess
  [[nodiscard]] std::optional<Place> find(std::string_view device_uid) const override;
  [[nodiscard]] Readiness readiness(std::uint32_t device) const override;
  [[nodiscard]] bool has_room(std::uint32_t device) const override;
  [[nodiscard]] bool ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) override;
  void probe(std::uint32_t device) override;
  [[nodiscard]] Line line_of(std::uint32_t device) const override;
  [[nodiscard]] std::vector<std::string> line_members(std::uint32_t device) const override;
  [[nodiscard]] Result<void> move(std::uint32_t device, const drivers::NewPlace& place) override;
  void reopen(std::uint32_t channel) override;
  [[nodiscard]] bool restart_gateway() override { return core_.restart_ && core_.restart_(); }
  [[nodiscard]] bool note(const ModelQuestion& question, const drivers::Exchange& exchange,
                          std::vector<OrderValue>& out) override;
  void note_history(const std::vector<ModelItem>& items, std::span<const drivers::HistoryValue> values,
                    std::vector<OrderValue>* out) override;
  void note_finding(const Register& what, std::int64_t mantissa, std::int64_t time_utc_ms) override;
  [[nodiscard]] bool clock_suspect() const override;

 private:
  void tell_lost(std::uint32_t tag, bool sent);
  GatewayCore& core_;
  /// Tags of questions that were put and not told of, by channel: at most one of orders and one of upkeep.
  std::map<std::uint32_t, std::vector<std::uint32_t>> put_;
  std::vector<std::uint32_t> touched_;
  std::uint32_t asking_for_ = 0;  ///< tag_of_upkeep while upkeep works
  std::uint32_t device_ = 0;      ///< of the exchange being told
  OrderRunner orders_;
  Upkeep upkeep_;
};

}  // namespace duheng::gateway
