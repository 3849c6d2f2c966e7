// One driver for each protocol, over any channel (BM-4.1.3): the registers of a device are read over each way to reach
// it, exactly, whatever becomes of the answers under way. The channels are real: sockets of this machine and
// pseudo-terminals; so are session, driver, and the desk where devices call in.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "device/cjt188/virtual_cjt188_meter.hpp"
#include "device/meter/virtual_meter.hpp"
#include "device/modbus/behaviours.hpp"
#include "drivers/bus/testing/session_on_line.hpp"
#include "drivers/registry/registry.hpp"
#include "link/testing/wait_for.hpp"
#include "tests/operations/channel_way.hpp"
#include "tests/operations/device_line.hpp"

namespace duheng::operations {
namespace {

constexpr std::int64_t utc_ms = 1'763'692'965'000;  // 2025-11-21T10:42:45+08:00
/// A meter that exports, whatever it speaks (of Modbus: each fourth).
constexpr std::uint64_t seed = 12;
/// Of a device that answers at once; long enough for a busy machine, which may be asked again twice.
constexpr std::int64_t response_timeout_ms = 500;
/// Where a line must fall silent before what came can be told apart, each third question is enough.
constexpr std::size_t slow_weather_step = 3;

/// What a driver is tried with, and what the device itself says of one of its registers, asked without a protocol.
struct Tried {
  std::string_view driver;
  std::string_view model;
  std::string_view witness;  ///< a register
  std::int64_t (*truth)();   ///< its mantissa
};

/// The same meter's register, whether it shows it by DL/T 645, by DL/T 698.45 or by Modbus: same seed, same meter.
std::int64_t import_of_the_meter() {
  const device::VirtualMeter meter(
      {.address = *dlt645::Address::parse("111111111111"), .seed = seed, .three_phase = true, .exports = true});
  return *meter.quantities().energy(utc_ms, 1, 0);
}
std::int64_t volume_of_the_meter() {
  const device::VirtualCjt188Meter meter({.address = *cjt188::Address::parse("11111111111111"),
                                          .meter_type = cjt188::meter_types::cold_water,
                                          .profile = cjt188::find_profile("standard_2004"),
                                          .seed = seed});
  const auto shown = meter.readout(utc_ms);
  return shown.volume(shown.local_ms());
}
std::int64_t heat_of_the_station() {
  device::RegisterBank bank;
  device::make_heat_station_behaviour({.seed = seed})->measure(utc_ms, bank);
  return static_cast<std::int64_t>(bank.input.at(20)) << 16 | bank.input.at(21);
}
std::int64_t temperature_of_the_sensor() {
  device::RegisterBank bank;
  device::make_temperature_behaviour({.seed = seed})->measure(utc_ms, bank);
  return static_cast<std::int16_t>(bank.input.at(0));
}

constexpr std::string_view import_total = "energy_active_import_total";
constexpr std::array tried{
    Tried{"dlt645_2007", "dlt645-2007-three-phase", import_total, import_of_the_meter},
    Tried{"dlt698_45", "dlt698-three-phase", import_total, import_of_the_meter},
    Tried{"modbus_rtu", "modbus-three-phase-meter", import_total, import_of_the_meter},
    Tried{"modbus_ascii", "modbus-temperature-sensor-ascii", "temperature", temperature_of_the_sensor},
    Tried{"modbus_tcp", "modbus-heat-station", "energy_heat_total", heat_of_the_station},
    Tried{"cjt188", "cjt188-cold-water", "volume_total", volume_of_the_meter},
};

/// Pairs, and weathers of pairs, that there are not.
struct Excuse {
  std::string_view driver;
  std::optional<Way> way;          ///< none: on any
  std::optional<Weather> weather;  ///< none: in any
  std::string_view reason;
};
constexpr std::string_view nameless = "a Modbus device cannot be asked who it is, so nobody knows who has called";
constexpr std::string_view not_carried = "carrier modules carry DL/T 645 and DL/T 698.45";
constexpr std::array excuses{
    Excuse{"modbus_rtu", Way::carrier, {}, not_carried},
    Excuse{"modbus_ascii", Way::carrier, {}, not_carried},
    Excuse{"modbus_tcp", Way::carrier, {}, not_carried},
    Excuse{"cjt188", Way::carrier, {}, not_carried},
    Excuse{"modbus_tcp", Way::rs485, {}, "its frames have neither a mark nor a checksum; lines carry RTU or ASCII"},
    Excuse{"modbus_tcp", Way::tcp_call_in, {}, nameless},
    Excuse{"modbus_tcp", Way::udp_call_in, {}, nameless},
    Excuse{"modbus_rtu", Way::tcp_call_in, {}, nameless},
    Excuse{"modbus_rtu", Way::udp_call_in, {}, nameless},
    Excuse{"modbus_ascii", Way::tcp_call_in, {}, nameless},
    Excuse{"modbus_ascii", Way::udp_call_in, {}, nameless},
    Excuse{"modbus_tcp",
           {},
           Weather::half_before,
           "it trusts TCP and UDP for whole frames: half of one can only be the last of its connection"},
    Excuse{"snmp", {}, {}, "over UDP only (RFC 3417), each datagram a message: src/drivers/snmp, against snmpd, too"},
    Excuse{"icmp_echo", {}, {}, "an echo has no channel: src/link/icmp_test.cpp"},
};
const Excuse* excuse_of(std::string_view driver, Way way, std::optional<Weather> weather = {}) {
  for (const auto& one : excuses)
    if (one.driver == driver && (!one.way || *one.way == way) && (!one.weather || one.weather == weather)) return &one;
  return nullptr;
}

std::shared_ptr<const drivers::DeviceModel> model_of(std::string_view id) {
  static const auto library = *drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library.find(id);
}

/// Register, state, value with exponent: as people compare them.
using Shown = std::vector<std::string>;
Shown shown(const drivers::ModelQuestion& question, const std::vector<drivers::ItemValue>& values) {
  Shown out;
  for (const auto& value : values)
    out.push_back(fmt::format("{} {} {}e{} {}", question.items.at(value.item).register_name,
                              static_cast<int>(value.state), value.mantissa, value.exponent, value.unit));
  return out;
}

struct Pair {
  Tried tried;
  Way way = Way::tcp;
};
void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.tried.driver << " over " << name_of(pair.way); }

class EveryPair : public testing::TestWithParam<Pair> {
 protected:
  void SetUp() override {
    model_ = model_of(GetParam().tried.model);
    ASSERT_TRUE(model_);
    ASSERT_EQ(model_->driver->name(), GetParam().tried.driver);
    for (const auto& group : model_->groups)
      for (const auto& question : group.questions) questions_.push_back(&question);
    // The same device asked without any channel.
    DeviceLine reference(model_, utc_ms, seed);
    for (const auto* question : questions_) truth_.push_back(shown(*question, reference.read(*question)));

    way_ = std::make_unique<ChannelWay>(loop_, GetParam().way, *model_, device_of(*model_, seed), utc_ms);
    line_ = std::make_unique<drivers::SessionOnLine>(loop_, way_->gateway_end(), way_->session(*model_));
    line_->add_meter(*model_->driver->address(address_of(*model_), model_->address_digits),
                     {.response_timeout_ms = response_timeout_ms, .retries = 2, .preamble_octets = 4});
    line_->open();
    ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 1; }));
  }
  void TearDown() override {
    line_.reset();
    way_.reset();
  }

  /// As a gateway asks: what a connection took with it is asked for over the next.
  void read(std::size_t place) {
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::size_t before = line_->ended().size();
      const int hung_up = line_->hung_up();
      ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->session().is_open(); }));
      ASSERT_TRUE(line_->ask(0, questions_[place]->query, static_cast<std::uint32_t>(place)));
      const auto is_over = [&] {
        return std::any_of(line_->ended().begin() + static_cast<std::ptrdiff_t>(before), line_->ended().end(),
                           [&](const auto& one) { return one.tag == place && !one.late; });
      };
      ASSERT_TRUE(link::wait_for(loop_, [&] { return is_over() || line_->hung_up() != hung_up; })) << place;
      if (is_over()) break;
    }
  }
  /// Nothing was answered but the truth. Returns how many questions were.
  std::size_t expect_truth(std::size_t before) {
    std::set<std::size_t> answered;
    for (std::size_t i = before; i < line_->ended().size(); ++i) {
      const auto& one = line_->ended()[i];
      EXPECT_EQ(one.outcome, drivers::Outcome::answered) << one.tag;
      if (one.outcome != drivers::Outcome::answered) continue;
      std::vector<drivers::ItemValue> values;
      EXPECT_TRUE(questions_.at(one.tag)->reader->read(one.payload, values));
      EXPECT_EQ(shown(*questions_[one.tag], values), truth_[one.tag]);
      answered.insert(one.tag);
    }
    return answered.size();
  }

  link::EventLoop loop_;
  std::shared_ptr<const drivers::DeviceModel> model_;
  std::vector<const drivers::ModelQuestion*> questions_;
  std::vector<Shown> truth_;
  std::unique_ptr<ChannelWay> way_;
  std::unique_ptr<drivers::SessionOnLine> line_;
};

