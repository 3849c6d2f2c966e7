#include "store/backup/sftp_place.hpp"

#include <algorithm>
#include <array>
#include <curl/curl.h>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::string_view unfinished_end = ".part";
constexpr std::uint64_t listing_bytes_max = 256U << 20;
constexpr std::string_view fingerprint_start = "SHA256:";

std::unexpected<Error> no_name(const std::string& name) {
  return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no name of a backup place", name));
}

bool holds_only(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

Result<void> check_options(const SftpOptions& options) {
  const auto refuse = [](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("sftp: {}", what));
  };
  if (!holds_only(options.host, ".-:[]")) return refuse("the host is missing or no host's name");
  if (!holds_only(options.user, "._-")) return refuse("the user is missing or no user's name");
  const bool is_path = options.directory.starts_with('/') && options.directory.size() > 1 &&
                       !options.directory.ends_with('/') && holds_only(options.directory, "/._-");
  if (!is_path) return refuse("the directory must begin with / and hold letters, digits, '.', '_' and '-' only");
  if (!options.host_key_sha256.starts_with(fingerprint_start) ||
      !holds_only(std::string_view(options.host_key_sha256).substr(fingerprint_start.size()), "+/="))
    return refuse("the host key's fingerprint must be given as ssh-keygen -lf prints it (SHA256:...)");
  return {};
}

Result<void> check_key_file(Disk& disk, const std::string& path) {
  if (path.empty() || !disk.exists(path))
    return fail(ErrorCode::key_missing, fmt::format("sftp: there is no key file {}", path));
  DUHENG_TRY(const bool exposed, disk.readable_by_others(path));
  if (exposed)
    return fail(ErrorCode::key_missing, fmt::format("sftp: {} can be read by other accounts: set mode 0600", path));
  return {};
}

ErrorCode code_of(CURLcode code) noexcept {
  switch (code) {
    case CURLE_REMOTE_FILE_NOT_FOUND:
      return ErrorCode::not_found;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_LOGIN_DENIED:
      return ErrorCode::unauthenticated;
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timed_out;
    case CURLE_REMOTE_DISK_FULL:
      return ErrorCode::storage_full;
    case CURLE_QUOTE_ERROR:
    case CURLE_REMOTE_ACCESS_DENIED:
    case CURLE_UPLOAD_FAILED:
      return ErrorCode::storage_failed;
    case CURLE_OUT_OF_MEMORY:
      return ErrorCode::internal;
    default:
      return ErrorCode::unavailable;
  }
}

struct Sink {
  Bytes bytes;
  std::uint64_t bytes_max = 0;
  bool is_over = false;
};
std::size_t take(char* data, std::size_t one, std::size_t count, void* user) {
  auto& sink = *static_cast<Sink*>(user);
  const std::size_t size = one * count;
  if (sink.bytes.size() + size > sink.bytes_max) {
    sink.is_over = true;
    return 0;
  }
  const auto* const octets = reinterpret_cast<const std::uint8_t*>(data);
  sink.bytes.insert(sink.bytes.end(), octets, octets + size);
  return size;
}

struct Source {
  ByteView bytes;
  std::size_t at = 0;
};
std::size_t give(char* to, std::size_t one, std::size_t count, void* user) {
  auto& source = *static_cast<Source*>(user);
  const std::size_t size = std::min(one * count, source.bytes.size() - source.at);
  std::copy_n(source.bytes.begin() + static_cast<std::ptrdiff_t>(source.at), size, to);
  source.at += size;
  return size;
}

/// Commands of SFTP before or after a transfer.
class Commands {
 public:
  Commands() = default;
  Commands(const Commands&) = delete;
  Commands& operator=(const Commands&) = delete;
  ~Commands() { curl_slist_free_all(list_); }
  void add(const std::string& command) { list_ = curl_slist_append(list_, command.c_str()); }
  [[nodiscard]] curl_slist* list() const noexcept { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

struct Transfer {
  std::string path;
  Sink* into = nullptr;
  Source* from = nullptr;
  const Commands* before = nullptr;
  const Commands* after = nullptr;
};

bool start_curl() {
  static const bool started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return started;
}

}  // namespace

struct SftpPlace::State {
  explicit State(SftpOptions given)
      : options(std::move(given)),
        name(fmt::format("sftp://{}@{}:{}{}", options.user, options.host, options.port, options.directory)),
        curl(curl_easy_init()) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { curl_easy_cleanup(curl); }

  void set_connection() const;
  [[nodiscard]] CURLcode once(const Transfer& transfer, bool fresh, std::string& told);
  [[nodiscard]] Result<void> perform(const Transfer& transfer);
  [[nodiscard]] Result<std::vector<PlaceEntry>> entries(const std::string& folder);
  [[nodiscard]] Result<void> erase(const std::string& path);
  [[nodiscard]] std::string path(const std::string& below) const { return options.directory + "/" + below; }

  const SftpOptions options;
  const std::string name;
  CURL* const curl;
};

void SftpPlace::State::set_connection() const {
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "sftp");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERNAME, options.user.c_str());
  curl_easy_setopt(curl, CURLOPT_SSH_AUTH_TYPES, static_cast<long>(CURLSSH_AUTH_PUBLICKEY));
  curl_easy_setopt(curl, CURLOPT_SSH_PRIVATE_KEYFILE, options.key_file.c_str());
  curl_easy_setopt(curl, CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256,
                   options.host_key_sha256.c_str() + fingerprint_start.size());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>((options.stall_timeout_ms + 999) / 1'000));
}

