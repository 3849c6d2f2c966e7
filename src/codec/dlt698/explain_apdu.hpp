#pragma once
// Private to explain: writes fields and walks an APDU.
#include <optional>
#include <vector>

#include "codec/common/explained_field.hpp"
#include "codec/dlt698/explain_text.hpp"
#include "codec/dlt698/reader.hpp"

namespace duheng::dlt698 {

/// Puts fields into the list, each with its octets as they travelled and, when scrambled, as they mean.
class FieldWriter {
 public:
  using Field = codec::ExplainedField;
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  /// `wire` and `plain` are of one size and begin `base` octets into what the caller of explain() gave; they differ
  /// where user data are scrambled.
  FieldWriter(std::vector<Field>& out, ByteView wire, ByteView plain, std::size_t base)
      : out_(out), wire_(wire), plain_(plain), base_(base), first_(out.size()) {}

  [[nodiscard]] std::size_t size() const noexcept { return plain_.size(); }
  [[nodiscard]] ByteView plain() const noexcept { return plain_; }
  [[nodiscard]] std::size_t next_index() const noexcept { return out_.size(); }
  [[nodiscard]] Field& at(std::size_t index) noexcept { return out_[index]; }
  void set_clause(std::string_view clause) noexcept { clause_ = clause; }

  /// A field of the octets [offset, offset + size) of `plain`.
  Field& add(std::size_t offset, std::size_t size, std::string_view key, text::Label label, std::uint8_t depth);
  /// Sets where a field with parts ends.
  void close(std::size_t index, std::size_t end_offset);
  /// The last field that holds octets, or nullptr.
  [[nodiscard]] Field* last() noexcept;
  /// Takes fields without octets out again: containers that stayed empty.
  void drop_empty();

 private:
  void show_octets(Field& field, std::size_t offset, std::size_t size);
  std::vector<Field>& out_;
  ByteView wire_;
  ByteView plain_;
  std::size_t base_;
  std::size_t first_;
  std::string_view clause_ = "DL/T 698.45-2017, link layer";
};

/// Sets both languages of a field's meaning.
void say(codec::ExplainedField& field, std::string_view english, std::string_view chinese);
/// Writes why reading stopped: the octets [begin, end) as a field at fault and the rest, or, when none are left, marks
/// the field before.
void write_fault(FieldWriter& writer, const DecodeError& error, std::size_t begin, std::size_t fault_offset,
                 std::size_t end, std::uint8_t depth);

/// Fills in value, unit and meaning of a leaf. `shape`: what the object tables know of it, of the leaf's own type, or
/// nullptr. `service`: the type name of the APDU around it.
void explain_value(codec::ExplainedField& field, const Element& element, const objects::Shape* shape,
                   std::string_view service);

/// Writes the fields of the APDU that stands in [begin, end) of the writer's plain octets. `nested` counts the APDUs it
/// stands inside.
void explain_apdu_into(FieldWriter& writer, std::size_t begin, std::size_t end, std::uint8_t depth,
                       unsigned nested = 0);

}  // namespace duheng::dlt698
