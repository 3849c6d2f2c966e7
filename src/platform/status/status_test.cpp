#include <gtest/gtest.h>

#include "platform/status/health.hpp"
#include "platform/status/metrics.hpp"

namespace duheng::platform::status {
namespace {

TEST(Metrics, CountsUnderLabelsAndServesPrometheusText) {
  Metrics metrics;
  metrics.declare_counter("duheng_refused_total", "Refused requests");
  metrics.declare_latency("duheng_request_seconds", "Latency");
  double lag = 3;
  metrics.declare_reading_gauge("duheng_lag_records", "Lag", [&] { return lag; });
  metrics.count("duheng_refused_total", {{"reason", "malformed"}});
  metrics.count("duheng_refused_total", {{"reason", "malformed"}}, 2);
  metrics.count("duheng_refused_total", {{"reason", "body_too_large"}});
  metrics.observe_seconds("duheng_request_seconds", {{"route", "x"}}, 0.003);

  const std::string text = metrics.text();
  EXPECT_NE(text.find("# TYPE duheng_refused_total counter"), std::string::npos) << text;
  EXPECT_NE(text.find("duheng_refused_total{reason=\"malformed\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("# TYPE duheng_lag_records gauge"), std::string::npos) << text;
  EXPECT_NE(text.find("duheng_request_seconds_bucket{route=\"x\",le=\"0.005\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("duheng_request_seconds_bucket{route=\"x\",le=\"0.0025\"} 0"), std::string::npos) << text;

  lag = 7;
  auto values = metrics.values();
  EXPECT_EQ(values.at("duheng_lag_records"), 7);
  EXPECT_EQ(values.at("duheng_refused_total{reason=\"body_too_large\"}"), 1);
  EXPECT_EQ(values.at("duheng_request_seconds_count{route=\"x\"}"), 1);
  metrics.forget_readings();
  EXPECT_FALSE(metrics.values().contains("duheng_lag_records"));
}

TEST(Metrics, RefusesNamesNobodyDeclared) {
  Metrics metrics;
  EXPECT_THROW(metrics.count("duheng_unknown_total"), std::logic_error);
  EXPECT_THROW(metrics.observe_seconds("duheng_unknown_seconds", {}, 1), std::logic_error);
}

TEST(Health, IsReadyUnlessSomethingFailed) {
  Health health;
  EXPECT_FALSE(is_ready(health.components()));  // nothing is up yet
  State journal = State::ok;
  health.add("journal", [&] { return Finding{journal, "磁盘已满", "the disk is full: \"/data\""}; });
  health.add("live", [] { return Finding{State::degraded, "慢", "slow"}; });
  EXPECT_TRUE(is_ready(health.components()));
  EXPECT_EQ(readiness_json(health.components()), R"({"ready":true,"reasons":[]})");
  journal = State::failed;
  EXPECT_FALSE(is_ready(health.components()));
  EXPECT_EQ(readiness_json(health.components()),
            R"({"ready":false,"reasons":[{"name":"journal","detail":"the disk is full: \"/data\""}]})");
  health.forget();
  EXPECT_FALSE(is_ready(health.components()));
}

}  // namespace
}  // namespace duheng::platform::status
