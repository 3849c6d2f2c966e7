#include "platform/status/metrics.hpp"

#include <mutex>
#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <stdexcept>

namespace duheng::platform::status {
namespace {

struct ReadValue {
  std::string name;
  std::string help;
  prometheus::MetricType type;
  std::function<double()> read;
};

prometheus::Labels to_prometheus(const Metrics::Labels& labels) {
  prometheus::Labels out;
  for (const auto& [name, value] : labels) out.emplace(name, value);
  return out;
}

std::string display_name(const std::string& family, const prometheus::ClientMetric& metric) {
  if (metric.label.empty()) return family;
  std::string out = family + "{";
  for (const auto& label : metric.label) {
    if (out.back() != '{') out += ",";
    out += label.name + "=\"" + label.value + "\"";
  }
  return out + "}";
}

const prometheus::Histogram::BucketBoundaries& latency_bounds() {
  static const prometheus::Histogram::BucketBoundaries bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                              0.1,    0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
  return bounds;
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  mutable std::mutex mutex;
  std::map<std::string, prometheus::Family<prometheus::Counter>*> counters;
  std::map<std::string, prometheus::Family<prometheus::Histogram>*> latencies;
  std::vector<ReadValue> reads;

  std::vector<prometheus::MetricFamily> collect() const {
    std::vector<prometheus::MetricFamily> families = registry.Collect();
    std::lock_guard lock{mutex};
    for (const ReadValue& value : reads) {
      prometheus::MetricFamily family;
      family.name = value.name;
      family.help = value.help;
      family.type = value.type;
      prometheus::ClientMetric metric;
      const double number = value.read();
      metric.gauge.value = number;
      metric.counter.value = number;
      family.metric.push_back(metric);
      families.push_back(std::move(family));
    }
    return families;
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::declare_counter(const std::string& name, const std::string& help) {
  std::lock_guard lock{impl_->mutex};
  impl_->counters[name] = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry);
}

void Metrics::declare_latency(const std::string& name, const std::string& help) {
  std::lock_guard lock{impl_->mutex};
  impl_->latencies[name] = &prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry);
}

void Metrics::declare_reading_gauge(const std::string& name, const std::string& help, std::function<double()> read) {
  std::lock_guard lock{impl_->mutex};
  impl_->reads.push_back({name, help, prometheus::MetricType::Gauge, std::move(read)});
}

void Metrics::declare_reading_counter(const std::string& name, const std::string& help, std::function<double()> read) {
  std::lock_guard lock{impl_->mutex};
  impl_->reads.push_back({name, help, prometheus::MetricType::Counter, std::move(read)});
}

void Metrics::forget_readings() {
  std::lock_guard lock{impl_->mutex};
  impl_->reads.clear();
}

void Metrics::count(const std::string& name, const Labels& labels, double amount) {
  prometheus::Family<prometheus::Counter>* family = nullptr;
  {
    std::lock_guard lock{impl_->mutex};
    const auto it = impl_->counters.find(name);
    if (it == impl_->counters.end()) throw std::logic_error("no such counter: " + name);
    family = it->second;
  }
  family->Add(to_prometheus(labels)).Increment(amount);
}

void Metrics::observe_seconds(const std::string& name, const Labels& labels, double seconds) {
  prometheus::Family<prometheus::Histogram>* family = nullptr;
  {
    std::lock_guard lock{impl_->mutex};
    const auto it = impl_->latencies.find(name);
    if (it == impl_->latencies.end()) throw std::logic_error("no such latency: " + name);
    family = it->second;
  }
  family->Add(to_prometheus(labels), latency_bounds()).Observe(seconds);
}

std::string Metrics::text() const { return prometheus::TextSerializer{}.Serialize(impl_->collect()); }

std::map<std::string, double> Metrics::values() const {
  std::map<std::string, double> out;
  for (const prometheus::MetricFamily& family : impl_->collect()) {
    for (const prometheus::ClientMetric& metric : family.metric) {
      switch (family.type) {
        case prometheus::MetricType::Counter:
          out[display_name(family.name, metric)] = metric.counter.value;
          break;
        case prometheus::MetricType::Histogram:
          out[display_name(family.name + "_count", metric)] = static_cast<double>(metric.histogram.sample_count);
          out[display_name(family.name + "_sum", metric)] = metric.histogram.sample_sum;
          break;
        default:
          out[display_name(family.name, metric)] = metric.gauge.value;
          break;
      }
    }
  }
  return out;
}

}  // namespace duheng::platform::status
