#!/bin/sh
# Builds what is published: the libraries with tsc (packages/*/dist) and the command as one bundle
# (packages/cli/dist/bundle).
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
for config in packages/*/tsconfig.json; do
  set -- "$@" "${config%/tsconfig.json}"
done
tsc -b "$@"
node scripts/bundle.ts
