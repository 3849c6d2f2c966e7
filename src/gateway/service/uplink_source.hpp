#pragma once
#include "gateway/spool/spool.hpp"
#include "uplink/batch_source.hpp"

namespace duheng::gateway {

/// The spool as the uplink wants to see it. Thread-safe, as the spool's reading side is.
class UplinkSource final : public uplink::BatchSource {
 public:
  explicit UplinkSource(Spool& spool) : spool_(spool) {}
  [[nodiscard]] std::vector<uplink::EpochRange> epochs() const override;
  [[nodiscard]] Result<uplink::Batch> read(std::uint64_t epoch, std::uint64_t sequence) const override;
  void acknowledged(const uplink::EpochPosition& position) override;
  void epoch_stopped(std::uint64_t epoch, std::string_view reason) override;

 private:
  Spool& spool_;
};

}  // namespace duheng::gateway
