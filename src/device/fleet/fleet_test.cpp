#include "device/fleet/fleet.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

#include "codec/cjt188/message.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/modbus/message.hpp"
#include "device/fleet/catalogue.hpp"
#include "device/ledger/ledger.hpp"
#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::device {
namespace {

struct Master {
  explicit Master(std::unique_ptr<link::Channel> c) : channel(std::move(c)) {
    channel->set_handlers({[this] { opened = true; },
                           [this](ByteView octets) { got.insert(got.end(), octets.begin(), octets.end()); },
                           [this](const Error&) { closed = true; }});
    channel->open();
  }
  std::unique_ptr<link::Channel> channel;
  Bytes got;
  bool opened = false;
  bool closed = false;
};

class FleetTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-fleet-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    config_.data_directory = name + "/data";
    root_ = name;
    config_.meters = 7;
    config_.tcp_ports = 2;
    config_.serial_lines = 1;
    config_.serial_meters_per_line = 3;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }
  std::unique_ptr<Fleet> start() {
    auto fleet = Fleet::start(loop_, disk_, clock_, random_, config_);
    EXPECT_TRUE(fleet) << fleet.error().message;
    return fleet ? std::move(*fleet) : nullptr;
  }
  Bytes ask(Master& master, std::uint32_t meter, std::uint32_t identifier) {
    master.got.clear();
    const auto address = *dlt645::Address::parse(std::to_string(config_.first_address + meter));
    EXPECT_TRUE(link::wait_for(loop_, [&] { return master.opened; }));
    loop_.run_for_ms(20);  // a line's other side first has to notice that it was opened
    EXPECT_TRUE(master.channel->write(dlt645::read_request(address, {identifier}).view()));
    EXPECT_TRUE(link::wait_for(loop_, [&] { return dlt645::decode(master.got).has_value(); }));
    EXPECT_EQ(dlt645::decode(master.got)->address(), address);
    return master.got;
  }
  std::string path(std::string_view name) const { return config_.data_directory + "/" + std::string(name); }
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  FleetConfig config_;
  std::string root_;
};

