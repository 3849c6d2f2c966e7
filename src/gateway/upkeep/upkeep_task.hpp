#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/upkeep/upkeep.hpp"

namespace duheng::gateway {

/// What is looked after at one device: its memories and its clock. Small: there may be 100,000 of them.
struct Upkeep::Task {
  static constexpr std::int16_t clock_check = -1;
  static constexpr std::uint32_t questions_max = 20'000;  ///< of one piece

  struct Item {
    std::int64_t due_ms = 0;
    std::int64_t through_utc_ms = INT64_MIN;
    std::int32_t retry_ms = 0;
    std::int16_t history = 0;  ///< place in the model's histories, or clock_check
    bool behind = false;       ///< more is to be caught up
    bool told = false;         ///< that the clock is left alone
  };
  /// While one of the items is being worked on.
  struct Work {
    std::size_t item = 0;
    std::uint32_t questions = 0;
    std::uint8_t clock_step = 0;  ///< the next clock question; past the last: the correction
    std::int64_t piece_end_utc_ms = 0;
    std::int64_t clock_middle_utc_ms = 0;
    std::unique_ptr<drivers::HistoryRun> run;
    std::optional<drivers::Query> query;  ///< out, or to be asked again
    std::vector<drivers::ClockPart> parts;
  };

  std::string uid;
  std::vector<Item> items;
  std::unique_ptr<Work> work;
  std::int64_t freezes_utc_ms = 0;  ///< when freezes were last put before the load profile
  std::uint32_t channel = 0;
  std::uint32_t life = 0;   ///< another one when the number was given anew
  std::uint32_t round = 0;  ///< only the latest time scheduled counts
  std::uint32_t ticket = 0;
  bool in_use = false;
  bool waiting = false;  ///< stands in its line
  [[nodiscard]] Item& current() { return items[work->item]; }
};

}  // namespace duheng::gateway
