// Arbitrary octets as frames on the line, and as APDUs in good frames: whatever comes back must be a whole answer of a
// meter on the bus that the grammar reads to its end.
#include <cstdlib>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/node.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/memory/ram_memory.hpp"

namespace {

using namespace duheng;
constexpr std::int64_t now_utc_ms = 1'750'000'000'000;

void check(ByteView octets, std::string_view uid) {
  const auto frame = dlt698::decode_at_start(octets);
  if (!frame || !frame->from_server() || frame->size_octets() != octets.size() ||
      frame->server_address().to_string() != uid)
    std::abort();
  if (frame->is_fragment()) return;
  Bytes plain(frame->wire_user_data().size());
  const ByteView apdu = frame->user_data(plain);
  const auto tree = dlt698::decode_tree(dlt698::types::apdu, apdu);
  if (!tree || tree->size_octets != apdu.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto address = *dlt698::ServerAddress::parse("201605190907");  // that of a published frame
  device::DeviceBus bus(device::dlt698_line());
  const auto meter = std::make_shared<device::VirtualDlt698Meter>(
      device::Dlt698MeterOptions{.address = address,
                                 .seed = 3,
                                 .three_phase = true,
                                 .plain_writes_allowed = true,
                                 .security_key = {1, 2, 3},
                                 .frame_octets_max = 512,
                                 .apdu_octets_max = 1'024,
                                 .memory = std::make_shared<device::RamMemory>()});
  bus.add(meter);
  device::DeviceBusPort port(bus);
  port.octets(
      now_utc_ms, {data, size}, [](ByteView) {},
      [](const device::BusAnswer& answer) { check(answer.octets, answer.address.text); });
  dlt698::FrameFields fields;
  fields.server_address = address;
  fields.user_data = {data, size};
  const auto question = dlt698::encode(fields);
  if (!question) return 0;
  for (int i = 0; i < 2; ++i)
    if (const auto said = meter->answer(now_utc_ms + i * 3'600'000, *question)) check(said->octets, meter->uid());
  return 0;
}
