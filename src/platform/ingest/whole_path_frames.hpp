#pragma once
// From an answer's octets to a frame with readings in a batch, as a gateway does it; shared by benchmarks.
#include <cstdint>
#include <string_view>
#include <vector>

#include "codec/dlt645/message.hpp"
#include "model/batch.hpp"

namespace duheng::platform {

/// What is asked of a meter, and what its answer means.
struct AskedItem {
  dlt645::DataIdentifier identifier{};
  dlt645::DataDescription description{};
  std::vector<std::string_view> registers{};  ///< one for each value of the answer
  std::string_view unit{};
};
/// Errors: internal - the codec's table does not have the identifier.
[[nodiscard]] Result<AskedItem> make_asked_item(std::uint32_t identifier, std::vector<std::string_view> registers,
                                                std::string_view unit);
/// Little-endian BCD of `octets` octets, as DL/T 645 carries values.
void append_bcd(Bytes& out, std::int64_t value, std::size_t octets);

/// Finds, verifies and decodes one answer. Errors: internal - a benchmark's frames are all sound.
[[nodiscard]] Result<void> read_answer(const AskedItem& item, ByteView answer, dlt645::ValueList& values);
/// Question and answer as evidence, and the values as readings.
void write_answer(const AskedItem& item, const dlt645::Address& address, std::string_view device_uid, ByteView answer,
                  const dlt645::ValueList& values, std::int64_t time_utc_ms, BatchWriter& writer);

}  // namespace duheng::platform
