#include "base/error.hpp"

namespace duheng {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::truncated:
      return "truncated";
    case ErrorCode::checksum_mismatch:
      return "checksum_mismatch";
    case ErrorCode::malformed:
      return "malformed";
    case ErrorCode::bad_bcd_digit:
      return "bad_bcd_digit";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::limit_exceeded:
      return "limit_exceeded";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::already_exists:
      return "already_exists";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::unauthenticated:
      return "unauthenticated";
    case ErrorCode::forbidden:
      return "forbidden";
    case ErrorCode::throttled:
      return "throttled";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timed_out:
      return "timed_out";
    case ErrorCode::storage_full:
      return "storage_full";
    case ErrorCode::storage_failed:
      return "storage_failed";
    case ErrorCode::storage_corrupt:
      return "storage_corrupt";
    case ErrorCode::key_missing:
      return "key_missing";
    case ErrorCode::expired:
      return "expired";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::internal:
      return "internal";
  }
  return "unknown";
}

}  // namespace duheng
