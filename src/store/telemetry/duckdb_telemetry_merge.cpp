#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "store/telemetry/duckdb_telemetry_state.hpp"

// Carrying out a merge: runs are read in slices of series, their blocks joined, and written as new runs, which take the
// old ones' place in the catalogue in one transaction. Killed before that, the new runs' tables are left over and
// dropped at the next opening.

namespace duheng::store {
namespace {

constexpr std::int64_t no_time_limit_ms = std::numeric_limits<std::int32_t>::max();

/// Which runs are being made, by the file they lie in.
class Outputs {
 public:
  struct Output {
    std::shared_ptr<CurveRun> run;
    std::vector<StoredBlock> blocks;  // of the slice at hand
    bool created = false;
  };
  Output& at(const std::string& place) { return by_place_[place]; }
  [[nodiscard]] std::map<std::string, Output>& all() { return by_place_; }

 private:
  std::map<std::string, Output> by_place_;
};

/// Joins blocks of one series and day. Whole blocks of a single run are taken as they are.
class DayJoiner {
 public:
  [[nodiscard]] Result<void> join(std::span<StoredBlock> same_day, bool one_run, std::vector<StoredBlock>& out) {
    if (one_run) {
      for (StoredBlock& block : same_day) out.push_back(std::move(block));
      return {};
    }
    rows_.clear();
    for (const StoredBlock& block : same_day)
      DUHENG_CHECK(decode_curve(block.series, block.values, block.evidence, rows_));
    if (!std::ranges::is_sorted(rows_, {}, &ReadingRow::order)) std::ranges::sort(rows_, {}, &ReadingRow::order);
    std::span<const ReadingRow> rest = rows_;
    while (!rest.empty()) {
      const auto piece = rest.first(std::min(rest.size(), curve_limits::rows_max));
      encode_curve(piece, scratch_);
      out.push_back({same_day.front().series, same_day.front().day, static_cast<std::uint32_t>(piece.size()),
                     scratch_.values, scratch_.evidence});
      rest = rest.subspan(piece.size());
    }
    return {};
  }

 private:
  std::vector<ReadingRow> rows_;
  CurveBlock scratch_;
};

struct SliceSize {
  std::uint64_t readings = 0;
  std::uint64_t blocks = 0;
};

Result<SliceSize> size_of(DuckDbSession& session, const RunList& runs, SeriesSpan span) {
  std::string sql;
  for (const auto& run : runs) {
    if (!run->meets(span, run->day_min, run->day_max)) continue;
    sql += fmt::format(
        "{}SELECT coalesce(sum(count), 0)::UBIGINT, count(*)::UBIGINT FROM {} WHERE series >= "
        "{}::UINTEGER AND series <= {}::UINTEGER",
        sql.empty() ? "" : " UNION ALL ", run->table(), span.first.value, span.last.value);
  }
  SliceSize out;
  if (sql.empty()) return out;
  DUHENG_CHECK(session.stream(sql, [&](const Chunk& chunk) -> Result<void> {
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      out.readings += chunk.column<std::uint64_t>(0)[i];
      out.blocks += chunk.column<std::uint64_t>(1)[i];
    }
    return {};
  }));
  return out;
}

}  // namespace

/// The merge at work. Everything here runs in the maintaining thread.
class DuckDbTelemetryStore::State::Merger {
 public:
  Merger(State& state, const MergePlan& plan, const std::stop_token& cancel)
      : state_(state),
        plan_(plan),
        deadline_(state.clock, no_time_limit_ms, cancel),
        first_(std::ranges::min(plan.inputs, {}, [](const auto& run) { return run->series_min; })->series_min),
        last_(std::ranges::max(plan.inputs, {}, [](const auto& run) { return run->series_max; })->series_max) {
    {
      const std::lock_guard lock(state.removable_mutex);
      removable_ = state.removable;
    }
    for (const auto& run : plan.inputs) {
      readings_ += run->readings;
      next_record_ = std::max(next_record_, run->next_record);
    }
  }

  [[nodiscard]] Result<void> run() {
    auto done = merge();
    if (!done) give_up();
    return done;
  }

