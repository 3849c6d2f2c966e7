#pragma once
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/dlt698/error.hpp"
#include "codec/dlt698/grammar.hpp"

namespace duheng::dlt698 {

/// A part of an APDU, or a Data, with what it holds: the owned form, for building and for tools. Made by decode_tree()
/// or by the functions of message.hpp; checked against the grammar when encoded.
struct Node {
  const Type* type = &types::null;  ///< never Kind::data or Kind::apdu: those are what type->tag already says
  std::uint8_t selector = 0;        ///< choice: which alternative children[0] is
  /// bit-string: how many bits count. list: what it announced, when raw octets kept its elements from being told apart.
  std::uint32_t count = 0;
  Bytes content;               ///< leaves: the octets, without tag and length
  std::vector<Node> children;  ///< containers

  /// The part of that name, looked for through parts without a name of their own; nullptr when there is none. The part
  /// that is a list or a choice is given itself, with its elements as children.
  [[nodiscard]] const Node* find(std::string_view name) const noexcept;
  friend bool operator==(const Node&, const Node&) = default;
};

struct DecodedTree {
  Node root;
  std::size_t size_octets = 0;  ///< what stands behind in the input belongs to nothing
};
/// Reads the whole of a type. Errors: as Reader::next().
[[nodiscard]] std::expected<DecodedTree, DecodeError> decode_tree(const Type& type, ByteView octets);

/// Writes `node`, which must fit `type`, to the front of `out` and returns its size. Lengths in the shortest form.
/// Errors: invalid_argument - the node does not fit the grammar; the field tells where; limit_exceeded - `out` is too
/// small, or nested deeper than a Reader follows.
[[nodiscard]] std::expected<std::size_t, DecodeError> encode_tree(const Type& type, const Node& node,
                                                                  std::span<std::uint8_t> out) noexcept;
[[nodiscard]] Result<Bytes> encode_tree(const Type& type, const Node& node);

}  // namespace duheng::dlt698
