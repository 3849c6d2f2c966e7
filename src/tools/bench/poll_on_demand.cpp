#include "tools/bench/poll_on_demand.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include <nlohmann/json.hpp>

#include "tools/bench/poll_world.hpp"
#include "tools/bench/running_demo.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;
constexpr std::int64_t interval_ms = 60'000;
constexpr double measured_s_min = 60;
constexpr std::size_t model_bytes_max = 1U << 20;

/// A share directory with the shipped pages and with the shipped models read once a minute.
Result<std::string> minute_share(Disk& disk, const BenchOptions& options, const std::string& folder) {
  std::string share = folder + "/share";
  DUHENG_CHECK(disk.make_directories(share + "/models"));
  std::error_code failed;
  fs::create_directory_symlink(fs::absolute(options.share_directory) / "web", share + "/web", failed);
  if (failed) return fail(ErrorCode::storage_failed, "cannot link to the pages: " + failed.message());
  DUHENG_TRY(const auto names, disk.list(options.share_directory + "/models"));
  for (const auto& name : names) {
    if (!name.ends_with(".yaml")) continue;
    DUHENG_TRY(const auto shipped, read_file(disk, options.share_directory + "/models/" + name, model_bytes_max));
    DUHENG_TRY(const auto text, with_interval(std::string(as_text(shipped)), interval_ms));
    DUHENG_CHECK(write_file_atomically(disk, share + "/models/" + name, as_bytes(text)));
  }
  return share;
}

}  // namespace

Result<void> measure_on_demand(Disk& disk, const BenchOptions& options, const std::string& folder, std::uint32_t meters,
                               BenchReport& report) {
  DUHENG_TRY(const auto share, minute_share(disk, options, folder));
  BenchOptions own = options;
  own.share_directory = share;
  RunningDemo demo(own, folder, meters);
  DUHENG_CHECK(demo.wait_until_ready());
  DUHENG_TRY(const auto told, run_web_script("on_demand_latency.mjs", demo.access_file(),
                                             std::max(options.seconds, measured_s_min), folder));
  for (const auto& [name, value] : told.items())
    if (value.is_number()) report.figures.push_back({"on_demand_" + name, value.get<double>()});
  report.notes.push_back(fmt::format(
      "on demand: through the whole path (HTTPS API, records, control stream, order log, meter, journal, records, "
      "API), one order at a time, of a random one of {} meters that are polled once a minute beside it; the clock runs "
      "from sending the request to the API's saying that the order is done, asked every {} ms",
      meters, told.value("asked_every_ms", 0)));
  if (told.value("not_done", 0) > 0)
    report.notes.push_back(fmt::format("NOT ALL DONE: {} orders ended otherwise", told.value("not_done", 0)));
  return {};
}

}  // namespace duheng::tools
