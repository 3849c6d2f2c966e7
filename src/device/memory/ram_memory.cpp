#include "device/memory/ram_memory.hpp"

#include "base/crc32.hpp"

namespace duheng::device {
namespace {

constexpr std::size_t check_octets = 4;
constexpr std::size_t head_octets = check_octets + 8;

struct Bank {
  std::uint32_t sequence = 0;
  ByteView value;
};

/// Nothing when the bank is empty or was not finished.
std::optional<Bank> read_bank(ByteView octets) {
  ByteReader in(octets);
  const std::uint32_t check = in.u32();
  Bank out;
  out.sequence = in.u32();
  const std::uint32_t size = in.u32();
  out.value = in.raw(size);
  if (!in.ok() || check != crc32(octets.subspan(check_octets, head_octets - check_octets + size))) return std::nullopt;
  return out;
}

/// 0 or 1: which bank is in force; -1 when none is.
int bank_in_force(const std::array<Bytes, 2>& banks) {
  const auto first = read_bank(banks[0]);
  const auto second = read_bank(banks[1]);
  if (!first && !second) return -1;
  if (!first) return 1;
  return second && second->sequence > first->sequence ? 1 : 0;
}

}  // namespace

std::optional<Bytes> RamMemory::load(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  const int bank = bank_in_force(found->second);
  if (bank < 0) return std::nullopt;
  const auto value = read_bank(found->second[static_cast<std::size_t>(bank)])->value;
  return Bytes(value.begin(), value.end());
}

bool RamMemory::write_octet(std::uint8_t& place, std::uint8_t octet) noexcept {
  if (left_ == 0) {
    place = static_cast<std::uint8_t>(~octet);
    powered_ = false;
    return false;
  }
  if (left_ != unlimited) --left_;
  ++written_;
  place = octet;
  return true;
}

Result<void> RamMemory::store(std::string_view key, ByteView value) {
  if (!powered_) return fail(ErrorCode::unavailable, "the device has no power");
  auto& banks = values_.try_emplace(std::string(key)).first->second;
  const int present = bank_in_force(banks);
  const std::uint32_t sequence = present < 0 ? 0 : read_bank(banks[static_cast<std::size_t>(present)])->sequence;
  Bytes fresh;
  ByteWriter out(fresh);
  out.u32(sequence + 1);
  out.u32(static_cast<std::uint32_t>(value.size()));
  out.raw(value);
  const std::uint32_t check = crc32(fresh);
  Bytes& bank = banks[present == 0 ? 1 : 0];
  if (bank.size() < fresh.size() + check_octets) bank.resize(fresh.size() + check_octets, 0xFF);
  for (std::size_t i = 0; i < fresh.size(); ++i)
    if (!write_octet(bank[check_octets + i], fresh[i])) return fail(ErrorCode::unavailable, "the power failed");
  for (std::size_t i = 0; i < check_octets; ++i)
    if (!write_octet(bank[i], static_cast<std::uint8_t>(check >> (8 * i))))
      return fail(ErrorCode::unavailable, "the power failed");
  return {};
}

}  // namespace duheng::device
