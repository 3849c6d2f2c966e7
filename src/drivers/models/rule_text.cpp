#include "drivers/models/rule_text.hpp"

#include <fmt/format.h>

#include "drivers/models/device_model.hpp"

namespace duheng::drivers {
namespace {

constexpr std::size_t text_bytes_max = 2'048;

/// A JSON string; whatever could end a line or a quotation is escaped.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += {'\\', c};
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      out += c;
  }
  return out + '"';
}

class Writer {
 public:
  void text(std::string_view key, std::string_view value) { put(key, quoted(value)); }
  void number(std::string_view key, std::int64_t value) { put(key, std::to_string(value)); }
  /// As a string: a number in JSON may lose digits on its way.
  void decimal(std::string_view key, const Decimal& value) { put(key, quoted(value.to_string())); }
  void decimal(std::string_view key, const std::optional<Decimal>& value) {
    if (value) decimal(key, *value);
  }
  void section(std::string_view key, Writer&& inner) { put(key, std::move(inner).finish()); }
  [[nodiscard]] std::string finish() && { return out_ + '}'; }

 private:
  void put(std::string_view key, std::string_view value) {
    out_ += fmt::format("{}{}:{}", out_.size() == 1 ? "" : ",", quoted(key), value);
  }
  std::string out_ = "{";
};

Writer line_of(const ProcessingRule::Line& line) {
  Writer out;
  out.decimal("from_low", line.from_low);
  out.decimal("from_high", line.from_high);
  out.decimal("to_low", line.to_low);
  out.decimal("to_high", line.to_high);
  return out;
}

Writer filter_of(const ProcessingRule& rule) {
  using Filter = ProcessingRule::Filter;
  Writer out;
  if (rule.filter == Filter::first_order) {
    out.text("kind", "first_order");
    out.text("coefficient", fmt::format("{}/{}", rule.coefficient.numerator, rule.coefficient.denominator));
    return out;
  }
  out.text("kind", rule.filter == Filter::mean ? "mean" : "median");
  out.number("window", rule.window);
  return out;
}

}  // namespace

std::string write_processing_rule(const ProcessingRule& rule) {
  Writer out;
  out.text("from", rule.from);
  out.text("into", rule.into);
  out.text("unit", rule.unit);
  out.number("exponent", rule.exponent);
  if (rule.line) {
    out.section("line", line_of(*rule.line));
  } else {
    out.decimal("gain", rule.gain);
    out.decimal("offset", rule.offset);
  }
  out.decimal("fail_below", rule.fail_below);
  out.decimal("fail_above", rule.fail_above);
  if (rule.filter != ProcessingRule::Filter::none) out.section("filter", filter_of(rule));
  out.decimal("dead_band", rule.dead_band);
  return std::move(out).finish();
}

Result<ProcessingRule> parse_processing_rule(std::string_view text) {
  DUHENG_TRY(const auto file, ConfigFile::parse(text, "rule", text_bytes_max));
  auto out = read_processing_rule(file.root());
  DUHENG_CHECK(file.finish());
  return out;
}

std::optional<RuleFault> find_fault(const ProcessingRule& rule, const DeviceModel& model) {
  const auto from = find_register(model, rule.from);
  if (!from) return RuleFault{"from", "is no register that the model reads"};
  if (from->question->items[from->item].kind != SeriesKind::decimal) return RuleFault{"from", "is no quantity"};
  if (find_register(model, rule.into)) return RuleFault{"into", "is a register that the model reads"};
  return std::nullopt;
}

}  // namespace duheng::drivers
