#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "platform/edits/value_review.hpp"
#include "platform/history/background_work.hpp"
#include "platform/web/device_directory.hpp"

namespace duheng::drivers {
class ModelLibrary;
}

namespace duheng::platform {

struct ReviewWiringParts {
  records::Database& database;
  const store::TelemetryStore& telemetry;
  web::DeviceDirectory& directory;
  std::shared_ptr<const drivers::ModelLibrary> models;
  const Clock& clock;
  std::string time_zone;  ///< IANA, of the days that are examined
  /// Whether telemetry holds what the journal holds: half a day would look odd where it is only late.
  std::function<bool()> is_ready;
};

/// The review of stored values, at work on a thread of its own. All of the parts must outlive it.
class ReviewWiring {
 public:
  /// Errors: not_found - no such time zone.
  [[nodiscard]] static Result<std::unique_ptr<ReviewWiring>> start(ReviewWiringParts parts);
  [[nodiscard]] ValueReview& review() noexcept { return review_; }

 private:
  ReviewWiring(ReviewWiringParts parts, store::CivilCalendar calendar);
  const ReviewWiringParts parts_;
  ValueReview review_;
  BackgroundWork work_;
};

/// What a device's model says of a register that counts up: how fast it can, and where it turns over. DL/T 645-2007
/// (Annex A, Table A.1) and CJ/T 188 totals have eight BCD digits; of other protocols the turn is not known.
[[nodiscard]] store::SeriesPolicy policy_by_model(const drivers::ModelLibrary& models, const std::string& model,
                                                  const store::Series& series);

}  // namespace duheng::platform
