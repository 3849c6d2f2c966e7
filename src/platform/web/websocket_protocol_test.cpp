#include "platform/web/websocket_protocol.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::platform::web::websocket {
namespace {

Bytes masked(std::uint8_t first, std::string_view payload) {
  Bytes out{first};
  if (payload.size() < 126) {
    out.push_back(static_cast<std::uint8_t>(0x80 | payload.size()));
  } else {
    out.push_back(0x80 | 126);
    out.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(payload.size()));
  }
  const std::uint8_t mask[4] = {0x37, 0xFA, 0x21, 0x3D};
  out.insert(out.end(), mask, mask + 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<std::uint8_t>(payload[i]) ^ mask[i % 4]);
  return out;
}

std::vector<Event> events_of(const Bytes& octets, std::size_t limit = 100'000) {
  std::vector<Event> events;
  Reader reader{limit};
  reader.feed(octets, [&](Event event) { events.push_back(std::move(event)); });
  return events;
}

TEST(WebSocketReader, ReadsTheExampleOfTheRfc) {
  // RFC 6455, 5.7: a masked "Hello".
  const auto events = events_of({0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Event::Kind::text);
  EXPECT_EQ(events[0].payload, "Hello");
}

TEST(WebSocketReader, RefusesWithTheRightCode) {
  const auto code_of = [](const Bytes& octets, std::size_t limit = 1'000) {
    const auto events = events_of(octets, limit);
    return events.size() == 1 && events[0].kind == Event::Kind::violation ? events[0].code : 0;
  };
  EXPECT_EQ(code_of({0x81, 0x05}), 1002);                         // not masked
  EXPECT_EQ(code_of(masked(0xC1, "x")), 1002);                    // reserved bit
  EXPECT_EQ(code_of(masked(0x83, "x")), 1002);                    // unknown opcode
  EXPECT_EQ(code_of(masked(0x82, "x")), 1003);                    // binary
  EXPECT_EQ(code_of(masked(0x80, "x")), 1002);                    // continues nothing
  EXPECT_EQ(code_of(masked(0x09, "x")), 1002);                    // a fragmented ping
  EXPECT_EQ(code_of(masked(0x89, std::string(126, 'x'))), 1002);  // a long ping
  EXPECT_EQ(code_of(masked(0x81, "\xC3\x28")), 1007);             // not UTF-8
  EXPECT_EQ(code_of(masked(0x81, std::string(1'001, 'x'))), 1009);
  EXPECT_EQ(code_of(masked(0x88, "x")), 1002);                         // half a close code
  EXPECT_EQ(code_of(masked(0x88, std::string("\x03\xED", 2))), 1002);  // 1005 is never sent
  Bytes nested = masked(0x01, "a");
  const Bytes second = masked(0x81, "b");
  nested.insert(nested.end(), second.begin(), second.end());
  EXPECT_EQ(code_of(nested), 1002);
}

TEST(WebSocketReader, EndsAtAClose) {
  Bytes octets = masked(0x88, std::string("\x03\xE8", 2) + "bye");
  const Bytes after = masked(0x81, "late");
  octets.insert(octets.end(), after.begin(), after.end());
  const auto events = events_of(octets);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, Event::Kind::close);
  EXPECT_EQ(events[0].code, 1000);
  EXPECT_EQ(events[0].payload, "bye");
  EXPECT_EQ(events_of(masked(0x88, ""))[0].code, 1005);
}

RC_GTEST_PROP(WebSocketReader, JoinsFragmentsHoweverTheyAreCut, ()) {
  const auto parts = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::inRange<char>(0x20, 0x7F))));
  Bytes octets;
  std::string whole;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::uint8_t first = static_cast<std::uint8_t>((i + 1 == parts.size() ? 0x80 : 0) | (i == 0 ? 1 : 0));
    const Bytes frame = masked(first, parts[i]);
    octets.insert(octets.end(), frame.begin(), frame.end());
    whole += parts[i];
  }
  std::vector<Event> events;
  Reader reader{100'000};
  std::size_t at = 0;
  while (at < octets.size()) {
    const std::size_t take = std::min<std::size_t>(octets.size() - at, *rc::gen::inRange<std::size_t>(1, 20));
    reader.feed({octets.data() + at, take}, [&](Event event) { events.push_back(std::move(event)); });
    at += take;
  }
  RC_ASSERT(events.size() == 1U);
  RC_ASSERT(events[0].payload == whole);
}

TEST(WebSocketFrames, HaveTheShortestLength) {
  EXPECT_EQ(frame(Opcode::text, "Hello"), "\x81\x05Hello");
  EXPECT_EQ(frame(Opcode::text, std::string(126, 'a')).substr(0, 4), std::string("\x81\x7E\x00\x7E", 4));
  EXPECT_EQ(frame(Opcode::text, std::string(65'536, 'a')).substr(0, 10), std::string("\x81\x7F\0\0\0\0\0\x01\0\0", 10));
  EXPECT_EQ(close_frame(1001, "bye"), std::string("\x88\x05\x03\xE9") + "bye");
}

TEST(WebSocketHandshake, IsChecked) {
  EXPECT_EQ(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  HttpRequest request;
  request.method = Method::get;
  request.headers = {{"Upgrade", "WebSocket"},
                     {"Connection", "keep-alive, Upgrade"},
                     {"Sec-WebSocket-Version", "13"},
                     {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  EXPECT_TRUE(check_handshake(request));
  request.headers[2].value = "8";
  EXPECT_EQ(check_handshake(request).error().code, ErrorCode::unsupported);
  request.headers[2].value = "13";
  request.headers[3].value = "short";
  EXPECT_EQ(check_handshake(request).error().code, ErrorCode::malformed);
  request.headers.pop_back();
  request.headers[1].value = "keep-alive";
  EXPECT_EQ(check_handshake(request).error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace duheng::platform::web::websocket
