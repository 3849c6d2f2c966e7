#include "codec/dlt698/explain_apdu.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "codec/dlt698/value.hpp"

namespace duheng::dlt698 {

using objects::Language;
using text::Label;

FieldWriter::Field& FieldWriter::add(std::size_t offset, std::size_t size, std::string_view key, Label label,
                                     std::uint8_t depth) {
  Field& field = out_.emplace_back();
  field.key = key;
  field.label = {std::string(label.english), std::string(label.chinese)};
  field.clause = clause_;
  field.depth = depth;
  show_octets(field, offset, size);
  return field;
}

void FieldWriter::show_octets(Field& field, std::size_t offset, std::size_t size) {
  field.offset = base_ + offset;
  field.size = size;
  field.raw = to_hex(wire_.subspan(offset, size), ' ');
  if (wire_.data() != plain_.data()) field.plain = to_hex(plain_.subspan(offset, size), ' ');
}

void FieldWriter::close(std::size_t index, std::size_t end_offset) {
  Field& field = out_[index];
  const std::size_t offset = field.offset - base_;
  show_octets(field, offset, end_offset - offset);
}

FieldWriter::Field* FieldWriter::last() noexcept {
  for (std::size_t i = out_.size(); i > first_; --i) {
    if (out_[i - 1].size > 0) return &out_[i - 1];
  }
  return nullptr;
}

void FieldWriter::drop_empty() {
  const auto empty = std::remove_if(out_.begin() + static_cast<std::ptrdiff_t>(first_), out_.end(),
                                    [](const Field& field) { return field.size == 0; });
  out_.erase(empty, out_.end());
}

void say(codec::ExplainedField& field, std::string_view english, std::string_view chinese) {
  field.meaning = {std::string(english), std::string(chinese)};
}

void write_fault(FieldWriter& writer, const DecodeError& error, std::size_t begin, std::size_t fault_offset,
                 std::size_t end, std::uint8_t depth) {
  const Label part = text::part_label(error.field);
  codec::ExplainedField* field = nullptr;
  std::size_t rest = end;
  if (begin < end) {
    if (error.code != ErrorCode::truncated) rest = std::clamp(fault_offset + 1, begin + 1, end);
    field = &writer.add(begin, rest - begin, "unread", {"unread", "未解析"}, depth);
  } else {
    field = writer.last();
  }
  if (field == nullptr) return;
  field->is_fault = true;
  if (error.code == ErrorCode::truncated) {
    say(*field, fmt::format("the octets end too early, in field {}", part.english),
        fmt::format("数据不完整，缺“{}”", part.chinese));
  } else if (error.code == ErrorCode::limit_exceeded) {
    say(*field, "nested too deeply", "嵌套过深");
  } else {
    say(*field, fmt::format("{:02X}H means nothing here, at field {}", error.found, part.english),
        fmt::format("{:02X}H在此处无意义，位于“{}”", error.found, part.chinese));
  }
  if (rest < end) writer.add(rest, end - rest, "unread", {"unread", "未解析"}, depth);
}

namespace {

constexpr std::string_view clause_application = "DL/T 698.45-2017, application layer";
/// APDUs within secured APDUs within …; the standard knows one level.
constexpr unsigned nested_apdus_max = 4;
constexpr std::uint16_t source_column_oi = 0x2024;

class ApduWalk {
 public:
  ApduWalk(FieldWriter& writer, std::size_t begin, std::size_t end, std::uint8_t depth, unsigned nested)
      : writer_(writer), begin_(begin), end_(end), depth_(depth), nested_(nested) {}

  void run();

 private:
  /// A container that the reader has opened.
  struct Open {
    std::size_t field = FieldWriter::nowhere;  ///< its field; nowhere when its parts stand in its surroundings
    const Type* type = nullptr;
    std::string_view name;
    const objects::Shape* shape = nullptr;  ///< of a Data, when the table knows it and the type agrees
    std::size_t place = 0;                  ///< of the next part
    std::uint8_t depth = 0;                 ///< of its parts
    bool is_data = false;
    bool is_data_root = false;
  };
  /// Where a Data stands.
  struct DataPlace {
    const objects::Shape* shape = nullptr;
    const objects::Shape* parent = nullptr;
    std::size_t place = 0;
    std::string_view name;  ///< of a root that has one, e.g. "start" of a selection
    bool is_root = false;
  };

