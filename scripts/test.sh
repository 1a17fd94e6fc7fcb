#!/bin/sh
# Sets up, then runs the whole suite; `npm test -- FILE…` runs these files only.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh test
if [ $# -eq 0 ]; then
  set -- 'packages/*/src/**/*.test.ts' 'test/**/*.test.ts'
fi
exec node_modules/.bin/node --conditions=@cooper/source --test --test-concurrency=3 \
  --test-reporter=spec "$@"
