#!/bin/sh
# What CI checks besides the tests: format, lint, types, dead code. (Arrows and docs are tests.)
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
echo "check: format" && oxfmt --check
echo "check: lint" && oxlint --type-aware --deny-warnings
echo "check: types" && tsc --noEmit -p tsconfig.json
echo "check: dead code" && knip
