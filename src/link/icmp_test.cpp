#include "link/icmp.hpp"

#include <gtest/gtest.h>

#include "link/event_loop.hpp"
#include "link/icmp_message.hpp"

namespace duheng::link {
namespace {

// By hand from RFC 792: echo request, identifier 1, sequence 2, "ab"; the sum of the words is 0x0800 + 1 + 2 + 0x6162.
TEST(IcmpMessage, IsWrittenAndReadAsTheStandardSays) {
  const Bytes request = encode_echo({false, 1, 2, as_bytes("ab")}, false);
  EXPECT_EQ(to_hex(request, ' '), "08 00 96 9A 00 01 00 02 61 62");
  const auto read = parse_echo(request, false, false);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sequence, 2);
  EXPECT_FALSE(read->is_reply);
  Bytes wrong = request;
  wrong[9] ^= 1;
  EXPECT_FALSE(parse_echo(wrong, false, false));
  Bytes with_header(20, 0);
  with_header[0] = 0x45;
  with_header.insert(with_header.end(), request.begin(), request.end());
  EXPECT_TRUE(parse_echo(with_header, false, true));
  EXPECT_FALSE(parse_echo(ByteView(with_header).first(19), false, true));
}

TEST(IcmpChannel, ReachesThisMachineOrSaysWhatIsMissing) {
  EventLoop loop;
  const auto channel = make_icmp_client(loop, "127.0.0.1");
  Bytes reply;
  Error refused{};
  bool is_refused = false;
  ChannelHandlers handlers;
  handlers.opened = [&] { ASSERT_TRUE(channel->write(as_bytes("0123456789abcdef"))); };
  handlers.octets = [&](ByteView octets) { reply.assign(octets.begin(), octets.end()); };
  handlers.closed = [&](const Error& error) {
    refused = error;
    is_refused = true;
  };
  channel->set_handlers(std::move(handlers));
  channel->open();
  for (int i = 0; i < 200 && reply.empty() && !is_refused; ++i) loop.run_for_ms(10);
  if (is_refused) {
    EXPECT_EQ(refused.code, ErrorCode::forbidden);
    EXPECT_NE(refused.message.find("ping_group_range"), std::string::npos);
    GTEST_SKIP() << refused.message;
  }
  ASSERT_EQ(reply.size(), 20U);
  ByteReader reader(reply);
  EXPECT_LT(reader.u32(), 2'000'000U);
  EXPECT_EQ(as_text(ByteView(reply).subspan(4)), "0123456789abcdef");
  EXPECT_FALSE(channel->write(Bytes(icmp_octets_max + 1)));
}

TEST(IcmpChannel, SaysWhenAHostIsUnknown) {
  EventLoop loop;
  const auto channel = make_icmp_client(loop, "no-such-host.invalid");
  bool is_closed = false;
  ChannelHandlers handlers;
  handlers.closed = [&](const Error&) { is_closed = true; };
  channel->set_handlers(std::move(handlers));
  channel->open();
  for (int i = 0; i < 1'500 && !is_closed; ++i) loop.run_for_ms(10);
  EXPECT_TRUE(is_closed);
}

}  // namespace
}  // namespace duheng::link
