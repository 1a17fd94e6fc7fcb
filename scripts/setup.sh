#!/bin/sh
# Makes a fresh Debian machine (root, Node 20, npm) ready: the npm packages (Node 24 is one of
# them) and the Debian packages that are missing. Usage: scripts/setup.sh quickstart|test
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-test}

quickstart_packages="busybox-static ca-certificates docker.io runc skopeo umoci"
test_packages="$quickstart_packages attr buildah bzip2 chromium containerd crun docker-registry
  fuse-overlayfs git git-lfs gzip jq libarchive-tools libcap2-bin nix-bin openssl pigz podman tar uidmap umoci util-linux
  xz-utils zsh fish zstd"

# npm install, not npm ci: some registries lack the tools' binaries for other platforms, npm then
# leaves them out of the lock file, and npm ci calls that a mistake (docs/dependencies.md).
lock=$(sha256sum package-lock.json | cut -c 1-64)
if [ "$(cat node_modules/.cooper-lock 2>/dev/null || true)" != "$lock" ]; then
  echo "setup: npm packages and Node 24" >&2
  npm install --ignore-scripts --no-save --no-audit --no-fund --loglevel=error >&2
  echo "$lock" > node_modules/.cooper-lock
fi

case $purpose in
  quickstart) packages=$quickstart_packages ;;
  test) packages=$test_packages ;;
  *) echo "setup: unknown purpose $purpose: quickstart or test" >&2; exit 2 ;;
esac
missing=
for package in $packages; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "setup: missing, and only root on Debian can install them:$missing" >&2
    exit 3
  fi
  echo "setup: Debian packages:$missing" >&2
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  # Services must not start: the tests start their own, on sockets of their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy" "$log"' EXIT
  fi
  # shellcheck disable=SC2086 # the list is split on purpose
  if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } > "$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
  fi
fi
