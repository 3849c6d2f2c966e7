#include "store/table_files/xml_part.hpp"

#include <libxml/xmlreader.h>
#include <optional>
#include <span>

namespace duheng::store::table_files {
namespace {

std::string_view view(const xmlChar* text) noexcept {
  return text == nullptr ? std::string_view{} : std::string_view{reinterpret_cast<const char*>(text)};
}

void say_nothing(void*, xmlErrorPtr) {}

}  // namespace

struct XmlPart::Parser {
  std::unique_ptr<ZipEntryReader> entry;
  std::optional<Error> failure;
  xmlTextReaderPtr reader = nullptr;

  static int read(void* context, char* out, int size) {
    auto& self = *static_cast<Parser*>(context);
    auto read = self.entry->read({reinterpret_cast<std::uint8_t*>(out), static_cast<std::size_t>(size)});
    if (read) return static_cast<int>(*read);
    self.failure = read.error();
    return -1;
  }
  static int close(void*) { return 0; }
  ~Parser() {
    if (reader != nullptr) xmlFreeTextReader(reader);
  }
};

XmlPart::XmlPart(std::unique_ptr<ZipEntryReader> entry) : parser_(std::make_unique<Parser>()) {
  parser_->entry = std::move(entry);
  parser_->reader = xmlReaderForIO(&Parser::read, &Parser::close, parser_.get(), nullptr, nullptr,
                                   XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
  if (parser_->reader != nullptr) xmlTextReaderSetStructuredErrorHandler(parser_->reader, &say_nothing, nullptr);
}

XmlPart::~XmlPart() = default;

Result<bool> XmlPart::next() {
  if (end_follows_) {
    end_follows_ = false;
    kind_ = Kind::end;
    return true;
  }
  while (true) {
    DUHENG_TRY(const bool more, advance());
    if (!more) return false;
    switch (xmlTextReaderNodeType(parser_->reader)) {
      case XML_READER_TYPE_ELEMENT:
        kind_ = Kind::start;
        name_ = view(xmlTextReaderConstLocalName(parser_->reader));
        end_follows_ = xmlTextReaderIsEmptyElement(parser_->reader) == 1;
        return true;
      case XML_READER_TYPE_END_ELEMENT:
        kind_ = Kind::end;
        name_ = view(xmlTextReaderConstLocalName(parser_->reader));
        return true;
      case XML_READER_TYPE_TEXT:
      case XML_READER_TYPE_CDATA:
      case XML_READER_TYPE_WHITESPACE:
      case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        kind_ = Kind::text;
        text_ = view(xmlTextReaderConstValue(parser_->reader));
        return true;
      case XML_READER_TYPE_DOCUMENT_TYPE:
      case XML_READER_TYPE_ENTITY_REFERENCE:
        return fail(ErrorCode::malformed, "the file declares entities, which no spreadsheet does");
      default:
        break;  // comments, processing instructions
    }
  }
}

Result<bool> XmlPart::advance() {
  if (parser_->reader == nullptr) return fail(ErrorCode::internal, "libxml2 cannot begin");
  const int read = xmlTextReaderRead(parser_->reader);
  if (parser_->failure) return std::unexpected(*parser_->failure);
  if (read < 0) return fail(ErrorCode::malformed, "a part of the file is no well-formed XML");
  return read == 1;
}

std::string XmlPart::attribute(const char* name) const {
  xmlChar* const value = xmlTextReaderGetAttribute(parser_->reader, reinterpret_cast<const xmlChar*>(name));
  std::string out{view(value)};
  xmlFree(value);
  return out;
}

}  // namespace duheng::store::table_files
