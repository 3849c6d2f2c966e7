#include "tools/bench/peers/peer_bench.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include "tools/bench/peers/server_process.hpp"

namespace duheng::tools {

namespace {

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

/// The greatest memory of a server while it is loaded.
class MemoryWatch {
 public:
  explicit MemoryWatch(std::int64_t id) : id_(id), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  [[nodiscard]] double greatest_mib() const { return static_cast<double>(greatest_.load()) / (1U << 20U); }

 private:
  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      greatest_ = std::max(greatest_.load(), process_tree_use(id_).memory_bytes);
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }
  std::int64_t id_;
  std::atomic<std::uint64_t> greatest_ = 0;
  std::jthread thread_;
};

struct Request {
  SampleKind kind = SampleKind::energy;
  std::string body;
};
struct Part {
  std::uint64_t readings = 0;
  std::vector<Request> requests;
};

template <class Feed>
std::vector<Part> make_parts(const Peer& peer, Feed& feed, std::uint64_t readings, std::uint32_t count) {
  std::vector<Part> parts(1);
  const std::uint64_t each = (readings + count - 1) / count;
  while (auto block = feed.next()) {
    if (parts.back().readings >= each) parts.emplace_back();
    parts.back().readings += block->readings();
    for (auto& body : peer.bodies(*block)) parts.back().requests.push_back({block->kind, std::move(body)});
  }
  // A short rest would be a part of its own.
  if (parts.size() > count) {
    parts[count - 1].readings += parts[count].readings;
    std::move(parts[count].requests.begin(), parts[count].requests.end(),
              std::back_inserter(parts[count - 1].requests));
    parts.resize(count);
  }
  return parts;
}

/// All requests of a part through both lanes. Seconds until all of it can be asked for.
Result<double> load_part(Peer& peer, const Part& part) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::optional<Error> error;
  const auto begin = SteadyClock::now();
  {
    std::vector<std::jthread> threads;
    for (std::size_t lane = 0; lane < Peer::lanes; ++lane) {
      threads.emplace_back([&, lane] {
        for (std::size_t i = next++; i < part.requests.size(); i = next++) {
          const auto loaded = peer.load(lane, part.requests[i].kind, part.requests[i].body);
          if (loaded) continue;
          const std::lock_guard lock(mutex);
          error = loaded.error();
          next = part.requests.size();
        }
      });
    }
  }
  if (error) return std::unexpected(*error);
  DUHENG_CHECK(peer.flush());
  return seconds_since(begin);
}

struct LoadFigures {
  double median_per_s = 0;
  double all_per_s = 0;
};
Result<LoadFigures> load_parts(Peer& peer, const std::vector<Part>& parts, std::size_t count) {
  std::vector<double> rates;
  double seconds = 0;
  std::uint64_t readings = 0;
  for (std::size_t i = 0; i < std::min(count, parts.size()); ++i) {
    DUHENG_TRY(const double taken, load_part(peer, parts[i]));
    rates.push_back(static_cast<double>(parts[i].readings) / taken);
    seconds += taken;
    readings += parts[i].readings;
  }
  return LoadFigures{spread_of(rates).median, static_cast<double>(readings) / seconds};
}

/// Asks `ask(i)` for i = 0 .. series - 1 once, then `times` more, each measured; `check` looks at each first answer.
template <class Ask, class Check>
Result<Spread> measure(std::uint32_t series, std::uint32_t times, const Ask& ask, const Check& check) {
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= times; ++round) {
    for (std::uint32_t i = 0; i < series; ++i) {
      const auto begin = SteadyClock::now();
      DUHENG_TRY(const auto answer, ask(i));
      const double taken_ms = seconds_since(begin) * 1'000;
      if (round == 0) {
        DUHENG_CHECK(check(i, answer));
      } else {
        samples.push_back(taken_ms);
      }
    }
  }
  return spread_of(std::move(samples));
}

class PeerRun {
 public:
  PeerRun(const PeerBenchOptions& options, Peer& peer, PeerFigures& figures)
      : options_(options), peer_(peer), figures_(figures) {}

  Result<void> load_usual(const std::vector<Part>& parts, const std::string& folder) {
    DUHENG_CHECK(start(Durability::usual, folder));
    const double cpu_before = process_tree_use(peer_.process_id()).cpu_s;
    const MemoryWatch watch(peer_.process_id());
    DUHENG_TRY(const auto loaded, load_parts(peer_, parts, parts.size()));
    figures_.ingest_readings_per_s = loaded.median_per_s;
    figures_.ingest_all_readings_per_s = loaded.all_per_s;
    figures_.load_cpu_s = process_tree_use(peer_.process_id()).cpu_s - cpu_before;
    figures_.memory_mib = watch.greatest_mib();
    return {};
  }

