#include "model/batch.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng {
namespace {

Bytes example() {
  BatchWriter writer(1'750'000'000'000);
  const auto device = writer.device("dlt645-000000000161");
  const auto energy = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
  const auto voltage = writer.register_of({"voltage_a", "V", -1, SeriesKind::decimal});
  const Bytes request{0x68, 0x01};
  const Bytes response{0x68, 0x91, 0x16};
  writer.frame({device, Protocol::dlt645_2007, 1'750'000'000'010, 1'750'000'000'055, request, response});
  writer.reading({energy, 123'456, 1'750'000'000'055, TimeSource::gateway, Quality::good});
  writer.reading({voltage, -7, 1'749'999'999'000, TimeSource::meter, Quality::out_of_range | Quality::clock_suspect});
  writer.frame({device, Protocol::dlt645_2007, 0, 1'750'000'000'099, {}, response});
  Bytes out;
  writer.finish(out);
  return out;
}

TEST(Batch, CarriesFramesAndReadingsUnchanged) {
  const Bytes bytes = example();
  const auto view = BatchView::parse(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->frame_count(), 2U);
  EXPECT_EQ(view->reading_count(), 2U);
  const auto first = view->find(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->frame.sent_utc_ms, 1'750'000'000'010);
  EXPECT_EQ(first->frame.received_utc_ms, 1'750'000'000'055);
  EXPECT_EQ(to_hex(first->frame.response), "689116");
  ASSERT_EQ(first->readings.size(), 2U);
  EXPECT_EQ(view->registers()[first->readings[1].register_index].name, "voltage_a");
  EXPECT_EQ(first->readings[1].mantissa, -7);
  EXPECT_EQ(first->readings[1].time_utc_ms, 1'749'999'999'000);
  EXPECT_EQ(to_string(first->readings[1].quality), "out_of_range,clock_suspect");
  EXPECT_EQ(view->find(1)->frame.sent_utc_ms, 0);
  EXPECT_FALSE(view->find(2));
}

TEST(Batch, RefusesEveryTruncationAndSurvivesEveryChangedOctet) {
  const Bytes bytes = example();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(BatchView::parse(ByteView{bytes}.first(cut))) << cut;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int flip = 1; flip < 256; ++flip) {
      Bytes changed = bytes;
      changed[at] ^= static_cast<std::uint8_t>(flip);
      if (const auto view = BatchView::parse(changed)) {
        view->for_each([](auto, const Frame&) {}, [](auto, const Frame&, const Reading&) {});
      }
    }
  }
}

RC_GTEST_PROP(Batch, KeepsAnyNumber, (std::int64_t mantissa, std::int64_t time, std::int64_t received)) {
  BatchWriter writer(0);
  const auto device = writer.device("d");
  const auto r = writer.register_of({"r", "", 0, SeriesKind::decimal});
  writer.frame({device, Protocol::unknown, 0, received, {}, {}});
  writer.reading({r, mantissa, time, TimeSource::meter, Quality::good});
  Bytes bytes;
  writer.finish(bytes);
  const auto view = BatchView::parse(bytes);
  RC_ASSERT(view.has_value());
  const auto found = view->find(0);
  RC_ASSERT(found->readings[0].mantissa == mantissa);
  RC_ASSERT(found->readings[0].time_utc_ms == time);
  RC_ASSERT(found->frame.received_utc_ms == received);
}

}  // namespace
}  // namespace duheng
