// A set's list: nothing without the key; with a right check behind it, whatever is accepted comes back as it was.
#include <cstdint>
#include <cstdlib>

#include "store/backup/backup_manifest.hpp"
#include "store/backup/backup_object.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  const ByteView input(data, size);
  (void)store::read_manifest(input, keys);
  (void)store::peek_recovery_key(input);
  const std::string text = "duheng-backup-set 1 1\n" + std::string(as_text(input));
  const auto key = keys.key("backup-set", 1);
  if (!key) std::abort();
  const std::string whole =
      text + "hmac " + store::hash_text(crypto::hmac_sha256(key->octets(), as_bytes(text))) + "\n";
  const auto found = store::read_manifest(as_bytes(whole), keys);
  if (!found) return 0;
  const auto written = store::write_manifest(*found, keys);
  if (!written || as_text(*written) != whole) std::abort();
  return 0;
}
