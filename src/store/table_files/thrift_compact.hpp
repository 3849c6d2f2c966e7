#pragma once
// Internal to this folder: the little of Thrift's compact protocol that a Parquet footer needs.
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::store::table_files {

/// Writes structures field by field, ids ascending. Thrift compact protocol: field header = id delta << 4 | type.
class ThriftWriter {
 public:
  explicit ThriftWriter(Bytes& out) : out_(out) {}

  void i32(int id, std::int64_t value) {
    field(id, type_i32);
    writer().zigzag(value);
  }
  void i64(int id, std::int64_t value) {
    field(id, type_i64);
    writer().zigzag(value);
  }
  void text(int id, std::string_view value) {
    field(id, type_binary);
    writer().sized(value);
  }
  void i32_list(int id, const std::vector<std::int32_t>& values) {
    field(id, type_list);
    list_head(values.size(), type_i32);
    for (const std::int32_t value : values) writer().zigzag(value);
  }
  void text_list(int id, const std::vector<std::string_view>& values) {
    field(id, type_list);
    list_head(values.size(), type_binary);
    for (const std::string_view value : values) writer().sized(value);
  }
  /// `count` structures follow, each between begin_element() and end_struct().
  void struct_list(int id, std::size_t count) {
    field(id, type_list);
    list_head(count, type_struct);
  }
  void begin_struct(int id) {
    field(id, type_struct);
    begin_element();
  }
  void begin_element() {
    outer_ids_.push_back(last_id_);
    last_id_ = 0;
  }
  void end_struct() {
    stop();
    last_id_ = outer_ids_.back();
    outer_ids_.pop_back();
  }
  /// Ends the outermost structure.
  void stop() { out_.push_back(0); }

 private:
  static constexpr std::uint8_t type_i32 = 5, type_i64 = 6, type_binary = 8, type_list = 9, type_struct = 12;

  [[nodiscard]] ByteWriter writer() { return ByteWriter(out_); }
  void field(int id, std::uint8_t type) {
    const int delta = id - last_id_;
    last_id_ = id;
    out_.push_back(static_cast<std::uint8_t>(delta << 4 | type));  // our structures have no gaps beyond 15
  }
  void list_head(std::size_t count, std::uint8_t type) {
    if (count < 15) return out_.push_back(static_cast<std::uint8_t>(count << 4 | type));
    out_.push_back(0xF0 | type);
    writer().varint(count);
  }

  Bytes& out_;
  int last_id_ = 0;
  std::vector<int> outer_ids_;
};

}  // namespace duheng::store::table_files
