#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace duheng::tools {

/// What `duheng decode` was asked.
struct DecodeOptions {
  std::string
      protocol;  ///< "auto", "dlt645", "cjt188", "dlt698", "modbus"; with a vectors file each entry names its own
  std::vector<std::string> hex;  ///< the words behind the protocol; none = lines from standard input
  std::string vectors_file;      ///< --vectors FILE.json; then `hex` is not looked at
  bool is_apdu = false;          ///< the octets are a bare application data unit (dlt698)
};

/// Runs the command and returns its exit code.
///
/// Frames, in hexadecimal or, of Modbus ASCII, as they stand on the line: one JSON object per frame and line on `out`,
/// valid or not. A word with blanks inside, or of twelve octets or more, is a line of its own; shorter words are octets
/// of one line. Code 0 when the input could be read as hexadecimal, whatever the frames are; 2 when it could not, or
/// the protocol is unknown (told on `err`).
///
/// Vectors: decodes each entry's "hex" and compares each key of its "expect" with the object printed above, exactly;
/// only the collector's own remarks, "note" and "derived", are not compared. Prints each difference and "N passed, M
/// failed"; code 0 when none failed, 1 when some did, 2 when the file cannot be read.
[[nodiscard]] int run_decode(const DecodeOptions& options, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace duheng::tools
