#!/bin/sh
# From nothing to a page served by a container that was made by hand, to a registry that makes what
# Docker pulls from it, and to an application built from its source.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh quickstart
sh scripts/quickstart-by-hand.sh
sh scripts/quickstart-registry.sh
sh scripts/quickstart-source.sh
printf '\nDone. npx cooper --help shows the rest.\n'
