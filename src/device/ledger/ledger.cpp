#include "device/ledger/ledger.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <unordered_map>

namespace duheng::device {
namespace {

// File: magic, u64 number of the first answer, then records { u8 kind, v size, payload, u32 FNV-1a over kind and
// payload }.
constexpr std::string_view magic = "DHLEDG1\n";
constexpr std::size_t head_bytes = 16;
enum RecordKind : std::uint8_t { record_answer = 1, record_confirmed = 2, record_spoiled = 3 };
constexpr std::size_t file_bytes_max = 4ULL << 30;
constexpr std::size_t example_count_max = 20;

std::uint32_t fnv1a(std::uint8_t kind, ByteView bytes) noexcept {
  std::uint32_t hash = (2'166'136'261U ^ kind) * 16'777'619U;
  for (const std::uint8_t octet : bytes) hash = (hash ^ octet) * 16'777'619U;
  return hash;
}

std::string old_path(const std::string& path) { return path + ".old"; }

/// Calls `on_record(kind, payload)` for every whole record; returns where the last one ends.
template <class OnRecord>
Result<std::uint64_t> scan(ByteView bytes, const std::string& path, std::uint64_t& first_number, OnRecord&& on_record) {
  if (bytes.size() < head_bytes) return std::uint64_t{0};  // killed while starting the file
  if (as_text(bytes.first(magic.size())) != magic) return fail(ErrorCode::storage_corrupt, path + " is not a ledger");
  ByteReader in(bytes);
  static_cast<void>(in.raw(magic.size()));
  first_number = in.u64();
  std::uint64_t end = head_bytes;
  while (!in.at_end()) {
    const std::uint8_t kind = in.u8();
    const ByteView payload = in.sized();
    const std::uint32_t check = in.u32();
    if (!in.ok() || check != fnv1a(kind, payload)) break;
    on_record(kind, payload);
    end = in.offset();
  }
  return end;
}

}  // namespace

Result<std::unique_ptr<LedgerWriter>> LedgerWriter::open(Disk& disk, std::string path, std::uint64_t bytes_max) {
  std::unique_ptr<LedgerWriter> writer(new LedgerWriter(disk, std::move(path), bytes_max));
  if (disk.exists(writer->path_)) {
    DUHENG_TRY(const auto bytes, read_file(disk, writer->path_, file_bytes_max));
    std::uint64_t next = 1;
    DUHENG_TRY(const auto end, scan(bytes, writer->path_, next,
                                    [&](std::uint8_t kind, ByteView) { next += kind == record_answer ? 1 : 0; }));
    writer->next_number_ = next;
    if (end >= head_bytes) {
      DUHENG_TRY(writer->file_, disk.open(writer->path_, OpenMode::append));
      if (end < bytes.size()) DUHENG_CHECK(writer->file_->truncate(end));
      writer->size_bytes_ = end;
      return writer;
    }
    DUHENG_CHECK(disk.remove(writer->path_));
  }
  if (disk.exists(old_path(writer->path_))) {  // killed between putting the old file aside and starting the new one
    DUHENG_TRY(const auto bytes, read_file(disk, old_path(writer->path_), file_bytes_max));
    std::uint64_t next = 1;
    static_cast<void>(
        scan(bytes, writer->path_, next, [&](std::uint8_t kind, ByteView) { next += kind == record_answer ? 1 : 0; }));
    writer->next_number_ = next;
  }
  DUHENG_CHECK(writer->start_file());
  return writer;
}

Result<void> LedgerWriter::start_file() {
  DUHENG_TRY(file_, disk_.open(path_, OpenMode::append));
  Bytes head(magic.begin(), magic.end());
  ByteWriter(head).u64(next_number_);
  size_bytes_ = head.size();
  return file_->append(head);
}

void LedgerWriter::note(std::uint8_t kind, ByteView payload) {
  ByteWriter out(noted_);
  out.u8(kind);
  out.sized(payload);
  out.u32(fnv1a(kind, payload));
}

Result<std::uint64_t> LedgerWriter::answer(std::string_view address, std::uint32_t di, ByteView octets,
                                           std::int64_t sent_utc_ms) {
  const std::uint64_t number = next_number_;
  payload_.clear();
  ByteWriter out(payload_);
  out.varint(number);
  out.sized(address);
  out.u32(di);
  out.varint(static_cast<std::uint64_t>(sent_utc_ms));
  out.sized(octets);
  const std::size_t noted_before = noted_.size();
  note(record_answer, payload_);
  if (const auto written = flush(); !written) {
    noted_.resize(noted_before);
    return std::unexpected(written.error());
  }
  ++next_number_;
  return number;
}

void LedgerWriter::confirm(std::uint64_t number) {
  payload_.clear();
  ByteWriter(payload_).varint(number);
  note(record_confirmed, payload_);
}

void LedgerWriter::spoil(std::uint64_t number) {
  payload_.clear();
  ByteWriter(payload_).varint(number);
  note(record_spoiled, payload_);
}

Result<void> LedgerWriter::flush() {
  if (noted_.empty()) return {};
  if (size_bytes_ > bytes_max_) {
    file_.reset();
    DUHENG_CHECK(disk_.rename(path_, old_path(path_)));
    DUHENG_CHECK(start_file());
  }
  if (const auto written = file_->append(noted_); !written) {
    static_cast<void>(file_->truncate(size_bytes_));
    return written;
  }
  size_bytes_ += noted_.size();
  noted_.clear();
  return {};
}

void LedgerTrail::question(ByteView octets) {
  if (!std::ranges::equal(octets, last_question_)) {
    for (const std::uint64_t number : waiting_) ledger_.confirm(number);
    last_question_.assign(octets.begin(), octets.end());
  }
  waiting_.clear();
}

Result<void> LedgerTrail::answer(std::string_view address, std::uint32_t di, ByteView octets, std::int64_t now_utc_ms,
                                 bool spoiled) {
  DUHENG_TRY(const auto number, ledger_.answer(address, di, octets, now_utc_ms));
  if (spoiled)
    ledger_.spoil(number);
  else
    waiting_.push_back(number);
  return {};
}

void LedgerTrail::cut() noexcept {
  last_question_.clear();
  waiting_.clear();
}

Result<std::vector<LedgerEntry>> read_ledger(Disk& disk, const std::string& path) {
  std::vector<LedgerEntry> entries;
  std::unordered_map<std::uint64_t, std::size_t> places;
  const auto on_record = [&](std::uint8_t kind, ByteView payload) {
    ByteReader in(payload);
    const std::uint64_t number = in.varint();
    if (kind == record_answer) {
      LedgerEntry entry;
      entry.number = number;
      entry.address = std::string(in.sized_text());
      entry.di = in.u32();
      entry.sent_utc_ms = static_cast<std::int64_t>(in.varint());
      const ByteView octets = in.sized();
      entry.octets.assign(octets.begin(), octets.end());
      if (!in.ok()) return;
      places[number] = entries.size();
      entries.push_back(std::move(entry));
    } else if (const auto found = places.find(number); found != places.end()) {
      entries[found->second].fate = kind == record_confirmed ? AnswerFate::confirmed : AnswerFate::spoiled;
    }
  };
  bool any = false;
  for (const std::string& name : {old_path(path), path}) {
    if (!disk.exists(name)) continue;
    any = true;
    DUHENG_TRY(const auto bytes, read_file(disk, name, file_bytes_max));
    std::uint64_t first = 0;
    DUHENG_TRY([[maybe_unused]] const auto end, scan(bytes, name, first, on_record));
  }
  if (!any) return fail(ErrorCode::not_found, "no ledger at " + path);
  return entries;
}

LedgerComparison compare_with_ledger(const std::vector<LedgerEntry>& ledger,
                                     const std::vector<ObservedFrame>& observed) {
  struct Count {
    std::uint64_t confirmed = 0;
    std::uint64_t open = 0;
    std::uint64_t observed = 0;
  };
  LedgerComparison out;
  std::map<std::pair<std::string, Bytes>, Count> counts;
  for (const auto& entry : ledger) {
    if (entry.fate == AnswerFate::spoiled) continue;
    ++out.answers;
    auto& count = counts[{entry.address, entry.octets}];
    ++(entry.fate == AnswerFate::confirmed ? count.confirmed : count.open);
    out.confirmed += entry.fate == AnswerFate::confirmed ? 1 : 0;
  }
  for (const auto& frame : observed) {
    ++out.observed;
    ++counts[{frame.address, frame.response}].observed;
  }
  const auto example = [&out](std::string_view what, const auto& key, std::uint64_t times) {
    if (out.examples.size() < example_count_max)
      out.examples.push_back(
          fmt::format("{} x {}: meter {} frame {}", what, times, key.first, to_hex(key.second, ' ')));
  };
  for (const auto& [key, count] : counts) {
    const std::uint64_t answered = count.confirmed + count.open;
    if (answered == 0) {
      out.unknown += count.observed;
      example("never said", key, count.observed);
    } else if (count.observed < count.confirmed) {
      out.lost += count.confirmed - count.observed;
      example("lost", key, count.confirmed - count.observed);
    } else if (count.observed > answered) {
      out.doubled += count.observed - answered;
      example("doubled", key, count.observed - answered);
    }
  }
  return out;
}

}  // namespace duheng::device
