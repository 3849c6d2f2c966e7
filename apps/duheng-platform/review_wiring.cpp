#include "review_wiring.hpp"

#include <algorithm>

#include "drivers/models/device_model.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t idle_ms = 60'000;
constexpr std::int64_t yield_ms = 20;  // nobody waits for it
constexpr std::int64_t eight_digits = 100'000'000;
constexpr std::int64_t seconds_per_hour = 3'600;

/// Units of the register in an hour, rounded up; 0 when it cannot be said.
std::int64_t per_hour(const Decimal& per_second, std::int8_t exponent) {
  store::Int128 rate = store::Int128{per_second.mantissa} * seconds_per_hour;
  const auto digits = static_cast<std::int32_t>(per_second.exponent) - static_cast<std::int32_t>(exponent);
  for (std::int32_t i = 0; i < digits; ++i) rate *= 10;
  for (std::int32_t i = 0; i < -digits; ++i) rate = (rate + 9) / 10;
  return rate > 0 && rate < INT64_MAX ? static_cast<std::int64_t>(rate) : 0;
}

store::SeriesPolicy policy_of(const ReviewWiringParts& parts, const store::Source& source,
                              const store::Series& series) {
  const auto snapshot = parts.directory.snapshot();
  if (!snapshot || !parts.models) return store::default_series_policy(series);
  const web::DirectoryDevice* device = (*snapshot)->owner({source.gateway, source.device_uid}, parts.clock.utc_ms());
  return policy_by_model(*parts.models, device == nullptr ? std::string{} : device->device.details.model, series);
}

}  // namespace

store::SeriesPolicy policy_by_model(const drivers::ModelLibrary& models, const std::string& model,
                                    const store::Series& series) {
  store::SeriesPolicy out = store::default_series_policy(series);
  const auto found = models.find(model);
  if (!found) return out;
  const auto place = drivers::find_register(*found, series.register_name);
  if (place) {
    const drivers::ModelItem& item = place->question->items[place->item];
    out.counts_up = out.counts_up || (item.rule.counts_up && series.kind == SeriesKind::decimal);
    if (item.rule.rate_max_per_s) out.rule.rate_max_per_hour = per_hour(*item.rule.rate_max_per_s, series.exponent);
  }
  const bool has_eight_digits = model.starts_with("dlt645") || model.starts_with("cjt188");
  if (out.counts_up && has_eight_digits) out.rule.modulus = eight_digits;
  return out;
}

Result<std::unique_ptr<ReviewWiring>> ReviewWiring::start(ReviewWiringParts parts) {
  DUHENG_TRY(store::CivilCalendar calendar, store::CivilCalendar::open(parts.time_zone));
  auto out = std::unique_ptr<ReviewWiring>(new ReviewWiring(std::move(parts), std::move(calendar)));
  out->work_.start();
  return out;
}

ReviewWiring::ReviewWiring(ReviewWiringParts parts, store::CivilCalendar calendar)
    : parts_(std::move(parts)),
      review_(parts_.database, parts_.telemetry, std::move(calendar), parts_.clock,
              [this](const store::Source& source, const store::Series& series) {
                return policy_of(parts_, source, series);
              }),
      work_(parts_.clock, {{.name = "review of stored values",
                            .step = [this](const std::stop_token&) -> Result<bool> {
                              if (!parts_.is_ready()) return false;
                              return review_.step();
                            },
                            .idle_ms = idle_ms,
                            .yield_ms = yield_ms}}) {}

}  // namespace duheng::platform
