#!/bin/sh
# An application from its source: builds examples/node-express with no Dockerfile, runs it with runc,
# asks it for its answer, changes a line and builds again. quickstart.sh has set up.
set -eu
cd "$(dirname "$0")/.."
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

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [ -t 1 ] && [ -z "${NO_COLOR-}" ]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
show() {
  printf '$'
  printf ' %s' "$@"
  printf '\n'
}
# Runs the image shop until it answers, prints the answer, and stops it.
serve() {
  port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
  show cooper run shop --env "PORT=$port"
  "$cooper" run shop --env "PORT=$port" &
  server=$!
  show fetch "http://127.0.0.1:$port/"
  node --input-type=module -e '
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await fetch(process.argv[1]);
        console.log(reply.status, await reply.text());
        process.exit(reply.ok ? 0 : 1);
      } catch (error) {
        if (attempt === 300) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }' "http://127.0.0.1:$port/"
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
