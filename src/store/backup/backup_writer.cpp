#include "store/backup/backup_writer.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "store/backup/backup_object.hpp"
#include "store/backup/content_hash.hpp"
#include "store/seal/seal.hpp"

namespace duheng::store {
namespace {

constexpr int tries_max = 3;
constexpr std::size_t read_step_bytes = 4U << 20;

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

struct FileContent {
  std::uint64_t size_bytes = 0;
  crypto::Hash256 hash{};
  friend bool operator==(const FileContent&, const FileContent&) = default;
};

class SetMaker {
 public:
  SetMaker(const BackupSource& source, BackupPlace& place, const Clock& clock, const BackupOptions& options)
      : source_(source), place_(place), clock_(clock), options_(options) {}
  Result<BackupReport> run();

 private:
  struct Plan {
    std::string path;
    std::string from;
    std::optional<SegmentInfo> segment;
  };
  [[nodiscard]] Result<void> tell(BackupStage stage);
  [[nodiscard]] Result<void> look_at_place();
  [[nodiscard]] Result<void> make_snapshots();
  [[nodiscard]] Result<void> empty_staging();
  [[nodiscard]] Result<void> plan_journal();
  [[nodiscard]] Result<void> plan_rest();
  [[nodiscard]] Result<void> add(const Plan& plan);
  [[nodiscard]] Result<void> add_segment(const Plan& plan);
  [[nodiscard]] Result<BackupFile> store_file(const Plan& plan);
  [[nodiscard]] Result<FileContent> hash_file(const std::string& from);
  [[nodiscard]] Result<BackupFile> send_pieces(const Plan& plan);
  [[nodiscard]] Result<BackupPiece> send(ByteView content);
  [[nodiscard]] Result<BackupPiece> send_object(const SealedObject& object);
  [[nodiscard]] const BackupFile* known(const std::string& path) const;
  [[nodiscard]] bool lies_there(const BackupFile& file) const;
  [[nodiscard]] Result<void> verify();
  [[nodiscard]] Result<void> verify_object(const crypto::Hash256& object, std::uint64_t size_bytes);
  [[nodiscard]] Result<void> publish();

