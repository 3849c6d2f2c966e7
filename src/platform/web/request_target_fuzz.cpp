#include <cstdlib>

#include "platform/web/request_target.hpp"

// Everything a client can write into an address: nothing may crash, and what is taken must be clean.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::web;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  (void)find_cookie(text, "__Host-duheng");
  (void)accepts_encoding(text, "gzip");
  const auto target = parse_target(text);
  if (!target) return 0;
  for (const std::string& segment : target->segments) {
    if (segment.empty() || segment == "." || segment == ".." || segment.find('/') != std::string::npos ||
        !is_utf8(segment))
      abort();
  }
  QueryReader reader{target->query};
  (void)reader.integer("page", 1, 100'000, 1);
  (void)reader.optional_id("site_id");
  (void)reader.text("search", 100);
  (void)reader.choice("state", {"online", "late"});
  (void)reader.time("before");
  (void)reader.required_time("from");
  (void)reader.required_date("date");
  (void)reader.finish();
  return 0;
}
