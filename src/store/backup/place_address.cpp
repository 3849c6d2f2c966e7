#include "store/backup/place_address.hpp"

#include <charconv>
#include <string_view>

#include "store/backup/directory_place.hpp"
#include "store/backup/sftp_place.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view scheme = "sftp://";

std::unexpected<Error> no_address(const std::string& address) {
  return fail(ErrorCode::invalid_argument,
              "\"" + address + "\" is neither a directory from the root nor sftp://user@host[:port]/directory");
}

Result<SftpOptions> parse(const PlaceAddress& given) {
  std::string_view rest = std::string_view(given.address).substr(scheme.size());
  const std::size_t at = rest.find('@');
  const std::size_t slash = rest.find('/');
  if (at == std::string_view::npos || slash == std::string_view::npos || at > slash) return no_address(given.address);
  SftpOptions out;
  out.user = rest.substr(0, at);
  std::string_view host = rest.substr(at + 1, slash - at - 1);
  out.directory = rest.substr(slash);
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    const std::string_view port = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc{} || end != port.data() + port.size() || out.port == 0) return no_address(given.address);
    host = host.substr(0, colon);
  }
  out.host = host;
  out.host_key_sha256 = given.host_key_sha256;
  out.key_file = given.key_file;
  return out;
}

}  // namespace

Result<std::unique_ptr<BackupPlace>> open_place(Disk& disk, const PlaceAddress& address) {
  if (address.address.starts_with(scheme)) {
    DUHENG_TRY(SftpOptions options, parse(address));
    DUHENG_TRY(auto place, SftpPlace::open(disk, std::move(options)));
    return std::unique_ptr<BackupPlace>(std::move(place));
  }
  if (!address.address.starts_with('/') || address.address.size() < 2) return no_address(address.address);
  return std::make_unique<DirectoryPlace>(disk, address.address);
}

}  // namespace duheng::store
