#include "tools/process/relay.hpp"

#include <array>
#include <asio.hpp>
#include <atomic>
#include <fmt/format.h>
#include <set>
#include <thread>

namespace duheng::tools {
namespace {
using asio::ip::tcp;

struct Shared {
  std::atomic<bool> frozen = false;
  std::atomic<std::uint64_t> bytes_passed = 0;
};

/// Two sockets and the octets between them. Lives as long as one of its handlers.
class Pair : public std::enable_shared_from_this<Pair> {
 public:
  Pair(tcp::socket near, Shared& shared)
      : near_(std::move(near)),
        far_(near_.get_executor()),
        timer_{asio::steady_timer(near_.get_executor()), asio::steady_timer(near_.get_executor())},
        shared_(shared) {}

  void start(std::uint16_t target_port) {
    auto self = shared_from_this();
    far_.async_connect({asio::ip::address_v4::loopback(), target_port}, [self](const std::error_code& error) {
      if (error) return self->close();
      std::error_code ignored;
      self->near_.set_option(tcp::no_delay(true), ignored);
      self->far_.set_option(tcp::no_delay(true), ignored);
      self->pump(self->near_, self->far_, 0);
      self->pump(self->far_, self->near_, 1);
    });
  }

  void close() {
    std::error_code ignored;
    // Linger 0 makes the close a reset, as a broken line does, not an orderly goodbye.
    for (tcp::socket* socket : {&near_, &far_}) {
      socket->set_option(asio::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
    }
    for (auto& timer : timer_) timer.cancel();
  }

 private:
  void pump(tcp::socket& from, tcp::socket& to, std::size_t direction) {
    auto self = shared_from_this();
    from.async_read_some(asio::buffer(buffer_[direction]),
                         [self, &from, &to, direction](const std::error_code& error, std::size_t size) {
                           if (error) return self->close();
                           self->pass(from, to, direction, size);
                         });
  }

  void pass(tcp::socket& from, tcp::socket& to, std::size_t direction, std::size_t size) {
    auto self = shared_from_this();
    if (shared_.frozen) {
      timer_[direction].expires_after(std::chrono::milliseconds(20));
      timer_[direction].async_wait([self, &from, &to, direction, size](const std::error_code& error) {
        if (!error) self->pass(from, to, direction, size);
      });
      return;
    }
    asio::async_write(to, asio::buffer(buffer_[direction].data(), size),
                      [self, &from, &to, direction](const std::error_code& error, std::size_t written) {
                        if (error) return self->close();
                        self->shared_.bytes_passed += written;
                        self->pump(from, to, direction);
                      });
  }

  tcp::socket near_;
  tcp::socket far_;
  std::array<asio::steady_timer, 2> timer_;
  std::array<std::array<char, 65536>, 2> buffer_{};
  Shared& shared_;
};

}  // namespace

struct Relay::Impl {
  asio::io_context context;
  tcp::acceptor acceptor{context};
  Shared shared;
  std::uint16_t target_port = 0;
  bool is_cut = false;
  std::set<std::weak_ptr<Pair>, std::owner_less<>> pairs;
  std::uint16_t port = 0;
  std::thread thread;

  void accept() {
    acceptor.async_accept([this](const std::error_code& error, tcp::socket socket) {
      if (error) return;
      auto pair = std::make_shared<Pair>(std::move(socket), shared);
      if (is_cut) {
        pair->close();
      } else {
        std::erase_if(pairs, [](const auto& weak) { return weak.expired(); });
        pairs.insert(pair);
        pair->start(target_port);
      }
      accept();
    });
  }
};

Relay::Relay(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Relay>> Relay::start(std::uint16_t target_port) {
  auto impl = std::make_unique<Impl>();
  impl->target_port = target_port;
  std::error_code error;
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 0);
  impl->acceptor.open(endpoint.protocol(), error);
  if (!error) impl->acceptor.bind(endpoint, error);
  if (!error) impl->acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return fail(ErrorCode::unavailable, fmt::format("relay: {}", error.message()));
  impl->port = impl->acceptor.local_endpoint().port();
  impl->accept();
  impl->thread = std::thread([context = &impl->context] { context->run(); });
  return std::unique_ptr<Relay>(new Relay(std::move(impl)));
}

Relay::~Relay() {
  impl_->context.stop();
  impl_->thread.join();
}

std::uint16_t Relay::port() const noexcept { return impl_->port; }
std::uint64_t Relay::bytes_passed() const noexcept { return impl_->shared.bytes_passed; }

void Relay::set_target(std::uint16_t target_port) {
  asio::post(impl_->context, [impl = impl_.get(), target_port] { impl->target_port = target_port; });
}

void Relay::cut() {
  asio::post(impl_->context, [impl = impl_.get()] {
    impl->is_cut = true;
    for (const auto& weak : impl->pairs) {
      if (const auto pair = weak.lock()) pair->close();
    }
    impl->pairs.clear();
  });
}

void Relay::freeze() { impl_->shared.frozen = true; }

void Relay::mend() {
  impl_->shared.frozen = false;
  asio::post(impl_->context, [impl = impl_.get()] { impl->is_cut = false; });
}

}  // namespace duheng::tools
