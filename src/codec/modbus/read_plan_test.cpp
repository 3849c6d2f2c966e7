#include "codec/modbus/read_plan.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

namespace duheng::modbus {
namespace {

RegisterDescription at(std::uint16_t address, ValueType type = ValueType::uint16,
                       Table table = Table::holding_registers) {
  RegisterDescription description;
  description.table = table;
  description.address = address;
  description.type = type;
  if (type == ValueType::text) description.register_count = 10;
  return description;
}

std::string text_of(const std::vector<PlannedRead>& reads) {
  std::string text;
  for (const auto& read : reads) {
    text += std::string(to_string(read.table)) + " " + std::to_string(read.address) + "+" +
            std::to_string(read.quantity) + ":";
    for (const auto item : read.items) text += " " + std::to_string(item);
    text += "; ";
  }
  return text;
}

TEST(ReadPlan, NeighboursAreOneRead) {
  const RegisterDescription wanted[] = {at(12, ValueType::int32), at(10), at(11)};
  EXPECT_EQ(text_of(*plan_reads(wanted)), "holding_registers 10+4: 1 2 0; ");
}

TEST(ReadPlan, GapsOnlyAsWideAsAllowed) {
  const RegisterDescription wanted[] = {at(0), at(3), at(10)};
  EXPECT_EQ(text_of(*plan_reads(wanted)),
            "holding_registers 0+1: 0; holding_registers 3+1: 1; holding_registers 10+1: 2; ");
  EXPECT_EQ(text_of(*plan_reads(wanted, {.gap_max = 2})), "holding_registers 0+4: 0 1; holding_registers 10+1: 2; ");
  EXPECT_EQ(text_of(*plan_reads(wanted, {.gap_max = 6})), "holding_registers 0+11: 0 1 2; ");
}

TEST(ReadPlan, TablesStayApart) {
  const RegisterDescription wanted[] = {at(0, ValueType::bits, Table::coils), at(0),
                                        at(1, ValueType::bits, Table::coils),
                                        at(1, ValueType::uint16, Table::input_registers)};
  EXPECT_EQ(text_of(*plan_reads(wanted)), "coils 0+2: 0 2; holding_registers 0+1: 1; input_registers 1+1: 3; ");
}

TEST(ReadPlan, AValueIsNeverSplit) {
  const RegisterDescription wanted[] = {at(0), at(1), at(2, ValueType::int32)};
  EXPECT_EQ(text_of(*plan_reads(wanted, {.registers_max = 3})),
            "holding_registers 0+2: 0 1; holding_registers 2+2: 2; ");
}

TEST(ReadPlan, WhatBeginsAtTheLastAddress) {
  const RegisterDescription wanted[] = {at(65535), at(65534)};
  EXPECT_EQ(text_of(*plan_reads(wanted, {.gap_max = 65535})), "holding_registers 65534+2: 1 0; ");
}

TEST(ReadPlan, Refusals) {
  const RegisterDescription text[] = {at(0, ValueType::text)};
  EXPECT_EQ(plan_reads(text, {.registers_max = 9}).error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(plan_reads(text, {.registers_max = 126}).error().code, ErrorCode::invalid_argument);
  const RegisterDescription coil[] = {at(0, ValueType::int16, Table::coils)};
  EXPECT_EQ(plan_reads(coil).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(plan_reads({})->empty());
}

/// The fewest reads by trying every set of items that one read may hold: for few items only.
std::size_t fewest_reads(const std::vector<RegisterDescription>& wanted, unsigned max, unsigned gap) {
  const auto fits_one_read = [&](unsigned set) {
    std::map<unsigned, unsigned> spans;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      auto& end = spans[wanted[i].address];
      end = std::max(end, wanted[i].address + width_of(wanted[i]));
    }
    const unsigned begin = spans.begin()->first;
    unsigned end = begin;
    for (const auto& [first, last] : spans) end = std::max(end, last);
    if (end - begin > max) return false;
    // Addresses that any wanted value holds are no gap, whether this read is to give that value or not.
    unsigned run = 0;
    for (unsigned address = begin; address < end; ++address) {
      const bool is_wanted = std::ranges::any_of(
          wanted, [&](const auto& one) { return one.address <= address && address < one.address + width_of(one); });
      run = is_wanted ? 0 : run + 1;
      if (run > gap) return false;
    }
    return true;
  };
  const unsigned all = (1U << wanted.size()) - 1;
  std::vector<std::size_t> best(all + 1, wanted.size() + 1);
  best[0] = 0;
  for (unsigned set = 1; set <= all; ++set) {
    for (unsigned part = set; part != 0; part = (part - 1) & set) {
      if (fits_one_read(part)) best[set] = std::min(best[set], best[set ^ part] + 1);
    }
  }
  return best[all];
}

RC_GTEST_PROP(ReadPlan, HoldsEveryValueWholeInTheFewestReads, ()) {
  std::vector<RegisterDescription> wanted;
  const int count = *rc::gen::inRange(1, 7);
  for (int i = 0; i < count; ++i) {
    wanted.push_back(at(*rc::gen::inRange<std::uint16_t>(0, 24),
                        *rc::gen::element(ValueType::int16, ValueType::int32, ValueType::int48, ValueType::int64)));
  }
  const auto max = *rc::gen::inRange<std::uint16_t>(4, 12);
  const auto gap = *rc::gen::inRange<std::uint16_t>(0, 5);
  const auto reads = plan_reads(wanted, {.registers_max = max, .gap_max = gap});
  RC_ASSERT(reads.has_value());
  std::vector<int> seen(wanted.size(), 0);
  for (const auto& read : *reads) {
    RC_ASSERT(read.quantity >= 1 && read.quantity <= max);
    for (const auto item : read.items) {
      ++seen[item];
      RC_ASSERT(wanted[item].address >= read.address);
      RC_ASSERT(wanted[item].address + width_of(wanted[item]) <= unsigned{read.address} + read.quantity);
    }
  }
  RC_ASSERT(std::ranges::all_of(seen, [](int times) { return times == 1; }));
  RC_ASSERT(reads->size() == fewest_reads(wanted, max, gap));
}

}  // namespace
}  // namespace duheng::modbus
