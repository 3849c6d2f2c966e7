#pragma once
#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/random.hpp"
#include "rpc/uplink_client.hpp"

namespace duheng::rpc {

struct EnrolmentResult {
  GatewayId gateway;
  std::string gateway_name;
  std::int64_t not_after_utc_ms = 0;
};

/// Trades a one-time code for a certificate. The key is made here and never leaves. The platform is trusted because the
/// code carries the first 128 bits of its authority's fingerprint. `identity` is written only when all went well, each
/// file atomically, the key first with mode 0600. Blocks, at most `timeout_ms`.
/// Errors (their messages are fit for the person at the gateway): malformed - the code is mistyped; unavailable - no
/// connection; unauthenticated - the server that answered is not the one the code was made for: somebody is in between,
/// or the address is wrong; forbidden - the code is wrong, expired or was used before; throttled; storage_failed,
/// storage_full - the files could not be written: the code is spent, ask for another.
[[nodiscard]] Result<EnrolmentResult> enrol(Disk& disk, const std::string& address, const std::string& code,
                                            const std::string& software_version, const IdentityFiles& identity,
                                            std::int64_t timeout_ms = 15'000);

}  // namespace duheng::rpc
