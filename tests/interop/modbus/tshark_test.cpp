// Wireshark's dissector reads what we write, octet by octet: frames go into a capture file, tshark prints its fields,
// and every one is compared with what our own decoder says.
#include <array>
#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

#include "codec/modbus/message.hpp"
#include "codec/modbus/scanner.hpp"

namespace duheng::interop {
namespace {

using namespace modbus;

constexpr std::uint16_t server_port = 502;
constexpr std::uint16_t client_port = 40'000;
constexpr std::uint8_t unit_id = 17;

void put_little(Bytes& out, std::uint64_t value, int octets) {
  for (int i = 0; i < octets; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}
void put_big(Bytes& out, std::uint64_t value, int octets) {
  for (int i = octets - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

/// A capture of one TCP connection: pcap 2.4, link type 101 (raw IPv4).
class Capture {
 public:
  Capture() {
    put_little(octets_, 0xA1B2C3D4, 4);
    put_little(octets_, 2, 2);
    put_little(octets_, 4, 2);
    put_little(octets_, 0, 8);
    put_little(octets_, 65535, 4);
    put_little(octets_, 101, 4);
  }
  void add(Role role, ByteView frame) {
    constexpr std::size_t headers = 40;
    const bool asks = role == Role::request;
    put_little(octets_, ++time_s_, 4);
    put_little(octets_, 0, 4);
    put_little(octets_, headers + frame.size(), 4);
    put_little(octets_, headers + frame.size(), 4);
    // IPv4 without options, then TCP without options; checksums are left 0, tshark does not look at them.
    put_big(octets_, 0x4500, 2);
    put_big(octets_, headers + frame.size(), 2);
    put_big(octets_, 0, 4);
    put_big(octets_, 0x4006, 2);
    put_big(octets_, 0, 2);
    put_big(octets_, asks ? 0x7F000001 : 0x7F000002, 4);
    put_big(octets_, asks ? 0x7F000002 : 0x7F000001, 4);
    put_big(octets_, asks ? client_port : server_port, 2);
    put_big(octets_, asks ? server_port : client_port, 2);
    auto& own = asks ? client_sequence_ : server_sequence_;
    put_big(octets_, own, 4);
    put_big(octets_, asks ? server_sequence_ : client_sequence_, 4);
    put_big(octets_, 0x5018, 2);
    put_big(octets_, 65535, 2);
    put_big(octets_, 0, 4);
    octets_.insert(octets_.end(), frame.begin(), frame.end());
    own += static_cast<std::uint32_t>(frame.size());
  }
  [[nodiscard]] const Bytes& octets() const noexcept { return octets_; }

 private:
  Bytes octets_;
  std::uint32_t time_s_ = 1'000'000;
  std::uint32_t client_sequence_ = 1000;
  std::uint32_t server_sequence_ = 5000;
};

struct Exchanged {
  Role role;
  Bytes pdu;
};

/// Questions and their answers, each function once or more, with its edges.
std::vector<Exchanged> conversation() {
  std::vector<Exchanged> out;
  const auto add = [&](Role role, const BuiltPdu& pdu) {
    ASSERT_TRUE(pdu) << to_error(pdu.error()).message;
    out.push_back({role, {pdu->view().begin(), pdu->view().end()}});
  };
  const auto echo = [&](const BuiltPdu& question) {
    add(Role::request, question);
    add(Role::response, write_response(decode_pdu(question->view(), Role::request).value()));
  };
  const Bytes packed = {0xCD, 0x6B, 0x05};
  const std::vector<std::uint16_t> words = {0x022B, 0, 0xFFFF, 100};
  std::vector<std::uint16_t> many(125);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<std::uint16_t>(i * 523);
  add(Role::request, read_request(Function::read_coils, 19, 19));
  add(Role::response, bits_response(Function::read_coils, 19, packed));
  add(Role::request, read_request(Function::read_discrete_inputs, 65528, 8));
  add(Role::response, bits_response(Function::read_discrete_inputs, 8, packed));
  add(Role::request, read_request(Function::read_holding_registers, 107, 4));
  add(Role::response, registers_response(Function::read_holding_registers, words));
  add(Role::request, read_request(Function::read_input_registers, 0, 125));
  add(Role::response, registers_response(Function::read_input_registers, many));
  echo(write_coil_request(172, true));
  echo(write_coil_request(172, false));
  echo(write_register_request(1, 0xBEEF));
  echo(write_coils_request(19, 10, packed));
  echo(write_registers_request(65532, words));
  echo(mask_write_request(4, 0x00F2, 0x0025));
  add(Role::request, read_write_request(3, 4, 14, std::vector<std::uint16_t>{0xFF, 1}));
  add(Role::response, registers_response(Function::read_write_multiple_registers, words));
  const std::string vendor = "Duheng";
  const std::string revision = "V0.1";
  const IdentificationObject objects[] = {{0, as_bytes(vendor)}, {2, as_bytes(revision)}};
  add(Role::request, identification_request(1, 0));
  add(Role::response, identification_response({1, 0x81, true, 5}, objects));
  add(Role::request, read_request(Function::read_holding_registers, 5000, 2));
  add(Role::response, exception_response(3, ExceptionCode::illegal_data_address));
  add(Role::request, write_register_request(9, 9));
  add(Role::response, exception_response(6, ExceptionCode::server_device_busy));
  return out;
}

constexpr std::array fields = {"mbtcp.trans_id",
                               "mbtcp.prot_id",
                               "mbtcp.len",
                               "mbtcp.unit_id",
                               "mbrtu.unit_id",
                               "mbrtu.crc16",
                               "mbrtu.crc16.status",
                               "modbus.func_code",
                               "modbus.exception_code",
                               "modbus.reference_num",
                               "modbus.word_cnt",
                               "modbus.bit_cnt",
                               "modbus.byte_cnt",
                               "modbus.regval_uint16",
                               "modbus.bitval",
                               "modbus.and_mask",
                               "modbus.or_mask",
                               "modbus.read_reference_num",
                               "modbus.read_word_cnt",
                               "modbus.write_reference_num",
                               "modbus.write_word_cnt",
                               "modbus.mei",
                               "modbus.read_device_id",
                               "modbus.object_id",
                               "modbus.conformity_level",
                               "modbus.more_follows",
                               "modbus.next_object_id",
                               "modbus.num_objects",
                               "modbus.object_str_value",
                               "modbus.data",
                               "_ws.malformed"};
using Row = std::map<std::string, std::string>;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

/// What tshark says of each packet, by field; several values of one field are joined by commas.
std::vector<Row> dissect(const Capture& capture, const std::string& options) {
  char name[] = "/tmp/duheng-capture-XXXXXX";
  const int file = ::mkstemp(name);
  EXPECT_GE(file, 0);
  ::close(file);
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(capture.octets().data()),
             static_cast<std::streamsize>(capture.octets().size()));
  std::string command =
      std::string(DUHENG_TSHARK) + " -r " + name + " -n " + options + " -T fields -E separator='|' -E aggregator=,";
  for (const char* field : fields) command += std::string(" -e ") + field;
  command += " 2>&1";
  std::string text;
  FILE* const pipe = ::popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::array<char, 4096> part{};
  while (pipe != nullptr && std::fgets(part.data(), part.size(), pipe) != nullptr) text += part.data();
  EXPECT_EQ(::pclose(pipe), 0) << text;
  ::unlink(name);
  std::vector<Row> rows;
  for (const auto& line : split(text, '\n')) {
    if (line.find('|') == std::string::npos) continue;
    const auto values = split(line, '|');
    Row row;
    for (std::size_t i = 0; i < values.size() && i < fields.size(); ++i) {
      if (!values[i].empty()) row[fields[i]] = values[i];
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// The number tshark printed, decimal or hexadecimal; -1 when it printed none.
long number_of(const Row& row, const std::string& field) {
  const auto found = row.find(field);
  return found == row.end() ? -1 : std::stol(found->second, nullptr, 0);
}
std::vector<long> numbers_of(const Row& row, const std::string& field) {
  std::vector<long> out;
  const auto found = row.find(field);
  if (found == row.end()) return out;
  for (const auto& text : split(found->second, ',')) {
    out.push_back(text == "True" ? 1 : text == "False" ? 0 : std::stol(text, nullptr, 0));
  }
  return out;
}

/// Octets that tshark leaves in one piece.
std::string data_of(const Row& row) {
  const auto found = row.find("modbus.data");
  return found == row.end() ? "" : to_hex(from_hex(found->second).value_or(Bytes{}));
}

void expect_values(const Row& row, const PduView& pdu, std::size_t bits_asked) {
  if (pdu.value_offset() == 0) return;
  EXPECT_EQ(number_of(row, "modbus.byte_cnt"), static_cast<long>(pdu.value_octets().size()));
  std::vector<long> due;
  const bool in_one_piece = pdu.is(Function::write_multiple_coils) || pdu.is(Function::read_write_multiple_registers);
  if (in_one_piece) {
    EXPECT_EQ(data_of(row), to_hex(pdu.value_octets()));
    return;
  }
  if (pdu.holds_bits()) {
    for (std::size_t i = 0; i < bits_asked; ++i) due.push_back(pdu.bit_at(i) ? 1 : 0);
    EXPECT_EQ(numbers_of(row, "modbus.bitval"), due);
    return;
  }
  for (std::size_t i = 0; i < pdu.register_count(); ++i) due.push_back(pdu.register_at(i));
  EXPECT_EQ(numbers_of(row, "modbus.regval_uint16"), due);
}

void expect_identification(const Row& row, const PduView& pdu) {
  EXPECT_EQ(number_of(row, "modbus.mei"), pdu.mei_type());
  EXPECT_EQ(number_of(row, "modbus.read_device_id"), pdu.read_device_id());
  if (pdu.role() == Role::request) {
    EXPECT_EQ(number_of(row, "modbus.object_id"), pdu.object_id());
    return;
  }
  EXPECT_EQ(number_of(row, "modbus.conformity_level"), pdu.conformity_level());
  EXPECT_EQ(number_of(row, "modbus.more_follows") != 0, pdu.more_follows());
  EXPECT_EQ(number_of(row, "modbus.next_object_id"), pdu.object_id());
  EXPECT_EQ(number_of(row, "modbus.num_objects"), pdu.object_count());
  std::vector<long> ids;
  std::string texts;
  pdu.for_each_object([&](const IdentificationObject& object) {
    ids.push_back(object.id);
    texts += (texts.empty() ? "" : ",") + std::string(as_text(object.value));
  });
  EXPECT_EQ(numbers_of(row, "modbus.object_id"), ids);
  EXPECT_EQ(row.contains("modbus.object_str_value") ? row.at("modbus.object_str_value") : "", texts);
}

/// tshark's fields of one PDU against ours.
void expect_same(const Row& row, const PduView& pdu, std::size_t bits_asked) {
  EXPECT_FALSE(row.contains("_ws.malformed"));
  EXPECT_EQ(number_of(row, "modbus.func_code"), pdu.function_code());
  EXPECT_EQ(number_of(row, "modbus.exception_code"), pdu.is_exception() ? pdu.exception_code() : -1);
  if (pdu.is_identification()) return expect_identification(row, pdu);
  if (pdu.is(Function::read_write_multiple_registers) && pdu.role() == Role::request) {
    EXPECT_EQ(number_of(row, "modbus.read_reference_num"), pdu.address());
    EXPECT_EQ(number_of(row, "modbus.read_word_cnt"), pdu.quantity());
    EXPECT_EQ(number_of(row, "modbus.write_reference_num"), pdu.write_address());
    EXPECT_EQ(number_of(row, "modbus.write_word_cnt"), pdu.write_quantity());
  } else if (pdu.has_address()) {
    EXPECT_EQ(number_of(row, "modbus.reference_num"), pdu.address());
    const bool bits = pdu.holds_bits();
    EXPECT_EQ(number_of(row, bits ? "modbus.bit_cnt" : "modbus.word_cnt"), pdu.has_quantity() ? pdu.quantity() : -1);
  }
  if (pdu.is(Function::write_single_register)) {
    EXPECT_EQ(data_of(row), to_hex(pdu.octets().subspan(3)));
  }
  if (pdu.is(Function::mask_write_register)) {
    EXPECT_EQ(number_of(row, "modbus.and_mask"), pdu.and_mask());
    EXPECT_EQ(number_of(row, "modbus.or_mask"), pdu.or_mask());
  }
  expect_values(row, pdu, bits_asked);
}

void compare(Transport transport, const std::string& options) {
  const auto exchanged = conversation();
  Capture capture;
  std::vector<FrameBuffer> frames;
  std::uint16_t transaction = 0x2B00;
  for (const auto& one : exchanged) {
    if (one.role == Role::request) ++transaction;
    frames.push_back(*encode_frame(transport, transaction, unit_id, one.pdu));
    capture.add(one.role, frames.back().view());
  }
  const auto rows = dissect(capture, options);
  ASSERT_EQ(rows.size(), frames.size());
  std::size_t bits_asked = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    SCOPED_TRACE(std::string(to_string(exchanged[i].role)) + " " + to_hex(exchanged[i].pdu, ' '));
    const auto frame = decode_any(frames[i].view(), transport, exchanged[i].role);
    ASSERT_TRUE(frame);
    if (exchanged[i].role == Role::request) bits_asked = frame->pdu().quantity();
    if (transport == Transport::tcp) {
      EXPECT_EQ(number_of(rows[i], "mbtcp.trans_id"), frame->transaction_id());
      EXPECT_EQ(number_of(rows[i], "mbtcp.prot_id"), 0);
      EXPECT_EQ(number_of(rows[i], "mbtcp.len"), static_cast<long>(exchanged[i].pdu.size() + 1));
      EXPECT_EQ(number_of(rows[i], "mbtcp.unit_id"), frame->unit_id());
    } else {
      constexpr long checksum_good = 1;
      const ByteView octets = frames[i].view();
      EXPECT_EQ(number_of(rows[i], "mbrtu.unit_id"), frame->unit_id());
      EXPECT_EQ(number_of(rows[i], "mbrtu.crc16.status"), checksum_good);
      EXPECT_EQ(number_of(rows[i], "mbrtu.crc16"), octets[octets.size() - 2] << 8 | octets[octets.size() - 1]);
    }
    expect_same(rows[i], frame->pdu(), bits_asked);
  }
}

TEST(Tshark, ReadsOurTcpFramesAsWeDo) { compare(Transport::tcp, "-d tcp.port==502,mbtcp"); }
TEST(Tshark, ReadsOurRtuFramesAsWeDo) {
  compare(Transport::rtu, "-d tcp.port==502,mbrtu -o mbrtu.tcp.port:502 -o mbrtu.crc_verification:TRUE");
}

}  // namespace
}  // namespace duheng::interop
