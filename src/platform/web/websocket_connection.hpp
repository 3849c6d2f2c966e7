#pragma once
// Private to http_server.cpp: brings RESTinio and Asio in.
#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "platform/web/guarded_socket.hpp"
#include "platform/web/websocket_protocol.hpp"

namespace duheng::platform::web::server {

/// A WebSocket as the server sees it when it stops.
class StoppableWebSocket {
 public:
  virtual ~StoppableWebSocket() = default;
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

/// One WebSocket on a socket that RESTinio has read the upgrade request from. RESTinio's own WebSocket is not used,
/// because it allocates whatever size a frame announces before anybody can refuse. Everything but the constructor,
/// close() and send_text() runs on the connection's strand. It lives as long as one of its operations is pending.
template <class Socket, class Settings>
class WebSocketConnection final : public StoppableWebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection<Socket, Settings>> {
 public:
  /// `keep` is RESTinio's own bookkeeping of the connection.
  WebSocketConnection(Socket socket, Settings keep, std::shared_ptr<WebSocketApplication> application)
      : keep_(std::move(keep)),
        socket_(std::move(socket)),
        state_(socket_.state()),
        strand_(socket_.lowest_layer().get_executor()),
        timer_(strand_),
        reader_(state_->limits.websocket_message_bytes_max),
        application_(std::move(application)),
        ticket_(state_, &ServerState::websockets),
        last_heard_(Time::clock::now()) {}

  /// The application's handle: does not keep the connection alive, and outlives it harmlessly.
  class Peer final : public WebSocketPeer {
   public:
    explicit Peer(const std::shared_ptr<WebSocketConnection>& connection)
        : connection_(connection), pending_bytes_(connection->pending_bytes_) {}
    void send_text(std::string text) override {
      if (const auto connection = connection_.lock()) connection->send_text(std::move(text));
    }
    void close(std::uint16_t code, std::string reason) override {
      if (const auto connection = connection_.lock()) connection->close(code, std::move(reason));
    }
    [[nodiscard]] std::size_t pending_bytes() const noexcept override { return pending_bytes_->load(); }

   private:
    std::weak_ptr<WebSocketConnection> connection_;
    std::shared_ptr<std::atomic<std::size_t>> pending_bytes_;
  };

  void start(std::string handshake_answer) {
    asio_ns::post(strand_, [self = this->shared_from_this(), answer = std::move(handshake_answer)]() mutable {
      self->queue(std::move(answer));
      self->opened_ = true;
      self->application_->opened(std::make_shared<Peer>(self));
      self->read();
      self->tick();
    });
  }

  void send_text(std::string text) {
    std::string frame = websocket::frame(websocket::Opcode::text, text);
    pending_bytes_->fetch_add(frame.size());
    asio_ns::post(strand_, [self = this->shared_from_this(), frame = std::move(frame)]() mutable {
      self->pending_bytes_->fetch_sub(frame.size());
      if (!self->close_sent_) self->queue(std::move(frame));
    });
  }

  void close(std::uint16_t code, std::string reason) override {
    asio_ns::post(strand_, [self = this->shared_from_this(), code, reason = std::move(reason)] {
      self->begin_close(code, reason, false);
    });
  }

 private:
  using Time = std::chrono::steady_clock::time_point;

  void queue(std::string octets) {
    if (ended_) return;
    if (pending_bytes_->load() + octets.size() > state_->limits.websocket_pending_bytes_max) {
      state_->handler->refused("websocket_slow");
      return end();
    }
    pending_bytes_->fetch_add(octets.size());
    outgoing_.push_back(std::move(octets));
    write();
  }

  void write() {
    if (!writing_.empty() || outgoing_.empty() || ended_) return;
    while (!outgoing_.empty() && writing_.size() < 65'536) {
      writing_ += outgoing_.front();
      outgoing_.pop_front();
    }
    write_started_ = Time::clock::now();
    asio_ns::async_write(socket_, asio_ns::buffer(writing_),
                         asio_ns::bind_executor(
                             strand_, [self = this->shared_from_this()](const asio_ns::error_code& code, std::size_t) {
                               self->pending_bytes_->fetch_sub(self->writing_.size());
                               self->writing_.clear();
                               if (code) return self->end();
                               if (self->outgoing_.empty() && self->end_when_written_) return self->end();
                               self->write();
                             }));
  }

