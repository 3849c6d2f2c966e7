#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "platform/tariffs/tariffs.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform {

/// What was said about a point's tariff. It holds from its day until the next that is not withdrawn.
struct PointTariff {
  std::int64_t id = 0;
  TariffId tariff{};  ///< 0: the point has none from then on
  std::string code{};
  std::string name_zh{};
  std::string name_en{};
  std::int32_t from_day = 0;
  std::optional<std::int32_t> next_day{};  ///< on which another begins; nothing: until further notice, or withdrawn
  std::int64_t made_utc_ms = 0;
  std::string author{};
  std::string reason{};
  std::optional<std::int64_t> withdrawn_utc_ms{};  ///< it does not hold: it was wrong
  std::string withdrawn_by{};
  std::string withdrawn_reason{};
};

/// A point's tariff from a day on.
struct TariffChange {
  TariffId tariff{};  ///< 0: none
  std::int32_t from_day = 0;
  std::string reason{};  ///< needed when it corrects what was said before
};

/// From a day on.
struct TariffDay {
  std::int32_t from_day = 0;
  TariffId tariff{};  ///< 0: none, or of no point
  friend bool operator==(const TariffDay&, const TariffDay&) = default;
};

/// Tariffs by day, put together from stretches that are given by begin: a later one goes over an earlier one.
class TariffDays {
 public:
  /// None from `first` to `last`.
  TariffDays(std::int32_t first, std::int32_t last) : last_(last) { set(first, {}); }
  /// What `days` say from `first` to `last`, and none after.
  void add(std::int32_t first, std::int32_t last, const std::vector<TariffDay>& days);
  /// Neighbours that are the same joined.
  [[nodiscard]] std::vector<TariffDay> take() &&;

 private:
  void set(std::int32_t from_day, TariffId tariff);
  const std::int32_t last_;
  std::vector<TariffDay> days_;
};

/// Which tariff a metering point has on which civil day of the calendar. Nothing is overwritten: what is said for a day
/// for which something was said already, or for days before, corrects it and needs a reason; what was wrong stays,
/// marked as withdrawn. Thread-safe. Its tables are part of Tariffs::migrations().
class PointTariffs {
 public:
  static constexpr std::int32_t ahead_days_max = 400;
  static constexpr std::int64_t entries_max = 500;  ///< of one point
  PointTariffs(records::Database& database, const Clock& clock, const store::CivilCalendar& calendar)
      : database_(database), clock_(clock), calendar_(calendar) {}

  [[nodiscard]] std::int32_t today() const { return calendar_.day_of(clock_.utc_ms()); }
  [[nodiscard]] const store::CivilCalendar& calendar() const noexcept { return calendar_; }

  /// By day, those withdrawn among them; of one day in the order in which they were made. Errors: not_found.
  [[nodiscard]] Result<std::vector<PointTariff>> history(const Scope& scope, PointId point) const;
  /// False when it was so already. Errors: not_found - point or tariff; invalid_argument - a day on which the tariff
  /// does not hold, too far ahead, or no reason for a correction; limit_exceeded.
  [[nodiscard]] Result<bool> assign(const Author& author, PointId point, const TariffChange& change);
  /// What was said before holds on. Errors: not_found - also: withdrawn already; invalid_argument - no reason.
  [[nodiscard]] Result<void> withdraw(const Author& author, PointId point, std::int64_t entry,
                                      const std::string& reason);
  /// What the points have today; those without one are left out. The points must be of the caller's scope.
  [[nodiscard]] Result<std::map<PointId, Tariff>> present(std::span<const PointId> points) const;
  /// The tariff of that code, or none for "-". Errors: not_found.
  [[nodiscard]] Result<TariffId> named(std::string_view code) const;
  /// Devices at points that have the tariff today (0: at points without one, or at none at all); rising.
  [[nodiscard]] Result<std::vector<DeviceId>> devices_of(const Scope& scope, TariffId tariff) const;
  /// Which tariff the readings of a device count for, from `first` to `last`: that of the point where it is on the day,
  /// or was last on it. Devices that were at no point of the scope are left out. The first entry of each is at or
  /// before `first`; neighbours differ.
  [[nodiscard]] Result<std::unordered_map<DeviceId, std::vector<TariffDay>>> days_of_devices(const Scope& scope,
                                                                                             std::int32_t first,
                                                                                             std::int32_t last) const;

  // For other capabilities' transactions.
  /// As assign(). The point must be of the author's scope: that is the caller's to see to. A file has one entry in the
  /// operation log for all.
  [[nodiscard]] Result<bool> assign_in(records::Transaction& transaction, const Author& author, PointId point,
                                       const TariffChange& change, bool is_logged = true) const;

 private:
  records::Database& database_;
  const Clock& clock_;
  const store::CivilCalendar& calendar_;
};

/// SQL for the id of the tariff that the point of `point_column` has on the day bound to `day_parameter`; NULL: none.
/// Both texts are the program's own.
[[nodiscard]] std::string tariff_on_sql(std::string_view point_column, std::string_view day_parameter);

/// What the routes need.
struct TariffDesk {
  Tariffs& list;
  PointTariffs& points;
};

}  // namespace duheng::platform
