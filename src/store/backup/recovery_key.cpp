#include "store/backup/recovery_key.hpp"

#include <algorithm>
#include <argon2.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view start_of_file = "duheng-recovery-key 1\n";
constexpr std::size_t salt_bytes = 16;
constexpr std::uint32_t memory_kib_max = 4U << 20;
constexpr std::uint32_t passes_max = 64;
constexpr std::size_t key_files_max = 1'000;

struct Head {
  RecoveryCost cost;
  std::array<std::uint8_t, salt_bytes> salt{};
  crypto::Aead::Nonce nonce{};
  KeyMark mark{};
  std::size_t size_bytes = 0;
};

std::unexpected<Error> corrupt() { return fail(ErrorCode::storage_corrupt, "this is no recovery key, or damaged"); }

Result<Head> read_head(ByteView octets) {
  if (!as_text(octets).starts_with(start_of_file)) return corrupt();
  ByteReader reader(octets.subspan(start_of_file.size()));
  Head head;
  head.cost.memory_kib = reader.u32();
  head.cost.passes = reader.u32();
  const auto take = [&](auto& out) {
    const ByteView from = reader.raw(out.size());
    if (reader.ok()) std::ranges::copy(from, out.begin());
  };
  take(head.salt);
  take(head.nonce);
  take(head.mark);
  const bool fits = head.cost.memory_kib >= 8 && head.cost.memory_kib <= memory_kib_max && head.cost.passes >= 1 &&
                    head.cost.passes <= passes_max;
  if (!reader.ok() || !fits) return corrupt();
  head.size_bytes = start_of_file.size() + reader.offset();
  return head;
}

Bytes write_head(const Head& head) {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(start_of_file));
  writer.u32(head.cost.memory_kib);
  writer.u32(head.cost.passes);
  writer.raw(head.salt);
  writer.raw(head.nonce);
  writer.raw(head.mark);
  return out;
}

Result<crypto::SecretKey> stretch(std::string_view passphrase, const Head& head) {
  std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
  const int code = argon2id_hash_raw(head.cost.passes, head.cost.memory_kib, 1, passphrase.data(), passphrase.size(),
                                     head.salt.data(), head.salt.size(), octets.data(), octets.size());
  if (code != ARGON2_OK)
    return fail(ErrorCode::unavailable,
                fmt::format("the passphrase cannot be worked on: {}", argon2_error_message(code)));
  crypto::SecretKey key{octets};
  OPENSSL_cleanse(octets.data(), octets.size());
  return key;
}

void wipe(Bytes& bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

Result<std::vector<KeyFile>> read_files(ByteView plain) {
  ByteReader reader(plain);
  const std::uint64_t count = reader.varint();
  if (!reader.ok() || count == 0 || count > key_files_max) return corrupt();
  std::vector<KeyFile> files;
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    KeyFile file;
    file.name = reader.sized_text();
    const ByteView octets = reader.sized();
    file.octets.assign(octets.begin(), octets.end());
    files.push_back(std::move(file));
  }
  if (!reader.ok() || !reader.at_end()) return corrupt();
  return files;
}

/// Holds nothing but the key files, in memory: LocalKeyProvider reads them as from a disk.
class KeyFilesDisk final : public Disk {
 public:
  explicit KeyFilesDisk(const std::vector<KeyFile>& files) : files_(files) {}
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const auto found = std::ranges::find(files_, path, &KeyFile::name);
    if (found == files_.end() || mode != OpenMode::read) return refuse();
    return std::make_unique<OpenFile>(found->octets);
  }
  Result<std::vector<std::string>> list(const std::string&) override { return refuse(); }
  bool exists(const std::string& path) override {
    return std::ranges::find(files_, path, &KeyFile::name) != files_.end();
  }
  Result<void> rename(const std::string&, const std::string&) override { return refuse(); }
  Result<void> remove(const std::string&) override { return refuse(); }
  Result<void> make_directories(const std::string&) override { return refuse(); }
  Result<void> sync_directory(const std::string&) override { return refuse(); }
  Result<std::uint64_t> free_bytes(const std::string&) override { return refuse(); }

 private:
  static std::unexpected<Error> refuse() { return fail(ErrorCode::storage_failed, "only keys can be read here"); }
  class OpenFile final : public File {
   public:
    explicit OpenFile(const Bytes& octets) : octets_(octets) {}
    Result<std::uint64_t> size() const override { return octets_.size(); }
    Result<void> append(ByteView) override { return refuse(); }
    Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
      const std::uint64_t from = std::min<std::uint64_t>(offset, octets_.size());
      const ByteView part = ByteView(octets_).subspan(from);
      const ByteView wanted = part.first(std::min(size, part.size()));
      return Bytes(wanted.begin(), wanted.end());
    }
    Result<void> truncate(std::uint64_t) override { return refuse(); }
    Result<void> sync() override { return refuse(); }

   private:
    const Bytes& octets_;
  };
  const std::vector<KeyFile>& files_;
};

