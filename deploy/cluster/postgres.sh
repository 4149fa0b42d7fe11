#!/bin/sh
# Entry point of the test cluster's PostgreSQL: makes a database at the first start, then becomes the server.
set -eu
bin=/usr/lib/postgresql/15/bin data=/data/15
if [ ! -e "$data/PG_VERSION" ]; then
  $bin/initdb --pgdata "$data" --username koinon --pwfile /etc/postgresql/password --auth scram-sha-256 --no-locale --encoding UTF8 >&2
fi
exec $bin/postgres -D "$data" -c listen_addresses='*' -c max_connections=200 -c shared_buffers=64MB
