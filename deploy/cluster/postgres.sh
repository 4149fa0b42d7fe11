#!/bin/sh
# Entry point of the test cluster's PostgreSQL: makes the database koinon at the first start, then becomes the server.
set -eu
bin=/usr/lib/postgresql/15/bin data=/data/15 made=/data/making
if [ ! -e "$data" ]; then
  rm -rf "$made" 2>/dev/null || true
  $bin/initdb --pgdata "$made" --username koinon --pwfile /etc/postgresql/password --auth scram-sha-256 --no-locale --encoding UTF8 >&2
  echo "host all all all scram-sha-256" >> "$made/pg_hba.conf"
  echo "CREATE DATABASE koinon" | $bin/postgres --single -D "$made" postgres >&2
  mv "$made" "$data"
fi
exec $bin/postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp -c max_connections=200 -c shared_buffers=64MB