TEST_P(EveryPair, ReadsTheSameRegistersExactlyInAnyWeather) {
  const auto& [tried_here, way] = GetParam();
  // What the reference holds is what the device holds.
  const std::string witness = std::string(tried_here.witness) + " 0 " + std::to_string(tried_here.truth()) + "e";
  EXPECT_TRUE(std::ranges::any_of(truth_, [&](const Shown& values) {
    return std::ranges::any_of(values, [&](const std::string& value) { return value.starts_with(witness); });
  })) << witness;

  for (const Weather weather : all_weathers) {
    if (excuse_of(tried_here.driver, way, weather) != nullptr) continue;
    SCOPED_TRACE(name_of(weather));
    const auto began = std::chrono::steady_clock::now();
    const std::size_t before = line_->ended().size();
    const int hung_up = line_->hung_up();
    way_->set_weather(weather);
    const bool is_slow = weather == Weather::noise || weather == Weather::half_before;
    const std::size_t step = is_slow ? slow_weather_step : 1;
    for (std::size_t i = 0; i < questions_.size(); i += step) ASSERT_NO_FATAL_FAILURE(read(i));
    const std::size_t asked = (questions_.size() + step - 1) / step;
    EXPECT_EQ(expect_truth(before), asked);
    // The weather was there.
    const std::size_t wanted = weather == Weather::calm ? 0 : weather == Weather::broken_off ? 1 : asked;
    EXPECT_GE(way_->spoiled(), wanted);
    EXPECT_EQ(line_->hung_up() - hung_up, weather == Weather::broken_off && has_connection(way) ? 1 : 0);
    RecordProperty(std::string(name_of(weather)) + "_ms",
                   static_cast<int>((std::chrono::steady_clock::now() - began) / std::chrono::milliseconds(1)));
  }
}

