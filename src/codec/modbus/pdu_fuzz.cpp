#include <cstdlib>

#include "codec/modbus/message.hpp"

// Every accessor of a PDU that was taken stays inside it; its size is what the size rule says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::modbus;
  const ByteView octets(data, size);
  for (const auto role : {Role::request, Role::response}) {
    const auto told = pdu_size(octets, role);
    const auto pdu = decode_pdu(octets, role);
    if (!pdu) continue;
    if (told.kind == PduSize::Kind::known && told.octets != size) std::abort();
    if (told.kind == PduSize::Kind::more || told.kind == PduSize::Kind::impossible) std::abort();
    const ByteView values = pdu->value_octets();
    if (!values.empty() && (values.data() < data || values.data() + values.size() != data + size)) std::abort();
    unsigned sum = pdu->address() + pdu->quantity() + pdu->single_value() + pdu->write_address() + pdu->or_mask();
    for (std::size_t i = 0; i < pdu->register_count(); ++i) sum += pdu->register_at(i);
    for (std::size_t i = 0; i < pdu->bit_capacity(); ++i) sum += pdu->bit_at(i) ? 1 : 0;
    std::size_t objects = 0;
    pdu->for_each_object([&](const IdentificationObject& object) {
      if (object.value.data() + object.value.size() > data + size) std::abort();
      ++objects;
    });
    if (objects != pdu->object_count()) std::abort();
    if (role == Role::request) {
      const auto answer = write_response(*pdu);
      if (answer && !match_response(*pdu, decode_pdu(answer->view(), Role::response).value())) std::abort();
    }
    static_cast<void>(sum);
  }
  return 0;
}
