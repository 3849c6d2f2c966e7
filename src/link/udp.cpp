#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <map>

#include <asio/ip/udp.hpp>
#include <asio/post.hpp>

#include "link/channel.hpp"
#include "link/event_loop_impl.hpp"

namespace duheng::link {
namespace {

using asio::ip::udp;

constexpr std::size_t datagram_octets_max = 65'507;

std::string text_of(const udp::endpoint& peer) {
  return fmt::format("udp {}:{}", peer.address().to_string(), peer.port());
}

/// A datagram goes out at once or not at all: the kernel's buffer is the queue.
Result<void> send_datagram(udp::socket& socket, const udp::endpoint& to, ByteView octets) {
  std::error_code error;
  socket.send_to(asio::buffer(octets.data(), octets.size()), to, 0, error);
  if (!error) return {};
  if (error == asio::error::would_block || error == asio::error::no_buffer_space)
    return fail(ErrorCode::limit_exceeded, "the machine's send buffer is full");
  return fail(ErrorCode::unavailable, error.message());
}

class UdpClient final : public Channel {
 public:
  UdpClient(asio::io_context& context, const UdpEndpoint& endpoint)
      : state_(std::make_shared<State>(State{context, udp::resolver(context), udp::socket(context), {}, {}, {}})),
        endpoint_(endpoint),
        name_(fmt::format("udp {}:{}", endpoint.host, endpoint.port)) {}
  ~UdpClient() override {
    state_->handlers = {};
    state_->shut();
  }
  void set_handlers(ChannelHandlers handlers) override { state_->handlers = std::move(handlers); }
  void open() override {
    if (state_->opening || state_->socket.is_open()) return;
    state_->opening = true;
    const std::uint64_t attempt = ++state_->attempt;
    state_->resolver.async_resolve(
        endpoint_.host, std::to_string(endpoint_.port), udp::resolver::numeric_service,
        [state = state_, attempt](const std::error_code& error, const udp::resolver::results_type& found) {
          if (attempt != state->attempt) return;
          if (error) return state->failed({ErrorCode::unavailable, error.message()});
          opened(state, found.begin()->endpoint());
        });
  }
  void close() override { state_->shut(); }
  void close_when_written() override {
    // Nothing is ever queued here; told from the loop, as the interface says.
    asio::post(state_->context, [state = state_, attempt = state_->attempt] {
      if (attempt == state->attempt && state->socket.is_open())
        state->failed({ErrorCode::cancelled, "closed when all was written"});
    });
  }
  [[nodiscard]] bool is_open() const override { return state_->socket.is_open(); }
  Result<void> write(ByteView octets) override {
    if (!state_->socket.is_open()) return fail(ErrorCode::unavailable, name_ + " is not open");
    return send_datagram(state_->socket, state_->peer, octets);
  }
  [[nodiscard]] std::string name() const override { return name_; }

 private:
  struct State {
    asio::io_context& context;
    udp::resolver resolver;
    udp::socket socket;
    udp::endpoint peer;
    ChannelHandlers handlers;
    std::array<std::uint8_t, 2'048> input;  // meters' datagrams are far shorter
    std::uint64_t attempt = 0;
    bool opening = false;

    void shut() {
      ++attempt;
      opening = false;
      resolver.cancel();
      std::error_code ignored;
      socket.close(ignored);
    }
    void failed(const Error& error) {
      shut();
      if (const auto handler = handlers.closed) handler(error);
    }
  };

  static void opened(const std::shared_ptr<State>& state, const udp::endpoint& peer) {
    std::error_code error;
    state->socket.open(peer.protocol(), error);
    // Connected, so that the kernel keeps other senders' datagrams out and tells when nobody listens.
    if (!error) state->socket.connect(peer, error);
    if (!error) state->socket.non_blocking(true, error);
    if (error) return state->failed({ErrorCode::unavailable, error.message()});
    state->peer = peer;
    state->opening = false;
    receive(state, state->attempt);
    if (const auto handler = state->handlers.opened) handler();
  }
  static void receive(const std::shared_ptr<State>& state, std::uint64_t attempt) {
    state->socket.async_receive(asio::buffer(state->input),
                                [state, attempt](const std::error_code& error, std::size_t size) {
                                  if (attempt != state->attempt) return;
                                  if (error) return state->failed({ErrorCode::unavailable, error.message()});
                                  if (const auto handler = state->handlers.octets) handler({state->input.data(), size});
                                  if (attempt == state->attempt) receive(state, attempt);
                                });
  }

  std::shared_ptr<State> state_;
  UdpEndpoint endpoint_;
  std::string name_;
};

/// The socket that all peers of a listener share, and who they are.
struct UdpHub : std::enable_shared_from_this<UdpHub> {
  struct Peer {
    ChannelHandlers handlers;
    std::vector<Bytes> early;  // came before anybody listened
    bool alive = true;
  };
  UdpHub(asio::io_context& io, UdpListenOptions limits) : context(io), socket(io), options(limits) {}

