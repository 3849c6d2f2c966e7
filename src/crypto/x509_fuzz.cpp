#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/clock.hpp"
#include "crypto/certificate_issuer.hpp"

using namespace duheng;
using namespace duheng::crypto;

namespace {

/// Files in memory, so that the fuzzer's authority leaves nothing behind.
class NoDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    if (mode == OpenMode::read && !files_.contains(path)) return fail(ErrorCode::not_found, path);
    return std::make_unique<MemoryFile>(files_[path]);
  }
  Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>{}; }
  bool exists(const std::string& path) override { return files_.contains(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    files_[to] = std::move(files_[from]);
    files_.erase(from);
    return {};
  }
  Result<void> remove(const std::string& path) override {
    files_.erase(path);
    return {};
  }
  Result<void> make_directories(const std::string&) override { return {}; }
  Result<void> sync_directory(const std::string&) override { return {}; }
  Result<std::uint64_t> free_bytes(const std::string&) override { return 1U << 30; }

 private:
  class MemoryFile final : public File {
   public:
    explicit MemoryFile(Bytes& octets) : octets_(octets) {}
    Result<std::uint64_t> size() const override { return octets_.size(); }
    Result<void> append(ByteView bytes) override {
      octets_.insert(octets_.end(), bytes.begin(), bytes.end());
      return {};
    }
    Result<Bytes> read_at(std::uint64_t offset, std::size_t size) const override {
      const auto start = std::min<std::size_t>(static_cast<std::size_t>(offset), octets_.size());
      const auto count = std::min(size, octets_.size() - start);
      return Bytes(octets_.begin() + static_cast<std::ptrdiff_t>(start),
                   octets_.begin() + static_cast<std::ptrdiff_t>(start + count));
    }
    Result<void> truncate(std::uint64_t size) override {
      octets_.resize(static_cast<std::size_t>(size));
      return {};
    }
    Result<void> sync() override { return {}; }

   private:
    Bytes& octets_;
  };
  std::map<std::string, Bytes> files_;
};

struct World {
  NoDisk disk;
  SeededRandom random{1};
  ManualClock clock;
  std::unique_ptr<LocalCertificateIssuer> issuer = LocalCertificateIssuer::open(disk, random, clock, "ca").value();
};

}  // namespace

/// Whatever stands in a PEM or DER text: an answer or an error, and a request that is granted gives a certificate that
/// holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string_view text = as_text({data, size});
  (void)parse_certificate(text);
  (void)parse_certificate_der({data, size});
  (void)split_chain(text);
  (void)PrivateKey::from_pem(text);
  (void)verify_chain(text, world.issuer->trust_root_pem(), CertificateUse::client, world.clock.utc_ms());
  const auto issued = world.issuer->issue({.profile = CertificateProfile::gateway,
                                           .request_pem = std::string{text},
                                           .common_name = "fuzz",
                                           .dns_names = {},
                                           .ip_addresses = {},
                                           .gateway = GatewayId{1},
                                           .lifetime_ms = 1000});
  if (issued &&
      !verify_chain(issued->chain_pem, world.issuer->trust_root_pem(), CertificateUse::client, world.clock.utc_ms()))
    std::abort();
  return 0;
}
