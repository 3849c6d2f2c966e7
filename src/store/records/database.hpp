#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"

namespace duheng::records {

/// One bound value of a statement. Texts and blobs are views: they must live until the call returns.
/// An id of 0 ("none") and an empty optional bind NULL.
class Parameter {
 public:
  using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, ByteView>;

  Parameter(std::nullopt_t) {}
  template <std::integral T>
  Parameter(T value) : value_(static_cast<std::int64_t>(value)) {}
  Parameter(double value) : value_(value) {}
  Parameter(std::string_view value) : value_(value) {}
  Parameter(const std::string& value) : value_(std::string_view{value}) {}
  Parameter(const char* value) : value_(std::string_view{value}) {}
  Parameter(ByteView value) : value_(value) {}
  Parameter(const Bytes& value) : value_(ByteView{value}) {}
  template <std::size_t size>
  Parameter(const std::array<std::uint8_t, size>& value) : value_(ByteView{value}) {}
  template <class Tag>
  Parameter(StrongId<Tag> id) {
    if (id) value_ = id.value;
  }
  template <class T>
  Parameter(const std::optional<T>& value) {
    if (value) value_ = Parameter(*value).value_;
  }

  [[nodiscard]] const Value& value() const noexcept { return value_; }

 private:
  Value value_;
};

using Parameters = std::span<const Parameter>;

/// The row a statement stands on; valid only inside the visitor. Columns count from 0. A column of another type reads
/// as 0 or empty; NULL likewise.
class Row {
 public:
  virtual ~Row() = default;
  [[nodiscard]] virtual bool is_null(int column) const = 0;
  [[nodiscard]] virtual std::int64_t integer(int column) const = 0;
  [[nodiscard]] virtual double real(int column) const = 0;
  /// Views end with the visitor's return.
  [[nodiscard]] virtual std::string_view text_view(int column) const = 0;
  [[nodiscard]] virtual ByteView blob_view(int column) const = 0;

  [[nodiscard]] std::string text(int column) const { return std::string{text_view(column)}; }
  [[nodiscard]] Bytes blob(int column) const {
    const ByteView view = blob_view(column);
    return {view.begin(), view.end()};
  }
  [[nodiscard]] bool boolean(int column) const { return integer(column) != 0; }
  template <class Id>
  [[nodiscard]] Id id(int column) const {
    return Id{integer(column)};
  }
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
  }
};

using RowVisitor = std::function<Result<void>(const Row&)>;

