#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <curl/curl.h>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <vector>

#include "store/clickhouse/clickhouse_dialect.hpp"
#include "store/clickhouse/clickhouse_transport.hpp"

namespace duheng::store {
namespace {

constexpr std::size_t error_bytes_max = 8'192;
constexpr std::int64_t kill_timeout_ms = 2'000;

struct EasyDeleter {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using Multi = std::unique_ptr<CURLM, MultiDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

struct Session {
  Multi multi{curl_multi_init()};  // keeps the connection, and can be woken by another thread
  Easy easy{curl_easy_init()};
};

bool is_loopback(std::string_view host) {
  const bool is_number = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || host == "::1" || (host.starts_with("127.") && is_number);
}

/// The address in its parts, as far as we look at them.
struct Address {
  std::string scheme;
  std::string host;
};

Result<Address> parse_address(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  const auto bad = [] {
    return fail(ErrorCode::invalid_argument, "the ClickHouse address must be http://host:port/ or https://host:port/");
  };
  if (parsed == nullptr || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return bad();
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, 0) != CURLUE_OK) return std::string();
    std::string out(text);
    curl_free(text);
    return out;
  };
  Address out{part(CURLUPART_SCHEME), part(CURLUPART_HOST)};
  if ((out.scheme != "http" && out.scheme != "https") || out.host.empty()) return bad();
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty() || !part(CURLUPART_QUERY).empty())
    return fail(
        ErrorCode::invalid_argument,
        "the ClickHouse address must hold neither user and password nor settings: they have options of their own");
  return out;
}

/// What one call gathers while its answer arrives.
struct Answer {
  CURL* easy = nullptr;
  const ClickHouseCall* call = nullptr;
  std::string error_text;
  Result<void> sink_result;

  [[nodiscard]] long status() const {
    long code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
    return code;
  }
  std::size_t take(ByteView octets) {
    if (status() != 200) {
      error_text.append(as_text(octets.first(std::min(octets.size(), error_bytes_max - error_text.size()))));
      return octets.size();
    }
    if (!call->on_octets) return octets.size();
    sink_result = call->on_octets(octets);
    return sink_result ? octets.size() : 0;
  }
};

std::size_t write_answer(char* data, std::size_t, std::size_t size, void* answer) {
  return static_cast<Answer*>(answer)->take({reinterpret_cast<const std::uint8_t*>(data), size});
}

class HttpTransport final : public ClickHouseTransport {
 public:
  HttpTransport(ClickHouseHttpOptions options, std::string id_prefix)
      : options_(std::move(options)), id_prefix_(std::move(id_prefix)) {
    if (options_.url.back() != '/') options_.url.push_back('/');
    curl_slist* list = nullptr;
    for (const std::string& header : {"X-ClickHouse-User: " + options_.user, "X-ClickHouse-Key: " + options_.password,
                                      std::string("Content-Type: application/octet-stream"), std::string("Expect:")})
      list = curl_slist_append(list, header.c_str());
    headers_.reset(list);
  }

