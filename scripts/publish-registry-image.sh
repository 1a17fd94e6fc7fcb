#!/bin/sh
# Makes the image of `cooper serve` with Cooper itself, and writes it: out of the packed command, the Node that npm
# brings with it, and Debian's packages that those need. Prints the digest.
#
#     scripts/publish-registry-image.sh docker://registry.example/cooper/registry:1.0
#     scripts/publish-registry-image.sh oci:image:v1 --insecure
#
# The second argument and those after it go to the last `cooper` command. BASE is another image to stand on.
set -eu
[ $# -ge 1 ] || { echo "usage: $0 DESTINATION [FLAGS]" >&2; exit 2; }
destination=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
base=${BASE:-apt:ca-certificates/libstdc++6}
platform=linux/$(case $(uname -m) in aarch64) echo arm64 ;; *) echo amd64 ;; esac)
cooper=$root/packages/cli/bin/cooper
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The command as a user gets it: npm's own Node beside it, no install scripts, nothing of this checkout.
(cd "$root" && npm pack --silent --workspace packages/cli --pack-destination "$work") >/dev/null
mkdir -p "$work/root/usr/local/lib" "$work/root/usr/local/bin" "$work/root/data" "$work/home"
(cd "$work/home" && npm install --ignore-scripts --prefer-offline --no-audit --no-fund --silent "$work"/cooper-*.tgz) >/dev/null
mv "$work/home" "$work/root/usr/local/lib/cooper"
ln -s ../lib/cooper/node_modules/cooper/bin/cooper "$work/root/usr/local/bin/cooper"
rm -f "$work/root/usr/local/lib/cooper/node_modules/.package-lock.json" "$work/root/usr/local/lib/cooper"/package*.json
chmod 1777 "$work/root/data"

"$cooper" append "$base" "$work/root" --platform "$platform" --created-by "npm install cooper" \
  -o "oci:$work/image:base" --quiet >/dev/null
"$cooper" mutate "oci:$work/image:base" --quiet \
  --entrypoint '["/usr/local/bin/cooper"]' --cmd '["serve"]' --user 65532:65532 --workdir /data \
  --env COOPER_SERVE_LISTEN=:5000 --env COOPER_SERVE_DATA=/data --env COOPER_HOME=/data/cooper --expose 5000 \
  -o "$destination" "$@"
