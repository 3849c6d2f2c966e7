#include "store/table_files/zip_reader.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <zlib.h>

namespace duheng::store::table_files {
namespace {

constexpr std::size_t entries_max = 2'000;
constexpr std::size_t end_record_bytes = 22;
constexpr std::size_t comment_bytes_max = 65'535;
constexpr std::uint32_t end_signature = 0x0605'4B50;
constexpr std::uint32_t directory_signature = 0x0201'4B50;
constexpr std::uint32_t local_signature = 0x0403'4B50;
constexpr std::size_t local_header_bytes = 30;
constexpr std::uint16_t flag_encrypted = 1;
constexpr std::uint16_t method_stored = 0;
constexpr std::uint16_t method_deflated = 8;

std::unexpected<Error> damaged() { return fail(ErrorCode::malformed, "the file is a damaged ZIP archive"); }

/// Where the record at the end begins (APPNOTE 4.3.16): searched from the back, because a comment may follow it.
std::optional<std::size_t> find_end_record(ByteView archive) {
  if (archive.size() < end_record_bytes) return std::nullopt;
  const std::size_t last = archive.size() - end_record_bytes;
  const std::size_t first = last > comment_bytes_max ? last - comment_bytes_max : 0;
  for (std::size_t at = last + 1; at-- > first;) {
    ByteReader in(archive.subspan(at));
    if (in.u32() == end_signature) return at;
  }
  return std::nullopt;
}

}  // namespace

struct ZipEntryReader::Inflater {
  z_stream stream{};
  bool ready = false;
  Inflater() { ready = ::inflateInit2(&stream, -MAX_WBITS) == Z_OK; }
  ~Inflater() {
    if (ready) ::inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

ZipEntryReader::ZipEntryReader(ByteView packed, bool deflated, std::uint32_t checksum, std::size_t bytes_max)
    : inflater_(deflated ? std::make_unique<Inflater>() : nullptr),
      packed_(packed),
      checksum_(checksum),
      bytes_left_(bytes_max) {
  if (!inflater_) return;
  inflater_->stream.next_in = const_cast<Bytef*>(packed_.data());  // zlib reads only
  inflater_->stream.avail_in = static_cast<uInt>(packed_.size());
}

ZipEntryReader::~ZipEntryReader() = default;

Result<std::size_t> ZipEntryReader::read(std::span<std::uint8_t> out) {
  if (ended_ || out.empty()) return 0;
  std::size_t given = 0;
  if (inflater_) {
    if (!inflater_->ready) return fail(ErrorCode::internal, "zlib cannot begin");
    auto& stream = inflater_->stream;
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    given = out.size() - stream.avail_out;
    if (result != Z_OK && result != Z_STREAM_END) return damaged();
    if (result == Z_OK && given == 0) return damaged();
    ended_ = result == Z_STREAM_END;
  } else {
    given = std::min(out.size(), packed_.size());
    std::ranges::copy(packed_.first(given), out.begin());
    packed_ = packed_.subspan(given);
    ended_ = packed_.empty();
  }
  if (given > bytes_left_) return fail(ErrorCode::limit_exceeded, "the file unpacks to more than is taken");
  bytes_left_ -= given;
  seen_checksum_ = static_cast<std::uint32_t>(::crc32(seen_checksum_, out.data(), static_cast<uInt>(given)));
  if (ended_ && seen_checksum_ != checksum_) return damaged();
  return given;
}

Result<ZipReader> ZipReader::open(ByteView archive) {
  const auto end = find_end_record(archive);
  if (!end) return damaged();
  ByteReader in(archive.subspan(*end));
  in.raw(4);
  const std::uint16_t disk = in.u16();
  const std::uint16_t directory_disk = in.u16();
  const std::uint16_t here = in.u16();
  const std::uint16_t count = in.u16();
  in.u32();  // octets of the directory
  const std::uint32_t offset = in.u32();
  if (!in.ok() || disk != 0 || directory_disk != 0 || here != count) return damaged();
  if (offset == 0xFFFF'FFFF || count == 0xFFFF)
    return fail(ErrorCode::unsupported, "the file is a ZIP64 archive: save the sheet anew");
  if (count > entries_max) return fail(ErrorCode::limit_exceeded, "the file holds too many parts");
  ZipReader out;
  out.archive_ = archive;
  DUHENG_CHECK(out.read_directory(offset, count));
  return out;
}

Result<void> ZipReader::read_directory(std::size_t offset, std::size_t count) {
  if (offset > archive_.size()) return damaged();
  ByteReader in(archive_.subspan(offset));
  for (std::size_t i = 0; i < count; ++i) {
    if (in.u32() != directory_signature) return damaged();
    in.raw(4);  // versions
    Entry entry;
    entry.flags = in.u16();
    entry.method = in.u16();
    in.raw(4);  // when
    entry.checksum = in.u32();
    entry.packed_bytes = in.u32();
    in.u32();  // what it unpacks to: not believed
    const std::uint16_t name_bytes = in.u16();
    const std::uint16_t extra_bytes = in.u16();
    const std::uint16_t comment_bytes = in.u16();
    in.raw(8);  // disk, attributes
    entry.offset = in.u32();
    std::string name{as_text(in.raw(name_bytes))};
    in.raw(extra_bytes);
    in.raw(comment_bytes);
    if (!in.ok()) return damaged();
    // Two of one name: a reader and a checker of the file might see different ones.
    if (!entries_.emplace(std::move(name), entry).second) return damaged();
  }
  return {};
}

Result<std::unique_ptr<ZipEntryReader>> ZipReader::entry(std::string_view name, std::size_t bytes_max) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return fail(ErrorCode::not_found, fmt::format("the file lacks its part {}", name));
  const Entry& entry = found->second;
  if ((entry.flags & flag_encrypted) != 0)
    return fail(ErrorCode::unsupported, "the file is encrypted: save it without a password");
  if (entry.method != method_stored && entry.method != method_deflated)
    return fail(ErrorCode::unsupported, "the file is compressed in a way that is not read here: save the sheet anew");
  if (entry.offset > archive_.size()) return damaged();
  ByteReader in(archive_.subspan(entry.offset));
  if (in.u32() != local_signature) return damaged();
  in.raw(local_header_bytes - 4 - 4);
  const std::uint16_t name_bytes = in.u16();
  const std::uint16_t extra_bytes = in.u16();
  in.raw(name_bytes);
  in.raw(extra_bytes);
  const ByteView packed = in.raw(entry.packed_bytes);
  if (!in.ok()) return damaged();
  return std::unique_ptr<ZipEntryReader>(
      new ZipEntryReader(packed, entry.method == method_deflated, entry.checksum, bytes_max));
}

}  // namespace duheng::store::table_files
