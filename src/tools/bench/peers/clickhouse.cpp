// ClickHouse 18.16: RowBinary over HTTP into MergeTree tables in the order of series and time.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "tools/bench/peers/http_peer.hpp"

namespace duheng::tools {

namespace {

constexpr std::size_t row_octets = 16;  // UInt32 series, UInt32 seconds, Int64 mantissa

template <class T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T read_raw(const std::string& in, std::size_t at) {
  T value;
  std::memcpy(&value, in.data() + at, sizeof value);
  return value;
}

constexpr std::string_view users_xml = R"(<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>8000000000</max_memory_usage></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile>
    <quota>default</quota></default></users>
  <quotas><default></default></quotas>
</yandex>
)";

class ClickHouse final : public HttpPeer {
 public:
  std::string_view key() const override { return "clickhouse"; }
  std::string_view title() const override { return "ClickHouse 18.16"; }
  std::string_view durability(Durability durability) const override {
    return durability == Durability::usual ? "no synchronisation of data files: what was answered is in the page cache"
                                           : "syncfs of its file system after each insert";
  }
  std::string_view set_up() const override {
    return "RowBinary, about a million rows an insert, two connections, MergeTree ordered by (series, time), a "
           "partition "
           "for each month (daily values: year), integers, ZSTD for parts from 10 MB";
  }

  Result<void> start(const PeerPlace& place, Durability durability) override {
    durability_ = durability;
    folder_ = place.folder;
    DUHENG_TRY(const auto port, free_port());
    DUHENG_TRY(const auto native_port, free_port());
    std::ofstream(folder_ + "/users.xml") << users_xml;
    std::ofstream(folder_ + "/config.xml") << fmt::format(
        "<?xml version=\"1.0\"?>\n<yandex>\n"
        "  <logger><level>error</level><console>1</console></logger>\n"
        "  <http_port>{0}</http_port><tcp_port>{1}</tcp_port><listen_host>127.0.0.1</listen_host>\n"
        "  <path>{2}/data/</path><tmp_path>{2}/temporary/</tmp_path>"
        "<format_schema_path>{2}/formats/</format_schema_path>\n"
        "  <users_config>users.xml</users_config><default_profile>default</default_profile>"
        "<default_database>default</default_database>\n"
        "  <mark_cache_size>536870912</mark_cache_size>\n"
        "  <compression><case><min_part_size>10000000</min_part_size>"
        "<min_part_size_ratio>0</min_part_size_ratio><method>zstd</method></case></compression>\n"
        "</yandex>\n",
        port, native_port, folder_);
    for (const auto* name : {"/data", "/temporary", "/formats"}) std::filesystem::create_directories(folder_ + name);
    DUHENG_CHECK(start_server(place, "clickhouse-server", {"--config-file=" + folder_ + "/config.xml"}, port, "/ping"));
    for (const SampleKind kind : {SampleKind::energy, SampleKind::analogue, SampleKind::daily}) {
      const std::string_view partition = kind == SampleKind::daily ? "toYear(time)" : "toYYYYMM(time)";
      DUHENG_CHECK(
          run(fmt::format("CREATE TABLE {} (series UInt32, time DateTime('UTC'), mantissa Int64) ENGINE = "
                          "MergeTree PARTITION BY {} ORDER BY (series, time)",
                          table_of(kind), partition)));
    }
    return {};
  }

  std::vector<std::string> bodies(const SampleBlock& block) const override {
    std::string body;
    body.reserve(block.readings() * row_octets);
    for (std::uint32_t step = 0; step < block.steps; ++step) {
      const auto seconds = static_cast<std::uint32_t>(block.time_utc_ms(step) / 1'000);
      for (std::uint32_t i = 0; i < block.series_count; ++i) {
        append_raw<std::uint32_t>(body, block.first_series + i);
        append_raw<std::uint32_t>(body, seconds);
        append_raw<std::int64_t>(body, block.mantissa(step, i));
      }
    }
    return {std::move(body)};
  }

  Result<void> load(std::size_t lane_number, SampleKind kind, std::string_view body) override {
    const std::string insert = fmt::format("INSERT INTO {} FORMAT RowBinary", table_of(kind));
    DUHENG_CHECK(lane(lane_number).post("/?query=" + url_encoded(insert), body));
    return durability_ == Durability::usual ? Result<void>{} : synchronise(folder_);
  }

  Result<void> flush() override { return {}; }

  Result<void> settle(std::span<const SampleKind> kinds) override {
    for (const SampleKind kind : kinds) DUHENG_CHECK(run(fmt::format("OPTIMIZE TABLE {} FINAL", table_of(kind))));
    return {};
  }

  Result<std::uint64_t> disk_bytes() override {
    // Merged parts lie about for some minutes before they are removed: what stands in force is asked for.
    DUHENG_TRY(const auto answer,
               run("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table IN ('energy', 'analogue')"));
    return static_cast<std::uint64_t>(std::stoull(answer));
  }

  Result<void> ping() override {
    DUHENG_CHECK(questions().get("/ping"));
    return {};
  }

  Result<std::string> ask_series(SampleKind kind, std::uint32_t series, SecondsRange range) override {
    return run(
        fmt::format("SELECT toUInt32(time), mantissa FROM {} WHERE series = {} AND time >= toDateTime({}) AND "
                    "time < toDateTime({}) ORDER BY time FORMAT RowBinary",
                    table_of(kind), series, range.from_s, range.to_s));
  }

  Result<SampleTruth> read_series(SampleKind, std::uint32_t, const std::string& answer) const override {
    constexpr std::size_t octets = 12;
    if (answer.size() % octets != 0) return fail(ErrorCode::malformed, "rows are cut");
    SampleTruth out{.count = answer.size() / octets};
    for (std::size_t at = 0; at < answer.size(); at += octets)
      out.mantissa_sum += read_raw<std::int64_t>(answer, at + 4);
    return out;
  }

  Result<std::string> ask_top(std::int64_t day_s) override {
    return run(
        fmt::format("SELECT series, mantissa FROM daily WHERE time = toDateTime({}) ORDER BY mantissa DESC LIMIT "
                    "100 FORMAT RowBinary",
                    day_s));
  }

  Result<std::vector<TopEntry>> read_top(const std::string& answer) const override {
    constexpr std::size_t octets = 12;
    if (answer.size() % octets != 0) return fail(ErrorCode::malformed, "rows are cut");
    std::vector<TopEntry> out;
    for (std::size_t at = 0; at < answer.size(); at += octets)
      out.push_back({read_raw<std::uint32_t>(answer, at), read_raw<std::int64_t>(answer, at + 4)});
    return out;
  }

 private:
  Result<std::string> run(const std::string& statement) { return questions().post("/", statement); }

  Durability durability_ = Durability::usual;
  std::string folder_;
};

}  // namespace

std::unique_ptr<Peer> make_clickhouse() { return std::make_unique<ClickHouse>(); }

}  // namespace duheng::tools
