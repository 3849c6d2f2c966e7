#!/bin/sh
# Writes the fixtures of a new version of the file formats with what stands in the build folder.
# usage: tests/compat/write-fixtures.sh BUILD VERSION, e.g. tests/compat/write-fixtures.sh build/release v2
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
version=$2
cmake --build "$build" --target compat_fixture_writer
writer=$(find "$build" -name compat_fixture_writer -type f | head -n 1)
"$writer" "$here/fixtures/$version"
# Notes of the moment, not of the format.
find "$here/fixtures/$version" \( -name lock -o -name temporary \) -prune -exec rm -rf {} +
du -sh "$here/fixtures/$version"