  const BackupSource& source_;
  BackupPlace& place_;
  const Clock& clock_;
  const BackupOptions& options_;
  BackupReport report_;
  BackupProgress progress_;
  std::vector<Plan> plans_;
  std::map<std::string, BackupFile> before_;           // of the set this one is based on
  std::set<crypto::Hash256> trusted_;                  // objects of that set: were read back when it was made
  std::map<crypto::Hash256, std::uint64_t> at_place_;  // objects there, by listing
  std::map<crypto::Hash256, std::uint64_t> to_verify_;
};

Result<void> SetMaker::tell(BackupStage stage) {
  progress_.stage = stage;
  progress_.bytes_sent = report_.bytes_sent;
  progress_.bytes_verified = report_.bytes_verified;
  if (options_.on_progress && !options_.on_progress(progress_))
    return fail(ErrorCode::cancelled, "the backup was stopped");
  return {};
}

Result<void> SetMaker::look_at_place() {
  for (const std::string_view folder : {object_folder, set_folder}) DUHENG_CHECK(place_.sweep(std::string(folder)));
  DUHENG_TRY(const auto objects, place_.list(std::string(object_folder)));
  for (const PlaceEntry& entry : objects)
    if (const auto name = parse_hash(entry.name); name && !options_.distrusted.contains(*name))
      at_place_[*name] = entry.size_bytes;
  DUHENG_TRY(auto numbers, list_sets(place_));
  report_.manifest.number = numbers.empty() ? 1 : numbers.back() + 1;
  // The newest set that can be read; one that cannot is told, and its like is made by sending everything again.
  for (; !numbers.empty(); numbers.pop_back()) {
    auto found = load_set(place_, numbers.back(), source_.keys);
    if (!found && found.error().code != ErrorCode::storage_corrupt) return std::unexpected(found.error());
    if (!found) {
      report_.damaged_sets.push_back(numbers.back());
      continue;
    }
    report_.manifest.based_on = found->number;
    for (BackupFile& file : found->files) {
      for (const BackupPiece& piece : file.pieces) trusted_.insert(piece.object);
      before_.emplace(file.path, std::move(file));
    }
    if (found->recovery_key) trusted_.insert(*found->recovery_key);
    break;
  }
  return {};
}

Result<void> SetMaker::empty_staging() {
  DUHENG_CHECK(source_.disk.make_directories(source_.staging));
  DUHENG_TRY(const auto names, source_.disk.list(source_.staging));
  for (const std::string& name : names) DUHENG_CHECK(source_.disk.remove(source_.staging + "/" + name));
  return {};
}

/// The journal first: what records and other files refer to then stands in the set, or is sent again by gateways.
Result<void> SetMaker::plan_journal() {
  DUHENG_CHECK(source_.journal.start_new_segment());
  const std::vector<SegmentInfo> segments = source_.journal.segments();
  report_.manifest.journal_first = segments.empty() ? source_.journal.next_number() : segments.front().first_number;
  report_.manifest.journal_next = report_.manifest.journal_first;
  for (const SegmentInfo& segment : segments) {
    if (!segment.closed) break;
    plans_.push_back({"journal/" + name_of(segment.path), segment.path, segment});
    report_.manifest.journal_next = segment.next_number;
  }
  return {};
}

Result<void> SetMaker::make_snapshots() {
  DUHENG_CHECK(empty_staging());
  for (std::size_t i = 0; i < source_.snapshots.size(); ++i) {
    const std::string to = fmt::format("{}/{}", source_.staging, i);
    DUHENG_CHECK(source_.snapshots[i].make_copy(to));
    plans_.push_back({source_.snapshots[i].path, to, std::nullopt});
  }
  return {};
}

Result<void> SetMaker::plan_rest() {
  for (const OutsideFile& file : source_.outside) plans_.push_back({file.path, file.from, std::nullopt});
  DUHENG_TRY(const auto paths, list_files(source_.disk, source_.directory));
  const std::string staging = source_.staging + "/";
  for (const std::string& path : paths) {
    const std::string whole = source_.directory + "/" + path;
    if (path.starts_with("journal/") || whole.starts_with(staging) || !is_backup_path(path)) continue;
    if (source_.is_left_out && source_.is_left_out(path)) continue;
    const bool planned = std::ranges::find(plans_, path, &Plan::path) != plans_.end();
    if (!planned) plans_.push_back({path, whole, std::nullopt});
  }
  return {};
}

const BackupFile* SetMaker::known(const std::string& path) const {
  const auto found = before_.find(path);
  return found == before_.end() ? nullptr : &found->second;
}

bool SetMaker::lies_there(const BackupFile& file) const {
  return std::ranges::all_of(file.pieces, [&](const BackupPiece& piece) {
    const auto found = at_place_.find(piece.object);
    return found != at_place_.end() && found->second == piece.stored_bytes;
  });
}

Result<BackupPiece> SetMaker::send_object(const SealedObject& object) {
  const auto found = at_place_.find(object.name);
  const bool is_there = found != at_place_.end() && found->second == object.octets.size();
  if (!is_there) {
    DUHENG_CHECK(place_.put(object_name(object.name), object.octets));
    at_place_[object.name] = object.octets.size();
    ++report_.objects_sent;
    report_.bytes_sent += object.octets.size();
  }
  if (!is_there || !trusted_.contains(object.name)) to_verify_[object.name] = object.octets.size();
  return BackupPiece{object.name, object.octets.size()};
}

Result<BackupPiece> SetMaker::send(ByteView content) {
  DUHENG_TRY(const SealedObject object, seal_object(content, source_.keys));
  DUHENG_TRY(const BackupPiece piece, send_object(object));
  DUHENG_CHECK(tell(BackupStage::copying));
  return piece;
}

Result<FileContent> SetMaker::hash_file(const std::string& from) {
  DUHENG_TRY(const auto file, source_.disk.open(from, OpenMode::read));
  FileContent out;
  ContentHash hash;
  while (true) {
    DUHENG_TRY(const Bytes part, file->read_at(out.size_bytes, read_step_bytes));
    if (part.empty()) break;
    hash.update(part);
    out.size_bytes += part.size();
  }
  out.hash = hash.finish();
  return out;
}

Result<BackupFile> SetMaker::send_pieces(const Plan& plan) {
  DUHENG_TRY(const auto file, source_.disk.open(plan.from, OpenMode::read));
  BackupFile out;
  out.path = plan.path;
  ContentHash hash;
  while (true) {
    DUHENG_TRY(const Bytes part, file->read_at(out.size_bytes, options_.piece_bytes_max));
    if (part.empty()) break;
    hash.update(part);
    DUHENG_TRY(const BackupPiece piece, send(part));
    out.pieces.push_back(piece);
    out.size_bytes += part.size();
  }
  out.hash = hash.finish();
  return out;
}

/// Read twice: a file that somebody wrote to meanwhile would be neither its old nor its new self.
Result<BackupFile> SetMaker::store_file(const Plan& plan) {
  for (int i = 0; i < tries_max; ++i) {
    DUHENG_TRY(const FileContent content, hash_file(plan.from));
    const BackupFile* const before = known(plan.path);
    if (before != nullptr && FileContent{before->size_bytes, before->hash} == content && lies_there(*before))
      return *before;
    DUHENG_TRY(BackupFile stored, send_pieces(plan));
    if (FileContent{stored.size_bytes, stored.hash} != content) continue;
    ++report_.files_new;
    return stored;
  }
  return fail(ErrorCode::conflict, fmt::format("{} changes whenever it is read", plan.from));
}

Result<void> SetMaker::add_segment(const Plan& plan) {
  DUHENG_TRY(const EntryPlace last, source_.journal.place_of(plan.segment->next_number - 1));
  const BackupFile* const before = known(plan.path);
  const bool is_known = before != nullptr && before->identity == last.block_hash &&
                        before->size_bytes == plan.segment->size_bytes && lies_there(*before);
  if (is_known) {
    report_.manifest.files.push_back(*before);
    return {};
  }
  DUHENG_TRY(const VerifyReport verified, source_.journal.verify_segment(plan.segment->first_number));
  if (!verified.sound()) {
    const VerifyFinding& finding = verified.findings.front();
    return fail(ErrorCode::storage_corrupt, fmt::format("{} at octet {}: {}; no backup can be made of it", finding.file,
                                                        finding.offset, finding.what));
  }
  DUHENG_TRY(BackupFile file, send_pieces(plan));
  file.identity = last.block_hash;
  ++report_.files_new;
  report_.manifest.files.push_back(std::move(file));
  return {};
}

Result<void> SetMaker::add(const Plan& plan) {
  DUHENG_CHECK(tell(BackupStage::copying));
  if (plan.segment) {
    DUHENG_CHECK(add_segment(plan));
  } else {
    auto stored = store_file(plan);
    // Gone since it was listed: it is not part of this moment.
    const bool is_gone = !stored && stored.error().code == ErrorCode::not_found && !source_.disk.exists(plan.from);
    if (!stored && !is_gone) return std::unexpected(stored.error());
    if (stored) report_.manifest.files.push_back(std::move(*stored));
  }
  ++progress_.files_done;
  return {};
}

Result<void> SetMaker::verify_object(const crypto::Hash256& object, std::uint64_t size_bytes) {
  const auto octets = place_.get(object_name(object), size_bytes);
  const bool is_bad =
      octets ? crypto::sha256(*octets) != object
             : octets.error().code == ErrorCode::not_found || octets.error().code == ErrorCode::limit_exceeded;
  if (is_bad) {
    // Its like is sent with the next try.
    (void)place_.remove(object_name(object));
    return fail(ErrorCode::storage_corrupt,
                fmt::format("{} does not give back object {} as it was sent", place_.name(), hash_text(object)));
  }
  if (!octets) return std::unexpected(octets.error());
  report_.bytes_verified += octets->size();
  return {};
}

Result<void> SetMaker::verify() {
  for (const auto& [object, size_bytes] : to_verify_) {
    DUHENG_CHECK(tell(BackupStage::verifying));
    DUHENG_CHECK(verify_object(object, size_bytes));
  }
  return {};
}

Result<void> SetMaker::publish() {
  DUHENG_CHECK(tell(BackupStage::finishing));
  report_.manifest.ended_utc_ms = clock_.utc_ms();
  DUHENG_TRY(const Bytes octets, write_manifest(report_.manifest, source_.keys));
  const std::string name = set_name(report_.manifest.number);
  DUHENG_CHECK(place_.put(name, octets));
  DUHENG_TRY(const Bytes back, place_.get(name, manifest_bytes_max));
  if (back == octets) return {};
  (void)place_.remove(name);
  return fail(ErrorCode::storage_corrupt, fmt::format("{} does not give back {} as it was sent", place_.name(), name));
}

Result<BackupReport> SetMaker::run() {
  report_.manifest.product = options_.product;
  report_.manifest.begun_utc_ms = clock_.utc_ms();
  DUHENG_CHECK(tell(BackupStage::preparing));
  DUHENG_CHECK(look_at_place());
  DUHENG_CHECK(plan_journal());
  DUHENG_CHECK(make_snapshots());
  DUHENG_CHECK(plan_rest());
  progress_.files = plans_.size();
  std::ranges::sort(plans_, {}, &Plan::path);
  for (const Plan& plan : plans_) DUHENG_CHECK(add(plan));
  if (!source_.recovery_key.empty()) {
    // Sealed already, and needed before there is a key: it lies there as it is.
    DUHENG_TRY(const BackupPiece piece, send_object({crypto::sha256(source_.recovery_key), source_.recovery_key}));
    report_.manifest.recovery_key = piece.object;
  }
  DUHENG_CHECK(verify());
  DUHENG_CHECK(publish());
  DUHENG_CHECK(empty_staging());
  return std::move(report_);
}

}  // namespace

std::string_view to_string(BackupStage stage) noexcept {
  switch (stage) {
    case BackupStage::preparing:
      return "preparing";
    case BackupStage::copying:
      return "copying";
    case BackupStage::verifying:
      return "verifying";
    case BackupStage::finishing:
      return "finishing";
  }
  return "preparing";
}

Result<BackupReport> make_backup(const BackupSource& source, BackupPlace& place, const Clock& clock,
                                 const BackupOptions& options) {
  return SetMaker(source, place, clock, options).run();
}

Result<std::vector<std::uint64_t>> list_sets(BackupPlace& place) {
  DUHENG_TRY(const auto entries, place.list(std::string(set_folder)));
  std::vector<std::uint64_t> numbers;
  for (const PlaceEntry& entry : entries)
    if (const auto number = number_in_set_name(entry.name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  return numbers;
}

Result<BackupManifest> load_set(BackupPlace& place, std::uint64_t number, crypto::KeyProvider& keys) {
  DUHENG_TRY(const Bytes octets, place.get(set_name(number), manifest_bytes_max));
  auto manifest = read_manifest(octets, keys);
  if (manifest && manifest->number != number)
    return fail(ErrorCode::storage_corrupt,
                fmt::format("the list of set {} is that of set {}", number, manifest->number));
  if (!manifest)
    return fail(manifest.error().code, fmt::format("set {} at {}: {}", number, place.name(), manifest.error().message));
  return manifest;
}

}  // namespace duheng::store