std::vector<Pair> pairs() {
  std::vector<Pair> out;
  for (const auto& one : tried)
    for (const Way way : all_ways)
      if (excuse_of(one.driver, way) == nullptr) out.push_back({one, way});
  return out;
}
INSTANTIATE_TEST_SUITE_P(Channels, EveryPair, testing::ValuesIn(pairs()),
                         [](const testing::TestParamInfo<Pair>& tested) {
                           return fmt::format("{}_over_{}", tested.param.tried.driver, name_of(tested.param.way));
                         });

/// A new driver or channel is tried or has its reason; and the reasons hold.
TEST(Pairs, AreAllReadOrHaveTheirReason) {
  for (const auto* driver : drivers::all_drivers()) {
    const bool is_tried = std::ranges::any_of(tried, [&](const Tried& one) { return one.driver == driver->name(); });
    for (const Way way : all_ways) {
      const auto* excuse = excuse_of(driver->name(), way);
      EXPECT_TRUE(is_tried || excuse != nullptr) << driver->name() << " over " << name_of(way);
      if (excuse == nullptr) continue;
      std::cout << fmt::format("  not {} over {}: {}\n", driver->name(), name_of(way), excuse->reason);
      if (excuse->reason == nameless) {
        EXPECT_FALSE(driver->identification()) << driver->name();
      }
    }
    // Whoever can be asked who it is may call in.
    const bool is_named = driver->identification().has_value();
    EXPECT_TRUE(!is_named || excuse_of(driver->name(), Way::tcp_call_in) == nullptr) << driver->name();
    EXPECT_TRUE(!is_named || excuse_of(driver->name(), Way::udp_call_in) == nullptr) << driver->name();
  }
  for (const auto& excuse : excuses) EXPECT_NE(drivers::find_driver(excuse.driver), nullptr) << excuse.driver;
}

}  // namespace
}  // namespace duheng::operations
