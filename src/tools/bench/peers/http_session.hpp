#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::tools {

/// Percent-encodes everything but letters, digits and -_.~ for a query string.
[[nodiscard]] std::string url_encoded(std::string_view text);

/// One kept connection to a server on 127.0.0.1, for benchmarks that load and ask peers. Not thread-safe: one for each
/// thread.
class HttpSession {
 public:
  explicit HttpSession(std::uint16_t port);
  HttpSession(HttpSession&&) noexcept;
  HttpSession& operator=(HttpSession&&) = delete;
  ~HttpSession();

  /// The answer's body; any status from 200 to 299 is well. Errors: unavailable - no connection, or it broke;
  /// timed_out; invalid_argument - another status: the message has the beginning of what the server said.
  [[nodiscard]] Result<std::string> get(const std::string& target, long timeout_ms = 120'000);
  [[nodiscard]] Result<std::string> post(const std::string& target, std::string_view body, long timeout_ms = 600'000);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::tools
