#include "tools/trace/trace.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <ostream>

#include "base/clock.hpp"
#include "base/time.hpp"
#include "platform/administration/platform_data.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/provenance/figure_output.hpp"
#include "store/seal/seal.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "tools/trace/platform_client.hpp"

namespace duheng::tools {
namespace {

struct Answer {
  std::string text;
  bool verified = false;
};

template <class Traced>
Answer answer(const Traced& traced, bool verified, const TraceOptions& options) {
  const bool chinese = options.language == "zh";
  return {options.json ? platform::to_json_text(traced) + "\n" : platform::to_text(traced, chinese), verified};
}

template <class Number>
Result<Number> number_of(const std::string& text, std::string_view what) {
  Number number = 0;
  const char* const text_end = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), text_end, number);
  if (text.empty() || error != std::errc{} || end != text_end)
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no {}", text, what));
  return number;
}

/// The month after "2026-11".
Result<std::string> month_after(const std::string& month) {
  const auto year = month.size() == 7 && month[4] == '-' ? number_of<int>(month.substr(0, 4), "month")
                                                         : number_of<int>("", "month (YYYY-MM)");
  DUHENG_TRY(const int year_number, year);
  DUHENG_TRY(const int month_number, number_of<int>(month.substr(5), "month"));
  return month_number == 12 ? fmt::format("{:04}-01", year_number + 1)
                            : fmt::format("{:04}-{:02}", year_number, month_number + 1);
}

/// Nothing: a single value is asked for.
Result<std::optional<store::ConsumptionInterval>> interval_of(const TraceOptions& options) {
  using Interval = std::optional<store::ConsumptionInterval>;
  if (!options.day.empty()) {
    DUHENG_TRY(const CivilDay day, civil_day(options.day, options.zone));
    return Interval({day.begin_utc_ms, day.end_utc_ms});
  }
  if (!options.month.empty()) {
    DUHENG_TRY(const std::string after, month_after(options.month));
    DUHENG_TRY(const CivilDay first, civil_day(options.month + "-01", options.zone));
    DUHENG_TRY(const CivilDay next, civil_day(after + "-01", options.zone));
    return Interval({first.begin_utc_ms, next.begin_utc_ms});
  }
  if (options.from.empty() && options.to.empty()) return Interval{};
  DUHENG_TRY(const std::int64_t from, parse_iso8601(options.from));
  DUHENG_TRY(const std::int64_t to, parse_iso8601(options.to));
  return Interval({from, to});
}

/// The stores of a platform that does not run. Its seal is broken while they are open and made again at the end.
class OpenedData {
 public:
  OpenedData(std::string root, Disk& disk, const Clock& clock, Random& random)
      : paths_(std::move(root)), disk_(disk), clock_(clock), random_(random) {}
  ~OpenedData() {
    if (telemetry_) (void)telemetry_->checkpoint();
    telemetry_.reset();
    journal_.reset();
    if (was_sealed_) (void)store::seal_directory(disk_, *keys_, paths_.root, store::is_left_out_of_platform_seal);
  }
  OpenedData(const OpenedData&) = delete;
  OpenedData& operator=(const OpenedData&) = delete;

  Result<void> open_journal() {
    if (!disk_.exists(paths_.master_key()))
      return fail(ErrorCode::key_missing, paths_.root + " is no platform's data directory");
    DUHENG_TRY(lock_, platform::DataDirectoryLock::take(paths_, disk_));
    DUHENG_TRY(keys_, crypto::LocalKeyProvider::open(disk_, random_, paths_.master_key()));
    DUHENG_TRY(journal_, store::Journal::open(disk_, random_, *keys_, {.directory = paths_.journal()}));
    return {};
  }
  /// Brought up to the journal, as the platform does at its start.
  Result<void> open_telemetry() {
    was_sealed_ = disk_.exists(fmt::format("{}/{}", paths_.root, store::seal_name));
    DUHENG_CHECK(store::break_seal(disk_, paths_.root));
    store::DuckDbTelemetryOptions options;
    options.directory = paths_.telemetry();
    DUHENG_TRY(auto opened, store::DuckDbTelemetryStore::open(options, disk_, clock_, *keys_));
    telemetry_ = std::move(opened.store);
    platform::TelemetryApplier applier(*journal_, *telemetry_, clock_);
    for (std::uint64_t applied = 1; applied > 0;) {
      DUHENG_TRY(applied, applier.step());
    }
    return {};
  }
  [[nodiscard]] const store::Journal& journal() const { return *journal_; }
  [[nodiscard]] const store::TelemetryStore& telemetry() const { return *telemetry_; }

 private:
  const platform::PlatformPaths paths_;
  Disk& disk_;
  const Clock& clock_;
  Random& random_;
  std::optional<platform::DataDirectoryLock> lock_;
  std::unique_ptr<crypto::KeyProvider> keys_;
  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<store::DuckDbTelemetryStore> telemetry_;
  bool was_sealed_ = false;
};

Result<Answer> trace_frame(OpenedData& data, const TraceOptions& options) {
  DUHENG_TRY(const auto reference, number_of<std::int64_t>(options.frame, "frame reference"));
  const auto traced = platform::trace_frame(data.journal(), FrameReference{reference});
  if (traced) return answer(*traced, traced->verified(), options);
  // The record may hold edits instead.
  const auto edits = platform::trace_edits(data.journal(), FrameReference{reference}.record_number());
  if (!edits) return std::unexpected(traced.error());
  return answer(*edits, edits->verified(), options);
}

