#pragma once
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/bytes.hpp"
#include "base/random.hpp"

namespace duheng::store {

/// One statement to the server.
struct ClickHouseCall {
  std::string sql;
  /// Rows in RowBinary behind an INSERT; must outlive the call.
  ByteView rows;
  std::int64_t timeout_ms = 60'000;
  std::stop_token cancel;
  /// Takes the answer piece by piece; the server is not read any faster than this returns. An error ends the call with
  /// it. Without it the answer is thrown away.
  std::function<Result<void>(ByteView)> on_octets;
};

/// How statements reach a server: a seam, so that tests can cut the way at any place.
class ClickHouseTransport {
 public:
  virtual ~ClickHouseTransport() = default;
  /// Whether the statement was carried out is known only after success. Thread-safe. Errors: unavailable - no
  /// connection, or it broke; timed_out; cancelled; the sink's own; what clickhouse_error() says.
  [[nodiscard]] virtual Result<void> run(const ClickHouseCall& call) = 0;
};

struct ClickHouseHttpOptions {
  std::string url = "http://127.0.0.1:8123/";  ///< https:// for TLS
  std::string user = "default";
  std::string password;
  std::string ca_file;  ///< certificates to trust, PEM; empty: the machine's own
  std::int64_t connect_timeout_ms = 5'000;
  std::size_t connections_max = 8;  ///< more calls at once wait for one another
};

/// ClickHouse's HTTP interface through libcurl. Connections are kept and used again. A call that is cancelled, timed
/// out or given up by its sink is also ended on the server (KILL QUERY by its id). User and password travel in headers
/// and stand in no log and no error. Errors: invalid_argument - not an HTTP address, or a password that would leave the
/// machine without TLS; internal.
[[nodiscard]] Result<std::unique_ptr<ClickHouseTransport>> open_clickhouse_http(const ClickHouseHttpOptions& options,
                                                                                Random& random);

}  // namespace duheng::store
