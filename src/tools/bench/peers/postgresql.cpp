// PostgreSQL 15: COPY BINARY through libpq; a covering index of series and time that stands while it is loaded.
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <libpq-fe.h>
#include <optional>
#include <thread>

#include "tools/bench/peers/http_peer.hpp"

namespace duheng::tools {

namespace {

/// Octets and integers as PostgreSQL sends them: the high octet first.
template <class T>
void append_big_endian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift) & 0xFFU));
}
std::int64_t read_big_endian(const char* octets, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8U | static_cast<unsigned char>(octets[i]);
  return size == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value)) : static_cast<std::int64_t>(value);
}
constexpr std::int64_t epoch_2000_s = 946'684'800;
std::int64_t postgres_us(std::int64_t utc_s) { return (utc_s - epoch_2000_s) * 1'000'000; }

struct CloseConnection {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, CloseConnection>;
struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using QueryResult = std::unique_ptr<PGresult, ClearResult>;

std::unexpected<Error> failed(PGconn* connection) {
  return fail(ErrorCode::unavailable, std::string("PostgreSQL: ") + PQerrorMessage(connection));
}

Result<void> run(PGconn* connection, const std::string& statement) {
  const QueryResult result(PQexec(connection, statement.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(connection);
  return {};
}

constexpr std::string_view settings =
    "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
    "shared_buffers = 1GB\neffective_cache_size = 8GB\nmaintenance_work_mem = 512MB\nwork_mem = 64MB\n"
    "max_wal_size = 8GB\nmin_wal_size = 1GB\ncheckpoint_timeout = 15min\ncheckpoint_completion_target = 0.9\n"
    "wal_compression = lz4\nmax_connections = 10\nrandom_page_cost = 1.1\nautovacuum_naptime = 30s\n"
    "timezone = 'UTC'\nlog_timezone = 'UTC'\n";

constexpr std::array<std::string_view, 3> tables{"energy", "analogue", "daily"};

class PostgreSql final : public Peer {
 public:
  std::string_view key() const override { return "postgresql"; }
  std::string_view title() const override { return "PostgreSQL 15"; }
  std::string_view durability(Durability durability) const override {
    return durability == Durability::usual ? "fsync and synchronous_commit on: each COPY is durable when answered" : "";
  }
  std::string_view set_up() const override {
    return "COPY BINARY, about a million rows each, two connections, integers, covering index (series, time) kept "
           "while "
           "loading, shared_buffers 1 GB, max_wal_size 8 GB; questions prepared, answers binary";
  }

  Result<void> start(const PeerPlace& place, Durability) override {
    const std::string bin = place.servers_directory + "/bin/";
    if (!std::filesystem::exists(bin + "postgres"))
      return fail(ErrorCode::not_found, bin + "postgres is not there; scripts/test-servers.sh fetches it");
    const std::string data = place.folder + "/data";
    const std::string log = place.folder + "/postgres.log";
    std::filesystem::create_directories(data);
    DUHENG_CHECK(give_to_unprivileged(place.folder));
    DUHENG_CHECK(run_to_end(
        as_unprivileged({bin + "initdb",
                         {"-D", data, "-U", "duheng", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"},
                         log}),
        60'000));
    DUHENG_TRY(port_, free_port());
    std::ofstream(data + "/postgresql.conf", std::ios::app) << settings << "port = " << port_ << '\n';
    DUHENG_TRY(auto process, ChildProcess::start(as_unprivileged({bin + "postgres", {"-D", data}, log})));
    process_.emplace(std::move(process));
    DUHENG_CHECK(connect_all(log));
    return make_tables();
  }

  std::vector<std::string> bodies(const SampleBlock& block) const override {
    constexpr std::size_t row_octets = 2 + 4 + 4 + 4 + 8 + 4 + 8;
    std::string body;
    body.reserve(block.readings() * row_octets + 32);
    body.append("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    for (std::uint32_t step = 0; step < block.steps; ++step) {
      const std::int64_t time_us = postgres_us(block.time_utc_ms(step) / 1'000);
      for (std::uint32_t i = 0; i < block.series_count; ++i) {
        append_big_endian<std::int16_t>(body, 3);
        append_big_endian<std::int32_t>(body, 4);
        append_big_endian<std::int32_t>(body, static_cast<std::int32_t>(block.first_series + i));
        append_big_endian<std::int32_t>(body, 8);
        append_big_endian<std::int64_t>(body, time_us);
        append_big_endian<std::int32_t>(body, 8);
        append_big_endian<std::int64_t>(body, block.mantissa(step, i));
      }
    }
    append_big_endian<std::int16_t>(body, -1);
    return {std::move(body)};
  }

  Result<void> load(std::size_t lane, SampleKind kind, std::string_view body) override {
    PGconn* connection = connections_[lane].get();
    const std::string copy =
        fmt::format("COPY {} (series, time, mantissa) FROM STDIN WITH (FORMAT binary)", table_of(kind));
    const QueryResult begun(PQexec(connection, copy.c_str()));
    if (PQresultStatus(begun.get()) != PGRES_COPY_IN) return failed(connection);
    constexpr std::size_t piece = 1U << 20U;
    for (std::size_t at = 0; at < body.size(); at += piece) {
      const auto size = static_cast<int>(std::min(piece, body.size() - at));
      if (PQputCopyData(connection, body.data() + at, size) != 1) return failed(connection);
    }
    if (PQputCopyEnd(connection, nullptr) != 1) return failed(connection);
    const QueryResult ended(PQgetResult(connection));
    if (PQresultStatus(ended.get()) != PGRES_COMMAND_OK) return failed(connection);
    while (const QueryResult rest{PQgetResult(connection)}) {
    }
    return {};
  }

  Result<void> flush() override { return {}; }

  Result<void> settle(std::span<const SampleKind> kinds) override {
    // An index filled in the order of arrival is a third larger than one made at once.
    for (const SampleKind kind : kinds) {
      DUHENG_CHECK(run(questions(), fmt::format("REINDEX TABLE {}", table_of(kind))));
      DUHENG_CHECK(run(questions(), fmt::format("VACUUM (FREEZE, ANALYZE) {}", table_of(kind))));
    }
    return run(questions(), "CHECKPOINT");
  }

  Result<std::uint64_t> disk_bytes() override {
    const QueryResult result(
        PQexec(questions(), "SELECT pg_total_relation_size('energy') + pg_total_relation_size('analogue')"));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return failed(questions());
    return static_cast<std::uint64_t>(std::stoull(PQgetvalue(result.get(), 0, 0)));
  }

  Result<void> ping() override { return run(questions(), "SELECT 1"); }

  Result<std::string> ask_series(SampleKind kind, std::uint32_t series, SecondsRange range) override {
    return ask(fmt::format("series_{}", table_of(kind)),
               {std::to_string(series), std::to_string(range.from_s), std::to_string(range.to_s)});
  }

  Result<SampleTruth> read_series(SampleKind, std::uint32_t, const std::string& answer) const override {
    constexpr std::size_t octets = 16;
    if (answer.size() % octets != 0) return fail(ErrorCode::malformed, "rows are cut");
    SampleTruth out{.count = answer.size() / octets};
    for (std::size_t at = 0; at < answer.size(); at += octets)
      out.mantissa_sum += read_big_endian(answer.data() + at + 8, 8);
    return out;
  }

  Result<std::string> ask_top(std::int64_t day_s) override { return ask("top", {std::to_string(day_s)}); }

  Result<std::vector<TopEntry>> read_top(const std::string& answer) const override {
    constexpr std::size_t octets = 12;
    if (answer.size() % octets != 0) return fail(ErrorCode::malformed, "rows are cut");
    std::vector<TopEntry> out;
    for (std::size_t at = 0; at < answer.size(); at += octets) {
      out.push_back({static_cast<std::uint32_t>(read_big_endian(answer.data() + at, 4)),
                     read_big_endian(answer.data() + at + 4, 8)});
    }
    return out;
  }

  std::int64_t process_id() const override { return process_ ? process_->id() : 0; }

  PostgreSql() = default;
  PostgreSql(const PostgreSql&) = delete;
  PostgreSql& operator=(const PostgreSql&) = delete;
  ~PostgreSql() override {
    connections_ = {};
    if (!process_) return;
    process_->signal(SIGINT);  // "fast": its children go with it
    process_->stop(30'000);
  }

 private:
  [[nodiscard]] PGconn* questions() const { return connections_.back().get(); }

  Result<void> connect_all(const std::string& log) {
    const std::string where =
        fmt::format("host=127.0.0.1 port={} user=duheng dbname=postgres connect_timeout=2", port_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (auto& connection : connections_) {
      while (true) {
        connection.reset(PQconnectdb(where.c_str()));
        if (PQstatus(connection.get()) == CONNECTION_OK) break;
        if (!process_->running()) return fail(ErrorCode::unavailable, "PostgreSQL ended, see " + log);
        if (std::chrono::steady_clock::now() > deadline) return failed(connection.get());
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
    }
    return {};
  }

  Result<void> make_tables() {
    for (const auto table : tables) {
      DUHENG_CHECK(run(questions(), fmt::format("CREATE TABLE {} (series int4 NOT NULL, time timestamptz NOT NULL, "
                                                "mantissa int8 NOT NULL)",
                                                table)));
      DUHENG_CHECK(
          run(questions(), fmt::format("CREATE INDEX {0}_series ON {0} (series, time) INCLUDE (mantissa)", table)));
      DUHENG_CHECK(
          run(questions(),
              fmt::format("PREPARE series_{0} (int4, int8, int8) AS SELECT time, mantissa FROM {0} WHERE series "
                          "= $1 AND time >= to_timestamp($2) AND time < to_timestamp($3) ORDER BY time",
                          table)));
    }
    DUHENG_CHECK(run(questions(), "CREATE INDEX daily_top ON daily (time, mantissa DESC) INCLUDE (series)"));
    return run(
        questions(),
        "PREPARE top (int8) AS SELECT series, mantissa FROM daily WHERE time = to_timestamp($1) ORDER BY mantissa "
        "DESC LIMIT 100");
  }

  /// The rows' values one behind the other, as they come: big-endian.
  Result<std::string> ask(const std::string& prepared, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const auto& value : values) pointers.push_back(value.c_str());
    const QueryResult result(PQexecPrepared(questions(), prepared.c_str(), static_cast<int>(pointers.size()),
                                            pointers.data(), nullptr, nullptr, 1));
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) return failed(questions());
    std::string out;
    const int columns = PQnfields(result.get());
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      for (int column = 0; column < columns; ++column)
        out.append(PQgetvalue(result.get(), row, column),
                   static_cast<std::size_t>(PQgetlength(result.get(), row, column)));
    }
    return out;
  }

  std::optional<ChildProcess> process_;
  std::array<Connection, lanes + 1> connections_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<Peer> make_postgresql() { return std::make_unique<PostgreSql>(); }

}  // namespace duheng::tools