Result<Answer> trace_series(OpenedData& data, const TraceOptions& options) {
  DUHENG_CHECK(data.open_telemetry());
  DUHENG_TRY(const auto interval, interval_of(options));
  std::optional<GatewayId> gateway;
  if (!options.gateway.empty()) {
    DUHENG_TRY(const auto id, number_of<std::int64_t>(options.gateway, "gateway's id"));
    gateway = GatewayId{id};
  }
  DUHENG_TRY(const store::Series series,
             platform::find_series(data.telemetry(), gateway, options.device, options.register_name));
  if (interval) {
    DUHENG_TRY(const auto traced, platform::trace_consumption(data.journal(), data.telemetry(), series.id, *interval));
    return answer(traced, traced.verified(), options);
  }
  std::int64_t time_utc_ms = 0;
  if (options.time.empty()) {
    const std::vector ids{series.id};
    const auto latest = data.telemetry().latest(ids).at(0);
    if (!latest) return fail(ErrorCode::not_found, "the register has no value");
    time_utc_ms = latest->time_utc_ms;
  } else {
    DUHENG_TRY(time_utc_ms, parse_iso8601(options.time));
  }
  DUHENG_TRY(const auto traced, platform::trace_value(data.journal(), data.telemetry(), series.id, time_utc_ms));
  return answer(traced, traced.verified(), options);
}

Result<void> check_bucket_and_point(const TraceOptions& options) {
  if (!options.bucket.empty() && (options.device.empty() || options.day.empty()))
    return fail(ErrorCode::invalid_argument, "a row is named by a device, its register, a bucket and a day in it");
  if (options.bucket == "hour" && options.from.empty())
    return fail(ErrorCode::invalid_argument, "an hour is named by its beginning, too: --from");
  if ((!options.bucket.empty() || !options.point.empty()) && options.url.empty())
    return fail(ErrorCode::invalid_argument, "rows and points are traced by a running platform: name its address");
  return {};
}

Result<void> check(const TraceOptions& options) {
  const int asked = int{!options.frame.empty()} + int{!options.device.empty()} + int{!options.point.empty()};
  if (asked != 1 || (!options.device.empty() && options.register_name.empty()))
    return fail(ErrorCode::invalid_argument, "name a frame, a point, or a device and its register");
  DUHENG_CHECK(check_bucket_and_point(options));
  if (options.url.empty() == options.data.empty())
    return fail(ErrorCode::invalid_argument,
                "name a platform's address, or the data directory of one that does not run");
  return {};
}

Result<Answer> trace_offline(const TraceOptions& options) {
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  OpenedData data(options.data, disk, clock, random);
  DUHENG_CHECK(data.open_journal());
  return options.frame.empty() ? trace_series(data, options) : trace_frame(data, options);
}

Result<std::string> read_password(const TraceOptions& options, std::istream& in) {
  std::string password;
  std::ifstream file;
  if (options.password_file != "-") {
    file.open(options.password_file);
    if (!file) return fail(ErrorCode::not_found, "the password file cannot be read");
  }
  std::getline(options.password_file == "-" ? in : file, password);
  return password;
}

Result<std::string> target_of(const TraceOptions& options) {
  std::string target = fmt::format("/api/v1/figure?format={}", options.json ? "json" : "text");
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) target += fmt::format("&{}={}", name, percent_encoded(value));
  };
  add("frame", options.frame);
  add("gateway", options.gateway);
  add("device_uid", options.device);
  add("register", options.register_name);
  add("point", options.point);
  if (!options.bucket.empty()) {
    add("bucket", options.bucket);
    add("day", options.day);
    add("after", options.from);
    return target;
  }
  DUHENG_TRY(const auto interval, interval_of(options));
  if (!interval && !options.point.empty())
    return fail(ErrorCode::invalid_argument, "a point's consumption is that of an interval: --from and --to, or --day");
  if (interval) {
    add("after", format_utc(interval->after_utc_ms));
    add("through", format_utc(interval->through_utc_ms));
  } else {
    add("time", options.time);
  }
  return target;
}

/// The platform has computed the hashes; every part that was traced has its own verdict.
bool says_verified(const std::string& body, bool json) {
  if (json) return body.contains("\"verified\":true") && !body.contains("\"verified\":false");
  return body.contains("\nVerified: yes") || body.contains("\n验证结果：通过");
}

Result<Answer> trace_online(const TraceOptions& options, std::istream& in) {
  DUHENG_TRY(const std::string target, target_of(options));
  PlatformAccess access{options.url, options.user, {}, options.authority_file};
  DUHENG_TRY(access.password, read_password(options, in));
  DUHENG_TRY(auto client, PlatformClient::log_in(access));
  DUHENG_TRY(auto answer, client.get(target, options.language));
  if (answer.status == 404)
    return fail(ErrorCode::not_found, "the platform has no such figure, or it is not yours to see");
  if (answer.status != 200)
    return fail(ErrorCode::unavailable, fmt::format("the platform answered {}: {}", answer.status, answer.body));
  if (!answer.body.ends_with('\n')) answer.body += '\n';
  const bool verified = says_verified(answer.body, options.json);
  return Answer{std::move(answer.body), verified};
}

}  // namespace

int run_trace(const TraceOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  const auto sound = check(options);
  const auto traced = !sound                ? Result<Answer>(std::unexpected(sound.error()))
                      : options.url.empty() ? trace_offline(options)
                                            : trace_online(options, in);
  if (!traced) {
    err << fmt::format("duheng: {} ({})\n", traced.error().message, to_string(traced.error().code));
    return trace_failed;
  }
  out << traced->text;
  return traced->verified ? trace_verified : trace_not_verified;
}

}  // namespace duheng::tools
