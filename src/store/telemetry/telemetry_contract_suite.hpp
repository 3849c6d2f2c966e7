#pragma once
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "store/telemetry/telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::store {

/// Who is held to the contract. A test program lists telemetry_contract_suite.cpp among its sources and says
/// INSTANTIATE_TEST_SUITE_P(Engines, TelemetryContract, ::testing::Values(TelemetryEngine{...}),
/// telemetry_engine_name).
struct TelemetryEngine {
  std::string name;
  /// A new, empty store; nothing on failure, which it reports itself. `directory` is empty and belongs to the test.
  std::function<std::unique_ptr<TelemetryStore>(const std::string& directory)> make;
  /// Why the engine cannot be tried on this machine; empty when it can.
  std::function<std::string()> unavailable = [] { return std::string(); };
};

inline std::string telemetry_engine_name(const ::testing::TestParamInfo<TelemetryEngine>& parameter) {
  return parameter.param.name;
}
/// Keeps GoogleTest from printing the engine's octets as part of a test's name.
inline void PrintTo(const TelemetryEngine& engine, std::ostream* out) { *out << engine.name; }

class TelemetryContract : public ::testing::TestWithParam<TelemetryEngine> {
 protected:
  void SetUp() override {
    if (const std::string reason = GetParam().unavailable(); !reason.empty()) GTEST_SKIP() << reason;
    store_ = GetParam().make(directory_.path());
    ASSERT_NE(store_, nullptr);
  }
  void apply() {
    const auto applied = store_->apply(journal_.from(store_->next_record()));
    ASSERT_TRUE(applied) << applied.error().message;
    ASSERT_EQ(applied->next_record, journal_.records().size());
    ASSERT_EQ(applied->records_unreadable, 0U);
    ASSERT_EQ(store_->next_record(), journal_.records().size());
  }
  [[nodiscard]] std::vector<Point> all_points(SeriesId series, std::size_t page = 1'000) const {
    std::vector<Point> out;
    TimeRange range{std::numeric_limits<std::int64_t>::min() / 8, std::numeric_limits<std::int64_t>::max() / 8};
    while (true) {
      const auto got = store_->range(series, range, page, {});
      if (!got) {
        ADD_FAILURE() << got.error().message;
        return out;
      }
      out.insert(out.end(), got->points.begin(), got->points.end());
      if (!got->next_from_utc_ms) return out;
      if (*got->next_from_utc_ms <= range.from_utc_ms) {
        ADD_FAILURE() << "paging does not move on";
        return out;
      }
      range.from_utc_ms = *got->next_from_utc_ms;
    }
  }

  testing::TemporaryDirectory directory_;
  testing::TestJournal journal_;
  std::unique_ptr<TelemetryStore> store_;
};

}  // namespace duheng::store
