#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "crypto/enrolment_code.hpp"
#include "crypto/x509.hpp"
#include "platform/organisations/scope.hpp"
#include "platform/throttling/throttle.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

enum class GatewayState : std::uint8_t { created, enrolled, revoked };
[[nodiscard]] std::string_view to_string(GatewayState state) noexcept;

struct Gateway {
  GatewayId id{};
  OrganisationId organisation{};
  std::string name{};
  GatewayState state = GatewayState::created;
  std::string certificate_serial_hex{};  ///< empty before the first enrolment
  std::optional<crypto::Hash256> certificate_fingerprint{};
  std::int64_t certificate_not_after_utc_ms = 0;
  std::string software_version{};
  std::int64_t enrolled_at_utc_ms = 0;  ///< latest; 0 before the first
  int enrolments = 0;
};

struct EnrolmentRequest {
  std::string code_secret{};     ///< as it came over the wire
  std::string remote_address{};  ///< without the port
  std::string software_version{};
};

struct EnrolmentCounts {
  std::uint64_t accepted = 0, wrong = 0, expired = 0, reused = 0, revoked = 0, throttled = 0, failed = 0;
};

/// Gateways and how they join. Thread-safe. Needs Organisations' tables.
class Gateways {
 public:
  static constexpr std::int64_t code_lifetime_ms_default = 24 * 3'600'000;
  [[nodiscard]] static records::Capability migrations();

  /// `per_address` slows down one address, `altogether` all of them; the defaults leave room for a hall of gateways
  /// behind one address.
  Gateways(records::Database& database, const Clock& clock, Random& random,
           ThrottlePolicy per_address = {.free_failures = 10},
           ThrottlePolicy altogether = {.free_failures = 200, .wait_ms_max = 10'000});

  /// By name.
  [[nodiscard]] Result<std::vector<Gateway>> list(const Scope& scope);
  /// Errors: not_found.
  [[nodiscard]] Result<Gateway> get(const Scope& scope, GatewayId id);
  /// The name has 1 to 64 characters and is unique in the platform (it becomes the certificate's common name).
  /// Errors: not_found - the organisation; already_exists; invalid_argument.
  [[nodiscard]] Result<GatewayId> create(const Scope& scope, OrganisationId organisation, std::string_view name);

  /// Makes a code for the first enrolment, or for a gateway installed anew, which keeps its id. Codes made before for
  /// the same gateway no longer work. Only the secret's hash is kept. Errors: not_found; forbidden - the gateway is
  /// revoked; invalid_argument - lifetime not within a minute and 30 days.
  [[nodiscard]] Result<crypto::EnrolmentCode> make_enrolment_code(const Scope& scope, GatewayId id,
                                                                  const crypto::Hash256& authority_fingerprint,
                                                                  std::int64_t lifetime_ms = code_lifetime_ms_default);

  /// Makes the certificate for an accepted gateway; an error leaves the code unused. Runs inside a writing transaction:
  /// it must not touch the records.
  using Issue = std::function<Result<crypto::CertificateInfo>(const Gateway&)>;
  /// Checks the code, has the certificate made and stores it, all or nothing; the code is used up.
  /// Errors for the log, told apart by their code though all but throttled carry one and the same message, because
  /// whoever guesses shall learn nothing: not_found - no such code; expired; already_exists - used before or replaced
  /// by a newer one; forbidden - gateway revoked; malformed - not a code; throttled - too many failures from this
  /// address, or altogether. Besides, whatever `issue` returns.
  [[nodiscard]] Result<Gateway> enrol(const EnrolmentRequest& request, const Issue& issue);

  /// Whether a connection with this certificate may be served: the gateway it names exists, is enrolled, and this is
  /// its latest certificate, or the one before until a renewed one has been used (the gateway may never have received
  /// it). Errors: not_found; forbidden - revoked, never enrolled, or an older certificate.
  [[nodiscard]] Result<Gateway> authenticate(const crypto::CertificateInfo& certificate);
  /// Stores a renewed certificate (the gateway asked over its own authenticated connection). Errors: not_found;
  /// forbidden.
  [[nodiscard]] Result<void> store_renewed_certificate(GatewayId id, const crypto::CertificateInfo& certificate);
  /// From now on nothing of this gateway is served; its code, if any, is void. Final. Errors: not_found.
  [[nodiscard]] Result<void> revoke(const Scope& scope, GatewayId id);

  /// Since this object was made.
  [[nodiscard]] EnrolmentCounts enrolment_counts() const;

 private:
  [[nodiscard]] Result<Gateway> redeem(const EnrolmentRequest& request, const Issue& issue);
  void count(const Result<Gateway>& outcome);

  records::Database& database_;
  const Clock& clock_;
  Random& random_;
  Throttle per_address_;
  Throttle altogether_;
  // How enrolments ended; see EnrolmentCounts.
  std::atomic<std::uint64_t> accepted_{0}, wrong_{0}, expired_{0}, reused_{0}, revoked_{0}, throttled_{0}, failed_{0};
};

/// For other capabilities' transactions: not_found when `id` is not a gateway of the scope.
[[nodiscard]] Result<void> require_gateway(records::Transaction& transaction, const Scope& scope, GatewayId id);

}  // namespace duheng::platform
