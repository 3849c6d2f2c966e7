#pragma once
// Frames out of pasted text, taken apart and explained; frames made from parameters. Nothing is stored.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/common/explained_field.hpp"
#include "codec/hexlog/hexlog.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

struct Limits {
  std::size_t items_max = 2'000;  ///< frames and gaps answered; all are counted
  /// Fields are told for so many frames; for the others, ask again with that frame's octets alone.
  std::size_t explained_frames_max = 100;
  std::size_t explained_fields_max = 20'000;
};

struct Question {
  std::string_view text;      ///< at most hexlog::limits::text_bytes_max
  std::string_view protocol;  ///< a protocol's name, or "auto"
  bool is_apdu = false;       ///< each piece of octets is one bare APDU
  Limits limits{};
};

/// What one field tells in both languages.
using codec::BilingualText;

/// A frame, whole or broken, or octets that belong to none.
struct Item {
  const Protocol* protocol = nullptr;  ///< null: a gap
  Bytes octets;
  std::size_t line = 0;
  std::size_t column = 0;
  std::size_t last_line = 0;  ///< a frame may go over several
  std::size_t offset = 0;     ///< within the piece of octets it began in
  codec::hexlog::Direction direction = codec::hexlog::Direction::unknown;
  std::string time_text;
  bool is_valid = false;                                     ///< a whole frame, its checks hold
  bool has_fault = false;                                    ///< not valid, or some content is not
  std::string address;                                       ///< of the device, if the frame has one
  BilingualText summary;                                     ///< what it is, in a line
  BilingualText fault;                                       ///< the first thing that is wrong
  std::string json;                                          ///< as `duheng decode` prints it; empty for a gap
  std::optional<std::vector<codec::ExplainedField>> fields;  ///< none: beyond the limit, see Limits
};

struct Analysis {
  std::vector<Item> items;  ///< in the order they stand
  std::size_t frames = 0;   ///< all, also those beyond the limit
  std::size_t valid_frames = 0;
  std::size_t gaps = 0;
  std::size_t gap_octets = 0;
  codec::hexlog::HexLog log;  ///< lines and what was skipped; its pieces are taken out
};

/// Takes text apart. In automatic mode each stretch of octets goes to the protocol that proves it: the recogniser's
/// first, then the others, the strongest proof first. What no protocol proves is shown as a broken frame of a protocol
/// proven in the same stretch, else of the one seen last, else of the one that followed it furthest; else as a gap. A
/// frame cut off at the end of its line goes on in the next one of the same direction.
/// Linear in the text but for the joining of cut-off frames, which is bounded. `should_stop` is asked often.
/// Errors: limit_exceeded - too much text; invalid_argument - no such protocol, or it has no bare APDU; cancelled.
[[nodiscard]] Result<Analysis> analyse(const Question& question, const std::function<bool()>& should_stop);

/// A frame made, and what it says: the same as analysing it.
/// Errors: not_found - no such protocol or kind; invalid_argument - "parameter: why"; limit_exceeded.
[[nodiscard]] Result<Item> build(std::string_view protocol, std::string_view kind, const Arguments::Given& parameters);

}  // namespace duheng::platform::analyser
