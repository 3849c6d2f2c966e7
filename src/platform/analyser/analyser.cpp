#include "platform/analyser/analyser.hpp"

#include <algorithm>

#include "platform/analyser/cutter.hpp"

namespace duheng::platform::analyser {

namespace {

namespace hexlog = codec::hexlog;

/// Octets tried while joining frames that lines cut; beyond that, cut-off frames stay as they are.
constexpr std::size_t joined_octets_max = 8U << 20;
constexpr std::uint8_t preamble = 0xFE;

bool says_address(const codec::ExplainedField& field) {
  return (field.key == "address" || field.key == "server_address" || field.key == "unit_id") && !field.value.empty();
}
/// Fields that say what a frame is for.
bool says_purpose(const codec::ExplainedField& field) {
  static constexpr std::string_view keys[] = {"control", "function", "data_identifier", "service", "exception", "oad"};
  return std::ranges::find(keys, field.key) != std::end(keys);
}

void append(BilingualText& text, const BilingualText& more) {
  const auto add = [](std::string& to, const std::string& part, std::string_view separator) {
    if (part.empty() || to.find(part) != std::string::npos) return;
    if (!to.empty()) to += separator;
    to += part;
  };
  add(text.english, more.english, "; ");
  add(text.chinese, more.chinese, "；");
}

/// Address, purpose and the first fault out of the fields.
void summarise(Item& item, const std::vector<codec::ExplainedField>& fields) {
  std::size_t purposes = 0;
  const codec::ExplainedField* fault = nullptr;
  for (const codec::ExplainedField& field : fields) {
    if (item.address.empty() && says_address(field)) item.address = field.value;
    if (purposes < 3 && says_purpose(field) && !field.meaning.english.empty()) {
      append(item.summary, field.meaning);
      ++purposes;
    }
    if (field.is_fault && fault == nullptr) fault = &field;
  }
  if (fault == nullptr) return;
  item.has_fault = true;
  item.fault = {fault->label.english + ": " + fault->meaning.english,
                fault->label.chinese + "：" + fault->meaning.chinese};
}

std::string first_or_empty(std::vector<std::string> texts) {
  return texts.empty() ? std::string{} : std::move(texts.front());
}

/// Whether an object of the decoder says "valid": true. The decoders write it among the first keys.
bool says_valid(std::string_view json) noexcept { return json.find(R"("valid":true)") < json.find(R"("valid":false)"); }

void describe(Item& item, const std::vector<codec::ExplainedField>& fields, std::string json) {
  item.json = std::move(json);
  item.is_valid = says_valid(item.json);
  summarise(item, fields);
  if (!item.is_valid) item.has_fault = true;
}

class Work {
 public:
  Work(const Question& question, const Protocol* protocol, hexlog::HexLog log, const std::function<bool()>& should_stop)
      : question_(question), protocol_(protocol), cutter_(protocol), should_stop_(should_stop) {
    pieces_ = std::move(log.pieces);
    out_.log = std::move(log);
    out_.log.pieces.clear();
  }

  Result<Analysis> run() {
    std::size_t start = 0;
    for (std::size_t index = 0; index < pieces_.size();) {
      if (should_stop_ && should_stop_()) return fail(ErrorCode::cancelled, "the analysis was stopped");
      const Next next = question_.is_apdu ? take_apdu(index) : take_piece(index, start);
      index = next.piece;
      start = next.offset;
    }
    return std::move(out_);
  }

 private:
  /// Where to go on.
  struct Next {
    std::size_t piece = 0;
    std::size_t offset = 0;
  };

  Next take_apdu(std::size_t index) {
    const hexlog::Piece& piece = pieces_[index];
    add_frame(*protocol_, piece.octets, index, 0, index, true);
    return {index + 1, 0};
  }

  Next take_piece(std::size_t index, std::size_t start) {
    const hexlog::Piece& piece = pieces_[index];
    const ByteView octets = ByteView(piece.octets).subspan(start);
    const std::vector<Cut> cuts = cutter_.cut(octets);
    std::size_t whole = cuts.size();
    while (whole > 0 && cuts[whole - 1].kind != Segment::Kind::frame) --whole;
    for (std::size_t i = 0; i < whole; ++i) add_cut(cuts[i], octets, index, start);
    // What stands behind the last whole frame may go on in the next line.
    if (whole < cuts.size()) {
      if (const auto next = take_joined(index, start + cuts[whole].offset)) return *next;
    }
    for (std::size_t i = whole; i < cuts.size(); ++i) add_cut(cuts[i], octets, index, start);
    return {index + 1, 0};
  }

