#include <atomic>
#include <benchmark/benchmark.h>
#include <cstdlib>
#include <new>
#include <vector>

#include "codec/dlt645/answer.hpp"
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "codec/dlt645/stream_parser.hpp"
#include "codec/dlt645/value.hpp"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

// Counts what the measured code allocates; the library's claim is none. Not inlined, because GCC otherwise sees free()
// beside operator new and calls it a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace duheng;
using namespace duheng::dlt645;

struct Sample {
  std::uint32_t identifier;
  std::int64_t mantissa;
  int elements;
};
// What a poller asks a meter for: totals, single variables, and blocks.
constexpr Sample mixed[] = {{0x00010000, 123456, 1}, {0x02010100, 2204, 1}, {0x02020100, 4321, 1},
                            {0x02030000, 12345, 1},  {0x02060000, 987, 1},  {0x02800002, 5001, 1},
                            {0x0201FF00, 2301, 3},   {0x0001FF00, 98765, 5}};
constexpr Sample totals[] = {{0x00010000, 123456, 1}};

/// Frames one behind the other, as a busy line gives them, and where each begins.
struct Line {
  Bytes octets;
  std::vector<std::uint32_t> begins;
  std::size_t values = 0;
};

Line make_line(std::span<const Sample> samples, int frames, std::uint8_t preamble_octets) {
  Line line;
  for (int i = 0; i < frames; ++i) {
    const Sample& sample = samples[static_cast<std::size_t>(i) % samples.size()];
    const DataIdentifier identifier{sample.identifier};
    const auto description = *describe(identifier);
    Bytes payload;
    for (int element = 0; element < sample.elements; ++element) {
      const FieldFormat& format = description.fields()[0];
      payload.resize(payload.size() + format.size_octets);
      static_cast<void>(encode_value(format, sample.mantissa + i % 1000, std::span(payload).last(format.size_octets)));
    }
    const auto address = *Address::parse(std::to_string(100'000 + i));
    const auto frame = *read_reply(address, identifier, payload, false, preamble_octets);
    line.begins.push_back(static_cast<std::uint32_t>(line.octets.size()));
    line.octets.insert(line.octets.end(), frame.view().begin(), frame.view().end());
    line.values += static_cast<std::size_t>(sample.elements);
  }
  return line;
}

void report(benchmark::State& state, const Line& line, std::uint64_t allocated) {
  if (allocated != 0) state.SkipWithError("the decoder allocated memory");
  const auto frames = state.iterations() * static_cast<std::int64_t>(line.begins.size());
  state.SetItemsProcessed(frames);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.octets.size()));
  state.counters["allocations_per_frame"] = static_cast<double>(allocated) / static_cast<double>(frames);
  state.counters["octets_per_frame"] =
      static_cast<double>(line.octets.size()) / static_cast<double>(line.begins.size());
}

constexpr int frames_in_line = 4096;

/// Frame found, checked, identifier looked up, values exact: all a driver needs.
void decode_frames(benchmark::State& state, std::span<const Sample> samples, std::uint8_t preamble_octets) {
  const Line line = make_line(samples, frames_in_line, preamble_octets);
  ValueList values;
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    ByteView rest(line.octets);
    std::int64_t sum = 0;
    while (!rest.empty()) {
      const auto frame = decode(rest);
      if (!frame) {
        state.SkipWithError("frame refused");
        return;
      }
      const PlainData plain = frame->plain_data();
      const auto reply = parse_read_reply(*frame, plain.view());
      const auto description = describe(reply->identifier);
      if (!decode_values(*description, reply->payload, values)) {
        state.SkipWithError("value refused");
        return;
      }
      for (const Value& value : values) sum += value.mantissa;
      rest = rest.subspan(frame->end_offset());
    }
    benchmark::DoNotOptimize(sum);
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  report(state, line, allocated);
}
BENCHMARK_CAPTURE(decode_frames, energy_total, totals, 0);
BENCHMARK_CAPTURE(decode_frames, mixed, mixed, 0);
BENCHMARK_CAPTURE(decode_frames, mixed_preamble_4, mixed, 4);

/// The same by the short way.
void decode_answers(benchmark::State& state, std::span<const Sample> samples, std::uint8_t preamble_octets) {
  const Line line = make_line(samples, frames_in_line, preamble_octets);
  Answer answer;
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    ByteView rest(line.octets);
    std::int64_t sum = 0;
    while (!rest.empty()) {
      const auto frame = decode(rest);
      if (!frame || !decode_answer(*frame, answer)) {
        state.SkipWithError("frame refused");
        return;
      }
      for (const Value& value : answer.values) sum += value.mantissa;
      rest = rest.subspan(frame->end_offset());
    }
    benchmark::DoNotOptimize(sum);
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  report(state, line, allocated);
}
BENCHMARK_CAPTURE(decode_answers, energy_total, totals, 0);
BENCHMARK_CAPTURE(decode_answers, mixed, mixed, 0);
BENCHMARK_CAPTURE(decode_answers, mixed_preamble_4, mixed, 4);

