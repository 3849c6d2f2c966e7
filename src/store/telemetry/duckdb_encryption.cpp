#include "store/telemetry/duckdb_encryption.hpp"

#include <array>
#include <duckdb.hpp>
#include <fmt/format.h>
#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <duckdb/common/encryption_state.hpp>
#include <duckdb/common/exception.hpp>
#include <duckdb/main/capi/capi_internal.hpp>
#include <duckdb/main/database.hpp>

namespace duheng::store {
namespace {

struct CipherDeleter {
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
};
struct ContextDeleter {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER, CipherDeleter>;

/// The algorithms, fetched once: fetching costs more than encrypting a small log entry.
struct Ciphers {
  Cipher gcm{EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr)};
  Cipher ctr{EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr)};
};

void require(bool holds, const char* what) {
  if (!holds) throw duckdb::IOException(what);
}

/// One encryption or decryption of a block or log entry. Errors leave as DuckDB's own exceptions, because DuckDB calls
/// this.
class OpenSslEncryptionState final : public duckdb::EncryptionState {
 public:
  OpenSslEncryptionState(const Ciphers& ciphers, duckdb::EncryptionTypes::CipherType type, duckdb::idx_t key_size)
      : EncryptionState(type, key_size), context_(EVP_CIPHER_CTX_new()) {
    require(context_ != nullptr, "no memory for a cipher context");
    require(type == duckdb::EncryptionTypes::GCM || type == duckdb::EncryptionTypes::CTR,
            "only GCM and CTR are offered");
    evp_cipher_ = type == duckdb::EncryptionTypes::GCM ? ciphers.gcm.get() : ciphers.ctr.get();
  }

  void InitializeEncryption(duckdb::const_data_ptr_t iv, duckdb::idx_t iv_size, duckdb::const_data_ptr_t key,
                            duckdb::idx_t key_size, duckdb::const_data_ptr_t aad, duckdb::idx_t aad_size) override {
    initialize(iv, iv_size, key, key_size, aad, aad_size, true);
  }
  void InitializeDecryption(duckdb::const_data_ptr_t iv, duckdb::idx_t iv_size, duckdb::const_data_ptr_t key,
                            duckdb::idx_t key_size, duckdb::const_data_ptr_t aad, duckdb::idx_t aad_size) override {
    initialize(iv, iv_size, key, key_size, aad, aad_size, false);
  }

  size_t Process(duckdb::const_data_ptr_t in, duckdb::idx_t in_size, duckdb::data_ptr_t out,
                 duckdb::idx_t out_size) override {
    require(out_size >= in_size, "the output is smaller than the input");
    // EVP counts in int; a log entry may be larger.
    constexpr duckdb::idx_t step_max = 1U << 30;
    duckdb::idx_t done = 0;
    while (done < in_size) {
      const auto step = static_cast<int>(std::min(step_max, in_size - done));
      int written = 0;
      require(EVP_CipherUpdate(context_.get(), out + done, &written, in + done, step) == 1 && written == step,
              "the cipher refused its input");
      done += static_cast<duckdb::idx_t>(step);
    }
    return done;
  }

