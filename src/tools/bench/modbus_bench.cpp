#include <cerrno>
#include <chrono>
#include <dlfcn.h>
#include <memory>
#include <modbus/modbus.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "codec/modbus/checksum.hpp"
#include "codec/modbus/message.hpp"
#include "codec/modbus/stream_parser.hpp"
#include "tools/bench/allocation_count.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint8_t unit = 17;

/// RTU answers to function 3, back to back in one buffer.
struct Answers {
  Bytes octets;
  std::size_t frame_octets = 0;
  std::size_t count = 0;
  std::uint64_t register_sum = 0;
  [[nodiscard]] ByteView frame(std::size_t index) const {
    return ByteView{octets}.subspan(index * frame_octets, frame_octets);
  }
};

Answers make_answers(std::size_t registers, std::size_t count) {
  Answers answers;
  answers.count = count;
  std::uint32_t digits = 1;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::uint16_t> values(registers);
    for (auto& value : values) {
      digits = digits * 1'664'525U + 1'013'904'223U;
      value = static_cast<std::uint16_t>(digits >> 16);
      answers.register_sum += value;
    }
    const auto pdu = modbus::registers_response(modbus::Function::read_holding_registers, values);
    const auto frame = modbus::encode_frame(modbus::Transport::rtu, 0, unit, pdu->view());
    answers.frame_octets = frame->view().size();
    answers.octets.insert(answers.octets.end(), frame->view().begin(), frame->view().end());
  }
  return answers;
}

std::uint64_t sum_of(const modbus::PduView& pdu) {
  std::uint64_t sum = 0;
  const ByteView values = pdu.value_octets();
  for (std::size_t i = 0; i + 1 < values.size(); i += 2) sum += static_cast<unsigned>(values[i] << 8 | values[i + 1]);
  return sum;
}

struct Measured {
  double frames_per_s = 0;
  double bytes_per_s = 0;
  double allocations_per_frame = 0;
  double crc_ratio = 0;        ///< time of decoding over time of crc16_of() on the same octets
  double octet_crc_ratio = 0;  ///< … of a CRC by one table, an octet a step, as most implementations have it
  bool is_right = false;
};

/// A CRC the usual way, one table and an octet a step: what libmodbus does, too, with its table in two halves.
std::uint16_t crc_by_octets(ByteView octets) {
  static const auto table = [] {
    std::array<std::uint16_t, 256> made{};
    for (unsigned i = 0; i < made.size(); ++i) {
      unsigned crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xA001U : crc >> 1;
      made[i] = static_cast<std::uint16_t>(crc);
    }
    return made;
  }();
  std::uint16_t crc = 0xFFFF;
  for (const std::uint8_t octet : octets) crc = static_cast<std::uint16_t>(crc >> 8 ^ table[(crc ^ octet) & 0xFF]);
  return crc;
}

Measured measure(const Answers& answers, double seconds) {
  Measured out;
  std::uint64_t sum = 0;
  std::uint64_t rounds = 0;
  const auto decode_all = [&] {
    ++rounds;
    for (std::size_t i = 0; i < answers.count; ++i) {
      const auto frame = modbus::decode_rtu(answers.frame(i), modbus::Role::response);
      if (frame) sum += sum_of(frame->pdu());
    }
  };
  const std::uint64_t allocations_before = allocation_count();
  decode_all();
  out.allocations_per_frame =
      static_cast<double>(allocation_count() - allocations_before) / static_cast<double>(answers.count);
  out.frames_per_s = items_per_second(seconds / 2, answers.count, decode_all);
  out.is_right = sum == answers.register_sum * rounds;
  out.bytes_per_s = out.frames_per_s * static_cast<double>(answers.frame_octets);
  std::uint64_t checks = 0;
  const auto pass = [&](auto&& crc_of) {
    return items_per_second(seconds / 4, answers.count, [&] {
      for (std::size_t i = 0; i < answers.count; ++i)
        checks += crc_of(answers.frame(i).first(answers.frame_octets - 2));
    });
  };
  out.crc_ratio = pass([](ByteView octets) { return modbus::crc16_of(octets); }) / out.frames_per_s;
  out.octet_crc_ratio = pass(crc_by_octets) / out.frames_per_s;
  // Used, so that the compiler keeps the work.
  if (checks == 42) out.is_right = false;
  return out;
}

/// libmodbus, when this machine has it; loaded at run time, so that the program does not need it.
struct Libmodbus {
  std::unique_ptr<void, int (*)(void*)> library{nullptr, dlclose};
  decltype(&::modbus_new_rtu) new_rtu = nullptr;
  decltype(&::modbus_set_socket) set_socket = nullptr;
  decltype(&::modbus_set_slave) set_slave = nullptr;
  decltype(&::modbus_receive_confirmation) receive_confirmation = nullptr;
  decltype(&::modbus_free) free = nullptr;
  [[nodiscard]] bool is_there() const { return new_rtu && set_socket && set_slave && receive_confirmation && free; }
};

Libmodbus load_libmodbus() {
  Libmodbus out;
  out.library.reset(dlopen("libmodbus.so.5", RTLD_NOW | RTLD_LOCAL));
  if (!out.library) return out;
  const auto find = [&](auto& place, const char* name) {
    place = reinterpret_cast<std::remove_reference_t<decltype(place)>>(dlsym(out.library.get(), name));
  };
  find(out.new_rtu, "modbus_new_rtu");
  find(out.set_socket, "modbus_set_socket");
  find(out.set_slave, "modbus_set_slave");
  find(out.receive_confirmation, "modbus_receive_confirmation");
  find(out.free, "modbus_free");
  return out;
}

