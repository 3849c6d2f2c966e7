#pragma once
#include <memory>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"

namespace duheng::store {

/// SHA-256 (FIPS 180-4) over octets that come one after the other: for files larger than memory should hold.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;
  void update(ByteView octets);
  /// Once.
  [[nodiscard]] crypto::Hash256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::store
