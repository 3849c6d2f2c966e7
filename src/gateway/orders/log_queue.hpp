#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::gateway {

/// Gathers records for the log while one write is going on, and says what is durable. After a failure, or when most of
/// the log is history, it is written anew as a whole. Pure; times are monotonic milliseconds.
class LogQueue {
 public:
  LogQueue(std::size_t slack_bytes, std::int64_t retry_ms) : slack_bytes_(slack_bytes), retry_ms_(retry_ms) {}
  struct Write {
    ByteView records;
    bool replace = false;
  };
  /// Returns the number under which durable() will show it. `soon`: it is worth a write of its own.
  std::uint64_t add(ByteView record, bool soon = true) {
    pending_.insert(pending_.end(), record.begin(), record.end());
    wanted_ = wanted_ || soon;
    return number_;
  }
  /// The next write; the view stays good until written(). `whole` gives all that the log must hold, `whole_bytes` how
  /// much that is about.
  [[nodiscard]] std::optional<Write> take(std::int64_t now_ms, std::size_t whole_bytes,
                                          const std::function<void(Bytes&)>& whole) {
    if (out_ || now_ms < again_ms_ || !(wanted_ || rewrite_ || pending_.size() > slack_bytes_)) return std::nullopt;
    rewrite_ = rewrite_ || log_bytes_ > 2 * whole_bytes + slack_bytes_;
    out_ = true;
    wanted_ = false;
    writing_.clear();
    if (rewrite_)
      whole(writing_);
    else
      writing_.swap(pending_);
    pending_.clear();
    ++number_;
    return Write{writing_, rewrite_};
  }
  void written(const Result<void>& outcome, std::int64_t now_ms) {
    out_ = false;
    if (!outcome) {
      rewrite_ = true;
      again_ms_ = now_ms + retry_ms_;
      return;
    }
    log_bytes_ = rewrite_ ? writing_.size() : log_bytes_ + writing_.size();
    rewrite_ = false;
    durable_ = number_ - 1;
  }
  /// What add() was given without `soon` is to be written, too.
  void flush() noexcept { wanted_ = wanted_ || !pending_.empty(); }
  void set_log_bytes(std::size_t bytes) noexcept { log_bytes_ = bytes; }
  /// All records with numbers up to this one are durable.
  [[nodiscard]] std::uint64_t durable() const noexcept { return durable_; }
  [[nodiscard]] std::int64_t next_wake_ms() const noexcept {
    if (out_ || !(wanted_ || rewrite_)) return INT64_MAX;
    return again_ms_;
  }

 private:
  std::size_t slack_bytes_;
  std::int64_t retry_ms_;
  Bytes pending_;
  Bytes writing_;
  std::uint64_t number_ = 1;
  std::uint64_t durable_ = 0;
  std::size_t log_bytes_ = 0;
  std::int64_t again_ms_ = INT64_MIN;
  bool wanted_ = false;
  bool rewrite_ = false;
  bool out_ = false;
};

}  // namespace duheng::gateway
