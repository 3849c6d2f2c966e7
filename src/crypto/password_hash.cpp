#include "crypto/password_hash.hpp"

#include <argon2.h>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>

namespace duheng::crypto {
namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t tag_bytes = 32;
// A stored hash is ours, but a damaged one must not make us allocate without bound.
constexpr std::uint32_t memory_kib_max = 1U << 20;
constexpr std::uint32_t passes_max = 64;
constexpr std::uint32_t lanes_max = 16;

bool take(std::string_view& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

bool take_number(std::string_view& text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

std::optional<PasswordHashParameters> parameters_of(std::string_view encoded) {
  PasswordHashParameters found;
  const bool whole = take(encoded, "$argon2id$v=19$m=") && take_number(encoded, found.memory_kib) &&
                     take(encoded, ",t=") && take_number(encoded, found.passes) && take(encoded, ",p=") &&
                     take_number(encoded, found.lanes) && take(encoded, "$");
  if (!whole || found.memory_kib > memory_kib_max || found.passes > passes_max || found.lanes > lanes_max)
    return std::nullopt;
  return found;
}

}  // namespace

Result<std::string> PasswordHasher::hash(std::string_view password) const {
  if (password.empty() || password.size() > password_bytes_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("a password has 1 to {} octets", password_bytes_max));
  }
  std::array<std::uint8_t, salt_bytes> salt{};
  random_.fill(salt);
  const auto [memory_kib, passes, lanes] = parameters_;
  std::string encoded(argon2_encodedlen(passes, memory_kib, lanes, salt_bytes, tag_bytes, Argon2_id), '\0');
  const int outcome = argon2id_hash_encoded(passes, memory_kib, lanes, password.data(), password.size(), salt.data(),
                                            salt.size(), tag_bytes, encoded.data(), encoded.size());
  if (outcome == ARGON2_MEMORY_ALLOCATION_ERROR)
    return fail(ErrorCode::unavailable, "no memory to hash a password now");
  if (outcome != ARGON2_OK) return fail(ErrorCode::internal, argon2_error_message(outcome));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

Result<bool> PasswordHasher::verify(std::string_view encoded, std::string_view password) const {
  if (!parameters_of(encoded)) return fail(ErrorCode::malformed, "a stored password hash is damaged");
  if (password.size() > password_bytes_max) return false;
  const int outcome = argon2id_verify(std::string{encoded}.c_str(), password.data(), password.size());
  if (outcome == ARGON2_OK) return true;
  if (outcome == ARGON2_VERIFY_MISMATCH) return false;
  if (outcome == ARGON2_MEMORY_ALLOCATION_ERROR)
    return fail(ErrorCode::unavailable, "no memory to check a password now");
  return fail(ErrorCode::malformed, std::string{"a stored password hash is damaged: "} + argon2_error_message(outcome));
}

bool PasswordHasher::needs_rehash(std::string_view encoded) const {
  const auto found = parameters_of(encoded);
  return !found || found->memory_kib != parameters_.memory_kib || found->passes != parameters_.passes ||
         found->lanes != parameters_.lanes;
}

}  // namespace duheng::crypto