  void begin(const Element& element);
  void end(const Element& element);
  void value(const Element& element);
  void header(const Element& element, Open& open);
  void count_header(const Element& element, const Open& open);
  void data_leaf(const Element& element, const DataPlace& where);
  void leaf(const Element& element);
  void inner_apdu(const Element& element, std::uint8_t depth);
  void note_object(const Element& element);

  [[nodiscard]] bool is_data(const Element& element) const noexcept {
    return element.is_tagged && data_type(element.type->tag) == element.type;
  }
  [[nodiscard]] bool is_named_container(const Element& element) const noexcept;
  [[nodiscard]] std::pair<std::string_view, Label> name_of(const Element& element) const noexcept;
  [[nodiscard]] DataPlace place_of(const Element& element);
  [[nodiscard]] std::string data_label(const DataPlace& where, Language language) const;
  [[nodiscard]] std::string register_of_leaf(const DataPlace& where) const;
  [[nodiscard]] std::uint8_t depth() const noexcept { return open_.empty() ? depth_ : open_.back().depth; }
  [[nodiscard]] const objects::Shape* event_source() const noexcept {
    constexpr std::size_t source_place = 3;
    if (!record_ || record_->whole == nullptr || record_->whole->layout != objects::Layout::records) return nullptr;
    return record_->class_number == 7 ? record_->whole->part(0)->part(source_place) : nullptr;
  }
  [[nodiscard]] const objects::Description* description() const noexcept { return data_of_ ? &*data_of_ : nullptr; }

