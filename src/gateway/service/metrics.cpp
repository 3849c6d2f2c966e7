#include "gateway/service/metrics.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::gateway {
namespace {

class Text {
 public:
  void gauge(std::string_view name, std::string_view help, double value) { add(name, help, "gauge", value); }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    add(name, help, "counter", static_cast<double>(value));
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void add(std::string_view name, std::string_view help, std::string_view type, double value) {
    fmt::format_to(std::back_inserter(out_),
                   "# HELP duheng_gateway_{} {}\n# TYPE duheng_gateway_{} {}\nduheng_gateway_{} {}\n", name, help, name,
                   type, name, value);
  }
  std::string out_;
};

std::uint64_t ended(const OrderStatistics& orders, OrderState state) {
  const auto found = orders.ended.find(state);
  return found == orders.ended.end() ? 0 : found->second;
}

void add_tasks(Text& text, const TaskFigures& tasks) {
  const auto& orders = tasks.orders;
  text.counter("orders_taken_total", "Orders from the platform.", orders.taken);
  text.counter("orders_repeated_total", "Orders that came again and were not begun again.", orders.repeated);
  for (const auto state : {OrderState::done, OrderState::refused, OrderState::unknown, OrderState::failed,
                           OrderState::expired, OrderState::cancelled})
    text.counter(fmt::format("orders_{}_total", to_string(state)), "Orders that ended so.", ended(orders, state));
  text.gauge("orders_live", "Orders waiting or under way.", static_cast<double>(orders.live));
  text.gauge("orders_remembered", "Finished orders whose report is kept.", static_cast<double>(orders.remembered));
  text.counter("order_log_failures_total", "Writes of the order log that failed; nothing is begun meanwhile.",
               orders.log_failures);
  const auto& upkeep = tasks.upkeep;
  text.counter("history_questions_total", "Questions for what devices remember.", upkeep.history_questions);
  text.counter("history_values_total", "Values out of devices' memories.", upkeep.history_values);
  text.counter("history_failures_total", "Memories that could not be read, tried again later.",
               upkeep.history_failures);
  text.gauge("history_behind", "Memories being caught up now.", static_cast<double>(upkeep.behind));
  text.counter("clock_checks_total", "Clocks of devices compared with ours.", upkeep.clock_checks);
  text.counter("clock_corrections_total", "Clocks corrected by broadcast.", upkeep.clock_corrections);
  text.counter("clocks_left_alone_total", "Checks that found a clock an operator must see to.",
               upkeep.clocks_left_alone);
  text.gauge("traces", "Traces under way.", static_cast<double>(tasks.traces));
}

}  // namespace

