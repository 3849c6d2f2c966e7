#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "model/reading.hpp"

namespace duheng {

/// A batch is what a gateway spools, sends and the platform journals: frames and the readings made from them, in one
/// self-contained byte string that is never re-encoded on its way, so that its hash is the same at both ends and for
/// ever.
///
/// Layout, version 1 (integers: v = varint, z = zigzag varint, s = v length + octets):
///   u8 version = 1 · u64 created_utc_ms
///   v devices   { s uid }
///   v registers { s name · s unit · z exponent · u8 kind }
///   v frames    { v device · u8 protocol · z received - created · z received - sent + 1 (0 = unasked) ·
///                 s request · s response · v readings { v register · z mantissa · z time - received · u8 time source ·
///                 v quality } }
/// The three tables stand in this order but are written apart and joined by finish().
namespace batch_limits {
inline constexpr std::size_t bytes_max = 4U << 20;
inline constexpr std::size_t devices_max = 65'536;
inline constexpr std::size_t registers_max = 65'536;
inline constexpr std::size_t frames_max = 65'535;  ///< a FrameReference has 16 bits for the place
inline constexpr std::size_t device_uid_bytes_max = 64;
inline constexpr std::size_t register_name_bytes_max = 64;
inline constexpr std::size_t frame_bytes_max = 65'536;
}  // namespace batch_limits

/// Gathers frames and readings. Reusable: clear() keeps the memory, so a steady gateway does not allocate.
class BatchWriter {
 public:
  explicit BatchWriter(std::int64_t created_utc_ms) : created_utc_ms_(created_utc_ms) {}

  /// The table index of a device / register, entered when new.
  [[nodiscard]] std::uint32_t device(std::string_view uid);
  [[nodiscard]] std::uint32_t register_of(const Register& r);
  /// Adds a frame; the readings added next belong to it.
  void frame(const Frame& frame);
  void reading(const Reading& reading);

  [[nodiscard]] std::size_t frame_count() const noexcept { return frame_count_; }
  [[nodiscard]] std::size_t reading_count() const noexcept { return reading_count_; }
  [[nodiscard]] std::size_t size_bytes() const noexcept {
    return device_bytes_.size() + register_bytes_.size() + frame_bytes_.size() + 32;
  }
  [[nodiscard]] bool empty() const noexcept { return frame_count_ == 0; }
  /// The whole batch, appended to `out`.
  void finish(Bytes& out);
  void clear(std::int64_t created_utc_ms);

 private:
  void close_frame();

  std::int64_t created_utc_ms_;
  std::unordered_map<std::string, std::uint32_t> devices_;
  std::unordered_map<std::string, std::uint32_t> registers_;
  Bytes device_bytes_;
  Bytes register_bytes_;
  Bytes frame_bytes_;
  Bytes reading_bytes_;  // of the open frame
  std::string key_;
  std::size_t frame_count_ = 0;
  std::size_t reading_count_ = 0;
  std::size_t open_readings_ = 0;
  std::int64_t open_received_utc_ms_ = 0;
  bool frame_open_ = false;
};

/// Reads a batch in place; views point into the bytes given to parse(), which must outlive this object.
class BatchView {
 public:
  /// Checks version, limits, every length and every index once, so that iteration afterwards cannot fail.
  /// Errors: malformed, limit_exceeded, unsupported (a newer version). Linear in the input's size.
  [[nodiscard]] static Result<BatchView> parse(ByteView bytes);

  [[nodiscard]] std::int64_t created_utc_ms() const noexcept { return created_utc_ms_; }
  [[nodiscard]] const std::vector<std::string_view>& devices() const noexcept { return devices_; }
  [[nodiscard]] const std::vector<Register>& registers() const noexcept { return registers_; }
  [[nodiscard]] std::size_t frame_count() const noexcept { return frame_count_; }
  [[nodiscard]] std::size_t reading_count() const noexcept { return reading_count_; }

  /// Calls on_frame(index, const Frame&) for each frame and on_reading(index, const Frame&, const Reading&) for each of
  /// its readings, in order.
  template <class OnFrame, class OnReading>
  void for_each(OnFrame&& on_frame, OnReading&& on_reading) const {
    ByteReader in(frames_);
    for (std::uint32_t index = 0; index < frame_count_; ++index) {
      Frame frame;
      std::uint64_t readings = 0;
      read_frame(in, frame, readings);
      on_frame(index, frame);
      for (std::uint64_t i = 0; i < readings; ++i) on_reading(index, frame, read_reading(in, frame));
    }
  }
  struct FrameWithReadings {
    Frame frame;
    std::vector<Reading> readings;
  };
  /// One frame by its place; nothing when there is none.
  [[nodiscard]] std::optional<FrameWithReadings> find(std::uint32_t frame_index) const;

 private:
  void read_frame(ByteReader& in, Frame& frame, std::uint64_t& readings) const noexcept;
  static Reading read_reading(ByteReader& in, const Frame& frame) noexcept;

  std::int64_t created_utc_ms_ = 0;
  std::vector<std::string_view> devices_;
  std::vector<Register> registers_;
  ByteView frames_;
  std::size_t frame_count_ = 0;
  std::size_t reading_count_ = 0;
};

}  // namespace duheng
