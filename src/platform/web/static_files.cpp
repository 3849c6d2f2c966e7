#include "platform/web/static_files.hpp"

#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <zlib.h>

#include "crypto/hash.hpp"

namespace duheng::platform::web {
namespace {

namespace fs = std::filesystem;

std::string_view content_type_of(std::string_view name) noexcept {
  struct Type {
    std::string_view extension, type;
  };
  static constexpr std::array<Type, 16> types{{{".html", "text/html; charset=utf-8"},
                                               {".js", "text/javascript; charset=utf-8"},
                                               {".mjs", "text/javascript; charset=utf-8"},
                                               {".css", "text/css; charset=utf-8"},
                                               {".json", "application/json"},
                                               {".webmanifest", "application/manifest+json"},
                                               {".svg", "image/svg+xml"},
                                               {".png", "image/png"},
                                               {".jpg", "image/jpeg"},
                                               {".webp", "image/webp"},
                                               {".ico", "image/x-icon"},
                                               {".woff2", "font/woff2"},
                                               {".wasm", "application/wasm"},
                                               {".txt", "text/plain; charset=utf-8"},
                                               {".xml", "application/xml"},
                                               {".pdf", "application/pdf"}}};
  for (const Type& type : types) {
    if (name.ends_with(type.extension)) return type.type;
  }
  return "application/octet-stream";
}

bool worth_compressing(std::string_view type) noexcept {
  return type.starts_with("text/") || type.find("json") != std::string_view::npos ||
         type.find("svg") != std::string_view::npos || type.find("xml") != std::string_view::npos ||
         type.find("wasm") != std::string_view::npos;
}

std::shared_ptr<const Bytes> gzip(const Bytes& plain) {
  z_stream stream{};
  // 15 bits of window, +16: a gzip header instead of zlib's own.
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) return nullptr;
  auto out = std::make_shared<Bytes>(deflateBound(&stream, plain.size()));
  stream.next_in = const_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = out->data();
  stream.avail_out = static_cast<uInt>(out->size());
  const int result = deflate(&stream, Z_FINISH);
  out->resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END || out->size() + out->size() / 10 >= plain.size()) return nullptr;
  out->shrink_to_fit();
  return out;
}

}  // namespace

Result<StaticFiles> StaticFiles::load(const std::string& directory, const Limits& limits) {
  StaticFiles out;
  std::size_t bytes = 0;
  try {
    const fs::path root{directory};
    if (!fs::is_directory(root)) return fail(ErrorCode::not_found, fmt::format("no folder {}", directory));
    for (auto it = fs::recursive_directory_iterator(root); it != fs::recursive_directory_iterator(); ++it) {
      const std::string name = it->path().filename().string();
      if (name.starts_with(".")) {
        if (it->is_directory()) it.disable_recursion_pending();
        continue;
      }
      if (!it->is_regular_file() || name.ends_with(".map")) continue;
      if (out.files_.size() == limits.files_max || bytes + it->file_size() > limits.bytes_max) {
        return fail(ErrorCode::limit_exceeded,
                    fmt::format("{} holds over {} files or {} octets", directory, limits.files_max, limits.bytes_max));
      }
      std::ifstream in(it->path(), std::ios::binary);
      auto plain = std::make_shared<Bytes>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      if (!in) return fail(ErrorCode::storage_failed, fmt::format("cannot read {}", it->path().string()));
      bytes += plain->size();
      const std::string path = fs::relative(it->path(), root).generic_string();
      File file;
      file.content_type = content_type_of(name);
      file.etag = '"' + to_hex(crypto::sha256(*plain)).substr(0, 32) + '"';
      // The build puts a hash of the content into the names under assets/: such a file never changes.
      file.cache_control = path.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
      if (worth_compressing(file.content_type) && plain->size() > 512) file.gzip = gzip(*plain);
      file.plain = std::move(plain);
      out.files_.emplace(path, std::move(file));
    }
  } catch (const std::exception& e) {
    return fail(ErrorCode::storage_failed, fmt::format("cannot read {}: {}", directory, e.what()));
  }
  if (!out.files_.contains("index.html")) {
    return fail(ErrorCode::not_found, fmt::format("{} has no index.html: build the web application first", directory));
  }
  return out;
}

HttpResponse StaticFiles::serve(const HttpRequest& request, const File& file) {
  HttpResponse response;
  response.headers.push_back({"Cache-Control", file.cache_control});
  const bool compressed = file.gzip && accepts_encoding(request.header("Accept-Encoding"), "gzip");
  // Two representations, two tags (RFC 9110, 8.8.3).
  const std::string etag = compressed ? file.etag.substr(0, file.etag.size() - 1) + "-gz\"" : file.etag;
  response.headers.push_back({"ETag", etag});
  if (file.gzip) response.headers.push_back({"Vary", "Accept-Encoding"});
  const std::string_view known = request.header("If-None-Match");
  if (known == "*" || (!known.empty() && known.find(etag) != std::string_view::npos)) {
    response.status = 304;
    return response;
  }
  response.content_type = file.content_type;
  if (compressed) response.headers.push_back({"Content-Encoding", "gzip"});
  response.shared_body = compressed ? file.gzip : file.plain;
  return response;
}

HttpResponse StaticFiles::answer(const HttpRequest& request, const RequestTarget& target) const {
  std::string path = fmt::format("{}", fmt::join(target.segments, "/"));
  if (path.empty()) path = "index.html";
  if (!target.trailing_slash) {
    if (const auto it = files_.find(path); it != files_.end()) return serve(request, it->second);
  }
  // An address of the application itself, such as /devices/17: the browser's own router finds the page.
  const bool looks_like_file = !target.segments.empty() && target.segments.back().find('.') != std::string::npos;
  if (!looks_like_file && !path.starts_with("assets/")) {
    if (const auto it = files_.find("index.html"); it != files_.end()) return serve(request, it->second);
  }
  HttpResponse response;
  response.status = 404;
  response.content_type = "text/plain; charset=utf-8";
  response.body = "Not found\n";
  return response;
}

}  // namespace duheng::platform::web
