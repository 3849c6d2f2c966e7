#include <gtest/gtest.h>
#include <optional>

#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::link {
namespace {

struct Echo {
  explicit Echo(EventLoop& loop) {
    listener = *listen_tcp(loop, "127.0.0.1", 0, [this](std::unique_ptr<Channel> channel) {
      Channel* raw = channel.get();
      connections.push_back(std::move(channel));
      raw->set_handlers(
          {{}, [raw](ByteView octets) { EXPECT_TRUE(raw->write(octets)); }, [this](const Error&) { ++ended; }});
    });
  }
  std::unique_ptr<Listener> listener;
  std::vector<std::unique_ptr<Channel>> connections;
  int ended = 0;
};

struct Client {
  Client(EventLoop& loop, std::uint16_t port) : channel(make_tcp_client(loop, {"127.0.0.1", port, 1'000})) {
    channel->set_handlers({[this] { ++opened; },
                           [this](ByteView octets) { got.insert(got.end(), octets.begin(), octets.end()); },
                           [this](const Error& error) {
                             ++closed;
                             last = error;
                           }});
  }
  std::unique_ptr<Channel> channel;
  int opened = 0;
  int closed = 0;
  Bytes got;
  std::optional<Error> last;
};

TEST(Tcp, CarriesOctetsBothWaysInOrder) {
  EventLoop loop;
  Echo echo(loop);
  Client client(loop, echo.listener->port());
  EXPECT_FALSE(client.channel->write(Bytes{1}));
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 1; }));
  Bytes sent;
  for (int i = 0; i < 100; ++i) {
    const Bytes piece(static_cast<std::size_t>(i), static_cast<std::uint8_t>(i));
    ASSERT_TRUE(client.channel->write(piece));
    sent.insert(sent.end(), piece.begin(), piece.end());
  }
  ASSERT_TRUE(wait_for(loop, [&] { return client.got.size() >= sent.size(); }));
  EXPECT_EQ(client.got, sent);
}

TEST(Tcp, TellsOnceWhenThePeerGoesAndOpensAgain) {
  EventLoop loop;
  Echo echo(loop);
  Client client(loop, echo.listener->port());
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return echo.connections.size() == 1; }));
  echo.connections.clear();
  ASSERT_TRUE(wait_for(loop, [&] { return client.closed == 1; }));
  EXPECT_FALSE(client.channel->is_open());
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 2; }));
  client.channel->close();
  ASSERT_TRUE(wait_for(loop, [&] { return echo.ended == 1; }));
  EXPECT_EQ(client.closed, 1);  // closing oneself is no news
}

TEST(Tcp, RefusedAndOwnPortAreErrors) {
  EventLoop loop;
  std::uint16_t free_port = 0;
  {
    Echo echo(loop);
    free_port = echo.listener->port();
  }
  Client client(loop, free_port);
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.closed == 1; }));
  EXPECT_EQ(client.last->code, ErrorCode::unavailable);
  EXPECT_EQ(client.opened, 0);
}

TEST(Tcp, TwoListenersCannotHaveOnePort) {
  EventLoop loop;
  Echo echo(loop);
  const auto second = listen_tcp(loop, "127.0.0.1", echo.listener->port(), [](std::unique_ptr<Channel>) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(listen_tcp(loop, "not an address", 0, [](std::unique_ptr<Channel>) {}));
}

TEST(Tcp, QueueOfAPeerThatDoesNotReadIsBounded) {
  EventLoop loop;
  std::unique_ptr<Channel> silent;
  const auto listener =
      *listen_tcp(loop, "127.0.0.1", 0, [&](std::unique_ptr<Channel> channel) { silent = std::move(channel); });
  Client client(loop, listener->port());
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 1 && silent; }));
  const Bytes piece(64U << 10, 0x55);
  Result<void> outcome;
  for (int i = 0; i < 1'000 && outcome; ++i) {
    outcome = client.channel->write(piece);
    loop.run_for_ms(0);
  }
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::limit_exceeded);
}

TEST(Tcp, ClosesAfterTheLastOctetIsWritten) {
  EventLoop loop;
  std::unique_ptr<Channel> server;
  std::optional<Error> ended;
  const auto listener = *listen_tcp(loop, "127.0.0.1", 0, [&](std::unique_ptr<Channel> channel) {
    server = std::move(channel);
    server->set_handlers({{}, {}, [&](const Error& error) { ended = error; }});
    EXPECT_TRUE(server->write(Bytes(200'000, 0x42)));
    server->close_when_written();
  });
  Client client(loop, listener->port());
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.closed == 1 && ended; }));
  EXPECT_EQ(client.got.size(), 200'000U);
  EXPECT_EQ(ended->code, ErrorCode::cancelled);
}

TEST(Tcp, ChannelMayGoWhileItsOperationsArePending) {
  EventLoop loop;
  Echo echo(loop);
  for (int i = 0; i < 20; ++i) {
    auto client = std::make_unique<Client>(loop, echo.listener->port());
    client->channel->open();
    for (int step = 0; step < i; ++step) loop.run_for_ms(0);
    client.reset();
  }
  loop.run_for_ms(20);
}

TEST(Timer, FiresOnceAndNotAfterCancel) {
  EventLoop loop;
  int fired = 0;
  Timer timer(loop, [&] { ++fired; });
  timer.start_ms(0);
  ASSERT_TRUE(wait_for(loop, [&] { return fired == 1; }));
  timer.start_ms(0);
  timer.cancel();
  int other = 0;
  Timer later(loop, [&] { ++other; });
  later.start_ms(5);
  ASSERT_TRUE(wait_for(loop, [&] { return other == 1; }));
  EXPECT_EQ(fired, 1);
}

}  // namespace
}  // namespace duheng::link
