#include "platform/history_import/history_lines.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t year_2000_ms = 946'684'800'000;
constexpr std::int64_t ahead_ms_max = 3'600'000;  ///< of clocks that are not quite in step

std::unexpected<HistoryReader::Refused> refuse(FindingKind kind, std::string column, std::string message) {
  return std::unexpected(HistoryReader::Refused{kind, std::move(column), std::move(message)});
}

const std::string& field(const std::vector<std::string>& fields, std::size_t column) {
  static const std::string empty;
  return column < fields.size() ? fields[column] : empty;
}

std::optional<std::int64_t> integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::expected<std::int64_t, HistoryReader::Refused> time_of(const HistoryColumns& columns,
                                                            const std::vector<std::string>& fields,
                                                            std::int64_t now_utc_ms, const std::string& time_zone) {
  std::optional<std::int64_t> at;
  std::string column = "time_utc_ms";
  if (columns.time_utc_ms != HistoryColumns::none) {
    const std::string& text = field(fields, columns.time_utc_ms);
    at = integer(text);
    if (!at) at = time_in_file(text, "UTC");  // formats that have times have them here as such
  } else {
    column = "time";
    at = time_in_file(field(fields, columns.time), time_zone);
  }
  if (!at) {
    return refuse(FindingKind::bad_time, column,
                  time_zone.empty() ? "this is no time with an offset, e.g. 2026-11-21T17:15:00+08:00"
                                    : "this is no time, or one that the clocks of the zone skip or show twice");
  }
  if (*at < year_2000_ms || *at > now_utc_ms + ahead_ms_max)
    return refuse(FindingKind::bad_time, column, "the time is before 2000 or in the future");
  return *at;
}

/// The same number in the register's own steps.
std::optional<std::int64_t> in_steps_of(const Decimal& value, std::int8_t exponent) {
  // Zeros at the end say nothing: 12.5000 fits a register of 0.01.
  Decimal shortest = value;
  while (shortest.exponent < exponent && shortest.mantissa % 10 == 0) {
    shortest.mantissa /= 10;
    ++shortest.exponent;
  }
  const auto scaled = shortest.rescaled(exponent);
  return scaled ? std::optional{scaled->mantissa} : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> time_in_file(std::string_view text, const std::string& time_zone) {
  constexpr std::size_t date_size = 10;
  constexpr std::size_t minutes_size = 16;
  constexpr std::int64_t day_ms = 86'400'000;
  std::string whole{text};
  if (whole.size() > date_size && whole[date_size] == ' ') whole[date_size] = 'T';
  if (const auto exact = parse_iso8601(whole)) return *exact;
  if (time_zone.empty()) return std::nullopt;
  if (whole.size() == minutes_size) whole += ":00";
  const auto as_if_utc = parse_iso8601(whole + "Z");
  if (!as_if_utc) return std::nullopt;
  const auto before = zone_offset_ms(*as_if_utc - day_ms, time_zone);
  const auto after = zone_offset_ms(*as_if_utc + day_ms, time_zone);
  if (!before || !after) return std::nullopt;
  const auto is_right = [&](std::int64_t offset_ms) {
    const auto then = zone_offset_ms(*as_if_utc - offset_ms, time_zone);
    return then && *then == offset_ms;
  };
  if (*before == *after) return is_right(*before) ? std::optional{*as_if_utc - *before} : std::nullopt;
  if (is_right(*before) == is_right(*after)) return std::nullopt;  // twice, or never
  return *as_if_utc - (is_right(*before) ? *before : *after);
}

Result<HistoryColumns> HistoryColumns::read(const std::vector<std::string>& header) {
  HistoryColumns out;
  const auto take = [&](std::string_view name, std::size_t& place) -> Result<void> {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (header[i] != name) continue;
      if (place != none) return fail(ErrorCode::malformed, fmt::format("the column \"{}\" stands twice", name));
      place = i;
    }
    return {};
  };
  DUHENG_CHECK(take("device_id", out.device_id));
  DUHENG_CHECK(take("device_uid", out.device_uid));
  DUHENG_CHECK(take("register", out.register_name));
  DUHENG_CHECK(take("time", out.time));
  DUHENG_CHECK(take("time_utc_ms", out.time_utc_ms));
  DUHENG_CHECK(take("value", out.value));
  DUHENG_CHECK(take("unit", out.unit));
  const bool has_device = out.device_id != none || out.device_uid != none;
  const bool has_time = out.time != none || out.time_utc_ms != none;
  if (!has_device || !has_time || out.register_name == none || out.value == none) {
    return fail(ErrorCode::malformed,
                "the first line must name the columns device_uid (or device_id), register, time (or time_utc_ms) and "
                "value");
  }
  return out;
}

