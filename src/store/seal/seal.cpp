#include "store/seal/seal.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::string_view purpose = "seal";
constexpr std::string_view start_of_file = "duheng-seal ";
constexpr std::string_view start_of_check = "hmac ";
constexpr unsigned format_version = 1;
constexpr std::size_t step_bytes = 1U << 20;
constexpr std::size_t digits = 64;
constexpr int depth_max = 8;

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::storage_corrupt, "the seal is damaged, or was made with another key");
}

Result<SealedFile> hash_file(Disk& disk, const std::string& path) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::read));
  DUHENG_TRY(const std::uint64_t size, file->size());
  SealedFile out;
  Bytes hashes;
  while (out.size_bytes < size) {
    DUHENG_TRY(const Bytes part, file->read_at(out.size_bytes, step_bytes));
    if (part.empty()) break;
    const crypto::Hash256 hash = crypto::sha256(part);
    hashes.insert(hashes.end(), hash.begin(), hash.end());
    out.size_bytes += part.size();
  }
  out.hash = crypto::sha256(hashes);
  return out;
}

Result<void> list_below(Disk& disk, const std::string& root, const std::string& below, int depth,
                        std::vector<std::string>& out) {
  DUHENG_TRY(const auto names, disk.list(below.empty() ? root : root + "/" + below));
  for (const std::string& name : names) {
    const std::string path = below.empty() ? name : below + "/" + name;
    // Only a directory can be listed.
    if (depth < depth_max && disk.list(root + "/" + path)) {
      DUHENG_CHECK(list_below(disk, root, path, depth + 1, out));
    } else {
      out.push_back(path);
    }
  }
  return {};
}

std::string seal_path(const std::string& directory) { return fmt::format("{}/{}", directory, seal_name); }

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

Result<Seal> parse_lines(std::string_view text) {
  Seal seal;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return corrupt();
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const auto octets = line.size() > digits ? from_hex(line.substr(0, digits)) : corrupt();
    SealedFile file;
    if (!octets || octets->size() != file.hash.size() || line[digits] != ' ') return corrupt();
    std::copy(octets->begin(), octets->end(), file.hash.begin());
    line.remove_prefix(digits + 1);
    if (!take_number(line, file.size_bytes) || line.size() < 2 || line[0] != ' ') return corrupt();
    seal.emplace(line.substr(1), file);
  }
  return seal;
}

}  // namespace

bool is_left_out_of_platform_seal(std::string_view path) {
  return path == "lock" || path.starts_with("keys/master.key") || path.starts_with("journal/") ||
         path.starts_with("run/");
}

bool is_left_out_of_gateway_seal(std::string_view path) {
  return path == "lock" || path.starts_with("master.key") || path == "run.json" ||
         (path.starts_with("spool/") && path.ends_with(".seg"));
}

Result<std::vector<std::string>> list_files(Disk& disk, const std::string& directory) {
  std::vector<std::string> paths;
  DUHENG_CHECK(list_below(disk, directory, {}, 0, paths));
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<Bytes> write_seal(const Seal& seal, crypto::KeyProvider& keys) {
  DUHENG_TRY(const std::uint32_t version, keys.current_version(purpose));
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, version));
  std::string text = fmt::format("{}{} {}\n", start_of_file, format_version, version);
  for (const auto& [path, file] : seal) {
    if (path.find('\n') != std::string::npos) return fail(ErrorCode::invalid_argument, "a path holds a line end");
    text += fmt::format("{} {} {}\n", to_hex(file.hash), file.size_bytes, path);
  }
  text += fmt::format("{}{}\n", start_of_check, to_hex(crypto::hmac_sha256(key.octets(), as_bytes(text))));
  const ByteView bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

