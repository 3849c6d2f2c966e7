#include "platform/provenance/figure_trace.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "uplink/messages.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t timeout_ms = 30'000;

bool hash_holds(const store::JournalRecord& record) {
  if (record.type == store::JournalRecordType::edits) return crypto::sha256(record.body) == record.hash;
  return uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, record.body) == record.hash;
}

void add_evidence(const store::Journal& journal, TracedVersion& traced) {
  const auto begun = std::chrono::steady_clock::now();
  const bool is_edit = traced.version.edit.has_value();
  if (!is_edit) {
    auto frame = trace(journal, traced.version.point.frame);
    traced.frame_after_us =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count();
    if (frame) {
      traced.frame = std::move(*frame);
    } else {
      traced.missing = frame.error().message;
    }
  }
  auto proof =
      prove_record(journal, is_edit ? traced.version.edit->record_number : traced.version.point.frame.record_number());
  if (proof) {
    traced.proof = std::move(*proof);
  } else {
    traced.missing = proof.error().message;
  }
}

Result<store::Source> find_source(const store::TelemetryStore& telemetry, std::optional<GatewayId> gateway,
                                  std::string_view device_uid) {
  std::vector<store::Source> found = telemetry.sources();
  std::erase_if(found, [&](const store::Source& source) {
    return source.device_uid != device_uid || (gateway && source.gateway != *gateway);
  });
  if (found.empty())
    return fail(ErrorCode::not_found, fmt::format("no gateway has sent anything of device {}", device_uid));
  if (found.size() > 1) {
    std::string gateways;
    for (const store::Source& source : found) gateways += fmt::format(" {}", source.gateway.value);
    return fail(ErrorCode::invalid_argument,
                fmt::format("several gateways have sent device {}, name one of them:{}", device_uid, gateways));
  }
  return std::move(found.front());
}

}  // namespace

Result<std::pair<store::Source, store::Series>> describe_series(const store::TelemetryStore& telemetry, SeriesId id) {
  auto series = telemetry.find_series(id);
  if (!series) return fail(ErrorCode::not_found, "there is no such series");
  const std::vector<store::Source> sources = telemetry.sources();
  const auto source = std::ranges::find(sources, series->source, &store::Source::id);
  if (source == sources.end()) return fail(ErrorCode::internal, "a series has no source");
  return std::pair{*source, std::move(*series)};
}

Result<RecordProof> prove_record(const store::Journal& journal, std::uint64_t number) {
  DUHENG_TRY(const store::StoredRecord stored, journal.read(number));
  RecordProof proof;
  proof.record_number = number;
  proof.type = stored.record.type;
  proof.gateway = stored.record.gateway;
  proof.epoch = stored.record.epoch;
  proof.sequence = stored.record.sequence;
  proof.journalled_utc_ms = stored.record.received_utc_ms;
  proof.hash = stored.record.hash;
  proof.previous_hash = stored.record.previous_hash;
  proof.hash_holds = hash_holds(stored.record);
  DUHENG_TRY(proof.place, journal.place_of(number));
  return proof;
}

Result<TracedFrame> trace_frame(const store::Journal& journal, FrameReference reference) {
  TracedFrame traced;
  DUHENG_TRY(traced.frame, trace(journal, reference));
  DUHENG_TRY(traced.proof, prove_record(journal, reference.record_number()));
  return traced;
}

Result<TracedEdits> trace_edits(const store::Journal& journal, std::uint64_t record_number) {
  DUHENG_TRY(const store::StoredRecord stored, journal.read(record_number));
  if (stored.record.type != store::JournalRecordType::edits)
    return fail(ErrorCode::not_found, "the journal record holds no edits");
  TracedEdits traced;
  DUHENG_TRY(traced.edits, parse_edits(stored.record.body, record_number));
  DUHENG_TRY(traced.proof, prove_record(journal, record_number));
  return traced;
}

Result<store::Series> find_series(const store::TelemetryStore& telemetry, std::optional<GatewayId> gateway,
                                  std::string_view device_uid, std::string_view register_name) {
  DUHENG_TRY(const store::Source source, find_source(telemetry, gateway, device_uid));
  std::optional<store::Series> found;
  std::int64_t latest_utc_ms = INT64_MIN;
  std::vector<store::Series> candidates = telemetry.series_of(source.id);
  for (store::Series& series : candidates) {
    if (series.register_name != register_name) continue;
    const std::vector ids{series.id};
    const auto latest = telemetry.latest(ids).at(0);
    const std::int64_t at = latest ? latest->time_utc_ms : INT64_MIN;
    if (found && at < latest_utc_ms) continue;
    latest_utc_ms = at;
    found = std::move(series);
  }
  if (!found) return fail(ErrorCode::not_found, fmt::format("the device has no register \"{}\"", register_name));
  return std::move(*found);
}

bool TracedValue::verified() const {
  return !versions.empty() && std::ranges::all_of(versions, [](const TracedVersion& version) {
    return version.missing.empty() && version.proof && version.proof->verified();
  });
}

Result<TracedValue> trace_value(const store::Journal& journal, const store::TelemetryStore& telemetry, SeriesId series,
                                std::int64_t time_utc_ms) {
  TracedValue value;
  DUHENG_TRY(auto found, describe_series(telemetry, series));
  value.source = std::move(found.first);
  value.series = std::move(found.second);
  value.time_utc_ms = time_utc_ms;
  DUHENG_TRY(auto versions, telemetry.versions(series, time_utc_ms, {.timeout_ms = timeout_ms, .cancel = {}}));
  if (versions.empty()) return fail(ErrorCode::not_found, "nothing was read or said at that time");
  for (store::PointVersion& version : versions) {
    TracedVersion traced;
    traced.version = std::move(version);
    add_evidence(journal, traced);
    value.versions.push_back(std::move(traced));
  }
  return value;
}

bool TracedConsumption::verified() const {
  return !values.empty() && std::ranges::all_of(values, &TracedValue::verified);
}

Result<TracedConsumption> trace_consumption(const store::Journal& journal, const store::TelemetryStore& telemetry,
                                            SeriesId series, store::ConsumptionInterval interval) {
  TracedConsumption traced;
  DUHENG_TRY(auto found, describe_series(telemetry, series));
  traced.source = std::move(found.first);
  traced.series = std::move(found.second);
  traced.interval = interval;
  store::PointChain chain;
  chain.unit = traced.series.unit;
  store::ChainLink link;
  link.series = series;
  link.exponent = traced.series.exponent;
  link.unit = traced.series.unit;
  chain.links.push_back(std::move(link));
  DUHENG_TRY(traced.consumption,
             store::consumption(telemetry, chain, interval, {}, {.timeout_ms = timeout_ms, .cancel = {}}));
  for (const auto& value : {traced.consumption.start, traced.consumption.end}) {
    if (!value) continue;
    const bool told = std::ranges::any_of(
        traced.values, [&](const TracedValue& other) { return other.time_utc_ms == value->time_utc_ms; });
    if (told) continue;
    DUHENG_TRY(auto way, trace_value(journal, telemetry, series, value->time_utc_ms));
    traced.values.push_back(std::move(way));
  }
  return traced;
}

}  // namespace duheng::platform
