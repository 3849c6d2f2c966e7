#include "platform/web/http_server.hpp"

#include <fmt/format.h>
#include <future>
#include <mutex>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "platform/web/guarded_socket.hpp"
#include "platform/web/websocket_connection.hpp"
#include "platform/web/worker_pool.hpp"

namespace duheng::platform::web {
namespace {

using namespace server;

template <class Base>
struct Traits : restinio::traits_t<restinio::asio_timer_manager_t, ReasonKeeper, restinio::default_request_handler_t,
                                   restinio::default_strand_t, GuardedSocket<Base>> {};

Method to_method(const restinio::http_method_id_t& method) noexcept {
  if (method == restinio::http_method_get()) return Method::get;
  if (method == restinio::http_method_head()) return Method::head;
  if (method == restinio::http_method_post()) return Method::post;
  if (method == restinio::http_method_put()) return Method::put;
  if (method == restinio::http_method_patch()) return Method::patch;
  if (method == restinio::http_method_delete()) return Method::remove;
  if (method == restinio::http_method_options()) return Method::options;
  return Method::other;
}

HttpRequest to_request(const restinio::request_t& request, bool secure) {
  HttpRequest out;
  out.method = to_method(request.header().method());
  out.target = std::string{request.header().request_target()};
  request.header().for_each_field(
      [&](const auto& field) { out.headers.push_back({std::string{field.name()}, std::string{field.value()}}); });
  out.body = request.body();
  out.remote_address = request.remote_endpoint().address().to_string();
  out.secure = secure;
  return out;
}

/// Header fields come from our own code, never from a client; a line break in one would be our own fault.
std::string head_of(const HttpResponse& response, bool close) {
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nConnection: {}\r\n", response.status, reason_phrase(response.status),
                                close ? "close" : "keep-alive");
  for (const HttpHeader& header : response.headers) {
    if (header.value.find_first_of("\r\n") != std::string::npos) continue;
    out += fmt::format("{}: {}\r\n", header.name, header.value);
  }
  if (!response.content_type.empty()) out += fmt::format("Content-Type: {}\r\n", response.content_type);
  // RFC 9110, 8.6: no Content-Length with 204; with 304 it would have to be that of the full answer.
  if (response.status != 204 && response.status != 304)
    out += fmt::format("Content-Length: {}\r\n", response.body_bytes());
  return out + "\r\n";
}

Result<std::shared_ptr<asio_ns::ssl::context>> make_tls_context(const HttpServerOptions& options) {
  try {
    auto context = std::make_shared<asio_ns::ssl::context>(asio_ns::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>("duheng"), 6);
    // TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
    if (SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
      return fail(ErrorCode::internal, "OpenSSL has none of the cipher suites wanted");
    }
    SSL_CTX_set_alpn_select_cb(
        native,
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned in_size, void*) {
          static constexpr unsigned char http11[] = "\x08http/1.1";
          unsigned char* chosen = nullptr;
          if (SSL_select_next_proto(&chosen, size, http11, sizeof(http11) - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
            return SSL_TLSEXT_ERR_NOACK;
          }
          *out = chosen;
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    context->use_certificate_chain(asio_ns::buffer(options.certificate_chain_pem));
    context->use_private_key(asio_ns::buffer(options.private_key_pem), asio_ns::ssl::context::pem);
    if (SSL_CTX_check_private_key(native) != 1) {
      ERR_clear_error();
      return fail(ErrorCode::invalid_argument, "the private key does not belong to the certificate");
    }
    return context;
  } catch (const std::exception& e) {
    return fail(ErrorCode::invalid_argument, fmt::format("the certificate or key cannot be used: {}", e.what()));
  }
}

template <class Base>
class RestinioServer final : public HttpServer {
 public:
  using ServerTraits = Traits<Base>;
  using Connection = restinio::impl::connection_t<ServerTraits>;
  using UpgradeKeep = decltype(std::declval<typename Connection::upgrade_internals_t>().m_settings);
  using WebSocket = WebSocketConnection<GuardedSocket<Base>, UpgradeKeep>;

  RestinioServer(HttpHandler& handler, const HttpLimits& limits) {
    state_->handler = &handler;
    state_->limits = limits;
  }
  ~RestinioServer() override { RestinioServer::stop(0); }

  Result<void> open(const HttpServerOptions& options, std::shared_ptr<asio_ns::ssl::context> tls_context) {
    const HttpLimits& limits = state_->limits;
    restinio::server_settings_t<ServerTraits> settings;
    settings.set_state(state_);
    settings.set_tls_context(std::move(tls_context));
    try {
      const auto address = asio_ns::ip::make_address(options.address);
      settings.protocol(address.is_v6() ? asio_ns::ip::tcp::v6() : asio_ns::ip::tcp::v4());
      settings.address(address);
    } catch (const std::exception&) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("\"{}\" is not an IP address to listen on", options.address));
    }
    using std::chrono::milliseconds;
    settings.port(options.port)
        .buffer_size(8'192)
        .read_next_http_message_timelimit(milliseconds{limits.request_timeout_ms})
        .handle_request_timeout(milliseconds{limits.answer_timeout_ms})
        .write_http_response_timelimit(milliseconds{limits.write_timeout_ms})
        .max_pipelined_requests(1)
        .concurrent_accepts_count(options.io_threads)
        .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                      .max_url_size(limits.target_bytes_max)
                                      .max_field_count(limits.header_count_max)
                                      .max_field_name_size(limits.header_bytes_max)
                                      .max_field_value_size(limits.header_bytes_max + 1)
                                      .max_body_size(limits.body_bytes_max))
        .socket_options_setter(
            [](auto& socket_options) { socket_options.set_option(asio_ns::ip::tcp::no_delay{true}); })
        .acceptor_post_bind_hook([this](auto& acceptor) { port_ = acceptor.local_endpoint().port(); })
        .request_handler([this](const restinio::request_handle_t& request) { return take(request); });
    const auto check_ms = std::clamp<std::int64_t>(limits.request_timeout_ms / 4, 10, 1'000);
    settings.timer_manager(milliseconds{check_ms});
    try {
      server_ = std::make_unique<restinio::http_server_t<ServerTraits>>(restinio::external_io_context(*io_),
                                                                        std::move(settings));
      server_->open_sync();
    } catch (const std::system_error& e) {
      const bool taken = e.code() == asio_ns::error::address_in_use;
      return fail(taken ? ErrorCode::already_exists : ErrorCode::storage_failed,
                  fmt::format("cannot listen on {} port {}: {}", options.address, options.port, e.code().message()));
    } catch (const std::exception& e) {
      return fail(ErrorCode::storage_failed,
                  fmt::format("cannot listen on {} port {}: {}", options.address, options.port, e.what()));
    }
    for (std::size_t i = 0; i < options.io_threads; ++i) threads_.emplace_back([this] { run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }
  [[nodiscard]] std::size_t connections() const noexcept override { return state_->connections.load(); }
  [[nodiscard]] std::size_t websockets() const noexcept override { return state_->websockets.load(); }

  void stop_accepting() override {
    std::lock_guard lock{stop_mutex_};
    if (accepting_ && !threads_.empty()) {
      std::promise<void> closed;
      asio_ns::post(*io_, [&] {
        try {
          server_->close_sync();
        } catch (const std::exception& e) {
          log::warning("web", "closing the listener failed", {{"error", e.what()}});
        }
        closed.set_value();
      });
      closed.get_future().wait();
    }
    accepting_ = false;
  }

  void stop(std::int64_t drain_ms) override {
    stop_accepting();
    std::lock_guard lock{stop_mutex_};
    if (threads_.empty()) return;
    for (const auto& weak : take_websockets()) {
      if (const auto websocket = weak.lock())
        websocket->close(websocket::close_code::going_away, "the platform is stopping");
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{drain_ms};
    while (std::chrono::steady_clock::now() < deadline &&
           (state_->answers_under_way.load() > 0 || state_->websockets.load() > 0)) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    work_.reset();
    io_->stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    if (body_readers_) body_readers_->stop();
    server_.reset();
    io_.reset();  // destroys what was pending, connections included
  }

 private:
  void run() {
    while (true) {
      try {
        io_->run();
        return;
      } catch (const std::exception& e) {
        log::error("web", "an I/O handler failed", {{"error", e.what()}});
      }
    }
  }

  restinio::request_handling_status_t take(const restinio::request_handle_t& request) {
    struct Answer {
      Answer(restinio::request_handle_t of, ServerStatePtr state)
          : request(std::move(of)), ticket(std::move(state), &ServerState::answers_under_way) {}
      restinio::request_handle_t request;
      std::atomic<bool> given{false};
      Ticket ticket;
    };
    auto answer = std::make_shared<Answer>(request, state_);
    state_->handler->handle(to_request(*request, GuardedSocket<Base>::is_tls), [this, answer](HttpResponse response) {
      if (answer->given.exchange(true)) return;
      // Never from within the handler: RESTinio would take the next pipelined request there and once more after
      // writing.
      asio_ns::post(*io_, [this, answer, response = std::move(response)]() mutable {
        try {
          send(*answer->request, std::move(response), answer);
        } catch (const std::exception& e) {
          log::error("web", "cannot send an answer", {{"error", e.what()}});
        }
      });
    });
    return restinio::request_accepted();
  }

  void send(restinio::request_t& request, HttpResponse response, std::shared_ptr<void> until_written) {
    const bool upgrade_asked = request.header().connection() == restinio::http_connection_header_t::upgrade;
    if (response.websocket && upgrade_asked) return upgrade(request, std::move(response));
    // RESTinio cannot go on with HTTP after a refused upgrade.
    const bool close = response.close_connection || upgrade_asked || !request.header().should_keep_alive();
    restinio::writable_items_container_t items;
    items.emplace_back(head_of(response, close));
    const bool with_body = request.header().method() != restinio::http_method_head() && response.status != 304;
    if (with_body && response.streamed_body) {
      return begin_stream(request, std::move(items), std::move(response.streamed_body), close,
                          std::move(until_written));
    }
    if (with_body && response.shared_body && !response.shared_body->empty()) {
      items.emplace_back(std::move(response.shared_body));
    } else if (with_body && !response.shared_body && !response.body.empty()) {
      items.emplace_back(std::move(response.body));
    }
    restinio::write_group_t group{std::move(items)};
    group.after_write_notificator([until_written = std::move(until_written)](const auto&) {});
    const auto connection = std::move(restinio::impl::access_req_connection(request));
    if (!connection) return;
    connection->write_response_parts(
        request.request_id(),
        restinio::response_output_flags_t{restinio::response_parts_attr_t::final_parts,
                                          close ? restinio::response_connection_attr_t::connection_close
                                                : restinio::response_connection_attr_t::connection_keepalive},
        std::move(group));
  }

  /// A body on its way out, part by part: the next is read when the network has taken the one before.
  struct Stream {
    std::shared_ptr<restinio::impl::connection_base_t> connection;
    restinio::request_id_t request_id;
    std::shared_ptr<BodySource> source;
    std::uint64_t octets_left = 0;
    bool close = false;
    std::shared_ptr<void> until_written;
  };
  using StreamPtr = std::shared_ptr<Stream>;

  void begin_stream(restinio::request_t& request, restinio::writable_items_container_t head,
                    std::shared_ptr<BodySource> source, bool close, std::shared_ptr<void> until_written) {
    auto connection = std::move(restinio::impl::access_req_connection(request));
    if (!connection) return;
    const std::uint64_t size = source->size_bytes();
    write_part(std::make_shared<Stream>(Stream{std::move(connection), request.request_id(), std::move(source), size,
                                               close, std::move(until_written)}),
               std::move(head));
  }

  void write_part(const StreamPtr& stream, restinio::writable_items_container_t items) {
    const bool last = stream->octets_left == 0;
    restinio::write_group_t group{std::move(items)};
    group.after_write_notificator([this, stream, last](const auto& error) {
      if (!error && !last) read_part(stream);
    });
    stream->connection->write_response_parts(
        stream->request_id,
        restinio::response_output_flags_t{
            last ? restinio::response_parts_attr_t::final_parts : restinio::response_parts_attr_t::not_final_parts,
            stream->close ? restinio::response_connection_attr_t::connection_close
                          : restinio::response_connection_attr_t::connection_keepalive},
        std::move(group));
  }

  void read_part(const StreamPtr& stream) {
    const bool submitted = body_readers().submit([this, stream] {
      auto part = std::make_shared<Result<std::string>>(stream->source->next());
      asio_ns::post(*io_, [this, stream, part] { take_part(stream, std::move(*part)); });
    });
    if (!submitted) asio_ns::post(*io_, [this, stream] { cut(stream); });
  }

  void take_part(const StreamPtr& stream, Result<std::string> part) {
    if (!part || part->empty() || part->size() > stream->octets_left) {
      log::error("web", "a body ended before its end",
                 {{"octets_left", stream->octets_left}, {"error", part ? "wrong size" : part.error().message}});
      return cut(stream);
    }
    stream->octets_left -= part->size();
    restinio::writable_items_container_t items;
    items.emplace_back(std::move(*part));
    write_part(stream, std::move(items));
  }

  /// The client sees fewer octets than it was told and knows that they are not the whole.
  void cut(const StreamPtr& stream) {
    stream->octets_left = 0;
    stream->close = true;
    write_part(stream, {});
  }

  /// Made when a body is streamed for the first time.
  WorkerPool& body_readers() {
    const std::lock_guard lock{body_readers_mutex_};
    if (!body_readers_) body_readers_ = std::make_unique<WorkerPool>(1, state_->limits.connections_max);
    return *body_readers_;
  }

  void upgrade(restinio::request_t& request, HttpResponse response) {
    const auto connection = std::move(restinio::impl::access_req_connection(request));
    if (!connection) return;
    auto internals = dynamic_cast<Connection&>(*connection).move_upgrade_internals();
    auto websocket = std::make_shared<WebSocket>(std::move(internals.m_socket), std::move(internals.m_settings),
                                                 std::move(response.websocket));
    {
      std::lock_guard lock{websockets_mutex_};
      std::erase_if(websockets_, [](const auto& weak) { return weak.expired(); });
      websockets_.push_back(websocket);
    }
    const auto key = request.header().get_field_or(restinio::http_field::sec_websocket_key, std::string{});
    websocket->start(
        fmt::format("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Accept: {}\r\n\r\n",
                    websocket::accept_value(key)));
  }

  std::vector<std::weak_ptr<StoppableWebSocket>> take_websockets() {
    std::lock_guard lock{websockets_mutex_};
    return std::exchange(websockets_, {});
  }

  ServerStatePtr state_ = std::make_shared<ServerState>();
  std::unique_ptr<asio_ns::io_context> io_ = std::make_unique<asio_ns::io_context>();
  std::optional<asio_ns::executor_work_guard<asio_ns::io_context::executor_type>> work_{io_->get_executor()};
  std::unique_ptr<restinio::http_server_t<ServerTraits>> server_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint16_t> port_{0};
  std::mutex stop_mutex_;
  bool accepting_ = true;
  std::mutex websockets_mutex_;
  std::vector<std::weak_ptr<StoppableWebSocket>> websockets_;
  std::mutex body_readers_mutex_;
  std::unique_ptr<WorkerPool> body_readers_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpServerOptions& options, HttpHandler& handler) {
  if (options.certificate_chain_pem.empty() != options.private_key_pem.empty()) {
    return fail(ErrorCode::invalid_argument, "a certificate and its key belong together");
  }
  if (options.certificate_chain_pem.empty()) {
    auto server = std::make_unique<RestinioServer<asio_ns::ip::tcp::socket>>(handler, options.limits);
    DUHENG_CHECK(server->open(options, nullptr));
    return server;
  }
  DUHENG_TRY(auto context, make_tls_context(options));
  auto server = std::make_unique<RestinioServer<restinio::impl::tls_socket_t>>(handler, options.limits);
  DUHENG_CHECK(server->open(options, std::move(context)));
  return server;
}

}  // namespace duheng::platform::web
