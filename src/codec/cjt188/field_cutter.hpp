#pragma once
// Cuts octets into explained fields. Private to this folder.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/cjt188/control.hpp"
#include "codec/common/explained_field.hpp"

namespace duheng::cjt188 {

/// Cuts a stretch of octets into fields, one behind the other. A field with parts is opened, its parts are cut, and it
/// is closed again.
class FieldCutter {
 public:
  using Field = codec::ExplainedField;
  FieldCutter(std::vector<Field>& out, ByteView octets, std::size_t base) : out_(out), octets_(octets), base_(base) {}

  [[nodiscard]] std::size_t left() const noexcept { return octets_.size() - at_; }
  void set_clause(std::string_view clause) noexcept { clause_ = clause; }

  /// The next `size` octets as a leaf; at most what is left. The reference is good until the next field.
  Field& add(std::size_t size, std::string_view key, Label label) {
    Field& field = describe(size, key, label);
    at_ += field.size;
    return field;
  }
  /// The next `size` octets as a field whose parts follow; close() ends them.
  Field& open(std::size_t size, std::string_view key, Label label) {
    Field& field = describe(size, key, label);
    ++depth_;
    return field;
  }
  void close() noexcept { --depth_; }

 private:
  Field& describe(std::size_t size, std::string_view key, Label label) {
    const ByteView part = octets_.subspan(at_, std::min(size, left()));
    Field& field = out_.emplace_back();
    field.offset = base_ + at_;
    field.size = part.size();
    field.raw = to_hex(part, ' ');
    field.key = key;
    field.label = {std::string(label.english), std::string(label.chinese)};
    field.clause = clause_;
    field.depth = depth_;
    return field;
  }

  std::vector<Field>& out_;
  ByteView octets_;
  std::size_t base_;
  std::size_t at_ = 0;
  std::uint8_t depth_ = 0;
  std::string_view clause_ = "CJ/T 188-2018, frame format";
};

}  // namespace duheng::cjt188
