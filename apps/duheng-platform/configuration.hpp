#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "backup_wiring.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "equipment_wiring.hpp"
#include "journal_upkeep.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "platform/people/people.hpp"
#include "platform/web/http_server.hpp"
#include "platform/web/live_service.hpp"
#include "platform/web/web_service.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "telemetry_wiring.hpp"

namespace duheng::platform {

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;  ///< 0: any free one, told in run/ports.json
};

/// Everything in platform.yaml; packaging/examples/platform.yaml explains each key.
struct Configuration {
  std::string data;
  Endpoint https;
  std::string certificate_file;  ///< with `key_file`, or both empty: the platform's own authority issues one
  std::string key_file;
  std::vector<std::string> names;  ///< by which browsers and gateways reach the platform: DNS names and IP addresses
  Endpoint gateways;
  Endpoint enrolment;
  Endpoint observability;
  std::string web_directory;     ///< the built web application; empty: the API alone
  std::string models_directory;  ///< device models; relative to where the server was started
  bool models_directory_is_default = true;
  std::string alarm_rules_directory;  ///< threshold rules; the default one may be missing
  bool alarm_rules_directory_is_default = true;
  /// Jobs that have been over for so long are deleted; the operation log stays.
  std::int64_t orders_keep_days = std::int64_t{6} * 366;
  web::HttpLimits http;
  web::WebService::Options service;
  web::LiveService::Options live;
  PeopleOptions people;
  IngestOptions ingest;
  std::uint64_t free_bytes_warning = 0;   ///< below it the journal is "degraded"
  std::int64_t telemetry_lag_ms_max = 0;  ///< beyond it the platform is not ready
  std::uint64_t telemetry_memory_bytes = 0;
  std::size_t telemetry_threads = 2;
  TelemetryChoice telemetry;
  /// Of whatever this program seals itself: journal and its indexes, exported and imported files.
  crypto::Cipher cipher = crypto::Cipher::aes_256_gcm;
  JournalUpkeepOptions journal;
  BackupConfiguration backups;
  ServerConfiguration servers;
  std::string aggregate_time_zone = "Asia/Shanghai";  ///< of days and months, checked
  std::vector<store::RetentionRule> retention;
  std::int64_t drain_ms = 0;
  log::Options log;
};

/// Errors: not_found, malformed, invalid_argument, limit_exceeded - with file and line.
[[nodiscard]] Result<Configuration> load_configuration(const std::string& path);
[[nodiscard]] Result<Configuration> parse_configuration(std::string_view yaml, const std::string& name);

}  // namespace duheng::platform
