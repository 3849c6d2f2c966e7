#pragma once
#include <atomic>
#include <condition_variable>
#include <duckdb.h>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace duheng::store {

/// What DuckDB reports, told as what the caller should do next.
[[nodiscard]] Error duckdb_failure(duckdb_error_type type, std::string_view message);

/// The end of a question's time. Uses the injected clock, so that a test need not wait.
class Deadline {
 public:
  Deadline(const Clock& clock, std::int64_t timeout_ms, std::stop_token cancel)
      : clock_(&clock), end_ns_(clock.monotonic_ns() + timeout_ms * 1'000'000), cancel_(std::move(cancel)) {}
  /// Errors: timed_out, cancelled.
  [[nodiscard]] Result<void> check() const;
  [[nodiscard]] std::int64_t remaining_ms() const { return (end_ns_ - clock_->monotonic_ns()) / 1'000'000; }

 private:
  const Clock* clock_;
  std::int64_t end_ns_;
  std::stop_token cancel_;
};

/// One chunk of a result, column by column. Valid inside the callback that gets it.
class Chunk {
 public:
  explicit Chunk(duckdb_data_chunk chunk) : chunk_(chunk), size_(duckdb_data_chunk_get_size(chunk)) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// The column's values; T must be the column's C type. Columns of our tables hold no NULL.
  template <class T>
  [[nodiscard]] const T* column(std::size_t index) const {
    return static_cast<const T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, index)));
  }
  [[nodiscard]] std::string_view blob(std::size_t column_index, std::size_t row) const {
    auto* strings =
        static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, column_index)));
    return {duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row])};
  }

 private:
  duckdb_data_chunk chunk_;
  std::size_t size_;
};
/// Stops the statement with its error.
using OnChunk = std::function<Result<void>(const Chunk&)>;

/// A connection to the engine. One thread at a time.
class DuckDbSession {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DuckDbSession>> connect(duckdb_database database);
  ~DuckDbSession();
  DuckDbSession(const DuckDbSession&) = delete;
  DuckDbSession& operator=(const DuckDbSession&) = delete;

  /// Runs a statement whose result does not matter.
  [[nodiscard]] Result<void> run(const std::string& sql);
  /// Runs a question in small steps until it is answered or its time is over; nothing is left running afterwards.
  [[nodiscard]] Result<void> ask(const std::string& sql, const Deadline& deadline, const OnChunk& on_chunk);
  /// Runs a question of any size, its answer in a stream: for loading and digests, not for people who wait.
  [[nodiscard]] Result<void> stream(const std::string& sql, const OnChunk& on_chunk);
  [[nodiscard]] duckdb_connection handle() const noexcept { return connection_; }

 private:
  explicit DuckDbSession(duckdb_connection connection) : connection_(connection) {}
  [[nodiscard]] Result<void> in_one_snapshot(const std::function<Result<void>()>& body);
  duckdb_connection connection_;
};

/// Lets questions pass and, now and then, closes for a checkpoint, which would make writers wait for slow readers.
class ReaderGate {
 public:
  /// Waits while the gate is closed. Errors: timed_out, cancelled.
  [[nodiscard]] Result<void> enter(const Deadline& deadline);
  void leave();
  /// Closes if nobody is inside.
  [[nodiscard]] bool try_close();
  /// Lets nobody in any more and waits until all are out. False, and open again, when that took longer than
  /// `timeout_ms`.
  [[nodiscard]] bool close(std::int64_t timeout_ms);
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool closed_ = false;
};

/// A bounded number of sessions for questions; whoever finds none waits for one.
class SessionPool {
 public:
  explicit SessionPool(ReaderGate& gate) : gate_(gate) {}
  void add(std::unique_ptr<DuckDbSession> session);
  void clear();

  /// Holds a session and a place inside the gate.
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<DuckDbSession> session) : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    DuckDbSession* operator->() const noexcept { return session_.get(); }

   private:
    SessionPool* pool_;
    std::unique_ptr<DuckDbSession> session_;
  };
  /// Errors: timed_out, cancelled.
  [[nodiscard]] Result<Lease> take(const Deadline& deadline);

 private:
  void give_back(std::unique_ptr<DuckDbSession> session);
  ReaderGate& gate_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<DuckDbSession>> free_;
};

}  // namespace duheng::store
