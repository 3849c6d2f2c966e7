#include "interop/modbus/asker.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/modbus/stream_parser.hpp"

namespace duheng::interop {

using namespace modbus;

namespace {

Result<Bytes> checked(const PduBuffer& question, const auto& frame) {
  if (frame.unit_id() != unit) return fail(ErrorCode::conflict, "another unit answered");
  const auto request = decode_pdu(question.view(), Role::request);
  if (const auto matched = match_response(*request, frame.pdu()); !matched) {
    return std::unexpected(to_error(matched.error()));
  }
  return Bytes(frame.pdu().octets().begin(), frame.pdu().octets().end());
}

}  // namespace

template <class Parser>
Result<Bytes> Asker::answer_to(const PduBuffer& question) {
  // Silence that ends a frame whose function has no known size; long, for a busy machine stalls in the middle of
  // frames.
  constexpr int gap_ms = 400;
  Parser parser(Role::response);
  Result<Bytes> answer = fail(ErrorCode::timed_out, "no answer");
  bool answered = false;
  const auto on_frame = [&](const auto& frame) {
    if constexpr (requires { frame.transaction_id(); }) {
      if (frame.transaction_id() != transaction_) return;
    }
    answer = checked(question, frame);
    answered = true;
  };
  for (int waited_ms = 0; waited_ms < step_timeout_ms && !answered;) {
    DUHENG_TRY(const Bytes octets, line_.read(gap_ms));
    if (octets.empty()) {
      parser.flush(on_frame);
      waited_ms += gap_ms;
    } else {
      parser.feed(octets, on_frame);
    }
  }
  const auto& counters = parser.counters();
  if (counters.skipped_octets + counters.malformed + counters.bad_checksums != 0) {
    return fail(ErrorCode::malformed, "the peer's octets were refused");
  }
  return answer;
}

Result<Bytes> Asker::ask(const PduBuffer& question) {
  ++transaction_;
  const auto frame = encode_frame(transport_, transaction_, unit, question.view());
  DUHENG_CHECK(line_.write(frame->view()));
  switch (transport_) {
    case Transport::rtu:
      return answer_to<RtuStreamParser>(question);
    case Transport::ascii:
      return answer_to<AsciiStreamParser>(question);
    case Transport::tcp:
      return answer_to<TcpStreamParser>(question);
  }
  return fail(ErrorCode::internal, "no such transport");
}

namespace {

/// One question; the answer's PDU, or an empty one with a failed expectation.
class Exercise {
 public:
  explicit Exercise(Asker& asker) : asker_(asker) {}

  std::optional<PduView> ask(const BuiltPdu& question, const char* what) {
    EXPECT_TRUE(question) << what;
    if (!question) return std::nullopt;
    auto answer = asker_.ask(*question);
    EXPECT_TRUE(answer) << what << ": " << (answer ? "" : answer.error().message);
    if (!answer) return std::nullopt;
    answer_ = std::move(*answer);
    return decode_pdu(answer_, Role::response).value();
  }

  void expect_bits(Function function, std::uint16_t address, std::uint16_t quantity,
                   const std::vector<std::uint8_t>& due) {
    const auto answer = ask(read_request(function, address, quantity), "read bits");
    if (!answer || answer->is_exception()) {
      ADD_FAILURE() << "bits at " << address << " not given";
      return;
    }
    for (std::size_t i = 0; i < quantity; ++i) {
      EXPECT_EQ(answer->bit_at(i), due[address + i] != 0) << "bit " << address + i;
    }
  }
  void expect_registers(Function function, std::uint16_t address, std::uint16_t quantity,
                        const std::vector<std::uint16_t>& due) {
    const auto answer = ask(read_request(function, address, quantity), "read registers");
    if (!answer || answer->is_exception()) {
      ADD_FAILURE() << "registers at " << address << " not given";
      return;
    }
    ASSERT_EQ(answer->register_count(), quantity);
    for (std::size_t i = 0; i < quantity; ++i) {
      EXPECT_EQ(answer->register_at(i), due[address + i]) << "register " << address + i;
    }
  }
  void expect_done(const BuiltPdu& question, const char* what) {
    const auto answer = ask(question, what);
    EXPECT_TRUE(answer && !answer->is_exception()) << what;
  }
  void expect_refused(const BuiltPdu& question, ExceptionCode code, const char* what) {
    const auto answer = ask(question, what);
    ASSERT_TRUE(answer && answer->is_exception()) << what;
    EXPECT_EQ(answer->exception_code(), static_cast<std::uint8_t>(code)) << what;
  }

