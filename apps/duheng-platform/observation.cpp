#include "observation.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "parts.hpp"

namespace duheng::platform {
namespace {

using status::Finding;
using status::State;

constexpr std::int64_t day_ms = 86'400'000;

}  // namespace

Finding journal_finding(const JournalCondition& journal, const IngestStatistics& ingest,
                        std::uint64_t free_bytes_warning) {
  if (journal.poisoned || ingest.storage_failed) {
    return {State::failed, "磁盘写入失败，日志不再接收数据；平台正自行重启，请检查磁盘",
            "the disk failed and the journal takes nothing more: the platform is being started again; check the disk"};
  }
  if (ingest.storage_full) {
    return {State::failed, "磁盘已满，暂停接收；网关保留数据",
            "the disk is full: nothing is taken in, gateways keep their data"};
  }
  if (!journal.free_bytes) return {State::degraded, "无法读取剩余空间", "cannot tell the free space of the disk"};
  const double free_gib = static_cast<double>(*journal.free_bytes) / (1U << 30);
  if (*journal.free_bytes < free_bytes_warning) {
    return {State::degraded, fmt::format("磁盘仅剩 {:.1f} GiB", free_gib),
            fmt::format("only {:.1f} GiB of disk left", free_gib)};
  }
  return {State::ok, fmt::format("{} 条记录，磁盘剩余 {:.1f} GiB", journal.records, free_gib),
          fmt::format("{} records, {:.1f} GiB of disk left", journal.records, free_gib)};
}

Finding telemetry_finding(const ApplierStatus& applier, const store::ReopeningStatus& store, std::int64_t lag_ms_max) {
  if (store.given_up) {
    return {State::failed, "时序库反复损坏，已停止自动恢复；检查磁盘后重启平台",
            "the telemetry store was corrupt again and again and is left closed: check the disk, then restart"};
  }
  if (store.broken) {
    const double wait_s = static_cast<double>(store.retry_in_ms) / 1'000;
    const std::string why = store.error ? store.error->message : std::string{};
    return {State::failed, fmt::format("时序库写入失败，{:.0f} 秒后自动重新打开：{}", wait_s, why),
            fmt::format("the telemetry store failed and is opened again in {:.0f} s: {}", wait_s, why)};
  }
  if (applier.error)
    return {State::failed, "时序库暂时无法写入：" + applier.error->message,
            "nothing is applied at present: " + applier.error->message};
  if (applier.rebuilding && applier.lag_records > 0) {
    const double percent = applier.rebuild_progress * 100;
    return {applier.lag_ms > lag_ms_max ? State::failed : State::degraded,
            fmt::format("正在由日志重建：{:.0f}%", percent),
            fmt::format("rebuilding from the journal: {:.0f} %", percent)};
  }
  const double lag_s = static_cast<double>(applier.lag_ms) / 1'000;
  if (applier.lag_ms > lag_ms_max) {
    return {State::failed, fmt::format("落后 {:.1f} 秒（{} 条记录）", lag_s, applier.lag_records),
            fmt::format("{:.1f} s ({} records) behind the journal", lag_s, applier.lag_records)};
  }
  return {State::ok, fmt::format("落后 {:.1f} 秒", lag_s), fmt::format("{:.1f} s behind the journal", lag_s)};
}

Finding certificate_finding(std::int64_t not_after_utc_ms, std::int64_t now_utc_ms) {
  const std::int64_t days = (not_after_utc_ms - now_utc_ms) / day_ms;
  if (not_after_utc_ms <= now_utc_ms) return {State::failed, "服务器证书已过期", "the server certificate has expired"};
  return {days < 30 ? State::degraded : State::ok,
          fmt::format("有效至 {}（{} 天）", format_utc(not_after_utc_ms), days),
          fmt::format("valid until {} ({} days)", format_utc(not_after_utc_ms), days)};
}

void Platform::Parts::add_health_checks() {
  health.add("journal", [this] {
    const auto free = journal->free_bytes();
    const JournalCondition condition{.poisoned = journal->poisoned(),
                                     .records = journal->next_number() - journal->first_number(),
                                     .free_bytes = free ? std::optional{*free} : std::nullopt};
    return journal_finding(condition, ingest->statistics(), configuration.free_bytes_warning);
  });
  health.add("telemetry", [this] {
    const store::ReopeningStatus store = telemetry->status();
    return judged_by_engine(configuration.telemetry.engine,
                            telemetry_finding(applier->status(), store, configuration.telemetry_lag_ms_max), store);
  });
  health.add("records", [this]() -> Finding {
    const auto answered =
        records->database().read([](records::Transaction& transaction) { return transaction.integer("SELECT 1"); });
    if (!answered) return {State::failed, "档案库不可用", "the records do not answer: " + answered.error().message};
    return {State::ok, "正常", "in order"};
  });
  health.add("aggregates", [this] { return aggregate_finding(aggregates->status()); });
  health.add("uplink", [this]() -> Finding {
    const rpc::UplinkServerStatistics statistics = uplink->statistics();
    return {State::ok, fmt::format("{} 个网关在线", statistics.sessions_open),
            fmt::format("{} gateways connected", statistics.sessions_open)};
  });
  health.add("live", [this]() -> Finding {
    const LiveStatistics statistics = hub->statistics();
    return {statistics.over_limit > 0 ? State::degraded : State::ok,
            fmt::format("{} 个数据源，{} 个页面", statistics.sources, live->clients()),
            fmt::format("{} sources, {} pages", statistics.sources, live->clients())};
  });
  health.add("certificate", [this] {
    return certificate_finding(std::min(certificate.not_after_utc_ms, web_certificate.not_after_utc_ms),
                               clock.utc_ms());
  });
}

void Platform::Parts::declare_metrics() {
  const auto counter = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_counter(name, help, [read] { return static_cast<double>(read()); });
  };
  const auto gauge = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_gauge(name, help, [read] { return static_cast<double>(read()); });
  };
  const auto ingest_value = [this](auto IngestStatistics::* member) {
    return [this, member] { return ingest->statistics().*member; };
  };
  counter("duheng_ingest_batches_total", "Batches committed since the start", ingest_value(&IngestStatistics::batches));
  counter("duheng_ingest_frames_total", "Frames committed since the start", ingest_value(&IngestStatistics::frames));
  counter("duheng_ingest_readings_total", "Readings committed since the start",
          ingest_value(&IngestStatistics::readings));
  counter("duheng_ingest_bytes_total", "Octets of batches committed since the start",
          ingest_value(&IngestStatistics::bytes));
  counter("duheng_ingest_duplicates_total", "Batches that came again", ingest_value(&IngestStatistics::duplicates));
  counter("duheng_ingest_conflicts_total", "Other content at a known offset, or a broken chain: an alarm",
          ingest_value(&IngestStatistics::conflicts));
  counter("duheng_ingest_gaps_total", "Batches beyond the next one", ingest_value(&IngestStatistics::gaps));
  counter("duheng_ingest_malformed_total", "Batches kept though unreadable",
          ingest_value(&IngestStatistics::malformed));
  counter("duheng_ingest_too_large_total", "Batches over the size limit", ingest_value(&IngestStatistics::too_large));
  counter("duheng_ingest_evidence_total", "Refused batches written down", ingest_value(&IngestStatistics::evidence));
  counter("duheng_ingest_batches_lost_total", "Batches that gateways say they no longer hold",
          ingest_value(&IngestStatistics::batches_lost));
  gauge("duheng_ingest_pending_batches", "Taken, not yet durable", ingest_value(&IngestStatistics::pending_batches));
  const auto upkeep_value = [this](auto JournalUpkeepStatus::* member) {
    return [this, member] { return upkeep->status().*member; };
  };
  counter("duheng_journal_segments_shipped_total", "Closed segments copied to journal.ship_to",
          upkeep_value(&JournalUpkeepStatus::segments_shipped));
  counter("duheng_journal_records_removed_total", "Records removed by journal.keep_days",
          upkeep_value(&JournalUpkeepStatus::records_removed));
  counter("duheng_journal_upkeep_failures_total", "Times that indexing, copying or removing failed",
          upkeep_value(&JournalUpkeepStatus::failures));
  gauge("duheng_journal_removable_before", "Records before this one are in a backup and taken in by every consumer",
        [this] { return journal->removable_before(); });
  counter("duheng_journal_commits_total", "Groups committed", ingest_value(&IngestStatistics::commits));
  counter("duheng_journal_commits_failed_total", "Groups the journal refused",
          ingest_value(&IngestStatistics::commits_failed));
  counter("duheng_journal_commit_seconds_total", "Time spent committing",
          [this] { return static_cast<double>(ingest->statistics().commit_ns_total) * 1e-9; });
  gauge("duheng_journal_commit_seconds_max", "The longest commit",
        [this] { return static_cast<double>(ingest->statistics().commit_ns_max) * 1e-9; });
  gauge("duheng_journal_bytes", "Size of the journal", [this] { return journal->size_bytes(); });
  gauge("duheng_journal_free_bytes", "Free space of its disk", [this] { return journal->free_bytes().value_or(0); });
  gauge("duheng_telemetry_lag_records", "Journal records not yet applied",
        [this] { return applier->status().lag_records; });
  gauge("duheng_telemetry_lag_seconds", "Age of the oldest of them",
        [this] { return static_cast<double>(applier->status().lag_ms) * 1e-3; });
  counter("duheng_telemetry_reopened_total", "Times the database was closed and opened again by itself",
          [this] { return telemetry->status().reopened; });
  counter("duheng_telemetry_rebuilds_total", "Of those, times it was made anew from the journal",
          [this] { return telemetry->status().rebuilds; });
  counter("duheng_telemetry_reopen_failures_total", "Tries that did not open it",
          [this] { return telemetry->status().failed; });
  gauge("duheng_telemetry_broken", "1 while it waits to be opened again",
        [this] { return telemetry->status().broken ? 1 : 0; });
  gauge("duheng_telemetry_readings", "Readings held", [this] { return telemetry->statistics().readings; });
  gauge("duheng_telemetry_series", "Series held", [this] { return telemetry->statistics().series; });
  gauge("duheng_telemetry_sealed_readings", "Readings in sealed yearly files",
        [this] { return telemetry->statistics().sealed_readings; });
  gauge("duheng_telemetry_sealed_bytes", "Size of the sealed yearly files",
        [this] { return telemetry->statistics().sealed_bytes; });
  gauge("duheng_telemetry_edits", "Corrections, estimates and withdrawals",
        [this] { return telemetry->statistics().edits; });
  counter("duheng_telemetry_readings_removed_total", "Readings removed by rules of retention",
          [this] { return telemetry->statistics().readings_removed; });
  counter("duheng_background_steps_total", "Pieces of background work done (merging, sealing, aggregates)", [this] {
    std::uint64_t steps = 0;
    for (const WorkStatus& kind : background->status()) steps += kind.steps;
    return steps;
  });
  counter("duheng_background_failures_total", "Pieces of background work that failed and were tried again", [this] {
    std::uint64_t failures = 0;
    for (const WorkStatus& kind : background->status()) failures += kind.failures;
    return failures;
  });
  gauge("duheng_telemetry_file_bytes", "Size of the database", [this] { return telemetry->statistics().file_bytes; });
  gauge("duheng_gateways_connected", "Gateways connected", [this] { return uplink->statistics().sessions_open; });
  counter("duheng_gateway_handshakes_failed_total", "TLS handshakes of gateways that failed",
          [this] { return uplink->statistics().handshakes_failed; });
  counter("duheng_gateway_refused_total", "Gateways refused: unknown, revoked or replaced",
          [this] { return uplink->statistics().refused_unauthorised; });
  counter("duheng_gateway_messages_malformed_total", "Unreadable messages of gateways",
          [this] { return uplink->statistics().messages_malformed; });
  counter("duheng_enrolments_total", "Gateways enrolled since the start",
          [this] { return records->gateways().enrolment_counts().accepted; });
  counter("duheng_enrolments_refused_total", "Codes refused: wrong, expired or used before", [this] {
    const EnrolmentCounts counts = records->gateways().enrolment_counts();
    return counts.wrong + counts.expired + counts.reused + counts.revoked + counts.throttled;
  });
  gauge("duheng_sessions", "Sessions of people", [this] { return records->people().sessions_open(); });
  gauge("duheng_live_clients", "Open live connections", [this] { return live->clients(); });
  counter("duheng_live_messages_total", "Messages sent to them", [this] { return live->messages_sent(); });
  counter("duheng_live_updates_skipped_total", "Values replaced before a slow client took them",
          [this] { return hub->statistics().updates_skipped; });
  counter("duheng_live_batches_skipped_total", "Batches the live values passed over",
          [this] { return feed->batches_skipped(); });
  gauge("duheng_http_connections", "Open connections of browsers", [this] { return web_server->connections(); });
  gauge("duheng_http_queued_requests", "Requests that wait for a worker",
        [this] { return web_service->queued_requests(); });
  declare_control_metrics();
  declare_aggregate_metrics();
}

