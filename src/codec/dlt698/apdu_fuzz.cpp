#include <algorithm>
#include <cstdlib>
#include <vector>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"

namespace {

using namespace duheng;
using namespace duheng::dlt698;

void check(bool holds) {
  if (!holds) std::abort();
}

/// What decodes must encode to a tree that is the same, and to no more octets than it came from.
void check_type(const Type& type, ByteView octets) {
  const auto tree = decode_tree(type, octets);
  if (!tree) {
    check(tree.error().octet_offset <= octets.size() && !tree.error().field.empty());
    return;
  }
  check(tree->size_octets <= octets.size());
  const auto encoded = encode_tree(type, tree->root);
  check(encoded.has_value() && encoded->size() <= tree->size_octets);
  const auto again = decode_tree(type, *encoded);
  check(again.has_value() && again->root == tree->root);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteView octets(data, size);
  // Seeds are frames as well as bare APDUs.
  if (const auto frame = decode(octets); frame && !frame->is_scrambled()) octets = frame->wire_user_data();
  check_type(types::apdu, octets);
  check_type(types::data, octets);
  // The quick way through an answer must say what the grammar says.
  std::vector<Bytes> quick;
  std::vector<Bytes> exact;
  const auto keep_in = [&](std::vector<Bytes>& list) {
    return [&](const ObjectResult& result) {
      list.emplace_back(result.data.begin(), result.data.end());
      if (!result.dar) check_type(types::data, result.data);
    };
  };
  const auto by_quick = for_each_result(octets, keep_in(quick));
  const auto by_grammar = for_each_result_by_grammar(octets, keep_in(exact));
  check(by_quick.has_value() == by_grammar.has_value() && quick == exact);
  static_cast<void>(for_each_cell(
      octets, [](std::size_t, Oad) {}, [](const RecordCell& cell) { check_type(types::data, cell.data); }));
  return 0;
}
