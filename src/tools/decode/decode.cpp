#include "tools/decode/decode.hpp"

#include <fstream>
#include <istream>
#include <ostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "codec/json/dlt645_json.hpp"

namespace duheng::tools {

namespace {

using Json = nlohmann::ordered_json;

constexpr int exit_good = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::size_t word_digits_of_a_line = 24;

/// Decodes octets by protocol; the table grows with each codec.
struct ProtocolDecoder {
  const char* name;
  std::vector<Json> (*to_json)(ByteView);
};
constexpr ProtocolDecoder decoders[] = {{"dlt645", codec::dlt645_to_json}};

const ProtocolDecoder* find_decoder(const std::string& protocol) {
  // Vector files name the edition, too: "dlt645-2007".
  const std::string family = protocol.substr(0, protocol.find('-'));
  for (const auto& decoder : decoders) {
    if (family == decoder.name) return &decoder;
  }
  return nullptr;
}

/// Words to lines: see DecodeOptions::hex.
std::vector<std::string> to_lines(const std::vector<std::string>& words) {
  std::vector<std::string> lines;
  bool joins = false;
  for (const auto& word : words) {
    const bool is_line = word.size() >= word_digits_of_a_line || word.find_first_of(" \t\n") != std::string::npos;
    if (is_line || !joins) {
      lines.push_back(word);
    } else {
      lines.back() += " " + word;
    }
    joins = !is_line;
  }
  return lines;
}

int decode_line(const ProtocolDecoder& decoder, const std::string& line, std::ostream& out, std::ostream& err) {
  const auto octets = from_hex(line);
  if (!octets) {
    err << "not hexadecimal: " << octets.error().message << '\n';
    return exit_usage;
  }
  for (const auto& object : decoder.to_json(*octets)) out << object.dump() << '\n';
  return exit_good;
}

int decode_lines(const ProtocolDecoder& decoder, const DecodeOptions& options, std::istream& in, std::ostream& out,
                 std::ostream& err) {
  int code = exit_good;
  if (!options.hex.empty()) {
    for (const auto& line : to_lines(options.hex)) code = std::max(code, decode_line(decoder, line, out, err));
    return code;
  }
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      code = std::max(code, decode_line(decoder, line, out, err));
  }
  return code;
}

/// The differences between what was expected and what came, one line each; empty when there is none.
std::string differences(const Json& expected, const Json& found) {
  std::string text;
  for (const auto& [key, value] : expected.items()) {
    // A remark of whoever collected the vector: prose that no decoder could derive.
    if (key == "note") continue;
    if (!found.contains(key)) {
      text += "  " + key + ": expected " + value.dump() + ", not there\n";
    } else if (found.at(key) != value) {
      text += "  " + key + ": expected " + value.dump() + ", found " + found.at(key).dump() + "\n";
    }
  }
  return text;
}

std::string run_vector(const Json& vector, const std::string& default_protocol) {
  const Json& expected = vector.at("expect");
  const std::string protocol = expected.value("protocol", default_protocol);
  const auto* decoder = find_decoder(protocol);
  if (decoder == nullptr) return "  no decoder for protocol \"" + protocol + "\"\n";
  const auto octets = from_hex(vector.at("hex").get<std::string>());
  if (!octets) return "  hex: " + octets.error().message + "\n";
  const auto found = decoder->to_json(*octets);
  if (found.size() != 1) return "  " + std::to_string(found.size()) + " frames, expected one\n";
  return differences(expected, found.front());
}

int run_vectors(const DecodeOptions& options, std::ostream& out, std::ostream& err) {
  std::ifstream file(options.vectors_file);
  if (!file) {
    err << "cannot read " << options.vectors_file << '\n';
    return exit_usage;
  }
  const Json vectors = Json::parse(file, nullptr, false);
  if (!vectors.is_array()) {
    err << options.vectors_file << " is not a JSON array of vectors\n";
    return exit_usage;
  }
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const auto& vector : vectors) {
    std::string text;
    std::string name = "unnamed";
    try {
      name = vector.value("name", name);
      text = run_vector(vector, options.protocol);
    } catch (const Json::exception& fault) {
      text = std::string("  not a vector: ") + fault.what() + "\n";
    }
    ++(text.empty() ? passed : failed);
    if (!text.empty()) out << "FAILED " << name << '\n' << text;
  }
  out << passed << " passed, " << failed << " failed\n";
  return failed == 0 ? exit_good : exit_failed;
}

}  // namespace

int run_decode(const DecodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  if (!options.vectors_file.empty()) return run_vectors(options, out, err);
  const auto* decoder = find_decoder(options.protocol);
  if (decoder == nullptr) {
    err << "unknown protocol \"" << options.protocol << "\"; known: dlt645\n";
    return exit_usage;
  }
  return decode_lines(*decoder, options, in, out, err);
}

}  // namespace duheng::tools
