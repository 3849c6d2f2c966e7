#include "device/ledger/ledger.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

namespace duheng::device {
namespace {

// File: magic, u64 number of the first answer, then records { u8 kind, v size, payload, u32 FNV-1a over kind and
// payload }.
constexpr std::string_view magic = "DHLEDG1\n";
constexpr std::size_t head_bytes = 16;
enum RecordKind : std::uint8_t {
  record_answer = 1,
  record_confirmed = 2,
  record_spoiled = 3,
  record_command = 4,
  record_commands_before = 5,  // at a file's beginning: how many commands there were, and the last of each device
};
constexpr std::size_t file_bytes_max = 4ULL << 30;
constexpr std::size_t example_count_max = 20;

std::uint32_t fnv1a(std::uint8_t kind, ByteView bytes) noexcept {
  std::uint32_t hash = (2'166'136'261U ^ kind) * 16'777'619U;
  for (const std::uint8_t octet : bytes) hash = (hash ^ octet) * 16'777'619U;
  return hash;
}

LedgerCommand read_command(ByteReader& in) {
  LedgerCommand out;
  out.number = in.varint();
  out.address = std::string(in.sized_text());
  out.device_number = in.varint();
  out.function = in.u16();
  out.identifier = in.u32();
  const ByteView hash = in.raw(out.request_hash.size());
  std::ranges::copy(hash, out.request_hash.begin());
  out.utc_ms = static_cast<std::int64_t>(in.varint());
  return out;
}

std::string old_path(const std::string& path) { return path + ".old"; }

void append_record(Bytes& into, std::uint8_t kind, ByteView payload) {
  ByteWriter out(into);
  out.u8(kind);
  out.sized(payload);
  out.u32(fnv1a(kind, payload));
}

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

template <class OnRecord>
Result<void> scan_files(Disk& disk, const std::string& path, OnRecord&& on_record) {
  bool any = false;
  for (const std::string& name : {old_path(path), path}) {
    if (!disk.exists(name)) continue;
    any = true;
    DUHENG_TRY(const auto bytes, read_file(disk, name, file_bytes_max));
    std::uint64_t first = 0;
    DUHENG_TRY([[maybe_unused]] const auto end, scan(bytes, name, first, on_record));
  }
  if (!any) return fail(ErrorCode::not_found, "no ledger at " + path);
  return {};
}

}  // namespace

Result<std::unique_ptr<LedgerWriter>> LedgerWriter::open(Disk& disk, std::string path, std::uint64_t bytes_max) {
  std::unique_ptr<LedgerWriter> writer(new LedgerWriter(disk, std::move(path), bytes_max));
  if (disk.exists(writer->path_)) {
    DUHENG_TRY(const auto bytes, read_file(disk, writer->path_, file_bytes_max));
    DUHENG_TRY(const auto end, writer->take_up(bytes, writer->path_));
    // Killed while starting the file: what it should begin with is still in the former one.
    if (end <= head_bytes) DUHENG_CHECK(writer->take_up_old());
    if (end >= head_bytes) {
      DUHENG_TRY(writer->file_, disk.open(writer->path_, OpenMode::append));
      if (end < bytes.size()) DUHENG_CHECK(writer->file_->truncate(end));
      writer->size_bytes_ = end;
      return writer;
    }
    DUHENG_CHECK(disk.remove(writer->path_));
  }
  DUHENG_CHECK(writer->take_up_old());  // perhaps killed between putting it aside and starting the new one
  DUHENG_CHECK(writer->start_file());
  return writer;
}

Result<void> LedgerWriter::take_up_old() {
  if (!disk_.exists(old_path(path_))) return {};
  DUHENG_TRY(const auto bytes, read_file(disk_, old_path(path_), file_bytes_max));
  static_cast<void>(take_up(bytes, path_));
  return {};
}

/// Goes on with the numbers of that file; returns where its last whole record ends.
Result<std::uint64_t> LedgerWriter::take_up(ByteView bytes, const std::string& path) {
  std::uint64_t answers = 0;
  std::uint64_t first = 1;
  const auto on_record = [&](std::uint8_t kind, ByteView payload) {
    ByteReader in(payload);
    if (kind == record_answer) {
      ++answers;
    } else if (kind == record_command) {
      const auto command = read_command(in);
      if (!in.ok()) return;
      command_count_ = command.number;
      device_numbers_[command.address] = command.device_number;
    } else if (kind == record_commands_before) {
      command_count_ = in.varint();
      while (in.ok() && !in.at_end()) {
        const std::string address(in.sized_text());
        const std::uint64_t number = in.varint();
        if (in.ok()) device_numbers_[address] = number;
      }
    }
  };
  DUHENG_TRY(const auto end, scan(bytes, path, first, on_record));
  next_number_ = first + answers;
  return end;
}

Result<void> LedgerWriter::start_file() {
  DUHENG_TRY(file_, disk_.open(path_, OpenMode::append));
  Bytes head(magic.begin(), magic.end());
  ByteWriter(head).u64(next_number_);
  size_bytes_ = head.size();
  if (command_count_ > 0) {
    payload_.clear();
    ByteWriter out(payload_);
    out.varint(command_count_);
    for (const auto& [address, number] : device_numbers_) {
      out.sized(address);
      out.varint(number);
    }
    append_record(head, record_commands_before, payload_);
    size_bytes_ = head.size();
  }
  return file_->append(head);
}

void LedgerWriter::note(std::uint8_t kind, ByteView payload) { append_record(noted_, kind, payload); }

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

Result<bool> LedgerWriter::command(const LedgerCommand& command) {
  const auto known = device_numbers_.find(command.address);
  if (known != device_numbers_.end() && known->second >= command.device_number) return false;
  // First what is noted, so that starting a file, which looks at the numbers, does not come between.
  DUHENG_CHECK(flush());
  payload_.clear();
  ByteWriter out(payload_);
  out.varint(command_count_ + 1);
  out.sized(command.address);
  out.varint(command.device_number);
  out.u16(command.function);
  out.u32(command.identifier);
  out.raw(command.request_hash);
  out.varint(static_cast<std::uint64_t>(command.utc_ms));
  note(record_command, payload_);
  if (const auto written = flush(); !written) {
    noted_.clear();
    return std::unexpected(written.error());
  }
  ++command_count_;
  device_numbers_[command.address] = command.device_number;
  return true;
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

namespace {

// DL/T 645-2007: the control octet stands behind two start octets and the address; 12H asks for the following frame,
// and bit 5 of an answer says that there is one.
constexpr std::size_t dlt645_control_place = 8;
bool looks_like_dlt645(ByteView frame) {
  return frame.size() > dlt645_control_place && frame[0] == 0x68 && frame[dlt645_control_place - 1] == 0x68;
}
bool asks_for_following(ByteView question) {
  return looks_like_dlt645(question) && question[dlt645_control_place] == 0x12;
}
bool says_more_follows(ByteView answer) {
  return looks_like_dlt645(answer) && (answer[dlt645_control_place] & 0xE0) == 0xA0;
}

}  // namespace

void LedgerTrail::question(ByteView octets) {
  if (!std::ranges::equal(octets, last_question_)) {
    last_question_.assign(octets.begin(), octets.end());
    parts_.insert(parts_.end(), waiting_.begin(), waiting_.end());
    const bool whole = !waiting_.empty() && !more_follows_;
    if (!asks_for_following(octets)) {
      if (whole)
        for (const std::uint64_t number : parts_) ledger_.confirm(number);
      parts_.clear();
    }
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
  more_follows_ = says_more_follows(octets);
  return {};
}

void LedgerTrail::cut() noexcept {
  last_question_.clear();
  waiting_.clear();
  parts_.clear();
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
    } else if (kind == record_command || kind == record_commands_before) {
      return;
    } else if (const auto found = places.find(number); found != places.end()) {
      entries[found->second].fate = kind == record_confirmed ? AnswerFate::confirmed : AnswerFate::spoiled;
    }
  };
  DUHENG_CHECK(scan_files(disk, path, on_record));
  return entries;
}

Result<std::vector<LedgerCommand>> read_ledger_commands(Disk& disk, const std::string& path) {
  std::vector<LedgerCommand> commands;
  DUHENG_CHECK(scan_files(disk, path, [&](std::uint8_t kind, ByteView payload) {
    if (kind != record_command) return;
    ByteReader in(payload);
    auto command = read_command(in);
    if (in.ok()) commands.push_back(std::move(command));
  }));
  return commands;
}

namespace {

using AnswerLengths = std::map<std::string, std::set<std::size_t>>;
AnswerLengths lengths_of(const std::vector<LedgerEntry>& ledger) {
  AnswerLengths out;
  for (const auto& entry : ledger) out[entry.address].insert(entry.octets.size());
  return out;
}

/// The frames of an answer that came in several; the whole where it is none.
std::vector<Bytes> frames_in(const ObservedFrame& frame, const AnswerLengths& lengths,
                             const std::function<bool(const Bytes&)>& is_known) {
  const auto of_device = lengths.find(frame.address);
  if (of_device == lengths.end() || is_known(frame.response)) return {frame.response};
  std::vector<Bytes> out;
  ByteView rest = frame.response;
  while (!rest.empty()) {
    Bytes part;
    for (const std::size_t length : of_device->second) {
      if (length == 0 || length > rest.size()) continue;
      part.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(length));
      if (is_known(part)) break;
      part.clear();
    }
    if (part.empty()) return {frame.response};
    rest = rest.subspan(part.size());
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace

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
  const AnswerLengths lengths = lengths_of(ledger);
  for (const auto& frame : observed) {
    ++out.observed;
    for (auto& part :
         frames_in(frame, lengths, [&](const Bytes& part) { return counts.contains({frame.address, part}); }))
      ++counts[{frame.address, std::move(part)}].observed;
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
