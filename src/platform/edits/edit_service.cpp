#include "platform/edits/edit_service.hpp"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "base/bytes.hpp"
#include "base/decimal.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "crypto/hash.hpp"

namespace duheng::platform {
namespace {

constexpr std::size_t points_per_page = 20'000;
constexpr std::size_t points_max = 2'000'000;  // looked at for one draft
constexpr std::int64_t query_timeout_ms = 10'000;
constexpr std::int64_t weeks_ms = estimation_limits::weeks * estimation_limits::week_ms;

bool has_value(Quality quality) noexcept {
  return !has(quality, Quality::no_value) && !has(quality, Quality::invalid_content);
}
bool is_blank(std::string_view text) noexcept { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

bool covers(const std::vector<store::TimeRange>& periods, std::int64_t time) noexcept {
  return std::ranges::any_of(periods, [time](const store::TimeRange& period) {
    return period.from_utc_ms <= time && time < period.to_utc_ms;
  });
}

Result<void> require_reason(const std::string& reason) {
  if (is_blank(reason)) return fail(ErrorCode::invalid_argument, "a reason is needed");
  if (reason.size() > edit_limits::reason_bytes_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a reason has at most {} octets", edit_limits::reason_bytes_max));
  return {};
}

std::string value_text(const store::Series& series, std::optional<std::int64_t> mantissa) {
  return mantissa ? Decimal{*mantissa, series.exponent}.to_string() : std::string{"nothing"};
}

Error other_value(const store::Series& series, std::int64_t time, std::optional<std::int64_t> stands,
                  std::optional<std::int64_t> expected) {
  return {ErrorCode::conflict, fmt::format("at {} stands {} by now, not {}: look again", format_utc(time),
                                           value_text(series, stands), value_text(series, expected))};
}

std::string fingerprint_of(const EditTarget& target, const EstimateCommand& command,
                           const std::vector<EstimatedValue>& values) {
  std::string text = fmt::format("{} {}", target.series.id.value, to_string(command.method));
  for (const EstimatedValue& value : values) text += fmt::format(" {}={}", value.time_utc_ms, value.mantissa);
  return to_hex(crypto::sha256(as_bytes(text)));
}

/// What the values of a series say in a time: all that stand, and those that others may be made from.
struct Material {
  std::vector<std::int64_t> present;
  std::vector<KnownValue> known;
};

Result<void> gather(const store::TelemetryStore& telemetry, const EditTarget& target, const store::TimeRange& range,
                    Material& out) {
  std::optional<std::int64_t> next = range.from_utc_ms;
  while (next) {
    DUHENG_TRY(const store::PointPage page, telemetry.range(target.series.id, {*next, range.to_utc_ms}, points_per_page,
                                                            {.timeout_ms = query_timeout_ms, .cancel = {}}));
    for (const store::Point& point : page.points) {
      if (!has_value(point.quality) || !covers(target.periods, point.time_utc_ms)) continue;
      if (!out.present.empty() && out.present.back() == point.time_utc_ms) continue;
      out.present.push_back(point.time_utc_ms);
      // An estimate is no ground for another.
      if (has(point.quality, Quality::estimated) || has(point.quality, Quality::time_implausible)) continue;
      out.known.push_back({point.time_utc_ms, point.mantissa});
    }
    if (out.present.size() > points_max)
      return fail(ErrorCode::limit_exceeded, "too many values around the gap: take a shorter time");
    next = page.next_from_utc_ms;
  }
  return {};
}

/// Neighbours and weeks: one stretch for the gap, and one for each of the weeks before it when they are asked for.
Result<Material> material_for(const store::TelemetryStore& telemetry, const EditTarget& target,
                              const EstimateCommand& command) {
  constexpr std::int64_t reach = edit_service_limits::neighbour_ms_max;
  const bool by_weeks = command.method == EstimateMethod::same_weekdays;
  const std::int64_t back = by_weeks ? weeks_ms + 2 * command.interval_ms : 0;
  Material out;
  DUHENG_CHECK(gather(
      telemetry, target,
      {std::max<std::int64_t>(0, command.range.from_utc_ms - std::max(reach, back)), command.range.to_utc_ms + reach},
      out));
  return out;
}

std::uint64_t present_in(const Material& material, const store::TimeRange& range) {
  const auto from = std::ranges::lower_bound(material.present, range.from_utc_ms);
  const auto to = std::ranges::lower_bound(material.present, range.to_utc_ms);
  return static_cast<std::uint64_t>(to - from);
}

Result<void> require_range(const store::TimeRange& range) {
  if (range.from_utc_ms < 0 || range.from_utc_ms >= range.to_utc_ms)
    return fail(ErrorCode::invalid_argument, "the beginning must be before the end");
  if (range.to_utc_ms - range.from_utc_ms > edit_service_limits::range_ms_max)
    return fail(ErrorCode::limit_exceeded, "at most 92 days at once");
  return {};
}

}  // namespace

EditService::EditService(store::Journal& journal, const store::TelemetryStore& telemetry, records::Database& database,
                         const Clock& clock, CatchUp catch_up)
    : journal_(journal), telemetry_(telemetry), database_(database), clock_(clock), catch_up_(std::move(catch_up)) {}

EditService::CatchUp EditService::wait_for(const store::TelemetryStore& telemetry, std::int64_t timeout_ms) {
  return [&telemetry, timeout_ms](std::uint64_t next_record) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
    while (telemetry.next_record() < next_record) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
    return true;
  };
}

Result<void> EditService::begin(const Author& author, const EditTarget& target, const std::string& reason) const {
  if (!may_edit_readings(author.role)) return fail(ErrorCode::forbidden, "your role may not edit readings");
  if (target.series.kind != SeriesKind::decimal)
    return fail(ErrorCode::unsupported, "only decimal numbers can be edited");
  DUHENG_CHECK(require_reason(reason));
  if (!catch_up_(journal_.next_number()))
    return fail(ErrorCode::unavailable, "the history is still being taken in: try again in a moment");
  return {};
}

Result<Edit> EditService::checked(const EditTarget& target, EditKind kind, const WantedEdit& wanted) const {
  const std::int64_t time = wanted.time_utc_ms;
  if (!covers(target.periods, time)) return fail(ErrorCode::not_found, "nothing of yours at " + format_utc(time));
  if (wanted.mantissa.has_value() == (kind == EditKind::withdrawal))
    return fail(ErrorCode::invalid_argument, "a value is needed, and for a withdrawal none");
  DUHENG_TRY(const auto versions, telemetry_.versions(target.series.id, time, {}));
  const auto in_force = std::ranges::find_if(versions, &store::PointVersion::in_force);
  const bool stands = in_force != versions.end() && has_value(in_force->point.quality);
  const auto now = stands ? std::optional{in_force->point.mantissa} : std::nullopt;
  const auto refused = [time](std::string_view why) {
    return fail(ErrorCode::invalid_argument, fmt::format("at {} {}", format_utc(time), why));
  };
  if (now != wanted.expected) return std::unexpected(other_value(target.series, time, now, wanted.expected));
  if (kind == EditKind::correction && !stands) return refused("no value stands: estimate one");
  if (kind == EditKind::correction && now == wanted.mantissa) return refused("that value stands already");
  if (kind == EditKind::estimate && stands) return refused("a value stands: correct it");
  if (kind == EditKind::withdrawal && (in_force == versions.end() || !in_force->edit))
    return refused("no edit is in force");
  Edit edit;
  edit.time_utc_ms = time;
  edit.mantissa = wanted.mantissa.value_or(0);
  edit.old_mantissa = now;
  edit.kind = kind;
  if (kind == EditKind::estimate) edit.method = manual_method;
  return edit;
}

Result<EditOutcome> EditService::commit(const Author& author, const EditTarget& target, const std::string& reason,
                                        std::vector<Edit> edits) {
  const std::int64_t now = clock_.utc_ms();
  for (Edit& edit : edits) {
    edit.gateway = target.gateway;
    edit.device_uid = target.device_uid;
    edit.register_name = target.series.register_name;
    edit.unit = target.series.unit;
    edit.exponent = target.series.exponent;
    edit.series_kind = target.series.kind;
    edit.author = author.name;
    edit.reason = reason;
    edit.made_utc_ms = now;
  }
  DUHENG_TRY(const Bytes body, encode_edits(edits));
  const store::JournalRecord record = store::edits_record(body, now);
  DUHENG_TRY(const std::uint64_t number, journal_.commit({&record, 1}));
  return EditOutcome{number, edits.size(), catch_up_(number + 1)};
}

/// The journal has the truth; the log tells who tried what, also when it was refused.
void EditService::note(const Author& author, const EditTarget& target, std::string_view what,
                       const Result<EditOutcome>& outcome) {
  OperationEntry entry = operation_of(author, "edit_readings", clock_.utc_ms());
  entry.device = target.device;
  entry.outcome = outcome ? "ok" : to_string(outcome.error().code);
  entry.detail = fmt::format("{} of {}", what, target.series.register_name);
  if (outcome) entry.detail += fmt::format(": {} values in journal record {}", outcome->values, outcome->record_number);
  const auto written = database_.write([&](records::Transaction& t) { return write_operation(t, entry); });
  if (!written) {
    log::error("edits", "cannot write the operation log",
               {{"error", written.error()}, {"user", author.name}, {"detail", entry.detail}});
  }
  if (!outcome && outcome.error().code == ErrorCode::forbidden) {
    log::warning("edits", "refused: no right to edit readings",
                 {{"user", author.name}, {"from", author.remote_address}, {"detail", entry.detail}});
  }
}

Result<EditOutcome> EditService::apply(const Author& author, const EditTarget& target, const EditCommand& command) {
  const std::lock_guard acting{acting_};
  Result<EditOutcome> outcome = apply_unlogged(author, target, command);
  note(author, target, to_string(command.kind), outcome);
  return outcome;
}

Result<EditOutcome> EditService::apply_unlogged(const Author& author, const EditTarget& target,
                                                const EditCommand& command) {
  DUHENG_CHECK(begin(author, target, command.reason));
  if (command.values.empty()) return fail(ErrorCode::invalid_argument, "no value is named");
  if (command.values.size() > edit_service_limits::values_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} values at once", edit_service_limits::values_max));
  std::vector<std::int64_t> times;
  for (const WantedEdit& wanted : command.values) times.push_back(wanted.time_utc_ms);
  std::ranges::sort(times);
  if (std::ranges::adjacent_find(times) != times.end())
    return fail(ErrorCode::invalid_argument, "a time is named twice");
  std::vector<Edit> edits;
  for (const WantedEdit& wanted : command.values) {
    DUHENG_TRY(Edit edit, checked(target, command.kind, wanted));
    edits.push_back(std::move(edit));
  }
  return commit(author, target, command.reason, std::move(edits));
}

Result<EstimateDraft> EditService::draft(const EditTarget& target, const EstimateCommand& command) const {
  if (target.series.kind != SeriesKind::decimal)
    return fail(ErrorCode::unsupported, "only decimal numbers can be estimated");
  DUHENG_CHECK(require_range(command.range));
  DUHENG_TRY(const Material material, material_for(telemetry_, target, command));
  const std::int64_t to = std::min(command.range.to_utc_ms, clock_.utc_ms());  // what is yet to come is not missing
  std::vector<std::int64_t> missing;
  if (command.range.from_utc_ms < to) {
    DUHENG_TRY(missing, missing_times(material.present, command.range.from_utc_ms, to, command.interval_ms));
  }
  if (!std::ranges::all_of(missing, [&](std::int64_t time) { return covers(target.periods, time); }))
    return fail(ErrorCode::not_found, "a part of that time is not yours");
  EstimateDraft out;
  out.present = present_in(material, command.range);
  DUHENG_TRY(out.values, estimate(command.method, {.known = material.known,
                                                   .times = missing,
                                                   .interval_ms = command.interval_ms,
                                                   .counts_up = command.counts_up}));
  out.fingerprint = fingerprint_of(target, command, out.values);
  return out;
}

Result<EditOutcome> EditService::apply_estimates(const Author& author, const EditTarget& target,
                                                 const EstimateCommand& command, const std::string& reason,
                                                 const std::string& fingerprint) {
  const std::lock_guard acting{acting_};
  Result<EditOutcome> outcome = estimate_unlogged(author, target, command, reason, fingerprint);
  note(author, target, fmt::format("estimate ({})", to_string(command.method)), outcome);
  return outcome;
}

Result<EstimatedValue> EditService::draft_replacement(const EditTarget& target, const ReplaceCommand& command) const {
  if (target.series.kind != SeriesKind::decimal)
    return fail(ErrorCode::unsupported, "only decimal numbers can be estimated");
  const std::int64_t time = command.time_utc_ms;
  if (!covers(target.periods, time)) return fail(ErrorCode::not_found, "nothing of yours at " + format_utc(time));
  DUHENG_TRY(Material material, material_for(telemetry_, target,
                                             {.range = {time, time + 1},
                                              .interval_ms = command.interval_ms,
                                              .method = command.method,
                                              .counts_up = command.counts_up}));
  std::erase_if(material.known, [time](const KnownValue& value) { return value.time_utc_ms == time; });
  const std::vector<std::int64_t> times{time};
  DUHENG_TRY(const auto made, estimate(command.method, {.known = material.known,
                                                        .times = times,
                                                        .interval_ms = command.interval_ms,
                                                        .counts_up = command.counts_up}));
  return made.front();
}

Result<EditOutcome> EditService::apply_replacement(const Author& author, const EditTarget& target,
                                                   const ReplaceCommand& command, const std::string& reason) {
  const std::lock_guard acting{acting_};
  Result<EditOutcome> outcome = replace_unlogged(author, target, command, reason);
  note(author, target, fmt::format("correction ({})", to_string(command.method)), outcome);
  return outcome;
}

Result<EditOutcome> EditService::replace_unlogged(const Author& author, const EditTarget& target,
                                                  const ReplaceCommand& command, const std::string& reason) {
  DUHENG_CHECK(begin(author, target, reason));
  DUHENG_TRY(const EstimatedValue value, draft_replacement(target, command));
  return apply_unlogged(author, target,
                        {EditKind::correction,
                         fmt::format("{}: {}", to_string(command.method), reason),
                         {{command.time_utc_ms, value.mantissa, command.expected}}});
}

Result<EditOutcome> EditService::estimate_unlogged(const Author& author, const EditTarget& target,
                                                   const EstimateCommand& command, const std::string& reason,
                                                   const std::string& fingerprint) {
  DUHENG_CHECK(begin(author, target, reason));
  DUHENG_TRY(const EstimateDraft found, draft(target, command));
  if (found.values.empty()) return fail(ErrorCode::invalid_argument, "nothing is missing there");
  if (found.fingerprint != fingerprint)
    return fail(ErrorCode::conflict, "the values around the gap have changed: look at the estimates again");
  std::vector<Edit> edits;
  for (const EstimatedValue& value : found.values) {
    Edit edit;
    edit.kind = EditKind::estimate;
    edit.time_utc_ms = value.time_utc_ms;
    edit.mantissa = value.mantissa;
    edit.method = to_string(command.method);
    edits.push_back(std::move(edit));
  }
  return commit(author, target, reason, std::move(edits));
}

}  // namespace duheng::platform
