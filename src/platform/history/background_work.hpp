#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace duheng::platform {

/// A kind of work that is done in steps whenever there is some.
struct WorkKind {
  std::string name;  ///< for log and status, e.g. "maintain telemetry"
  /// One bounded piece; true when there is more to do at once. A piece that may take seconds looks at the token, which
  /// is stopped when the program ends, and answers `cancelled`.
  std::function<Result<bool>(const std::stop_token&)> step;
  std::int64_t idle_ms = 1'000;    ///< after "nothing to do", before it is asked again
  std::int64_t retry_ms = 10'000;  ///< after an error
  std::int64_t yield_ms = 0;       ///< between two pieces
};

struct WorkStatus {
  std::string name;
  std::uint64_t steps = 0;  ///< pieces done
  std::uint64_t failures = 0;
  std::int64_t longest_step_ms = 0;
  std::optional<Error> error{};  ///< of the last try; nothing when it succeeded
};

/// One thread that does several kinds of background work in turn, so that they never compete with each other for the
/// machine. An error of one kind delays that kind alone.
class BackgroundWork {
 public:
  BackgroundWork(const Clock& clock, std::vector<WorkKind> kinds);
  /// Stops the thread if it runs; a step under way is asked to end and awaited.
  ~BackgroundWork();

  /// Gives every kind that is due one step. Returns for how long nothing is due, 0 when there is more to do at once.
  /// Not beside the thread.
  [[nodiscard]] std::int64_t turn(const std::stop_token& stop = {});
  void start();
  void stop();
  [[nodiscard]] std::vector<WorkStatus> status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform
