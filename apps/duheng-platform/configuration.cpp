#include "configuration.hpp"

#include <algorithm>

#include "base/config.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t kib = 1'024;
constexpr std::int64_t mib = 1'024 * kib;
constexpr std::int64_t tib = 1'024 * 1'024 * mib;
constexpr std::int64_t day_s = 86'400;
constexpr std::string_view default_models_directory = "/usr/share/duheng/models";
constexpr std::string_view default_alarm_rules_directory = "/usr/share/duheng/rules/alarms";

Endpoint endpoint(const ConfigNode& node, std::string_view default_address, std::int64_t default_port) {
  return {node.text("address", default_address),
          static_cast<std::uint16_t>(node.integer("port", {.minimum = 0, .maximum = 65'535}, default_port))};
}

/// An integer within limits that keep the product of unit and value in range.
template <class T>
void read(const ConfigNode& node, std::string_view key, IntegerRule rule, T& value, std::int64_t unit = 1) {
  value = static_cast<T>(node.integer(key, rule, static_cast<std::int64_t>(value) / unit) * unit);
}

void read_http(const ConfigNode& node, web::HttpLimits& http, web::WebService::Options& service) {
  read(node, "connections_max", {.minimum = 1, .maximum = 1'000'000}, http.connections_max);
  read(node, "target_bytes_max", {.minimum = 256, .maximum = 65'536}, http.target_bytes_max);
  read(node, "header_count_max", {.minimum = 16, .maximum = 1'000}, http.header_count_max);
  read(node, "header_bytes_max", {.minimum = 1'024, .maximum = 65'536}, http.header_bytes_max);
  read(node, "body_bytes_max", {.minimum = 1'024, .maximum = 16 * mib}, http.body_bytes_max);
  read(node, "handshake_timeout_ms", {.minimum = 100, .maximum = 600'000}, http.handshake_timeout_ms);
  read(node, "request_timeout_ms", {.minimum = 100, .maximum = 600'000}, http.request_timeout_ms);
  read(node, "answer_timeout_ms", {.minimum = 100, .maximum = 600'000}, http.answer_timeout_ms);
  read(node, "write_timeout_ms", {.minimum = 100, .maximum = 600'000}, http.write_timeout_ms);
  read(node, "workers", {.minimum = 1, .maximum = 256}, service.workers);
  read(node, "queued_requests_max", {.minimum = 1, .maximum = 100'000}, service.queued_requests_max);
}

void read_websocket(const ConfigNode& node, web::HttpLimits& http, web::LiveService::Options& live) {
  read(node, "clients_max", {.minimum = 1, .maximum = 1'000}, live.clients_max);
  read(node, "devices_per_client_max", {.minimum = 1, .maximum = 1'000}, live.devices_per_client_max);
  read(node, "message_bytes_max", {.minimum = 256, .maximum = mib}, http.websocket_message_bytes_max);
  read(node, "pending_bytes_max", {.minimum = 4 * kib, .maximum = 64 * mib}, http.websocket_pending_bytes_max);
  read(node, "idle_timeout_ms", {.minimum = 1'000, .maximum = 3'600'000}, http.websocket_idle_timeout_ms);
  read(node, "push_interval_ms", {.minimum = 50, .maximum = 60'000}, live.push_interval_ms);
  read(node, "session_check_ms", {.minimum = 100, .maximum = 600'000}, live.check_interval_ms);
}

void read_people(const ConfigNode& node, PeopleOptions& people) {
  read(node, "session_idle_s", {.minimum = 60, .maximum = 30 * day_s}, people.session_idle_ms, 1'000);
  read(node, "session_age_s", {.minimum = 60, .maximum = 30 * day_s}, people.session_age_ms, 1'000);
  read(node, "password_characters_min", {.minimum = 8, .maximum = 200}, people.password_characters_min);
  read(node, "password_memory_kib", {.minimum = 1'024, .maximum = 4 * mib}, people.password_cost.memory_kib);
  read(node, "password_passes", {.minimum = 1, .maximum = 100}, people.password_cost.passes);
}

void read_ingest(const ConfigNode& node, IngestOptions& ingest) {
  read(node, "batch_bytes_max", {.minimum = 64 * kib, .maximum = 4 * mib}, ingest.batch_bytes_max);
  read(node, "pending_batches_max", {.minimum = 1, .maximum = 10'000'000}, ingest.pending_batches_max);
  read(node, "pending_bytes_max", {.minimum = 8 * mib, .maximum = tib}, ingest.pending_bytes_max);
  read(node, "commit_batches_max", {.minimum = 1, .maximum = 1'000'000}, ingest.commit_batches_max);
  read(node, "commit_bytes_max", {.minimum = 1 * mib, .maximum = 1'024 * mib}, ingest.commit_bytes_max);
  ingest.keep_until_backup = node.flag("gateways_keep_until_backup", false);
}

/// A register's name, or the beginning of some with "*" at its end.
bool is_register_pattern(std::string_view name) {
  if (name.ends_with('*')) name.remove_suffix(1);
  return !name.empty() && name.size() <= 100 &&
         std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void read_retention(const ConfigNode& node, std::vector<store::RetentionRule>& rules) {
  constexpr std::int64_t days_max = 36'525;
  store::RetentionRule rule;
  rule.register_name = node.text("register");
  read(node, "raw_keep_days", {.minimum = 2, .maximum = days_max}, rule.raw_keep_days);
  read(node, "hourly_keep_days", {.minimum = 0, .maximum = days_max}, rule.hourly_keep_days);
  if (!is_register_pattern(rule.register_name))
    node.reject("register", "must be a register's name, or the beginning of some with * at its end");
  if (rule.raw_keep_days == 0) node.reject("raw_keep_days is missing: for how long readings are kept");
  if (rule.hourly_keep_days != 0 && rule.hourly_keep_days < rule.raw_keep_days)
    node.reject("hourly_keep_days", "must be 0 (for good) or at least raw_keep_days");
  const auto hidden_by = [&](const store::RetentionRule& earlier) {
    const bool takes_some = rule.register_name.ends_with('*');
    if (takes_some && !earlier.register_name.ends_with('*')) return false;
    return store::matches(earlier, rule.register_name.substr(0, rule.register_name.find('*')));
  };
  if (std::ranges::any_of(rules, hidden_by)) node.reject("register", "an earlier rule takes all of these registers");
  rules.push_back(std::move(rule));
}

void read_aggregates(const ConfigNode& node, Configuration& out) {
  out.aggregate_time_zone = node.text("time_zone", out.aggregate_time_zone);
  if (const auto calendar = store::CivilCalendar::open(out.aggregate_time_zone); !calendar)
    node.reject("time_zone", calendar.error().message);
  constexpr std::size_t rules_max = 100;
  for (const ConfigNode& rule : node.items("retention")) {
    if (out.retention.size() == rules_max) return rule.reject("at most 100 rules");
    read_retention(rule, out.retention);
  }
}

Result<Configuration> read_file(const ConfigFile& file) {
  const ConfigNode root = file.root();
  Configuration out;
  out.data = root.text("data");
  if (out.data.empty()) root.reject("data", "must name the data directory");

  const ConfigNode https = root.section("https");
  out.https = endpoint(https, "0.0.0.0", 8'443);
  out.certificate_file = https.text("certificate", "");
  out.key_file = https.text("key", "");
  if (out.certificate_file.empty() != out.key_file.empty()) https.reject("certificate and key belong together");
  for (const ConfigNode& name : root.items("names")) out.names.push_back(name.as_text());
  out.gateways = endpoint(root.section("gateways"), "0.0.0.0", 7'443);
  out.enrolment = endpoint(root.section("enrolment"), "0.0.0.0", 7'444);
  out.observability = endpoint(root.section("observability"), "127.0.0.1", 9'464);
  out.web_directory = root.section("web").text("directory", "");
  out.models_directory = root.section("models").text("directory", "");
  out.alarm_rules_directory = root.section("alarms").text("rules", "");
  out.alarm_rules_directory_is_default = out.alarm_rules_directory.empty();
  if (out.alarm_rules_directory_is_default) out.alarm_rules_directory = default_alarm_rules_directory;
  out.models_directory_is_default = out.models_directory.empty();
  if (out.models_directory_is_default) out.models_directory = default_models_directory;
  out.orders_keep_days = root.section("orders").integer("keep_days", {30, 36'600}, out.orders_keep_days);

  const ConfigNode limits = root.section("limits");
  read_http(limits.section("http"), out.http, out.service);
  read_websocket(limits.section("websocket"), out.http, out.live);
  read_people(limits.section("people"), out.people);
  read_ingest(limits.section("ingest"), out.ingest);
  const ConfigNode storage = limits.section("storage");
  out.free_bytes_warning = 1'024 * mib;
  read(storage, "free_mib_warning", {.minimum = 1, .maximum = tib / mib}, out.free_bytes_warning, mib);
  const ConfigNode telemetry = limits.section("telemetry");
  out.telemetry_lag_ms_max = 60'000;
  read(telemetry, "lag_ms_max", {.minimum = 1'000, .maximum = 86'400'000}, out.telemetry_lag_ms_max);
  out.telemetry_memory_bytes = 1'024 * mib;
  read(telemetry, "memory_mib", {.minimum = 64, .maximum = 4 * mib}, out.telemetry_memory_bytes, mib);
  read(telemetry, "threads", {.minimum = 1, .maximum = 256}, out.telemetry_threads);
  out.telemetry = read_telemetry_choice(root.section("telemetry"));
  out.cipher = static_cast<crypto::Cipher>(root.section("encryption").choice("cipher", {"aes_256_gcm", "sm4_gcm"}, 0));
  const ConfigNode journal = root.section("journal");
  read(journal, "keep_days", {.minimum = 0, .maximum = 36'525}, out.journal.keep_days);
  out.journal.ship_to = journal.text("ship_to", "");
  out.backups = read_backups(root.section("backups"));
  out.servers = read_servers(root.section("servers"));
  out.drain_ms = 5'000;
  read(limits, "drain_ms", {.minimum = 0, .maximum = 600'000}, out.drain_ms);

  read_aggregates(root.section("aggregates"), out);

  const ConfigNode log = root.section("log");
  out.log.program = "duheng-platform";
  out.log.level = static_cast<log::Level>(log.choice("level", {"debug", "info", "warning", "error"}, 1));
  out.log.format = log.choice("format", {"json", "text"}, 0) == 0 ? log::Format::json : log::Format::text;
  out.log.file = log.text("file", "");
  DUHENG_CHECK(file.finish());
  return out;
}

}  // namespace

Result<Configuration> load_configuration(const std::string& path) {
  DUHENG_TRY(const ConfigFile file, ConfigFile::load(path));
  return read_file(file);
}

Result<Configuration> parse_configuration(std::string_view yaml, const std::string& name) {
  DUHENG_TRY(const ConfigFile file, ConfigFile::parse(yaml, name));
  return read_file(file);
}

}  // namespace duheng::platform