/// A unit of work: everything or nothing. Rolled back when it goes out of scope uncommitted. Used by one thread at a
/// time.
///
/// Statements hold no values: parameters are written ?1, ?2 … and bound. Errors of every call:
///   conflict          a unique key is taken; nothing of this statement was done, the transaction goes on
///   invalid_argument  a foreign key, a check or "not null" was broken; likewise
///   unavailable       another process holds the database; roll back and retry with back-off
///   storage_full, storage_failed, storage_corrupt   the transaction is lost; see ErrorCode
///   limit_exceeded    a value is larger than the database takes
///   internal          the statement is wrong, or writes in a reading transaction
class Transaction {
 public:
  virtual ~Transaction() = default;
  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Returns how many rows were changed.
  [[nodiscard]] Result<std::int64_t> execute(std::string_view sql, Parameters parameters) {
    return run(sql, parameters, nullptr);
  }
  [[nodiscard]] Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Parameter> parameters = {}) {
    return execute(sql, view(parameters));
  }

  /// Calls `visit(const Row&)`, which returns void or Result<void>, for every row; the first error ends the statement.
  /// The visitor may run other statements of this transaction.
  template <class Visit>
  [[nodiscard]] Result<void> each(std::string_view sql, Parameters parameters, Visit&& visit) {
    const RowVisitor visitor = [&](const Row& row) -> Result<void> {
      if constexpr (std::is_void_v<std::invoke_result_t<Visit&, const Row&>>) {
        visit(row);
        return {};
      } else {
        return visit(row);
      }
    };
    DUHENG_CHECK(run(sql, parameters, &visitor));
    return {};
  }
  template <class Visit>
  [[nodiscard]] Result<void> each(std::string_view sql, std::initializer_list<Parameter> parameters, Visit&& visit) {
    return each(sql, view(parameters), std::forward<Visit>(visit));
  }

  /// All rows, each made by `make(const Row&)`.
  template <class Make>
  [[nodiscard]] auto all(std::string_view sql, Parameters parameters, Make&& make)
      -> Result<std::vector<std::invoke_result_t<Make&, const Row&>>> {
    std::vector<std::invoke_result_t<Make&, const Row&>> rows;
    DUHENG_CHECK(each(sql, parameters, [&](const Row& row) { rows.push_back(make(row)); }));
    return rows;
  }
  template <class Make>
  [[nodiscard]] auto all(std::string_view sql, std::initializer_list<Parameter> parameters, Make&& make) {
    return all(sql, view(parameters), std::forward<Make>(make));
  }

  /// The first row, if there is one.
  template <class Make>
  [[nodiscard]] auto first(std::string_view sql, Parameters parameters, Make&& make)
      -> Result<std::optional<std::invoke_result_t<Make&, const Row&>>> {
    std::optional<std::invoke_result_t<Make&, const Row&>> found;
    DUHENG_CHECK(each(sql, parameters, [&](const Row& row) {
      if (!found) found = make(row);
    }));
    return found;
  }
  template <class Make>
  [[nodiscard]] auto first(std::string_view sql, std::initializer_list<Parameter> parameters, Make&& make) {
    return first(sql, view(parameters), std::forward<Make>(make));
  }

  /// The first column of the first row as an integer: for counts and "RETURNING id". Empty when there is no row.
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view sql, Parameters parameters) {
    return first(sql, parameters, [](const Row& row) { return row.integer(0); });
  }
  [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view sql,
                                                            std::initializer_list<Parameter> parameters = {}) {
    return integer(sql, view(parameters));
  }
  /// An INSERT that ends in "RETURNING id"; internal when it returns nothing.
  [[nodiscard]] Result<std::int64_t> insert(std::string_view sql, std::initializer_list<Parameter> parameters) {
    DUHENG_TRY(const auto id, integer(sql, parameters));
    if (!id) return fail(ErrorCode::internal, "an insert returned no id");
    return *id;
  }

  /// Several statements without parameters, from the program's own text only: migrations.
  [[nodiscard]] virtual Result<void> run_script(std::string_view sql) = 0;
  /// Returns when the work is on the medium. After any error nothing of the transaction was kept.
  [[nodiscard]] virtual Result<void> commit() = 0;

 protected:
  [[nodiscard]] virtual Result<std::int64_t> run(std::string_view sql, Parameters parameters,
                                                 const RowVisitor* visitor) = 0;

 private:
  static Parameters view(std::initializer_list<Parameter> parameters) {
    return {parameters.begin(), parameters.size()};
  }
};

/// Where devices, people, gateways and the like are kept. Thread-safe: any number of threads may begin transactions;
/// writers wait for one another; readers see one state from their first statement on and neither wait for writers nor
/// stop them.
class Database {
 public:
  virtual ~Database() = default;
  Database() = default;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Errors: unavailable - no turn within the busy time-out (a thread that begins a second writer inside its first gets
  /// this).
  [[nodiscard]] virtual Result<std::unique_ptr<Transaction>> begin_write() = 0;
  /// Errors: unavailable - every reader is in use for longer than the busy time-out.
  [[nodiscard]] virtual Result<std::unique_ptr<Transaction>> begin_read() = 0;

  /// Runs `work(Transaction&)`, which returns a Result, and commits when it succeeded.
  template <class Work>
  auto write(Work&& work) -> std::invoke_result_t<Work&, Transaction&> {
    DUHENG_TRY(const auto transaction, begin_write());
    auto outcome = work(*transaction);
    if (outcome) DUHENG_CHECK(transaction->commit());
    return outcome;
  }
  template <class Work>
  auto read(Work&& work) -> std::invoke_result_t<Work&, Transaction&> {
    DUHENG_TRY(const auto transaction, begin_read());
    return work(*transaction);
  }
};

}  // namespace duheng::records