 private:
  [[nodiscard]] Result<void> merge() {
    std::int64_t width = std::max<std::int64_t>(
        1, static_cast<std::int64_t>(static_cast<double>(last_ - first_ + 1) *
                                     static_cast<double>(state_.options.merge_readings_at_once) /
                                     static_cast<double>(std::max<std::uint64_t>(readings_, 1))));
    for (std::int64_t from = first_; from <= last_;) {
      DUHENG_CHECK(deadline_.check());
      SeriesSpan slice{SeriesId{from}, SeriesId{std::min<std::int64_t>(from + width - 1, last_)}};
      DUHENG_TRY(const bool read, read_slice(slice));
      if (!read) {
        width = std::max<std::int64_t>(1, width / 2);
        continue;
      }
      DUHENG_CHECK(write_slice());
      from = slice.last.value + 1;
    }
    RunList made;
    for (auto& [place, output] : outputs_.all()) {
      if (output.created) made.push_back(output.run);
    }
    std::uint64_t written = 0;
    for (const auto& run : made) written += run->readings;
    if (written + removed_ != readings_)
      return fail(ErrorCode::storage_corrupt,
                  fmt::format("a merge read {} readings where {} were written", written + removed_, readings_));
    return state_.take_over(plan_, made, new_files_, removed_);
  }

  /// Takes away what was made so far. A store that is unfit to write does it when it is opened again, as does one whose
  /// program was killed.
  void give_up() {
    const std::lock_guard writing(state_.write_mutex);
    Result<void> gone = state_.check_writable();
    for (const auto& [place, output] : outputs_.all()) {
      const bool in_new_file = std::ranges::find(new_files_, place, &YearFile::place) != new_files_.end();
      if (gone && output.created && !in_new_file) gone = state_.writer->run("DROP TABLE " + output.run->table());
    }
    for (const YearFile& year_file : new_files_) {
      if (!gone) break;
      state_.years->enter(year_file);
      gone = state_.years->remove(*state_.writer, year_file.place);
    }
    if (!gone) state_.abandon(gone.error());
  }

