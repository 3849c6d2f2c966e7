#!/usr/bin/env bash
# End to end with the real programs, on loopback, in temporary folders; everything ends with this script.
#   1. a thousand meters for half a minute, compared with their ledger
#   2. the same world while its programs are killed at random points and its link is cut
#   3. orders to meters meanwhile: none carried out twice, each ends settled (tests/e2e)
#   4. a full disk, one that fails and is mended, a clock set back, expired certificates (tests/e2e)
#   5. backup, machine gone, restore (tests/e2e)
#   6. beside 3 to 5, because they wait for most of their time: a switch taken down is one alarm; the server's health
#   7. the pages in a real browser
#   DUHENG_E2E_KILLS   how many programs are killed in 2 (30; `make soak`: 200)
#   DUHENG_E2E_ORDER_KILLS  and in 3 (6; `make soak`: 40)
#   DUHENG_E2E_SEED    of the faults (the day's number, printed)
set -euo pipefail
cd "$(dirname "$0")/.."
duheng=build/release/bin/duheng
work=$(mktemp -d)
demo=
declare -A beside=()
finish() {
  for id in $demo "${beside[@]}"; do kill -TERM "$id" 2>/dev/null && wait "$id" 2>/dev/null; done
  rm -rf "$work"
}
trap finish EXIT
kills=${DUHENG_E2E_KILLS:-30}
order_kills=${DUHENG_E2E_ORDER_KILLS:-6}
seed=${DUHENG_E2E_SEED:-$(date +%Y%m%d)}
passed=0

echo "== 1000 meters for 30 s, nothing broken"
"$duheng" demo --check 30 --seed "$seed" 2>"$work/check.log" || { cat "$work/check.log"; exit 1; }
passed=$((passed + 1))

echo "== $kills kills and link cuts, seed $seed"
"$duheng" demo --check 1 --kills "$kills" --seed "$seed" 2>"$work/faults.log" || { tail -n 40 "$work/faults.log"; exit 1; }
passed=$((passed + 1))

for name in network_root_cause server_health; do
  node "tests/e2e/$name.mjs" "$duheng" >"$work/$name.log" 2>&1 &
  beside[$name]=$!
done

echo "== orders while programs are killed, $order_kills kills, seed $seed"
node tests/e2e/orders_and_kills.mjs "$duheng" "$order_kills" "$seed" || exit 1
passed=$((passed + 1))

for fault in disk_full disk_read_only clock_back certificate_expired; do
  echo "== $fault"
  code=0
  node tests/e2e/storage_and_clock.mjs "$fault" "$duheng" || code=$?
  case $code in
    0) passed=$((passed + 1)) ;;
    77) ;; # it said why it cannot be run here
    *) exit 1 ;;
  esac
done

echo "== backup, machine gone, restore"
node tests/e2e/backup_and_restore.mjs "$duheng" || exit 1
passed=$((passed + 1))

for name in "${!beside[@]}"; do
  echo "== $name"
  code=0
  wait "${beside[$name]}" || code=$?
  unset "beside[$name]"
  cat "$work/$name.log"
  [ "$code" -eq 0 ] || exit 1
  passed=$((passed + 1))
done

echo "== pages in a browser"
"$duheng" demo --port 0 --access-file "$work/access.json" >"$work/demo.log" 2>&1 &
demo=$!
for _ in $(seq 1 1200); do
  [ -s "$work/access.json" ] && break
  kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log"; exit 1; }
  sleep 0.1
done
[ -s "$work/access.json" ] || { echo "the demo did not start in time"; cat "$work/demo.log"; exit 1; }
field() { node -p "JSON.parse(require('fs').readFileSync('$work/access.json', 'utf8')).$1"; }
DUHENG_URL=$(field url) DUHENG_USER=$(field user) DUHENG_PASSWORD=$(field password) \
  DUHENG_ACCESS="$work/access.json" DUHENG_SCREENSHOTS="${DUHENG_SCREENSHOTS:-$work/screenshots}" npm --prefix web run --silent e2e
passed=$((passed + 1))
echo "$passed passed, 0 failed"
