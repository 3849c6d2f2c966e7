#pragma once
#include <atomic>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace duheng::tools {

struct DemoOptions {
  std::uint32_t meters = 1000;
  std::string data_directory;       ///< empty: a temporary folder; removed at the end unless something failed
  std::string programs_directory;   ///< where duheng-platform, duheng-gateway and duheng-fleet lie
  std::string share_directory;      ///< with models/ and web/
  std::uint16_t https_port = 8443;  ///< 0: a free one
  std::optional<double> check_s;    ///< run so long, stop, compare with the ledger, print one JSON object
  std::uint32_t kills = 0;          ///< with check: end processes at random points, and cut the link, so often
  std::uint64_t seed = 1;           ///< of the faults and of the meters
  std::string access_file;          ///< where to write {"url","user","password","root_certificate","ports"} once ready
  bool keep_data = false;           ///< do not remove a temporary folder
};

/// Makes a demo world (organisations, sites, devices, a gateway, a login), starts the three programs on loopback, and
/// either runs until `stop` is set or checks that nothing is lost or doubled. When another program takes one of its
/// ports before it can, it starts once more on others. `out` gets the URL and login, or the JSON summary; `err` the
/// progress, and where data and logs are kept when something failed. Returns the exit code: 0 when all went well, 1
/// when the check found something, 2 when the demo could not run.
int run_demo(const DemoOptions& options, const std::atomic<bool>& stop, std::ostream& out, std::ostream& err);

}  // namespace duheng::tools
