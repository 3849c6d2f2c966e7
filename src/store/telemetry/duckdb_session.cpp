#include "store/telemetry/duckdb_session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/format.h>
#include <thread>

namespace duheng::store {
namespace {

// Waiting ends at whichever comes first, a change or this; then deadline and cancellation are looked at again.
constexpr std::chrono::milliseconds look_again{10};

bool has_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

class Statement {
 public:
  Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    if (pending_ != nullptr) duckdb_destroy_pending(&pending_);
    duckdb_destroy_result(&result_);
    if (prepared_ != nullptr) duckdb_destroy_prepare(&prepared_);
  }
  Result<void> prepare(duckdb_connection connection, const std::string& sql) {
    if (duckdb_prepare(connection, sql.c_str(), &prepared_) == DuckDBSuccess) return {};
    return std::unexpected(failure(DUCKDB_ERROR_BINDER, duckdb_prepare_error(prepared_)));
  }
  Result<void> start() {
    if (duckdb_pending_prepared(prepared_, &pending_) == DuckDBSuccess) return {};
    return std::unexpected(failure(DUCKDB_ERROR_EXECUTOR, duckdb_pending_error(pending_)));
  }
  Result<void> finish_in_steps(const Deadline& deadline) {
    while (true) {
      DUHENG_CHECK(deadline.check());
      const duckdb_pending_state state = duckdb_pending_execute_task(pending_);
      if (state == DUCKDB_PENDING_ERROR) break;
      if (duckdb_pending_execution_is_finished(state)) break;
      // The engine's own threads have all that is left to do.
      if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    if (duckdb_execute_pending(pending_, &result_) == DuckDBSuccess) return {};
    return std::unexpected(failure(duckdb_result_error_type(&result_), duckdb_result_error(&result_)));
  }
  Result<void> start_stream() {
    if (duckdb_pending_prepared_streaming(prepared_, &pending_) != DuckDBSuccess)
      return std::unexpected(failure(DUCKDB_ERROR_EXECUTOR, duckdb_pending_error(pending_)));
    if (duckdb_execute_pending(pending_, &result_) == DuckDBSuccess) return {};
    return std::unexpected(failure(duckdb_result_error_type(&result_), duckdb_result_error(&result_)));
  }
  Result<void> fetch_all(const OnChunk& on_chunk) {
    while (true) {
      duckdb_data_chunk chunk = duckdb_fetch_chunk(result_);
      if (chunk == nullptr) break;
      const Chunk view(chunk);
      auto taken = view.size() > 0 ? on_chunk(view) : Result<void>{};
      duckdb_destroy_data_chunk(&chunk);
      if (!taken) return taken;
    }
    // A stream that broke off also ends without a chunk.
    const char* message = duckdb_result_error(&result_);
    if (message != nullptr && *message != '\0')
      return std::unexpected(failure(duckdb_result_error_type(&result_), message));
    return {};
  }

 private:
  static Error failure(duckdb_error_type type, const char* message) {
    return duckdb_failure(type, message == nullptr ? "no reason given" : message);
  }
  duckdb_prepared_statement prepared_ = nullptr;
  duckdb_pending_result pending_ = nullptr;
  duckdb_result result_{};
};

}  // namespace

Error duckdb_failure(duckdb_error_type type, std::string_view message) {
  message = message.substr(0, message.find("\n\nStack Trace"));
  const auto as = [&](ErrorCode code) { return Error{code, fmt::format("telemetry engine: {}", message)}; };
  // After a fatal error the engine refuses everything and quotes that error; only opening again helps.
  if (has_any(message, {"has been invalidated"})) return as(ErrorCode::storage_failed);
  if (has_any(message, {"No space left", "File too large", "Disk quota"})) return as(ErrorCode::storage_full);
  if (has_any(message, {"set lock on file"})) return as(ErrorCode::unavailable);
  if (has_any(message, {"does not match", "orrupt", "checksum", "deserialize"})) return as(ErrorCode::storage_corrupt);
  switch (type) {
    case DUCKDB_ERROR_INTERRUPT:
      return as(ErrorCode::cancelled);
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      return as(ErrorCode::limit_exceeded);
    case DUCKDB_ERROR_SERIALIZATION:
      return as(ErrorCode::storage_corrupt);
    case DUCKDB_ERROR_IO:
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_PERMISSION:
      return as(ErrorCode::storage_failed);
    default:
      return as(has_any(message, {"IO Error"}) ? ErrorCode::storage_failed : ErrorCode::internal);
  }
}

Result<void> Deadline::check() const {
  if (cancel_.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
  if (clock_->monotonic_ns() >= end_ns_) return fail(ErrorCode::timed_out, "the question took longer than it may");
  return {};
}

Result<std::unique_ptr<DuckDbSession>> DuckDbSession::connect(duckdb_database database) {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database, &connection) != DuckDBSuccess)
    return fail(ErrorCode::internal, "telemetry engine: no connection");
  return std::unique_ptr<DuckDbSession>(new DuckDbSession(connection));
}

