#pragma once
// A master for tests: asks a virtual meter and takes its answers apart.
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "device/meter/meter_parameters.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device::test {

inline constexpr std::int64_t now_ms = 1'763'712'000'000;  // 2025-11-21T08:00:00Z, a Friday, 16:00 in China
inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

inline dlt645::Address own_address() { return *dlt645::Address::parse("202600000161"); }
inline VirtualMeterOptions meter_options(bool three_phase = true, bool exports = true) {
  return {.address = own_address(), .seed = 77, .three_phase = three_phase, .exports = exports};
}
inline dlt645::Authority authority(std::uint8_t level = 2) {
  return {level, {0x56, 0x34, 0x12}, {0x44, 0x33, 0x22, 0x11}};
}

struct Reply {
  bool answered = false;
  bool refused = false;
  std::uint8_t error_word = 0;
  Bytes data;  ///< behind the identifier in read answers
  [[nodiscard]] bool accepted() const { return answered && !refused; }
};

/// One question and its answer, following frames fetched and joined.
inline Reply ask(VirtualMeter& meter, std::int64_t utc_ms, const dlt645::FrameBuffer& question) {
  Reply out;
  const auto answer = meter.answer(utc_ms, *dlt645::decode(question.view()));
  if (!answer) return out;
  out.answered = true;
  auto frame = dlt645::decode_at_start(answer->frame.view());
  EXPECT_TRUE(frame);
  const auto plain = frame->plain_data();
  out.refused = frame->is_error();
  if (out.refused) {
    out.error_word = plain.view()[0];
    return out;
  }
  const auto reply = dlt645::parse_read_reply(*frame, plain.view());
  if (frame->function() != static_cast<std::uint8_t>(dlt645::Function::read) || !reply) {
    out.data.assign(plain.view().begin(), plain.view().end());
    return out;
  }
  EXPECT_LE(plain.size(), 200U);
  out.data.assign(reply->payload.begin(), reply->payload.end());
  bool more = frame->has_following();
  for (std::uint8_t part = 1; more; ++part) {
    const auto next = meter.answer(
        utc_ms, *dlt645::decode(dlt645::read_following_request(own_address(), reply->identifier, part).view()));
    EXPECT_TRUE(next);
    if (!next) break;
    const auto following = dlt645::decode_at_start(next->frame.view());
    const auto content = following->plain_data();
    const auto taken = dlt645::parse_read_reply(*following, content.view());
    EXPECT_TRUE(taken && taken->sequence == part);
    if (!taken) break;
    out.data.insert(out.data.end(), taken->payload.begin(), taken->payload.end());
    more = following->has_following();
  }
  return out;
}

inline Reply read(VirtualMeter& meter, std::uint32_t identifier, std::int64_t utc_ms = now_ms) {
  return ask(meter, utc_ms, dlt645::read_request(own_address(), {identifier}));
}
/// All numbers of an answer in their order; empty when refused.
inline std::vector<std::int64_t> numbers_in(std::uint32_t identifier, const Bytes& payload) {
  std::vector<std::int64_t> out;
  dlt645::ValueList values;
  EXPECT_TRUE(dlt645::decode_values(*dlt645::describe({identifier}), payload, values));
  for (const auto& value : values) out.push_back(value.state == dlt645::ValueState::good ? value.mantissa : -1);
  return out;
}
inline std::vector<std::int64_t> numbers(VirtualMeter& meter, std::uint32_t identifier, std::int64_t utc_ms = now_ms) {
  const auto reply = read(meter, identifier, utc_ms);
  return reply.accepted() ? numbers_in(identifier, reply.data) : std::vector<std::int64_t>{};
}
inline std::int64_t number(VirtualMeter& meter, std::uint32_t identifier, std::int64_t utc_ms = now_ms) {
  const auto all = numbers(meter, identifier, utc_ms);
  EXPECT_EQ(all.size(), 1U) << std::hex << identifier;
  return all.empty() ? -1 : all[0];
}

inline Reply write(VirtualMeter& meter, std::uint32_t identifier, const Bytes& payload, std::int64_t utc_ms = now_ms,
                   const dlt645::Authority& by = authority()) {
  return ask(meter, utc_ms, *dlt645::write_request(own_address(), {identifier}, by, payload));
}
inline Reply control(VirtualMeter& meter, dlt645::RelayCommand command, std::int64_t utc_ms = now_ms,
                     const dlt645::Authority& by = authority()) {
  return ask(meter, utc_ms, dlt645::control_request(own_address(), by, command, {2040, 1, 1, 0, 0, 0}));
}

}  // namespace duheng::device::test
