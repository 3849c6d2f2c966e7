#include <algorithm>
#include <limits>

#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/unassigned_sources.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t sources_listed_max = 1'000;

/// The first reading of a sender, which never changes once it is there; kept, so that a list asks for each only once.
class FirstHeard {
 public:
  explicit FirstHeard(const store::TelemetryStore& telemetry) : telemetry_(telemetry) {}

  [[nodiscard]] std::int64_t of(const store::Source& source) {
    {
      std::lock_guard lock{mutex_};
      if (const auto it = known_.find(source.id); it != known_.end()) return it->second;
    }
    // The first series is as old as the sender's first frame with readings.
    std::int64_t first = source.last_received_utc_ms;
    const std::vector<store::Series> series = telemetry_.series_of(source.id);
    if (series.empty()) return first;
    const auto page = telemetry_.range(series.front().id, {0, std::numeric_limits<std::int64_t>::max()}, 1, {});
    if (!page || page->points.empty()) return first;
    first = std::min(first, page->points.front().received_utc_ms);
    std::lock_guard lock{mutex_};
    known_.emplace(source.id, first);
    return first;
  }

 private:
  const store::TelemetryStore& telemetry_;
  std::mutex mutex_;
  std::unordered_map<SourceId, std::int64_t> known_;
};

Result<HttpResponse> list(ApiServices& services, FirstHeard& first_heard, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const std::vector<Gateway> gateways, services.gateways.list(context.caller->scope()));
  DUHENG_TRY(std::vector<store::Source> sources, unassigned_sources(services, gateways));
  std::ranges::sort(sources, std::greater{}, &store::Source::last_received_utc_ms);
  if (sources.size() > sources_listed_max) sources.resize(sources_listed_max);
  Json items = Json::array();
  for (const store::Source& source : sources) {
    const auto gateway = std::ranges::find(gateways, source.gateway, &Gateway::id);
    items.push_back({{"id", source.id.value},
                     {"gateway", named(source.gateway.value, gateway->name)},
                     {"device_uid", source.device_uid},
                     {"first_heard_at", format_utc(first_heard.of(source))},
                     {"last_heard_at", format_utc(source.last_received_utc_ms)}});
  }
  return json_answer({{"sources", std::move(items)}});
}

}  // namespace

Result<std::vector<store::Source>> unassigned_sources(const ApiServices& services,
                                                      const std::vector<Gateway>& gateways) {
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  const std::int64_t now = services.clock.utc_ms();
  std::vector<store::Source> out;
  for (const Gateway& gateway : gateways) {
    for (store::Source& source : services.telemetry.sources_of(gateway.id)) {
      // Without a reading there is nothing yet that anybody could claim.
      if (source.last_received_utc_ms == 0) continue;
      if (snapshot->owner({source.gateway, source.device_uid}, now) == nullptr) out.push_back(std::move(source));
    }
  }
  return out;
}

void add_source_routes(Router& router, ApiServices& services) {
  auto first_heard = std::make_shared<FirstHeard>(services.telemetry);
  router.add(Method::get, "/api/v1/sources", "listUnassignedSources", Permission::any_session(),
             [&services, first_heard](RequestContext& context) { return list(services, *first_heard, context); });
}

}  // namespace duheng::platform::web
