#include <cstdlib>

#include "codec/dlt698/explain.hpp"

namespace {

using namespace duheng::dlt698;

void check(bool holds) {
  if (!holds) std::abort();
}

/// The leaves cover every octet once and in order; a field with parts begins with the first and ends with the last.
void check_tree(const std::vector<ExplainedField>& fields, std::size_t size) {
  std::vector<const ExplainedField*> open;
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const ExplainedField& field = fields[i];
    check(field.size > 0 && field.offset == at);
    while (open.size() > field.depth) {
      check(open.back()->offset + open.back()->size == at);
      open.pop_back();
    }
    check(open.size() == field.depth);
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > field.depth;
    if (has_parts) {
      open.push_back(&field);
    } else {
      at += field.size;
    }
  }
  for (const auto* field : open) check(field->offset + field->size == at);
  check(at == size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const duheng::ByteView octets(data, size);
  check_tree(explain(octets), size);
  check_tree(explain_apdu(octets), size);
  return 0;
}
