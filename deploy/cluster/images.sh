#!/bin/sh
# images.sh OUT TAG: images of the services and of what a test cluster needs beside them, as OUT/<name>.tar; one line of JSON for each.
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
deploy="$here/.." out="$1" tag="$2"
postgres=/usr/lib/postgresql/15
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

pack() { # NAME FOLDER ENTRYPOINT...
  name="$1" folder="$2"
  shift 2
  node "$deploy/pack-image.mjs" "docker.io/koinon-cluster/$name:$tag" "$out/$name.tar" --layer "$work/$folder" --user 10001:10001 -- "$@"
}

for service in gateway compute poi chain; do "$deploy/image.sh" "$service" "$out/$service.tar" "$tag"; done

# initdb starts programs through a shell, and wants its user to have a name.
"$deploy/copy-program.sh" "$work/postgres" /bin/sh /bin/rm /bin/mv "$postgres/bin/postgres" "$postgres/bin/initdb" "$postgres/bin/pg_isready" "$postgres/bin/psql" \
  "$postgres"/lib/plpgsql.so "$postgres"/lib/dict_snowball.so
mkdir -p "$work/postgres/usr/share/postgresql" "$work/postgres/usr/share/zoneinfo" "$work/postgres/etc" "$work/postgres/data" "$work/postgres/tmp" "$work/postgres/run"
cp -RL /usr/share/postgresql/15 "$work/postgres/usr/share/postgresql/"
cp -L /usr/share/zoneinfo/UTC "$work/postgres/usr/share/zoneinfo/"
printf 'root:x:0:0::/:/bin/sh\nkoinon:x:10001:10001::/tmp:/bin/sh\n' > "$work/postgres/etc/passwd"
install -m 0755 "$here/postgres.sh" "$work/postgres/postgres.sh"
pack postgres postgres /postgres.sh

"$deploy/copy-program.sh" "$work/nats" "$(command -v nats-server)"
pack nats nats "$(command -v nats-server)"

"$deploy/copy-program.sh" "$work/redis" "$(command -v redis-server)"
pack redis redis "$(command -v redis-server)"

# The engine of the acceptance tests; Node runs its TypeScript as it is.
node="$(node -p process.execPath)"
"$deploy/copy-program.sh" "$work/engine" "$node"
install -D -m 0755 "$node" "$work/engine/usr/local/bin/node"
rm "$work/engine$node"
# Else the image would name the folder that Node was found in.
rmdir -p --ignore-fail-on-non-empty "$(dirname "$work/engine$node")"
for file in upstream.ts upstream-main.ts; do install -D -m 0644 "$deploy/../test/acceptance/network/$file" "$work/engine/app/$file"; done
printf '{ "type": "module" }\n' > "$work/engine/app/package.json"
pack engine engine /usr/local/bin/node --no-warnings /app/upstream-main.ts
