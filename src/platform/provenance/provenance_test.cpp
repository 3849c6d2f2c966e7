#include "platform/provenance/provenance.hpp"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {
namespace {

using dlt645::Address;

class ProvenanceTest : public ::testing::Test {
 protected:
  ProvenanceTest() {
    auto opened = store::Journal::open(disk, random, keys, {.directory = "journal"});
    if (opened) journal = std::move(*opened);
  }
  /// A batch of `frames` answers; the value of frame i is i hundredths of a kWh.
  Bytes body(std::size_t frames) {
    BatchWriter writer(1'000);
    const std::uint32_t device = writer.device("645:000000000001");
    const std::uint32_t energy =
        writer.register_of({.name = "energy_active_import_total", .unit = "kWh", .exponent = -2});
    const auto address = Address::parse("000000000001");
    const dlt645::DataIdentifier identifier{0x00010000};
    for (std::size_t i = 0; i < frames; ++i) {
      const auto tens = static_cast<std::uint8_t>((i % 100 / 10) << 4 | i % 10);
      const Bytes payload{tens, static_cast<std::uint8_t>(i / 100 % 10), 0, 0};
      const auto question = dlt645::read_request(*address, identifier);
      const auto answer = dlt645::read_reply(*address, identifier, payload);
      writer.frame({.device_index = device,
                    .protocol = Protocol::dlt645_2007,
                    .sent_utc_ms = 1'100,
                    .received_utc_ms = 1'200,
                    .request = question.view(),
                    .response = answer->view()});
      writer.reading({.register_index = energy, .mantissa = static_cast<std::int64_t>(i), .time_utc_ms = 1'200});
    }
    Bytes out;
    writer.finish(out);
    return out;
  }
  std::uint64_t commit(const Bytes& content, std::uint64_t sequence = 0) {
    const crypto::Hash256 previous{};
    const store::JournalRecord record{.type = store::JournalRecordType::batch,
                                      .gateway = GatewayId{12},
                                      .epoch = 77,
                                      .sequence = sequence,
                                      .hash = uplink::batch_hash(previous, 77, sequence, content),
                                      .previous_hash = previous,
                                      .received_utc_ms = 1'300,
                                      .reason = {},
                                      .body = content};
    return journal->commit({&record, 1}).value();
  }

  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  std::unique_ptr<store::Journal> journal;
};

TEST_F(ProvenanceTest, FollowsAValueBackToEveryOctetOfItsFrame) {
  const std::uint64_t number = commit(body(5));
  const auto traced = trace(*journal, FrameReference::make(number, 3));
  ASSERT_TRUE(traced) << traced.error().message;
  EXPECT_EQ(traced->gateway, GatewayId{12});
  EXPECT_EQ(traced->device_uid, "645:000000000001");
  EXPECT_EQ(traced->sent_utc_ms, 1'100);
  EXPECT_EQ(traced->received_utc_ms, 1'200);
  EXPECT_EQ(traced->spooled_utc_ms, 1'000);
  EXPECT_EQ(traced->journalled_utc_ms, 1'300);
  EXPECT_EQ(traced->epoch, 77U);
  EXPECT_TRUE(traced->hash_holds);
  ASSERT_EQ(traced->readings.size(), 1U);
  EXPECT_EQ(traced->readings[0].mantissa, 3);
  EXPECT_EQ(traced->readings[0].register_name, "energy_active_import_total");
  std::size_t covered = 0;
  bool value_told = false;
  for (const auto& field : traced->response_fields) {
    EXPECT_EQ(field.offset, covered);
    covered += field.size;
    EXPECT_FALSE(field.is_fault) << field.meaning.english;
    value_told |= field.value == "0.03" && field.unit == "kWh";
  }
  EXPECT_EQ(covered, traced->response.size());
  EXPECT_TRUE(value_told) << "the field tells the very value that was stored";
  EXPECT_FALSE(traced->request_fields.empty());
}

TEST_F(ProvenanceTest, SaysThatThereIsNoSuchFrame) {
  const std::uint64_t number = commit(body(2));
  for (const FrameReference reference :
       {FrameReference{}, FrameReference::make(number, 2), FrameReference::make(number + 1, 0)}) {
    const auto traced = trace(*journal, reference);
    ASSERT_FALSE(traced);
    EXPECT_EQ(traced.error().code, ErrorCode::not_found);
  }
}

TEST_F(ProvenanceTest, NoticesContentThatIsNotWhatItsHashSays) {
  const Bytes content = body(1);
  const store::JournalRecord record{.type = store::JournalRecordType::batch,
                                    .gateway = GatewayId{12},
                                    .epoch = 77,
                                    .sequence = 0,
                                    .hash = crypto::Hash256{1},
                                    .previous_hash = {},
                                    .received_utc_ms = 1'300,
                                    .reason = {},
                                    .body = content};
  const auto traced = trace(*journal, FrameReference::make(journal->commit({&record, 1}).value(), 0));
  ASSERT_TRUE(traced);
  EXPECT_FALSE(traced->hash_holds);
}

TEST_F(ProvenanceTest, TakesLessThanFiveMilliseconds) {
  std::vector<std::uint64_t> numbers;
  const Bytes content = body(1'000);
  for (std::uint64_t i = 0; i < 60; ++i) numbers.push_back(commit(content, i));
  std::vector<double> times_ms;
  for (const std::uint64_t number : numbers) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(trace(*journal, FrameReference::make(number, 500)));
    times_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  std::ranges::sort(times_ms);
  RecordProperty("median_us", static_cast<int>(times_ms[30] * 1'000));
  EXPECT_LT(times_ms[30], 5.0) << "the median, records of 1,000 frames";
}

TEST_F(ProvenanceTest, FramesOfEveryProtocolAreTakenApart) {
  struct Case {
    Protocol protocol;
    const char* request;
    const char* response;
  };
  // Published frames of each protocol.
  const std::vector<Case> cases{
      {Protocol::cjt188, "",
       "68 10 44 33 22 11 00 33 78 81 16 1F 90 00 00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 "
       "20 21 84 13 16"},
      {Protocol::modbus_rtu, "11 03 00 6B 00 03 76 87", "11 03 06 AE 41 56 52 43 40 49 AD"},
      {Protocol::modbus_ascii, "3A 31 31 30 33 30 30 36 42 30 30 30 33 37 45 0D 0A",
       "3A 31 31 30 33 30 32 41 45 34 31 46 42 0D 0A"},
      {Protocol::modbus_tcp, "00 01 00 00 00 06 11 03 00 6B 00 03", "00 01 00 00 00 05 11 03 02 AE 41"},
      {Protocol::unknown, "", "01 02 03"}};
  std::uint64_t sequence = 0;
  for (const auto& one : cases) {
    BatchWriter writer(1'000);
    const Bytes request = *from_hex(one.request);
    const Bytes response = *from_hex(one.response);
    writer.frame({.device_index = writer.device("d"),
                  .protocol = one.protocol,
                  .sent_utc_ms = 1,
                  .received_utc_ms = 2,
                  .request = request,
                  .response = response});
    Bytes content;
    writer.finish(content);
    const auto traced = trace(*journal, FrameReference::make(commit(content, sequence++), 0));
    ASSERT_TRUE(traced) << traced.error().message;
    std::size_t covered = 0;
    for (const auto& field : traced->response_fields) {
      EXPECT_FALSE(field.is_fault) << field.key;
      EXPECT_EQ(field.key == "unexplained", one.protocol == Protocol::unknown) << field.key;
      covered = std::max(covered, field.offset + field.size);
    }
    EXPECT_EQ(covered, response.size());
    EXPECT_EQ(traced->request_fields.empty(), request.empty());
  }
}

}  // namespace
}  // namespace duheng::platform
