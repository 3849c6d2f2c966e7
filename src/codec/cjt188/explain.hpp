#pragma once
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"

namespace duheng::cjt188 {

using codec::BilingualText;
using codec::ExplainedField;

/// Every field of whatever frames stand in `octets`, as a tree (see ExplainedField): its leaves follow one another
/// without gap or overlap from the first octet to the last, also for broken frames: what could be read, then the field
/// at fault, then the rest unread. Pure; allocates (a person reads it). Linear in the number of octets.
[[nodiscard]] std::vector<ExplainedField> explain(ByteView octets);

}  // namespace duheng::cjt188
