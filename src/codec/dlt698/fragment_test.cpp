#include "codec/dlt698/fragment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::dlt698 {
namespace {

using Taken = FragmentAssembler::Outcome;
using Sent = FragmentSender::Outcome;

Bytes piece(std::uint16_t sequence, FragmentKind kind, const Bytes& content) {
  Bytes out(2);
  encode_fragment_header({sequence, kind, 0}, std::span<std::uint8_t, 2>(out.data(), 2));
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

TEST(Fragment, HeaderBits) {
  const Bytes word = {0x06, 0xF1, 0xFF};
  const auto header = decode_fragment_header(word);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->sequence, 262);
  EXPECT_EQ(header->kind, FragmentKind::middle);
  EXPECT_EQ(header->reserved, 3);
  EXPECT_EQ(decode_fragment_header(Bytes{1}).error().code, ErrorCode::truncated);
}

TEST(Fragment, JoinsPiecesThatWrapAround) {
  FragmentAssembler assembler(100);
  EXPECT_EQ(*assembler.accept(piece(4095, FragmentKind::first, {1, 2})), Taken::taken);
  EXPECT_EQ(*assembler.accept(piece(4095, FragmentKind::first, {1, 2})), Taken::repeated);
  EXPECT_EQ(*assembler.accept(piece(0, FragmentKind::middle, {3})), Taken::taken);
  EXPECT_EQ(*assembler.accept(piece(0, FragmentKind::middle, {3})), Taken::repeated);
  EXPECT_EQ(*assembler.accept(piece(2, FragmentKind::middle, {9})), Taken::unexpected);
  EXPECT_EQ(*assembler.accept(piece(1, FragmentKind::last, {4})), Taken::complete);
  EXPECT_EQ(Bytes(assembler.apdu().begin(), assembler.apdu().end()), (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(*assembler.accept(piece(1, FragmentKind::last, {4})), Taken::repeated);
  EXPECT_EQ(assembler.apdu().size(), 4U);
}

TEST(Fragment, BoundsAndStrays) {
  FragmentAssembler assembler(3);
  EXPECT_EQ(*assembler.accept(piece(7, FragmentKind::middle, {1})), Taken::unexpected);
  EXPECT_EQ(*assembler.accept(piece(7, FragmentKind::confirm, {})), Taken::confirmation);
  EXPECT_EQ(*assembler.accept(piece(7, FragmentKind::first, {1, 2})), Taken::taken);
  EXPECT_EQ(*assembler.accept(piece(8, FragmentKind::last, {3, 4})), Taken::too_long);
  EXPECT_TRUE(assembler.apdu().empty());
  EXPECT_EQ(*assembler.accept(piece(9, FragmentKind::last, {3})), Taken::unexpected);
  EXPECT_FALSE(assembler.accept({}));
}

TEST(Fragment, ANewFirstPieceBeginsAnew) {
  FragmentAssembler assembler(10);
  EXPECT_EQ(*assembler.accept(piece(0, FragmentKind::first, {1})), Taken::taken);
  EXPECT_EQ(*assembler.accept(piece(0, FragmentKind::first, {2})), Taken::taken);
  EXPECT_EQ(*assembler.accept(piece(1, FragmentKind::last, {3})), Taken::complete);
  EXPECT_EQ(Bytes(assembler.apdu().begin(), assembler.apdu().end()), (Bytes{2, 3}));
}

TEST(Fragment, ConfirmationTurnsTheDirectionAround) {
  const Bytes user_data = piece(5, FragmentKind::first, {1});
  const Bytes octets = encode(FrameFields{.control = 0xA3, .client_address = 0x10, .user_data = user_data}).value();
  const auto frame = *decode(octets);
  std::array<std::uint8_t, 2> word{};
  const Bytes answer = encode(fragment_confirmation(frame, *decode_fragment_header(user_data), word)).value();
  const auto confirmed = *decode(answer);
  EXPECT_EQ(confirmed.control(), 0x23);
  EXPECT_EQ(confirmed.client_address(), 0x10);
  EXPECT_EQ(*decode_fragment_header(confirmed.wire_user_data()), (FragmentHeader{5, FragmentKind::confirm, 0}));
}

TEST(Fragment, SenderRepeatsAndGivesUp) {
  const Bytes apdu = {1, 2, 3, 4, 5};
  FragmentSender sender(apdu, 2, 4095);
  Bytes out(4);
  ASSERT_EQ(*sender.write_piece(out), 4U);
  EXPECT_EQ(out, (Bytes{0xFF, 0x0F, 1, 2}));
  EXPECT_EQ(sender.on_confirmation({0, FragmentKind::confirm, 0}), Sent::ignored);
  EXPECT_EQ(sender.on_confirmation({4095, FragmentKind::middle, 0}), Sent::ignored);
  EXPECT_EQ(sender.on_timeout(), Sent::send_again);
  EXPECT_EQ(sender.on_confirmation({4095, FragmentKind::confirm, 0}), Sent::send_next);
  EXPECT_EQ(sender.on_timeout(), Sent::send_again);
  EXPECT_EQ(sender.on_timeout(), Sent::send_again);
  EXPECT_EQ(sender.on_timeout(), Sent::given_up);
  Bytes small(3);
  EXPECT_EQ(sender.write_piece(small).error().code, ErrorCode::limit_exceeded);
}

// Sender and assembler over a line that loses every so many frames, in either direction.
RC_GTEST_PROP(Fragment, AnyApduArrivesOverALossyLine, (const Bytes& apdu, std::uint16_t first)) {
  RC_PRE(!apdu.empty());
  const auto size = *rc::gen::inRange<std::size_t>(1, 40);
  const auto losses = *rc::gen::container<std::vector<bool>>(64, rc::gen::arbitrary<bool>());
  FragmentSender sender(apdu, size, first, 1000);
  FragmentAssembler assembler(apdu.size());
  Bytes out(2 + size);
  std::size_t step = 0;
  // Of each 64 transmissions one certainly passes.
  const auto is_lost = [&] { return losses[step % 64] && step++ % 7 != 0; };
  for (int round = 0; !sender.is_done(); ++round) {
    RC_ASSERT(round < 100'000);
    ++step;
    const std::size_t written = *sender.write_piece(out);
    RC_ASSERT(written >= 2U);
    if (is_lost()) {
      RC_ASSERT(sender.on_timeout() == Sent::send_again);
      continue;
    }
    const ByteView sent = ByteView(out).first(written);
    const auto outcome = *assembler.accept(sent);
    RC_ASSERT(outcome == Taken::taken || outcome == Taken::complete || outcome == Taken::repeated);
    if (is_lost()) {
      RC_ASSERT(sender.on_timeout() == Sent::send_again);
      continue;
    }
    const auto header = *decode_fragment_header(sent);
    RC_ASSERT(sender.on_confirmation({header.sequence, FragmentKind::confirm, 0}) != Sent::ignored);
  }
  RC_ASSERT(std::ranges::equal(assembler.apdu(), apdu));
}

}  // namespace
}  // namespace duheng::dlt698
