#pragma once
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "model/batch.hpp"
#include "store/telemetry/telemetry_store.hpp"

// For the tests, the kill target and the benchmarks of this folder.

namespace duheng::store::testing {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_telemetry_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
inline constexpr Register energy{"energy_active_import_total", "kWh", -2, SeriesKind::decimal};
inline constexpr Register voltage{"voltage_a", "V", -1, SeriesKind::decimal};

struct Value {
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  Quality quality = Quality::good;
  TimeSource time_source = TimeSource::gateway;
};

/// A journal as the telemetry store sees it.
class TestJournal {
 public:
  void add_body(GatewayId gateway, Bytes body) {
    bodies_.push_back(std::move(body));
    records_.push_back({records_.size(), gateway, bodies_.back()});
  }
  /// One record: a frame per value, one reading each.
  void add(std::int64_t gateway, std::string_view uid, const Register& r, const std::vector<Value>& values) {
    BatchWriter writer(start_utc_ms);
    const auto device = writer.device(uid);
    const auto index = writer.register_of(r);
    for (const Value& value : values) {
      writer.frame({device, Protocol::dlt645_2007, 0, value.time_utc_ms + 7, {}, {}});
      writer.reading({index, value.mantissa, value.time_utc_ms, value.time_source, value.quality});
    }
    Bytes body;
    writer.finish(body);
    add_body(GatewayId{gateway}, std::move(body));
  }
  /// One record of edits; what an edit leaves open is filled in.
  void add_edits(std::vector<Edit> edits) {
    for (Edit& edit : edits) {
      if (edit.author.empty()) edit.author = "wang";
      if (edit.reason.empty()) edit.reason = "test";
      if (edit.kind == EditKind::estimate && edit.method.empty()) edit.method = "linear";
      if (edit.made_utc_ms == 0) edit.made_utc_ms = start_utc_ms + 500'000;
    }
    auto body = encode_edits(edits);
    if (!body) std::abort();
    add_body(GatewayId{}, std::move(*body));
    records_.back().content = TelemetryRecord::Content::edits;
  }
  /// An edit of a value of the register `energy`.
  [[nodiscard]] static Edit edit_of(std::int64_t gateway, std::string_view uid, EditKind kind, std::int64_t time_utc_ms,
                                    std::int64_t mantissa) {
    Edit edit;
    edit.kind = kind;
    edit.gateway = GatewayId{gateway};
    edit.device_uid = uid;
    edit.register_name = energy.name;
    edit.unit = energy.unit;
    edit.exponent = energy.exponent;
    edit.series_kind = energy.kind;
    edit.time_utc_ms = time_utc_ms;
    edit.mantissa = mantissa;
    return edit;
  }
  [[nodiscard]] std::span<const TelemetryRecord> records() const { return records_; }
  [[nodiscard]] std::span<const TelemetryRecord> from(std::uint64_t number) const { return records().subspan(number); }

 private:
  std::deque<Bytes> bodies_;
  std::vector<TelemetryRecord> records_;
};

/// Record `number` of an endless journal that anybody can make again: some gateways, meters and registers, regular
/// times with late, doubled and conflicting readings, frames without readings, and now and then a record that is no
/// batch.
inline Bytes made_record(std::uint64_t number, std::size_t frames_max = 400) {
  SeededRandom random(number * 2 + 1);
  if (random.below(20) == 0) return {};
  BatchWriter writer(start_utc_ms + static_cast<std::int64_t>(number) * 1'000);
  const std::size_t frames = 1 + random.below(frames_max);
  for (std::size_t i = 0; i < frames; ++i) {
    const auto device = writer.device("meter-" + std::to_string(random.below(40)));
    const std::int64_t slot =
        static_cast<std::int64_t>(number) / 4 - static_cast<std::int64_t>(random.below(10) == 0 ? random.below(50) : 0);
    const std::int64_t time_utc_ms = start_utc_ms + slot * 60'000;
    writer.frame({device,
                  Protocol::dlt645_2007,
                  time_utc_ms - 20,
                  time_utc_ms + static_cast<std::int64_t>(random.below(500)),
                  {},
                  {}});
    const std::size_t readings = random.below(4);
    for (std::size_t j = 0; j < readings; ++j) {
      const Register registers[] = {energy, voltage, {"status_word_3", "", 0, SeriesKind::bit_set}};
      const auto index = writer.register_of(registers[j]);
      const auto quality = random.below(8) == 0 ? static_cast<Quality>(1U << random.below(6)) : Quality::good;
      writer.reading({index, slot * 10 + static_cast<std::int64_t>(random.below(3)), time_utc_ms,
                      static_cast<TimeSource>(random.below(3)), quality});
    }
  }
  Bytes body;
  writer.finish(body);
  return body;
}
inline GatewayId made_gateway(std::uint64_t number) { return GatewayId{static_cast<std::int64_t>(number % 3) + 1}; }

}  // namespace duheng::store::testing
