#pragma once
#include <iosfwd>
#include <string>

namespace duheng::tools {

/// What `duheng trace` is asked. One of: `frame`; a value (`device`, `register_name`, `time`); a consumption (`device`,
/// `register_name`, `from`, `to`, or `day` / `month` in `zone`); the row kept of a bucket (`device`, `register_name`,
/// `bucket`, `day`, of an hour also `from`); what a point consumed (`point`, `register_name` or none, and an interval).
/// The last two of a running platform only.
struct TraceOptions {
  std::string url;             ///< of a running platform, e.g. "https://localhost:8443" ...
  std::string user;            ///< ... who asks it ...
  std::string password_file;   ///< ... with the password in this file's first line; "-": standard input ...
  std::string authority_file;  ///< ... and the PEM file that its certificate must lead to
  std::string data;            ///< or: data directory of a platform that does not run
  std::string frame;           ///< a frame reference as the web pages show it
  std::string gateway;         ///< id; may be left out when one gateway only has sent the device
  std::string device;          ///< uid
  std::string register_name;
  std::string time;   ///< ISO 8601 with offset or Z; empty: the latest
  std::string from;   ///< a consumption after this moment ...
  std::string to;     ///< ... up to and with this one
  std::string day;    ///< "2026-11-21"
  std::string month;  ///< "2026-11"
  std::string zone = "Asia/Shanghai";
  std::string bucket;           ///< "hour", "day", "week", "month", "year": the row kept, and the same made anew
  std::string point;            ///< id of a metering point
  std::string language = "en";  ///< "en" or "zh"
  bool json = false;
};

/// Exit codes of `duheng trace`.
inline constexpr int trace_verified = 0;
inline constexpr int trace_not_verified = 1;  ///< printed, but some hash or tag does not hold, or evidence was removed
inline constexpr int trace_failed = 2;        ///< nothing was found, or it could not be read

/// Prints the whole way of a figure back to the octets of its frames.
[[nodiscard]] int run_trace(const TraceOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace duheng::tools
