#include "store/telemetry/telemetry_index.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

namespace duheng::store {

void TelemetryIndex::source_key(std::string& out, GatewayId gateway, std::string_view uid) {
  out.assign(reinterpret_cast<const char*>(&gateway.value), sizeof gateway.value);
  out.append(uid);
}

void TelemetryIndex::register_key(std::string& out, const Register& r) {
  out.assign(1, static_cast<char>(r.exponent));
  out.push_back(static_cast<char>(r.kind));
  const auto name_size = static_cast<std::uint32_t>(r.name.size());
  out.append(reinterpret_cast<const char*>(&name_size), sizeof name_size);
  out.append(r.name);
  out.append(r.unit);
}

std::uint32_t TelemetryIndex::register_number(const Register& r) {
  register_key(key_, r);
  const auto known = register_numbers_.find(std::string_view{key_});
  if (known != register_numbers_.end()) return known->second;
  const std::unique_lock lock(mutex_);
  const auto number = static_cast<std::uint32_t>(registers_.size());
  // Registers are only a table of names: one entered by a transaction that is taken back does no harm.
  registers_.push_back({std::string(r.name), std::string(r.unit), r.exponent, r.kind, key_});
  register_numbers_.emplace(key_, number);
  return number;
}

std::uint32_t TelemetryIndex::source_number(GatewayId gateway, std::string_view uid) {
  source_key(key_, gateway, uid);
  const auto known = source_numbers_.find(std::string_view{key_});
  if (known != source_numbers_.end()) return known->second;
  const std::unique_lock lock(mutex_);
  const auto index = static_cast<std::uint32_t>(sources_.size());
  sources_.push_back({gateway, std::string(uid), key_, {}, 0, 0});
  source_numbers_.emplace(key_, index);
  sources_by_gateway_[gateway.value].push_back(index);
  return index;
}

std::uint32_t TelemetryIndex::series_number(std::uint32_t source, std::uint32_t register_number) {
  SourceRow& row = sources_[source];
  // A meter is read in the same order every time, so the register wanted is nearly always the next one.
  if (row.hint < row.series.size() && row.series[row.hint].first == register_number) {
    const std::uint32_t number = row.series[row.hint].second;
    row.hint = row.hint + 1 == row.series.size() ? 0 : row.hint + 1;
    return number;
  }
  const auto known = series_numbers_.find(series_key(source, register_number));
  if (known != series_numbers_.end()) {
    row.hint = known->second.place + 1 == row.series.size() ? 0 : known->second.place + 1;
    return known->second.number;
  }
  return enter_series(source, register_number);
}

std::uint32_t TelemetryIndex::enter_series(std::uint32_t source, std::uint32_t register_number) {
  const std::unique_lock lock(mutex_);
  series_.push_back({source, register_number});
  latest_.emplace_back();
  pending_.emplace_back();
  pending_round_.push_back(0);
  const auto number = static_cast<std::uint32_t>(series_.size());  // from 1
  auto& owned = sources_[source].series;
  series_numbers_.emplace(series_key(source, register_number),
                          SeriesPlace{number, static_cast<std::uint32_t>(owned.size())});
  owned.emplace_back(register_number, number);
  return number;
}

void TelemetryIndex::offer(const ReadingRow& row) {
  const std::uint32_t index = row.series - 1;
  LatestEntry& entry = pending_[index];
  if (pending_round_[index] != round_) {
    pending_round_[index] = round_;
    entry = latest_[index];
    touched_.push_back(index);
  }
  entry.received_utc_ms_max =
      entry.present ? std::max(entry.received_utc_ms_max, row.received_utc_ms) : row.received_utc_ms;
  Point& point = entry.point;
  const bool implausible = (row.quality & static_cast<std::uint16_t>(Quality::time_implausible)) != 0;
  const bool replaces_implausible = entry.present && has(point.quality, Quality::time_implausible) && !implausible;
  if (entry.present && implausible && !has(point.quality, Quality::time_implausible)) return;
  if (entry.present && !replaces_implausible && row.time_utc_ms < point.time_utc_ms) return;
  const bool same_time = entry.present && row.time_utc_ms == point.time_utc_ms;
  if (same_time && same_value(row.mantissa, row.quality, point.mantissa, static_cast<std::uint16_t>(point.quality))) {
    ++point.evidence_count;
    return;
  }
  entry.present = true;
  point = {row.time_utc_ms,
           row.mantissa,
           static_cast<Quality>(row.quality),
           static_cast<TimeSource>(row.time_source),
           FrameReference{row.frame},
           row.received_utc_ms,
           1,
           same_time,
           0};
}

std::uint32_t TelemetryIndex::series_of_edit(const Edit& edit) {
  const std::uint32_t source = source_number(edit.gateway, edit.device_uid);
  return series_number(source, register_number({edit.register_name, edit.unit, edit.exponent, edit.series_kind}));
}

Result<bool> TelemetryIndex::walk_edits(const TelemetryRecord& record) {
  auto edits = parse_edits(record.body, record.record_number);
  if (!edits) {
    if (edits.error().code == ErrorCode::unsupported) return std::unexpected(edits.error());
    return false;
  }
  for (Edit& edit : *edits) {
    const std::uint32_t series = series_of_edit(edit);
    staged_edits_.emplace_back(series, std::move(edit));
  }
  return true;
}

Result<void> TelemetryIndex::load_edits(const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    const std::size_t known = series_.size();
    const std::uint32_t series = series_of_edit(edit);
    if (series > known) return fail(ErrorCode::storage_corrupt, "an edit of a series that is not there");
    edit_book_.enter(SeriesId{series}, edit);
  }
  return {};
}

