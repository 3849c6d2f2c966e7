#include "codec/dlt645/answer.hpp"

#include "codec/dlt645/frequent.hpp"
#include "codec/dlt645/message.hpp"

namespace duheng::dlt645 {

namespace {

constexpr std::uint8_t read_answer_2007 = 0x91;
constexpr std::uint8_t read_answer_1997 = 0x81;

std::uint32_t load_four(const std::uint8_t* from) noexcept {
  std::uint32_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::unexpected<DecodeError> refused(ErrorCode code, Field field, std::size_t offset) noexcept {
  return std::unexpected(DecodeError{code, field, 0, 0, static_cast<std::uint32_t>(offset), "DL/T 645-2007, 7"});
}

/// Every answer the short way does not know.
[[gnu::noinline]] std::expected<void, DecodeError> decode_any(const FrameView& frame, Answer& out) noexcept {
  out.values.clear();
  out.plain = frame.plain_data();
  const bool is_1997 = frame.control() == read_answer_1997;
  if (!is_1997 && frame.control() != read_answer_2007) return refused(ErrorCode::unsupported, Field::control, 8);
  const ByteView plain = out.plain.view();
  const std::size_t identifier_octets = is_1997 ? 2 : DataIdentifier::size_octets;
  if (plain.size() < identifier_octets) return refused(ErrorCode::truncated, Field::data_identifier, plain.size());
  const auto identifier = is_1997 ? DataIdentifier::from_plain_1997(plain) : DataIdentifier::from_plain(plain);
  const auto description = describe(identifier, is_1997 ? Edition::edition_1997 : Edition::edition_2007);
  if (!description) return std::unexpected(description.error());
  out.description = *description;
  return decode_values(*description, plain.subspan(identifier_octets), out.values);
}

/// A block of elements of the frequent item, one behind the other.
[[gnu::noinline]] std::expected<void, DecodeError> decode_block(const FrameView& frame, const table::FrequentItem& item,
                                                                Answer& out) noexcept {
  const DigitFormat format = item.digits;
  const std::uint32_t payload = frame.length() - 4U;
  // Blocks of these identifiers are short, so that counting beats dividing.
  std::uint32_t elements = 1;
  std::uint32_t octets = format.size_octets;
  while (octets < payload && elements < item.elements_max) {
    octets += format.size_octets;
    ++elements;
  }
  if (octets != payload) return decode_any(frame, out);
  frame.copy_plain_data(out.plain);
  out.description = item.description;
  ValueWriter writer(out.values);
  std::uint64_t place = format.place;
  const std::uint64_t step = format.step();
  const std::uint8_t* from = frame.wire_data().data() + 4;
  Value* to = writer.at(0);
  Value* const end = to + elements;
  do {
    const std::uint32_t word = frame_check::without_shift(load_four(from)) & format.mask;
    if (!write_good_digits(to, word, format, place)) [[unlikely]]
      return decode_any(frame, out);
    place += step;
    from += format.size_octets;
    ++to;
  } while (to != end);
  writer.set_size(elements);
  return {};
}

}  // namespace

std::expected<void, DecodeError> decode_answer(const FrameView& frame, Answer& out) noexcept {
  const std::uint8_t* const data = frame.wire_data().data();
  const std::uint32_t length = frame.length();
  if (frame.control() != read_answer_2007 || length < 6) return decode_any(frame, out);
  const DataIdentifier identifier{frame_check::without_shift(load_four(data))};
  const table::FrequentItem* const item = table::find_frequent(identifier);
  if (item == nullptr) return decode_any(frame, out);
  const DigitFormat& format = item->digits;
  if (length - 4 != format.size_octets) return decode_block(frame, *item, out);
  // Four octets may always be read from the value on: CS and 16H stand behind DATA.
  const std::uint32_t word = frame_check::without_shift(load_four(data + 4)) & format.mask;
  ValueWriter writer(out.values);
  if (!write_good_digits(writer.at(0), word, format, format.place)) [[unlikely]]
    return decode_any(frame, out);
  writer.set_size(1);
  out.description = item->description;
  frame.copy_plain_data(out.plain);
  return {};
}

}  // namespace duheng::dlt645
