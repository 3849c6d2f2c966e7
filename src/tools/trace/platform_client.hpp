#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::tools {

/// Where a platform is and who asks.
struct PlatformAccess {
  std::string url;  ///< "https://name" or "https://name:8443"
  std::string user;
  std::string password;
  std::string
      authority_file;  ///< PEM that the platform's certificate must lead to; empty: the machine's own authorities
};

/// Asks a platform's web API as one logged-in person. Blocking; one thread.
class PlatformClient {
 public:
  struct Answer {
    int status = 0;
    std::string body;
  };
  /// Connects and logs in. Errors: invalid_argument - the address; unavailable - no connection, or a certificate that
  /// is not trusted; unauthenticated; timed_out.
  [[nodiscard]] static Result<PlatformClient> log_in(const PlatformAccess& access);
  /// Errors: unavailable, timed_out, limit_exceeded (64 MiB).
  [[nodiscard]] Result<Answer> get(std::string_view target, std::string_view language);
  /// Ends the session.
  ~PlatformClient();
  PlatformClient(PlatformClient&&) noexcept;
  PlatformClient& operator=(PlatformClient&&) noexcept;

 private:
  struct State;
  explicit PlatformClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// One answer as it came over the connection, taken apart. Errors: malformed.
struct RawAnswer {
  int status = 0;
  std::string cookie;  ///< "name=value" of the first Set-Cookie
  std::string body;
};
[[nodiscard]] Result<RawAnswer> parse_answer(std::string_view text);
/// For a query: everything but letters, digits and "-._~" as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace duheng::tools