void TelemetryIndex::publish(std::uint64_t next_record, std::uint64_t readings_added) {
  const std::unique_lock lock(mutex_);
  for (const std::uint32_t index : touched_) {
    latest_[index] = pending_[index];
    auto& last = sources_[series_[index].source].last_received_utc_ms;
    last = std::max(last, pending_[index].received_utc_ms_max);
  }
  touched_.clear();
  ++round_;
  for (auto& [series, edit] : staged_edits_) edit_book_.enter(SeriesId{series}, std::move(edit));
  staged_edits_.clear();
  published_sources_ = sources_.size();
  published_series_ = series_.size();
  next_record_ = next_record;
  reading_count_ += readings_added;
}

void TelemetryIndex::roll_back() {
  const std::unique_lock lock(mutex_);
  touched_.clear();
  staged_edits_.clear();
  ++round_;
  while (series_.size() > published_series_) {
    SourceRow& owner = sources_[series_.back().source];
    series_numbers_.erase(series_key(series_.back().source, series_.back().register_number));
    owner.series.pop_back();
    owner.hint = 0;
    series_.pop_back();
    latest_.pop_back();
    pending_.pop_back();
    pending_round_.pop_back();
  }
  while (sources_.size() > published_sources_) {
    source_numbers_.erase(sources_.back().key);
    sources_by_gateway_[sources_.back().gateway.value].pop_back();
    sources_.pop_back();
  }
}

Source TelemetryIndex::source_at(std::size_t index) const {
  const SourceRow& row = sources_[index];
  return {SourceId{static_cast<std::int64_t>(index) + 1}, row.gateway, row.device_uid, row.last_received_utc_ms};
}

Series TelemetryIndex::series_at(std::size_t index) const {
  const SeriesRow& row = series_[index];
  const RegisterRow& r = registers_[row.register_number];
  return {SeriesId{static_cast<std::int64_t>(index) + 1},
          SourceId{static_cast<std::int64_t>(row.source) + 1},
          r.name,
          r.unit,
          r.exponent,
          r.kind};
}

std::vector<std::pair<SeriesId, std::int64_t>> TelemetryIndex::staged_edit_times() const {
  std::vector<std::pair<SeriesId, std::int64_t>> out;
  for (const auto& [series, edit] : staged_edits_) out.emplace_back(SeriesId{series}, edit.time_utc_ms);
  return out;
}

std::vector<Source> TelemetryIndex::sources_after(std::size_t known) const {
  const std::shared_lock lock(mutex_);
  std::vector<Source> out;
  for (std::size_t i = known; i < published_sources_; ++i) out.push_back(source_at(i));
  return out;
}

std::vector<Series> TelemetryIndex::series_after(std::size_t known) const {
  const std::shared_lock lock(mutex_);
  std::vector<Series> out;
  for (std::size_t i = known; i < published_series_; ++i) out.push_back(series_at(i));
  return out;
}

std::vector<Source> TelemetryIndex::staged_sources() const {
  const std::shared_lock lock(mutex_);
  std::vector<Source> out;
  for (std::size_t i = published_sources_; i < sources_.size(); ++i) out.push_back(source_at(i));
  return out;
}

std::vector<Series> TelemetryIndex::staged_series() const {
  const std::shared_lock lock(mutex_);
  std::vector<Series> out;
  for (std::size_t i = published_series_; i < series_.size(); ++i) out.push_back(series_at(i));
  return out;
}

Result<void> TelemetryIndex::load_source(const Source& source) {
  const std::uint32_t index = source_number(source.gateway, source.device_uid);
  if (index + 1 != static_cast<std::uint64_t>(source.id.value))
    return fail(ErrorCode::storage_corrupt,
                fmt::format("source {} stands where source {} is expected", source.id.value, index + 1));
  return {};
}

