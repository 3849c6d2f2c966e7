#include "store/backup/backup_retention.hpp"

#include <algorithm>
#include <map>

#include "base/time.hpp"
#include "store/backup/backup_object.hpp"
#include "store/backup/backup_writer.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

/// Months since year 0 of the civil date in the zone.
Result<std::int64_t> month_of(std::int64_t utc_ms, const std::string& zone) {
  DUHENG_TRY(const std::string date, civil_date(utc_ms, zone));
  return std::stoll(date.substr(0, 4)) * 12 + std::stoll(date.substr(5, 2)) - 1;
}

struct SetNeeds {
  SetMoment moment;
  std::set<crypto::Hash256> objects;
};

Result<std::vector<SetNeeds>> needs_of_all(BackupPlace& place, crypto::KeyProvider& keys) {
  DUHENG_TRY(const auto numbers, list_sets(place));
  std::vector<SetNeeds> out;
  for (const std::uint64_t number : numbers) {
    DUHENG_TRY(const BackupManifest manifest, load_set(place, number, keys));
    SetNeeds needs{{number, manifest.begun_utc_ms}, {}};
    for (const BackupFile& file : manifest.files)
      for (const BackupPiece& piece : file.pieces) needs.objects.insert(piece.object);
    if (manifest.recovery_key) needs.objects.insert(*manifest.recovery_key);
    out.push_back(std::move(needs));
  }
  return out;
}

Result<void> remove_unneeded(BackupPlace& place, const std::set<crypto::Hash256>& needed, PruneReport& report) {
  DUHENG_TRY(const auto entries, place.list(std::string(object_folder)));
  for (const PlaceEntry& entry : entries) {
    const auto name = parse_hash(entry.name);
    if (!name || needed.contains(*name)) continue;
    DUHENG_CHECK(place.remove(object_name(*name)));
    ++report.objects_removed;
    report.bytes_removed += entry.size_bytes;
  }
  return {};
}

}  // namespace

Result<std::set<std::uint64_t>> removable_sets(std::span<const SetMoment> sets, const BackupRetention& retention,
                                               std::int64_t now_utc_ms) {
  if (retention.monthly_keep_months < monthly_keep_months_min)
    return fail(ErrorCode::invalid_argument, "monthly backups are kept for six years at least");
  std::set<std::uint64_t> removable;
  std::map<std::int64_t, SetMoment> newest_of_month;
  const auto is_newer = [](const SetMoment& a, const SetMoment& b) { return a.number > b.number; };
  std::uint64_t newest = 0;
  for (const SetMoment& set : sets) {
    DUHENG_TRY(const std::int64_t month, month_of(set.begun_utc_ms, retention.time_zone));
    const auto [found, is_first] = newest_of_month.emplace(month, set);
    if (!is_first && is_newer(set, found->second)) found->second = set;
    newest = std::max(newest, set.number);
    if (set.begun_utc_ms < now_utc_ms - retention.daily_keep_days * day_ms) removable.insert(set.number);
  }
  removable.erase(newest);
  DUHENG_TRY(const std::int64_t this_month, month_of(now_utc_ms, retention.time_zone));
  for (const auto& [month, set] : newest_of_month)
    if (month >= this_month - retention.monthly_keep_months) removable.erase(set.number);
  return removable;
}

Result<PruneReport> prune_place(BackupPlace& place, crypto::KeyProvider& keys, const BackupRetention& retention,
                                const Clock& clock) {
  DUHENG_TRY(const auto sets, needs_of_all(place, keys));
  std::vector<SetMoment> moments;
  for (const SetNeeds& set : sets) moments.push_back(set.moment);
  DUHENG_TRY(const auto removable, removable_sets(moments, retention, clock.utc_ms()));
  PruneReport report;
  std::set<crypto::Hash256> needed;
  for (const SetNeeds& set : sets) {
    if (!removable.contains(set.moment.number)) {
      needed.insert(set.objects.begin(), set.objects.end());
      continue;
    }
    // The list first: what is left of a set whose list is gone is nobody's.
    DUHENG_CHECK(place.remove(set_name(set.moment.number)));
    report.sets_removed.push_back(set.moment.number);
  }
  DUHENG_CHECK(remove_unneeded(place, needed, report));
  return report;
}

}  // namespace duheng::store