  Result<void> settle() {
    tell("settles");
    const auto begin = SteadyClock::now();
    constexpr std::array kinds{SampleKind::energy, SampleKind::analogue};
    DUHENG_CHECK(peer_.settle(kinds));
    figures_.settle_s = seconds_since(begin);
    DUHENG_TRY(const auto bytes, peer_.disk_bytes());
    figures_.bytes_per_reading = static_cast<double>(bytes) / static_cast<double>(options_.size.readings());
    return {};
  }

  Result<void> load_daily() {
    tell("daily values");
    DailyFeed feed(options_.size);
    const auto parts = make_parts(peer_, feed, options_.size.daily_values(), 1);
    for (const Part& part : parts) DUHENG_CHECK(load_part(peer_, part));
    constexpr std::array kinds{SampleKind::daily};
    return peer_.settle(kinds);
  }

  Result<void> ask(const SampleFeed& truth) {
    tell("questions");
    DUHENG_TRY(figures_.ping_ms, measure(
                                     1, 200,
                                     [&](std::uint32_t) -> Result<bool> {
                                       DUHENG_CHECK(peer_.ping());
                                       return true;
                                     },
                                     [](std::uint32_t, bool) -> Result<void> { return {}; }));
    DUHENG_CHECK(ask_months(truth));
    DUHENG_CHECK(ask_ten_years());
    return ask_top();
  }

  Result<void> load_synchronised(const std::vector<Part>& parts, const std::string& folder) {
    DUHENG_CHECK(start(Durability::synchronised, folder));
    DUHENG_TRY(const auto loaded, load_parts(peer_, parts, (parts.size() + 1) / 2));
    figures_.synchronised_ingest_readings_per_s = loaded.median_per_s;
    return {};
  }

 private:
  void tell(const std::string& what) const {
    if (options_.progress) options_.progress(figures_.title + ": " + what);
  }
  Result<void> start(Durability durability, const std::string& folder) {
    tell(durability == Durability::usual ? "starts, loads" : "starts, loads with synchronisation");
    return peer_.start({options_.servers_directory, folder}, durability);
  }

  Result<void> ask_months(const SampleFeed& truth) {
    const std::int64_t from = sample_times::start_utc_ms;
    const SecondsRange month{from / 1'000, (from + options_.size.meter_days * sample_times::day_ms) / 1'000};
    const std::uint32_t asked = std::min(options_.series_asked, options_.size.meters);
    const auto series_of = [&](std::uint32_t i) { return i * (options_.size.meters / asked); };
    DUHENG_TRY(figures_.series_month_ms,
               measure(
                   asked, options_.times_asked,
                   [&](std::uint32_t i) { return peer_.ask_series(SampleKind::energy, series_of(i), month); },
                   [&](std::uint32_t i, const std::string& answer) {
                     return check(SampleKind::energy, series_of(i), answer,
                                  truth.truth(SampleKind::energy, series_of(i)));
                   }));
    return {};
  }

  Result<void> ask_ten_years() {
    const std::int64_t from = sample_times::ten_years_start_utc_ms;
    const SecondsRange years{from / 1'000, (from + options_.size.ten_year_days * sample_times::day_ms) / 1'000};
    const std::uint32_t asked = std::min(options_.series_asked, options_.size.ten_year_meters);
    const auto series_of = [&](std::uint32_t i) { return i * (options_.size.ten_year_meters / asked); };
    const auto truth_of = [&](std::uint32_t series) {
      SampleTruth truth{.count = options_.size.ten_year_days};
      for (std::uint32_t day = 0; day < options_.size.ten_year_days; ++day)
        truth.mantissa_sum += daily_total(series, day);
      return truth;
    };
    DUHENG_TRY(figures_.daily_ten_years_ms,
               measure(
                   asked, options_.times_asked,
                   [&](std::uint32_t i) { return peer_.ask_series(SampleKind::daily, series_of(i), years); },
                   [&](std::uint32_t i, const std::string& answer) {
                     return check(SampleKind::daily, series_of(i), answer, truth_of(series_of(i)));
                   }));
    return {};
  }

