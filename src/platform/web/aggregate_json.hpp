#pragma once
// Private to the handlers of aggregates: brings nlohmann-json in.
#include <cstdint>
#include <memory>
#include <string>

#include "platform/web/aggregate_answers.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/router.hpp"
#include "store/aggregates/aggregate_row.hpp"
#include "store/aggregates/aggregate_store.hpp"

namespace duheng::platform::web {

/// Errors: unavailable - no aggregates are kept here, or they are being made anew: try again later.
[[nodiscard]] Result<std::shared_ptr<const AggregateAnswers>> aggregates_of(const ApiServices& services);

/// Passes a store's answer on; damaged rows are told to whoever keeps them.
template <class T>
[[nodiscard]] Result<T> told(const AggregateAnswers& answers, Result<T> got) {
  if (!got && got.error().code == ErrorCode::storage_corrupt) answers.damage_seen = true;
  return got;
}

/// "from" and "to" of a query, both included.
struct AskedDays {
  std::int32_t first = 0;
  std::int32_t last = 0;
};
/// Reads them and ends the reading of the query. Errors: invalid_argument; limit_exceeded - over `days_max`.
[[nodiscard]] Result<AskedDays> asked_days(RequestContext& context, std::int32_t days_max);

/// Words for aggregate_findings, e.g. ["roll_over", "conflict"].
[[nodiscard]] Json findings_json(std::uint16_t findings);
/// A date, or null for KeeperState::none.
[[nodiscard]] Json day_or_null(std::int32_t day);

/// One bucket. `increase_shown`: whether the value it starts from is the caller's to know.
[[nodiscard]] Json row_json(const store::Series& series, const store::AggregateRow& row, bool counts_up,
                            bool increase_shown);

/// How whole a bucket is, and how much of it is estimated: "expected", "completeness", "share_estimated".
[[nodiscard]] Json quality_json(const store::AggregateRow& row, std::int64_t interval_ms);

}  // namespace duheng::platform::web
