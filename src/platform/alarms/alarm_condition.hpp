#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::platform::alarms {

/// How soon somebody has to look.
enum class Severity : std::uint8_t {
  notice,    ///< at the next opportunity
  warning,   ///< today
  major,     ///< within the hour
  critical,  ///< now: supply, safety or evidence is at stake
};

/// What an alarm is about. `id` is the product's own id of it, as text (device, gateway, channel ...), or a name where
/// it has none (a server's disk: "disk:sda").
enum class SubjectKind : std::uint8_t { platform, gateway, channel, device, point, equipment, server, backup, storage };
struct Subject {
  SubjectKind kind = SubjectKind::platform;
  std::string id;
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

/// A condition that holds from now until it is cleared. One alarm stands for each (kind, subject); saying it again
/// while it stands changes its severity and facts and nothing else.
struct Condition {
  std::string kind;  ///< a word of the list of kinds, e.g. "backup_missed"; its texts are the web's
  Subject subject;
  Severity severity = Severity::warning;
  std::map<std::string, std::string> facts;  ///< what the text needs: numbers with their unit in the name ("days_left")
};

/// Where the parts of the platform say what is wrong. Calls return within microseconds, from any thread, and never fail
/// for the caller: what cannot be stored at once is kept in memory and stored later.
class ConditionSink {
 public:
  virtual ~ConditionSink() = default;
  virtual void raise(const Condition& condition) = 0;
  /// Ends it; nothing happens when it does not stand.
  virtual void clear(std::string_view kind, const Subject& subject) = 0;
};

}  // namespace duheng::platform::alarms