 private:
  Asker& asker_;
  Bytes answer_;
};

void read_everything(Exercise& exercise, const Memory& memory) {
  exercise.expect_bits(Function::read_coils, 0, 64, memory.coils);
  exercise.expect_bits(Function::read_coils, 3, 19, memory.coils);
  exercise.expect_bits(Function::read_discrete_inputs, 7, 9, memory.discrete_inputs);
  exercise.expect_registers(Function::read_holding_registers, 0, 125, memory.holding_registers);
  exercise.expect_registers(Function::read_holding_registers, 125, 35, memory.holding_registers);
  exercise.expect_registers(Function::read_input_registers, 159, 1, memory.input_registers);
  exercise.expect_registers(Function::read_input_registers, 4, 3, memory.input_registers);
}

void write_everything(Exercise& exercise, Memory& memory, std::size_t write_registers_max) {
  exercise.expect_done(write_coil_request(5, true), "coil on");
  memory.coils[5] = 1;
  exercise.expect_done(write_coil_request(6, false), "coil off");
  memory.coils[6] = 0;
  exercise.expect_done(write_register_request(20, 0xBEEF), "register");
  memory.holding_registers[20] = 0xBEEF;
  const Bytes packed = {0x5A, 0x03};
  exercise.expect_done(write_coils_request(30, 10, packed), "coils");
  for (std::size_t i = 0; i < 10; ++i) memory.coils[30 + i] = packed[i / 8] >> i % 8 & 1;
  std::vector<std::uint16_t> many(write_registers_max);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint16_t>(i * 521);
  exercise.expect_done(write_registers_request(32, many), "registers");
  std::ranges::copy(many, memory.holding_registers.begin() + 32);
}

}  // namespace

Memory exercise_server(Asker& asker, const ServerAbilities& abilities) {
  Exercise exercise(asker);
  Memory memory = Memory::initial();
  read_everything(exercise, memory);
  write_everything(exercise, memory, abilities.write_registers_max);
  auto& registers = memory.holding_registers;
  if (abilities.mask_write) {
    exercise.expect_done(mask_write_request(10, 0x00F2, 0x2525), "mask write");
    registers[10] = static_cast<std::uint16_t>((registers[10] & 0x00F2) | (0x2525 & ~0x00F2));
  }
  if (abilities.read_write) {
    const std::vector<std::uint16_t> written = {1, 2, 0xFFFF};
    const auto answer = exercise.ask(read_write_request(40, 6, 41, written), "read and write");
    std::ranges::copy(written, registers.begin() + 41);
    EXPECT_TRUE(answer && answer->register_count() == 6);
    for (std::size_t i = 0; answer && i < answer->register_count(); ++i) {
      EXPECT_EQ(answer->register_at(i), registers[40 + i]) << i;
    }
  }
  if (abilities.refuses_addresses) {
    exercise.expect_refused(read_request(Function::read_holding_registers, 5000, 2),
                            ExceptionCode::illegal_data_address, "address that is not there");
  }
  if (abilities.identification) {
    const auto answer = exercise.ask(identification_request(1, 0), "identification");
    EXPECT_TRUE(answer && answer->object_count() >= 3);
    if (answer) {
      answer->for_each_object([](const IdentificationObject& object) {
        if (object.id >= identification.size()) return;
        EXPECT_EQ(as_text(object.value), identification[object.id]);
      });
    }
  }
  if (abilities.report_server_id) {
    const auto answer = exercise.ask(raw_pdu(17, {}, Role::request), "server id");
    EXPECT_TRUE(answer && answer->is_raw() && answer->data().size() > 2);
  }
  read_everything(exercise, memory);
  return memory;
}

}  // namespace duheng::interop
