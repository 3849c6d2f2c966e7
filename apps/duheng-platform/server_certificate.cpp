#include "server_certificate.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>

#include "base/log.hpp"
#include "base/time.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t lifetime_ms = 397 * day_ms;
constexpr std::int64_t renew_before_ms = 60 * day_ms;

bool is_address(const std::string& name) {
  unsigned char octets[16];
  return inet_pton(AF_INET, name.c_str(), octets) == 1 || inet_pton(AF_INET6, name.c_str(), octets) == 1;
}

Result<void> require_private(Disk& disk, const std::string& file) {
  DUHENG_TRY(const bool open, disk.readable_by_others(file));
  if (open)
    return fail(ErrorCode::storage_corrupt, fmt::format("the key {} can be read by others; chmod 600 it", file));
  return {};
}

Result<std::string> read_text(Disk& disk, const std::string& file) {
  DUHENG_TRY(const Bytes bytes, read_file(disk, file, 1U << 20));
  return std::string{as_text(bytes)};
}

}  // namespace

Result<ServerCertificate> read_server_certificate(Disk& disk, const Clock& clock, const std::string& chain_file,
                                                  const std::string& key_file) {
  DUHENG_CHECK(require_private(disk, key_file));
  ServerCertificate out;
  DUHENG_TRY(out.chain_pem, read_text(disk, chain_file));
  DUHENG_TRY(out.key_pem, read_text(disk, key_file));
  DUHENG_TRY(const crypto::CertificateInfo info, crypto::parse_certificate(out.chain_pem));
  out.not_after_utc_ms = info.not_after_utc_ms;
  if (info.not_after_utc_ms <= clock.utc_ms()) {
    return fail(ErrorCode::expired,
                fmt::format("the certificate {} expired at {}", chain_file, format_utc(info.not_after_utc_ms)));
  }
  return out;
}

Result<ServerCertificate> own_server_certificate(crypto::CertificateIssuer& issuer, Disk& disk, const Clock& clock,
                                                 const std::string& directory, const std::vector<std::string>& names) {
  DUHENG_CHECK(disk.make_directories(directory));
  const std::string chain_file = directory + "/server.chain.pem";
  const std::string key_file = directory + "/server.key.pem";
  crypto::CertificateOrder order;
  order.profile = crypto::CertificateProfile::server;
  order.common_name = names.front();
  for (const std::string& name : names) (is_address(name) ? order.ip_addresses : order.dns_names).push_back(name);

  if (disk.exists(chain_file) && disk.exists(key_file)) {
    const auto present = read_server_certificate(disk, clock, chain_file, key_file);
    if (!present && present.error().code == ErrorCode::storage_corrupt) return std::unexpected(present.error());
    if (present && present->not_after_utc_ms - clock.utc_ms() > renew_before_ms) {
      DUHENG_TRY(const crypto::CertificateInfo info, crypto::parse_certificate(present->chain_pem));
      const auto same = [](std::vector<std::string> a, std::vector<std::string> b) {
        std::ranges::sort(a);
        std::ranges::sort(b);
        return a == b;
      };
      if (same(info.dns_names, order.dns_names) && same(info.ip_addresses, order.ip_addresses) &&
          crypto::verify_chain(present->chain_pem, issuer.trust_root_pem(), crypto::CertificateUse::server,
                               clock.utc_ms())) {
        return *present;
      }
    }
  }
  DUHENG_TRY(const crypto::PrivateKey key, crypto::PrivateKey::generate());
  DUHENG_TRY(order.request_pem, crypto::make_certificate_request(key, order.common_name));
  order.lifetime_ms = lifetime_ms;
  DUHENG_TRY(const crypto::IssuedCertificate issued, issuer.issue(order));
  ServerCertificate out;
  out.chain_pem = issued.chain_pem;
  out.not_after_utc_ms = issued.info.not_after_utc_ms;
  DUHENG_TRY(out.key_pem, key.to_pem());
  DUHENG_CHECK(write_file_atomically(disk, key_file, as_bytes(out.key_pem)));
  DUHENG_CHECK(write_file_atomically(disk, chain_file, as_bytes(out.chain_pem)));
  log::info("platform", "issued a server certificate", {{"expires", format_utc(out.not_after_utc_ms)}});
  return out;
}

}  // namespace duheng::platform
