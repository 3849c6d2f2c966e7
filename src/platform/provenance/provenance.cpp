#include "platform/provenance/provenance.hpp"

#include "codec/cjt188/explain.hpp"
#include "codec/dlt645/explain.hpp"
#include "codec/dlt698/explain.hpp"
#include "codec/gdw13762/explain.hpp"
#include "codec/modbus/explain.hpp"
#include "codec/snmp/explain.hpp"
#include "model/batch.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {

namespace {

std::vector<codec::ExplainedField> explain(Protocol protocol, ByteView octets, modbus::Role role) {
  if (octets.empty()) return {};
  // What went over a carrier module is its frames, the meter's within.
  const bool may_be_carried = protocol == Protocol::dlt645_2007 || protocol == Protocol::dlt698_45;
  if (may_be_carried && gdw13762::is_carrier_exchange(octets)) return gdw13762::explain(octets);
  switch (protocol) {
    case Protocol::dlt645_2007:
    case Protocol::dlt645_1997:
      return dlt645::explain(octets);
    case Protocol::cjt188:
      return cjt188::explain(octets);
    case Protocol::dlt698_45:
      return dlt698::explain(octets);
    case Protocol::modbus_rtu:
      return modbus::explain(octets, modbus::Transport::rtu, role);
    case Protocol::modbus_tcp:
      return modbus::explain(octets, modbus::Transport::tcp, role);
    case Protocol::modbus_ascii:
      return modbus::explain(octets, modbus::Transport::ascii, role);
    case Protocol::snmp:
      return snmp::explain(octets);
    case Protocol::icmp_echo:
    case Protocol::unknown:
      break;
  }
  codec::ExplainedField whole;
  whole.size = octets.size();
  whole.raw = to_hex(octets, ' ');
  whole.key = "unexplained";
  whole.label = {"Frame", "报文"};
  whole.meaning = {"This release cannot take frames of this protocol apart.", "本版本尚不能解析该规约的报文。"};
  return {whole};
}

}  // namespace

std::vector<codec::ExplainedField> explain_frame(Protocol protocol, ByteView octets, bool is_request) {
  return explain(protocol, octets, is_request ? modbus::Role::request : modbus::Role::response);
}

Result<Provenance> trace(const store::Journal& journal, FrameReference reference) {
  DUHENG_TRY(const store::FrameEvidence evidence, journal.frame(reference));
  const store::JournalRecord& record = evidence.stored.record;
  DUHENG_TRY(const BatchView batch, BatchView::parse(record.body));
  Provenance out;
  out.reference = reference;
  out.gateway = record.gateway;
  out.device_uid = evidence.device_uid;
  out.protocol = evidence.frame.protocol;
  out.sent_utc_ms = evidence.frame.sent_utc_ms;
  out.received_utc_ms = evidence.frame.received_utc_ms;
  out.spooled_utc_ms = batch.created_utc_ms();
  out.journalled_utc_ms = record.received_utc_ms;
  out.epoch = record.epoch;
  out.sequence = record.sequence;
  out.batch_hash = record.hash;
  out.previous_hash = record.previous_hash;
  out.hash_holds = uplink::batch_hash(record.previous_hash, record.epoch, record.sequence, record.body) == record.hash;
  out.request.assign(evidence.frame.request.begin(), evidence.frame.request.end());
  out.response.assign(evidence.frame.response.begin(), evidence.frame.response.end());
  out.request_fields = explain(out.protocol, out.request, modbus::Role::request);
  out.response_fields = explain(out.protocol, out.response, modbus::Role::response);
  for (const Reading& reading : evidence.readings) {
    const Register& described = evidence.registers.at(reading.register_index);
    out.readings.push_back({.register_name = std::string{described.name},
                            .unit = std::string{described.unit},
                            .exponent = described.exponent,
                            .kind = described.kind,
                            .mantissa = reading.mantissa,
                            .time_utc_ms = reading.time_utc_ms,
                            .time_source = reading.time_source,
                            .quality = reading.quality});
  }
  return out;
}

}  // namespace duheng::platform
