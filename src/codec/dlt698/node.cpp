#include "codec/dlt698/node.hpp"

#include <algorithm>

#include "codec/dlt698/reader.hpp"

namespace duheng::dlt698 {

namespace {

constexpr std::string_view clause_application = "DL/T 698.45-2017, application layer";
constexpr std::uint8_t length_in_one_octet_max = 0x7F;

using Written = std::expected<void, DecodeError>;

/// Walks grammar and tree side by side.
class Encoder {
 public:
  explicit Encoder(std::span<std::uint8_t> out) noexcept : out_(out) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  Written put(const Type& expected, const Node& node, std::size_t depth) noexcept {
    const Type* type = &expected;
    if (expected.kind == Kind::data || expected.kind == Kind::apdu) {
      const Type* by_tag = expected.kind == Kind::data ? data_type(node.type->tag) : apdu_type(node.type->tag);
      if (by_tag != node.type) return fault(ErrorCode::invalid_argument);
      type = node.type;
      put_octet(type->tag);
    }
    if (node.type != type && !(node.type == &types::raw_rows && type->kind == Kind::rows)) {
      return fault(ErrorCode::invalid_argument);
    }
    return node.type->is_container() ? put_container(node, depth) : put_leaf(node);
  }

 private:
  Written fault(ErrorCode code) const noexcept {
    return std::unexpected(
        DecodeError{code, name_, 0, 0, static_cast<std::uint32_t>(std::min(size_, out_.size())), clause_application});
  }

  void put_octet(std::uint8_t octet) noexcept {
    if (size_ < out_.size()) out_[size_] = octet;
    ++size_;
  }
  void put_length(std::size_t length) noexcept {
    if (length <= length_in_one_octet_max) return put_octet(static_cast<std::uint8_t>(length));
    unsigned octets = 1;
    while (length >> (8 * octets) != 0) ++octets;
    put_octet(static_cast<std::uint8_t>(0x80 | octets));
    for (; octets > 0; --octets) put_octet(static_cast<std::uint8_t>(length >> (8 * (octets - 1))));
  }

  Written put_leaf(const Node& node) noexcept {
    const Kind kind = node.type->kind;
    if (!node.children.empty()) return fault(ErrorCode::invalid_argument);
    if (kind == Kind::bit_string) {
      if (node.content.size() != (std::size_t{node.count} + 7) / 8) return fault(ErrorCode::invalid_argument);
      put_length(node.count);
    } else if (kind > Kind::bit_string && kind <= Kind::apdu_octets) {
      put_length(node.content.size());
    } else if (kind == Kind::raw) {
      cut_off_ = true;
    } else if (node.content.size() != node.type->size_octets) {
      return fault(ErrorCode::invalid_argument);
    }
    for (const std::uint8_t octet : node.content) put_octet(octet);
    return size_ <= out_.size() ? Written{} : fault(ErrorCode::limit_exceeded);
  }

  Written put_container(const Node& node, std::size_t depth) noexcept {
    if (depth == Reader::open_containers_max) return fault(ErrorCode::limit_exceeded);
    const std::size_t count = node.children.size();
    const Type& type = *node.type;
    switch (type.kind) {
      case Kind::sequence:
        return put_sequence(node, depth);
      case Kind::choice: {
        const Field* field = type.alternative(node.selector);
        if (field == nullptr || count != 1) return fault(ErrorCode::invalid_argument);
        put_octet(node.selector);
        return put_named(*field, node.children[0], depth);
      }
      case Kind::optional:
        if (count > 1) return fault(ErrorCode::invalid_argument);
        put_octet(static_cast<std::uint8_t>(count));
        break;
      case Kind::single:
        if (count != 1) return fault(ErrorCode::invalid_argument);
        break;
      case Kind::row:
        if (count != columns_) return fault(ErrorCode::invalid_argument);
        break;
      case Kind::rows:
        if (columns_ == 0 && count > 0) return fault(ErrorCode::invalid_argument);
        put_length(count);
        break;
      default:
        // Elements that raw octets swallowed are still announced.
        put_length(std::max<std::size_t>(count, node.count));
        if (type.kind == Kind::columns) columns_ = count;
        break;
    }
    const Type& element = type.kind == Kind::rows ? types::row : type.kind == Kind::row ? types::data : *type.element;
    for (const Node& child : node.children) {
      if (auto done = put(element, child, depth + 1); !done) return done;
    }
    return node.count > count && !cut_off_ && type.kind == Kind::list ? fault(ErrorCode::invalid_argument) : Written{};
  }

