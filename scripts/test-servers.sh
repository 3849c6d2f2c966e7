#!/usr/bin/env bash
# Unpacks foreign servers that tests and benchmarks are run against, with the libraries they need, below a folder of
# one's own. Nothing is installed, no service is started, no root is needed where apt's lists are there. Idempotent: what
# is unpacked and runs stays as it is, so that calling it again takes a moment and needs no network.
#
#   scripts/test-servers.sh <folder> [clickhouse] [victoria-metrics] [influxdb] [postgresql] [openssh] [snmpd] [snmp]
#
# Prints one line for each server: its name, its folder, its version. The programs are <folder>/bin/<program>: small
# scripts that set the library path and become the program (exec), so that the caller's process id is the server's.
# Whoever starts one gives it loopback ports and a temporary data folder, and ends it by its process id. PostgreSQL
# refuses to run as root: start it as another user (setpriv --reuid), who must be able to read <folder>.
# Exit codes: 0 all there; 2 wrong call; 69 a package cannot be had on this machine (the reason is on stderr).
# apt checks every package against its signed list.
set -euo pipefail

if [ "$#" -lt 2 ]; then
  sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift

package_of() {
  case "$1" in
    clickhouse) echo clickhouse-server ;;
    victoria-metrics) echo victoria-metrics ;;
    influxdb) echo influxdb ;;
    postgresql) echo postgresql-15 ;;
    openssh) echo openssh-server ;;
    snmpd) echo snmpd ;;
    snmp) echo snmp ;;
    *) echo "There is no test server named '$1'." >&2; return 2 ;;
  esac
}

# program:path below the server's folder
programs_of() {
  case "$1" in
    clickhouse) echo clickhouse-server:usr/sbin/clickhouse-server ;;
    victoria-metrics) echo victoria-metrics:usr/bin/victoria-metrics ;;
    influxdb) echo influxd:usr/bin/influxd ;;
    openssh) echo sshd:usr/sbin/sshd ;;
    snmpd) echo snmpd:usr/sbin/snmpd ;;
    snmp) for name in snmpget snmpwalk; do echo "$name:usr/bin/$name"; done ;;
    postgresql) for name in initdb pg_ctl postgres; do echo "$name:usr/lib/postgresql/15/bin/$name"; done ;;
  esac
}

# Whether every program is there and finds its libraries.
is_complete() {
  local root=$folder/$1 program path libraries
  [ -f "$root/.version" ] || return 1
  while IFS=: read -r program path; do
    [ -x "$folder/bin/$program" ] && [ -x "$root/$path" ] || return 1
    libraries=$(LD_LIBRARY_PATH=$root/usr/lib/$triplet ldd "$root/$path" 2>/dev/null || true)
    case "$libraries" in *"not found"*) return 1 ;; esac
  done < <(programs_of "$1")
}

refresh_lists_once() {
  [ -z "${lists_refreshed:-}" ] || return 1
  lists_refreshed=1
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || return 1
    as_root=(sudo -n)
  fi
  "${as_root[@]}" apt-get update -qq >&2
}

# What apt would have to fetch so that the package runs here, whatever its cache holds already. The C and C++ run-times are always the machine's own.
needed_packages() {
  mkdir -p "$2/archives/partial"
  apt-get install -o Dir::Cache::archives="$2/archives" -o Debug::NoLocking=1 --print-uris --yes -qq --reinstall --no-install-recommends "$1" |
    sed -n "s/^'[^']*' \([^ ]*\)\.deb .*/\1/p" | sed 's/%3a/:/' |
    grep -Ev '^(libc6|libgcc-s1|libstdc\+\+6|locales|adduser|debconf|init-system-helpers|ucf|lsb-base|ssl-cert)_'
}

download() {
  local package=$1 into=$2 name version rest
  mkdir -p "$into"
  needed_packages "$package" "$into" > "$into/list" || return 1
  grep -q "^${package}_" "$into/list" || return 1
  while IFS=_ read -r name version rest; do
    echo "  $name $version" >&2
    (cd "$into" && apt-get download -qq -o APT::Sandbox::User=root "$name=$version" >&2) || return 1
  done < "$into/list"
}

unpack() {
  local server=$1 package=$2 work=$folder/.unpacking-$1 archive program path
  rm -rf "$work" "${folder:?}/$server"
  mkdir -p "$work/unpacked" "$folder/bin"
  for archive in "$folder/.packages-$server"/*.deb; do dpkg-deb -x "$archive" "$work/unpacked"; done
  while IFS=: read -r program path; do
    printf '#!/bin/sh\nroot=$(dirname "$0")/../%s\nLD_LIBRARY_PATH=$root/usr/lib/%s${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}\nexport LD_LIBRARY_PATH\nexec "$root/%s" "$@"\n' \
      "$server" "$triplet" "$path" > "$folder/bin/$program"
    chmod 755 "$folder/bin/$program"
  done < <(programs_of "$server")
  sed -n "s/^${package}_\([^_]*\)_.*/\1/p" "$folder/.packages-$server/list" > "$work/unpacked/.version"
  mv "$work/unpacked" "$folder/$server"
  rm -rf "$work" "$folder/.packages-$server"
}

triplet=$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || gcc -print-multiarch)
for server in "$@"; do package_of "$server" >/dev/null; done
exec 9>"$folder/.lock"
flock 9
for server in "$@"; do
  package=$(package_of "$server")
  if ! is_complete "$server"; then
    echo "Fetching $package and what it needs into $folder/$server:" >&2
    rm -rf "$folder/.packages-$server"
    if ! download "$package" "$folder/.packages-$server"; then
      rm -rf "$folder/.packages-$server"
      if ! refresh_lists_once || ! download "$package" "$folder/.packages-$server"; then
        echo "$package cannot be had on this machine: apt knows no source for it, or cannot reach it." >&2
        exit 69
      fi
    fi
    unpack "$server" "$package"
    if ! is_complete "$server"; then
      echo "$server is unpacked but lacks a library:" >&2
      while IFS=: read -r program path; do
        LD_LIBRARY_PATH=$folder/$server/usr/lib/$triplet ldd "$folder/$server/$path" | grep 'not found' >&2 || true
      done < <(programs_of "$server")
      exit 69
    fi
  fi
  echo "$server $folder/$server $(cat "$folder/$server/.version")"
done