  /// False when the slice is too large and can be made smaller.
  [[nodiscard]] Result<bool> read_slice(SeriesSpan slice) {
    std::vector<StoredBlock> blocks;
    {
      DUHENG_TRY(const auto session, state_.readers.take(deadline_));
      DUHENG_TRY(const SliceSize size, size_of(*session.operator->(), plan_.inputs, slice));
      constexpr std::uint64_t blocks_at_once = 400'000;
      const bool too_large = size.readings > 3 * state_.options.merge_readings_at_once || size.blocks > blocks_at_once;
      if (too_large && slice.first != slice.last) return false;
      constexpr DaySpan all{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
      DUHENG_TRY(blocks, blocks_of(*session.operator->(), plan_.inputs, slice, all, deadline_));
    }
    for (std::size_t from = 0; from < blocks.size();) {
      std::size_t to = from + 1;
      while (to < blocks.size() && blocks[to].series == blocks[from].series && blocks[to].day == blocks[from].day) ++to;
      if (may_go(blocks[from])) {
        for (; from < to; ++from) removed_ += blocks[from].count;
        continue;
      }
      // Full blocks in front of each other may come from one run; joining them once more changes nothing.
      const bool alone = to - from == 1;
      DUHENG_TRY(Outputs::Output * output, output_for(blocks[from].day));
      DUHENG_CHECK(joiner_.join(std::span(blocks).subspan(from, to - from), alone, output->blocks));
      from = to;
    }
    return true;
  }

  [[nodiscard]] bool may_go(const StoredBlock& block) const {
    const auto rule = removable_.find(block.series);
    return rule != removable_.end() && block.day < rule->second;
  }

  [[nodiscard]] Result<Outputs::Output*> output_for(std::int64_t day) {
    DUHENG_TRY(const std::string place, place_for(day));
    Outputs::Output& output = outputs_.at(place);
    if (output.run == nullptr) {
      const std::lock_guard writing(state_.write_mutex);
      output.run = std::make_shared<CurveRun>();
      output.run->id = state_.next_run_id++;
      output.run->place = place;
      output.run->level = place == "hot" && plan_.target == MergePlan::Target::seal ? 1 : plan_.level;
      output.run->next_record = next_record_;
    }
    return &output;
  }

  [[nodiscard]] Result<std::string> place_for(std::int64_t day) {
    switch (plan_.target) {
      case MergePlan::Target::hot:
        return std::string("hot");
      case MergePlan::Target::in_place:
        return plan_.inputs.front()->place;
      case MergePlan::Target::seal:
        if (day >= plan_.closed_before) return std::string("hot");
        break;
      case MergePlan::Target::new_file:
        break;
    }
    const std::int32_t year = YearFiles::year_of_day(day);
    for (const YearFile& year_file : new_files_) {
      if (year_file.year == year) return year_file.place;
    }
    const std::lock_guard writing(state_.write_mutex);
    const YearFile* present = state_.years->newest_of(year);
    if (present != nullptr && plan_.target == MergePlan::Target::seal) return present->place;
    DUHENG_TRY(const YearFile made, state_.years->create(*state_.writer, year));
    new_files_.push_back(made);
    return made.place;
  }

  /// One transaction for each file.
  [[nodiscard]] Result<void> write_slice() {
    for (auto& [place, output] : outputs_.all()) {
      if (output.blocks.empty()) continue;
      const std::lock_guard writing(state_.write_mutex);
      DUHENG_CHECK(state_.check_writable());
      if (auto written = write_blocks(output); !written) {
        state_.abandon(written.error());
        return written;
      }
      output.created = true;
      output.blocks.clear();
    }
    return {};
  }

  [[nodiscard]] Result<void> write_blocks(Outputs::Output& output) {
    DuckDbSession& session = *state_.writer;
    DUHENG_CHECK(session.run("BEGIN TRANSACTION"));
    if (!output.created) DUHENG_CHECK(RunWriter::create(session, *output.run));
    DUHENG_TRY(auto rows, RunWriter::open(session, *output.run));
    for (const StoredBlock& block : output.blocks)
      rows.block(block.series, block.day, block.count, block.values, block.evidence);
    DUHENG_CHECK(rows.finish());
    return session.run("COMMIT");
  }

  State& state_;
  const MergePlan& plan_;
  const Deadline deadline_;
  std::uint32_t first_;
  std::uint32_t last_;
  std::uint64_t readings_ = 0;
  std::uint64_t next_record_ = 0;
  std::uint64_t removed_ = 0;
  std::unordered_map<std::uint32_t, std::int64_t> removable_;
  Outputs outputs_;
  DayJoiner joiner_;
  std::vector<YearFile> new_files_;
};

Result<void> DuckDbTelemetryStore::State::carry_out(const MergePlan& plan, const std::stop_token& cancel) {
  return Merger(*this, plan, cancel).run();
}

Result<void> DuckDbTelemetryStore::State::take_over(const MergePlan& plan, const RunList& made,
                                                    const std::vector<YearFile>& new_files, std::uint64_t removed) {
  const std::lock_guard writing(write_mutex);
  DUHENG_CHECK(check_writable());
  const auto exchange = [&]() -> Result<void> {
    DUHENG_CHECK(writer->run("BEGIN TRANSACTION"));
    for (const auto& run : plan.inputs)
      DUHENG_CHECK(writer->run(fmt::format("DELETE FROM hot.run WHERE id = {}::UBIGINT", run->id)));
    for (const auto& run : made) DUHENG_CHECK(enter_run(*run));
    if (removed > 0)
      DUHENG_CHECK(writer->run(fmt::format("UPDATE hot.position SET removed = removed + {}::UBIGINT", removed)));
    if (plan.target == MergePlan::Target::new_file) {
      const auto old = std::ranges::find(years->files(), plan.inputs.front()->place, &YearFile::place);
      if (old != years->files().end())
        DUHENG_CHECK(writer->run(fmt::format("DELETE FROM hot.year_file WHERE generation = {}", old->generation)));
    }
    for (const YearFile& year_file : new_files) {
      DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "year_file"));
      rows->set_blob(0, std::string_view{year_file.place});
      rows->set(1, year_file.year);
      rows->set(2, year_file.generation);
      rows->set(3, year_file.key_version);
      rows->next_row();
      DUHENG_CHECK(rows->finish());
    }
    return writer->run("COMMIT");
  };
  if (auto done = exchange(); !done) {
    abandon(done.error());
    return done;
  }
  for (const YearFile& year_file : new_files) years->enter(year_file);
  readings_removed += removed;
  const std::unique_lock lock(rows_mutex);
  for (const auto& gone : plan.inputs) {
    std::erase(runs, gone);
    retired.push_back(gone);
  }
  runs.insert(runs.end(), made.begin(), made.end());
  std::ranges::sort(runs, {}, [](const auto& run) { return run->id; });
  return {};
}

}  // namespace duheng::store
