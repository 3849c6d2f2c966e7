// The seal's parser: without the key nothing is accepted, whatever the octets.
#include <cstdint>
#include <cstdlib>

#include "store/seal/seal.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  // As found, and with a right check behind it, so that the lines are read too.
  const ByteView input(data, size);
  (void)store::read_seal(input, keys);
  const std::string text = "duheng-seal 1 1\n" + std::string(as_text(input));
  const auto key = keys.key("seal", 1);
  if (!key) std::abort();
  const std::string whole = text + "hmac " + to_hex(crypto::hmac_sha256(key->octets(), as_bytes(text))) + "\n";
  const auto seal = store::read_seal(as_bytes(whole), keys);
  if (!seal) return 0;
  const auto written = store::write_seal(*seal, keys);
  if (!written) std::abort();
  const auto again = store::read_seal(*written, keys);
  if (!again || *again != *seal) std::abort();
  return 0;
}
