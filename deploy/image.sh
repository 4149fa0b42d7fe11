#!/bin/sh
# image.sh SERVICE OUT.tar [TAG]: the image of a built service, as deploy/Dockerfile describes it, without a container engine. Beside
# Node it holds the libraries that Node and the service's native addons load, and nothing else of a distribution: no shell.
set -eu
service="$1" out="$2" tag="${3:-latest}"
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

node="$(node -p process.execPath)"
mkdir -p "$work/runtime/usr/local/bin" "$work/runtime/tmp" "$work/runtime/etc" "$work/app"
install -m 0755 "$node" "$work/runtime/usr/local/bin/node"
"$here/copy-program.sh" "$work/runtime" "$node"
rm -f "$work/runtime$node"
find "$work/runtime" -depth -type d -empty ! -name tmp ! -name etc -delete
printf 'root:x:0:0::/:/sbin/nologin\nkoinon:x:10001:10001::/tmp:/sbin/nologin\n' > "$work/runtime/etc/passwd"
printf 'root:x:0:\nkoinon:x:10001:\n' > "$work/runtime/etc/group"
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$work/runtime/etc/ssl/certs/ca-certificates.crt"
chmod 1777 "$work/runtime/tmp"
# Looked for by name while the service runs, so no program says that it loads it. Without it npm's takes its place.
ldconfig -p | sed -nE 's#^\s*libsecp256k1\.so\.[0-9]+ .* => (/[^ ]+)$#\1#p' | head -n 1 | xargs -r "$here/copy-program.sh" "$work/runtime"

"$here/assemble.sh" "$service" "$work/app/app" >&2
chmod -R u+rwX,go+rX,go-w "$work/app"
# Addons of the C library that this image has; for others there is nothing to load them.
find "$work/app" \( -name '*.node' -o -name '*.so' -o -name '*.so.*' \) -type f | grep -v musl | sort > "$work/addons"
xargs -r "$here/copy-program.sh" "$work/libraries" < "$work/addons"
if [ -d "$work/libraries" ]; then
  rm -rf "$work/libraries$work"
  (cd "$work/libraries" && find . -type f) | while read -r library; do
    [ -e "$work/runtime/$library" ] || install -D -m 0755 "$work/libraries/$library" "$work/app/$library"
  done
fi

variables="$(sed -n 's/^ENV //p' "$here/Dockerfile" | tr ' ' '\n' | sed 's/^/--env=/')"
# shellcheck disable=SC2086 # one word for each variable
node "$here/pack-image.mjs" "docker.io/koinon/$service:$tag" "$out" --layer "$work/runtime" --layer "$work/app" \
  --env=PATH=/usr/local/bin $variables --user 10001:10001 --workdir /app -- node dist/main.js
