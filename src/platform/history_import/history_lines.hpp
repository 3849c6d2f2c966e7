#pragma once
// How a line of a file becomes a reading of a series. Internal to this folder.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "drivers/models/device_model.hpp"
#include "model/reading.hpp"
#include "platform/devices/devices.hpp"
#include "platform/history_import/history_import.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// Where a line's value belongs.
struct HistoryTarget {
  GatewayId gateway{};
  std::string device_uid{};  ///< as its sender calls it
  std::string register_name{};
  std::string unit{};
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  SeriesId series{};  ///< 0: there is none of it yet
  [[nodiscard]] auto key() const noexcept {
    return std::tuple(gateway.value, std::string_view{device_uid}, std::string_view{register_name},
                      std::string_view{unit}, exponent, kind);
  }
};

struct HistoryLine {
  std::size_t number = 0;
  std::size_t target = 0;  ///< into HistoryTargets
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  std::string octets{};  ///< of the line, see store::TableReader::octets()
};

/// A time as files have it: ISO 8601 with an offset, or a local one in that zone ("2026-11-21T17:15", also with a blank
/// instead of the T). Nothing when it is none, when it has no offset and `time_zone` is empty, or when it falls into
/// the hour that is left out or comes twice in that zone.
[[nodiscard]] std::optional<std::int64_t> time_in_file(std::string_view text, const std::string& time_zone);

/// The columns that matter, wherever they stand; others are passed over.
struct HistoryColumns {
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t device_id = none, device_uid = none, register_name = none, time = none, time_utc_ms = none, value = none,
              unit = none;
  /// Errors: malformed - a column is missing or stands twice.
  [[nodiscard]] static Result<HistoryColumns> read(const std::vector<std::string>& header);
};

/// Resolves lines against devices, their senders, series and models; remembers what it found. One for each file.
class HistoryReader {
 public:
  HistoryReader(Devices& devices, const store::TelemetryStore& telemetry, const drivers::ModelLibrary& models,
                const Scope& scope, std::int64_t now_utc_ms, std::string time_zone)
      : devices_(devices),
        telemetry_(telemetry),
        models_(models),
        scope_(scope),
        now_utc_ms_(now_utc_ms),
        time_zone_(std::move(time_zone)) {}

  struct Refused {
    FindingKind kind = FindingKind::malformed_line;
    std::string column{};
    std::string message{};
  };
  using Read = std::expected<HistoryLine, Refused>;
  /// Errors: those of the records, so that going on makes no sense.
  [[nodiscard]] Result<Read> read(const HistoryColumns& columns, const std::vector<std::string>& fields);
  [[nodiscard]] const std::vector<HistoryTarget>& targets() const noexcept { return targets_; }

 private:
  struct Known {
    bool exists = false;
    std::string model{};
    std::vector<SourceAssignment> sources{};
  };
  [[nodiscard]] Result<const Known*> device(const std::string& id, const std::string& uid);
  [[nodiscard]] std::vector<HistoryTarget> candidates(const Known& known, const SourceAssignment& source,
                                                      const std::string& name) const;
  [[nodiscard]] std::size_t number_of(const HistoryTarget& target);

  Devices& devices_;
  const store::TelemetryStore& telemetry_;
  const drivers::ModelLibrary& models_;
  const Scope scope_;
  const std::int64_t now_utc_ms_;
  const std::string time_zone_;  ///< of times without an offset; empty: there must be none
  std::unordered_map<std::string, Known> known_;
  std::vector<HistoryTarget> targets_;
  std::map<std::tuple<std::int64_t, std::string, std::string, std::string, std::int8_t, SeriesKind>, std::size_t>
      numbers_;
};

}  // namespace duheng::platform
