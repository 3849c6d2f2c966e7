#include "gateway/spool/spool_files.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "base/log.hpp"
#include "crypto/hash.hpp"

namespace duheng::gateway {
namespace {

constexpr std::string_view identity_name = "identity";
constexpr std::string_view identity_magic = "DHSPID1\n";
constexpr std::string_view positions_name = "acknowledged";
constexpr std::string_view positions_magic = "DHSPAK1\n";
constexpr std::size_t checksum_bytes = 8;
constexpr std::size_t file_bytes_max = 1U << 20;
constexpr std::size_t epoch_digits = 16;

}  // namespace

std::string SpoolFiles::epoch_directory(std::uint64_t epoch) const {
  return fmt::format("{}/{:016x}", directory_, epoch);
}

std::optional<Bytes> SpoolFiles::read_checked(const std::string& name, std::string_view magic) {
  const std::string path = directory_ + "/" + name;
  if (!disk_.exists(path)) return std::nullopt;
  auto bytes = read_file(disk_, path, file_bytes_max);
  const bool whole =
      bytes && bytes->size() >= magic.size() + checksum_bytes && as_text(ByteView(*bytes).first(magic.size())) == magic;
  if (whole) {
    const ByteView content = ByteView(*bytes).first(bytes->size() - checksum_bytes);
    const auto hash = crypto::sha256(content);
    if (std::equal(hash.begin(), hash.begin() + checksum_bytes, bytes->end() - checksum_bytes))
      return Bytes(content.begin() + static_cast<std::ptrdiff_t>(magic.size()), content.end());
  }
  log::error("spool", "a small file is damaged and counts as missing", {{"file", path}});
  return std::nullopt;
}

Result<void> SpoolFiles::write_checked(const std::string& name, std::string_view magic, ByteView content) {
  Bytes bytes(magic.begin(), magic.end());
  bytes.insert(bytes.end(), content.begin(), content.end());
  const auto hash = crypto::sha256(bytes);
  bytes.insert(bytes.end(), hash.begin(), hash.begin() + checksum_bytes);
  return write_file_atomically(disk_, directory_ + "/" + name, bytes);
}

std::optional<std::uint64_t> SpoolFiles::read_identity() {
  const auto content = read_checked(std::string(identity_name), identity_magic);
  if (!content) return std::nullopt;
  ByteReader in(*content);
  const std::uint64_t epoch = in.u64();
  return in.ok() ? std::optional(epoch) : std::nullopt;
}

Result<void> SpoolFiles::write_identity(std::uint64_t epoch) {
  Bytes content;
  ByteWriter(content).u64(epoch);
  return write_checked(std::string(identity_name), identity_magic, content);
}

std::map<std::uint64_t, AcknowledgedPosition> SpoolFiles::read_positions() {
  std::map<std::uint64_t, AcknowledgedPosition> out;
  const auto content = read_checked(std::string(positions_name), positions_magic);
  if (!content) return out;
  ByteReader in(*content);
  while (in.ok() && !in.at_end()) {
    const std::uint64_t epoch = in.u64();
    const AcknowledgedPosition position{in.u64(), in.u64()};
    if (in.ok()) out[epoch] = position;
  }
  return out;
}

Result<void> SpoolFiles::write_positions(const std::map<std::uint64_t, AcknowledgedPosition>& positions) {
  Bytes content;
  ByteWriter out(content);
  for (const auto& [epoch, position] : positions) {
    out.u64(epoch);
    out.u64(position.next_sequence);
    out.u64(position.backed_up_sequence);
  }
  return write_checked(std::string(positions_name), positions_magic, content);
}

Result<std::vector<std::uint64_t>> SpoolFiles::list_epochs() {
  std::vector<std::uint64_t> out;
  DUHENG_TRY(const auto names, disk_.list(directory_));
  for (const auto& name : names) {
    std::uint64_t epoch = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch, 16);
    if (name.size() != epoch_digits || error != std::errc{} || end != name.data() + name.size()) continue;
    const auto files = disk_.list(epoch_directory(epoch));
    if (files && !files->empty()) out.push_back(epoch);
  }
  std::ranges::sort(out);
  return out;
}

Result<void> SpoolFiles::remove_epoch(std::uint64_t epoch) {
  const std::string directory = epoch_directory(epoch);
  DUHENG_TRY(auto names, disk_.list(directory));
  // Oldest first, as the log itself does: a crash on the way leaves a shorter log, not a broken one.
  std::ranges::sort(names);
  for (const auto& name : names) {
    DUHENG_CHECK(disk_.remove(directory + "/" + name));
    DUHENG_CHECK(disk_.sync_directory(directory));
  }
  static_cast<void>(disk_.remove(directory));  // an empty directory that stays does no harm
  return {};
}

}  // namespace duheng::gateway
