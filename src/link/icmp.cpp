#include "link/icmp.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/generic/raw_protocol.hpp>
#include <asio/ip/udp.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>

#include "link/event_loop_impl.hpp"
#include "link/icmp_message.hpp"

namespace duheng::link {
namespace {

using asio::ip::udp;
using Steady = std::chrono::steady_clock;

constexpr std::size_t datagram_octets_max = 2'048;
constexpr std::size_t requests_remembered = 64;

struct Opened {
  int descriptor = -1;
  bool is_raw = false;
};

/// A socket that may send echo requests: the unprivileged kind, or a raw one.
Result<Opened> open_socket(bool is_v6) {
  const int family = is_v6 ? AF_INET6 : AF_INET;
  const int protocol = is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
  constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (const int socket = ::socket(family, SOCK_DGRAM | flags, protocol); socket >= 0) return Opened{socket, false};
  if (const int socket = ::socket(family, SOCK_RAW | flags, protocol); socket >= 0) return Opened{socket, true};
  return fail(ErrorCode::forbidden,
              "this machine lets the gateway send no ICMP echo: put its group into net.ipv4.ping_group_range, or give "
              "the program CAP_NET_RAW");
}

class IcmpClient final : public Channel {
 public:
  IcmpClient(asio::io_context& context, std::string host)
      : state_(std::make_shared<State>(context)), host_(std::move(host)), name_("icmp " + host_) {}
  ~IcmpClient() override {
    state_->handlers = {};
    state_->shut();
  }
  void set_handlers(ChannelHandlers handlers) override { state_->handlers = std::move(handlers); }
  void open() override {
    if (state_->opening || state_->socket.is_open()) return;
    state_->opening = true;
    const std::uint64_t attempt = ++state_->attempt;
    state_->resolver.async_resolve(
        host_, "", [state = state_, attempt](const std::error_code& error, const udp::resolver::results_type& found) {
          if (attempt != state->attempt) return;
          if (error) return state->failed({ErrorCode::unavailable, error.message()});
          opened(state, found.begin()->endpoint());
        });
  }
  void close() override { state_->shut(); }
  void close_when_written() override {
    asio::post(state_->context, [state = state_, attempt = state_->attempt] {
      if (attempt == state->attempt && state->socket.is_open())
        state->failed({ErrorCode::cancelled, "closed when all was written"});
    });
  }
  [[nodiscard]] bool is_open() const override { return state_->socket.is_open(); }
  [[nodiscard]] std::string name() const override { return name_; }

  Result<void> write(ByteView octets) override {
    State& state = *state_;
    if (!state.socket.is_open()) return fail(ErrorCode::unavailable, name_ + " is not open");
    if (octets.size() > icmp_octets_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("an echo carries at most {} octets", icmp_octets_max));
    const Bytes message = encode_echo({false, state.identifier, ++state.sequence, octets}, state.is_v6);
    state.sent.push_back({state.sequence, Steady::now()});
    if (state.sent.size() > requests_remembered) state.sent.pop_front();
    if (::send(state.socket.native_handle(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return {};
    // Nobody is there, says the machine or a router: the same as silence, which ends by time-out.
    if (errno == EHOSTUNREACH || errno == ENETUNREACH || errno == ECONNREFUSED || errno == EHOSTDOWN) return {};
    return fail(ErrorCode::unavailable, std::error_code(errno, std::generic_category()).message());
  }

 private:
  struct Sent {
    std::uint16_t sequence;
    Steady::time_point at;
  };
  struct State {
    explicit State(asio::io_context& loop) : context(loop), resolver(loop), socket(loop) {}
    asio::io_context& context;
    udp::resolver resolver;
    asio::posix::stream_descriptor socket;
    ChannelHandlers handlers;
    std::deque<Sent> sent;
    std::uint64_t attempt = 0;
    std::uint16_t identifier = 0;
    std::uint16_t sequence = 0;
    bool is_v6 = false;
    bool is_raw = false;
    bool opening = false;

    void shut() {
      ++attempt;
      opening = false;
      sent.clear();
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
    state->is_v6 = peer.address().is_v6();
    const auto made = open_socket(state->is_v6);
    if (!made) return state->failed(made.error());
    state->is_raw = made->is_raw;
    // The kernel gives datagram sockets an identifier of its own; among raw ones the process and the channel tell.
    static std::uint16_t channels = 0;
    state->identifier = static_cast<std::uint16_t>(::getpid() + 257 * ++channels);
    std::error_code error;
    state->socket.assign(made->descriptor, error);
    if (!error && ::connect(made->descriptor, peer.data(), static_cast<socklen_t>(peer.size())) != 0)
      error = {errno, std::generic_category()};
    if (error) return state->failed({ErrorCode::unavailable, error.message()});
    state->opening = false;
    receive(state, state->attempt);
    if (const auto handler = state->handlers.opened) handler();
  }

  static void receive(const std::shared_ptr<State>& state, std::uint64_t attempt) {
    state->socket.async_wait(asio::posix::stream_descriptor::wait_read, [state, attempt](const std::error_code& error) {
      if (attempt != state->attempt) return;
      if (error) return state->failed({ErrorCode::unavailable, error.message()});
      take(*state, attempt);
      if (attempt == state->attempt) receive(state, attempt);
    });
  }
  static void take(State& state, std::uint64_t attempt) {
    std::array<std::uint8_t, datagram_octets_max> input;
    while (attempt == state.attempt) {
      const auto size = ::recv(state.socket.native_handle(), input.data(), input.size(), 0);
      if (size < 0) return;  // nothing more, or a router's word that nobody is there: the time-out tells that
      const auto now = Steady::now();
      const auto message =
          parse_echo(ByteView(input).first(static_cast<std::size_t>(size)), state.is_v6, state.is_raw && !state.is_v6);
      if (!message || !message->is_reply || (state.is_raw && message->identifier != state.identifier)) continue;
      const auto sent = std::find_if(state.sent.begin(), state.sent.end(),
                                     [&](const Sent& each) { return each.sequence == message->sequence; });
      if (sent == state.sent.end()) continue;
      const auto trip = std::chrono::duration_cast<std::chrono::microseconds>(now - sent->at).count();
      state.sent.erase(sent);
      Bytes told;
      ByteWriter writer(told);
      writer.u32(static_cast<std::uint32_t>(std::min<std::int64_t>(trip, UINT32_MAX)));
      writer.raw(message->data);
      if (const auto handler = state.handlers.octets) handler(told);
    }
  }

  std::shared_ptr<State> state_;
  std::string host_;
  std::string name_;
};

}  // namespace

std::unique_ptr<Channel> make_icmp_client(EventLoop& loop, const std::string& host) {
  return std::make_unique<IcmpClient>(loop.impl().context, host);
}

}  // namespace duheng::link
