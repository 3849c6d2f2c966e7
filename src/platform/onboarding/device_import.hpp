#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/onboarding.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {

namespace import_limits {
inline constexpr std::size_t file_bytes_max = 16U << 20;
inline constexpr std::size_t lines_max = 100'000;
inline constexpr std::size_t held_max = 8;      ///< files being checked, waiting to be committed, or committed
inline constexpr std::size_t listed_max = 200;  ///< of everybody; older ones are forgotten
inline constexpr std::int64_t held_ms_max = 2 * 3'600'000;
}  // namespace import_limits

struct ImportFault {
  std::size_t line = 0;  ///< of the file, from 1
  std::string column{};  ///< empty: the line as a whole
  ErrorCode code = ErrorCode::malformed;
  std::string message{};
};

enum class ImportState : std::uint8_t { checking, checked, committing, done, failed, cancelled };
[[nodiscard]] std::string_view to_string(ImportState state) noexcept;

struct DeviceImport {
  std::int64_t id = 0;
  std::string name{};
  ImportState state = ImportState::checking;
  std::size_t lines = 0;
  std::size_t lines_checked = 0;
  std::size_t good_lines = 0;
  std::size_t bad_lines = 0;
  std::size_t devices_made = 0;
  std::int64_t started_utc_ms = 0;
  std::int64_t finished_utc_ms = 0;  ///< 0: not yet
  std::string reason{};
  std::vector<ImportFault> faults{};
};

enum class CommitMode : std::uint8_t { all_or_nothing, good_lines };

/// Devices by file: checked first, made only when somebody says so. One thread works them off in turn; everything about
/// them is in memory, so that a restart forgets what was not committed. Thread-safe. A person sees only their own.
class DeviceImports {
 public:
  static constexpr std::size_t faults_shown_max = 200;
  DeviceImports(Onboarding& onboarding, Organisations& organisations, Sites& sites, Gateways& gateways);
  /// Stops between two lines; what was not committed is not made.
  ~DeviceImports();
  DeviceImports(const DeviceImports&) = delete;
  DeviceImports& operator=(const DeviceImports&) = delete;

  /// Errors: limit_exceeded - the file is too large; unavailable - too many files are held: commit or cancel some;
  /// invalid_argument - its name.
  [[nodiscard]] Result<DeviceImport> start(const Author& author, std::string_view name, ByteView file);
  /// Newest first, each with the first `faults_shown_max` faults.
  [[nodiscard]] std::vector<DeviceImport> list(const Author& author) const;
  /// Errors: not_found.
  [[nodiscard]] Result<DeviceImport> get(const Author& author, std::int64_t id) const;
  /// All faults as a file for a spreadsheet: line, column, code, message.
  [[nodiscard]] Result<std::string> faults_csv(const Author& author, std::int64_t id) const;
  /// Errors: not_found; conflict - it is not checked, or lines are wrong and the mode is all_or_nothing.
  [[nodiscard]] Result<DeviceImport> commit(const Author& author, std::int64_t id, CommitMode mode);
  /// Errors: not_found; conflict - it is over.
  [[nodiscard]] Result<DeviceImport> cancel(const Author& author, std::int64_t id);

  /// The header and an example line, with a mark, so that spreadsheets take it for UTF-8.
  [[nodiscard]] static std::string template_csv();

 private:
  struct Held;
  using Task = std::pair<std::shared_ptr<Held>, bool>;  // true: commit
  void run(const std::stop_token& stop);
  void check(Held& held);
  void commit_now(Held& held);
  [[nodiscard]] Result<void> read_file(Held& held);
  [[nodiscard]] Result<void> check_lines(Held& held);
  [[nodiscard]] Result<void> make_all(Held& held);
  [[nodiscard]] Result<void> make_good(Held& held);
  [[nodiscard]] Result<std::size_t> make_piece(Held& held, std::size_t from, std::size_t count);
  void finish(Held& held, ImportState state, std::string reason);
  [[nodiscard]] std::shared_ptr<Held> find(const Author& author, std::int64_t id) const;
  void forget_old(std::int64_t now_ms);
  [[nodiscard]] std::size_t held_files() const;

  Onboarding& onboarding_;
  Organisations& organisations_;
  Sites& sites_;
  Gateways& gateways_;
  mutable std::mutex mutex_;
  std::condition_variable_any ready_;
  std::map<std::int64_t, std::shared_ptr<Held>> imports_;
  std::deque<Task> tasks_;
  std::int64_t next_id_ = 1;
  bool stopping_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform
