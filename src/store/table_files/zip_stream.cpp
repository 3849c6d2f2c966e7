#include "store/table_files/zip_stream.hpp"

#include <array>
#include <limits>
#include <zlib.h>

namespace duheng::store::table_files {
namespace {

constexpr std::uint16_t version_needed = 20;
constexpr std::uint16_t sizes_follow_and_utf8 = 0x0808;  // general purpose bits 3 and 11
constexpr std::uint16_t method_deflate = 8;
constexpr std::uint32_t first_day_of_1980 = 0x0021'0000;  // DOS time and date
constexpr std::uint64_t bytes_max = std::numeric_limits<std::uint32_t>::max();
constexpr int level = 3;  // sheets repeat themselves so much that more is only slower

Error too_large() {
  return {ErrorCode::limit_exceeded, "a spreadsheet file cannot be larger than 4 GiB; use CSV or Parquet"};
}

}  // namespace

struct ZipStream::Compressor {
  Compressor() {
    // Raw deflate, 32 KiB window.
    ok = deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Compressor() { deflateEnd(&stream); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  z_stream stream{};
  bool ok = false;
};

ZipStream::ZipStream() : compressor_(std::make_unique<Compressor>()) {}
ZipStream::~ZipStream() = default;

void ZipStream::reset_compressor() { deflateReset(&compressor_->stream); }

Result<void> ZipStream::open_entry(std::string name, Bytes& out) {
  if (open_) return fail(ErrorCode::internal, "an entry is open");
  if (offset_ > bytes_max || entries_.size() >= std::numeric_limits<std::uint16_t>::max())
    return std::unexpected(too_large());
  const std::size_t before = out.size();
  ByteWriter writer(out);
  writer.u32(0x04034B50);
  writer.u16(version_needed);
  writer.u16(sizes_follow_and_utf8);
  writer.u16(method_deflate);
  writer.u32(first_day_of_1980);
  writer.u32(0);
  writer.u32(0);
  writer.u32(0);
  writer.u16(static_cast<std::uint16_t>(name.size()));
  writer.u16(0);
  writer.raw(as_bytes(name));
  Entry entry;
  entry.name = std::move(name);
  entry.offset = offset_;
  entries_.push_back(std::move(entry));
  offset_ += out.size() - before;
  open_ = true;
  reset_compressor();
  return {};
}

Result<void> ZipStream::compress(ByteView content, int flush_mode, Bytes& out) {
  if (!compressor_->ok) return fail(ErrorCode::internal, "no memory for a compressor");
  z_stream& stream = compressor_->stream;
  std::array<std::uint8_t, 65'536> buffer{};
  stream.next_in = const_cast<std::uint8_t*>(content.data());  // zlib's interface; it only reads
  stream.avail_in = static_cast<uInt>(content.size());
  do {
    stream.next_out = buffer.data();
    stream.avail_out = static_cast<uInt>(buffer.size());
    if (deflate(&stream, flush_mode) == Z_STREAM_ERROR) return fail(ErrorCode::internal, "the compressor failed");
    const std::size_t made = buffer.size() - stream.avail_out;
    out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(made));
    entries_.back().compressed_bytes += made;
    offset_ += made;
  } while (stream.avail_out == 0);
  return {};
}

Result<void> ZipStream::write(ByteView content, Bytes& out) {
  if (!open_) return fail(ErrorCode::internal, "no entry is open");
  Entry& entry = entries_.back();
  entry.checksum = static_cast<std::uint32_t>(crc32(entry.checksum, content.data(), static_cast<uInt>(content.size())));
  entry.plain_bytes += content.size();
  DUHENG_CHECK(compress(content, Z_NO_FLUSH, out));
  if (entry.plain_bytes > bytes_max || offset_ > bytes_max) return std::unexpected(too_large());
  return {};
}

Result<void> ZipStream::flush(Bytes& out) {
  if (!open_) return {};
  DUHENG_CHECK(compress({}, Z_FULL_FLUSH, out));
  // As a fresh one after a restart: the octets are the same then.
  reset_compressor();
  return {};
}

Result<void> ZipStream::close_entry(Bytes& out) {
  if (!open_) return {};
  DUHENG_CHECK(compress({}, Z_FINISH, out));
  const Entry& entry = entries_.back();
  ByteWriter writer(out);
  writer.u32(0x08074B50);
  writer.u32(entry.checksum);
  writer.u32(static_cast<std::uint32_t>(entry.compressed_bytes));
  writer.u32(static_cast<std::uint32_t>(entry.plain_bytes));
  offset_ += 16;
  open_ = false;
  return {};
}

Result<void> ZipStream::finish(Bytes& out) {
  DUHENG_CHECK(close_entry(out));
  if (offset_ > bytes_max) return std::unexpected(too_large());
  const std::size_t before = out.size();
  ByteWriter writer(out);
  for (const Entry& entry : entries_) {
    writer.u32(0x02014B50);
    writer.u16(version_needed);
    writer.u16(version_needed);
    writer.u16(sizes_follow_and_utf8);
    writer.u16(method_deflate);
    writer.u32(first_day_of_1980);
    writer.u32(entry.checksum);
    writer.u32(static_cast<std::uint32_t>(entry.compressed_bytes));
    writer.u32(static_cast<std::uint32_t>(entry.plain_bytes));
    writer.u16(static_cast<std::uint16_t>(entry.name.size()));
    for (int i = 0; i < 4; ++i) writer.u16(0);  // extra field, comment, disk, internal attributes
    writer.u32(0);
    writer.u32(static_cast<std::uint32_t>(entry.offset));
    writer.raw(as_bytes(entry.name));
  }
  const auto directory_bytes = static_cast<std::uint32_t>(out.size() - before);
  const auto count = static_cast<std::uint16_t>(entries_.size());
  writer.u32(0x06054B50);
  writer.u16(0);
  writer.u16(0);
  writer.u16(count);
  writer.u16(count);
  writer.u32(directory_bytes);
  writer.u32(static_cast<std::uint32_t>(offset_));
  writer.u16(0);
  return {};
}

void ZipStream::save(ByteWriter& out) const {
  out.varint(offset_);
  out.u8(open_ ? 1 : 0);
  out.varint(entries_.size());
  for (const Entry& entry : entries_) {
    out.sized(entry.name);
    out.u32(entry.checksum);
    out.varint(entry.compressed_bytes);
    out.varint(entry.plain_bytes);
    out.varint(entry.offset);
  }
}

Result<void> ZipStream::load(ByteReader& in) {
  offset_ = in.varint();
  open_ = in.u8() != 0;
  const std::uint64_t count = in.varint();
  entries_.clear();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    Entry entry;
    entry.name = std::string{in.sized_text()};
    entry.checksum = in.u32();
    entry.compressed_bytes = in.varint();
    entry.plain_bytes = in.varint();
    entry.offset = in.varint();
    entries_.push_back(std::move(entry));
  }
  if (!in.ok() || (open_ && entries_.empty())) return fail(ErrorCode::malformed, "this is no state of an archive");
  reset_compressor();
  return {};
}

}  // namespace duheng::store::table_files
