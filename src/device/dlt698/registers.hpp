#pragma once
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "codec/dlt698/node.hpp"
#include "device/bus/device_bus.hpp"
#include "device/dlt698/dar.hpp"
#include "device/dlt698/event_log.hpp"
#include "device/dlt698/freeze_table.hpp"
#include "device/dlt698/metering.hpp"
#include "device/dlt698/options.hpp"
#include "device/dlt698/relay_control.hpp"

namespace duheng::device::meter698 {

/// The records a GET Record wants: where they are, not what they hold, so that a year of them costs nothing until it
/// is sent.
struct RecordSelection {
  dlt698::Oad table;
  std::vector<dlt698::Oad> columns;
  const FreezeObject* freeze_object = nullptr;
  EventObject event_object{};
  std::optional<FreezeRecords> freezes;
  std::vector<EventRecord> events;
  [[nodiscard]] std::size_t size() const noexcept { return freezes ? freezes->size() : events.size(); }
};

/// What a meter is, without the way one speaks to it: its objects, by OAD, and what commands change, kept in its
/// memory. Reading is a pure function of seed, state and time.
class Registers {
 public:
  using Read = std::expected<dlt698::Node, Dar>;
  explicit Registers(const Dlt698MeterOptions& options);

  /// The meter's own clock, local time.
  [[nodiscard]] std::int64_t clock_local_ms(std::int64_t utc_ms) const;
  [[nodiscard]] const State& state() const noexcept { return state_; }
  [[nodiscard]] const Metering& metering() const noexcept { return metering_; }
  [[nodiscard]] const std::string& password() const noexcept;
  /// Under which it is asked.
  [[nodiscard]] const dlt698::ServerAddress& address() const noexcept { return address_; }

  /// One attribute, or an element of it.
  [[nodiscard]] Read get(std::int64_t utc_ms, dlt698::Oad oad) const;
  /// `selector` a RSD, `columns` a RCSD; none means those that are linked.
  [[nodiscard]] std::expected<RecordSelection, Dar> select(std::int64_t utc_ms, dlt698::Oad table,
                                                           const dlt698::Node& selector,
                                                           const dlt698::Node& columns) const;
  /// One row, a Data for each column.
  [[nodiscard]] std::vector<dlt698::Node> row(const RecordSelection& selection, std::size_t place) const;

  // Changes: on a draft, then all at once.
  [[nodiscard]] State draft() const { return state_; }
  [[nodiscard]] Dar set(State& draft, std::int64_t utc_ms, dlt698::Oad oad, const dlt698::Node& data) const;
  /// `omd`: object, method, mode.
  [[nodiscard]] Dar act(State& draft, std::int64_t utc_ms, std::uint32_t omd, const dlt698::Node& argument) const;
  /// The broadcast that sets clocks: at most five minutes, once a day by the meter's own clock.
  [[nodiscard]] Dar adjust_clock(State& draft, std::int64_t utc_ms, const dlt698::Node& argument) const;
  /// False: it could not be kept, nothing has changed, and the meter must be as one without power.
  [[nodiscard]] bool commit(State draft);
  /// What waited for its time. False as commit().
  [[nodiscard]] bool let_time_pass(std::int64_t utc_ms);
  /// Somebody presses the meter's key. False as commit().
  [[nodiscard]] bool press_key(std::int64_t utc_ms);
  /// False as commit().
  [[nodiscard]] bool happen(std::int64_t utc_ms, const DeviceHappening& happening);

 private:
  using Elements = std::vector<dlt698::Node>;
  [[nodiscard]] OwnClock own_clock() const {
    return [this](std::int64_t utc_ms) { return clock_local_ms(utc_ms); };
  }
  [[nodiscard]] std::int64_t true_local_ms(std::int64_t utc_ms) const noexcept { return utc_ms + zone_ms_; }

