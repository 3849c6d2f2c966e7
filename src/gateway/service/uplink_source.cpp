#include "gateway/service/uplink_source.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::gateway {

std::vector<uplink::EpochRange> UplinkSource::epochs() const {
  std::vector<uplink::EpochRange> out;
  for (const auto& range : spool_.epochs()) out.push_back({range.epoch, range.first_sequence, range.next_sequence});
  return out;
}

Result<uplink::Batch> UplinkSource::read(std::uint64_t epoch, std::uint64_t sequence) const {
  DUHENG_TRY(auto batch, spool_.read(epoch, sequence));
  return uplink::Batch{epoch, sequence, batch.previous_hash, batch.hash, batch.body, std::move(batch.owner)};
}

void UplinkSource::acknowledged(const uplink::EpochPosition& position) {
  spool_.acknowledged(position.epoch, position.next_sequence, position.backed_up_sequence);
}

void UplinkSource::epoch_stopped(std::uint64_t epoch, std::string_view reason) {
  log::error("uplink", "an epoch is not sent any more; its readings stay in the spool",
             {{"epoch", fmt::format("{:016x}", epoch)}, {"reason", reason}});
  spool_.retire_epoch(epoch);
}

}  // namespace duheng::gateway
