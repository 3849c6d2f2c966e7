#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "link/connection.hpp"
#include "link/event_loop_impl.hpp"

namespace duheng::link {
namespace {

using asio::ip::tcp;

/// What a channel's pending operations share with it; the channel clears `owner_alive` when it goes.
struct TcpState : std::enable_shared_from_this<TcpState> {
  explicit TcpState(asio::io_context& io) : context(io), resolver(io), deadline(io) {}
  asio::io_context& context;
  tcp::resolver resolver;
  asio::steady_timer deadline;
  std::shared_ptr<tcp::socket> dialling;
  std::shared_ptr<Connection<tcp::socket>> connection;
  ChannelHandlers handlers;
  std::uint64_t attempt = 0;  // outdates everything that belongs to an earlier open()
  bool opening = false;

  void take(tcp::socket socket) {
    std::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    const std::weak_ptr<TcpState> weak = weak_from_this();
    connection = std::make_shared<Connection<tcp::socket>>(
        std::move(socket),
        [weak](ByteView octets) {
          if (const auto self = weak.lock(); self && self->handlers.octets) {
            const auto handler = self->handlers.octets;  // it may replace itself
            handler(octets);
          }
        },
        [weak](const Error& error) {
          if (const auto self = weak.lock()) self->failed(error);
        });
  }

  void failed(const Error& error) {
    shut();
    if (handlers.closed) {
      const auto handler = handlers.closed;
      handler(error);
    }
  }

  void shut() {
    ++attempt;
    opening = false;
    resolver.cancel();
    deadline.cancel();
    if (dialling) {
      std::error_code ignored;
      dialling->close(ignored);
      dialling.reset();
    }
    if (connection) connection->abandon();
    connection.reset();
  }
};

class TcpChannel final : public Channel {
 public:
  TcpChannel(asio::io_context& context, TcpEndpoint endpoint)
      : state_(std::make_shared<TcpState>(context)),
        endpoint_(std::move(endpoint)),
        name_(fmt::format("tcp {}:{}", endpoint_.host, endpoint_.port)) {}
  TcpChannel(asio::io_context& context, tcp::socket accepted) : state_(std::make_shared<TcpState>(context)) {
    std::error_code error;
    const auto peer = accepted.remote_endpoint(error);
    name_ = error ? "tcp (gone)" : fmt::format("tcp {}:{}", peer.address().to_string(), peer.port());
    state_->take(std::move(accepted));
  }
  ~TcpChannel() override {
    state_->handlers = {};
    state_->shut();
  }

  void set_handlers(ChannelHandlers handlers) override {
    state_->handlers = std::move(handlers);
    if (accepted_reading_ || !state_->connection || !endpoint_.host.empty()) return;
    accepted_reading_ = true;  // an accepted connection reads only once somebody listens
    state_->connection->read();
  }

  void open() override {
    if (state_->opening || state_->connection || endpoint_.host.empty()) return;
    state_->opening = true;
    const std::uint64_t attempt = ++state_->attempt;
    state_->deadline.expires_after(std::chrono::milliseconds(endpoint_.connect_timeout_ms));
    state_->deadline.async_wait(
        [state = state_, attempt, timeout_ms = endpoint_.connect_timeout_ms](const std::error_code& error) {
          if (error || attempt != state->attempt) return;
          state->failed({ErrorCode::timed_out, fmt::format("no connection within {} ms", timeout_ms)});
        });
    state_->resolver.async_resolve(
        endpoint_.host, std::to_string(endpoint_.port), tcp::resolver::numeric_service,
        [state = state_, attempt](const std::error_code& error, const tcp::resolver::results_type& found) {
          if (attempt != state->attempt) return;
          if (error) return state->failed({ErrorCode::unavailable, error.message()});
          dial(state, attempt, found);
        });
  }