  Result<void> run(const ClickHouseCall& call) override {
    if (call.cancel.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    if (call.timeout_ms <= 0) return fail(ErrorCode::timed_out, "the question had no time");
    DUHENG_TRY(auto session, borrow(call));
    const std::string id = id_prefix_ + std::to_string(++last_id_);
    bool must_kill = false;
    auto done = perform(*session, call, id, must_kill);
    if (must_kill) {
      kill(id);
      session = std::make_unique<Session>();  // the old connection is in the middle of an answer
    }
    give_back(std::move(session));
    return done;
  }

 private:
  /// A session of its own for the call, once one is free.
  Result<std::unique_ptr<Session>> borrow(const ClickHouseCall& call) {
    std::unique_lock lock(mutex_);
    const bool free = freed_.wait_for(lock, call.cancel, std::chrono::milliseconds(call.timeout_ms),
                                      [&] { return in_use_ < options_.connections_max; });
    if (call.cancel.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    if (!free) return fail(ErrorCode::timed_out, "every connection to ClickHouse was in use");
    ++in_use_;
    if (idle_.empty()) return std::make_unique<Session>();
    auto session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }
  void give_back(std::unique_ptr<Session> session) {
    {
      const std::lock_guard lock(mutex_);
      --in_use_;
      idle_.push_back(std::move(session));
    }
    freed_.notify_one();
  }

  [[nodiscard]] std::string address_of(CURL* easy, const ClickHouseCall& call, const std::string& id) const {
    const bool inserts = !call.rows.empty();
    // The answer is held back until the statement is done: what has gone wrong is then told by the status, and not by
    // words in the middle of rows.
    std::string url = fmt::format("{}?query_id={}&wait_end_of_query=1&max_execution_time={}", options_.url, id,
                                  std::max<std::int64_t>(1, (call.timeout_ms + 999) / 1'000));
    if (inserts) {
      const std::unique_ptr<char, decltype(&curl_free)> escaped(
          curl_easy_escape(easy, call.sql.data(), static_cast<int>(call.sql.size())), &curl_free);
      url += "&query=";
      if (escaped != nullptr) url += escaped.get();
    }
    return url;
  }

  void prepare(CURL* easy, Answer& answer, const ClickHouseCall& call, const std::string& id) const {
    curl_easy_reset(easy);
    const ByteView body = call.rows.empty() ? as_bytes(call.sql) : call.rows;
    curl_easy_setopt(easy, CURLOPT_URL, address_of(easy, call, id).c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout_ms));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout_ms));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &write_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    if (!options_.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  }

  /// Drives one transfer until it is done or withdrawn. Returns curl's code; nothing when it was withdrawn.
  static std::optional<CURLcode> drive(Session& session, const std::stop_token& cancel) {
    CURLM* multi = session.multi.get();
    const std::stop_callback wake(cancel, [multi] { curl_multi_wakeup(multi); });
    while (!cancel.stop_requested()) {
      int running = 0;
      if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_FAILED_INIT;
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
      }
      if (running == 0) return CURLE_FAILED_INIT;
      if (curl_multi_poll(multi, nullptr, 0, 1'000, nullptr) != CURLM_OK) return CURLE_FAILED_INIT;
    }
    return std::nullopt;
  }

  Result<void> perform(Session& session, const ClickHouseCall& call, const std::string& id, bool& must_kill) const {
    if (session.easy == nullptr || session.multi == nullptr)
      return fail(ErrorCode::internal, "libcurl could not be started");
    Answer answer;
    answer.easy = session.easy.get();
    answer.call = &call;
    prepare(session.easy.get(), answer, call, id);
    if (curl_multi_add_handle(session.multi.get(), session.easy.get()) != CURLM_OK)
      return fail(ErrorCode::internal, "libcurl could not begin");
    const auto code = drive(session, call.cancel);
    curl_multi_remove_handle(session.multi.get(), session.easy.get());
    must_kill = !code || *code == CURLE_OPERATION_TIMEDOUT || *code == CURLE_WRITE_ERROR;
    if (!code) return fail(ErrorCode::cancelled, "the question was withdrawn");
    if (!answer.sink_result) return answer.sink_result;
    return verdict(*code, answer);
  }

  [[nodiscard]] static Result<void> verdict(CURLcode code, const Answer& answer) {
    if (code == CURLE_OPERATION_TIMEDOUT) return fail(ErrorCode::timed_out, "ClickHouse did not answer in time");
    if (code != CURLE_OK)
      return fail(ErrorCode::unavailable, fmt::format("ClickHouse cannot be reached: {}", curl_easy_strerror(code)));
    if (answer.status() != 200) return std::unexpected(clickhouse_error(answer.status(), answer.error_text));
    return {};
  }

  /// Best effort: a statement that is not found has ended by itself.
  void kill(const std::string& id) const {
    ClickHouseCall call;
    call.sql = fmt::format("KILL QUERY WHERE query_id = '{}' ASYNC", id);
    call.timeout_ms = kill_timeout_ms;
    Session session;
    bool ignored = false;
    (void)perform(session, call, id + "-end", ignored);
  }

  ClickHouseHttpOptions options_;
  std::string id_prefix_;
  List headers_;
  std::atomic<std::uint64_t> last_id_ = 0;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::size_t in_use_ = 0;
  std::vector<std::unique_ptr<Session>> idle_;
};

bool has_line_break(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

}  // namespace

Result<std::unique_ptr<ClickHouseTransport>> open_clickhouse_http(const ClickHouseHttpOptions& options,
                                                                  Random& random) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) return fail(ErrorCode::internal, "libcurl could not be started");
  DUHENG_TRY(const Address address, parse_address(options.url));
  if (address.scheme != "https" && !options.password.empty() && !is_loopback(address.host))
    return fail(ErrorCode::invalid_argument, "a ClickHouse password leaves this machine only over https");
  if (has_line_break(options.user) || has_line_break(options.password))
    return fail(ErrorCode::invalid_argument, "ClickHouse's user and password must be one line each");
  if (options.connections_max == 0)
    return fail(ErrorCode::invalid_argument, "ClickHouse needs at least one connection");
  return std::make_unique<HttpTransport>(options, fmt::format("duheng-{:016x}-", random.next_u64()));
}

}  // namespace duheng::store
