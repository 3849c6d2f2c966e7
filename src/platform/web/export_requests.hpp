#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "store/aggregates/bucket_listing.hpp"
#include "store/table_files/table_writer.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform::web {

/// The body of createExport. Devices, sites and series add up; `all_devices` is everything the caller sees.
struct ExportRequest {
  std::string name{};
  store::TableFormat format = store::TableFormat::csv;
  bool byte_order_mark = false;
  std::string time_zone{};
  store::TimeRange range{};
  std::optional<store::BucketSize> by{};  ///< nothing: readings
  bool is_audit = false;                  ///< instead: who did and changed what; then nothing is chosen
  std::vector<std::string> registers{};   ///< empty: all
  std::vector<DeviceId> devices{};
  std::vector<SiteId> sites{};
  std::vector<SeriesId> series{};
  bool all_devices = false;
};
/// Errors: malformed - no such object; invalid_argument - the first field that is wrong.
[[nodiscard]] Result<ExportRequest> parse_export_request(std::string_view body);

}  // namespace duheng::platform::web