CURLcode SftpPlace::State::once(const Transfer& transfer, bool fresh, std::string& told) {
  std::array<char, CURL_ERROR_SIZE> message{};
  curl_easy_reset(curl);  // keeps the connection
  set_connection();
  const std::string url = fmt::format("sftp://{}:{}{}", options.host, options.port, transfer.path);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  if (transfer.before != nullptr) curl_easy_setopt(curl, CURLOPT_QUOTE, transfer.before->list());
  if (transfer.after != nullptr) curl_easy_setopt(curl, CURLOPT_POSTQUOTE, transfer.after->list());
  if (transfer.from != nullptr) {
    transfer.from->at = 0;
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, transfer.from);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(transfer.from->bytes.size()));
  } else if (transfer.into != nullptr) {
    transfer.into->bytes.clear();
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer.into);
  } else {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  }
  const CURLcode code = curl_easy_perform(curl);
  told = message[0] != '\0' ? message.data() : curl_easy_strerror(code);
  return code;
}

Result<void> SftpPlace::State::perform(const Transfer& transfer) {
  std::string told;
  CURLcode code = once(transfer, false, told);
  // A connection that was kept may have been ended by the server meanwhile.
  if (code == CURLE_SSH || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) code = once(transfer, true, told);
  if (code == CURLE_OK) return {};
  if (transfer.into != nullptr && transfer.into->is_over)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("{} is larger than {} octets", transfer.path, transfer.into->bytes_max));
  return fail(code_of(code), fmt::format("{}: {}: {}", name, transfer.path, told));
}

Result<std::vector<PlaceEntry>> SftpPlace::State::entries(const std::string& folder) {
  Sink sink;
  sink.bytes_max = listing_bytes_max;
  const auto done = perform({.path = path(folder) + "/", .into = &sink});
  if (!done && done.error().code == ErrorCode::not_found) {
    // Only a missing folder is as good as an empty one.
    const auto root = perform({.path = options.directory + "/", .into = &sink});
    if (root) return std::vector<PlaceEntry>{};
    if (root.error().code != ErrorCode::not_found) return std::unexpected(root.error());
    return fail(ErrorCode::unavailable, fmt::format("{}: there is no such directory", name));
  }
  if (!done) return std::unexpected(done.error());
  return parse_sftp_listing(as_text(sink.bytes));
}

Result<void> SftpPlace::State::erase(const std::string& path) {
  Commands commands;
  commands.add("rm " + path);
  return perform({.path = options.directory + "/", .before = &commands});
}

Result<std::unique_ptr<SftpPlace>> SftpPlace::open(Disk& disk, SftpOptions options) {
  DUHENG_CHECK(check_options(options));
  DUHENG_CHECK(check_key_file(disk, options.key_file));
  if (!start_curl()) return fail(ErrorCode::internal, "libcurl cannot be used");
  auto state = std::make_unique<State>(std::move(options));
  if (state->curl == nullptr) return fail(ErrorCode::internal, "libcurl cannot be used");
  return std::unique_ptr<SftpPlace>(new SftpPlace(std::move(state)));
}

SftpPlace::SftpPlace(std::unique_ptr<State> state) : state_(std::move(state)) {}
SftpPlace::~SftpPlace() = default;
const std::string& SftpPlace::name() const noexcept { return state_->name; }

Result<void> SftpPlace::put(const std::string& name, ByteView bytes) {
  if (!is_place_name(name)) return no_name(name);
  const std::string path = state_->path(name);
  const std::string part = path + std::string(unfinished_end);
  Commands before;
  before.add("*mkdir " + state_->path(name.substr(0, name.find('/'))));
  before.add("*rm " + part);  // of a call that was cut off, whoever it belonged to
  Commands after;
  // SFTP's own renaming does not replace.
  after.add("*rm " + path);
  after.add(fmt::format("rename {} {}", part, path));
  Source source{bytes};
  auto done = state_->perform({.path = part, .from = &source, .before = &before, .after = &after});
  if (!done && done.error().code == ErrorCode::not_found)
    return fail(ErrorCode::unavailable, done.error().message + " (is the directory there?)");
  return done;
}

Result<Bytes> SftpPlace::get(const std::string& name, std::uint64_t bytes_max) {
  if (!is_place_name(name)) return no_name(name);
  Sink sink;
  sink.bytes_max = bytes_max;
  DUHENG_CHECK(state_->perform({.path = state_->path(name), .into = &sink}));
  return std::move(sink.bytes);
}

Result<std::vector<PlaceEntry>> SftpPlace::list(const std::string& folder) {
  if (!is_place_folder(folder)) return no_name(folder);
  DUHENG_TRY(auto found, state_->entries(folder));
  std::erase_if(found, [&](const PlaceEntry& entry) { return !is_place_name(folder + "/" + entry.name); });
  return found;
}

Result<void> SftpPlace::remove(const std::string& name) {
  if (!is_place_name(name)) return no_name(name);
  const auto removed = state_->erase(state_->path(name));
  if (removed || removed.error().code != ErrorCode::storage_failed) return removed;
  const std::size_t slash = name.find('/');
  DUHENG_TRY(const auto left, state_->entries(name.substr(0, slash)));
  const bool is_there = std::ranges::find(left, name.substr(slash + 1), &PlaceEntry::name) != left.end();
  if (is_there) return removed;
  return {};
}

Result<void> SftpPlace::sweep(const std::string& folder) {
  if (!is_place_folder(folder)) return no_name(folder);
  DUHENG_TRY(const auto found, state_->entries(folder));
  for (const PlaceEntry& entry : found)
    if (entry.name.ends_with(unfinished_end)) DUHENG_CHECK(state_->erase(state_->path(folder + "/" + entry.name)));
  return {};
}

}  // namespace duheng::store