  void add_cut(const Cut& cut, ByteView octets, std::size_t index, std::size_t start) {
    const ByteView part = octets.subspan(cut.offset, cut.size);
    if (cut.protocol == nullptr) {
      add_gap(part, index, start + cut.offset);
    } else {
      add_frame(*cut.protocol, part, index, start + cut.offset, index, false);
    }
  }

  [[nodiscard]] bool goes_on(std::size_t index) const noexcept {
    return index + 1 < pieces_.size() && pieces_[index + 1].direction == pieces_[index].direction &&
           pieces_[index + 1].writing == pieces_[index].writing;
  }

  /// A frame that begins at `offset` of a piece and ends in a later one; nothing when there is none.
  std::optional<Next> take_joined(std::size_t index, std::size_t offset) {
    if (!goes_on(index)) return std::nullopt;
    for (const Protocol* protocol : cutter_.candidates()) {
      if (protocol->is_self_delimiting) {
        if (auto next = take_joined(index, offset, *protocol)) return next;
      }
    }
    return std::nullopt;
  }

  std::optional<Next> take_joined(std::size_t index, std::size_t offset, const Protocol& protocol) {
    const Bytes& first = pieces_[index].octets;
    const std::size_t begin = std::max(offset, first.size() - std::min(first.size(), protocol.frame_octets_max));
    Bytes octets(first.begin() + static_cast<std::ptrdiff_t>(begin), first.end());
    const std::size_t own = octets.size();
    std::size_t last = index;
    // Twice as many lines in each round, so that a frame of many short lines stays cheap.
    for (std::size_t lines = 1; goes_on(last) && octets.size() < own + protocol.frame_octets_max; lines *= 2) {
      for (std::size_t i = 0; i < lines && goes_on(last) && octets.size() < own + protocol.frame_octets_max; ++i) {
        const Bytes& more = pieces_[++last].octets;
        octets.insert(octets.end(), more.begin(), more.end());
      }
      joined_octets_ += octets.size();
      if (joined_octets_ > joined_octets_max) return std::nullopt;
      const auto segments = protocol.segments(octets);
      const auto frame = std::ranges::find(segments, Segment::Kind::frame, &Segment::kind);
      if (frame == segments.end()) continue;
      // What begins later is whole by itself, or the next line's matter.
      if (frame->offset >= own || frame->offset + frame->size <= own) return std::nullopt;
      cutter_.saw(protocol);
      add_tail(index, offset, begin + frame->offset, protocol);
      return add_joined(octets, *frame, protocol, index, begin);
    }
    return std::nullopt;
  }

  /// What stands before a joined frame: octets `from` to `to` of a piece, less the frame's preamble.
  void add_tail(std::size_t index, std::size_t from, std::size_t to, const Protocol& protocol) {
    const Bytes& octets = pieces_[index].octets;
    while (protocol.has_preamble && to > from && octets[to - 1] == preamble) --to;
    const ByteView part = ByteView(octets).subspan(from, to - from);
    for (const Cut& cut : cutter_.cut(part)) add_cut(cut, part, index, from);
  }

  /// `octets` begin at `offset` of the piece and go on into later ones.
  Next add_joined(ByteView octets, const Segment& frame, const Protocol& protocol, std::size_t index,
                  std::size_t offset) {
    std::size_t begin = frame.offset;
    while (protocol.has_preamble && begin > 0 && octets[begin - 1] == preamble) --begin;
    // Where the frame ends: count the pieces' octets off.
    std::size_t left = frame.offset + frame.size - (pieces_[index].octets.size() - offset);
    std::size_t last = index + 1;
    while (left > pieces_[last].octets.size()) left -= pieces_[last++].octets.size();
    add_frame(protocol, octets.subspan(begin, frame.offset + frame.size - begin), index, offset + begin, last, false);
    return left == pieces_[last].octets.size() ? Next{last + 1, 0} : Next{last, left};
  }

