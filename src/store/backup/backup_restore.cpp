#include "store/backup/backup_restore.hpp"

#include <fmt/format.h>
#include <set>
#include <utility>

#include "store/backup/backup_object.hpp"
#include "store/backup/backup_writer.hpp"
#include "store/backup/content_hash.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view key_folder = "keys";

bool is_damage(const Error& error) {
  return error.code == ErrorCode::storage_corrupt || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::limit_exceeded || error.code == ErrorCode::key_missing ||
         error.code == ErrorCode::unsupported;
}

/// Hands the content of a file on, piece by piece, and says at its end whether it is the one in the list.
class SetReader {
 public:
  SetReader(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys, const OnObject& on_object)
      : place_(place), keys_(keys), on_object_(on_object) {
    for (const BackupFile& file : manifest.files)
      for (const BackupPiece& piece : file.pieces) bytes_all_ += piece.stored_bytes;
  }

  template <class Take>
  Result<void> file(const BackupFile& file, Take&& take) {
    ContentHash hash;
    std::uint64_t size_bytes = 0;
    for (const BackupPiece& piece : file.pieces) {
      DUHENG_TRY(const Bytes content, open(piece));
      hash.update(content);
      size_bytes += content.size();
      DUHENG_CHECK(take(ByteView(content)));
    }
    failed_object_.reset();
    if (size_bytes != file.size_bytes || hash.finish() != file.hash)
      return fail(ErrorCode::storage_corrupt, "the objects do not make up the file that is in the list");
    return {};
  }
  /// The object that the last error of file() is about.
  [[nodiscard]] const std::optional<crypto::Hash256>& failed_object() const noexcept { return failed_object_; }
  [[nodiscard]] std::uint64_t bytes_done() const noexcept { return bytes_done_; }
  [[nodiscard]] std::uint64_t objects() const noexcept { return objects_; }

 private:
  Result<Bytes> open(const BackupPiece& piece) {
    failed_object_ = piece.object;
    const auto octets = place_.get(object_name(piece.object), piece.stored_bytes);
    if (!octets && octets.error().code == ErrorCode::not_found)
      return fail(ErrorCode::not_found, fmt::format("object {} is missing", hash_text(piece.object)));
    if (!octets) return std::unexpected(octets.error());
    bytes_done_ += octets->size();
    ++objects_;
    if (on_object_ && !on_object_(bytes_done_, bytes_all_)) return fail(ErrorCode::cancelled, "stopped");
    return open_object(*octets, piece.object, keys_);
  }

  BackupPlace& place_;
  crypto::KeyProvider& keys_;
  const OnObject& on_object_;
  std::uint64_t bytes_all_ = 0;
  std::uint64_t bytes_done_ = 0;
  std::uint64_t objects_ = 0;
  std::optional<crypto::Hash256> failed_object_;
};

Result<void> check_recovery_key(BackupPlace& place, const BackupManifest& manifest, SetCheck& check) {
  if (!manifest.recovery_key) return {};
  const auto octets = place.get(object_name(*manifest.recovery_key), recovery_key_bytes_max);
  if (!octets && !is_damage(octets.error())) return std::unexpected(octets.error());
  ++check.objects;
  if (octets) check.bytes += octets->size();
  if (!octets || crypto::sha256(*octets) != *manifest.recovery_key)
    check.findings.push_back(
        {manifest.recovery_key, "keys", "the recovery key is missing or was changed at the place"});
  return {};
}

/// Makes the directories of a path and remembers them, so that they can be made durable.
Result<void> make_folders(Disk& disk, const std::string& into, const std::string& path,
                          std::set<std::string>& folders) {
  folders.insert(into);
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string folder = into + "/" + path.substr(0, slash);
    if (folders.insert(folder).second) DUHENG_CHECK(disk.make_directories(folder));
  }
  return {};
}

Result<void> write_whole(Disk& disk, const std::string& path, ByteView octets) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::create_new));
  DUHENG_CHECK(file->append(octets));
  return file->sync();
}