  void receive() {
    socket.async_receive_from(asio::buffer(input), sender,
                              [self = shared_from_this()](const std::error_code& error, std::size_t size) {
                                if (!self->accepted) return;
                                // An earlier datagram's "nobody there" comes back here; it concerns that peer's own
                                // time-outs, not the socket.
                                if (!error) self->take({self->input.data(), size});
                                if (self->accepted) self->receive();
                              });
  }
  void take(ByteView octets);

  asio::io_context& context;
  udp::socket socket;
  UdpListenOptions options;
  std::function<void(std::unique_ptr<Channel>)> accepted;
  std::map<udp::endpoint, std::shared_ptr<Peer>> peers;
  std::array<std::uint8_t, datagram_octets_max> input;
  udp::endpoint sender;
  std::uint64_t refused = 0;
};

class UdpPeerChannel final : public Channel {
 public:
  UdpPeerChannel(std::shared_ptr<UdpHub> hub, udp::endpoint peer, std::shared_ptr<UdpHub::Peer> state)
      : hub_(std::move(hub)), peer_(std::move(peer)), state_(std::move(state)) {}
  ~UdpPeerChannel() override {
    state_->handlers = {};
    close();
  }
  void set_handlers(ChannelHandlers handlers) override {
    state_->handlers = std::move(handlers);
    if (state_->early.empty()) return;
    asio::post(hub_->context, [state = state_] {
      const auto early = std::move(state->early);
      state->early.clear();
      for (const auto& octets : early)
        if (const auto handler = state->handlers.octets; state->alive && handler) handler(octets);
    });
  }
  void open() override {}  // an accepted peer cannot be opened again: it calls in
  void close() override {
    if (!state_->alive) return;
    state_->alive = false;
    hub_->peers.erase(peer_);
  }
  void close_when_written() override {
    asio::post(hub_->context, [hub = hub_, peer = peer_, state = state_] {
      if (!state->alive) return;
      state->alive = false;
      hub->peers.erase(peer);
      if (const auto handler = state->handlers.closed) handler({ErrorCode::cancelled, "closed when all was written"});
    });
  }
  [[nodiscard]] bool is_open() const override { return state_->alive; }
  Result<void> write(ByteView octets) override {
    if (!state_->alive || !hub_->socket.is_open()) return fail(ErrorCode::unavailable, name() + " is not open");
    return send_datagram(hub_->socket, peer_, octets);
  }
  [[nodiscard]] std::string name() const override { return text_of(peer_); }

 private:
  std::shared_ptr<UdpHub> hub_;
  udp::endpoint peer_;
  std::shared_ptr<UdpHub::Peer> state_;
};

void UdpHub::take(ByteView octets) {
  constexpr std::size_t early_most = 8;
  auto found = peers.find(sender);
  if (found == peers.end()) {
    if (peers.size() >= options.peers_max) {
      ++refused;
      return;
    }
    auto peer = std::make_shared<Peer>();
    found = peers.emplace(sender, peer).first;
    accepted(std::make_unique<UdpPeerChannel>(shared_from_this(), sender, peer));
    found = peers.find(sender);
    if (found == peers.end()) return;  // not wanted
  }
  const auto peer = found->second;
  if (const auto handler = peer->handlers.octets; handler && peer->early.empty())
    handler(octets);
  else if (peer->early.size() < early_most)
    peer->early.emplace_back(octets.begin(), octets.end());
}

class UdpListener final : public DatagramListener {
 public:
  explicit UdpListener(std::shared_ptr<UdpHub> hub) : hub_(std::move(hub)) { hub_->receive(); }
  ~UdpListener() override {
    hub_->accepted = nullptr;
    std::error_code ignored;
    hub_->socket.close(ignored);
  }
  [[nodiscard]] std::uint16_t port() const override {
    std::error_code error;
    return hub_->socket.local_endpoint(error).port();
  }
  [[nodiscard]] std::size_t peers() const override { return hub_->peers.size(); }
  [[nodiscard]] std::uint64_t refused_datagrams() const override { return hub_->refused; }

 private:
  std::shared_ptr<UdpHub> hub_;
};

}  // namespace

std::unique_ptr<Channel> make_udp_client(EventLoop& loop, const UdpEndpoint& endpoint) {
  return std::make_unique<UdpClient>(loop.impl().context, endpoint);
}

Result<std::unique_ptr<DatagramListener>> listen_udp(EventLoop& loop, const std::string& address, std::uint16_t port,
                                                     const UdpListenOptions& options,
                                                     std::function<void(std::unique_ptr<Channel>)> accepted) {
  std::error_code error;
  const auto host = asio::ip::make_address(address, error);
  if (error) return fail(ErrorCode::invalid_argument, fmt::format("'{}' is not an IP address", address));
  const udp::endpoint endpoint(host, port);
  auto hub = std::make_shared<UdpHub>(loop.impl().context, options);
  hub->socket.open(endpoint.protocol(), error);
  if (!error) hub->socket.bind(endpoint, error);
  if (!error) hub->socket.non_blocking(true, error);
  if (error)
    return fail(ErrorCode::unavailable, fmt::format("cannot listen on udp {}:{}: {}", address, port, error.message()));
  hub->accepted = std::move(accepted);
  return std::make_unique<UdpListener>(std::move(hub));
}

}  // namespace duheng::link