  size_t Finalize(duckdb::data_ptr_t, duckdb::idx_t, duckdb::data_ptr_t tag, duckdb::idx_t tag_size) override {
    const bool authenticated = cipher == duckdb::EncryptionTypes::GCM;
    if (authenticated && !encrypting_)
      require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_size), tag) == 1,
              "the tag was refused");
    // GCM and CTR are stream ciphers: the last call writes nothing.
    std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> none{};
    int written = 0;
    require(EVP_CipherFinal_ex(context_.get(), none.data(), &written) == 1,
            "the tag of an encrypted block does not match");
    if (authenticated && encrypting_)
      require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_size), tag) == 1,
              "no tag was made");
    return static_cast<size_t>(written);
  }

  void GenerateRandomData(duckdb::data_ptr_t data, duckdb::idx_t size) override {
    require(RAND_bytes(data, static_cast<int>(size)) == 1, "no random octets can be had");
  }

 private:
  void initialize(duckdb::const_data_ptr_t iv, duckdb::idx_t iv_size, duckdb::const_data_ptr_t key,
                  duckdb::idx_t key_size, duckdb::const_data_ptr_t aad, duckdb::idx_t aad_size, bool encrypting) {
    encrypting_ = encrypting;
    require(key_size == 32, "the key must have 32 octets");
    require(EVP_CipherInit_ex2(context_.get(), evp_cipher_, nullptr, nullptr, encrypting ? 1 : 0, nullptr) == 1,
            "the cipher does not start");
    std::array<unsigned char, 16> counter{};
    if (cipher == duckdb::EncryptionTypes::GCM) {
      require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv_size), nullptr) == 1,
              "the nonce's size was refused");
    } else {
      // CTR wants a whole block; a shorter nonce leaves the block counter at zero.
      require(iv_size <= counter.size(), "the nonce is too long");
      std::copy_n(iv, iv_size, counter.begin());
      iv = counter.data();
    }
    require(EVP_CipherInit_ex2(context_.get(), nullptr, key, iv, encrypting ? 1 : 0, nullptr) == 1,
            "key and nonce were refused");
    int written = 0;
    if (aad_size > 0)
      require(EVP_CipherUpdate(context_.get(), nullptr, &written, aad, static_cast<int>(aad_size)) == 1,
              "the associated data was refused");
  }

  std::unique_ptr<EVP_CIPHER_CTX, ContextDeleter> context_;
  const EVP_CIPHER* evp_cipher_ = nullptr;
  bool encrypting_ = true;
};

class OpenSslEncryption final : public duckdb::EncryptionUtil {
 public:
  [[nodiscard]] bool ready() const { return ciphers_.gcm && ciphers_.ctr; }
  duckdb::shared_ptr<duckdb::EncryptionState> CreateEncryptionState(duckdb::EncryptionTypes::CipherType type,
                                                                    duckdb::idx_t key_size) const override {
    return duckdb::make_shared_ptr<OpenSslEncryptionState>(ciphers_, type, key_size);
  }
  bool SupportsEncryption() override { return true; }

 private:
  Ciphers ciphers_;
};

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }

}  // namespace

Result<void> install_encryption(duckdb_database database) {
  try {
    auto encryption = duckdb::make_shared_ptr<OpenSslEncryption>();
    if (!encryption->ready()) return fail(ErrorCode::internal, "AES-256 cannot be had from the cryptographic library");
    auto* wrapper = reinterpret_cast<duckdb::DatabaseWrapper*>(database);
    wrapper->database->instance->config.encryption_util = std::move(encryption);
    return {};
  } catch (const std::exception& e) {
    return fail(ErrorCode::internal, fmt::format("the cipher cannot be given to the telemetry engine: {}", e.what()));
  }
}

std::expected<void, AttachFailure> attach_encrypted(duckdb_connection connection, const std::string& path,
                                                    const std::string& name, const crypto::SecretKey& key) {
  std::string quoted_path;
  for (const char c : path) quoted_path.append(c == '\'' ? 2 : 1, c);
  std::string key_text(48, '\0');
  const auto octets = key.octets();
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(key_text.data()), octets.data(),
                                   static_cast<int>(octets.size()));
  key_text.resize(static_cast<std::size_t>(size));
  std::string statement;
  statement.reserve(quoted_path.size() + name.size() + 128);  // never moved, so that no copy of the key is left behind
  fmt::format_to(std::back_inserter(statement), "ATTACH '{}' AS {} (ENCRYPTION_KEY '{}', ENCRYPTION_CIPHER 'GCM')",
                 quoted_path, name, key_text);

  duckdb_result result{};
  const bool failed = duckdb_query(connection, statement.c_str(), &result) != DuckDBSuccess;
  AttachFailure failure;
  if (failed) {
    failure.type = duckdb_result_error_type(&result);
    const char* message = duckdb_result_error(&result);
    failure.message = message == nullptr ? "" : message;
    const auto at = failure.message.find(key_text);
    if (at != std::string::npos) failure.message = "the telemetry engine did not understand ATTACH";
  }
  duckdb_destroy_result(&result);
  wipe(statement);
  wipe(key_text);
  if (failed) return std::unexpected(std::move(failure));
  return {};
}

}  // namespace duheng::store
