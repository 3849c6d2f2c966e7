#include "gateway/plan/sum_moments.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"

namespace duheng::gateway {
namespace {

FieldSum sum_of(const std::string& uid, std::vector<std::string> members) {
  FieldSum out;
  out.uid = uid;
  out.members = std::move(members);
  return out;
}

TEST(SumMoments, AreTheSameSumsOnly) {
  SumMoments moments;
  EXPECT_TRUE(moments.note(sum_of("s", {"a", "b"}), 1'000));
  EXPECT_FALSE(moments.note(sum_of("s", {"a", "b"}), 1'000));
  EXPECT_EQ(moments.find(sum_of("s", {"a", "b"})), 1'000);
  EXPECT_FALSE(moments.find(sum_of("s", {"a"}))) << "other members begin anew";
  EXPECT_FALSE(moments.find(sum_of("t", {"a", "b"})));
  auto later = sum_of("s", {"a", "b"});
  later.interval_ms = 3'600'000;
  EXPECT_FALSE(moments.find(later));
  EXPECT_TRUE(moments.forget("s"));
  EXPECT_FALSE(moments.forget("s"));
}

TEST(SumMoments, ComeBackFromTheirFileWholeOrNotAtAll) {
  SimulatedDisk disk;
  ASSERT_TRUE(disk.make_directories("data"));
  EXPECT_EQ(read_sum_moments(disk, "data/plan.bin.sums").value().size(), 0U);
  SumMoments moments;
  moments.note(sum_of("s", {"a"}), 1'763'712'000'123);
  moments.note(sum_of("t", {"a", "b"}), 0);
  ASSERT_TRUE(write_sum_moments(disk, "data/plan.bin.sums", moments));
  EXPECT_EQ(read_sum_moments(disk, "data/plan.bin.sums").value(), moments);
  auto octets = read_file(disk, "data/plan.bin.sums").value();
  for (std::size_t i = 0; i < octets.size(); ++i) {
    octets[i] ^= 1;
    ASSERT_TRUE(write_file_atomically(disk, "data/spoiled", octets));
    EXPECT_EQ(read_sum_moments(disk, "data/spoiled").error().code, ErrorCode::storage_corrupt) << i;
    octets[i] ^= 1;
  }
}

}  // namespace
}  // namespace duheng::gateway