/// Never asked: the files are there.
class NoRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

}  // namespace

Result<Bytes> seal_recovery_key(const std::vector<KeyFile>& files, const KeyMark& mark, std::string_view passphrase,
                                Random& random, RecoveryCost cost) {
  if (passphrase.size() < passphrase_characters_min || passphrase.size() > passphrase_bytes_max)
    return fail(ErrorCode::invalid_argument, fmt::format("a recovery passphrase has {} to {} characters",
                                                         passphrase_characters_min, passphrase_bytes_max));
  Head head;
  head.cost = cost;
  head.mark = mark;
  random.fill(head.salt);
  random.fill(head.nonce);
  DUHENG_TRY(const crypto::SecretKey key, stretch(passphrase, head));
  Bytes plain;
  ByteWriter writer(plain);
  writer.varint(files.size());
  for (const KeyFile& file : files) {
    writer.sized(std::string_view(file.name));
    writer.sized(file.octets);
  }
  Bytes out = write_head(head);
  const Bytes associated = out;
  crypto::Aead aead(key);
  const auto sealed = aead.seal(head.nonce, associated, plain, out);
  wipe(plain);
  DUHENG_CHECK(sealed);
  return out;
}

Result<std::vector<KeyFile>> open_recovery_key(ByteView octets, std::string_view passphrase) {
  DUHENG_TRY(const Head head, read_head(octets));
  DUHENG_TRY(const crypto::SecretKey key, stretch(passphrase, head));
  crypto::Aead aead(key);
  Bytes plain;
  if (!aead.open(head.nonce, octets.first(head.size_bytes), octets.subspan(head.size_bytes), plain))
    return fail(ErrorCode::unauthenticated, "the passphrase does not open the recovery key (or that is damaged)");
  auto files = read_files(plain);
  wipe(plain);
  return files;
}

Result<KeyMark> mark_of_recovery_key(ByteView octets) {
  DUHENG_TRY(const Head head, read_head(octets));
  return head.mark;
}

Result<KeyMark> mark_of_keys(crypto::KeyProvider& keys) {
  DUHENG_TRY(const std::uint32_t version, keys.current_version("recovery-mark"));
  DUHENG_TRY(const crypto::SecretKey key, keys.key("recovery-mark", version));
  const crypto::Hash256 hash = crypto::hmac_sha256(key.octets(), as_bytes("recovery key"));
  KeyMark mark{};
  std::copy_n(hash.begin(), mark.size(), mark.begin());
  return mark;
}

Result<std::vector<KeyFile>> read_key_files(Disk& disk, const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  std::vector<KeyFile> files;
  for (std::size_t version = 1; version <= key_files_max; ++version) {
    const std::string end = version == 1 ? std::string{} : fmt::format(".{}", version);
    if (!disk.exists(path + end)) break;
    KeyFile file;
    file.name = name + end;
    DUHENG_TRY(file.octets, read_file(disk, path + end, 4'096));
    files.push_back(std::move(file));
  }
  if (files.empty()) return fail(ErrorCode::not_found, "there is no key file " + path);
  return files;
}

Result<std::unique_ptr<crypto::KeyProvider>> keys_of(const std::vector<KeyFile>& files) {
  if (files.empty()) return corrupt();
  KeyFilesDisk disk(files);
  NoRandom random;
  DUHENG_TRY(auto keys, crypto::LocalKeyProvider::open(disk, random, files.front().name));
  return std::unique_ptr<crypto::KeyProvider>(std::move(keys));
}

}  // namespace duheng::store
