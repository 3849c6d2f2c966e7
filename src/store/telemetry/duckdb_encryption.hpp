#pragma once
#include <duckdb.h>
#include <string>

#include "base/error.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

/// Gives a DuckDB instance our cipher (AES-256-GCM and CTR by OpenSSL, nonces from RAND_bytes): the library by itself
/// can only read encrypted files. The one place that touches DuckDB's C++ interface.
[[nodiscard]] Result<void> install_encryption(duckdb_database database);

/// What DuckDB said to an ATTACH that failed; the key is cut out of it.
struct AttachFailure {
  duckdb_error_type type = DUCKDB_ERROR_INVALID;
  std::string message;
};
/// Opens the encrypted file `path`, or makes it, as the catalog `name`. The text that holds the key is wiped
/// afterwards.
[[nodiscard]] std::expected<void, AttachFailure> attach_encrypted(duckdb_connection connection, const std::string& path,
                                                                  const std::string& name,
                                                                  const crypto::SecretKey& key);

}  // namespace duheng::store
