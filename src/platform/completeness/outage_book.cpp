#include "platform/completeness/outage_book.hpp"

#include <algorithm>
#include <array>

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::array migration_steps{records::Migration{"outages",
                                                        "CREATE TABLE outages ("
                                                        " id INTEGER PRIMARY KEY,"
                                                        " gateway_id INTEGER NOT NULL,"
                                                        " device_id INTEGER NOT NULL,"
                                                        " cause TEXT NOT NULL,"
                                                        " detail TEXT NOT NULL,"
                                                        " from_ms INTEGER NOT NULL,"
                                                        " to_ms INTEGER);"
                                                        "CREATE INDEX outages_by_end ON outages (to_ms);"
                                                        "CREATE TABLE outages_looked_at ("
                                                        " one INTEGER PRIMARY KEY CHECK (one = 1),"
                                                        " at_ms INTEGER NOT NULL);"}};

/// Longer than this between two looks, and nobody knows what was in between.
constexpr std::int64_t unwatched_ms = 10 * 60'000;

OutageSubject subject_of(const Row& row, int column) {
  return {row.id<GatewayId>(column), row.id<DeviceId>(column + 1)};
}

std::int64_t overlap(const Outage& outage, std::int64_t from_utc_ms, std::int64_t to_utc_ms) {
  return std::min(outage.to_utc_ms.value_or(to_utc_ms), to_utc_ms) - std::max(outage.from_utc_ms, from_utc_ms);
}

}  // namespace

records::Capability OutageBook::migrations() { return {"outages", migration_steps}; }

Result<OutageBook::Standing> OutageBook::read_open(Transaction& t) const {
  Standing out;
  DUHENG_CHECK(t.each(
      "SELECT gateway_id, device_id, id, cause, detail FROM outages WHERE to_ms IS NULL", {}, [&out](const Row& row) {
        out[subject_of(row, 0)] = {row.integer(2), missing_cause_of(row.text_view(3)).value_or(MissingCause::meter),
                                   row.text(4)};
      }));
  return out;
}

Result<void> OutageBook::observe(std::span<const Outage> standing) {
  const std::int64_t now = clock_.utc_ms();
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto looked_at, t.integer("SELECT at_ms FROM outages_looked_at", {}));
    const bool was_watched = looked_at && now - *looked_at <= unwatched_ms;
    const std::int64_t end = was_watched || !looked_at ? now : *looked_at;
    DUHENG_TRY(Standing open, read_open(t));
    const auto close = [&](std::int64_t id, std::int64_t at) -> Result<void> {
      DUHENG_CHECK(t.execute("UPDATE outages SET to_ms = max(from_ms, ?2) WHERE id = ?1", {id, at}));
      return {};
    };
    for (const Outage& one : standing) {
      std::int64_t from = one.from_utc_ms;
      if (const auto known = open.find(one.subject); known != open.end()) {
        const Open before = known->second;
        open.erase(known);
        if (before.cause == one.cause && before.detail == one.detail) continue;
        DUHENG_CHECK(close(before.id, now));
        from = now;  // until now it was something else
      }
      DUHENG_CHECK(
          t.execute("INSERT INTO outages (gateway_id, device_id, cause, detail, from_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
                    {one.subject.gateway.value, one.subject.device.value, to_string(one.cause), one.detail, from}));
    }
    for (const auto& [subject, one] : open) DUHENG_CHECK(close(one.id, end));
    DUHENG_CHECK(
        t.execute("INSERT INTO outages_looked_at (one, at_ms) VALUES (1, ?1) "
                  "ON CONFLICT (one) DO UPDATE SET at_ms = excluded.at_ms",
                  {now}));
    return {};
  });
}

Result<std::vector<Outage>> OutageBook::within(std::int64_t from_utc_ms, std::int64_t to_utc_ms) const {
  return database_.read([&](Transaction& t) {
    return t.all(
        "SELECT gateway_id, device_id, cause, detail, from_ms, to_ms FROM outages WHERE from_ms < ?2 AND "
        "(to_ms IS NULL OR to_ms > ?1) ORDER BY gateway_id, device_id, from_ms, id",
        {from_utc_ms, to_utc_ms}, [](const Row& row) {
          return Outage{.subject = subject_of(row, 0),
                        .cause = missing_cause_of(row.text_view(2)).value_or(MissingCause::meter),
                        .detail = row.text(3),
                        .from_utc_ms = row.integer(4),
                        .to_utc_ms = row.optional_integer(5)};
        });
  });
}

Result<std::int64_t> OutageBook::forget_old() {
  return database_.write([&](Transaction& t) -> Result<std::int64_t> {
    DUHENG_TRY(const std::int64_t old,
               t.execute("DELETE FROM outages WHERE to_ms < ?1", {clock_.utc_ms() - options_.keep_ms}));
    DUHENG_TRY(const std::int64_t many,
               t.execute("DELETE FROM outages WHERE to_ms IS NOT NULL AND id <= (SELECT max(id) FROM outages) - ?1",
                         {options_.rows_max}));
    return old + many;
  });
}

OutageIndex::OutageIndex(std::vector<Outage> outages) {
  for (Outage& one : outages) by_subject_[one.subject].push_back(std::move(one));
}

const Outage* OutageIndex::find(GatewayId gateway, DeviceId device, std::int64_t from_utc_ms,
                                std::int64_t to_utc_ms) const {
  const Outage* best = nullptr;
  std::int64_t covered = 0;
  for (const OutageSubject& subject : {OutageSubject{gateway, {}}, OutageSubject{{}, device}}) {
    const auto found = by_subject_.find(subject);
    if (found == by_subject_.end()) continue;
    for (const Outage& one : found->second) {
      const std::int64_t much = overlap(one, from_utc_ms, to_utc_ms);
      if (much <= covered) continue;
      covered = much;
      best = &one;
    }
  }
  return best;
}

}  // namespace duheng::platform
