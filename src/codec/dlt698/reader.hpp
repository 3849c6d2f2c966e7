#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.hpp"
#include "codec/dlt698/error.hpp"
#include "codec/dlt698/grammar.hpp"

namespace duheng::dlt698 {

/// One step of a walk through an APDU or a Data: a container begins, a value stands there, a container ends.
struct Element {
  enum class Event : std::uint8_t {
    begin,
    value,
    end,
    finished,  ///< all read; `end_offset` is where octets that belong to nothing would begin
  };
  Event event = Event::finished;
  std::uint8_t depth = 0;     ///< how many containers are open around it
  std::uint8_t selector = 0;  ///< begin of a choice: the alternative taken
  bool is_tagged = false;     ///< a tag octet stands in front: a Data, or an APDU
  const Type* type = nullptr;
  std::string_view name;       ///< of the field; empty for elements of lists and parts that are named inside
  std::size_t offset = 0;      ///< first octet, tag and length included
  std::size_t end_offset = 0;  ///< value, end: first octet behind; begin: first octet behind tag and count
  ByteView content;            ///< value: the octets themselves, without tag and length
  /// begin of a list, rows, optional: how many elements follow; value of a bit-string: how many bits count.
  std::uint32_t count = 0;

  [[nodiscard]] bool is_value(Kind kind) const noexcept { return event == Event::value && type->kind == kind; }
  [[nodiscard]] bool begins(const Type& wanted) const noexcept { return event == Event::begin && type == &wanted; }
};

/// Reads an APDU, a Data or any other type of the grammar step by step, the pull way: no allocation, no recursion, one
/// pass. Elements come in the order they stand; begin and end nest.
///
/// Bounds: `open_containers_max` levels; a count never exceeds the octets left, so that the steps are at most in
/// proportion to the octets.
/// Source: DL/T 698.45-2017, application layer.
class Reader {
 public:
  static constexpr std::size_t open_containers_max = 48;

  /// `octets` must outlive the reader and the elements it gives.
  Reader(const Type& type, ByteView octets) noexcept : root_(&type), octets_(octets) {}  // NOLINT: open_ stays unset

  /// The next step; Event::finished at the end, again and again.
  /// Errors: truncated - octets are missing; malformed - a tag, selector or presence octet that means nothing;
  /// limit_exceeded - nested too deep. An error repeats when asked again.
  [[nodiscard]] std::expected<Element, DecodeError> next() noexcept {
    if (step()) return element_;
    return std::unexpected(error_);
  }

  /// The same without a copy: true and current() is the step, or false and error() says why not.
  [[nodiscard]] bool step() noexcept;
  [[nodiscard]] const Element& current() const noexcept { return element_; }
  [[nodiscard]] const DecodeError& error() const noexcept { return error_; }

 private:
  struct Open {
    const Type* type;
    std::string_view name;
    std::size_t offset;
    std::uint32_t left;  ///< elements to come; of a sequence: fields read
    std::uint8_t selector;
    bool is_tagged;
  };

  // Each of these returns false after it has set error_.
  [[nodiscard]] bool enter(const Type& type, std::string_view name) noexcept;
  [[nodiscard]] bool enter_container(const Type& type) noexcept;
  [[nodiscard]] bool enter_leaf(const Type& type) noexcept;
  [[nodiscard]] bool resolve_tag(const Type& type) noexcept;
  [[nodiscard]] bool read_header(const Type& type, std::uint32_t& elements) noexcept;
  [[nodiscard]] bool read_length(std::uint32_t& length) noexcept;
  [[nodiscard]] bool read_count(std::uint32_t& count) noexcept;
  bool fault(ErrorCode code, std::size_t offset, unsigned found = 0) noexcept;
  bool leave() noexcept;
  bool finish() noexcept;
  void take_rest(const Type& type) noexcept;
  [[nodiscard]] std::size_t left() const noexcept { return octets_.size() - at_; }

  const Type* root_;
  ByteView octets_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::uint32_t columns_ = 0;  ///< of the record result being read
  bool started_ = false;
  bool cut_off_ = false;  ///< raw octets took the rest: what is open ends
  bool failed_ = false;
  Element element_;
  DecodeError error_;
  std::array<Open, open_containers_max> open_;  // NOLINT: entries are set when pushed
};

}  // namespace duheng::dlt698
