// Three views of the same octets: as a whole segment file found in a log's directory, as damage to a sound log, and as
// the inside of a block that was authenticated. Opening, reading and verifying may refuse, but never fail otherwise,
// and never show an entry that was not appended.
#include <cstdint>
#include <cstdlib>

#include "base/simulated_disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/segment_log/segment_file.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store {
namespace {

constexpr std::uint64_t entries_made = 6;

void require(bool truth) {
  if (!truth) std::abort();
}

Bytes entry(std::uint64_t number) {
  return Bytes(static_cast<std::size_t>(10 + number * 3), static_cast<std::uint8_t>(number));
}

void read_all(SegmentLog& log, bool entries_known) {
  for (std::uint64_t number = log.first_number(); number < log.next_number(); ++number) {
    const auto read = log.read(number);
    if (!read || !entries_known) continue;
    const Bytes expected = entry(number);
    require(number < entries_made && Bytes(read->bytes.begin(), read->bytes.end()) == expected);
  }
  require(log.verify().has_value());
}

void as_segment_file(ByteView input) {
  SimulatedDisk disk;
  SeededRandom random(1);
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  require(disk.make_directories("/log").has_value());
  require(write_file_atomically(disk, "/log/" + segment_name(0), input).has_value());
  (void)SegmentLog::verify_directory(disk, keys, "/log", "journal");
  const auto log = SegmentLog::open(disk, random, keys, {.directory = "/log", .purpose = "journal"});
  if (log) read_all(**log, false);
}

void as_damage(ByteView input) {
  SimulatedDisk disk;
  SeededRandom random(1);
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  SegmentLogOptions options{.directory = "/log", .purpose = "journal", .segment_bytes_max = 400};
  {
    const auto log = SegmentLog::open(disk, random, keys, options).value();
    for (std::uint64_t number = 0; number < entries_made; ++number) {
      const Bytes bytes = entry(number);
      const ByteView view = bytes;
      require(log->append({&view, 1}).has_value());
    }
  }
  const auto names = disk.list("/log").value();
  ByteReader in(input);
  while (in.remaining() >= 4) {
    const std::string path = "/log/" + names[in.u8() % names.size()];
    const std::uint16_t offset = in.u16();
    const std::uint8_t what = in.u8();
    if (what < 0xF8) {
      (void)disk.flip_bit(path, offset, what);
    } else if (auto file = disk.open(path, OpenMode::append); file && (*file)->size().value() > offset) {
      (void)(*file)->truncate(offset);
    }
  }
  (void)SegmentLog::verify_directory(disk, keys, "/log", "journal");
  const auto log = SegmentLog::open(disk, random, keys, options);
  if (log) read_all(**log, true);
}

void as_block_contents(ByteView input) {
  ByteReader in(input);
  const std::uint64_t count = in.varint() % 5000;
  const ByteView rest = in.raw(in.remaining());
  const auto block = DecodedBlock::from_plain(7, static_cast<std::size_t>(count), Bytes(rest.begin(), rest.end()));
  if (!block) return;
  std::size_t total = 0;
  for (std::uint64_t number = 7; number < (*block)->next_number(); ++number) total += (*block)->entry(number).size();
  require(total <= rest.size());
}

}  // namespace
}  // namespace duheng::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const duheng::ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      duheng::store::as_segment_file(input);
      break;
    case 1:
      duheng::store::as_damage(input);
      break;
    default:
      duheng::store::as_block_contents(input);
      break;
  }
  return 0;
}