  void close() override { state_->shut(); }
  void close_when_written() override {
    if (state_->connection) state_->connection->finish();
  }
  bool is_open() const override { return state_->connection != nullptr; }
  Result<void> write(ByteView octets) override {
    if (!state_->connection) return fail(ErrorCode::unavailable, name_ + " is not open");
    return state_->connection->write(octets);
  }
  std::string name() const override { return name_; }

 private:
  static void dial(const std::shared_ptr<TcpState>& state, std::uint64_t attempt,
                   const tcp::resolver::results_type& found) {
    state->dialling = std::make_shared<tcp::socket>(state->context);
    asio::async_connect(*state->dialling, found,
                        [state, attempt, socket = state->dialling](const std::error_code& error, const tcp::endpoint&) {
                          if (attempt != state->attempt) return;
                          if (error) return state->failed({ErrorCode::unavailable, error.message()});
                          connected(state, *socket);
                        });
  }

  static void connected(const std::shared_ptr<TcpState>& state, tcp::socket& socket) {
    std::error_code error;
    const auto local = socket.local_endpoint(error);
    const auto remote = socket.remote_endpoint(error);
    // While a loopback server is away, a client's own port can be the one it dials: TCP then joins the socket to
    // itself, and the server could never have its port back.
    if (error || local == remote) return state->failed({ErrorCode::unavailable, "nobody serves this port"});
    state->deadline.cancel();
    state->opening = false;
    state->take(std::move(socket));
    state->dialling.reset();
    state->connection->read();
    if (state->handlers.opened) {
      const auto handler = state->handlers.opened;
      handler();
    }
  }

  std::shared_ptr<TcpState> state_;
  TcpEndpoint endpoint_;  // empty host: accepted, cannot be opened again
  std::string name_;
  bool accepted_reading_ = false;
};

class TcpListener final : public Listener {
 public:
  TcpListener(tcp::acceptor acceptor, asio::io_context& context, std::function<void(std::unique_ptr<Channel>)> accepted)
      : state_(std::make_shared<State>(
            State{std::move(acceptor), context, asio::steady_timer(context), std::move(accepted)})) {
    accept(state_);
  }
  ~TcpListener() override {
    state_->accepted = nullptr;
    std::error_code ignored;
    state_->acceptor.close(ignored);
    state_->pause.cancel();
  }
  std::uint16_t port() const override {
    std::error_code error;
    return state_->acceptor.local_endpoint(error).port();
  }

 private:
  struct State {
    tcp::acceptor acceptor;
    asio::io_context& context;
    asio::steady_timer pause;
    std::function<void(std::unique_ptr<Channel>)> accepted;
  };

  static void accept(const std::shared_ptr<State>& state) {
    state->acceptor.async_accept([state](const std::error_code& error, tcp::socket socket) {
      if (!state->accepted) return;
      if (!error) state->accepted(std::make_unique<TcpChannel>(state->context, std::move(socket)));
      if (!state->accepted) return;
      if (!error) return accept(state);
      // Out of descriptors or memory: without a pause the loop would spin on the same refusal.
      state->pause.expires_after(std::chrono::milliseconds(100));
      state->pause.async_wait([state](const std::error_code& cancelled) {
        if (!cancelled && state->accepted) accept(state);
      });
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace

std::unique_ptr<Channel> make_tcp_client(EventLoop& loop, const TcpEndpoint& endpoint) {
  return std::make_unique<TcpChannel>(loop.impl().context, endpoint);
}

Result<std::unique_ptr<Listener>> listen_tcp(EventLoop& loop, const std::string& address, std::uint16_t port,
                                             std::function<void(std::unique_ptr<Channel>)> accepted) {
  auto& context = loop.impl().context;
  std::error_code error;
  const auto host = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not an IP address", address));
  const tcp::endpoint endpoint(host, port);
  tcp::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(ErrorCode::unavailable, fmt::format("cannot listen on {}:{}: {}", address, port, error.message()));
  return std::make_unique<TcpListener>(std::move(acceptor), context, std::move(accepted));
}

}  // namespace duheng::link
