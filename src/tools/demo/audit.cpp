#include "tools/demo/audit.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unordered_map>

#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/dlt645/value.hpp"
#include "codec/gdw13762/message.hpp"
#include "device/ledger/ledger.hpp"
#include "model/batch.hpp"

namespace duheng::tools {
namespace {

constexpr std::size_t examples_max = 20;

/// A reading as the journal has it, to be found again in telemetry.
struct Journalled {
  std::string register_name;
  std::int64_t mantissa = 0;
};

class Audit {
 public:
  Audit(const store::Journal& journal, const store::TelemetryStore& telemetry)
      : journal_(journal), telemetry_(telemetry) {}

  Result<AuditReport> run(Disk& disk, const std::vector<std::string>& ledger_paths) {
    std::vector<device::LedgerEntry> ledger;
    for (const auto& path : ledger_paths) {
      DUHENG_TRY(auto entries, device::read_ledger(disk, path));
      ledger.insert(ledger.end(), std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end()));
    }
    std::set<std::string> meters;
    for (const auto& entry : ledger) meters.insert(entry.address);
    report_.meters = meters.size();
    DUHENG_CHECK(read_journal());
    const auto comparison = device::compare_with_ledger(ledger, observed_);
    report_.answers = comparison.answers;
    report_.answers_confirmed = comparison.confirmed;
    report_.lost += comparison.lost;
    report_.doubled += comparison.doubled;
    report_.unknown += comparison.unknown;
    for (const auto& example : comparison.examples) note(example);
    DUHENG_CHECK(read_telemetry());
    summarise_latency();
    return std::move(report_);
  }

 private:
  void note(std::string text) {
    if (report_.examples.size() < examples_max) report_.examples.push_back(std::move(text));
  }

  Result<void> read_journal() {
    auto cursor = journal_.cursor(journal_.first_number());
    for (;;) {
      DUHENG_TRY(const auto stored, cursor.next());
      if (!stored) return {};
      if (stored->record.type != store::JournalRecordType::batch) continue;
      DUHENG_TRY(const auto batch, BatchView::parse(stored->record.body));
      batch.for_each([&](std::uint32_t index, const Frame& frame) { take_frame(*stored, index, frame); },
                     [&](std::uint32_t index, const Frame& frame, const Reading& reading) {
                       take_reading(*stored, index, frame, batch.registers()[reading.register_index], reading);
                     });
    }
  }

  void take_frame(const store::StoredRecord& stored, std::uint32_t, const Frame& frame) {
    expected_.clear();
    if (frame.response.empty()) return;
    ++report_.frames;
    latencies_.push_back(static_cast<double>(stored.record.received_utc_ms - frame.received_utc_ms));
    // The ledger holds what meters said, whatever carried it.
    const auto said =
        gdw13762::carried_frames(frame.response).value_or(Bytes(frame.response.begin(), frame.response.end()));
    const auto decoded = dlt645::decode(said);
    if (!decoded) return;
    observed_.push_back({decoded->address().to_string(), said, frame.received_utc_ms});
    // The values once more, from the octets alone.
    const auto plain = decoded->plain_data();
    const auto reply = dlt645::parse_read_reply(*decoded, plain.view());
    if (!reply) return;
    const auto description = dlt645::describe(reply->identifier);
    values_.clear();
    if (!description || !dlt645::decode_values(*description, reply->payload, values_)) return;
    for (const auto& value : values_) expected_.push_back(value);
  }

  void take_reading(const store::StoredRecord& stored, std::uint32_t index, const Frame&, const Register& where,
                    const Reading& reading) {
    ++report_.readings;
    const auto reference = FrameReference::make(stored.number, index);
    // The one reading that stands in no frame: what the gateway computed from the clock in it and its own.
    const bool derived = where.name == "clock_offset";
    if (!derived && !has(reading.quality, Quality::no_value) && !has(reading.quality, Quality::invalid_content)) {
      const bool exact = std::any_of(expected_.begin(), expected_.end(), [&](const dlt645::Value& value) {
        return value.state == dlt645::ValueState::good && value.mantissa == reading.mantissa &&
               (where.kind != SeriesKind::decimal ||
                (value.exponent == where.exponent && dlt645::to_string(value.unit) == where.unit));
      });
      if (!exact) {
        ++report_.inexact;
        note(fmt::format("record {} frame {}: {} = {} is not in the frame", stored.number, index, where.name,
                         reading.mantissa));
      }
    }
    journalled_[reference.value].push_back({std::string{where.name}, reading.mantissa});
  }

  Result<void> read_telemetry() {
    constexpr store::TimeRange always{INT64_MIN / 8, INT64_MAX / 8};
    for (const auto& source : telemetry_.sources()) {
      std::uint64_t readings_of_source = 0;
      for (const auto& series : telemetry_.series_of(source.id)) {
        store::TimeRange rest = always;
        for (;;) {
          DUHENG_TRY(const auto page, telemetry_.range(series.id, rest, 100'000, {.timeout_ms = 60'000, .cancel = {}}));
          for (const auto& point : page.points) {
            readings_of_source += point.evidence_count;
            if (!in_journal(point.frame, series.register_name, point.mantissa)) {
              ++report_.inexact;
              note(fmt::format("telemetry: {} of {} at {} is {}, which its frame does not say", series.register_name,
                               source.device_uid, point.time_utc_ms, point.mantissa));
            }
          }
          if (!page.next_from_utc_ms) break;
          rest.from_utc_ms = *page.next_from_utc_ms;
        }
      }
      report_.readings_in_telemetry += readings_of_source;
      if (readings_of_source > 0) ++report_.meters_with_readings;
    }
    if (report_.readings_in_telemetry < report_.readings)
      report_.lost += report_.readings - report_.readings_in_telemetry;
    if (report_.readings_in_telemetry > report_.readings)
      report_.doubled += report_.readings_in_telemetry - report_.readings;
    return {};
  }

  [[nodiscard]] bool in_journal(FrameReference frame, const std::string& register_name, std::int64_t mantissa) const {
    const auto found = journalled_.find(frame.value);
    return found != journalled_.end() &&
           std::any_of(found->second.begin(), found->second.end(), [&](const Journalled& reading) {
             return reading.mantissa == mantissa && reading.register_name == register_name;
           });
  }

  void summarise_latency() {
    if (latencies_.empty()) return;
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double share) {
      return latencies_[std::min(latencies_.size() - 1,
                                 static_cast<std::size_t>(share * static_cast<double>(latencies_.size())))];
    };
    report_.latency_ms_p50 = at(0.50);
    report_.latency_ms_p99 = at(0.99);
    report_.latency_ms_max = latencies_.back();
  }

  const store::Journal& journal_;
  const store::TelemetryStore& telemetry_;
  AuditReport report_;
  std::vector<device::ObservedFrame> observed_;
  std::unordered_map<std::int64_t, std::vector<Journalled>> journalled_;
  std::vector<double> latencies_;
  dlt645::ValueList values_;
  std::vector<dlt645::Value> expected_;
};

}  // namespace

Result<AuditReport> audit(Disk& disk, const std::vector<std::string>& ledger_paths, const store::Journal& journal,
                          const store::TelemetryStore& telemetry) {
  return Audit(journal, telemetry).run(disk, ledger_paths);
}

}  // namespace duheng::tools
