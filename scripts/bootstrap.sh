#!/usr/bin/env bash
# Installs what is missing on a Debian 12 machine: Debian packages and, by lock file, npm packages. Idempotent: with
# everything there it changes nothing and takes a second. Says what it installs and why. Works as root or through sudo.
#
#   scripts/bootstrap.sh         # to build, run and test
#   scripts/bootstrap.sh lint    # also what lint, format and fuzz need
set -euo pipefail
cd "$(dirname "$0")/.."

lists=(packaging/build-packages.txt)
[ "${1:-}" = lint ] && lists+=(packaging/lint-packages.txt)

missing=()
reasons=()
while read -r name reason; do
  if ! dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed; then
    missing+=("$name")
    reasons+=("  $name  ${reason#\# }")
  fi
done < <(sed -e '/^#/d' -e '/^[[:space:]]*$/d' "${lists[@]}")

if [ "${#missing[@]}" -gt 0 ]; then
  echo "Installing ${#missing[@]} Debian packages:"
  printf '%s\n' "${reasons[@]}"
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages need root: run this as root, or install sudo." >&2
      exit 1
    fi
    as_root=(sudo)
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! command -v node >/dev/null || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  echo "Node.js 20 or newer is needed for the web interface; this machine has $(node --version 2>/dev/null || echo none)." >&2
  exit 1
fi

# npm packages are pinned by lock files with integrity hashes; no package's install script runs.
install_locked() {
  local folder=$1 why=$2
  [ -f "$folder/package-lock.json" ] || return 0
  local want stamp="$folder/node_modules/.duheng-lock-hash"
  want=$(cat "$folder/package.json" "$folder/package-lock.json" | sha256sum | cut -d' ' -f1)
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && return 0
  echo "Installing npm packages in $folder/: $why"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
  echo "$want" > "$stamp"
}
install_locked third_party "DuckDB and SQLite3MultipleCiphers, linked into the programs"
install_locked web "the web interface"
install_locked api "checks of answers and contracts"
install_locked tests/interop/modbus "independent Modbus implementations that the codec is tried against"
