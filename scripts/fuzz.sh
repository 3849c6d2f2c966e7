#!/usr/bin/env bash
# Builds fuzz targets with libFuzzer and runs each for the given number of minutes (a fraction will do), seeded with what
# its FUZZ_CORPUS names; a target without one gets the octets of all test vectors.
#   scripts/fuzz.sh [MINUTES [TARGET...]]     without targets: all of them
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-1}
shift || true
seconds=$(awk -v minutes="$minutes" 'BEGIN { seconds = int(minutes * 60); print (seconds < 1 ? 1 : seconds) }')
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "$(nproc)" --target "${@:-fuzzers}"
failed=0
for target in build/fuzz/fuzz/*; do
  [ -x "$target" ] || continue
  name=$(basename "$target")
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  corpus=build/fuzz/corpus/$name
  seeds=build/fuzz/seeds/$name
  mkdir -p "$corpus"
  mapfile -t named < "build/fuzz/fuzz-seeds/$name.txt"
  echo "== $name, $seconds s, $(node scripts/fuzz-seeds.mjs "$seeds" "${named[@]}")"
  if ! "$target" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/crash-$name-" "$corpus" "$seeds" > "build/fuzz/$name.log" 2>&1; then
    failed=1
    tail -n 40 "build/fuzz/$name.log"
  fi
  grep -E 'number_of_executed_units|new_units_added|peak_rss' "build/fuzz/$name.log" || true
done
exit $failed