DuckDbSession::~DuckDbSession() { duckdb_disconnect(&connection_); }

Result<void> DuckDbSession::run(const std::string& sql) {
  duckdb_result result{};
  const bool failed = duckdb_query(connection_, sql.c_str(), &result) != DuckDBSuccess;
  Error error;
  if (failed) {
    const char* message = duckdb_result_error(&result);
    error = duckdb_failure(duckdb_result_error_type(&result), message == nullptr ? "no reason given" : message);
  }
  duckdb_destroy_result(&result);
  if (failed) return std::unexpected(std::move(error));
  return {};
}

// The engine plans a prepared statement by the table's statistics of that moment and executes it in another
// transaction. Rows that came in between may lie outside those statistics: then it sorted wrongly (seen with 1.4.4:
// sort keys narrowed to 16 bits overflowed). In one transaction both see the same rows.
Result<void> DuckDbSession::in_one_snapshot(const std::function<Result<void>()>& body) {
  DUHENG_CHECK(run("BEGIN TRANSACTION READ ONLY"));
  auto done = body();
  // Also ends a statement that was broken off.
  if (auto ended = run(done ? "COMMIT" : "ROLLBACK"); done && !ended) return ended;
  return done;
}

Result<void> DuckDbSession::ask(const std::string& sql, const Deadline& deadline, const OnChunk& on_chunk) {
  DUHENG_CHECK(deadline.check());
  return in_one_snapshot([&]() -> Result<void> {
    Statement statement;
    DUHENG_CHECK(statement.prepare(connection_, sql));
    DUHENG_CHECK(statement.start());
    if (auto finished = statement.finish_in_steps(deadline); !finished) {
      duckdb_interrupt(connection_);
      return finished;
    }
    return statement.fetch_all(on_chunk);
  });
}

Result<void> DuckDbSession::stream(const std::string& sql, const OnChunk& on_chunk) {
  return in_one_snapshot([&]() -> Result<void> {
    Statement statement;
    DUHENG_CHECK(statement.prepare(connection_, sql));
    DUHENG_CHECK(statement.start_stream());
    return statement.fetch_all(on_chunk);
  });
}

Result<void> ReaderGate::enter(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  while (closed_) {
    DUHENG_CHECK(deadline.check());
    changed_.wait_for(lock, look_again);
  }
  ++inside_;
  return {};
}

void ReaderGate::leave() {
  const std::lock_guard lock(mutex_);
  --inside_;
  changed_.notify_all();
}

bool ReaderGate::try_close() {
  const std::lock_guard lock(mutex_);
  if (closed_ || inside_ > 0) return false;
  closed_ = true;
  return true;
}

bool ReaderGate::close(std::int64_t timeout_ms) {
  std::unique_lock lock(mutex_);
  if (closed_) return false;
  closed_ = true;
  const bool empty = changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return inside_ == 0; });
  if (!empty) {
    closed_ = false;
    changed_.notify_all();
  }
  return empty;
}

void ReaderGate::open() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
  changed_.notify_all();
}

void SessionPool::add(std::unique_ptr<DuckDbSession> session) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(session));
}

void SessionPool::clear() {
  const std::lock_guard lock(mutex_);
  free_.clear();
}

Result<SessionPool::Lease> SessionPool::take(const Deadline& deadline) {
  std::unique_ptr<DuckDbSession> session;
  {
    std::unique_lock lock(mutex_);
    while (free_.empty()) {
      DUHENG_CHECK(deadline.check());
      returned_.wait_for(lock, look_again);
    }
    session = std::move(free_.back());
    free_.pop_back();
  }
  if (auto entered = gate_.enter(deadline); !entered) {
    give_back(std::move(session));
    return std::unexpected(entered.error());
  }
  return Lease(*this, std::move(session));
}

void SessionPool::give_back(std::unique_ptr<DuckDbSession> session) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(session));
  returned_.notify_one();
}

SessionPool::Lease::~Lease() {
  if (session_ == nullptr) return;
  pool_->give_back(std::move(session_));
  pool_->gate_.leave();
}

}  // namespace duheng::store
