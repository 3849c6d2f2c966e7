// Exports of aggregates: every cell of every format is what getAggregates answers.
#include <chrono>
#include <thread>

#include "platform/sensors/sensors.hpp"
#include "platform/web/testing/api_test_fixture.hpp"
#include "store/table_files/table_reader.hpp"

namespace duheng::platform::web {
namespace {

using Cells = std::map<std::string, std::string>;

/// The same number, time or text written another way is the same: Parquet has times, a spreadsheet drops zeros.
std::string normal(const std::string& cell) {
  if (cell.size() >= 20 && cell[10] == 'T') {
    // The reader takes a Parquet time for one without a zone; ours are UTC.
    for (const char* zone : {"", "Z"}) {
      if (const auto time = parse_iso8601(cell + zone)) return std::to_string(*time);
    }
  }
  const bool is_number = !cell.empty() && cell.find_first_not_of("-0123456789.") == std::string::npos;
  if (!is_number || cell.find('.') == std::string::npos || cell.find('-', 1) != std::string::npos) return cell;
  std::string out = cell.substr(0, cell.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

std::string text_of(const Json& value) {
  if (value.is_null()) return {};
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A bucket of the route's answer as the cells that it should be.
Cells cells_of(const Json& answer, const Json& bucket) {
  const auto ms = [](const Json& time) {
    return time.is_null() ? "" : std::to_string(*parse_iso8601(std::string{time}));
  };
  Cells out{{"register", text_of(answer["register"])},
            {"unit", text_of(answer["unit"])},
            {"by", text_of(answer["by"])},
            {"days_of_zone", text_of(answer["time_zone"])},
            {"version", text_of(answer["version"])},
            {"from_utc_ms", ms(bucket["from"])},
            {"to_utc_ms", ms(bucket["to"])},
            {"provisional", bucket["provisional"] == true ? "1" : "0"},
            {"past_calibration", bucket.contains("past_calibration") ? "1" : "0"}};
  for (const char* same :
       {"label", "values", "expected", "completeness", "without_value", "estimated", "corrected", "share_estimated",
        "longest_silence_s", "mean", "mean_rounded", "increase", "increase_edited"})
    out[same] = text_of(bucket[same]);
  out["days_with_values"] = bucket.contains("days_with_values") ? text_of(bucket["days_with_values"]) : "";
  for (const Json& finding : bucket["findings"])
    out["findings"] += (out["findings"].empty() ? "" : " ") + text_of(finding);
  out.try_emplace("findings");
  for (const auto& [mark, name] :
       {std::pair{"first", "first"}, {"last", "last"}, {"min", "minimum"}, {"max", "maximum"}}) {
    const Json one = bucket[mark].is_null() ? Json::object() : bucket[mark];
    const auto field = [&](const char* key) { return one.contains(key) ? one[key] : Json(nullptr); };
    out[name] = text_of(field("value"));
    out[std::string{name} + "_utc_ms"] = ms(field("time"));
    out[std::string{name} + "_quality"] = text_of(field("quality"));
    out[std::string{name} + "_frame"] = text_of(field("frame"));
  }
  return out;
}

class AggregateExportTest : public ApiTest {
 protected:
  AggregateExportTest() {
    for (int ago = 20; ago >= 0; --ago) {
      for (const int hour : {1, 2, 7, 24}) {
        if (ago == 9 || at(ago, hour) > world_.now) continue;
        const std::int64_t step = (20 - ago) * 24 + hour;
        world_.send(world_.gateway_east, "000000000001", at(ago, hour), 2'000 + 7 * step, 2'200 + step % 5);
        world_.send(world_.gateway_west, "000000000003", at(ago, hour), 10 + step, 2'310);
        world_.send(world_.gateway_east, "999999999999", at(ago, hour), 90 + step, 2'310);
      }
    }
    edit(at(5, 12), "estimate", {{"value", "46.00"}});
    edit(at(6, 7), "correction", {{"value", "43.99"}, {"expected", "44.01"}});
  }
  void edit(std::int64_t time_utc_ms, const std::string& kind, Json value) {
    value["time"] = format_utc(time_utc_ms);
    const Json body{{"kind", kind}, {"reason", "known otherwise"}, {"values", Json::array({value})}};
    const auto done = client_->request("POST", path("series", world_.east_energy.value) + "/edits",
                                       world_.log_in("admin") + std::string{json_body}, body.dump());
    EXPECT_EQ(done.status / 100, 2) << done.body;
  }
  [[nodiscard]] std::string date(int days_ago) const {
    return store::CivilCalendar::format_day(world_.aggregates.today - days_ago);
  }
  [[nodiscard]] std::int64_t at(int days_ago, int hour) const {
    return world_.aggregates.at(world_.aggregates.today - days_ago, hour);
  }
  void assign_stray(std::int64_t from_utc_ms, std::optional<std::int64_t> to_utc_ms) {
    ASSERT_TRUE(world_.devices.assign_source(Scope::everything(), {.id = 0,
                                                                   .device = world_.east_2,
                                                                   .gateway = world_.gateway_east,
                                                                   .device_uid = "999999999999",
                                                                   .from_utc_ms = from_utc_ms,
                                                                   .to_utc_ms = to_utc_ms}));
  }
  Answer post(const std::string& user, const Json& body) {
    return client_->request("POST", "/api/v1/exports", world_.log_in(user) + std::string{json_body}, body.dump());
  }
  [[nodiscard]] Json wish(const std::string& format, const std::string& by, std::vector<SeriesId> series, int from,
                          int to) const {
    Json ids = Json::array();
    for (const SeriesId id : series) ids.push_back(id.value);
    return {{"format", format},
            {"by", by},
            {"series_ids", ids},
            {"time_zone", "Asia/Shanghai"},
            {"from", format_utc(at(from, 0))},
            {"to", format_utc(at(to - 1, 0))}};
  }
  std::string file_of(const std::string& user, const Json& body) {
    const Answer made = post(user, body);
    EXPECT_EQ(made.status, 201) << made.body;
    if (made.status != 201) return {};
    EXPECT_EQ(Json::parse(made.body)["by"], body["by"]);
    const std::string target = path("exports", Json::parse(made.body)["id"].get<std::int64_t>());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (get(user, target).body["state"] != "done" && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    EXPECT_EQ(get(user, target).body["state"], "done") << get(user, target).body;
    return client_->request("GET", target + "/file", world_.log_in(user)).body;
  }
  static std::vector<Cells> rows_of(const std::string& file, const std::string& format) {
    std::vector<Cells> out;
    if (format == "json_lines") {
      for (std::size_t begin = 0; begin < file.size(); begin = file.find('\n', begin) + 1) {
        const Json line = Json::parse(file.substr(begin, file.find('\n', begin) - begin));
        Cells cells;
        for (const auto& [name, value] : line.items()) cells[name] = text_of(value);
        out.push_back(std::move(cells));
      }
      return out;
    }
    const auto reader = store::open_table(as_bytes(file));
    EXPECT_TRUE(reader) << reader.error().message;
    std::vector<std::string> names, fields;
    EXPECT_TRUE((*reader)->next(names).value_or(false));
    while ((*reader)->next(fields).value_or(false)) {
      Cells cells;
      for (std::size_t i = 0; i < names.size(); ++i) cells[names[i]] = i < fields.size() ? fields[i] : "";
      out.push_back(std::move(cells));
    }
    return out;
  }
  std::vector<Cells> expected_of(const std::string& user, const std::string& by, const std::vector<SeriesId>& series,
                                 int from, int to) {
    std::vector<Cells> out;
    for (const SeriesId id : series) {
      const auto got =
          get(user, path("series", id.value) + "/aggregates?by=" + by + "&from=" + date(from) + "&to=" + date(to));
      EXPECT_EQ(got.status, 200) << got.answer.body;
      for (const Json& bucket : got.body["buckets"]) out.push_back(cells_of(got.body, bucket));
    }
    return out;
  }
  /// Every cell of a file against the route's answers; how many rows there are.
  std::size_t compare(const std::string& user, const std::string& format, const std::string& by,
                      const std::vector<SeriesId>& series, int from, int to) {
    const auto rows = rows_of(file_of(user, wish(format, by, series, from, to)), format);
    const auto expected = expected_of(user, by, series, from, to);
    EXPECT_EQ(rows.size(), expected.size()) << format << " " << by;
    for (std::size_t i = 0; i < std::min(rows.size(), expected.size()); ++i) {
      for (const auto& [name, value] : expected[i]) {
        const auto found = rows[i].find(name);
        const std::string cell = found == rows[i].end() ? "" : found->second;
        EXPECT_EQ(format == "csv" ? cell : normal(cell), format == "csv" ? value : normal(value))
            << format << " " << by << " row " << i << " " << name;
      }
    }
    return rows.size();
  }
};

TEST_F(AggregateExportTest, EveryCellIsWhatTheRouteAnswers) {
  const std::vector<SeriesId> series{world_.east_energy, SeriesId{world_.east_energy.value + 1}};
  for (const bool settled : {false, true}) {
    for (const char* by : {"hour", "day", "week", "month", "year"}) {
      for (const char* format : {"csv", "json_lines", "xlsx", "parquet"}) {
        EXPECT_GE(compare("east", format, by, series, 20, 0), 2U) << format << " " << by;
        if (settled) continue;
        EXPECT_GE(compare("viewer", format, by, series, 12, 4), 2U) << format << " " << by;
        break;  // before days are settled one format will do
      }
    }
    ASSERT_TRUE(world_.aggregates.settle());
  }
  EXPECT_EQ(compare("east", "csv", "day", {world_.east_energy}, 20, 1), 19U) << "one day has nothing";
}

TEST_F(AggregateExportTest, SaysWhatIsMissingAndWhatIsEstimated) {
  const auto rows = rows_of(file_of("east", wish("csv", "day", {world_.east_energy}, 6, 5)), "csv");
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].at("corrected"), "1");
  EXPECT_EQ(rows[0].at("share_estimated"), "0.00");
  EXPECT_EQ(rows[1].at("estimated"), "1");
  EXPECT_EQ(rows[1].at("values"), "5");
  EXPECT_EQ(rows[1].at("share_estimated"), "20.00");
  EXPECT_EQ(rows[1].at("expected"), "1440") << "one a minute";
  EXPECT_EQ(rows[1].at("completeness"), "0.34");
  EXPECT_EQ(rows[1].at("device"), "East Meter 1");
  EXPECT_EQ(rows[1].at("site"), "Hill");
  EXPECT_EQ(rows[1].at("version"), std::to_string(world_.telemetry.next_record()));
  EXPECT_NE(rows[1].at("increase_edited"), "0.00");
}

TEST_F(AggregateExportTest, ValuesPastTheCalibrationDateAreMarkedEverywhere) {
  // Calibrated 105 days before the fifth day ago, for 100 days: past its date from the tenth day ago on.
  const std::int64_t on_utc_ms = *parse_date(date(5)) - 105 * 86'400'000LL;
  const Json sensor{{"device_id", world_.east_1.value},
                    {"register", "voltage_a"},
                    {"from", "2020-01-01T00:00:00Z"},
                    {"quantity", "voltage"},
                    {"serial_number", "V-1"},
                    {"calibration", {{"on", date_text(on_utc_ms)}, {"interval_days", 100}, {"certificate", "C-1"}}}};
  const auto made =
      client_->request("POST", "/api/v1/sensors", world_.log_in("operator") + std::string{json_body}, sensor.dump());
  ASSERT_EQ(made.status, 201) << made.body;
  const SeriesId voltage{world_.east_energy.value + 1};
  const std::int64_t due = on_utc_ms + 100 * 86'400'000LL;
  const auto is_marked = [](const Json& one) { return one.value("past_calibration", false); };

  const Json readings = get("east", path("series", voltage.value) + "/readings?limit=100").body["readings"];
  ASSERT_GT(readings.size(), 60U);
  for (const Json& one : readings) EXPECT_EQ(is_marked(one), *parse_iso8601(std::string{one["time"]}) >= due) << one;
  EXPECT_TRUE(std::ranges::any_of(readings, is_marked));
  EXPECT_FALSE(std::ranges::all_of(readings, is_marked));
  const Json energy = get("east", path("series", world_.east_energy.value) + "/readings").body["readings"];
  EXPECT_TRUE(std::ranges::none_of(energy, is_marked)) << "another register";

  for (const char* shape : {"minmax", "mean", "lttb"}) {
    const Json curve =
        get("east", path("series", voltage.value) + "/curve?shape=" + shape + "&from=" + format_utc(at(20, 0)) +
                        "&to=" + format_utc(world_.now) + "&buckets=400")
            .body["buckets"];
    EXPECT_TRUE(std::ranges::any_of(curve, is_marked)) << shape;
    for (const Json& one : curve)
      EXPECT_EQ(is_marked(one), *parse_iso8601(std::string{one["last"]["time"]}) >= due) << shape << one;
  }
  for (const char* by : {"hour", "day", "month"}) {
    EXPECT_GE(compare("east", "csv", by, {world_.east_energy, voltage}, 20, 0), 2U);
    const auto rows = rows_of(file_of("east", wish("csv", by, {voltage}, 20, 0)), "csv");
    EXPECT_TRUE(std::ranges::any_of(rows, [](const Cells& row) { return row.at("past_calibration") == "1"; })) << by;
  }
  for (const Cells& row : rows_of(file_of("east", wish("csv", "reading", {voltage}, 20, 0)), "csv"))
    EXPECT_EQ(row.at("past_calibration"), std::stoll(row.at("time_utc_ms")) >= due ? "1" : "0") << row.at("time");
}

TEST_F(AggregateExportTest, PeopleGetWhatTheySee) {
  EXPECT_EQ(post("west", wish("csv", "day", {world_.east_energy}, 6, 2)).status, 404);
  EXPECT_EQ(post("east", wish("csv", "day", {world_.stray_energy}, 6, 2)).status, 404);
  // From 01:30 of one day to 03:00 of a later one the stray sender is a meter of East's.
  assign_stray(at(6, 1) + 1'800'000, at(3, 3));
  for (const char* by : {"hour", "day", "week", "month"}) compare("east", "csv", by, {world_.stray_energy}, 20, 0);
  const auto days = rows_of(file_of("east", wish("csv", "day", {world_.stray_energy}, 20, 0)), "csv");
  ASSERT_EQ(days.size(), 2U) << "the first and the last day are partly nobody's";
  EXPECT_EQ(days[0].at("label"), date(5));
  EXPECT_EQ(days[0].at("device"), "East Meter 2");
  EXPECT_EQ(days[0].at("increase"), "0.24");
  EXPECT_EQ(rows_of(file_of("east", wish("csv", "month", {world_.stray_energy}, 20, 0)), "csv").size(), 0U);
  const std::string target =
      path("exports", get("east", "/api/v1/exports").body["exports"][0]["id"].get<std::int64_t>());
  DeviceDetails details = world_.devices.get(Scope::everything(), world_.east_2)->details;
  details.organisation = world_.west;
  details.site = {};
  ASSERT_TRUE(world_.devices.update(Scope::everything(), world_.east_2, details));
  EXPECT_EQ(get("east", target + "/file").status, 403) << "no longer theirs";
}

TEST_F(AggregateExportTest, RefusesWhatCannotBe) {
  Json wanted = wish("csv", "decade", {world_.east_energy}, 6, 2);
  EXPECT_EQ(post("east", wanted).status, 400);
  wanted["by"] = 5;
  EXPECT_EQ(post("east", wanted).status, 400);
  wanted["by"] = "day";
  wanted["from"] = "1999-01-01T00:00:00Z";
  EXPECT_EQ(post("east", wanted).status, 400);
  wanted["from"] = "2100-01-01T00:00:00Z";
  wanted["to"] = "2100-01-02T00:00:00Z";
  EXPECT_EQ(post("east", wanted).status, 400);
  wanted = wish("csv", "day", {world_.east_energy}, 2, 6);
  EXPECT_EQ(post("east", wanted).status, 400);
  world_.aggregates.is_open = false;
  EXPECT_EQ(post("east", wish("csv", "day", {world_.east_energy}, 6, 2)).status, 503);
}

}  // namespace
}  // namespace duheng::platform::web
