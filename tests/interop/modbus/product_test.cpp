// Not the codec alone but what is made of it: the gateway's driver reads a libmodbus server, and a libmodbus client
// reads and writes the fleet's virtual devices.
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "device/fleet/fleet.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/modbus/dialect.hpp"
#include "interop/modbus/register_device.hpp"
#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::interop {
namespace {

struct ContextDeleter {
  void operator()(modbus_t* context) const {
    modbus_close(context);
    modbus_free(context);
  }
};
using Context = std::unique_ptr<modbus_t, ContextDeleter>;

struct Answers final : drivers::SessionOutput {
  explicit Answers(link::Channel& to) : channel(to) {}
  void send(ByteView octets) override { EXPECT_TRUE(channel.write(octets)); }
  void deliver(const drivers::Exchange& exchange) override {
    outcomes.push_back(exchange.outcome);
    errors.push_back(exchange.error);
    payloads.emplace_back(exchange.payload.begin(), exchange.payload.end());
    newest = exchange.number;
  }
  void reopen() override { ADD_FAILURE() << "a time-out"; }
  link::Channel& channel;
  std::vector<drivers::Outcome> outcomes;
  std::vector<std::uint32_t> errors;
  std::vector<Bytes> payloads;
  std::uint64_t newest = 0;
};

TEST(Product, TheDriverReadsALibmodbusServer) {
  const Context context(modbus_new_tcp("127.0.0.1", 0));
  int listener = modbus_tcp_listen(context.get(), 1);
  ASSERT_GE(listener, 0) << modbus_strerror(errno);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  modbus_mapping_t* mapping = modbus_mapping_new(8, 8, 100, 100);
  for (int i = 0; i < 100; ++i) mapping->tab_input_registers[i] = static_cast<std::uint16_t>(1'000 + i);
  std::thread server([&] {
    if (modbus_tcp_accept(context.get(), &listener) < 0) return;
    std::uint8_t question[MODBUS_TCP_MAX_ADU_LENGTH];
    for (int got = modbus_receive(context.get(), question); got >= 0; got = modbus_receive(context.get(), question))
      if (got > 0) modbus_reply(context.get(), question, got, mapping);
  });

  link::EventLoop loop;
  const auto channel = link::make_tcp_client(loop, {"127.0.0.1", ntohs(address.sin_port), 5'000});
  const SystemClock clock;
  const auto now = [&] { return drivers::Moment{clock.monotonic_ms(), clock.utc_ms()}; };
  drivers::Session session(drivers::make_modbus_dialect(modbus::Transport::tcp), {.reopen_after_timeout = true});
  session.add_meter(drivers::modbus_unit(unit), {5'000, 0, 0});
  Answers answers(*channel);
  bool opened = false;
  channel->set_handlers({[&] {
                           opened = true;
                           session.opened(now(), answers);
                         },
                         [&](ByteView octets) {
                           session.octets(now(), octets, answers);
                           session.stored_through(answers.newest, now(), answers);
                         },
                         {}});
  channel->open();
  ASSERT_TRUE(link::wait_for(loop, [&] { return opened; }));
  ASSERT_TRUE(session.ask(0, drivers::modbus_read({modbus::Table::input_registers, 10, 3, {}}), 0));
  ASSERT_TRUE(session.ask(0, drivers::modbus_read({modbus::Table::input_registers, 99, 5, {}}), 0));
  drivers::Query write;
  write.operation = 6;
  write.body = {0x00, 0x07, 0x12, 0x34};
  write.at_most_once = true;
  ASSERT_TRUE(session.ask(0, write, 0));
  ASSERT_TRUE(session.ask(0, drivers::modbus_read({modbus::Table::holding_registers, 7, 1, {}}), 0));
  session.advance(now(), answers);
  EXPECT_TRUE(link::wait_for(loop, [&] { return answers.outcomes.size() == 4; }));
  using enum drivers::Outcome;
  EXPECT_EQ(answers.outcomes, (std::vector{answered, refused, answered, answered}));
  EXPECT_EQ(answers.payloads[0], *from_hex("03F2 03F3 03F4"));
  EXPECT_EQ(answers.errors[1], 2U);  // illegal data address
  EXPECT_EQ(answers.payloads[3], *from_hex("1234"));
  EXPECT_EQ(mapping->tab_registers[7], 0x1234);
  channel->close();
  server.join();
  modbus_mapping_free(mapping);
  ::close(listener);
}

/// A fleet on a thread of its own, as the program has it.
class RunningFleet {
 public:
  explicit RunningFleet(const std::string& models) {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-interop-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    const auto config = device::parse_fleet_config(
        "data_directory: " + root_ + "\nmeters: 0\ntcp: { ports: 0 }\n" + "serial: { lines: 0 }\ngroups:\n" + models,
        "fleet.yaml");
    EXPECT_TRUE(config) << config.error().message;
    if (!config) return;
    auto fleet = device::Fleet::start(loop_, disk_, clock_, random_, *config);
    EXPECT_TRUE(fleet) << fleet.error().message;
    if (!fleet) return;
    fleet_ = std::move(*fleet);
    port_ = fleet_->first_port();
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~RunningFleet() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
    fleet_.reset();
    std::filesystem::remove_all(root_);
  }
  RunningFleet(const RunningFleet&) = delete;
  RunningFleet& operator=(const RunningFleet&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  link::EventLoop loop_;
  std::string root_;
  std::unique_ptr<device::Fleet> fleet_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(Product, LibmodbusReadsAndWritesAVirtualHeatStation) {
  const RunningFleet fleet("  - { model: modbus-heat-station, count: 2, channel: tcp, per_channel: 2 }\n");
  const Context context(modbus_new_tcp("127.0.0.1", fleet.port()));
  modbus_set_response_timeout(context.get(), 5, 0);
  modbus_set_slave(context.get(), 2);
  ASSERT_EQ(modbus_connect(context.get()), 0) << modbus_strerror(errno);
  std::array<std::uint16_t, 24> inputs{};
  ASSERT_EQ(modbus_read_input_registers(context.get(), 0, 24, inputs.data()), 24) << modbus_strerror(errno);
  const auto celsius = [&](std::size_t place) { return static_cast<std::int16_t>(inputs[place]) / 100.0; };
  EXPECT_GE(celsius(0), celsius(1)) << "supply is not colder than return";
  EXPECT_GT(celsius(4), -60.0);
  EXPECT_LT(celsius(4), 60.0);
  std::array<std::uint8_t, 5> states{};
  EXPECT_EQ(modbus_read_input_bits(context.get(), 0, 5, states.data()), 5) << modbus_strerror(errno);
  ASSERT_EQ(modbus_write_register(context.get(), 0, 425), 1) << modbus_strerror(errno);
  std::uint16_t valve = 0;
  ASSERT_EQ(modbus_read_registers(context.get(), 0, 1, &valve), 1) << modbus_strerror(errno);
  EXPECT_EQ(valve, 425);
  EXPECT_EQ(modbus_write_register(context.get(), 0, 1'001), -1);  // above 100.0 %
  EXPECT_EQ(errno, EMBXILVAL);
  EXPECT_EQ(modbus_read_registers(context.get(), 5'000, 1, &valve), -1);
  EXPECT_EQ(errno, EMBXILADD);
}

}  // namespace
}  // namespace duheng::interop