TEST_F(FleetTest, AnswersOverTcpAndSerialAndWritesItDownFirst) {
  const auto fleet = start();
  EXPECT_EQ(fleet->meter_count(), 7U);
  EXPECT_TRUE(disk_.exists(path(fleet_files::ready)));
  Master tcp(link::make_tcp_client(loop_, {"127.0.0.1", fleet->first_port(), 1'000}));
  Master serial(link::make_serial(loop_, {path("serial-0"), 9'600, link::Parity::even, 1}));
  const Bytes first = ask(tcp, 0, 0x00010000);
  const Bytes second = ask(tcp, 1, 0x02010100);
  const Bytes third = ask(serial, 6, 0x04000102);
  const auto entries = *read_ledger(disk_, path(fleet_files::ledger));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].octets, first);
  EXPECT_EQ(entries[0].fate, AnswerFate::confirmed);  // the second question came over the same connection
  EXPECT_EQ(entries[1].octets, second);
  EXPECT_EQ(entries[1].fate, AnswerFate::open);
  EXPECT_EQ(entries[2].octets, third);
  EXPECT_EQ(entries[2].di, 0x04000102U);
}

TEST_F(FleetTest, RestartKeepsPortsNamesAndRegisters) {
  auto fleet = start();
  const std::uint16_t port = fleet->first_port();
  const auto devices = *read_file(disk_, path(fleet_files::devices));
  Bytes before;
  {
    Master master(link::make_tcp_client(loop_, {"127.0.0.1", port, 1'000}));
    before = ask(master, 0, 0x00010001);  // last month's settlement does not move
    fleet.reset();
    EXPECT_FALSE(disk_.exists(path(fleet_files::ready)));
    ASSERT_TRUE(link::wait_for(loop_, [&] { return master.closed; }));
  }
  fleet = start();
  EXPECT_EQ(fleet->first_port(), port);
  EXPECT_EQ(*read_file(disk_, path(fleet_files::devices)), devices);
  Master master(link::make_tcp_client(loop_, {"127.0.0.1", port, 1'000}));
  EXPECT_EQ(ask(master, 0, 0x00010001), before);
  Master serial(link::make_serial(loop_, {path("serial-0"), 9'600, link::Parity::even, 1}));
  ask(serial, 4, 0x00010000);
  EXPECT_EQ(fleet->answer_count(), 3U);
}

/// The machine's disk until a number of appends are done; from then on every change fails, as for a program that was
/// killed there.
class DyingDisk final : public Disk {
 public:
  void die_after(int appends) { left_ = appends; }
  [[nodiscard]] bool is_dead() const { return left_ < 0; }
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    DUHENG_TRY(auto file, disk_.open(path, mode));
    return std::unique_ptr<File>(std::make_unique<DyingFile>(*this, std::move(file)));
  }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk_.list(directory); }
  bool exists(const std::string& path) override { return disk_.exists(path); }
  Result<void> rename(const std::string& from, const std::string& to) override { return disk_.rename(from, to); }
  Result<void> remove(const std::string& path) override { return disk_.remove(path); }
  Result<void> make_directories(const std::string& path) override { return disk_.make_directories(path); }
  Result<void> sync_directory(const std::string& directory) override { return disk_.sync_directory(directory); }
  Result<std::uint64_t> free_bytes(const std::string& directory) override { return disk_.free_bytes(directory); }

 private:
  class DyingFile final : public File {
   public:
    DyingFile(DyingDisk& disk, std::unique_ptr<File> file) : disk_(disk), file_(std::move(file)) {}
    Result<std::uint64_t> size() const override { return file_->size(); }
    Result<void> append(ByteView bytes) override {
      if (disk_.left_ >= 0 && --disk_.left_ >= 0) return file_->append(bytes);
      if (!half_done_ && disk_.left_ == -1) {  // the last one gets half through
        half_done_ = true;
        static_cast<void>(file_->append(bytes.first(bytes.size() / 2)));
      }
      return fail(ErrorCode::storage_failed, "gone");
    }
    Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
      return file_->read_at(offset, size);
    }
    Result<void> truncate(std::uint64_t size) override {
      if (disk_.is_dead()) return fail(ErrorCode::storage_failed, "gone");
      return file_->truncate(size);
    }
    Result<void> sync() override { return file_->sync(); }

   private:
    DyingDisk& disk_;
    std::unique_ptr<File> file_;
    bool half_done_ = false;
  };
  PosixDisk disk_;
  int left_ = 1 << 30;
};

class FleetMemoryTest : public FleetTest {
 protected:
  dlt645::Address address() const { return *dlt645::Address::parse(std::to_string(config_.first_address)); }
  static dlt645::Authority authority() { return {2, {0x56, 0x34, 0x12}, {1, 0, 0, 0}}; }
  Bytes command(Master& master, const dlt645::FrameBuffer& question) {
    master.got.clear();
    EXPECT_TRUE(link::wait_for(loop_, [&] { return master.opened; }));
    EXPECT_TRUE(master.channel->write(question.view()));
    EXPECT_TRUE(link::wait_for(loop_, [&] { return dlt645::decode(master.got).has_value(); }));
    return master.got;
  }
  dlt645::FrameBuffer trip() const {
    return dlt645::control_request(address(), authority(), dlt645::RelayCommand::trip, {2090, 1, 1, 0, 0, 0});
  }
  std::int64_t value(Master& master, std::uint32_t identifier) {
    const Bytes octets = ask(master, 0, identifier);
    const auto frame = dlt645::decode(octets);
    const auto plain = frame->plain_data();
    const auto reply = dlt645::parse_read_reply(*frame, plain.view());
    dlt645::ValueList values;
    EXPECT_TRUE(dlt645::decode_values(*dlt645::describe({identifier}), reply->payload, values));
    return values[0].mantissa;
  }
};

TEST_F(FleetMemoryTest, WhatMastersCommandedOutlivesTheFleetAndStandsInTheLedgerOnce) {
  config_.groups.push_back({.model = "modbus-heat-station"});
  constexpr std::int64_t relay_open = 1 << 4;
  for (int run = 0; run < 3; ++run) {
    auto fleet = start();
    Master master(link::make_tcp_client(loop_, {"127.0.0.1", fleet->first_port(), 1'000}));
    if (run == 0) {
      EXPECT_EQ(value(master, 0x04000503) & relay_open, 0);
      EXPECT_EQ(dlt645::decode(command(master, trip()))->control(), 0x9C);
      Master station(
          link::make_tcp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>(fleet->first_port() + 2), 1'000}));
      ASSERT_TRUE(link::wait_for(loop_, [&] { return station.opened; }));
      const auto write =
          modbus::encode_frame(modbus::Transport::tcp, 1, 1, modbus::write_register_request(0, 300)->view());
      ASSERT_TRUE(station.channel->write(write->view()));
      ASSERT_TRUE(link::wait_for(loop_, [&] { return station.got.size() >= 12; }));
    }
    EXPECT_EQ(value(master, 0x04000503) & relay_open, relay_open);
    EXPECT_EQ(fleet->command_count(), 2U);
    const auto commands = *read_ledger_commands(disk_, path(fleet_files::ledger));
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0].address, address().to_string());
    EXPECT_EQ(commands[0].identifier, 0x1AU);
    EXPECT_EQ(commands[1].address, "modbus-heat-station-tcp-0-1");
    fleet.reset();
    ASSERT_TRUE(link::wait_for(loop_, [&] { return master.closed; }));
    // A ledger that knows nothing of them is told again by the devices.
    if (run == 1) std::filesystem::remove(path(fleet_files::ledger));
  }
}

TEST_F(FleetMemoryTest, AFleetThatDiesAtAnyWriteHasDoneACommandOnceOrNotAtAll) {
  bool survived = false;
  for (int appends = 0; !survived; ++appends) {
    ASSERT_LT(appends, 20);
    config_.data_directory = root_ + "/data-" + std::to_string(appends);
    bool answered = false;
    {
      DyingDisk dying;
      auto started = Fleet::start(loop_, dying, clock_, random_, config_);
      ASSERT_TRUE(started) << started.error().message;
      Master master(link::make_tcp_client(loop_, {"127.0.0.1", (*started)->first_port(), 1'000}));
      ASSERT_TRUE(link::wait_for(loop_, [&] { return master.opened; }));
      dying.die_after(appends);
      ASSERT_TRUE(master.channel->write(trip().view()));
      ASSERT_TRUE(link::wait_for(loop_, [&] { return dying.is_dead() || !master.got.empty(); }));
      answered = !master.got.empty();
      survived = answered;
      if (!answered) dying.die_after(-1);
    }
    loop_.run_for_ms(20);
    auto fleet = start();
    Master master(link::make_tcp_client(loop_, {"127.0.0.1", fleet->first_port(), 1'000}));
    const bool open = (value(master, 0x04000503) & 1 << 4) != 0;
    const auto commands = *read_ledger_commands(disk_, path(fleet_files::ledger));
    EXPECT_EQ(commands.size(), open ? 1U : 0U) << appends;
    EXPECT_TRUE(open || !answered) << appends;
    // Sent again by a master that had no answer: the relay counts one trip for both.
    const auto trips = value(master, 0x1D000001);
    EXPECT_EQ(dlt645::decode(command(master, trip()))->control(), 0x9C);
    EXPECT_EQ(value(master, 0x1D000001), open ? trips : trips + 1) << appends;
  }
}

TEST_F(FleetTest, MetersThatCallInDialAgainWhenCutOff) {
  config_.call_in_meters = 3;
  const auto fleet = start();
  const std::string devices(as_text(*read_file(disk_, config_.data_directory + "/devices.yaml", 1 << 20)));
  const auto at = devices.find("call-in, tcp: { address: 127.0.0.1, port: ");
  ASSERT_NE(at, std::string::npos) << devices;
  const auto port = static_cast<std::uint16_t>(std::stoul(devices.substr(at + 42)));
  std::vector<std::unique_ptr<link::Channel>> calls;
  std::set<std::string> names;
  const auto listener = link::listen_tcp(loop_, "127.0.0.1", port, [&](std::unique_ptr<link::Channel> call) {
    auto* raw = call.get();
    raw->set_handlers({{},
                       [&names](ByteView octets) {
                         if (const auto frame = dlt645::decode(octets)) names.insert(frame->address().to_string());
                       },
                       {}});
    EXPECT_TRUE(raw->write(dlt645::read_address_request().view()));
    calls.push_back(std::move(call));
  });
  ASSERT_TRUE(listener) << listener.error().message;
  ASSERT_TRUE(link::wait_for(loop_, [&] { return names.size() == 3; }));
  names.clear();
  calls.clear();
  ASSERT_TRUE(link::wait_for(loop_, [&] { return names.size() == 3; }));
}

TEST_F(FleetTest, SecondFleetOnTheSameDirectoryIsRefused) {
  const auto fleet = start();
  const auto second = Fleet::start(loop_, disk_, clock_, random_, config_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(disk_.exists(path(fleet_files::ready)));  // the first one's
}

TEST_F(FleetTest, ReopenedSerialLineDoesNotConfirmWhatTheFormerMasterHeard) {
  const auto fleet = start();
  {
    Master master(link::make_serial(loop_, {path("serial-0"), 9'600, link::Parity::even, 1}));
    ask(master, 4, 0x00010000);
  }
  Master master(link::make_serial(loop_, {path("serial-0"), 9'600, link::Parity::even, 1}));
  ask(master, 5, 0x00010000);
  ask(master, 6, 0x00010000);
  const auto entries = *read_ledger(disk_, path(fleet_files::ledger));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].fate, AnswerFate::open);
  EXPECT_EQ(entries[1].fate, AnswerFate::confirmed);
}

TEST_F(FleetTest, ConnectionsBeyondTheLimitAreRefused) {
  config_.connections_per_port_max = 1;
  const auto fleet = start();
  Master first(link::make_tcp_client(loop_, {"127.0.0.1", fleet->first_port(), 1'000}));
  ask(first, 0, 0x00010000);
  Master second(link::make_tcp_client(loop_, {"127.0.0.1", fleet->first_port(), 1'000}));
  EXPECT_TRUE(link::wait_for(loop_, [&] { return second.closed; }));
  ask(first, 1, 0x00010000);
}

TEST_F(FleetTest, GroupsOfEveryProtocolAnswerUnderTheNamesOfDevicesYaml) {
  config_.meters = 0;
  config_.tcp_ports = 0;
  config_.serial_lines = 0;
  using Channel = FleetGroup::Channel;
  config_.groups = {{"cjt188-heat-2004", 3, Channel::tcp, 2},
                    {"modbus-heat-station", 1, Channel::tcp, 20},
                    {"modbus-temperature-sensor", 2, Channel::serial, 8},
                    {"cjt188-heat-2004", 1, Channel::tcp, 20}};
  const auto fleet = start();
  EXPECT_EQ(fleet->meter_count(), 7U);
  const std::string devices(as_text(*read_file(disk_, path(fleet_files::devices), 1 << 20)));
  EXPECT_NE(devices.find("  - { name: cjt188-heat-2004-tcp-1, tcp: "), std::string::npos) << devices;
  EXPECT_NE(devices.find("{ name: modbus-temperature-sensor-serial-0, serial: { path: "
                         "modbus-temperature-sensor-serial-0, baud: 9600"),
            std::string::npos);
  EXPECT_NE(devices.find("{ uid: \"20260000000003\", address: \"20260000000003\", model: cjt188-heat-2004, channel: "
                         "cjt188-heat-2004-tcp-1 }"),
            std::string::npos);
  EXPECT_NE(devices.find("{ uid: \"20260000000007\", address: \"20260000000007\", model: cjt188-heat-2004, channel: "
                         "cjt188-heat-2004-tcp-2 }"),
            std::string::npos);
  EXPECT_NE(devices.find("{ uid: \"modbus-temperature-sensor-serial-0-2\", address: \"2\", model: "
                         "modbus-temperature-sensor, channel: modbus-temperature-sensor-serial-0 }"),
            std::string::npos);

  const auto said = [&](std::unique_ptr<link::Channel> channel, ByteView question, std::size_t octets_min) {
    Master master(std::move(channel));
    EXPECT_TRUE(link::wait_for(loop_, [&] { return master.opened; }));
    loop_.run_for_ms(20);
    EXPECT_TRUE(master.channel->write(question));
    EXPECT_TRUE(link::wait_for(loop_, [&] { return master.got.size() >= octets_min; }));
    return master.got;
  };
  const std::uint16_t first = fleet->first_port();
  const auto port = [&](int offset) {
    return link::make_tcp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>(first + offset), 1'000});
  };
  const cjt188::Peer heat{cjt188::meter_types::heat, *cjt188::Address::parse("20260000000003")};
  const auto metering = said(port(1), cjt188::read_request(heat, cjt188::identifiers::metering)->view(), 43 + 3 + 13);
  const auto frame = cjt188::decode(metering);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->address(), heat.address);
  const auto read = modbus::read_request(modbus::Function::read_input_registers, 0, 1);
  const auto tcp = said(port(2), modbus::encode_frame(modbus::Transport::tcp, 77, 1, read->view())->view(), 11);
  EXPECT_EQ(modbus::decode_tcp(tcp, modbus::Role::response)->transaction_id(), 77);
  const auto rtu =
      said(link::make_serial(loop_, {path("modbus-temperature-sensor-serial-0"), 9'600, link::Parity::even, 1}),
           modbus::encode_frame(modbus::Transport::rtu, 0, 2, read->view())->view(), 7);
  EXPECT_EQ(modbus::decode_rtu(rtu, modbus::Role::response)->unit_id(), 2);

  const auto entries = *read_ledger(disk_, path(fleet_files::ledger));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].address, "20260000000003");
  EXPECT_EQ(entries[0].di, 0x901FU);
  EXPECT_EQ(entries[0].octets, frame->octets().size() == metering.size() ? metering : Bytes());
  EXPECT_EQ(entries[1].address, "modbus-heat-station-tcp-0-1");
  EXPECT_EQ(entries[1].octets, tcp);
  EXPECT_EQ(entries[2].address, "modbus-temperature-sensor-serial-0-2");
  EXPECT_EQ(entries[2].di, 4U << 16);
}

/// Nothing in a Modbus TCP frame shows a changed octet: such an answer is kept back, never sent spoiled.
TEST_F(FleetTest, WhereThereIsNoChecksumSpoiledAnswersAreLostInstead) {
  config_.groups = {{"modbus-heat-station", 1, FleetGroup::Channel::tcp, 20}};
  config_.answers_spoiled_per_mille = 1'000;
  const auto fleet = start();
  Master station(
      link::make_tcp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>(fleet->first_port() + 2), 1'000}));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return station.opened; }));
  const auto read = modbus::read_request(modbus::Function::read_input_registers, 0, 1);
  EXPECT_TRUE(station.channel->write(modbus::encode_frame(modbus::Transport::tcp, 1, 1, read->view())->view()));
  ASSERT_TRUE(link::wait_for(loop_, [&] { return fleet->answer_count() == 1; }));
  loop_.run_for_ms(20);
  EXPECT_TRUE(station.got.empty());
}

TEST(FleetCatalogue, HasEveryModelOfItsProtocols) {
  std::set<std::string> shipped;
  for (const auto& file : std::filesystem::directory_iterator(std::string(DUHENG_SOURCE_DIR) + "/models")) {
    const std::string name = file.path().stem().string();
    const bool ours = name.starts_with("dlt645-") || name.starts_with("dlt698-") || name.starts_with("cjt188-") ||
                      name.starts_with("modbus-") || name.starts_with("snmp-");
    if (file.path().extension() == ".yaml" && ours) shipped.insert(name);
  }
  std::set<std::string> virtual_ones;
  for (const auto& model : virtual_models()) virtual_ones.insert(std::string(model.name));
  EXPECT_EQ(virtual_ones, shipped);
}

TEST(FleetConfig, GroupsAreReadAndTheirLimitsKept) {
  const auto config = parse_fleet_config(
      "data_directory: x\nmeters: 0\ngroups:\n  - { model: cjt188-cold-water, count: 50, per_channel: 20 }\n"
      "  - { model: cjt188-gas-valve, count: 3, channel: call_in }\n  - { model: modbus-flow-sensor, count: 9, "
      "channel: serial }\n",
      "fleet.yaml");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->groups.size(), 3U);
  EXPECT_EQ(config->groups[0].channels(), 3U);
  EXPECT_EQ(config->groups[1].per_channel, 1U);
  EXPECT_EQ(config->groups[2].channels(), 2U);
  EXPECT_EQ(config->tcp_ports, 0U);
  const auto error = [](const std::string& group) {
    const auto refused = parse_fleet_config("data_directory: x\ngroups:\n  - { " + group + " }\n", "fleet.yaml");
    return refused ? std::string() : refused.error().message;
  };
  EXPECT_EQ(error("model: cjt188-cold-water, count: 1"), "");
  EXPECT_EQ(error("model: cold-water, count: 1"), "fleet.yaml:3: 'model' 'cold-water' has no virtual device");
  EXPECT_EQ(error("model: modbus-flow-sensor, count: 1, channel: call_in"),
            "fleet.yaml:3: 'channel' cannot be call_in: a unit number identifies nobody");
  EXPECT_EQ(error("model: modbus-heat-station, count: 1, channel: serial"),
            "fleet.yaml:3: 'channel' cannot be serial: the model speaks Modbus TCP");
  EXPECT_EQ(error("model: modbus-flow-sensor, count: 500, per_channel: 248"),
            "fleet.yaml:3: 'per_channel' is at most 247 for Modbus");
  EXPECT_EQ(error("model: cjt188-cold-water, count: 800, channel: serial"),
            "fleet.yaml:3: 'count' makes more than 64 serial lines");
}

TEST(FleetConfig, TheExampleIsWhole) {
  const auto example = load_fleet_config(std::string(DUHENG_SOURCE_DIR) + "/packaging/examples/fleet.yaml");
  ASSERT_TRUE(example) << example.error().message;
  EXPECT_EQ(example->meters, FleetConfig{}.meters);
  EXPECT_EQ(example->groups.size(), 10U);
  EXPECT_EQ(example->groups[8].channel, FleetGroup::Channel::carrier);
  EXPECT_EQ(example->groups[8].carrier.at_once_max, 5);
  EXPECT_EQ(example->groups[8].carrier.lost_per_mille, 5U);
}

TEST(FleetConfig, LimitsAreStatedAndKept) {
  const auto error = [](std::string_view text) {
    const auto config = parse_fleet_config(text, "fleet.yaml");
    return config ? std::string() : config.error().message;
  };
  EXPECT_EQ(error("data_directory: x\n"), "");
  EXPECT_EQ(error("data_directory: x\nmeters: 0\n"), "fleet.yaml:2: 'meters' must be a whole number from 1 to 100000");
  EXPECT_EQ(error("data_directory: x\nmeters: 5\n"),
            "fleet.yaml:2: 'meters' is less than the 8 on serial lines or calling in");
  EXPECT_EQ(error("data_directory: x\ntcp: { first_port: 65500 }\n"),
            "fleet.yaml:2: 'first_port' leaves no room for so many ports");
  EXPECT_EQ(error("data_directory: x\nmeters: 20\n"), "fleet.yaml:1: 'tcp' has more ports than meters are left for");
  EXPECT_EQ(error("data_directory: x\nmetres: 20\n"), "fleet.yaml:2: unknown key 'metres'");
  EXPECT_EQ(error("data_directory: x\nmeters: 0\ngroups:\n"
                  "  - { model: cjt188-cold-water, count: 1, channel: carrier }\n"),
            "fleet.yaml:4: 'channel' cannot be carrier: such modules carry DL/T 645 and DL/T 698.45");
}

}  // namespace
}  // namespace duheng::device
