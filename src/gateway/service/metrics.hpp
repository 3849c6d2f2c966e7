#pragma once
#include <string>
#include <vector>

#include "gateway/call_in/call_in_desk.hpp"
#include "gateway/service/gateway_core.hpp"
#include "gateway/service/gateway_service.hpp"
#include "gateway/spool/spool.hpp"

namespace duheng::gateway {

/// Of what the core does beside polling.
struct TaskFigures {
  OrderStatistics orders;
  UpkeepStatistics upkeep;
  std::size_t traces = 0;
};

/// The gateway's figures in Prometheus' text format (version 0.0.4).
[[nodiscard]] std::string metrics_text(const GatewayStatistics& core, const SpoolState& spool,
                                       const UplinkHealth& uplink, const CallInStatistics& call_in, std::size_t models,
                                       std::size_t problems, const TaskFigures& tasks);
/// How far apart readings were: of all devices as a histogram, of each channel as quantiles.
[[nodiscard]] std::string timing_metrics(const TimingHistogram& all,
                                         const std::vector<GatewayCore::ChannelTiming>& channels);

}  // namespace duheng::gateway
