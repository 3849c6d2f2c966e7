// The words of the API and the history for the enumerations of alarms.
#include "platform/alarms/alarm_machine.hpp"

namespace duheng::platform::alarms {

std::string_view to_string(Stage stage) noexcept {
  switch (stage) {
    case Stage::pending:
      return "pending";
    case Stage::active:
      return "active";
    case Stage::over:
      return "over";
    case Stage::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view to_string(Step step) noexcept {
  switch (step) {
    case Step::raised:
      return "raised";
    case Step::held_back:
      return "held_back";
    case Step::surfaced:
      return "surfaced";
    case Step::repeated:
      return "repeated";
    case Step::severity_rose:
      return "severity_rose";
    case Step::severity_fell:
      return "severity_fell";
    case Step::acknowledged:
      return "acknowledged";
    case Step::shelved:
      return "shelved";
    case Step::unshelved:
      return "unshelved";
    case Step::escalated:
      return "escalated";
    case Step::over:
      return "over";
    case Step::closed:
      return "closed";
  }
  return "unknown";
}

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::notice:
      return "notice";
    case Severity::warning:
      return "warning";
    case Severity::major:
      return "major";
    case Severity::critical:
      return "critical";
  }
  return "unknown";
}

std::string_view to_string(SubjectKind kind) noexcept {
  switch (kind) {
    case SubjectKind::platform:
      return "platform";
    case SubjectKind::gateway:
      return "gateway";
    case SubjectKind::channel:
      return "channel";
    case SubjectKind::device:
      return "device";
    case SubjectKind::point:
      return "point";
    case SubjectKind::equipment:
      return "equipment";
    case SubjectKind::server:
      return "server";
    case SubjectKind::backup:
      return "backup";
    case SubjectKind::storage:
      return "storage";
  }
  return "unknown";
}

}  // namespace duheng::platform::alarms