Result<void> write_file(SetReader& reader, const BackupFile& listed, Disk& disk, const std::string& path) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::create_new));
  auto written = reader.file(listed, [&](ByteView content) { return file->append(content); });
  if (!written) return fail(written.error().code, fmt::format("{}: {}", listed.path, written.error().message));
  return file->sync();
}

Result<std::uint64_t> number_or_newest(BackupPlace& place, std::uint64_t number) {
  if (number != 0) return number;
  DUHENG_TRY(const auto numbers, list_sets(place));
  if (numbers.empty()) return fail(ErrorCode::not_found, fmt::format("there is no backup at {}", place.name()));
  return numbers.back();
}

}  // namespace

Result<SetCheck> check_set(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys,
                           const OnObject& on_object) {
  SetCheck check;
  SetReader reader(place, manifest, keys, on_object);
  for (const BackupFile& file : manifest.files) {
    const auto read = reader.file(file, [](ByteView) -> Result<void> { return {}; });
    ++check.files;
    if (read) continue;
    if (!is_damage(read.error())) return std::unexpected(read.error());
    check.findings.push_back({reader.failed_object(), file.path, read.error().message});
  }
  check.objects = reader.objects();
  check.bytes = reader.bytes_done();
  DUHENG_CHECK(check_recovery_key(place, manifest, check));
  return check;
}

Result<void> restore_set(BackupPlace& place, const BackupManifest& manifest, crypto::KeyProvider& keys,
                         const std::vector<KeyFile>& key_files, Disk& disk, const std::string& into,
                         const OnObject& on_object) {
  DUHENG_TRY(const auto present, disk.list(into));
  if (!present.empty())
    return fail(ErrorCode::already_exists,
                fmt::format("{} is not empty: nothing is restored over what is there", into));
  std::set<std::string> folders;
  SetReader reader(place, manifest, keys, on_object);
  for (const BackupFile& file : manifest.files) {
    DUHENG_CHECK(make_folders(disk, into, file.path, folders));
    DUHENG_CHECK(write_file(reader, file, disk, into + "/" + file.path));
  }
  for (const KeyFile& key : key_files) {
    const std::string path = fmt::format("{}/{}", key_folder, key.name);
    if (!is_backup_path(path)) return fail(ErrorCode::storage_corrupt, "a key file has a name that leads elsewhere");
    DUHENG_CHECK(make_folders(disk, into, path, folders));
    DUHENG_CHECK(write_whole(disk, into + "/" + path, key.octets));
  }
  for (const std::string& folder : folders) DUHENG_CHECK(disk.sync_directory(folder));
  return {};
}

Result<OpenedSet> open_set(BackupPlace& place, std::uint64_t number, std::vector<KeyFile> key_files) {
  OpenedSet out;
  out.key_files = std::move(key_files);
  DUHENG_TRY(out.keys, keys_of(out.key_files));
  DUHENG_TRY(const std::uint64_t wanted, number_or_newest(place, number));
  DUHENG_TRY(out.manifest, load_set(place, wanted, *out.keys));
  return out;
}

Result<OpenedSet> open_set(BackupPlace& place, std::uint64_t number, std::string_view passphrase) {
  DUHENG_TRY(const std::uint64_t wanted, number_or_newest(place, number));
  DUHENG_TRY(const Bytes list, place.get(set_name(wanted), manifest_bytes_max));
  DUHENG_TRY(const crypto::Hash256 object, peek_recovery_key(list));
  DUHENG_TRY(const Bytes sealed, place.get(object_name(object), recovery_key_bytes_max));
  if (crypto::sha256(sealed) != object)
    return fail(ErrorCode::storage_corrupt, "the recovery key was changed at the place; try an older set");
  DUHENG_TRY(auto key_files, open_recovery_key(sealed, passphrase));
  return open_set(place, wanted, std::move(key_files));
}

}  // namespace duheng::store