  void read() {
    if (ended_) return;
    socket_.async_read_some(asio_ns::buffer(input_),
                            asio_ns::bind_executor(strand_, [self = this->shared_from_this()](
                                                                const asio_ns::error_code& code, std::size_t octets) {
                              if (code) return self->end();
                              self->last_heard_ = Time::clock::now();
                              self->reader_.feed({self->input_.data(), octets},
                                                 [&](websocket::Event event) { self->take(std::move(event)); });
                              // After a close or a violation nothing more is read; the close frame goes out and that is
                              // it.
                              if (!self->reader_.ended()) self->read();
                            }));
  }

  void take(websocket::Event event) {
    using Kind = websocket::Event::Kind;
    if (ended_) return;
    switch (event.kind) {
      case Kind::text:
        if (!close_sent_) application_->received(std::move(event.payload));
        break;
      case Kind::ping:
        if (!close_sent_) queue(websocket::frame(websocket::Opcode::pong, event.payload));
        break;
      case Kind::pong:
        break;
      case Kind::close:
        begin_close(event.code == websocket::close_code::no_status ? websocket::close_code::normal : event.code, {},
                    true);
        break;
      case Kind::violation:
        state_->handler->refused(event.code == websocket::close_code::too_large ? "websocket_too_large"
                                                                                : "websocket_malformed");
        begin_close(event.code, event.payload, true);
        break;
    }
  }

  /// `last`: the peer has said its last word, so nothing is waited for once the close frame is out.
  void begin_close(std::uint16_t code, const std::string& reason, bool last) {
    end_when_written_ = end_when_written_ || last;
    if (!close_sent_) {
      close_sent_ = true;
      close_sent_at_ = Time::clock::now();
      queue(websocket::close_frame(code, reason));
    } else if (end_when_written_ && writing_.empty()) {
      end();
    }
  }

  void tick() {
    if (ended_) return;
    const HttpLimits& limits = state_->limits;
    const auto idle = std::chrono::milliseconds{limits.websocket_idle_timeout_ms};
    const auto write_limit = std::chrono::milliseconds{limits.write_timeout_ms};
    const Time now = Time::clock::now();
    const bool stuck = !writing_.empty() && now - write_started_ > write_limit;
    const bool silent = now - last_heard_ > idle;
    const bool no_farewell = close_sent_ && now - close_sent_at_ > std::min(idle, write_limit);
    if (stuck || silent || no_farewell) {
      if (stuck) state_->handler->refused("websocket_slow");
      if (silent) state_->handler->refused("websocket_idle");
      return end();
    }
    if (now - last_heard_ > idle / 3 && !close_sent_) queue(websocket::frame(websocket::Opcode::ping, {}));
    timer_.expires_after(std::min({idle / 4, write_limit / 4, std::chrono::milliseconds{1'000}}));
    timer_.async_wait(
        asio_ns::bind_executor(strand_, [self = this->shared_from_this()](const asio_ns::error_code& code) {
          if (!code) self->tick();
        }));
  }

  void end() {
    if (ended_) return;
    ended_ = true;
    socket_.abort();
    timer_.cancel();
    outgoing_.clear();
    if (opened_) application_->closed();
    application_.reset();
  }

  Settings keep_;
  Socket socket_;
  ServerStatePtr state_;
  asio_ns::strand<asio_ns::any_io_executor> strand_;
  asio_ns::steady_timer timer_;
  websocket::Reader reader_;
  std::shared_ptr<WebSocketApplication> application_;
  Ticket ticket_;
  std::shared_ptr<std::atomic<std::size_t>> pending_bytes_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::array<std::uint8_t, 4096> input_{};
  std::deque<std::string> outgoing_;
  std::string writing_;
  Time last_heard_;
  Time write_started_;
  Time close_sent_at_;
  bool opened_ = false;
  bool close_sent_ = false;
  bool end_when_written_ = false;
  bool ended_ = false;
};

}  // namespace duheng::platform::web::server
