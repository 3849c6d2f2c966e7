#include "platform/backups/drill_report.hpp"

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "store/backup/backup_object.hpp"

namespace duheng::platform {

std::string drill_report_json(const store::TrialReport& report, const std::string& place) {
  using Json = nlohmann::ordered_json;
  Json objects = Json::array();
  for (const auto& object : report.damaged_objects) objects.push_back(store::hash_text(object));
  const Json out{{"sound", report.sound()},
                 {"place", place},
                 {"set", report.set_number},
                 {"at", format_utc(report.begun_utc_ms)},
                 {"recovery_ms", report.recovery_ms()},
                 {"check_ms", report.check_ms},
                 {"restore_ms", report.restore_ms},
                 {"open_ms", report.open_ms},
                 {"files", report.files},
                 {"bytes", report.bytes},
                 {"journal_records", report.journal_records},
                 {"journal_next", report.journal_next},
                 {"segments", report.segments},
                 {"segments_compared", report.segments_compared},
                 {"record_rows", report.record_rows},
                 {"running_record_rows", report.running_record_rows},
                 {"damaged_objects", std::move(objects)},
                 {"findings", report.findings}};
  // Messages of the system may hold octets that are no UTF-8.
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace duheng::platform
