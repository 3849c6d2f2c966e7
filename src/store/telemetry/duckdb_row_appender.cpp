#include "store/telemetry/duckdb_row_appender.hpp"

#include "store/telemetry/duckdb_session.hpp"

namespace duheng::store {
namespace {

Error appender_failure(duckdb_appender appender) {
  duckdb_error_data data = duckdb_appender_error_data(appender);
  const char* message = duckdb_error_data_message(data);
  Error error = duckdb_failure(duckdb_error_data_error_type(data), message == nullptr ? "no reason given" : message);
  duckdb_destroy_error_data(&data);
  return error;
}

}  // namespace

Result<std::unique_ptr<DuckDbRowAppender>> DuckDbRowAppender::open(duckdb_connection connection, const char* table,
                                                                   const char* catalogue) {
  duckdb_appender appender = nullptr;
  if (duckdb_appender_create_ext(connection, catalogue, "main", table, &appender) != DuckDBSuccess) {
    Error error = appender_failure(appender);
    duckdb_appender_destroy(&appender);
    return std::unexpected(std::move(error));
  }
  std::unique_ptr<DuckDbRowAppender> out(new DuckDbRowAppender(appender));
  std::vector<duckdb_logical_type> types(duckdb_appender_column_count(appender));
  for (std::size_t i = 0; i < types.size(); ++i) types[i] = duckdb_appender_column_type(appender, i);
  out->chunk_ = duckdb_create_data_chunk(types.data(), types.size());
  for (auto& type : types) duckdb_destroy_logical_type(&type);
  out->data_.resize(types.size());
  out->capacity_ = duckdb_vector_size();
  out->find_columns();
  return out;
}

DuckDbRowAppender::~DuckDbRowAppender() {
  duckdb_destroy_data_chunk(&chunk_);
  duckdb_appender_destroy(&appender_);
}

void DuckDbRowAppender::find_columns() {
  for (std::size_t i = 0; i < data_.size(); ++i)
    data_[i] = duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk_, i));
}

void DuckDbRowAppender::set_blob(std::size_t column, std::string_view octets) {
  duckdb_vector_assign_string_element_len(duckdb_data_chunk_get_vector(chunk_, column), row_, octets.data(),
                                          octets.size());
}

void DuckDbRowAppender::flush_chunk() {
  if (row_ > 0 && !failed_) {
    duckdb_data_chunk_set_size(chunk_, row_);
    failed_ = duckdb_append_data_chunk(appender_, chunk_) != DuckDBSuccess;
  }
  if (!failed_) {
    duckdb_data_chunk_reset(chunk_);
    find_columns();
  }
  row_ = 0;
}

Result<void> DuckDbRowAppender::finish() {
  flush_chunk();
  if (failed_ || duckdb_appender_close(appender_) != DuckDBSuccess) return std::unexpected(appender_failure(appender_));
  return {};
}

}  // namespace duheng::store