  Result<void> ask_top() {
    const auto day_s = [&](std::uint32_t i) { return (sample_times::start_utc_ms + i * sample_times::day_ms) / 1'000; };
    DUHENG_TRY(figures_.fleet_top100_ms,
               measure(
                   std::min(10U, options_.size.fleet_days), options_.times_asked,
                   [&](std::uint32_t i) { return peer_.ask_top(day_s(i)); },
                   [&](std::uint32_t i, const std::string& answer) { return check_top(i, answer); }));
    return {};
  }

  Result<void> check(SampleKind kind, std::uint32_t series, const std::string& answer, const SampleTruth& truth) const {
    DUHENG_TRY(const auto got, peer_.read_series(kind, series, answer));
    if (got == truth) return {};
    return fail(ErrorCode::conflict,
                fmt::format("a wrong answer for {} {}: {} values with sum {}, expected {} with {}", table_of(kind),
                            series, got.count, got.mantissa_sum, truth.count, truth.mantissa_sum));
  }
  Result<void> check_top(std::uint32_t day, const std::string& answer) const {
    DUHENG_TRY(auto got, peer_.read_top(answer));
    // Who stands where among equal values is anybody's choice, and some order by time instead: amounts are compared.
    std::vector<std::int64_t> amounts;
    for (const auto& entry : got) {
      amounts.push_back(entry.mantissa);
      if (entry.series < options_.size.ten_year_meters || daily_total(entry.series, day) != entry.mantissa)
        return fail(ErrorCode::conflict, fmt::format("a wrong amount for meter {} in the top 100", entry.series));
    }
    std::ranges::sort(amounts, std::greater{});
    std::vector<std::int64_t> expected;
    for (const auto& entry : true_top(options_.size, day)) expected.push_back(entry.mantissa);
    if (amounts == expected) return {};
    return fail(ErrorCode::conflict, fmt::format("a wrong top 100: {} entries", got.size()));
  }

  const PeerBenchOptions& options_;
  Peer& peer_;
  PeerFigures& figures_;
};

Result<void> run_peer(const PeerBenchOptions& options, std::unique_ptr<Peer> peer, PeerFigures& figures) {
  const std::string base = options.scratch_directory + "/" + figures.key;
  std::filesystem::create_directories(base + "-usual");
  SampleFeed feed(options.size);
  const auto parts = make_parts(*peer, feed, options.size.readings(), options.parts);
  PeerRun run(options, *peer, figures);
  const auto measured = [&]() -> Result<void> {
    DUHENG_CHECK(run.load_usual(parts, base + "-usual"));
    DUHENG_CHECK(run.settle());
    DUHENG_CHECK(run.load_daily());
    return run.ask(feed);
  }();
  peer.reset();  // ends the server before its folder goes
  std::error_code ignored;
  std::filesystem::remove_all(base + "-usual", ignored);
  if (!measured || figures.synchronised_durability.empty()) return measured;

  for (auto& other : make_peers()) {
    if (other->key() != figures.key) continue;
    std::filesystem::create_directories(base + "-synchronised");
    PeerRun again(options, *other, figures);
    const auto loaded = again.load_synchronised(parts, base + "-synchronised");
    other.reset();
    std::filesystem::remove_all(base + "-synchronised", ignored);
    return loaded;
  }
  return {};
}

}  // namespace

Spread spread_of(std::vector<double> samples) {
  if (samples.empty()) return {};
  std::ranges::sort(samples);
  const auto at = [&](double share) {
    return samples[std::min(samples.size() - 1, static_cast<std::size_t>(share * static_cast<double>(samples.size())))];
  };
  return {at(0.5), at(0.99)};
}

std::vector<TopEntry> true_top(const SampleSize& size, std::uint32_t day) {
  std::vector<TopEntry> all;
  for (std::uint32_t i = 0; i < size.fleet_meters; ++i) {
    const std::uint32_t series = size.ten_year_meters + i;
    all.push_back({series, daily_total(series, day)});
  }
  const std::size_t count = std::min<std::size_t>(100, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(count), [](const auto& a, const auto& b) {
    return a.mantissa != b.mantissa ? a.mantissa > b.mantissa : a.series < b.series;
  });
  all.resize(count);
  return all;
}

std::vector<PeerFigures> run_peers(const PeerBenchOptions& options) {
  std::vector<PeerFigures> out;
  for (auto& peer : make_peers()) {
    const std::string key{peer->key()};
    if (!options.only.empty() && std::ranges::find(options.only, key) == options.only.end()) continue;
    PeerFigures figures;
    figures.key = key;
    figures.title = peer->title();
    figures.durability = peer->durability(Durability::usual);
    figures.synchronised_durability = peer->durability(Durability::synchronised);
    figures.usual_is_durable = figures.synchronised_durability.empty();
    figures.set_up = peer->set_up();
    const auto done = run_peer(options, std::move(peer), figures);
    if (!done) figures.error = done.error().message;
    out.push_back(std::move(figures));
  }
  return out;
}

}  // namespace duheng::tools
