#include <algorithm>
#include <benchmark/benchmark.h>
#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <zstd.h>

#include "store/telemetry/curve_block.hpp"

// Days of one series each, encoded and decoded on one core. Counters: octets a reading for what was seen (`values`) and
// for where it came from (`evidence`). The peer is zstd, level 3, over the same rows as plain varints of differences,
// which knows no more of them than that they are numbers; its octets are of both together.

namespace {

using namespace duheng;
using namespace duheng::store;

constexpr std::int64_t midnight_utc_ms = 1'767'225'600'000;  // 2026-01-01
constexpr std::int64_t quarter_ms = 900'000;
constexpr std::size_t rows_a_day = 96;
constexpr std::size_t days = 200;
using Random = std::mt19937_64;
using Day = std::vector<ReadingRow>;
using Days = std::vector<Day>;

/// What is measured at a time of the day, 0 to 96, of a series that remembers what was before.
using Mantissa = std::function<std::int64_t(Random&, std::size_t)>;

double unit(Random& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }
double exponential(Random& random, double mean) { return -mean * std::log1p(-unit(random)); }
double normal(Random& random, double deviation) {
  double sum = 0;
  for (int i = 0; i < 12; ++i) sum += unit(random);
  return (sum - 6) * deviation;
}
double hour_of(std::size_t quarter) { return static_cast<double>(quarter) / 4; }

/// 0.01 kWh: a refrigerator, people in the morning and evening, now and then a kettle or an oven; 0 to 200 a step.
Mantissa household() {
  return [total = std::int64_t{1'234'567}, presence = 0.0](Random& random, std::size_t quarter) mutable {
    const double hour = hour_of(quarter);
    const double usual = hour < 6 ? 0 : hour < 9 ? 12 : hour < 17 ? 5 : hour < 23 ? 20 : 2;
    presence = 0.7 * presence + 0.3 * exponential(random, usual);
    const double appliance = random() % 24 == 0 ? 120 * unit(random) : 0;
    return total += std::min<std::int64_t>(200, static_cast<std::int64_t>(4 * unit(random) + 2 + presence + appliance));
  };
}
/// The worst that such steps can be: every one of 0 to 200 as likely, which carries 7.65 bits of chance.
Mantissa even_steps() {
  return [total = std::int64_t{1'234'567}](Random& random, std::size_t) mutable {
    return total += static_cast<std::int64_t>(random() % 201);
  };
}
/// 0.01 kWh behind current transformers of ratio 40: a plant with two shifts.
Mantissa industrial() {
  return [total = std::int64_t{9'876'520}, load = 300.0](Random& random, std::size_t quarter) mutable {
    const double hour = hour_of(quarter);
    load = 0.8 * load + 0.2 * (hour > 6 && hour < 22 ? 600 : 120) + normal(random, 12);
    return total += 40 * std::max<std::int64_t>(0, std::llround(load));
  };
}
/// 0.01 kWh: a roof under passing clouds.
Mantissa photovoltaic() {
  return [total = std::int64_t{345'678}](Random& random, std::size_t quarter) mutable {
    const double height = std::sin((hour_of(quarter) - 6) / 12 * 3.14159265358979);
    return total += height <= 0 ? 0 : std::llround(125 * height * (0.6 + 0.4 * unit(random)));
  };
}
/// 0.1 V.
Mantissa voltage() {
  return [level = 2'312.0](Random& random, std::size_t) mutable {
    level += normal(random, 3) - 0.02 * (level - 2'310);
    return std::llround(level);
  };
}
/// 0.01 degrees: the supply of a heat network.
Mantissa heat_temperature() {
  return [level = 7'850.0](Random& random, std::size_t quarter) mutable {
    level += 6 * std::sin(hour_of(quarter) / 24 * 6.2831853) + normal(random, 5);
    return std::llround(level);
  };
}
Mantissa status_word() {
  return [word = std::int64_t{0}](Random& random, std::size_t) mutable {
    return random() % 300 == 0 ? word ^= 1LL << (random() % 8) : word;
  };
}

/// How the readings came.
enum class Way : std::uint8_t {
  on_the_quarter,  ///< stamped by the meter, heard two seconds later
  polled,          ///< stamped by the gateway when it was heard, within 40 ms of its plan
};

Days series_of(Mantissa mantissa, Way way) {
  Random random(7);
  Days out(days);
  std::uint64_t record = 500'000;
  for (std::size_t day = 0; day < days; ++day) {
    for (std::size_t quarter = 0; quarter < rows_a_day; ++quarter) {
      ReadingRow row;
      row.series = 1;
      row.mantissa = mantissa(random, quarter);
      row.time_utc_ms = midnight_utc_ms + static_cast<std::int64_t>(day * rows_a_day + quarter) * quarter_ms;
      row.received_utc_ms = row.time_utc_ms + 2'000;
      if (way == Way::polled) {
        row.received_utc_ms = row.time_utc_ms += static_cast<std::int64_t>(random() % 41);
        row.time_source = static_cast<std::uint8_t>(TimeSource::gateway);
      }
      record += 310 + random() % 9;  // other gateways' records in between
      row.frame = FrameReference::make(record, 1'234).value;
      out[day].push_back(row);
    }
  }
  return out;
}

struct Case {
  const char* name;
  std::function<Mantissa()> mantissa;
  Way way;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {"household_energy", household, Way::on_the_quarter},
      {"household_energy_polled", household, Way::polled},
      {"even_steps_of_0_to_200", even_steps, Way::on_the_quarter},
      {"industrial_energy", industrial, Way::on_the_quarter},
      {"photovoltaic_energy", photovoltaic, Way::on_the_quarter},
      {"voltage", voltage, Way::on_the_quarter},
      {"voltage_polled", voltage, Way::polled},
      {"heat_temperature", heat_temperature, Way::on_the_quarter},
      {"status_word", status_word, Way::on_the_quarter},
  };
  return all;
}

void count_readings(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<std::size_t>(state.iterations()) * days * rows_a_day));
}
double a_reading(std::size_t octets) { return static_cast<double>(octets) / static_cast<double>(days * rows_a_day); }

void encode(benchmark::State& state, const Case& which) {
  const Days rows = series_of(which.mantissa(), which.way);
  CurveBlock block;
  std::size_t values = 0;
  std::size_t evidence = 0;
  for (const Day& day : rows) {
    encode_curve(day, block);
    values += block.values.size();
    evidence += block.evidence.size();
  }
  for ([[maybe_unused]] auto _ : state)
    for (const Day& day : rows) {
      encode_curve(day, block);
      benchmark::DoNotOptimize(block.values.data());
    }
  count_readings(state);
  state.counters["values"] = a_reading(values);
  state.counters["evidence"] = a_reading(evidence);
}

void decode(benchmark::State& state, const Case& which) {
  std::vector<CurveBlock> blocks;
  for (const Day& day : series_of(which.mantissa(), which.way)) encode_curve(day, blocks.emplace_back());
  Day out;
  for ([[maybe_unused]] auto _ : state)
    for (const CurveBlock& block : blocks) {
      out.clear();
      if (!decode_curve(1, block.values, block.evidence, out)) state.SkipWithError("refused");
      benchmark::DoNotOptimize(out.data());
    }
  count_readings(state);
}

Bytes plain_differences(const Day& day) {
  Bytes bytes;
  ByteWriter out(bytes);
  ReadingRow before;
  for (const ReadingRow& row : day) {
    out.zigzag(row.time_utc_ms - before.time_utc_ms);
    out.zigzag(row.mantissa - before.mantissa);
    out.varint(row.quality);
    out.u8(row.time_source);
    out.zigzag(row.frame - before.frame);
    out.zigzag(row.received_utc_ms - row.time_utc_ms);
    before = row;
  }
  return bytes;
}

void peer_zstd(benchmark::State& state, const Case& which) {
  const Days rows = series_of(which.mantissa(), which.way);
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  Bytes out(ZSTD_compressBound(rows_a_day * 64));
  std::size_t octets = 0;
  for ([[maybe_unused]] auto _ : state) {
    octets = 0;
    for (const Day& day : rows) {
      const Bytes plain = plain_differences(day);
      const std::size_t size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), plain.data(), plain.size(), 3);
      if (ZSTD_isError(size) != 0U) state.SkipWithError("refused");
      octets += size;
    }
  }
  count_readings(state);
  state.counters["both"] = a_reading(octets);
}

[[maybe_unused]] const bool registered = [] {
  for (const Case& one : cases()) {
    const std::string name = one.name;
    benchmark::RegisterBenchmark(("curve_encode/" + name).c_str(), [&one](benchmark::State& s) { encode(s, one); });
    benchmark::RegisterBenchmark(("curve_decode/" + name).c_str(), [&one](benchmark::State& s) { decode(s, one); });
    benchmark::RegisterBenchmark(("curve_peer_zstd/" + name).c_str(),
                                 [&one](benchmark::State& s) { peer_zstd(s, one); });
  }
  return true;
}();

}  // namespace