/// Frame found and checked, nothing read from it.
void verify_frames(benchmark::State& state, std::span<const Sample> samples) {
  const Line line = make_line(samples, frames_in_line, 0);
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    ByteView rest(line.octets);
    std::size_t found = 0;
    while (!rest.empty()) {
      const auto frame = decode(rest);
      ++found;
      rest = rest.subspan(frame->end_offset());
    }
    benchmark::DoNotOptimize(found);
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  report(state, line, allocated);
}
BENCHMARK_CAPTURE(verify_frames, energy_total, totals);
BENCHMARK_CAPTURE(verify_frames, mixed, mixed);

/// The floor: each frame's octets summed one by one and compared with its CS, its place known beforehand.
void plain_checksum_pass(benchmark::State& state, std::span<const Sample> samples) {
  const Line line = make_line(samples, frames_in_line, 0);
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    std::size_t good = 0;
    for (const std::uint32_t begin : line.begins) {
      const std::uint8_t* frame = line.octets.data() + begin;
      const std::size_t summed = 10U + frame[9];
      std::uint8_t sum = 0;
      for (std::size_t i = 0; i < summed; ++i) sum = static_cast<std::uint8_t>(sum + frame[i]);
      good += sum == frame[summed] ? 1 : 0;
    }
    benchmark::DoNotOptimize(good);
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  report(state, line, allocated);
}
BENCHMARK_CAPTURE(plain_checksum_pass, energy_total, totals);
BENCHMARK_CAPTURE(plain_checksum_pass, mixed, mixed);

/// The same with this library's own sum, eight octets at a time.
void word_checksum_pass(benchmark::State& state, std::span<const Sample> samples) {
  const Line line = make_line(samples, frames_in_line, 0);
  std::uint64_t allocated = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    std::size_t good = 0;
    for (const std::uint32_t begin : line.begins) {
      const std::uint8_t* frame = line.octets.data() + begin;
      const std::size_t summed = 10U + frame[9];
      good += checksum_of({frame, summed}) == frame[summed] ? 1 : 0;
    }
    benchmark::DoNotOptimize(good);
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  report(state, line, allocated);
}
BENCHMARK_CAPTURE(word_checksum_pass, energy_total, totals);
BENCHMARK_CAPTURE(word_checksum_pass, mixed, mixed);

/// Frames through the stream parser, in pieces as a socket gives them.
void stream_frames(benchmark::State& state) {
  const Line line = make_line(mixed, frames_in_line, 4);
  const auto piece = static_cast<std::size_t>(state.range(0));
  StreamParser parser;
  std::uint64_t allocated = 0;
  std::size_t found = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    ByteView rest(line.octets);
    while (!rest.empty()) {
      const auto size = std::min(piece, rest.size());
      parser.feed(rest.first(size), [&](const FrameView& frame) { found += frame.length(); });
      rest = rest.subspan(size);
    }
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  benchmark::DoNotOptimize(found);
  report(state, line, allocated);
}
BENCHMARK(stream_frames)->Arg(16)->Arg(1024);

/// Octets that are no frame, one in eight of them 68H.
void stream_noise(benchmark::State& state) {
  Bytes noise(1 << 16);
  std::uint32_t seed = 1;
  for (auto& octet : noise) {
    seed = seed * 1664525 + 1013904223;
    octet = (seed >> 29) == 0 ? 0x68 : static_cast<std::uint8_t>(seed >> 16);
  }
  StreamParser parser;
  std::size_t found = 0;
  for (auto _ : state) parser.feed(noise, [&](const FrameView&) { ++found; });
  benchmark::DoNotOptimize(found);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(noise.size()));
}
BENCHMARK(stream_noise);

void encode_frames(benchmark::State& state) {
  const auto address = *Address::parse("161");
  const auto description = *describe(DataIdentifier{0x00010000});
  std::uint64_t allocated = 0;
  std::int64_t mantissa = 0;
  for (auto _ : state) {
    const std::uint64_t before = allocations.load(std::memory_order_relaxed);
    std::array<std::uint8_t, 4> payload{};
    static_cast<void>(encode_value(description.fields()[0], ++mantissa % 100'000'000, payload));
    const auto frame = read_reply(address, description.identifier, payload);
    benchmark::DoNotOptimize(frame->view().data());
    allocated += allocations.load(std::memory_order_relaxed) - before;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations_per_frame"] = static_cast<double>(allocated) / static_cast<double>(state.iterations());
}
BENCHMARK(encode_frames);

}  // namespace
