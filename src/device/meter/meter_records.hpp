#pragma once
#include <array>
#include <optional>

#include "codec/dlt645/message.hpp"
#include "device/meter/meter_quantities.hpp"

namespace duheng::device {

/// The payloads of what a meter has recorded: events, freezes, load records, as they travel behind the identifier.
class MeterRecords {
 public:
  /// So many load records at most in one answer, however many are asked for.
  static constexpr std::size_t load_records_max = 24;

  MeterRecords(const MeterQuantities& quantities, const MeterState& state, bool three_phase, std::int64_t utc_ms)
      : quantities_(quantities), state_(state), three_phase_(three_phase), utc_ms_(utc_ms) {}

  /// Counters, accumulated minutes and the last ten records. Nothing when there is no such event or record.
  [[nodiscard]] std::optional<Bytes> event(dlt645::DataIdentifier identifier) const;
  /// The moment of the freeze that `identifier` (05 kind part number) names; nothing when it was not made.
  [[nodiscard]] std::optional<std::int64_t> freeze_moment(dlt645::DataIdentifier identifier) const;
  /// Its time, its powers or its whole block, by DI1 = 00, 10H, FFH.
  [[nodiscard]] std::optional<Bytes> freeze(dlt645::DataIdentifier identifier) const;
  [[nodiscard]] std::optional<Bytes> load_records(const dlt645::ReadRequest& request) const;

  /// What a meter or demand clear writes down of the values it takes away.
  [[nodiscard]] Bytes energies_before_clear() const;
  [[nodiscard]] Bytes demands_before_clear() const;

 private:
  [[nodiscard]] Bytes counts(const MeterEventInfo& info) const;
  [[nodiscard]] std::optional<Bytes> zero_counts(dlt645::DataIdentifier identifier) const;
  [[nodiscard]] Bytes record(const MeterEventInfo& info, const EventRecord& record) const;
  /// One part of a record in groups 10H..1CH; nothing when there is no such part.
  [[nodiscard]] std::optional<Bytes> part(const MeterEventInfo& info, const EventRecord& record,
                                          std::uint8_t number) const;
  [[nodiscard]] std::int64_t unbalance_of(MeterEvent kind, const EventRecord& record) const;
  void put_energy_of(Bytes& out, std::int64_t utc_ms, std::size_t quantity, std::optional<std::size_t> phase) const;
  void put_phase_value(Bytes& out, const EventRecord& record, std::size_t phase, std::size_t value) const;
  /// Total, then by phase; 0.01 Ah.
  [[nodiscard]] std::array<std::int64_t, 4> charges(const EventRecord& record) const;
  void put_energies(Bytes& out, std::int64_t utc_ms, std::size_t count) const;
  void put_increments(Bytes& out, const EventRecord& record, std::int64_t share_per_mille) const;
  void put_phases(Bytes& out, const EventRecord& record, bool with_charge) const;
  void put_class(Bytes& out, std::uint8_t number, std::int64_t utc_ms) const;
  void put_powers(Bytes& out, std::int64_t utc_ms) const;
  void put_load_record(Bytes& out, const MeterMoments::LoadMoment& moment, std::uint8_t record_class) const;

  const MeterQuantities& quantities_;
  const MeterState& state_;
  bool three_phase_;
  std::int64_t utc_ms_;
};

}  // namespace duheng::device
