#include "drivers/snmp/credentials.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>

namespace duheng::drivers {
namespace {

constexpr std::size_t secret_octets_max = 1'024;
constexpr std::string_view name_characters = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

/// The first line of a file. The message names the file, never what stands in it.
std::optional<std::string> read_secret(const ConfigNode& node, std::string_view key, std::string_view folder) {
  std::string path = node.text(key);
  if (path.empty()) return std::nullopt;
  if (path.front() != '/' && !folder.empty()) path = std::string(folder) + "/" + path;
  std::ifstream file(path);
  std::string secret;
  if (!file || !std::getline(file, secret)) {
    node.reject(key, "names a file that cannot be read: " + path);
    return std::nullopt;
  }
  if (!secret.empty() && secret.back() == '\r') secret.pop_back();
  if (secret.empty() || secret.size() > secret_octets_max) {
    node.reject(key, "names a file whose first line is empty or too long: " + path);
    return std::nullopt;
  }
  return secret;
}

Bytes read_key(const ConfigNode& node, snmp::Authentication hash, std::string_view folder) {
  const auto password = read_secret(node, "password_file", folder);
  if (!password) return {};
  auto key = snmp::key_of_password(hash, *password);
  if (key) return std::move(*key);
  node.reject("password_file", key.error().message);
  return {};
}

SnmpCredential read_user(const ConfigNode& node, std::string_view folder) {
  SnmpCredential out;
  out.user = node.text("user");
  if (out.user.empty() || out.user.size() > 32) node.reject("user", "must be 1 to 32 octets");
  if (node.has("authentication")) {
    const auto section = node.section("authentication");
    out.authentication =
        section.choice("hash", {"sha1", "sha256"}, 1) == 0 ? snmp::Authentication::sha1 : snmp::Authentication::sha256;
    out.authentication_key = read_key(section, out.authentication, folder);
  }
  if (!node.has("privacy")) return out;
  const auto section = node.section("privacy");
  if (out.authentication == snmp::Authentication::none) node.reject("privacy", "needs authentication");
  out.privacy = snmp::Privacy::aes128;
  out.privacy_key = read_key(section, out.authentication, folder);
  return out;
}

}  // namespace

SnmpCredentials::SnmpCredentials(Random& random) : salt_(0) {
  std::array<std::uint8_t, 8> octets{};
  random.fill(octets);
  std::uint64_t salt = 0;
  for (const std::uint8_t octet : octets) salt = salt << 8 | octet;
  salt_.store(salt);
}

bool is_credential_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= SnmpCredentials::name_octets_max &&
         name.find_first_not_of(name_characters) == std::string_view::npos;
}

Result<void> SnmpCredentials::add(std::string name, SnmpCredential credential) {
  if (!is_credential_name(name))
    return fail(ErrorCode::invalid_argument, "an SNMP credential is called by 1 to 20 of a-z, 0-9, '-', '_' and '.'");
  if (credential.community.empty() == credential.user.empty())
    return fail(ErrorCode::invalid_argument, "an SNMP credential has either a community or a user");
  if (entries_.size() == entries_max) return fail(ErrorCode::limit_exceeded, "too many SNMP credentials");
  if (!entries_.emplace(std::move(name), std::move(credential)).second)
    return fail(ErrorCode::already_exists, "two SNMP credentials have one name");
  return {};
}

const SnmpCredential* SnmpCredentials::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

void read_snmp_credentials(const std::vector<ConfigNode>& nodes, std::string_view folder, SnmpCredentials& out) {
  for (const ConfigNode& node : nodes) {
    std::string name = node.text("name");
    SnmpCredential credential;
    if (node.has("community_file") == node.has("user")) {
      node.reject("must have either community_file or user");
      continue;
    }
    if (node.has("user")) {
      credential = read_user(node, folder);
    } else if (auto community = read_secret(node, "community_file", folder)) {
      credential.community = std::move(*community);
    } else {
      continue;
    }
    if (const auto added = out.add(std::move(name), std::move(credential)); !added)
      node.reject("name", added.error().message);
  }
}

}  // namespace duheng::drivers
