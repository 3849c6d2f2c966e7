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
[[nodiscard]] Result<EnrolmentResult> enrol(Disk& disk, const Clock& clock, const std::string& address,
                                            const std::string& code, const std::string& software_version,
                                            const IdentityFiles& identity, std::int64_t timeout_ms = 15'000);

/// Whether less than a third of the certificate's lifetime is left. Errors: not_found - not enrolled; malformed.
[[nodiscard]] Result<bool> renewal_due(Disk& disk, const Clock& clock, const IdentityFiles& identity);

/// Asks for the next certificate over the gateways' port with the present one, for the same key, and puts it in place
/// atomically; the next connection uses it. Returns its end. Blocks, at most `timeout_ms`. Errors: unavailable,
/// timed_out - try again later, the old one still holds (unless the platform has already replaced it: then connecting
/// is refused until the gateway is enrolled again); forbidden, expired - enrol again.
[[nodiscard]] Result<std::int64_t> renew_certificate(Disk& disk, const Clock& clock, const std::string& address,
                                                     const std::string& server_name, const IdentityFiles& identity,
                                                     std::int64_t timeout_ms = 15'000);

}  // namespace duheng::rpc
