// One suite for every telemetry engine: what the interface promises, whoever keeps it. Compiled into the test program
// of each engine's folder.
#include "store/telemetry/telemetry_contract_suite.hpp"

#include <bit>

#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::store {
namespace {

using testing::energy;
using testing::start_utc_ms;
using testing::TestJournal;
using testing::voltage;

// --- numbering, position, idempotence ---

namespace {
/// So long after an instant at which readings are believed.
constexpr std::int64_t at(std::int64_t after_ms) { return testing::start_utc_ms + after_ms; }
}  // namespace

TEST_P(TelemetryContract, AnEmptyStoreWaitsForRecordZero) {
  EXPECT_EQ(store_->next_record(), 0U);
  EXPECT_TRUE(store_->sources().empty());
  EXPECT_TRUE(store_->series_of(SourceId{1}).empty());
  EXPECT_FALSE(store_->find_series(SeriesId{1}));
  EXPECT_FALSE(store_->find_source(GatewayId{1}, "meter"));
  const std::vector<SeriesId> asked{SeriesId{0}, SeriesId{1}, SeriesId{-1}};
  for (const auto& point : store_->latest(asked)) EXPECT_FALSE(point);
  EXPECT_EQ(store_->statistics().readings, 0U);
  const auto nothing = store_->apply({});
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->next_record, 0U);
}

