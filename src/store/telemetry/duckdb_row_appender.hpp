#pragma once
#include <duckdb.h>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::store {

/// Writes rows into a table of an attached file by filling the engine's own column vectors, the fastest way in.
/// Belongs to the transaction open on the connection. One thread.
///
///   appender->set<std::int64_t>(0, x); appender->set_blob(1, text); appender->next_row();
class DuckDbRowAppender {
 public:
  [[nodiscard]] static Result<std::unique_ptr<DuckDbRowAppender>> open(duckdb_connection connection, const char* table,
                                                                       const char* catalogue = "hot");
  ~DuckDbRowAppender();
  DuckDbRowAppender(const DuckDbRowAppender&) = delete;
  DuckDbRowAppender& operator=(const DuckDbRowAppender&) = delete;

  /// T must be the column's C type.
  template <class T>
  void set(std::size_t column, T value) noexcept {
    static_cast<T*>(data_[column])[row_] = value;
  }
  void set_blob(std::size_t column, std::string_view octets);
  void set_blob(std::size_t column, ByteView octets) { set_blob(column, as_text(octets)); }
  /// After a failure rows are dropped; finish() reports it.
  void next_row() {
    if (++row_ == capacity_) flush_chunk();
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// Hands everything to the transaction. Errors: the engine's.
  [[nodiscard]] Result<void> finish();

 private:
  explicit DuckDbRowAppender(duckdb_appender appender) : appender_(appender) {}
  void flush_chunk();
  void find_columns();

  duckdb_appender appender_;
  duckdb_data_chunk chunk_ = nullptr;
  std::vector<void*> data_;
  std::size_t row_ = 0;
  std::size_t capacity_ = 0;
  bool failed_ = false;
};

}  // namespace duheng::store
