#pragma once
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"

namespace duheng::gdw13762 {

using codec::BilingualText;
using codec::ExplainedField;

/// Every field of whatever frames stand in `octets`. A field with parts is followed by them one level deeper; a meter's
/// frame that is carried is explained in its own protocol below the field that holds it. The leaves follow one another
/// without gap or overlap from the first octet to the last, also for broken frames. Pure; allocates (a person reads
/// it). Linear in the number of octets.
[[nodiscard]] std::vector<ExplainedField> explain(ByteView octets);

/// Whether the octets are whole frames of this protocol and nothing else: a meter's exchange over a carrier module,
/// rather than its bare frames.
[[nodiscard]] bool is_carrier_exchange(ByteView octets) noexcept;

}  // namespace duheng::gdw13762
