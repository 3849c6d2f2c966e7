#pragma once
// Private to http_server.cpp: brings RESTinio and Asio in.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <restinio/all.hpp>
#include <restinio/tls.hpp>

#include "platform/web/http_server.hpp"

namespace duheng::platform::web::server {

namespace asio_ns = restinio::asio_ns;

/// What all connections of one server share.
struct ServerState {
  HttpLimits limits;
  HttpHandler* handler = nullptr;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> websockets{0};
  std::atomic<std::size_t> answers_under_way{0};
  std::atomic<std::size_t> large_request_octets{0};
};
using ServerStatePtr = std::shared_ptr<ServerState>;

/// Counts one thing for as long as it lives.
class Ticket {
 public:
  Ticket(ServerStatePtr state, std::atomic<std::size_t> ServerState::* counter)
      : state_(std::move(state)), counter_(counter), number_((*state_.*counter_).fetch_add(1) + 1) {}
  ~Ticket() { (*state_.*counter_).fetch_sub(1); }
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  /// How many there were with this one.
  [[nodiscard]] std::size_t number() const noexcept { return number_; }

 private:
  ServerStatePtr state_;
  std::atomic<std::size_t> ServerState::* counter_;
  std::size_t number_;
};

/// A large request's part of what all of them may make the server hold.
class LargeRequest {
 public:
  static constexpr std::size_t free_octets = 128U << 10;

  explicit LargeRequest(ServerStatePtr state) : state_(std::move(state)) {}
  ~LargeRequest() { state_->large_request_octets.fetch_sub(held_); }
  LargeRequest(const LargeRequest&) = delete;
  LargeRequest& operator=(const LargeRequest&) = delete;
  /// Makes room for a request of so many octets. False: the others leave none.
  [[nodiscard]] bool grow_to(std::size_t octets) noexcept {
    const std::size_t more = octets - free_octets - held_;
    held_ += more;
    return state_->large_request_octets.fetch_add(more) + more <= state_->limits.large_requests_bytes_max;
  }

 private:
  ServerStatePtr state_;
  std::size_t held_ = 0;
};

/// Why RESTinio is about to close a connection. RESTinio tells its logger and closes the socket right after, on the
/// same thread; between the two the reason waits here.
enum class Trouble : std::uint8_t {
  none,
  malformed,
  target_too_large,
  header_too_large,
  body_too_large,
  handshake,
  network
};
inline Trouble& trouble_of_this_thread() noexcept {
  thread_local Trouble trouble = Trouble::none;
  return trouble;
}

/// RESTinio's logger: keeps the reasons of closing apart. It writes no log lines itself, because what a client sends
/// must not fill the log; refusals are counted instead.
class ReasonKeeper {
 public:
  template <class Builder>
  void trace(Builder&&) const noexcept {}
  template <class Builder>
  void info(Builder&&) const noexcept {}
  template <class Builder>
  void warn(Builder&&) const noexcept {}
  template <class Builder>
  void error(Builder&& builder) const {
    const std::string text = builder();
    const auto says = [&](std::string_view part) { return text.find(part) != std::string::npos; };
    Trouble& trouble = trouble_of_this_thread();
    if (says("parser error")) {
      trouble = says("HPE_CB_url")                                       ? Trouble::target_too_large
                : says("HPE_CB_header_") || says("HPE_HEADER_OVERFLOW")  ? Trouble::header_too_large
                : says("HPE_CB_headers_complete") || says("HPE_CB_body") ? Trouble::body_too_large
                                                                         : Trouble::malformed;
    } else if (says("prepare connection error")) {
      trouble = Trouble::handshake;
    } else if (says("read socket error") || says("unable to write")) {
      trouble = Trouble::network;
    }
  }
};

struct Refusal {
  std::string_view counted_as;
  int status = 0;
  std::string_view message;
};
[[nodiscard]] inline Refusal refusal_for(Trouble trouble) noexcept {
  switch (trouble) {
    case Trouble::malformed:
      return {"malformed", 400, "the request is not HTTP/1.1"};
    case Trouble::target_too_large:
      return {"target_too_large", 414, "the address is too long"};
    case Trouble::header_too_large:
      return {"header_too_large", 431, "the header is too large"};
    case Trouble::body_too_large:
      return {"body_too_large", 413, "the body is larger than the limit"};
    case Trouble::none:
      return {"request_timeout", 408, "the request did not come in time"};
    default:
      return {};
  }
}

/// The socket RESTinio works with: its own TLS or plain one, plus what RESTinio 0.6 leaves out: a bound on the number
/// of connections that cannot leak, a time-out for the TLS handshake, and an answer (400, 408, 413, 414, 431) for
/// requests that never become whole, where RESTinio closes without a word.
template <class Base>
class GuardedSocket : public Base {
 public:
  static constexpr bool is_tls = std::is_same_v<Base, restinio::impl::tls_socket_t>;

