#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "platform/provenance/aggregate_trace.hpp"
#include "store/consumption/consumption.hpp"

namespace duheng::platform {

namespace point_trace_limits {
inline constexpr std::size_t values_max = 100;  ///< followed to their octets; all are counted
}

/// Who stood at a point behind a link of its chain, as the records say.
struct LinkFacts {
  std::string device_name;
  std::string device_address;
};

/// What was done at a point, as it was written down.
struct WrittenEvent {
  std::int64_t at_utc_ms = 0;    ///< when it was done
  std::int64_t made_utc_ms = 0;  ///< when it was written down
  std::string author;
  std::string action;  ///< create, install, exchange, remove
  std::string reason;
};

/// A point's register over an interval. `facts` goes with `chain.links`.
struct PointQuestion {
  std::string point_name;
  std::string register_name;
  store::PointChain chain;
  std::vector<LinkFacts> facts;
  std::vector<WrittenEvent> events;
  store::ConsumptionInterval interval;
  store::ConsumptionOptions options;
};

/// What one link of the chain brought to the figure.
struct TracedLink {
  std::size_t link = 0;  ///< place in the chain
  LinkFacts facts;
  store::Source source;
  store::Series series;
  store::ConsumptionInterval interval;  ///< the part of the question's that is the link's
  store::Consumption part;
};

/// What a point consumed, over exchanges of meters and changes of ratios: each meter with its dates, ratio, readings at
/// its installation and removal and its part, and the way of every value that the figure turns on.
struct TracedPoint {
  PointQuestion question;
  store::Consumption consumption;
  std::vector<TracedLink> links;        ///< those that touch the interval, by time
  std::vector<TracedValue> values;      ///< by time
  std::uint64_t values_not_traced = 0;  ///< beyond point_trace_limits::values_max
  std::vector<FigureRule> rules;

  /// Whether what the links brought comes to the whole.
  [[nodiscard]] bool parts_agree() const;
  [[nodiscard]] bool verified() const;
};
/// Errors: as store::consumption() and trace_value().
[[nodiscard]] Result<TracedPoint> trace_point(const store::Journal& journal, const store::TelemetryStore& telemetry,
                                              PointQuestion question);

}  // namespace duheng::platform