  Item item_at(ByteView octets, std::size_t index, std::size_t offset) const {
    const hexlog::Piece& piece = pieces_[index];
    const hexlog::Place& place = piece.place_of(offset);
    Item item;
    item.octets.assign(octets.begin(), octets.end());
    item.line = place.line;
    item.column = place.column;
    item.offset = offset;
    item.direction = piece.direction;
    item.time_text = piece.time_text;
    return item;
  }

  void add_gap(ByteView octets, std::size_t index, std::size_t offset) {
    ++out_.gaps;
    out_.gap_octets += octets.size();
    if (out_.items.size() >= question_.limits.items_max) return;
    Item item = item_at(octets, index, offset);
    item.last_line = pieces_[index].place_of(offset + octets.size() - 1).line;
    out_.items.push_back(std::move(item));
  }

  void add_frame(const Protocol& protocol, ByteView octets, std::size_t index, std::size_t offset, std::size_t last,
                 bool is_apdu) {
    ++out_.frames;
    const bool is_told = out_.items.size() < question_.limits.items_max;
    auto json = first_or_empty(is_apdu ? protocol.apdu_to_json(octets) : protocol.to_json(octets));
    if (says_valid(json)) ++out_.valid_frames;
    if (!is_told) return;
    Item item = item_at(octets, index, offset);
    item.protocol = &protocol;
    const auto& last_piece = pieces_[last];
    item.last_line =
        last == index ? last_piece.place_of(offset + octets.size() - 1).line : last_piece.places.front().line;
    auto fields = is_apdu ? protocol.explain_apdu(octets) : protocol.explain(octets);
    describe(item, fields, std::move(json));
    const bool has_room = explained_frames_ < question_.limits.explained_frames_max &&
                          explained_fields_ + fields.size() <= question_.limits.explained_fields_max;
    if (has_room) {
      ++explained_frames_;
      explained_fields_ += fields.size();
      item.fields = std::move(fields);
    }
    out_.items.push_back(std::move(item));
  }

  const Question& question_;
  const Protocol* protocol_;
  Cutter cutter_;
  const std::function<bool()>& should_stop_;
  std::vector<hexlog::Piece> pieces_;
  std::size_t joined_octets_ = 0;
  std::size_t explained_frames_ = 0;
  std::size_t explained_fields_ = 0;
  Analysis out_;
};

/// The only protocol that has bare APDUs, when none was named.
const Protocol* apdu_protocol() noexcept {
  const auto found = std::ranges::find_if(protocols(), [](const Protocol& row) { return row.apdu_to_json != nullptr; });
  return found == protocols().end() ? nullptr : &*found;
}

}  // namespace

Result<Analysis> analyse(const Question& question, const std::function<bool()>& should_stop) {
  const bool is_auto = question.protocol == "auto";
  const Protocol* protocol = is_auto ? nullptr : find_protocol(question.protocol);
  if (!is_auto && protocol == nullptr) return fail(ErrorCode::invalid_argument, "protocol: there is no such protocol");
  if (question.is_apdu && is_auto) protocol = apdu_protocol();
  if (question.is_apdu && (protocol == nullptr || protocol->apdu_to_json == nullptr)) {
    return fail(ErrorCode::invalid_argument, "apdu: this protocol has no bare APDUs");
  }
  DUHENG_TRY(hexlog::HexLog log, hexlog::read(question.text));
  return Work(question, protocol, std::move(log), should_stop).run();
}

Result<Item> build(std::string_view protocol_name, std::string_view kind, const Arguments::Given& parameters) {
  const Protocol* protocol = find_protocol(protocol_name);
  if (protocol == nullptr) return fail(ErrorCode::not_found, "there is no such protocol");
  const auto builder = std::ranges::find(protocol->builders, kind, &Builder::kind);
  if (builder == protocol->builders.end()) return fail(ErrorCode::not_found, "there is no such kind of frame");
  DUHENG_TRY(const Arguments arguments, Arguments::check(builder->parameters, parameters));
  Item item;
  DUHENG_TRY(item.octets, builder->build(arguments));
  item.protocol = protocol;
  auto fields = builder->is_apdu ? protocol->explain_apdu(item.octets) : protocol->explain(item.octets);
  auto json = first_or_empty(builder->is_apdu ? protocol->apdu_to_json(item.octets) : protocol->to_json(item.octets));
  describe(item, fields, std::move(json));
  item.fields = std::move(fields);
  return item;
}

}  // namespace duheng::platform::analyser
