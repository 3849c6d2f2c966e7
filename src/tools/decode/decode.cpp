#include "tools/decode/decode.hpp"

#include <algorithm>
#include <fstream>
#include <istream>
#include <ostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "codec/json/cjt188_json.hpp"
#include "codec/json/dlt645_json.hpp"
#include "codec/json/dlt698_json.hpp"
#include "codec/json/gdw13762_json.hpp"
#include "codec/json/modbus_json.hpp"
#include "codec/recogniser/recogniser.hpp"

namespace duheng::tools {

namespace {

using Json = nlohmann::ordered_json;

constexpr int exit_good = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::size_t word_digits_of_a_line = 24;

using ToJson = std::vector<Json> (*)(ByteView);

/// Decodes octets by protocol; the table grows with each codec.
struct ProtocolDecoder {
  std::string_view name;
  ToJson to_json;
  ToJson apdu_to_json;       ///< of a bare application data unit; null when the protocol has none
  int checksum_error_score;  ///< how much a broken checksum speaks for this protocol, for auto
};
// In RTU any octets are a frame whose checksum is wrong; the others' frames have marks of their own.
constexpr ProtocolDecoder decoders[] = {{"dlt645", codec::dlt645_to_json, nullptr, 2},
                                        {"cjt188", codec::cjt188_to_json, nullptr, 2},
                                        {"dlt698", codec::dlt698_to_json, codec::dlt698_apdu_to_json, 2},
                                        {"modbus", codec::modbus_to_json, nullptr, 1},
                                        {"gdw13762", codec::gdw13762_to_json, nullptr, 2}};

int score_of(const ProtocolDecoder& decoder, const std::vector<Json>& objects) {
  int best = 0;
  for (const Json& object : objects) {
    if (object.value("valid", false)) return 3;
    const std::string error = object.value("error", "");
    if (error == "checksum" || error == "hcs" || error == "fcs" || error == "crc" || error == "lrc")
      best = std::max(best, decoder.checksum_error_score);
  }
  return best;
}

/// Whichever protocol the octets are proven to be; what holds no whole frame goes to the one whose marks it bears.
std::vector<Json> auto_to_json(ByteView octets) {
  // A module's frames hold frames of meters, which would be recognised in them.
  auto carried = codec::gdw13762_to_json(octets);
  const bool is_whole = std::ranges::all_of(carried, [](const Json& one) {
    return one.value("valid", false) && !one.contains("leading") && !one.contains("trailing");
  });
  if (is_whole) return carried;
  const auto protocol = codec::recognise(octets).protocol;
  const std::string_view recognised = codec::to_string(protocol);
  for (const auto& decoder : decoders)
    if (recognised.starts_with(decoder.name)) return decoder.to_json(octets);
  std::vector<Json> best;
  int best_score = 0;
  for (const auto& decoder : decoders) {
    auto objects = decoder.to_json(octets);
    const int score = score_of(decoder, objects);
    if (score <= best_score) continue;
    best_score = score;
    best = std::move(objects);
  }
  if (best.empty()) best.push_back({{"protocol", nullptr}, {"valid", false}, {"error", "unrecognised"}});
  return best;
}
constexpr ProtocolDecoder auto_decoder{"auto", auto_to_json, nullptr, 0};

const ProtocolDecoder* find_decoder(std::string_view protocol) {
  if (protocol == auto_decoder.name) return &auto_decoder;
  // Vector files name the edition, too: "dlt645-2007", "dlt698.45".
  for (const auto& decoder : decoders) {
    const auto rest = protocol.starts_with(decoder.name) ? protocol.substr(decoder.name.size()) : "no";
    if (rest.empty() || rest.front() == '-' || rest.front() == '.') return &decoder;
  }
  return nullptr;
}

std::string known_protocols() {
  std::string out{auto_decoder.name};
  for (const auto& decoder : decoders) out.append(", ").append(decoder.name);
  return out;
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

/// Hexadecimal, or a Modbus ASCII frame as it stands on the line, from its ':' on.
Result<Bytes> octets_of(std::string_view line) {
  const auto first = line.find_first_not_of(" \t");
  if (first == std::string_view::npos || line[first] != ':') return from_hex(line);
  const auto last = line.find_last_not_of(" \t\r\n");
  const auto text = as_bytes(line.substr(first, last - first + 1));
  Bytes octets(text.begin(), text.end());
  octets.insert(octets.end(), {'\r', '\n'});
  return octets;
}

int decode_line(ToJson to_json, const std::string& line, std::ostream& out, std::ostream& err) {
  const auto octets = octets_of(line);
  if (!octets) {
    err << "not hexadecimal: " << octets.error().message << '\n';
    return exit_usage;
  }
  for (const auto& object : to_json(*octets)) out << object.dump() << '\n';
  return exit_good;
}

int decode_lines(ToJson to_json, const DecodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err) {
  int code = exit_good;
  if (!options.hex.empty()) {
    for (const auto& line : to_lines(options.hex)) code = std::max(code, decode_line(to_json, line, out, err));
    return code;
  }
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      code = std::max(code, decode_line(to_json, line, out, err));
  }
  return code;
}

/// The differences between what was expected and what came, one line each; empty when there is none.
std::string differences(const Json& expected, const Json& found) {
  std::string text;
  for (const auto& [key, value] : expected.items()) {
    // Remarks of whoever collected the vector, which stand in no octet: see tests/vectors/README.md.
    if (key == "note" || key == "derived") continue;
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
  const bool is_apdu = expected.value("layer", "") == "apdu";
  if (is_apdu && decoder->apdu_to_json == nullptr) return "  \"" + protocol + "\" has no APDU of its own\n";
  const auto found = is_apdu ? decoder->apdu_to_json(*octets) : decoder->to_json(*octets);
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
    err << "unknown protocol \"" << options.protocol << "\"; known: " << known_protocols() << '\n';
    return exit_usage;
  }
  if (options.is_apdu && decoder->apdu_to_json == nullptr) {
    err << "--apdu is for dlt698: the other protocols have no APDU of their own\n";
    return exit_usage;
  }
  return decode_lines(options.is_apdu ? decoder->apdu_to_json : decoder->to_json, options, in, out, err);
}

}  // namespace duheng::tools