/// Both parsers behind the same socket pair. `receive_all` reads `count` frames from the descriptor; only that is
/// timed.
template <class ReceiveAll>
double frames_per_second_over_pair(const Answers& answers, double seconds, ReceiveAll&& receive_all) {
  using Clock = std::chrono::steady_clock;
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) return 0;
  double elapsed = 0;
  double frames = 0;
  while (elapsed < seconds) {
    if (::write(pair[0], answers.octets.data(), answers.octets.size()) != static_cast<ssize_t>(answers.octets.size())) {
      break;
    }
    const auto begin = Clock::now();
    const bool good = receive_all(pair[1]);
    elapsed += std::chrono::duration<double>(Clock::now() - begin).count();
    if (!good) {
      frames = 0;
      break;
    }
    frames += static_cast<double>(answers.count);
  }
  ::close(pair[0]);
  ::close(pair[1]);
  return elapsed > 0 ? frames / elapsed : 0;
}

double libmodbus_over_pair(const Libmodbus& peer, const Answers& answers, double seconds) {
  modbus_t* const context = peer.new_rtu("/dev/null", 115'200, 'N', 8, 1);
  if (context == nullptr) return 0;
  peer.set_slave(context, unit);
  const double result = frames_per_second_over_pair(answers, seconds, [&](int descriptor) {
    peer.set_socket(context, descriptor);
    std::uint8_t octets[MODBUS_RTU_MAX_ADU_LENGTH];
    for (std::size_t i = 0; i < answers.count; ++i) {
      if (peer.receive_confirmation(context, octets) != static_cast<int>(answers.frame_octets)) return false;
    }
    return true;
  });
  peer.free(context);
  return result;
}

/// Our stream parser with the reads that libmodbus makes: `reads_per_frame` of 3 (unit and function, byte count, rest),
/// each after a wait for octets; 0 = as much at once as a buffer of 4 KiB takes.
double ours_over_pair(const Answers& answers, double seconds, int reads_per_frame) {
  modbus::RtuStreamParser parser(modbus::Role::response);
  return frames_per_second_over_pair(answers, seconds, [&](int descriptor) {
    std::size_t found = 0;
    std::uint64_t sum = 0;
    std::uint8_t octets[4096];
    const auto read_some = [&](std::size_t size) {
      pollfd one{descriptor, POLLIN, 0};
      if (::poll(&one, 1, 1'000) <= 0) return false;
      const auto count = ::read(descriptor, octets, size);
      if (count <= 0) return false;
      parser.feed({octets, static_cast<std::size_t>(count)}, [&](const modbus::RtuFrame& frame) {
        ++found;
        sum += sum_of(frame.pdu());
      });
      return true;
    };
    while (found < answers.count) {
      const bool good = reads_per_frame == 0 ? read_some(sizeof octets)
                                             : read_some(2) && read_some(1) && read_some(answers.frame_octets - 3);
      if (!good) return false;
    }
    return sum == answers.register_sum;
  });
}

}  // namespace

Result<BenchReport> run_modbus_bench(const BenchOptions& options) {
  const Answers few = make_answers(10, 1'000);
  const Answers many = make_answers(125, 200);
  const Measured ten = measure(few, options.seconds / 4);
  const Measured full = measure(many, options.seconds / 4);
  if (!ten.is_right || !full.is_right) return fail(ErrorCode::internal, "the benchmark's own frames were refused");
  BenchReport report{
      {{"frames_per_s", ten.frames_per_s},
       {"bytes_per_s", ten.bytes_per_s},
       {"allocations_per_frame", ten.allocations_per_frame},
       {"cost_over_checksum_pass", ten.crc_ratio},
       {"cost_over_octet_checksum_pass", ten.octet_crc_ratio},
       {"longest_frames_per_s", full.frames_per_s},
       {"longest_bytes_per_s", full.bytes_per_s},
       {"longest_allocations_per_frame", full.allocations_per_frame},
       {"longest_cost_over_checksum_pass", full.crc_ratio},
       {"longest_cost_over_octet_checksum_pass", full.octet_crc_ratio}},
      {"one core; RTU answers of 10 registers (25 octets) and of 125 (255 octets): found, CRC verified, "
       "content checked, every register read",
       "checksum pass: this library's CRC, eight octets a step; octet checksum pass: one table, an octet "
       "a step, as usual"}};
  const double seconds = options.seconds / 8;
  report.figures.push_back({"socket_frames_per_s", ours_over_pair(few, seconds, 0)});
  report.figures.push_back({"socket_three_reads_frames_per_s", ours_over_pair(few, seconds, 3)});
  const Libmodbus peer = load_libmodbus();
  if (!peer.is_there()) {
    report.notes.emplace_back("libmodbus.so.5 is not installed: nothing to stand beside");
    return report;
  }
  report.figures.push_back({"libmodbus_socket_frames_per_s", libmodbus_over_pair(peer, few, seconds)});
  report.notes.emplace_back(
      "libmodbus has no call that only parses: it reads each frame from a socket pair in three waits and three reads "
      "and "
      "verifies the CRC; ours beside it reads the same socket pair in blocks (socket) and with the same waits and "
      "reads "
      "(socket_three_reads); both are mostly the kernel's time");
  return report;
}

}  // namespace duheng::tools
