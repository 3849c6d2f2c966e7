#include "platform/ingest/whole_path_frames.hpp"

#include <utility>

namespace duheng::platform {

Result<AskedItem> make_asked_item(std::uint32_t identifier, std::vector<std::string_view> registers,
                                  std::string_view unit) {
  AskedItem item{.identifier = {identifier}, .registers = std::move(registers), .unit = unit};
  const auto described = dlt645::describe(item.identifier);
  if (!described) return fail(ErrorCode::internal, "the benchmark's data identifiers are not in the codec's table");
  item.description = *described;
  return item;
}

void append_bcd(Bytes& out, std::int64_t value, std::size_t octets) {
  for (std::size_t octet = 0; octet < octets; ++octet, value /= 100)
    out.push_back(static_cast<std::uint8_t>(value / 10 % 10 << 4 | value % 10));
}

Result<void> read_answer(const AskedItem& item, ByteView answer, dlt645::ValueList& values) {
  const auto frame = dlt645::decode(answer);
  if (!frame) return fail(ErrorCode::internal, "a benchmark frame was not decoded");
  const dlt645::PlainData plain = frame->plain_data();
  const auto reply = dlt645::parse_read_reply(*frame, plain.view());
  if (!reply || reply->identifier != item.identifier) return fail(ErrorCode::internal, "an answer to another question");
  values.clear();
  if (!dlt645::decode_values(item.description, reply->payload, values))
    return fail(ErrorCode::internal, "a benchmark value was not read");
  return {};
}

void write_answer(const AskedItem& item, const dlt645::Address& address, std::string_view device_uid, ByteView answer,
                  const dlt645::ValueList& values, std::int64_t time_utc_ms, BatchWriter& writer) {
  const dlt645::FrameBuffer question = dlt645::read_request(address, item.identifier);
  writer.frame({.device_index = writer.device(device_uid),
                .protocol = Protocol::dlt645_2007,
                .sent_utc_ms = time_utc_ms - 35,
                .received_utc_ms = time_utc_ms,
                .request = question.view(),
                .response = answer});
  for (const dlt645::Value& value : values) {
    const std::uint32_t index =
        writer.register_of({.name = item.registers[value.element], .unit = item.unit, .exponent = value.exponent});
    writer.reading({.register_index = index, .mantissa = value.mantissa, .time_utc_ms = time_utc_ms});
  }
}

}  // namespace duheng::platform
