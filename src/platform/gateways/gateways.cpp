#include "platform/gateways/gateways.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {{"gateways",
                                         "CREATE TABLE gateways ("
                                         " id INTEGER PRIMARY KEY,"
                                         " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
                                         " name TEXT NOT NULL UNIQUE,"
                                         " state TEXT NOT NULL CHECK (state IN ('created', 'enrolled', 'revoked')),"
                                         " certificate_serial TEXT NOT NULL,"
                                         " certificate_fingerprint BLOB,"
                                         " previous_fingerprint BLOB,"
                                         " certificate_not_after_ms INTEGER NOT NULL,"
                                         " software_version TEXT NOT NULL,"
                                         " created_at_ms INTEGER NOT NULL,"
                                         " enrolled_at_ms INTEGER NOT NULL,"
                                         " enrolments INTEGER NOT NULL);"
                                         "CREATE TABLE enrolment_codes ("
                                         " id INTEGER PRIMARY KEY,"
                                         " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
                                         " secret_hash BLOB NOT NULL UNIQUE,"
                                         " created_at_ms INTEGER NOT NULL,"
                                         " expires_at_ms INTEGER NOT NULL,"
                                         " used_at_ms INTEGER,"
                                         " void_at_ms INTEGER);"
                                         "CREATE INDEX enrolment_codes_gateway ON enrolment_codes (gateway_id);"}};

constexpr std::int64_t code_lifetime_ms_min = 60'000;
constexpr std::int64_t code_lifetime_ms_max = 30LL * 24 * 3'600'000;
constexpr std::size_t version_octets_max = 64;
constexpr std::string_view refused = "the enrolment code is not accepted";
constexpr std::string_view all_addresses = "*";

constexpr std::string_view columns =
    "SELECT g.id, g.organisation_id, g.name, g.state, g.certificate_serial, g.certificate_fingerprint,"
    " g.certificate_not_after_ms, g.software_version, g.enrolled_at_ms, g.enrolments";

GatewayState state_of(std::string_view name) {
  if (name == "enrolled") return GatewayState::enrolled;
  // Anything we do not know gives no rights.
  return name == "created" ? GatewayState::created : GatewayState::revoked;
}

std::optional<crypto::Hash256> fingerprint_of(ByteView octets) {
  crypto::Hash256 fingerprint{};
  if (octets.size() != fingerprint.size()) return std::nullopt;
  std::copy(octets.begin(), octets.end(), fingerprint.begin());
  return fingerprint;
}

Gateway read_row(const Row& row) {
  return {.id = row.id<GatewayId>(0),
          .organisation = row.id<OrganisationId>(1),
          .name = row.text(2),
          .state = state_of(row.text_view(3)),
          .certificate_serial_hex = row.text(4),
          .certificate_fingerprint = fingerprint_of(row.blob_view(5)),
          .certificate_not_after_utc_ms = row.integer(6),
          .software_version = row.text(7),
          .enrolled_at_utc_ms = row.integer(8),
          .enrolments = static_cast<int>(row.integer(9))};
}

Result<Gateway> read_gateway(Transaction& t, const Scope& scope, GatewayId id) {
  DUHENG_TRY(auto found, t.first(std::string{columns} + " FROM gateways g WHERE g.id = ?1 AND " +
                                     scope.condition("g.organisation_id", "?2"),
                                 {id, scope.parameter_value()}, read_row));
  if (!found) return fail(ErrorCode::not_found, "there is no such gateway");
  return std::move(*found);
}

struct StoredCode {
  std::int64_t id = 0;
  std::int64_t expires_at_ms = 0;
  bool spent = false;
  Gateway gateway;
};

Result<StoredCode> check_code(Transaction& t, const crypto::EnrolmentCode::Part& secret, std::int64_t now_ms) {
  const crypto::Hash256 hash = crypto::sha256(secret);
  DUHENG_TRY(auto found,
             t.first(std::string{columns} +
                         ", c.id, c.expires_at_ms, c.used_at_ms IS NOT NULL OR c.void_at_ms IS NOT NULL"
                         " FROM enrolment_codes c JOIN gateways g ON g.id = c.gateway_id WHERE c.secret_hash = ?1",
                     {hash}, [](const Row& row) {
                       return StoredCode{row.integer(10), row.integer(11), row.boolean(12), read_row(row)};
                     }));
  if (!found) return fail(ErrorCode::not_found, std::string{refused});
  if (found->gateway.state == GatewayState::revoked) return fail(ErrorCode::forbidden, std::string{refused});
  if (found->spent) return fail(ErrorCode::already_exists, std::string{refused});
  if (now_ms >= found->expires_at_ms) return fail(ErrorCode::expired, std::string{refused});
  return std::move(*found);
}

