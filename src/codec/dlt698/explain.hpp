#pragma once
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"

namespace duheng::dlt698 {

using codec::BilingualText;
using codec::ExplainedField;

/// Every field of whatever frames stand in `octets`: link layer, fragment word, and the APDU down to each value, which
/// is named and scaled by the object tables where they know its OAD. A field with parts is followed by them one level
/// deeper; the leaves follow one another without gap or overlap from the first octet to the last, also for broken
/// frames and APDUs: what could be read, then the field at fault, then the rest unread. Octets behind a whole APDU are
/// "trailing" and no fault. What a fragment carries is a piece and stays unread. Values: numbers scaled when the table
/// knows the attribute and the type sent is the table's; else as they stand. Pure; allocates (a person reads it).
/// Linear in the number of octets.
[[nodiscard]] std::vector<ExplainedField> explain(ByteView octets);

/// The same for an APDU alone, without frame.
[[nodiscard]] std::vector<ExplainedField> explain_apdu(ByteView octets);

}  // namespace duheng::dlt698
