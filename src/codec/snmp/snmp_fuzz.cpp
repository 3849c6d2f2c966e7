#include <cstdlib>

#include "codec/snmp/explain.hpp"
#include "codec/snmp/message.hpp"
#include "codec/snmp/usm.hpp"

// Whatever comes: nothing is read past its end; what parses and is written again parses as the same; explanations cover
// every octet once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const ByteView octets(data, size);
  if (const auto message = snmp::parse_community_message(octets)) {
    if (const auto pdu = snmp::parse_pdu(message->pdu)) {
      const Bytes again = snmp::encode_community_message(message->community, *pdu);
      const auto second = snmp::parse_community_message(again);
      if (!second) std::abort();
      const auto third = snmp::parse_pdu(second->pdu);
      if (!third || *third != *pdu) std::abort();
    }
  }
  if (const auto message = snmp::parse_secure_message(octets)) {
    const snmp::UserKeys open_door;
    const snmp::UserKeys keys{snmp::Authentication::sha1, snmp::Privacy::aes128, Bytes(20, 1), Bytes(16, 2)};
    static_cast<void>(snmp::open_message(octets, *message, open_door));
    if (snmp::open_message(octets, *message, keys)) std::abort();  // nobody guesses a key
  }
  std::size_t covered = 0;
  const auto fields = snmp::explain(octets);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth;
    if (has_parts) continue;
    if (fields[i].offset != covered) std::abort();
    covered += fields[i].size;
  }
  if (covered != size) std::abort();
  Bytes copy(octets.begin(), octets.end());
  snmp::mask_communities(copy);
  if (copy.size() != size) std::abort();
  return 0;
}
