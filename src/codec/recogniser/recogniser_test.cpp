#include "codec/recogniser/recogniser.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace duheng::codec {
namespace {

using Json = nlohmann::json;

struct Sample {
  std::string name;
  Bytes octets;
  Protocol protocol;
};

Protocol protocol_of(const Json& expect) {
  const auto name = expect.at("protocol").get<std::string>();
  if (name.starts_with("dlt645")) return Protocol::dlt645;
  if (name.starts_with("cjt188")) return Protocol::cjt188;
  if (name.starts_with("dlt698")) return Protocol::dlt698;
  const auto transport = expect.value("transport", "");
  return transport == "rtu"     ? Protocol::modbus_rtu
         : transport == "ascii" ? Protocol::modbus_ascii
         : transport == "tcp"   ? Protocol::modbus_tcp
                                : Protocol::unknown;
}

/// The valid frames of a vector file.
std::vector<Sample> samples(const std::string& file_name) {
  std::vector<Sample> out;
  std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/" + file_name);
  for (const auto& entry : Json::parse(file)) {
    const auto& expect = entry.at("expect");
    // A bare APDU is no frame.
    if (!expect.at("valid").get<bool>() || entry.value("layer", "") == "apdu") continue;
    out.push_back({entry.at("name"), *from_hex(entry.at("hex").get<std::string>()), protocol_of(expect)});
  }
  return out;
}

void expect_recognised(const Sample& sample) {
  const auto got = recognise(sample.octets);
  EXPECT_EQ(to_string(got.protocol), to_string(sample.protocol)) << sample.name;
  EXPECT_GE(got.of(sample.protocol).frames, 1U) << sample.name;
}

TEST(Recogniser, EveryVectorOfDlt645) {
  const auto all = samples("dlt645.json");
  ASSERT_GE(all.size(), 50U);
  for (const Sample& sample : all) expect_recognised(sample);
}
TEST(Recogniser, EveryVectorOfCjt188) {
  const auto all = samples("cjt188.json");
  ASSERT_GE(all.size(), 30U);
  for (const Sample& sample : all) expect_recognised(sample);
}
TEST(Recogniser, EveryVectorOfModbus) {
  const auto all = samples("modbus.json");
  ASSERT_GE(all.size(), 20U);
  for (const Sample& sample : all) expect_recognised(sample);
}
TEST(Recogniser, EveryFrameOfDlt698) {
  const auto all = samples("dlt69845.json");
  std::size_t frames = 0;
  for (const Sample& sample : all) {
    // The file holds bare APDUs too; a frame has 68H at most four FEH in.
    const auto start = std::ranges::find_if(sample.octets, [](std::uint8_t octet) { return octet != 0xFE; });
    if (start == sample.octets.end() || *start != 0x68) continue;
    expect_recognised(sample);
    ++frames;
  }
  EXPECT_GE(frames, 20U);
}

Bytes noise(std::size_t size, std::uint32_t seed) {
  Bytes out(size);
  for (auto& octet : out) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    // One in eight is 68H, to make it hard.
    octet = (seed >> 29) == 0 ? 0x68 : static_cast<std::uint8_t>(seed >> 16);
  }
  return out;
}

TEST(Recogniser, NoiseIsUnknown) {
  EXPECT_EQ(recognise({}).protocol, Protocol::unknown);
  EXPECT_EQ(recognise(Bytes(1000, 0xFE)).protocol, Protocol::unknown);
  EXPECT_EQ(recognise(Bytes(1000, 0x00)).protocol, Protocol::unknown);
  EXPECT_EQ(recognise(Bytes(1000, 0x68)).protocol, Protocol::unknown);
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    EXPECT_EQ(recognise(noise(1 << 14, seed)).protocol, Protocol::unknown) << seed;
  }
}

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

TEST(Recogniser, FramesInNoiseAreFoundWithTheirPlace) {
  for (const auto* file : {"dlt645.json", "cjt188.json", "modbus.json"}) {
    for (const Sample& sample : samples(file)) {
      if (sample.protocol == Protocol::modbus_tcp || sample.name.find("trailing") != std::string::npos) continue;
      // Frames of functions whose size nobody knows end with silence, not in noise.
      const bool has_no_size =
          sample.protocol == Protocol::modbus_rtu && (sample.octets[1] == 7 || sample.octets[1] == 17);
      if (has_no_size) continue;
      // A frame as it stands in a noisy log: the noise before it holds nothing that could begin a longer one.
      Bytes before = noise(100, 7);
      for (auto& octet : before) octet |= 0x80;
      const auto got = recognise(joined({before, sample.octets, noise(40, 9)}));
      EXPECT_EQ(to_string(got.protocol), to_string(sample.protocol)) << sample.name;
      EXPECT_GE(got.of(sample.protocol).first_offset, 100U) << sample.name;
    }
  }
}

TEST(Recogniser, GluedProtocolsAreAllCounted) {
  const Bytes meter = *from_hex(
      "68610100000000689108333334335933333"
      "38A16");
  const Bytes modbus = *from_hex("1103006B00037687");
  const auto got = recognise(joined({meter, meter, modbus, meter}));
  EXPECT_EQ(got.protocol, Protocol::dlt645);
  EXPECT_EQ(got.of(Protocol::dlt645).frames, 3U);
  EXPECT_EQ(got.of(Protocol::dlt645).first_offset, 0U);
  EXPECT_EQ(got.of(Protocol::dlt645).frame_octets, 3 * meter.size());
  EXPECT_EQ(got.of(Protocol::modbus_rtu).frames, 1U);
  EXPECT_EQ(got.of(Protocol::modbus_rtu).first_offset, 2 * meter.size());
}

TEST(Recogniser, OctetByOctetTheSame) {
  for (const Sample& sample : samples("dlt645.json")) {
    Recogniser recogniser;
    for (const std::uint8_t octet : sample.octets) recogniser.feed({&octet, 1});
    recogniser.flush();
    const auto whole = recognise(sample.octets);
    const auto got = recogniser.recognition();
    EXPECT_EQ(got.protocol, whole.protocol);
    EXPECT_EQ(got.of(Protocol::dlt645).first_offset, whole.of(Protocol::dlt645).first_offset);
    recogniser.reset();
    EXPECT_EQ(recogniser.recognition().octets, 0U);
    EXPECT_EQ(recogniser.recognition().of(Protocol::dlt645).frames, 0U);
  }
}

/// TCP has no checksum: a row must begin with the first octet.
TEST(Recogniser, ModbusTcpOnlyInARow) {
  const Bytes question = *from_hex(
      "150500000006"
      "1103006B0003");
  EXPECT_EQ(recognise(joined({question, question})).of(Protocol::modbus_tcp).frames, 2U);
  EXPECT_EQ(recognise(joined({question, question})).protocol, Protocol::modbus_tcp);
  EXPECT_EQ(recognise(joined({{0x55}, question, question})).protocol, Protocol::unknown);
}

}  // namespace
}  // namespace duheng::codec
