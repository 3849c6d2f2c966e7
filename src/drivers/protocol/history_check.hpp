#pragma once
// For tests and fuzz targets only: what every history run must keep, whatever a device answers.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {

/// Gives out what a device may answer: octets, a refusal, or nothing any more.
class HistoryAnswers {
 public:
  virtual ~HistoryAnswers() = default;
  struct Answer {
    bool refused = false;
    std::uint32_t error = 0;
    Bytes payload;
  };
  [[nodiscard]] virtual Answer answer(const Query& question) = 0;
};

struct HistoryOutcome {
  std::vector<HistoryValue> values;
  std::vector<Query> questions;
  std::int64_t complete_through_utc_ms = 0;
  bool kept_its_word = true;  ///< stamps within the range, completeness within it and never going back
  bool ended = false;         ///< within `questions_max`
};

/// Runs a plan over a range with these answers.
inline HistoryOutcome run_history(const HistoryPlan& plan, const HistoryRange& range, HistoryAnswers& answers,
                                  std::size_t questions_max) {
  HistoryOutcome out;
  const auto run = plan.begin(range);
  std::int64_t complete = run->complete_through_utc_ms();
  const auto is_within = [&](std::int64_t utc_ms) { return utc_ms >= range.from_utc_ms && utc_ms <= range.to_utc_ms; };
  out.kept_its_word = is_within(complete);
  while (out.questions.size() < questions_max) {
    const auto question = run->next();
    if (!question) {
      out.ended = true;
      break;
    }
    out.questions.push_back(*question);
    const auto answer = answers.answer(*question);
    const std::size_t before = out.values.size();
    if (answer.refused)
      static_cast<void>(run->refused(answer.error));
    else
      static_cast<void>(run->answered(answer.payload, out.values));
    for (std::size_t i = before; i < out.values.size(); ++i)
      if (out.values[i].time_utc_ms <= range.from_utc_ms || !is_within(out.values[i].time_utc_ms))
        out.kept_its_word = false;
    const std::int64_t now_complete = run->complete_through_utc_ms();
    if (now_complete < complete || !is_within(now_complete)) out.kept_its_word = false;
    complete = now_complete;
  }
  out.complete_through_utc_ms = complete;
  return out;
}

}  // namespace duheng::drivers
