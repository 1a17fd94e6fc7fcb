#!/bin/sh
# A registry that makes what is pulled: starts cooper serve and a Docker engine of its own, pulls
# Debian's curl and jq, runs them, pushes the image under a name of its own and pulls that back.
# quickstart.sh has set up. Root only, for the engine.
set -eu
cd "$(dirname "$0")/.."
. scripts/quickstart-words.sh
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"
cooper="$PWD/packages/cli/bin/cooper"

work=$(mktemp -d)
export DOCKER_HOST="unix://$work/docker.sock" DOCKER_CONFIG="$work/docker"
registry=
engine=
stop() {
  for process in $engine $registry; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# Runs a command until it succeeds, for half a minute; then shows the log of what it waits for.
await() {
  log=$1
  shift
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ]; then
      cat "$log" >&2
      exit 1
    fi
    sleep 0.2
  done
}

say "7. A registry that makes what is pulled"
port=$(free_port)
address=127.0.0.1:$port
show cooper serve --listen "$address" --data registry
"$cooper" serve --listen "$address" --data "$work/registry" --log-level warn 2>"$work/registry.log" &
registry=$!
dockerd --host="$DOCKER_HOST" --data-root="$work/data" --exec-root="$work/exec" --pidfile="$work/pid" \
  --bridge=none --iptables=false --ip-forward=false --ip-masq=false >"$work/engine.log" 2>&1 &
engine=$!
await "$work/registry.log" node -e 'fetch(process.argv[1]).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))' "http://$address/readyz"
await "$work/engine.log" docker version

say "8. Docker pulls Debian's curl and jq from it: they are made while it waits"
show docker pull "$address/apt/curl/jq"
docker pull --quiet "$address/apt/curl/jq"
show docker run --rm "$address/apt/curl/jq" jq -n -c '{"made": "when it was pulled"}'
docker run --rm --network none "$address/apt/curl/jq" jq -n -c '{"made": "when it was pulled"}'
docker run --rm --network none "$address/apt/curl/jq" curl --version | head -n 1

say "9. It is an ordinary registry too: pushed under a name of its own, and back"
docker tag "$address/apt/curl/jq" "$address/mine/tools:1"
show docker push "$address/mine/tools:1"
docker push --quiet "$address/mine/tools:1"
docker rmi --force "$address/apt/curl/jq" "$address/mine/tools:1" >/dev/null
show docker pull "$address/mine/tools:1"
docker pull --quiet "$address/mine/tools:1"
docker run --rm --network none "$address/mine/tools:1" jq -n -c '{"pushed": "and pulled back"}'

say "10. What was made"
show fetch "http://$address/_cooper/builds"
node --input-type=module -e '
  const { builds } = await (await fetch(process.argv[1])).json();
  for (const { name, state, seconds, bytes } of builds) {
    console.log(`${name}: ${state} in ${seconds.toFixed(1)} s, ${(bytes / 1e6).toFixed(1)} MB`);
  }' "http://$address/_cooper/builds"
