#!/usr/bin/env bash
# Builds every fuzz target with libFuzzer and runs each for the given number of minutes, seeded with the test vectors.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-1}
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "$(nproc)" --target fuzzers
seeds=build/fuzz/seeds
node scripts/vector-seeds.mjs tests/vectors "$seeds"
failed=0
for target in build/fuzz/fuzz/*; do
  [ -x "$target" ] || continue
  name=$(basename "$target")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  echo "== $name, $minutes min"
  if ! "$target" -max_total_time=$((minutes * 60)) -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/crash-$name-" "$corpus" "$seeds" > "build/fuzz/$name.log" 2>&1; then
    failed=1
    tail -n 40 "build/fuzz/$name.log"
  fi
  grep -E 'number_of_executed_units|new_units_added|peak_rss' "build/fuzz/$name.log" || true
done
exit $failed
