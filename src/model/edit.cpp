#include "model/edit.hpp"

#include <fmt/format.h>

#include "model/batch.hpp"

namespace duheng {
namespace {

constexpr std::uint8_t version_1 = 1;
constexpr int exponent_magnitude_max = 18;

/// What is wrong with an edit, whether somebody wants to write it or it was read; nothing when it is right.
struct Objection {
  ErrorCode code = ErrorCode::invalid_argument;  // limit_exceeded where something is too long
  std::string_view text;
};

std::optional<Objection> too_long(const Edit& edit) {
  using namespace edit_limits;
  const auto objection = [](std::string_view text) { return Objection{ErrorCode::limit_exceeded, text}; };
  if (edit.device_uid.size() > batch_limits::device_uid_bytes_max) return objection("device uid too long");
  if (edit.register_name.size() > batch_limits::register_name_bytes_max) return objection("register name too long");
  if (edit.unit.size() > batch_limits::register_name_bytes_max) return objection("unit too long");
  if (edit.author.size() > author_bytes_max) return objection("author too long");
  if (edit.reason.size() > reason_bytes_max) return objection("reason too long");
  if (edit.method.size() > method_bytes_max) return objection("method too long");
  return std::nullopt;
}

std::optional<Objection> objection_to(const Edit& edit) {
  const auto objection = [](std::string_view text) { return Objection{ErrorCode::invalid_argument, text}; };
  if (to_string(edit.kind) == "unknown") return objection("no such kind of edit");
  if (edit.device_uid.empty() || edit.register_name.empty()) return objection("an edit names its device and register");
  if (edit.exponent < -exponent_magnitude_max || edit.exponent > exponent_magnitude_max)
    return objection("exponent out of range");
  if (edit.series_kind > SeriesKind::event) return objection("no such kind of series");
  if (edit.author.empty()) return objection("an edit names its author");
  if (edit.reason.empty()) return objection("an edit states its reason");
  const bool is_estimate = edit.kind == EditKind::estimate;
  if (is_estimate && edit.method.empty()) return objection("an estimate names its method");
  if (!is_estimate && !edit.method.empty()) return objection("only an estimate has a method");
  if (edit.kind == EditKind::withdrawal && edit.mantissa != 0) return objection("a withdrawal carries no value");
  return too_long(edit);
}

void write(const Edit& edit, ByteWriter& out) {
  out.u8(static_cast<std::uint8_t>(edit.kind));
  out.zigzag(edit.gateway.value);
  out.sized(edit.device_uid);
  out.sized(edit.register_name);
  out.sized(edit.unit);
  out.zigzag(edit.exponent);
  out.u8(static_cast<std::uint8_t>(edit.series_kind));
  out.zigzag(edit.time_utc_ms);
  out.zigzag(edit.mantissa);
  out.u8(edit.old_mantissa ? 1 : 0);
  if (edit.old_mantissa) out.zigzag(*edit.old_mantissa);
  out.sized(edit.author);
  out.sized(edit.reason);
  out.sized(edit.method);
  out.zigzag(edit.made_utc_ms);
}

/// Returns false when the octets are not those of an edit at all.
bool read(ByteReader& in, Edit& edit) {
  edit.kind = static_cast<EditKind>(in.u8());
  edit.gateway = GatewayId{in.zigzag()};
  edit.device_uid = in.sized_text();
  edit.register_name = in.sized_text();
  edit.unit = in.sized_text();
  const std::int64_t exponent = in.zigzag();
  if (exponent < -exponent_magnitude_max || exponent > exponent_magnitude_max) return false;
  edit.exponent = static_cast<std::int8_t>(exponent);
  edit.series_kind = static_cast<SeriesKind>(in.u8());
  edit.time_utc_ms = in.zigzag();
  edit.mantissa = in.zigzag();
  const std::uint8_t has_old = in.u8();
  if (has_old > 1) return false;
  if (has_old == 1) edit.old_mantissa = in.zigzag();
  edit.author = in.sized_text();
  edit.reason = in.sized_text();
  edit.method = in.sized_text();
  edit.made_utc_ms = in.zigzag();
  return in.ok();
}

std::unexpected<Error> too_many(std::uint64_t count) {
  return fail(ErrorCode::limit_exceeded,
              fmt::format("{} edits in one record, the limit is {}", count, edit_limits::edits_max));
}
std::unexpected<Error> too_large(std::size_t size) {
  return fail(ErrorCode::limit_exceeded,
              fmt::format("edits of {} octets, the limit is {}", size, edit_limits::bytes_max));
}

}  // namespace

std::string_view to_string(EditKind kind) noexcept {
  switch (kind) {
    case EditKind::correction:
      return "correction";
    case EditKind::estimate:
      return "estimate";
    case EditKind::withdrawal:
      return "withdrawal";
  }
  return "unknown";
}

Result<Bytes> encode_edits(const std::vector<Edit>& edits) {
  if (edits.size() > edit_limits::edits_max) return too_many(edits.size());
  Bytes bytes;
  ByteWriter out(bytes);
  out.u8(version_1);
  out.varint(edits.size());
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (const auto objection = objection_to(edits[i]))
      return fail(objection->code, fmt::format("edit {}: {}", i + 1, objection->text));
    write(edits[i], out);
    if (bytes.size() > edit_limits::bytes_max) return too_large(bytes.size());
  }
  return bytes;
}

Result<std::vector<Edit>> parse_edits(ByteView bytes, std::uint64_t record_number) {
  if (bytes.size() > edit_limits::bytes_max) return too_large(bytes.size());
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != version_1)
    return fail(ErrorCode::unsupported, fmt::format("edits of version {}, this release reads 1", version));
  const std::uint64_t count = in.varint();
  if (in.ok() && count > edit_limits::edits_max) return too_many(count);
  // Every edit takes more than one octet, so a count beyond what remains is refused before memory is reserved.
  if (!in.ok() || count > in.remaining()) return fail(ErrorCode::malformed, "edits: head");
  std::vector<Edit> edits(count);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    if (!read(in, edits[i]))
      return fail(ErrorCode::malformed, fmt::format("edits: edit {} at octet {}", i + 1, in.offset()));
    edits[i].record_number = record_number;
    const auto objection = objection_to(edits[i]);
    if (!objection) continue;
    const bool is_limit = objection->code == ErrorCode::limit_exceeded;
    return fail(is_limit ? ErrorCode::limit_exceeded : ErrorCode::malformed,
                fmt::format("edits: edit {}: {}", i + 1, objection->text));
  }
  if (!in.at_end()) return fail(ErrorCode::malformed, fmt::format("edits: {} octets left over", in.remaining()));
  return edits;
}

}  // namespace duheng