Result<const HistoryReader::Known*> HistoryReader::device(const std::string& id, const std::string& uid) {
  const std::string key = id.empty() ? "u" + uid : "i" + id;
  if (const auto at = known_.find(key); at != known_.end()) return &at->second;
  Known known;
  DeviceId found{};
  if (!id.empty()) {
    const auto number = integer(id);
    auto device = devices_.get(scope_, DeviceId{number.value_or(0)});
    if (!device && device.error().code != ErrorCode::not_found) return std::unexpected(device.error());
    if (device) {
      found = device->id;
      known.model = device->details.model;
    }
  } else {
    DUHENG_TRY(const auto device, devices_.find_by_uid(scope_, uid));
    if (device) {
      found = device->id;
      known.model = device->details.model;
    }
  }
  known.exists = static_cast<bool>(found);
  if (known.exists) {
    DUHENG_TRY(known.sources, devices_.sources_of(scope_, found));
  }
  return &known_.emplace(key, std::move(known)).first->second;
}

/// The series of that name, and what the model says of it when there is none yet.
std::vector<HistoryTarget> HistoryReader::candidates(const Known& known, const SourceAssignment& source,
                                                     const std::string& name) const {
  std::vector<HistoryTarget> out;
  if (const auto sender = telemetry_.find_source(source.gateway, source.device_uid)) {
    for (const store::Series& series : telemetry_.series_of(sender->id)) {
      if (series.register_name != name) continue;
      out.push_back({source.gateway, source.device_uid, name, series.unit, series.exponent, series.kind, series.id});
    }
  }
  if (!out.empty()) return out;
  const auto model = models_.find(known.model);
  const auto place = model ? drivers::find_register(*model, name) : std::nullopt;
  if (!place) return out;
  const drivers::ModelItem& item = place->question->items[place->item];
  out.push_back({source.gateway, source.device_uid, name, item.unit, item.exponent, item.kind, SeriesId{}});
  return out;
}

std::size_t HistoryReader::number_of(const HistoryTarget& target) {
  const auto [at, is_new] = numbers_.try_emplace(
      {target.gateway.value, target.device_uid, target.register_name, target.unit, target.exponent, target.kind},
      targets_.size());
  if (is_new) targets_.push_back(target);
  return at->second;
}

Result<HistoryReader::Read> HistoryReader::read(const HistoryColumns& columns, const std::vector<std::string>& fields) {
  const std::string& id = field(fields, columns.device_id);
  const std::string& uid = field(fields, columns.device_uid);
  if (id.empty() && uid.empty())
    return Read(refuse(FindingKind::unknown_device, "device_uid", "the line names no device"));
  DUHENG_TRY(const Known* known, device(id, uid));
  const std::string device_column = id.empty() ? "device_uid" : "device_id";
  if (!known->exists) {
    return Read(refuse(FindingKind::unknown_device, device_column,
                       fmt::format("there is no device {}", id.empty() ? uid : id)));
  }
  const auto at = time_of(columns, fields, now_utc_ms_, time_zone_);
  if (!at) return Read(std::unexpected(at.error()));
  const auto source = std::ranges::find_if(known->sources, [&](const SourceAssignment& assignment) {
    return assignment.from_utc_ms <= *at && (!assignment.to_utc_ms || *at < *assignment.to_utc_ms);
  });
  if (source == known->sources.end())
    return Read(refuse(FindingKind::not_read_then, device_column, "no gateway read the device at that time"));

  const std::string& name = field(fields, columns.register_name);
  std::vector<HistoryTarget> targets = candidates(*known, *source, name);
  if (targets.empty())
    return Read(refuse(FindingKind::unknown_register, "register",
                       fmt::format("neither the readings nor the model of the device know a register \"{}\"", name)));
  if (const std::string& unit = field(fields, columns.unit); !unit.empty()) {
    std::erase_if(targets, [&](const HistoryTarget& target) { return target.unit != unit; });
    if (targets.empty()) return Read(refuse(FindingKind::bad_unit, "unit", "the register has another unit"));
  }
  const auto value = Decimal::parse(field(fields, columns.value));
  if (!value) return Read(refuse(FindingKind::bad_number, "value", "this is no decimal number"));
  for (const HistoryTarget& target : targets) {
    if (target.kind == SeriesKind::ieee_bits) continue;
    const auto mantissa = in_steps_of(*value, target.exponent);
    if (mantissa) return Read(HistoryLine{0, number_of(target), *at, *mantissa, {}});
  }
  return Read(refuse(FindingKind::bad_number, "value", "the number is finer or larger than the register holds"));
}

}  // namespace duheng::platform
