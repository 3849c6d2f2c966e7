#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/models/model_operations.hpp"
#include "platform/orders/device_guards.hpp"
#include "platform/orders/order_book.hpp"

namespace duheng::platform {

using JobNumber = std::int64_t;
using drivers::Danger;

/// Stored: append, never renumber.
enum class JobState : std::uint8_t { awaiting_confirmation = 1, running = 2, finished = 3, cancelled = 4, lapsed = 5 };
[[nodiscard]] std::string_view to_string(JobState state) noexcept;
[[nodiscard]] std::optional<JobState> job_state_of(std::string_view name) noexcept;

/// A device that a job is for. Whoever makes the list has seen to it that it lies in the author's scope.
struct JobTarget {
  DeviceId device{};
  GatewayId gateway{};     ///< 0: nobody reads it, its order is refused at once
  std::string device_uid;  ///< as the gateway knows it
  std::string model;
};

/// What is asked of devices.
struct JobContent {
  OrderKind kind = OrderKind::read;
  std::string name;                      ///< of the model's command, parameter or history
  std::vector<std::string> registers;    ///< read
  std::string item;                      ///< read: one item as a model file writes it, in place of `registers`
  std::vector<OrderArgument> arguments;  ///< parameter: "value"
  std::int64_t from_utc_ms = 0;          ///< history
  std::int64_t to_utc_ms = 0;
};

struct NewJob {
  JobContent content;
  std::string reason;
  std::int64_t lifetime_ms = 0;          ///< 0: by kind and size
  std::optional<DeviceAccess> access{};  ///< for this job only, kept in memory and never stored
  std::vector<JobTarget> targets;
};

struct JobCounts {
  std::map<OrderStage, std::int64_t> by_stage;
  [[nodiscard]] std::int64_t of(OrderStage stage) const {
    const auto at = by_stage.find(stage);
    return at == by_stage.end() ? 0 : at->second;
  }
};

struct Job {
  JobNumber number = 0;
  JobContent content;  ///< secret arguments are empty
  std::vector<std::string> secret_arguments;
  std::string title_zh;
  std::string title_en;
  Danger danger = Danger::none;
  JobState state = JobState::running;
  std::string reason;
  UserId created_by{};
  std::string created_by_name;
  std::int64_t created_utc_ms = 0;
  std::string confirmed_by_name;
  std::int64_t confirm_by_utc_ms = 0;  ///< 0: needs no confirmation
  bool needs_second_person = false;
  std::int64_t lifetime_ms = 0;
  std::int64_t devices = 0;  ///< all, also those outside the caller's scope
  std::int64_t finished_utc_ms = 0;
  bool cancel_wanted = false;
  bool needs_memory = false;  ///< a password or secret argument was given with it, which no restart survives
  JobCounts counts;           ///< of the caller's scope
  DeviceId device{};          ///< of a job for one device
  std::string device_name;
};

struct JobQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  DeviceId device{};
  std::optional<JobState> state{};
};
struct JobPage {
  std::vector<Job> jobs;
  std::int64_t total = 0;
};

struct OrderRow {
  OrderNumber number = 0;
  JobNumber job = 0;
  DeviceId device{};
  std::string device_name;
  std::string device_uid;
  std::string device_address;
  OrderStage stage = OrderStage::queued;
  std::string reason;
  std::string detail;
  std::int64_t created_utc_ms = 0;
  std::int64_t changed_utc_ms = 0;
  std::vector<OrderValue> values;
  std::vector<OrderFrame> frames;  ///< order() alone fills it
};
struct OrderQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  std::optional<OrderStage> stage{};
};
struct OrderPage {
  std::vector<OrderRow> orders;
  std::int64_t total = 0;
};

}  // namespace duheng::platform
