// npm modbus-serial and jsmodbus as servers and as clients; peer.mjs runs them.
#include <gtest/gtest.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "interop/modbus/asker.hpp"
#include "interop/modbus/node_peer.hpp"

namespace duheng::interop {
namespace {

using Json = nlohmann::json;
using modbus::Transport;

void expect_server_understands_us(const std::string& name, Transport transport, const ServerAbilities& abilities) {
  auto terminal = open_pseudo_terminal();
  ASSERT_TRUE(terminal);
  const bool is_serial = transport == Transport::rtu;
  std::vector<std::string> arguments = {"server", name};
  if (is_serial) arguments.push_back(terminal->slave_path);
  NodePeer peer(arguments);
  const auto ready = peer.wait_ready();
  ASSERT_TRUE(ready) << peer.output();
  auto line = is_serial ? Result<Line>(Line(std::move(terminal->master)))
                        : connect_to_loopback(static_cast<std::uint16_t>(std::stoi(*ready)));
  ASSERT_TRUE(line) << peer.output();
  Asker asker(std::move(*line), transport);
  static_cast<void>(exercise_server(asker, abilities));
  if (testing::Test::HasFailure()) ADD_FAILURE() << peer.output();
}

TEST(NodePeers, ModbusSerialTcpServerUnderstandsUs) {
  expect_server_understands_us("modbus-serial-tcp", Transport::tcp, {.identification = true});
}
TEST(NodePeers, ModbusSerialRtuServerUnderstandsUs) {
  expect_server_understands_us("modbus-serial-rtu", Transport::rtu, {.identification = true});
}
// Past the end of its tables jsmodbus answers with fewer registers than asked for, which we refuse, not with
// exception 2.
TEST(NodePeers, JsmodbusTcpServerUnderstandsUs) {
  expect_server_understands_us("jsmodbus-tcp", Transport::tcp, {.refuses_addresses = false});
}
TEST(NodePeers, JsmodbusRtuServerUnderstandsUs) {
  // It takes a question that comes in pieces for a damaged one, and a terminal cuts long ones.
  expect_server_understands_us("jsmodbus-rtu", Transport::rtu, {.refuses_addresses = false, .write_registers_max = 8});
}

struct ClientAbilities {
  bool mask_write = false;
  bool read_write = false;
  bool identification = false;
  bool server_id = false;
};

/// What peer.mjs writes, done to the memory it found.
Memory after_client_writes(const ClientAbilities& abilities) {
  Memory memory = Memory::initial();
  memory.coils[5] = 1;
  memory.holding_registers[20] = 0xBEEF;
  const std::uint8_t bits[] = {1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0};
  std::ranges::copy(bits, memory.coils.begin() + 30);
  std::fill_n(memory.holding_registers.begin() + 37, 100, std::uint16_t{0xA55A});
  auto& masked = memory.holding_registers[10];
  if (abilities.read_write) {
    memory.holding_registers[141] = 7;
    memory.holding_registers[142] = 8;
  }
  if (abilities.mask_write) masked = static_cast<std::uint16_t>((masked & 0x00F2) | (0x2525 & ~0x00F2));
  return memory;
}

template <class Values>
Json part_of(const Values& values, std::size_t first, std::size_t count, bool as_bits) {
  Json out = Json::array();
  for (std::size_t i = first; i < first + count; ++i) {
    if (as_bits) {
      out.push_back(values[i] != 0);
    } else {
      out.push_back(values[i]);
    }
  }
  return out;
}

void expect_seen(const Json& seen, const ClientAbilities& abilities) {
  const Memory before = Memory::initial();
  const Memory after = after_client_writes(abilities);
  EXPECT_EQ(seen.at("coils"), part_of(before.coils, 3, 19, true));
  EXPECT_EQ(seen.at("discrete"), part_of(before.discrete_inputs, 0, 64, true));
  EXPECT_EQ(seen.at("holding"), part_of(before.holding_registers, 10, 125, false));
  EXPECT_EQ(seen.at("input"), part_of(before.input_registers, 159, 1, false));
  EXPECT_EQ(seen.at("holding_after"), part_of(after.holding_registers, 0, 125, false));
  EXPECT_EQ(seen.at("exception"), 2);
  EXPECT_EQ(seen.value("read_write", Json()),
            abilities.read_write ? part_of(after.holding_registers, 140, 4, false) : Json());
  EXPECT_EQ(seen.value("identification", Json()), abilities.identification ? Json(identification) : Json());
  EXPECT_EQ(seen.value("server_id", Json()), abilities.server_id ? Json(unit) : Json());
}

void expect_client_understands_us(const std::string& name, Transport transport, bool over_terminal,
                                  const ClientAbilities& abilities) {
  auto terminal = open_pseudo_terminal();
  auto listener = listen_on_loopback();
  ASSERT_TRUE(terminal && listener);
  NodePeer peer({"client", name, over_terminal ? terminal->slave_path : std::to_string(listener->port)});
  RegisterDevice device;
  Served served;
  std::atomic<bool> stop = false;
  std::thread server([&] {
    auto line = over_terminal ? Result<Line>(Line(std::move(terminal->master))) : accept_one(*listener);
    if (line) served = serve(device, *line, transport, stop);
  });
  const auto exit_code = peer.wait_exit();
  stop = true;
  server.join();
  ASSERT_EQ(exit_code, 0) << peer.output();
  EXPECT_EQ(served.faults, 0U);
  EXPECT_EQ(device.memory, after_client_writes(abilities));
  const Json seen = Json::parse(peer.output(), nullptr, false);
  ASSERT_TRUE(seen.is_object()) << peer.output();
  expect_seen(seen, abilities);
}

TEST(NodePeers, ModbusSerialTcpClientUnderstandsUs) {
  expect_client_understands_us("modbus-serial-tcp", Transport::tcp, false,
                               {.mask_write = true, .read_write = true, .identification = true, .server_id = true});
}
TEST(NodePeers, ModbusSerialRtuClientUnderstandsUs) {
  expect_client_understands_us("modbus-serial-rtu", Transport::rtu, true, {.identification = true});
}
TEST(NodePeers, ModbusSerialRtuOverTcpClientUnderstandsUs) {
  expect_client_understands_us("modbus-serial-rtu-over-tcp", Transport::rtu, false, {});
}
TEST(NodePeers, ModbusSerialAsciiClientUnderstandsUs) {
  expect_client_understands_us("modbus-serial-ascii", Transport::ascii, true, {});
}
TEST(NodePeers, JsmodbusTcpClientUnderstandsUs) {
  expect_client_understands_us("jsmodbus-tcp", Transport::tcp, false, {});
}
TEST(NodePeers, JsmodbusRtuClientUnderstandsUs) {
  expect_client_understands_us("jsmodbus-rtu", Transport::rtu, true, {});
}

}  // namespace
}  // namespace duheng::interop
