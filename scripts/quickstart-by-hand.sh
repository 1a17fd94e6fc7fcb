#!/bin/sh
# A page served by a container that was made by hand: makes an image of Debian's busybox-static with
# its httpd, shows each step, lets skopeo and umoci judge it, runs it with runc, fetches the page and
# prints it. quickstart.sh has set up.
set -eu
cd "$(dirname "$0")/.."
. scripts/quickstart-words.sh
export PATH="$PWD/node_modules/.bin:$PATH:/usr/sbin:/sbin"
cooper="$PWD/packages/cli/bin/cooper"

work=$(mktemp -d)
COOPER_HOME="$work/home"
export COOPER_HOME
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
cd "$work"

say "1. The files: a real program from Debian (busybox-static), and a page"
mkdir -p root/bin root/www
cp "$(command -v busybox)" root/bin/busybox
cat > root/www/index.html <<'PAGE'
<!doctype html>
<title>Cooper</title>
<p>Hello from an image that was made by hand.</p>
PAGE
find root -type f -exec ls -l {} +

say "2. The image, by hand"
port=$(free_port)
set -- by-hand root -o oci:out:v1 --expose "$port" \
  --cmd "[\"/bin/busybox\",\"httpd\",\"-f\",\"-v\",\"-p\",\"127.0.0.1:$port\",\"-h\",\"/www\"]" --script by-hand.sh
show cooper "$@"
digest=$("$cooper" "$@")
echo "$digest"

say "3. The same image by a shell script with nothing but tar, gzip, sha256sum, wc and cat"
show sh by-hand.sh "# writes the layout image/"
head -n 12 by-hand.sh

say "4. What is in it"
show cooper inspect oci:out:v1
"$cooper" inspect oci:out:v1
show cooper validate oci:out:v1
"$cooper" validate oci:out:v1

say "5. Judged by others: skopeo and umoci"
show skopeo inspect oci:out:v1
skopeo inspect oci:out:v1
theirs=$(skopeo inspect --format '{{.Digest}}' oci:out:v1)
if [ "$theirs" != "$digest" ]; then
  echo "skopeo says $theirs" >&2
  exit 1
fi
show umoci unpack --image out:v1 bundle
umoci unpack --image out:v1 bundle
cmp root/www/index.html bundle/rootfs/www/index.html
echo "skopeo has the same digest, umoci the same files."

say "6. Run by runc, and asked for its page"
show cooper run --stop-timeout 1 oci:out:v1
"$cooper" run --stop-timeout 1 oci:out:v1 &
server=$!
fetch_page "http://127.0.0.1:$port/"
kill "$server"
wait "$server" 2>/dev/null || true
server=
