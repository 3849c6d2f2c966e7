// InfluxDB 1.6: line protocol. Mantissas as integers, which it packs far better than floating point.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tools/bench/peers/http_peer.hpp"

namespace duheng::tools {

namespace {

/// Its makers advise 5,000 to 10,000 points a request.
constexpr std::size_t lines_per_body = 10'000;

class InfluxDb final : public HttpPeer {
 public:
  std::string_view key() const override { return "influxdb"; }
  std::string_view title() const override { return "InfluxDB 1.6"; }
  std::string_view durability(Durability durability) const override {
    return durability == Durability::usual ? "write-ahead log synchronised before each answer" : "";
  }
  std::string_view set_up() const override {
    return "line protocol, 10,000 points a request, two connections, mantissas as integers, index in memory, shards of "
           "a "
           "week (daily values: ten years); after "
           "loading started again with short cold times, so that it compacts fully";
  }

  Result<void> start(const PeerPlace& place, Durability) override {
    place_ = place;
    DUHENG_CHECK(start_with("10m", "4h"));
    // A shard for each week of readings; one for ten years of daily values, or each question would open 520.
    for (const auto* statement : {"CREATE DATABASE meters", "CREATE DATABASE days WITH SHARD DURATION 520w"})
      DUHENG_CHECK(questions().post("/query?q=" + url_encoded(statement), ""));
    return {};
  }

  std::vector<std::string> bodies(const SampleBlock& block) const override {
    std::vector<std::string> out(1);
    std::size_t lines = 0;
    for (std::uint32_t step = 0; step < block.steps; ++step) {
      for (std::uint32_t i = 0; i < block.series_count; ++i) {
        fmt::format_to(std::back_inserter(out.back()), "{},meter={} mantissa={}i {}\n", table_of(block.kind),
                       block.first_series + i, block.mantissa(step, i), block.time_utc_ms(step) / 1'000);
        if (++lines % lines_per_body == 0) out.emplace_back();
      }
    }
    if (out.back().empty()) out.pop_back();
    return out;
  }

  Result<void> load(std::size_t lane_number, SampleKind kind, std::string_view body) override {
    DUHENG_CHECK(lane(lane_number).post(fmt::format("/write?db={}&precision=s", database_of(kind)), body));
    return {};
  }

  Result<void> flush() override { return {}; }

  /// Compaction has no command: it begins when a shard has been cold for long enough.
  Result<void> settle(std::span<const SampleKind>) override {
    stop_server();
    DUHENG_CHECK(start_with("2s", "3s"));
    std::uint64_t last = 0;
    int still = 0;
    return wait_until(
        [&]() -> Result<bool> {
          const std::uint64_t now = folder_bytes(place_.folder + "/data") + folder_bytes(place_.folder + "/wal");
          const double cpu_now = process_tree_use(process_id()).cpu_s;
          // Neither bytes nor processor time move for six seconds.
          still = now == last && cpu_now - cpu_s_ < 0.05 ? still + 1 : 0;
          last = now;
          cpu_s_ = cpu_now;
          return still >= 24;
        },
        600, "InfluxDB does not end its compaction");
  }

  Result<std::uint64_t> disk_bytes() override {
    return folder_bytes(place_.folder + "/data") + folder_bytes(place_.folder + "/wal");
  }

  Result<void> ping() override {
    DUHENG_CHECK(questions().get("/ping"));
    return {};
  }

  Result<std::string> ask_series(SampleKind kind, std::uint32_t series, SecondsRange range) override {
    return ask(kind, fmt::format("SELECT mantissa FROM {} WHERE meter='{}' AND time >= {}s AND time < {}s",
                                 table_of(kind), series, range.from_s, range.to_s));
  }

  Result<SampleTruth> read_series(SampleKind, std::uint32_t, const std::string& answer) const override {
    DUHENG_TRY(const auto rows, rows_of(answer));
    SampleTruth out;
    for (const auto& row : rows) {
      ++out.count;
      out.mantissa_sum += row.at(1).get<std::int64_t>();
    }
    return out;
  }

  Result<std::string> ask_top(std::int64_t day_s) override {
    return ask(SampleKind::daily, fmt::format("SELECT TOP(mantissa, meter, 100) FROM daily WHERE time = {}s", day_s));
  }

  Result<std::vector<TopEntry>> read_top(const std::string& answer) const override {
    DUHENG_TRY(const auto rows, rows_of(answer));
    std::vector<TopEntry> out;
    for (const auto& row : rows) {
      out.push_back(
          {static_cast<std::uint32_t>(std::stoul(row.at(2).get<std::string>())), row.at(1).get<std::int64_t>()});
    }
    return out;
  }

 private:
  Result<void> start_with(std::string_view snapshot_cold, std::string_view full_cold) {
    DUHENG_TRY(const auto port, free_port());
    DUHENG_TRY(const auto backup_port, free_port());
    const std::string config = place_.folder + "/influxdb.conf";
    std::ofstream(config) << fmt::format(
        "reporting-disabled = true\n"
        "bind-address = \"127.0.0.1:{1}\"\n"
        "[meta]\n  dir = \"{2}/meta\"\n"
        "[data]\n  dir = \"{2}/data\"\n  wal-dir = \"{2}/wal\"\n  query-log-enabled = false\n"
        "  max-series-per-database = 0\n  max-values-per-tag = 0\n  cache-max-memory-size = \"2g\"\n"
        "  cache-snapshot-write-cold-duration = \"{3}\"\n  compact-full-write-cold-duration = \"{4}\"\n"
        "[http]\n  bind-address = \"127.0.0.1:{0}\"\n  log-enabled = false\n  max-body-size = 0\n"
        "[monitor]\n  store-enabled = false\n"
        "[logging]\n  level = \"warn\"\n",
        port, backup_port, place_.folder, snapshot_cold, full_cold);
    return start_server(place_, "influxd", {"run", "-config", config}, port, "/ping");
  }

  static std::string_view database_of(SampleKind kind) { return kind == SampleKind::daily ? "days" : "meters"; }

  Result<std::string> ask(SampleKind kind, const std::string& question) {
    return questions().get(fmt::format("/query?db={}&epoch=s&q={}", database_of(kind), url_encoded(question)));
  }

  static Result<std::vector<nlohmann::json>> rows_of(const std::string& answer) {
    const auto json = nlohmann::json::parse(answer, nullptr, false);
    if (!json.is_object() || !json.contains("results")) return fail(ErrorCode::malformed, answer.substr(0, 200));
    const auto& result = json.at("results").at(0);
    if (!result.contains("series")) return std::vector<nlohmann::json>{};
    return result.at("series").at(0).at("values").get<std::vector<nlohmann::json>>();
  }

  PeerPlace place_;
  double cpu_s_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_influxdb() { return std::make_unique<InfluxDb>(); }

}  // namespace duheng::tools
