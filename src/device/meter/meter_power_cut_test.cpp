// HM-6.2.4 in spirit, for electricity: the power fails within every single write of every command that changes a meter.
#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/simulated_disk.hpp"
#include "device/memory/fleet_memory.hpp"
#include "device/memory/ram_memory.hpp"
#include "device/meter/test_master.hpp"

namespace duheng::device {
namespace {

using namespace test;
using dlt645::Function;
using dlt645::RelayCommand;

struct Change {
  std::string name;
  std::function<void(VirtualMeter&)> prepare;
  std::function<Reply(VirtualMeter&)> command;
};

std::vector<Change> changes() {
  const auto nothing = [](VirtualMeter&) {};
  const auto trip = [](VirtualMeter& meter) {
    EXPECT_TRUE(control(meter, RelayCommand::trip, now_ms - hour_ms).accepted());
  };
  const auto by_control = [](RelayCommand command) {
    return [command](VirtualMeter& meter) { return control(meter, command); };
  };
  const auto by_write = [](std::uint32_t identifier, Bytes payload) {
    return [identifier, payload](VirtualMeter& meter) { return write(meter, identifier, payload); };
  };
  const auto by_clear = [](Function function) {
    return [function](VirtualMeter& meter) {
      return ask(meter, now_ms, dlt645::clear_request(own_address(), function, authority()));
    };
  };
  return {
      {"trip", nothing, by_control(RelayCommand::trip)},
      {"close_direct", trip, by_control(RelayCommand::close_direct)},
      {"close_permit", trip, by_control(RelayCommand::close_permit)},
      {"alarm", nothing, by_control(RelayCommand::alarm)},
      {"keep_power", nothing, by_control(RelayCommand::keep_power)},
      {"write_time", nothing, by_write(0x04000102, {0x00, 0x30, 0x18})},
      {"write_date", nothing, by_write(0x04000101, {0x06, 0x22, 0x11, 0x25})},
      {"write_parameter", nothing, by_write(0x04000409, {0x00, 0x64, 0x00})},
      {"write_interval", nothing, by_write(0x04000A05, {0x30, 0x00})},
      {"write_settlement_day", nothing, by_write(0x04000B01, {0x06, 0x10})},
      {"wrong_password", nothing,
       [](VirtualMeter& meter) { return write(meter, 0x04000301, {0x01}, now_ms, {2, {9, 9, 9}, {}}); }},
      {"change_password", nothing,
       [](VirtualMeter& meter) {
         return ask(meter, now_ms,
                    dlt645::change_password_request(own_address(), {0x04000C05}, {2, 0x56, 0x34, 0x12}, {4, 1, 2, 3}));
       }},
      {"clear_demand", nothing, by_clear(Function::clear_demand)},
      {"clear_meter", trip, by_clear(Function::clear_meter)},
      {"clear_events", trip,
       [](VirtualMeter& meter) {
         return ask(meter, now_ms, dlt645::clear_events_request(own_address(), authority(), {0xFFFFFFFF}));
       }},
      {"freeze", nothing,
       [](VirtualMeter& meter) { return ask(meter, now_ms, dlt645::freeze_request(own_address(), {})); }},
      {"freeze_daily", nothing,
       [](VirtualMeter& meter) { return ask(meter, now_ms, dlt645::freeze_request(own_address(), {30, 6})); }},
  };
}

/// All that a master can see, at a few moments.
std::vector<Bytes> seen(VirtualMeter& meter) {
  constexpr std::array<std::uint32_t, 24> identifiers{
      0x0001FF00, 0x0002FF00, 0x00010001, 0x01010000, 0x0203FF00, 0x04000101, 0x04000102, 0x040005FF,
      0x04000409, 0x04000A05, 0x04000B01, 0x05010001, 0x05000001, 0x05060101, 0x03300000, 0x03300001,
      0x03300101, 0x03300301, 0x03300401, 0x03300C01, 0x1D000001, 0x1D00FF01, 0x1E000001, 0x1E00FF01};
  std::vector<Bytes> out;
  for (const std::int64_t at : {now_ms, now_ms + 3 * hour_ms})
    for (const auto identifier : identifiers) out.push_back(read(meter, identifier, at).data);
  return out;
}

class PowerCut : public testing::TestWithParam<Change> {};

TEST_P(PowerCut, AtEveryWriteLeavesTheOldMeterOrTheNew) {
  const auto& change = GetParam();
  const auto make = [](const std::shared_ptr<RamMemory>& memory) { return VirtualMeter(meter_options(), memory); };
  const auto started = std::make_shared<RamMemory>();
  {
    auto meter = make(started);
    ASSERT_TRUE(meter.begin_incident({.kind = MeterEvent::cover_open, .begin_utc_ms = now_ms - 2 * hour_ms}));
    change.prepare(meter);
  }
  const auto as_before = std::make_shared<RamMemory>(*started);
  auto before = make(as_before);
  const auto old_view = seen(before);
  const auto old_state = encode_meter_state(before.state());
  const auto done = std::make_shared<RamMemory>(*started);
  auto after = make(done);
  const auto reply = change.command(after);
  ASSERT_TRUE(reply.answered);
  const auto new_view = seen(after);
  const auto new_state = encode_meter_state(after.state());
  ASSERT_NE(old_state, new_state);

  std::uint64_t cuts = 0;
  for (std::uint64_t octets = 0;; ++octets) {
    const auto memory = std::make_shared<RamMemory>(*started);
    bool answered = false;
    {
      auto meter = make(memory);
      memory->cut_after(octets);
      answered = change.command(meter).answered;
      EXPECT_EQ(answered, memory->is_powered());
    }
    memory->restart();
    auto meter = make(memory);
    const auto state = encode_meter_state(meter.state());
    ASSERT_TRUE(state == old_state || state == new_state) << change.name << ", power cut after octet " << octets;
    const auto view = seen(meter);
    ASSERT_EQ(view, state == old_state ? old_view : new_view) << change.name << ", power cut after octet " << octets;
    if (answered) {
      EXPECT_EQ(state, new_state);
      break;
    }
    // What was not answered may be asked again, and then has its one effect.
    if (state == old_state && change.name != "wrong_password") {
      ASSERT_TRUE(change.command(meter).accepted());
      ASSERT_EQ(encode_meter_state(meter.state()), new_state);
    }
    ++cuts;
  }
  EXPECT_GT(cuts, 100U);  // every octet of the new state was once the one that was cut
}

INSTANTIATE_TEST_SUITE_P(Commands, PowerCut, testing::ValuesIn(changes()),
                         [](const testing::TestParamInfo<Change>& each) { return each.param.name; });

RC_GTEST_PROP(PowerCutProperty, EnergiesNeverGoBackWhateverIsCommandedAndCut,
              (std::vector<std::pair<std::uint8_t, std::uint16_t>> steps)) {
  const auto memory = std::make_shared<RamMemory>();
  const auto all = changes();
  auto meter = std::make_unique<VirtualMeter>(meter_options(), memory);
  std::vector<std::int64_t> last = numbers(*meter, 0x0001FF00);
  std::int64_t at = now_ms;
  constexpr std::array relay{RelayCommand::trip, RelayCommand::close_direct, RelayCommand::close_permit,
                             RelayCommand::keep_power_release, RelayCommand::alarm};
  for (const auto& [what, when] : steps) {
    at += when * 1'000LL;
    if (what % 3 == 0) memory->cut_after(when % 600);
    static_cast<void>(control(*meter, relay[what % relay.size()], at));
    memory->restart();
    if (what % 3 == 0) meter = std::make_unique<VirtualMeter>(meter_options(), memory);
    const auto present = numbers(*meter, 0x0001FF00, at);
    RC_ASSERT(present.size() == last.size());
    for (std::size_t i = 0; i < present.size(); ++i) RC_ASSERT(present[i] >= last[i]);
    last = present;
  }
}

TEST(MeterInAFleet, KeepsWhatWasCommandedOverAKillAtAnyDiskOperation) {
  for (std::uint64_t operations = 0; operations < 6; ++operations) {
    SimulatedDisk disk;
    auto fleet = *FleetMemory::open(disk, "memory");
    auto meter = std::make_unique<VirtualMeter>(meter_options(), fleet->of("1"));
    ASSERT_TRUE(control(*meter, RelayCommand::keep_power).accepted());
    disk.lose_power_after(operations);
    const bool done = write(*meter, 0x04000301, {0x09}).accepted();
    meter.reset();
    fleet.reset();
    disk.kill_process();
    fleet = *FleetMemory::open(disk, "memory");
    VirtualMeter again(meter_options(), fleet->of("1"));
    EXPECT_TRUE(again.state().relay.kept_supplied);
    if (done) {
      EXPECT_EQ(number(again, 0x04000301), 9);
    }
    EXPECT_EQ(again.last_command()->number, number(again, 0x04000301) == 9 ? 2U : 1U);
  }
}

}  // namespace
}  // namespace duheng::device
