#!/usr/bin/env bash
# Everything that is checked without running the product. Each check says what it looked at; all run even when one fails.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
run() {
  echo "-- $1"
  shift
  "$@" || { failed=1; echo "   FAILED"; }
}

format() {
  git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
}
tidy() {
  # The database of the release build; GCC-only warning flags are unknown to clang. Results are kept by content (source,
  # headers and configuration), so that only what changed is looked at again.
  node scripts/tidy.mjs build/release
}
contracts() {
  (cd api && npm run --silent lint)
}
web() {
  (cd web && npm run --silent lint)
}
audit() {
  # A machine without a way to the advisory service cannot say; that is told apart from a finding.
  local folder report
  for folder in third_party web api; do
    [ -f "$folder/package-lock.json" ] || continue
    report=$(cd "$folder" && npm audit --omit=dev --audit-level=high --json 2>/dev/null)
    if printf '%s' "$report" | grep -q '"auditReportVersion"'; then
      if printf '%s' "$report" | node scripts/read-audit.mjs "$folder"; then :; else return 1; fi
    else
      echo "   $folder: the advisory service does not answer here; not audited"
    fi
  done
}

run "format" format
run "layers" node scripts/check-layers.mjs
run "traceability" node scripts/check-traceability.mjs
run "contracts (OpenAPI, protobuf)" contracts
run "web" web
run "npm audit" audit
run "clang-tidy" tidy
exit $failed
