#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

inline constexpr std::string_view object_folder = "objects";
/// Of the content of one object; longer files are cut into several.
inline constexpr std::size_t object_content_bytes_max = 32U << 20;
inline constexpr std::size_t object_overhead_bytes = 36;

/// What lies at the place: "DHB1", key version u32 LE, nonce, AES-256-GCM (or the cipher that the version names) over
/// the content with everything before as associated data. Named by the SHA-256 of all its octets, so that whoever keeps
/// the place can check it without a key.
struct SealedObject {
  crypto::Hash256 name{};
  Bytes octets;
};

/// "objects/<64 hexadecimal digits>".
[[nodiscard]] std::string object_name(const crypto::Hash256& name);
[[nodiscard]] std::string hash_text(const crypto::Hash256& hash);
/// Small digits only. Errors: malformed.
[[nodiscard]] Result<crypto::Hash256> parse_hash(std::string_view text);

/// Encrypts so that the same content gives the same octets (the nonce is made from the content, under a key of its
/// own): what lies at the place already is not sent again, and what was damaged there is replaced by its like. That two
/// objects are equal can be seen there, nothing else. Keys: purposes "backup" and "backup-nonce". Errors: key_missing.
[[nodiscard]] Result<SealedObject> seal_object(ByteView content, crypto::KeyProvider& keys);
/// Errors: storage_corrupt - not what the name promises, or made with another key; unsupported; key_missing.
[[nodiscard]] Result<Bytes> open_object(ByteView octets, const crypto::Hash256& name, crypto::KeyProvider& keys);

}  // namespace duheng::store
