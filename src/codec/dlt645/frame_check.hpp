#pragma once
// The sum over a frame and the test for a whole one, in the fewest instructions; private to this library, but included
// by frame.hpp so that the test can be inlined where frames are decoded.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duheng::dlt645::frame_check {

static_assert(std::endian::native == std::endian::little, "words are summed and shifted as little-endian octets");

[[nodiscard]] inline std::uint64_t load_word(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

[[nodiscard]] constexpr std::uint64_t folded(std::uint64_t word) noexcept {
  constexpr std::uint64_t even_octets = 0x00FF00FF00FF00FF;
  return (word & even_octets) + ((word >> 8) & even_octets);
}

/// Sum modulo 256 of at least 8 octets: words first, then the last word shifted so that nothing counts twice.
[[nodiscard]] inline std::uint8_t sum_by_words(const std::uint8_t* octets, std::size_t count) noexcept {
  std::uint64_t lanes = 0;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) lanes += folded(load_word(octets + at));
  // Shifting in two steps keeps the case of no remainder (64 places) defined.
  const unsigned places = static_cast<unsigned>(8 - (count - at)) * 8;
  lanes += folded(load_word(octets + count - 8) >> (places / 2) >> (places - places / 2));
  return static_cast<std::uint8_t>((lanes * 0x0001000100010001ULL) >> 48);
}

#if defined(__SSE2__)
/// The last `n` of sixteen octets are FFH in the sixteen octets that begin at index `n`.
alignas(16) inline constexpr std::uint8_t tail_masks[32] = {
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/// The same of at least 16 octets, sixteen at a time.
[[nodiscard]] inline std::uint8_t sum_by_sixteens(const std::uint8_t* octets, std::size_t count) noexcept {
  const auto load = [](const std::uint8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); };
  const __m128i zero = _mm_setzero_si128();
  const std::size_t rest = count % 16;
  __m128i sums = _mm_sad_epu8(_mm_and_si128(load(octets + count - 16), load(tail_masks + rest)), zero);
  const std::uint8_t* const end = octets + (count - rest);
  do {
    sums = _mm_add_epi64(sums, _mm_sad_epu8(load(octets), zero));
    octets += 16;
  } while (octets != end);
  return static_cast<std::uint8_t>(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
}
#endif

/// Sum modulo 256 of at least 8 octets.
[[nodiscard]] inline std::uint8_t sum_of_eight_or_more(const std::uint8_t* octets, std::size_t count) noexcept {
#if defined(__SSE2__)
  if (count >= 16) [[likely]]
    return sum_by_sixteens(octets, count);
#endif
  return sum_by_words(octets, count);
}

/// Octet by octet minus 33H, no borrow running from one octet into the next.
template <class Word>
[[nodiscard]] constexpr Word without_shift(Word word) noexcept {
  constexpr Word low_bits = static_cast<Word>(0x7F7F7F7F7F7F7F7FULL);
  constexpr Word shift = static_cast<Word>(0x3333333333333333ULL);
  return ((word | ~low_bits) - shift) ^ ((word ^ ~shift) & ~low_bits);
}

/// Copies DATA without the 33H. At least ten octets, a frame's header, must be readable before `from`, and as many as a
/// machine word writable before `to`: the last word ends with DATA and begins wherever that is.
inline void copy_without_shift(const std::uint8_t* from, std::uint8_t* to, std::size_t size) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  if (size >= 6) [[likely]] {
    const __m128i shift = _mm_set1_epi8(0x33);
    const auto copy = [&](std::ptrdiff_t place) {
      const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + place));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + place), _mm_sub_epi8(octets, shift));
    };
    for (; at + 16 < size; at += 16) copy(static_cast<std::ptrdiff_t>(at));
    copy(static_cast<std::ptrdiff_t>(size) - 16);
    return;
  }
#endif
  for (; at + 8 <= size; at += 8) {
    const std::uint64_t word = without_shift(load_word(from + at));
    std::memcpy(to + at, &word, sizeof word);
  }
  if (at < size) {
    const std::uint64_t word = without_shift(load_word(from + size - 8));
    std::memcpy(to + size - 8, &word, sizeof word);
  }
}

/// Whether a frame begins with the first of `size` octets (which is 68H) and all of it is right.
[[nodiscard]] inline bool is_whole(const std::uint8_t* octets, std::size_t size) noexcept {
  if (size < 12 || octets[7] != 0x68) return false;
  const std::size_t summed = 10U + octets[9];
  if (size < summed + 2) return false;
  // Both at once: one branch, which goes wrong only for broken frames.
  const unsigned sum = sum_of_eight_or_more(octets, summed);
  return ((sum ^ octets[summed]) | (octets[summed + 1] ^ 0x16U)) == 0;
}

}  // namespace duheng::dlt645::frame_check