Result<void> TelemetryIndex::load_series(const Series& series) {
  if (series.source.value < 1 || static_cast<std::size_t>(series.source.value) > sources_.size())
    return fail(ErrorCode::storage_corrupt,
                fmt::format("series {} has no source {}", series.id.value, series.source.value));
  const auto source = static_cast<std::uint32_t>(series.source.value - 1);
  const std::uint32_t number =
      series_number(source, register_number({series.register_name, series.unit, series.exponent, series.kind}));
  if (number != static_cast<std::uint64_t>(series.id.value))
    return fail(ErrorCode::storage_corrupt,
                fmt::format("series {} stands where series {} is expected", series.id.value, number));
  return {};
}

Result<void> TelemetryIndex::load_latest(SeriesId series, const LatestEntry& entry) {
  if (series.value < 1 || static_cast<std::size_t>(series.value) > series_.size())
    return fail(ErrorCode::storage_corrupt,
                fmt::format("a latest point of series {}, which is not there", series.value));
  const auto index = static_cast<std::size_t>(series.value) - 1;
  latest_[index] = entry;
  auto& last = sources_[series_[index].source].last_received_utc_ms;
  last = std::max(last, entry.received_utc_ms_max);
  return {};
}

Result<void> TelemetryIndex::load_reading(const ReadingRow& row) {
  if (row.series < 1 || row.series > series_.size())
    return fail(ErrorCode::storage_corrupt, fmt::format("a reading of series {}, which is not there", row.series));
  offer(row);
  return {};
}

std::uint64_t TelemetryIndex::next_record() const {
  const std::shared_lock lock(mutex_);
  return next_record_;
}
std::uint64_t TelemetryIndex::reading_count() const {
  const std::shared_lock lock(mutex_);
  return reading_count_;
}
std::size_t TelemetryIndex::source_count() const {
  const std::shared_lock lock(mutex_);
  return published_sources_;
}
std::size_t TelemetryIndex::series_count() const {
  const std::shared_lock lock(mutex_);
  return published_series_;
}

std::vector<Source> TelemetryIndex::sources() const {
  const std::shared_lock lock(mutex_);
  std::vector<Source> out;
  out.reserve(published_sources_);
  for (std::size_t i = 0; i < published_sources_; ++i) out.push_back(source_at(i));
  return out;
}

std::vector<Source> TelemetryIndex::sources_of(GatewayId gateway) const {
  const std::shared_lock lock(mutex_);
  std::vector<Source> out;
  const auto found = sources_by_gateway_.find(gateway.value);
  if (found == sources_by_gateway_.end()) return out;
  for (const std::uint32_t index : found->second) {
    if (index < published_sources_) out.push_back(source_at(index));
  }
  return out;
}

std::optional<Source> TelemetryIndex::find_source(GatewayId gateway, std::string_view device_uid) const {
  std::string key;
  source_key(key, gateway, device_uid);
  const std::shared_lock lock(mutex_);
  const auto found = source_numbers_.find(std::string_view{key});
  if (found == source_numbers_.end() || found->second >= published_sources_) return std::nullopt;
  return source_at(found->second);
}

std::vector<Series> TelemetryIndex::series_of(SourceId source) const {
  const std::shared_lock lock(mutex_);
  std::vector<Series> out;
  if (source.value < 1 || static_cast<std::size_t>(source.value) > published_sources_) return out;
  for (const auto& [register_number, number] : sources_[static_cast<std::size_t>(source.value) - 1].series) {
    if (number <= published_series_) out.push_back(series_at(number - 1));
  }
  return out;
}

std::optional<Series> TelemetryIndex::find_series(SeriesId series) const {
  const std::shared_lock lock(mutex_);
  if (series.value < 1 || static_cast<std::size_t>(series.value) > published_series_) return std::nullopt;
  return series_at(static_cast<std::size_t>(series.value) - 1);
}

std::vector<std::optional<Point>> TelemetryIndex::latest(std::span<const SeriesId> series) const {
  std::vector<std::optional<Point>> out(series.size());
  const std::shared_lock lock(mutex_);
  for (std::size_t i = 0; i < series.size(); ++i) {
    const std::int64_t number = series[i].value;
    if (number < 1 || static_cast<std::size_t>(number) > published_series_) continue;
    const LatestEntry& entry = latest_[static_cast<std::size_t>(number) - 1];
    if (!entry.present) continue;
    out[i] = entry.point;
    if (edit_book_.size() == 0) continue;
    std::vector<Point> one{entry.point};
    edit_book_.apply_to(series[i], {entry.point.time_utc_ms, entry.point.time_utc_ms + 1}, one);
    out[i] = one.front();
  }
  return out;
}

std::vector<TelemetryIndex::LatestEntry> TelemetryIndex::all_latest() const {
  const std::shared_lock lock(mutex_);
  return {latest_.begin(), latest_.begin() + static_cast<std::ptrdiff_t>(published_series_)};
}

}  // namespace duheng::store