  template <class... Args>
  explicit GuardedSocket(ServerStatePtr state, Args&&... args)
      : Base(std::forward<Args>(args)...), state_(std::move(state)) {}
  GuardedSocket(GuardedSocket&&) = default;
  GuardedSocket& operator=(GuardedSocket&&) = default;

  [[nodiscard]] const ServerStatePtr& state() const noexcept { return state_; }
  /// False when there are too many connections already.
  [[nodiscard]] bool admit() {
    ticket_ = std::make_unique<Ticket>(state_, &ServerState::connections);
    return ticket_->number() <= state_->limits.connections_max;
  }

  template <class Buffers, class Completion>
  void async_read_some(const Buffers& buffers, Completion&& completion) {
    auto executor = asio_ns::get_associated_executor(completion, this->get_executor());
    Base::async_read_some(
        buffers, asio_ns::bind_executor(executor, [this, done = std::forward<Completion>(completion)](
                                                      const asio_ns::error_code& code, std::size_t octets) mutable {
          octets_unanswered_ += octets;
          if (has_room()) return done(code, octets);
          answer_last({"large_requests", 503, "too many large requests at once; try again"});
          done(asio_ns::error_code{asio_ns::error::no_buffer_space}, 0);
        }));
  }
  template <class Buffers, class Completion>
  void async_write_some(const Buffers& buffers, Completion&& completion) {
    octets_unanswered_ = 0;
    large_request_.reset();
    Base::async_write_some(buffers, std::forward<Completion>(completion));
  }
  template <class... Args>
  void shutdown(Args&&... args) {
    answer_before_closing();
    Base::shutdown(std::forward<Args>(args)...);
  }
  /// Ends the connection at once, without a last answer.
  void abort() noexcept {
    asio_ns::error_code ignored;
    this->lowest_layer().shutdown(asio_ns::ip::tcp::socket::shutdown_both, ignored);
    this->lowest_layer().close(ignored);
  }

 private:
  /// Whether what has come in of this request may be held.
  bool has_room() {
    if (octets_unanswered_ <= LargeRequest::free_octets) return true;
    if (!large_request_) large_request_ = std::make_unique<LargeRequest>(state_);
    return large_request_->grow_to(octets_unanswered_);
  }

  void answer_before_closing() noexcept {
    const Trouble trouble = std::exchange(trouble_of_this_thread(), Trouble::none);
    if (trouble == Trouble::handshake) return state_->handler->refused("handshake_failed");
    if (trouble == Trouble::network || octets_unanswered_ == 0) return;
    answer_last(refusal_for(trouble));
  }

  /// An answer right before the connection ends.
  void answer_last(const Refusal& refusal) noexcept {
    if (refusal.status == 0) return;
    state_->handler->refused(refusal.counted_as);
    octets_unanswered_ = 0;
    try {
      const std::string body =
          fmt::format(R"({{"code":"{}","message":"{}","request_id":"none"}})", refusal.counted_as, refusal.message);
      const std::string text = fmt::format(
          "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
          "X-Content-Type-Options: nosniff\r\nContent-Length: {}\r\n\r\n{}",
          refusal.status, reason_phrase(refusal.status), body.size(), body);
      // A few hundred octets into a send buffer that holds nothing else: this does not wait for the client.
      asio_ns::error_code ignored;
      if constexpr (is_tls) {
        this->asio_ssl_stream().write_some(asio_ns::buffer(text), ignored);
      } else {
        this->write_some(asio_ns::buffer(text), ignored);
      }
    } catch (const std::exception&) {
      // The client goes without an answer; the refusal is counted.
    }
  }

