#include "codec/dlt645/answer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/dlt645/message.hpp"
#include "codec/dlt645/test_vectors.hpp"

namespace duheng::dlt645 {
namespace {

/// What the long way says, step by step.
struct Judged {
  std::expected<void, DecodeError> result;
  std::vector<std::string> values;
};

std::vector<std::string> shown(const ValueList& values, ByteView payload) {
  std::vector<std::string> out;
  for (const Value& v : values) {
    out.push_back(std::to_string(v.mantissa) + "|" + std::to_string(v.offset) + "|" + std::to_string(v.size_octets) +
                  "|" + std::to_string(v.element) + "|" + std::to_string(v.field) + "|" + std::to_string(v.exponent) +
                  "|" + std::string(to_string(v.unit)) + "|" + std::to_string(static_cast<int>(v.kind)) + "|" +
                  std::string(to_string(v.role)) + "|" + std::to_string(static_cast<int>(v.state)) + "|" +
                  to_text(v, payload));
  }
  return out;
}

void expect_same_as_step_by_step(const FrameView& frame) {
  Answer answer;
  const auto result = decode_answer(frame, answer);
  const bool is_answer = frame.control() == 0x91;
  if (!is_answer) {
    if (frame.control() != 0x81) {
      ASSERT_FALSE(result);
      EXPECT_EQ(result.error().field, Field::control);
    }
    return;
  }
  const PlainData plain = frame.plain_data();
  ASSERT_EQ(to_hex(answer.plain.view()), to_hex(plain.view()));
  const auto reply = parse_read_reply(frame, plain.view());
  if (!reply) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, reply.error().code);
    return;
  }
  const auto description = describe(reply->identifier);
  if (!description) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error(), description.error());
    return;
  }
  ValueList values;
  const auto slow = decode_values(*description, reply->payload, values);
  ASSERT_EQ(result.has_value(), slow.has_value()) << to_hex(frame.octets());
  if (!slow) {
    EXPECT_EQ(result.error(), slow.error());
  }
  EXPECT_EQ(answer.description.identifier, reply->identifier);
  EXPECT_EQ(answer.description.layout, description->layout);
  EXPECT_EQ(answer.description.rule, description->rule);
  EXPECT_EQ(to_hex(answer.payload()), to_hex(reply->payload));
  EXPECT_EQ(shown(answer.values, answer.payload()), shown(values, reply->payload)) << to_hex(frame.octets());
}

TEST(AnswerTest, SameAsStepByStepForEveryVector) {
  std::size_t whole = 0;
  for (const TestVector& vector : test_vectors()) {
    const auto frame = decode(vector.octets);
    if (!frame) continue;
    SCOPED_TRACE(vector.name);
    expect_same_as_step_by_step(*frame);
    ++whole;
  }
  EXPECT_GE(whole, 55U);
}

constexpr std::uint32_t asked_for[] = {0x00010000, 0x0001FF00, 0x00000000, 0x0000FF00, 0x00030000, 0x0201FF00,
                                       0x02010100, 0x0202FF00, 0x02030000, 0x0203FF00, 0x0206FF00, 0x02800002,
                                       0x02800007, 0x04000101, 0x04000102, 0x04000503, 0x05060001, 0x01010000,
                                       0x00900200, 0x1D000001, 0x12345678, 0x0500FF01, 0x06000002};

RC_GTEST_PROP(AnswerTest, SameAsStepByStepForAnyOctets, ()) {
  const auto identifier = *rc::gen::elementOf(std::vector<std::uint32_t>(std::begin(asked_for), std::end(asked_for)));
  const auto payload = *rc::gen::resize(40, rc::gen::arbitrary<std::vector<std::uint8_t>>());
  const auto frame = read_reply(*Address::parse("161"), DataIdentifier{identifier}, payload);
  RC_ASSERT(frame.has_value());
  expect_same_as_step_by_step(*decode(frame->view()));
}

/// Digits mostly, so that the short way is taken, with an absent or bad field now and then.
RC_GTEST_PROP(AnswerTest, SameAsStepByStepForDigits, ()) {
  const auto identifier = *rc::gen::elementOf(std::vector<std::uint32_t>(std::begin(asked_for), std::end(asked_for)));
  const auto description = describe(DataIdentifier{identifier});
  if (!description || description->item_octets == 0) return;
  const auto elements = *rc::gen::inRange<std::size_t>(1, 7);
  Bytes payload(elements * description->item_octets);
  for (auto& octet : payload) {
    const auto digits = *rc::gen::inRange(0, 100);
    octet = static_cast<std::uint8_t>(digits / 10 << 4 | digits % 10);
  }
  const auto spoiled = *rc::gen::inRange(0, 6);
  if (spoiled == 0) std::fill_n(payload.begin(), description->item_octets, std::uint8_t{0xFF});
  if (spoiled == 1) payload.back() |= 0x80;
  if (spoiled == 2) payload.front() = 0x0A;
  const auto frame = read_reply(*Address::parse("161"), DataIdentifier{identifier}, payload);
  expect_same_as_step_by_step(*decode(frame->view()));
}

TEST(AnswerTest, ReadsAnswersOf1997) {
  const Bytes payload = *from_hex("78563412");
  const auto frame = read_reply_1997(*Address::parse("161"), 0x9010, payload);
  Answer answer;
  ASSERT_TRUE(decode_answer(*decode(frame->view()), answer));
  ASSERT_EQ(answer.values.size(), 1U);
  EXPECT_EQ(to_text(answer.values[0], answer.payload()), "123456.78");
  EXPECT_EQ(to_string(answer.values[0].unit), "kWh");
  EXPECT_EQ(register_name(answer.description), "energy_active_import_total");
}

TEST(AnswerTest, RefusesWhatIsNoWholeAnswer) {
  Answer answer;
  const auto refused = [&](const FrameBuffer& frame) {
    const auto result = decode_answer(*decode(frame.view()), answer);
    return result ? Field::none : result.error().field;
  };
  const auto address = *Address::parse("161");
  EXPECT_EQ(refused(read_request(address, {0x00010000})), Field::control);
  EXPECT_EQ(refused(*read_reply(address, {0x00010000}, {}, true)), Field::control);
  EXPECT_EQ(refused(error_reply(address, 0x11, 2)), Field::control);
  EXPECT_EQ(refused(*encode({address, 0x91, {}, 0})), Field::data_identifier);
}

}  // namespace
}  // namespace duheng::dlt645
