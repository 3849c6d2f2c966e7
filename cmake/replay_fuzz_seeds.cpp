// Runs a fuzz target over seed files where libFuzzer is not linked in, so that every ordinary test run replays the
// corpus. JSON vector files are split into their "hex" strings: the same vectors that prove a decoder seed its fuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::size_t replay_hex_strings(const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find("\"hex\""); at != std::string::npos; at = text.find("\"hex\"", at + 5)) {
    const auto open = text.find('"', text.find(':', at + 5));
    const auto close = text.find('"', open + 1);
    if (close == std::string::npos) break;
    std::vector<std::uint8_t> octets;
    int high = -1;
    for (const char c : text.substr(open + 1, close - open - 1)) {
      const int digit = hex_digit(c);
      if (digit < 0) continue;
      if (high < 0) {
        high = digit;
      } else {
        octets.push_back(static_cast<std::uint8_t>(high << 4 | digit));
        high = -1;
      }
    }
    LLVMFuzzerTestOneInput(octets.data(), octets.size());
    for (std::size_t cut = 0; cut < octets.size(); ++cut) LLVMFuzzerTestOneInput(octets.data(), cut);
    for (auto& octet : octets) {
      octet ^= 0x10;
      LLVMFuzzerTestOneInput(octets.data(), octets.size());
      octet ^= 0x10;
    }
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 1;
  LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(argv[i])) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
        if (entry.is_regular_file()) files.push_back(entry.path());
      }
    } else {
      files.emplace_back(argv[i]);
    }
    for (const auto& path : files) {
      std::ifstream in(path, std::ios::binary);
      if (!in) {
        std::fprintf(stderr, "cannot read seed %s\n", path.c_str());
        return 1;
      }
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      if (path.extension() == ".json") {
        count += replay_hex_strings(text);
      } else {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
        ++count;
      }
    }
  }
  std::printf("%zu seeds replayed\n", count);
  return 0;
}
