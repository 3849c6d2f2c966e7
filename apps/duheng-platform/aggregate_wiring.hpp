#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "platform/status/health.hpp"
#include "platform/web/aggregate_answers.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

struct AggregateWiringOptions {
  std::string directory;                    ///< made when missing; holds aggregates.db and nothing else
  std::string time_zone = "Asia/Shanghai";  ///< IANA, of all days and months; another one than before: made anew
  store::KeeperOptions keeper{};
};

struct AggregateStatus {
  bool open = false;
  bool catching_up = false;  ///< the last step found work
  std::int32_t today = 0;
  std::int32_t settled_through = store::KeeperState::none;
  bool changes_waiting = false;
  std::uint64_t frozen_changes = 0;
  std::uint64_t made_anew = 0;  ///< times the file was set aside: damage, another time zone, a newer release
  std::int64_t settled_through_utc_ms = 0;
  std::optional<Error> error{};  ///< of the last step
};

/// Keeps hours, days and months beside the telemetry store in an encrypted file of their own, and hands out who answers
/// from them. The file is derived: when it is damaged, of another time zone or of a newer release, it is set aside
/// (aggregates.db.set-aside) and made anew while the platform runs.
class AggregateWiring {
 public:
  /// Whether telemetry holds what the journal holds; while it is made again from the journal nothing is settled.
  using IsReady = std::function<bool()>;

  /// All references must outlive it. A file that cannot be opened now is tried again by step(). Errors: not_found - no
  /// such time zone.
  [[nodiscard]] static Result<std::unique_ptr<AggregateWiring>> open(AggregateWiringOptions options,
                                                                     store::TelemetryStore& telemetry,
                                                                     crypto::KeyProvider& keys, Disk& disk,
                                                                     const Clock& clock, IsReady is_ready);
  ~AggregateWiring();

  /// One bounded piece of the work, for BackgroundWork; true when there is more to do at once. From one thread.
  [[nodiscard]] Result<bool> step();
  /// Null while there is no file. Thread-safe.
  [[nodiscard]] std::shared_ptr<const web::AggregateAnswers> answers() const;
  /// As it was after the last step. Thread-safe.
  [[nodiscard]] AggregateStatus status() const;

 private:
  struct Opened;
  AggregateWiring(AggregateWiringOptions options, store::CivilCalendar calendar, store::TelemetryStore& telemetry,
                  crypto::KeyProvider& keys, Disk& disk, const Clock& clock, IsReady is_ready);
  [[nodiscard]] Result<void> reopen();
  [[nodiscard]] Result<std::shared_ptr<Opened>> open_file();
  [[nodiscard]] Result<void> set_aside(const Error& why);
  [[nodiscard]] Result<bool> keep_up();
  [[nodiscard]] Result<void> allow_removal();
  void close_damaged(const Error& error);
  [[nodiscard]] bool is_damaged(const Error& error);
  void note(const Result<bool>& outcome);
  [[nodiscard]] std::shared_ptr<Opened> current() const;

  const AggregateWiringOptions options_;
  const store::CivilCalendar calendar_;
  store::TelemetryStore& telemetry_;
  crypto::KeyProvider& keys_;
  Disk& disk_;
  const Clock& clock_;
  const IsReady is_ready_;
  std::atomic<bool> damage_seen_{false};

  // Of the thread that calls step().
  std::weak_ptr<Opened> closing_;         // of a damaged file that a question may still hold open
  std::optional<Error> set_aside_first_;  // why the file has to go before it is opened
  std::optional<std::int32_t> removal_allowed_on_;
  int corrupt_steps_ = 0;

  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<Opened> opened_;
  AggregateStatus status_;
};

/// What the status page says of it. Never "failed": readings are taken in and shown without aggregates.
[[nodiscard]] status::Finding aggregate_finding(const AggregateStatus& status);

}  // namespace duheng::platform
