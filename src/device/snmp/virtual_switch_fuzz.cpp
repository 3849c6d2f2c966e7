// Arbitrary octets as datagrams to a switch, and as a drill: whatever is answered is one whole message that fits into a
// datagram, and only who has the community is answered under it.
#include <cstdlib>

#include "codec/snmp/message.hpp"
#include "device/snmp/virtual_switch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  constexpr std::int64_t now_ms = 1'750'000'000'000;
  device::VirtualSwitchOptions options;
  options.uid = "s";
  options.community = "public";
  options.body.ports = 3;
  options.body.carries = {"a"};
  options.utc_ms = now_ms;
  const auto made = device::VirtualSwitch::make(options);
  if (!made) std::abort();
  const ByteView octets(data, size);
  if (const auto said = (*made)->answer(now_ms + 5'000, octets)) {
    if (said->octets.size() > device::SnmpAgent::response_octets_max) std::abort();
    const auto asked = snmp::parse_community_message(octets);
    const auto plain = snmp::parse_community_message(said->octets);
    const auto secure = snmp::parse_secure_message(said->octets);
    if (!plain && !secure) std::abort();
    if (plain && (!asked || asked->community != "public" || !snmp::parse_pdu(plain->pdu))) std::abort();
  }
  if (const auto drills = device::parse_switch_drills(as_text(octets))) {
    (*made)->obey(now_ms + 6'000, *drills);
    static_cast<void>((*made)->body().view(now_ms + 7'000));
  }
  return 0;
}
