#pragma once
// The lines of a file of metering points: what they say, and how they are written. Internal to this folder.
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/points/metering_points.hpp"

namespace duheng::platform {

struct PointColumn {
  std::string_view name;     ///< in English, as in the template and in what is told
  std::string_view chinese;  ///< also taken
  bool is_required = false;
};
[[nodiscard]] std::span<const PointColumn> point_columns() noexcept;

/// What is wrong with a line, and in which column; empty: the line as a whole.
struct PointFault {
  std::string_view column;
  Error error;
};
template <class T>
using CheckedPoint = std::expected<T, PointFault>;

struct PointLine {
  std::size_t number = 0;
  PointDetails details{};
  PointParties parties{};
  std::optional<PointInstallation> installation{};
  std::optional<TariffChange> tariff{};
};

/// The names that lines use, within the author's scope.
struct PointNames {
  OrganisationId own{};  ///< the scope's; 0: everything
  std::map<std::string, OrganisationId, std::less<>> organisations{};
  std::map<std::pair<OrganisationId, std::string>, SiteId> sites{};
  std::map<std::string, TariffId, std::less<>> tariffs{};
  std::map<std::string, DeviceId, std::less<>> devices{};  ///< by uid
};
[[nodiscard]] Result<PointNames> point_names(records::Transaction& transaction, const Scope& scope);

/// Which column of a file is what.
class PointHeader {
 public:
  /// Errors: invalid_argument - a column is unknown, there twice, or missing.
  [[nodiscard]] static Result<PointHeader> read(const std::vector<std::string>& fields);
  [[nodiscard]] CheckedPoint<PointLine> line(const std::vector<std::string>& fields, const PointNames& names,
                                             const store::CivilCalendar& calendar) const;

 private:
  [[nodiscard]] std::string value(const std::vector<std::string>& fields, std::string_view column) const;
  [[nodiscard]] CheckedPoint<void> read_place(const std::vector<std::string>& fields, const PointNames& names,
                                              PointLine& line) const;
  [[nodiscard]] CheckedPoint<void> read_installation(const std::vector<std::string>& fields, const PointNames& names,
                                                     const store::CivilCalendar& calendar, PointLine& line) const;
  [[nodiscard]] CheckedPoint<std::vector<PointRegister>> read_registers(const std::vector<std::string>& fields,
                                                                        bool behind_transformer) const;
  [[nodiscard]] CheckedPoint<void> read_tariff(const std::vector<std::string>& fields, const PointNames& names,
                                               PointLine& line) const;
  std::map<std::string_view, std::size_t> places_;  // by column name
  std::size_t count_ = 0;
};

}  // namespace duheng::platform
