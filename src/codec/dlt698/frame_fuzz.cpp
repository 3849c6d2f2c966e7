#include <algorithm>
#include <cstdlib>
#include <vector>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/scanner.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// Whatever decodes must encode to the same octets; a scanner must cover all octets once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::dlt698;
  const ByteView octets(data, size);
  std::size_t at = 0;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    check(segment->offset == at && !segment->octets.empty());
    at += segment->octets.size();
  }
  check(at == size);

  const auto frame = decode(octets);
  if (!frame) {
    check(frame.error().octet_offset <= size && !frame.error().field.empty());
    return 0;
  }
  Bytes buffer(frame->wire_user_data().size());
  const ByteView plain = frame->user_data(buffer);
  const auto again = encode({frame->control(), frame->server_address(), frame->client_address(), plain, 0});
  check(again.has_value() && std::ranges::equal(*again, frame->octets()));
  if (!frame->is_fragment()) return 0;
  FragmentAssembler assembler(size);
  static_cast<void>(assembler.accept(plain));
  static_cast<void>(assembler.accept(plain));
  check(assembler.apdu().size() <= size);
  return 0;
}
