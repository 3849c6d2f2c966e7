#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/dlt698/error.hpp"
#include "codec/dlt698/node.hpp"
#include "codec/dlt698/reader.hpp"
#include "codec/dlt698/value.hpp"

namespace duheng::dlt698 {

/// Builders of single values, tagged where they stand as Data.
namespace make {
[[nodiscard]] Node null();
[[nodiscard]] Node boolean(bool value);
/// Of a type of 1, 2, 4 or 8 octets: integer, long, double-long, long64, the unsigned ones, enum. Values that do not
/// fit lose their high bits.
[[nodiscard]] Node number(const Type& type, std::int64_t value);
[[nodiscard]] Node octets(const Type& type, ByteView content);
[[nodiscard]] inline Node octet_string(ByteView content) { return octets(types::octet_string, content); }
[[nodiscard]] Node visible_string(std::string_view text);
[[nodiscard]] Node bit_string(ByteView content, std::uint32_t bits);
[[nodiscard]] Node date_time_s(const CalendarTime& time);
[[nodiscard]] Node date_time(const CalendarTime& time);
[[nodiscard]] Node oad(Oad value);
[[nodiscard]] Node interval(std::uint8_t unit, std::uint16_t count);
[[nodiscard]] Node array(std::vector<Node> elements);
[[nodiscard]] Node structure(std::vector<Node> elements);
/// Record selectors: by interval of one column, and the n-th last record.
[[nodiscard]] Node select_range(Oad column, Node start, Node end, Node interval);
[[nodiscard]] Node select_last(std::uint8_t n);
}  // namespace make

/// A node of `type` that may be encoded as it is: zeros, empty lists, absent options, the first alternative of a
/// choice.
[[nodiscard]] Node prototype(const Type& type);
/// An APDU of `service` with the alternative `choice` (0 where the service has none) and nothing filled in; parts are
/// then set by name.
[[nodiscard]] Node prototype(const Type& service, std::uint8_t choice);
/// Puts `part` where `name` stands. False, and nothing done, when there is no such part.
bool set_part(Node& apdu, std::string_view name, Node part);

// Questions of a client. `piid` as Piid::raw.
[[nodiscard]] Node get_request(std::uint8_t piid, Oad oad);
[[nodiscard]] Node get_list_request(std::uint8_t piid, std::span<const Oad> oads);
/// `selector` a RSD; no columns means all that are configured.
[[nodiscard]] Node get_record_request(std::uint8_t piid, Oad oad, Node selector, std::span<const Oad> columns);
/// The same selection and columns of several tables at once.
[[nodiscard]] Node get_record_list_request(std::uint8_t piid, std::span<const Oad> tables, const Node& selector,
                                           std::span<const Oad> columns);
[[nodiscard]] Node get_next_request(std::uint8_t piid, std::uint16_t last_block_received);
[[nodiscard]] Node set_request(std::uint8_t piid, Oad oad, Node data);
/// `omd`: object, method, mode 0; `argument` NULL when the method has none.
[[nodiscard]] Node action_request(std::uint8_t piid, std::uint32_t omd, Node argument);
/// The confirmation of a report: `choice` as the notification had it.
[[nodiscard]] Node report_response(std::uint8_t piid, std::uint8_t choice, std::span<const Oad> oads);
[[nodiscard]] Node release_request(std::uint8_t piid);
/// Plain APDU with a random number: the answer carries a MAC over it.
[[nodiscard]] Node security_request_plain(ByteView apdu, ByteView random_number);

struct ConnectParameters {
  std::uint16_t version = 0x0016;
  std::array<std::uint8_t, 8> protocol_conformance{};
  std::array<std::uint8_t, 16> function_conformance{};
  std::uint16_t send_octets_max = 1024;
  std::uint16_t receive_octets_max = 1024;
  std::uint8_t window_frames = 1;
  std::uint16_t apdu_octets_max = 1024;
  std::uint32_t timeout_s = 100;
};
/// A public association, mechanism 0.
[[nodiscard]] Node connect_request(std::uint8_t piid, const ConnectParameters& parameters);

// Answers of a server.
[[nodiscard]] Node get_response(std::uint8_t piid_acd, Oad oad, Node data);
[[nodiscard]] Node get_refusal(std::uint8_t piid_acd, Oad oad, std::uint8_t dar);
[[nodiscard]] Node set_response(std::uint8_t piid_acd, Oad oad, std::uint8_t dar);
[[nodiscard]] Node action_response(std::uint8_t piid_acd, std::uint32_t omd, std::uint8_t dar);
[[nodiscard]] Node release_response(std::uint8_t piid_acd);

// Link management, both sides.
enum class LinkType : std::uint8_t { login = 0, heartbeat = 1, logout = 2 };
[[nodiscard]] Node link_request(std::uint8_t piid_acd, LinkType type, std::uint16_t heartbeat_s,
                                const CalendarTime& now);
[[nodiscard]] Node link_response(std::uint8_t piid, std::uint8_t result, const CalendarTime& requested,
                                 const CalendarTime& received, const CalendarTime& responded);

/// A Data read flat, for meters' answers of numbers and times: tag and content only.
struct FlatValue {
  const Type* type = nullptr;
  ByteView content;
  std::uint32_t count = 0;  ///< array, structure: how many values follow that belong to it
};
/// The value at `at`, which moves behind it. Nothing, and `at` stays, at the end, for octets that are no Data, and for
/// what is rare (descriptors, bit-strings, lengths above 127): then a Reader goes on from there.
[[nodiscard]] std::optional<FlatValue> take_flat_value(ByteView octets, std::size_t& at) noexcept;

/// One object's answer within a GET response, a report or a proxied answer. Views into the APDU's octets.
struct ObjectResult {
  Oad oad;
  std::optional<std::uint8_t> dar;  ///< why there is no data
  ByteView data;                    ///< tag and content, for a Reader of types::data; empty with a DAR
  bool in_follow_report = false;    ///< not asked for: an event told along with the answer
};

/// Where the results of a plain answer stand: a GET answer or a report, one object or a list, nothing told along.
struct PlainResults {
  std::size_t offset = 0;
  std::size_t end = 0;  ///< behind the last one
  std::uint32_t count = 0;
};
/// Checks a whole APDU in one quick pass; nothing when it is not such an answer, not well formed, or out of the
/// ordinary in any other way: then the grammar decides.
[[nodiscard]] std::optional<PlainResults> find_plain_results(ByteView apdu) noexcept;
/// The result at `at`, which moves behind it. Only for what find_plain_results() found.
[[nodiscard]] ObjectResult take_plain_result(ByteView apdu, std::size_t& at, const PlainResults& results,
                                             bool is_last) noexcept;

/// for_each_result() by the grammar alone: what it does for everything but plain answers.
template <class OnResult>
[[nodiscard]] std::expected<void, DecodeError> for_each_result_by_grammar(ByteView apdu, OnResult&& on_result) {
  ObjectResult result;
  std::size_t result_depth = 0;
  bool in_result = false;
  bool in_follow_report = false;
  Reader reader(types::apdu, apdu);
  while (true) {
    if (!reader.step()) return std::unexpected(reader.error());
    const Element* const element = &reader.current();
    using enum Element::Event;
    if (element->event == finished) return {};
    if (element->begins(types::follow_report)) in_follow_report = true;
    if (element->begins(types::result_normal)) {
      in_result = true;
      result_depth = element->depth;
      result = {};
      result.in_follow_report = in_follow_report;
    } else if (element->event == end && element->type == &types::result_normal) {
      in_result = false;
      on_result(static_cast<const ObjectResult&>(result));
    } else if (in_result && element->event != begin) {
      // The OAD stands one level inside the result, DAR and Data two: inside the choice between them.
      if (element->depth == result_depth + 1 && element->is_value(Kind::oad)) {
        result.oad = read_oad(element->content);
      } else if (element->depth == result_depth + 2 && element->is_tagged) {
        result.data = apdu.subspan(element->offset, element->end_offset - element->offset);
      } else if (element->depth == result_depth + 2 && element->is_value(Kind::dar)) {
        result.dar = element->content[0];
      }
    }
  }
}

/// Calls on_result(const ObjectResult&) for each A-ResultNormal of an APDU, in order; none for other APDUs. No
/// allocation. Errors: as Reader::next(); results given before the error stood whole in the octets.
template <class OnResult>
[[nodiscard]] std::expected<void, DecodeError> for_each_result(ByteView apdu, OnResult&& on_result) {
  const auto plain = find_plain_results(apdu);
  if (!plain) return for_each_result_by_grammar(apdu, on_result);
  std::size_t at = plain->offset;
  for (std::uint32_t i = 0; i < plain->count; ++i) {
    const ObjectResult result = take_plain_result(apdu, at, *plain, i + 1 == plain->count);
    on_result(result);
  }
  return {};
}

/// One cell of a record answer; `data` as ObjectResult::data.
struct RecordCell {
  Oad table;               ///< e.g. 50040200
  std::size_t row = 0;     ///< from 0
  std::size_t column = 0;  ///< from 0, in the order on_column told
  ByteView data;
};

/// Walks the record results of an APDU: on_column(std::size_t index, Oad oad) for each column (of a ROAD its table),
/// then on_cell(const RecordCell&) row by row, record result by record result. No allocation. Errors: as
/// Reader::next(); unsupported - rows without columns, which cannot be told apart.
template <class OnColumn, class OnCell>
[[nodiscard]] std::expected<void, DecodeError> for_each_cell(ByteView apdu, OnColumn&& on_column, OnCell&& on_cell) {
  RecordCell cell;
  std::size_t record_depth = 0;
  std::size_t row_depth = 0;
  std::size_t columns_depth = 0;
  std::size_t columns = 0;
  bool in_record = false;
  bool in_row = false;
  bool in_columns = false;
  bool has_column = false;
  Reader reader(types::apdu, apdu);
  while (true) {
    if (!reader.step()) return std::unexpected(reader.error());
    const Element* const element = &reader.current();
    using enum Element::Event;
    if (element->event == finished) return {};
    if (element->is_value(Kind::raw)) {
      return std::unexpected(
          DecodeError{ErrorCode::unsupported, "rows", 0, 0, static_cast<std::uint32_t>(element->offset), {}});
    }
    if (element->begins(types::result_record)) {
      in_record = true;
      record_depth = element->depth;
      cell = {};
      columns = 0;
    } else if (element->event == end && element->type == &types::result_record) {
      in_record = false;
    } else if (!in_record) {
      continue;
    } else if (element->event == begin && element->type->kind == Kind::columns) {
      in_columns = true;
      columns_depth = element->depth;
    } else if (element->event == end && element->type->kind == Kind::columns) {
      in_columns = false;
    } else if (in_columns) {
      if (element->begins(types::csd) && element->depth == columns_depth + 1) has_column = false;
      if (element->is_value(Kind::oad) && !has_column) {
        on_column(columns++, read_oad(element->content));
        has_column = true;
      }
    } else if (element->begins(types::row)) {
      in_row = true;
      row_depth = element->depth;
      cell.column = 0;
    } else if (element->event == end && element->type == &types::row) {
      in_row = false;
      ++cell.row;
    } else if (in_row && element->event != begin && element->depth == row_depth + 1) {
      cell.data = apdu.subspan(element->offset, element->end_offset - element->offset);
      on_cell(static_cast<const RecordCell&>(cell));
      ++cell.column;
    } else if (element->depth == record_depth + 1 && element->is_value(Kind::oad)) {
      cell.table = read_oad(element->content);
    }
  }
}

}  // namespace duheng::dlt698