  Written put_sequence(const Node& node, std::size_t depth) noexcept {
    const auto fields = node.type->fields;
    if (node.children.size() > fields.size()) return fault(ErrorCode::invalid_argument);
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      if (auto done = put_named(fields[i], node.children[i], depth); !done) return done;
    }
    const bool is_whole = node.children.size() == fields.size() || cut_off_;
    return is_whole ? Written{} : fault(ErrorCode::invalid_argument);
  }

  Written put_named(const Field& field, const Node& node, std::size_t depth) noexcept {
    name_ = field.name.empty() ? field.type->name : field.name;
    return put(*field.type, node, depth + 1);
  }

  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
  std::size_t columns_ = 0;
  bool cut_off_ = false;
  std::string_view name_ = "apdu";
};

std::size_t upper_bound_of_size(const Node& node) noexcept {
  // Tag, selector, presence or a length of at most five octets; then what it holds.
  std::size_t size = 6 + node.content.size();
  for (const Node& child : node.children) size += upper_bound_of_size(child);
  return size;
}

bool is_deeper_than(const Node& node, std::size_t levels) noexcept {
  if (levels == 0) return true;
  return std::ranges::any_of(node.children, [&](const Node& child) { return is_deeper_than(child, levels - 1); });
}

}  // namespace

const Node* Node::find(std::string_view name) const noexcept {
  if (type->kind == Kind::choice) {
    const Field* field = type->alternative(selector);
    if (field == nullptr || children.empty()) return nullptr;
    return field->name == name ? &children[0] : children[0].find(name);
  }
  if (type->kind == Kind::optional && !children.empty()) return children[0].find(name);
  if (type->kind != Kind::sequence) return nullptr;
  for (std::size_t i = 0; i < std::min(children.size(), type->fields.size()); ++i) {
    if (type->fields[i].name == name) return &children[i];
  }
  for (std::size_t i = 0; i < std::min(children.size(), type->fields.size()); ++i) {
    if (!type->fields[i].name.empty()) continue;
    if (const Node* found = children[i].find(name); found != nullptr) return found;
  }
  return nullptr;
}

std::expected<DecodedTree, DecodeError> decode_tree(const Type& type, ByteView octets) {
  DecodedTree out;
  // The path of open containers. Pointers stay good: a container gets no further child while one of its children is
  // open.
  std::vector<Node*> path;
  Reader reader(type, octets);
  while (true) {
    const auto element = reader.next();
    if (!element) return std::unexpected(element.error());
    if (element->event == Element::Event::finished) {
      out.size_octets = element->offset;
      return out;
    }
    if (element->event == Element::Event::end) {
      Node& ended = *path.back();
      // Only a list that raw octets cut short needs its count remembered.
      if (ended.count == ended.children.size() || ended.type->kind != Kind::list) ended.count = 0;
      path.pop_back();
      continue;
    }
    Node* node = path.empty() ? &out.root : &path.back()->children.emplace_back();
    node->type = element->type;
    node->selector = element->selector;
    node->count = element->count;
    if (element->event == Element::Event::begin) {
      path.push_back(node);
    } else {
      node->content.assign(element->content.begin(), element->content.end());
    }
  }
}

std::expected<std::size_t, DecodeError> encode_tree(const Type& type, const Node& node,
                                                    std::span<std::uint8_t> out) noexcept {
  Encoder encoder(out);
  if (const auto done = encoder.put(type, node, 0); !done) return std::unexpected(done.error());
  if (encoder.size() > out.size()) {
    return std::unexpected(DecodeError{ErrorCode::limit_exceeded, "apdu", 0, 0, 0, clause_application});
  }
  return encoder.size();
}

Result<Bytes> encode_tree(const Type& type, const Node& node) {
  if (is_deeper_than(node, Reader::open_containers_max + 2)) {
    return fail(ErrorCode::limit_exceeded, "apdu: nested too deep");
  }
  Bytes out(upper_bound_of_size(node));
  const auto size = encode_tree(type, node, std::span<std::uint8_t>(out));
  if (!size) return std::unexpected(to_error(size.error()));
  out.resize(*size);
  return out;
}

}  // namespace duheng::dlt698
