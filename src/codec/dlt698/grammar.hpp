#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace duheng::dlt698 {

/// How octets of a type are laid out. Source: DL/T 698.45-2017, application layer (A-XDR encoding).
enum class Kind : std::uint8_t {
  // Leaves of a fixed number of octets (Type::size_octets).
  null,
  boolean,
  signed_integer,
  unsigned_integer,
  enumeration,
  float_number,
  date_time,
  date,
  time,
  date_time_s,
  oi,
  oad,
  omd,
  ti,
  scaler_unit,
  comdcb,
  dar,
  piid,
  piid_acd,
  link_type,
  link_result,
  fixed_octets,
  fixed_text,
  // Leaves that begin with their length.
  bit_string,  ///< the length counts bits
  octet_string,
  visible_string,
  utf8_string,
  tsa,
  apdu_octets,  ///< an octet-string that holds an APDU of its own
  // A leaf that takes all that is left: rows whose columns are not told cannot be told apart.
  raw,
  // Containers.
  sequence,
  list,     ///< count, then elements
  columns,  ///< a list whose count is the number of columns of the rows behind it
  single,   ///< a list of exactly one element, without a count
  optional,
  choice,  ///< a selector octet, then one alternative
  rows,    ///< count, then for each row one Data per column
  row,
  // Resolved by the tag octet that follows, never a type of an element itself.
  data,
  apdu,
};

struct Type;

/// A part of a sequence, or an alternative of a choice. A part without a name belongs to its surroundings: what it
/// holds is named on its own.
struct Field {
  std::string_view name;
  const Type* type;
};

/// One node of the grammar; static data.
struct Type {
  static constexpr std::uint8_t no_tag = 0xFF;

  Kind kind;
  std::string_view name;             ///< as the standard calls it, e.g. "double-long-unsigned", "GET-Request"
  std::uint8_t tag = no_tag;         ///< of Data, or of an APDU
  std::uint8_t size_octets = 0;      ///< leaves of fixed size
  std::uint8_t first_selector = 0;   ///< choices: of the first alternative
  std::span<const Field> fields{};   ///< parts of a sequence, alternatives of a choice
  const Type* element = nullptr;     ///< of a list, a single, an optional
  std::string_view selector_name{};  ///< choices whose selector is a field of its own, e.g. "choice", "mechanism"

  [[nodiscard]] constexpr bool is_container() const noexcept { return kind >= Kind::sequence && kind <= Kind::row; }
  /// The alternative of a choice for `selector`, or nullptr.
  [[nodiscard]] constexpr const Field* alternative(std::uint8_t selector) const noexcept {
    const std::size_t index = static_cast<std::size_t>(selector) - first_selector;
    return selector >= first_selector && index < fields.size() ? &fields[index] : nullptr;
  }
};

/// The type a tag of Data stands for; nullptr when the tag is not assigned.
[[nodiscard]] const Type* data_type(std::uint8_t tag) noexcept;
/// The type of the APDU with this tag; nullptr when there is none.
[[nodiscard]] const Type* apdu_type(std::uint8_t tag) noexcept;

/// The grammar: everything an APDU is made of. Source: DL/T 698.45-2017, application layer.
namespace types {
// Where reading may begin.
extern const Type apdu;  ///< tag, then one of the services
extern const Type data;  ///< tag, then one of the types below

// Data. The same types stand without a tag where a service's layout fixes them.
extern const Type null, array, structure, boolean, bit_string, double_long, double_long_unsigned, octet_string,
    visible_string, utf8_string, integer, long_integer, unsigned_integer, long_unsigned, long64, long64_unsigned,
    enumeration, float32, float64, date_time, date, time, date_time_s, oi, oad, road, omd, ti, tsa, mac, rn, region,
    scaler_unit, rsd, csd, ms, sid, sid_mac, comdcb, rcsd;

// Parts of services.
extern const Type dar, piid, piid_acd, result_normal, result_record, time_tag, follow_report;
extern const Type row;       ///< a row of a record result: one Data per column
extern const Type raw_rows;  ///< what stands where rows are due whose columns are not told

// Services.
extern const Type link_request, link_response, connect_request, connect_response, release_request, release_response,
    release_notification, get_request, get_response, set_request, set_response, action_request, action_response,
    report_notification, report_response, proxy_request, proxy_response, security_request, security_response,
    error_from_client, error_from_server;
}  // namespace types

}  // namespace duheng::dlt698
