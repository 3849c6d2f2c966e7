#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace duheng::platform::status {

/// Counters, gauges and latency histograms under their Prometheus names. Thread-safe. Names are declared once at start;
/// counting under a name nobody declared is our own fault and throws std::logic_error.
class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The name of a counter ends in "_total".
  void declare_counter(const std::string& name, const std::string& help);
  /// Latencies in seconds; the name ends in "_seconds".
  void declare_latency(const std::string& name, const std::string& help);
  /// Values that somebody else keeps, read when they are asked for. `read` must outlive this object or be taken back.
  void declare_reading_gauge(const std::string& name, const std::string& help, std::function<double()> read);
  void declare_reading_counter(const std::string& name, const std::string& help, std::function<double()> read);
  /// Takes back every function given above: call before what they read goes away.
  void forget_readings();

  void count(const std::string& name, const Labels& labels = {}, double amount = 1.0);
  void observe_seconds(const std::string& name, const Labels& labels, double seconds);

  /// Prometheus text format 0.0.4.
  [[nodiscard]] std::string text() const;
  /// Name (with labels, as in the text) to value; histograms by their count and sum.
  [[nodiscard]] std::map<std::string, double> values() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::platform::status
