// libmodbus (C, LGPL) as server and as client, over loopback TCP and over a pseudo-terminal.
#include <gtest/gtest.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>

#include "interop/modbus/asker.hpp"

namespace duheng::interop {
namespace {

using modbus::Transport;

struct ContextDeleter {
  void operator()(modbus_t* context) const {
    modbus_close(context);
    modbus_free(context);
  }
};
using Context = std::unique_ptr<modbus_t, ContextDeleter>;
struct MappingDeleter {
  void operator()(modbus_mapping_t* mapping) const { modbus_mapping_free(mapping); }
};
using Mapping = std::unique_ptr<modbus_mapping_t, MappingDeleter>;

Mapping make_mapping() {
  Mapping mapping(modbus_mapping_new(Memory::bits, Memory::bits, Memory::registers, Memory::registers));
  const Memory memory = Memory::initial();
  std::ranges::copy(memory.coils, mapping->tab_bits);
  std::ranges::copy(memory.discrete_inputs, mapping->tab_input_bits);
  std::ranges::copy(memory.holding_registers, mapping->tab_registers);
  std::ranges::copy(memory.input_registers, mapping->tab_input_registers);
  return mapping;
}

Memory to_memory(const modbus_mapping_t& mapping) {
  return {{mapping.tab_bits, mapping.tab_bits + Memory::bits},
          {mapping.tab_input_bits, mapping.tab_input_bits + Memory::bits},
          {mapping.tab_registers, mapping.tab_registers + Memory::registers},
          {mapping.tab_input_registers, mapping.tab_input_registers + Memory::registers}};
}

constexpr ServerAbilities libmodbus_abilities{.mask_write = true, .read_write = true, .report_server_id = true};

/// Answers with libmodbus until the peer goes or `stop` is set.
void serve_with_libmodbus(modbus_t* context, modbus_mapping_t* mapping, const std::atomic<bool>& stop) {
  modbus_set_slave(context, unit);
  modbus_set_indication_timeout(context, 0, 100'000);
  std::uint8_t question[MODBUS_TCP_MAX_ADU_LENGTH];
  while (!stop) {
    const int size = modbus_receive(context, question);
    if (size > 0) modbus_reply(context, question, size, mapping);
    if (size < 0 && errno != ETIMEDOUT) return;
  }
}

TEST(Libmodbus, ItsTcpServerUnderstandsUs) {
  const Context context(modbus_new_tcp("127.0.0.1", 0));
  int listener = modbus_tcp_listen(context.get(), 1);
  ASSERT_GE(listener, 0) << modbus_strerror(errno);
  const Descriptor owned(listener);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const Mapping mapping = make_mapping();
  std::atomic<bool> stop = false;
  auto line = connect_to_loopback(ntohs(address.sin_port));
  ASSERT_TRUE(line);
  std::thread server([&] {
    modbus_tcp_accept(context.get(), &listener);
    serve_with_libmodbus(context.get(), mapping.get(), stop);
  });
  {
    Asker asker(std::move(*line), Transport::tcp);
    const Memory due = exercise_server(asker, libmodbus_abilities);
    stop = true;
    server.join();
    EXPECT_EQ(to_memory(*mapping), due);
  }
}

TEST(Libmodbus, ItsRtuServerUnderstandsUs) {
  auto terminal = open_pseudo_terminal();
  ASSERT_TRUE(terminal);
  const Context context(modbus_new_rtu(terminal->slave_path.c_str(), 115200, 'N', 8, 1));
  modbus_set_slave(context.get(), unit);
  ASSERT_EQ(modbus_connect(context.get()), 0) << modbus_strerror(errno);
  const Mapping mapping = make_mapping();
  std::atomic<bool> stop = false;
  std::thread server([&] { serve_with_libmodbus(context.get(), mapping.get(), stop); });
  Asker asker(Line(std::move(terminal->master)), Transport::rtu);
  const Memory due = exercise_server(asker, libmodbus_abilities);
  stop = true;
  server.join();
  EXPECT_EQ(to_memory(*mapping), due);
}

/// Lets libmodbus ask everything it can of our device and compares what it understood.
void exercise_with_libmodbus(modbus_t* context, Memory& memory) {
  modbus_set_slave(context, unit);
  modbus_set_response_timeout(context, step_timeout_ms / 1000, 0);
  std::uint8_t bits[Memory::bits] = {};
  std::uint16_t words[MODBUS_MAX_READ_REGISTERS] = {};
  ASSERT_EQ(modbus_read_bits(context, 3, 19, bits), 19) << modbus_strerror(errno);
  EXPECT_TRUE(std::equal(bits, bits + 19, memory.coils.begin() + 3));
  ASSERT_EQ(modbus_read_input_bits(context, 0, 64, bits), 64) << modbus_strerror(errno);
  EXPECT_TRUE(std::equal(bits, bits + 64, memory.discrete_inputs.begin()));
  ASSERT_EQ(modbus_read_registers(context, 10, 125, words), 125) << modbus_strerror(errno);
  EXPECT_TRUE(std::equal(words, words + 125, memory.holding_registers.begin() + 10));
  ASSERT_EQ(modbus_read_input_registers(context, 159, 1, words), 1) << modbus_strerror(errno);
  EXPECT_EQ(words[0], memory.input_registers[159]);
  EXPECT_EQ(modbus_write_bit(context, 5, 1), 1) << modbus_strerror(errno);
  memory.coils[5] = 1;
  EXPECT_EQ(modbus_write_register(context, 20, 0xBEEF), 1) << modbus_strerror(errno);
  memory.holding_registers[20] = 0xBEEF;
  const std::uint8_t new_bits[] = {1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0};
  EXPECT_EQ(modbus_write_bits(context, 30, 11, new_bits), 11) << modbus_strerror(errno);
  std::ranges::copy(new_bits, memory.coils.begin() + 30);
  std::vector<std::uint16_t> new_words(123, 0xA55A);
  EXPECT_EQ(modbus_write_registers(context, 37, 123, new_words.data()), 123) << modbus_strerror(errno);
  std::ranges::copy(new_words, memory.holding_registers.begin() + 37);
  EXPECT_EQ(modbus_mask_write_register(context, 10, 0x00F2, 0x2525), 1) << modbus_strerror(errno);
  auto& masked = memory.holding_registers[10];
  masked = static_cast<std::uint16_t>((masked & 0x00F2) | (0x2525 & ~0x00F2));
  const std::uint16_t three[] = {7, 8, 9};
  EXPECT_EQ(modbus_write_and_read_registers(context, 50, 3, three, 48, 6, words), 6) << modbus_strerror(errno);
  std::ranges::copy(three, memory.holding_registers.begin() + 50);
  EXPECT_TRUE(std::equal(words, words + 6, memory.holding_registers.begin() + 48));
  std::uint8_t id[64] = {};
  EXPECT_EQ(modbus_report_slave_id(context, sizeof id, id), 4) << modbus_strerror(errno);
  EXPECT_EQ(id[0], unit);
  EXPECT_EQ(modbus_read_registers(context, 5000, 1, words), -1);
  EXPECT_EQ(errno, EMBXILADD);
}

void expect_understood(const Served& served, const RegisterDevice& device, const Memory& due) {
  EXPECT_EQ(served.faults, 0U);
  EXPECT_GE(served.frames.size(), 24U);
  EXPECT_EQ(device.memory, due);
}

TEST(Libmodbus, ItsTcpClientUnderstandsUs) {
  const auto listener = listen_on_loopback();
  ASSERT_TRUE(listener);
  RegisterDevice device;
  std::atomic<bool> stop = false;
  Served served;
  std::thread server([&] {
    if (auto line = accept_one(*listener)) served = serve(device, *line, Transport::tcp, stop);
  });
  Memory due = Memory::initial();
  {
    const Context context(modbus_new_tcp("127.0.0.1", listener->port));
    EXPECT_EQ(modbus_connect(context.get()), 0) << modbus_strerror(errno);
    exercise_with_libmodbus(context.get(), due);
  }
  stop = true;
  server.join();
  expect_understood(served, device, due);
}

TEST(Libmodbus, ItsRtuClientUnderstandsUs) {
  auto terminal = open_pseudo_terminal();
  ASSERT_TRUE(terminal);
  RegisterDevice device;
  std::atomic<bool> stop = false;
  Served served;
  Line line(std::move(terminal->master));
  std::thread server([&] { served = serve(device, line, Transport::rtu, stop); });
  Memory due = Memory::initial();
  {
    const Context context(modbus_new_rtu(terminal->slave_path.c_str(), 115200, 'N', 8, 1));
    modbus_set_slave(context.get(), unit);
    EXPECT_EQ(modbus_connect(context.get()), 0) << modbus_strerror(errno);
    exercise_with_libmodbus(context.get(), due);
  }
  stop = true;
  server.join();
  expect_understood(served, device, due);
}

}  // namespace
}  // namespace duheng::interop
