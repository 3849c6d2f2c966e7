#include "journal_upkeep.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "store/journal/segment_shipping.hpp"

namespace duheng::platform {
namespace {
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::size_t segments_at_once = 4;
}  // namespace

void JournalUpkeep::look() {
  index();
  if (!options_.ship_to.empty() && is_due(ship_at_ms_, ship_every_ms)) ship();
  if (options_.keep_days > 0 && is_due(remove_at_ms_, remove_every_ms)) remove();
}

JournalUpkeepStatus JournalUpkeep::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

bool JournalUpkeep::is_due(std::int64_t& next_ms, std::int64_t every_ms) const {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (now_ms < next_ms) return false;
  next_ms = now_ms + every_ms;
  return true;
}

void JournalUpkeep::note_failure(std::string_view what, const Error& error) {
  {
    const std::lock_guard lock(mutex_);
    ++status_.failures;
  }
  if (told_ == error.message) return;
  told_ = error.message;
  log::warning("journal", what, {{"error", error}});
}

void JournalUpkeep::index() {
  if (const auto more = journal_.index_frames(); !more)
    note_failure("the index of frames is not complete", more.error());
}

void JournalUpkeep::ship() {
  const auto shipped = store::ship_closed_segments(journal_, disk_, options_.ship_to, segments_at_once);
  if (!shipped) {
    note_failure("closed segments could not be copied", shipped.error());
    return;
  }
  if (shipped->more) ship_at_ms_ = INT64_MIN;
  {
    const std::lock_guard lock(mutex_);
    status_.segments_shipped += shipped->segments_shipped;
  }
  if (shipped->next_number <= journal_.backup_watermark()) return;
  if (const auto set = journal_.set_backup_watermark(shipped->next_number); !set)
    note_failure("the backup watermark could not be kept", set.error());
}

void JournalUpkeep::remove() {
  const std::uint64_t first_before = journal_.first_number();
  const auto first = journal_.remove_older_than(clock_.utc_ms() - options_.keep_days * day_ms);
  if (!first) note_failure("old segments could not be removed", first.error());
  const std::uint64_t first_now = journal_.first_number();
  if (first_now == first_before) return;
  {
    const std::lock_guard lock(mutex_);
    status_.records_removed += first_now - first_before;
  }
  log::info("journal", "old records were removed", {{"from", first_before}, {"to", first_now - 1}});
  on_removed_(first_now);
}

}  // namespace duheng::platform