Result<Seal> read_seal(ByteView file, crypto::KeyProvider& keys) {
  std::string_view text = as_text(file);
  if (!text.starts_with(start_of_file)) return corrupt();
  std::string_view head = text.substr(start_of_file.size());
  unsigned format = 0;
  std::uint32_t version = 0;
  if (!take_number(head, format)) return corrupt();
  if (format != format_version)
    return fail(ErrorCode::unsupported, fmt::format("seals of version {} are not known to this release", format));
  if (!head.starts_with(' ')) return corrupt();
  head.remove_prefix(1);
  if (!take_number(head, version) || !head.starts_with('\n')) return corrupt();
  const std::size_t check_bytes = start_of_check.size() + digits + 1;
  if (head.size() < 1 + check_bytes) return corrupt();
  const std::string_view covered = text.substr(0, text.size() - check_bytes);
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, version));
  const std::string expected =
      fmt::format("{}{}\n", start_of_check, to_hex(crypto::hmac_sha256(key.octets(), as_bytes(covered))));
  if (!crypto::equal_in_constant_time(as_bytes(expected), file.last(check_bytes))) return corrupt();
  return parse_lines(head.substr(1, head.size() - 1 - check_bytes));
}

Result<Seal> seal_directory(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                            const LeftOut& left_out, std::uint64_t file_bytes_max) {
  DUHENG_TRY(const auto paths, list_files(disk, directory));
  Seal seal;
  for (const std::string& path : paths) {
    if (path == seal_name || left_out(path)) continue;
    DUHENG_TRY(const auto file, disk.open(directory + "/" + path, OpenMode::read));
    DUHENG_TRY(const std::uint64_t size, file->size());
    if (size > file_bytes_max) {
      seal[path] = {size, {}};
    } else {
      DUHENG_TRY(seal[path], hash_file(disk, directory + "/" + path));
    }
  }
  DUHENG_TRY(const Bytes bytes, write_seal(seal, keys));
  DUHENG_CHECK(write_file_atomically(disk, seal_path(directory), bytes));
  return seal;
}

Result<void> break_seal(Disk& disk, const std::string& directory) {
  if (!disk.exists(seal_path(directory))) return {};
  DUHENG_CHECK(disk.remove(seal_path(directory)));
  return disk.sync_directory(directory);
}

namespace {

Result<SealedFile> size_only(Disk& disk, const std::string& path) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::read));
  DUHENG_TRY(const std::uint64_t size, file->size());
  return SealedFile{size, {}};
}

Result<void> compare(Disk& disk, const std::string& directory, const std::string& path, const SealedFile& sealed,
                     SealCheck& check) {
  const bool unhashed = sealed.hash == crypto::Hash256{};
  const std::string whole_path = directory + "/" + path;
  const auto found = unhashed ? size_only(disk, whole_path) : hash_file(disk, whole_path);
  ++check.files;
  if (!found && found.error().code == ErrorCode::not_found) {
    check.findings.push_back({path, "the file is gone since the program ended"});
    return {};
  }
  if (!found) return std::unexpected(found.error());
  if (*found != sealed) check.findings.push_back({path, "the file was changed since the program ended"});
  if (unhashed) check.unhashed.push_back(path);
  check.bytes += found->size_bytes;
  return {};
}

}  // namespace

Result<SealCheck> check_seal(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                             const LeftOut& left_out, const std::function<void(const std::string&)>& on_file) {
  SealCheck check;
  if (!disk.exists(seal_path(directory))) return check;
  check.sealed = true;
  DUHENG_TRY(const Bytes bytes, read_file(disk, seal_path(directory)));
  auto seal = read_seal(bytes, keys);
  if (!seal) {
    check.findings.push_back({std::string(seal_name), seal.error().message});
    return check;
  }
  check.seal = std::move(*seal);
  DUHENG_TRY(const auto paths, list_files(disk, directory));
  for (const std::string& path : paths) {
    if (path == seal_name || left_out(path) || check.seal.contains(path)) continue;
    check.findings.push_back({path, "the file was not there when the program ended"});
  }
  for (const auto& [path, sealed] : check.seal) {
    if (on_file) on_file(path);
    DUHENG_CHECK(compare(disk, directory, path, sealed, check));
  }
  return check;
}

}  // namespace duheng::store
