#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/config.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "codec/snmp/usm.hpp"

namespace duheng::drivers {

/// What one kind of device is asked under. Secret.
struct SnmpCredential {
  std::string community{};  ///< of version 2c; empty: version 3
  std::string user{};
  snmp::Authentication authentication = snmp::Authentication::none;
  snmp::Privacy privacy = snmp::Privacy::none;
  Bytes authentication_key{};  ///< of the password, not yet localised
  Bytes privacy_key{};         ///< likewise
  [[nodiscard]] bool is_v3() const noexcept { return community.empty(); }
};

/// A gateway's SNMP credentials by name: SNMP knows no addresses beside host and port, so a device's address is the
/// name of the credential it is asked under. Immutable once read; safe from any thread.
class SnmpCredentials {
 public:
  static constexpr std::size_t entries_max = 1'000;
  static constexpr std::size_t name_octets_max = 20;  ///< BusAddress::octets_max

  /// `random` gives the first salt: none is ever used twice while the program runs, and hardly ever between two runs.
  explicit SnmpCredentials(Random& random);
  /// Errors: already_exists; invalid_argument - the name, or neither community nor user.
  [[nodiscard]] Result<void> add(std::string name, SnmpCredential credential);
  /// Null when there is none.
  [[nodiscard]] const SnmpCredential* find(std::string_view name) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::uint64_t next_salt() const noexcept { return salt_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::map<std::string, SnmpCredential, std::less<>> entries_;
  mutable std::atomic<std::uint64_t> salt_;
};

/// 1 to 20 characters of a to z, 0 to 9, "-", "_" and ".".
[[nodiscard]] bool is_credential_name(std::string_view name) noexcept;

/// Reads the list `nodes` of a gateway's configuration; secrets stand in files of their own, whose paths `beside` makes
/// whole. What is wrong is rejected through the nodes; the text of a secret never is in a message.
///
///   - { name: campus, community_file: secrets/campus }
///   - { name: core, user: duheng, authentication: { hash: sha256, password_file: secrets/core-a },
///       privacy: { password_file: secrets/core-p } }
void read_snmp_credentials(const std::vector<ConfigNode>& nodes, std::string_view folder, SnmpCredentials& out);

}  // namespace duheng::drivers
