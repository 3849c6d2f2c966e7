#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/error.hpp"
#include "platform/web/http.hpp"
#include "platform/web/request_target.hpp"

namespace duheng::platform::web {

/// The built web application, read into memory once at start: a request only looks its path up in a table, so that no
/// path, however written, reaches the file system. Immutable afterwards; safe from any thread.
class StaticFiles {
 public:
  struct Limits {
    std::size_t files_max = 5'000;
    std::size_t bytes_max = 64U << 20;
  };
  /// No files: every path is "not found".
  StaticFiles() = default;
  /// Reads `directory` with all below it; names that begin with "." and source maps stay out. Compresses what is worth
  /// it (gzip, RFC 1952). Errors: not_found - no such folder, or no index.html in it; limit_exceeded.
  [[nodiscard]] static Result<StaticFiles> load(const std::string& directory, const Limits& limits);
  [[nodiscard]] static Result<StaticFiles> load(const std::string& directory) { return load(directory, Limits{}); }

  /// Answers GET and HEAD: the file; 304 when the browser has it; index.html for the application's own addresses (no
  /// extension); 404 otherwise.
  [[nodiscard]] HttpResponse answer(const HttpRequest& request, const RequestTarget& target) const;
  [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

 private:
  struct File {
    std::string content_type;
    std::string etag;
    std::string cache_control;
    std::shared_ptr<const Bytes> plain;
    std::shared_ptr<const Bytes> gzip;  ///< null when it saves nothing
  };
  [[nodiscard]] static HttpResponse serve(const HttpRequest& request, const File& file);

  std::unordered_map<std::string, File> files_;  ///< by path without the leading slash
};

}  // namespace duheng::platform::web