Result<void> store_enrolment(Transaction& t, const StoredCode& code, const crypto::CertificateInfo& certificate,
                             std::string_view software_version, std::int64_t now_ms) {
  DUHENG_CHECK(t.execute("UPDATE enrolment_codes SET used_at_ms = ?2 WHERE id = ?1", {code.id, now_ms}));
  DUHENG_CHECK(t.execute(
      "UPDATE gateways SET state = 'enrolled', certificate_serial = ?2, certificate_fingerprint = ?3,"
      " previous_fingerprint = NULL, certificate_not_after_ms = ?4, software_version = ?5, enrolled_at_ms = ?6,"
      " enrolments = enrolments + 1 WHERE id = ?1",
      {code.gateway.id, certificate.serial_hex, certificate.fingerprint, certificate.not_after_utc_ms, software_version,
       now_ms}));
  return {};
}

Result<void> void_codes(Transaction& t, GatewayId id, std::int64_t now_ms) {
  DUHENG_CHECK(t.execute(
      "UPDATE enrolment_codes SET void_at_ms = ?2 WHERE gateway_id = ?1 AND used_at_ms IS NULL AND void_at_ms IS NULL",
      {id, now_ms}));
  return {};
}

}  // namespace

std::string_view to_string(GatewayState state) noexcept {
  switch (state) {
    case GatewayState::created:
      return "created";
    case GatewayState::enrolled:
      return "enrolled";
    case GatewayState::revoked:
      return "revoked";
  }
  return "revoked";
}

records::Capability Gateways::migrations() { return {"gateways", steps}; }

Result<void> require_gateway(Transaction& t, const Scope& scope, GatewayId id) {
  DUHENG_CHECK(read_gateway(t, scope, id));
  return {};
}

Gateways::Gateways(records::Database& database, const Clock& clock, Random& random, ThrottlePolicy per_address,
                   ThrottlePolicy altogether)
    : database_(database),
      clock_(clock),
      random_(random),
      per_address_(clock, per_address),
      altogether_(clock, altogether) {}

Result<std::vector<Gateway>> Gateways::list(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all(std::string{columns} + " FROM gateways g WHERE " + scope.condition("g.organisation_id", "?1") +
                     " ORDER BY g.name",
                 {scope.parameter_value()}, read_row);
  });
}

Result<Gateway> Gateways::get(const Scope& scope, GatewayId id) {
  return database_.read([&](Transaction& t) { return read_gateway(t, scope, id); });
}

Result<GatewayId> Gateways::create(const Scope& scope, OrganisationId organisation, std::string_view name) {
  DUHENG_CHECK(check_text("a gateway's name", name, 1, 256));
  if (std::count_if(name.begin(), name.end(), [](char c) { return (c & 0xC0) != 0x80; }) > 64) {
    return fail(ErrorCode::invalid_argument, "a gateway's name has at most 64 characters");
  }
  return database_.write([&](Transaction& t) -> Result<GatewayId> {
    DUHENG_CHECK(require_organisation(t, scope, organisation));
    const auto made = t.insert(
        "INSERT INTO gateways (organisation_id, name, state, certificate_serial, certificate_not_after_ms, "
        "software_version,"
        " created_at_ms, enrolled_at_ms, enrolments) VALUES (?1, ?2, 'created', '', 0, '', ?3, 0, 0) RETURNING id",
        {organisation, name, clock_.utc_ms()});
    if (made) return GatewayId{*made};
    if (made.error().code != ErrorCode::conflict) return std::unexpected(made.error());
    return fail(ErrorCode::already_exists, "a gateway named \"" + std::string{name} + "\" exists");
  });
}

Result<crypto::EnrolmentCode> Gateways::make_enrolment_code(const Scope& scope, GatewayId id,
                                                            const crypto::Hash256& authority_fingerprint,
                                                            std::int64_t lifetime_ms) {
  if (lifetime_ms < code_lifetime_ms_min || lifetime_ms > code_lifetime_ms_max) {
    return fail(ErrorCode::invalid_argument, "an enrolment code lives from one minute to 30 days");
  }
  return database_.write([&](Transaction& t) -> Result<crypto::EnrolmentCode> {
    DUHENG_TRY(const auto gateway, read_gateway(t, scope, id));
    if (gateway.state == GatewayState::revoked) return fail(ErrorCode::forbidden, "the gateway is revoked");
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_CHECK(void_codes(t, id, now_ms));
    const auto code = crypto::EnrolmentCode::make(random_, authority_fingerprint);
    DUHENG_CHECK(t.execute(
        "INSERT INTO enrolment_codes (gateway_id, secret_hash, created_at_ms, expires_at_ms) VALUES (?1, ?2, ?3, ?4)",
        {id, crypto::sha256(code.secret), now_ms, now_ms + lifetime_ms}));
    return code;
  });
}

Result<Gateway> Gateways::enrol(const EnrolmentRequest& request, const Issue& issue) {
  auto outcome = redeem(request, issue);
  count(outcome);
  if (outcome) {
    log::info("gateways", "gateway enrolled", {{"gateway", outcome->id.value}, {"remote", request.remote_address}});
  } else {
    log::warning(
        "gateways", "enrolment refused",
        {{"reason", to_string(outcome.error().code)}, {"error", outcome.error()}, {"remote", request.remote_address}});
  }
  return outcome;
}

