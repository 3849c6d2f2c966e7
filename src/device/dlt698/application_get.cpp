// GET: results, records, and answers that come in blocks.
#include "codec/dlt698/message.hpp"
#include "device/dlt698/apdu_writer.hpp"
#include "device/dlt698/application.hpp"

namespace duheng::device::meter698 {
namespace {

using dlt698::Node;
using dlt698::Oad;
namespace types = dlt698::types;

/// GET's choices, in question and answer.
enum class Choice : std::uint8_t { normal = 1, list = 2, record = 3, record_list = 4, next = 5, md5 = 6 };
constexpr std::uint8_t with_dar = 0;
constexpr std::uint8_t with_data = 1;
constexpr std::uint8_t not_supported = 2;
// Tag, choice, PIID, last, block number, choice, count; tail with a time tag.
constexpr std::size_t block_overhead_octets = 24;
constexpr std::size_t row_count_octets = 3;

Bytes data_octets(const Node& data) {
  auto octets = dlt698::encode_tree(types::data, data);
  return octets ? std::move(*octets) : Bytes{0};  // what this meter makes fits the grammar
}
void put_columns(ApduWriter& out, const std::vector<Oad>& columns) {
  constexpr std::uint8_t plain_column = 0;
  out.length(columns.size());
  for (const Oad column : columns) out.u8(plain_column).u32(column.value());
}

}  // namespace

Bytes Application::result_of(const Question& question, Oad oad) const {
  ApduWriter out;
  out.u32(oad.value());
  const auto got =
      question.is_stale ? Registers::Read(std::unexpected(Dar::stale)) : registers_.get(question.utc_ms, oad);
  if (got)
    out.u8(with_data).raw(data_octets(*got));
  else
    out.u8(with_dar).u8(static_cast<std::uint8_t>(got.error()));
  return out.take();
}

/// `request`: table, RSD, RCSD.
Application::Item Application::records_of(const Question& question, const Node& request) const {
  const Oad table = dlt698::read_oad(request.children[0].content);
  auto selected = question.is_stale
                      ? std::expected<RecordSelection, Dar>(std::unexpected(Dar::stale))
                      : registers_.select(question.utc_ms, table, request.children[1], request.children[2]);
  if (selected) return {{}, std::move(*selected)};
  ApduWriter refused;
  refused.u32(table.value()).u8(0).u8(with_dar).u8(static_cast<std::uint8_t>(selected.error()));
  return {refused.take(), {}};
}

/// As many rows of the present item as fit, at least one; goes on to the next item when there are no more.
void Application::append_rows(Entries& into, Transfer& transfer, std::size_t octets_max) const {
  const auto& selection = *transfer.items[transfer.item].records;
  ApduWriter head;
  head.u32(selection.table.value());
  put_columns(head, selection.columns);
  head.u8(with_data);
  const std::size_t used = into.octets.size() + head.size() + row_count_octets;
  ApduWriter rows;
  std::size_t count = 0;
  for (; transfer.row < selection.size(); ++transfer.row, ++count) {
    Bytes octets;
    for (const Node& cell : registers_.row(selection, transfer.row)) {
      const Bytes data = data_octets(cell);
      octets.insert(octets.end(), data.begin(), data.end());
    }
    // Even one that is too long must go at last; it then goes in pieces.
    if ((count > 0 || into.count > 0) && used + rows.size() + octets.size() > octets_max) break;
    rows.raw(octets);
  }
  const bool is_whole = transfer.row == selection.size();
  if (count == 0 && !is_whole) return;  // the block is full
  head.length(count).raw(rows.take());
  const Bytes octets = head.take();
  into.octets.insert(into.octets.end(), octets.begin(), octets.end());
  ++into.count;
  if (!is_whole) return;
  transfer.row = 0;
  ++transfer.item;
}

Application::Entries Application::next_entries(Transfer& transfer, std::size_t octets_max) const {
  Entries out;
  while (!transfer.is_done()) {
    const std::size_t before = transfer.item;
    const auto& item = transfer.items[transfer.item];
    if (item.records) {
      append_rows(out, transfer, octets_max);
    } else if (out.count == 0 || out.octets.size() + item.whole.size() <= octets_max) {
      out.octets.insert(out.octets.end(), item.whole.begin(), item.whole.end());
      ++out.count;
      ++transfer.item;
    }
    if (transfer.item == before) break;
  }
  return out;
}

Bytes Application::block(const Transfer& transfer, const Entries& entries) {
  constexpr std::uint8_t of_results = 1;
  constexpr std::uint8_t of_records = 2;
  ApduWriter out;
  out.u8(transfer.is_done() ? 1 : 0).u16(transfer.block).u8(transfer.of_records ? of_records : of_results);
  return out.length(entries.count).raw(entries.octets).take();
}

Reply Application::get(const Question& question) {
  const Node& choice = question.root.children[0];
  const auto asked = static_cast<Choice>(choice.selector);
  if (asked == Choice::next) return get_next(question);
  if (asked == Choice::md5) return error(question, not_supported);
  Transfer transfer;
  std::uint32_t first = 0;
  const auto take = [&](Oad oad, Item item) {
    if (transfer.items.empty()) first = oad.value();
    transfer.items.push_back(std::move(item));
  };
  const auto take_records = [&](const Node& request) {
    take(dlt698::read_oad(request.children[0].content), records_of(question, request));
  };
  const auto take_value = [&](const Node& oad) {
    const Oad wanted = dlt698::read_oad(oad.content);
    take(wanted, {result_of(question, wanted), {}});
  };
  transfer.of_records = asked == Choice::record || asked == Choice::record_list;
  if (asked == Choice::normal) take_value(*question.root.find("oad"));
  if (asked == Choice::record) take_records(*question.root.find("record"));
  if (asked == Choice::list)
    for (const Node& oad : question.root.find("oads")->children) take_value(oad);
  if (asked == Choice::record_list)
    for (const Node& request : question.root.find("records")->children) take_records(request);

  const bool is_list = asked == Choice::list || asked == Choice::record_list;
  const auto entries = next_entries(transfer, apdu_octets_max(question.client) - block_overhead_octets);
  auto& held = client(question.client);
  held.transfer.reset();
  if (transfer.is_done()) {
    ApduWriter body;
    if (is_list) body.length(entries.count);
    return reply(question, choice.selector, body.raw(entries.octets).take(), first);
  }
  transfer.block = 1;
  transfer.last_block = block(transfer, entries);
  const Bytes body = transfer.last_block;
  held.transfer = std::move(transfer);
  return reply(question, static_cast<std::uint8_t>(Choice::next), body, first);
}

/// The block behind the one received last; that one again when it was not.
Reply Application::get_next(const Question& question) {
  constexpr auto next = static_cast<std::uint8_t>(Choice::next);
  const auto received = static_cast<std::uint16_t>(dlt698::read_unsigned(question.root.find("block")->content));
  const auto refuse = [&](Dar why) {
    ApduWriter body;
    body.u8(1).u16(received).u8(with_dar).u8(static_cast<std::uint8_t>(why));
    return reply(question, next, body.take());
  };
  auto& held = client(question.client);
  if (!held.transfer) return refuse(Dar::not_in_transfer);
  auto& transfer = *held.transfer;
  if (received + 1 == transfer.block) return reply(question, next, transfer.last_block);
  if (received != transfer.block) return refuse(Dar::wrong_block);
  if (transfer.is_done()) {
    held.transfer.reset();
    return refuse(Dar::not_in_transfer);
  }
  const auto entries = next_entries(transfer, apdu_octets_max(question.client) - block_overhead_octets);
  ++transfer.block;
  transfer.last_block = block(transfer, entries);
  return reply(question, next, transfer.last_block);
}

}  // namespace duheng::device::meter698
