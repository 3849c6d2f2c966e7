// VictoriaMetrics: JSON lines through /api/v1/import, one line for each series and block, which suits it best.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tools/bench/peers/http_peer.hpp"

namespace duheng::tools {

namespace {

/// Requests of at most so many series: both lanes have work, and no body gets too long.
constexpr std::uint32_t series_per_body = 2'500;

class VictoriaMetrics final : public HttpPeer {
 public:
  std::string_view key() const override { return "victoriametrics"; }
  std::string_view title() const override { return "VictoriaMetrics 1.79"; }
  std::string_view durability(Durability durability) const override {
    return durability == Durability::usual ? "no write-ahead log: answered from memory, written about a second later"
                                           : "force_flush and syncfs of its file system after each request";
  }
  std::string_view set_up() const override {
    return "JSON lines grouped by series and block of the feed, two connections, values as decimals (kept as floating "
           "point scaled by a power of ten), no authentication, no encryption";
  }

  Result<void> start(const PeerPlace& place, Durability durability) override {
    durability_ = durability;
    folder_ = place.folder + "/data";
    DUHENG_TRY(const auto port, free_port());
    return start_server(place, "victoria-metrics",
                        {fmt::format("-httpListenAddr=127.0.0.1:{}", port), "-storageDataPath=" + folder_,
                         "-retentionPeriod=100y", "-search.maxUniqueTimeseries=2000000", "-loggerLevel=WARN"},
                        port, "/health");
  }

  std::vector<std::string> bodies(const SampleBlock& block) const override {
    std::vector<std::string> out;
    for (std::uint32_t from = 0; from < block.series_count; from += series_per_body) {
      std::string body;
      const std::uint32_t to = std::min(block.series_count, from + series_per_body);
      for (std::uint32_t i = from; i < to; ++i) append_line(body, block, i);
      out.push_back(std::move(body));
    }
    return out;
  }

  Result<void> load(std::size_t lane_number, SampleKind, std::string_view body) override {
    DUHENG_CHECK(lane(lane_number).post("/api/v1/import", body));
    if (durability_ == Durability::usual) return {};
    DUHENG_CHECK(lane(lane_number).get("/internal/force_flush"));
    return synchronise(folder_);
  }

  Result<void> flush() override {
    DUHENG_CHECK(questions().get("/internal/force_flush"));
    return {};
  }

  Result<void> settle(std::span<const SampleKind>) override {
    DUHENG_CHECK(flush());
    DUHENG_CHECK(questions().get("/internal/force_merge"));
    return wait_until(
        [this]() -> Result<bool> {
          DUHENG_TRY(const auto metrics, questions().get("/metrics"));
          return metrics.find("vm_active_force_merges 0") != std::string::npos;
        },
        600, "VictoriaMetrics does not end its merge");
  }

  Result<std::uint64_t> disk_bytes() override { return folder_bytes(folder_); }

  Result<void> ping() override {
    DUHENG_CHECK(questions().get("/health"));
    return {};
  }

  Result<std::string> ask_series(SampleKind kind, std::uint32_t series, SecondsRange range) override {
    const std::string match = url_encoded(fmt::format("{}{{meter=\"{}\"}}", table_of(kind), series));
    return questions().get(
        fmt::format("/api/v1/export?match%5B%5D={}&start={}&end={}", match, range.from_s, range.to_s - 1));
  }

  Result<SampleTruth> read_series(SampleKind kind, std::uint32_t series, const std::string& answer) const override {
    SampleTruth out;
    const int decimals = decimals_of(kind, series);
    // One JSON object a line; a series may come in several.
    std::size_t at = 0;
    while (at < answer.size()) {
      std::size_t end = answer.find('\n', at);
      if (end == std::string::npos) end = answer.size();
      const auto line = nlohmann::json::parse(answer.substr(at, end - at), nullptr, false);
      if (!line.is_object() || !line.contains("values")) return fail(ErrorCode::malformed, answer.substr(0, 200));
      for (const auto& value : line.at("values")) {
        ++out.count;
        out.mantissa_sum += mantissa_of(value.get<double>(), decimals);
      }
      at = end + 1;
    }
    return out;
  }

  Result<std::string> ask_top(std::int64_t day_s) override {
    // A second later: on the first stamp of its first day this version finds nothing.
    ++day_s;
    return questions().get(fmt::format("/api/v1/query?query={}&time={}", url_encoded("topk(100,daily)"), day_s));
  }

  Result<std::vector<TopEntry>> read_top(const std::string& answer) const override {
    const auto json = nlohmann::json::parse(answer, nullptr, false);
    if (!json.is_object() || !json.contains("data")) return fail(ErrorCode::malformed, answer.substr(0, 200));
    std::vector<TopEntry> out;
    for (const auto& entry : json.at("data").at("result")) {
      out.push_back({static_cast<std::uint32_t>(std::stoul(entry.at("metric").at("meter").get<std::string>())),
                     mantissa_of(std::stod(entry.at("value").at(1).get<std::string>()), 2)});
    }
    return out;
  }

 private:
  static void append_line(std::string& body, const SampleBlock& block, std::uint32_t i) {
    const std::uint32_t series = block.first_series + i;
    const int decimals = decimals_of(block.kind, series);
    fmt::format_to(std::back_inserter(body), R"({{"metric":{{"__name__":"{}","meter":"{}"}},"values":[)",
                   table_of(block.kind), series);
    for (std::uint32_t step = 0; step < block.steps; ++step) {
      if (step > 0) body.push_back(',');
      append_decimal(body, block.mantissa(step, i), decimals);
    }
    body += R"(],"timestamps":[)";
    for (std::uint32_t step = 0; step < block.steps; ++step)
      fmt::format_to(std::back_inserter(body), "{}{}", step > 0 ? "," : "", block.time_utc_ms(step));
    body += "]}\n";
  }

  Durability durability_ = Durability::usual;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Peer> make_victoria_metrics() { return std::make_unique<VictoriaMetrics>(); }

}  // namespace duheng::tools
