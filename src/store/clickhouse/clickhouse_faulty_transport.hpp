#pragma once
#include <atomic>
#include <functional>

#include "store/clickhouse/clickhouse_transport.hpp"
#include "store/clickhouse/reading_rows.hpp"

namespace duheng::store::testing {

/// The way to the server, cut at a chosen call.
class FaultyTransport final : public ClickHouseTransport {
 public:
  enum class Fault : std::uint8_t {
    request_lost,  ///< the server never heard of it
    answer_lost,   ///< the server has done it, we do not know
    rows_cut,      ///< the server got some of the rows
    refused,       ///< the server said no
  };
  explicit FaultyTransport(ClickHouseTransport& inner) : inner_(inner) {}

  /// Call number `call` from now on (from 1) fails, once.
  void fail_at(std::uint64_t call, Fault fault) {
    fault_ = fault;
    fail_at_ = calls_ + call;
  }
  void never_fail() { fail_at_ = 0; }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  /// Called before each call, with what it says.
  std::function<void(const ClickHouseCall&)> before;

  Result<void> run(const ClickHouseCall& call) override {
    const std::uint64_t number = ++calls_;
    if (before) before(call);
    if (number != fail_at_) return inner_.run(call);
    const auto lost = [] { return fail(ErrorCode::unavailable, "the connection broke (test)"); };
    switch (fault_) {
      case Fault::request_lost:
        return lost();
      case Fault::answer_lost:
        (void)inner_.run(call);
        return lost();
      case Fault::rows_cut: {
        ClickHouseCall cut = call;
        // Between two readings, which the server takes for the end; elsewhere within a row, which it refuses.
        const bool readings = call.sql.find(".reading ") != std::string::npos;
        const std::size_t row_bytes = readings ? reading_row_bytes : 1;
        cut.rows = call.rows.first(call.rows.size() * 2 / 3 / row_bytes * row_bytes);
        if (!cut.rows.empty()) (void)inner_.run(cut);
        return lost();
      }
      case Fault::refused:
        return fail(ErrorCode::storage_full, "no space left (test)");
    }
    return lost();
  }

 private:
  ClickHouseTransport& inner_;
  std::atomic<std::uint64_t> calls_ = 0;
  std::atomic<std::uint64_t> fail_at_ = 0;
  std::atomic<Fault> fault_ = Fault::request_lost;
};

}  // namespace duheng::store::testing
