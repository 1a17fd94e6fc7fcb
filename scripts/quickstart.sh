#!/bin/sh
# From nothing to a page served by a container that was made by hand, and to a registry that makes
# what Docker pulls from it.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh quickstart
sh scripts/quickstart-by-hand.sh
sh scripts/quickstart-registry.sh
printf '\nDone. npx cooper --help shows the rest.\n'
