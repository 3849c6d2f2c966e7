#include <gtest/gtest.h>
#include <optional>

#include "link/channel.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::link {
namespace {

/// Answers each datagram with the same octets and its peer's number in front.
struct Echo {
  explicit Echo(EventLoop& loop, UdpListenOptions options = {}) {
    listener = *listen_udp(loop, "127.0.0.1", 0, options, [this](std::unique_ptr<Channel> channel) {
      Channel* raw = channel.get();
      const auto number = static_cast<std::uint8_t>(peers.size());
      peers.push_back(std::move(channel));
      raw->set_handlers({{},
                         [raw, number](ByteView octets) {
                           Bytes answer{number};
                           answer.insert(answer.end(), octets.begin(), octets.end());
                           EXPECT_TRUE(raw->write(answer));
                         },
                         {}});
    });
  }
  std::unique_ptr<DatagramListener> listener;
  std::vector<std::unique_ptr<Channel>> peers;
};

struct Client {
  Client(EventLoop& loop, std::uint16_t port) : channel(make_udp_client(loop, {"127.0.0.1", port})) {
    channel->set_handlers({[this] { ++opened; },
                           [this](ByteView octets) { got.emplace_back(octets.begin(), octets.end()); },
                           [this](const Error& error) {
                             ++closed;
                             last = error;
                           }});
    channel->open();
  }
  std::unique_ptr<Channel> channel;
  std::vector<Bytes> got;
  int opened = 0;
  int closed = 0;
  std::optional<Error> last;
};

TEST(Udp, EachPeerIsAChannelAndTheFirstDatagramIsNotLost) {
  EventLoop loop;
  Echo echo(loop);
  Client one(loop, echo.listener->port());
  Client two(loop, echo.listener->port());
  ASSERT_TRUE(wait_for(loop, [&] { return one.opened == 1 && two.opened == 1; }));
  ASSERT_TRUE(one.channel->write(Bytes{1, 2}));
  ASSERT_TRUE(wait_for(loop, [&] { return one.got.size() == 1; }));
  ASSERT_TRUE(two.channel->write(Bytes{3}));
  ASSERT_TRUE(one.channel->write(Bytes{4}));
  ASSERT_TRUE(wait_for(loop, [&] { return one.got.size() == 2 && two.got.size() == 1; }));
  EXPECT_EQ(one.got, (std::vector<Bytes>{{0, 1, 2}, {0, 4}}));
  EXPECT_EQ(two.got, (std::vector<Bytes>{{1, 3}}));
  EXPECT_EQ(echo.listener->peers(), 2U);
}

TEST(Udp, DatagramsKeepTheirBoundsUpToTheLongestOfAMeter) {
  EventLoop loop;
  Echo echo(loop);
  Client client(loop, echo.listener->port());
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 1; }));
  for (const std::size_t size : {0U, 1U, 1'400U, 2'047U}) ASSERT_TRUE(client.channel->write(Bytes(size, 7)));
  ASSERT_TRUE(wait_for(loop, [&] { return client.got.size() == 4; }));
  EXPECT_EQ(client.got[0].size(), 1U);
  EXPECT_EQ(client.got[2].size(), 1'401U);
  EXPECT_EQ(client.got[3].size(), 2'048U);
}

TEST(Udp, PeersBeyondTheLimitAreRefusedAndCounted) {
  EventLoop loop;
  Echo echo(loop, {.peers_max = 1});
  Client one(loop, echo.listener->port());
  Client two(loop, echo.listener->port());
  ASSERT_TRUE(wait_for(loop, [&] { return one.opened == 1 && two.opened == 1; }));
  ASSERT_TRUE(one.channel->write(Bytes{1}));
  ASSERT_TRUE(wait_for(loop, [&] { return one.got.size() == 1; }));
  ASSERT_TRUE(two.channel->write(Bytes{2}));
  ASSERT_TRUE(wait_for(loop, [&] { return echo.listener->refused_datagrams() == 1; }));
  EXPECT_TRUE(two.got.empty());
  echo.peers[0]->close();  // makes room
  ASSERT_TRUE(two.channel->write(Bytes{3}));
  ASSERT_TRUE(wait_for(loop, [&] { return two.got.size() == 1; }));
}

TEST(Udp, AClosedPeerThatSpeaksAgainIsANewChannel) {
  EventLoop loop;
  Echo echo(loop);
  Client client(loop, echo.listener->port());
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 1; }));
  ASSERT_TRUE(client.channel->write(Bytes{1}));
  ASSERT_TRUE(wait_for(loop, [&] { return client.got.size() == 1; }));
  echo.peers[0]->close();
  EXPECT_FALSE(echo.peers[0]->write(Bytes{9}));
  ASSERT_TRUE(client.channel->write(Bytes{2}));
  ASSERT_TRUE(wait_for(loop, [&] { return client.got.size() == 2; }));
  EXPECT_EQ(client.got[1], (Bytes{1, 2}));
}

TEST(Udp, NobodyListeningIsToldAndTheChannelOpensAgain) {
  EventLoop loop;
  std::uint16_t port = 0;
  {
    Echo echo(loop);
    port = echo.listener->port();
  }
  Client client(loop, port);
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 1; }));
  ASSERT_TRUE(client.channel->write(Bytes{1}));
  ASSERT_TRUE(wait_for(loop, [&] { return client.closed == 1; }));
  EXPECT_EQ(client.last->code, ErrorCode::unavailable);
  client.channel->open();
  ASSERT_TRUE(wait_for(loop, [&] { return client.opened == 2; }));
}

TEST(Udp, AddressThatIsNoneIsRefused) {
  EventLoop loop;
  const auto listener = listen_udp(loop, "meters.example", 0, {}, {});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace duheng::link