  FieldWriter& writer_;
  std::size_t begin_;
  std::size_t end_;
  std::uint8_t depth_;
  unsigned nested_;
  std::string_view service_;
  bool from_server_ = false;
  std::vector<Open> open_;
  std::optional<objects::Description> object_;   ///< the last OAD or OMD told
  std::optional<objects::Description> data_of_;  ///< what the Data being read belongs to
  std::optional<objects::Description> record_;   ///< whose records are being read
  std::vector<std::optional<objects::Description>> columns_;
};

void ApduWalk::run() {
  writer_.set_clause(clause_application);
  Reader reader(types::apdu, writer_.plain().subspan(begin_, end_ - begin_));
  std::size_t covered = 0;
  while (true) {
    const auto step = reader.next();
    if (!step) {
      write_fault(writer_, step.error(), begin_ + covered, begin_ + step.error().octet_offset, end_, depth());
      while (!open_.empty()) {
        if (open_.back().field != FieldWriter::nowhere) writer_.close(open_.back().field, end_);
        open_.pop_back();
      }
      return;
    }
    covered = std::max(covered, step->end_offset);
    switch (step->event) {
      case Element::Event::begin:
        begin(*step);
        break;
      case Element::Event::value:
        value(*step);
        break;
      case Element::Event::end:
        end(*step);
        break;
      case Element::Event::finished:
        if (begin_ + covered < end_) {
          auto& rest = writer_.add(begin_ + covered, end_ - begin_ - covered, "trailing",
                                   {"octets behind the APDU", "APDU之后的多余字节"}, depth_);
          say(rest, "belong to nothing; the APDU is whole without them", "不属于APDU，APDU本身完整");
        }
        return;
    }
  }
}

/// Containers that get a field of their own; the parts of the others stand in their surroundings.
bool ApduWalk::is_named_container(const Element& element) const noexcept {
  if (open_.empty()) return false;
  switch (element.type->kind) {
    case Kind::single:
      return false;
    case Kind::list:
    case Kind::columns:
    case Kind::rows:
    case Kind::row:
      return true;
    default:
      break;
  }
  // A sequence of one part has nothing to add to it.
  if (element.type->kind == Kind::sequence && !element.is_tagged && element.type->fields.size() == 1) return false;
  if (element.is_tagged || !element.name.empty()) return true;
  const Kind around = open_.back().type->kind;
  return around == Kind::list || around == Kind::columns;
}

std::pair<std::string_view, Label> ApduWalk::name_of(const Element& element) const noexcept {
  if (element.name == "payload_hex") return {"payload", text::field_label("payload")};
  if (!element.name.empty()) return {element.name, text::field_label(element.name)};
  if (element.type->kind == Kind::oad) return {"oad", text::field_label("oad")};
  if (element.type->kind == Kind::tsa) return {"tsa", text::field_label("tsa")};
  if (element.type->kind == Kind::row) return {"row", text::field_label("row")};
  if (element.type == &types::mac) return {"mac", text::field_label("mac")};
  if (element.type->kind == Kind::raw) return {"rows", text::type_label(element.type->name)};
  if (element.type->kind == Kind::optional) return {"security", text::field_label("security")};
  if (!open_.empty()) {
    static constexpr std::pair<std::string_view, std::string_view> elements[] = {
        {"columns", "column"}, {"rcsd", "column"},   {"records", "record"}, {"record", "record"},
        {"results", "result"}, {"normal", "result"}, {"targets", "target"}, {"set", "setting"},
        {"actions", "action"}, {"ranges", "range"},  {"blocks", "piece"}};
    for (const auto& [list, one] : elements) {
      if (open_.back().name == list) return {one, text::field_label(one)};
    }
  }
  return {"item", text::field_label("item")};
}

/// Which part of which Data this one is; moves on by one.
ApduWalk::DataPlace ApduWalk::place_of(const Element& element) {
  DataPlace where;
  where.is_root = open_.empty() || !open_.back().is_data;
  if (element.name != "data") where.name = element.name;
  if (!where.is_root) {
    Open& around = open_.back();
    where.place = around.place++;
    where.parent = around.shape;
    if (around.shape != nullptr) where.shape = around.shape->part(where.place);
  } else {
    Open* around = open_.empty() ? nullptr : &open_.back();
    if (around != nullptr && around->type->kind == Kind::row) {
      const std::size_t column = around->place++;
      data_of_ = column < columns_.size() ? columns_[column] : std::nullopt;
    } else if (element.name == "interval" || (around != nullptr && around->type == &types::region)) {
      data_of_.reset();
    } else {
      data_of_ = object_;
    }
    if (data_of_) where.shape = data_of_->shape;
  }
  // What was sent counts; a table that says otherwise has nothing to tell about it.
  if (where.shape != nullptr && where.shape->type != static_cast<objects::Type>(element.type->tag)) {
    where.shape = nullptr;
  }
  return where;
}

std::string ApduWalk::data_label(const DataPlace& where, Language language) const {
  if (where.is_root) {
    std::string label;
    if (!where.name.empty()) label = text::field_label(where.name).in(language);
    if (data_of_) {
      label =
          text::joined(label, objects::meaning_of(*data_of_, language), language == Language::chinese ? "，" : ", ");
    }
    return label.empty() ? std::string(text::field_label("data").in(language)) : label;
  }
  const bool chinese = language == Language::chinese;
  std::string own(where.shape != nullptr ? where.shape->label.in(language) : std::string_view{});
  if (where.parent == nullptr || where.parent->type != objects::Type::array) {
    if (!own.empty()) return own;
  } else if (const auto layout = where.parent->layout;
             own.empty() || (layout != objects::Layout::numbered && layout != objects::Layout::records)) {
    const std::string element = objects::element_label(layout, where.place, language);
    if (!element.empty()) return text::joined(element, own, chinese ? "，" : ", ");
  }
  const std::string_view name = own.empty() ? text::field_label("item").in(language) : own;
  return fmt::format(fmt::runtime(chinese ? "{}{}" : "{} {}"), name, where.place + 1);
}

/// The register name of a leaf, from the places of the Data around it.
std::string ApduWalk::register_of_leaf(const DataPlace& where) const {
  if (!data_of_ || where.shape == nullptr || data_of_->stem.empty()) return {};
  std::array<std::size_t, 2> path{};
  std::size_t length = 0;
  std::size_t root = open_.size();
  while (root > 0 && open_[root - 1].is_data && !open_[root - 1].is_data_root) --root;
  if (!where.is_root) {
    // Places of the containers between root and leaf; each has already moved on by one.
    for (std::size_t i = root == 0 ? 0 : root - 1; i < open_.size(); ++i) {
      if (!open_[i].is_data) continue;
      if (length == path.size()) return {};
      path[length++] = open_[i].place - 1;
    }
  }
  const bool is_whole_array = data_of_->index == 0 && data_of_->whole->type == objects::Type::array;
  if (is_whole_array) return length == 0 ? std::string() : objects::register_name(*data_of_, path[0], path[1]);
  return length > 1 ? std::string() : objects::register_name(*data_of_, 0, path[0]);
}

void ApduWalk::begin(const Element& element) {
  Open open;
  open.type = element.type;
  open.name = element.name;
  open.depth = depth();
  open.is_data = is_data(element);
  if (open_.empty()) {
    service_ = element.type->name;
    from_server_ = element.type->tag >= 0x80;
    auto& field = writer_.add(begin_, 1, "service", text::field_label("service"), depth_);
    field.value = std::to_string(element.type->tag);
    const Label label = text::type_label(service_);
    say(field, fmt::format("{}: {}", service_, label.english), label.chinese);
    open_.push_back(open);
    return;
  }
  if (element.type->kind == Kind::columns) {
    columns_.clear();
    record_ = object_;
  }
  if (open_.back().type->kind == Kind::columns) columns_.emplace_back();
  if (element.type->kind == Kind::optional && element.count == 0) {
    const auto [key, label] = name_of(element);
    auto& field = writer_.add(begin_ + element.offset, 1, key, label, open.depth);
    say(field, "absent", "无");
    open_.push_back(open);
    return;
  }
  if (open.is_data) {
    const DataPlace where = place_of(element);
    open.shape = where.shape;
    open.is_data_root = where.is_root;
    open.field = writer_.next_index();
    const std::string english = data_label(where, Language::english);
    const std::string chinese = data_label(where, Language::chinese);
    writer_.add(begin_ + element.offset, 0, "data", {english, chinese}, open.depth);
    ++open.depth;
  } else if (is_named_container(element)) {
    open.field = writer_.next_index();
    const auto [key, label] = name_of(element);
    Open& around = open_.back();
    auto& field = writer_.add(begin_ + element.offset, 0, key, label, open.depth);
    const bool is_counted = around.type->kind == Kind::list || around.type->kind == Kind::columns ||
                            around.type->kind == Kind::rows || around.type->kind == Kind::row;
    if (is_counted && !around.is_data) {
      ++around.place;
      field.label.english += fmt::format(" {}", around.place);
      field.label.chinese += std::to_string(around.place);
    }
    ++open.depth;
  }
  header(element, open);
  open_.push_back(open);
}

/// The octets between the container's first and its first part: tag, count, presence, selector.
void ApduWalk::header(const Element& element, Open& open) {
  const std::size_t size = element.end_offset - element.offset;
  if (size == 0) return;
  switch (element.type->kind) {
    case Kind::optional: {
      auto& field = writer_.add(begin_ + element.offset, size, "presence", {"presence", "存在标志"}, open.depth);
      say(field, "present", "有");
      return;
    }
    case Kind::choice: {
      const std::string_view key = element.type->selector_name.empty() ? "selector" : element.type->selector_name;
      auto& field = writer_.add(begin_ + element.offset, size, key, text::field_label(key), open.depth);
      field.value = std::to_string(element.selector);
      const dlt698::Field* taken = element.type->alternative(element.selector);
      Label label = text::code_label(service_, key, element.selector);
      if (label.english.empty()) {
        label = taken->name.empty() || key != "selector" ? text::type_label(taken->type->name)
                                                         : text::field_label(taken->name);
      }
      say(field, label.english, label.chinese);
      return;
    }
    case Kind::sequence: {
      auto& field = writer_.add(begin_ + element.offset, size, "type_tag", {"type of data", "数据类型"}, open.depth);
      field.value = std::to_string(element.type->tag);
      const Label label = text::type_label(element.type->name);
      say(field, label.english, label.chinese);
      return;
    }
    default:
      return count_header(element, open);
  }
}

void ApduWalk::count_header(const Element& element, const Open& open) {
  const std::size_t size = element.end_offset - element.offset;
  const Label label = element.is_tagged ? Label{"type of data and count", "数据类型及个数"} : Label{"count", "个数"};
  auto& field = writer_.add(begin_ + element.offset, size, "count", label, open.depth);
  field.value = std::to_string(element.count);
  const std::string_view unit = element.count == 1 ? "element" : "elements";
  if (element.is_tagged) {
    const Label type = text::type_label(element.type->name);
    say(field, fmt::format("{} of {} {}", type.english, element.count, unit),
        fmt::format("{}，{}个元素", type.chinese, element.count));
  } else {
    say(field, fmt::format("{} {}", element.count, unit), fmt::format("{}个", element.count));
  }
}

void ApduWalk::end(const Element& element) {
  const Open open = open_.back();
  open_.pop_back();
  if (open.field != FieldWriter::nowhere) writer_.close(open.field, begin_ + element.end_offset);
}

void ApduWalk::value(const Element& element) {
  if (!open_.empty() && open_.back().type->kind == Kind::columns) columns_.emplace_back();
  if (element.end_offset == element.offset) return;  // e.g. the NULL of a selector that selects nothing
  if (is_data(element)) return data_leaf(element, place_of(element));
  leaf(element);
}

void ApduWalk::data_leaf(const Element& element, const DataPlace& where) {
  const std::string english = data_label(where, Language::english);
  const std::string chinese = data_label(where, Language::chinese);
  auto& field =
      writer_.add(begin_ + element.offset, element.end_offset - element.offset, "value", {english, chinese}, depth());
  if (where.shape != nullptr && description() != nullptr) field.clause = description()->clause;
  field.register_name = register_of_leaf(where);
  explain_value(field, element, where.shape, service_);
}

void ApduWalk::leaf(const Element& element) {
  const auto [key, label] = name_of(element);
  if (element.type->kind == Kind::apdu_octets && nested_ < nested_apdus_max) return inner_apdu(element, depth());
  auto& field = writer_.add(begin_ + element.offset, element.end_offset - element.offset, key, label, depth());
  if (!open_.empty()) {
    Open& around = open_.back();
    if (around.type->kind == Kind::list && !around.is_data) {
      ++around.place;
      field.label.english += fmt::format(" {}", around.place);
      field.label.chinese += std::to_string(around.place);
    }
  }
  explain_value(field, element, nullptr, service_);
  static constexpr std::pair<std::string_view, std::string_view> units[] = {
      {"heartbeat_s", "s"}, {"timeout_s", "s"},   {"frame_timeout_s", "s"}, {"byte_timeout_ms", "ms"},
      {"max_send", "byte"}, {"max_recv", "byte"}, {"max_apdu", "byte"},     {"delay", "s"}};
  for (const auto& [name, unit] : units) {
    if (name != key) continue;
    field.unit = unit;
    const std::string amount = field.value + " " + field.unit;
    say(field, amount, amount);
  }
  note_object(element);
}

/// Remembers which attribute or method the Data to come belongs to.
void ApduWalk::note_object(const Element& element) {
  // An OAD inside a Data is what the Data says, not what the next Data belongs to.
  if (std::ranges::any_of(open_, &Open::is_data)) return;
  const Kind kind = element.type->kind;
  if (kind == Kind::oad) {
    const auto found = objects::describe(read_oad(element.content).value());
    object_ = found ? std::optional(*found) : std::nullopt;
    const Open& around = open_.back();
    // A plain column: CSD, alternative OAD, directly within the columns of a result.
    if (around.type == &types::csd && open_.size() > 1 && open_[open_.size() - 2].type->kind == Kind::columns) {
      columns_.back() = object_;
      // What the source of an event is, the event's own record says.
      if (object_ && object_->oi == source_column_oi && object_->index == 0) {
        if (const auto* source = event_source()) columns_.back()->whole = columns_.back()->shape = source;
      }
    }
  } else if (kind == Kind::omd) {
    const auto found = objects::describe_method(static_cast<std::uint32_t>(read_unsigned(element.content)));
    // What a method gives back has no shape in the tables.
    object_ = found && !from_server_ ? std::optional(*found) : std::nullopt;
  }
}

void ApduWalk::inner_apdu(const Element& element, std::uint8_t around) {
  const std::size_t field = writer_.next_index();
  writer_.add(begin_ + element.offset, 0, "payload", text::field_label("payload"), around);
  const auto deeper = static_cast<std::uint8_t>(around + 1);
  const std::size_t length = element.end_offset - element.offset - element.content.size();
  auto& size = writer_.add(begin_ + element.offset, length, "length", {"length", "长度"}, deeper);
  size.value = std::to_string(element.content.size());
  say(size, fmt::format("{} octets", size.value), fmt::format("{}字节", size.value));
  const std::size_t content = begin_ + element.end_offset - element.content.size();
  if (element.content.empty()) {
    writer_.at(field + 1).is_fault = true;
  } else {
    explain_apdu_into(writer_, content, begin_ + element.end_offset, deeper, nested_ + 1);
  }
  writer_.close(field, begin_ + element.end_offset);
}

}  // namespace

void explain_apdu_into(FieldWriter& writer, std::size_t begin, std::size_t end, std::uint8_t depth, unsigned nested) {
  ApduWalk(writer, begin, end, depth, nested).run();
}

}  // namespace duheng::dlt698