  [[nodiscard]] Read measured(std::int64_t utc_ms, dlt698::Oad oad) const;
  [[nodiscard]] Read energy(std::int64_t utc_ms, dlt698::Oad oad) const;
  [[nodiscard]] Read demand(std::int64_t utc_ms, dlt698::Oad oad) const;
  [[nodiscard]] std::int64_t demand_from_utc_ms(std::int64_t utc_ms) const;
  [[nodiscard]] Read variable(std::int64_t utc_ms, dlt698::Oad oad) const;
  [[nodiscard]] Elements status_words(std::int64_t utc_ms) const;
  [[nodiscard]] Read parameter(std::int64_t utc_ms, dlt698::Oad oad) const;
  [[nodiscard]] Read device(dlt698::Oad oad) const;
  [[nodiscard]] Read control(dlt698::Oad oad) const;
  [[nodiscard]] Read event(std::int64_t utc_ms, dlt698::Oad oad, const EventObject& object) const;
  [[nodiscard]] Read phase_event(std::int64_t utc_ms, dlt698::Oad oad) const;
  /// The events a record table holds; nothing when there is no such table.
  [[nodiscard]] std::optional<EventObject> event_table(dlt698::Oad table) const noexcept;
  [[nodiscard]] std::size_t phases() const noexcept { return metering_.is_three_phase() ? phase_count : 1; }
  [[nodiscard]] Elements event_records(std::int64_t utc_ms, dlt698::Oad table) const;
  [[nodiscard]] Read freeze(std::int64_t utc_ms, dlt698::Oad oad, const FreezeObject& object) const;

  [[nodiscard]] FreezeRecords freeze_records(std::int64_t utc_ms, const FreezeObject& object) const;
  [[nodiscard]] dlt698::Node freeze_cell(const FrozenMoment& moment, const FreezeObject& object,
                                         dlt698::Oad column) const;
  [[nodiscard]] dlt698::Node event_cell(const EventRecord& record, const EventObject& object, dlt698::Oad column) const;

  void note_event(State& draft, std::int64_t utc_ms, EventKind kind, std::vector<std::uint32_t> objects) const;
  [[nodiscard]] Dar set_clock(State& draft, std::int64_t utc_ms, const dlt698::Node& data) const;
  [[nodiscard]] Dar set_settlement_days(State& draft, std::int64_t utc_ms, const dlt698::Node& data) const;
  [[nodiscard]] Dar set_demand_period(State& draft, std::int64_t utc_ms, const dlt698::Node& data) const;
  [[nodiscard]] Dar set_password(State& draft, std::int64_t utc_ms, const dlt698::Node& data) const;
  [[nodiscard]] Dar set_address(State& draft, std::int64_t utc_ms, const dlt698::Node& data) const;
  [[nodiscard]] Dar set_up_port(State& draft, std::int64_t utc_ms, const dlt698::Node& argument) const;
  [[nodiscard]] static dlt698::ServerAddress address_in(const State& state, const Dlt698MeterOptions& options);
  [[nodiscard]] Dar act_on_relay(State& draft, std::int64_t utc_ms, std::uint8_t method,
                                 const dlt698::Node& argument) const;
  [[nodiscard]] Dar clear_events(State& draft, std::int64_t utc_ms, std::uint32_t omd) const;
  [[nodiscard]] Dar clear_meter(State& draft, std::int64_t utc_ms) const;
  [[nodiscard]] Dar clear_demand(State& draft, std::int64_t utc_ms) const;
  [[nodiscard]] Dar freeze_now(State& draft, std::int64_t utc_ms) const;
  void set_voltage(State& draft, std::int64_t utc_ms, std::int64_t per_mille) const;
  [[nodiscard]] bool notice(State& draft, std::int64_t utc_ms, const DeviceHappening& happening) const;
  static void lasting_event(State& draft, std::int64_t utc_ms, std::int64_t own_ms, EventKind kind, bool begins);

  Dlt698MeterOptions options_;
  std::int64_t zone_ms_;
  State state_;
  dlt698::ServerAddress address_;
  Metering metering_;
  EventLog events_;
};

/// Whether the meter has such an object at all.
[[nodiscard]] bool has_object(std::uint16_t oi) noexcept;
/// What an attribute that is not there is refused with.
[[nodiscard]] Dar why_missing(std::uint16_t oi) noexcept;

}  // namespace duheng::device::meter698
