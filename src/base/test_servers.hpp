#pragma once
// For tests only: foreign servers that scripts/test-servers.sh unpacks below the build folder.
#include <cstdint>
#include <string>
#include <string_view>

namespace duheng::test_servers {

struct CommandOutput {
  bool ok = false;  ///< it ended with 0
  std::string text;
};

/// What a shell command prints.
[[nodiscard]] CommandOutput output_of(const std::string& command);

/// Where the servers are, or will be, unpacked; DUHENG_TEST_SERVERS in the environment is preferred.
[[nodiscard]] std::string servers_folder();
/// Unpacks a server, or several with spaces between (as scripts/test-servers.sh names them), at the first call of this
/// program; tells how that went.
[[nodiscard]] const CommandOutput& unpacked(std::string_view servers);
/// Why a test of them has to be left out; empty when it can run. On a build machine (CI is set) a server is a must, so
/// that this is empty there and the test fails.
[[nodiscard]] std::string unavailable(std::string_view servers);

enum class Transport { tcp, udp };
/// A port on 127.0.0.1 that was free a moment ago; 0 when there is none.
[[nodiscard]] std::uint16_t free_port(Transport transport);

}  // namespace duheng::test_servers
