#include "storage_wiring.hpp"

#include <fmt/format.h>

#include "platform/exports/export_service.hpp"

namespace duheng::platform {

std::vector<storage::StoragePart> storage_parts(const PlatformPaths& paths, const BackupConfiguration& backups) {
  using storage::Disposal;
  const std::int64_t export_days = ExportOptions{}.kept_ms / 86'400'000;
  std::vector<storage::StoragePart> out{{"journal", paths.journal()},
                                        {"telemetry", paths.telemetry(), Disposal::derived},
                                        {"records", paths.records()},
                                        {"exports", paths.exports(), Disposal::expires, export_days},
                                        {"imports", paths.imports()}};
  int number = 0;
  for (const store::PlaceAddress& place : backups.places) {
    ++number;
    // A place on another machine has its own watch there.
    if (place.address.starts_with("/"))
      out.push_back({number == 1 ? "backups" : fmt::format("backups_{}", number), place.address, Disposal::rotated});
  }
  return out;
}

}  // namespace duheng::platform
