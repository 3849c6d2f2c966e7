#pragma once
// For tests and benchmarks only: random values of any type of the grammar, from a stream of octets.
#include <algorithm>

#include "base/bytes.hpp"
#include "codec/dlt698/node.hpp"
#include "codec/dlt698/reader.hpp"

namespace duheng::dlt698 {

/// Makes a valid node of a type; the octets decide every selector, count and content, zeros when they run out, so that
/// shrinking the octets shrinks the tree.
class RandomTree {
 public:
  explicit RandomTree(ByteView octets) : octets_(octets) {}

  Node make(const Type& type, std::size_t depth = 0) {
    if (type.kind == Kind::data) return make(random_data_type(depth), depth);
    if (type.kind == Kind::apdu) return make(random_service(), depth);
    if (type.is_container()) return make_container(type, depth);
    Node node;
    node.type = &type;
    std::size_t size = type.size_octets;
    if (type.kind >= Kind::bit_string) {
      // Now and then long enough for a length of several octets.
      size = next() < 8 ? 200 + next() : next() % 12U;
      if (type.kind == Kind::bit_string) {
        node.count = static_cast<std::uint32_t>(size);
        size = (size + 7) / 8;
      }
    }
    node.content.resize(size);
    for (auto& octet : node.content) octet = next();
    return node;
  }

 private:
  static constexpr std::size_t depth_max = 24;

  std::uint8_t next() { return at_ < octets_.size() ? octets_[at_++] : 0; }

  const Type& random_data_type(std::size_t depth) {
    const std::uint8_t start = next();
    for (unsigned i = 0; i < 256; ++i) {
      const Type* type = data_type(static_cast<std::uint8_t>(start + i));
      if (type != nullptr && !(type->is_container() && depth > depth_max)) return *type;
    }
    return types::null;
  }
  const Type& random_service() {
    const std::uint8_t start = next();
    for (unsigned i = 0;; ++i) {
      if (const Type* type = apdu_type(static_cast<std::uint8_t>(start + i)); type != nullptr) return *type;
    }
  }

  Node make_container(const Type& type, std::size_t depth) {
    Node node;
    node.type = &type;
    const auto add = [&](const Type& child) { node.children.push_back(make(child, depth + 1)); };
    switch (type.kind) {
      case Kind::sequence:
        for (const Field& field : type.fields) add(*field.type);
        break;
      case Kind::choice:
        node.selector = static_cast<std::uint8_t>(type.first_selector + next() % type.fields.size());
        add(*type.alternative(node.selector)->type);
        break;
      case Kind::optional:
        if (next() % 2 == 1) add(*type.element);
        break;
      case Kind::single:
        add(*type.element);
        break;
      case Kind::row:
        for (std::size_t i = 0; i < columns_; ++i) add(types::data);
        break;
      case Kind::rows:
        if (columns_ == 0) break;
        for (unsigned count = next() % 4U; count > 0; --count) add(types::row);
        break;
      default:
        for (unsigned count = next() % 4U; count > 0; --count) add(*type.element);
        if (type.kind == Kind::columns) columns_ = node.children.size();
        break;
    }
    return node;
  }

  ByteView octets_;
  std::size_t at_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace duheng::dlt698
