#include "codec/dlt698/reader.hpp"

namespace duheng::dlt698 {

namespace {

constexpr std::string_view clause_application = "DL/T 698.45-2017, application layer";

bool has_length(Kind kind) noexcept { return kind >= Kind::bit_string && kind <= Kind::apdu_octets; }

}  // namespace

bool Reader::fault(ErrorCode code, std::size_t offset, unsigned found) noexcept {
  failed_ = true;
  error_ = {code,
            element_.name.empty() ? element_.type->name : element_.name,
            0,
            static_cast<std::uint16_t>(found),
            static_cast<std::uint32_t>(offset),
            clause_application};
  return false;
}

bool Reader::step() noexcept {
  if (failed_) return false;
  if (depth_ == 0) {
    if (started_) return finish();
    started_ = true;
    return enter(*root_, {});
  }
  if (cut_off_) return leave();
  Open& open = open_[depth_ - 1];
  const Type& type = *open.type;
  if (type.kind == Kind::sequence) {
    if (open.left == type.fields.size()) return leave();
    const Field& field = type.fields[open.left++];
    return enter(*field.type, field.name);
  }
  if (open.left == 0) return leave();
  --open.left;
  switch (type.kind) {
    case Kind::choice: {
      const Field& field = *type.alternative(open.selector);
      return enter(*field.type, field.name);
    }
    case Kind::rows:
      return enter(types::row, {});
    case Kind::row:
      return enter(types::data, {});
    default:
      return enter(*type.element, {});
  }
}

bool Reader::finish() noexcept {
  element_ = {};
  element_.offset = at_;
  element_.end_offset = at_;
  return true;
}

bool Reader::leave() noexcept {
  const Open& open = open_[--depth_];
  element_.event = Element::Event::end;
  element_.depth = static_cast<std::uint8_t>(depth_);
  element_.selector = open.selector;
  element_.is_tagged = open.is_tagged;
  element_.type = open.type;
  element_.name = open.name;
  element_.offset = open.offset;
  element_.end_offset = at_;
  element_.content = {};
  element_.count = 0;
  return true;
}

bool Reader::enter(const Type& type, std::string_view name) noexcept {
  element_.depth = static_cast<std::uint8_t>(depth_);
  element_.selector = 0;
  element_.is_tagged = false;
  element_.type = &type;
  element_.name = name;
  element_.offset = at_;
  element_.count = 0;
  if ((type.kind == Kind::data || type.kind == Kind::apdu) && !resolve_tag(type)) return false;
  const Type& resolved = *element_.type;
  return resolved.is_container() ? enter_container(resolved) : enter_leaf(resolved);
}

bool Reader::resolve_tag(const Type& type) noexcept {
  if (left() == 0) return fault(ErrorCode::truncated, at_);
  const std::uint8_t tag = octets_[at_];
  const Type* const resolved = type.kind == Kind::apdu ? apdu_type(tag) : data_type(tag);
  if (resolved == nullptr) return fault(ErrorCode::malformed, at_, tag);
  element_.type = resolved;
  element_.is_tagged = true;
  ++at_;
  return true;
}

bool Reader::enter_container(const Type& type) noexcept {
  if (depth_ == open_containers_max) return fault(ErrorCode::limit_exceeded, element_.offset);
  std::uint32_t elements = 0;
  if (type.kind != Kind::sequence && !read_header(type, elements)) return false;
  if (type.kind == Kind::rows && columns_ == 0 && elements > 0) {
    take_rest(types::raw_rows);
    return true;
  }
  element_.event = Element::Event::begin;
  element_.end_offset = at_;
  element_.content = {};
  open_[depth_++] = {&type, element_.name, element_.offset, elements, element_.selector, element_.is_tagged};
  return true;
}

/// Nothing says where one row ends and the next begins, nor where the tail of the APDU does.
void Reader::take_rest(const Type& type) noexcept {
  element_.type = &type;
  element_.event = Element::Event::value;
  element_.count = 0;
  element_.content = octets_.subspan(element_.offset);
  at_ = octets_.size();
  element_.end_offset = at_;
  cut_off_ = true;
}

/// What stands between tag and first element; gives the number of elements to come.
bool Reader::read_header(const Type& type, std::uint32_t& elements) noexcept {
  switch (type.kind) {
    case Kind::list:
    case Kind::columns:
    case Kind::rows:
      if (!read_count(elements)) return false;
      if (type.kind == Kind::columns) columns_ = elements;
      break;
    case Kind::row:
      elements = columns_;
      break;
    case Kind::optional:
      if (left() == 0) return fault(ErrorCode::truncated, at_);
      if (octets_[at_] > 1) return fault(ErrorCode::malformed, at_, octets_[at_]);
      elements = octets_[at_++];
      break;
    case Kind::choice:
      if (left() == 0) return fault(ErrorCode::truncated, at_);
      element_.selector = octets_[at_];
      if (type.alternative(element_.selector) == nullptr) return fault(ErrorCode::malformed, at_, element_.selector);
      ++at_;
      elements = 1;
      return true;
    default:
      elements = 1;
      break;
  }
  element_.count = elements;
  return true;
}

bool Reader::enter_leaf(const Type& type) noexcept {
  std::size_t size = type.size_octets;
  if (has_length(type.kind)) {
    std::uint32_t length = 0;
    if (!read_length(length)) return false;
    size = length;
    if (type.kind == Kind::bit_string) {
      element_.count = length;
      size = (size + 7) / 8;
    }
  }
  if (size > left()) return fault(ErrorCode::truncated, octets_.size());
  element_.event = Element::Event::value;
  element_.content = octets_.subspan(at_, size);
  at_ += size;
  element_.end_offset = at_;
  return true;
}

/// Below 80H the octet itself; else 8nH and n octets, highest first. Longer forms than needed are accepted.
bool Reader::read_length(std::uint32_t& length) noexcept {
  const std::size_t begin = at_;
  if (left() == 0) return fault(ErrorCode::truncated, at_);
  const std::uint8_t first = octets_[at_++];
  length = first;
  if (first < 0x80) return true;
  const std::size_t octets = first & 0x7FU;
  if (octets == 0 || octets > sizeof length) return fault(ErrorCode::malformed, begin, first);
  if (octets > left()) return fault(ErrorCode::truncated, octets_.size());
  length = 0;
  for (std::size_t i = 0; i < octets; ++i) length = length << 8 | octets_[at_++];
  return true;
}

/// A count of elements, each of which takes at least one octet.
bool Reader::read_count(std::uint32_t& count) noexcept {
  if (!read_length(count)) return false;
  return count <= left() || fault(ErrorCode::truncated, octets_.size());
}

}  // namespace duheng::dlt698