std::string metrics_text(const GatewayStatistics& core, const SpoolState& spool, const UplinkHealth& uplink,
                         const CallInStatistics& call_in, std::size_t models, std::size_t problems,
                         const TaskFigures& tasks) {
  Text text;
  text.gauge("channels", "Channels configured.", core.channels);
  text.gauge("channels_open", "Channels open now.", core.channels_open);
  text.gauge("devices", "Devices configured.", core.devices);
  text.gauge("devices_answering", "Devices that answer.", core.devices_answering);
  text.gauge("devices_offline", "Devices given up for now.", core.devices_offline);
  text.gauge("device_models", "Device models loaded.", static_cast<double>(models));
  text.gauge("configuration_problems", "Models and devices left out; see the log.", static_cast<double>(problems));
  text.counter("call_in_accepted_total", "Connections of devices that call in.", call_in.accepted);
  text.counter("call_in_identified_total", "... that named a device of this gateway.", call_in.identified);
  text.counter("call_in_unknown_total", "... that named another; see /call-in.", call_in.unknown);
  text.counter("call_in_silent_total", "... that did not say who they are.", call_in.silent + call_in.talkative);
  text.counter("call_in_refused_total", "... refused because too many were waiting.", call_in.refused_full);
  text.counter("questions_total", "Questions sent, repetitions included.", core.questions);
  text.counter("exchanges_answered_total", "Questions answered with data.", core.exchanges_answered);
  text.counter("exchanges_refused_total", "Questions answered with an error word.", core.exchanges_refused);
  text.counter("exchanges_timed_out_total", "Questions given up.", core.exchanges_timed_out);
  text.counter("exchanges_late_total", "Answers that came after their time.", core.exchanges_late);
  text.counter("frames_bad_total", "Frames dropped: checksum, end octet, cut short, or nobody had asked.",
               core.frames_bad);
  text.counter("answers_unusable_total", "Whole answers whose content does not fit their identifier.",
               core.unusable_answers);
  text.counter("noise_octets_total", "Octets outside frames.", core.noise_octets);
  text.counter("reports_total", "What devices told of their own accord.", core.reports);
  text.counter("echoes_total", "Own questions heard back from the line.", core.echoes);
  text.counter("foreign_questions_total", "Questions of other masters heard on the lines.", core.foreign_questions);
  text.counter("carrier_starts_total", "Times a carrier module was begun anew.", core.carriers.starts);
  text.counter("carrier_restarts_total", "Starts that carrier modules told of.", core.carriers.module_restarts);
  text.counter("carrier_silences_total", "Times a carrier module itself did not answer.", core.carriers.silences);
  text.counter("carrier_denials_total", "Requests that carrier modules denied.", core.carriers.denials);
  text.counter("carrier_nodes_added_total", "Nodes entered in carrier modules.", core.carriers.nodes_added);
  text.counter("carrier_nodes_deleted_total", "Nodes deleted from carrier modules.", core.carriers.nodes_deleted);
  text.counter("carrier_nodes_refused_total", "Nodes that carrier modules did not take.", core.carriers.nodes_refused);
  text.counter("readings_total", "Readings taken.", core.readings);
  text.counter("readings_flagged_total", "Readings with a quality flag.", core.readings_flagged);
  text.counter("rounds_skipped_total", "Polling rounds skipped, never made up.", core.rounds_skipped);
  text.counter("clock_jumps_back_total", "Times the wall clock was set back.", core.clock_jumps_back);
  text.counter("batches_stored_total", "Batches made durable.", core.batches_stored);
  text.counter("store_failures_total", "Batches the spool refused, tried again later.", core.store_failures);
  text.gauge("spool_bytes", "Size of the spool on disk.", static_cast<double>(spool.bytes));
  text.gauge("spool_bytes_max", "Its limit.", static_cast<double>(spool.bytes_max));
  text.gauge("spool_unacknowledged_batches", "Batches the platform has not confirmed.",
             static_cast<double>(spool.unacknowledged_batches));
  text.gauge("spool_awaiting_backup_batches", "Batches the platform has committed but in none of its backups.",
             static_cast<double>(spool.awaiting_backup_batches));
  text.counter("spool_released_without_backup_total",
               "Batches committed at the platform, given up before any backup because the spool was full.",
               spool.released_without_backup);
  text.gauge("spool_full", "1 while the spool refuses and polling pauses.", spool.full || core.storage_waiting ? 1 : 0);
  text.gauge("spool_damaged_epochs", "Epochs that cannot be read.", static_cast<double>(spool.damaged_epochs));
  text.gauge("spool_autonomy_hours", "How long the room lasts without a platform; 0 = not known yet.",
             spool.autonomy_hours);
  text.gauge("uplink_online", "1 while the platform takes batches.", uplink.online ? 1 : 0);
  text.counter("uplink_connections_total", "Connections made to the platform.", uplink.connections);
  text.counter("uplink_batches_acknowledged_total", "Batches the platform confirmed.", uplink.batches_acknowledged);
  add_tasks(text, tasks);
  return text.take();
}

std::string timing_metrics(const TimingHistogram& all, const std::vector<GatewayCore::ChannelTiming>& channels) {
  constexpr double whole = 1'000;
  constexpr std::size_t channels_max = 200;  // a name of its own for each would drown whoever collects them
  std::string out =
      "# HELP duheng_gateway_sampling_ratio Distance between readings over the period asked for.\n"
      "# TYPE duheng_gateway_sampling_ratio histogram\n";
  const auto line = std::back_inserter(out);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < all.counts().size(); ++i) {
    seen += all.counts()[i];
    if (i < TimingHistogram::bounds_per_mille.size())
      fmt::format_to(line, "duheng_gateway_sampling_ratio_bucket{{le=\"{}\"}} {}\n",
                     TimingHistogram::bounds_per_mille[i] / whole, seen);
  }
  fmt::format_to(line,
                 "duheng_gateway_sampling_ratio_bucket{{le=\"+Inf\"}} {}\nduheng_gateway_sampling_ratio_sum {}\n"
                 "duheng_gateway_sampling_ratio_count {}\n",
                 seen, static_cast<double>(all.sum_per_mille()) / whole, seen);
  fmt::format_to(line,
                 "# HELP duheng_gateway_samples_missed_total Whole periods without a reading.\n"
                 "# TYPE duheng_gateway_samples_missed_total counter\nduheng_gateway_samples_missed_total {}\n",
                 all.figures().missed);
  if (channels.empty() || channels.size() > channels_max) return out;
  out +=
      "# HELP duheng_gateway_channel_sampling_ratio The same for each channel, as quantiles; of at most 200 channels.\n"
      "# TYPE duheng_gateway_channel_sampling_ratio gauge\n";
  for (const auto& [name, timing] : channels)
    for (const auto& [quantile, per_mille] :
         {std::pair{"0.5", timing.p50_per_mille}, std::pair{"0.95", timing.p95_per_mille},
          std::pair{"0.99", timing.p99_per_mille}, std::pair{"1", timing.max_per_mille}})
      fmt::format_to(line, "duheng_gateway_channel_sampling_ratio{{channel={},quantile=\"{}\"}} {}\n",
                     log::json_quoted(name), quantile, per_mille / whole);
  return out;
}

}  // namespace duheng::gateway
