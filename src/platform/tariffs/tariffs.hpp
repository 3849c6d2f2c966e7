#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

using TariffId = StrongId<struct TariffTag>;

/// What is supplied. Stored: append, never renumber.
enum class Utility : std::uint8_t { electricity = 1, water = 2, gas = 3, heat = 4 };
[[nodiscard]] std::string_view to_string(Utility utility) noexcept;
[[nodiscard]] std::optional<Utility> utility_of(std::string_view name) noexcept;

/// A price class that customers belong to, e.g. residential electricity or heat by area. Not a meter's tariff register
/// (T1 to T4), which says when something was used. Prices are not kept here: billing hangs them on the tariff's id with
/// days of their own, so that a new price makes no new tariff.
struct TariffDetails {
  std::string code{};     ///< 1 to 32 of a-z, 0-9, '-', '_'; unique and for good
  std::string name_zh{};  ///< 1 to 100 octets
  std::string name_en{};  ///< likewise
  Utility utility = Utility::electricity;
  std::int32_t first_day = 0;              ///< civil days since 1970-01-01 on which points may begin to have it
  std::optional<std::int32_t> last_day{};  ///< with it; nothing: until further notice
  friend bool operator==(const TariffDetails&, const TariffDetails&) = default;
};

struct Tariff {
  TariffId id{};
  TariffDetails details{};
  std::int64_t version = 1;
};

/// How a tariff was described from a moment on.
struct TariffVersion {
  std::int64_t number = 1;
  TariffDetails details{};
  std::int64_t made_utc_ms = 0;
  std::string author{};
  std::string reason{};  ///< empty for the first
};

namespace tariff_limits {
inline constexpr std::int64_t tariffs_max = 500;
inline constexpr std::size_t reason_octets_max = 1'000;
inline constexpr std::int32_t first_day_min = 10'957;  ///< 2000-01-01
inline constexpr std::int32_t day_max = 73'050;        ///< 2170
}  // namespace tariff_limits

/// The tariffs there are. One list for all organisations: a price class is made by whoever sets prices, not by whoever
/// reads meters. A tariff is never deleted, and each change keeps what was said before. Thread-safe. Needs the tables
/// of Devices, People and OrderService.
class Tariffs {
 public:
  /// Also of PointTariffs.
  [[nodiscard]] static records::Capability migrations();
  Tariffs(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// By utility, then code.
  [[nodiscard]] Result<std::vector<Tariff>> list() const;
  /// Errors: not_found.
  [[nodiscard]] Result<Tariff> get(TariffId id) const;
  /// Oldest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<TariffVersion>> versions(TariffId id) const;
  /// Errors: already_exists - the code; invalid_argument; limit_exceeded.
  [[nodiscard]] Result<TariffId> create(const Author& author, const TariffDetails& details);
  /// `version` is the one that was seen. Errors: not_found; conflict - it was changed meanwhile, or points begin to
  /// have it on days that it would no longer hold; invalid_argument - another code, no reason, or nothing changed.
  [[nodiscard]] Result<void> change(const Author& author, TariffId id, std::int64_t version,
                                    const TariffDetails& details, const std::string& reason);

 private:
  records::Database& database_;
  const Clock& clock_;
};

// For other capabilities' transactions.
[[nodiscard]] Result<std::vector<Tariff>> tariffs_in(records::Transaction& transaction);
/// Errors: not_found.
[[nodiscard]] Result<Tariff> tariff_in(records::Transaction& transaction, TariffId id);

}  // namespace duheng::platform
