#include "gateway/service/status_server.hpp"

#include <fmt/format.h>
#include <unordered_map>

#include "link/channel.hpp"

namespace duheng::gateway {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

std::string wire_of(const StatusAnswer& answer, bool with_body = true) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: "
      "close\r\n\r\n{}",
      answer.status, reason_of(answer.status), answer.content_type, answer.body.size(), with_body ? answer.body : "");
}

StatusAnswer plain(int status) { return {status, "text/plain; charset=utf-8", fmt::format("{}\n", reason_of(status))}; }

}  // namespace

std::string answer_http(std::string_view head, const StatusServer::Handler& handler) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || !line.substr(second + 1).starts_with("HTTP/1.")) return wire_of(plain(400));
  const std::string_view method = line.substr(0, first);
  if (method != "GET" && method != "HEAD") return wire_of(plain(405));
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  return wire_of(handler(std::string(path)), method == "GET");
}

struct StatusServer::Impl : std::enable_shared_from_this<StatusServer::Impl> {
  struct Connection {
    Connection(link::EventLoop& loop, std::unique_ptr<link::Channel> c, std::function<void()> too_long)
        : channel(std::move(c)), deadline(loop, std::move(too_long)) {}
    std::unique_ptr<link::Channel> channel;
    link::Timer deadline;
    std::string head;
    bool answered = false;
  };
  Impl(link::EventLoop& l, Handler h) : loop(l), handler(std::move(h)) {}

  void accept(std::unique_ptr<link::Channel> channel) {
    if (connections.size() >= connections_max) return;
    const std::uint64_t id = next++;
    const std::weak_ptr<Impl> weak = weak_from_this();
    const auto drop = [weak, id] {
      if (const auto self = weak.lock())
        self->loop.post([weak, id] {
          if (const auto held = weak.lock()) held->connections.erase(id);
        });
    };
    auto connection = std::make_unique<Connection>(loop, std::move(channel), drop);
    connection->deadline.start_ms(idle_ms_max);
    auto& opened = *(connections[id] = std::move(connection));
    opened.channel->set_handlers({{},
                                  [weak, id](ByteView octets) {
                                    if (const auto self = weak.lock()) self->take(id, octets);
                                  },
                                  [drop](const Error&) { drop(); }});
  }

  void take(std::uint64_t id, ByteView octets) {
    const auto found = connections.find(id);
    if (found == connections.end() || found->second->answered) return;
    auto& connection = *found->second;
    connection.head += as_text(octets.first(std::min(octets.size(), head_bytes_max)));
    const bool whole = connection.head.find("\r\n\r\n") != std::string::npos;
    if (!whole && connection.head.size() < head_bytes_max) return;
    connection.answered = true;
    const std::string answer = whole ? answer_http(connection.head, handler) : wire_of(plain(431));
    static_cast<void>(connection.channel->write(as_bytes(answer)));
    connection.channel->close_when_written();
  }

  link::EventLoop& loop;
  Handler handler;
  std::unique_ptr<link::Listener> listener;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections;
  std::uint64_t next = 1;
};

StatusServer::StatusServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
StatusServer::~StatusServer() = default;
std::uint16_t StatusServer::port() const { return impl_->listener->port(); }

Result<std::unique_ptr<StatusServer>> StatusServer::listen(link::EventLoop& loop, const std::string& address,
                                                           std::uint16_t port, Handler handler) {
  auto impl = std::make_shared<Impl>(loop, std::move(handler));
  const std::weak_ptr<Impl> weak = impl;
  DUHENG_TRY(impl->listener, link::listen_tcp(loop, address, port, [weak](std::unique_ptr<link::Channel> channel) {
               if (const auto self = weak.lock()) self->accept(std::move(channel));
             }));
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(impl)));
}

}  // namespace duheng::gateway
