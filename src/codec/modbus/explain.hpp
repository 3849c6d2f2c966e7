#pragma once
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"
#include "codec/modbus/function.hpp"

namespace duheng::modbus {

using codec::BilingualText;
using codec::ExplainedField;

/// Every field of whatever frames stand in `octets`; registers, coils and objects stand one level below the field that
/// holds them. The leaves follow one another without gap or overlap from the first octet to the last, also for broken
/// frames. A frame sound as question and as answer is told as a question unless `role` says otherwise. Transport: as
/// guess_transport() finds when not given. Pure; allocates (a person reads it). Linear in the number of octets.
[[nodiscard]] std::vector<ExplainedField> explain(ByteView octets, std::optional<Transport> transport = std::nullopt,
                                                  std::optional<Role> role = std::nullopt);

}  // namespace duheng::modbus
