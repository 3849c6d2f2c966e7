#include <benchmark/benchmark.h>

#include "codec/dlt698/crc.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "codec/dlt698/stream_parser.hpp"

namespace {

using namespace duheng;
using namespace duheng::dlt698;

/// The answer to "forward active energy": total and four tariffs.
Bytes energy_answer() {
  std::vector<Node> tariffs;
  for (int i = 0; i < 5; ++i) tariffs.push_back(make::number(types::double_long_unsigned, 218'107 + i));
  const Bytes apdu =
      encode_tree(types::apdu, get_response(1, Oad::from(0x00100200), make::array(std::move(tariffs)))).value();
  return encode(FrameFields{.control = control_codes::server_reply,
                            .server_address = *ServerAddress::parse("201605190907"),
                            .client_address = 0x10,
                            .user_data = apdu})
      .value();
}

/// A frame near the largest most devices negotiate.
Bytes long_answer() {
  const Bytes content(2000, 0x5A);
  const Bytes apdu =
      encode_tree(types::apdu, get_response(1, Oad::from(0xF0010400), make::octet_string(content))).value();
  return encode(FrameFields{.control = control_codes::server_reply, .user_data = apdu}).value();
}

void report(benchmark::State& state, std::size_t octets, std::size_t frames) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * octets));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * frames));
}

void check_pass(benchmark::State& state, const Bytes& frame) {
  for (auto _ : state) benchmark::DoNotOptimize(check_of(ByteView(frame).subspan(1, frame.size() - 2)));
  report(state, frame.size(), 1);
}

void decode_frame(benchmark::State& state, const Bytes& frame) {
  for (auto _ : state) benchmark::DoNotOptimize(decode(frame));
  report(state, frame.size(), 1);
}

void decode_values(benchmark::State& state, const Bytes& octets) {
  std::uint64_t sum = 0;
  for (auto _ : state) {
    const auto frame = decode(octets);
    const auto done = for_each_result(frame->wire_user_data(), [&](const ObjectResult& result) {
      Reader reader(types::data, result.data);
      while (reader.step() && reader.current().event != Element::Event::finished) {
        const Element& element = reader.current();
        if (element.is_value(Kind::unsigned_integer)) sum += read_unsigned(element.content);
      }
    });
    benchmark::DoNotOptimize(done);
  }
  benchmark::DoNotOptimize(sum);
  report(state, octets.size(), 1);
}

void cut_stream(benchmark::State& state, const Bytes& frame) {
  Bytes line;
  for (int i = 0; i < 100; ++i) {
    line.insert(line.end(), {0xFE, 0xFE, 0xFE, 0xFE});
    line.insert(line.end(), frame.begin(), frame.end());
  }
  StreamParser parser;
  for (auto _ : state) parser.feed(line, [](const FrameView& view) { benchmark::DoNotOptimize(view); });
  report(state, line.size(), 100);
}

/// Noise in which every third octet could begin a frame.
void cut_noise(benchmark::State& state) {
  Bytes line;
  for (unsigned i = 0; i < 4096; ++i) line.push_back(i % 3 == 0 ? 0x68 : static_cast<std::uint8_t>(i * 7 % 64));
  StreamParser parser;
  for (auto _ : state) parser.feed(line, [](const FrameView&) {});
  report(state, line.size(), 0);
}

BENCHMARK_CAPTURE(check_pass, energy, energy_answer());
BENCHMARK_CAPTURE(decode_frame, energy, energy_answer());
BENCHMARK_CAPTURE(decode_values, energy, energy_answer());
BENCHMARK_CAPTURE(cut_stream, energy, energy_answer());
BENCHMARK_CAPTURE(check_pass, long, long_answer());
BENCHMARK_CAPTURE(decode_frame, long, long_answer());
BENCHMARK_CAPTURE(decode_values, long, long_answer());
BENCHMARK(cut_noise);

}  // namespace
