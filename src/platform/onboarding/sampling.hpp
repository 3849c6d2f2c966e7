#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drivers/models/poll_plan.hpp"
#include "platform/devices/devices.hpp"
#include "platform/onboarding/interval_book.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {

using IntervalChangeNumber = std::int64_t;

/// What is asked for, of one device or thousands.
struct NewIntervalChange {
  std::vector<DeviceId> devices;
  std::string group;             ///< of the devices' models
  std::string register_name;     ///< of that group; empty: all of it
  std::int64_t interval_ms = 0;  ///< 0: as the model says again
  std::string reason;
};

/// What has become of it at one device.
enum class IntervalState : std::uint8_t {
  pending,     ///< its gateway has not taken it yet
  in_force,    ///< its gateway reads so
  refused,     ///< by the platform or the gateway: nothing has changed
  superseded,  ///< a later change is in its place
};
[[nodiscard]] std::string_view to_string(IntervalState state) noexcept;

struct IntervalChange {
  IntervalChangeNumber number = 0;
  std::string group;
  std::string register_name;
  std::int64_t interval_ms = 0;
  std::string reason;
  std::string created_by_name;
  std::int64_t created_utc_ms = 0;
  std::int64_t devices = 0;  ///< all, also those outside the caller's scope
};
struct IntervalChangePage {
  std::vector<IntervalChange> changes;
  std::int64_t total = 0;
};
struct IntervalResult {
  DeviceId device{};
  std::string device_name;
  std::string device_uid;
  IntervalState state = IntervalState::pending;
  std::string reason;  ///< of a refusal: device_of_file, not_in_model, out_of_bounds, gateway_refused
  std::string detail;
};
struct IntervalResults {
  IntervalChange change;
  std::vector<IntervalResult> results;
  std::int64_t total = 0;       ///< of the caller's scope
  std::int64_t counts[4] = {};  ///< by IntervalState
};

/// One group of a device's model and how often it is read.
struct SamplingRow {
  std::string group;
  std::string register_name;           ///< empty: the group
  std::vector<std::string> registers;  ///< read at this period
  std::int64_t model_ms = 0;
  std::int64_t wanted_ms = 0;  ///< by the plan
  std::int64_t minimum_ms = 0;
  std::int64_t maximum_ms = 0;
  std::optional<control::RoundTiming> measured;  ///< as the gateway told last; its interval is what is in force
};
struct DeviceSampling {
  bool is_planned = false;  ///< else it stands in its gateway's own file and follows its model
  bool is_applied = false;  ///< the gateway stands by the plan that holds these periods
  std::string problem;      ///< why the gateway keeps to the model's periods; empty: it does not
  std::vector<SamplingRow> rounds;
  std::vector<FieldInterval> set;  ///< what stands in the plan
};

/// How often devices are read, set from afar: part of their gateways' plans, so versioned, repeated until taken, undone
/// like any other change. Thread-safe. Needs the tables of PlanBook, Devices and OrderService.
class Sampling final : public IntervalBook {
 public:
  static constexpr std::size_t devices_max = 100'000;  ///< of one change
  Sampling(records::Database& database, const Clock& clock, PlanBook& plans,
           std::shared_ptr<const drivers::ModelLibrary> models)
      : database_(database), clock_(clock), plans_(plans), models_(std::move(models)) {}

  /// Devices outside the author's scope are not_found. A device that cannot be read so is refused, the others go on.
  /// Errors: not_found; invalid_argument - no group, a period of no sense; limit_exceeded; forbidden - no operator.
  [[nodiscard]] Result<IntervalChangeNumber> set(const Author& author, const NewIntervalChange& change);
  /// Newest first; those with a device in the scope.
  [[nodiscard]] Result<IntervalChangePage> changes(const Scope& scope, std::int64_t page, std::int64_t page_size);
  /// By device. Errors: not_found.
  [[nodiscard]] Result<IntervalResults> results(const Scope& scope, IntervalChangeNumber number, std::int64_t page,
                                                std::int64_t page_size);
  /// Errors: not_found.
  [[nodiscard]] Result<DeviceSampling> device(const Scope& scope, DeviceId device);
  [[nodiscard]] Result<std::vector<IntervalSegment>> intervals(DeviceId device, std::int64_t from_utc_ms,
                                                               std::int64_t to_utc_ms) override;

 private:
  struct Row;
  class GatewayWords;
  [[nodiscard]] Result<std::string> refusal(records::Transaction& t, DeviceId device, const std::string& model,
                                            const NewIntervalChange& change, std::string& detail) const;

  [[nodiscard]] Result<void> note_refusal(const Author& author, const NewIntervalChange& change);

  records::Database& database_;
  const Clock& clock_;
  PlanBook& plans_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
};

}  // namespace duheng::platform
