#pragma once
// For tests only: meters whose readings are journalled and applied.
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/simulated_disk.hpp"
#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"
#include "model/edit.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform::testing {

class FigureWorld {
 public:
  FigureWorld() {
    journal_ = std::move(store::Journal::open(disk_, random_, keys_, {.directory = "journal"}).value());
    apply({});  // there is no record 0
  }
  /// One frame with one register, as the meter's gateway sends it.
  void read(std::int64_t time_utc_ms, std::int64_t mantissa, const std::string& address = "000000000001") {
    BatchWriter writer(time_utc_ms);
    const auto device = writer.device("645:" + address);
    const auto energy = writer.register_of({.name = "energy_active_import_total", .unit = "kWh", .exponent = -2});
    const auto octets = dlt645::Address::parse(address);
    const auto bcd = [](std::int64_t digits) { return static_cast<std::uint8_t>(digits / 10 * 16 + digits % 10); };
    const Bytes payload{bcd(mantissa % 100), bcd(mantissa / 100 % 100), bcd(mantissa / 10'000 % 100), 0};
    const auto question = dlt645::read_request(*octets, dlt645::DataIdentifier{0x00010000});
    const auto answer = dlt645::read_reply(*octets, dlt645::DataIdentifier{0x00010000}, payload);
    writer.frame({device, Protocol::dlt645_2007, time_utc_ms - 50, time_utc_ms, question.view(), answer->view()});
    writer.reading({energy, mantissa, time_utc_ms, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const crypto::Hash256 hash = uplink::batch_hash(hash_, 77, sequence_, body);
    const store::JournalRecord record{
        store::JournalRecordType::batch, gateway_, 77, sequence_++, hash, hash_, time_utc_ms + 10, {}, body};
    hash_ = hash;
    const std::uint64_t number = journal_->commit({&record, 1}).value();
    apply({number, gateway_, body, store::TelemetryRecord::Content::batch});
  }
  std::uint64_t correct(std::int64_t time_utc_ms, std::int64_t old_mantissa, std::int64_t mantissa) {
    Edit edit;
    edit.gateway = gateway_;
    edit.device_uid = uid_;
    edit.register_name = "energy_active_import_total";
    edit.unit = "kWh";
    edit.exponent = -2;
    edit.time_utc_ms = time_utc_ms;
    edit.mantissa = mantissa;
    edit.old_mantissa = old_mantissa;
    edit.author = "wang";
    edit.reason = "misread";
    edit.made_utc_ms = time_utc_ms + 1'000;
    const Bytes body = encode_edits({edit}).value();
    const store::JournalRecord record = store::edits_record(body, edit.made_utc_ms);
    const std::uint64_t number = journal_->commit({&record, 1}).value();
    apply({number, {}, body, store::TelemetryRecord::Content::edits});
    return number;
  }
  [[nodiscard]] SeriesId series_of(const std::string& uid) const {
    return telemetry_.series_of(telemetry_.find_source(gateway_, uid)->id).at(0).id;
  }

  const GatewayId gateway_{12};
  const std::string uid_ = "645:000000000001";
  SimulatedDisk disk_;
  SeededRandom random_{1};
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
  std::unique_ptr<store::Journal> journal_;
  store::MemoryTelemetryStore telemetry_;
  crypto::Hash256 hash_{};
  std::uint64_t sequence_ = 0;

 private:
  void apply(const store::TelemetryRecord& record) { ASSERT_TRUE(telemetry_.apply({&record, 1})); }
};

}  // namespace duheng::platform::testing
