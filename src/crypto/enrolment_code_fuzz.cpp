#include <cstdlib>

#include "crypto/enrolment_code.hpp"

using namespace duheng;
using crypto::EnrolmentCode;

/// What is accepted comes back from its own text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto code = EnrolmentCode::parse(as_text({data, size}));
  if (code && EnrolmentCode::parse(code->text()) != *code) std::abort();
  (void)EnrolmentCode::parse_secret(as_text({data, size}));
  return 0;
}
