#pragma once
// Internal to this folder: alarms and their history in the records.
#include <map>
#include <vector>

#include "crypto/hash.hpp"
#include "platform/alarms/alarm_book.hpp"

namespace duheng::platform::alarms::tables {

using records::Transaction;

[[nodiscard]] records::Capability migrations();
[[nodiscard]] Result<void> store(Transaction& transaction, const Alarm& alarm, std::int64_t now_utc_ms);
/// Adds to the history; `hash` is that of the entry before and becomes that of this one.
[[nodiscard]] Result<void> append(Transaction& transaction, const Transition& transition, crypto::Hash256& hash);

struct HistoryEnd {
  std::int64_t entries = 0;
  crypto::Hash256 hash{};
};
/// Errors: storage_corrupt - the last entry does not follow from the one before.
[[nodiscard]] Result<HistoryEnd> history_end(Transaction& transaction);
/// As AlarmBook::verify_history().
[[nodiscard]] Result<std::int64_t> verify_history(Transaction& transaction);

[[nodiscard]] Result<std::vector<Alarm>> open_alarms(Transaction& transaction);
[[nodiscard]] Result<std::int64_t> last_number(Transaction& transaction);

[[nodiscard]] Result<AlarmPage> list(Transaction& transaction, const Scope& scope, const AlarmQuery& query);
[[nodiscard]] Result<std::optional<AlarmRow>> find(Transaction& transaction, const Scope& scope, std::int64_t number);
[[nodiscard]] Result<std::vector<Transition>> history(Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<AlarmCounts> counts(Transaction& transaction, const Scope& scope);

}  // namespace duheng::platform::alarms::tables