Result<Gateway> Gateways::redeem(const EnrolmentRequest& request, const Issue& issue) {
  DUHENG_CHECK(per_address_.begin(request.remote_address));
  DUHENG_CHECK(altogether_.begin(all_addresses));
  const auto secret = crypto::EnrolmentCode::parse_secret(request.code_secret);
  if (!secret) return fail(ErrorCode::malformed, std::string{refused});
  DUHENG_CHECK(check_text("the gateway's software version", request.software_version, 0, version_octets_max));
  auto enrolled = database_.write([&](Transaction& t) -> Result<Gateway> {
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_TRY(const auto code, check_code(t, *secret, now_ms));
    DUHENG_TRY(const auto certificate, issue(code.gateway));
    DUHENG_CHECK(store_enrolment(t, code, certificate, request.software_version, now_ms));
    return read_gateway(t, Scope::everything(), code.gateway.id);
  });
  if (enrolled) {
    per_address_.took_back(request.remote_address);
    altogether_.took_back(all_addresses);
  }
  return enrolled;
}

void Gateways::count(const Result<Gateway>& outcome) {
  if (outcome) {
    ++accepted_;
    return;
  }
  switch (outcome.error().code) {
    case ErrorCode::throttled:
      ++throttled_;
      return;
    case ErrorCode::malformed:
    case ErrorCode::not_found:
      ++wrong_;
      return;
    case ErrorCode::expired:
      ++expired_;
      return;
    case ErrorCode::already_exists:
      ++reused_;
      return;
    case ErrorCode::forbidden:
      ++revoked_;
      return;
    default:
      ++failed_;
      return;
  }
}

Result<Gateway> Gateways::authenticate(const crypto::CertificateInfo& certificate) {
  const auto id = crypto::gateway_of(certificate);
  if (!id) return fail(ErrorCode::not_found, "the certificate names no gateway");
  struct Known {
    Gateway gateway;
    std::optional<crypto::Hash256> previous;
  };
  DUHENG_TRY(auto known, database_.read([&](Transaction& t) {
    return t.first(std::string{columns} + ", g.previous_fingerprint FROM gateways g WHERE g.id = ?1", {*id},
                   [](const Row& row) { return Known{read_row(row), fingerprint_of(row.blob_view(10))}; });
  }));
  if (!known) return fail(ErrorCode::not_found, "the certificate names a gateway that does not exist");
  if (known->gateway.state == GatewayState::revoked) return fail(ErrorCode::forbidden, "the gateway is revoked");
  if (known->gateway.state != GatewayState::enrolled) return fail(ErrorCode::forbidden, "the gateway is not enrolled");
  const bool is_latest = known->gateway.certificate_fingerprint == certificate.fingerprint;
  if (!is_latest && known->previous != certificate.fingerprint) {
    return fail(ErrorCode::forbidden, "the gateway has a newer certificate than this");
  }
  if (is_latest && known->previous) {
    DUHENG_CHECK(database_.write([&](Transaction& t) {
      return t.execute("UPDATE gateways SET previous_fingerprint = NULL WHERE id = ?1 AND certificate_fingerprint = ?2",
                       {*id, certificate.fingerprint});
    }));
  }
  return std::move(known->gateway);
}

Result<void> Gateways::store_renewed_certificate(GatewayId id, const crypto::CertificateInfo& certificate) {
  if (crypto::gateway_of(certificate) != id)
    return fail(ErrorCode::forbidden, "the renewed certificate names another gateway");
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto gateway, read_gateway(t, Scope::everything(), id));
    if (gateway.state != GatewayState::enrolled) return fail(ErrorCode::forbidden, "the gateway is not enrolled");
    // A previous certificate that still stands is the one the gateway works with: the renewal after it was never used,
    // its answer was lost. It stays good, or a second lost answer would lock the gateway out.
    DUHENG_CHECK(
        t.execute("UPDATE gateways SET previous_fingerprint = COALESCE(previous_fingerprint, certificate_fingerprint),"
                  " certificate_serial = ?2, certificate_fingerprint = ?3, certificate_not_after_ms = ?4 WHERE id = ?1",
                  {id, certificate.serial_hex, certificate.fingerprint, certificate.not_after_utc_ms}));
    return {};
  });
}

Result<void> Gateways::revoke(const Scope& scope, GatewayId id) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_gateway(t, scope, id));
    DUHENG_CHECK(void_codes(t, id, clock_.utc_ms()));
    DUHENG_CHECK(t.execute("UPDATE gateways SET state = 'revoked' WHERE id = ?1", {id}));
    return {};
  });
}

EnrolmentCounts Gateways::enrolment_counts() const {
  return {.accepted = accepted_,
          .wrong = wrong_,
          .expired = expired_,
          .reused = reused_,
          .revoked = revoked_,
          .throttled = throttled_,
          .failed = failed_};
}

}  // namespace duheng::platform