void Platform::Parts::declare_aggregate_metrics() {
  const auto gauge = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_gauge(name, help, [read] { return static_cast<double>(read()); });
  };
  const auto counter = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_counter(name, help, [read] { return static_cast<double>(read()); });
  };
  gauge("duheng_aggregates_open", "1 while hours, days and months can be asked for",
        [this] { return aggregates->status().open ? 1 : 0; });
  gauge("duheng_aggregates_settled_through_seconds", "Unix time up to which days are settled; 0: none yet",
        [this] { return static_cast<double>(aggregates->status().settled_through_utc_ms) * 1e-3; });
  gauge("duheng_aggregates_changes_waiting", "1 while late readings are not yet in their days",
        [this] { return aggregates->status().changes_waiting ? 1 : 0; });
  counter("duheng_aggregates_frozen_changes_total", "Late readings of days whose raw readings were let go: not in rows",
          [this] { return aggregates->status().frozen_changes; });
  counter("duheng_aggregates_made_anew_total", "Times the file was set aside and made anew",
          [this] { return aggregates->status().made_anew; });
}

void Platform::Parts::declare_control_metrics() {
  const auto counter = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_counter(name, help, [read] { return static_cast<double>(read()); });
  };
  const auto gauge = [this](const char* name, const char* help, auto read) {
    metrics.declare_reading_gauge(name, help, [read] { return static_cast<double>(read()); });
  };
  gauge("duheng_control_sessions", "Gateways that can be given orders",
        [this] { return control->server().statistics().sessions_open; });
  counter("duheng_control_messages_malformed_total", "Control messages of gateways that ended their session",
          [this] { return control->server().statistics().messages_malformed; });
  gauge("duheng_orders_open", "Orders that are not over",
        [this] { return control->orders().statistics().orders_open; });
  counter("duheng_orders_handed_over_total", "Orders given to gateways since the start",
          [this] { return control->orders().statistics().orders_handed_over; });
  counter("duheng_orders_over_total", "Orders that came to an end since the start",
          [this] { return control->orders().statistics().orders_over; });
  counter("duheng_orders_foreign_reports_total", "Reports of orders that their gateway was never given",
          [this] { return control->orders().statistics().reports_foreign; });
  counter("duheng_orders_storage_failures_total", "Times that orders could not be stored",
          [this] { return control->orders().statistics().storage_failures; });
  gauge("duheng_traces", "Lines that somebody looks at", [this] { return control->traces().open(); });
}

}  // namespace duheng::platform
