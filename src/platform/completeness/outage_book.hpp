#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "platform/completeness/missing_cause.hpp"
#include "store/records/database.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

/// What an outage is about: a gateway with all that it reads, or one device.
struct OutageSubject {
  GatewayId gateway{};  ///< 0: a device
  DeviceId device{};    ///< 0: a gateway
  friend auto operator<=>(const OutageSubject&, const OutageSubject&) = default;
};

/// Something was wrong for a time, and why, as it was known then.
struct Outage {
  OutageSubject subject{};
  MissingCause cause = MissingCause::meter;
  std::string detail{};  ///< as FoundCause::detail
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};  ///< nothing: it stands
  friend bool operator==(const Outage&, const Outage&) = default;
};

struct OutageOptions {
  std::int64_t keep_ms = 400 * std::int64_t{86'400'000};
  std::int64_t rows_max = 1'000'000;  ///< then the oldest go first
};

/// Outages with begin and end, so that the cause of a day weeks ago is that of then. One row for each stretch of one
/// cause; a gateway that is away is one row, however many devices it reads. Thread-safe. Errors: as Database.
class OutageBook {
 public:
  [[nodiscard]] static records::Capability migrations();
  OutageBook(records::Database& database, const Clock& clock, const OutageOptions& options = {})
      : database_(database), clock_(clock), options_(options) {}

  /// What is wrong now, since when (`to_utc_ms` is not looked at). What stood and is not named is over now; what stands
  /// for another reason now is over, and another begins. After a time in which nobody looked (the platform was down)
  /// what is not named any more was over when it was last looked at: nobody knows more.
  [[nodiscard]] Result<void> observe(std::span<const Outage> standing);
  /// That touch the time, by subject, then begin.
  [[nodiscard]] Result<std::vector<Outage>> within(std::int64_t from_utc_ms, std::int64_t to_utc_ms) const;
  /// Drops what is too old or too much. Returns how many went.
  [[nodiscard]] Result<std::int64_t> forget_old();

 private:
  struct Open {
    std::int64_t id = 0;
    MissingCause cause{};
    std::string detail;
  };
  using Standing = std::map<OutageSubject, Open>;
  [[nodiscard]] Result<Standing> read_open(records::Transaction& transaction) const;
  records::Database& database_;
  const Clock& clock_;
  const OutageOptions options_;
};

/// Outages by subject, for many devices.
class OutageIndex {
 public:
  explicit OutageIndex(std::vector<Outage> outages);
  /// Which outage explains that values of the time are missing: what covered most of it; of equal ones the gateway's.
  /// Null: none touches it. The pointer is good as long as this.
  [[nodiscard]] const Outage* find(GatewayId gateway, DeviceId device, std::int64_t from_utc_ms,
                                   std::int64_t to_utc_ms) const;

 private:
  std::map<OutageSubject, std::vector<Outage>> by_subject_;
};

}  // namespace duheng::platform
