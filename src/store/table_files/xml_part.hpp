#pragma once
// Internal to this folder.
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "store/table_files/zip_reader.hpp"

namespace duheng::store::table_files {

/// A part of an Office document, read element by element while it is unpacked. Names are without their namespace.
/// Documents with a document type declaration are refused: no part of such a file has one, and entities are what
/// attacks on readers are made of.
class XmlPart {
 public:
  explicit XmlPart(std::unique_ptr<ZipEntryReader> entry);
  ~XmlPart();
  XmlPart(const XmlPart&) = delete;
  XmlPart& operator=(const XmlPart&) = delete;

  enum class Kind : std::uint8_t { start, end, text };
  /// To the next element, end of an element (also of an empty one) or text; false at the end of the part. Errors:
  /// malformed - no well-formed XML; otherwise as ZipEntryReader::read().
  [[nodiscard]] Result<bool> next();
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  /// Of the element that begins or ends here.
  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] bool starts(std::string_view name) const noexcept { return kind_ == Kind::start && name_ == name; }
  [[nodiscard]] bool ends(std::string_view name) const noexcept { return kind_ == Kind::end && name_ == name; }
  /// Good until the next call.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// Of the element that begins here; empty when it has none of that (qualified) name.
  [[nodiscard]] std::string attribute(const char* name) const;

 private:
  struct Parser;
  [[nodiscard]] Result<bool> advance();
  std::unique_ptr<Parser> parser_;
  Kind kind_ = Kind::text;
  std::string name_;
  std::string_view text_;
  bool end_follows_ = false;  ///< of an empty element
};

}  // namespace duheng::store::table_files
