#pragma once
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"

namespace duheng::snmp {

/// An SNMP message for people, field by field. What is encrypted stays so: the fields say as much. A community is never
/// shown as text.
[[nodiscard]] std::vector<codec::ExplainedField> explain(ByteView octets);

}  // namespace duheng::snmp
