#include "base/test_servers.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace duheng::test_servers {

CommandOutput output_of(const std::string& command) {
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {false, "no shell"};
  CommandOutput out;
  std::array<char, 4'096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.text.append(buffer.data(), size);
  out.ok = ::pclose(pipe) == 0;
  return out;
}

std::string servers_folder() {
  const char* const chosen = std::getenv("DUHENG_TEST_SERVERS");
  return chosen != nullptr ? chosen : DUHENG_TEST_SERVERS_FOLDER;
}

const CommandOutput& unpacked(std::string_view servers) {
  static std::mutex mutex;
  static std::map<std::string, CommandOutput, std::less<>> known;
  const std::lock_guard lock(mutex);
  const auto found = known.find(servers);
  if (found != known.end()) return found->second;
  return known
      .emplace(servers, output_of(fmt::format("'{}/scripts/test-servers.sh' '{}' {} 2>&1", DUHENG_SOURCE_DIR,
                                              servers_folder(), servers)))
      .first->second;
}

std::string unavailable(std::string_view servers) {
  if (unpacked(servers).ok || std::getenv("CI") != nullptr) return {};
  return fmt::format("{} cannot be had on this machine: {}", servers, unpacked(servers).text);
}

std::uint16_t free_port(Transport transport) {
  const int descriptor = ::socket(AF_INET, transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  if (descriptor < 0) return 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound = ::bind(descriptor, generic, size) == 0 && ::getsockname(descriptor, generic, &size) == 0;
  ::close(descriptor);
  return bound ? ntohs(address.sin_port) : 0;
}

}  // namespace duheng::test_servers
