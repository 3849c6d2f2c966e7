#include "tools/bench/peers/http_session.hpp"

#include <array>
#include <curl/curl.h>
#include <fmt/format.h>
#include <mutex>

namespace duheng::tools {

namespace {

std::size_t take_body(char* octets, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(octets, size * count);
  return size * count;
}

void initialise_once() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

struct HttpSession::State {
  CURL* handle = nullptr;
  curl_slist* headers = nullptr;
  std::uint16_t port = 0;
  ~State() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(handle);
  }
  Result<std::string> perform(const std::string& target, long timeout_ms) {
    std::string body;
    const std::string url = fmt::format("http://127.0.0.1:{}{}", port, target);
    curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
    const CURLcode code = curl_easy_perform(handle);
    if (code == CURLE_OPERATION_TIMEDOUT) return fail(ErrorCode::timed_out, "no answer in time: " + target);
    if (code != CURLE_OK) return fail(ErrorCode::unavailable, curl_easy_strerror(code));
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (status < 200 || status > 299)
      return fail(ErrorCode::invalid_argument, fmt::format("status {}: {}", status, body.substr(0, 300)));
    return body;
  }
};

std::string url_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

HttpSession::HttpSession(std::uint16_t port) : state_(std::make_unique<State>()) {
  initialise_once();
  state_->handle = curl_easy_init();
  state_->port = port;
  // No "Expect: 100-continue" round before each body, and bodies as they are.
  state_->headers = curl_slist_append(state_->headers, "Expect:");
  state_->headers = curl_slist_append(state_->headers, "Content-Type: application/octet-stream");
  curl_easy_setopt(state_->handle, CURLOPT_HTTPHEADER, state_->headers);
  curl_easy_setopt(state_->handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(state_->handle, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(state_->handle, CURLOPT_BUFFERSIZE, 512L * 1024L);
  curl_easy_setopt(state_->handle, CURLOPT_UPLOAD_BUFFERSIZE, 1024L * 1024L);
  curl_easy_setopt(state_->handle, CURLOPT_PROXY, "");
}
HttpSession::HttpSession(HttpSession&&) noexcept = default;
HttpSession::~HttpSession() = default;

Result<std::string> HttpSession::get(const std::string& target, long timeout_ms) {
  curl_easy_setopt(state_->handle, CURLOPT_HTTPGET, 1L);
  return state_->perform(target, timeout_ms);
}

Result<std::string> HttpSession::post(const std::string& target, std::string_view body, long timeout_ms) {
  curl_easy_setopt(state_->handle, CURLOPT_POST, 1L);
  // Its size is given below: no end mark is looked for.
  curl_easy_setopt(state_->handle, CURLOPT_POSTFIELDS,
                   body.data());  // NOLINT(bugprone-suspicious-stringview-data-usage)
  curl_easy_setopt(state_->handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  return state_->perform(target, timeout_ms);
}

}  // namespace duheng::tools
