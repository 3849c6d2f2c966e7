#include "telemetry_wiring.hpp"

#include "store/clickhouse/clickhouse_dialect.hpp"
#include "store/clickhouse/clickhouse_telemetry_store.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using Opened = store::ReopeningTelemetryStore::Opened;

/// Whether what is sent to "http://<host>..." stays on this machine. A name that only begins like an address does not.
bool is_loopback_address(std::string_view url) {
  std::string_view host = url.substr(std::string_view("http://").size());
  if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':' || host[5] == '/';
  host = host.substr(0, host.find_first_of(":/?#"));
  return host == "localhost" ||
         (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos);
}

Result<std::string> read_password(Disk& disk, const std::string& path) {
  if (path.empty()) return std::string{};
  DUHENG_TRY(const bool exposed, disk.readable_by_others(path));
  if (exposed)
    return fail(ErrorCode::storage_corrupt,
                path + " can be read by other accounts, so its password must be presumed known; set mode 0600");
  DUHENG_TRY(const Bytes octets, read_file(disk, path, 4'096));
  std::string password(as_text(octets));
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  return password;
}

class DuckDbOpener {
 public:
  explicit DuckDbOpener(const TelemetryWiringParts& parts)
      : disk_(&parts.disk), clock_(&parts.clock), keys_(&parts.keys) {
    options_.directory = parts.directory;
    options_.threads = parts.threads;
    options_.memory_bytes_max = parts.memory_bytes_max;
  }
  Result<Opened> operator()(bool discard) {
    options_.discard_existing = discard;
    DUHENG_TRY(auto opened, store::DuckDbTelemetryStore::open(options_, *disk_, *clock_, *keys_));
    std::string told = opened.damage.empty() ? std::string{} : opened.damage + "; kept as " + opened.moved_to;
    const bool begins_anew = opened.needs_rebuild();
    return Opened{std::move(opened.store), begins_anew, std::move(told)};
  }

 private:
  Disk* disk_;
  const Clock* clock_;
  crypto::KeyProvider* keys_;
  store::DuckDbTelemetryOptions options_;
};

class ClickHouseOpener {
 public:
  ClickHouseOpener(TelemetryChoice choice, const TelemetryWiringParts& parts)
      : choice_(std::move(choice)), disk_(&parts.disk), clock_(&parts.clock), random_(&parts.random) {}

  /// The former store is gone by now, so that its transport may go too: a new password file is taken up.
  Result<Opened> operator()(bool discard) {
    store::ClickHouseHttpOptions http;
    http.url = choice_.url;
    http.user = choice_.user;
    http.ca_file = choice_.ca_file;
    DUHENG_TRY(http.password, read_password(*disk_, choice_.password_file));
    DUHENG_TRY(auto transport, store::open_clickhouse_http(http, *random_));
    transport_ = std::move(transport);
    store::ClickHouseTelemetryOptions options;
    options.database = choice_.database;
    options.discard_existing = discard;
    auto opened = store::ClickHouseTelemetryStore::open(options, *transport_, *clock_);
    std::string told;
    if (!opened && opened.error().code == ErrorCode::storage_corrupt && !discard) {
      told = opened.error().message;
      options.discard_existing = true;
      opened = store::ClickHouseTelemetryStore::open(options, *transport_, *clock_);
    }
    if (!opened) return std::unexpected(opened.error());
    return Opened{std::move(*opened), options.discard_existing, std::move(told)};
  }

 private:
  TelemetryChoice choice_;
  Disk* disk_;
  const Clock* clock_;
  Random* random_;
  std::shared_ptr<store::ClickHouseTransport> transport_;  // outlives the store: the opener is destroyed after it
};

}  // namespace

TelemetryChoice read_telemetry_choice(const ConfigNode& node) {
  TelemetryChoice out;
  out.engine = static_cast<TelemetryEngine>(node.choice("engine", {"duckdb", "clickhouse"}, 0));
  const ConfigNode server = node.section("clickhouse");
  out.url = server.text("url", out.url);
  out.database = server.text("database", out.database);
  out.user = server.text("user", out.user);
  out.password_file = server.text("password_file", "");
  out.ca_file = server.text("ca_file", "");
  const bool is_http = out.url.starts_with("http://");
  if (!is_http && !out.url.starts_with("https://"))
    server.reject("url", "must be https://host:port/, or http://127.0.0.1:port/");
  if (is_http && !is_loopback_address(out.url))
    server.reject("url",
                  "must be https:// for a server on another machine: readings do not leave this one in plain text");
  if (const auto checked = store::check_database_name(out.database); !checked)
    server.reject("database", checked.error().message);
  return out;
}

Result<std::unique_ptr<store::ReopeningTelemetryStore>> open_telemetry_store(const TelemetryChoice& choice,
                                                                             const TelemetryWiringParts& parts) {
  if (choice.engine == TelemetryEngine::duckdb)
    return store::ReopeningTelemetryStore::open(DuckDbOpener(parts), parts.clock);
  store::ReopeningOptions options;
  options.closed_start_position = parts.journal_first_number;
  return store::ReopeningTelemetryStore::open(ClickHouseOpener(choice, parts), parts.clock, options);
}

status::Finding judged_by_engine(TelemetryEngine engine, status::Finding finding, const store::ReopeningStatus& store) {
  if (engine == TelemetryEngine::duckdb || store.given_up) return finding;
  if (finding.state == status::State::failed) finding.state = status::State::degraded;
  return finding;
}

}  // namespace duheng::platform
