#include "drivers/models/device_model.hpp"

namespace {

using duheng::drivers::DeviceModel;

/// One model for each protocol.
const DeviceModel& model_of(std::uint8_t choice) {
  static const auto parse = [](std::string_view protocol) {
    return *duheng::drivers::parse_device_model(
        std::string("model: m\ntitle: { en: M, zh-CN: M }\nproven: vectors\nprotocol: ") + std::string(protocol), "m");
  };
  static const DeviceModel models[] = {
      parse(
          "dlt645_2007\ngroups: [{ name: g, interval_ms: 1000, items: [{ register: clock_time, di: \"04000102\" }] }]"),
      parse("dlt698_45\ngroups: [{ name: g, interval_ms: 1000, items: [{ register: clock, oad: \"40000200\" }] }]"),
      parse("cjt188\ncjt188: { meter_type: \"20\" }\n"
            "groups: [{ name: g, interval_ms: 1000, items: [{ register: clock }] }]"),
      parse("modbus_rtu\ngroups: [{ name: g, interval_ms: 1000, items: [{ register: r, address: 0 }] }]")};
  return models[choice % std::size(models)];
}

}  // namespace

/// The first octet chooses the protocol, the rest is an item; what it reads is then given the item's own octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const duheng::ByteView text(data + 1, size - 1);
  const auto question = duheng::drivers::parse_item(model_of(data[0]), duheng::as_text(text));
  if (!question) return 0;
  std::vector<duheng::drivers::ItemValue> values;
  static_cast<void>(question->reader->read(text, values));
  for (const auto& value : values)
    if (value.item >= question->items.size()) __builtin_trap();
  return 0;
}
