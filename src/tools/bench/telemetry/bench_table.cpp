#include "tools/bench/telemetry/bench_table.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::tools {

namespace {

std::string number(double value) {
  if (value == 0) return "-";
  if (value >= 1'000'000) return fmt::format("{:.2f} M", value / 1'000'000);
  if (value >= 10'000) return fmt::format("{:.0f} k", value / 1'000);
  if (value >= 100) return fmt::format("{:.0f}", value);
  return fmt::format("{:.2f}", value);
}
std::string spread(const Spread& value) {
  return value.median == 0 ? "-" : fmt::format("{} / {}", number(value.median), number(value.p99));
}
std::string ratio(double ours, double theirs) {
  return ours == 0 || theirs == 0 ? "-" : fmt::format("{:.2f} ×", ours / theirs);
}

/// One line of the table: ours, then each peer's.
class Table {
 public:
  explicit Table(const TelemetryBenchFigures& figures) : figures_(figures) {
    text_ = "| figure | Duheng |";
    for (const auto& peer : figures.peers) text_ += fmt::format(" {} |", peer.title);
    text_ += "\n|---|---|";
    for (std::size_t i = 0; i < figures.peers.size(); ++i) text_ += "---|";
    text_ += '\n';
  }
  template <class OfPeer>
  void row(std::string_view name, const std::string& ours, const OfPeer& of_peer) {
    text_ += fmt::format("| {} | {} |", name, ours);
    for (const auto& peer : figures_.peers) text_ += fmt::format(" {} |", of_peer(peer));
    text_ += '\n';
  }
  void own_row(std::string_view name, const std::string& ours) {
    row(name, ours, [](const PeerFigures&) { return std::string("-"); });
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  const TelemetryBenchFigures& figures_;
  std::string text_;
};

void add_loading(Table& table, const StoreFigures& own) {
  table.row("ingest, readings/s, median of the parts", number(own.ingest_readings_per_s),
            [](const PeerFigures& peer) { return number(peer.ingest_readings_per_s); });
  table.row("the same, durable when answered (where the product cannot: its file system synchronised from outside)",
            number(own.ingest_readings_per_s),
            [](const PeerFigures& peer) { return number(peer.durable_readings_per_s()); });
  table.row("Duheng over it, as it comes", "1",
            [&](const PeerFigures& peer) { return ratio(own.ingest_readings_per_s, peer.ingest_readings_per_s); });
  table.row("Duheng over it, both durable", "1",
            [&](const PeerFigures& peer) { return ratio(own.ingest_readings_per_s, peer.durable_readings_per_s()); });
  table.row("all readings through the whole time, readings/s", number(own.ingest_all_readings_per_s),
            [](const PeerFigures& peer) { return number(peer.ingest_all_readings_per_s); });
  table.row("processor seconds while loading", number(own.cpu_s),
            [](const PeerFigures& peer) { return number(peer.load_cpu_s); });
  table.row("memory while loading, MiB", number(own.memory_mib),
            [](const PeerFigures& peer) { return number(peer.memory_mib); });
}

void add_sizes(Table& table, const StoreFigures& own) {
  table.row("octets a reading after settling: values, stamps, qualities", number(own.bytes_per_reading),
            [](const PeerFigures& peer) { return number(peer.bytes_per_reading); });
  table.own_row("with frame references and times of receipt", number(own.bytes_per_reading_with_frames));
  table.own_row("journal (frames, readings, hashes), apart", number(own.journal_bytes_per_reading));
}

void add_questions(Table& table, const StoreFigures& own) {
  table.row("a question's way there and back, ms (median / p99)", "in process",
            [](const PeerFigures& peer) { return spread(peer.ping_ms); });
  table.row("one series, one month, ms", spread(own.series_month_ms),
            [](const PeerFigures& peer) { return spread(peer.series_month_ms); });
  table.row("one meter, ten years of daily values, ms", spread(own.daily_ten_years_ms),
            [](const PeerFigures& peer) { return spread(peer.daily_ten_years_ms); });
  table.own_row("the same as daily registers as read, ms", spread(own.ten_years_registers_ms));
  table.row("fleet day totals, top 100, ms", spread(own.fleet_top100_ms),
            [](const PeerFigures& peer) { return spread(peer.fleet_top100_ms); });
  table.own_row("the same from registers as read, ms", spread(own.fleet_scan_ms));
  table.own_row("reading to its frame, ms", spread(own.trace_ms));
}

std::string remarks(const TelemetryBenchFigures& figures, const SampleSize& size) {
  const StoreFigures& own = figures.own;
  std::string out = fmt::format(
      "\nThe same values for all: {} meters every 15 minutes for {} days (registers, two decimals) and {} sensors "
      "every "
      "minute for {} days, {} readings; ten years of daily values of {} meters; {} days of {} meters. Every answer was "
      "checked against them.\n\n",
      size.meters, size.meter_days, size.sensors, size.sensor_days, number(static_cast<double>(size.readings())),
      size.ten_year_meters, size.fleet_days, size.fleet_meters);
  out +=
      "- **Duheng**: octets of frames, decoded and verified, batches, hash chain, ingest, journal (encrypted, one "
      "synchronisation for each group before anything is acknowledged), telemetry (encrypted) with merging and sealing "
      "beside it; the clock runs until the last row can be asked for. Asked in process, the peers over loopback.\n";
  if (own.commit_stall_ms_max > 0) {
    out += fmt::format(
        "- Everything scanned beside full ingest ({} readings/s in, {} readings/s scanned): longest time without a "
        "commit "
        "{} ms ({} ms without the scan), acknowledgement of a batch p99 {} ms, at most {} ms.\n",
        number(own.stall_ingest_readings_per_s), number(own.scanned_readings_per_s), number(own.commit_stall_ms_max),
        number(own.loading_commit_stall_ms_max), number(own.commit_latency_ms_p99), number(own.commit_latency_ms_max));
  }
  if (figures.single_readings_per_s > 0) {
    out += fmt::format("- Readings one by one, each a durable batch of its own: {} readings/s, p99 {} ms.\n",
                       number(figures.single_readings_per_s), number(figures.single_latency_ms_p99));
  }
  for (const auto& peer : figures.peers) {
    out += fmt::format("- **{}**: {}. Durability: {}", peer.title, peer.set_up, peer.durability);
    if (!peer.synchronised_durability.empty()) out += fmt::format("; synchronised: {}", peer.synchronised_durability);
    out += ".";
    if (!peer.error.empty()) out += fmt::format(" **Not all measured**: {}.", peer.error);
    out += '\n';
  }
  return out;
}

}  // namespace

double TelemetryBenchFigures::ingest_ratio_best_peer() const {
  double best = 0;
  for (const auto& peer : peers) best = std::max(best, peer.ingest_readings_per_s);
  return best == 0 ? 0 : own.ingest_readings_per_s / best;
}

double TelemetryBenchFigures::ingest_ratio_best_durable_peer() const {
  double best = 0;
  for (const auto& peer : peers) best = std::max(best, peer.usual_is_durable ? peer.ingest_readings_per_s : 0);
  return best == 0 ? 0 : own.ingest_readings_per_s / best;
}

double TelemetryBenchFigures::ingest_ratio_best_synchronised_peer() const {
  double best = 0;
  for (const auto& peer : peers) best = std::max(best, peer.durable_readings_per_s());
  return best == 0 ? 0 : own.ingest_readings_per_s / best;
}

std::string markdown_table(const TelemetryBenchFigures& figures, const SampleSize& size, std::string_view day,
                           std::string_view machine) {
  Table table(figures);
  add_loading(table, figures.own);
  add_sizes(table, figures.own);
  add_questions(table, figures.own);
  return fmt::format("Made by `make bench-peers` on {}, {}.\n\n", day, machine) + table.text() + remarks(figures, size);
}

Result<std::string> with_marked_section(const std::string& text, std::string_view name, std::string_view section) {
  const std::string begin = fmt::format("<!-- {}:begin -->", name);
  const std::string end = fmt::format("<!-- {}:end -->", name);
  const std::size_t from = text.find(begin);
  const std::size_t to = text.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from)
    return fail(ErrorCode::not_found, fmt::format("the markers {} and {} are not there", begin, end));
  return text.substr(0, from + begin.size()) + "\n" + std::string(section) + text.substr(to);
}

}  // namespace duheng::tools
