#include "store/backup/backup_manifest.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "store/backup/backup_object.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view purpose = "backup-set";
constexpr std::string_view start_of_file = "duheng-backup-set ";
constexpr std::string_view start_of_check = "hmac ";
constexpr std::string_view none = "-";
constexpr unsigned format_version = 1;
constexpr std::size_t check_bytes = 5 + 64 + 1;
constexpr std::size_t set_digits = 10;
constexpr std::string_view set_end = ".set";
constexpr std::size_t text_bytes_max = 100;

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::storage_corrupt, "the list of a backup is damaged, or was made with another key");
}

std::string check_of(std::string_view covered, const crypto::SecretKey& key) {
  return fmt::format("{}{}\n", start_of_check, hash_text(crypto::hmac_sha256(key.octets(), as_bytes(covered))));
}

std::string optional_hash(const std::optional<crypto::Hash256>& hash) {
  return hash ? hash_text(*hash) : std::string(none);
}

/// Takes a manifest apart line by line and word by word; the first thing that does not fit ends it.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  /// Goes to the next line; it must begin with this word.
  void line(std::string_view word) {
    const std::size_t end = rest_.find('\n');
    if (!ok_ || end == std::string_view::npos) return give_up();
    line_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (this->word() != word) give_up();
  }
  [[nodiscard]] bool next_line_is(std::string_view word) const {
    return ok_ && rest_.starts_with(word) && rest_.substr(word.size()).starts_with(' ');
  }
  std::string_view word() {
    const std::size_t end = std::min(line_.find(' '), line_.size());
    const std::string_view found = line_.substr(0, end);
    line_.remove_prefix(std::min(end + 1, line_.size()));
    if (found.empty()) give_up();
    return found;
  }
  template <class Number>
  void number(Number& out) {
    const std::string_view found = word();
    const auto [end, error] = std::from_chars(found.data(), found.data() + found.size(), out);
    if (error != std::errc{} || end != found.data() + found.size() || fmt::format("{}", out) != found) give_up();
  }
  void hash(crypto::Hash256& out) {
    const auto found = parse_hash(word());
    if (found) {
      out = *found;
    } else {
      give_up();
    }
  }
  void hash(std::optional<crypto::Hash256>& out) {
    if (line_ == none || line_.starts_with("- ")) {
      (void)word();
      out.reset();
    } else {
      hash(out.emplace());
    }
  }
  std::string rest_of_line() {
    std::string out(line_);
    line_ = {};
    return out;
  }
  void end_of_line() {
    if (!line_.empty()) give_up();
  }

 private:
  void give_up() {
    ok_ = false;
    rest_ = line_ = {};
  }
  std::string_view rest_;
  std::string_view line_;
  bool ok_ = true;
};

template <class Number>
void one_number(LineReader& reader, std::string_view word, Number& out) {
  reader.line(word);
  reader.number(out);
  reader.end_of_line();
}

BackupFile read_file_lines(LineReader& reader) {
  BackupFile file;
  reader.line("file");
  reader.number(file.size_bytes);
  reader.hash(file.hash);
  reader.hash(file.identity);
  file.path = reader.rest_of_line();
  while (reader.next_line_is("piece")) {
    BackupPiece piece;
    reader.line("piece");
    reader.hash(piece.object);
    reader.number(piece.stored_bytes);
    reader.end_of_line();
    file.pieces.push_back(piece);
  }
  return file;
}

/// The facts before the files; leaves the reader at the first file.
void read_facts(LineReader& reader, BackupManifest& out) {
  one_number(reader, "number", out.number);
  one_number(reader, "based_on", out.based_on);
  reader.line("product");
  out.product = reader.rest_of_line();
  one_number(reader, "begun_utc_ms", out.begun_utc_ms);
  one_number(reader, "ended_utc_ms", out.ended_utc_ms);
  one_number(reader, "journal_first", out.journal_first);
  one_number(reader, "journal_next", out.journal_next);
  reader.line("recovery_key");
  reader.hash(out.recovery_key);
  reader.end_of_line();
}

Result<BackupManifest> parse_lines(std::string_view text) {
  LineReader reader(text);
  BackupManifest out;
  read_facts(reader, out);
  while (reader.ok() && !reader.at_end()) {
    out.files.push_back(read_file_lines(reader));
    const std::size_t count = out.files.size();
    if (!is_backup_path(out.files.back().path)) return corrupt();
    if (count > 1 && out.files[count - 2].path >= out.files.back().path) return corrupt();
  }
  if (!reader.ok() || out.product.size() > text_bytes_max) return corrupt();
  return out;
}

