#pragma once
// What both directions of the control stream check. For the .cpp files of this folder only.
#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "rpc/control_messages.hpp"

namespace duheng::rpc::control_checks {

inline constexpr int texts_max = 100'000;
inline constexpr std::size_t text_octets_max = 4'096;

inline Result<OrderId> order_id(const std::string& octets) {
  OrderId id{};
  if (octets.size() != id.size()) return fail(ErrorCode::malformed, "an order id that has not 16 octets");
  std::ranges::copy(as_bytes(octets), id.begin());
  return id;
}

inline Result<crypto::Hash256> plan_hash(const std::string& octets) {
  crypto::Hash256 hash{};
  if (octets.empty()) return hash;
  if (octets.size() != hash.size()) return fail(ErrorCode::malformed, "a hash that has not 32 octets");
  std::ranges::copy(as_bytes(octets), hash.begin());
  return hash;
}

inline std::string octets_of(const OrderId& id) { return std::string{as_text(id)}; }
inline std::string octets_of(const crypto::Hash256& hash) {
  return hash == crypto::Hash256{} ? std::string{} : std::string{as_text(hash)};
}

inline Result<std::string> text(const std::string& given) {
  if (given.size() > text_octets_max) return fail(ErrorCode::limit_exceeded, "a text longer than 4,096 octets");
  return given;
}

inline Result<Bytes> octets(const std::string& given, std::size_t most) {
  if (given.size() > most) return fail(ErrorCode::limit_exceeded, "more octets in a message than any line carries");
  const ByteView view = as_bytes(given);
  return Bytes(view.begin(), view.end());
}

inline Result<void> at_most(int count, int most) {
  if (count > most) return fail(ErrorCode::limit_exceeded, "a list with too many entries");
  return {};
}

template <class To, class From>
Result<To> within(From value, From low, From high) {
  if (value < low || value > high) return fail(ErrorCode::malformed, "a number out of its range");
  return static_cast<To>(value);
}

inline Result<std::uint16_t> port(std::uint32_t value) {
  return within<std::uint16_t, std::uint32_t>(value, 1, 65'535);
}

}  // namespace duheng::rpc::control_checks