  ServerStatePtr state_;
  std::unique_ptr<Ticket> ticket_;
  std::unique_ptr<LargeRequest> large_request_;
  std::size_t octets_unanswered_ = 0;
};

/// Found by argument-dependent lookup in place of RESTinio's own.
template <class Base, class Connection, class StartReading, class Failed>
void prepare_connection_and_start_read(GuardedSocket<Base>& socket, Connection& connection, StartReading start_reading,
                                       Failed failed) {
  if (!socket.admit()) {
    socket.state()->handler->refused("connections");
    socket.abort();
    return;
  }
  if constexpr (!GuardedSocket<Base>::is_tls) {
    start_reading();
  } else {
    auto timer = std::make_shared<asio_ns::steady_timer>(socket.lowest_layer().get_executor());
    timer->expires_after(std::chrono::milliseconds{socket.state()->limits.handshake_timeout_ms});
    timer->async_wait(
        asio_ns::bind_executor(connection.get_executor(),
                               [timer, &socket, held = connection.shared_from_this()](const asio_ns::error_code& code) {
                                 if (code || timer->expiry() == asio_ns::steady_timer::time_point::max()) return;
                                 socket.state()->handler->refused("handshake_timeout");
                                 socket.abort();
                               }));
    socket.async_handshake(
        asio_ns::ssl::stream_base::server,
        asio_ns::bind_executor(connection.get_executor(),
                               [timer, start_reading = std::move(start_reading), failed = std::move(failed),
                                held = connection.shared_from_this()](const asio_ns::error_code& code) mutable {
                                 // The far-away expiry also tells a timer handler that is already queued to do nothing.
                                 timer->expires_at(asio_ns::steady_timer::time_point::max());
                                 if (!code) {
                                   start_reading();
                                 } else if (code != asio_ns::error::operation_aborted) {
                                   failed(code);
                                 }
                               }));
  }
}

}  // namespace duheng::platform::web::server

namespace restinio {

/// RESTinio's customisation point for settings of a socket type.
template <class Settings, class Base>
class socket_type_dependent_settings_t<Settings, duheng::platform::web::server::GuardedSocket<Base>> {
 public:
  void set_state(duheng::platform::web::server::ServerStatePtr state) { state_ = std::move(state); }
  void set_tls_context(std::shared_ptr<asio_ns::ssl::context> context) { context_ = std::move(context); }
  [[nodiscard]] const duheng::platform::web::server::ServerStatePtr& state() const noexcept { return state_; }
  [[nodiscard]] const std::shared_ptr<asio_ns::ssl::context>& tls_context() const noexcept { return context_; }

 protected:
  ~socket_type_dependent_settings_t() = default;

 private:
  duheng::platform::web::server::ServerStatePtr state_;
  std::shared_ptr<asio_ns::ssl::context> context_;
};

namespace impl {

/// RESTinio's customisation point for making sockets to accept into.
template <class Base>
class socket_supplier_t<duheng::platform::web::server::GuardedSocket<Base>> {
  using Socket = duheng::platform::web::server::GuardedSocket<Base>;

 protected:
  template <class Settings>
  socket_supplier_t(Settings& settings, asio_ns::io_context& io_context)
      : state_(settings.state()), context_(settings.tls_context()), io_context_(io_context) {
    sockets_.reserve(settings.concurrent_accepts_count());
    while (sockets_.size() < settings.concurrent_accepts_count()) sockets_.push_back(make());
  }
  virtual ~socket_supplier_t() = default;

  Socket& socket(std::size_t index) { return sockets_.at(index); }
  Socket move_socket(std::size_t index) { return std::exchange(sockets_.at(index), make()); }
  [[nodiscard]] std::size_t concurrent_accept_sockets_count() const noexcept { return sockets_.size(); }

 private:
  Socket make() {
    if constexpr (Socket::is_tls) {
      return Socket{state_, io_context_, context_};
    } else {
      return Socket{state_, io_context_};
    }
  }
  duheng::platform::web::server::ServerStatePtr state_;
  std::shared_ptr<asio_ns::ssl::context> context_;
  asio_ns::io_context& io_context_;
  std::vector<Socket> sockets_;
};

}  // namespace impl
}  // namespace restinio
