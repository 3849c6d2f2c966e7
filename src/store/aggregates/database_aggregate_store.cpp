#include "store/aggregates/database_aggregate_store.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/row_codec.hpp"
#include "store/records/migration.hpp"

namespace duheng::store {
namespace {

using records::Row;
using records::Transaction;

constexpr auto tile_series = static_cast<std::int64_t>(codec_limits::series_per_tile);
constexpr int month_bits = 16;
constexpr int figure_slice_bits = 24;
constexpr int day_bits = 20;

// Keys are integers in the order of the questions, so that a question is one stretch of the table.
constexpr std::array migrations{records::Migration{"days and hours", R"sql(
  CREATE TABLE aggregate_state (
    id INTEGER PRIMARY KEY CHECK (id = 1), zone TEXT NOT NULL,
    settled_through INTEGER NOT NULL, provisional_through INTEGER NOT NULL,
    sweep_first INTEGER NOT NULL, sweep_last INTEGER NOT NULL, sweep_settles INTEGER NOT NULL,
    sweep_next_series INTEGER NOT NULL, sweep_last_series INTEGER NOT NULL);
  CREATE TABLE aggregate_day_tile (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE aggregate_day_figures (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE aggregate_hours (place INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE aggregate_hour_state (
    series INTEGER PRIMARY KEY, through_day INTEGER NOT NULL, raw_free_before INTEGER NOT NULL);
)sql"},
                                records::Migration{"makings", R"sql(
  CREATE TABLE aggregate_making (
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL, first_series INTEGER NOT NULL, last_series INTEGER NOT NULL,
    kind INTEGER NOT NULL, made_utc_ms INTEGER NOT NULL, next_record INTEGER NOT NULL,
    PRIMARY KEY (first_day, last_day, first_series, last_series, kind)) WITHOUT ROWID;
)sql"}};

std::int64_t tile_slice(SeriesId series) { return (series.value - 1) / tile_series; }
std::size_t tile_index(SeriesId series) { return static_cast<std::size_t>((series.value - 1) % tile_series); }
std::int64_t tile_place(std::int64_t slice, std::int32_t month) { return (slice << month_bits) | month; }
SeriesId series_at(std::int64_t slice, std::size_t index) {
  return SeriesId{slice * tile_series + static_cast<std::int64_t>(index) + 1};
}

std::int64_t figure_slice(SeriesId series) { return (series.value - 1) / aggregate_limits::series_per_slice; }
std::int64_t figure_place(std::int32_t day, std::int64_t slice) {
  return (static_cast<std::int64_t>(day) << figure_slice_bits) | slice;
}
SeriesId first_of_slice(std::int64_t slice) { return SeriesId{slice * aggregate_limits::series_per_slice + 1}; }
std::int64_t hour_place(SeriesId series, std::int32_t day) { return (series.value << day_bits) | day; }

std::int32_t within_limits(std::int32_t day) {
  return std::clamp(day, aggregate_limits::first_day_min, aggregate_limits::day_max - 1);
}

Result<std::optional<Bytes>> body_at(Transaction& transaction, std::string_view select, std::int64_t place) {
  return transaction.first(select, {place}, [](const Row& row) { return row.blob(0); });
}

Result<void> put_body(Transaction& transaction, std::string_view table, std::int64_t place, const Bytes& body) {
  const auto sql =
      fmt::format("INSERT INTO {} (place, body) VALUES (?1, ?2) ON CONFLICT (place) DO UPDATE SET body = ?2", table);
  DUHENG_CHECK(transaction.execute(sql, {place, body}));
  return {};
}

Result<void> remove_body(Transaction& transaction, std::string_view table, std::int64_t place) {
  DUHENG_CHECK(transaction.execute(fmt::format("DELETE FROM {} WHERE place = ?1", table), {place}));
  return {};
}

constexpr std::string_view select_tile = "SELECT body FROM aggregate_day_tile WHERE place = ?1";
constexpr std::string_view select_figures = "SELECT body FROM aggregate_day_figures WHERE place = ?1";

/// The tiles and figures that a write touches, in memory, until they are all written.
class Changes {
 public:
  explicit Changes(Transaction& transaction) : transaction_(transaction) {}

  Result<void> clear(const AggregateWrite::Cleared& cleared) {
    const std::int32_t first_month = CivilCalendar::month_of(cleared.first_day);
    const std::int32_t last_month = CivilCalendar::month_of(cleared.last_day);
    for (std::int64_t slice = tile_slice(cleared.series.first); slice <= tile_slice(cleared.series.last); ++slice) {
      for (std::int32_t month = first_month; month <= last_month; ++month)
        DUHENG_CHECK(clear_tile(slice, month, cleared));
    }
    const std::int64_t last_slice = figure_slice(cleared.series.last);
    for (std::int64_t slice = figure_slice(cleared.series.first); slice <= last_slice; ++slice) {
      for (std::int32_t day = cleared.first_day; day <= cleared.last_day; ++day) {
        DUHENG_TRY(auto* figures, figures_of(day, slice));
        std::erase_if(*figures, [&](const auto& entry) {
          return entry.first >= cleared.series.first && entry.first <= cleared.series.last;
        });
      }
    }
    return {};
  }

  Result<void> remove(const SeriesDay& day) {
    DUHENG_TRY(auto* entries, entries_of(day.series, day.day));
    std::erase_if(*entries, [&](const DayTile::Entry& entry) { return entry.day == day.day; });
    DUHENG_TRY(auto* figures, figures_of(day.day, figure_slice(day.series)));
    figures->erase(day.series);
    return {};
  }

  Result<void> put(const DayRow& row) {
    DUHENG_TRY(auto* entries, entries_of(row.series, row.day));
    const auto place = std::ranges::lower_bound(*entries, row.day, {}, &DayTile::Entry::day);
    if (place != entries->end() && place->day == row.day) {
      place->row = row.row;
    } else {
      entries->insert(place, {row.day, row.row});
    }
    DUHENG_TRY(auto* figures, figures_of(row.day, figure_slice(row.series)));
    figures->insert_or_assign(row.series, figure_of(row));
    return {};
  }

  Result<void> write_all() {
    for (const auto& [place, tile] : tiles_) {
      if (tile.empty()) {
        DUHENG_CHECK(remove_body(transaction_, "aggregate_day_tile", place));
      } else {
        DUHENG_CHECK(put_body(transaction_, "aggregate_day_tile", place, encode_day_tile(tile)));
      }
    }
    for (const auto& [place, figures] : figures_) DUHENG_CHECK(write_figures(place, figures));
    return {};
  }

 private:
  using Figures = std::map<SeriesId, DayFigure>;

  Result<void> clear_tile(std::int64_t slice, std::int32_t month, const AggregateWrite::Cleared& cleared) {
    DUHENG_TRY(auto* tile, tile_at(tile_place(slice, month)));
    for (std::size_t i = 0; i < tile->series.size(); ++i) {
      const SeriesId series = series_at(slice, i);
      if (series < cleared.series.first || series > cleared.series.last) continue;
      std::erase_if(tile->series[i], [&](const DayTile::Entry& entry) {
        return entry.day >= cleared.first_day && entry.day <= cleared.last_day;
      });
    }
    return {};
  }

  Result<DayTile*> tile_at(std::int64_t place) {
    const auto known = tiles_.find(place);
    if (known != tiles_.end()) return &known->second;
    DUHENG_TRY(const auto body, body_at(transaction_, select_tile, place));
    DayTile tile;
    if (body) {
      DUHENG_TRY(tile, parse_day_tile(*body));
    }
    return &tiles_.emplace(place, std::move(tile)).first->second;
  }

  Result<std::vector<DayTile::Entry>*> entries_of(SeriesId series, std::int32_t day) {
    DUHENG_TRY(auto* tile, tile_at(tile_place(tile_slice(series), CivilCalendar::month_of(day))));
    return &tile->series[tile_index(series)];
  }

  Result<Figures*> figures_of(std::int32_t day, std::int64_t slice) {
    const std::int64_t place = figure_place(day, slice);
    const auto known = figures_.find(place);
    if (known != figures_.end()) return &known->second;
    DUHENG_TRY(const auto body, body_at(transaction_, select_figures, place));
    std::vector<DayFigure> parsed;
    if (body) DUHENG_CHECK(parse_figures(*body, first_of_slice(slice), day, parsed));
    Figures& added = figures_[place];
    for (const DayFigure& figure : parsed) added.emplace_hint(added.end(), figure.series, figure);
    return &added;
  }

  Result<void> write_figures(std::int64_t place, const Figures& figures) {
    if (figures.empty()) return remove_body(transaction_, "aggregate_day_figures", place);
    std::vector<DayFigure> sorted;
    sorted.reserve(figures.size());
    for (const auto& [series, figure] : figures) sorted.push_back(figure);
    const std::int64_t slice = place & ((std::int64_t{1} << figure_slice_bits) - 1);
    return put_body(transaction_, "aggregate_day_figures", place, encode_figures(sorted, first_of_slice(slice)));
  }

  Transaction& transaction_;
  std::map<std::int64_t, DayTile> tiles_;
  std::map<std::int64_t, Figures> figures_;
};

Result<void> write_state(Transaction& transaction, const KeeperState& state) {
  DUHENG_CHECK(transaction.execute(
      "UPDATE aggregate_state SET settled_through = ?1, provisional_through = ?2, sweep_first = ?3, sweep_last = ?4, "
      "sweep_settles = ?5, sweep_next_series = ?6, sweep_last_series = ?7 WHERE id = 1",
      {state.settled_through, state.provisional_through, state.sweep_first, state.sweep_last, state.sweep_settles,
       state.sweep_next_series, state.sweep_last_series}));
  return {};
}

Result<void> write_hours(Transaction& transaction, const AggregateWrite& change) {
  for (const HourRows& rows : change.hours) {
    const std::int64_t place = hour_place(rows.series, rows.day);
    if (rows.hours.empty()) {
      DUHENG_CHECK(remove_body(transaction, "aggregate_hours", place));
    } else {
      DUHENG_CHECK(put_body(transaction, "aggregate_hours", place, encode_hours(rows.hours)));
    }
  }
  for (const HourState& state : change.hour_states) {
    DUHENG_CHECK(transaction.execute(
        "INSERT INTO aggregate_hour_state (series, through_day, raw_free_before) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (series) DO UPDATE SET through_day = ?2, raw_free_before = ?3",
        {state.series, state.through_day, state.raw_free_before}));
  }
  return {};
}

Result<void> write_makings(Transaction& transaction, const AggregateWrite& change) {
  for (const RowMaking& making : change.makings) {
    DUHENG_CHECK(transaction.execute(
        "INSERT OR REPLACE INTO aggregate_making VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        {making.first_day, making.last_day, making.series.first, making.series.last,
         static_cast<std::int64_t>(making.kind), making.made_utc_ms, static_cast<std::int64_t>(making.next_record)}));
  }
  return {};
}

std::int32_t small(const Row& row, int column) { return static_cast<std::int32_t>(row.integer(column)); }

/// The nearest entry with a value in a tile; forwards or backwards from `day`, itself left out.
const DayTile::Entry* nearest(const std::vector<DayTile::Entry>& entries, std::int32_t day, bool backwards) {
  const DayTile::Entry* found = nullptr;
  for (const auto& entry : entries) {
    if (entry.row.value_count == 0) continue;
    if (backwards && entry.day < day) found = &entry;
    if (!backwards && entry.day > day) return &entry;
  }
  return found;
}

struct PlacedBody {
  std::int64_t place = 0;
  Bytes body;
};

/// Goes from tile to tile until one has it: what is asked for is nearly always in the first or second.
Result<std::optional<DayRow>> find_nearest(Transaction& transaction, SeriesId series, std::int32_t day,
                                           bool backwards) {
  const std::int64_t slice = tile_slice(series);
  std::int64_t place = tile_place(slice, CivilCalendar::month_of(day));
  const std::int64_t bound = backwards ? slice << month_bits : ((slice + 1) << month_bits) - 1;
  while (true) {
    DUHENG_TRY(auto found, transaction.first(
                               backwards ? "SELECT place, body FROM aggregate_day_tile WHERE place BETWEEN ?2 AND ?1 "
                                           "ORDER BY place DESC LIMIT 1"
                                         : "SELECT place, body FROM aggregate_day_tile WHERE place BETWEEN ?1 AND ?2 "
                                           "ORDER BY place LIMIT 1",
                               {place, bound}, [](const Row& row) { return PlacedBody{row.integer(0), row.blob(1)}; }));
    if (!found) return std::nullopt;
    DUHENG_TRY(const auto entries, parse_day_tile_series(found->body, tile_index(series)));
    if (const auto* entry = nearest(entries, day, backwards)) return DayRow{series, entry->day, entry->row};
    place = found->place + (backwards ? -1 : 1);
  }
}

}  // namespace

Result<std::unique_ptr<DatabaseAggregateStore>> DatabaseAggregateStore::open(records::Database& database,
                                                                             const Clock& clock,
                                                                             std::string_view iana_zone) {
  const std::array capabilities{records::Capability{"aggregates", migrations}};
  DUHENG_CHECK(records::migrate(database, clock, capabilities));
  const auto fit_zone = [&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(
        transaction.execute("INSERT INTO aggregate_state VALUES (1, ?1, ?2, ?2, 0, 0, 0, 0, 0) "
                            "ON CONFLICT (id) DO NOTHING",
                            {iana_zone, KeeperState::none}));
    DUHENG_TRY(const auto zone, transaction.first("SELECT zone FROM aggregate_state WHERE id = 1", {},
                                                  [](const Row& row) { return row.text(0); }));
    if (zone != iana_zone)
      return fail(ErrorCode::conflict, fmt::format("the aggregates were made for the time zone {}, not for {}",
                                                   zone.value_or("?"), iana_zone));
    return {};
  };
  DUHENG_CHECK(database.write(fit_zone));
  return std::unique_ptr<DatabaseAggregateStore>(new DatabaseAggregateStore(database));
}

Result<void> DatabaseAggregateStore::write(const AggregateWrite& change) {
  DUHENG_CHECK(check_write(change));
  return database_.write([&](Transaction& transaction) -> Result<void> {
    Changes changes(transaction);
    if (change.cleared) DUHENG_CHECK(changes.clear(*change.cleared));
    for (const SeriesDay& day : change.removed) DUHENG_CHECK(changes.remove(day));
    for (const DayRow& row : change.rows) DUHENG_CHECK(changes.put(row));
    DUHENG_CHECK(changes.write_all());
    DUHENG_CHECK(write_hours(transaction, change));
    DUHENG_CHECK(write_makings(transaction, change));
    if (change.state) DUHENG_CHECK(write_state(transaction, *change.state));
    return {};
  });
}

Result<KeeperState> DatabaseAggregateStore::state() const {
  return database_.read([](Transaction& transaction) -> Result<KeeperState> {
    DUHENG_TRY(const auto state,
               transaction.first("SELECT settled_through, provisional_through, sweep_first, sweep_last, sweep_settles, "
                                 "sweep_next_series, sweep_last_series FROM aggregate_state WHERE id = 1",
                                 {}, [](const Row& row) {
                                   return KeeperState{small(row, 0),  small(row, 1),  small(row, 2), small(row, 3),
                                                      row.boolean(4), row.integer(5), row.integer(6)};
                                 }));
    return state.value_or(KeeperState{});
  });
}

Result<std::vector<DayRow>> DatabaseAggregateStore::days(SeriesId series, std::int32_t first, std::int32_t last) const {
  std::vector<DayRow> out;
  if (first > last || !series) return out;
  const std::int64_t slice = tile_slice(series);
  const std::int64_t from = tile_place(slice, CivilCalendar::month_of(within_limits(first)));
  const std::int64_t to = tile_place(slice, CivilCalendar::month_of(within_limits(last)));
  const auto add_tile = [&](const Row& row) -> Result<void> {
    DUHENG_TRY(const auto entries, parse_day_tile_series(row.blob_view(0), tile_index(series)));
    for (const auto& entry : entries) {
      if (entry.day >= first && entry.day <= last) out.push_back({series, entry.day, entry.row});
    }
    return {};
  };
  DUHENG_CHECK(database_.read([&](Transaction& transaction) {
    return transaction.each("SELECT body FROM aggregate_day_tile WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
                            {from, to}, add_tile);
  }));
  return out;
}

Result<std::optional<DayRow>> DatabaseAggregateStore::last_before(SeriesId series, std::int32_t day) const {
  return database_.read(
      [&](Transaction& transaction) { return find_nearest(transaction, series, within_limits(day), true); });
}

Result<std::optional<DayRow>> DatabaseAggregateStore::first_after(SeriesId series, std::int32_t day) const {
  return database_.read(
      [&](Transaction& transaction) { return find_nearest(transaction, series, within_limits(day), false); });
}

Result<void> DatabaseAggregateStore::figures(std::int32_t first, std::int32_t last, const OnFigures& sink) const {
  if (first > last) return {};
  const std::int64_t from = figure_place(within_limits(first), 0);
  const std::int64_t to = figure_place(within_limits(last) + 1, 0) - 1;
  std::vector<DayFigure> figures;
  const auto add = [&](const Row& row) -> Result<void> {
    const std::int64_t place = row.integer(0);
    const std::int64_t slice = place & ((std::int64_t{1} << figure_slice_bits) - 1);
    figures.clear();
    DUHENG_CHECK(parse_figures(row.blob_view(1), first_of_slice(slice),
                               static_cast<std::int32_t>(place >> figure_slice_bits), figures));
    return sink(figures);
  };
  return database_.read([&](Transaction& transaction) {
    return transaction.each(
        "SELECT place, body FROM aggregate_day_figures WHERE place BETWEEN ?1 AND ?2 ORDER BY place", {from, to}, add);
  });
}

Result<std::vector<HourRows>> DatabaseAggregateStore::hours(SeriesId series, std::int32_t first,
                                                            std::int32_t last) const {
  std::vector<HourRows> out;
  if (first > last) return out;
  const auto add = [&](const Row& row) -> Result<void> {
    DUHENG_TRY(auto hours, parse_hours(row.blob_view(1)));
    const auto day = static_cast<std::int32_t>(row.integer(0) & ((std::int64_t{1} << day_bits) - 1));
    out.push_back({series, day, std::move(hours)});
    return {};
  };
  DUHENG_CHECK(database_.read([&](Transaction& transaction) {
    return transaction.each("SELECT place, body FROM aggregate_hours WHERE place BETWEEN ?1 AND ?2 ORDER BY place",
                            {hour_place(series, within_limits(first)), hour_place(series, within_limits(last))}, add);
  }));
  return out;
}

Result<std::vector<RowMaking>> DatabaseAggregateStore::makings(SeriesDay of) const {
  return database_.read([&](Transaction& transaction) {
    return transaction.all(
        "SELECT first_day, last_day, first_series, last_series, kind, made_utc_ms, next_record FROM aggregate_making "
        "WHERE first_day BETWEEN ?1 AND ?2 AND last_day >= ?2 AND first_series <= ?3 AND last_series >= ?3 "
        "ORDER BY made_utc_ms, kind",
        {of.day - aggregate_limits::making_days_max + 1, of.day, of.series}, [](const Row& row) {
          return RowMaking{
              {row.id<SeriesId>(2), row.id<SeriesId>(3)},   small(row, 0),  small(row, 1),
              static_cast<RowMaking::Kind>(row.integer(4)), row.integer(5), static_cast<std::uint64_t>(row.integer(6))};
        });
  });
}

Result<HourState> DatabaseAggregateStore::hour_state(SeriesId series) const {
  return database_.read([&](Transaction& transaction) -> Result<HourState> {
    DUHENG_TRY(
        const auto found,
        transaction.first("SELECT through_day, raw_free_before FROM aggregate_hour_state WHERE series = ?1", {series},
                          [&](const Row& row) { return HourState{series, small(row, 0), small(row, 1)}; }));
    return found.value_or(HourState{.series = series});
  });
}

Result<std::vector<HourState>> DatabaseAggregateStore::hour_states(SeriesSpan span) const {
  return database_.read([&](Transaction& transaction) {
    return transaction.all(
        "SELECT through_day, raw_free_before, series FROM aggregate_hour_state "
        "WHERE series BETWEEN ?1 AND ?2 ORDER BY series",
        {span.first, span.last},
        [](const Row& row) { return HourState{row.id<SeriesId>(2), small(row, 0), small(row, 1)}; });
  });
}

Result<void> DatabaseAggregateStore::drop_hours(SeriesId series, std::int32_t before_day) {
  return database_.write([&](Transaction& transaction) -> Result<void> {
    DUHENG_CHECK(transaction.execute("DELETE FROM aggregate_hours WHERE place >= ?1 AND place < ?2",
                                     {hour_place(series, 0), hour_place(series, within_limits(before_day))}));
    return {};
  });
}

}  // namespace duheng::store
