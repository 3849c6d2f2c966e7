#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tools/bench/peers/peer.hpp"

namespace duheng::tools {

/// The measured values of one size, made once, for all sides.
struct PeerBenchOptions {
  SampleSize size{};
  std::string servers_directory{};
  std::string scratch_directory{};                     ///< exists; each run gets a folder of its own below it
  std::uint32_t parts = 10;                            ///< the load is cut into so many, each measured
  std::uint32_t series_asked = 40;                     ///< different series for each question
  std::uint32_t times_asked = 5;                       ///< each of them so often, after once for warmth
  std::vector<std::string> only{};                     ///< keys; all when empty
  std::function<void(const std::string&)> progress{};  ///< told what begins; may be empty
};

/// Of a number of samples.
struct Spread {
  double median = 0;
  double p99 = 0;
};

struct PeerFigures {
  std::string key{};
  std::string title{};
  std::string durability{};               ///< of the usual way
  std::string synchronised_durability{};  ///< empty: there is no other way
  std::string set_up{};
  std::string error{};                            ///< why there are no figures, or not all
  double ingest_readings_per_s = 0;               ///< median of the parts
  double ingest_all_readings_per_s = 0;           ///< all readings through the whole time
  double synchronised_ingest_readings_per_s = 0;  ///< median of half the parts; 0: no other way
  bool usual_is_durable = false;
  double load_cpu_s = 0;
  double settle_s = 0;
  double bytes_per_reading = 0;
  double memory_mib = 0;  ///< greatest while loading
  Spread ping_ms{};
  Spread series_month_ms{};
  Spread daily_ten_years_ms{};
  Spread fleet_top100_ms{};
  /// The fastest load whose answers are durable; 0 when there is none.
  [[nodiscard]] double durable_readings_per_s() const noexcept {
    return usual_is_durable ? ingest_readings_per_s : synchronised_ingest_readings_per_s;
  }
};

[[nodiscard]] Spread spread_of(std::vector<double> samples);

/// Starts each peer in turn, loads, settles, asks, checks every answer against what went in, and ends it. A peer that
/// does not start or answers wrongly says so in `error`; the others go on.
[[nodiscard]] std::vector<PeerFigures> run_peers(const PeerBenchOptions& options);

/// The hundred greatest daily values of one day of the fleet, greatest first, from the values themselves.
[[nodiscard]] std::vector<TopEntry> true_top(const SampleSize& size, std::uint32_t day);

}  // namespace duheng::tools