TEST_P(TelemetryContract, NumbersSourcesAndSeriesByFirstAppearance) {
  journal_.add(7, "b", voltage, {{start_utc_ms, 2301}});
  journal_.add(7, "a", energy, {{start_utc_ms, 100}});
  journal_.add(8, "b", voltage, {{start_utc_ms + 5'000, 2299}});
  journal_.add(7, "b", energy, {{start_utc_ms, 5}});
  apply();
  const auto sources = store_->sources();
  ASSERT_EQ(sources.size(), 3U);
  EXPECT_EQ(sources[0].device_uid, "b");
  EXPECT_EQ(sources[0].gateway, GatewayId{7});
  EXPECT_EQ(sources[1].device_uid, "a");
  EXPECT_EQ(sources[2].gateway, GatewayId{8});
  EXPECT_EQ(sources[2].id, SourceId{3});
  EXPECT_EQ(sources[2].last_received_utc_ms, start_utc_ms + 5'007);
  ASSERT_EQ(store_->sources_of(GatewayId{7}).size(), 2U);
  EXPECT_TRUE(store_->sources_of(GatewayId{9}).empty());
  ASSERT_TRUE(store_->find_source(GatewayId{8}, "b"));
  EXPECT_EQ(store_->find_source(GatewayId{8}, "b")->id, SourceId{3});
  const auto series = store_->series_of(SourceId{1});
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].id, SeriesId{1});
  EXPECT_EQ(series[1].id, SeriesId{4});
  EXPECT_EQ(series[1].register_name, "energy_active_import_total");
  EXPECT_EQ(series[1].unit, "kWh");
  EXPECT_EQ(series[1].exponent, -2);
  EXPECT_EQ(store_->find_series(SeriesId{4})->source, SourceId{1});
}

TEST_P(TelemetryContract, AnotherExponentUnitOrKindIsAnotherSeries) {
  const Register base{"x", "m3", -3, SeriesKind::decimal};
  for (const Register& r :
       {base, Register{"x", "m3", -2, SeriesKind::decimal}, Register{"x", "l", -3, SeriesKind::decimal},
        Register{"x", "m3", -3, SeriesKind::ieee_bits}, Register{"xm", "3", -3, SeriesKind::decimal}, base})
    journal_.add(1, "m", r, {{start_utc_ms, 1}});
  apply();
  EXPECT_EQ(store_->series_of(SourceId{1}).size(), 5U);
  EXPECT_EQ(store_->statistics().series, 5U);
}

TEST_P(TelemetryContract, NamesAreOctetsWhateverTheyAre) {
  const std::string uid("\xFF\x00'\"; DROP TABLE \xE5\xBA\xA6", 18);
  journal_.add(1, uid, {"\xC3", "'", 0, SeriesKind::decimal}, {{start_utc_ms, 1}});
  journal_.add(1, " ", {"'", "", 0, SeriesKind::decimal}, {{start_utc_ms, 1}});
  apply();
  ASSERT_TRUE(store_->find_source(GatewayId{1}, uid));
  EXPECT_EQ(store_->sources()[0].device_uid, uid);
  EXPECT_EQ(store_->series_of(SourceId{1})[0].register_name, "\xC3");
  EXPECT_EQ(store_->series_of(SourceId{2})[0].register_name, "'");
}

TEST_P(TelemetryContract, AFrameMakesTheSourceAndAReadingTheSeries) {
  BatchWriter writer(start_utc_ms);
  const auto silent = writer.device("never spoke");
  const auto device = writer.device("spoke without a value");
  (void)silent;
  (void)writer.register_of(energy);
  writer.frame({device, Protocol::dlt645_2007, 0, start_utc_ms, {}, {}});
  Bytes body;
  writer.finish(body);
  journal_.add_body(GatewayId{1}, body);
  apply();
  ASSERT_EQ(store_->sources().size(), 1U);
  EXPECT_EQ(store_->sources()[0].device_uid, "spoke without a value");
  EXPECT_EQ(store_->sources()[0].last_received_utc_ms, 0);
  EXPECT_EQ(store_->statistics().series, 0U);
}

TEST_P(TelemetryContract, RecordsAppliedBeforeAreSkipped) {
  for (int i = 0; i < 5; ++i) journal_.add(1, "m", energy, {{start_utc_ms + i * 1'000, i}});
  ASSERT_TRUE(store_->apply(journal_.records().first(3)));
  const auto before = store_->digest();
  const auto again = store_->apply(journal_.records().first(3));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->records_skipped, 3U);
  EXPECT_EQ(again->records_applied, 0U);
  EXPECT_EQ(store_->digest().value(), before.value());
  const auto overlapping = store_->apply(journal_.records());
  ASSERT_TRUE(overlapping);
  EXPECT_EQ(overlapping->records_skipped, 3U);
  EXPECT_EQ(overlapping->records_applied, 2U);
  EXPECT_EQ(all_points(SeriesId{1}).size(), 5U);
}

TEST_P(TelemetryContract, AGapIsRefused) {
  for (int i = 0; i < 4; ++i) journal_.add(1, "m", energy, {{start_utc_ms + i * 1'000, i}});
  const auto skipping_the_first = store_->apply(journal_.from(1));
  ASSERT_FALSE(skipping_the_first);
  EXPECT_EQ(skipping_the_first.error().code, ErrorCode::invalid_argument);
  const std::vector<TelemetryRecord> with_hole{journal_.records()[0], journal_.records()[2]};
  const auto hole = store_->apply(with_hole);
  ASSERT_FALSE(hole);
  EXPECT_EQ(hole.error().code, ErrorCode::invalid_argument);
  apply();
  EXPECT_EQ(store_->statistics().readings, 4U);
}

TEST_P(TelemetryContract, ARecordThatIsNoBatchTakesItsNumberOnly) {
  journal_.add_body(GatewayId{1}, {});
  journal_.add(1, "m", energy, {{start_utc_ms, 1}});
  Bytes cut(journal_.records()[1].body.begin(), journal_.records()[1].body.end() - 3);
  journal_.add_body(GatewayId{1}, cut);
  const auto applied = store_->apply(journal_.records());
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(applied->next_record, 3U);
  EXPECT_EQ(applied->records_unreadable, 1U);
  EXPECT_EQ(applied->readings, 1U);
  EXPECT_EQ(store_->statistics().records_unreadable, 1U);
}

TEST_P(TelemetryContract, ABatchOfANewerVersionStopsTheLine) {
  journal_.add(1, "m", energy, {{start_utc_ms, 1}});
  Bytes newer(journal_.records()[0].body.begin(), journal_.records()[0].body.end());
  newer[0] = 200;
  journal_.add_body(GatewayId{2}, newer);
  const auto applied = store_->apply(journal_.records());
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, ErrorCode::unsupported);
  EXPECT_LE(store_->next_record(), 1U);
  // A whole number of records has been applied, and going on works.
  const auto first = store_->apply(journal_.records().first(1));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(store_->next_record(), 1U);
  EXPECT_EQ(store_->statistics().readings, 1U);
  EXPECT_EQ(store_->sources().size(), 1U);
  EXPECT_EQ(all_points(SeriesId{1}).size(), 1U);
}

// --- points ---

TEST_P(TelemetryContract, ValuesComeBackExactly) {
  constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
  constexpr auto highest = std::numeric_limits<std::int64_t>::max();
  journal_.add(1, "m", energy,
               {{-5, lowest, Quality::rate_exceeded | Quality::decreased, TimeSource::meter},
                {0, highest, Quality::good, TimeSource::platform},
                {start_utc_ms, -1}});
  apply();
  const auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 3U);
  // Nobody metered electronically before 2000: such stamps are kept, and said to be unbelievable.
  EXPECT_EQ(points[0], (Point{-5, lowest, Quality::rate_exceeded | Quality::decreased | Quality::time_implausible,
                              TimeSource::meter, FrameReference::make(0, 0), 2, 1, false, 0}));
  EXPECT_EQ(points[1], (Point{0, highest, Quality::time_implausible, TimeSource::platform, FrameReference::make(0, 1),
                              7, 1, false, 0}));
  EXPECT_EQ(points[2].mantissa, -1);
  EXPECT_EQ(points[2].frame, FrameReference::make(0, 2));
}

TEST_P(TelemetryContract, RangesAreHalfOpen) {
  journal_.add(1, "m", energy, {{1'000, 1}, {2'000, 2}, {3'000, 3}});
  apply();
  const auto got = store_->range(SeriesId{1}, {1'000, 3'000}, 10, {});
  ASSERT_TRUE(got);
  ASSERT_EQ(got->points.size(), 2U);
  EXPECT_EQ(got->points[0].time_utc_ms, 1'000);
  EXPECT_FALSE(got->next_from_utc_ms);
  EXPECT_TRUE(store_->range(SeriesId{1}, {2'000, 2'000}, 10, {})->points.empty());
}

TEST_P(TelemetryContract, EqualValuesAreEvidenceAndOthersAreVersions) {
  journal_.add(1, "m", energy, {{at(1'000), 5}});
  journal_.add(1, "m", energy, {{at(1'000), 5}, {at(2'000), 7}});
  journal_.add(1, "m", energy, {{at(2'000), 8}, {at(2'000), 7}});
  journal_.add(1, "m", energy, {{at(3'000), 0, Quality::no_value}, {at(3'000), 9, Quality::no_value}, {at(3'000), 0}});
  apply();
  const auto points = all_points(SeriesId{1});
  ASSERT_EQ(points.size(), 5U);
  EXPECT_EQ(points[0].evidence_count, 2U);
  EXPECT_FALSE(points[0].conflict);
  EXPECT_EQ(points[0].frame, FrameReference::make(0, 0));
  EXPECT_EQ(points[1].mantissa, 7);
  EXPECT_EQ(points[1].evidence_count, 2U);
  EXPECT_TRUE(points[1].conflict);
  EXPECT_EQ(points[2].mantissa, 8);
  EXPECT_TRUE(points[2].conflict);
  // Without a value the mantissa means nothing, so the first two of the last time are the same; the third says
  // something else.
  EXPECT_EQ(points[3].quality, Quality::no_value);
  EXPECT_EQ(points[3].evidence_count, 2U);
  EXPECT_TRUE(points[4].conflict);
}

TEST_P(TelemetryContract, PagesJoinToTheWholeAndNeverTearATime) {
  std::vector<testing::Value> values;
  for (int i = 0; i < 300; ++i) values.push_back({i / 3 * 1'000, i});
  journal_.add(1, "m", energy, values);
  apply();
  const auto whole = all_points(SeriesId{1}, 1'000);
  ASSERT_EQ(whole.size(), 300U);
  for (const std::size_t page : {1U, 2U, 3U, 4U, 7U, 100U, 299U, 300U})
    EXPECT_EQ(all_points(SeriesId{1}, page), whole) << page;
  const auto first = store_->range(SeriesId{1}, {0, 1'000'000}, 5, {});
  EXPECT_EQ(first->points.size(), 3U);
  EXPECT_EQ(first->next_from_utc_ms, 1'000);
}

TEST_P(TelemetryContract, AFloodOfReadingsOfOneTimeStillPages) {
  std::vector<testing::Value> flood{{500, 1}};
  for (int i = 0; i < 5'000; ++i) flood.push_back({1'000, i % 2});
  flood.push_back({2'000, 3});
  journal_.add(1, "m", energy, flood);
  apply();
  const auto points = all_points(SeriesId{1}, 10);
  ASSERT_EQ(points.size(), 4U);
  EXPECT_EQ(points[1].evidence_count, 2'500U);
  EXPECT_EQ(points[1].frame, FrameReference::make(0, 1));
  EXPECT_TRUE(points[2].conflict);
  EXPECT_EQ(points[3].time_utc_ms, 2'000);
}

TEST_P(TelemetryContract, AFloodOfVersionsIsBounded) {
  std::vector<testing::Value> flood;
  for (int i = 0; i < 3'000; ++i) flood.push_back({1'000, i});
  flood.push_back({2'000, 3});
  journal_.add(1, "m", energy, flood);
  apply();
  const auto points = all_points(SeriesId{1}, 10);
  ASSERT_EQ(points.size(), telemetry_limits::versions_of_one_time_max + 1);
  EXPECT_EQ(points[255].mantissa, 255);
  EXPECT_TRUE(points[0].conflict);
  EXPECT_EQ(points[256].time_utc_ms, 2'000);
}

TEST_P(TelemetryContract, LatestFollowsTimeNotArrival) {
  journal_.add(1, "m", energy, {{at(2'000), 20}});
  apply();
  journal_.add(1, "m", energy, {{at(1'000), 10}});
  apply();
  const std::vector<SeriesId> asked{SeriesId{2}, SeriesId{1}, SeriesId{1}};
  auto latest = store_->latest(asked);
  ASSERT_EQ(latest.size(), 3U);
  EXPECT_FALSE(latest[0]);
  EXPECT_EQ(latest[1], (Point{at(2'000), 20, Quality::good, TimeSource::gateway, FrameReference::make(0, 0), at(2'007),
                              1, false, 0}));
  EXPECT_EQ(latest[2], latest[1]);
  journal_.add(1, "m", energy, {{at(2'000), 20}});
  apply();
  EXPECT_EQ(store_->latest(asked)[1]->evidence_count, 2U);
  EXPECT_EQ(store_->latest(asked)[1]->frame, FrameReference::make(0, 0));
  journal_.add(1, "m", energy, {{at(2'000), 21}});
  apply();
  EXPECT_EQ(store_->latest(asked)[1]->mantissa, 21);
  EXPECT_TRUE(store_->latest(asked)[1]->conflict);
  journal_.add(1, "m", energy, {{at(3'000), 22, Quality::no_value}});
  apply();
  EXPECT_EQ(store_->latest(asked)[1]->quality, Quality::no_value);
  EXPECT_FALSE(store_->latest(asked)[1]->conflict);
}

// --- curves, completeness ---

TEST_P(TelemetryContract, CurvesKeepExtremesAndTheirFrames) {
  journal_.add(1, "m", energy, {{at(0), 5}, {at(100), 9}, {at(200), 1}, {at(300), 9}, {at(400), 4}});
  journal_.add(
      1, "m", energy,
      {{at(1'000), 7, Quality::decreased}, {at(1'100), 0, Quality::no_value}, {at(2'499), -3}, {at(2'500), 99}});
  apply();
  const auto curve = store_->curve(SeriesId{1}, {at(0), at(2'500)}, 3, {});  // 834 ms wide, the last narrower
  ASSERT_TRUE(curve) << curve.error().message;
  ASSERT_EQ(curve->size(), 3U);
  const CurveBucket& first = (*curve)[0];
  EXPECT_EQ(first.from_utc_ms, at(0));
  EXPECT_EQ(first.to_utc_ms, at(834));
  EXPECT_EQ(first.value_count, 5U);
  EXPECT_EQ(first.first, (CurveBucket::Mark{at(0), 5, FrameReference::make(0, 0), Quality::good}));
  EXPECT_EQ(first.last, (CurveBucket::Mark{at(400), 4, FrameReference::make(0, 4), Quality::good}));
  EXPECT_EQ(first.minimum, (CurveBucket::Mark{at(200), 1, FrameReference::make(0, 2), Quality::good}));
  EXPECT_EQ(first.maximum, (CurveBucket::Mark{at(100), 9, FrameReference::make(0, 1), Quality::good}))
      << "the earlier of equals";
  const CurveBucket& second = (*curve)[1];
  EXPECT_EQ(second.value_count, 1U);
  EXPECT_EQ(second.without_value_count, 1U);
  EXPECT_EQ(second.quality_union, static_cast<std::uint16_t>(Quality::decreased | Quality::no_value));
  EXPECT_EQ(second.first, second.last);
  const CurveBucket& third = (*curve)[2];
  EXPECT_EQ(third.from_utc_ms, at(1'668));
  EXPECT_EQ(third.to_utc_ms, at(2'500));
  EXPECT_EQ(third.value_count, 1U) << "the end is not part of the range";
  EXPECT_EQ(third.minimum.mantissa, -3);
}

TEST_P(TelemetryContract, CurvesLeaveOutWhatIsEmpty) {
  journal_.add(1, "m", energy, {{10, 1}, {9'990, 2}});
  apply();
  const auto curve = store_->curve(SeriesId{1}, {0, 10'000}, 1'000, {});
  ASSERT_TRUE(curve);
  ASSERT_EQ(curve->size(), 2U);
  EXPECT_EQ((*curve)[1].from_utc_ms, 9'990);
  EXPECT_TRUE(store_->curve(SeriesId{1}, {500, 600}, 10, {})->empty());
  EXPECT_TRUE(store_->curve(SeriesId{1}, {500, 500}, 10, {})->empty());
  // More buckets than milliseconds.
  EXPECT_EQ(store_->curve(SeriesId{1}, {10, 11}, 10, {})->size(), 1U);
}

TEST_P(TelemetryContract, FloatingPointSeriesAreComparedAsNumbers) {
  const auto bits = [](double value) { return std::bit_cast<std::int64_t>(value); };
  journal_.add(1, "m", {"flow", "m3/h", 0, SeriesKind::ieee_bits},
               {{0, bits(-1.5)}, {1, bits(-2.5)}, {2, bits(0.5)}, {3, bits(std::numeric_limits<double>::quiet_NaN())}});
  apply();
  const auto curve = store_->curve(SeriesId{1}, {0, 10}, 1, {});
  ASSERT_TRUE(curve);
  EXPECT_EQ((*curve)[0].minimum.mantissa, bits(-2.5));
  EXPECT_EQ((*curve)[0].maximum.mantissa, bits(0.5));
  EXPECT_EQ((*curve)[0].without_value_count, 1U);
}

TEST_P(TelemetryContract, CompletenessCountsSlotsOnce) {
  journal_.add(1, "m", energy,
               {{0, 1},
                {5, 1},
                {1'000, 2},
                {4'999, 3},
                {6'000, 4, Quality::no_value},
                {8'000, 5, Quality::rate_exceeded},
                {10'000, 6}});
  apply();
  const auto got = store_->completeness(SeriesId{1}, {0, 9'500}, 1'000, {});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->expected, 10U);
  EXPECT_EQ(got->present, 4U);
  EXPECT_DOUBLE_EQ(got->ratio(), 0.4);
  EXPECT_EQ(got->gaps, (std::vector<Gap>{{2'000, 4'000, 2}, {5'000, 8'000, 3}, {9'000, 9'500, 1}}));
  EXPECT_FALSE(got->gaps_truncated);
  EXPECT_EQ(store_->completeness(SeriesId{1}, {3, 3}, 1'000, {})->ratio(), 1.0);
  const auto before_everything = store_->completeness(SeriesId{1}, {-5'000, -1'000}, 1'000, {});
  EXPECT_EQ(before_everything->present, 0U);
  EXPECT_EQ(before_everything->gaps, (std::vector<Gap>{{-5'000, -1'000, 4}}));
}

TEST_P(TelemetryContract, TooManyGapsAreCutAndSaidSo) {
  std::vector<testing::Value> values;
  for (int i = 0; i < 1'500; ++i) values.push_back({i * 2'000, i});
  journal_.add(1, "m", energy, values);
  apply();
  const auto got = store_->completeness(SeriesId{1}, {0, 3'000'000}, 1'000, {});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->present, 1'500U);
  EXPECT_EQ(got->gaps.size(), telemetry_limits::gaps_max);
  EXPECT_TRUE(got->gaps_truncated);
}

// --- refusals, digest ---

TEST_P(TelemetryContract, QuestionsThatCannotBeAnsweredSayWhy) {
  journal_.add(1, "m", energy, {{0, 1}});
  apply();
  const auto code = [](const auto& result) { return result ? ErrorCode{} : result.error().code; };
  const SeriesId known{1};
  EXPECT_EQ(code(store_->range(SeriesId{2}, {0, 1}, 1, {})), ErrorCode::not_found);
  EXPECT_EQ(code(store_->range(SeriesId{0}, {0, 1}, 1, {})), ErrorCode::not_found);
  EXPECT_EQ(code(store_->curve(SeriesId{-7}, {0, 1}, 1, {})), ErrorCode::not_found);
  EXPECT_EQ(code(store_->completeness(SeriesId{1'000'000'000'000}, {0, 1}, 1, {})), ErrorCode::not_found);
  EXPECT_EQ(code(store_->range(known, {1, 0}, 1, {})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->range(known, {0, 1}, 0, {})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->range(known, {0, 1}, telemetry_limits::points_per_page_max + 1, {})),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->range(known, {0, std::numeric_limits<std::int64_t>::max()}, 1, {})),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->curve(known, {0, 1}, telemetry_limits::curve_buckets_max + 1, {})),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->completeness(known, {0, 1}, 0, {})), ErrorCode::invalid_argument);
  EXPECT_EQ(code(store_->completeness(known, {0, 1'000'000'000}, 1, {})), ErrorCode::limit_exceeded);
  EXPECT_EQ(code(store_->range(known, {0, 1}, 1, {.timeout_ms = 0, .cancel = {}})), ErrorCode::timed_out);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(code(store_->curve(known, {0, 1}, 1, {.timeout_ms = 1'000, .cancel = stop.get_token()})),
            ErrorCode::cancelled);
}

TEST_P(TelemetryContract, TheDigestTellsContentsApart) {
  journal_.add(1, "m", energy, {{0, 1}});
  apply();
  const auto one = store_->digest();
  ASSERT_TRUE(one);
  EXPECT_EQ(one->size(), 64U);
  journal_.add_body(GatewayId{1}, {});
  apply();
  EXPECT_NE(store_->digest().value(), *one);
}

// --- the whole ---

// An engine and the reference, one journal, handed over in different portions: the same content and the same answers.
TEST_P(TelemetryContract, AgreesWithMemoryOnRandomJournals) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    testing::TemporaryDirectory directory;
    const auto store = GetParam().make(directory.path());
    ASSERT_NE(store, nullptr);
    MemoryTelemetryStore memory;
    TestJournal journal;
    for (std::uint64_t i = 0; i < 60; ++i)
      journal.add_body(testing::made_gateway(i), testing::made_record(seed * 1'000 + i, 60));
    ASSERT_TRUE(memory.apply(journal.records()));
    while (store->next_record() < journal.records().size()) {
      const auto rest = journal.from(store->next_record());
      const auto applied = store->apply(rest.first(1 + random.below(rest.size())));
      ASSERT_TRUE(applied) << applied.error().message;
    }
    EXPECT_EQ(store->digest().value(), memory.digest().value());
    const auto count = static_cast<std::int64_t>(memory.statistics().series);
    ASSERT_GT(count, 100);
    for (std::int64_t i = 1; i <= count; ++i) {
      const SeriesId id{i};
      EXPECT_EQ(store->latest({&id, 1}), memory.latest({&id, 1}));
      const std::int64_t from = start_utc_ms + static_cast<std::int64_t>(seed) * 250 * 60'000 -
                                static_cast<std::int64_t>(random.below(3'600'000));
      const TimeRange range{from, from + 1 + static_cast<std::int64_t>(random.below(7'200'000))};
      const std::size_t page = 1 + random.below(30);
      const auto a = store->range(id, range, page, {});
      const auto b = memory.range(id, range, page, {});
      ASSERT_TRUE(a && b);
      EXPECT_EQ(a->points, b->points);
      EXPECT_EQ(a->next_from_utc_ms, b->next_from_utc_ms);
      EXPECT_EQ(store->curve(id, range, page, {}).value(), memory.curve(id, range, page, {}).value());
      const auto c = store->completeness(id, range, 60'000, {});
      const auto d = memory.completeness(id, range, 60'000, {});
      ASSERT_TRUE(c && d);
      EXPECT_EQ(c->present, d->present);
      EXPECT_EQ(c->gaps, d->gaps);
    }
  }
}

}  // namespace
}  // namespace duheng::store