struct Head {
  std::uint32_t key_version = 0;
  std::string_view rest;
};

Result<Head> read_head(std::string_view text) {
  if (!text.starts_with(start_of_file)) return corrupt();
  text.remove_prefix(start_of_file.size());
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return corrupt();
  const std::string_view words = text.substr(0, end);
  const std::size_t blank = words.find(' ');
  if (blank == std::string_view::npos) return corrupt();
  unsigned format = 0;
  Head head;
  const auto number = [](std::string_view word, auto& out) {
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    return error == std::errc{} && stop == word.data() + word.size();
  };
  if (!number(words.substr(0, blank), format) || !number(words.substr(blank + 1), head.key_version)) return corrupt();
  if (format != format_version)
    return fail(ErrorCode::unsupported, fmt::format("backups of version {} are not known to this release", format));
  head.rest = text.substr(end + 1);
  return head;
}

}  // namespace

std::uint64_t BackupManifest::content_bytes() const {
  std::uint64_t bytes = 0;
  for (const BackupFile& file : files) bytes += file.size_bytes;
  return bytes;
}

std::string set_name(std::uint64_t number) {
  return fmt::format("{}/{:0{}}{}", set_folder, number, set_digits, set_end);
}

std::optional<std::uint64_t> number_in_set_name(std::string_view name) {
  if (name.size() != set_digits + set_end.size() || !name.ends_with(set_end)) return std::nullopt;
  std::uint64_t number = 0;
  const std::string_view digits = name.substr(0, set_digits);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc{} || end != digits.end()) return std::nullopt;
  return number;
}

bool is_backup_path(std::string_view path) noexcept {
  if (path.empty() || path.size() > 1'000 || path.find('\n') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<Bytes> write_manifest(const BackupManifest& manifest, crypto::KeyProvider& keys) {
  DUHENG_TRY(const std::uint32_t version, keys.current_version(purpose));
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, version));
  std::string text = fmt::format(
      "{}{} {}\nnumber {}\nbased_on {}\nproduct {}\nbegun_utc_ms {}\nended_utc_ms {}\njournal_first {}\n"
      "journal_next {}\nrecovery_key {}\n",
      start_of_file, format_version, version, manifest.number, manifest.based_on, manifest.product,
      manifest.begun_utc_ms, manifest.ended_utc_ms, manifest.journal_first, manifest.journal_next,
      optional_hash(manifest.recovery_key));
  std::string_view before;
  for (const BackupFile& file : manifest.files) {
    if (!is_backup_path(file.path) || (!before.empty() && file.path <= before))
      return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" cannot stand in a backup", file.path));
    before = file.path;
    text += fmt::format("file {} {} {} {}\n", file.size_bytes, hash_text(file.hash), optional_hash(file.identity),
                        file.path);
    for (const BackupPiece& piece : file.pieces)
      text += fmt::format("piece {} {}\n", hash_text(piece.object), piece.stored_bytes);
  }
  text += check_of(text, key);
  const ByteView octets = as_bytes(text);
  return Bytes(octets.begin(), octets.end());
}

Result<BackupManifest> read_manifest(ByteView octets, crypto::KeyProvider& keys) {
  DUHENG_TRY(const Head head, read_head(as_text(octets)));
  if (head.rest.size() < check_bytes) return corrupt();
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, head.key_version));
  const std::string expected = check_of(as_text(octets.first(octets.size() - check_bytes)), key);
  if (!crypto::equal_in_constant_time(as_bytes(expected), octets.last(check_bytes))) return corrupt();
  return parse_lines(head.rest.substr(0, head.rest.size() - check_bytes));
}

Result<crypto::Hash256> peek_recovery_key(ByteView octets) {
  DUHENG_TRY(const Head head, read_head(as_text(octets)));
  LineReader reader(head.rest);
  BackupManifest out;
  read_facts(reader, out);
  if (!reader.ok()) return corrupt();
  if (!out.recovery_key)
    return fail(ErrorCode::not_found, "the set holds no recovery key: the platform's own key file is needed");
  return *out.recovery_key;
}

}  // namespace duheng::store
