#!/bin/sh
# An application from its source: builds examples/node-express with no Dockerfile, runs it with runc,
# asks it for its answer, changes a line and builds again. quickstart.sh has set up.
set -eu
cd "$(dirname "$0")/.."
. scripts/quickstart-words.sh
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"
cooper="$PWD/packages/cli/bin/cooper"

work=$(mktemp -d)
export COOPER_HOME="$work/home"
server=
stop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM
cp -R examples/node-express "$work/shop"
cd "$work"

# Runs the image shop until it answers, prints the answer, and stops it.
serve() {
  port=$(free_port)
  show cooper run shop --env "PORT=$port"
  "$cooper" run shop --env "PORT=$port" &
  server=$!
  fetch_page "http://127.0.0.1:$port/"
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
}

say "11. An application's source: no Dockerfile, no daemon"
ls shop
show cooper detect shop
"$cooper" detect shop
show cooper build shop -t shop
"$cooper" build shop -t shop

say "12. It runs, as nobody and without a shell"
serve

say "13. One line is changed: nothing is installed again"
sed -i 's/casks: 3/casks: 4/' shop/server.js
show cooper build shop -t shop
"$cooper" build shop -t shop
serve
