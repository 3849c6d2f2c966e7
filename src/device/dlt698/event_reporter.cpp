#include "device/dlt698/event_reporter.hpp"

#include <array>

#include "codec/dlt698/message.hpp"
#include "device/dlt698/apdu_writer.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Node;
using dlt698::Oad;
namespace types = dlt698::types;

constexpr std::uint8_t sequence_mask = 0x3F;
constexpr std::uint8_t of_records = 2;  // the choice of REPORT, both ways
constexpr std::array columns{Oad{0x2022, 2, 0}, Oad{0x201E, 2, 0}, Oad{0x2020, 2, 0}};

std::vector<Oad> tables() {
  constexpr std::uint8_t records = 2;
  constexpr std::uint8_t phase_a = 6;
  std::vector<Oad> out;
  for (const auto& object : event_objects()) out.push_back({object.oi, records, 0});
  for (const std::uint16_t oi : {0x3000, 0x3001, 0x3002})
    for (std::uint8_t phase = 0; phase < phase_count; ++phase)
      out.push_back({oi, static_cast<std::uint8_t>(phase_a + phase), 0});
  return out;
}

}  // namespace

std::optional<Bytes> EventReporter::due(std::int64_t utc_ms) {
  if (utc_ms < next_utc_ms_ && utc_ms > next_utc_ms_ - 2 * repeat_ms) return std::nullopt;
  next_utc_ms_ = utc_ms + look_every_ms;
  if (pending_.empty()) {
    auto found = look(utc_ms);
    if (!found) return std::nullopt;
    pending_ = std::move(*found);
  }
  next_utc_ms_ = utc_ms + repeat_ms;
  return pending_;
}

std::optional<Bytes> EventReporter::look(std::int64_t utc_ms) {
  // Everything, in these columns: as one who asks for all records.
  const Node all = dlt698::get_record_request(0, columns[0], dlt698::prototype(types::rsd), columns);
  const Node& request = *all.find("record");
  ApduWriter results;
  std::size_t count = 0;
  under_way_ = told_;
  for (const Oad table : tables()) {
    const auto selection = registers_.select(utc_ms, table, *request.find("rsd"), *request.find("rcsd"));
    if (!selection || selection->events.empty()) continue;
    const std::uint32_t total = selection->events.back().number + 1;
    const std::uint32_t before = told_.contains(table.value()) ? told_.at(table.value()) : 0;
    under_way_[table.value()] = total;
    ApduWriter rows;
    std::size_t row_count = 0;
    for (std::size_t i = 0; i < selection->events.size(); ++i) {
      if (total > before && selection->events[i].number < before) continue;
      if (total <= before) break;  // nothing new, or cleared
      for (const Node& cell : registers_.row(*selection, i))
        rows.raw(dlt698::encode_tree(types::data, cell).value_or(Bytes{0}));
      ++row_count;
    }
    if (row_count == 0 || !has_begun_) continue;
    results.u32(table.value()).length(columns.size());
    for (const Oad column : columns) results.u8(0).u32(column.value());
    results.u8(1).length(row_count).raw(rows.take());
    ++count;
  }
  if (!has_begun_ || count == 0) {
    has_begun_ = true;
    told_ = under_way_;
    return std::nullopt;
  }
  ApduWriter apdu;
  apdu.u8(types::report_notification.tag).u8(of_records).u8(++sequence_ & sequence_mask);
  return apdu.length(count).raw(results.take()).octets({0, 0}).take();
}

void EventReporter::confirmed(ByteView apdu) {
  constexpr std::size_t piid_at = 2;
  if (pending_.empty() || apdu.size() <= piid_at || apdu[0] != types::report_response.tag || apdu[1] != of_records ||
      (apdu[piid_at] & sequence_mask) != pending_[piid_at])
    return;
  told_ = under_way_;
  pending_.clear();
  next_utc_ms_ = 0;
}

}  // namespace duheng::device::meter698
