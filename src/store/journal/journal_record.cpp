#include "store/journal/journal_record.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::uint8_t record_version = 1;
constexpr std::uint8_t positions_version = 1;
constexpr std::size_t position_bytes_min = 1 + 8 + 8 + 32 + 8;

crypto::Hash256 read_hash(ByteReader& in) {
  crypto::Hash256 hash{};
  const ByteView view = in.raw(hash.size());
  if (view.size() == hash.size()) std::copy(view.begin(), view.end(), hash.begin());
  return hash;
}

bool is_known(std::uint8_t type) {
  switch (static_cast<JournalRecordType>(type)) {
    case JournalRecordType::batch:
    case JournalRecordType::refused_evidence:
    case JournalRecordType::edits:
      return true;
  }
  return false;
}

}  // namespace

JournalRecord edits_record(ByteView body, std::int64_t now_utc_ms) {
  JournalRecord record;
  record.type = JournalRecordType::edits;
  record.hash = crypto::sha256(body);
  record.received_utc_ms = now_utc_ms;
  record.body = body;
  return record;
}

Result<Bytes> encode_record(const JournalRecord& record) {
  if (record.reason.size() > journal_limits::reason_bytes_max || record.body.size() > journal_limits::body_bytes_max) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("a journal record may have {} octets of reason and {} of body",
                            journal_limits::reason_bytes_max, journal_limits::body_bytes_max));
  }
  Bytes out;
  out.reserve(record.body.size() + record.reason.size() + 110);
  ByteWriter writer(out);
  writer.u8(record_version);
  writer.u8(static_cast<std::uint8_t>(record.type));
  writer.zigzag(record.gateway.value);
  writer.u64(record.epoch);
  writer.u64(record.sequence);
  writer.raw(record.hash);
  writer.raw(record.previous_hash);
  writer.u64(static_cast<std::uint64_t>(record.received_utc_ms));
  writer.sized(record.reason);
  writer.raw(record.body);
  return out;
}

Result<JournalRecord> parse_record(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != record_version) {
    return fail(ErrorCode::unsupported, fmt::format("journal record version {} is not known to this release", version));
  }
  JournalRecord record;
  const std::uint8_t type = in.u8();
  record.type = static_cast<JournalRecordType>(type);
  record.gateway.value = in.zigzag();
  record.epoch = in.u64();
  record.sequence = in.u64();
  record.hash = read_hash(in);
  record.previous_hash = read_hash(in);
  record.received_utc_ms = static_cast<std::int64_t>(in.u64());
  record.reason = in.sized_text();
  record.body = in.raw(in.remaining());
  if (!in.ok() || !is_known(type) || record.reason.size() > journal_limits::reason_bytes_max ||
      record.body.size() > journal_limits::body_bytes_max) {
    return fail(ErrorCode::malformed, "these octets are not a journal record");
  }
  return record;
}

Bytes encode_positions(const std::vector<SourcePosition>& positions) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(positions_version);
  writer.varint(positions.size());
  for (const SourcePosition& position : positions) {
    writer.zigzag(position.gateway.value);
    writer.u64(position.epoch);
    writer.u64(position.next_sequence);
    writer.raw(position.last_hash);
    writer.u64(static_cast<std::uint64_t>(position.last_received_utc_ms));
  }
  return out;
}

Result<std::vector<SourcePosition>> parse_positions(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != positions_version) {
    return fail(ErrorCode::unsupported,
                fmt::format("source positions of version {} are not known to this release", version));
  }
  const std::uint64_t count = in.varint();
  std::vector<SourcePosition> positions;
  if (in.ok() && count <= in.remaining() / position_bytes_min) positions.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    SourcePosition position;
    position.gateway.value = in.zigzag();
    position.epoch = in.u64();
    position.next_sequence = in.u64();
    position.last_hash = read_hash(in);
    position.last_received_utc_ms = static_cast<std::int64_t>(in.u64());
    if (in.ok()) positions.push_back(position);
  }
  if (!in.ok() || !in.at_end()) return fail(ErrorCode::malformed, "these octets are not source positions");
  return positions;
}

}  // namespace duheng::store
