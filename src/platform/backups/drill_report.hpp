#pragma once
#include <string>

#include "store/backup/trial_restore.hpp"

namespace duheng::platform {

/// For the web, the command line and an audit: one JSON object.
[[nodiscard]] std::string drill_report_json(const store::TrialReport& report, const std::string& place);

}  // namespace duheng::platform
